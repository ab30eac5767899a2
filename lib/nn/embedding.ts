import { type Array, ConcreteArray } from '../core/array';
import { sizeOf } from '../core/aval';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type InitLike, LecunUniform, param, type Size } from '../init';
import { toShape } from '../init/initializers';
import * as lax from '../lax';
import { withJvp } from '../lax/customJvp';
import * as np from '../numpy';
import { asIndices } from '../numpy/indexParse';
import { ParamState } from '../state/kinds';
import { Module } from './module';
import { floatText, type PrintedFields } from './moduleText';

/** Options of {@link Embedding}. */
export interface EmbeddingOptions {
  /** First value of the vectors. Default: LeCun's uniform initialisation. */
  embeddingInit?: InitLike;
  /** Index whose vector is zeros at first, and gets no gradient. */
  paddingIdx?: number | null;
  /** Vectors that are longer are scaled to this norm where they are looked up. */
  maxNorm?: number | null;
  /** Order of the norm. Default 2. */
  normType?: number;
  /** Divides a vector's gradient by how often the indices name it. */
  scaleGradByFreq?: boolean;
  /** Keeps gradients away. */
  freeze?: boolean;
  /** Class of the vectors' state. */
  paramType?: typeof ParamState;
  /** Name in messages and prints. */
  name?: string;
}

/** The first array, with gradients divided by the second. */
const divideGradient = withJvp('divideGradient', (x) => [x], ([x, by], [t]) => ({ outs: [x!], tangents: [np.divide(t!, by!)] }));

/**
 * A vector for each of a number of indices. Indices of integers [...] → [..., ...embeddingSize]; negative ones count from the end; an index beyond the ends takes the nearest vector, which gets no gradient from it.
 *
 * Mirrors `brainstate.nn.Embedding`. With `maxNorm`, the scaled vectors are also stored, but as in BrainState not inside of a transform.
 *
 * @throws DtypeError where the indices are not integers
 * @example
 * ```ts
 * new nn.Embedding(10, 4).call(np.array([1, 5], { dtype: 'int32' })).shape;   // [2, 4]
 * ```
 */
export class Embedding extends Module {
  static override readonly positional: readonly string[] = ['numEmbeddings', 'embeddingSize'];
  readonly numEmbeddings: number;
  readonly embeddingSize: readonly number[];
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly freeze: boolean;
  readonly weight: ParamState;

  constructor(numEmbeddings: number, embeddingSize: Size, options: EmbeddingOptions = {}) {
    const {
      embeddingInit = new LecunUniform(), paddingIdx = null, maxNorm = null, normType = 2, scaleGradByFreq = false, freeze = false, paramType = ParamState, ...rest
    } = checkOptions(new.target.name, ['embeddingInit', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'freeze', 'paramType', 'name'], options);
    super(rest);
    const size = toShape(embeddingSize);
    checkInteger('Embedding', 'numEmbeddings', numEmbeddings, 0);
    if (size.length === 0 || size.some((n) => !Number.isInteger(n) || n < 0)) throw new ArgumentError(`Embedding: expected embeddingSize to be a whole number or several, got ${describeValue(embeddingSize)}`);
    if (paddingIdx !== null && !(Number.isInteger(paddingIdx) && paddingIdx >= 0 && paddingIdx < numEmbeddings)) throw new ArgumentError(`Embedding: expected paddingIdx from 0 to ${numEmbeddings - 1}, got ${describeValue(paddingIdx)}`);
    if (maxNorm !== null && !(maxNorm > 0)) throw new ArgumentError(`Embedding: expected maxNorm to be positive, got ${describeValue(maxNorm)}`);
    this.numEmbeddings = numEmbeddings;
    this.embeddingSize = size;
    this.outSize = size;
    this.paddingIdx = paddingIdx;
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.freeze = freeze;
    const weight = param(embeddingInit, [numEmbeddings, ...size]);
    if (weight === null) throw new ArgumentError('Embedding: expected embeddingInit to be an initialiser, a function or a value, got null');
    this.weight = new paramType(paddingIdx === null ? weight : weight.at(paddingIdx).set(0));
  }

  protected override printedFields(): PrintedFields {
    return ['numEmbeddings', 'embeddingSize', 'paddingIdx', ['maxNorm', this.maxNorm === null ? null : floatText(this.maxNorm)], ['normType', floatText(this.normType)]];
  }

  /** An embedding with given vectors, of shape [number, ...size], that gets no gradient unless `freeze` is false. Mirrors `Embedding.from_pretrained`. */
  static fromPretrained(embeddings: ArrayLike, given: Omit<EmbeddingOptions, 'embeddingInit'> = {}): Embedding {
    const { freeze = true, ...options } = checkOptions('fromPretrained', ['name', 'paramType', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'freeze'], given);
    const weight = np.asarray(embeddings);
    if (weight.ndim < 2) throw new ShapeError(`Embedding.fromPretrained: expected embeddings of two dimensions or more, got ${weight.aval}`);
    const made = new Embedding(weight.shape[0]!, weight.shape.slice(1), { ...options, freeze, embeddingInit: weight });
    // The padding's vector stays as it was given.
    made.weight.value = weight;
    return made;
  }

  override call(input: ArrayLike): Array {
    // Narrower integers need not hold the number of vectors.
    const indices = asIndices('Embedding', input).astype('int32');
    const wide = (x: Array) => np.reshape(x, [...x.shape, ...this.embeddingSize.map(() => 1)]);
    const isPadding = this.paddingIdx === null ? null : wide(this.isPadding(indices));
    let weight = this.weight.value;
    if (this.maxNorm !== null) {
      const scaled = this.limited(weight, indices);
      if (scaled instanceof ConcreteArray) this.weight.value = scaled;
      // The scaling does not take part in the derivative.
      weight = np.add(weight, lax.stopGradient(np.subtract(scaled, weight)));
    }
    if (this.freeze) weight = lax.stopGradient(weight);
    let rows = weight.slice(indices);
    if (this.scaleGradByFreq) {
      const counts = np.zeros([this.numEmbeddings], { dtype: rows.dtype }).at(np.ravel(indices)).add(1);
      rows = divideGradient(rows, np.broadcastTo(wide(np.maximum(counts.slice(indices), 1)), rows.shape as number[]))[0]!;
    }
    return isPadding === null ? rows : np.where(isPadding, lax.stopGradient(rows), rows);
  }

  /** Where indices, which count from the end where they are negative, name the padding. */
  private isPadding(indices: Array): Array {
    const padding = this.paddingIdx!;
    return np.logicalOr(np.equal(indices, padding), np.equal(indices, padding - this.numEmbeddings));
  }

  /** The vectors, those that the indices name scaled to the greatest norm. */
  private limited(weight: Array, indices: Array): Array {
    const flat = np.ravel(indices);
    const rows = np.reshape(weight.slice(flat), [flat.size, sizeOf(this.embeddingSize)]);
    const norms = np.linalg.norm(rows, { ord: this.normType, axis: 1, keepdims: true });
    let scale = np.minimum(np.divide(this.maxNorm!, np.add(norms, 1e-8)), 1);
    if (this.paddingIdx !== null) scale = np.where(this.isPadding(flat).reshape([-1, 1]), 1, scale);
    return weight.at(flat).set(np.reshape(np.multiply(rows, scale), [flat.size, ...this.embeddingSize]));
  }
}
