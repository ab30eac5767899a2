import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import * as environ from '../environ';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { evalShape, ShapeDtypeStruct } from '../functional/staging';
import type { Size } from '../init';
import * as np from '../numpy';
import { Module } from './module';
import type { PrintedFields } from './moduleText';

/** A number for all ends, one for both ends of each dimension, or two for each: [low1, high1, low2, high2, …]. */
export type PadSizes = number | readonly number[];

/** Options of {@link CircularPad1d}, {@link CircularPad2d}, {@link CircularPad3d} and others like them. */
export interface PadLayerOptions {
  /** Shape of an example; it gives `outSize`. */
  inSize?: Size | null;
  /** Name in messages and prints. */
  name?: string;
}

const PAD_LAYER_OPTIONS = ['inSize', 'name'] as const;

/** Options of {@link ConstantPad1d}, {@link ConstantPad2d} and {@link ConstantPad3d}. */
export interface ConstantPadOptions extends PadLayerOptions {
  /** Default 0. */
  value?: number;
}

const CONSTANT_PAD_OPTIONS = ['value', ...PAD_LAYER_OPTIONS] as const;

type Mode = 'reflect' | 'edge' | 'wrap' | 'constant';

/** Pads the spatial dimensions of channels-last data. */
abstract class PadLayer extends Module {
  static override readonly positional: readonly string[] = ['padding'];
  /** Entries before and after, of each spatial dimension. */
  readonly padding: readonly (readonly [number, number])[];
  private readonly mode: Mode;
  readonly value: number;

  protected constructor(spatial: number, mode: Mode, padding: PadSizes, options: PadLayerOptions = {}, value = 0) {
    const { inSize = null, ...rest } = checkOptions(new.target.name, PAD_LAYER_OPTIONS, options);
    super(rest);
    const op = new.target.name;
    const list = typeof padding === 'number' ? globalThis.Array.from({ length: spatial }, () => padding) : padding;
    if (!globalThis.Array.isArray(list) || (list.length !== spatial && list.length !== 2 * spatial) || list.some((n) => !Number.isInteger(n) || n < 0)) {
      throw new ArgumentError(`${op}: expected padding to be a whole number, ${spatial} or ${2 * spatial} of them, got ${describeValue(padding)}`);
    }
    this.padding = globalThis.Array.from({ length: spatial }, (_, i): [number, number] => (list.length === spatial ? [list[i]!, list[i]!] : [list[2 * i]!, list[2 * i + 1]!]));
    this.mode = mode;
    this.value = value;
    Object.defineProperty(this, 'mode', { enumerable: false });
    if (inSize !== null) {
      this.inSize = inSize;
      this.outSize = (evalShape((x: Array) => this.call(x), new ShapeDtypeStruct([...this.inSize!], environ.dftype())) as ShapeDtypeStruct).shape;
    }
  }

  protected override printedFields(): PrintedFields {
    return this instanceof ConstantPad1d || this instanceof ConstantPad2d || this instanceof ConstantPad3d ? [] : [['value', undefined]];
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, this.constructor.name);
    const lead = x.ndim - this.padding.length - 1;
    if (lead !== 0 && lead !== 1) throw new ShapeError(`${this.constructor.name}: expected an input of ${this.padding.length + 1} dimensions, or a batch of such, got ${x.aval}`);
    const widths = [...(lead === 1 ? [[0, 0] as const] : []), ...this.padding, [0, 0] as const];
    return np.pad(x, widths as [number, number][], this.mode === 'constant' ? { mode: 'constant', constantValues: this.value } : { mode: this.mode });
  }
}

/**
 * Enlarges the spatial dimension by mirroring it at its first and last entry. x: [batch, length, channels], or without batch.
 *
 * Mirrors `brainstate.nn.ReflectionPad1d`.
 *
 * @throws ArgumentError for a padding that does not fit, ShapeError for an input of another rank
 * @example
 * ```ts
 * new nn.ReflectionPad1d(1).call(np.array([[1], [2], [3]]));   // [[2], [1], [2], [3], [2]]
 * ```
 */
export class ReflectionPad1d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(1, 'reflect', padding, options);
  }
}

/**
 * As {@link ReflectionPad1d}, for x: [batch, height, width, channels]. Mirrors `brainstate.nn.ReflectionPad2d`.
 *
 * @example
 * new nn.ReflectionPad2d(1).call(np.ones([1, 4, 4, 3])).shape; // [1, 6, 6, 3]
 */
export class ReflectionPad2d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(2, 'reflect', padding, options);
  }
}

/**
 * As {@link ReflectionPad1d}, for x: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.ReflectionPad3d`.
 *
 * @example
 * new nn.ReflectionPad3d(1).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 6, 6, 6, 3]
 */
export class ReflectionPad3d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(3, 'reflect', padding, options);
  }
}

/**
 * Enlarges the spatial dimension by repeating its first and last entry. x: [batch, length, channels], or without batch.
 *
 * Mirrors `brainstate.nn.ReplicationPad1d`.
 *
 * @throws ArgumentError for a padding that does not fit, ShapeError for an input of another rank
 * @example
 * ```ts
 * new nn.ReplicationPad1d(1).call(np.array([[1], [2], [3]]));   // [[1], [1], [2], [3], [3]]
 * ```
 */
export class ReplicationPad1d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(1, 'edge', padding, options);
  }
}

/**
 * As {@link ReplicationPad1d}, for x: [batch, height, width, channels]. Mirrors `brainstate.nn.ReplicationPad2d`.
 *
 * @example
 * new nn.ReplicationPad2d(1).call(np.ones([1, 4, 4, 3])).shape; // [1, 6, 6, 3]
 */
export class ReplicationPad2d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(2, 'edge', padding, options);
  }
}

/**
 * As {@link ReplicationPad1d}, for x: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.ReplicationPad3d`.
 *
 * @example
 * new nn.ReplicationPad3d(1).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 6, 6, 6, 3]
 */
export class ReplicationPad3d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(3, 'edge', padding, options);
  }
}

/**
 * Enlarges the spatial dimension by going round. x: [batch, length, channels], or without batch.
 *
 * Mirrors `brainstate.nn.CircularPad1d`.
 *
 * @throws ArgumentError for a padding that does not fit, ShapeError for an input of another rank
 * @example
 * ```ts
 * new nn.CircularPad1d(1).call(np.array([[1], [2], [3]]));   // [[3], [1], [2], [3], [1]]
 * ```
 */
export class CircularPad1d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(1, 'wrap', padding, options);
  }
}

/**
 * As {@link CircularPad1d}, for x: [batch, height, width, channels]. Mirrors `brainstate.nn.CircularPad2d`.
 *
 * @example
 * new nn.CircularPad2d(1).call(np.ones([1, 4, 4, 3])).shape; // [1, 6, 6, 3]
 */
export class CircularPad2d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(2, 'wrap', padding, options);
  }
}

/**
 * As {@link CircularPad1d}, for x: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.CircularPad3d`.
 *
 * @example
 * new nn.CircularPad3d(1).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 6, 6, 6, 3]
 */
export class CircularPad3d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(3, 'wrap', padding, options);
  }
}

/**
 * Enlarges the spatial dimension with zeros. x: [batch, length, channels], or without batch.
 *
 * Mirrors `brainstate.nn.ZeroPad1d`.
 *
 * @throws ArgumentError for a padding that does not fit, ShapeError for an input of another rank
 * @example
 * ```ts
 * new nn.ZeroPad1d(1).call(np.array([[1], [2], [3]]));   // [[0], [1], [2], [3], [0]]
 * ```
 */
export class ZeroPad1d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(1, 'constant', padding, options);
  }
}

/** As {@link ZeroPad1d}, for x: [batch, height, width, channels]. Mirrors `brainstate.nn.ZeroPad2d`. @example new nn.ZeroPad2d(1).call(np.ones([1, 4, 4, 3])).shape; // [1, 6, 6, 3] */
export class ZeroPad2d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(2, 'constant', padding, options);
  }
}

/**
 * As {@link ZeroPad1d}, for x: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.ZeroPad3d`.
 *
 * @example
 * new nn.ZeroPad3d(1).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 6, 6, 6, 3]
 */
export class ZeroPad3d extends PadLayer {
  constructor(padding: PadSizes, options?: PadLayerOptions) {
    super(3, 'constant', padding, options);
  }
}

/**
 * Enlarges the spatial dimension with a number. x: [batch, length, channels], or without batch.
 *
 * Mirrors `brainstate.nn.ConstantPad1d`.
 *
 * @throws ArgumentError for a padding that does not fit, ShapeError for an input of another rank
 * @example
 * ```ts
 * new nn.ConstantPad1d(1, { value: 7 }).call(np.array([[1], [2], [3]]));   // [[7], [1], [2], [3], [7]]
 * ```
 */
export class ConstantPad1d extends PadLayer {
  constructor(padding: PadSizes, given: ConstantPadOptions = {}) {
    const { value, ...options } = checkOptions(new.target.name, CONSTANT_PAD_OPTIONS, given);
    super(1, 'constant', padding, options, value);
  }
}

/**
 * As {@link ConstantPad1d}, for x: [batch, height, width, channels]. Mirrors `brainstate.nn.ConstantPad2d`.
 *
 * @example
 * new nn.ConstantPad2d(1, { value: 7 }).call(np.ones([1, 4, 4, 3])).shape; // [1, 6, 6, 3]
 */
export class ConstantPad2d extends PadLayer {
  constructor(padding: PadSizes, given: ConstantPadOptions = {}) {
    const { value, ...options } = checkOptions(new.target.name, CONSTANT_PAD_OPTIONS, given);
    super(2, 'constant', padding, options, value);
  }
}

/**
 * As {@link ConstantPad1d}, for x: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.ConstantPad3d`.
 *
 * @example
 * new nn.ConstantPad3d(1, { value: 7 }).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 6, 6, 6, 3]
 */
export class ConstantPad3d extends PadLayer {
  constructor(padding: PadSizes, given: ConstantPadOptions = {}) {
    const { value, ...options } = checkOptions(new.target.name, CONSTANT_PAD_OPTIONS, given);
    super(3, 'constant', padding, options, value);
  }
}
