import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { BatchAxisError } from '../state/errors';
import { type Filter, toPredicate } from '../state/filters';
import { State } from '../state/state';
import { listStates, type States } from './pure';

/** States by the axis along which they are mapped; states without an axis are mapped along axis 0. */
export type StateAxes = States | { readonly [axis: number]: States };

/** What selects states: a filter as elsewhere, a state, or a list of either. */
// biome-ignore lint/suspicious/noExplicitAny: states of every kind of value
export type StateFilter = Filter | State<any> | readonly (State<any> | Filter)[];

/** Filters of states by axis (null: the state is the same for all lanes), as an object or a map; one filter alone is for axis 0. */
export type StateFilterAxes = StateFilter | { readonly [axis: string]: StateFilter } | ReadonlyMap<number | null, StateFilter>;

/** The axis of a state: a number, null where it has none, undefined where nothing is said of it. */
export type AxisOf = (state: State<unknown>) => number | null | undefined;

/** The axis of each state that is named. @throws BatchAxisError where a state is given with two axes */
export function axesOfStates(op: string, given: StateAxes | undefined): Map<State<unknown>, number> {
  const out = new Map<State<unknown>, number>();
  if (given === undefined || given === null) return out;
  const add = (states: unknown, axis: number) => {
    for (const s of listStates(states, op).states) {
      if (out.has(s) && out.get(s) !== axis) throw new BatchAxisError(`${op}: ${s.describe()} is given with axes ${out.get(s)} and ${axis}`);
      out.set(s, axis);
    }
  };
  const keys = Object.keys(given);
  if (isPlainObject(given) && keys.length > 0 && keys.every((k) => /^-?\d+$/.test(k))) for (const k of keys) add((given as Record<string, unknown>)[k], Number(k));
  else add(given, 0);
  return out;
}

function selects(op: string, filter: StateFilter): (s: State<unknown>) => boolean {
  if (filter instanceof State) return (s) => s === filter;
  if (globalThis.Array.isArray(filter)) {
    const parts = (filter as readonly StateFilter[]).map((f) => selects(op, f));
    return (s) => parts.some((p) => p(s));
  }
  const predicate = toPredicate(filter as Filter);
  return (s) => predicate([], s);
}

/** The filters for each axis, in the order given. */
export function filtersByAxis(op: string, given: StateFilterAxes | null | undefined): [number | null, (s: State<unknown>) => boolean][] {
  if (given === undefined || given === null) return [];
  if (given instanceof Map) return [...given].map(([axis, f]) => [axis as number | null, selects(op, f as StateFilter)]);
  if (isPlainObject(given)) {
    return Object.entries(given).map(([k, f]) => {
      if (k !== 'null' && !/^-?\d+$/.test(k)) throw new ArgumentError(`${op}: expected axes as keys, integers or null, got '${k}'`);
      return [k === 'null' ? null : Number(k), selects(op, f as StateFilter)];
    });
  }
  return [[0, selects(op, given as StateFilter)]];
}

/** The axis of a state by the first filter that selects it. */
export function axisByFilters(op: string, given: StateFilterAxes | null | undefined): AxisOf {
  const filters = filtersByAxis(op, given);
  return (s) => filters.find(([, f]) => f(s))?.[0];
}

/** A state's axis as a dimension of one of its arrays. @throws BatchAxisError if the array has too few */
export function dimensionOf(axis: number, x: Array, s: State<unknown>, op: string): number {
  if (!Number.isInteger(axis)) throw new ArgumentError(`${op}: expected axes to be integers or null, got ${describeValue(axis)}`);
  const d = axis < 0 ? axis + x.ndim : axis;
  if (d < 0 || d >= x.ndim) throw new BatchAxisError(`${op}: ${s.describe()} is mapped along axis ${axis}, but its value is of type ${x.aval}`);
  return d;
}
