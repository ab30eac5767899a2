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
    for (int v = 0; v < V; v++) sum[r][v] = t.add ? Vector(*reinterpret_cast<const Unaligned*>(t.c[r] + v * kLanes)) : Vector{};
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
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) *reinterpret_cast<Unaligned*>(t.c[r] + v * kLanes) = sum[r][v];
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
