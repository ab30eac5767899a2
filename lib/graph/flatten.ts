import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { FlattedDict } from '../state/flattedDict';
import { NestedDict } from '../state/nestedDict';
import { checkEntries, type Path, pathText } from '../state/paths';
import { State } from '../state/state';
import { TreefyState } from '../state/treefyState';
import { type Edge, GraphDef, NodeEdge, NodeSpec, PytreeEdge, StateEdge, StateLeafEdge, StaticEdge } from './graphDef';
import { checkGraph, entriesOf, isContainer, nodeTypeOf, nodeTypeOfClass } from './nodeTypes';

/** A Map from objects, which are told apart by identity. Mirrors `brainstate.graph.RefMap`. @example new graph.RefMap<object, number>().size; // 0 */
export class RefMap<K extends object = object, V = unknown> extends Map<K, V> {
  constructor(entries: Iterable<readonly [K, V]> = []) {
    super(checkEntries('graph.RefMap', entries));
  }
}

/** Options of {@link flatten}. */
export interface FlattenOptions {
  /** Numbers of nodes and states that are known already; those met are added. */
  refIndex?: RefMap<object, number> | null;
  /** Whether the map holds snapshots (the default) or the states themselves. */
  treefyState?: boolean;
}

/**
 * A graph as its structure and its states: `[graphdef, states]`.
 *
 * Mirrors `brainstate.graph.flatten`.
 *
 * @example
 * graph.flatten(new nn.Linear(3, 2))[1].toFlat().size; // 1
 */
export function flatten(root: unknown, options: FlattenOptions = {}): [GraphDef, NestedDict<unknown>] {
  const { refIndex = null, treefyState = true } = checkOptions('flatten', ['refIndex', 'treefyState'], options);
  checkGraph('flatten', root);
  if (refIndex !== null && !(refIndex instanceof RefMap)) throw new ArgumentError(`graph.flatten: expected refIndex to be a RefMap, got ${describeValue(refIndex)}`);
  const index = refIndex ?? new RefMap<object, number>();
  const containers = new Map<object, number>();
  const specs: NodeSpec[] = [];
  const found: [Path, unknown][] = [];
  const fieldsOf = (items: readonly (readonly [string | number, unknown])[], path: Path) => items.map(([k, v]): [string | number, Edge] => [k, edge(v, [...path, k])]);
  const edge = (x: unknown, path: Path): Edge => {
    if (x instanceof State) {
      const known = index.get(x);
      if (known !== undefined) return new StateEdge(known, null, x.constructor as typeof State);
      const i = index.size;
      index.set(x, i);
      found.push([path, treefyState ? TreefyState.of(x) : x]);
      return new StateEdge(i, path, x.constructor as typeof State);
    }
    if (x instanceof TreefyState) {
      found.push([path, x]);
      return new StateLeafEdge(path);
    }
    const type = nodeTypeOf(x);
    if (type !== undefined) {
      const node = x as object;
      const known = index.get(node);
      if (known !== undefined) return new NodeEdge(known);
      const i = index.size;
      index.set(node, i);
      const { items, metadata } = type.flatten(node);
      specs.push(new NodeSpec(node.constructor as NodeSpec['type'], i, metadata, fieldsOf(items, path)));
      return new NodeEdge(i);
    }
    if (!isContainer(x)) return new StaticEdge(x);
    const kind = globalThis.Array.isArray(x) ? 'list' : x instanceof Map ? 'map' : 'dict';
    const known = containers.get(x);
    if (known !== undefined) return new PytreeEdge({ kind, id: known }, null);
    const id = containers.size;
    containers.set(x, id);
    return new PytreeEdge({ kind, id }, fieldsOf(entriesOf(x)!, path));
  };
  const top = edge(root, []);
  return [new GraphDef(top, specs.sort((a, b) => a.index - b.index)), NestedDict.fromFlat(found)];
}

/** Options of {@link unflatten}. */
export interface UnflattenOptions {
  /** Nodes and states by number that are made already; those made are added. */
  indexRef?: Map<number, unknown> | null;
  /** Nodes and states by number that are to be used again: their contents are replaced. */
  indexRefCache?: ReadonlyMap<number, unknown> | null;
}

/**
 * The graph of a structure with the given states: new nodes, new states, shared as they were. Nodes are made without their constructors.
 *
 * Mirrors `brainstate.graph.unflatten`.
 *
 * @param args maps of states, of which later ones win; the last argument may be options
 * @throws ArgumentError for a state that is missing, or a class with `#private` fields
 * @example
 * ```ts
 * const [def, states] = graph.flatten(new nn.Linear(3, 2));
 * graph.unflatten(def, states) instanceof nn.Linear; // true
 * ```
 */
export function unflatten(graphdef: GraphDef, ...args: (NestedDict<unknown> | UnflattenOptions)[]): unknown {
  if (!(graphdef instanceof GraphDef)) throw new ArgumentError(`graph.unflatten: expected a GraphDef, got ${describeValue(graphdef)}`);
  const last = args[args.length - 1];
  const options = (last === undefined || last instanceof NestedDict ? {} : last) as UnflattenOptions;
  const states = args.filter((a): a is NestedDict<unknown> => a instanceof NestedDict);
  if (states.length + (last === options ? 1 : 0) !== args.length) throw new ArgumentError('graph.unflatten: expected maps of states as flatten gives them (NestedDict)');
  const flat = states.length === 0 ? new FlattedDict<unknown>() : states[0]!.merge(...states.slice(1)).toFlat();
  const made = options.indexRef ?? new Map<number, unknown>();
  const cache = options.indexRefCache ?? new Map<number, unknown>();
  const containers = new Map<number, object>();

  const stateOf = (e: StateEdge): unknown => {
    if (made.has(e.index)) return made.get(e.index);
    const given = e.path === null ? undefined : flat.get(e.path);
    if (given === undefined && !cache.has(e.index)) throw new ArgumentError(`graph.unflatten: expected a state at ${e.path === null ? `number ${e.index}` : pathText(e.path)} in the mapping`);
    const state = cache.has(e.index) ? updated(cache.get(e.index), given, e) : given instanceof TreefyState ? given.toState() : given instanceof State ? given : State.restore(e.type as typeof State<unknown>, given, {});
    made.set(e.index, state);
    return state;
  };
  const resolve = (e: Edge): unknown => {
    if (e instanceof StaticEdge) return e.value;
    if (e instanceof NodeEdge) return made.get(e.index);
    if (e instanceof StateEdge) return stateOf(e);
    if (e instanceof StateLeafEdge) {
      const given = flat.get(e.path);
      if (given === undefined) throw new ArgumentError(`graph.unflatten: expected a state at ${pathText(e.path)} in the mapping`);
      return given;
    }
    const { kind, id } = e.metadata;
    const known = containers.get(id);
    if (known !== undefined || e.fields === null) return known;
    const x: unknown[] | Map<unknown, unknown> | Record<string, unknown> = kind === 'list' ? [] : kind === 'map' ? new Map() : {};
    containers.set(id, x);
    for (const [k, f] of e.fields) {
      const v = resolve(f);
      if (x instanceof Map) x.set(k, v);
      else Object.defineProperty(x, k, { value: v, enumerable: true, writable: true, configurable: true });
    }
    return x;
  };
  // States where they are met first, then empty nodes: so no order of filling matters.
  const defining = [...edgesOf(graphdef)].filter((e): e is StateEdge => e instanceof StateEdge && e.path !== null);
  for (const e of defining.sort((x, y) => x.index - y.index)) stateOf(e);
  for (const s of graphdef.nodeSpecs) {
    const type = nodeTypeOfClass(s.type);
    const old = cache.get(s.index) as object | undefined;
    if (old !== undefined && old.constructor !== s.type) throw new ArgumentError(`graph.unflatten: expected a ${s.type.name} at number ${s.index}, got ${describeValue(old)}`);
    if (old !== undefined) type.clear(old);
    made.set(s.index, old ?? type.createEmpty(s.metadata));
  }
  for (const s of graphdef.nodeSpecs) {
    const type = nodeTypeOfClass(s.type);
    for (const [k, e] of s.fields) type.setKey(made.get(s.index) as object, k, resolve(e));
  }
  return resolve(graphdef.root);
}

/** A state of the cache with the value that is given for it. */
function updated(state: unknown, given: unknown, e: StateEdge): State<unknown> {
  if (!(state instanceof State)) throw new ArgumentError(`graph.unflatten: expected a state at number ${e.index}, got ${describeValue(state)}`);
  if (given instanceof TreefyState) state.updateFromRef(given);
  else if (given !== undefined) state.restoreValue(given instanceof State ? given.value : given);
  return state as State<unknown>;
}

function* edgesOf(def: GraphDef): Iterable<Edge> {
  const stack: Edge[] = [def.root, ...def.nodeSpecs.flatMap((s) => s.fields.map(([, e]) => e))];
  for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
    yield e;
    if (e instanceof PytreeEdge && e.fields !== null) stack.push(...e.fields.map(([, f]) => f));
  }
}
