// Included once for each kind of vectors, within a namespace of its own: XS_TARGET is the function attribute that allows their instructions, XS_BYTES their size, XS_VECTORS how many a
// tile has at most, XS_ROWS how many rows it has with so many vectors (with fewer: 8). Templates with the attribute as a parameter there are none.

// I are the vectors of a tile, J its rows, K the vectors of a row: written out, as what is a loop at first is kept in memory.
template <typename T, int V, size_t... I, size_t... J, size_t... K>
XS_TARGET void SumOf(const Tile<T>& t, std::index_sequence<I...>, std::index_sequence<J...>, std::index_sequence<K...>) {
  typedef T Vector __attribute__((vector_size(XS_BYTES)));
  typedef T Unaligned __attribute__((vector_size(XS_BYTES), aligned(alignof(T)), may_alias));
  constexpr int kLanes = XS_BYTES / sizeof(T);
  Vector sum[] = {*reinterpret_cast<const Unaligned*>((t.add ? t.c + t.rows[I / V].b : t.start) + I % V * kLanes)...};
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
  if (t.ramp) ((sum[I] = sum[I] <= Vector{} ? Vector{} : sum[I]), ...);
  ((*reinterpret_cast<Unaligned*>(t.c + t.rows[I / V].b + I % V * kLanes) = sum[I]), ...);
}

template <typename T, int R, int V>
XS_TARGET void Sum(const Tile<T>& t) {
  SumOf<T, V>(t, std::make_index_sequence<R * V>{}, std::make_index_sequence<R>{}, std::make_index_sequence<V>{});
}

// NaN is larger than anything.
template <typename T>
XS_TARGET void Pool(const Pooling<T>& p) {
  typedef T Vector __attribute__((vector_size(XS_BYTES)));
  typedef T Unaligned __attribute__((vector_size(XS_BYTES), aligned(alignof(T)), may_alias));
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
void Fill(Kernels<T>* k) {
  k->sum[V][R] = &Sum<T, R, V>;
  if constexpr (R > 1) Fill<T, V, R - 1>(k);
}

template <typename T>
Kernels<T> Make() {
  Kernels<T> k{};
  k.lanes = XS_BYTES / sizeof(T);
  k.vectors = XS_VECTORS;
  k.pool = &Pool<T>;
  auto fill = [&](auto vectors) {
    constexpr int V = decltype(vectors)::value;
    if constexpr (V <= XS_VECTORS) {
      constexpr int R = V == XS_VECTORS ? XS_ROWS : V == 3 ? 8 : kMostRows;
      k.rows[V] = R;
      Fill<T, V, R>(&k);
    }
  };
  fill(std::integral_constant<int, 1>{});
  fill(std::integral_constant<int, 2>{});
  fill(std::integral_constant<int, 3>{});
  fill(std::integral_constant<int, 4>{});
  return k;
}
