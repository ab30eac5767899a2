import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { Verbatim } from '../core/pythonText';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Size } from '../init';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { Module } from './module';
import type { PrintedFields } from './moduleText';
import { pooledSize, spatialAxes } from './pooling';

/** Options of {@link AdaptiveAvgPool1d}, {@link AdaptiveAvgPool2d}, {@link AdaptiveAvgPool3d} and others like them. */
export interface AdaptivePoolOptions {
  /** Axis of the channels, which are pooled apart; null: there is none. Default −1. */
  channelAxis?: number | null;
  /** Shape of an example; it gives `outSize`. */
  inSize?: Size | null;
  /** Name in messages and prints. */
  name?: string;
}

/** A size for all spatial dimensions, or one for each, where null keeps the dimension. */
export type TargetSize = number | readonly (number | null)[];

type Operation = 'mean' | 'max';

const pooled = composite<{ axis: number; target: number; operation: Operation }>('adaptivePool', ([x], { axis, target, operation }) => {
  const n = x!.shape[axis]!;
  const [block, longer] = [Math.floor(n / target), n % target];
  const blocks = (from: number, count: number, size: number) => {
    const part = x!.slice(...x!.shape.map((_, d) => (d === axis ? [from, from + count * size] : [])));
    const shaped = np.reshape(part, [...x!.shape.slice(0, axis), count, size, ...x!.shape.slice(axis + 1)]);
    return operation === 'mean' ? np.mean(shaped, { axis: axis + 1 }) : np.max(shaped, { axis: axis + 1 });
  };
  // The first blocks are longer by one.
  const parts = [...(longer > 0 ? [blocks(0, longer, block + 1)] : []), blocks(longer * (block + 1), target - longer, block)];
  return [parts.length === 1 ? parts[0]! : np.concatenate(parts, { axis })];
});

abstract class AdaptivePool extends Module {
  static override readonly positional: readonly string[] = ['targetSize'];
  readonly targetShape: readonly (number | null)[];
  readonly channelAxis: number | null;
  private readonly operation: Operation;

  protected constructor(spatial: number, operation: Operation, targetSize: TargetSize, options: AdaptivePoolOptions = {}) {
    const { channelAxis = -1, inSize = null, ...rest } = checkOptions(new.target.name, ['channelAxis', 'inSize', 'name'], options);
    super(rest);
    const list = typeof targetSize === 'number' ? globalThis.Array.from({ length: spatial }, () => targetSize) : targetSize;
    if (!globalThis.Array.isArray(list) || list.length !== spatial || list.some((n) => n !== null && !(Number.isInteger(n) && n > 0))) {
      throw new ArgumentError(`${new.target.name}: expected targetSize to be a positive whole number, or ${spatial} of them or null, got ${describeValue(targetSize)}`);
    }
    this.targetShape = [...list];
    this.channelAxis = channelAxis;
    this.operation = operation;
    Object.defineProperty(this, 'operation', { enumerable: false });
    if (inSize !== null) {
      this.inSize = inSize;
      this.outSize = pooledSize((x) => this.call(x), this.inSize!);
    }
  }

  protected override printedFields(): PrintedFields {
    return ['channelAxis', ['operation', new Verbatim(`<function ${this.operation}>`)], 'targetShape'];
  }

  override call(input: ArrayLike): Array {
    const op = this.constructor.name;
    let x = asArray(input, op);
    spatialAxes(op, x, this.targetShape.length, this.channelAxis).forEach((axis, i) => {
      const target = this.targetShape[i]!;
      if (target === null) return;
      if (x.shape[axis]! < target) throw new ShapeError(`${op}: expected at least ${target} entries along axis ${axis}, got ${x.aval}`);
      x = pooled([x], { axis, target, operation: this.operation })[0]!;
    });
    return x;
  }
}

/**
 * The mean of as many windows, nearly equal, as the result is to have. x: [..., length, channels] → [..., targetSize, channels].
 *
 * Mirrors `brainstate.nn.AdaptiveAvgPool1d`.
 *
 * @throws ArgumentError for a target that is no size, ShapeError for one larger than the input
 * @example
 * ```ts
 * new nn.AdaptiveAvgPool1d(2).call(np.array([[1], [2], [3]]));   // [[1.5], [3]]
 * ```
 */
export class AdaptiveAvgPool1d extends AdaptivePool {
  constructor(targetSize: TargetSize, options?: AdaptivePoolOptions) {
    super(1, 'mean', targetSize, options);
  }
}

/**
 * As {@link AdaptiveAvgPool1d}, for x: [..., height, width, channels]. Mirrors `brainstate.nn.AdaptiveAvgPool2d`.
 *
 * @example
 * new nn.AdaptiveAvgPool2d([2, 2]).call(np.ones([1, 6, 6, 3])).shape; // [1, 2, 2, 3]
 */
export class AdaptiveAvgPool2d extends AdaptivePool {
  constructor(targetSize: TargetSize, options?: AdaptivePoolOptions) {
    super(2, 'mean', targetSize, options);
  }
}

/**
 * As {@link AdaptiveAvgPool1d}, for x: [..., depth, height, width, channels]. Mirrors `brainstate.nn.AdaptiveAvgPool3d`.
 *
 * @example
 * new nn.AdaptiveAvgPool3d([2, 2, 2]).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 2, 2, 2, 3]
 */
export class AdaptiveAvgPool3d extends AdaptivePool {
  constructor(targetSize: TargetSize, options?: AdaptivePoolOptions) {
    super(3, 'mean', targetSize, options);
  }
}

/**
 * The largest entry of as many windows, nearly equal, as the result is to have. x: [..., length, channels] → [..., targetSize, channels].
 *
 * Mirrors `brainstate.nn.AdaptiveMaxPool1d`.
 *
 * @throws ArgumentError for a target that is no size, ShapeError for one larger than the input
 * @example
 * ```ts
 * new nn.AdaptiveMaxPool1d(2).call(np.array([[1], [2], [3]]));   // [[2], [3]]
 * ```
 */
export class AdaptiveMaxPool1d extends AdaptivePool {
  constructor(targetSize: TargetSize, options?: AdaptivePoolOptions) {
    super(1, 'max', targetSize, options);
  }
}

/**
 * As {@link AdaptiveMaxPool1d}, for x: [..., height, width, channels]. Mirrors `brainstate.nn.AdaptiveMaxPool2d`.
 *
 * @example
 * new nn.AdaptiveMaxPool2d([2, 2]).call(np.ones([1, 6, 6, 3])).shape; // [1, 2, 2, 3]
 */
export class AdaptiveMaxPool2d extends AdaptivePool {
  constructor(targetSize: TargetSize, options?: AdaptivePoolOptions) {
    super(2, 'max', targetSize, options);
  }
}

/**
 * As {@link AdaptiveMaxPool1d}, for x: [..., depth, height, width, channels]. Mirrors `brainstate.nn.AdaptiveMaxPool3d`.
 *
 * @example
 * new nn.AdaptiveMaxPool3d([2, 2, 2]).call(np.ones([1, 4, 4, 4, 3])).shape; // [1, 2, 2, 2, 3]
 */
export class AdaptiveMaxPool3d extends AdaptivePool {
  constructor(targetSize: TargetSize, options?: AdaptivePoolOptions) {
    super(3, 'max', targetSize, options);
  }
}
