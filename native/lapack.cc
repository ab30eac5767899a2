#include "lapack.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "lapack_call.h"

namespace xs {

namespace {

// As many operations as are worth a thread more: a tenth of a millisecond of a decomposition's.
constexpr double kWorth = 2e5;
// The smallest matrix takes as long as so many.
constexpr double kLeast = 1e3;
// Threads that are done early take more than one that is not.
constexpr int64_t kPartsPerThread = 4;

class Batch : public SharedWork {
 public:
  Batch(int64_t count, std::function<void(int64_t, int64_t)> chunk) : count_(count), chunk_(std::move(chunk)) {}

  void Cut(int64_t parts) { each_ = (count_ + parts - 1) / parts; }
  int64_t parts() const { return (count_ + each_ - 1) / each_; }
  bool out_of_memory() const { return out_of_memory_; }

 private:
  void Part(int64_t index) override {
    try {
      chunk_(index * each_, std::min(count_, (index + 1) * each_));
    } catch (const std::bad_alloc&) {
      out_of_memory_ = true;
    }
  }

  const int64_t count_;
  const std::function<void(int64_t, int64_t)> chunk_;
  int64_t each_ = 1;
  std::atomic<bool> out_of_memory_{false};
};

std::string Text(const ffi::Attributes& attributes, const char* name) {
  auto* text = static_cast<const ffi::Bytes*>(ffi::FindAttribute(attributes, name, ffi::kStringAttribute));
  return text == nullptr ? std::string() : std::string(text->data, text->size);
}

const ffi::Buffer& BufferAt(const ffi::Operands& arrays, int index) { return *static_cast<const ffi::Buffer*>(arrays.values[index]); }

}  // namespace

LapackCall::LapackCall(ffi::CallFrame* frame) : frame_(frame), routine_(Text(frame->attributes, "routine")), letters_(Text(frame->attributes, "letters")) {
  if (frame->args.size < 1) Refuse("it has no operand");
  const ffi::Buffer& x = BufferAt(frame->args, 0);
  if (x.rank < 2) Refuse("its first operand is no matrix");
  dtype_ = x.dtype;
  batch_ = x.dims;
  batch_rank_ = x.rank - 2;
  for (int64_t i = 0; i < batch_rank_; i++) if (x.dims[i] < 0 || __builtin_mul_overflow(count_, x.dims[i], &count_)) Refuse("its batch has no size");
  rows_ = Int(x.dims[x.rank - 2]);
  columns_ = Int(x.dims[x.rank - 1]);
}

void LapackCall::Refuse(const std::string& why) const {
  ffi::Refuse(frame_, "lapack: " + routine_ + ": " + why);
}

void LapackCall::Expect(int operands, int results) const {
  if (frame_->args.size < operands || frame_->results.size != results) {
    Refuse("expected " + std::to_string(operands) + " operands and " + std::to_string(results) + " results, got " + std::to_string(frame_->args.size) + " and " + std::to_string(frame_->results.size));
  }
}

void LapackCall::ExpectSquare() const {
  if (rows_ != columns_) Refuse("its matrices must be square");
}

const char* LapackCall::Letters(std::initializer_list<const char*> groups) const {
  bool good = letters_.size() == groups.size();
  size_t i = 0;
  std::string expected;
  for (const char* group : groups) {
    good = good && letters_[i] != 0 && std::strchr(group, letters_[i]) != nullptr;
    i++;
    expected += std::string(" ") + group;
  }
  if (!good) Refuse("expected one letter of each of" + (expected.empty() ? " none" : expected));
  return letters_.c_str();
}

int64_t LapackCall::OperandSize(int index, int from_last) const {
  if (index >= frame_->args.size || BufferAt(frame_->args, index).rank < from_last) Refuse("an operand has too few dimensions");
  const ffi::Buffer& x = BufferAt(frame_->args, index);
  return x.dims[x.rank - from_last];
}

int LapackCall::Int(int64_t size) const {
  if (size < 1) Refuse("a matrix has no elements");
  if (size > INT32_MAX) Refuse("a matrix or the workspace for it is larger than LAPACK can count");
  return static_cast<int>(size);
}

void* LapackCall::Data(const ffi::Operands& arrays, int index, std::initializer_list<int64_t> shape, int32_t dtype) const {
  const ffi::Buffer& x = BufferAt(arrays, index);
  bool good = x.dtype == dtype && x.rank == batch_rank_ + static_cast<int64_t>(shape.size());
  for (int64_t i = 0; good && i < batch_rank_; i++) good = x.dims[i] == batch_[i];
  int64_t d = batch_rank_;
  for (int64_t size : shape) good = good && x.dims[d++] == size;
  if (!good) Refuse("its arrays do not fit each other");
  return x.data;
}

void LapackCall::Each(double operations, std::function<void(int64_t, int64_t)> chunk, int64_t slices) const {
  if (count_ < 1) return;
  const int64_t all = count_ * slices;
  auto work = std::make_shared<Batch>(all, std::move(chunk));
  const double worth = (operations + kLeast) * static_cast<double>(count_) / kWorth;
  const int64_t threads = ffi::ThreadsFor(frame_, std::min(static_cast<double>(all), worth));
  work->Cut(threads == 1 ? 1 : std::min(all, threads * kPartsPerThread));
  ffi::Do(frame_, work, work->parts(), threads);
  if (work->out_of_memory()) ffi::Refuse(frame_, "lapack: " + routine_ + ": out of memory", ffi::kResourceExhausted);
}

namespace {

template <typename T>
void RunOf(const LapackCall& call) {
  if (!RunFactorization<T>(call) && !RunSpectral<T>(call)) call.Refuse("there is no such routine");
}

void Run(ffi::CallFrame* frame) {
  try {
    const LapackCall call(frame);
    switch (call.dtype()) {
      case ffi::kF32: RunOf<float>(call); break;
      case ffi::kF64: RunOf<double>(call); break;
      case ffi::kC64: RunOf<std::complex<float>>(call); break;
      case ffi::kC128: RunOf<std::complex<double>>(call); break;
      default: call.Refuse("its matrices must be of float32, float64, complex64 or complex128");
    }
  } catch (const std::bad_alloc&) {
    ffi::Refuse(frame, "lapack: out of memory", ffi::kResourceExhausted);
  }
}

ffi::Error* Handle(ffi::CallFrame* frame) { return ffi::Handle(frame, "lapack", &Run); }

}  // namespace

bool RegisterLapack(Client* client) { return LoadLapack() && ffi::RegisterHandler(client, "xs_lapack", &Handle); }

}  // namespace xs
