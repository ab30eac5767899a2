import type { Array } from '../core/array';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { logsumexp, softmax } from './activations';

/** Options of {@link dotProductAttention}. */
export interface DotProductAttentionOptions {
  /** Added to the products of queries and keys, broadcast to [B, N, T, S]. */
  bias?: ArrayLike | null;
  /** Booleans that broadcast to [B, N, T, S]: false where a query is not to see a key. */
  mask?: ArrayLike | null;
  /** Factor of the products. Default `1 / sqrt(H)`. */
  scale?: ArrayLike | null;
  /** Whether the query at t sees keys up to t only. */
  isCausal?: boolean;
  /** How many queries count, for each of the batch: int32 [B]; results of the others are 0. */
  querySeqLengths?: ArrayLike | null;
  /** How many keys count, for each of the batch: int32 [B]. */
  keyValueSeqLengths?: ArrayLike | null;
  /** How far to the left and right of its own position a query sees: one number for both, or two. */
  localWindowSize?: number | readonly [number, number] | null;
  /** Who computes it: XLA does, whether it is asked for or not. */
  implementation?: 'xla' | null;
  /** Whether the result is `[out, residual]`: the logarithms of the sums of exponentials, [B, T, N]. */
  returnResidual?: boolean;
}

/** @internal Which entries of the weights are kept, as Dropout has it: booleans [B, N, T, S], and the probability. */
export interface KeptWeights {
  keep: Array;
  prob: number;
}

interface Statics {
  scale: number;
  causal: boolean;
  window: readonly number[] | null;
  /** Names of the arrays after queries, keys and values. */
  given: readonly string[];
  prob: number;
  residual: boolean;
}

/** Scores that are masked are as low as this, not infinite: so a query that sees nothing sees everything equally. */
const LOWEST = -0.7 * 3.4028234663852886e38;
const LOWEST_HALF = -0.7 * 65504;

/** [1 or B, 1 or N, T, S] as [1 or B, 1 or K, 1 or G, T, S]. */
function grouped(x: Array, heads: number, groups: number): Array {
  const [b, n, t, s] = x.shape as [number, number, number, number];
  return np.reshape(x, n === 1 ? [b, 1, 1, t, s] : [b, heads, groups, t, s]);
}

const attention = composite<Statics>('dotProductAttention', ([q, k, v, ...rest], { scale, causal, window, given, prob, residual }) => {
  const extra = new Map(given.map((name, i) => [name, rest[i]!]));
  const [B, T, N, H] = q!.shape as [number, number, number, number];
  const [, S, K] = k!.shape as [number, number, number, number];
  const G = N / K;
  const type = np.promoteTypes(q!.dtype, 'float32');
  let scores = np.multiply(np.einsum('btkgh,bskh->bkgts', np.reshape(q!, [B, T, K, G, H]), k!, { preferredElementType: type }), extra.get('scale')?.astype(type) ?? scale);
  const bias = extra.get('bias');
  if (bias) scores = np.add(scores, grouped(bias, K, G)).astype(type);

  const row = np.reshape(np.arange(T, { dtype: 'int32' }), [T, 1]);
  const col = np.reshape(np.arange(S, { dtype: 'int32' }), [1, S]);
  const masks: Array[] = [];
  const mask = extra.get('mask');
  if (mask) masks.push(grouped(mask, K, G));
  if (causal) masks.push(np.lessEqual(col, row));
  if (window) masks.push(np.logicalAnd(np.lessEqual(row, np.add(col, window[0]!)), np.greaterEqual(row, np.subtract(col, window[1]!))));
  const lengths = (name: string) => extra.get(name) && np.reshape(extra.get(name)!, [-1, 1, 1, 1, 1]);
  const [queries, keys] = [lengths('querySeqLengths'), lengths('keyValueSeqLengths')];
  if (queries) masks.push(np.less(row, queries));
  if (keys) masks.push(np.less(col, keys));
  if (masks.length > 0) scores = np.where(masks.reduce((a, b) => np.logicalAnd(a, b)), scores, type === 'float16' ? LOWEST_HALF : LOWEST);

  scores = scores.astype('float32');
  let weights = softmax(scores).astype(k!.dtype);
  const keep = extra.get('keep');
  if (keep) weights = np.where(grouped(keep, K, G), np.divide(weights, prob).astype(weights.dtype), np.zeros([], { dtype: weights.dtype }));
  let out = np.reshape(np.einsum('bkgts,bskh->btkgh', weights, v!), [B, T, N, H]);
  if (queries) out = np.where(np.less(np.reshape(row, [1, T, 1, 1]), np.reshape(queries, [-1, 1, 1, 1])), out, np.zeros([], { dtype: out.dtype }));
  if (!residual) return [out];
  const sums = logsumexp(scores, { axis: -1 }).astype(k!.dtype);
  return [out, np.transpose(np.reshape(sums, [B, N, T]), [0, 2, 1])];
});

/** With dimensions of size 1 in front, up to four. */
function fourDims(x: ArrayLike, what: string): Array {
  const a = asArray(x, `dotProductAttention: ${what}`);
  if (a.ndim > 4) throw new ShapeError(`dotProductAttention: expected ${what} of at most 4 dimensions, got ${a.aval}`);
  return np.reshape(a, [...globalThis.Array<number>(4 - a.ndim).fill(1), ...a.shape]);
}

function windowOf(w: number | readonly [number, number] | null): readonly number[] | null {
  if (w === null) return null;
  const pair = typeof w === 'number' ? [w, w] : w;
  if (!globalThis.Array.isArray(pair) || pair.length !== 2 || !pair.every((n) => Number.isInteger(n))) throw new ArgumentError(`dotProductAttention: expected localWindowSize to be an integer or two, got ${describeValue(w)}`);
  return pair;
}

/** {@link dotProductAttention}, of which the weights may be dropped. @internal */
export function attend(query: ArrayLike, key: ArrayLike, value: ArrayLike, options: DotProductAttentionOptions, kept: KeptWeights | null): Array | [Array, Array] {
  const { bias, mask, scale = null, isCausal = false, querySeqLengths, keyValueSeqLengths, localWindowSize = null, implementation = null, returnResidual = false } = options;
  if (implementation !== null && implementation !== 'xla') throw new ArgumentError(`dotProductAttention: expected implementation to be 'xla' or null, got ${describeValue(implementation)}`);
  const shape = np.shape(query);
  const [q, k, v] = [fourDims(query, 'query'), fourDims(key, 'key'), fourDims(value, 'value')];
  const [B, S, K, H] = k.shape as [number, number, number, number];
  const checkShape = (name: string, x: Array, want: readonly (number | null)[]) => {
    if (x.ndim !== want.length || want.some((n, i) => n !== null && x.shape[i] !== n)) throw new ShapeError(`dotProductAttention: expected ${name} of shape [${want.map((n) => n ?? '_').join(', ')}], got ${x.aval}`);
  };
  checkShape('value', v, [B, S, K, H]);
  checkShape('query', q, [B, null, null, H]);
  for (const [name, x] of [['query', q], ['value', v]] as const) if (x.dtype !== k.dtype) throw new DtypeError(`dotProductAttention: expected ${name} of the key's dtype ${k.dtype}, got ${x.dtype}`);
  const [, T, N] = q.shape as [number, number, number, number];
  if (K === 0 || N % K !== 0) throw new ShapeError(`dotProductAttention: expected the number of query heads to be a multiple of that of keys and values, got ${N} and ${K}`);
  const extra: [string, Array][] = [];
  const broadcasts = (name: string, x: ArrayLike) => {
    const a = fourDims(x, name);
    [B, N, T, S].forEach((n, i) => {
      if (a.shape[i] !== 1 && a.shape[i] !== n) throw new ShapeError(`dotProductAttention: expected ${name} to broadcast to [${[B, N, T, S].join(', ')}], got ${a.aval}`);
    });
    extra.push([name, a]);
    return a;
  };
  if (bias !== null && bias !== undefined) broadcasts('bias', bias);
  if (mask !== null && mask !== undefined && broadcasts('mask', mask).dtype !== 'bool') throw new DtypeError(`dotProductAttention: expected mask to be of booleans, got ${asArray(mask).aval}`);
  for (const [name, x] of [['querySeqLengths', querySeqLengths], ['keyValueSeqLengths', keyValueSeqLengths]] as const) {
    if (x === null || x === undefined) continue;
    const given = asArray(x, `dotProductAttention: ${name}`);
    const isHost = globalThis.Array.isArray(x);
    if (!isHost && !/^u?int/.test(given.dtype)) throw new DtypeError(`dotProductAttention: expected ${name} to be of integers, got ${given.aval}`);
    const a = given.astype('int32');
    checkShape(name, a, [B]);
    extra.push([name, a]);
  }
  if (kept !== null) broadcasts('keep', kept.keep);
  if (scale !== null && typeof scale !== 'number') {
    const factor = asArray(scale, 'dotProductAttention: scale');
    checkShape('scale', factor, []);
    extra.push(['scale', factor]);
  }
  const statics: Statics = {
    scale: typeof scale === 'number' ? scale : 1 / Math.sqrt(H), causal: isCausal, window: windowOf(localWindowSize), given: extra.map(([name]) => name), prob: kept?.prob ?? 1, residual: returnResidual,
  };
  const [out, residual] = attention([q, k, v, ...extra.map(([, x]) => x)], statics);
  const shaped = np.reshape(out!, shape);
  return returnResidual ? [shaped, np.reshape(residual!, shape.slice(0, -1))] : shaped;
}

/**
 * Attention by scaled products of queries and keys. query: [B, T, N, H], key and value: [B, S, K, H] → [B, T, N, H], all of them without B where there is no batch;
 * K heads of keys and values serve groups of N / K heads of queries.
 *
 * Mirrors `jax.nn.dot_product_attention`: scores are computed in float32 at least.
 *
 * @throws ShapeError, DtypeError where arguments do not go together
 * @example
 * ```ts
 * const x = np.ones([2, 5, 4, 8]);
 * nn.dotProductAttention(x, x, x, { isCausal: true }).shape; // [2, 5, 4, 8]
 * ```
 */
export function dotProductAttention(query: ArrayLike, key: ArrayLike, value: ArrayLike, options: DotProductAttentionOptions & { returnResidual: true }): [Array, Array];
export function dotProductAttention(query: ArrayLike, key: ArrayLike, value: ArrayLike, options?: DotProductAttentionOptions): Array;
export function dotProductAttention(query: ArrayLike, key: ArrayLike, value: ArrayLike, options: DotProductAttentionOptions = {}): Array | [Array, Array] {
  options = checkOptions('dotProductAttention', ['bias', 'mask', 'scale', 'isCausal', 'querySeqLengths', 'keyValueSeqLengths', 'localWindowSize', 'implementation', 'returnResidual'], options);
  return attend(query, key, value, options, null);
}
