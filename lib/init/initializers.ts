import { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import * as environ from '../environ';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { DEFAULT, RandomState } from '../random';
import type { SeedOrKey } from '../random/keyState';
import { initialisers, State } from '../state/state';
import { printSettings } from './text';

/** A shape, or the size of its only dimension. */
export type Size = number | readonly number[];

/** Makes the first value of a parameter. */
export interface Initializer {
  /** An array of the size. */
  call(shape: Size, dtype?: DType): Array;
}

/** An initialiser, a function of a shape, or the value itself. */
export type InitLike = Initializer | ((shape: readonly number[]) => ArrayLike) | ArrayLike;

export function toShape(size: Size): number[] {
  const s = typeof size === 'number' ? [size] : size;
  if (!globalThis.Array.isArray(s)) throw new ArgumentError(`init: expected a shape, a size or a list of sizes, got ${describeValue(size)}`);
  return [...s];
}

/** Where random numbers come from. */
export interface SeedOptions {
  /**
   * A seed or key of its own, or a random state; default: the global one. Each call draws one key from it, by `splitKey`, of which it makes the numbers that
   * `jax.nn.initializers` makes.
   */
  seed?: SeedOrKey | RandomState;
}

/** The names of {@link SeedOptions}. @internal */
export const SEED_OPTIONS = ['seed'] as const;

export function sourceOf(seed: SeedOptions['seed']): RandomState {
  return seed === undefined ? DEFAULT : seed instanceof RandomState ? seed : new RandomState(seed);
}

/** The dtype of what an initialiser makes, by itself or as an option. */
export type DtypeOption = DType | { dtype?: DType | null } | null;

/** The dtype that was asked for, or the environment's floating-point one. @internal */
export function dtypeFrom(op: string, given: DtypeOption | undefined): DType {
  return (given !== null && typeof given === 'object' ? checkOptions(op, ['dtype'], given).dtype : given) ?? environ.dftype();
}

/** Zeros. Mirrors `brainstate.nn.init.ZeroInit`. @example new nn.init.ZeroInit().call([2]).js(); // [0, 0] */
export class ZeroInit implements Initializer {
  /** An array of the size. */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    return np.zeros(toShape(shape), { dtype });
  }
}

/** One repeated value. Mirrors `brainstate.nn.init.Constant`. @example new nn.init.Constant(0.5).call([2]).js(); // [0.5, 0.5] */
export class Constant implements Initializer {
  readonly value: ArrayLike;
  constructor(value: ArrayLike | { value?: ArrayLike } = 1) {
    this.value = isPlainObject(value) ? (checkOptions(new.target.name, ['value'], value).value ?? 1) : (value as ArrayLike);
  }

  /** An array of the size. */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    return np.full(toShape(shape), this.value, { dtype });
  }
}

/** A scaled identity matrix. Mirrors `brainstate.nn.init.Identity`. @example new nn.init.Identity().call([2, 2]).js(); // [[1, 0], [0, 1]] */
export class Identity implements Initializer {
  readonly value: number;
  constructor(value: number | { value?: number } = 1) {
    this.value = typeof value === 'number' ? value : (checkOptions(new.target.name, ['value'], value).value ?? 1);
  }

  /** An array of the size. */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    const s = toShape(shape);
    if (s.length !== 1 && s.length !== 2) throw new ShapeError(`Identity: expected a shape of one or two dimensions, got [${s.join(', ')}]`);
    return np.multiply(np.eye(s[0]!, { M: s[1] ?? s[0]!, dtype }), np.asarray(this.value, { dtype }));
  }
}

/** Normal numbers. Mirrors `brainstate.nn.init.Normal`. @example new nn.init.Normal({ scale: 0.1 }).call([3, 2]).shape; // [3, 2] */
export class Normal implements Initializer {
  readonly scale: number;
  readonly mean: number;
  private readonly rng: RandomState;
  constructor(options: { mean?: number; scale?: number } & SeedOptions = {}) {
    const { mean = 0, scale = 1, seed } = checkOptions(new.target.name, ['mean', 'scale', ...SEED_OPTIONS], options);
    this.mean = mean;
    this.scale = scale;
    this.rng = sourceOf(seed);
  }

  /** An array of the size. */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    return this.rng.normal({ size: toShape(shape), loc: this.mean, scale: this.scale, dtype });
  }
}

/**
 * Normal numbers between two bounds (in standard deviations of a standard normal). Mirrors `brainstate.nn.init.TruncatedNormal`.
 *
 * @example
 * new nn.init.TruncatedNormal({ lower: -1, upper: 1 }).call([4]).shape; // [4]
 */
export class TruncatedNormal implements Initializer {
  readonly scale: number;
  readonly loc: number;
  readonly lower: number;
  readonly upper: number;
  private readonly rng: RandomState;
  constructor(options: { loc?: number; scale?: number; lower?: number; upper?: number } & SeedOptions = {}) {
    const { loc = 0, scale = 1, lower = -2, upper = 2, seed } = checkOptions(new.target.name, ['loc', 'scale', 'lower', 'upper', ...SEED_OPTIONS], options);
    if (!(scale > 0)) throw new ArgumentError(`${new.target.name}: expected scale to be positive, got ${describeValue(scale)}`);
    this.loc = loc;
    this.scale = scale;
    this.lower = lower;
    this.upper = upper;
    this.rng = sourceOf(seed);
  }

  /** An array of the size. */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    return this.rng.truncatedNormal(this.lower, this.upper, { size: toShape(shape), loc: this.loc, scale: this.scale, dtype });
  }
}

/** Numbers uniform in an interval. Mirrors `brainstate.nn.init.Uniform`. @example new nn.init.Uniform({ minVal: -1, maxVal: 1 }).call([4]).shape; // [4] */
export class Uniform implements Initializer {
  readonly minVal: number;
  readonly maxVal: number;
  private readonly rng: RandomState;
  constructor(options: { minVal?: number; maxVal?: number } & SeedOptions = {}) {
    const { minVal = 0, maxVal = 1, seed } = checkOptions(new.target.name, ['minVal', 'maxVal', ...SEED_OPTIONS], options);
    this.minVal = minVal;
    this.maxVal = maxVal;
    this.rng = sourceOf(seed);
  }

  /** An array of the size. */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    return this.rng.uniform({ low: this.minVal, high: this.maxVal, size: toShape(shape), dtype });
  }
}

/** Which sizes scale the values. */
export type FanMode = 'fan_in' | 'fan_out' | 'fan_avg';
/** The distribution of the values. */
export type VarianceDistribution = 'truncated_normal' | 'normal' | 'uniform';

/** Options of {@link VarianceScaling}. */
export interface VarianceScalingOptions extends SeedOptions {
  /** Dimension of the inputs. Default −2. */
  inAxis?: number;
  /** Dimension of the outputs. Default −1. */
  outAxis?: number;
}

const VARIANCE_SCALING_OPTIONS = ['inAxis', 'outAxis', ...SEED_OPTIONS] as const;

/**
 * Random numbers whose variance is `scale / fan`, the number of a unit's inputs or outputs or their mean. Mirrors `brainstate.nn.init.VarianceScaling`.
 *
 * @example
 * new nn.init.VarianceScaling(1, 'fan_avg', 'uniform').call([3, 2]).shape; // [3, 2]
 */
export class VarianceScaling implements Initializer {
  readonly scale: number;
  readonly mode: FanMode;
  private readonly inAxis: number;
  private readonly outAxis: number;
  readonly distribution: VarianceDistribution;
  private readonly rng: RandomState;

  constructor(scale: number, mode: FanMode, distribution: VarianceDistribution, options: VarianceScalingOptions = {}) {
    const { inAxis = -2, outAxis = -1, seed } = checkOptions(new.target.name, VARIANCE_SCALING_OPTIONS, options);
    if (!['fan_in', 'fan_out', 'fan_avg'].includes(mode)) throw new ArgumentError(`VarianceScaling: expected mode to be 'fan_in', 'fan_out' or 'fan_avg', got ${describeValue(mode)}`);
    if (!['truncated_normal', 'normal', 'uniform'].includes(distribution)) throw new ArgumentError(`VarianceScaling: expected distribution to be 'truncated_normal', 'normal' or 'uniform', got ${describeValue(distribution)}`);
    this.scale = scale;
    this.mode = mode;
    this.distribution = distribution;
    this.inAxis = inAxis;
    this.outAxis = outAxis;
    this.rng = sourceOf(seed);
  }

  /** An array of the size. */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    const s = toShape(shape);
    if (s.length < 2) throw new ShapeError(`${this.constructor.name}: expected a shape of at least two dimensions, got [${s.join(', ')}]`);
    const size = (axis: number) => s[axis < 0 ? axis + s.length : axis]!;
    const receptive = sizeOf(s) / size(this.inAxis) / size(this.outAxis);
    const [fanIn, fanOut] = [size(this.inAxis) * receptive, size(this.outAxis) * receptive];
    const fan = this.mode === 'fan_in' ? fanIn : this.mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
    const variance = this.scale / fan;
    if (this.distribution === 'uniform') return np.multiply(this.rng.uniform({ low: -1, high: 1, size: s, dtype }), Math.sqrt(3 * variance));
    if (this.distribution === 'normal') return np.multiply(this.rng.normal({ size: s, dtype }), Math.sqrt(variance));
    // The standard deviation of a standard normal between −2 and 2.
    return np.multiply(this.rng.truncatedNormal(-2, 2, { size: s, dtype }), Math.sqrt(variance) / 0.87962566103423978);
  }
}

type ScalingOptions = VarianceScalingOptions & { scale?: number; mode?: FanMode; distribution?: VarianceDistribution };

/** He's initialisation, uniform. Mirrors `brainstate.nn.init.KaimingUniform`. @example new nn.init.KaimingUniform().call([3, 2]).shape; // [3, 2] */
export class KaimingUniform extends VarianceScaling {
  constructor(options: ScalingOptions = {}) {
    const { scale = 2, mode = 'fan_in', distribution = 'uniform', ...rest } = checkOptions(new.target.name, ['scale', 'mode', 'distribution', ...VARIANCE_SCALING_OPTIONS], options);
    super(scale, mode, distribution, rest);
  }
}
/** He's initialisation, truncated normal. Mirrors `brainstate.nn.init.KaimingNormal`. @example new nn.init.KaimingNormal().call([3, 2]).shape; // [3, 2] */
export class KaimingNormal extends VarianceScaling {
  constructor(options: ScalingOptions = {}) {
    const { scale = 2, mode = 'fan_in', distribution = 'truncated_normal', ...rest } = checkOptions(new.target.name, ['scale', 'mode', 'distribution', ...VARIANCE_SCALING_OPTIONS], options);
    super(scale, mode, distribution, rest);
  }
}
/** Glorot's initialisation, uniform. Mirrors `brainstate.nn.init.XavierUniform`. @example new nn.init.XavierUniform().call([3, 2]).shape; // [3, 2] */
export class XavierUniform extends VarianceScaling {
  constructor(options: ScalingOptions = {}) {
    const { scale = 1, mode = 'fan_avg', distribution = 'uniform', ...rest } = checkOptions(new.target.name, ['scale', 'mode', 'distribution', ...VARIANCE_SCALING_OPTIONS], options);
    super(scale, mode, distribution, rest);
  }
}
/** Glorot's initialisation, truncated normal. Mirrors `brainstate.nn.init.XavierNormal`. @example new nn.init.XavierNormal().call([3, 2]).shape; // [3, 2] */
export class XavierNormal extends VarianceScaling {
  constructor(options: ScalingOptions = {}) {
    const { scale = 1, mode = 'fan_avg', distribution = 'truncated_normal', ...rest } = checkOptions(new.target.name, ['scale', 'mode', 'distribution', ...VARIANCE_SCALING_OPTIONS], options);
    super(scale, mode, distribution, rest);
  }
}
/** LeCun's initialisation, uniform. Mirrors `brainstate.nn.init.LecunUniform`. @example new nn.init.LecunUniform().call([3, 2]).shape; // [3, 2] */
export class LecunUniform extends VarianceScaling {
  constructor(options: ScalingOptions = {}) {
    const { scale = 1, mode = 'fan_in', distribution = 'uniform', ...rest } = checkOptions(new.target.name, ['scale', 'mode', 'distribution', ...VARIANCE_SCALING_OPTIONS], options);
    super(scale, mode, distribution, rest);
  }
}
/** LeCun's initialisation, truncated normal. Mirrors `brainstate.nn.init.LecunNormal`. @example new nn.init.LecunNormal().call([3, 2]).shape; // [3, 2] */
export class LecunNormal extends VarianceScaling {
  constructor(options: ScalingOptions = {}) {
    const { scale = 1, mode = 'fan_in', distribution = 'truncated_normal', ...rest } = checkOptions(new.target.name, ['scale', 'mode', 'distribution', ...VARIANCE_SCALING_OPTIONS], options);
    super(scale, mode, distribution, rest);
  }
}

/** Options of {@link param}. */
export interface ParamOptions {
  /** Size of a dimension in front of the others. Default null: none. */
  batchSize?: number | null;
  /** Whether null may be given. Default true. */
  allowNone?: boolean;
  /** Whether a scalar is given back as one. Default true. */
  allowScalar?: boolean;
}

type Parameter<S extends State<Array> | null = never> = InitLike | null | S;

/**
 * First value of a parameter of a shape: what an initialiser or function gives for it (and the batch size), or a value that must broadcast to the shape, which
 * is repeated for each of the batch. A state gives a state of its class. Null gives null, a scalar itself.
 *
 * Mirrors `brainstate.nn.init.param`.
 *
 * @throws ShapeError for a value that does not broadcast, or is of another batch size
 * @example
 * init.param(new init.ZeroInit(), [3], { batchSize: 2 }); // of shape [2, 3]
 */
export function param<S extends State<Array>>(init: S, size: Size, options?: ParamOptions): S;
export function param(init: InitLike | null, size: Size, options?: ParamOptions): Array | null;
export function param(init: Parameter<State<Array>>, size: Size, options: ParamOptions = {}): Array | State<Array> | null {
  const { batchSize = null, allowNone = true, allowScalar = true } = checkOptions('param', ['batchSize', 'allowNone', 'allowScalar'], options);
  if (init === null) {
    if (!allowNone) throw new ArgumentError('param: expected an initialiser, a function or a value, got null');
    return null;
  }
  const shape = toShape(size);
  const whole = batchSize === null ? shape : [batchSize, ...shape];
  if (typeof init === 'function') return np.asarray(init(whole));
  if (init instanceof State) {
    const value = fitTo(np.asarray(init.value), shape, batchSize);
    return value === init.value ? init : State.restore(init.constructor as typeof State<Array>, value, { ...init.metadata });
  }
  if (typeof init === 'object' && !(init instanceof Array) && typeof (init as Initializer).call === 'function') return (init as Initializer).call(whole);
  const value = np.asarray(init as ArrayLike);
  return value.ndim === 0 && allowScalar ? value : fitTo(value, shape, batchSize);
}

initialisers.param = param as NonNullable<typeof initialisers.param>;

/** The value, repeated along a batch dimension if there is to be one. @throws ShapeError for one that does not broadcast to the shape, or is of another batch size */
export function fitTo(value: Array, shape: readonly number[], batchSize: number | null): Array {
  const n = Math.min(value.ndim, shape.length);
  for (let i = 1; i <= n; i++) {
    const [have, want] = [value.shape[value.ndim - i]!, shape[shape.length - i]!];
    if (have !== want && have !== 1 && want !== 1) throw new ShapeError(`param: expected a value that broadcasts to [${shape.join(', ')}], got ${value.aval}`);
  }
  if (batchSize === null) return value;
  if (value.ndim > shape.length) {
    if (value.shape[0] !== batchSize) throw new ShapeError(`param: expected a value of batch size ${batchSize}, got ${value.aval}`);
    return value;
  }
  const expanded = np.reshape(value, [1, ...globalThis.Array<number>(shape.length - value.ndim).fill(1), ...value.shape]);
  return np.repeat(expanded, batchSize, { axis: 0 });
}

printSettings(ZeroInit, Constant, Identity, Normal, TruncatedNormal, Uniform, VarianceScaling);
