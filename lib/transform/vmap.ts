import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { currentTrace, withTrace } from '../core/trace';
import { flatten, TreeDef } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { type AnyFunction, arraysOf, FlatFunction, isArrayLeaf, type LikedArgs, nameOf } from '../functional/treeFunction';
import { type Axes, inDims, mappedSize, placeOuts } from '../functional/vmap';
import { type BatchTrace, batchFlat, materialize } from '../interpreters/batch';
import { BatchAxisError } from '../state/errors';
import type { State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { type Effects, listStates, PureFunction, type States } from './pure';

/** States by the axis along which they are mapped; states without an axis are mapped along axis 0. */
export type StateAxes = States | { readonly [axis: number]: States };

export interface VmapOptions {
  /** Which dimension of each argument is mapped: one for all, or a list with an entry for each argument. Default 0. */
  inAxes?: Axes;
  /** Where the mapped axis goes in the results. Default 0. */
  outAxes?: Axes;
  /** A name by which collectives (`lax.psum` …) refer to the axis. */
  axisName?: string;
  /** Size of the axis, where no argument is mapped. */
  axisSize?: number;
  /** States that have the mapped axis: each lane sees its own part, and what it writes stays apart. */
  inStates?: StateAxes;
  /** States that get the mapped axis where lanes write different values. */
  outStates?: StateAxes;
}

/** The axis of each state that is mapped. @throws BatchAxisError where a state is given with two axes */
function stateAxes(op: string, given: StateAxes | undefined): Map<State<unknown>, number> {
  const out = new Map<State<unknown>, number>();
  if (given === undefined || given === null) return out;
  const add = (states: unknown, axis: number) => {
    for (const s of listStates(states, op).states) {
      if (out.has(s) && out.get(s) !== axis) throw new BatchAxisError(`${op}: ${s.describe()} is given with axes ${out.get(s)} and ${axis}`);
      out.set(s, axis);
    }
  };
  const keys = Object.keys(given);
  const plain = Object.getPrototypeOf(given) === Object.prototype;
  if (plain && keys.length > 0 && keys.every((k) => /^-?\d+$/.test(k))) for (const k of keys) add((given as Record<string, unknown>)[k], Number(k));
  else add(given, 0);
  return out;
}

/** A state's value with every array passed through `f`. */
function mapLeaves(value: unknown, f: (x: Array) => Array): unknown {
  const [leaves, def] = flatten(value, isArrayLeaf);
  return def.unflatten(leaves.map((x) => f(x as Array)));
}

function normalAxis(axis: number, x: Array, s: State<unknown>, op: string): number {
  const d = axis < 0 ? axis + x.ndim : axis;
  if (d < 0 || d >= x.ndim) throw new BatchAxisError(`${op}: ${s.describe()} is mapped along axis ${axis}, but its value is of type ${x.aval}`);
  return d;
}

/**
 * Maps a function over an axis of its arguments, and of the states in `inStates`.
 *
 * Random states that the function uses are split: each lane draws its own numbers. A state that lanes write differently must be declared in
 * `inStates` or `outStates`. Mirrors `brainstate.transform.vmap`, and on functions without states `jax.vmap`; the second argument may be `inAxes` itself.
 *
 * @throws BatchAxisError for a state that is written with lanes' values without being declared
 * @example
 * ```ts
 * vmap((x: np.Array, y: np.Array) => np.dot(x, y), [0, null])(np.ones([5, 3]), np.arange(3));
 * ```
 */
export function vmap<F extends AnyFunction>(f: F, options?: VmapOptions | Axes): (...args: LikedArgs<Parameters<F>>) => ReturnType<F>;
export function vmap(module: { call(...args: never[]): unknown }, options?: VmapOptions | Axes): (...args: unknown[]) => never;
export function vmap(options: VmapOptions): (f: Callable) => (...args: unknown[]) => unknown;
export function vmap(f: Callable | VmapOptions, options?: VmapOptions | Axes): unknown {
  if (typeof f !== 'function' && typeof (f as { call?: unknown } | null)?.call !== 'function') {
    if (f === null || typeof f !== 'object') throw new ArgumentError(`vmap: expected a function or a module, got ${describeValue(f)}`);
    return (g: Callable) => vmap(g as AnyFunction, f as VmapOptions);
  }
  const fn = asFunction(f as Callable, 'vmap');
  const o: VmapOptions = options === undefined || (options !== null && typeof options === 'object' && !globalThis.Array.isArray(options) && !(options instanceof Map)) ? ((options ?? {}) as VmapOptions) : { inAxes: options as Axes };
  return mapped(fn, o);
}

const OPTIONS = ['inAxes', 'outAxes', 'axisName', 'axisSize', 'inStates', 'outStates'];

function mapped(fn: AnyFunction, o: VmapOptions): (...args: unknown[]) => unknown {
  const what = `vmap of ${nameOf(fn)}`;
  const unknown = Object.keys(o).find((k) => !OPTIONS.includes(k));
  if (unknown !== undefined) throw new ArgumentError(`vmap: unknown option '${unknown}'; expected one of ${OPTIONS.join(', ')}`);
  const inAxes = o.inAxes === undefined ? 0 : o.inAxes;
  const outAxes = o.outAxes === undefined ? 0 : o.outAxes;
  const ins = stateAxes('vmap: inStates', o.inStates);
  const outs = stateAxes('vmap: outStates', o.outStates);
  for (const [s, axis] of ins) {
    if (outs.has(s) && outs.get(s) !== axis) throw new BatchAxisError(`vmap: ${s.describe()} is mapped along axis ${axis} on entry, but axis ${outs.get(s)} on exit; they must agree`);
    outs.set(s, axis);
  }
  return (...args) => {
    const { leaves, def } = arraysOf(args, what);
    const dims = inDims(inAxes, def, leaves, what);
    const stateList = [...ins.keys()];
    const values = stateList.map((s) => s.value);
    const flatStates = stateList.map((s, i) => {
      const [xs, d] = flatten(values[i], isArrayLeaf);
      return { def: d, leaves: xs as Array[], dims: (xs as Array[]).map((x) => normalAxis(ins.get(s)!, x, s, what)) };
    });
    const allLeaves = [...leaves, ...flatStates.flatMap((s) => s.leaves)];
    const allDims = [...dims, ...flatStates.flatMap((s) => s.dims)];
    const size = sizeOf(allLeaves, allDims, def, o.axisSize, leaves.length, what);
    let trace: BatchTrace;
    const after = new Map<State<unknown>, unknown>();
    // A random state gives each lane a key when the function first touches it, and goes on with one that no lane has.
    const pure = new PureFunction(fn, stateList, what, false, (s, value) => {
      const split = withTrace(trace.parent, () => s.splitForLanes(size));
      if (split === null) return value;
      after.set(s, split.after);
      return trace.lift(split.lanes, 0);
    });
    const run = (...all: unknown[]) => {
      trace = currentTrace() as BatchTrace;
      return pure.run(all.slice(def.children.length), ...all.slice(0, def.children.length));
    };
    try {
      const flat = new FlatFunction(run as AnyFunction, joinDefs(def, flatStates.map((s) => s.def)), what, true);
      const r = batchFlat(flat.call, { size, name: o.axisName ?? null }, allLeaves, allDims);
      const n = flat.numOuts;
      const { writes } = flat.auxDef!.unflatten(r.outs.slice(n)) as unknown as Effects;
      const auxDims = r.dims.slice(n);
      let at = 0;
      const results = writes.map((w, i) => {
        const s = pure.written[i]!;
        const count = flatten(w, isArrayLeaf)[0].length;
        const mine = auxDims.slice(at, at + count);
        at += count;
        if (after.has(s)) return after.get(s);
        return settle(s, w, mine, outs, size, what);
      });
      pure.commit(results);
      return flat.outDef.unflatten(placeOuts(r.outs.slice(0, n), r.dims.slice(0, n), outAxes, flat.outDef, size, what));
    } finally {
      pure.close();
    }
  };
}

function sizeOf(leaves: readonly Array[], dims: readonly (number | null)[], def: Parameters<typeof mappedSize>[2], axisSize: number | undefined, numArgs: number, what: string): number {
  // Without mapped arguments the states give the size.
  const byArgs = dims.slice(0, numArgs).some((d) => d !== null);
  if (!byArgs && axisSize === undefined) {
    const i = dims.findIndex((d) => d !== null);
    if (i >= 0) return checkAll(leaves, dims, leaves[i]!.shape[dims[i]!]!, what);
  }
  return checkAll(leaves, dims, mappedSize(leaves.slice(0, numArgs), dims.slice(0, numArgs), def, axisSize, what), what);
}

function checkAll(leaves: readonly Array[], dims: readonly (number | null)[], size: number, what: string): number {
  dims.forEach((d, i) => {
    if (d !== null && leaves[i]!.shape[d] !== size) throw new BatchAxisError(`${what}: the mapped axis has size ${size}, but a mapped state holds ${leaves[i]!.aval}, of size ${leaves[i]!.shape[d]} at axis ${d}`);
  });
  return size;
}

/** What a written state's value becomes: with the mapped axis where it is declared to have one. */
function settle(s: State<unknown>, value: unknown, dims: readonly (number | null)[], outs: ReadonlyMap<State<unknown>, number>, size: number, what: string): unknown {
  const axis = outs.get(s);
  let i = 0;
  return mapLeaves(value, (x) => {
    const d = dims[i++]!;
    if (axis === undefined) {
      if (d !== null) throw new BatchAxisError(`${what}: ${s.describe()} was written with values that differ along the mapped axis, but is in neither inStates nor outStates; declare it in outStates`);
      return x;
    }
    const rank = d === null ? x.ndim + 1 : x.ndim;
    return materialize(x, d, size, axis < 0 ? axis + rank : axis);
  });
}

/** Structure of the list of arguments with further entries. */
function joinDefs(def: TreeDef, more: readonly TreeDef[]): TreeDef {
  return new TreeDef('list', [...def.children, ...more], []);
}
