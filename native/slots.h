// Memory for objects of one size, each with a number that finds it again. What was given back can still be read, so that whoever holds a number
// can look whether the object is still there. Also faster than the general allocator.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
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

  // Less than kMost.
  static uint64_t NumberOf(const void* p) {
    auto address = reinterpret_cast<uintptr_t>(p);
    auto* chunk = reinterpret_cast<const Chunk*>(address & ~(kChunk - 1));
    return chunk->number * kPerChunk + (address - reinterpret_cast<uintptr_t>(chunk->slots)) / sizeof(Slot);
  }

  // The memory of a number, zeros if it was never taken; null for numbers that none has. Takes no lock.
  void* At(uint64_t number) const {
    if (number >= kMost) return nullptr;
    Chunk* chunk = table_[number / kPerChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &chunk->slots[number % kPerChunk];
  }

 private:
  union Slot {
    Slot* next;
    char room[kSize];
  };
  static constexpr uintptr_t kChunk = 1 << 16;
  static constexpr size_t kPerChunk = (kChunk - alignof(std::max_align_t)) / sizeof(Slot);
  static constexpr size_t kTable = 1 << 15;
  struct Chunk {
    alignas(std::max_align_t) size_t number;
    alignas(std::max_align_t) Slot slots[kPerChunk];
  };
  static_assert(sizeof(Chunk) <= kChunk, "a chunk has its slots and a number");

  void Grow() {
    if (chunks_ >= kTable) throw std::bad_alloc();
    void* memory = std::aligned_alloc(kChunk, kChunk);
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, kChunk);
    auto* chunk = static_cast<Chunk*>(memory);
    chunk->number = chunks_++;
    for (size_t i = kPerChunk; i-- > 0;) {
      chunk->slots[i].next = free_;
      free_ = &chunk->slots[i];
    }
    table_[chunk->number].store(chunk, std::memory_order_release);
  }

  std::mutex mutex_;
  Slot* free_ = nullptr;
  size_t chunks_ = 0;
  std::atomic<Chunk*> table_[kTable] = {};

 public:
  static constexpr uint64_t kMost = uint64_t{kTable} * kPerChunk;
};

}  // namespace xs
