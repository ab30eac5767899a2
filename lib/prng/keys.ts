import { Array, ConcreteArray } from '../core/array';
import { checkShape, type Shape, ShapedArray } from '../core/aval';
import { config, PRNG_IMPLS, type PrngImpl } from '../core/config';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { asArray, type ArrayLike, describeValue } from '../lax/arrayLike';
import { composite } from '../interpreters/jit';
import { isCounterImpl } from '../primitives/counterHashes';
import { foldKey, implOf, isKeyWords, KEY_WORDS, seedKeys, splitKeys } from '../primitives/randomKeys';
import { convert } from '../primitives/structural';
import type { ShapeLike } from './arguments';

// Keys are raw arrays: uint32[2] for Threefry, uint32[4] for the two generators built on XLA's own, one to four words for others. With the
// default generator the number of words says which it is for.

export type { PrngImpl } from '../core/config';

/** Options of {@link foldIn}, {@link key}, {@link PRNGKey} and {@link wrapKeyData}. */
export interface ImplOptions {
  /** Generator: `threefry2x32` (default), `threefry4x32`, `rbg`, `unsafe_rbg`, `philox2x32` or `philox4x32`. Draws take a key as one of the default generator, if that has keys of so many words. */
  impl?: PrngImpl | null;
}

function resolveImpl(op: string, impl: PrngImpl | null | undefined): PrngImpl {
  if (impl === null || impl === undefined) return config.defaultPrngImpl;
  if (!PRNG_IMPLS.includes(impl)) throw new ArgumentError(`${op}: expected impl to be one of ${PRNG_IMPLS.join(', ')}, got ${describeValue(impl)}`);
  return impl;
}

function checkKeys(op: string, key: unknown): Array {
  if (!(key instanceof Array) && !ArrayBuffer.isView(key)) throw new ArgumentError(`${op}: expected key to be an array of dtype uint32 (made by PRNGKey or split), got ${describeValue(key)}`);
  const k = asArray(key as ArrayLike, op);
  if (k.dtype !== 'uint32') throw new DtypeError(`${op}: expected a key of dtype uint32 and shape [2], got ${k.aval}`);
  const words = k.shape[k.ndim - 1];
  if (!isKeyWords(words)) throw new ShapeError(`${op}: expected a key of shape [2] (or [4] for rbg, [1] for philox2x32), got ${k.aval}`);
  return k;
}

/** Checks that `key` is one key. @throws ArgumentError, DtypeError or ShapeError naming `op` */
export function checkKey(op: string, key: unknown): Array {
  const k = checkKeys(op, key);
  if (k.ndim !== 1) throw new ShapeError(`${op}: expected a single key, got an array of keys of type ${k.aval}; use vmap to map over keys`);
  return k;
}

// ---- the public functions ----

const MASK = (1n << 32n) - 1n;

function hostSeed(op: string, seed: number | bigint, impl: PrngImpl): Array {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) throw new ArgumentError(`${op}: expected seed to be an integer, got ${seed}${Number.isInteger(seed) ? ' (a number beyond 2 ** 53 is not exact: use a bigint)' : ''}`);
  const wide = BigInt(seed);
  if (BigInt.asIntN(64, wide) !== wide) throw new ArgumentError(`${op}: expected a seed of 64 bits, got ${seed}`);
  // With 64-bit types off a seed is narrowed first, as JAX does: its upper word is lost.
  if (isCounterImpl(impl)) {
    const given = config.enableX64 ? ConcreteArray.fromHost(BigUint64Array.of(BigInt.asUintN(64, wide)), new ShapedArray([], 'uint64')) : ConcreteArray.scalar(Number(wide & MASK), new ShapedArray([], 'uint32'));
    return seedProgram([given], { impl })[0]!;
  }
  const words = [config.enableX64 ? Number((wide >> 32n) & MASK) : 0, Number(wide & MASK)];
  return ConcreteArray.fromHost(Uint32Array.from(impl === 'threefry2x32' ? words : [...words, ...words]), new ShapedArray([KEY_WORDS[impl]], 'uint32'));
}

const seedProgram = composite<{ impl: PrngImpl }>('random_seed', ([seed], { impl }) => [seedKeys(seed!, impl)]);

function makeKey(op: string, seed: ArrayLike, options: ImplOptions | undefined): Array {
  const impl = resolveImpl(op, checkOptions(op, ['impl'], options).impl);
  if (typeof seed === 'number' || typeof seed === 'bigint') return hostSeed(op, seed, impl);
  const x = asArray(seed, `${op}: seed`);
  const kind = dtypeKind(x.dtype);
  if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`${op}: expected seed to be an integer, got ${x.aval}`);
  if (x.ndim !== 0) throw new ShapeError(`${op}: expected a scalar seed, got one of type ${x.aval}; use vmap to map over seeds`);
  return seedProgram([x], { impl })[0]!;
}

/**
 * A key of the random number generator from an integer seed: an array of dtype uint32 and shape [2] (or as many words as the keys of the generator have).
 *
 * With 64-bit types off, only the low 32 bits of the seed count. Mirrors `jax.random.PRNGKey`.
 *
 * @param seed an integer: a number, a bigint, or a scalar integer array
 * @throws ArgumentError, DtypeError or ShapeError if the seed is not an integer scalar
 * @example
 * prng.PRNGKey(42).js(); // [0, 42]
 */
export function PRNGKey(seed: ArrayLike, options?: ImplOptions): Array {
  return makeKey('PRNGKey', seed, options);
}

/**
 * The same as {@link PRNGKey}: keys are raw arrays here. Mirrors `jax.random.key`.
 *
 * @example
 * prng.key(0, { impl: 'rbg' }).shape; // [4]
 */
export function key(seed: ArrayLike, options?: ImplOptions): Array {
  return makeKey('key', seed, options);
}

interface SplitStatics {
  shape: Shape;
  impl: PrngImpl;
}

const splitProgram = composite<SplitStatics>('random_split', ([k], { shape, impl }) => [splitKeys(k!, shape, impl)]);

/** Options of {@link split}. */
export interface SplitOptions extends ImplOptions {
  /** How many keys, or the shape of an array of keys. */
  num?: ShapeLike;
}

/** A key's generator where an option may say that four words are `unsafe_rbg`'s. */
function implFor(op: string, k: Array, impl: PrngImpl | null | undefined): PrngImpl {
  if (impl === null || impl === undefined) return implOf(k);
  const named = resolveImpl(op, impl);
  if (KEY_WORDS[named] !== k.shape[k.ndim - 1]) throw new ShapeError(`${op}: expected a key of shape [${KEY_WORDS[named]}] for ${named}, got ${k.aval}`);
  return named;
}

type Tuple<N extends number, R extends readonly Array[] = readonly []> = R['length'] extends N ? R : R['length'] extends 16 ? readonly Array[] : Tuple<N, readonly [...R, Array]>;

/** Methods of JS arrays that arrays of keys do not have. */
type NoListMethods = { readonly [M in Exclude<keyof (readonly unknown[]), keyof Array | number | symbol>]: never };

/** An array of N keys that can be destructured: to TypeScript a tuple, where N is a literal number. */
export type SplitKeys<N extends number> = number extends N ? Array : Array & NoListMethods & Tuple<N>;

/**
 * New keys from a key: an array of shape [num, 2], or [...num, 2] where num is a shape. Mirrors `jax.random.split`.
 *
 * The array can be destructured into keys where it is not traced with an unknown size.
 *
 * @param num 2 by default; may be given in the options
 * @throws ShapeError if `key` is not a single key
 * @example
 * const [k1, k2] = prng.split(prng.PRNGKey(0));
 */
export function split<const N extends number = 2>(key: Array, num?: N, options?: SplitOptions): SplitKeys<N>;
export function split(key: Array, num?: ShapeLike | SplitOptions, options?: SplitOptions): Array;
export function split(key: Array, num?: ShapeLike | SplitOptions, options?: SplitOptions): Array {
  const k = checkKey('split', key);
  const positional = typeof num === 'number' || globalThis.Array.isArray(num);
  const o = checkOptions('split', ['num', 'impl'], positional ? options : (num as SplitOptions | undefined) ?? options);
  const shape = checkShape('split', positional ? num : (o.num ?? 2), 'num');
  return splitProgram([k], { shape, impl: implFor('split', k, o.impl) })[0]!;
}

const foldProgram = composite<{ impl: PrngImpl }>('random_fold_in', ([k, data], { impl }) => [foldKey(k!, convert(data!, 'uint32'), impl)]);

/**
 * A key from a key and an integer, the same for the same two. Mirrors `jax.random.fold_in`.
 *
 * @param data an integer scalar; its low 32 bits count
 * @throws ArgumentError, DtypeError or ShapeError if `data` is not an integer scalar, or `key` not a single key
 * @example
 * const stepKey = prng.foldIn(prng.PRNGKey(0), 7);
 */
export function foldIn(key: Array, data: ArrayLike, options?: ImplOptions): Array {
  const k = checkKey('foldIn', key);
  const impl = implFor('foldIn', k, checkOptions('foldIn', ['impl'], options).impl);
  let d: Array;
  if (typeof data === 'number' || typeof data === 'bigint') {
    if ((typeof data === 'number' && !Number.isInteger(data)) || data < 0 || data > MASK) throw new ArgumentError(`foldIn: expected data to be an integer from 0 to ${MASK}, got ${data}`);
    d = ConcreteArray.scalar(Number(data), new ShapedArray([], 'uint32'));
  } else {
    d = asArray(data, 'foldIn: data');
    const kind = dtypeKind(d.dtype);
    if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`foldIn: expected data to be an integer, got ${d.aval}`);
    if (d.ndim !== 0) throw new ShapeError(`foldIn: expected data to be a scalar, got ${d.aval}; use vmap to map over it`);
  }
  return foldProgram([k, d], { impl })[0]!;
}

/** The words of keys: keys are raw, so it is the array itself. Mirrors `jax.random.key_data`. @example prng.keyData(prng.key(7)).js(); // [0, 7] */
export function keyData(keys: Array): Array {
  return checkKeys('keyData', keys);
}

/**
 * Keys from words, [..., 2] or as many as the keys of a generator have, as they are. Mirrors `jax.random.wrap_key_data`.
 *
 * @throws DtypeError or ShapeError if the words are not a key's of the generator named
 * @example
 * prng.wrapKeyData(np.array([0, 7], { dtype: 'uint32' })).shape; // [2]
 */
export function wrapKeyData(words: Array, options?: ImplOptions): Array {
  const impl = checkOptions('wrapKeyData', ['impl'], options).impl;
  const k = checkKeys('wrapKeyData', words);
  implFor('wrapKeyData', k, impl);
  return k;
}

/**
 * The element type of a generator's keys: they are raw words, of `uint32`. Mirrors `jax.random.key_dtype`.
 *
 * @throws ArgumentError if there is no such generator
 * @example
 * prng.keyDtype(); // 'uint32'
 */
export function keyDtype(impl?: PrngImpl | null): DType {
  resolveImpl('keyDtype', impl);
  return 'uint32';
}

/** The name of the generator that keys are for. Mirrors `jax.random.key_impl`. @example prng.keyImpl(prng.key(0)); // 'threefry2x32' */
export function keyImpl(keys: Array): PrngImpl {
  return implOf(checkKeys('keyImpl', keys));
}

/** The key itself: arrays are immutable. Mirrors `jax.random.clone`. @example prng.keyData(prng.clone(prng.key(0))).js(); // [0, 0] */
export function clone(key: Array): Array {
  return checkKeys('clone', key);
}
