#include "blas.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "blas_library.h"
#include "client.h"
#include "entry.h"
#include "event.h"
#include "ffi.h"
#include "ffi_work.h"
#include "handle.h"
#include "product_tiles.h"
#include "shared_work.h"
#include "types.h"

namespace xs {

namespace {

// One dimension of a product: its size, and how far apart its elements lie in the operands and the result.
struct Dim {
  int64_t size, a, b, c;
};

constexpr int kMostDims = 24;
constexpr double kMostOperations = 1e17;

// C[loops, m, n] = sum over inner and k of A[loops, inner, m, k] * B[loops, inner, k, n].
struct Plan {
  Dim m, n, k;
  int loops = 0, inner = 0;
  Dim dims[kMostDims];  // the loops, then the inner ones
  int64_t times = 1;    // sizes of the loops together
  int64_t sums = 1;     // sizes of the inner ones together
};

bool Fits(int64_t x) { return x >= 0 && x <= INT32_MAX; }

// Reads a plan and checks that nothing lies outside of the arrays: programs come from anywhere.
const char* ReadPlan(const int64_t* v, size_t size, int64_t a_size, int64_t b_size, int64_t c_size, Plan* plan) {
  if (size < 14) return "the plan is too short";
  plan->loops = static_cast<int>(std::clamp<int64_t>(v[0], 0, kMostDims));
  plan->inner = static_cast<int>(std::clamp<int64_t>(v[1], 0, kMostDims));
  const int count = plan->loops + plan->inner;
  if (v[0] != plan->loops || v[1] != plan->inner || count > kMostDims || size != 14 + 4 * static_cast<size_t>(count)) return "the plan has the wrong length";
  auto read = [&](size_t at) { return Dim{v[at], v[at + 1], v[at + 2], v[at + 3]}; };
  plan->m = read(2);
  plan->n = read(6);
  plan->k = read(10);
  for (int i = 0; i < count; i++) plan->dims[i] = read(14 + 4 * i);
  // The last element that each array is asked for. Sizes and distances are less than 2^31, and so are 26 products of them less than 2^67: in doubles.
  double last_a = 0, last_b = 0, last_c = 0, results = 1, operations = 1;
  auto add = [&](const Dim& d, bool result) {
    if (d.size < 1 || !Fits(d.size) || !Fits(d.a) || !Fits(d.b) || !Fits(d.c)) return false;
    last_a += static_cast<double>(d.size - 1) * d.a;
    last_b += static_cast<double>(d.size - 1) * d.b;
    last_c += static_cast<double>(d.size - 1) * d.c;
    if (result) results *= static_cast<double>(d.size);
    operations *= static_cast<double>(d.size);
    return true;
  };
  bool good = add(plan->m, true) && add(plan->n, true) && add(plan->k, false);
  for (int i = 0; i < count; i++) good = good && add(plan->dims[i], i < plan->loops);
  if (!good) return "the plan has a size or a distance that is none";
  if (last_a >= a_size || last_b >= b_size || last_c >= c_size || results != static_cast<double>(c_size)) return "the plan goes beyond the arrays";
  // A sum along dimensions that no array has is no product of ours, and may go on for ever.
  if (operations > kMostOperations) return "the plan has more operations than there is time for";
  const Dim &m = plan->m, &n = plan->n, &k = plan->k;
  const bool a_rows = k.a == 1 || k.size == 1, a_columns = m.a == 1 || m.size == 1, b_rows = n.b == 1 || n.size == 1, b_columns = k.b == 1 || k.size == 1;
  if (!(a_rows || a_columns) || !(b_rows || b_columns) || !(n.c == 1 || n.size == 1)) return "the plan has a matrix of which neither rows nor columns lie together";
  for (int i = 0; i < plan->loops; i++) plan->times *= plan->dims[i].size;
  for (int i = plan->loops; i < count; i++) plan->sums *= plan->dims[i].size;
  return nullptr;
}

// A matrix as CBLAS wants it: whether it is the transposed one of what lies there by rows, and the distance of these.
struct Layout {
  int order, distance;
};

// Of rows × columns elements `down` and `right` apart. The distance of a single row is nobody's, but CBLAS wants it no less than a row's length.
Layout LayoutOf(int64_t rows, int64_t columns, int64_t down, int64_t right) {
  if (right == 1 || columns == 1) {
    if (rows == 1) return {kPlain, static_cast<int>(columns)};
    if (down >= columns) return {kPlain, static_cast<int>(down)};
  }
  if (down == 1 || rows == 1) {
    if (columns == 1) return {kTransposed, static_cast<int>(rows)};
    if (right >= rows) return {kTransposed, static_cast<int>(right)};
  }
  return {0, 0};
}

// Rows or columns of a part, of which there are `parts` at most.
int64_t PartOf(int64_t size, int64_t parts, int64_t multiple) {
  return std::min(size, tiles::Quotient(tiles::Quotient(size, parts), multiple) * multiple);
}

// Parts for each thread, where they cost nothing: cores are not equally fast where others have work for them, too. Rows that are worth to copy columns once more for them.
constexpr int64_t kPartsEach = 4, kRowsEach = 48;

template <typename T>
class Product : public SharedWork {
 public:
  // The sum of what is in C, `beta` times, `alpha` times the product, and a number for each column, where there are; with `ramp`, no less than zero.
  Product(const Plan& plan, const T* a, const T* b, T alpha, T beta, const T* bias, bool ramp, T* c) : plan_(plan), a_(a), b_(b), alpha_(alpha), beta_(beta), bias_(bias), ramp_(ramp), c_(c) {
    const Dim &m = plan.m, &n = plan.n, &k = plan.k;
    left_ = LayoutOf(m.size, k.size, m.a, k.a);
    right_ = LayoutOf(k.size, n.size, k.b, n.b);
    result_ = LayoutOf(m.size, n.size, m.c, n.c);
    rows_ = m.size;
    columns_ = n.size;
    const tiles::Factors<T> whole = FactorsOf(m.size, n.size, a, b, bias, c);
    by_tiles_ = (n.c == 1 || n.size == 1) && (n.b == 1 || k.b == 1) && tiles::Suits(whole);
    together_ = tiles::RowsTogether(whole);
  }

  bool valid() const { return left_.order != 0 && right_.order != 0 && result_.order == kPlain; }

  double operations() const { return 2.0 * plan_.m.size * plan_.n.size * plan_.k.size * plan_.times * plan_.sums; }

  // Cuts each matrix so that there are enough parts of the whole for so many threads; how many there are.
  int64_t Cut(int64_t threads) {
    if (by_tiles_) {
      const int64_t want = threads == 1 ? 1 : tiles::Quotient(threads * kPartsEach, plan_.times), strip = tiles::StripColumns<T>();
      const int64_t across = std::min(tiles::Quotient(plan_.n.size, strip), want), down = std::clamp<int64_t>(plan_.m.size / kRowsEach, 1, tiles::Quotient(want, across));
      rows_ = std::min(PartOf(plan_.m.size, down, tiles::kMostRows), together_);
      columns_ = PartOf(plan_.n.size, across, strip);
    } else {
      CutEvenly(tiles::Quotient(threads, plan_.times));
    }
    down_ = tiles::Quotient(plan_.m.size, rows_);
    across_ = tiles::Quotient(plan_.n.size, columns_);
    return plan_.times * down_ * across_;
  }

 private:
  // Into so many parts, or a few less.
  void CutEvenly(int64_t each) {
    // Each part reads all of the rows or columns it needs anew. Of equal costs, cuts between rows are better.
    double least = 0;
    int64_t down = 1;
    for (int64_t d = 1; d <= each; d++) {
      if (each % d != 0) continue;
      const double cost = static_cast<double>(d) * plan_.n.size + 1.3 * static_cast<double>(each / d) * plan_.m.size;
      if (d == 1 || cost <= least) {
        least = cost;
        down = d;
      }
    }
    rows_ = PartOf(plan_.m.size, down, 8);
    columns_ = PartOf(plan_.n.size, each / down, 16);
  }

  void Part(int64_t index) override {
    // Tiles read the rows of a part anew for all of its columns: they should still be in the cache. Others read all of its columns, for each of its rows.
    const int64_t row = (by_tiles_ ? index / across_ % down_ : index % down_) * rows_;
    const int64_t column = (by_tiles_ ? index % across_ : index / down_ % across_) * columns_;
    int64_t time = index / (down_ * across_);
    const T* a = a_ + row * plan_.m.a;
    const T* b = b_ + column * plan_.n.b;
    T* c = c_ + row * plan_.m.c + column * plan_.n.c;
    for (int i = plan_.loops - 1; i >= 0; i--) {
      const Dim& d = plan_.dims[i];
      const int64_t at = time % d.size;
      time /= d.size;
      a += at * d.a;
      b += at * d.b;
      c += at * d.c;
    }
    const int m = static_cast<int>(std::min(rows_, plan_.m.size - row)), n = static_cast<int>(std::min(columns_, plan_.n.size - column)), k = static_cast<int>(plan_.k.size);
    const T* bias = bias_ == nullptr ? nullptr : bias_ + column;
    if (by_tiles_) return tiles::Multiply(FactorsOf(m, n, a, b, bias, c));
    if (bias != nullptr) for (int i = 0; i < m; i++) std::copy(bias, bias + n, c + i * plan_.m.c);
    for (int64_t s = 0; s < plan_.sums; s++) {
      const tiles::Run at = RunOf(s);
      Matrices(m, n, k, a + at.a, b + at.b, s == 0 && bias == nullptr ? beta_ : T{1}, c);
    }
    if (!ramp_) return;
    for (int i = 0; i < m; i++) {
      T* row = c + i * plan_.m.c;
      for (int j = 0; j < n; j++) row[j] = row[j] <= T{0} ? T{0} : row[j];
    }
  }

  // Where a matrix of those that are summed up begins.
  tiles::Run RunOf(int64_t sum) const {
    tiles::Run at{0, 0};
    for (int i = plan_.loops + plan_.inner - 1; i >= plan_.loops; i--) {
      const Dim& d = plan_.dims[i];
      at.a += sum % d.size * d.a;
      at.b += sum % d.size * d.b;
      sum /= d.size;
    }
    return at;
  }

  tiles::Factors<T> FactorsOf(int64_t m, int64_t n, const T* a, const T* b, const T* bias, T* c) const {
    return {m, n, plan_.k.size, plan_.sums, [this](int64_t sum) { return RunOf(sum); }, a, plan_.m.a, plan_.k.a, b, plan_.k.b, plan_.n.b, c, plan_.m.c, alpha_, beta_ != T{0}, bias, ramp_};
  }

  // OpenBLAS copies all of a matrix before it multiplies it, also where that is done once.
  void Matrices(int m, int n, int k, const T* a, const T* b, T beta, T* c) const {
    const Dim &rows = plan_.m, &columns = plan_.n, &inner = plan_.k;
    if (n == 1 && left_.order == kPlain) {
      BlasOf<T>().gemv(kRowMajor, kPlain, m, k, alpha_, a, left_.distance, b, Step(inner.b), beta, c, Step(rows.c));
    } else if (n == 1) {
      BlasOf<T>().gemv(kRowMajor, kTransposed, k, m, alpha_, a, left_.distance, b, Step(inner.b), beta, c, Step(rows.c));
    } else if (m == 1 && right_.order == kPlain) {
      BlasOf<T>().gemv(kRowMajor, kTransposed, k, n, alpha_, b, right_.distance, a, Step(inner.a), beta, c, Step(columns.c));
    } else if (m == 1) {
      BlasOf<T>().gemv(kRowMajor, kPlain, n, k, alpha_, b, right_.distance, a, Step(inner.a), beta, c, Step(columns.c));
    } else {
      BlasOf<T>().gemm(kRowMajor, left_.order, right_.order, m, n, k, alpha_, a, left_.distance, b, right_.distance, beta, c, result_.distance);
    }
  }

  // The distance of elements of which there may be only one.
  static int Step(int64_t distance) { return static_cast<int>(std::max<int64_t>(distance, 1)); }

  const Plan plan_;
  const T* a_;
  const T* b_;
  T alpha_, beta_;
  const T* bias_;
  bool ramp_;
  T* c_;
  Layout left_, right_, result_;
  int64_t rows_, columns_, down_ = 1, across_ = 1;
  bool by_tiles_;
  int64_t together_;
};

// What is done with the sums: a number added for each column, where there are; no less than zero.
struct After {
  const void* bias = nullptr;
  bool ramp = false;
};

// C is the product times `alpha`, added to what is there if it says so.
template <typename T>
void Multiply(ffi::CallFrame* frame, const Plan& plan, const ffi::Planned& x, T alpha, bool adds, const After& after, T* c) {
  auto work = std::make_shared<Product<T>>(plan, static_cast<const T*>(x.a->data), static_cast<const T*>(x.b->data), alpha, adds ? T{1} : T{0}, static_cast<const T*>(after.bias), after.ramp, c);
  if (!work->valid()) ffi::Refuse(frame, "product: the plan has rows that overlap");
  const double worth = std::max(work->operations() / ffi::kWorth, (ffi::ElementsOf(*x.a) + ffi::ElementsOf(*x.b)) * sizeof(T) / ffi::kWorthBytes);
  const int64_t threads = ffi::ThreadsFor(frame, worth);
  ffi::Do(frame, work, work->Cut(threads), threads);
}

template <typename T>
void MultiplyTo(ffi::CallFrame* frame, const Plan& plan, const ffi::Planned& x, const void* scale, bool adds, const After& after) {
  auto* c = static_cast<T*>(x.c->data);
  const T alpha = scale == nullptr ? T{1} : *static_cast<const T*>(scale);
  if (alpha != T{0}) return Multiply(frame, plan, x, alpha, adds, after, c);
  // BLAS reads no matrix that it is to multiply with 0, but 0 times NaN is NaN.
  const auto size = static_cast<size_t>(ffi::ElementsOf(*x.c));
  std::vector<T> whole(size);
  Multiply(frame, plan, x, T{1}, false, After{}, whole.data());
  for (size_t i = 0; i < size; i++) c[i] = alpha * whole[i] + (adds ? c[i] : T{0});
}

void Run(ffi::CallFrame* frame) {
  auto refuse = [&](const char* why) { ffi::Refuse(frame, std::string("product: ") + why); };
  // What follows the two operands is what they are added to or multiplied with, or there for its order.
  const ffi::Planned x = ffi::ReadPlanned(frame, "product");
  Plan plan;
  if (const char* wrong = ReadPlan(x.plan, x.plan_size, ffi::ElementsOf(*x.a), ffi::ElementsOf(*x.b), ffi::ElementsOf(*x.c), &plan)) refuse(wrong);
  bool adds = false;
  const void* scale = nullptr;
  auto operand = [&](int64_t i) {
    if (i >= frame->args.size) refuse("its sum is of an operand that is not there");
    auto* b = static_cast<const ffi::Buffer*>(frame->args.values[i]);
    if (b->dtype != x.type) refuse("its sum is of another type");
    return b;
  };
  auto* sum = static_cast<const ffi::List*>(ffi::FindAttribute(frame->attributes, "sum", ffi::kArrayAttribute));
  if (sum != nullptr) {
    if (sum->dtype != ffi::kS64 || sum->size != 2) refuse("its sum has two places among the operands");
    const auto* places = static_cast<const int64_t*>(sum->data);
    adds = places[0] >= 0;
    if (adds && operand(places[0])->data != x.c->data) refuse("what it is added to is not where the result is");
    if (places[1] >= 0) {
      const ffi::Buffer* b = operand(places[1]);
      if (ffi::ElementsOf(*b) != 1) refuse("it is multiplied with one number");
      scale = b->data;
    }
  }
  After after;
  if (auto* then = static_cast<const ffi::List*>(ffi::FindAttribute(frame->attributes, "after", ffi::kArrayAttribute))) {
    if (sum != nullptr) refuse("it is added to something, and has more done with its sums");
    if (then->dtype != ffi::kS64 || then->size != 2) refuse("what is done with its sums are two numbers");
    const auto* numbers = static_cast<const int64_t*>(then->data);
    if (numbers[0] >= 0) {
      const ffi::Buffer* b = operand(numbers[0]);
      if (plan.n.c != 1 || ffi::ElementsOf(*b) != plan.n.size) refuse("there is not one number for each column");
      after.bias = b->data;
    }
    after.ramp = numbers[1] != 0;
  }
  if (x.type == ffi::kF32) MultiplyTo<float>(frame, plan, x, scale, adds, after);
  else MultiplyTo<double>(frame, plan, x, scale, adds, after);
}

ffi::Error* Handle(ffi::CallFrame* frame) { return ffi::Handle(frame, "product", &Run); }

// Its result is its first operand, in place; the others are there for their order.
ffi::Error* After(ffi::CallFrame* frame) {
  if (!ffi::IsCall(frame)) return nullptr;
  const bool in_place = frame->args.size > 0 && frame->results.size == 1
    && static_cast<const ffi::Buffer*>(frame->args.values[0])->data == static_cast<const ffi::Buffer*>(frame->results.values[0])->data;
  return in_place ? nullptr : ffi::Failure(frame->api, "after: the result is not the first operand", ffi::kInvalidArgument);
}

}  // namespace

bool RegisterProducts(Client* client) { return ffi::RegisterHandler(client, "xs_product", &Handle) && ffi::RegisterHandler(client, "xs_after", &After); }

}  // namespace xs
