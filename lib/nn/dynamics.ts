import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';
import { ShapeDtypeStruct } from '../functional/staging';
import { Node } from '../graph/node';
import type { Index } from '../numpy';
import { isClass } from '../state/filters';
import { State } from '../state/state';
import { Delay, type DelayInfo, type DelayOptions, type DelayTime, StateWithDelay } from './delay';
import { Module, type ModuleOptions } from './module';
import { printAsModule } from './moduleText';

/** What is called before or after an update: a module or another object with a `call`, or a function. */
export type UpdateHook = { call(...args: Loose[]): unknown } | ((...args: Loose[]) => unknown);
type Marked = { _notReceiveUpdateOutput?: boolean; _receiveUpdateInput?: boolean };

/** Marks a hook, or by a class's prototype all that are made of it. */
function mark<T extends object>(op: string, hook: T, key: keyof Marked, on: boolean): T {
  if (hook === null || (typeof hook !== 'object' && typeof hook !== 'function')) throw new ArgumentError(`${op}: expected a module, a function or a class, got ${describeValue(hook)}`);
  const holder = isClass(hook) ? (hook as unknown as { prototype: Marked }).prototype : (hook as Marked);
  if (on) holder[key] = true;
  else delete holder[key];
  return hook;
}

/**
 * Says that a hook after updates is called with the update's result, as it is unless said otherwise; gives the hook. Mirrors `brainstate.nn.receive_update_output`.
 *
 * @example
 * nn.receiveUpdateOutput(new nn.ReLU()) instanceof nn.ReLU; // true
 */
export function receiveUpdateOutput<T extends object>(hook: T): T {
  return mark('receiveUpdateOutput', hook, '_notReceiveUpdateOutput', false);
}

/**
 * Says that a hook after updates is called without arguments; gives the hook. Mirrors `brainstate.nn.not_receive_update_output`.
 *
 * @example
 * nn.notReceiveUpdateOutput(new nn.ReLU()) instanceof nn.ReLU; // true
 */
export function notReceiveUpdateOutput<T extends object>(hook: T): T {
  return mark('notReceiveUpdateOutput', hook, '_notReceiveUpdateOutput', true);
}

/**
 * Says that a hook before updates is called with the update's arguments; gives the hook. Mirrors `brainstate.nn.receive_update_input`.
 *
 * @example
 * nn.receiveUpdateInput(new nn.ReLU()) instanceof nn.ReLU; // true
 */
export function receiveUpdateInput<T extends object>(hook: T): T {
  return mark('receiveUpdateInput', hook, '_receiveUpdateInput', true);
}

/**
 * Says that a hook before updates is called without arguments, as it is unless said otherwise; gives the hook. Mirrors `brainstate.nn.not_receive_update_input`.
 *
 * @example
 * nn.notReceiveUpdateInput(new nn.ReLU()) instanceof nn.ReLU; // true
 */
export function notReceiveUpdateInput<T extends object>(hook: T): T {
  return mark('notReceiveUpdateInput', hook, '_receiveUpdateInput', false);
}

const run = (hook: UpdateHook, args: readonly unknown[]): unknown => (typeof hook === 'function' ? hook(...args) : hook.call(...args));

/** Options of a delay that is made where none is there yet. */
export interface DelayAtOptions extends Pick<DelayOptions, 'init' | 'interpolation' | 'updateEvery'> {
  /** As `init`, which comes before it. */
  delayInit?: DelayOptions['init'];
}

/** Splits a last plain object off a time and indices. */
function timeAndOptions(args: readonly unknown[]): { at: unknown[]; options: Pick<DelayOptions, 'init' | 'interpolation' | 'updateEvery'> } {
  const last = args[args.length - 1];
  const has = isPlainObject(last);
  const { delayInit, ...options } = has ? (last as DelayAtOptions) : ({} as DelayAtOptions);
  return { at: has ? args.slice(0, -1) : [...args], options: { init: delayInit, ...options } };
}

/**
 * A dynamical system: a population of a shape, whose `update` makes a step. Calling it runs hooks before and after the update, such as delays of its states.
 *
 * Mirrors `brainstate.nn.Dynamics`.
 *
 * @throws ArgumentError unless `inSize` is a size, or a list of sizes that is not empty
 * @example
 * ```ts
 * class Leaky extends nn.Dynamics {
 *   v!: ShortTermState;
 *   override initState() { this.v = new ShortTermState(np.zeros(this.varshape)); }
 *   override update(x: np.Array) { return (this.v.value = nn.expEulerStep((v: np.Array) => x.sub(v), this.v.value)); }
 * }
 * const late = new Leaky(10).prefetchDelay('v', 0.5);
 * ```
 */
export class Dynamics extends Module {
  /** Hooks before updates by key, or null. */
  beforeUpdates: Record<string, UpdateHook> | null = null;
  /** Hooks after updates by key, or null. */
  afterUpdates: Record<string, UpdateHook> | null = null;

  constructor(inSize: number | readonly number[], options: ModuleOptions = {}) {
    super(options);
    if (globalThis.Array.isArray(inSize) && inSize.length === 0) throw new ArgumentError(`${new.target.name}: expected inSize to be a size or a list of sizes, got an empty list`);
    this.inSize = inSize;
    this.outSize = inSize;
  }

  /** The shape of the population. */
  get varshape(): readonly number[] {
    return this.inSize!;
  }

  /** Makes a step. Systems override it. */
  override update(..._args: Loose[]): Loose {
    throw new ArgumentError(`${this.constructor.name}: the system has no update method; define update(x)`);
  }

  /** Runs the hooks before, {@link update}, and the hooks after it, in the order they were added; gives the update's result. */
  override call(...args: Loose[]): Loose {
    for (const hook of Object.values(this.beforeUpdates ?? {})) run(hook, (hook as Marked)._receiveUpdateInput === true ? args : []);
    const out = this.update(...args);
    for (const hook of Object.values(this.afterUpdates ?? {})) run(hook, (hook as Marked)._notReceiveUpdateOutput === true ? [] : [out]);
    return out;
  }

  /** Adds a hook before updates. @throws ArgumentError if the key is taken */
  addBeforeUpdate(key: string, hook: UpdateHook): void {
    this.beforeUpdates = added(this, 'addBeforeUpdate', this.beforeUpdates, key, hook);
  }

  /** Adds a hook after updates. @throws ArgumentError if the key is taken */
  addAfterUpdate(key: string, hook: UpdateHook): void {
    this.afterUpdates = added(this, 'addAfterUpdate', this.afterUpdates, key, hook);
  }

  /** @throws ArgumentError if there is none */
  getBeforeUpdate(key: string): UpdateHook {
    return known(this, 'getBeforeUpdate', this.beforeUpdates, key);
  }

  /** @throws ArgumentError if there is none */
  getAfterUpdate(key: string): UpdateHook {
    return known(this, 'getAfterUpdate', this.afterUpdates, key);
  }

  /** Whether there is a hook of the key before updates. */
  hasBeforeUpdate(key: string): boolean {
    return Object.hasOwn(this.beforeUpdates ?? {}, key);
  }

  /** Whether there is a hook of the key after updates. */
  hasAfterUpdate(key: string): boolean {
    return Object.hasOwn(this.afterUpdates ?? {}, key);
  }

  /** A reference to a property that may not be there yet; called, it gives the value. */
  prefetch(item: string): Prefetch {
    return new Prefetch(this, item);
  }

  /** A reference to a state some time ago: a time and indices, then options for the delay. */
  prefetchDelay(state: string, ...timeAndIndex: [...(DelayTime | Index)[]] | [...(DelayTime | Index)[], DelayAtOptions]): PrefetchDelayAt {
    return new PrefetchDelayAt(this, state, ...(timeAndIndex as [DelayTime]));
  }

  /** A reference to the update's result some time ago: a time and indices, then options for the delay. */
  outputDelay(...timeAndIndex: [...(DelayTime | Index)[]] | [...(DelayTime | Index)[], DelayAtOptions]): OutputDelayAt {
    return new OutputDelayAt(this, ...(timeAndIndex as [DelayTime]));
  }
}

function added(of: Dynamics, op: string, hooks: Record<string, UpdateHook> | null, key: string, hook: UpdateHook): Record<string, UpdateHook> {
  if (typeof (hook as { call?: unknown } | null)?.call !== 'function') throw new ArgumentError(`${op}: expected a module or a function, got ${describeValue(hook)}`);
  if (Object.hasOwn(hooks ?? {}, key)) throw new ArgumentError(`${op}: '${key}' is registered already in the ${of.constructor.name}`);
  return { ...hooks, [key]: hook };
}

function known(of: Dynamics, op: string, hooks: Record<string, UpdateHook> | null, key: string): UpdateHook {
  if (hooks === null || !Object.hasOwn(hooks, key)) throw new ArgumentError(`${op}: '${key}' is not registered in the ${of.constructor.name}`);
  return hooks[key]!;
}

function checkDynamics(op: string, module: unknown): void {
  if (!(module instanceof Dynamics)) throw new ArgumentError(`${op}: expected a Dynamics, got ${describeValue(module)}`);
}

/** One delay for all that read a state (or the output) with the same period. */
const stateKey = (item: string, updateEvery: number | null): string => `${item}-prefetch-delay-${updateEvery ?? 'None'}`;
const outputKey = (updateEvery: number | null): string => `output-delay-${updateEvery ?? 'None'}`;

function itemOf(module: Dynamics, item: string): unknown {
  const found = (module as Loose)[item];
  if (found === undefined || found === null) throw new ArgumentError(`Prefetch: the ${module.constructor.name} has no '${item}'`);
  return found;
}

/**
 * A reference to a property of a system that may not be there yet. Mirrors `brainstate.nn.Prefetch`.
 *
 * @example
 * ```ts
 * class Leaky extends nn.Dynamics {
 *   v!: ShortTermState;
 *   override initState() { this.v = new ShortTermState(np.ones(this.varshape)); }
 * }
 * const model = new Leaky(10);
 * model.initState();
 * model.prefetch('v').call().shape; // [10]
 * ```
 */
export class Prefetch extends Node {
  constructor(readonly module: Dynamics, readonly item: string) {
    super();
  }

  /** Where a delay of the state is asked for. */
  get delay(): PrefetchDelay {
    return new PrefetchDelay(this.module, this.item);
  }

  /** The property, of a state its value. @throws ArgumentError if it is not there */
  call(): Loose {
    const found = itemOf(this.module, this.item);
    return found instanceof State ? found.value : found;
  }

  /** As {@link call}. */
  getItemValue(): Loose {
    return this.call();
  }

  /** The property itself. */
  getItem(): Loose {
    return itemOf(this.module, this.item);
  }
}

/**
 * Asks for a delay of a state: `at(time)`. Mirrors `brainstate.nn.PrefetchDelay`.
 *
 * @example
 * ```ts
 * class Leaky extends nn.Dynamics {
 *   v!: ShortTermState;
 *   override initState() { this.v = new ShortTermState(np.ones(this.varshape)); }
 * }
 * environ.set({ dt: 0.1 });
 * const model = new Leaky(10);
 * const late = model.prefetch('v').delay.at(0.2);
 * nn.initAllStates(model);
 * late.call().shape; // [10]
 * ```
 */
export class PrefetchDelay extends Node {
  constructor(readonly module: Dynamics, readonly item: string) {
    super();
  }

  /** What the item was so long ago. */
  at(...timeAndIndex: [...(DelayTime | Index)[]]): PrefetchDelayAt {
    return new PrefetchDelayAt(this.module, this.item, ...(timeAndIndex as [DelayTime]));
  }
}

/**
 * A state some time ago. The system remembers it from its next `initAllStates` on, after each update. Without a time it is the state as it is.
 *
 * Mirrors `brainstate.nn.PrefetchDelayAt`; options come last.
 *
 * @example
 * ```ts
 * class Leaky extends nn.Dynamics {
 *   v!: ShortTermState;
 *   override initState() { this.v = new ShortTermState(np.ones(this.varshape)); }
 * }
 * environ.set({ dt: 0.1 });
 * const model = new Leaky(10);
 * const late = model.prefetchDelay('v', 0.2);
 * nn.initAllStates(model);
 * late.call().shape; // [10]
 * ```
 */
export class PrefetchDelayAt extends Node {
  readonly module: Dynamics;
  readonly item: string;
  /** The time and the indices, as they were given; none for the state as it is. */
  readonly delayTime: readonly (DelayTime | Index)[];
  readonly stateDelay: StateWithDelay | null = null;
  readonly delayInfo: DelayInfo | null = null;

  constructor(module: Dynamics, item: string, ...timeAndIndex: [...(DelayTime | Index)[]] | [...(DelayTime | Index)[], DelayAtOptions]) {
    super();
    checkDynamics('PrefetchDelayAt', module);
    for (const key of ['delayTime', 'delayInfo']) Object.defineProperty(this, key, { enumerable: false, writable: true });
    this.module = module;
    this.item = item;
    const { at, options } = timeAndOptions(timeAndIndex);
    // A time with its indices may be given as one list, too.
    this.delayTime = at.length === 1 && globalThis.Array.isArray(at[0]) ? [...(at[0] as Index[])] : (at as Index[]);
    if (this.delayTime.length === 0) return;
    const key = stateKey(item, options.updateEvery ?? null);
    if (!module.hasAfterUpdate(key)) module.addAfterUpdate(key, notReceiveUpdateOutput(new StateWithDelay(module, item, { ...options, interpolation: options.interpolation ?? 'linear' })));
    this.stateDelay = module.getAfterUpdate(key) as StateWithDelay;
    this.delayInfo = this.stateDelay.registerDelay(...(this.delayTime as [DelayTime, ...Index[]]));
  }

  /** What the item was so long ago. */
  call(): Loose {
    return this.stateDelay === null ? (itemOf(this.module, this.item) as State<Loose>).value : this.stateDelay.retrieveAtStep(...(this.delayInfo ?? [0] as const));
  }
}

/**
 * The result of a system's update some time ago; a float array of `outSize`. Mirrors `brainstate.nn.OutputDelayAt`; options come last.
 *
 * @example
 * ```ts
 * class Leaky extends nn.Dynamics {
 *   v!: ShortTermState;
 *   override initState() { this.v = new ShortTermState(np.ones(this.varshape)); }
 *   override update(x: Array) { return (this.v.value = this.v.value.mul(0.9).add(x)); }
 * }
 * environ.set({ dt: 0.1 });
 * const model = new Leaky(10);
 * const late = model.outputDelay(0.2);
 * nn.initAllStates(model);
 * late instanceof nn.OutputDelayAt; // true
 * ```
 */
export class OutputDelayAt extends Node {
  readonly module: Dynamics;
  readonly outDelay: Delay;
  readonly delayInfo: DelayInfo | null;

  constructor(module: Dynamics, ...timeAndIndex: [...(DelayTime | Index)[]] | [...(DelayTime | Index)[], DelayAtOptions]) {
    super();
    checkDynamics('OutputDelayAt', module);
    Object.defineProperty(this, 'delayInfo', { enumerable: false, writable: true });
    this.module = module;
    const { at, options } = timeAndOptions(timeAndIndex);
    const key = outputKey(options.updateEvery ?? null);
    if (!module.hasAfterUpdate(key)) module.addAfterUpdate(key, receiveUpdateOutput(new Delay(new ShapeDtypeStruct([...module.outSize!], environ.dftype()), options)));
    this.outDelay = module.getAfterUpdate(key) as Delay;
    this.delayInfo = this.outDelay.registerDelay(...(at as [DelayTime, ...Index[]]));
  }

  /** What the module gave so long ago. */
  call(): Loose {
    return this.outDelay.retrieveAtStep(...(this.delayInfo ?? [0] as const));
  }
}

for (const type of [Prefetch, PrefetchDelay, PrefetchDelayAt, OutputDelayAt]) printAsModule(type);

/**
 * Checks that what a reference refers to is there; anything else is left alone. Mirrors `brainstate.nn.init_maybe_prefetch`.
 *
 * @throws ArgumentError if there is no delay of the name
 * @example
 * ```ts
 * class Leaky extends nn.Dynamics {
 *   v!: ShortTermState;
 *   override initState() { this.v = new ShortTermState(np.ones(this.varshape)); }
 * }
 * environ.set({ dt: 0.1 });
 * const model = new Leaky(10);
 * const late = model.prefetchDelay('v', 0.2);
 * nn.initAllStates(model);
 * nn.initMaybePrefetch(late);
 * ```
 */
export function initMaybePrefetch(target: unknown): void {
  if (target instanceof Prefetch) target.getItem();
  else if (target instanceof PrefetchDelay) {
    checkDynamics('initMaybePrefetch', target.module);
    if (!(target.module.getAfterUpdate(stateKey(target.item, null)) instanceof StateWithDelay)) throw new ArgumentError(`initMaybePrefetch: '${target.item}' has no delay`);
  }
}
