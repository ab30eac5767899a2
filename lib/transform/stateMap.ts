import type { Array } from '../core/array';
import { currentTrace, withTrace, withTransform } from '../core/trace';
import { flatten } from '../core/tree';
import { evalShape } from '../functional/staging';
import { type AnyFunction, arraysOf, FlatFunction, isArrayLeaf } from '../functional/treeFunction';
import { type Axes, inDims, mappedSize, placeOuts } from '../functional/vmap';
import { type BatchTrace, batchFlat, materialize } from '../interpreters/batch';
import { indexInDim } from '../primitives/structural';
import { BatchAxisError } from '../state/errors';
import type { Filter } from '../state/filters';
import { catchNewStates } from '../state/newStates';
import type { State } from '../state/state';
import { type Effects, PureFunction } from './pure';
import { type AxisOf, dimensionOf } from './stateAxes';
import { probing } from './throwaway';

/** What happens to a state that lanes write with different values and that nothing is declared of. */
export type UnexpectedMapping = 'raise' | 'auto' | 'warn' | 'ignore';

export interface StateMapConfig {
  /** Name of the transform in messages. */
  op: string;
  what: string;
  inAxes: Axes;
  outAxes: Axes;
  axisName: string | null;
  axisSize: number | undefined;
  /** States that are mapped on entry, where they are named; their sizes count. */
  named: ReadonlyMap<State<unknown>, number>;
  inAxisOf: AxisOf;
  outAxisOf: AxisOf;
  unexpected: UnexpectedMapping;
  /** How to declare a state, for messages. */
  advice: string;
  /** Throws where an axis of the size cannot be mapped. */
  checkSize?: (size: number) => void;
  /** Where the function's own new states are to be kept, with values of all lanes. */
  newStates?: { tag: string | undefined; exclude: Filter | undefined; axisOf: (s: State<unknown>) => number | null };
}

/** States that an object knows of without keeping them. */
class WeakStates {
  private refs: WeakRef<State<unknown>>[] = [];

  add(s: State<unknown>): void {
    if (!this.list().includes(s)) this.refs.push(new WeakRef(s));
  }

  list(): State<unknown>[] {
    this.refs = this.refs.filter((r) => r.deref() !== undefined);
    return this.refs.map((r) => r.deref()!);
  }
}

/** Thrown where states turn out to hold a value for each lane already. */
class Promote extends Error {
  readonly states: readonly State<unknown>[];

  constructor(states: readonly State<unknown>[]) {
    super('states are to be mapped on entry');
    this.states = states;
  }
}

const warned = new WeakSet<State<unknown>>();

/** A state's value with every array passed through `f`. */
function mapLeaves(value: unknown, f: (x: Array, i: number) => Array): unknown {
  const [leaves, def] = flatten(value, isArrayLeaf);
  return def.unflatten(leaves.map((x, i) => f(x as Array, i)));
}

function sizeAlong(s: State<unknown>, axis: number): number | undefined {
  const first = s.flatValue().leaves[0];
  return first?.shape[axis < 0 ? axis + first.ndim : axis];
}

/** Arguments that are not mapped and hold more than arrays, such as functions: these are given to the function as they are. */
function notMapped(inAxes: Axes, args: readonly unknown[]): number[] {
  if (!globalThis.Array.isArray(inAxes) || inAxes.length !== args.length) return [];
  const isOther = (x: unknown) => typeof x === 'function' || typeof x === 'string' || typeof x === 'symbol' || (typeof x === 'object' && !isArrayLeaf(x));
  return args.flatMap((x, i) => (inAxes[i] === null && flatten(x, isArrayLeaf)[0].some(isOther) ? [i] : []));
}

/** What a mapped call gives. */
export interface Mapped {
  result: unknown;
  /** New states with values of all lanes, by axis. */
  made: Map<number | null, State<unknown>[]>;
}

/**
 * A function over a mapped axis of its arguments and of states: the machinery of all transforms that map.
 *
 * A random state that the function touches gives each lane a key, and goes on with one that no lane has.
 */
export class StateMap {
  private readonly fn: AnyFunction;
  private readonly c: StateMapConfig;
  /** States found by filters in earlier calls: they are in place before the function runs, as compiled functions in it compare their types. */
  private readonly found = new WeakStates();
  /** States without a declared axis that were found to hold a value for each lane. */
  private readonly perLane = new Map<number, WeakStates>();

  constructor(fn: AnyFunction, config: StateMapConfig) {
    this.fn = fn;
    this.c = config;
  }

  call(args: readonly unknown[]): Mapped {
    const { c } = this;
    const kept = notMapped(c.inAxes, args);
    if (kept.length > 0) {
      const mapped = args.map((_, i) => i).filter((i) => !kept.includes(i));
      const fn = (...xs: unknown[]) => (this.fn as (...a: unknown[]) => unknown)(...args.map((x, i) => (kept.includes(i) ? x : xs[mapped.indexOf(i)])));
      return new StateMap(fn, { ...c, inAxes: mapped.map((i) => (c.inAxes as readonly Axes[])[i]!) }).call(mapped.map((i) => args[i]));
    }
    const { leaves, def } = arraysOf(args, c.what);
    const dims = inDims(c.inAxes, def, leaves, c.what);
    let size = c.axisSize;
    if (size !== undefined || dims.some((d) => d !== null)) size = mappedSize(leaves, dims, def, c.axisSize, c.what);
    else size = this.sizeByStates(args);
    // Without anything that is mapped this says what is missing.
    if (size === undefined) size = mappedSize(leaves, dims, def, undefined, c.what);
    c.checkSize?.(size);
    try {
      return this.run(size, args, this.upfront(size));
    } catch (e) {
      if (!(e instanceof Promote)) throw e;
      return this.run(size, args, this.upfront(size));
    }
  }

  /** States that are mapped on entry, as far as they are known before the function runs. */
  private upfront(size: number): Map<State<unknown>, number> {
    const out = new Map(this.c.named);
    for (const s of this.found.list()) {
      const axis = this.c.inAxisOf(s);
      if (typeof axis === 'number') out.set(s, axis);
    }
    for (const [axis, states] of this.perLane) for (const s of states.list()) if (!out.has(s) && sizeAlong(s, axis) === size) out.set(s, axis);
    return out;
  }

  /** The size that states give which are mapped; where they are not named, the function is run on types to find them. */
  private sizeByStates(args: readonly unknown[]): number | undefined {
    const { c } = this;
    for (const [s, axis] of c.named) return sizeAlong(s, axis);
    const found: [State<unknown>, number][] = [];
    const pure = new PureFunction(this.fn, [], c.what, false, (s, value) => {
      const axis = c.inAxisOf(s);
      if (typeof axis !== 'number') return value;
      found.push([s, axis]);
      return mapLeaves(value, (x) => indexInDim(x, 0, dimensionOf(axis, x, s, c.what)));
    });
    try {
      probing(() => evalShape((...xs: unknown[]) => {
        pure.run([], ...xs);
        return null;
      }, ...args));
    } finally {
      pure.close();
    }
    const first = found[0];
    return first && sizeAlong(first[0], first[1]);
  }

  private checkSize(x: Array, dim: number, size: number, s: State<unknown>): void {
    if (x.shape[dim] !== size) throw new BatchAxisError(`${this.c.what}: the mapped axis has size ${size}, but ${s.describe()} is mapped and holds ${x.aval}, of size ${x.shape[dim]} at axis ${dim}`);
  }

  private run(size: number, args: readonly unknown[], upfront: ReadonlyMap<State<unknown>, number>): Mapped {
    const { c } = this;
    const { leaves, def } = arraysOf(args, c.what);
    const dims = inDims(c.inAxes, def, leaves, c.what);
    let trace!: BatchTrace;
    const inAxes = new Map(upfront);
    const after = new Map<State<unknown>, unknown>();
    const lift = (s: State<unknown>, value: unknown, axis: number) => mapLeaves(value, (x) => {
      const d = dimensionOf(axis, x, s, c.what);
      this.checkSize(x, d, size, s);
      return trace.lift(x, d);
    });
    const checkOut = (s: State<unknown>, axis: number) => {
      const out = c.outAxisOf(s);
      if (typeof out === 'number' && out !== axis) throw new BatchAxisError(`${c.what}: ${s.describe()} is mapped along axis ${axis} on entry, but axis ${out} on exit; they must agree`);
    };
    const stateList = [...upfront.keys()];
    const values = stateList.map((s) => s.value);
    stateList.forEach((s) => {
      checkOut(s, upfront.get(s)!);
    });
    const caught: State<unknown>[] = [];
    const { newStates } = c;
    const fn = newStates === undefined ? this.fn : ((...xs: unknown[]) => {
      const { result, catcher } = catchNewStates(() => this.fn(...xs), {
        ...(newStates.tag === undefined ? {} : { stateTag: newStates.tag }), ...(newStates.exclude === undefined ? {} : { stateToExclude: newStates.exclude }),
      });
      caught.push(...catcher.states);
      return [result ?? null, catcher.states.map((s) => s.current())];
    }) as AnyFunction;
    const pure = new PureFunction(fn, stateList, c.what, newStates !== undefined, (s, value) => {
      if (upfront.has(s)) return value;
      const split = withTrace(trace.parent, () => s.splitForLanes(size));
      if (split !== null) {
        after.set(s, split.after);
        return trace.lift(split.lanes, 0);
      }
      const axis = c.inAxisOf(s);
      if (typeof axis !== 'number') return value;
      checkOut(s, axis);
      inAxes.set(s, axis);
      this.found.add(s);
      return lift(s, value, axis);
    });
    const run = (...xs: unknown[]) => {
      trace = currentTrace() as BatchTrace;
      return pure.run(stateList.map((s, i) => lift(s, values[i], upfront.get(s)!)), ...xs);
    };
    try {
      const flat = new FlatFunction(run as AnyFunction, def, c.what, true, () => pure.written.length > 0);
      const r = batchFlat((xs) => withTransform('vmap', () => flat.call(xs)), { size, name: c.axisName }, leaves, dims);
      const n = flat.numOuts;
      const { aux, writes } = flat.auxDef!.unflatten(r.outs.slice(n)) as unknown as Effects;
      const auxDims = r.dims.slice(n);
      let at = 0;
      const dimsOf = (value: unknown) => {
        const count = flatten(value, isArrayLeaf)[0].length;
        at += count;
        return auxDims.slice(at - count, at);
      };
      // In the order of the keys of Effects, as trees have it.
      const newValues = newStates === undefined ? [] : (aux as unknown[]).map((value, i) => this.settleNew(caught[i]!, value, dimsOf(value), size));
      const perLane: [State<unknown>, number][] = [];
      const results = writes.map((w, i) => {
        const s = pure.written[i]!;
        const mine = dimsOf(w);
        if (after.has(s)) return after.get(s);
        const axis = inAxes.get(s);
        if (axis !== undefined) return this.place(w, mine, axis, size);
        return this.settle(s, w, mine, size, pure.wereRead.has(s), perLane);
      });
      if (perLane.length > 0) {
        for (const [s, axis] of perLane) {
          const known = this.perLane.get(axis) ?? new WeakStates();
          known.add(s);
          this.perLane.set(axis, known);
        }
        throw new Promote(perLane.map(([s]) => s));
      }
      pure.commit(results);
      // A random state that was only read gave its lanes keys, too.
      for (const [s, value] of after) if (!pure.written.includes(s)) s.writeBack(value);
      const made = new Map<number | null, State<unknown>[]>();
      caught.forEach((s, i) => {
        const { axis, value } = newValues[i]!;
        s.replaceQuietly(value);
        made.set(axis, [...(made.get(axis) ?? []), s]);
      });
      return { result: flat.outDef.unflatten(placeOuts(r.outs.slice(0, n), r.dims.slice(0, n), c.outAxes, flat.outDef, size, c.what)), made };
    } finally {
      pure.close();
    }
  }

  private place(value: unknown, dims: readonly (number | null)[], axis: number, size: number): unknown {
    return mapLeaves(value, (x, i) => {
      const d = dims[i]!;
      const rank = d === null ? x.ndim + 1 : x.ndim;
      return materialize(x, d, size, axis < 0 ? axis + rank : axis);
    });
  }

  /** What a written state's value becomes that was not mapped on entry. Where all lanes wrote the same value, the state holds that. */
  private settle(s: State<unknown>, value: unknown, dims: readonly (number | null)[], size: number, wasRead: boolean, perLane: [State<unknown>, number][]): unknown {
    const { c } = this;
    const first = dims.find((d) => d !== null);
    if (first === undefined || first === null) return value;
    const axis = c.outAxisOf(s);
    if (axis === null) throw new BatchAxisError(`${c.what}: ${s.describe()} is declared to be the same in all lanes, but was written with values that differ along the mapped axis`);
    if (axis !== undefined) return this.place(value, dims, axis, size);
    const differs = `${s.describe()} was written with values that differ along the mapped axis, but ${c.advice}`;
    if (c.unexpected === 'raise') throw new BatchAxisError(`${c.what}: ${differs}`);
    if (c.unexpected === 'warn') process.emitWarning(`${c.what}: ${differs}; it now holds the values of all lanes`, 'UserWarning');
    if (c.unexpected === 'auto' && wasRead) {
      if (sizeAlong(s, first) === size) perLane.push([s, first]);
      else if (!warned.has(s)) {
        warned.add(s);
        process.emitWarning(`${c.what}: ${differs}; as its value has no axis of size ${size} at ${first}, it gets one. Give it one before, or declare it, if each lane is to go on with its own`, 'UserWarning');
      }
    }
    return this.place(value, dims, first, size);
  }

  private settleNew(s: State<unknown>, value: unknown, dims: readonly (number | null)[], size: number): { axis: number | null; value: unknown } {
    const axis = this.c.newStates!.axisOf(s);
    if (axis !== null) return { axis, value: this.place(value, dims, axis, size) };
    if (dims.some((d) => d !== null)) throw new BatchAxisError(`${this.c.what}: the new state ${s.describe()} is to be the same in all lanes, but holds values that differ along the mapped axis`);
    return { axis, value };
  }
}
