import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { checkInteger } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import * as prng from '../prng';
import { type DtypeLike, dtypeOf, shapeOf, type ShapeLike } from '../prng/arguments';
import { normalIn } from '../prng/continuous';
import * as e from '../primitives/elementwise';
import { diagonal } from '../primitives/matrix';
import { qr } from '../primitives/qr';
import { reduceMax } from '../primitives/reduction';
import { broadcastInDim, range } from '../primitives/structural';
import { randint } from './discrete';
import { random, standardNormal } from './continuous';
import type { SeedOrKey } from './keyState';
import { readOptions, type Rest } from '../numpy/program';
import { draw, type DrawOptions, floatFor, type KeySource, readDraw, sizeFor, type Statics } from './program';

// Choices among things, orders of things, matrices, and arrays made like others.

interface KeyOption {
  /** A seed or key to draw with, in place of one split off the state. */
  key?: SeedOrKey | null;
}

/** Options of `choice`. */
export interface ChoiceOptions extends KeyOption {
  /** Shape of the result. */
  size?: ShapeLike | null;
  /** Whether an entry may be chosen more than once; true by default. */
  replace?: boolean;
  /** Weights of the entries. */
  p?: ArrayLike | null;
}

/** Strings, in lists of lists as a shape has dimensions. */
export type NestedStrings = string | readonly NestedStrings[];

function isStrings(x: unknown): x is readonly NestedStrings[] {
  return globalThis.Array.isArray(x) && x.length > 0 && (typeof x[0] === 'string' || isStrings(x[0]));
}

/** The entries at indices, in lists as the indices are. */
const entriesAt = (list: readonly NestedStrings[], index: unknown): NestedStrings => (globalThis.Array.isArray(index) ? index.map((i) => entriesAt(list, i)) : list[index as number]!);

/**
 * Random entries of an array, along its first dimension, or random integers below a number; of a list of strings, lists of strings. Mirrors `brainstate.random.choice`.
 *
 * @throws ConcretizationError for strings where the key is traced
 * @example
 * random.choice(5, { size: [3], replace: false });
 */
export function choice(rng: KeySource, a: readonly NestedStrings[], ...options: Rest<ChoiceOptions, 'size', 'replace', 'p'>): NestedStrings;
export function choice(rng: KeySource, a: ArrayLike, ...options: Rest<ChoiceOptions, 'size', 'replace', 'p'>): Array;
export function choice(rng: KeySource, a: ArrayLike | readonly NestedStrings[], ...options: Rest<ChoiceOptions, 'size', 'replace', 'p'>): Array | NestedStrings {
  if (isStrings(a)) return entriesAt(a, choice(rng, a.length, ...options).js());
  const o = readOptions('choice', ['size', 'replace', 'p', 'key'], 3, options);
  return prng.choice(rng.keyFor(o.key), a, { shape: shapeOf('choice', o.size) as number[], replace: o.replace ?? true, p: o.p ?? null });
}

/** Options of `permutation` and `shuffle`. */
export interface PermutationOptions extends KeyOption {
  /** Dimension whose entries are permuted; 0 by default. */
  axis?: number;
  /** Whether each vector along the axis gets its own permutation. */
  independent?: boolean;
}

/**
 * The entries of an array in random order, or the integers below a number. Mirrors `brainstate.random.permutation`.
 *
 * @example
 * random.permutation(6);
 */
export function permutation(rng: KeySource, x: ArrayLike, options?: PermutationOptions): Array {
  const { key, ...rest } = checkOptions('permutation', ['axis', 'independent', 'key'], options);
  return prng.permutation(rng.keyFor(key), x, rest);
}

/** A copy of an array with the entries of a dimension in random order. Mirrors `brainstate.random.shuffle`. */
export function shuffle(rng: KeySource, x: ArrayLike, options?: Omit<PermutationOptions, 'independent'>): Array {
  const { key, ...rest } = checkOptions('shuffle', ['axis', 'key'], options);
  return prng.permutation(rng.keyFor(key), x, rest);
}

/** Options of `categorical`. */
export interface CategoricalOptions extends KeyOption {
  /** The dimension of logits that runs over categories; the last by default. */
  axis?: number;
  /** Shape of the result. */
  size?: ShapeLike | null;
}

/** Indices of categories, with probabilities proportional to exp(logits). Mirrors `brainstate.random.categorical`. */
export function categorical(rng: KeySource, logits: ArrayLike, options?: CategoricalOptions): Array {
  const o = checkOptions('categorical', ['axis', 'size', 'key'], options);
  return prng.categorical(rng.keyFor(o.key), logits, { axis: o.axis ?? -1, shape: o.size ?? null });
}

/** Options of `multivariateNormal`. */
export interface MultivariateNormalOptions extends DrawOptions {
  /** How the covariance is factored; 'cholesky' by default. */
  method?: prng.CovarianceMethod;
}

/** Normal vectors of a mean and a covariance. Mirrors `brainstate.random.multivariate_normal`. */
export function multivariateNormal(rng: KeySource, mean: ArrayLike, cov: ArrayLike, ...options: Rest<MultivariateNormalOptions, 'size'>): Array {
  const op = 'multivariateNormal';
  const o = readDraw(op, ['size', 'method'], options);
  const dtype = floatFor(op, o.dtype);
  const as = (x: ArrayLike, name: string) => astype(asArray(x, `${op}: ${name}`), dtype);
  return prng.multivariateNormal(rng.keyFor(o.key), as(mean, 'mean'), as(cov, 'cov'), { shape: o.size, dtype, method: o.method ?? 'cholesky' });
}

const drawOrthogonal = draw<never, Statics & { n: number }>('orthogonal', (key, _, { size, dtype, n }) => {
  const [q, r] = qr(normalIn(key, [...size, n, n], dtype)) as [Array, Array];
  const d = diagonal(r);
  return e.mul(q, broadcastInDim(e.div(d, e.abs(d)), q.shape, range(q.ndim).filter((i) => i !== q.ndim - 2)));
});

/** Uniformly distributed orthogonal matrices, of shape [...size, n, n]. Mirrors `brainstate.random.orthogonal`. */
export function orthogonal(rng: KeySource, n: number, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('orthogonal', ['size'], options);
  checkInteger('orthogonal', 'n', n, 0);
  const statics = { size: sizeFor('orthogonal', o.size ?? [], {}), dtype: floatFor('orthogonal', o.dtype), n };
  return drawOrthogonal(rng.keyFor(o.key), {}, statics);
}

export interface LikeOptions extends KeyOption {
  /** Element type; by default the input's. */
  dtype?: DtypeLike | null;
}

function readLike(op: string, input: ArrayLike, options: LikeOptions | undefined) {
  const o = checkOptions(op, ['dtype', 'key'], options);
  const x = asArray(input, `${op}: input`);
  return { x, key: o.key, dtype: dtypeOf(op, o.dtype, x.dtype, ['int', 'uint', 'float', 'complex', 'bool']) };
}

/** Floats in [0, 1) of an array's shape. Mirrors `brainstate.random.rand_like`. */
export function randLike(rng: KeySource, input: ArrayLike, options?: LikeOptions): Array {
  const { x, key, dtype } = readLike('randLike', input, options);
  return astype(random(rng, x.shape as number[], { key }), dtype);
}

/** Standard normal numbers of an array's shape. Mirrors `brainstate.random.randn_like`. */
export function randnLike(rng: KeySource, input: ArrayLike, options?: LikeOptions): Array {
  const { x, key, dtype } = readLike('randnLike', input, options);
  return astype(standardNormal(rng, x.shape as number[], { key }), dtype);
}

/** Options of `randintLike`. */
export interface RandintLikeOptions extends LikeOptions {
  /** Lower bound; 0 by default. */
  low?: ArrayLike;
  /** Upper bound, exclusive; by default the input's largest element. */
  high?: ArrayLike | null;
}

/** Integers in [low, high) of an array's shape and dtype. Mirrors `brainstate.random.randint_like`. */
export function randintLike(rng: KeySource, input: ArrayLike, options?: RandintLikeOptions): Array {
  const { low = 0, high, ...rest } = checkOptions('randintLike', ['low', 'high', 'dtype', 'key'], options);
  const { x, key, dtype } = readLike('randintLike', input, rest);
  if ((high === undefined || high === null) && (sizeOf(x.shape) === 0 || dtypeKind(x.dtype) === 'complex')) throw new ArgumentError(`randintLike: expected high where the input ${x.aval} has no largest element`);
  const end = high ?? reduceMax(x, range(x.ndim));
  return astype(randint(rng, low, { high: end, size: x.shape as number[], key }), dtype);
}
