import { backend } from '../core/backend';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { type AnyFunction, nameOf } from '../functional/treeFunction';
import type { Axes } from '../functional/vmap';
import { checkOptions } from '../functional/options';
import type { Filter } from '../state/filters';
import { NonBatchState } from '../state/kinds';
import type { State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { filtersByAxis, type StateFilterAxes } from './stateAxes';
import { StateMap } from './stateMap';
import { isCurried, optionsOf } from './vmap';
import { checkDevices } from './vmap2';

/** The tag of states that stay without the mapped axis. */
export const INIT_NO_BATCHING = 'INIT_NO_BATCHING';

/** Options of {@link vmapNewStates}. */
export interface VmapNewStatesOptions {
  /** Which dimension of each argument is mapped: one for all, or a list with an entry for each argument. Default 0. */
  inAxes?: Axes;
  /** Where the mapped axis goes in the results. Default 0. */
  outAxes?: Axes;
  /** A name by which collectives refer to the axis. */
  axisName?: string;
  /** Size of the axis, where no argument is mapped. */
  axisSize?: number;
  /** A tag for the new states. */
  stateTag?: string;
  /** Which new states are left alone. */
  stateToExclude?: Filter;
}

const shared = (s: State<unknown>) => s instanceof NonBatchState || s.tag?.has(INIT_NO_BATCHING) === true;

/** The axis of a new state: null for those that are to be the same in all lanes, then by the filters, else 0. */
function newAxisOf(op: string, given: StateFilterAxes | null | undefined): (s: State<unknown>) => number | null {
  const filters = filtersByAxis(op, given);
  const none = filters.filter(([axis]) => axis === null);
  const others = filters.filter(([axis]) => axis !== null && axis !== 0);
  return (s) => (shared(s) || none.some(([, f]) => f(s)) ? null : (others.find(([, f]) => f(s))?.[0] ?? 0));
}

/**
 * Runs a function that makes states for each lane of a mapped axis: the states it made then hold the values of all lanes, along axis 0.
 *
 * A `NonBatchState`, and a state with the tag `INIT_NO_BATCHING`, is the same in all lanes. Random states are split, so that each lane starts with its
 * own numbers. Mirrors `brainstate.transform.vmap_new_states`; the function runs once.
 *
 * @throws BatchAxisError if the function writes states that were there before with lanes' values
 * @example
 * ```ts
 * let w: State;
 * transform.vmapNewStates(() => { w = new State(random.normal({ size: [2] })); }, { axisSize: 3 })();
 * w!.value.shape; // [3, 2]
 * ```
 */
export function vmapNewStates(f: Callable, options?: VmapNewStatesOptions | Axes): (...args: unknown[]) => unknown;
export function vmapNewStates(options: VmapNewStatesOptions): (f: Callable) => (...args: unknown[]) => unknown;
export function vmapNewStates(f: Callable | VmapNewStatesOptions, options?: VmapNewStatesOptions | Axes): unknown {
  const op = 'vmapNewStates';
  if (isCurried(op, f)) return (g: Callable) => vmapNewStates(g, f as VmapNewStatesOptions);
  const fn = asFunction(f as Callable, op);
  const o = optionsOf<VmapNewStatesOptions>(options);
  if ('inStates' in o || 'outStates' in o) throw new ArgumentError(`${op}: inStates and outStates are for states that were there before; use vmap to map over those`);
  checkOptions(op, ['inAxes', 'outAxes', 'axisName', 'axisSize', 'stateTag', 'stateToExclude'], o);
  const map = newStatesMap(op, fn, o, newAxisOf(op, null));
  return (...args: unknown[]) => map.call(args).result;
}

function newStatesMap(op: string, fn: AnyFunction, o: VmapNewStatesOptions, axisOf: (s: State<unknown>) => number | null): StateMap {
  if (o.axisSize !== undefined) checkInteger(op, 'axisSize', o.axisSize, 1);
  return new StateMap(fn, {
    op, what: `${op} of ${nameOf(fn)}`, inAxes: o.inAxes === undefined ? 0 : o.inAxes, outAxes: o.outAxes === undefined ? 0 : o.outAxes, axisName: o.axisName ?? null, axisSize: o.axisSize,
    named: new Map(), inAxisOf: () => undefined, outAxisOf: () => undefined, unexpected: 'raise', advice: 'was there before; map over it with vmap',
    newStates: { tag: o.stateTag, exclude: o.stateToExclude, axisOf },
  });
}

/** Options of {@link pmap2NewStates} and {@link vmap2NewStates}. */
export interface Vmap2NewStatesOptions {
  /** A tag for the new states. */
  stateTag?: string;
  /** Number of lanes. */
  axisSize?: number;
  /** Filters of the new states by axis (null: the same for all lanes); those that none selects are mapped along axis 0. */
  stateOutAxes?: StateFilterAxes | null;
}

/** A module, as far as it makes states. */
interface Initialized {
  initAllStates(...args: never[]): unknown;
}

function initMapped(op: string, module: Initialized, initArgs: readonly unknown[], o: Vmap2NewStatesOptions & { axisName?: string }, axisSize: number): Map<number | null, State<unknown>[]> {
  if (typeof module?.initAllStates !== 'function') throw new ArgumentError(`${op}: expected a module with initAllStates, got ${describeValue(module)}`);
  if (!globalThis.Array.isArray(initArgs)) throw new ArgumentError(`${op}: expected a list of arguments for initAllStates, got ${describeValue(initArgs)}`);
  const init = Object.defineProperty(() => {
    (module.initAllStates as (...args: unknown[]) => unknown)(...initArgs);
    return null;
  }, 'name', { value: module.constructor?.name ?? 'module' });
  return newStatesMap(op, init as AnyFunction, { axisSize, ...(o.stateTag === undefined ? {} : { stateTag: o.stateTag }), ...(o.axisName === undefined ? {} : { axisName: o.axisName }) }, newAxisOf(`${op}: stateOutAxes`, o.stateOutAxes)).call([]).made;
}

/**
 * Calls a module's `initAllStates` for each lane of a mapped axis: the states it made then hold the values of all lanes.
 *
 * Mirrors `brainstate.transform.vmap2_new_states`.
 *
 * @param module what makes states
 * @param initArgs the arguments of `initAllStates`
 * @returns the new states by axis; null is the key of those that are the same in all lanes
 * @throws ArgumentError if `axisSize` is missing
 * @example
 * ```ts
 * class Cell extends nn.Module { h!: State; override initState() { this.h = new State(random.normal({ size: [2] })); } }
 * const cell = new Cell();
 * transform.vmap2NewStates(cell, [], { axisSize: 3 });
 * cell.h.value.shape; // [3, 2]
 * ```
 */
export function vmap2NewStates(module: Initialized, initArgs: readonly unknown[], options: Vmap2NewStatesOptions): Map<number | null, State<unknown>[]> {
  const op = 'vmap2NewStates';
  options = checkOptions(op, ['stateTag', 'axisSize', 'stateOutAxes'], options);
  if (options?.axisSize === undefined) throw new ArgumentError(`${op}: expected the option axisSize`);
  return initMapped(op, module, initArgs, options, options.axisSize);
}

/**
 * As {@link vmap2NewStates}, a lane for each device. Mirrors `brainstate.transform.pmap2_new_states`. @throws ArgumentError if there are fewer devices than lanes
 *
 * @param module the module whose states are made
 * @param initArgs arguments of its initialisation
 * @example
 * ```ts
 * const cell = new nn.GRUCell(2, 3);
 * transform.pmap2NewStates(cell, [], { axisSize: 1 });
 * cell.h.value.shape; // [1, 3]
 * ```
 */
export function pmap2NewStates(module: Initialized, initArgs: readonly unknown[], options: Vmap2NewStatesOptions & { axisName?: string } = {}): Map<number | null, State<unknown>[]> {
  const op = 'pmap2NewStates';
  options = checkOptions(op, ['stateTag', 'axisSize', 'stateOutAxes', 'axisName'], options);
  const size = options.axisSize ?? backend().client.addressableDevices.length;
  checkDevices(op, size);
  return initMapped(op, module, initArgs, options, size);
}
