import type { Array } from '../core/array';
import { canonAxis } from '../core/checks';
import type { DType } from '../core/dtype';
import { promoteTypes } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import * as environ from '../environ';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { Constant, type InitLike, param, type Size, ZeroInit } from '../init';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import { inexactDtype, resultType } from '../lax/arrayLike';
import * as np from '../numpy';
import { BatchState, NormalizationParamState, type ParamState } from '../state/kinds';
import { Module } from './module';
import type { PrintedFields } from './moduleText';

/** Learned scale and offset of a normalisation. */
export interface ScaleAndBias {
  scale?: Array;
  bias?: Array;
}

interface CommonOptions {
  /** What is added to the variance. */
  epsilon?: number;
  /** Dtype of the result; statistics are computed in it, but at least in float32. Default: the default floating-point type. */
  dtype?: DType | null;
  /** Name of an axis of a surrounding vmap whose lanes share their statistics. */
  axisName?: string | null;
  /** Groups of that axis' lanes, each of which shares its statistics. Default: one group of all. */
  axisIndexGroups?: readonly (readonly number[])[] | null;
  /** Computes the variance as `E[x²] − E[x]²`, which needs one pass. Default true. */
  useFastVariance?: boolean;
  /** Class of the state of scale and offset. */
  paramType?: typeof ParamState;
  name?: string;
}

const COMMON_OPTIONS = ['epsilon', 'dtype', 'axisName', 'axisIndexGroups', 'useFastVariance', 'paramType', 'name'] as const;

type Groups = readonly (readonly number[])[] | null;

/** Which elements count in the statistics. */
export interface MaskOption {
  /** True where entries count for the statistics; it broadcasts to the input. */
  mask?: ArrayLike | null;
}

interface StatisticsParams {
  axes: readonly number[];
  dtype: DType;
  useMean: boolean;
  fast: boolean;
  masked: boolean;
}

const square = (x: Array) => (x.dtype.startsWith('complex') ? np.add(lax.square(np.real(x)), lax.square(np.imag(x))) : lax.square(x));

const momentsOf = composite<StatisticsParams>('moments', ([x, mask], { axes, dtype, useMean, fast, masked }) => {
  const y = x!.astype(dtype);
  const mean = (v: Array) => np.mean(v, { axis: axes, keepdims: true, ...(masked ? { where: mask! } : {}) });
  const first = useMean ? mean(y) : null;
  // The second number is E[x²] where it is not yet the variance.
  return [first ?? np.zerosLike(mean(square(y))), fast || first === null ? mean(square(y)) : mean(square(np.subtract(y, first)))];
});

const varianceOf = composite<{ centred: boolean }>('variance', ([mean, second], { centred }) => [centred ? second! : np.maximum(np.subtract(second!, square(mean!)), 0)]);

/** Mean and variance over axes, which are kept with size 1. */
function statistics(op: string, x: Array, mask: ArrayLike | null, p: Omit<StatisticsParams, 'masked' | 'dtype'> & { dtype: DType; axisName: string | null; axisIndexGroups: Groups }): [Array, Array] {
  const { axisName, axisIndexGroups, ...params } = p;
  const dtype = promoteTypes({ dtype: params.dtype, weakType: false }, { dtype: 'float32', weakType: false }).dtype;
  const args = mask === null ? [x] : [x, asArray(mask, op)];
  const across = (v: Array) => (axisName === null ? v : lax.pmean(v, axisName, { axisIndexGroups }));
  if (!params.fast && params.useMean && axisName !== null) {
    // The mean of all lanes comes first.
    const mean = across(momentsOf(args, { ...params, dtype, masked: mask !== null })[0]!);
    const centred = square(np.subtract(x.astype(dtype), mean));
    return [mean, across(np.mean(centred, { axis: params.axes, keepdims: true, ...(mask === null ? {} : { where: mask }) }))];
  }
  const [mean, second] = momentsOf(args, { ...params, dtype, masked: mask !== null }).map(across);
  return [mean!, varianceOf([mean!, second!], { centred: !params.fast || !params.useMean })[0]!];
}

interface NormalizeParams {
  epsilon: number;
  dtype: DType;
  scale: boolean;
  bias: boolean;
  /** Shape in which the statistics broadcast, where it is not the input's. */
  grouped: readonly number[] | null;
}

const normalizeOf = composite<NormalizeParams>('normalize', ([x, mean, variance, ...rest], { epsilon, dtype, scale, bias, grouped }) => {
  const shape = x!.shape as number[];
  let y = np.subtract(grouped === null ? x! : np.reshape(x!, grouped), mean!);
  y = np.multiply(y, lax.rsqrt(np.add(variance!, np.asarray(epsilon, { dtype: variance!.dtype }))));
  if (grouped !== null) y = np.reshape(y, shape);
  if (scale) y = np.multiply(y, rest[0]!);
  if (bias) y = np.add(y, rest[scale ? 1 : 0]!);
  return [y.astype(dtype)];
});

function normalize(x: Array, mean: Array, variance: Array, weight: ParamState<ScaleAndBias> | null, epsilon: number, dtype: DType | null, grouped: readonly number[] | null = null): Array {
  const { scale, bias } = weight === null ? {} as ScaleAndBias : weight.value;
  const extra = [scale, bias].filter((v) => v !== undefined);
  const result = dtype ?? inexactDtype(weight === null ? resultType(x, mean).dtype : resultType(x, ...extra).dtype);
  return normalizeOf([x, mean, variance, ...extra], { epsilon, dtype: result, scale: scale !== undefined, bias: bias !== undefined, grouped })[0]!;
}

/** Axes as numbers from 0. */
function canonAxes(op: string, axes: number | readonly number[], ndim: number): number[] {
  const list = typeof axes === 'number' ? [axes] : axes;
  return list.map((a) => canonAxis(op, a, ndim));
}

function checkEpsilon(op: string, epsilon: number): number {
  if (typeof epsilon !== 'number' || !(epsilon >= 0)) throw new ArgumentError(`${op}: expected epsilon to be a number that is not negative, got ${describeValue(epsilon)}`);
  return epsilon;
}

function scaleAndBias(shape: readonly number[], scaleInit: InitLike | null, biasInit: InitLike | null, paramType: typeof ParamState): ParamState<ScaleAndBias> | null {
  const [scale, bias] = [param(scaleInit, shape), param(biasInit, shape)];
  if (scale === null && bias === null) return null;
  return new paramType<ScaleAndBias>({ ...(scale === null ? {} : { scale }), ...(bias === null ? {} : { bias }) });
}

/** Options of {@link BatchNorm0d}, {@link BatchNorm1d}, {@link BatchNorm2d} and {@link BatchNorm3d}. */
export interface BatchNormOptions extends CommonOptions {
  /** Axes of `inSize` whose entries are normalised apart. Default −1. */
  featureAxis?: number | readonly number[];
  /** Keeps running statistics, which are used where `fit` is false. Default true. */
  trackRunningStats?: boolean;
  /** Weight of the old running statistics. Default 0.99. */
  momentum?: number;
  /** Whether there are a learned scale and offset. Default true. */
  affine?: boolean;
  /** First value of the bias. */
  biasInitializer?: InitLike;
  /** First value of the scale. */
  scaleInitializer?: InitLike;
  /** Class of the running statistics' states. */
  meanType?: typeof BatchState;
}

const runningOf = composite<{ momentum: number }>('runningStatistics', ([running, batch], { momentum }) => {
  const m = np.asarray(momentum, { dtype: running!.dtype });
  return [np.add(np.multiply(running!, m), np.multiply(np.reshape(batch!, running!.shape as number[]), np.subtract(1, m))).astype(running!.dtype)];
});

abstract class BatchNorm extends Module {
  readonly featureAxes: readonly number[];
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  readonly epsilon: number;
  readonly momentum: number;
  readonly dtype: DType;
  readonly axisName: string | null;
  readonly axisIndexGroups: Groups;
  readonly useFastVariance: boolean;
  /** Running mean and biased variance, of `inSize` with 1 for what is not a feature; null where they are not tracked. */
  readonly runningMean: BatchState | null;
  readonly runningVar: BatchState | null;
  readonly weight: ParamState<ScaleAndBias> | null;

  protected constructor(spatial: number, inSize: Size, options: BatchNormOptions = {}) {
    const {
      featureAxis = -1, trackRunningStats = true, epsilon = 1e-5, momentum = 0.99, affine = true, biasInitializer = new Constant(0), scaleInitializer = new Constant(1), axisName = null, axisIndexGroups = null,
      useFastVariance = true, dtype = null, paramType = NormalizationParamState, meanType = BatchState, ...rest
    } = checkOptions(new.target.name, ['featureAxis', 'trackRunningStats', 'momentum', 'affine', 'biasInitializer', 'scaleInitializer', 'meanType', ...COMMON_OPTIONS], options);
    super(rest);
    const op = new.target.name;
    this.inSize = inSize;
    this.outSize = inSize;
    if (this.inSize!.length !== spatial + 1) throw new ShapeError(`${op}: expected inSize of ${spatial + 1} dimensions, got [${this.inSize!}]`);
    if (typeof momentum !== 'number' || !(momentum >= 0 && momentum <= 1)) throw new ArgumentError(`${op}: expected momentum in [0, 1], got ${describeValue(momentum)}`);
    if (affine && !trackRunningStats) throw new ArgumentError(`${op}: expected affine to be false where trackRunningStats is`);
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.epsilon = checkEpsilon(op, epsilon);
    this.momentum = momentum;
    this.dtype = dtype ?? environ.dftype();
    this.axisName = axisName;
    this.axisIndexGroups = axisIndexGroups;
    this.useFastVariance = useFastVariance;
    this.featureAxes = canonAxes(op, featureAxis, this.inSize!.length);
    const shape = this.inSize!.map((n, i) => (this.featureAxes.includes(i) ? n : 1));
    this.runningMean = trackRunningStats ? new meanType(np.zeros(shape, { dtype: this.dtype })) : null;
    this.runningVar = trackRunningStats ? new meanType(np.ones(shape, { dtype: this.dtype })) : null;
    this.weight = affine ? scaleAndBias(shape, scaleInitializer, biasInitializer, paramType) : null;
  }

  /** How many dimensions an example has beside the features. */
  get numSpatialDims(): number {
    return this.inSize!.length - 1;
  }

  protected override printedFields(): PrintedFields {
    return ['affine', 'dtype', 'trackRunningStats', 'momentum', 'epsilon', 'useFastVariance', 'featureAxes'];
  }

  /** @param input [...inSize], or a batch of such */
  override call(input: ArrayLike, options: MaskOption = {}): Array {
    const { mask = null } = checkOptions(this.constructor.name, ['mask'], options);
    const op = this.constructor.name;
    const x = asArray(input, op);
    const lead = x.ndim - this.inSize!.length;
    if ((lead !== 0 && lead !== 1) || this.inSize!.some((n, i) => n !== x.shape[i + lead])) throw new ShapeError(`${op}: expected an input of shape [${this.inSize!}], or a batch of such, got ${x.aval}`);
    const axes = x.shape.map((_, i) => i).filter((i) => !this.featureAxes.includes(i - lead));
    const ofBatch = () => statistics(op, x, mask, { axes, dtype: this.dtype, useMean: true, fast: this.useFastVariance, axisName: this.axisName, axisIndexGroups: this.axisIndexGroups });
    let [mean, variance]: [Array, Array] = [this.runningMean?.value as Array, this.runningVar?.value as Array];
    if (this.runningMean === null || this.runningVar === null) [mean, variance] = ofBatch();
    else if (environ.get('fit', { desc: 'whether the model is being fitted' })) {
      [mean, variance] = ofBatch();
      this.runningMean.value = runningOf([this.runningMean.value, mean], { momentum: this.momentum })[0]!;
      this.runningVar.value = runningOf([this.runningVar.value, variance], { momentum: this.momentum })[0]!;
    }
    return normalize(x, mean, variance, this.weight, this.epsilon, this.dtype);
  }
}

/**
 * Normalises each feature over a batch: `(x − mean) / √(variance + epsilon) · scale + bias`. x: [batch, features], or [features].
 *
 * Where the environment's `fit` is true, mean and (biased) variance are the batch's, and the running ones, `runningMean` and `runningVar`, become
 * `momentum · running + (1 − momentum) · batch`; where it is false, the running ones are used.
 * With `trackRunningStats: false` they are the batch's always (BrainState documents this, but then returns its input as it is).
 *
 * Mirrors `brainstate.nn.BatchNorm0d`.
 *
 * @throws EnvironError where `fit` is not set: `environ.context({ fit: true }, () => …)`
 * @throws ShapeError where the input's shape is not `inSize`, or a batch of it
 * @throws ArgumentError for `affine` without `trackRunningStats`
 * @example
 * ```ts
 * const norm = new nn.BatchNorm0d(2);
 * environ.context({ fit: true }, () => norm.call(np.array([[1, 2], [3, 6]])));   // [[-1, -1], [1, 1]]
 * norm.runningMean!.value;   // [0.02, 0.04]
 * ```
 */
export class BatchNorm0d extends BatchNorm {
  constructor(inSize: Size, options?: BatchNormOptions) {
    super(0, inSize, options);
  }
}

/**
 * As {@link BatchNorm0d}, for x: [batch, length, features]. Mirrors `brainstate.nn.BatchNorm1d`.
 *
 * @example
 * environ.context({ fit: true }, () => new nn.BatchNorm1d([8, 3]).call(np.ones([4, 8, 3])).shape); // [4, 8, 3]
 */
export class BatchNorm1d extends BatchNorm {
  constructor(inSize: Size, options?: BatchNormOptions) {
    super(1, inSize, options);
  }
}

/**
 * As {@link BatchNorm0d}, for x: [batch, height, width, features]. Mirrors `brainstate.nn.BatchNorm2d`.
 *
 * @example
 * environ.context({ fit: true }, () => new nn.BatchNorm2d([8, 8, 3]).call(np.ones([4, 8, 8, 3])).shape); // [4, 8, 8, 3]
 */
export class BatchNorm2d extends BatchNorm {
  constructor(inSize: Size, options?: BatchNormOptions) {
    super(2, inSize, options);
  }
}

/**
 * As {@link BatchNorm0d}, for x: [batch, depth, height, width, features]. Mirrors `brainstate.nn.BatchNorm3d`.
 *
 * @example
 * environ.context({ fit: true }, () => new nn.BatchNorm3d([4, 4, 4, 3]).call(np.ones([2, 4, 4, 4, 3])).shape); // [2, 4, 4, 4, 3]
 */
export class BatchNorm3d extends BatchNorm {
  constructor(inSize: Size, options?: BatchNormOptions) {
    super(3, inSize, options);
  }
}

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions extends CommonOptions {
  /** Whether there is a scale. */
  useScale?: boolean;
  /** First value of the scale. */
  scaleInit?: InitLike;
  /** Axes of the input over which it is normalised. Default −1. */
  reductionAxes?: number | readonly number[];
  /** Axes of `inSize` along which the scale differs. Default −1. */
  featureAxes?: number | readonly number[];
}

const RMS_NORM_OPTIONS = ['useScale', 'scaleInit', 'reductionAxes', 'featureAxes', ...COMMON_OPTIONS] as const;

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions extends RMSNormOptions {
  /** Whether there is a bias. */
  useBias?: boolean;
  /** First value of the bias. */
  biasInit?: InitLike;
}

abstract class AxesNorm extends Module {
  readonly reductionAxes: readonly number[];
  readonly featureAxes: readonly number[];
  readonly epsilon: number;
  readonly dtype: DType;
  readonly axisName: string | null;
  readonly axisIndexGroups: Groups;
  readonly useFastVariance: boolean;

  protected constructor(inSize: Size, options: RMSNormOptions) {
    const { epsilon = 1e-6, reductionAxes = -1, featureAxes = -1, axisName = null, axisIndexGroups = null, useFastVariance = true, dtype = null, ...rest } = checkOptions(new.target.name, RMS_NORM_OPTIONS, options);
    super(rest);
    this.inSize = inSize;
    this.outSize = inSize;
    this.featureAxes = canonAxes(new.target.name, featureAxes, this.inSize!.length);
    this.reductionAxes = typeof reductionAxes === 'number' ? [reductionAxes] : [...reductionAxes];
    this.epsilon = checkEpsilon(new.target.name, epsilon);
    this.dtype = dtype ?? environ.dftype();
    this.axisName = axisName;
    this.axisIndexGroups = axisIndexGroups;
    this.useFastVariance = useFastVariance;
  }

  protected get featureShape(): number[] {
    return this.inSize!.map((n, i) => (this.featureAxes.includes(i) ? n : 1));
  }

  protected apply(input: ArrayLike, mask: ArrayLike | null, useMean: boolean, weight: ParamState<ScaleAndBias> | null): Array {
    const op = this.constructor.name;
    const x = asArray(input, op);
    const size = this.inSize!;
    if (x.ndim < size.length || size.some((n, i) => n !== x.shape[x.ndim - size.length + i])) throw new ShapeError(`${op}: expected an input whose last dimensions are [${size}], got ${x.aval}`);
    const axes = canonAxes(op, this.reductionAxes, x.ndim);
    const [mean, variance] = statistics(op, x, mask, { axes, dtype: this.dtype, useMean, fast: this.useFastVariance, axisName: this.axisName, axisIndexGroups: this.axisIndexGroups });
    return normalize(x, mean, variance, weight, this.epsilon, this.dtype);
  }
}

/**
 * Normalises each example over its features: `(x − mean) / √(variance + epsilon) · scale + bias`. x: [..., ...inSize].
 *
 * Mirrors `brainstate.nn.LayerNorm`.
 *
 * @throws ShapeError where the input does not end in `inSize`
 * @example
 * ```ts
 * new nn.LayerNorm(3).call(np.array([[1, 2, 3]]));   // [[-1.2247, 0, 1.2247]]
 * ```
 */
export class LayerNorm extends AxesNorm {
  readonly useBias: boolean;
  readonly useScale: boolean;
  readonly weight: ParamState<ScaleAndBias> | null;

  constructor(inSize: Size, given: LayerNormOptions = {}) {
    const { useBias = true, useScale = true, biasInit = new ZeroInit(), scaleInit = new Constant(1), paramType = NormalizationParamState, ...options } = checkOptions(new.target.name, ['useBias', 'biasInit', ...RMS_NORM_OPTIONS], given);
    super(inSize, options);
    this.useBias = useBias;
    this.useScale = useScale;
    this.weight = scaleAndBias(this.featureShape, useScale ? scaleInit : null, useBias ? biasInit : null, paramType);
  }

  protected override printedFields(): PrintedFields {
    return ['featureAxes', 'reductionAxes', 'weight', 'epsilon', 'dtype', 'useBias', 'useScale'];
  }

  override call(x: ArrayLike, options: MaskOption = {}): Array {
    const { mask = null } = checkOptions(this.constructor.name, ['mask'], options);
    return this.apply(x, mask, true, this.weight);
  }
}

/**
 * Divides each example by the root of its mean square: `x / √(E[x²] + epsilon) · scale`. x: [..., ...inSize].
 *
 * Mirrors `brainstate.nn.RMSNorm`. The parameter's state is `scale`, and holds `{ scale }`.
 *
 * @throws ShapeError where the input does not end in `inSize`
 * @example
 * new nn.RMSNorm(3).call(np.array([[1, 2, 2]])).shape; // [1, 3]
 */
export class RMSNorm extends AxesNorm {
  readonly useScale: boolean;
  readonly scale: ParamState<ScaleAndBias> | null;

  constructor(inSize: Size, given: RMSNormOptions = {}) {
    const { useScale = true, scaleInit = new Constant(1), paramType = NormalizationParamState, ...options } = checkOptions(new.target.name, RMS_NORM_OPTIONS, given);
    super(inSize, options);
    this.useScale = useScale;
    this.scale = scaleAndBias(this.featureShape, useScale ? scaleInit : null, null, paramType);
  }

  protected override printedFields(): PrintedFields {
    return ['featureAxes', 'reductionAxes', 'scale', 'epsilon', 'dtype', 'useScale'];
  }

  override call(x: ArrayLike, options: MaskOption = {}): Array {
    const { mask = null } = checkOptions(this.constructor.name, ['mask'], options);
    return this.apply(x, mask, false, this.scale);
  }
}

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions extends CommonOptions {
  /** Axis of `inSize`, its only one. */
  featureAxis?: number;
  /** How many groups the features are in. Default 32; null where `groupSize` is given. */
  numGroups?: number | null;
  /** How many features a group has. */
  groupSize?: number | null;
  /** Whether there is a bias. */
  useBias?: boolean;
  /** Whether there is a scale. */
  useScale?: boolean;
  /** First value of the bias. */
  biasInit?: InitLike;
  /** First value of the scale. */
  scaleInit?: InitLike;
  /** Axes of the input over which it is normalised, the last among them, of which groups are normalised. Default: all but the first. */
  reductionAxes?: number | readonly number[] | null;
}

/**
 * Normalises each example over groups of its features, and over all positions. x: [batch, ..., features], or [features].
 *
 * Mirrors `brainstate.nn.GroupNorm`. `inSize` is the number of features.
 *
 * @throws ArgumentError where the features are not a multiple of the groups, or where not just one of `numGroups` and `groupSize` is a number
 * @throws ShapeError where the input's last dimension is not `inSize`
 * @example
 * ```ts
 * new nn.GroupNorm(4, { numGroups: 2 }).call(np.array([[1, 3, 10, 30]]));   // [[-1, 1, -1, 1]]
 * ```
 */
export class GroupNorm extends Module {
  readonly featureAxes: readonly number[];
  readonly useBias: boolean;
  readonly useScale: boolean;
  readonly numGroups: number;
  readonly groupSize: number;
  readonly reductionAxes: readonly number[] | null;
  readonly epsilon: number;
  readonly dtype: DType | null;
  readonly axisName: string | null;
  readonly axisIndexGroups: Groups;
  readonly useFastVariance: boolean;
  readonly weight: ParamState<ScaleAndBias> | null;

  constructor(inSize: Size, options: GroupNormOptions = {}) {
    const {
      featureAxis = -1, numGroups = 32, groupSize = null, epsilon = 1e-6, dtype = null, useBias = true, useScale = true, biasInit = new ZeroInit(), scaleInit = new Constant(1), reductionAxes = null,
      axisName = null, axisIndexGroups = null, useFastVariance = true, paramType = NormalizationParamState, ...rest
    } = checkOptions(new.target.name, ['featureAxis', 'numGroups', 'groupSize', 'useBias', 'useScale', 'biasInit', 'scaleInit', 'reductionAxes', ...COMMON_OPTIONS], options);
    super(rest);
    this.inSize = inSize;
    this.outSize = inSize;
    if (this.inSize!.length !== 1) throw new ShapeError(`GroupNorm: expected inSize to be the number of features, got [${this.inSize!}]`);
    this.featureAxes = canonAxes('GroupNorm', featureAxis, 1);
    const features = this.inSize![0]!;
    if ((numGroups === null) === (groupSize === null)) throw new ArgumentError(`GroupNorm: expected one of numGroups and groupSize (with numGroups null), got ${describeValue(numGroups)} and ${describeValue(groupSize)}`);
    const given = (groupSize ?? numGroups)!;
    if (!Number.isInteger(given) || given <= 0 || features % given !== 0) throw new ArgumentError(`GroupNorm: expected ${groupSize === null ? 'numGroups' : 'groupSize'} to divide the ${features} features, got ${describeValue(given)}`);
    this.numGroups = groupSize === null ? given : features / given;
    this.groupSize = features / this.numGroups;
    this.reductionAxes = typeof reductionAxes === 'number' ? [reductionAxes] : reductionAxes;
    this.epsilon = checkEpsilon('GroupNorm', epsilon);
    this.dtype = dtype;
    this.axisName = axisName;
    this.axisIndexGroups = axisIndexGroups;
    this.useFastVariance = useFastVariance;
    this.useBias = useBias;
    this.useScale = useScale;
    this.weight = scaleAndBias([features], useScale ? scaleInit : null, useBias ? biasInit : null, paramType);
  }

  protected override printedFields(): PrintedFields {
    return ['featureAxes', 'numGroups', 'groupSize', 'weight', 'epsilon', 'dtype', 'useBias', 'useScale'];
  }

  override call(input: ArrayLike, options: MaskOption = {}): Array {
    const { mask = null } = checkOptions(this.constructor.name, ['mask'], options);
    const x = asArray(input, 'GroupNorm');
    const last = x.ndim - 1;
    if (x.ndim === 0 || x.shape[last] !== this.inSize![0]) throw new ShapeError(`GroupNorm: expected an input whose last dimension is ${this.inSize![0]}, got ${x.aval}`);
    const axes = canonAxes('GroupNorm', this.reductionAxes ?? x.shape.map((_, i) => i).filter((i) => i > 0 || i === last), x.ndim);
    if (!axes.includes(last)) throw new ArgumentError(`GroupNorm: expected reductionAxes to hold the last axis, got [${this.reductionAxes}]`);
    const grouped = (shape: readonly number[]) => [...shape.slice(0, -1), this.numGroups, this.groupSize];
    const groupedMask = mask === null ? null : np.broadcastTo(mask, x.shape as number[]).reshape(grouped(x.shape));
    const [mean, variance] = statistics('GroupNorm', np.reshape(x, grouped(x.shape)), groupedMask, {
      axes: [...axes.filter((a) => a !== last), last + 1], dtype: this.dtype ?? inexactDtype(x.dtype), useMean: true, fast: this.useFastVariance, axisName: this.axisName, axisIndexGroups: this.axisIndexGroups,
    });
    return normalize(x, mean, variance, this.weight, this.epsilon, this.dtype, grouped(x.shape));
  }
}
