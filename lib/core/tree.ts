import type { Array } from './array';
import { checkClass, checkFunction, checkInstance, checkList, checkOptionalFunction } from './checks';
import { ArgumentError, TreeError } from './errors';

/** A tree: any nest of arrays, plain objects, Maps, null and registered classes, whose leaves are everything else. Mirrors JAX's pytrees. */
export type Tree<Leaf = unknown> = Leaf | null | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> } | ReadonlyMap<unknown, Tree<Leaf>>;

/** How a registered class comes apart: its children with their keys, and what else is needed to build it again (compared with ===, or by `equals`). */
export interface NodeHandler<T = unknown> {
  /** Name in prints of structures. */
  name: string;
  /** Takes an instance apart into children, their keys and the rest. */
  flatten(node: T): { children: unknown[]; keys?: string[]; aux?: unknown };
  /** Makes an instance of the rest and children. */
  unflatten(aux: unknown, children: unknown[]): T;
  /** Whether two rests are the same. */
  equals?(aux1: unknown, aux2: unknown): boolean;
}

const registry = new Map<unknown, NodeHandler>();

/**
 * Makes instances of a class nodes of trees. Mirrors `jax.tree_util.register_pytree_node`.
 *
 * @param cls the class
 * @param handler how its nodes are taken apart and made
 * @throws ArgumentError if the class is registered already.
 * @example
 * ```ts
 * class Pair { constructor(readonly a: unknown, readonly b: unknown) {} }
 * tree.registerPytreeNode(Pair, { name: 'Pair', flatten: (p) => ({ children: [p.a, p.b], keys: ['a', 'b'], aux: null }), unflatten: (_, [a, b]) => new Pair(a, b) });
 * tree.leaves(new Pair(1, [2, 3])); // [1, 2, 3]
 * ```
 */
export function registerPytreeNode<T>(cls: abstract new (...args: never[]) => T, handler: NodeHandler<T>): void {
  checkClass('registerPytreeNode', cls);
  for (const part of ['flatten', 'unflatten'] as const) checkFunction('registerPytreeNode', `handler.${part}`, (handler as NodeHandler<T> | null | undefined)?.[part]);
  if (registry.has(cls.prototype)) throw new ArgumentError(`registerPytreeNode: class ${cls.name} is registered already`);
  registry.set(cls.prototype, handler as NodeHandler);
}

type Kind = 'leaf' | 'none' | 'undefined' | 'list' | 'dict' | 'map' | 'custom';

/** The structure of a tree with its leaves taken out. Mirrors `PyTreeDef`. @example String(tree.structure({ a: [1, 2] })); // "PyTreeDef({'a': [*, *]})" */
export class TreeDef {
  readonly kind: Kind;
  readonly children: readonly TreeDef[];
  /** Keys of a dict or map; names of a registered node's children. */
  readonly keys: readonly unknown[];
  readonly numLeaves: number;
  readonly handler: NodeHandler | null;
  readonly aux: unknown;

  constructor(kind: Kind, children: readonly TreeDef[], keys: readonly unknown[], handler: NodeHandler | null = null, aux: unknown = undefined) {
    this.kind = kind;
    this.children = children;
    this.keys = keys;
    this.handler = handler;
    this.aux = aux;
    let n = kind === 'leaf' ? 1 : 0;
    for (const c of children) n += c.numLeaves;
    this.numLeaves = n;
  }

  /** Whether another structure is the same. */
  equals(other: TreeDef): boolean {
    if (this === other) return true;
    if (!(other instanceof TreeDef)) return false;
    if (this.kind !== other.kind || this.numLeaves !== other.numLeaves || this.children.length !== other.children.length) return false;
    if (this.handler !== other.handler) return false;
    if (this.kind === 'dict' || this.kind === 'map') {
      for (let i = 0; i < this.keys.length; i++) if (this.keys[i] !== other.keys[i]) return false;
    }
    if (this.handler && !(this.handler.equals ? this.handler.equals(this.aux, other.aux) : this.aux === other.aux)) return false;
    for (let i = 0; i < this.children.length; i++) if (!this.children[i]!.equals(other.children[i]!)) return false;
    return true;
  }

  /** Builds the tree of this structure with the given leaves. */
  unflatten(leaves: readonly unknown[]): unknown {
    checkList('tree.unflatten', 'leaves', leaves);
    if (leaves.length !== this.numLeaves) throw new TreeError(`tree.unflatten: the structure has ${this.numLeaves} leaves, got ${leaves.length}`);
    if (this.kind === 'leaf') return leaves[0];
    let next = 0;
    const build = (d: TreeDef): unknown => {
      switch (d.kind) {
        case 'leaf': return leaves[next++];
        case 'none': return null;
        case 'undefined': return undefined;
        case 'list': return d.children.map(build);
        case 'map': return new Map(d.children.map((c, i) => [d.keys[i], build(c)]));
        case 'dict': {
          const out: Record<string, unknown> = {};
          for (let i = 0; i < d.keys.length; i++) {
            const key = d.keys[i] as string;
            const value = build(d.children[i]!);
            if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
            else out[key] = value;
          }
          return out;
        }
        case 'custom': return d.handler!.unflatten(d.aux, d.children.map(build));
      }
    };
    return build(this);
  }

  private text: string | undefined;

  /** JAX's form, `PyTreeDef({'a': *, 'b': [*, *]})`. */
  toString(): string {
    this.text ??= `PyTreeDef(${describe(this)})`;
    return this.text;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function describe(d: TreeDef): string {
  switch (d.kind) {
    case 'leaf': return '*';
    case 'none': return 'None';
    case 'undefined': return 'undefined';
    case 'list': return `[${d.children.map(describe).join(', ')}]`;
    case 'dict': return `{${d.children.map((c, i) => `'${String(d.keys[i])}': ${describe(c)}`).join(', ')}}`;
    case 'map': return `Map{${d.children.map((c, i) => `${String(d.keys[i])}: ${describe(c)}`).join(', ')}}`;
    case 'custom': return `${d.handler!.name}(${d.children.map(describe).join(', ')})`;
  }
}

export const LEAF = new TreeDef('leaf', [], []);
const NONE = new TreeDef('none', [], []);
const UNDEFINED = new TreeDef('undefined', [], []);

function findHandler(node: object): NodeHandler | undefined {
  if (registry.size === 0) return undefined;
  for (let p = Object.getPrototypeOf(node); p !== null && p !== Object.prototype; p = Object.getPrototypeOf(p)) {
    const h = registry.get(p);
    if (h) return h;
  }
  return undefined;
}

/** Whether a value is a plain dictionary, made by a literal (in any realm) or without a prototype. */
export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const p = Object.getPrototypeOf(x);
  return p === null || p === Object.prototype || Object.getPrototypeOf(p) === null;
}

const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

type IsLeaf = ((x: unknown) => boolean) | undefined;

/** Tells of a node that it is to be a leaf: a function, or options with one. */
export type LeafTest = ((x: unknown) => boolean) | { isLeaf?: ((x: unknown) => boolean) | null } | null;

function flattenInto(x: unknown, leaves: unknown[], isLeaf: IsLeaf, depth: number): TreeDef {
  if (isLeaf?.(x)) {
    leaves.push(x);
    return LEAF;
  }
  if (x === null) return NONE;
  if (x === undefined) return UNDEFINED;
  if (typeof x !== 'object') {
    leaves.push(x);
    return LEAF;
  }
  if (depth > 1000) throw new TreeError('tree: nested more than 1000 deep; does the tree contain itself?');
  if (globalThis.Array.isArray(x)) {
    const children = new globalThis.Array<TreeDef>(x.length);
    for (let i = 0; i < x.length; i++) children[i] = flattenInto(x[i], leaves, isLeaf, depth + 1);
    return new TreeDef('list', children, []);
  }
  if (isPlainObject(x)) {
    const keys = Object.keys(x);
    if (keys.length > 1) keys.sort(byCodeUnit);
    return new TreeDef('dict', keys.map((k) => flattenInto((x as Record<string, unknown>)[k], leaves, isLeaf, depth + 1)), keys);
  }
  // A class of maps may be a node of its own.
  if (x instanceof Map && (x.constructor === Map || findHandler(x) === undefined)) {
    const keys = [...x.keys()];
    if (keys.every((k) => typeof k === 'string')) keys.sort(byCodeUnit);
    return new TreeDef('map', keys.map((k) => flattenInto(x.get(k), leaves, isLeaf, depth + 1)), keys);
  }
  const handler = findHandler(x);
  if (handler) {
    const { children, keys, aux } = handler.flatten(x);
    return new TreeDef('custom', children.map((c) => flattenInto(c, leaves, isLeaf, depth + 1)), keys ?? [], handler, aux);
  }
  leaves.push(x);
  return LEAF;
}

/**
 * Leaves and structure of a tree. Mirrors `jax.tree.flatten`.
 *
 * @param isLeaf tells of a node that it is to be a leaf: a function, or `{ isLeaf }`
 * @example
 * tree.flatten({ b: 2, a: [1, 3] })[0]; // [1, 3, 2]
 */
export function flatten(tree: unknown, isLeaf?: LeafTest): [unknown[], TreeDef] {
  const test = isPlainObject(isLeaf) && Object.keys(isLeaf).every((k) => k === 'isLeaf') ? isLeaf.isLeaf : isLeaf;
  checkOptionalFunction('tree.flatten', 'isLeaf', test);
  const leaves: unknown[] = [];
  return [leaves, flattenInto(tree, leaves, (test as IsLeaf | null) ?? undefined, 0)];
}

/**
 * Builds a tree from structure and leaves. Mirrors `jax.tree.unflatten`.
 *
 * @param treedef a structure
 * @example
 * tree.unflatten(tree.structure({ a: [0, 0] }), [1, 2]); // { a: [1, 2] }
 */
export function unflatten(treedef: TreeDef, leaves: readonly unknown[]): unknown {
  checkInstance('tree.unflatten', treedef, TreeDef);
  return treedef.unflatten(leaves);
}

/**
 * Leaves of a tree, in order. Mirrors `jax.tree.leaves`.
 *
 * @param isLeaf tells of a node that it is to be a leaf: a function, or `{ isLeaf }`
 * @example
 * tree.leaves({ b: 2, a: [1, 3] }); // [1, 3, 2]
 */
export function leaves(tree: unknown, isLeaf?: LeafTest): unknown[] {
  return flatten(tree, isLeaf)[0];
}

/**
 * Structure of a tree. Mirrors `jax.tree.structure`.
 *
 * @param isLeaf tells of a node that it is to be a leaf: a function, or `{ isLeaf }`
 * @example
 * tree.structure({ a: [1, 2] }).numLeaves; // 2
 */
export function structure(tree: unknown, isLeaf?: LeafTest): TreeDef {
  return flatten(tree, isLeaf)[1];
}

/** One step of a path through a tree: an index of an array, or the key of an object, Map or registered node. */
export type PathKey = string | number;

/**
 * Leaves of a tree with their paths. Mirrors `jax.tree_util.tree_leaves_with_path`.
 *
 * @param isLeaf tells of a node that it is to be a leaf: a function, or `{ isLeaf }`
 * @example
 * tree.leavesWithPath({ a: [5, 6] }).map(([, leaf]) => leaf); // [5, 6]
 */
export function leavesWithPath(tree: unknown, isLeaf?: LeafTest): [PathKey[], unknown][] {
  const [values, def] = flatten(tree, isLeaf);
  return pathsOf(def).map((p, i) => [p, values[i]]);
}

/** Path of every leaf of a structure. */
export function pathsOf(def: TreeDef): PathKey[][] {
  const out: PathKey[][] = [];
  const walk = (d: TreeDef, path: PathKey[]) => {
    if (d.kind === 'leaf') out.push(path);
    d.children.forEach((c, i) => walk(c, [...path, d.kind === 'list' ? i : ((d.keys[i] as PathKey | undefined) ?? i)]));
  };
  walk(def, []);
  return out;
}

/** A path as JAX writes it: `[0]['w']`. @example tree.leavesWithPath({ a: [5] }).map(([path]) => tree.keystr(path)); // ["['a'][0]"] */
export function keystr(path: readonly PathKey[]): string {
  checkList('tree.keystr', 'path', path);
  return path.map((k) => (typeof k === 'number' ? `[${k}]` : `['${k}']`)).join('');
}

/**
 * Splits `tree` down to the depth of `def`: the subtrees at the leaves of `def`.
 *
 * @param what what messages call the tree
 * @throws TreeError if the structure differs
 * @example
 * tree.flattenUpTo(tree.structure({ a: 0 }), { a: [1, 2] }); // [[1, 2]]
 */
export function flattenUpTo(def: TreeDef, tree: unknown, what = 'tree'): unknown[] {
  checkInstance('tree.flattenUpTo', def, TreeDef);
  const out: unknown[] = [];
  const walk = (d: TreeDef, x: unknown, path: PathKey[]): void => {
    const fail = (got: string): never => {
      throw new TreeError(`${what}: structures differ at ${keystr(path) || 'the root'}: expected ${describe(d)}, got ${got}`);
    };
    switch (d.kind) {
      case 'leaf':
        out.push(x);
        return;
      case 'none':
        if (x !== null && x !== undefined) fail(describe(structure(x)));
        return;
      case 'undefined':
        if (x !== undefined && x !== null) fail(describe(structure(x)));
        return;
      case 'list': {
        if (!globalThis.Array.isArray(x) || x.length !== d.children.length) fail(describe(structure(x)));
        d.children.forEach((c, i) => walk(c, (x as unknown[])[i], [...path, i]));
        return;
      }
      case 'dict': {
        if (!isPlainObject(x)) fail(describe(structure(x)));
        const o = x as Record<string, unknown>;
        const keys = Object.keys(o).sort(byCodeUnit);
        if (keys.length !== d.keys.length || keys.some((k, i) => k !== d.keys[i])) fail(`{${keys.map((k) => `'${k}'`).join(', ')}}`);
        d.children.forEach((c, i) => walk(c, o[d.keys[i] as string], [...path, d.keys[i] as string]));
        return;
      }
      case 'map': {
        if (!(x instanceof Map) || x.size !== d.keys.length || d.keys.some((k) => !x.has(k))) fail(describe(structure(x)));
        d.children.forEach((c, i) => walk(c, (x as Map<unknown, unknown>).get(d.keys[i]), [...path, String(d.keys[i])]));
        return;
      }
      case 'custom': {
        const h = x !== null && typeof x === 'object' ? findHandler(x) : undefined;
        if (h !== d.handler) fail(describe(structure(x)));
        const parts = h!.flatten(x);
        if (parts.children.length !== d.children.length || !(h!.equals ? h!.equals(parts.aux, d.aux) : parts.aux === d.aux)) fail(describe(structure(x)));
        d.children.forEach((c, i) => walk(c, parts.children[i], [...path, (d.keys[i] as PathKey | undefined) ?? i]));
      }
    }
  };
  walk(def, tree, []);
  return out;
}

/** Options of a map over trees. */
export interface MapOptions {
  /** Subtrees that are to be taken as leaves. */
  isLeaf?: (x: unknown) => boolean;
}

function isMapOptions(x: unknown): x is MapOptions {
  return isPlainObject(x) && typeof x.isLeaf === 'function' && Object.keys(x).every((k) => k === 'isLeaf' || k === 'initializer');
}

/** The test for leaves in options that come last, which are taken away. */
function takeIsLeaf(rest: unknown[]): MapOptions['isLeaf'] {
  const last = rest[rest.length - 1];
  if (!isMapOptions(last)) return undefined;
  rest.pop();
  return last.isLeaf;
}

// biome-ignore lint/suspicious/noExplicitAny: where the tree has no type, its copy has none
type Untyped = any;

/** A tree with leaves of type R in the places of the leaves of T. Instances of classes, which have methods, are of the same class again. */
export type Mapped<T, R> =
  unknown extends T ? Untyped
    : T extends Array | number | bigint | boolean | string | ArrayBufferView | { re: number; im: number } ? R
      : T extends null | undefined | ((...args: never[]) => unknown) ? T
        : T extends readonly unknown[] ? { [K in keyof T]: Mapped<T[K], R> }
          : [Extract<T[keyof T], (...args: never[]) => unknown>] extends [never] ? { [K in keyof T]: Mapped<T[K], R> } : T;

/**
 * Applies a function to the leaves of one or several trees of the same structure. Mirrors `jax.tree.map`.
 *
 * @param f a function of leaves
 * @throws TreeError where the later trees do not have the first one's structure as a prefix.
 * @example
 * tree.map((x: number, y: number) => x + y, { a: 1, b: [2] }, { a: 10, b: [20] }); // { a: 11, b: [22] }
 */
export function map<F extends (...leaves: never[]) => unknown, T>(f: F, tree: T, ...rest: unknown[]): Mapped<T, ReturnType<F>> {
  checkFunction('tree.map', 'f', f);
  const isLeaf = takeIsLeaf(rest);
  const [first, def] = flatten(tree, isLeaf);
  const others = rest.map((t) => flattenUpTo(def, t, 'tree.map'));
  return def.unflatten(first.map((x, i) => (f as unknown as (...a: unknown[]) => unknown)(x, ...others.map((o) => o[i])))) as Mapped<T, ReturnType<F>>;
}

/**
 * {@link map} with the path of each leaf as first argument. Mirrors `jax.tree.map_with_path`.
 *
 * @param f a function of leaves
 * @example
 * tree.mapWithPath((path, x: number) => `${tree.keystr(path)} ${x}`, { a: [5] }); // { a: ["['a'][0] 5"] }
 */
export function mapWithPath(f: (path: PathKey[], ...leaves: never[]) => unknown, tree: unknown, ...rest: unknown[]): unknown {
  checkFunction('tree.mapWithPath', 'f', f);
  const isLeaf = takeIsLeaf(rest);
  const [first, def] = flatten(tree, isLeaf);
  const paths = pathsOf(def);
  const others = rest.map((t) => flattenUpTo(def, t, 'tree.mapWithPath'));
  return def.unflatten(first.map((x, i) => (f as (...a: unknown[]) => unknown)(paths[i], x, ...others.map((o) => o[i]))));
}

/**
 * Folds the leaves of a tree. Mirrors `jax.tree.reduce`.
 *
 * @param f a function of leaves
 * @param init the first value, without it the first leaf; or options, `{ initializer, isLeaf }`
 * @throws TreeError if there is neither a leaf nor a first value
 * @example
 * tree.reduce((sum: number, x: number) => sum + x, { a: 1, b: [2, 3] }, 0); // 6
 */
export function reduce<T>(f: (acc: T, leaf: never) => T, tree: unknown, init?: T | { initializer?: T; isLeaf?: (x: unknown) => boolean }): T {
  checkFunction('tree.reduce', 'f', f);
  if (isMapOptions(init) || (isPlainObject(init) && Object.keys(init).join() === 'initializer')) {
    const { initializer, isLeaf } = init as { initializer?: T; isLeaf?: (x: unknown) => boolean };
    return foldLeaves(f, leaves(tree, isLeaf), initializer);
  }
  return foldLeaves(f, leaves(tree), init as T | undefined);
}

function foldLeaves<T>(f: (acc: T, leaf: never) => T, values: readonly unknown[], init: T | undefined): T {
  if (init === undefined) {
    if (values.length === 0) throw new TreeError('tree.reduce: expected at least one leaf when no initial value is given');
    return values.slice(1).reduce<T>((a, x) => f(a, x as never), values[0] as T);
  }
  return values.reduce<T>((a, x) => f(a, x as never), init);
}

/** Whether every leaf is truthy. Mirrors `jax.tree.all`. @example tree.all({ a: true, b: [true, false] }); // false */
export function all(tree: unknown, isLeaf?: LeafTest): boolean {
  return leaves(tree, isLeaf).every(Boolean);
}

/**
 * Swaps an outer and an inner structure. Mirrors `jax.tree.transpose`.
 *
 * @throws TreeError if the tree has not as many leaves as both structures give
 * @example
 * tree.transpose(tree.structure([0, 0]), tree.structure({ a: 0, b: 0 }), [{ a: 1, b: 2 }, { a: 3, b: 4 }]); // { a: [1, 3], b: [2, 4] }
 */
export function transpose(outer: TreeDef, inner: TreeDef, tree: unknown): unknown {
  for (const def of [outer, inner]) checkInstance('tree.transpose', def, TreeDef);
  const values = leaves(tree);
  const [m, n] = [outer.numLeaves, inner.numLeaves];
  if (values.length !== m * n) throw new TreeError(`tree.transpose: expected ${m} x ${n} leaves, got ${values.length}`);
  return inner.unflatten(globalThis.Array.from({ length: n }, (_, j) => outer.unflatten(globalThis.Array.from({ length: m }, (_, i) => values[i * n + j]))));
}

/**
 * One value for each leaf of `def` from a tree that is a prefix of it, each of its leaves standing for all beneath: how `inAxes` is read.
 * In a prefix, null is a leaf.
 *
 * @param what what messages call the tree
 * @param isLeaf what objects of the prefix are leaves
 * @throws TreeError if it is no prefix of the structure
 * @example
 * tree.broadcastPrefix([0, null], tree.structure([{ a: 1, b: 2 }, 3])); // [0, 0, null]
 */
export function broadcastPrefix(prefix: unknown, def: TreeDef, what = 'tree', isLeaf: (x: unknown) => boolean = () => false): unknown[] {
  checkInstance('tree.broadcastPrefix', def, TreeDef);
  const out: unknown[] = [];
  const walk = (p: unknown, d: TreeDef) => {
    if (p === null || p === undefined || typeof p !== 'object' || isLeaf(p)) {
      for (let i = 0; i < d.numLeaves; i++) out.push(p ?? null);
      return;
    }
    if (d.kind === 'leaf') {
      out.push(p);
      return;
    }
    let parts: unknown[];
    if (globalThis.Array.isArray(p) && d.kind === 'list') parts = p;
    else if (d.kind === 'dict' && isPlainObject(p)) {
      const o = p as Record<string, unknown>;
      const extra = Object.keys(o).find((k) => !d.keys.includes(k));
      if (extra !== undefined) throw new TreeError(`${what}: key '${extra}' is not in ${describe(d)}`);
      parts = d.keys.map((k) => {
        if (!(String(k) in o)) throw new TreeError(`${what}: key '${String(k)}' of ${describe(d)} is missing`);
        return o[k as string];
      });
    } else if (d.kind === 'map' && p instanceof Map) parts = d.keys.map((k) => p.get(k));
    else if (d.kind === 'custom' && findHandler(p) === d.handler) parts = d.handler!.flatten(p).children;
    else throw new TreeError(`${what}: expected a prefix of ${describe(d)}, got ${describe(structure(p))}`);
    if (parts.length !== d.children.length) throw new TreeError(`${what}: expected ${d.children.length} entries for ${describe(d)}, got ${parts.length}`);
    d.children.forEach((c, i) => walk(parts[i], c));
  };
  walk(prefix, def);
  return out;
}
