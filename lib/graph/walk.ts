import { checkOptions } from '../functional/options';
import type { Filter } from '../state/filters';
import { FlattedDict, type FlatStates } from '../state/flattedDict';
import type { Path } from '../state/paths';
import { State } from '../state/state';
import type { Node } from './node';
import { checkGraph, entriesOf, nodeTypeOf } from './nodeTypes';

/** How deep nodes may lie: 0 is the root, 1 its children, and so on. Both ends are included. */
export interface Hierarchy {
  allowedHierarchy: readonly [number, number];
}

export function isHierarchy(x: unknown): x is Hierarchy {
  return x !== null && typeof x === 'object' && globalThis.Array.isArray((x as { allowedHierarchy?: unknown }).allowedHierarchy);
}

const ALL: readonly [number, number] = [0, Number.MAX_SAFE_INTEGER];

type Visitor = (path: Path, value: unknown, depth: number, isNode: boolean) => void;

/** Goes through a graph depth first: each node, container and state once, a node after what is below it, and other values wherever they are. */
function visit(root: unknown, f: Visitor): void {
  const seen = new Set<object>();
  const go = (x: unknown, path: Path, depth: number): void => {
    // Null is an empty tree, as None is to JAX.
    if (x === null || x === undefined) return;
    if (typeof x !== 'object') {
      f(path, x, depth, false);
      return;
    }
    const entries = x instanceof State ? null : entriesOf(x);
    if (entries !== null || x instanceof State) {
      if (seen.has(x)) return;
      seen.add(x);
    }
    if (entries === null) {
      f(path, x, depth, false);
      return;
    }
    for (const [k, v] of entries) go(v, [...path, k], nodeTypeOf(v) === undefined ? depth : depth + 1);
    if (nodeTypeOf(x) !== undefined) f(path, x, depth, true);
  };
  go(root, [], 0);
}

/** Visits states and nodes depth first, each once: a node after what is below it. */
export function walk(root: unknown, f: (path: Path, x: State<unknown> | Node, depth: number) => void): void {
  visit(root, (path, x, depth, isNode) => {
    if (isNode || x instanceof State) f(path, x as State<unknown> | Node, depth);
  });
}

/**
 * `[path, value]` of all values of a graph that are neither nodes nor containers: states, each once, and others. Mirrors `brainstate.graph.iter_leaf`.
 *
 * @example
 * [...graph.iterLeaf(new nn.Linear(3, 2))].length >= 1; // true
 */
export function iterLeaf(root: unknown, options: Partial<Hierarchy> = {}): IterableIterator<[Path, unknown]> {
  const { allowedHierarchy: [from, to] = ALL } = checkOptions('graph.iterLeaf', ['allowedHierarchy'], options);
  const found: [Path, unknown][] = [];
  visit(root, (path, x, depth, isNode) => {
    if (!isNode && depth >= from && depth <= to) found.push([path, x]);
  });
  return found.values();
}

/**
 * `[path, node]` of all nodes of a graph, each once, after those below it. Mirrors `brainstate.graph.iter_node`.
 *
 * @example
 * [...graph.iterNode(new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU()))].length; // 3
 */
export function iterNode(root: unknown, options: Partial<Hierarchy> = {}): IterableIterator<[Path, Node]> {
  const { allowedHierarchy: [from, to] = ALL } = checkOptions('graph.iterNode', ['allowedHierarchy'], options);
  const found: [Path, Node][] = [];
  visit(root, (path, x, depth, isNode) => {
    if (isNode && depth >= from && depth <= to) found.push([path, x as Node]);
  });
  return found.values();
}

function checkRoot(op: string, root: unknown): void {
  if (!(root instanceof State)) checkGraph(op, root);
}

function splitFilters(args: readonly (Filter | Hierarchy)[]): { filters: Filter[]; range: readonly [number, number] } {
  const last = args[args.length - 1];
  if (args.length > 0 && isHierarchy(last)) return { filters: args.slice(0, -1) as Filter[], range: last.allowedHierarchy };
  return { filters: args as Filter[], range: ALL };
}

/**
 * States of a graph by path, each once, at the first of its paths. With several filters, a list of maps.
 *
 * Mirrors `brainstate.graph.states`.
 *
 * @example
 * [...graph.states(new nn.Linear(3, 2), ParamState).keys()].length; // 1
 */
export function states(root: unknown, ...args: (Filter | Hierarchy)[]): FlatStates | FlatStates[] {
  checkRoot('states', root);
  const { filters, range } = splitFilters(args);
  const found: [Path, State<unknown>][] = [];
  walk(root, (path, x, depth) => {
    if (x instanceof State && depth >= range[0] && depth <= range[1]) found.push([path.length === 0 ? ['state'] : path, x]);
  });
  const all: FlatStates = new FlattedDict(found);
  return filters.length === 0 ? all : all.filter(...filters);
}

/**
 * Nodes by path, in the order in which they are met: children first, the root, whose path is empty, last. With several filters, a list of maps.
 *
 * Mirrors `brainstate.graph.nodes`.
 *
 * @example
 * graph.nodes(new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU())).keys(); // [['layers', 0], ['layers', 1], []]
 */
export function nodes(root: unknown, ...filters: [] | [Filter | Hierarchy] | [Filter, Hierarchy]): FlattedDict<Node>;
export function nodes(root: unknown, ...args: (Filter | Hierarchy)[]): FlattedDict<Node> | FlattedDict<Node>[];
export function nodes(root: unknown, ...args: (Filter | Hierarchy)[]): FlattedDict<Node> | FlattedDict<Node>[] {
  checkRoot('nodes', root);
  const { filters, range } = splitFilters(args);
  const found: [Path, Node][] = [];
  walk(root, (path, x, depth) => {
    if (!(x instanceof State) && depth >= range[0] && depth <= range[1]) found.push([path, x]);
  });
  const all = FlattedDict.inOrder(found);
  return filters.length === 0 ? all : all.filter(...filters);
}
