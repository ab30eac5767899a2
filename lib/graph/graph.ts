import { inspect } from 'node:util';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { type Filter, toPredicate } from '../state/filters';
import { FlattedDict } from '../state/flattedDict';
import { NestedDict } from '../state/nestedDict';
import { type Path, pathText } from '../state/paths';
import { State } from '../state/state';
import { TreefyState } from '../state/treefyState';
import { Node } from './node';
import { entriesOf, isContainer, walk } from './walk';

/** Where a property of a node leads: another node or container, a state, or a value that is no part of the graph's states. */
export type Edge = { kind: 'node'; spec: NodeSpec } | { kind: 'nodeRef'; index: number } | { kind: 'state'; index: number; path: Path; type: typeof State } | { kind: 'stateRef'; index: number } | { kind: 'static'; value: unknown };

/** A node without its states: class, properties, and number in the graph. */
export interface NodeSpec {
  readonly type: 'list' | 'dict' | 'map' | (new (...args: never[]) => Node);
  readonly index: number;
  readonly fields: readonly (readonly [string | number, Edge])[];
}

/** The structure of a graph with its states taken out. Mirrors `brainstate.graph.GraphDef`. */
export class GraphDef {
  readonly root: NodeSpec;

  constructor(root: NodeSpec) {
    this.root = root;
  }

  /** Whether another graph has the same classes, properties and sharing. */
  equals(other: GraphDef): boolean {
    return sameSpec(this.root, other.root);
  }

  [inspect.custom](): string {
    const show = (s: NodeSpec, pad: string): string => `${typeof s.type === 'string' ? s.type : s.type.name}#${s.index}(\n${s.fields.map(([k, e]) => `${pad}  ${String(k)}=${
      e.kind === 'node' ? show(e.spec, `${pad}  `) : e.kind === 'state' ? `${e.type.name}#${e.index}` : e.kind === 'static' ? inspect(e.value, { depth: 0 }) : `#${e.index}`}`).join(',\n')}\n${pad})`;
    return `GraphDef(${show(this.root, '')})`;
  }
}

function sameSpec(a: NodeSpec, b: NodeSpec): boolean {
  return a.type === b.type && a.index === b.index && a.fields.length === b.fields.length && a.fields.every(([k, e], i) => {
    const [l, f] = b.fields[i]!;
    if (k !== l || e.kind !== f.kind) return false;
    if (e.kind === 'node') return sameSpec(e.spec, (f as typeof e).spec);
    if (e.kind === 'static') return Object.is(e.value, (f as typeof e).value) || (typeof e.value === 'object' && inspect(e.value) === inspect((f as typeof e).value));
    if (e.kind === 'state') return e.index === (f as typeof e).index && e.type === (f as typeof e).type;
    return e.index === (f as typeof e).index;
  });
}

function checkNode(op: string, x: unknown): asserts x is object {
  if (!(x instanceof Node) && !isContainer(x)) throw new ArgumentError(`graph.${op}: expected a node (a module, say) or a list or object of nodes, got ${describeValue(x)}`);
}

/**
 * A graph as its structure and its states: `[graphdef, states]`. With `treefyState` false the states themselves are in the map, not snapshots.
 *
 * Mirrors `brainstate.graph.flatten`.
 */
export function flatten(root: unknown, options: { treefyState?: boolean } = {}): [GraphDef, NestedDict<unknown>] {
  checkNode('flatten', root);
  const index = new Map<object, number>();
  const found: [Path, unknown][] = [];
  const go = (x: object, path: Path): NodeSpec => {
    const number = index.size;
    index.set(x, number);
    const fields = allEntries(x).map(([k, v]): [string | number, Edge] => {
      if (v instanceof State) {
        const known = index.get(v);
        if (known !== undefined) return [k, { kind: 'stateRef', index: known }];
        const i = index.size;
        index.set(v, i);
        found.push([[...path, k], options.treefyState === false ? v : TreefyState.of(v)]);
        return [k, { kind: 'state', index: i, path: [...path, k], type: v.constructor as typeof State }];
      }
      if (v instanceof Node || (isContainer(v) && holdsGraph(v))) {
        const known = index.get(v);
        return [k, known !== undefined ? { kind: 'nodeRef', index: known } : { kind: 'node', spec: go(v, [...path, k]) }];
      }
      return [k, { kind: 'static', value: v }];
    });
    const type = x instanceof Node ? (x.constructor as NodeSpec['type']) : globalThis.Array.isArray(x) ? 'list' : x instanceof Map ? 'map' : 'dict';
    return { type, index: number, fields };
  };
  const def = new GraphDef(go(root, []));
  return [def, NestedDict.fromFlat(found)];
}

/** What {@link entriesOf} gives, and properties that are not enumerable, which a copy needs, too. */
function allEntries(x: object): [string | number, unknown][] {
  if (!(x instanceof Node)) return entriesOf(x);
  const invisible = (x.constructor as typeof Node).graphInvisibleAttrs;
  return Reflect.ownKeys(x).filter((k): k is string => typeof k === 'string' && !invisible.includes(k)).sort().map((k) => [k, (x as unknown as Record<string, unknown>)[k]]);
}

/** Whether a container holds nodes or states anywhere. */
function holdsGraph(x: object): boolean {
  let found = false;
  walk(x, () => {
    found = true;
  });
  return found;
}

/**
 * The graph of a structure with the given states: new nodes, new states, shared as they were. Nodes are made without their constructors, so a class
 * with `#private` fields cannot be rebuilt.
 *
 * Mirrors `brainstate.graph.unflatten`.
 *
 * @throws ArgumentError for a state that is missing
 */
export function unflatten(graphdef: GraphDef, ...states: NestedDict<unknown>[]): unknown {
  const flat = states.length === 0 ? new FlattedDict<unknown>() : states[0]!.merge(...states.slice(1)).toFlat();
  const made = new Map<number, unknown>();
  const hidden = (node: object, k: string | number, v: unknown) => Object.defineProperty(node, k, { value: v, enumerable: true, writable: true, configurable: true });
  const build = (spec: NodeSpec): unknown => {
    const node: object = spec.type === 'list' ? [] : spec.type === 'map' ? new Map() : spec.type === 'dict' ? {} : (Object.create(spec.type.prototype) as object);
    made.set(spec.index, node);
    for (const [k, e] of spec.fields) {
      let v: unknown;
      if (e.kind === 'static') v = e.value;
      else if (e.kind === 'node') v = build(e.spec);
      else if (e.kind === 'state') {
        const given = flat.get(e.path);
        if (given === undefined) throw new ArgumentError(`graph.unflatten: expected a state at ${pathText(e.path)} in the mapping`);
        v = given instanceof TreefyState ? given.toState() : given instanceof State ? given : State.restore(e.type as typeof State<unknown>, given, {});
        made.set(e.index, v);
      } else v = made.get(e.index);
      if (node instanceof Map) node.set(k, v);
      else if (globalThis.Array.isArray(node)) node.push(v);
      else hidden(node, k, v);
    }
    return node;
  };
  return build(graphdef.root);
}

/** Structure of a graph. Mirrors `brainstate.graph.graphdef`. */
export function graphdef(root: unknown): GraphDef {
  return flatten(root)[0];
}

/** A copy of a graph: new nodes and states, the same arrays, shared as in the original. Mirrors `brainstate.graph.clone`. */
export function clone<T>(root: T): T {
  const [def, states] = flatten(root);
  return unflatten(def, states) as T;
}

/** Snapshots of a graph's states, nested as in the graph; with several filters a list. Mirrors `brainstate.graph.treefy_states`. */
export function treefyStates(root: unknown): NestedDict<TreefyState>;
export function treefyStates(root: unknown, filter: Filter): NestedDict<TreefyState>;
export function treefyStates(root: unknown, ...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[];
export function treefyStates(root: unknown, ...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[] {
  const [, states] = flatten(root);
  return filters.length === 0 ? (states as NestedDict<TreefyState>) : (states.filter(...filters) as NestedDict<TreefyState>);
}

/** `[graphdef, states]`, or with filters `[graphdef, ...parts]`, which must take every state. Mirrors `brainstate.graph.treefy_split`. */
export function treefySplit(root: unknown, ...filters: Filter[]): [GraphDef, ...NestedDict<TreefyState>[]] {
  const [def, states] = flatten(root);
  if (filters.length === 0) return [def, states as NestedDict<TreefyState>];
  const parts = states.split(...filters);
  return [def, ...((globalThis.Array.isArray(parts) ? parts : [parts]) as NestedDict<TreefyState>[])];
}

/** The graph that {@link treefySplit} took apart, anew. Mirrors `brainstate.graph.treefy_merge`. */
export function treefyMerge(def: GraphDef, ...states: NestedDict<unknown>[]): unknown {
  return unflatten(def, ...states);
}

/**
 * Sets a graph's states, in place, to the values of snapshots. A path that the graph does not have becomes a new state there.
 *
 * Mirrors `brainstate.graph.update_states`.
 *
 * @throws TreeError if a value's structure differs
 */
export function updateStates(root: unknown, ...updates: NestedDict<unknown>[]): void {
  checkNode('updateStates', root);
  for (const u of updates) {
    if (!(u instanceof NestedDict)) throw new ArgumentError(`graph.updateStates: expected what treefyStates gives, got ${describeValue(u)}`);
    apply(root, u, []);
  }
}

function apply(at: object, updates: NestedDict<unknown>, path: Path): void {
  for (const [k, u] of updates) {
    const here = [...path, k];
    const get = at instanceof Map ? at.get(k) : (at as Record<string | number, unknown>)[k];
    if (u instanceof NestedDict) {
      if (get === undefined || get === null || typeof get !== 'object') throw new ArgumentError(`graph.updateStates: there is no node at ${pathText(here)}`);
      apply(get, u, here);
      continue;
    }
    if (!(u instanceof TreefyState) && !(u instanceof State)) throw new ArgumentError(`graph.updateStates: expected a snapshot of a state at ${pathText(here)}, got ${describeValue(u)}`);
    if (get instanceof State) get.restoreValue(u.value);
    else if (get === undefined) {
      const made = u instanceof TreefyState ? u.toState() : u;
      if (at instanceof Map) at.set(k, made);
      else (at as Record<string | number, unknown>)[k] = made;
    } else throw new ArgumentError(`graph.updateStates: there is no state at ${pathText(here)}, but ${describeValue(get)}`);
  }
}

/**
 * Takes states out of their nodes, and gives their snapshots. Mirrors `brainstate.graph.pop_states`.
 *
 * @throws ArgumentError without a filter, or for a state in a list or object
 */
export function popStates(root: unknown, ...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[] {
  checkNode('popStates', root);
  if (filters.length === 0) throw new ArgumentError('graph.popStates: expected at least one filter');
  const predicates = filters.map((f) => toPredicate(f));
  const taken: [Path, TreefyState][][] = filters.map(() => []);
  const first = new Map<State<unknown>, Path>();
  walk(root, (path, x) => {
    if (x instanceof State) first.set(x, path);
  });
  const seen = new Set<object>();
  const remove = (x: unknown, path: Path, check: boolean): void => {
    if (x === null || typeof x !== 'object' || seen.has(x) || (!(x instanceof Node) && !isContainer(x))) return;
    seen.add(x);
    for (const [k, v] of entriesOf(x)) {
      if (v instanceof State) {
        const i = predicates.findIndex((f) => f(first.get(v) ?? [...path, k], v));
        if (i < 0) continue;
        if (!(x instanceof Node)) throw new ArgumentError(`graph.popStates: cannot take the state at ${pathText([...path, k])} out of a ${globalThis.Array.isArray(x) ? 'list' : 'dict'}`);
        if (check) continue;
        if (first.get(v)!.length === path.length + 1 && first.get(v)!.every((p, j) => p === [...path, k][j])) taken[i]!.push([[...path, k], TreefyState.of(v)]);
        delete (x as unknown as Record<string | number, unknown>)[k];
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
