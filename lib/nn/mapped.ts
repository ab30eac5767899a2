import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { states } from '../graph/walk';
import { type Filter, toPredicate } from '../state/filters';
import type { FlatStates } from '../state/flattedDict';
import { NonBatchState, ShortTermState } from '../state/kinds';
import type { State } from '../state/state';
import { vmap2, vmapNewStates } from '../transform';
import { CALL_ALL_OPTIONS, callAllFns, type CallAllOptions } from './collective';

/** Options of {@link vmapCallAllFns}. */
export interface MappedCallOptions extends CallAllOptions {
  /** Number of lanes. */
  axisSize: number;
  /** A tag for the states that are made. */
  stateTag?: string;
  /** Which new states are left without the axis. */
  stateToExclude?: Filter;
}

/** Options of making states in lanes. */
export type MappedInitOptions = Omit<MappedCallOptions, 'args' | 'kwargs' | 'fnIfNotExist'> & {
  /** All others are options of the method that is called. */
  [option: string]: unknown;
};

/** Arguments and options, of which the options come last; those that are not known here are the method's. */
function splitOptions(op: string, given: readonly unknown[]): { args: unknown[]; kwargs: Record<string, unknown> | null; options: MappedInitOptions } {
  const options = given[given.length - 1] as MappedInitOptions;
  if (!isPlainObject(options)) throw new ArgumentError(`${op}: expected options with axisSize as the last argument, got ${describeValue(options)}`);
  const { axisSize, nodeToExclude, stateTag, stateToExclude, inStates = null, outStates = null, ...kwargs } = options;
  if (inStates !== null || outStates !== null) throw new ArgumentError(`${op}: inStates and outStates are for states that were there before; use vmap to map over those`);
  return { args: given.slice(0, -1), kwargs: Object.keys(kwargs).length > 0 ? kwargs : null, options: { axisSize, nodeToExclude, stateTag, stateToExclude } };
}

/**
 * As {@link callAllFns}, for each lane of a mapped axis: the states that are made hold the values of all lanes, and each lane draws its own random numbers.
 *
 * Mirrors `brainstate.nn.vmap_call_all_fns`.
 *
 * @param target a module, or a graph of them
 * @param fnName the name of the method
 * @example
 * ```ts
 * const cell = nn.vmapCallAllFns(new nn.GRUCell(2, 3), 'initState', { axisSize: 4 });
 * cell.h.value.shape; // [4, 3]
 * ```
 */
export function vmapCallAllFns<M>(target: M, fnName: string, given: MappedCallOptions): M {
  const { axisSize, stateTag, stateToExclude, ...options } = checkOptions('vmapCallAllFns', ['axisSize', 'stateTag', 'stateToExclude', ...CALL_ALL_OPTIONS], given);
  checkInteger('vmapCallAllFns', 'axisSize', axisSize, 1);
  vmapNewStates(() => {
    callAllFns(target, fnName, options);
    return null;
  }, { axisSize, ...(stateTag !== undefined && { stateTag }), ...(stateToExclude !== undefined && { stateToExclude }) })();
  return target;
}

/**
 * As {@link initAllStates}, for each lane of a mapped axis: the states hold the values of all lanes along axis 0, with random numbers of their own. Options come last.
 *
 * Mirrors `brainstate.nn.vmap_init_all_states`.
 *
 * @param target a module, or a graph of them
 * @param argsAndOptions arguments of the method, and options last
 * @throws ArgumentError without `axisSize`
 * @example
 * ```ts
 * const cell = nn.vmapInitAllStates(new nn.GRUCell(2, 3), { axisSize: 4 });
 * cell.h.value.shape; // [4, 3]
 * ```
 */
export function vmapInitAllStates<M>(target: M, ...argsAndOptions: [...unknown[], MappedInitOptions]): M {
  const { args, kwargs, options } = splitOptions('vmapInitAllStates', argsAndOptions);
  return vmapCallAllFns(target, 'initState', { ...options, args, kwargs });
}

/**
 * As {@link resetAllStates}, for each lane of a mapped axis: the short-term states of the graph, which have the lanes along axis 0, get new values. Options come last.
 *
 * Mirrors `brainstate.nn.vmap_reset_all_states`, which loses the axis.
 *
 * @param target a module, or a graph of them
 * @param argsAndOptions arguments of the method, and options last
 * @throws ArgumentError without `axisSize`; BatchAxisError for a state that does not have the axis
 * @example
 * ```ts
 * const cell = nn.vmapInitAllStates(new nn.GRUCell(2, 3), { axisSize: 4 });
 * nn.vmapResetAllStates(cell, { axisSize: 4 }).h.value.shape; // [4, 3]
 * ```
 */
export function vmapResetAllStates<M>(target: M, ...argsAndOptions: [...unknown[], Omit<MappedInitOptions, 'stateToExclude' | 'stateTag'>]): M {
  const { args, kwargs, options: { axisSize, nodeToExclude, stateTag, stateToExclude } } = splitOptions('vmapResetAllStates', argsAndOptions);
  for (const [k, v] of Object.entries({ stateTag, stateToExclude })) if (v !== undefined) throw new ArgumentError(`vmapResetAllStates: ${k} is for states that are made; resetState makes none`);
  checkInteger('vmapResetAllStates', 'axisSize', axisSize, 1);
  const mapped = [...(states(target) as FlatStates).values()].filter((s) => s instanceof ShortTermState && !(s instanceof NonBatchState));
  const reset = () => {
    callAllFns(target, 'resetState', { args, kwargs, ...(nodeToExclude !== undefined && { nodeToExclude }) });
    return null;
  };
  vmap2(reset, { axisSize, ...(mapped.length > 0 && { stateInAxes: { 0: mapped }, stateOutAxes: { 0: mapped } }) })();
  return target;
}

/** Filters of a module's states by axis; a filter alone is for axis 0. */
export type FiltersByAxis = Filter | { readonly [axis: number]: Filter };

/** The states that filters select, by axis: each by the first that takes it. @internal */
export function statesByAxis(op: string, root: object, given: FiltersByAxis | null): { [axis: number]: State<unknown>[] } | undefined {
  if (given === null) return undefined;
  const filters = isPlainObject(given) ? Object.entries(given as Record<string, Filter>) : [['0', given as Filter] as const];
  const out: { [axis: number]: State<unknown>[] } = {};
  const predicates = filters.map(([axis, f]) => {
    if (!/^-?\d+$/.test(axis)) throw new ArgumentError(`${op}: expected axes as keys, got '${axis}'`);
    return [Number(axis), toPredicate(f)] as const;
  });
  for (const [path, s] of (states(root) as FlatStates).entries()) {
    const found = predicates.find(([, f]) => f(path, s));
    if (found) (out[found[0]] ??= []).push(s);
  }
  return out;
}
