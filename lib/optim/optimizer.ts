import { Array } from '../core/array';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { isEager } from '../core/trace';
import { flatten, flattenUpTo, unflatten } from '../core/tree';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions, optionsObject } from '../functional/options';
import { Node } from '../graph/node';
import * as np from '../numpy';
import { BrainStateError } from '../state/errors';
import { FlattedDict } from '../state/flattedDict';
import type { Path } from '../state/paths';
import type { State } from '../state/state';
import { jit } from '../transform/jit';
import { OptimState } from './optimState';
import { addDecayedWeights } from './adjustments';
import { ConstantLR } from './decays';
import { atPlace, checkPlaces, type Given, givenStates, nest, type Place } from './paramTrees';
import { checkRate, LRScheduler, type Scheduled } from './scheduler';
import { applyUpdates, type ArrayTree, chain, checkTransformation, clip, clipByGlobalNorm, type GradientTransformation, scaleByAdam, scaleBySchedule } from './transformation';

/** Options of all optimisers. */
export interface OptimizerOptions {
  /** Learning rate, or a schedule of it. */
  lr?: number | LRScheduler;
  /** How much of the parameters is added to the gradients (or to the updates, where the optimiser decouples decay). */
  weightDecay?: number;
  /** Scales gradients down so that the norm of all together is at most this. */
  gradClipNorm?: number | null;
  /** Limits each entry of the gradients to at most this in size. */
  gradClipValue?: number | null;
}

/** The names of {@link OptimizerOptions}. @internal */
export const OPTIMIZER_OPTIONS = ['lr', 'weightDecay', 'gradClipNorm', 'gradClipValue'] as const;

/** Parameters with a rate and a decay of their own. */
export interface ParamGroup {
  /** The states of the group. */
  params: FlattedDict<State<unknown>>;
  /** Its rate. */
  lr: OptimState;
  /** The rate that it began with. */
  baseLr: number;
  /** Its decay of weights. */
  weightDecay: number;
  tx: GradientTransformation | null;
  optState: OptimState<unknown> | null;
}

/** What a group of parameters is updated with. */
export interface StepSettings {
  weightDecay: number;
  /** Minus the current rate, for the number of updates so far. */
  minusRate(count: Array): Array;
  /** The rate that the group began with. */
  baseLr: number;
}

/** What a tree of gradients has at a path, however it is nested. */
export function lookUp(grads: unknown, path: Path): unknown {
  if (grads instanceof FlattedDict && grads.has(path)) return grads.get(path);
  let at = grads;
  for (const k of path) {
    if (at === null || at === undefined) return undefined;
    if (at instanceof FlattedDict || at instanceof Map) at = at.get(k as never);
    else at = (at as Record<string | number, unknown>)[k];
  }
  return at;
}

/** The gradient of an array: floats (or complex numbers) in its shape. @throws DtypeError, ShapeError for others, which would be turned into such silently */
function checkGradient(where: string, value: Array, given: unknown): Array {
  const g = asArray(given as ArrayLike, where);
  if (!np.issubdtype(g.dtype, np.inexact)) throw new DtypeError(`${where}: expected floats, got ${g.aval}`);
  if (g.shape.join() !== value.shape.join()) throw new ShapeError(`${where}: expected the shape of the state's value ${value.aval}, got ${g.aval}`);
  return g;
}

function positive(what: string, x: number | null | undefined): number | null {
  if (x === null || x === undefined) return null;
  if (typeof x !== 'number' || !(x > 0)) throw new ArgumentError(`${what}: expected a number > 0 or null, got ${describeValue(x)}`);
  return x;
}

/** What an optimiser makes at first use, whose it is, and the transformation that its constructor was given. */
interface Machinery {
  readonly of: object;
  readonly given: GradientTransformation | null;
  tx: GradientTransformation | null;
  compiled: ((grads: Record<string, unknown>[]) => null) | null;
}

/**
 * Changes parameters by their gradients. Base of all optimisers; with a transformation of your own, `new OptaxOptimizer({ tx: chain(…) })`.
 *
 * `registerTrainableWeights(states)`, then `update(grads)` with gradients in the structure of the states. What it remembers are states, so that it may be
 * used inside `jit`, `scan` and the like. The rate is read at each update; a schedule's `step` is yours to call.
 *
 * Mirrors `braintools.optim.OptaxOptimizer`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.OptaxOptimizer({ tx: optim.chain(optim.clip(1), optim.scale(-0.1)) });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([5, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class OptaxOptimizer extends Node implements Scheduled {
  readonly weightDecay: number;
  readonly gradClipNorm: number | null;
  readonly gradClipValue: number | null;
  /** Number of updates so far. */
  readonly stepCount: OptimState;
  /** What the transformation remembers; null until parameters are registered. */
  optState: OptimState<unknown> | null = null;
  readonly paramGroups: ParamGroup[] = [];
  /** Schedules that were added, in order. */
  readonly schedulers: LRScheduler[] = [];
  private params: FlattedDict<State<unknown>> = new FlattedDict();
  /** Where each is in the trees that the transformation gets. */
  private places: FlattedDict<Place> = new FlattedDict();
  private readonly schedule: LRScheduler;
  private readonly rate: OptimState;
  private startingLr: number;
  private own: Machinery;

  constructor(given: OptimizerOptions & { tx?: GradientTransformation } = {}) {
    const { tx, lr = 1e-3, weightDecay = 0, gradClipNorm, gradClipValue } = checkOptions(new.target.name, ['tx', ...OPTIMIZER_OPTIONS], given);
    super();
    const name = this.constructor.name;
    if (!(lr instanceof LRScheduler)) checkRate(`${name}: lr`, lr);
    this.weightDecay = checkRate(`${name}: weightDecay`, weightDecay);
    this.gradClipNorm = positive(`${name}: gradClipNorm`, gradClipNorm);
    this.gradClipValue = positive(`${name}: gradClipValue`, gradClipValue);
    if (tx !== undefined) checkTransformation(`${name}: tx`, tx);
    this.stepCount = new OptimState(0);
    this.schedule = lr instanceof LRScheduler ? lr : new ConstantLR({ baseLr: lr, factor: 1, totalIters: 0 });
    this.startingLr = this.schedule.baseLrs[0] ?? 1e-3;
    this.rate = new OptimState(np.asarray(this.startingLr, { dtype: 'float32' }));
    this.schedule.attachOptimizer(this);
    // Until the schedule's first step its base rate is told, as BrainTools tells it; updates read the schedule.
    if (!this.schedule.toldAtOnce) this.rate.value = np.asarray(this.startingLr, { dtype: 'float32' });
    this.own = { of: this, given: tx ?? null, tx: null, compiled: null };
    // Not a child of the graph.
    Object.defineProperty(this, 'own', { enumerable: false, writable: true });
    for (const hidden of ['params', 'places']) Object.defineProperty(this, hidden, { enumerable: false, writable: true });
  }

  /** The optimiser's own direction, between what is done to gradients before and after. */
  protected direction(): readonly GradientTransformation[] {
    return [scaleByAdam()];
  }

  /** Whether weight decay is added to the direction, not to the gradient. */
  protected get decoupledDecay(): boolean {
    return false;
  }

  /** The transformation that {@link update} applies. */
  get tx(): GradientTransformation {
    const own = this.machinery();
    own.tx ??= this.build({ weightDecay: this.weightDecay, minusRate: (count) => this.schedule.call(count), baseLr: this.startingLr });
    return own.tx;
  }

  /** What is made of this optimiser: a copy (`graph.clone`) makes its own, as the original's would change the original's states. */
  private machinery(): Machinery {
    if (this.own.of !== this) {
      this.own = { of: this, given: this.own.given, tx: null, compiled: null };
      for (const g of this.paramGroups) if (g.tx !== null) g.tx = this.build({ weightDecay: g.weightDecay, minusRate: () => np.negative(g.lr.value), baseLr: g.baseLr });
    }
    return this.own;
  }

  /** Clipping, then {@link steps}. */
  private build(settings: StepSettings): GradientTransformation {
    const given = this.own.given;
    return chain(
      ...(this.gradClipNorm === null ? [] : [clipByGlobalNorm(this.gradClipNorm)]),
      ...(this.gradClipValue === null ? [] : [clip(this.gradClipValue)]),
      // A transformation of one's own has its rate in it: a group's counts as a part of the optimiser's.
      ...(given === null ? this.steps(settings) : [given, scaleBySchedule((count) => np.divide(np.negative(settings.minusRate(count)), this.startingLr === 0 ? 1 : this.startingLr))]),
    );
  }

  /** From clipped gradients to updates: decay, direction and rate, in this order. */
  protected steps({ weightDecay, minusRate }: StepSettings): readonly GradientTransformation[] {
    const decay = weightDecay > 0 ? [addDecayedWeights(weightDecay)] : [];
    return [...(this.decoupledDecay ? [] : decay), ...this.direction(), ...(this.decoupledDecay ? decay : []), scaleBySchedule(minusRate)];
  }

  /** Parameters that were registered, by path. */
  get paramStates(): FlattedDict<State<unknown>> {
    return this.params;
  }

  get lrScheduler(): LRScheduler {
    return this.schedule;
  }

  /** The schedule; as {@link lrScheduler}. */
  get lr(): LRScheduler {
    return this.schedule;
  }

  get baseLr(): number {
    return this.startingLr;
  }

  /** The rate that the schedule's last step set, its base rate before the first (updates read the schedule). Setting it changes the schedule's current rate. */
  get currentLr(): Array {
    return this.rate.value;
  }

  set currentLr(lr: number | Array) {
    const value = np.asarray(lr).astype('float32');
    const [, ...others] = this.schedule.currentLrs.value;
    this.schedule.currentLrs.value = [value, ...others];
    this.rate.value = value;
  }

  /** @internal */
  noteRates(rates: readonly Array[], from: LRScheduler): void {
    if (from !== this.schedule) this.currentLr = rates[0]!;
    this.rate.value = rates[0]!;
    this.paramGroups.slice(1, rates.length).forEach((g, i) => {
      g.lr.value = rates[i + 1]!;
    });
  }

  /**
   * Adds a schedule: its rate counts from now on, and again after each step of it.
   *
   * Mirrors `add_scheduler`, of which only `getLastLr` takes note.
   */
  addScheduler(scheduler: LRScheduler): void {
    if (!(scheduler instanceof LRScheduler)) throw new ArgumentError(`addScheduler: expected a schedule, got ${describeValue(scheduler)}`);
    this.schedulers.push(scheduler);
    scheduler.attachOptimizer(this);
  }

  /** The rates that were set last: those of the schedule that was added last, if any was. */
  getLastLr(): Array[] {
    return (this.schedulers.at(-1) ?? this.schedule).getLastLr();
  }

  /** Computes the schedule's rate anew, and changes it by a function. */
  lrApply(f: (lr: Array) => Array | number): void {
    this.schedule.apply(f);
  }

  /**
   * Says which states are to be trained, and makes what the optimiser remembers of them. States given before stay.
   *
   * @returns the optimiser
   * @throws ArgumentError for anything but states in a list, object or map
   */
  registerTrainableWeights(states: unknown): this {
    this.include('registerTrainableWeights', givenStates(states));
    if (this.paramGroups.length === 0) this.paramGroups.push({ params: this.params, lr: this.rate, baseLr: this.startingLr, weightDecay: this.weightDecay, tx: null, optState: null });
    else this.paramGroups[0]!.params = this.params.subtract(new FlattedDict(this.paramGroups.slice(1).flatMap((g) => g.params.entries())));
    const begun = this.tx.init(this.valuesOf(this.paramGroups[0]!.params));
    if (this.optState === null) this.optState = new OptimState<unknown>(begun);
    else this.optState.value = keepKnown(begun, this.optState.value) as never;
    return this;
  }

  /** Notes states that are not known yet. */
  private include(op: string, { states, places }: Given): void {
    const known = new Set(this.params.values());
    const fresh = states.entries().filter(([, s]) => !known.has(s));
    const clash = fresh.find(([p]) => this.params.has(p));
    if (clash !== undefined) throw new ArgumentError(`${op}: another state is registered at '${clash[0].join('.')}' already: gradients could not tell them apart`);
    const all = this.places.merge(new FlattedDict(fresh.map(([p]): [Path, Place] => [p, places.get(p)!])));
    checkPlaces(op, all.values());
    this.places = all;
    this.params = this.params.merge(new FlattedDict(fresh));
  }

  /** Something of each parameter as the tree that the transformation gets. */
  protected treeOf<T>(params: FlattedDict<T>, value: (x: T, path: Path) => unknown): Record<string, unknown> {
    return nest(params.entries().map(([path, x]) => [this.places.get(path)!, value(x, path)]));
  }

  /** What such a tree has for a parameter. */
  protected valueIn(tree: unknown, path: Path): unknown {
    return atPlace(tree, this.places.get(path)!);
  }

  /**
   * Gives some states a rate and a weight decay of their own; they are updated by the same kind of optimiser.
   *
   * Mirrors `add_param_group`, which updates such groups by Adam whatever the optimiser is.
   */
  addParamGroup(states: unknown, options: { lr?: number; weightDecay?: number } = {}): void {
    const { lr, weightDecay = this.weightDecay } = checkOptions('addParamGroup', ['lr', 'weightDecay'], options);
    if (this.optState === null) throw new BrainStateError('addParamGroup: call registerTrainableWeights first');
    const given = givenStates(states);
    const chosen = new Set(given.states.values());
    this.include('addParamGroup', given);
    const params = new FlattedDict(this.params.entries().filter(([, s]) => chosen.has(s)));
    const baseLr = lr === undefined ? (this.schedule.baseLrs[this.paramGroups.length] ?? this.startingLr) : checkRate('addParamGroup: lr', lr);
    const rate = new OptimState((lr === undefined ? this.schedule.currentLrs.value[this.paramGroups.length] : undefined) ?? np.asarray(baseLr, { dtype: 'float32' }));
    const tx = this.build({ weightDecay: checkRate('addParamGroup: weightDecay', weightDecay), minusRate: () => np.negative(rate.value), baseLr });
    for (const g of this.paramGroups) g.params = new FlattedDict(g.params.entries().filter(([, s]) => !chosen.has(s)));
    this.paramGroups.push({ params, lr: rate, baseLr, weightDecay, tx, optState: new OptimState<unknown>(tx.init(this.valuesOf(params))) });
    for (const g of this.paramGroups.slice(0, -1)) {
      const state = g.optState ?? this.optState;
      state.value = keepKnown((g.tx ?? this.tx).init(this.valuesOf(g.params)), state.value) as never;
    }
  }

  /**
   * Changes the registered states by their gradients, which come in the states' structure (as `grad` gives them). Run eagerly, it is one program.
   *
   * @param extra what the transformation needs besides, such as the value of the loss
   * @throws ArgumentError if the gradient of a state is missing
   */
  update(grads: unknown, extra: Record<string, unknown> = {}): void {
    if (this.optState === null) throw new BrainStateError(`${this.constructor.name}.update: call registerTrainableWeights first`);
    optionsObject(`${this.constructor.name}.update`, extra);
    const own = this.machinery();
    const perGroup = this.paramGroups.map((g) => this.gradsFor(g.params, grads));
    if (isEager() && Object.keys(extra).length === 0) {
      const step = (g: Record<string, unknown>[]): null => {
        this.apply(g, {});
        return null;
      };
      own.compiled ??= jit(step, { name: `${this.constructor.name}_update` });
      own.compiled(perGroup);
    } else this.apply(perGroup, extra);
  }

  /** As {@link update}. */
  step(grads: unknown, extra: Record<string, unknown> = {}): void {
    this.update(grads, extra);
  }

  private gradsFor(params: FlattedDict<State<unknown>>, grads: unknown): Record<string, unknown> {
    return this.treeOf(params, (state, path) => {
      const g = lookUp(grads, path);
      if (g === undefined) throw new ArgumentError(`${this.constructor.name}.update: there is no gradient for '${path.join('.')}' in what was given; expected gradients in the structure of the registered states`);
      const where = `${this.constructor.name}.update: the gradient for '${path.join('.')}'`;
      const [values, def] = flatten(state.value);
      const given = flattenUpTo(def, g, where);
      return unflatten(def, values.map((v, i) => checkGradient(where, v as Array, given[i])));
    });
  }

  private apply(perGroup: readonly Record<string, unknown>[], extra: Record<string, unknown>): void {
    this.paramGroups.forEach((g, i) => {
      const state = g.optState ?? this.optState!;
      const values = this.valuesOf(g.params);
      const [updates, next] = (g.tx ?? this.tx).update(perGroup[i], state.value as never, values, extra);
      const changed = applyUpdates(values, updates);
      for (const [path, s] of g.params) s.value = this.valueIn(changed, path) as never;
      state.value = next as never;
    });
    this.stepCount.value = np.add(this.stepCount.value, 1);
  }

  private valuesOf(params: FlattedDict<State<unknown>>): Record<string, unknown> {
    return this.treeOf(params, (s) => s.value);
  }

  /** Everything that is needed to go on later, as a tree that `file.msgpackSave` takes. */
  stateDict(): Record<string, unknown> {
    const groups = Object.fromEntries(this.paramGroups.map((g, i) => [String(i), { params: this.valuesOf(g.params), lr: g.lr.value, weight_decay: g.weightDecay }]));
    const states = Object.fromEntries(this.paramGroups.slice(1).map((g, i) => [String(i), g.optState!.value]));
    return { step_count: this.stepCount.value, lr: this.schedule.currentLrs.value[0]!, base_lr: this.startingLr, param_groups: groups, param_groups_opt_states: states, opt_state: this.optState?.value ?? null };
  }

  /** Takes over what {@link stateDict} gave, also after it was saved and loaded. The parameters themselves are not changed. */
  loadStateDict(state: Record<string, unknown>): void {
    if (this.optState === null) throw new BrainStateError('loadStateDict: call registerTrainableWeights first');
    if (state === null || typeof state !== 'object') throw new ArgumentError(`loadStateDict: expected what stateDict gave, got ${describeValue(state)}`);
    const restored = rebuild(this.optState.value, state.opt_state, 'opt_state');
    const saved = (state.param_groups ?? {}) as Record<string, { lr?: unknown }>;
    const groupStates = (state.param_groups_opt_states ?? {}) as Record<string, unknown>;
    const others = this.paramGroups.slice(1).map((g, i) => rebuild(g.optState!.value, groupStates[String(i)], `param_groups_opt_states.${i}`));
    this.optState.value = restored as never;
    this.paramGroups.slice(1).forEach((g, i) => {
      g.optState!.value = others[i] as never;
      const lr = saved[String(i + 1)]?.lr;
      if (lr !== undefined) g.lr.value = np.asarray(lr as number).astype('float32');
    });
    this.stepCount.value = np.asarray(state.step_count as number).astype(this.stepCount.value.dtype);
    this.currentLr = np.asarray(state.lr as number);
    this.startingLr = Number(np.asarray(state.base_lr as number).item());
  }
}

/** What was remembered before, in the structure that it has now; what is new begins. */
function keepKnown(fresh: unknown, old: unknown): unknown {
  if (old === undefined || old === null) return fresh;
  if (fresh instanceof Array) return old instanceof Array && old.aval.matches(fresh.aval) ? old : fresh;
  if (globalThis.Array.isArray(fresh)) return fresh.map((x, i) => keepKnown(x, (old as unknown[])[i]));
  if (fresh !== null && typeof fresh === 'object') return Object.fromEntries(Object.entries(fresh).map(([k, x]) => [k, keepKnown(x, (old as Record<string, unknown>)[k])]));
  return fresh;
}

/** A saved tree in the structure that it had: lists were saved as dicts of their indices. */
function rebuild(like: unknown, saved: unknown, path: string): ArrayTree {
  if (saved === undefined) throw new ArgumentError(`loadStateDict: '${path}' is missing`);
  if (like instanceof Array) {
    const x = np.asarray(saved as never);
    if (x.shape.join() !== like.shape.join()) throw new ArgumentError(`loadStateDict: '${path}': expected shape [${like.shape.join(', ')}], got [${x.shape.join(', ')}]`);
    return x.astype(like.dtype);
  }
  if (globalThis.Array.isArray(like)) return like.map((x, i) => rebuild(x, (saved as Record<string, unknown>)?.[i], `${path}.${i}`));
  if (like !== null && typeof like === 'object') {
    return Object.fromEntries(Object.entries(like).map(([k, x]) => [k, rebuild(x, (saved as Record<string, unknown> | null)?.[k], `${path}.${k}`)]));
  }
  return saved;
}
