import { describeValue } from '../functional/arrayLike';
import { ArgumentError } from '../core/errors';
import type { Filter } from '../state/filters';
import type { NestedDict } from '../state/nestedDict';
import type { TreefyState } from '../state/treefyState';
import { flatten, RefMap, unflatten } from './flatten';
import type { GraphDef } from './graphDef';

/** `[graphdef, states]`, or with filters `[graphdef, ...parts]`. @internal */
export function split(root: unknown, filters: readonly Filter[], refIndex: RefMap<object, number> | null): [GraphDef, ...NestedDict<TreefyState>[]] {
  const [def, states] = flatten(root, { refIndex });
  if (filters.length === 0) return [def, states as NestedDict<TreefyState>];
  const parts = states.split(...filters);
  return [def, ...((globalThis.Array.isArray(parts) ? parts : [parts]) as NestedDict<TreefyState>[])];
}

/**
 * Splits several graphs, with one numbering: what they share has one number.
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * const [def, states] = graph.splitContext((context) => context.treefySplit(layer));
 * graph.treefyMerge(def, states!) instanceof nn.Linear; // true
 * ```
 */
export class SplitContext {
  readonly refIndex = new RefMap<object, number>();

  /** Takes one graph apart; what another one of this context had keeps its number. */
  treefySplit(root: unknown, ...filters: Filter[]): [GraphDef, ...NestedDict<TreefyState>[]] {
    return split(root, filters, this.refIndex);
  }
}

/**
 * Puts several graphs together that a {@link SplitContext} took apart: what they shared is one object again.
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * const part = graph.splitContext((context) => context.treefySplit(layer));
 * const copy = graph.mergeContext((context) => context.treefyMerge(...part));
 * copy instanceof nn.Linear; // true
 * ```
 */
export class MergeContext {
  readonly indexRef = new Map<number, unknown>();

  /** Puts one graph together; what another one of this context had is shared. */
  treefyMerge(def: GraphDef, ...states: NestedDict<unknown>[]): unknown {
    return unflatten(def, ...states, { indexRef: this.indexRef });
  }
}

/**
 * Calls a function with a context for splitting several graphs that share nodes or states, and the numbers of those.
 *
 * Mirrors `brainstate.graph.split_context`.
 *
 * @throws ArgumentError unless it is given a function
 * @example
 * ```ts
 * const [encoder, decoder] = [new nn.Linear(3, 2), new nn.Linear(2, 3)];
 * const [a, b] = graph.splitContext((ctx) => [ctx.treefySplit(encoder), ctx.treefySplit(decoder)] as const);
 * const [encoder2, decoder2] = graph.mergeContext((ctx) => [ctx.treefyMerge(...a), ctx.treefyMerge(...b)]);
 * ```
 */
export function splitContext<R>(f: (context: SplitContext, refIndex: RefMap<object, number>) => R): R {
  if (typeof f !== 'function') throw new ArgumentError(`graph.splitContext: expected a function, got ${describeValue(f)}`);
  const context = new SplitContext();
  return f(context, context.refIndex);
}

/**
 * Calls a function with a context for merging what a {@link splitContext} gave, and what is made by number. Mirrors `brainstate.graph.merge_context`.
 *
 * @throws ArgumentError unless it is given a function
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * const parts = graph.splitContext((context) => [context.treefySplit(layer), context.treefySplit([layer])]);
 * const [a, b] = graph.mergeContext((context) => [context.treefyMerge(...parts[0]!), context.treefyMerge(...parts[1]!)]);
 * (b as unknown[])[0] === a; // true
 * ```
 */
export function mergeContext<R>(f: (context: MergeContext, indexRef: Map<number, unknown>) => R): R {
  if (typeof f !== 'function') throw new ArgumentError(`graph.mergeContext: expected a function, got ${describeValue(f)}`);
  const context = new MergeContext();
  return f(context, context.indexRef);
}
