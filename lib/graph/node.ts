import { markCopy } from '../core/copies';
import type { Loose } from '../functional/treeFunction';
import type { Filter } from '../state/filters';
import type { FlattedDict, FlatStates } from '../state/flattedDict';
import type { State } from '../state/state';
import { nodes as nodesOf, type Hierarchy, states as statesOf } from './walk';

/**
 * Base of everything that holds states and other nodes in its properties: modules, optimisers, schedules. A graph is found by walking its nodes' own
 * properties, lists, plain objects and Maps among them; the names in `graphInvisibleAttrs` are passed over.
 *
 * Mirrors `brainstate.graph.Node`.
 *
 * @example
 * new nn.Linear(3, 2) instanceof graph.Node; // true
 */
export class Node {
  /** Names of properties that are no part of the graph: what they hold is not found, and copies do not have them. */
  static graphInvisibleAttrs: readonly string[] = [];

  /**
   * The states of this node and all below, by path; with several filters, a list: each state goes to the first filter that takes it.
   * Filters are classes, tags, functions …; the last argument may be `{ allowedHierarchy: [from, to] }`.
   */
  states(): FlatStates;
  states<S extends State<Loose>>(filter: abstract new (...args: Loose[]) => S, hierarchy?: Hierarchy): FlattedDict<S>;
  states(filter: Filter, hierarchy?: Hierarchy): FlatStates;
  states(...filters: (Filter | Hierarchy)[]): FlatStates | FlatStates[];
  states(...filters: Loose[]): Loose {
    return statesOf(this, ...filters);
  }

  /** The nodes below, by path, and this one last, under the empty path. */
  nodes(...filters: [] | [Filter | Hierarchy] | [Filter, Hierarchy]): FlattedDict<Node>;
  nodes(...filters: (Filter | Hierarchy)[]): FlattedDict<Node> | FlattedDict<Node>[];
  nodes(...filters: (Filter | Hierarchy)[]): FlattedDict<Node> | FlattedDict<Node>[] {
    return nodesOf(this, ...filters);
  }
}


markCopy(Node);
