import { type Array, ConcreteArray } from '../core/array';
import { checkInteger } from '../core/checks';
import { isPlainObject } from '../core/tree';
import { checkOptions } from '../functional/options';
import { freshKey, globalGenerator } from './autoKey';
import { type BackupOptions, formatKey, type SeedArgument, seedOf, type SeedOrKey, type SplitOptions } from './keyState';
import { DEFAULT, RandomState } from './randomState';
import type { SplitKeys } from '../prng/keys';

// The key of the default stream.

/**
 * Seeds the default stream, and the generator that unseeded random states draw their keys from. Mirrors `brainstate.random.seed`.
 *
 * @param seedOrKey an integer, or a key, whose first word then seeds the other generator; without it, the default stream gets a key from the
 *   operating system's entropy, and the other generator goes on
 * @throws ArgumentError, DtypeError or ShapeError for anything else; nothing is seeded then
 * @example
 * random.seed(42);
 */
export function seed(seedOrKey?: SeedOrKey | null): void {
  if (seedOrKey === undefined || seedOrKey === null) {
    DEFAULT.seed(freshKey());
    return;
  }
  const key = formatKey('seed', seedOrKey);
  DEFAULT.setKey(key);
  if (typeof seedOrKey === 'number' || typeof seedOrKey === 'bigint') globalGenerator().seed(Number(BigInt.asUintN(32, BigInt(seedOrKey))));
  else if (key instanceof ConcreteArray) globalGenerator().seed(Number(key.dataSync().at(0)));
}

/** Sets the default stream's key, from an integer or a key. Mirrors `brainstate.random.set_key`. @example random.setKey(42); */
export function setKey(seedOrKey: SeedOrKey): void {
  DEFAULT.setKey(seedOrKey);
}

/** The default stream's key, as it is. Mirrors `brainstate.random.get_key`. @example random.getKey().shape; // [2] */
export function getKey(): Array {
  return DEFAULT.value;
}

/** The words of the default stream's key, uint32[2]. Mirrors `brainstate.random.get_key_data`. @example random.getKeyData().shape; // [2] */
export function getKeyData(): Array {
  return DEFAULT.getKeyData();
}

/** The default stream, or a new one from a seed or a key. Mirrors `brainstate.random.default_rng`. @example random.defaultRng(42).normal({ size: [2] }).shape; // [2] */
export function defaultRng(given?: SeedArgument): RandomState {
  const seedOrKey = seedOf('defaultRng', given);
  return seedOrKey === null ? DEFAULT : new RandomState(seedOrKey);
}

/**
 * A new stream, split off the default one or from a seed or a key; with `clone: false` the default one itself. Mirrors `brainstate.random.clone_rng`.
 *
 * @example
 * random.cloneRng(42) instanceof random.RandomState; // true
 */
export function cloneRng(seedOrKey?: SeedOrKey | null, options?: { clone?: boolean }): RandomState;
export function cloneRng(options: { seedOrKey?: SeedOrKey | null; clone?: boolean }): RandomState;
export function cloneRng(first?: SeedOrKey | { seedOrKey?: SeedOrKey | null; clone?: boolean } | null, second?: { clone?: boolean }): RandomState {
  const { seedOrKey = null, clone = true } = isPlainObject(first)
    ? checkOptions('cloneRng', ['seedOrKey', 'clone'], first as { seedOrKey?: SeedOrKey | null; clone?: boolean })
    : { seedOrKey: first as SeedOrKey | null | undefined, ...checkOptions('cloneRng', ['clone'], second) };
  if (seedOrKey !== null) return new RandomState(seedOrKey);
  return clone ? DEFAULT.clone() : DEFAULT;
}

/** A key, or n keys, split off the default stream. Mirrors `brainstate.random.split_key`. @example random.splitKey().shape; // [2] */
export function splitKey(n?: number | Array | SplitOptions | null, options?: BackupOptions): Array {
  return DEFAULT.splitKey(n, options);
}

/** n keys split off the default stream, of shape [n, 2]. Mirrors `brainstate.random.split_keys`. @example random.splitKeys(3).shape; // [3, 2] */
export function splitKeys<const N extends number>(n: N, options?: BackupOptions): SplitKeys<N> {
  checkInteger('splitKeys', 'n', n, 1);
  return DEFAULT.splitKey(n, options) as SplitKeys<N>;
}

/**
 * Replaces the default stream's key by n keys. Mirrors `brainstate.random.self_assign_multi_keys`.
 *
 * @example
 * ```ts
 * random.selfAssignMultiKeys(3, { backup: true });
 * random.getKey().shape; // [3, 2]
 * random.restoreKey();
 * ```
 */
export function selfAssignMultiKeys(n: number, options?: BackupOptions): void {
  DEFAULT.selfAssignMultiKeys(n, options);
}

/**
 * Puts back the key that was kept by `splitKey` or `selfAssignMultiKeys`. Mirrors `brainstate.random.restore_key`.
 *
 * @example
 * ```ts
 * random.seed(0);
 * random.splitKey(2, { backup: true });
 * random.restoreKey();
 * random.getKeyData().js(); // [0, 0]
 * ```
 */
export function restoreKey(): void {
  DEFAULT.restoreKey();
}

/**
 * Seeds as {@link seed} does while a function runs (or until disposed of); then both generators are as before. Mirrors `brainstate.random.seed_context`.
 *
 * @param seedOrKey an integer, a key, or null for a fresh one
 * @param f what runs with it
 * @example
 * random.seedContext(7, () => random.normal());
 */
export function seedContext<R>(seedOrKey: SeedOrKey | null, f: () => R): R;
export function seedContext(seedOrKey: SeedOrKey | null): Disposable;
export function seedContext<R>(seedOrKey: SeedOrKey | null, f?: () => R): R | Disposable {
  const [key, state] = [DEFAULT.value, globalGenerator().getState()];
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    DEFAULT.setKey(key);
    globalGenerator().setState(state);
  };
  try {
    seed(seedOrKey ?? freshKey()[0]!);
    if (f === undefined) return { [Symbol.dispose]: close };
    return f();
  } finally {
    if (f !== undefined) close();
  }
}
