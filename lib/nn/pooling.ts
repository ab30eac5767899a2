import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { canonAxis } from '../core/checks';
import { isIntegral } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { Verbatim } from '../core/pythonText';
import * as environ from '../environ';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { evalShape, ShapeDtypeStruct } from '../functional/staging';
import type { Size } from '../init';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import { promoteDtypesInexact } from '../lax/arrayLike';
import * as np from '../numpy';
import { Module } from './module';
import { floatText, type PrintedFields } from './moduleText';
import { type PerDimension, perDimension, type WindowPadding, windowPadding } from './windowArguments';

/** Options of {@link AvgPool1d}, {@link AvgPool2d}, {@link AvgPool3d} and others like them. */
export interface PoolOptions {
  /** Steps from window to window. Default: the kernel's size, for averages 1. */
  stride?: PerDimension | null;
  /** Default 'VALID'. */
  padding?: WindowPadding;
  /** Axis of the channels, which are pooled apart; null: there is none. Default −1. */
  channelAxis?: number | null;
  /** Shape of an example; it gives `outSize`. */
  inSize?: Size | null;
  /** Name in messages and prints. */
  name?: string;
}

const POOL_OPTIONS = ['stride', 'padding', 'channelAxis', 'inSize', 'name'] as const;

/** Dimensions of an input over which a layer pools: the last that are not the channels'. */
export function spatialAxes(op: string, x: Array, spatial: number, channelAxis: number | null): number[] {
  if (x.ndim < spatial + (channelAxis === null ? 0 : 1)) throw new ShapeError(`${op}: expected an input of at least ${spatial + (channelAxis === null ? 0 : 1)} dimensions, got ${x.aval}`);
  const channel = channelAxis === null ? -1 : canonAxis(op, channelAxis, x.ndim, 'channelAxis');
  return x.shape.map((_, i) => i).filter((i) => i !== channel).slice(-spatial);
}

/** Size of an example's result. */
export function pooledSize(f: (x: Array) => Array, inSize: readonly number[]): readonly number[] {
  return (evalShape(f, new ShapeDtypeStruct([1, ...inSize], environ.dftype())) as ShapeDtypeStruct).shape.slice(1);
}

interface Windows {
  window: readonly number[];
  strides: readonly number[];
  padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[];
}

const sum = (x: Array, { window, strides, padding }: Windows) => lax.reduceWindow(x, np.zeros([], { dtype: x.dtype }), lax.add, window, strides, padding);

/** What the maximum of nothing is. */
function least(x: Array): Array {
  if (x.dtype === 'bool') return np.asarray(false);
  return isIntegral(x.dtype) ? np.asarray(np.iinfo(x.dtype).min, { dtype: x.dtype }) : np.asarray(Number.NEGATIVE_INFINITY, { dtype: x.dtype });
}

const maxOf = composite<Windows>('maxPool', ([x], { window, strides, padding }) => [lax.reduceWindow(x!, least(x!), lax.max, window, strides, padding)]);

const argmaxOf = composite<Windows>('maxPoolIndices', ([x], { window, strides, padding }) => {
  const places = np.reshape(np.arange(x!.size, { dtype: 'int32' }), x!.shape as number[]);
  const none = np.asarray(x!.size, { dtype: 'int32' });
  const better = ([a, i]: [Array, Array], [b, j]: [Array, Array]) => {
    // Of equal ones the first.
    const second = np.logicalOr(np.greater(b, a), np.logicalAnd(np.equal(a, b), np.less(j, i)));
    return [np.where(second, b, a), np.where(second, j, i)];
  };
  const [, indices] = lax.reduceWindow([x!, places], [least(x!), none], better as never, window, strides, padding) as unknown as [Array, Array];
  return [np.where(np.equal(indices, none), np.zeros([], { dtype: 'int32' }), indices)];
});

const averageOf = composite<Windows>('avgPool', ([x], w) => [
  np.divide(sum(x!, w), w.padding === 'VALID' ? sizeOf(w.window) : np.maximum(sum(np.onesLike(x!), w), 1)),
]);

const normOf = composite<Windows & { order: number }>('lpPool', ([x], { order, ...w }) => {
  const total = sum(np.power(np.abs(x!), order), w);
  const some = np.greater(total, 0);
  // The root's derivative at 0 is infinite: the root sees no 0.
  const root = np.where(some, np.power(np.where(some, total, np.onesLike(total)), 1 / order), np.zerosLike(total));
  // As in BrainState, the factor is no weak number: half-width floats give the usual ones.
  return [np.multiply(root, np.asarray(sizeOf(w.window) ** (-1 / order), { dtype: 'float64' }))];
});

abstract class Pool extends Module {
  static override readonly positional: readonly string[] = ['kernelSize'];
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[];
  readonly channelAxis: number | null;

  protected constructor(spatial: number, kernelSize: PerDimension, options: PoolOptions = {}) {
    const { stride = null, padding = 'VALID', channelAxis = -1, ...rest } = checkOptions(new.target.name, POOL_OPTIONS, options);
    super(rest);
    const op = new.target.name;
    this.kernelSize = perDimension(op, 'kernelSize', kernelSize, spatial);
    this.stride = stride === null ? this.kernelSize : perDimension(op, 'stride', stride, spatial);
    this.padding = windowPadding(op, padding, spatial);
    if (channelAxis !== null && !Number.isInteger(channelAxis)) throw new ArgumentError(`${op}: expected channelAxis to be null or a whole number, got ${describeValue(channelAxis)}`);
    this.channelAxis = channelAxis;
  }

  protected abstract pool(x: Array, windows: Windows): Array;

  protected setSizes(inSize: Size | null | undefined): void {
    if (inSize === null || inSize === undefined) return;
    this.inSize = inSize;
    this.outSize = pooledSize((x) => this.pooled(x), this.inSize!);
  }

  protected windowsOf(x: Array): Windows {
    const axes = spatialAxes(this.constructor.name, x, this.kernelSize.length, this.channelAxis);
    const wide = <T>(values: readonly T[], other: T): T[] => x.shape.map((_, d) => (axes.includes(d) ? values[axes.indexOf(d)]! : other));
    return { window: wide(this.kernelSize, 1), strides: wide(this.stride, 1), padding: typeof this.padding === 'string' ? this.padding : wide<readonly [number, number]>(this.padding, [0, 0]) };
  }

  protected pooled(input: ArrayLike): Array {
    const x = asArray(input, this.constructor.name);
    return this.pool(x, this.windowsOf(x));
  }
}

/** Options of {@link MaxPool1d}, {@link MaxPool2d} and {@link MaxPool3d}. */
export interface MaxPoolOptions<Indices extends boolean = boolean> extends PoolOptions {
  /** Gives [values, indices]: int32 positions of the largest entries in the input as a whole, flattened. Default false. */
  returnIndices?: Indices;
}

type WithIndices<Indices extends boolean> = Indices extends true ? [Array, Array] : Array;

abstract class MaxPool<Indices extends boolean = false> extends Pool {
  readonly returnIndices: boolean;

  protected constructor(spatial: number, kernelSize: PerDimension, given: MaxPoolOptions<Indices> = {}) {
    const { returnIndices, inSize, ...options } = checkOptions(new.target.name, ['returnIndices', ...POOL_OPTIONS], given);
    super(spatial, kernelSize, options);
    this.returnIndices = returnIndices ?? false;
    this.setSizes(inSize);
  }

  protected override printedFields(): PrintedFields {
    return [['initValue', floatText(-Infinity)], ['computation', new Verbatim('<function max>')], ['poolDim', this.kernelSize.length], 'returnIndices'];
  }

  protected override pool(x: Array, windows: Windows): Array {
    return maxOf([x], windows)[0]!;
  }

  override call(input: ArrayLike): WithIndices<Indices> {
    const values = this.pooled(input);
    if (!this.returnIndices) return values as WithIndices<Indices>;
    const x = lax.stopGradient(asArray(input, this.constructor.name));
    return [values, argmaxOf([x], this.windowsOf(x))[0]!] as WithIndices<Indices>;
  }
}

/**
 * The largest entry of each window along one dimension. x: [..., length, channels] → [..., length', channels].
 *
 * Mirrors `brainstate.nn.MaxPool1d`.
 *
 * @throws ArgumentError for options that do not fit, ShapeError for an input of too few dimensions
 * @example
 * ```ts
 * new nn.MaxPool1d(2).call(np.array([[1], [5], [3], [4]]));   // [[5], [4]]
 * ```
 */
export class MaxPool1d<Indices extends boolean = false> extends MaxPool<Indices> {
  constructor(kernelSize: PerDimension, options?: MaxPoolOptions<Indices>) {
    super(1, kernelSize, options);
  }
}

/** As {@link MaxPool1d}, for x: [..., height, width, channels]. Mirrors `brainstate.nn.MaxPool2d`. @example new nn.MaxPool2d(2).call(np.ones([1, 6, 6, 3])).shape; // [1, 3, 3, 3] */
export class MaxPool2d<Indices extends boolean = false> extends MaxPool<Indices> {
  constructor(kernelSize: PerDimension, options?: MaxPoolOptions<Indices>) {
    super(2, kernelSize, options);
  }
}

/**
 * As {@link MaxPool1d}, for x: [..., depth, height, width, channels]. Mirrors `brainstate.nn.MaxPool3d`.
 *
 * @example
 * new nn.MaxPool3d(2).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 2, 2, 2, 3]
 */
export class MaxPool3d<Indices extends boolean = false> extends MaxPool<Indices> {
  constructor(kernelSize: PerDimension, options?: MaxPoolOptions<Indices>) {
    super(3, kernelSize, options);
  }
}

abstract class AvgPool extends Pool {
  protected constructor(spatial: number, kernelSize: PerDimension, given: PoolOptions = {}) {
    const { stride = 1, inSize, ...options } = checkOptions(new.target.name, POOL_OPTIONS, given);
    super(spatial, kernelSize, { ...options, stride });
    this.setSizes(inSize);
  }

  protected override printedFields(): PrintedFields {
    return [['initValue', floatText(0)], ['computation', new Verbatim('<function add>')], ['poolDim', this.kernelSize.length], ['returnIndices', false]];
  }

  protected override pool(x: Array, windows: Windows): Array {
    return averageOf([x], windows)[0]!;
  }

  override call(input: ArrayLike): Array {
    return this.pooled(input);
  }
}

/**
 * The mean of each window along one dimension, of entries that are no padding. x: [..., length, channels] → [..., length', channels].
 *
 * Mirrors `brainstate.nn.AvgPool1d`: the stride is 1 unless it is given; null is the kernel's size.
 *
 * @throws ArgumentError for options that do not fit, ShapeError for an input of too few dimensions
 * @example
 * ```ts
 * new nn.AvgPool1d(2, { stride: 2 }).call(np.array([[1], [5], [3], [4]]));   // [[3], [3.5]]
 * ```
 */
export class AvgPool1d extends AvgPool {
  constructor(kernelSize: PerDimension, options?: PoolOptions) {
    super(1, kernelSize, options);
  }
}

/** As {@link AvgPool1d}, for x: [..., height, width, channels]. Mirrors `brainstate.nn.AvgPool2d`. @example new nn.AvgPool2d(2).call(np.ones([1, 6, 6, 3])).shape; // [1, 5, 5, 3] */
export class AvgPool2d extends AvgPool {
  constructor(kernelSize: PerDimension, options?: PoolOptions) {
    super(2, kernelSize, options);
  }
}

/**
 * As {@link AvgPool1d}, for x: [..., depth, height, width, channels]. Mirrors `brainstate.nn.AvgPool3d`.
 *
 * @example
 * new nn.AvgPool3d(2).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 3, 3, 3, 3]
 */
export class AvgPool3d extends AvgPool {
  constructor(kernelSize: PerDimension, options?: PoolOptions) {
    super(3, kernelSize, options);
  }
}

abstract class LPPool extends Pool {
  static override readonly positional: readonly string[] = ['normType', 'kernelSize'];
  readonly normType: number;

  protected constructor(spatial: number, normType: number, kernelSize: PerDimension, given: PoolOptions = {}) {
    const { inSize, ...options } = checkOptions(new.target.name, POOL_OPTIONS, given);
    super(spatial, kernelSize, options);
    if (typeof normType !== 'number' || !(normType > 0) || !Number.isFinite(normType)) throw new ArgumentError(`${new.target.name}: expected normType to be a positive number, got ${describeValue(normType)}`);
    this.normType = normType;
    this.setSizes(inSize);
  }

  protected override printedFields(): PrintedFields {
    return ['normType', ['poolDim', this.kernelSize.length]];
  }

  protected override pool(x: Array, windows: Windows): Array {
    return normOf(promoteDtypesInexact(this.constructor.name, x), { ...windows, order: this.normType })[0]!;
  }

  override call(input: ArrayLike): Array {
    return this.pooled(input);
  }
}

/**
 * The power mean `(Σ |x|ᵖ / n)^(1/p)` of each window along one dimension, n being the window's size. x: [..., length, channels] → [..., length', channels].
 *
 * Mirrors `brainstate.nn.LPPool1d`.
 *
 * @throws ArgumentError for options that do not fit, ShapeError for an input of too few dimensions
 * @example
 * ```ts
 * new nn.LPPool1d(2, 2).call(np.array([[3], [4]]));   // [[3.5355]]
 * ```
 */
export class LPPool1d extends LPPool {
  constructor(normType: number, kernelSize: PerDimension, options?: PoolOptions) {
    super(1, normType, kernelSize, options);
  }
}

/** As {@link LPPool1d}, for x: [..., height, width, channels]. Mirrors `brainstate.nn.LPPool2d`. @example new nn.LPPool2d(2, 2).call(np.ones([1, 6, 6, 3])).shape; // [1, 3, 3, 3] */
export class LPPool2d extends LPPool {
  constructor(normType: number, kernelSize: PerDimension, options?: PoolOptions) {
    super(2, normType, kernelSize, options);
  }
}

/**
 * As {@link LPPool1d}, for x: [..., depth, height, width, channels]. Mirrors `brainstate.nn.LPPool3d`.
 *
 * @example
 * new nn.LPPool3d(2, 2).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 2, 2, 2, 3]
 */
export class LPPool3d extends LPPool {
  constructor(normType: number, kernelSize: PerDimension, options?: PoolOptions) {
    super(3, normType, kernelSize, options);
  }
}
