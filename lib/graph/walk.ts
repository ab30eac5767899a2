import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { type Filter, toPredicate } from '../state/filters';
import { FlattedDict, type FlatStates } from '../state/flattedDict';
import type { Path } from '../state/paths';
import { State } from '../state/state';
import { Node } from './node';

/** How deep nodes may lie: 0 is the root, 1 its children, and so on. Both ends are included. */
export interface Hierarchy {
  allowedHierarchy: readonly [number, number];
}

export function isHierarchy(x: unknown): x is Hierarchy {
  return x !== null && typeof x === 'object' && globalThis.Array.isArray((x as { allowedHierarchy?: unknown }).allowedHierarchy);
}

/** Whether a value is a container whose entries belong to the graph. */
export function isContainer(x: unknown): x is unknown[] | Record<string, unknown> | Map<string | number, unknown> {
  if (x === null || typeof x !== 'object' || x instanceof Array || ArrayBuffer.isView(x)) return false;
  if (globalThis.Array.isArray(x) || x instanceof Map) return true;
  const p = Object.getPrototypeOf(x);
  return p === Object.prototype || p === null;
}

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Entries of a node or container, in the order of their names. */
export function entriesOf(x: object): [string | number, unknown][] {
  if (globalThis.Array.isArray(x)) return x.map((v, i) => [i, v]);
  if (x instanceof Map) return [...x.entries()].sort(([a], [b]) => (typeof a === 'number' && typeof b === 'number' ? a - b : byName(String(a), String(b)))) as [string | number, unknown][];
  const hidden = x instanceof Node ? (x.constructor as typeof Node).graphInvisibleAttrs : [];
  return Object.keys(x).filter((k) => !hidden.includes(k)).sort(byName).map((k) => [k, (x as Record<string, unknown>)[k]]);
}

/** Visits states and nodes depth first, each once: a node after what is below it. */
export function walk(root: unknown, visit: (path: Path, x: State<unknown> | Node, depth: number) => void): void {
  const seen = new Set<object>();
  const go = (x: unknown, path: Path, depth: number): void => {
    if (x instanceof State) {
      if (!seen.has(x)) {
        seen.add(x);
        visit(path, x, depth);
      }
      return;
    }
    const node = x instanceof Node;
    if (!node && !isContainer(x)) return;
    if (seen.has(x as object)) return;
    seen.add(x as object);
    const below = node && path.length > 0 ? depth + 1 : depth;
    for (const [k, v] of entriesOf(x as object)) go(v, [...path, k], below);
    if (node) visit(path, x, below);
  };
  go(root, [], 0);
}

function checkRoot(op: string, root: unknown): void {
  if (!(root instanceof Node) && !isContainer(root) && !(root instanceof State)) throw new ArgumentError(`graph.${op}: expected a node (a module, say) or a list or object of nodes, got ${describeValue(root)}`);
}

function splitFilters(args: readonly (Filter | Hierarchy)[]): { filters: Filter[]; range: readonly [number, number] } {
  const last = args[args.length - 1];
  if (args.length > 0 && isHierarchy(last)) return { filters: args.slice(0, -1) as Filter[], range: last.allowedHierarchy };
  return { filters: args as Filter[], range: [0, Number.MAX_SAFE_INTEGER] };
}

/**
 * States of a graph by path, each once, at the first of its paths. With several filters, a list of maps.
 *
 * Mirrors `brainstate.graph.states`.
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

/** Nodes by path, in the order in which they are met: children first, the root last. Mirrors `brainstate.graph.nodes`. */
export function nodes(root: unknown, ...args: (Filter | Hierarchy)[]): [Path, Node][] | [Path, Node][][] {
  checkRoot('nodes', root);
  const { filters, range } = splitFilters(args);
  const found: [Path, Node][] = [];
  walk(root, (path, x, depth) => {
    if (x instanceof Node && depth >= range[0] && depth <= range[1]) found.push([path, x]);
  });
  if (filters.length === 0) return found;
  const predicates = filters.map((f) => toPredicate(f));
  const parts: [Path, Node][][] = filters.map(() => []);
  for (const [p, n] of found) {
    const i = predicates.findIndex((f) => f(p, n));
    if (i >= 0) parts[i]!.push([p, n]);
  }
  return parts.length === 1 ? parts[0]! : parts;
}
