import type { Array } from '../core/array';
import type { ShapedArray, Shape } from '../core/aval';
import { ArgumentError, ShapeError } from '../core/errors';
import { broadcastInDim, pad, range, slice } from './structural';

/** A window that slides over an array: one entry for each dimension. */
export interface WindowParams {
  windowDimensions: readonly number[];
  windowStrides: readonly number[];
  padding: readonly (readonly [number, number])[];
  /** Distance of the array's elements in what the window slides over. */
  baseDilation: readonly number[];
  /** Distance of the elements that a window takes. */
  windowDilation: readonly number[];
}

/** Options of a window; strides and dilations are 1 by default, padding 0. */
export interface WindowOptions {
  windowStrides?: readonly number[] | null;
  padding?: readonly (readonly [number, number])[];
  baseDilation?: readonly number[] | null;
  windowDilation?: readonly number[] | null;
}

/** The window's parameters with defaults filled in. */
export function windowParams(windowDimensions: readonly number[], o: WindowOptions = {}): WindowParams {
  const ones = windowDimensions.map(() => 1);
  return {
    windowDimensions, windowStrides: o.windowStrides ?? ones, padding: o.padding ?? ones.map(() => [0, 0] as const),
    baseDilation: o.baseDilation ?? ones, windowDilation: o.windowDilation ?? ones,
  };
}

/** Size of a dimension whose elements are `dilation` apart. */
export const dilated = (n: number, dilation: number) => (n === 0 ? 0 : 1 + dilation * (n - 1));

/** Shape of the windows' results. */
export function windowShape(op: string, x: ShapedArray, w: WindowParams): Shape {
  for (const [name, least] of [['windowDimensions', 1], ['windowStrides', 1], ['baseDilation', 1], ['windowDilation', 1]] as const) {
    const v = w[name];
    if (v.length !== x.ndim) throw new ShapeError(`${op}: expected ${x.ndim} entries in ${name} for ${x}, got [${v}]`);
    if (v.some((d) => !Number.isInteger(d) || d < least)) throw new ArgumentError(`${op}: expected ${name} to hold integers of at least ${least}, got [${v}]`);
  }
  if (w.padding.length !== x.ndim || w.padding.some((p) => p.length !== 2 || !p.every(Number.isInteger))) throw new ShapeError(`${op}: expected ${x.ndim} pairs in padding for ${x}, got ${JSON.stringify(w.padding)}`);
  return x.shape.map((n, i) => {
    const [lo, hi] = w.padding[i]!;
    const room = dilated(n, w.baseDilation[i]!) + lo + hi - dilated(w.windowDimensions[i]!, w.windowDilation[i]!);
    return room < 0 ? 0 : Math.floor(room / w.windowStrides[i]!) + 1;
  });
}

/** The window with a dimension inserted in which it has size 1: how a mapped dimension is passed over. */
export function insertDimension(w: WindowParams, at: number): WindowParams {
  const put = <T>(xs: readonly T[], v: T): T[] => [...xs.slice(0, at), v, ...xs.slice(at)];
  return {
    windowDimensions: put(w.windowDimensions, 1), windowStrides: put(w.windowStrides, 1), padding: put(w.padding, [0, 0] as const),
    baseDilation: put(w.baseDilation, 1), windowDilation: put(w.windowDilation, 1),
  };
}

/** Positions in a window in row-major order. */
export function offsets(windowDimensions: readonly number[]): number[][] {
  return windowDimensions.reduce<number[][]>((all, n) => all.flatMap((o) => range(n).map((k) => [...o, k])), [[]]);
}

/** The elements at each position of the windows, an array of the windows' shape for each: what is padded is `value`. */
export function windowElements(x: Array, value: Array, w: WindowParams): Array[] {
  const out = windowShape('window', x.aval, w);
  // More may be cut off than there is.
  if (out.includes(0)) return offsets(w.windowDimensions).map(() => broadcastInDim(value, out, []));
  const padded = pad(x, value, w.padding.map(([lo, hi], i) => [lo, hi, w.baseDilation[i]! - 1] as const));
  return offsets(w.windowDimensions).map((k) => {
    const start = k.map((o, i) => o * w.windowDilation[i]!);
    return slice(padded, start, start.map((s, i) => s + (out[i]! - 1) * w.windowStrides[i]! + 1), w.windowStrides);
  });
}
