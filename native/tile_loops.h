// Included once for each kind of vectors, within a namespace of its own: XS_TARGET is the function attribute that allows their instructions, XS_BYTES their size, XS_VECTORS how many a
// tile has at most, XS_ROWS how many rows it has with so many vectors (with fewer: 8). Templates with the attribute as a parameter there are none.

template <typename T>
struct Vectors {
  typedef T Vector __attribute__((vector_size(XS_BYTES)));
  typedef T Unaligned __attribute__((vector_size(XS_BYTES), aligned(alignof(T)), may_alias));
  // A number of the vectors' elements' size.
  typedef std::conditional_t<sizeof(T) == 4, int32_t, int64_t> Place;
};

// I are the vectors of a tile, J its rows, K the vectors of a row: written out, as what is a loop at first is kept in memory.
template <typename T, int V, size_t... I, size_t... J, size_t... K>
XS_TARGET void SumOf(const Tile<T>& t, std::index_sequence<I...>, std::index_sequence<J...>, std::index_sequence<K...>) {
  using Vector = typename Vectors<T>::Vector;
  using Unaligned = typename Vectors<T>::Unaligned;
  constexpr int kLanes = XS_BYTES / sizeof(T);
  Vector sum[] = {((void)I, Vector{})...};
  const T* const a[] = {t.a + t.rows[J].a...};
  const ptrdiff_t a_step = t.a_step, b_step = t.b_step;
  for (const Run *run = t.runs, *end = run + t.count; run < end; run++) {
    const T* b = t.b + run->b;
    ptrdiff_t at = run->a;
    for (int64_t i = t.length; i > 0; i--) {
      const Vector w[] = {*reinterpret_cast<const Unaligned*>(b + K * kLanes)...};
      ((sum[I] += w[I % V] * a[I / V][at]), ...);
      at += a_step;
      b += b_step;
    }
  }
  // What is there already is added last: sums of many parts keep more digits so.
  ((sum[I] = sum[I] * t.alpha + *reinterpret_cast<const Unaligned*>((t.add ? t.c + t.rows[I / V].b : t.start) + I % V * kLanes)), ...);
  if (t.ramp) ((sum[I] = sum[I] <= Vector{} ? Vector{} : sum[I]), ...);
  ((*reinterpret_cast<Unaligned*>(t.c + t.rows[I / V].b + I % V * kLanes) = sum[I]), ...);
}

template <typename T, int R, int V>
XS_TARGET void Sum(const Tile<T>& t) {
  SumOf<T, V>(t, std::make_index_sequence<R * V>{}, std::make_index_sequence<R>{}, std::make_index_sequence<V>{});
}

template <typename T, int V>
XS_TARGET void Copy(const Strip<T>& s) {
  using Vector = typename Vectors<T>::Vector;
  using Unaligned = typename Vectors<T>::Unaligned;
  constexpr int kLanes = XS_BYTES / sizeof(T);
  const T* from = s.from;
  T* to = s.to;
  for (int64_t i = 0; i < s.length; i++, from += s.step, to += V * kLanes) {
    // Processors do not foresee steps of a page.
    const T* later = from + 8 * s.step;
    for (int v = 0; v < V; v++) {
      __builtin_prefetch(later + v * kLanes);
      *reinterpret_cast<Unaligned*>(to + v * kLanes) = *reinterpret_cast<const Unaligned*>(from + v * kLanes);
    }
  }
}

// Two vectors, after each of `S` elements of one those of the other that stand there: as turning a square round begins with them.
#if defined(__clang__)
#define XS_PICK(a, b, i) __builtin_shufflevector(a, b, (i)...)
#else
#define XS_PICK(a, b, i) __builtin_shuffle(a, b, Places{(i)...})
#endif
template <typename T, int S, size_t... I>
XS_TARGET inline void Exchange(typename Vectors<T>::Vector* low, typename Vectors<T>::Vector* high, std::index_sequence<I...>) {
  typedef typename Vectors<T>::Place Place;
  typedef Place Places __attribute__((vector_size(XS_BYTES)));
  constexpr int kLanes = XS_BYTES / sizeof(T);
  const auto a = *low, b = *high;
  *low = XS_PICK(a, b, static_cast<Place>(I & S ? kLanes + I - S : I));
  *high = XS_PICK(a, b, static_cast<Place>(I & S ? kLanes + I : I + S));
}
#undef XS_PICK

// Turns a square of a vector's elements each way round.
template <typename T, int S, size_t... I>
XS_TARGET inline void Turn(typename Vectors<T>::Vector* rows, std::index_sequence<I...> all) {
  if constexpr (S < XS_BYTES / sizeof(T)) {
    ((I & S ? void() : Exchange<T, S>(rows + I, rows + (I | S), all)), ...);
    Turn<T, 2 * S>(rows, all);
  }
}

// As Copy, where neighbours are `step` apart and what follows them lies beside them.
template <typename T, int V>
XS_TARGET void CopyTurned(const Strip<T>& s) {
  using Vector = typename Vectors<T>::Vector;
  using Unaligned = typename Vectors<T>::Unaligned;
  constexpr int kLanes = XS_BYTES / sizeof(T);
  for (int64_t i = 0; i < s.length && s.length >= kLanes; i += kLanes) {
    // The last square has some of the one before in it.
    const int64_t at = std::min(i, s.length - kLanes);
    for (int v = 0; v < V; v++) {
      Vector rows[kLanes];
      for (int r = 0; r < kLanes; r++) rows[r] = *reinterpret_cast<const Unaligned*>(s.from + (v * kLanes + r) * s.step + at);
      Turn<T, 1>(rows, std::make_index_sequence<kLanes>{});
      for (int r = 0; r < kLanes; r++) *reinterpret_cast<Unaligned*>(s.to + (at + r) * V * kLanes + v * kLanes) = rows[r];
    }
  }
  if (s.length >= kLanes) return;
  for (int64_t i = 0; i < s.length; i++) for (int j = 0; j < V * kLanes; j++) s.to[i * V * kLanes + j] = s.from[j * s.step + i];
}

// NaN is larger than anything.
template <typename T>
XS_TARGET void Pool(const Pooling<T>& p) {
  using Vector = typename Vectors<T>::Vector;
  using Unaligned = typename Vectors<T>::Unaligned;
  constexpr int kLanes = XS_BYTES / sizeof(T);
  const Vector zero{};
  for (int64_t i = 0; i < p.count; i++) {
    const T* from = p.sums + p.places[i].a;
    T* to = p.c + p.places[i].b;
    for (int64_t v = 0; v < p.vectors; v++, from += kLanes, to += kLanes) {
      Vector most = *reinterpret_cast<const Unaligned*>(from + p.window[0]);
      for (int64_t w = 1; w < p.windows; w++) {
        const Vector other = *reinterpret_cast<const Unaligned*>(from + p.window[w]);
        most = ((most >= other) | (most != most)) ? most : other;
      }
      if (p.ramp) most = most <= zero ? zero : most;
      *reinterpret_cast<Unaligned*>(to) = most;
    }
  }
}

template <typename T, int V, int R>
void Fill(Loops<T>* k) {
  k->sum[V][R] = &Sum<T, R, V>;
  if constexpr (R > 1) Fill<T, V, R - 1>(k);
}

template <typename T>
Loops<T> Make() {
  Loops<T> k{};
  k.lanes = XS_BYTES / sizeof(T);
  k.vectors = XS_VECTORS;
  k.pool = &Pool<T>;
  auto fill = [&](auto vectors) {
    constexpr int V = decltype(vectors)::value;
    if constexpr (V <= XS_VECTORS) {
      constexpr int R = V == XS_VECTORS ? XS_ROWS : V == 3 ? 8 : kMostRows;
      k.rows[V] = R;
      k.copy[V] = &Copy<T, V>;
      k.copy_turned[V] = &CopyTurned<T, V>;
      Fill<T, V, R>(&k);
    }
  };
  fill(std::integral_constant<int, 1>{});
  fill(std::integral_constant<int, 2>{});
  fill(std::integral_constant<int, 3>{});
  fill(std::integral_constant<int, 4>{});
  return k;
}
