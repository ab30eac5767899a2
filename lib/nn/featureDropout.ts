import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions, withFirst } from '../functional/options';
import { type Size, toShape } from '../init/initializers';
import * as np from '../numpy';
import * as random from '../random';
import { ShortTermState } from '../state/kinds';
import { type BatchSize, batchSizeOf } from './batchSize';
import { Kept, KEPT_OPTIONS, type KeptOptions } from './dropout';
import type { PrintedFields } from './moduleText';

/** Options of {@link Dropout1d}, {@link Dropout2d}, {@link Dropout3d} and {@link FeatureAlphaDropout}. */
export interface FeatureDropoutOptions extends KeptOptions {
  /** Axis of the channels in an example. Default −1. */
  channelAxis?: number;
}

const FEATURE_DROPOUT_OPTIONS = ['channelAxis', ...KEPT_OPTIONS] as const;

abstract class FeatureDropout extends Kept {
  readonly channelAxis: number;
  private readonly spatial: number;

  protected constructor(spatial: number, options: FeatureDropoutOptions) {
    const { channelAxis = -1, ...rest } = checkOptions(new.target.name, FEATURE_DROPOUT_OPTIONS, options);
    super(rest);
    this.channelAxis = channelAxis;
    this.spatial = spatial;
    Object.defineProperty(this, 'spatial', { enumerable: false });
    if (!Number.isInteger(channelAxis) || channelAxis < -spatial - 1 || channelAxis > spatial) throw new ArgumentError(`${new.target.name}: expected channelAxis from ${-spatial - 1} to ${spatial}, got ${describeValue(channelAxis)}`);
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, this.constructor.name);
    const lead = x.ndim - this.spatial - 1;
    if (lead !== 0 && lead !== 1) throw new ShapeError(`${this.constructor.name}: expected an input of ${this.spatial + 1} dimensions, or a batch of such, got ${x.aval}`);
    if (!this.active) return x;
    const channel = this.channelAxis < 0 ? x.ndim + this.channelAxis : this.channelAxis + lead;
    return this.scaled(x, this.draw(x, x.shape.map((n, d) => (d === channel || d < lead ? n : 1))));
  }
}

/**
 * Sets whole channels of an example to zero at random while fitting, and scales the others up: each is kept with probability `prob`. x: [batch, length, channels], or without batch.
 *
 * Reads `fit` of the environment, and draws from the global random state. Mirrors `brainstate.nn.Dropout1d`.
 *
 * @throws EnvironError where `fit` is not set, ShapeError for an input of another rank
 * @example
 * ```ts
 * environ.context({ fit: true }, () => new nn.Dropout1d(0.8).call(np.ones([2, 5, 3])));
 * ```
 */
export class Dropout1d extends FeatureDropout {
  constructor(prob?: number | FeatureDropoutOptions, options?: FeatureDropoutOptions) {
    super(1, withFirst('Dropout1d', 'prob', prob, options));
  }
}

/**
 * As {@link Dropout1d}, for x: [batch, height, width, channels]. Mirrors `brainstate.nn.Dropout2d`.
 *
 * @example
 * environ.context({ fit: true }, () => new nn.Dropout2d(0.5).call(np.ones([2, 4, 4, 3])).shape); // [2, 4, 4, 3]
 */
export class Dropout2d extends FeatureDropout {
  constructor(prob?: number | FeatureDropoutOptions, options?: FeatureDropoutOptions) {
    super(2, withFirst('Dropout2d', 'prob', prob, options));
  }
}

/**
 * As {@link Dropout1d}, for x: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.Dropout3d`.
 *
 * @example
 * environ.context({ fit: true }, () => new nn.Dropout3d(0.5).call(np.ones([2, 4, 4, 4, 3])).shape); // [2, 4, 4, 4, 3]
 */
export class Dropout3d extends FeatureDropout {
  constructor(prob?: number | FeatureDropoutOptions, options?: FeatureDropoutOptions) {
    super(3, withFirst('Dropout3d', 'prob', prob, options));
  }
}

/** What SELU tends to for very negative numbers. */
const ALPHA = -1.7580993408473766;

abstract class SelfNormalizing extends Kept {
  /** What dropped entries become. */
  readonly alpha: number = ALPHA;
  /** Factor `a` and offset `b` that put mean and variance back. */
  readonly a: number;
  readonly b: number;

  protected constructor(options: KeptOptions) {
    super(options);
    if (this.prob === 0) throw new ArgumentError(`${new.target.name}: expected prob, the probability to keep, to be more than 0`);
    const drop = 1 - this.prob;
    this.a = (this.prob * (1 + drop * ALPHA ** 2)) ** -0.5;
    this.b = -this.a * drop * ALPHA;
  }

  protected override printedFields(): PrintedFields {
    return ['prob', 'channelAxis', 'alpha', 'a', 'b'];
  }

  protected replaced(x: Array, keep: Array): Array {
    return np.add(np.multiply(np.where(keep, x, np.asarray(ALPHA, { dtype: x.dtype })), this.a), this.b);
  }
}

/**
 * Dropout for networks with SELU: dropped entries take its lowest value, and mean and variance stay. x: of any shape.
 *
 * Reads `fit` of the environment, and draws from the global random state. Mirrors `brainstate.nn.AlphaDropout`; `prob`, to keep, must be more than 0.
 *
 * @throws EnvironError where `fit` is not set
 * @example
 * environ.context({ fit: true }, () => new nn.AlphaDropout(0.5).call(np.ones([10])).shape); // [10]
 */
export class AlphaDropout extends SelfNormalizing {
  constructor(prob?: number | KeptOptions, options?: KeptOptions) {
    super(withFirst('AlphaDropout', 'prob', prob, options));
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, 'AlphaDropout');
    return this.active ? this.replaced(x, this.draw(x, x.shape)) : x;
  }
}

/**
 * As {@link AlphaDropout}, of whole channels of an example. x: [batch, ..., channels]. Mirrors `brainstate.nn.FeatureAlphaDropout`.
 *
 * @example
 * environ.context({ fit: true }, () => new nn.FeatureAlphaDropout(0.5).call(np.ones([2, 4, 3])).shape); // [2, 4, 3]
 */
export class FeatureAlphaDropout extends SelfNormalizing {
  /** Axis of the channels in the input. */
  readonly channelAxis: number;

  constructor(prob?: number | FeatureDropoutOptions, options?: FeatureDropoutOptions) {
    const { channelAxis = -1, ...rest } = checkOptions('FeatureAlphaDropout', FEATURE_DROPOUT_OPTIONS, withFirst('FeatureAlphaDropout', 'prob', prob, options));
    super(rest);
    this.channelAxis = channelAxis;
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, 'FeatureAlphaDropout');
    const channel = this.channelAxis < 0 ? this.channelAxis + x.ndim : this.channelAxis;
    if (!Number.isInteger(channel) || channel < 0 || channel >= x.ndim) throw new ArgumentError(`FeatureAlphaDropout: expected channelAxis to be an axis of ${x.aval}, got ${describeValue(this.channelAxis)}`);
    return this.active ? this.replaced(x, this.draw(x, x.shape.map((n, d) => (d === 0 || d === channel ? n : 1)))) : x;
  }
}

/**
 * Dropout whose choice is drawn once, by `initState`, and kept in the state `mask`. x: [batch?, ...inSize].
 *
 * Reads `fit` of the environment. Mirrors `brainstate.nn.DropoutFixed`.
 *
 * @throws EnvironError where `fit` is not set, ShapeError for an input that is not of the mask's shape, ArgumentError where there is no mask yet
 * @example
 * ```ts
 * const dropout = nn.initAllStates(new nn.DropoutFixed(4), 2);
 * environ.context({ fit: true }, () => dropout.call(np.ones([2, 4])));
 * ```
 */
export class DropoutFixed extends Kept {
  static override readonly positional: readonly string[] = ['inSize'];
  mask: ShortTermState | null = null;

  constructor(inSize: Size, options: KeptOptions = {}) {
    super(options);
    this.inSize = toShape(inSize);
    this.outSize = this.inSize;
  }

  override initState(batchSize: BatchSize = null): void {
    const size = batchSizeOf('DropoutFixed.initState', batchSize);
    if (this.prob < 1) this.mask = new ShortTermState(random.bernoulli(this.prob, { size: [...(size === null ? [] : [size]), ...this.inSize!] }));
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, 'DropoutFixed');
    if (!this.active) return x;
    if (this.mask === null) throw new ArgumentError('DropoutFixed: the mask is not drawn yet; call initState, or nn.initAllStates');
    const keep = this.mask.value;
    if (`${keep.shape}` !== `${x.shape}`) throw new ShapeError(`DropoutFixed: expected an input of the mask's shape [${keep.shape}], got ${x.aval}; call initState with its batch size`);
    return this.scaled(x, keep);
  }
}
