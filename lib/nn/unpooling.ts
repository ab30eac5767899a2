import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { DtypeError, ShapeError } from '../core/errors';
import { dtypeKind } from '../core/dtype';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Size } from '../init';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { Module } from './module';
import type { PrintedFields } from './moduleText';
import { spatialAxes } from './pooling';
import { type PerDimension, perDimension } from './windowArguments';

/** Options of {@link MaxUnpool1d}, {@link MaxUnpool2d} and {@link MaxUnpool3d}. */
export interface MaxUnpoolOptions {
  /** Steps from window to window. Default: the kernel's size. */
  stride?: PerDimension | null;
  /** Padding of the pooling, at both ends. Default 0. */
  padding?: PerDimension;
  /** Axis of the channels; null: there is none. Default −1. */
  channelAxis?: number | null;
  /** Shape of an input without the batch. */
  inSize?: Size | null;
  /** Name in messages and prints. */
  name?: string;
}

/** Options of a call of unpooling. */
export interface UnpoolCallOptions {
  /** Shape of the result: its spatial sizes, one for all of them, or the whole shape. Default: what the pooling's geometry gives. */
  outputSize?: number | readonly number[] | null;
  /** Shape in which the indices count, if not what the pooling's geometry gives: that of the pooled array where its sizes are no multiples of the stride. */
  indexShape?: readonly number[] | null;
}


const scatter = composite<{ from: readonly number[]; to: readonly number[] }>('maxUnpool', ([x, indices], { from, to }) => {
  let places = np.ravel(indices!).astype('int32');
  const size = sizeOf(to);
  if (`${from}` !== `${to}`) {
    let [place, inside] = [np.zerosLike(places), np.ones(places.shape as number[], { dtype: 'bool' })];
    from.forEach((n, d) => {
      const at = np.remainder(np.floorDivide(places, sizeOf(from.slice(d + 1))), n);
      inside = np.logicalAnd(inside, np.less(at, to[d]!));
      place = np.add(place, np.multiply(at, sizeOf(to.slice(d + 1))));
    });
    // What is outside goes to an entry that is cut off.
    places = np.where(inside, place, np.asarray(size, { dtype: 'int32' }));
  }
  const flat = np.zeros([size + 1], { dtype: x!.dtype }).at(places).set(np.ravel(x!));
  return [np.reshape(flat.slice([0, size]), to)];
});

abstract class MaxUnpool extends Module {
  static override readonly positional: readonly string[] = ['kernelSize'];
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly channelAxis: number | null;

  protected constructor(spatial: number, kernelSize: PerDimension, options: MaxUnpoolOptions = {}) {
    const { stride = null, padding = 0, channelAxis = -1, inSize = null, ...rest } = checkOptions(new.target.name, ['stride', 'padding', 'channelAxis', 'inSize', 'name'], options);
    super(rest);
    const op = new.target.name;
    this.kernelSize = perDimension(op, 'kernelSize', kernelSize, spatial);
    this.stride = stride === null ? this.kernelSize : perDimension(op, 'stride', stride, spatial);
    this.padding = perDimension(op, 'padding', padding, spatial, 0);
    this.channelAxis = channelAxis;
    if (inSize !== null) this.inSize = inSize;
  }

  protected override printedFields(): PrintedFields {
    return [['poolDim', this.kernelSize.length]];
  }

  override call(input: ArrayLike, indices: ArrayLike, { outputSize = null, indexShape = null }: UnpoolCallOptions = {}): Array {
    const op = this.constructor.name;
    const [x, places] = [asArray(input, op), asArray(indices, op)];
    if (!['int', 'uint'].includes(dtypeKind(places.dtype))) throw new DtypeError(`${op}: expected indices of an integer dtype, got ${places.aval}`);
    if (places.size !== x.size) throw new ShapeError(`${op}: expected an index for each entry, got ${x.aval} and ${places.aval}`);
    const axes = spatialAxes(op, x, this.kernelSize.length, this.channelAxis);
    const natural = x.shape.map((n, d) => {
      const i = axes.indexOf(d);
      return i < 0 ? n : (n - 1) * this.stride[i]! - 2 * this.padding[i]! + this.kernelSize[i]!;
    });
    const wide = (sizes: readonly number[]) => x.shape.map((n, d) => (axes.includes(d) ? sizes[axes.indexOf(d)]! : n));
    let to = natural;
    if (typeof outputSize === 'number') to = wide(axes.map(() => outputSize));
    else if (outputSize !== null) {
      if (outputSize.length !== x.ndim && outputSize.length !== axes.length) throw new ShapeError(`${op}: expected outputSize to be a number, ${axes.length} spatial sizes or a shape of ${x.ndim} dimensions, got ${describeValue(outputSize)}`);
      to = outputSize.length === x.ndim ? [...outputSize] : wide(outputSize);
    }
    const from = indexShape ?? natural;
    if (from.length !== x.ndim) throw new ShapeError(`${op}: expected indexShape to be a shape of ${x.ndim} dimensions, got [${from}]`);
    return scatter([x, places], { from: [...from], to })[0]!;
  }
}

/**
 * Puts what {@link MaxPool1d} gave back where it was; the other entries are 0. x: [..., length, channels], indices of the same shape.
 *
 * Mirrors `brainstate.nn.MaxUnpool1d`. Indices count in the shape that kernel, stride and padding give; where the pooled array's was another
 * (5 entries in windows of 2, say), give it as `indexShape`, which BrainState has not.
 *
 * @throws ShapeError for shapes that do not fit, DtypeError for indices that are no integers
 * @example
 * ```ts
 * const [values, indices] = new nn.MaxPool1d(2, { returnIndices: true }).call(np.array([[1], [5], [3], [4]]));
 * new nn.MaxUnpool1d(2).call(values, indices);   // [[0], [5], [0], [4]]
 * ```
 */
export class MaxUnpool1d extends MaxUnpool {
  constructor(kernelSize: PerDimension, options?: MaxUnpoolOptions) {
    super(1, kernelSize, options);
  }
}

/**
 * As {@link MaxUnpool1d}, for x: [..., height, width, channels]. Mirrors `brainstate.nn.MaxUnpool2d`.
 *
 * @example
 * ```ts
 * const pool = new nn.MaxPool2d(2, { returnIndices: true });
 * const [y, indices] = pool.call(np.ones([1, 4, 4, 3]));
 * new nn.MaxUnpool2d(2).call(y, indices).shape; // [1, 4, 4, 3]
 * ```
 */
export class MaxUnpool2d extends MaxUnpool {
  constructor(kernelSize: PerDimension, options?: MaxUnpoolOptions) {
    super(2, kernelSize, options);
  }
}

/**
 * As {@link MaxUnpool1d}, for x: [..., depth, height, width, channels]. Mirrors `brainstate.nn.MaxUnpool3d`.
 *
 * @example
 * ```ts
 * const pool = new nn.MaxPool3d(2, { returnIndices: true });
 * const [y, indices] = pool.call(np.ones([1, 4, 4, 4, 3]));
 * new nn.MaxUnpool3d(2).call(y, indices).shape; // [1, 4, 4, 4, 3]
 * ```
 */
export class MaxUnpool3d extends MaxUnpool {
  constructor(kernelSize: PerDimension, options?: MaxUnpoolOptions) {
    super(3, kernelSize, options);
  }
}
