import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import type { BatchDim } from '../core/primitive';
import { withTransform } from '../core/trace';
import { broadcastPrefix, keystr, pathsOf, type TreeDef } from '../core/tree';
import { batchFlat, materialize } from '../interpreters/batch';
import { type AnyFunction, arraysOf, FlatFunction, nameOf } from './treeFunction';

/** Where a mapped axis is: a dimension, null for none, or a tree of these that is a prefix of what it stands for. */
export type Axes = number | null | readonly Axes[] | { readonly [key: string]: Axes } | ReadonlyMap<unknown, Axes>;

export interface VmapOptions {
  /** Which dimension of each argument is mapped: one for all, or a list with an entry for each argument. Default 0. */
  inAxes?: Axes;
  /** Where the mapped axis goes in the results. Default 0. */
  outAxes?: Axes;
  /** A name by which collectives (`lax.psum` …) refer to the axis. */
  axisName?: string;
  /** Size of the axis, where no argument is mapped. */
  axisSize?: number;
}

/** Where a leaf is in a structure. To tell takes a walk through all of it, so that it is only done for errors. */
function pathOf(def: TreeDef, i: number): string {
  return keystr(pathsOf(def)[i]!);
}

/** Checks an axis against a rank; negative ones count from the end. */
function axisIn(axis: unknown, rank: number, what: () => string): BatchDim {
  if (axis === null) return null;
  if (typeof axis !== 'number' || !Number.isInteger(axis)) throw new ArgumentError(`${what()}: expected an integer or null, got ${String(axis)}`);
  if (axis >= rank || axis < -rank) throw new ShapeError(`${what()}: axis ${axis} is out of range for an array of rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** The mapped dimension of each leaf, from inAxes. */
export function inDims(inAxes: Axes, def: TreeDef, leaves: readonly Array[], what: string): BatchDim[] {
  if (globalThis.Array.isArray(inAxes) && inAxes.length !== def.children.length) {
    throw new ArgumentError(`${what}: expected inAxes to have an entry for each of the ${def.children.length} arguments, got ${inAxes.length}`);
  }
  const axes = broadcastPrefix(inAxes, def, `${what}: inAxes`);
  return axes.map((a, i) => axisIn(a, leaves[i]!.ndim, () => `${what}: inAxes at argument ${pathOf(def, i)}`));
}

/** Size of the mapped axis; all mapped arguments must agree. */
export function mappedSize(leaves: readonly Array[], dims: readonly BatchDim[], def: TreeDef, axisSize: number | undefined, what: string): number {
  let size = axisSize;
  // The argument that it is the size of.
  let by: number | null = null;
  dims.forEach((d, i) => {
    if (d === null) return;
    const n = leaves[i]!.shape[d]!;
    if (size === undefined) [size, by] = [n, i];
    else if (n !== size) {
      throw new ShapeError(`${what}: mapped axes have different sizes: ${by === null ? 'axisSize' : `argument ${pathOf(def, by)}`} has ${size}, `
        + `argument ${pathOf(def, i)} of type ${leaves[i]!.aval} has ${n} at axis ${d}`);
    }
  });
  if (size === undefined) throw new ArgumentError(`${what}: at least one argument must be mapped (inAxes all null), or axisSize given`);
  checkInteger(what, 'axisSize', size, 0);
  return size;
}

/**
 * Maps a function over an axis of its arguments.
 *
 * Mirrors `jax.vmap`. The second argument may be `inAxes` itself.
 *
 * @example
 * ```ts
 * const dot = (x: np.Array, y: np.Array) => np.dot(x, y);
 * const rows = vmap(dot, [0, null]); // a matrix's rows with one vector
 * ```
 */
export function vmap(f: AnyFunction, options: VmapOptions = {}): (...args: unknown[]) => unknown {
  const what = `vmap of ${nameOf(f)}`;
  const inAxes = options.inAxes === undefined ? 0 : options.inAxes;
  const outAxes = options.outAxes === undefined ? 0 : options.outAxes;
  return (...args) => {
    const { leaves, def } = arraysOf(args, what);
    const dims = inDims(inAxes, def, leaves, what);
    const size = mappedSize(leaves, dims, def, options.axisSize, what);
    const flat = new FlatFunction(f, def, what);
    const r = batchFlat((xs) => withTransform('vmap', () => flat.call(xs)), { size, name: options.axisName ?? null }, leaves, dims);
    return flat.outDef.unflatten(placeOuts(r.outs, r.dims, outAxes, flat.outDef, size, what));
  };
}

/** Results with their mapped axis where outAxes wants it. */
export function placeOuts(outs: readonly Array[], dims: readonly BatchDim[], outAxes: Axes, outDef: TreeDef, size: number, what: string): Array[] {
  const axes = broadcastPrefix(outAxes, outDef, `${what}: outAxes`);
  return outs.map((x, i) => {
    const d = dims[i]!;
    const rank = d === null ? x.ndim + 1 : x.ndim;
    const to = axisIn(axes[i], rank, () => `${what}: outAxes at ${pathOf(outDef, i) || 'the result'}`);
    if (to === null) {
      if (d !== null) throw new ArgumentError(`${what}: outAxes is null at ${pathOf(outDef, i) || 'the result'}, but the result differs along the mapped axis`);
      return x;
    }
    return materialize(x, d, size, to);
  });
}
