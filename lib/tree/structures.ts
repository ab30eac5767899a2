import { checkClass, checkFunction, checkInstance, checkList } from '../core/checks';
import { ArgumentError, TreeError } from '../core/errors';
import { flatten, flattenUpTo, leavesWithPath, type NodeHandler, type PathKey, registerPytreeNode, structure, TreeDef } from '../core/tree';
import { checkOptions } from '../functional/options';

/** An option of the functions that walk a tree. */
export interface LeafOption {
  /** Subtrees that are to be taken as leaves. */
  isLeaf?: (x: unknown) => boolean;
}

/**
 * A tree of the structure of `full`, in which each leaf of `prefix` stands in all places of the subtree that it stands for.
 *
 * Mirrors `jax.tree.broadcast`.
 *
 * @throws TreeError if `prefix` is not a prefix of `full`
 * @example
 * ```ts
 * tree.broadcast([1, 2], [0, { a: 0, b: 0 }]); // [1, { a: 2, b: 2 }]
 * ```
 */
export function broadcast(prefix: unknown, full: unknown, options: LeafOption = {}): unknown {
  const { isLeaf } = checkOptions('tree.broadcast', ['isLeaf'], options);
  const [values, def] = flatten(prefix, isLeaf);
  const out = flattenUpTo(def, full, 'tree.broadcast').map((subtree, i) => {
    const d = structure(subtree, isLeaf);
    return d.unflatten(new globalThis.Array(d.numLeaves).fill(values[i]));
  });
  return def.unflatten(out);
}

/** Leaves with their paths, and the structure: `[[path, leaf][], treedef]`. Mirrors `jax.tree.flatten_with_path`. @example tree.flattenWithPath({ a: [1, 2] })[0].length; // 2 */
export function flattenWithPath(tree: unknown, options: LeafOption = {}): [[PathKey[], unknown][], TreeDef] {
  const { isLeaf } = checkOptions('tree.flattenWithPath', ['isLeaf'], options);
  return [leavesWithPath(tree, isLeaf), structure(tree, isLeaf)];
}

/**
 * Folds the leaves of a tree by an associative operation, in pairs: log2(n) deep.
 *
 * Mirrors `jax.tree.reduce_associative`.
 *
 * @throws TreeError if the tree has no leaves and no identity is given
 * @example
 * ```ts
 * tree.reduceAssociative((a: number, b: number) => a + b, [1, [2, 3], { a: 4 }]); // 10
 * ```
 */
export function reduceAssociative<T>(operation: (a: T, b: T) => T, tree: unknown, options: { identity?: T } & LeafOption = {}): T {
  checkFunction('tree.reduceAssociative', 'operation', operation);
  const { identity, isLeaf } = checkOptions<{ identity?: T } & LeafOption, 'identity' | 'isLeaf'>('tree.reduceAssociative', ['identity', 'isLeaf'], options);
  let level = flatten(tree, isLeaf)[0] as T[];
  if (level.length === 0) {
    if (identity === undefined) throw new TreeError('tree.reduceAssociative: expected at least one leaf when no identity is given');
    return identity;
  }
  while (level.length > 1) {
    const next: T[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(i + 1 < level.length ? operation(level[i]!, level[i + 1]!) : level[i]!);
    level = next;
  }
  return level[0]!;
}

/** Whether no element of a list is a node of trees. Mirrors `jax.tree_util.all_leaves`. @example tree.allLeaves([1, 'x', np.ones([2])]); // true */
export function allLeaves(values: readonly unknown[], options: LeafOption = {}): boolean {
  const { isLeaf } = checkOptions('tree.allLeaves', ['isLeaf'], options);
  checkList('tree.allLeaves', 'values', values);
  return values.every((x) => structure(x, isLeaf).kind === 'leaf');
}

/**
 * Whether a value is a node of trees: an array, a plain object, a Map, null, or an instance of a registered class. Mirrors `jax.tree_util.is_tree_node`.
 *
 * @example
 * [tree.isTreeNode([1]), tree.isTreeNode(np.ones([2]))]; // [true, false]
 */
export function isTreeNode(x: unknown): boolean {
  return structure(x, () => false).kind !== 'leaf';
}

/**
 * The children of a node, with how the node is built from them again; null of a leaf. Mirrors `jax.tree_util.flatten_one_level`.
 *
 * @example
 * tree.flattenOneLevel({ a: [1, 2], b: 3 })?.children; // [[1, 2], 3]
 */
export function flattenOneLevel(node: unknown): { children: unknown[]; treedef: TreeDef } | null {
  if (!isTreeNode(node)) return null;
  const [children, treedef] = flatten(node, (x) => x !== node);
  return { children, treedef };
}

/** Structures of the children of a structure. Mirrors `jax.tree_util.treedef_children`. @example tree.treedefChildren(tree.structure([1, { a: 2 }])).length; // 2 */
export function treedefChildren(def: TreeDef): readonly TreeDef[] {
  checkInstance('tree.treedefChildren', def, TreeDef);
  return def.children;
}

/** Whether a structure is that of a leaf. Mirrors `jax.tree_util.treedef_is_leaf`. @example tree.treedefIsLeaf(tree.structure(1)); // true */
export function treedefIsLeaf(def: TreeDef): boolean {
  checkInstance('tree.treedefIsLeaf', def, TreeDef);
  return def.kind === 'leaf';
}

/**
 * The structure of a list whose elements have these structures. Mirrors `jax.tree_util.treedef_tuple`.
 *
 * @example
 * tree.treedefTuple([tree.structure(1), tree.structure([2, 3])]).numLeaves; // 3
 */
export function treedefTuple(defs: readonly TreeDef[]): TreeDef {
  checkList('tree.treedefTuple', 'defs', defs);
  for (const d of defs) checkInstance('tree.treedefTuple', d, TreeDef);
  return structure(defs.map((d) => d.unflatten(new globalThis.Array(d.numLeaves).fill(0))));
}

type Class<T> = abstract new (...args: never[]) => T;

/**
 * Makes instances of a class nodes of trees by naming its properties: those in `dataFields` are children, those in `metaFields` part of the structure.
 * A new instance gets the class's prototype and these properties; its constructor does not run.
 *
 * Mirrors `jax.tree_util.register_dataclass`.
 *
 * @throws ArgumentError if the class is registered already, or a property is named twice
 * @example
 * ```ts
 * class Point { constructor(public x: np.ArrayLike, public y: np.ArrayLike, public unit = 'm') {} }
 * tree.registerDataclass(Point, { dataFields: ['x', 'y'], metaFields: ['unit'] });
 * tree.leaves(new Point(1, 2)); // [1, 2]
 * ```
 */
export function registerDataclass<T extends object>(cls: Class<T>, fields: { dataFields: readonly (keyof T & string)[]; metaFields?: readonly (keyof T & string)[] }): void {
  checkClass('registerDataclass', cls);
  const { dataFields, metaFields = [] } = checkOptions('registerDataclass', ['dataFields', 'metaFields'], fields);
  checkList('registerDataclass', 'dataFields', dataFields);
  checkList('registerDataclass', 'metaFields', metaFields);
  const every = [...dataFields, ...metaFields];
  if (new Set(every).size !== every.length) throw new ArgumentError(`registerDataclass: expected each property of ${cls.name} once in dataFields or metaFields, got ${every.join(', ')}`);
  const handler: NodeHandler<T> = {
    name: cls.name,
    flatten: (node) => ({ children: dataFields.map((k) => node[k]), keys: [...dataFields], aux: metaFields.map((k) => node[k]) }),
    unflatten: (aux, children) => {
      const made = Object.create(cls.prototype as object) as Record<string, unknown>;
      dataFields.forEach((k, i) => (made[k] = children[i]));
      metaFields.forEach((k, i) => (made[k] = (aux as unknown[])[i]));
      return made as T;
    },
    equals: (a, b) => (a as unknown[]).every((x, i) => Object.is(x, (b as unknown[])[i])),
  };
  registerPytreeNode(cls, handler);
}

/**
 * Makes instances of a class part of the structure of trees, without leaves; two are the same where `equals` says so (default: only itself). Mirrors `jax.tree_util.register_static`.
 *
 * @example
 * ```ts
 * class Config { constructor(readonly size: number) {} }
 * tree.registerStatic(Config, { equals: (a, b) => a.size === b.size });
 * tree.leaves([new Config(3), 1]); // [1]
 * ```
 */
export function registerStatic<T extends object>(cls: Class<T>, options: { equals?: (a: T, b: T) => boolean } = {}): void {
  checkClass('registerStatic', cls);
  const { equals = Object.is } = checkOptions('registerStatic', ['equals'], options);
  checkFunction('registerStatic', 'equals', equals);
  registerPytreeNode(cls, { name: cls.name, flatten: (node) => ({ children: [], aux: node }), unflatten: (aux) => aux as T, equals: (a, b) => equals(a as T, b as T) });
}

/**
 * A function with its first arguments, as a node of trees whose leaves are those arguments: so it can be an argument of a transformed function.
 *
 * Mirrors `jax.tree_util.Partial`; called as `p.call(...rest)`.
 *
 * @example
 * ```ts
 * const f = jit((p: tree.Partial, x: np.Array) => p.call(x));
 * f(new tree.Partial(np.add, 1), np.ones([2])); // [2, 2]
 * ```
 */
export class Partial {
  readonly func: (...args: never[]) => unknown;
  readonly args: readonly unknown[];

  constructor(func: (...args: never[]) => unknown, ...args: unknown[]) {
    if (typeof func !== 'function') throw new ArgumentError(`Partial: expected a function, got ${typeof func}`);
    this.func = func;
    this.args = args;
  }

  /** Calls the function with its own arguments, then with these. */
  call(...rest: unknown[]): unknown {
    return (this.func as (...args: unknown[]) => unknown)(...this.args, ...rest);
  }
}

registerPytreeNode(Partial, {
  name: 'Partial',
  flatten: (p) => ({ children: [...p.args], aux: p.func }),
  unflatten: (func, args) => new Partial(func as (...args: never[]) => unknown, ...args),
});
