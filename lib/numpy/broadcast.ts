import { Array } from '../core/array';
import { checkShape, sameShape, type Shape } from '../core/aval';
import { dtypeKind, type TypeInfo } from '../core/dtype';
import { ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, inexactDtype, resultType } from '../lax/arrayLike';
import { broadcastInDim, range } from '../primitives/structural';

/** The shape that arrays of the given shapes broadcast to: dimensions go together from the last, and one of size 1 (or missing) with any. @throws ShapeError naming `op` */
export function broadcastShape(op: string, shapes: readonly Shape[]): Shape {
  const first = shapes[0];
  if (first !== undefined && shapes.every((s) => sameShape(s, first))) return first;
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const out = new globalThis.Array<number>(rank).fill(1);
  for (const s of shapes) {
    s.forEach((n, i) => {
      const d = rank - s.length + i;
      if (n === 1 || n === out[d]) return;
      if (out[d] !== 1) throw new ShapeError(`${op}: shapes do not broadcast together: ${shapes.map((t) => `[${t.join(', ')}]`).join(' and ')}`);
      out[d] = n;
    });
  }
  return out;
}

/**
 * The shape that arrays of the given shapes broadcast to. Mirrors `jax.numpy.broadcast_shapes`.
 *
 * @throws ShapeError where they do not broadcast
 * @example
 * np.broadcastShapes([2, 1], [3]) // [2, 3]
 */
export function broadcastShapes(...shapes: readonly (Shape | number)[]): number[] {
  return [...broadcastShape('broadcastShapes', shapes.map((s) => checkShape('broadcastShapes', s)))];
}

/** An array repeated to a shape that it broadcasts to. */
export function broadcastToShape(op: string, x: Array, shape: Shape): Array {
  if (sameShape(x.shape, shape)) return x;
  const lead = shape.length - x.ndim;
  if (lead < 0 || x.shape.some((n, i) => n !== 1 && n !== shape[lead + i])) throw new ShapeError(`${op}: cannot broadcast ${x.aval} to shape [${shape.join(', ')}]`);
  return broadcastInDim(x, shape, range(x.ndim).map((d) => d + lead));
}

/**
 * An array repeated to a shape: missing dimensions go to the front. Mirrors `jax.numpy.broadcast_to`.
 *
 * @throws ShapeError where the shape does not fit
 * @example
 * np.broadcastTo([1, 2], [3, 2]).shape // [3, 2]
 */
export function broadcastTo(array: ArrayLike, shape: Shape | number): Array {
  return broadcastToShape('broadcastTo', asArray(array, 'broadcastTo'), checkShape('broadcastTo', shape));
}

/** Arrays of one shape, dtypes as they are. */
export function broadcastAll(op: string, xs: readonly Array[]): Array[] {
  const shape = broadcastShape(op, xs.map((x) => x.shape));
  return xs.map((x) => broadcastToShape(op, x, shape));
}

/**
 * Arrays repeated to their common shape. Mirrors `jax.numpy.broadcast_arrays`.
 *
 * @throws ShapeError where they do not broadcast
 * @example
 * np.broadcastArrays([[1], [2]], [1, 2, 3]).map((x) => x.shape) // [[2, 3], [2, 3]]
 */
export function broadcastArrays(...args: readonly ArrayLike[]): Array[] {
  return broadcastAll('broadcastArrays', args.map((x) => asArray(x, 'broadcastArrays')));
}

/**
 * Arrays of one rank, as elementwise primitives take them: scalars stay scalars, and dimensions of size 1 stay, since the primitives repeat them.
 *
 * @throws ShapeError where the shapes do not broadcast
 */
export function promoteShapes(op: string, xs: readonly Array[]): Array[] {
  let first: Shape | undefined;
  let alike = true;
  for (const x of xs) {
    if (x.ndim === 0) continue;
    if (first === undefined) first = x.shape;
    else if (!sameShape(first, x.shape)) alike = false;
  }
  if (alike) return [...xs];
  const ranks = xs.map((x) => x.ndim).filter((n) => n > 0);
  broadcastShape(op, xs.map((x) => x.shape));
  const rank = Math.max(0, ...ranks);
  if (ranks.every((n) => n === rank)) return [...xs];
  return xs.map((x) => (x.ndim === 0 || x.ndim === rank ? x : broadcastInDim(x, [...range(rank - x.ndim).map(() => 1), ...x.shape], range(x.ndim).map((d) => d + rank - x.ndim))));
}

function promote(op: string, xs: readonly ArrayLike[], choose: (t: TypeInfo) => TypeInfo): Array[] {
  // Mostly there is nothing to do.
  const a = xs[0];
  const b = xs[1] ?? a;
  if (xs.length <= 2 && a instanceof Array && b instanceof Array && a.aval.equals(b.aval)) {
    const t = choose(resultType(a));
    if (t.dtype === a.aval.dtype && t.weakType === a.aval.weakType) return xs as Array[];
  }
  const arrays = xs.map((x) => asArray(x, op));
  const { dtype, weakType } = choose(resultType(...arrays));
  return promoteShapes(op, arrays.map((x) => astype(x, dtype, weakType)));
}

/** Operands of an elementwise primitive, converted to their common dtype and of one rank. Host scalars stay literals. */
export function promoteArgs(op: string, ...xs: readonly ArrayLike[]): Array[] {
  return promote(op, xs, (t) => t);
}

/** As {@link promoteArgs}, with integers and booleans promoted to floats. */
export function promoteArgsInexact(op: string, ...xs: readonly ArrayLike[]): Array[] {
  return promote(op, xs, (t) => ({ dtype: inexactDtype(t.dtype), weakType: t.weakType }));
}

/** As {@link promoteArgs}, with booleans promoted to int32. */
export function promoteArgsNumeric(op: string, ...xs: readonly ArrayLike[]): Array[] {
  return promote(op, xs, (t) => (dtypeKind(t.dtype) === 'bool' ? { dtype: 'int32', weakType: t.weakType } : t));
}
