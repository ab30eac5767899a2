import { Array } from '../core/array';
import { canonAxis } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue, type NestedLike } from '../functional/arrayLike';
import { indexInDim, range, reshape } from '../primitives/structural';

/** One axis or several, negative ones counted from the end; null: all. */
export type Axis = number | readonly number[] | null;

/** Axes from 0 to ndim − 1 in the order given, some perhaps twice. @throws ArgumentError for what is neither an integer nor a list */
export function axisList(op: string, axis: number | readonly number[], ndim: number): number[] {
  const list: unknown = typeof axis === 'number' ? [axis] : axis;
  if (!globalThis.Array.isArray(list)) throw new ArgumentError(`${op}: expected axis to be an integer or a list of integers, got ${describeValue(axis)}`);
  return list.map((a) => canonAxis(op, a as number, ndim));
}

/** Axes from 0 to ndim − 1 in the order given; null and undefined are all. @throws ArgumentError for one named twice */
export function canonAxes(op: string, axis: Axis | undefined, ndim: number): number[] {
  if (axis === null || axis === undefined) return range(ndim);
  const list = axisList(op, axis, ndim);
  if (new Set(list).size !== list.length) throw new ArgumentError(`${op}: axis [${String(axis)}] names an axis twice`);
  return list;
}

/** The arrays of a list, or the rows of one array. */
export function arrayList(op: string, xs: readonly ArrayLike[] | Array): Array[] {
  if (xs instanceof Array) {
    if (xs.ndim === 0) throw new ShapeError(`${op}: expected a list of arrays or an array of rows, got ${xs.aval}`);
    return range(xs.shape[0]!).map((i) => indexInDim(xs, i, 0));
  }
  if (!globalThis.Array.isArray(xs)) throw new ArgumentError(`${op}: expected a list of arrays, got ${describeValue(xs)}`);
  if (xs.length === 0) throw new ArgumentError(`${op}: expected at least one array, got none`);
  return xs.map((x) => asArray(x, op));
}

/** New dimensions of size 1 at the given places of the result. */
export function expand(x: Array, dims: readonly number[]): Array {
  const shape = [...x.shape];
  for (const d of [...dims].sort((a, b) => a - b)) shape.splice(d, 0, 1);
  return reshape(x, shape);
}

/** Whole numbers as an argument: a number, a list, or a concrete integer array. */
export function staticInts(op: string, name: string, x: number | readonly number[] | Array | NestedLike): number[] {
  const values = x instanceof Array ? (x.ndim === 0 ? [x.item()] : (x.js() as unknown[])) : typeof x === 'number' ? [x] : (x as readonly unknown[]);
  if (!globalThis.Array.isArray(values)) throw new ArgumentError(`${op}: expected ${name} to be an integer or a list of integers, got ${describeValue(x)}`);
  return values.map((v) => {
    const n = Number(v);
    if (!Number.isInteger(n)) throw new ArgumentError(`${op}: expected ${name} to hold integers, got ${String(v)}`);
    return n;
  });
}

/** Padding of one axis, in the form that the primitive takes. */
export function padAt(ndim: number, axis: number, low: number, high: number): [number, number, number][] {
  return range(ndim).map((d) => (d === axis ? [low, high, 0] : [0, 0, 0]));
}
