import { inspect } from 'node:util';
import type { Path } from '../state/paths';
import type { State } from '../state/state';
import { registerStatic } from '../tree';
import type { Key } from './nodeTypes';

/**
 * A node, by its number in the graph: all references to it have the same. Mirrors `brainstate.graph.NodeEdge`.
 *
 * @example
 * graph.graphdef(new nn.Linear(3, 2)).root instanceof graph.NodeEdge; // true
 */
export class NodeEdge {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * A state, by its number; its path where it is met first, null elsewhere. Mirrors `brainstate.graph.StateEdge`.
 *
 * @example
 * graph.graphdef({ w: new ParamState(np.ones([2])) }).nodeSpecs.length; // 0
 */
export class StateEdge {
  readonly index: number;
  readonly path: Path | null;
  readonly type: typeof State;
  constructor(index: number, path: Path | null, type: typeof State) {
    this.index = index;
    this.path = path;
    this.type = type;
  }
}

/** A snapshot of a state in place of a state, by its path. Mirrors `brainstate.graph.StateLeafEdge`. @example new graph.StateLeafEdge(['w']).path; // ['w'] */
export class StateLeafEdge {
  readonly path: Path;
  constructor(path: Path) {
    this.path = path;
  }
}

/** A list, plain object or Map, and a number for it among the containers. */
export interface ContainerMetadata {
  readonly kind: 'list' | 'dict' | 'map';
  readonly id: number;
}

/**
 * A container with its entries; null where it is one that was met before, which `metadata.id` tells. Mirrors `brainstate.graph.PytreeEdge`.
 *
 * @example
 * graph.graphdef({ a: new nn.Linear(3, 2) }).root instanceof graph.PytreeEdge; // true
 */
export class PytreeEdge {
  readonly metadata: ContainerMetadata;
  readonly fields: readonly (readonly [Key, Edge])[] | null;
  constructor(metadata: ContainerMetadata, fields: readonly (readonly [Key, Edge])[] | null) {
    this.metadata = metadata;
    this.fields = fields;
  }
}

/** A value that is no part of the graph's states. Mirrors `brainstate.graph.StaticEdge`. @example new graph.StaticEdge(3).value; // 3 */
export class StaticEdge {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Where an entry of a node leads. */
export type Edge = NodeEdge | StateEdge | StateLeafEdge | PytreeEdge | StaticEdge;

/**
 * A node without its states: class, number in the graph, and entries. Mirrors `brainstate.graph.NodeSpec`.
 *
 * @example
 * graph.graphdef(new nn.Linear(3, 2)).nodeSpecs[0] instanceof graph.NodeSpec; // true
 */
export class NodeSpec {
  readonly type: abstract new (...args: never[]) => unknown;
  readonly index: number;
  readonly metadata: unknown;
  readonly fields: readonly (readonly [Key, Edge])[];
  constructor(type: NodeSpec['type'], index: number, metadata: unknown, fields: NodeSpec['fields']) {
    this.type = type;
    this.index = index;
    this.metadata = metadata;
    this.fields = fields;
  }
}

/**
 * The structure of a graph with its states taken out: a root, and its nodes by number. A tree without leaves. Mirrors `brainstate.graph.GraphDef`.
 *
 * @example
 * graph.graphdef(new nn.Linear(3, 2)).type === nn.Linear; // true
 */
export class GraphDef {
  readonly root: Edge;
  readonly nodeSpecs: readonly NodeSpec[];

  constructor(root: Edge, nodeSpecs: readonly NodeSpec[]) {
    this.root = root;
    this.nodeSpecs = nodeSpecs;
  }

  /** Class of the root; null if it is a container. */
  get type(): NodeSpec['type'] | null {
    const { root } = this;
    return root instanceof NodeEdge ? (this.nodeSpecs.find((s) => s.index === root.index)?.type ?? null) : null;
  }

  /** Number of the root. */
  get index(): number {
    return this.root instanceof NodeEdge ? this.root.index : 0;
  }

  /** Whether another graph has the same classes, entries and sharing. */
  equals(other: GraphDef): boolean {
    return sameEdge(this.root, other.root) && this.nodeSpecs.length === other.nodeSpecs.length && this.nodeSpecs.every((a, i) => {
      const b = other.nodeSpecs[i]!;
      return a.type === b.type && a.index === b.index && sameFields(a.fields, b.fields) && sameValue(a.metadata, b.metadata);
    });
  }

  toString(): string {
    const byIndex = new Map(this.nodeSpecs.map((s) => [s.index, s]));
    const shown = new Set<number>();
    const block = (open: string, fields: readonly (readonly [Key, Edge])[], pad: string) => `${open}(\n${fields.map(([k, e]) => `${pad}  ${String(k)}=${show(e, `${pad}  `)}`).join(',\n')}\n${pad})`;
    const show = (e: Edge, pad: string): string => {
      if (e instanceof StaticEdge) return inspect(e.value, { depth: 0 });
      if (e instanceof StateEdge) return `${e.type.name}#${e.index}`;
      if (e instanceof StateLeafEdge) return 'TreefyState';
      if (e instanceof PytreeEdge) return e.fields === null ? `${e.metadata.kind}(...)` : block(e.metadata.kind, e.fields, pad);
      const spec = byIndex.get(e.index);
      if (spec === undefined || shown.has(e.index)) return `#${e.index}`;
      shown.add(e.index);
      return block(`${spec.type.name}#${e.index}`, spec.fields, pad);
    };
    return `GraphDef(${show(this.root, '')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function sameFields(a: NodeSpec['fields'], b: NodeSpec['fields']): boolean {
  return a.length === b.length && a.every(([k, e], i) => k === b[i]![0] && sameEdge(e, b[i]![1]));
}

function sameEdge(a: Edge, b: Edge): boolean {
  if (a instanceof NodeEdge) return b instanceof NodeEdge && a.index === b.index;
  if (a instanceof StateEdge) return b instanceof StateEdge && a.index === b.index && a.type === b.type && sameValue(a.path, b.path);
  if (a instanceof StateLeafEdge) return b instanceof StateLeafEdge && sameValue(a.path, b.path);
  if (a instanceof StaticEdge) return b instanceof StaticEdge && sameValue(a.value, b.value);
  if (!(b instanceof PytreeEdge) || a.metadata.kind !== b.metadata.kind || a.metadata.id !== b.metadata.id) return false;
  return a.fields === null || b.fields === null ? a.fields === b.fields : sameFields(a.fields, b.fields);
}

/** Equal for what is the same object, and for objects that read the same. */
function sameValue(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (typeof a === 'object' && typeof b === 'object' && inspect(a) === inspect(b));
}

registerStatic(GraphDef, { equals: (a, b) => a.equals(b) });

/** A value that trees and graphs take as a part of their structure, not as a leaf. Mirrors `brainstate.graph.Static`. @example tree.leaves([new graph.Static('a name'), 1]); // [1] */
export class Static<T = unknown> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
}

registerStatic(Static, { equals: (a, b) => Object.is(a.value, b.value) });
