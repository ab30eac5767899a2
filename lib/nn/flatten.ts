import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { canonAxis } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type Size, toShape } from '../init/initializers';
import * as np from '../numpy';
import { Module } from './module';

/** Options of {@link Flatten}. */
export interface FlattenOptions {
  /** First of the axes. Default 0: the batch is among them unless `inSize` is given. */
  startAxis?: number;
  /** Last of the axes. Default −1. */
  endAxis?: number;
  /** Shape of an input without its leading dimensions; the axes are of this shape. */
  inSize?: Size | null;
  /** Name in messages and prints. */
  name?: string;
}

/**
 * Makes one axis of several that follow each other.
 *
 * Mirrors `brainstate.nn.Flatten`.
 *
 * @throws ShapeError where the input does not end in `inSize`
 * @example
 * ```ts
 * new nn.Flatten({ startAxis: 1 }).call(np.ones([2, 3, 4])).shape;   // [2, 12]
 * ```
 */
export class Flatten extends Module {
  static override readonly positional: readonly string[] = [];
  readonly startAxis: number;
  readonly endAxis: number;
  private readonly size: readonly number[] | null;

  constructor(options: FlattenOptions = {}) {
    const { startAxis = 0, endAxis = -1, inSize = null, ...rest } = checkOptions(new.target.name, ['startAxis', 'endAxis', 'inSize', 'name'], options);
    super(rest);
    this.startAxis = startAxis;
    this.endAxis = endAxis;
    this.size = inSize === null ? null : toShape(inSize);
    Object.defineProperty(this, 'size', { enumerable: false });
    if (this.size !== null) {
      this.inSize = this.size;
      this.outSize = this.flattened(this.size, 0);
    }
  }

  private flattened(shape: readonly number[], lead: number): number[] {
    const own = shape.slice(lead);
    const [first, last] = [canonAxis('Flatten', this.startAxis, Math.max(1, own.length), 'startAxis'), canonAxis('Flatten', this.endAxis, Math.max(1, own.length), 'endAxis')];
    if (last < first) throw new ArgumentError(`Flatten: expected endAxis not to come before startAxis, got ${this.startAxis} and ${this.endAxis} for ${own.length} dimensions`);
    return [...shape.slice(0, lead), ...own.slice(0, first), sizeOf(own.slice(first, last + 1)), ...own.slice(last + 1)];
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, 'Flatten');
    const lead = this.size === null ? 0 : x.ndim - this.size.length;
    if (lead < 0 || this.size?.some((n, i) => n !== x.shape[lead + i])) throw new ShapeError(`Flatten: expected an input whose last dimensions are [${this.size}], got ${x.aval}`);
    return np.reshape(x, this.flattened(x.shape, lead));
  }
}

/**
 * Makes several axes of one.
 *
 * Mirrors `brainstate.nn.Unflatten`. With `inSize` given, a non-negative `axis` still counts from the input's first dimension.
 *
 * @param sizes of the new axes; one may be −1, which stands for what is left
 * @throws ShapeError where the sizes do not multiply to the axis'
 * @example
 * ```ts
 * new nn.Unflatten(1, [3, 4]).call(np.ones([2, 12])).shape;   // [2, 3, 4]
 * ```
 */
export class Unflatten extends Module {
  static override readonly positional: readonly string[] = ['axis', 'sizes'];
  readonly axis: number;
  readonly sizes: readonly number[];

  constructor(axis: number, sizes: readonly number[], options: { inSize?: Size | null; name?: string } = {}) {
    const { inSize = null, ...rest } = checkOptions(new.target.name, ['inSize', 'name'], options);
    super(rest);
    if (!globalThis.Array.isArray(sizes) || sizes.some((n) => !Number.isInteger(n))) throw new ArgumentError(`Unflatten: expected sizes to be an array of whole numbers, got ${describeValue(sizes)}`);
    this.axis = axis;
    this.sizes = [...sizes];
    if (inSize !== null) {
      this.inSize = inSize;
      this.outSize = this.unflattened(this.inSize!);
    }
  }

  private unflattened(shape: readonly number[]): number[] {
    const axis = canonAxis('Unflatten', this.axis, shape.length);
    const known = sizeOf(this.sizes.filter((n) => n !== -1));
    const open = this.sizes.filter((n) => n === -1).length;
    if (open > 1 || (open === 1 ? known === 0 || shape[axis]! % known !== 0 : known !== shape[axis])) {
      throw new ShapeError(`Unflatten: expected sizes that multiply to ${shape[axis]}, got [${this.sizes}]`);
    }
    return [...shape.slice(0, axis), ...this.sizes.map((n) => (n === -1 ? shape[axis]! / known : n)), ...shape.slice(axis + 1)];
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, 'Unflatten');
    return np.reshape(x, this.unflattened(x.shape));
  }
}
