#include "convolution_work.h"

#include <algorithm>

namespace xs::convolution {

namespace {

// What a tile reads over and over should stay in the second cache: bytes of a panel of the kernel, and of the input.
constexpr int64_t kPanelBytes = 192 << 10, kInputBytes = 256 << 10;
// Rows of a panel that are worth to have it read once more; operations that are worth a part; parts of a sum over inputs.
constexpr int64_t kFewRows = 256, kSums = 8;
constexpr double kPartWork = 1e7;

}  // namespace

// What a thread needs while it works on a part; kept from one to the next.
template <typename T>
struct Workspace {
  std::vector<T> input, sums, start;
  std::vector<Run> rows, runs;
  std::vector<Walk> walks;
  // The rows that are there.
  std::vector<ptrdiff_t> rows_of;
};

// The result's places and features that a part computes, and the inputs that it sums up.
template <typename T>
struct Convolution<T>::Share {
  int64_t group, panel, panels, batch, batches, input, inputs;
  T* c;
  // Whether sums have been begun, and whether they are ended.
  bool add, last;
};

// Where sums go: the first place and feature of a part, and how far apart they lie.
template <typename T>
struct Convolution<T>::Target {
  T* c;
  ptrdiff_t batch, output, axes[kAxes];
  // Features that there is room for: others than those of the result, where they are put aside first.
  int64_t outputs;
};

template <typename T>
Convolution<T>::Convolution(const Plan& plan, const Panels<T>& panels, const T* x, const T* bias, T* c, int64_t c_size, int64_t threads)
    : plan_(plan), panels_(panels), x_(x), bias_(bias), c_(c), c_size_(c_size) {
  int64_t taps = 1, places = 1, size = 1;
  for (const Axis& a : plan.axes) {
    taps *= a.window;
    places *= a.out;
    size *= ((a.out - 1) * a.stride + (a.window - 1) * a.dilation) / a.base + 1;
  }
  const double work = OperationsOf(plan);
  const int64_t want = threads == 1 ? 1 : Quotient(threads * std::clamp<int64_t>(static_cast<int64_t>(work / (threads * kPartWork)), 1, 4), plan.groups.size);
  const bool gradient = taps > places && plan.after.none();
  for (int i = kAxes - 1; i >= 0; i--) if ((gradient ? plan.axes[i].window : plan.axes[i].out) > 1) cut_ = i;
  const int64_t batch = plan.batch.size;
  if (gradient) {
    // Of few rows the terms are shared out: into as many parts whatever the number of threads, as their sums depend on it.
    if (batch < 8 && work >= kPartWork) input_parts_ = std::min(plan.inputs.size, kSums);
    // Of few neighbours in the batch little is copied at once.
    batch_parts_ = std::clamp<int64_t>(batch / 16, std::clamp<int64_t>(batch / 4, 1, Quotient(threads, plan.groups.size)), Quotient(want, input_parts_));
    panel_parts_ = std::min(panels.count(), Quotient(want, input_parts_ * batch_parts_));
  } else {
    // Each part reads all of the kernel.
    batch_parts_ = std::min({batch, want, std::max(Quotient(threads, plan.groups.size), batch * places / kFewRows)});
    const int64_t more = Quotient(want, batch_parts_);
    const bool wide = static_cast<double>(taps) * plan.outputs.size > static_cast<double>(size);
    if (wide) panel_parts_ = std::min(panels.count(), more);
    const int64_t inputs = std::clamp<int64_t>(kPanelBytes / static_cast<int64_t>(256 * taps), 1, plan.inputs.size);
    const int64_t most = std::max(size * inputs, plan.after.pooled() == 1 ? 0 : places * plan.outputs.size);
    place_parts_ = std::min(plan.axes[cut_].out / plan.after.pool[cut_], std::max(Quotient(more, panel_parts_), Quotient(most * static_cast<int64_t>(sizeof(T)), kInputBytes)));
  }
  if (input_parts_ > 1) partial_.resize((input_parts_ - 1) * c_size);
}

template <typename T>
void Convolution<T>::Part(int64_t index) {
  auto next = [&](int64_t parts) {
    const int64_t i = index % parts;
    index /= parts;
    return i;
  };
  auto from = [](int64_t size, int64_t part, int64_t parts) { return size * part / parts; };
  const int64_t place = next(place_parts_), panel = next(panel_parts_), batch = next(batch_parts_), input = next(input_parts_);
  Share s;
  s.group = index;
  s.panel = from(panels_.count(), panel, panel_parts_);
  s.panels = from(panels_.count(), panel + 1, panel_parts_) - s.panel;
  s.batch = from(plan_.batch.size, batch, batch_parts_);
  s.batches = from(plan_.batch.size, batch + 1, batch_parts_) - s.batch;
  s.input = from(plan_.inputs.size, input, input_parts_);
  s.inputs = from(plan_.inputs.size, input + 1, input_parts_) - s.input;
  s.c = input == 0 ? c_ : partial_.data() + (input - 1) * c_size_;
  const Axis* axes = plan_.axes;
  Phase phases[kAxes];
  for (int64_t f0 = 0; f0 < PhasesOf(axes[0]); f0++) {
    for (int64_t f1 = 0; f1 < PhasesOf(axes[1]); f1++) {
      for (int64_t f2 = 0; f2 < PhasesOf(axes[2]); f2++) {
        const int64_t f[kAxes] = {f0, f1, f2};
        for (int i = 0; i < kAxes; i++) phases[i] = PhaseOf(axes[i], f[i]);
        Phase& cut = phases[cut_];
        const int64_t window = plan_.after.pool[cut_], first = from(cut.count / window, place, place_parts_) * window;
        cut.count = from(cut.count / window, place + 1, place_parts_) * window - first;
        cut.first += first * cut.out_step;
        cut.at += first * cut.in_step;
        if (cut.count > 0) Places(s, phases);
      }
    }
  }
}

template <typename T>
void Convolution<T>::Places(Share s, const Phase* phases) {
  Phase p[kAxes];
  std::copy_n(phases, kAxes, p);
  auto product = [&](auto f) {
    int64_t n = 1;
    for (const Phase& a : p) n *= f(a);
    return n;
  };
  auto taps = [&] { return product([](const Phase& a) { return a.taps; }); };
  auto seen = [&] { return product([](const Phase& a) { return Seen(a); }); };
  const int64_t places = product([](const Phase& a) { return a.count; });
  const int64_t most_terms = kPanelBytes / static_cast<int64_t>(panels_.At(0, 0).vectors * panels_.lanes() * sizeof(T)), most_seen = kInputBytes / static_cast<int64_t>(sizeof(T));
  // A piece at a time of the terms.
  const int64_t cut_taps = p[cut_].taps;
  int64_t taps_at = cut_taps;
  const double too_many = std::max(static_cast<double>(taps()) / most_terms, static_cast<double>(seen()) / most_seen);
  if (too_many > 1) taps_at = std::max<int64_t>(1, static_cast<int64_t>(cut_taps / too_many));
  p[cut_].taps = taps_at;
  int64_t inputs_at = std::clamp<int64_t>(std::min(most_terms / std::max<int64_t>(taps(), 1), most_seen / seen()), 1, s.inputs);
  inputs_at = Quotient(s.inputs, Quotient(s.inputs, inputs_at));
  int64_t batches_at = std::clamp<int64_t>(most_seen / (seen() * inputs_at), 1, s.batches);
  if (places > taps()) batches_at = std::min(batches_at, Quotient(kFewRows, places));
  static thread_local Workspace<T> space;
  space.rows_of.clear();
  Target to{s.c + s.group * plan_.groups.c + s.batch * plan_.batch.c, plan_.batch.c, plan_.outputs.c, {}, plan_.outputs.size};
  const bool aside = plan_.after.pooled() > 1;
  if (aside) {
    const Panel<T> last = panels_.At(s.group, s.panel + s.panels - 1);
    to.outputs = last.first + last.vectors * panels_.lanes();
    ptrdiff_t room = to.outputs - panels_.At(s.group, s.panel).first;
    to.output = 1;
    for (int i = kAxes - 1; i >= 0; room *= p[i--].count) to.axes[i] = room;
    to.batch = room;
    batches_at = std::clamp<int64_t>(most_seen / room, 1, batches_at);
    space.sums.resize(batches_at * room);
    to.c = space.sums.data() - panels_.At(s.group, s.panel).first;
  } else {
    for (int i = 0; i < kAxes; i++) {
      to.c += p[i].first * plan_.axes[i].c;
      to.axes[i] = p[i].out_step * plan_.axes[i].c;
    }
  }
  // What the sums of each panel begin with, in whole vectors.
  const int64_t first = panels_.At(s.group, s.panel).first;
  space.start.assign(panels_.room() - first, T{0});
  if (bias_ != nullptr) std::copy_n(bias_ + s.group * plan_.outputs.size + first, std::min<int64_t>(plan_.outputs.size - first, space.start.size()), space.start.data());
  const Share all = s;
  for (int64_t b = 0; b < all.batches; b += batches_at) {
    s.batch = all.batch + b;
    s.batches = std::min(batches_at, all.batches - b);
    s.add = false;
    for (int64_t i = 0; i < all.inputs; i += inputs_at) {
      s.input = all.input + i;
      s.inputs = std::min(inputs_at, all.inputs - i);
      int64_t t = 0;
      do {
        p[cut_] = phases[cut_];
        p[cut_].tap += t * p[cut_].tap_step;
        p[cut_].at += t * p[cut_].at_step;
        p[cut_].taps = std::min(taps_at, cut_taps - t);
        s.last = i + inputs_at >= all.inputs && t + taps_at >= cut_taps;
        Sum(s, p, to, &space);
        s.add = true;
        t += taps_at;
      } while (t < cut_taps);
    }
    if (aside) Pool(s, phases, to, &space);
    else to.c += s.batches * to.batch;
  }
  // What an unusual convolution needed is not kept.
  if (std::max(space.input.size(), space.sums.size()) > static_cast<size_t>(4 * most_seen)) space = {};
}

// The input that the phases see, whose first element is that of the first place at the first position of the window: where it lies, or a copy of it. Distances of batch, inputs and axes.
template <typename T>
const T* Convolution<T>::Input(const Share& s, const Phase* p, Workspace<T>* space, ptrdiff_t* batch, ptrdiff_t* input, ptrdiff_t* axes) const {
  struct Dim {
    int64_t size, first, last, x;
    ptrdiff_t* distance;
  } dims[kAxes + 2] = {{s.batches, 0, s.batches, plan_.batch.x, batch}, {s.inputs, 0, s.inputs, plan_.inputs.x, input}};
  const T* x = x_ + s.group * plan_.groups.x + s.batch * plan_.batch.x + s.input * plan_.inputs.x;
  bool inside = true;
  for (int i = 0; i < kAxes; i++) {
    const Axis& a = plan_.axes[i];
    const int64_t size = Seen(p[i]), first = std::clamp<int64_t>(-p[i].at, 0, size), last = std::clamp<int64_t>(a.in - p[i].at, first, size);
    dims[i + 2] = {size, first, last, a.x, axes + i};
    inside = inside && first == 0 && last == size;
    x += (p[i].at + first) * a.x;
  }
  // Inputs a power of two apart share few places of the cache.
  if (inside && (s.inputs == 1 || plan_.inputs.x == 1 || plan_.inputs.x * sizeof(T) % 256 != 0)) {
    for (const Dim& d : dims) *d.distance = d.x;
    return x;
  }
  std::stable_sort(dims, dims + kAxes + 2, [](const Dim& a, const Dim& b) { return a.x < b.x; });
  int64_t total = 1;
  for (const Dim& d : dims) {
    if (d.distance == input && total > 1 && total * sizeof(T) % 256 == 0) total += 64 / sizeof(T);
    *d.distance = total;
    total *= d.size;
  }
  space->input.resize(total);
  T* const copy = space->input.data();
  if (!inside) std::fill_n(copy, total, T{0});
  space->walks.clear();
  ptrdiff_t to = 0;
  for (int i = kAxes + 1; i >= 0; i--) {
    const Dim& d = dims[i];
    if (d.first == d.last) return copy;
    to += d.first * *d.distance;
    space->walks.push_back({d.last - d.first, d.x, *d.distance});
  }
  Copy(&space->walks, x, copy + to);
  return copy;
}

template <typename T>
void Convolution<T>::Sum(const Share& s, const Phase* p, const Target& target, Workspace<T>* space) {
  const tiles::Loops<T>& loops = tiles::LoopsHere<T>();
  ptrdiff_t batch, input, axes[kAxes];
  bool none = false;
  for (int i = 0; i < kAxes; i++) none = none || p[i].taps == 0;
  const T* x = none ? x_ : Input(s, p, space, &batch, &input, axes);
  if (none) batch = input = axes[0] = axes[1] = axes[2] = 0;
  // The rows of tiles: where they begin in the input and in the result.
  const std::vector<ptrdiff_t> rows_of{s.batches, batch, axes[0], axes[1], axes[2]};
  if (space->rows_of != rows_of) {
    space->rows_of = rows_of;
    Walk rows[kAxes + 1] = {{s.batches, batch, target.batch}};
    for (int i = 0; i < kAxes; i++) rows[i + 1] = {p[i].count, p[i].in_step * axes[i], target.axes[i]};
    std::stable_sort(rows, rows + kAxes + 1, [](const Walk& a, const Walk& b) { return a.a > b.a; });
    space->rows.clear();
    Each(rows, kAxes + 1, 0, 0, [&](ptrdiff_t a, ptrdiff_t b) { space->rows.push_back({a, b}); });
  }
  Tile<T> tile;
  tile.a = x;
  tile.alpha = T{1};
  tile.add = s.add;
  tile.ramp = s.last && plan_.after.relu && plan_.after.pooled() == 1;
  int vectors = 0;
  for (int64_t k = 0; k < s.panels; k++) {
    const Panel<T> panel = panels_.At(s.group, s.panel + k);
    if (panel.vectors != vectors) {
      vectors = panel.vectors;
      Runs(s, p, panel, input, axes, space, &tile);
    }
    tile.b = panel.y + s.input * panel.input;
    tile.start = space->start.data() + panel.first - panels_.At(s.group, s.panel).first;
    for (int i = 0; i < kAxes; i++) tile.b += p[i].tap * panel.tap[i];
    const int64_t width = panel.vectors * loops.lanes, rows = static_cast<int64_t>(space->rows.size()), tiles = Quotient(rows, loops.rows[vectors]);
    const bool straight = target.output == 1 && panel.first + width <= target.outputs;
    T* const to = target.c + panel.first * target.output;
    T apart[tiles::kMostRows * tiles::kMostVectors * 64 / sizeof(T)];
    Run rows_apart[tiles::kMostRows];
    for (int64_t j = 0; j < tiles; j++) {
      const Run* row = space->rows.data() + rows * j / tiles;
      const int64_t count = rows * (j + 1) / tiles - rows * j / tiles;
      if (straight) {
        tile.rows = row;
        tile.c = to;
        loops.sum[vectors][count](tile);
        continue;
      }
      auto each = [&](auto f) {
        for (int64_t o = 0; o < panel.outputs; o++) for (int64_t r = 0; r < count; r++) f(apart[r * width + o], to[row[r].b + o * target.output]);
      };
      for (int64_t r = 0; r < count; r++) rows_apart[r] = {row[r].a, static_cast<ptrdiff_t>(r * width)};
      if (s.add) each([](T& here, const T& there) { here = there; });
      tile.rows = rows_apart;
      tile.c = apart;
      loops.sum[vectors][count](tile);
      each([](const T& here, T& there) { there = here; });
    }
  }
}

// From sums that were put aside to the result.
template <typename T>
void Convolution<T>::Pool(const Share& s, const Phase* p, const Target& from, Workspace<T>* space) {
  const tiles::Loops<T>& loops = tiles::LoopsHere<T>();
  const int64_t first = panels_.At(s.group, s.panel).first, room = from.outputs - first, outputs = std::min(from.outputs, plan_.outputs.size) - first;
  T* c = s.c + s.group * plan_.groups.c + s.batch * plan_.batch.c + first * plan_.outputs.c;
  Walk places[kAxes + 1] = {{s.batches, from.batch, plan_.batch.c}}, within[kAxes];
  for (int i = 0; i < kAxes; i++) {
    const int64_t window = plan_.after.pool[i];
    c += p[i].first / window * plan_.axes[i].c;
    within[i] = {window, from.axes[i], 0};
    places[i + 1] = {p[i].count / window, window * from.axes[i], p[i].out_step * plan_.axes[i].c};
  }
  ptrdiff_t window[kMostPooled];
  int64_t windows = 0;
  Each(within, kAxes, 0, 0, [&](ptrdiff_t a, ptrdiff_t) { window[windows++] = a; });
  // Where the result's features do not lie together the largest take the place of the first of each window.
  const bool straight = plan_.outputs.c == 1 && outputs == room;
  space->rows.clear();
  space->rows_of.clear();
  Each(places, kAxes + 1, 0, 0, [&](ptrdiff_t a, ptrdiff_t b) { space->rows.push_back({a, straight ? b : a}); });
  T* const sums = space->sums.data();
  loops.pool({sums, straight ? c : sums, space->rows.data(), static_cast<int64_t>(space->rows.size()), window, windows, room / loops.lanes, plan_.after.relu});
  if (straight) return;
  Each(places, kAxes + 1, 0, 0, [&](ptrdiff_t a, ptrdiff_t b) {
    for (int64_t o = 0; o < outputs; o++) c[b + o * plan_.outputs.c] = sums[a + o];
  });
}

// The terms of a sum, as runs along the longest dimension that they have.
template <typename T>
void Convolution<T>::Runs(const Share& s, const Phase* p, const Panel<T>& panel, ptrdiff_t input, const ptrdiff_t* axes, Workspace<T>* space, Tile<T>* tile) const {
  std::vector<Walk>& walks = space->walks;
  walks.assign({{s.inputs, input, panel.input}});
  for (int i = 0; i < kAxes; i++) walks.push_back({p[i].taps, p[i].at_step * axes[i], p[i].tap_step * panel.tap[i]});
  std::stable_sort(walks.begin(), walks.end(), [](const Walk& a, const Walk& b) { return a.b > b.b; });
  Merge(&walks);
  Walk run{1, 0, 0};
  auto longest = std::max_element(walks.begin(), walks.end(), [](const Walk& a, const Walk& b) { return a.size < b.size; });
  if (longest != walks.end()) {
    run = *longest;
    walks.erase(longest);
  }
  space->runs.clear();
  Each(walks.data(), walks.size(), 0, 0, [&](ptrdiff_t a, ptrdiff_t b) { space->runs.push_back({a, b}); });
  tile->runs = space->runs.data();
  tile->count = static_cast<int64_t>(space->runs.size());
  tile->length = run.size;
  tile->a_step = run.a;
  tile->b_step = run.b;
}

template <typename T>
void Convolution<T>::Finish() {
  for (int64_t k = 0; k + 1 < input_parts_; k++) {
    const T* more = partial_.data() + k * c_size_;
    for (int64_t i = 0; i < c_size_; i++) c_[i] += more[i];
  }
}

double OperationsOf(const Plan& plan) {
  double n = 2.0 * plan.groups.size * plan.batch.size * plan.inputs.size * plan.outputs.size;
  for (const Axis& a : plan.axes) n *= static_cast<double>(a.out) * a.window / a.base;
  return n;
}

template class Convolution<float>;
template class Convolution<double>;

}  // namespace xs::convolution
