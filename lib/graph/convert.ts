import { ArgumentError } from '../core/errors';
import { broadcastPrefix, flatten as flattenTree, keystr, pathsOf, type PathKey, registerPytreeNode } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { FlattedDict } from '../state/flattedDict';
import type { NestedDict } from '../state/nestedDict';
import { type Path, pathText } from '../state/paths';
import { State } from '../state/state';
import { MergeContext, SplitContext } from './context';
import type { GraphDef } from './graphDef';
import { nodeTypeOf } from './nodeTypes';
import { walk } from './walk';

/**
 * A graph in a tree: its structure, and maps of its states, which are the tree's children. Mirrors `brainstate.graph.NodeStates`.
 *
 * @example
 * ```ts
 * const [made] = graph.graphToTree({ layer: new nn.Linear(3, 2) });
 * (made as { layer: graph.NodeStates }).layer instanceof graph.NodeStates; // true
 * ```
 */
export class NodeStates {
  readonly states: readonly NestedDict<unknown>[];
  readonly metadata: unknown;
  private readonly def: GraphDef | null;

  constructor(def: GraphDef | null, states: readonly NestedDict<unknown>[], metadata: unknown = null) {
    this.def = def;
    this.states = states;
    this.metadata = metadata;
  }

  /** Of a structure and maps of states. */
  static fromSplit(def: GraphDef, states: readonly NestedDict<unknown>[], options: { metadata?: unknown } = {}): NodeStates {
    const { metadata = null } = checkOptions('NodeStates.fromSplit', ['metadata'], options);
    return new NodeStates(def, states, metadata);
  }

  /** Of maps of states without a structure. */
  static fromStates(...states: NestedDict<unknown>[]): NodeStates {
    return new NodeStates(null, states);
  }

  /** @throws ArgumentError if there is none */
  get graphdef(): GraphDef {
    if (this.def === null) throw new ArgumentError('NodeStates: there is no graphdef');
    return this.def;
  }

  /** The map of states, where there is one. @throws ArgumentError if there are several */
  get state(): NestedDict<unknown> {
    if (this.states.length !== 1) throw new ArgumentError(`NodeStates: expected one map of states, got ${this.states.length}`);
    return this.states[0]!;
  }

  /** @internal */
  static handle(): void {
    registerPytreeNode(NodeStates, {
      name: 'NodeStates',
      flatten: (n) => ({ children: [...n.states], keys: n.states.map((_, i) => String(i)), aux: n }),
      unflatten: (aux, children) => new NodeStates((aux as NodeStates).def, children as NestedDict<unknown>[], (aux as NodeStates).metadata),
      equals: (a, b) => {
        const [x, y] = [a as NodeStates, b as NodeStates];
        return Object.is(x.metadata, y.metadata) && (x.def === null || y.def === null ? x.def === y.def : x.def.equals(y.def));
      },
    });
  }
}

NodeStates.handle();

/** Makes what stands for a graph in a tree. */
export type SplitFunction = (context: SplitContext, path: PathKey[], prefix: unknown, leaf: unknown) => unknown;
/** Makes a graph of what stands for it in a tree. */
export type MergeFunction = (context: MergeContext, path: PathKey[], prefix: unknown, leaf: unknown) => unknown;

/** Options of {@link graphToTree}. */
export interface GraphToTreeOptions {
  /** A tree whose leaves are given to splitFn with all that is below them. */
  prefix?: unknown;
  /** What stands for a graph; by default a {@link NodeStates}. */
  splitFn?: SplitFunction;
  /** Whether splitFn is called with other leaves, too. Default false. */
  mapNonGraphNodes?: boolean;
  /** Whether it is an error if a shared node or state has different prefixes. Default true. */
  checkAliasing?: boolean;
}

/**
 * A tree with graphs among its leaves as one without: each graph becomes a {@link NodeStates}, whose arrays transforms see.
 *
 * Mirrors `brainstate.graph.graph_to_tree`.
 *
 * @returns the tree, and the states that were found, by their numbers
 * @throws ArgumentError if what is shared has different prefixes
 * @example
 * ```ts
 * const [leaves] = graph.graphToTree([new nn.Linear(3, 2), 5]);
 * tree.leaves(leaves).length; // 3
 * ```
 */
export function graphToTree(x: unknown, options: GraphToTreeOptions = {}): [tree: unknown, states: FlattedDict<State<unknown>>] {
  const { prefix = null, splitFn = splitPart, mapNonGraphNodes = false, checkAliasing = true } = checkOptions('graphToTree', ['prefix', 'splitFn', 'mapNonGraphNodes', 'checkAliasing'], options);
  const [leaves, def] = flattenTree(x);
  const prefixes = broadcastPrefix(prefix, def, 'graphToTree: prefix');
  const paths = pathsOf(def);
  const context = new SplitContext();
  const seen = new Map<object, { path: Path; prefix: unknown }[]>();
  const out = leaves.map((leaf, i) => {
    if (nodeTypeOf(leaf) === undefined) return mapNonGraphNodes ? splitFn(context, paths[i]!, prefixes[i], leaf) : leaf;
    if (checkAliasing) {
      walk(leaf, (path, v) => {
        const known = seen.get(v) ?? [];
        known.push({ path, prefix: prefixes[i] });
        seen.set(v, known);
        if (known.some((k) => k.prefix !== known[0]!.prefix)) {
          throw new ArgumentError(`graphToTree: ${describeValue(v)} is shared, but has different prefixes: ${known.map((k) => `${String(k.prefix)} at ${pathText(k.path)}`).join(', ')}`);
        }
      });
    }
    return splitFn(context, paths[i]!, prefixes[i], leaf);
  });
  const states = [...context.refIndex].filter((e): e is [State<unknown>, number] => e[0] instanceof State).map(([s, i]) => [[i], s] as const);
  return [def.unflatten(out), new FlattedDict<State<unknown>>(states)];
}

function splitPart(context: SplitContext, _path: PathKey[], _prefix: unknown, leaf: unknown): NodeStates {
  const [def, ...states] = context.treefySplit(leaf);
  return NodeStates.fromSplit(def, states);
}

/** Options of {@link treeToGraph}. */
export interface TreeToGraphOptions {
  prefix?: unknown;
  /** What a graph's stand-in becomes; by default a {@link NodeStates} is merged. */
  mergeFn?: MergeFunction;
  /** What is given to mergeFn. Default: NodeStates. */
  isNodeLeaf?: (x: unknown) => boolean;
  /** What the tree is not taken apart below. Default: NodeStates. */
  isLeaf?: (x: unknown) => boolean;
  mapNonGraphNodes?: boolean;
}

const isNodeStates = (x: unknown) => x instanceof NodeStates;

/**
 * The inverse of {@link graphToTree}: what the graphs shared is one object again. Mirrors `brainstate.graph.tree_to_graph`.
 *
 * @example
 * ```ts
 * const [made] = graph.graphToTree({ layer: new nn.Linear(3, 2) });
 * (graph.treeToGraph(made) as { layer: nn.Linear }).layer instanceof nn.Linear; // true
 * ```
 */
export function treeToGraph(tree: unknown, options: TreeToGraphOptions = {}): unknown {
  const { prefix = null, mergeFn = mergeLeaf, isNodeLeaf = isNodeStates, isLeaf = isNodeStates, mapNonGraphNodes = false } = checkOptions('treeToGraph', ['prefix', 'mergeFn', 'isNodeLeaf', 'isLeaf', 'mapNonGraphNodes'], options);
  const [leaves, def] = flattenTree(tree, isLeaf);
  const prefixes = broadcastPrefix(prefix, def, 'treeToGraph: prefix');
  const paths = pathsOf(def);
  const context = new MergeContext();
  return def.unflatten(leaves.map((leaf, i) => (isNodeLeaf(leaf) || mapNonGraphNodes ? mergeFn(context, paths[i]!, prefixes[i], leaf) : leaf)));
}

function mergeLeaf(context: MergeContext, path: PathKey[], _prefix: unknown, leaf: unknown): unknown {
  if (!(leaf instanceof NodeStates)) throw new ArgumentError(`treeToGraph: expected a NodeStates at ${keystr(path) || 'the root'}, got ${describeValue(leaf)}`);
  return context.treefyMerge(leaf.graphdef, ...leaf.states);
}
