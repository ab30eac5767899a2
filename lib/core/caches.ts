// Compiled programs are kept where they are used; here is known where that is, so that all can be forgotten.

const always: (() => void)[] = [];
const held = new Set<WeakRef<{ clear(): void }>>();
const gone = new FinalizationRegistry<WeakRef<{ clear(): void }>>((ref) => held.delete(ref));

/** Names what empties a cache that lives as long as the process. */
export function registerCache(clear: () => void): void {
  always.push(clear);
}

/** Names something that holds programs and may go before the process does. */
export function registerHolder(holder: { clear(): void }): void {
  const ref = new WeakRef(holder);
  held.add(ref);
  gone.register(holder, ref);
}

/**
 * Forgets every compiled program and traced function: what is called next is traced and compiled anew. It frees the memory of a process that met very many
 * shapes. Programs stored on disk stay.
 *
 * Mirrors `jax.clear_caches`.
 *
 * @example
 * ```ts
 * const f = jit((x: np.Array) => np.sin(x));
 * f(1);
 * clearCaches();
 * f.cacheSize; // 0
 * ```
 */
export function clearCaches(): void {
  for (const clear of always) clear();
  for (const ref of held) ref.deref()?.clear();
}
