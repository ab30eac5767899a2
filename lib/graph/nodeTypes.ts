import { checkFunction } from '../core/checks';
import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { Node } from './node';

export type Key = string | number;
type Class = abstract new (...args: never[]) => unknown;

/** How nodes of a class are taken apart and put together. */
export interface GraphNodeType<N extends object = object> {
  /** The node's entries in their order, and what else is needed to make an empty one. */
  flatten(node: N): { items: readonly (readonly [Key, unknown])[]; metadata: unknown };
  setKey(node: N, key: Key, value: unknown): void;
  /** Takes an entry out and gives it. */
  popKey(node: N, key: Key): unknown;
  /** A node without entries. */
  createEmpty(metadata: unknown): N;
  /** Takes all entries out. */
  clear(node: N): void;
}

const registered = new Map<unknown, GraphNodeType<never>>();

/**
 * Makes instances of a class nodes of graphs, or says how subclasses of Node with `#private` fields are made.
 *
 * Mirrors `brainstate.graph.register_graph_node_type`.
 *
 * @param type the class itself; subclasses are registered one by one
 * @param flatten takes a node apart into entries
 * @param setKey sets an entry
 * @param popKey takes an entry away
 * @param createEmpty makes a node without entries
 * @param clear takes all entries away
 * @throws ArgumentError for a class that is registered already
 *
 * @example
 * ```ts
 * class Bag { items = new Map<string, unknown>(); }
 * graph.registerGraphNodeType(
 *   Bag,
 *   (bag) => ({ items: [...bag.items].sort(([a], [b]) => (a < b ? -1 : 1)), metadata: null }),
 *   (bag, key, value) => { bag.items.set(String(key), value); },
 *   (bag, key) => { const v = bag.items.get(String(key)); bag.items.delete(String(key)); return v; },
 *   () => new Bag(),
 *   (bag) => bag.items.clear(),
 * );
 * ```
 */
export function registerGraphNodeType<N extends object>(
  type: abstract new (...args: never[]) => N,
  flatten: GraphNodeType<N>['flatten'],
  setKey: GraphNodeType<N>['setKey'],
  popKey: GraphNodeType<N>['popKey'],
  createEmpty: GraphNodeType<N>['createEmpty'],
  clear: GraphNodeType<N>['clear'],
): void {
  if (typeof type !== 'function') throw new ArgumentError(`graph.registerGraphNodeType: expected a class, got ${describeValue(type)}`);
  for (const [name, f] of Object.entries({ flatten, setKey, popKey, createEmpty, clear })) checkFunction('graph.registerGraphNodeType', name, f);
  if (registered.has(type)) throw new ArgumentError(`graph.registerGraphNodeType: ${type.name} is registered already`);
  registered.set(type, { flatten, setKey, popKey, createEmpty, clear } as unknown as GraphNodeType<never>);
}

const byName = ([a]: readonly [Key, unknown], [b]: readonly [Key, unknown]) => (a < b ? -1 : a > b ? 1 : 0);

/** Properties of a node that are no entries of the graph, but that a copy has, too: those that are not enumerable. */
interface NodeMetadata {
  readonly type: Class;
  readonly hidden: readonly (readonly [string, unknown])[];
}

function propertiesOf(node: Node, names: readonly string[]): [string, unknown][] {
  const { graphInvisibleAttrs } = node.constructor as typeof Node;
  return names.filter((k) => !graphInvisibleAttrs.includes(k)).map((k) => [k, (node as unknown as Record<string, unknown>)[k]]);
}

const nodeType: GraphNodeType<Node> = {
  flatten: (node) => {
    const shown = Object.keys(node);
    const hidden = Object.getOwnPropertyNames(node).filter((k) => !Object.prototype.propertyIsEnumerable.call(node, k));
    return { items: propertiesOf(node, shown).sort(byName), metadata: { type: node.constructor as Class, hidden: propertiesOf(node, hidden) } satisfies NodeMetadata };
  },
  setKey: (node, key, value) => {
    Object.defineProperty(node, key, { value, enumerable: true, writable: true, configurable: true });
  },
  popKey: (node, key) => {
    const value = (node as unknown as Record<Key, unknown>)[key];
    delete (node as unknown as Record<Key, unknown>)[key];
    return value;
  },
  createEmpty: (metadata) => {
    const { type, hidden } = metadata as NodeMetadata;
    const name = privateNameOf(type);
    if (name !== null) {
      throw new ArgumentError(`graph: a ${type.name} cannot be made without its constructor, as it has the private field #${name}. `
        + `Keep it in a property (TypeScript's private, or a name that begins with an underscore), or say how to make one: graph.registerGraphNodeType(${type.name}, …)`);
    }
    const node = Object.create(type.prototype as object) as Node;
    for (const [k, value] of hidden) Object.defineProperty(node, k, { value, enumerable: false, writable: true, configurable: true });
    return node;
  },
  clear: (node) => {
    for (const k of Object.keys(node)) delete (node as unknown as Record<string, unknown>)[k];
  },
};

const privateNames = new Map<unknown, string | null>();

/** The name of a private field that instances of a class use, if there is one: the class's text is all that tells. */
function privateNameOf(type: Class): string | null {
  let name = privateNames.get(type);
  if (name === undefined) {
    const text = Function.prototype.toString.call(type).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
    const shared = new Set([...text.matchAll(/\bstatic\s+(?:async\s+)?#([\w$]+)/g)].map((m) => m[1]));
    name = [...text.matchAll(/\bthis\.#([\w$]+)/g)].map((m) => m[1]!).find((n) => !shared.has(n)) ?? null;
    const base = Object.getPrototypeOf(type) as Class;
    if (name === null && base !== Node && typeof base === 'function' && base.prototype instanceof Node) name = privateNameOf(base);
    privateNames.set(type, name);
  }
  return name;
}

/** How nodes of a class are handled; undefined for what is no node. */
export function nodeTypeOf(x: unknown): GraphNodeType<object> | undefined {
  if (x === null || typeof x !== 'object') return undefined;
  const own = registered.size > 0 ? registered.get((x as object).constructor) : undefined;
  return (own ?? (x instanceof Node ? nodeType : undefined)) as GraphNodeType<object> | undefined;
}

/** The same by class. @throws ArgumentError if it is none of a node */
export function nodeTypeOfClass(type: Class): GraphNodeType<object> {
  const found = registered.get(type) ?? (type === Node || type.prototype instanceof Node ? nodeType : undefined);
  if (found === undefined) throw new ArgumentError(`graph: ${type.name} is no class of nodes; register it with graph.registerGraphNodeType`);
  return found as GraphNodeType<object>;
}

/** Whether a value is a container whose entries belong to the graph. */
export function isContainer(x: unknown): x is unknown[] | Record<string, unknown> | Map<Key, unknown> {
  if (x === null || typeof x !== 'object' || x instanceof Array || ArrayBuffer.isView(x)) return false;
  return globalThis.Array.isArray(x) || x instanceof Map || isPlainObject(x);
}

/** Entries of a node or container, in the order of their names; null for anything else. */
export function entriesOf(x: unknown): readonly (readonly [Key, unknown])[] | null {
  const type = nodeTypeOf(x);
  if (type === (nodeType as unknown)) return propertiesOf(x as Node, Object.keys(x as object)).sort(byName);
  if (type !== undefined) return type.flatten(x as object).items;
  if (!isContainer(x)) return null;
  if (globalThis.Array.isArray(x)) return x.map((v, i) => [i, v]);
  if (x instanceof Map) return [...x.entries()].sort(([a], [b]) => (typeof a === 'number' && typeof b === 'number' ? a - b : byName([String(a), 0], [String(b), 0])));
  return Object.entries(x).sort(byName);
}

/** @throws ArgumentError for what is neither a node nor a container */
export function checkGraph(op: string, x: unknown): asserts x is object {
  if (nodeTypeOf(x) === undefined && !isContainer(x)) throw new ArgumentError(`graph.${op}: expected a node (a module, say) or a list or object of nodes, got ${describeValue(x)}`);
}
