// Memory for objects of one size that tells its own addresses from all others without reading them: JS can hand us objects that another
// addon has wrapped. Also faster than the general allocator.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

namespace xs {

template <size_t kSize>
class Slots {
 public:
  void* Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (free_ == nullptr) Grow();
    Slot* s = free_;
    free_ = s->next;
    return s;
  }

  void Give(void* p) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto* s = static_cast<Slot*>(p);
    s->next = free_;
    free_ = s;
  }

  // Whether p is an address that Take can have given. Takes no lock.
  bool Owns(const void* p) const {
    auto address = reinterpret_cast<uintptr_t>(p);
    uintptr_t chunk = address & ~(kChunk - 1);
    for (size_t i = Hash(chunk);; i = (i + 1) % kTable) {
      uintptr_t known = table_[i].load(std::memory_order_acquire);
      if (known == chunk) return (address - chunk) % kSlot == 0;
      if (known == 0) return false;
    }
  }

 private:
  union Slot {
    Slot* next;
    char room[kSize];
  };
  static constexpr size_t kSlot = sizeof(Slot);
  static constexpr uintptr_t kChunk = 1 << 16;
  static constexpr size_t kTable = 1 << 15;

  static size_t Hash(uintptr_t chunk) { return (chunk / kChunk * 0x9E3779B97F4A7C15ull) >> 49; }

  void Grow() {
    if (chunks_ >= kTable / 2) throw std::bad_alloc();
    auto* memory = static_cast<char*>(std::aligned_alloc(kChunk, kChunk));
    if (memory == nullptr) throw std::bad_alloc();
    chunks_++;
    for (size_t at = 0; at + kSlot <= kChunk; at += kSlot) {
      auto* s = reinterpret_cast<Slot*>(memory + at);
      s->next = free_;
      free_ = s;
    }
    size_t i = Hash(reinterpret_cast<uintptr_t>(memory));
    while (table_[i].load(std::memory_order_relaxed) != 0) i = (i + 1) % kTable;
    table_[i].store(reinterpret_cast<uintptr_t>(memory), std::memory_order_release);
  }

  std::mutex mutex_;
  Slot* free_ = nullptr;
  size_t chunks_ = 0;
  std::atomic<uintptr_t> table_[kTable] = {};
};

}  // namespace xs
