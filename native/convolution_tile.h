// Included once for each kind of vectors, within a namespace of its own: XS_TARGET is the function attribute that allows their instructions, XS_BYTES their size, XS_VECTORS how many a
// tile has at most, XS_ROWS how many rows it has with so many vectors (with fewer: 8). Templates with the attribute as a parameter there are none.

template <typename T, int R, int V>
XS_TARGET void Sum(const Tile<T>& t) {
  typedef T Vector __attribute__((vector_size(XS_BYTES)));
  typedef T Unaligned __attribute__((vector_size(XS_BYTES), aligned(alignof(T)), may_alias));
  constexpr int kLanes = XS_BYTES / sizeof(T);
  Vector sum[R][V];
  const T* a[R];
  for (int r = 0; r < R; r++) {
    a[r] = t.a[r];
    for (int v = 0; v < V; v++) sum[r][v] = *reinterpret_cast<const Unaligned*>((t.add ? t.c[r] : t.start) + v * kLanes);
  }
  const ptrdiff_t a_step = t.a_step, b_step = t.b_step;
  for (const Run *run = t.runs, *end = run + t.count; run < end; run++) {
    const T* b = t.b + run->b;
    ptrdiff_t at = run->a;
    for (int64_t i = t.length; i > 0; i--) {
      Vector w[V];
      for (int v = 0; v < V; v++) w[v] = *reinterpret_cast<const Unaligned*>(b + v * kLanes);
      for (int r = 0; r < R; r++) {
        const T x = a[r][at];
        for (int v = 0; v < V; v++) sum[r][v] += w[v] * x;
      }
      at += a_step;
      b += b_step;
    }
  }
  if (t.ramp) {
    for (int r = 0; r < R; r++) for (int v = 0; v < V; v++) sum[r][v] = sum[r][v] <= Vector{} ? Vector{} : sum[r][v];
  }
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) *reinterpret_cast<Unaligned*>(t.c[r] + v * kLanes) = sum[r][v];
  }
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
