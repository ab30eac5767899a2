import { checkIntegers } from '../core/checks';
import type { Array } from '../core/array';
import type { Shape } from '../core/aval';
import { ArgumentError, ShapeError } from '../core/errors';
import type { ArrayLike } from './arrayLike';
import * as w from '../primitives/window';
import { dilated, windowParams, windowShape } from '../primitives/windowGeometry';
import { ShapedArray } from '../core/aval';
import { checkOptions } from '../functional/options';
import { readComputation } from './reductions';

/** Padding of each dimension, low and high, or a rule: none; what makes as many windows as strides fit, the odd one at the high end or at the low. */
export type PaddingLike = 'VALID' | 'SAME' | 'SAME_LOWER' | readonly (readonly [number, number])[];

/**
 * Low and high padding of each dimension by a rule. Mirrors `jax.lax.padtype_to_pads`. @throws ArgumentError for an unknown rule
 *
 * @param inShape spatial shape of the input
 * @param windowShape shape of the window
 * @param windowStrides the step of the window along each spatial dimension
 * @example
 * lax.padtypeToPads([5, 5], [3, 3], [2, 2], 'SAME'); // [[1, 1], [1, 1]]
 */
export function padtypeToPads(inShape: Shape, windowShape: Shape, windowStrides: readonly number[], padding: string): [number, number][] {
  for (const [what, list] of [['inShape', inShape], ['windowShape', windowShape], ['windowStrides', windowStrides]] as const) checkIntegers('padtypeToPads', what, list);
  const rule = String(padding).toUpperCase();
  if (rule === 'VALID') return inShape.map(() => [0, 0]);
  if (rule !== 'SAME' && rule !== 'SAME_LOWER') throw new ArgumentError(`padtypeToPads: expected padding to be 'VALID', 'SAME' or 'SAME_LOWER', got ${JSON.stringify(padding)}`);
  return inShape.map((n, i) => {
    const total = Math.max(0, (Math.ceil(n / windowStrides[i]!) - 1) * windowStrides[i]! + windowShape[i]! - n);
    const less = Math.floor(total / 2);
    return rule === 'SAME' ? [less, total - less] : [total - less, less];
  });
}

/** Padding as pairs. */
export function readPadding(op: string, padding: PaddingLike | string, inShape: Shape, windowShape: Shape, strides: readonly number[]): readonly (readonly [number, number])[] {
  if (typeof padding === 'string') return padtypeToPads(inShape, windowShape, strides, padding);
  if (!globalThis.Array.isArray(padding) || padding.length !== inShape.length || padding.some((p) => !globalThis.Array.isArray(p) || p.length !== 2)) {
    throw new ArgumentError(`${op}: expected padding to be 'VALID', 'SAME', 'SAME_LOWER' or ${inShape.length} pairs [low, high], got ${JSON.stringify(padding)}`);
  }
  return padding as readonly (readonly [number, number])[];
}

/** Options of reductions over windows. */
export interface ReduceWindowOptions {
  /** Steps from one window to the next; 1 by default. */
  windowStrides?: readonly number[] | null;
  /** 'VALID' by default. */
  padding?: PaddingLike | string;
  /** Spacing that is put between elements of the operand. */
  baseDilation?: readonly number[] | null;
  /** Spacing of the elements of the window. */
  windowDilation?: readonly number[] | null;
}

type Trailing = readonly [options?: ReduceWindowOptions] | readonly [windowStrides: readonly number[] | null, padding?: PaddingLike | string, options?: ReduceWindowOptions];

/**
 * Reduces each window of an array, or of a tree of arrays, by a function of two scalars (as {@link reduce} takes them). Sums and extremes are recognised;
 * pad values are `initValue`. Strides and padding may be given by position. Mirrors `jax.lax.reduce_window`.
 *
 * @param operand an array
 * @param computation a function of two scalars, which is associative
 * @param windowDimensions shape of the window
 * @throws ShapeError where the window does not fit
 * @example
 * lax.reduceWindow(np.array([1, 3, 2, 0]), -Infinity, lax.max, [2], [2], 'VALID').js() // [3, 2]
 */
export function reduceWindow<T>(operand: T, initValue: unknown, computation: (a: never, b: never) => unknown, windowDimensions: Shape, ...rest: Trailing): T extends ArrayLike ? Array : T {
  const [first, second, third] = rest as readonly unknown[];
  const positional = globalThis.Array.isArray(first) || first === null;
  const options = { ...((positional ? third : first) as ReduceWindowOptions | undefined) };
  if (positional) {
    options.windowStrides = first as readonly number[] | null;
    if (second !== undefined) options.padding = second as PaddingLike;
  }
  const { xs, c, unflatten } = readComputation('reduceWindow', computation, operand, initValue);
  const x = xs[0];
  if (x === undefined) throw new ArgumentError('reduceWindow: expected at least one array');
  if (windowDimensions.length !== x.ndim) throw new ShapeError(`reduceWindow: expected ${x.ndim} windowDimensions for ${x.aval}, got [${windowDimensions}]`);
  const windowStrides = options.windowStrides ?? windowDimensions.map(() => 1);
  const windowDilation = options.windowDilation ?? windowDimensions.map(() => 1);
  const padding = readPadding('reduceWindow', options.padding ?? 'VALID', x.shape, windowDimensions.map((n, i) => dilated(n, windowDilation[i]!)), windowStrides);
  const geometry = { windowStrides, padding, baseDilation: options.baseDilation ?? null, windowDilation };
  const known = c.monoid === 'add' ? w.reduceWindowSum : c.monoid === 'max' ? w.reduceWindowMax : c.monoid === 'min' ? w.reduceWindowMin : null;
  const outs = known && x.dtype !== 'bool' ? [known(x, windowDimensions, geometry)] : w.reduceWindow(xs, c.inits, c.jaxpr, windowDimensions, geometry);
  return unflatten(outs) as never;
}

/**
 * The shape of {@link reduceWindow}'s result. Mirrors `jax.lax.reduce_window_shape_tuple`.
 *
 * @param operandShape shape of what the window moves over
 * @param windowDimensions shape of the window
 * @param windowStrides the step of the window along each spatial dimension
 * @param padding pairs of low and high padding
 * @example
 * lax.reduceWindowShapeTuple([6], [3], [2], [[0, 0]]); // [2]
 */
export function reduceWindowShapeTuple(operandShape: Shape, windowDimensions: Shape, windowStrides: readonly number[], padding: readonly (readonly [number, number])[], options: { baseDilation?: readonly number[] | null; windowDilation?: readonly number[] | null } = {}): number[] {
  options = checkOptions('reduceWindowShapeTuple', ['baseDilation', 'windowDilation'], options);
  checkIntegers('reduceWindowShapeTuple', 'operandShape', operandShape);
  checkIntegers('reduceWindowShapeTuple', 'windowDimensions', windowDimensions);
  return [...windowShape('reduceWindowShapeTuple', new ShapedArray(operandShape, 'float32'), windowParams(windowDimensions, { windowStrides, padding, ...options }))];
}
