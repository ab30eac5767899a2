import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { type Filter, toPredicate } from '../state/filters';
import { NestedDict } from '../state/nestedDict';
import { type Path, pathText } from '../state/paths';
import { State } from '../state/state';
import { TreefyState } from '../state/treefyState';
import { split } from './context';
import { flatten, unflatten } from './flatten';
import type { GraphDef } from './graphDef';
import { checkGraph, entriesOf, nodeTypeOf } from './nodeTypes';
import { walk } from './walk';

/** Structure of a graph. Mirrors `brainstate.graph.graphdef`. @example graph.graphdef(new nn.Linear(3, 2)) instanceof graph.GraphDef; // true */
export function graphdef(root: unknown): GraphDef {
  return flatten(root)[0];
}

/**
 * A copy of a graph: new nodes and states, the same arrays, shared as in the original. Mirrors `brainstate.graph.clone`.
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * const copy = graph.clone(layer);
 * copy.weight === layer.weight; // false
 * ```
 */
export function clone<T>(root: T): T {
  const [def, states] = flatten(root);
  return unflatten(def, states) as T;
}

/**
 * Snapshots of a graph's states, nested as in the graph; with several filters a list. Mirrors `brainstate.graph.treefy_states`.
 *
 * @param root a node, or a tree of them
 * @example
 * ```ts
 * const states = graph.treefyStates(new nn.Linear(3, 2));
 * states.toFlat().size; // 1
 * ```
 */
export function treefyStates(root: unknown): NestedDict<TreefyState>;
export function treefyStates(root: unknown, filter: Filter): NestedDict<TreefyState>;
export function treefyStates(root: unknown, ...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[];
export function treefyStates(root: unknown, ...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[] {
  const [, states] = flatten(root);
  return filters.length === 0 ? (states as NestedDict<TreefyState>) : (states.filter(...filters) as NestedDict<TreefyState>);
}

/**
 * `[graphdef, states]`, or with filters `[graphdef, ...parts]`, which must take every state. Mirrors `brainstate.graph.treefy_split`.
 *
 * @param root a node, or a tree of them
 * @example
 * ```ts
 * const [def, params, rest] = graph.treefySplit(new nn.Linear(3, 2), ParamState, () => true);
 * [def instanceof graph.GraphDef, params!.toFlat().size, rest!.toFlat().size]; // [true, 1, 0]
 * ```
 */
export function treefySplit(root: unknown, ...filters: Filter[]): [GraphDef, ...NestedDict<TreefyState>[]] {
  return split(root, filters, null);
}

/**
 * The graph that {@link treefySplit} took apart, anew. Mirrors `brainstate.graph.treefy_merge`.
 *
 * @param def the structure
 * @param states maps of states
 * @example
 * ```ts
 * const [def, states] = graph.treefySplit(new nn.Linear(3, 2));
 * graph.treefyMerge(def, states!) instanceof nn.Linear; // true
 * ```
 */
export function treefyMerge(def: GraphDef, ...states: NestedDict<unknown>[]): unknown {
  return unflatten(def, ...states);
}

/**
 * Sets a graph's states, in place, to the values of snapshots. A path that the graph does not have becomes a new state there.
 *
 * Mirrors `brainstate.graph.update_states`.
 *
 * @param root a node, or a tree of them
 * @param updates maps of states, as `treefyStates` gives them
 * @throws TreeError if a value's structure differs
 * @example
 * ```ts
 * const [a, b] = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
 * graph.updateStates(a, graph.treefyStates(b));
 * np.arrayEqual(a.weight.value.weight, b.weight.value.weight).js(); // true
 * ```
 */
export function updateStates(root: unknown, ...updates: NestedDict<unknown>[]): void {
  checkGraph('updateStates', root);
  for (const u of updates) {
    if (!(u instanceof NestedDict)) throw new ArgumentError(`graph.updateStates: expected what treefyStates gives, got ${describeValue(u)}`);
    apply(root, u, []);
  }
}

function apply(at: object, updates: NestedDict<unknown>, path: Path): void {
  for (const [k, u] of updates) {
    const here = [...path, k];
    const type = nodeTypeOf(at);
    const get = at instanceof Map ? at.get(k) : type === undefined ? (at as Record<string | number, unknown>)[k] : type.flatten(at).items.find(([n]) => n === k)?.[1];
    if (u instanceof NestedDict) {
      if (get === undefined || get === null || typeof get !== 'object') throw new ArgumentError(`graph.updateStates: there is no node at ${pathText(here)}`);
      apply(get, u, here);
      continue;
    }
    if (!(u instanceof TreefyState) && !(u instanceof State)) throw new ArgumentError(`graph.updateStates: expected a snapshot of a state at ${pathText(here)}, got ${describeValue(u)}`);
    if (get instanceof State) get.updateFromRef(u instanceof State ? u.toStateRef() : u);
    else if (get === undefined) {
      const made = u instanceof TreefyState ? u.toState() : u;
      if (type !== undefined) type.setKey(at, k, made);
      else if (at instanceof Map) at.set(k, made);
      else (at as Record<string | number, unknown>)[k] = made;
    } else throw new ArgumentError(`graph.updateStates: there is no state at ${pathText(here)}, but ${describeValue(get)}`);
  }
}

/**
 * Takes states out of their nodes, and gives their snapshots. Mirrors `brainstate.graph.pop_states`.
 *
 * @param root a node, or a tree of them
 * @param filters which states: classes, tags, functions
 * @throws ArgumentError without a filter, or for a state in a list or object
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * graph.popStates(layer, ParamState);
 * [...layer.states().keys()].length; // 0
 * ```
 */
export function popStates(root: unknown, ...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[] {
  checkGraph('popStates', root);
  if (filters.length === 0) throw new ArgumentError('graph.popStates: expected at least one filter');
  const predicates = filters.map((f) => toPredicate(f));
  const taken: [Path, TreefyState][][] = filters.map(() => []);
  const first = new Map<State<unknown>, Path>();
  walk(root, (path, x) => {
    if (x instanceof State) first.set(x, path);
  });
  const seen = new Set<object>();
  const remove = (x: unknown, path: Path, check: boolean): void => {
    const entries = entriesOf(x);
    if (entries === null || seen.has(x as object)) return;
    seen.add(x as object);
    const type = nodeTypeOf(x);
    for (const [k, v] of entries) {
      if (v instanceof State) {
        const i = predicates.findIndex((f) => f(first.get(v) ?? [...path, k], v));
        if (i < 0) continue;
        if (type === undefined) throw new ArgumentError(`graph.popStates: cannot take the state at ${pathText([...path, k])} out of a ${globalThis.Array.isArray(x) ? 'list' : 'dict'}`);
        if (check) continue;
        if (first.get(v)!.length === path.length + 1 && first.get(v)!.every((p, j) => p === [...path, k][j])) taken[i]!.push([[...path, k], TreefyState.of(v)]);
        type.popKey(x as object, k);
      } else remove(v, [...path, k], check);
    }
  };
  // Everything is checked before anything is taken.
  remove(root, [], true);
  seen.clear();
  remove(root, [], false);
  const out = taken.map((t) => NestedDict.fromFlat(t));
  return out.length === 1 ? out[0]! : out;
}
