import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { batchFlat } from '../interpreters/batch';
import { broadcastInDim, concatenate, range, reshape, sliceInDim, squeeze, transpose } from './structural';

/** Combines two lists of arrays elementwise: a reduction's computation on arrays in place of scalars. */
export type Combine = (a: readonly Array[], b: readonly Array[]) => readonly Array[];

/** The computation of a reduction, a jaxpr of scalars, for arrays. */
export function elementwise(computation: ClosedJaxpr): Combine {
  return (a, b) => {
    const shape = a[0]!.shape;
    const size = sizeOf(shape);
    const flat = [...a, ...b].map((x) => reshape(x, [size]));
    const r = batchFlat((xs) => evalJaxpr(computation.jaxpr, computation.consts, xs), { size, name: null }, flat, flat.map(() => 0));
    return r.outs.map((x, i) => (r.dims[i] === null ? broadcastInDim(x, shape, []) : reshape(x, shape)));
  };
}

/**
 * Reduces by halving, in ordinary operations: what a reduction is differentiated as when nothing is known of its computation.
 *
 * @param inits the computation's identity, a scalar for each array
 */
export function treeReduce(combine: Combine, inits: readonly Array[], operands: readonly Array[], axes: readonly number[]): Array[] {
  const shape = operands[0]!.shape;
  const kept = range(shape.length).filter((d) => !axes.includes(d));
  const rest = kept.map((d) => shape[d]!);
  const n = sizeOf(axes.map((d) => shape[d]!));
  if (n === 0) return inits.map((v) => broadcastInDim(v, rest, []));
  let xs = operands.map((x) => reshape(transpose(x, [...axes, ...kept]), [n, ...rest]));
  for (let m = n; m > 1;) {
    const half = m >> 1;
    const combined = combine(xs.map((x) => sliceInDim(x, 0, half, 0)), xs.map((x) => sliceInDim(x, half, 2 * half, 0)));
    // The one that is left over of an odd number waits for the next round.
    xs = m % 2 === 0 ? [...combined] : combined.map((c, i) => concatenate([c, sliceInDim(xs[i]!, m - 1, m, 0)], 0));
    m = half + (m % 2);
  }
  return xs.map((x) => squeeze(x, [0]));
}
