import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Loose } from '../functional/treeFunction';
import type { Axes } from '../functional/vmap';
import { BrainStateError } from '../state/errors';
import { NewStateCatcher } from '../state/newStates';
import type { State } from '../state/state';
import { pmap2, pmap2NewStates, type StateFilter, type StateFilterAxes, vmap, vmap2, vmap2NewStates } from '../transform';
import { type FiltersByAxis, statesByAxis } from './mapped';
import { Module } from './module';

function checkModule(op: string, module: unknown): void {
  if (!(module instanceof Module)) throw new ArgumentError(`${op}: expected a module, got ${describeValue(module)}`);
}

/**
 * A module that is called with settings of the environment, `fit` say.
 *
 * Mirrors `brainstate.nn.EnvironContext`.
 *
 * @example
 * ```ts
 * new nn.EnvironContext(new nn.Dropout(0.5), { fit: false }).call(np.ones([2]));
 * ```
 */
export class EnvironContext extends Module {
  readonly layer: Module;
  readonly context: Record<string, unknown>;

  constructor(layer: Module, context: Record<string, unknown> = {}) {
    super();
    checkModule('EnvironContext', layer);
    this.layer = layer;
    this.context = { ...context };
  }

  override call(...args: Loose[]): Loose {
    return environ.context(this.context, () => this.layer.call(...args));
  }

  /** As {@link call}, with more settings for this call. */
  callWith(context: Record<string, unknown>, ...args: Loose[]): Loose {
    return environ.context({ ...this.context, ...context }, () => this.layer.call(...args));
  }

  /** Adds settings. */
  addContext(context: Record<string, unknown>): void {
    Object.assign(this.context, context);
  }
}

/** Options of {@link Vmap}. */
export interface VmapModuleOptions {
  /** Which dimension of each argument is mapped: one for all, or a list. Default 0. */
  inAxes?: Axes;
  /** Where the mapped axis goes in the results. Default 0. */
  outAxes?: Axes;
  /** Filters of the states that have the mapped axis: one for axis 0, or one for each axis. */
  vmapStates?: FiltersByAxis | null;
  /** Filters of the states that get the mapped axis. */
  vmapOutStates?: FiltersByAxis | null;
  /** Name of the mapped axis. */
  axisName?: string | null;
  /** Size of the axis, where neither arguments nor states are mapped. */
  axisSize?: number | null;
}

/**
 * A module that is called for each lane of a mapped axis, with its own part of the states that are selected; the others are the same for all.
 *
 * Mirrors `brainstate.nn.Vmap`. The states are selected when the module is made.
 *
 * @example
 * ```ts
 * const cell = nn.vmapInitAllStates(new nn.GRUCell(2, 3), { axisSize: 4, stateTag: 'new' });
 * new nn.Vmap(cell, { vmapStates: 'new' }).call(np.ones([4, 2])).shape; // [4, 3]
 * ```
 */
export class Vmap extends Module {
  readonly inAxes: Axes;
  readonly outAxes: Axes;
  readonly axisName: string | null;
  readonly axisSize: number | null;
  readonly module: Module;
  readonly vmappedFn: (...args: unknown[]) => unknown;

  constructor(module: Module, options: VmapModuleOptions = {}) {
    const { inAxes = 0, outAxes = 0, vmapStates = null, vmapOutStates = null, axisName = null, axisSize = null, ...rest } = checkOptions(new.target.name, ['inAxes', 'outAxes', 'vmapStates', 'vmapOutStates', 'axisName', 'axisSize'], options);
    super(rest);
    checkModule('Vmap', module);
    this.inAxes = inAxes;
    this.outAxes = outAxes;
    this.axisName = axisName;
    this.axisSize = axisSize;
    this.module = module;
    const [inStates, outStates] = [statesByAxis('Vmap: vmapStates', module, vmapStates), statesByAxis('Vmap: vmapOutStates', module, vmapOutStates)];
    this.vmappedFn = vmap((...args: unknown[]) => module.call(...args), {
      inAxes, outAxes, ...(inStates && { inStates }), ...(outStates && { outStates }), ...(axisName !== null && { axisName }), ...(axisSize !== null && { axisSize }),
    });
  }

  override call(...args: Loose[]): Loose {
    return this.vmappedFn(...args);
  }
}

/** Options of {@link Map}. */
export interface MapOptions {
  /** Filters of the states that are made, by axis; the others are mapped along axis 0. */
  initStateAxes?: StateFilterAxes | null;
  /** A tag for the states that are made. */
  stateTag?: string | null;
  /** Which dimension of each argument is mapped. Default 0. */
  inAxes?: Axes;
  /** Where the mapped axis goes in the results. Default 0. */
  outAxes?: Axes;
  /** Name of the mapped axis. */
  axisName?: string | null;
  /** Filters of states, beside those that were made, that have the axis in calls. */
  callStateAxes?: { readonly [axis: number]: StateFilter } | null;
  /** Whether lanes share a device, or need as many devices. Default 'vmap'. */
  behavior?: 'vmap' | 'pmap';
}

/** Options of a map over a function. */
export interface MapFunctionOptions {
  /** The mapped axis of each argument. */
  inAxes?: Axes;
  /** The mapped axis of each result. */
  outAxes?: Axes;
  /** Name of the mapped axis. */
  axisName?: string | null;
  /** Filters of states, beside those that were made, that have the axis. */
  stateAxes?: { readonly [axis: number]: StateFilter } | null;
}

/**
 * A module with its states made for each lane of a mapped axis by {@link initAllStates}, and called for each lane.
 *
 * Mirrors `brainstate.nn.Map`.
 *
 * @throws BrainStateError for a call before `initAllStates`
 * @example
 * ```ts
 * const many = new nn.Map(new nn.GRUCell(2, 3), 4);
 * many.initAllStates();
 * many.call(np.ones([4, 2])).shape; // [4, 3]
 * ```
 */
export class Map extends Module {
  readonly initMapSize: number;
  readonly module: Module;
  readonly stateTag: string | null;
  readonly inAxes: Axes;
  readonly outAxes: Axes;
  readonly axisName: string | null;
  readonly callStateAxes: MapOptions['callStateAxes'];
  readonly initStateAxes: StateFilterAxes | null;
  readonly behavior: 'vmap' | 'pmap';
  private _made: ReadonlyMap<number | null, readonly State<unknown>[]> | null = null;

  static override graphInvisibleAttrs = ['_made'];

  constructor(module: Module, initMapSize: number, options: MapOptions = {}) {
    const { initStateAxes = null, stateTag = null, inAxes = 0, outAxes = 0, axisName = null, callStateAxes = null, behavior = 'vmap', ...rest } = checkOptions(new.target.name, ['initStateAxes', 'stateTag', 'inAxes', 'outAxes', 'axisName', 'callStateAxes', 'behavior'], options);
    super(rest);
    checkModule('Map', module);
    checkInteger('Map', 'initMapSize', initMapSize, 1);
    if (behavior !== 'vmap' && behavior !== 'pmap') throw new ArgumentError(`Map: expected behavior to be 'vmap' or 'pmap', got ${describeValue(behavior)}`);
    this.initMapSize = initMapSize;
    this.module = module;
    this.stateTag = stateTag;
    this.inAxes = inAxes;
    this.outAxes = outAxes;
    this.axisName = axisName;
    this.callStateAxes = callStateAxes;
    this.initStateAxes = initStateAxes;
    this.behavior = behavior;
  }

  /** The states that were made, by axis; null is the key of those that are the same in all lanes. Null before {@link initAllStates}. */
  get dictVmapStates(): ReadonlyMap<number | null, readonly State<unknown>[]> | null {
    return this._made;
  }

  /** Makes the module's states for all lanes; the arguments are `initState`'s. */
  override initAllStates(...args: unknown[]): NewStateCatcher {
    const make = this.behavior === 'vmap' ? vmap2NewStates : pmap2NewStates;
    this._made = make(this.module, args, { axisSize: this.initMapSize, stateOutAxes: this.initStateAxes, ...(this.stateTag !== null && { stateTag: this.stateTag }) });
    const catcher = new NewStateCatcher();
    catcher.states.push(...[...this._made.values()].flat());
    return catcher;
  }

  override call(...args: Loose[]): Loose {
    return this.mapped((...xs: unknown[]) => this.module.call(...xs), this.inAxes, this.outAxes, this.axisName, this.callStateAxes)(...args);
  }

  /** Another method of the module, or a function that uses the module, for each lane. */
  map(fn: string | ((...args: Loose[]) => unknown), options: MapFunctionOptions = {}): (...args: unknown[]) => Loose {
    const { inAxes = 0, outAxes = 0, axisName = null, stateAxes = null } = checkOptions('Map.map', ['inAxes', 'outAxes', 'axisName', 'stateAxes'], options);
    const method: unknown = typeof fn === 'string' ? (this.module as unknown as Record<string, unknown>)[fn] : fn;
    if (typeof method !== 'function') throw new ArgumentError(`Map.map: expected a function or the name of a method of ${this.module.constructor.name}, got ${describeValue(fn)}`);
    return this.mapped((...xs: unknown[]) => (method as (...a: unknown[]) => unknown).apply(this.module, xs), inAxes, outAxes, axisName, stateAxes);
  }

  private mapped(f: (...xs: unknown[]) => unknown, inAxes: Axes, outAxes: Axes, axisName: string | null, more: MapOptions['callStateAxes']): (...args: unknown[]) => unknown {
    const axes = this.withMade(more);
    return (this.behavior === 'vmap' ? vmap2 : pmap2)(f, { inAxes, outAxes, stateInAxes: axes, stateOutAxes: axes, ...(axisName !== null && { axisName }) });
  }

  /** Filters for each axis, with the states that were made along it. */
  private withMade(more: MapOptions['callStateAxes']): ReadonlyMap<number | null, StateFilter> {
    if (this._made === null) throw new BrainStateError('Map: there are no states yet; call initAllStates first');
    const axes = new globalThis.Map<number | null, (State<unknown> | StateFilter)[]>();
    for (const [axis, f] of Object.entries(more ?? {})) axes.set(Number(axis), [f]);
    for (const [axis, made] of this._made) axes.set(axis, [...(axes.get(axis) ?? []), ...made]);
    return axes as ReadonlyMap<number | null, StateFilter>;
  }
}
