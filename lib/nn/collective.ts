import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';
import { checkOptions, withFirst } from '../functional/options';
import type { Node } from '../graph/node';
import { nodes } from '../graph/walk';
import { type Filter, toPredicate } from '../state/filters';

const MAX_ORDER = 10;
type Ordered = { callOrder?: number };

/**
 * Marks a method to be called after the unmarked ones by {@link initAllStates} and its like, those of lower levels first. Works as a decorator; the method has the level as `callOrder`.
 *
 * Mirrors `brainstate.nn.call_order`.
 *
 * @throws ArgumentError for a level outside of [0, 10) unless `checkOrderBoundary` is false
 * @example
 * ```ts
 * class Last extends nn.Module {}
 * Last.prototype.initState = nn.callOrder(1)(function () {});
 * ```
 */
export function callOrder(first?: number | { level?: number; checkOrderBoundary?: boolean }, options?: { checkOrderBoundary?: boolean }): <F extends (...args: Loose[]) => Loose>(fun: F, context?: unknown) => F & { callOrder: number } {
  const { level = 0, checkOrderBoundary = true } = checkOptions('callOrder', ['level', 'checkOrderBoundary'], withFirst<{ level?: number; checkOrderBoundary?: boolean }>('callOrder', 'level', first, options));
  if (!Number.isInteger(level) || (checkOrderBoundary && (level < 0 || level >= MAX_ORDER))) throw new ArgumentError(`callOrder: expected level to be an integer in [0, ${MAX_ORDER}), got ${describeValue(level)}`);
  return (fun) => Object.assign(fun, { callOrder: level });
}

/** Options of {@link callAllFns}. */
export interface CallAllOptions {
  /** The arguments; one that is no list is the only one. */
  args?: unknown;
  /** What the method gets as options, after the arguments. */
  kwargs?: Readonly<Record<string, unknown>> | null;
  /** Modules that are passed over. */
  nodeToExclude?: Filter | null;
  /** What to do about a module without the method. Default 'raise'. */
  fnIfNotExist?: 'raise' | 'pass' | 'none' | 'warn';
}

/** The names of {@link CallAllOptions}. @internal */
export const CALL_ALL_OPTIONS = ['args', 'kwargs', 'nodeToExclude', 'fnIfNotExist'] as const;

/** A module, told by what this file calls, as modules import it. */
function isModule(n: Node): boolean {
  return typeof (n as Loose).initState === 'function' && typeof (n as Loose).resetState === 'function';
}

/**
 * Calls a method of every module of a graph, children before parents, those marked by {@link callOrder} at the end; gives the graph.
 *
 * Mirrors `brainstate.nn.call_all_fns`.
 *
 * @param target a module, or a graph of them
 * @param fnName the name of the method
 * @throws ArgumentError for a module without the method, unless `fnIfNotExist` says otherwise, and for one where the name is no method's
 * @example
 * nn.callAllFns(new nn.GRUCell(2, 3), 'initState') instanceof nn.GRUCell; // true
 */
export function callAllFns<M>(target: M, fnName: string, options: CallAllOptions = {}): M {
  const { args = [], kwargs = null, nodeToExclude = null, fnIfNotExist = 'raise' } = checkOptions('callAllFns', CALL_ALL_OPTIONS, options);
  if (typeof fnName !== 'string') throw new ArgumentError(`callAllFns: expected fnName to be a string, got ${describeValue(fnName)}`);
  if (!['raise', 'pass', 'none', 'warn'].includes(fnIfNotExist)) throw new ArgumentError(`callAllFns: expected fnIfNotExist to be 'raise', 'pass', 'none' or 'warn', got ${describeValue(fnIfNotExist)}`);
  if (kwargs !== null && !isPlainObject(kwargs)) throw new ArgumentError(`callAllFns: expected kwargs to be an object, got ${describeValue(kwargs)}`);
  const list = [...(globalThis.Array.isArray(args) ? args : [args]), ...(kwargs === null ? [] : [kwargs])];
  const excluded = nodeToExclude === null ? () => false : toPredicate(nodeToExclude);
  const later: [number, () => void][] = [];
  for (const [path, node] of nodes(target)) {
    if (!isModule(node) || excluded(path, node)) continue;
    const fun: unknown = (node as Loose)[fnName];
    if (fun !== undefined && typeof fun !== 'function') throw new ArgumentError(`callAllFns: expected '${fnName}' of the ${node.constructor.name} at '${path.join('.')}' to be a method, got ${describeValue(fun)}`);
    if (typeof fun !== 'function') {
      const said = `callAllFns: the ${node.constructor.name} at '${path.join('.')}' has no method '${fnName}'`;
      if (fnIfNotExist === 'raise') throw new ArgumentError(said);
      if (fnIfNotExist === 'warn') process.emitWarning(`${said}; it is passed over`);
      continue;
    }
    const run = () => {
      fun.apply(node, list);
    };
    const level = (fun as Ordered).callOrder;
    if (level === undefined) run();
    else later.push([level, run]);
  }
  later.sort(([a], [b]) => a - b);
  for (const [, run] of later) run();
  return target;
}

/** Takes an option out of a last plain object among the arguments; undefined where it is not given. */
export function takeOption(args: readonly unknown[], name: string): [args: unknown[], value: unknown] {
  const last = args[args.length - 1];
  if (!isPlainObject(last) || !Object.hasOwn(last, name)) return [[...args], undefined];
  const { [name]: value, ...rest } = last;
  return [[...args.slice(0, -1), ...(Object.keys(rest).length > 0 ? [rest] : [])], value];
}

function callWithArgs<M>(target: M, fnName: string, given: readonly unknown[]): M {
  const [args, nodeToExclude] = takeOption(given, 'nodeToExclude');
  return callAllFns(target, fnName, { args, nodeToExclude: (nodeToExclude ?? null) as Filter | null });
}

/**
 * Calls `initState` of every module of a graph with the given arguments, a batch size say; gives the graph. A last plain object may have `nodeToExclude`, a filter.
 *
 * Mirrors `brainstate.nn.init_all_states`.
 *
 * @example
 * ```ts
 * const cell = nn.initAllStates(new nn.GRUCell(2, 3), 4);
 * cell.h.value.shape; // [4, 3]
 * ```
 */
export function initAllStates<M>(target: M, ...args: unknown[]): M {
  return callWithArgs(target, 'initState', args);
}

/**
 * As {@link initAllStates}, with `resetState`. Mirrors `brainstate.nn.reset_all_states`.
 *
 * @example
 * ```ts
 * const cell = new nn.GRUCell(2, 3);
 * nn.initAllStates(cell);
 * nn.resetAllStates(cell);
 * cell.h.value.js(); // [0, 0, 0]
 * ```
 */
export function resetAllStates<M>(target: M, ...args: unknown[]): M {
  return callWithArgs(target, 'resetState', args);
}
