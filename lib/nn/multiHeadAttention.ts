import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { Tracer } from '../core/trace';
import * as environ from '../environ';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type InitLike, XavierUniform, ZeroInit } from '../init';
import * as lax from '../lax';
import * as np from '../numpy';
import * as random from '../random';
import { BrainStateError } from '../state/errors';
import { ShortTermState } from '../state/kinds';
import { type BatchSize, batchSizeOf } from './batchSize';
import { attend } from './attention';
import { Linear } from './linear';
import { Module, MODULE_OPTIONS, type ModuleOptions } from './module';
import { RotaryEmbedding } from './rotary';

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions extends ModuleOptions {
  /** Heads of keys and values, which serve groups of heads of queries. Default: as many as of queries. */
  numKvHeads?: number;
  /** Features of each head. Default: those of the input, divided among the heads. */
  headSize?: number;
  /** Features of the source of keys and values. Default: those of the input. */
  contextSize?: number;
  /** Features of the result. Default: those of the input. */
  outSize?: number;
  /** Whether a position sees those up to itself only. Default false. */
  isCausal?: boolean;
  /** Probability that a weight is kept while `fit` is set, as of {@link Dropout}. Default 1: no dropout. */
  prob?: number;
  /** Rotates queries and keys by their positions. Default null: nothing does. */
  rotary?: RotaryEmbedding | null;
  /** First value of the weights. Default: Glorot's uniform initialisation. */
  wInit?: InitLike;
  /** First value of the biases; null for none. Default: zeros. */
  bInit?: InitLike | null;
}

/** Options of a call of attention. */
export interface AttentionCallOptions {
  /** What keys and values are made of, [..., S, context]. Default: the input itself. */
  context?: ArrayLike | null;
  /** Booleans that broadcast to [B, N, T, S]: false where a position is not to see another. */
  mask?: ArrayLike | null;
  /** Added to the scores, broadcast to [B, N, T, S]. */
  bias?: ArrayLike | null;
  /** Whether the input goes on from what earlier calls left in the cache, which {@link MultiHeadAttention.initState} makes. */
  decode?: boolean;
}

/**
 * Attention with several heads, and linear maps before and after. x: [B, T, in] or [T, in] → [..., T, out].
 *
 * `initState(batchSize, maxLength)` makes a cache of keys and values; calls with `decode` then take the next positions only, and see those before them:
 * what they give equals what a causal call on the whole sequence gives.
 *
 * @example
 * ```ts
 * const layer = new nn.MultiHeadAttention(16, 4, { isCausal: true, rotary: new nn.RotaryEmbedding() });
 * layer.call(np.ones([2, 5, 16])).shape; // [2, 5, 16]
 * layer.initState(2, 8);
 * layer.call(np.ones([2, 1, 16]), { decode: true }).shape; // [2, 1, 16]
 * ```
 */
export class MultiHeadAttention extends Module {
  static override readonly positional: readonly string[] = ['inSize', 'numHeads'];
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headSize: number;
  readonly isCausal: boolean;
  readonly prob: number;
  readonly rotary: RotaryEmbedding | null;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly out: Linear;
  /** Keys so far, [B, maxLength, K, H]; made by {@link initState}. */
  declare cachedKey: ShortTermState;
  /** Values so far, [B, maxLength, K, H]; made by {@link initState}. */
  declare cachedValue: ShortTermState;
  /** How many positions the cache holds: int32 []; made by {@link initState}. */
  declare position: ShortTermState;

  constructor(inSize: number | readonly number[], numHeads: number, options: MultiHeadAttentionOptions = {}) {
    const {
      numKvHeads = numHeads, headSize: sizeOfHead, contextSize: sizeOfContext, outSize: sizeOfResult, isCausal = false, prob = 1, rotary = null, wInit = new XavierUniform(), bInit = new ZeroInit(), ...rest
    } = checkOptions(new.target.name, ['numKvHeads', 'headSize', 'contextSize', 'outSize', 'isCausal', 'prob', 'rotary', 'wInit', 'bInit', ...MODULE_OPTIONS], options);
    super(rest);
    this.inSize = inSize;
    const features = this.inSize![this.inSize!.length - 1]!;
    const [headSize, contextSize, outSize] = [sizeOfHead ?? features / numHeads, sizeOfContext ?? features, sizeOfResult ?? features];
    for (const [what, n] of Object.entries({ numHeads, numKvHeads, headSize, contextSize, outSize })) {
      if (!Number.isInteger(n) || n < 1) throw new ArgumentError(`MultiHeadAttention: expected ${what} to be a positive integer, got ${describeValue(n)}${what === 'headSize' ? `: ${features} features do not divide among ${numHeads} heads` : ''}`);
    }
    if (numHeads % numKvHeads !== 0) throw new ArgumentError(`MultiHeadAttention: expected numHeads to be a multiple of numKvHeads, got ${numHeads} and ${numKvHeads}`);
    if (typeof prob !== 'number' || !(prob > 0 && prob <= 1)) throw new ArgumentError(`MultiHeadAttention: expected prob, the probability to keep a weight, in (0, 1], got ${describeValue(prob)}`);
    if (rotary !== null && !(rotary instanceof RotaryEmbedding)) throw new ArgumentError(`MultiHeadAttention: expected rotary to be a RotaryEmbedding or null, got ${describeValue(rotary)}`);
    this.outSize = [...this.inSize!.slice(0, -1), outSize];
    this.numHeads = numHeads;
    this.numKvHeads = numKvHeads;
    this.headSize = headSize;
    this.isCausal = isCausal;
    this.prob = prob;
    this.rotary = rotary;
    this.query = new Linear(features, numHeads * headSize, { wInit, bInit });
    this.key = new Linear(contextSize, numKvHeads * headSize, { wInit, bInit });
    this.value = new Linear(contextSize, numKvHeads * headSize, { wInit, bInit });
    this.out = new Linear(numHeads * headSize, outSize, { wInit, bInit });
  }

  /** Makes an empty cache for sequences up to a length; without one, none. */
  override initState(batchSize: BatchSize = null, maxLength: number | null = null): void {
    const size = batchSizeOf('MultiHeadAttention.initState', batchSize);
    if (maxLength === null) return;
    checkInteger('MultiHeadAttention.initState', 'maxLength', maxLength, 1);
    const shape = [...(size === null ? [] : [size]), maxLength, this.numKvHeads, this.headSize];
    const { dtype } = this.key.weight.value.weight;
    this.cachedKey = new ShortTermState(np.zeros(shape, { dtype }));
    this.cachedValue = new ShortTermState(np.zeros(shape, { dtype }));
    this.position = new ShortTermState(np.zeros([], { dtype: 'int32' }));
  }

  /** Empties the cache, if there is one. */
  override resetState(): void {
    if (this.position === undefined) return;
    this.cachedKey.value = np.zerosLike(this.cachedKey.value);
    this.cachedValue.value = np.zerosLike(this.cachedValue.value);
    this.position.value = np.zeros([], { dtype: 'int32' });
  }

  override call(x: ArrayLike, options: AttentionCallOptions = {}): Array {
    const { context = null, mask = null, bias = null, decode = false } = checkOptions('MultiHeadAttention.call', ['context', 'mask', 'bias', 'decode'], options);
    const input = asArray(x, 'MultiHeadAttention');
    if (input.ndim !== 2 && input.ndim !== 3) throw new ShapeError(`MultiHeadAttention: expected an input [B, T, in] or [T, in], got ${input.aval}`);
    if (decode && context !== null) throw new ArgumentError('MultiHeadAttention: expected no context beside decode, whose keys and values are of the sequence itself');
    const heads = (y: Array, n: number) => np.reshape(y, [...y.shape.slice(0, -1), n, this.headSize]);
    const source = context ?? input;
    let q = heads(this.query.call(input), this.numHeads);
    let k = heads(this.key.call(source), this.numKvHeads);
    let v = heads(this.value.call(source), this.numKvHeads);
    const start = decode ? this.cacheStart(k) : null;
    if (this.rotary !== null) {
      q = this.turned(q, start);
      k = this.turned(k, start);
    }
    let visible = mask === null ? null : np.asarray(mask);
    if (start !== null) {
      [k, v] = this.extendCache(k, v, start);
      const upToOwn = np.lessEqual(np.arange(k.shape[k.ndim - 3]!, { dtype: 'int32' }), np.expandDims(this.positionsFrom(start, q), -1));
      visible = visible === null ? upToOwn : np.logicalAnd(visible, upToOwn);
    }
    const y = attend(q, k, v, { mask: visible, bias, isCausal: this.isCausal && start === null }, this.dropped(q, k)) as Array;
    return this.out.call(np.reshape(y, [...y.shape.slice(0, -2), this.numHeads * this.headSize]));
  }

  private positionsFrom(start: Array, x: Array): Array {
    return np.add(start, np.arange(x.shape[x.ndim - 3]!, { dtype: 'int32' }));
  }

  private turned(x: Array, start: Array | null): Array {
    return this.rotary!.call(x, start === null ? null : this.positionsFrom(start, x));
  }

  private cacheStart(k: Array): Array {
    if (this.position === undefined) throw new BrainStateError('MultiHeadAttention: there is no cache to decode with; call initState(batchSize, maxLength) or nn.initAllStates(model, batchSize, maxLength) first');
    const [start, cache] = [this.position.value, this.cachedKey.value];
    const [length, room] = [k.shape[k.ndim - 3]!, cache.shape[cache.ndim - 3]!];
    if (cache.ndim !== k.ndim || (k.ndim === 4 && cache.shape[0] !== k.shape[0])) throw new ShapeError(`MultiHeadAttention: expected an input that fits the cache of ${cache.aval}, got keys of ${k.aval}`);
    const used = start instanceof Tracer ? 0 : (start.item() as number);
    if (used + length > room) throw new ShapeError(`MultiHeadAttention: the cache has room for ${room} positions and holds ${used}; ${length} more do not fit`);
    return start;
  }

  private extendCache(k: Array, v: Array, start: Array): [Array, Array] {
    const at = [...globalThis.Array<number>(k.ndim - 3).fill(0), start, 0, 0];
    const put = (cache: ShortTermState, x: Array) => {
      cache.value = lax.dynamicUpdateSlice(cache.value, x.astype(cache.value.dtype), at);
      return cache.value;
    };
    const whole: [Array, Array] = [put(this.cachedKey, k), put(this.cachedValue, v)];
    this.position.value = np.add(start, np.asarray(k.shape[k.ndim - 3]!, { dtype: 'int32' }));
    return whole;
  }

  private dropped(q: Array, k: Array): { keep: Array; prob: number } | null {
    if (this.prob === 1 || !environ.get('fit', { desc: 'whether the model is being fitted' })) return null;
    const size = [q.ndim === 4 ? q.shape[0]! : 1, this.numHeads, q.shape[q.ndim - 3]!, k.shape[k.ndim - 3]!];
    return { keep: random.bernoulli({ p: this.prob, size }), prob: this.prob };
  }
}
