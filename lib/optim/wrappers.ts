import { checkFunction, checkInteger } from '../core/checks';
import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { flatten, flattenUpTo, isPlainObject, leaves, map, unflatten } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import type { DtypeLike } from '../numpy/dtypes';
import { zeroCount } from './moments';
import { type ArrayTree, castTree, checkFactor, checkTransformation, type Factor, type GradientTransformation, mapTree, zerosLikeTree } from './transformation';

/** Booleans in the structure of the parameters, or of its upper part; or a function that gives them for parameters. */
export type Mask = ArrayTree | ((params: ArrayTree) => ArrayTree);

/** Either of two trees' arrays, in the dtypes of the second. */
const choose = (condition: Array, yes: ArrayTree, no: ArrayTree): ArrayTree => mapTree((a, b) => np.where(condition, a, b).astype(b.dtype), yes, no);

/** A tree of marks as a function of parameters. */
function marksOf(given: Mask): (params: ArrayTree) => ArrayTree {
  return typeof given === 'function' ? (given as (params: ArrayTree) => ArrayTree) : () => given;
}

/** The parts of a tree that belong to the leaves of a shallower one. */
function partsOf(op: string, marks: ArrayTree, tree: ArrayTree): { def: ReturnType<typeof flatten>[1]; marks: unknown[]; parts: unknown[] } {
  const [values, def] = flatten(marks);
  return { def, marks: values, parts: flattenUpTo(def, tree, op) };
}

/** Keeps what is marked of a tree; null, which has no leaves, takes the place of the rest. */
function keepMarked(op: string, mask: ArrayTree, tree: ArrayTree): ArrayTree {
  const { def, marks, parts } = partsOf(op, mask, tree);
  return unflatten(def, parts.map((part, i) => (isMark(op, marks[i]) ? part : null)));
}

function isMark(op: string, mark: unknown): boolean {
  if (typeof mark !== 'boolean') throw new ArgumentError(`${op}: expected mask to be a tree of booleans, or a function that gives one, got ${describeValue(mark)} in it`);
  return mark;
}

/**
 * A transformation of some parameters only; updates of the others pass unchanged. Mirrors `optax.masked`.
 *
 * @param mask booleans in the parameters' structure or its upper part, or a function of the parameters that gives them
 * @throws ArgumentError for a mask of something else
 * @example
 * ```ts
 * const tx = optim.masked(optim.scale(-0.1), { w: true, b: false });
 * const params = { w: np.array([3, 4]), b: np.array([1]) };
 * const [updates] = tx.update({ w: np.array([10, 20]), b: np.array([5]) }, tx.init(params) as never, params);
 * [(updates as typeof params).w.js(), (updates as typeof params).b.js()]; // [[-1, -2], [5]]
 * ```
 */
export function masked(inner: GradientTransformation, mask: Mask): GradientTransformation {
  checkTransformation('masked: inner', inner);
  const marks = marksOf(mask);
  return {
    init: (params) => ({ inner_state: inner.init(keepMarked('masked', marks(params), params)) }),
    update: (updates, state, params, extra) => {
      const mine = marks(updates);
      const ofParams = params === undefined || params === null ? params : keepMarked('masked', mine, params);
      const [changed, next] = inner.update(keepMarked('masked', mine, updates), (state as { inner_state: never }).inner_state, ofParams, extra);
      const { def, marks: kept, parts } = partsOf('masked', mine, updates);
      const found = flattenUpTo(def, changed, 'masked');
      return [unflatten(def, parts.map((part, i) => (kept[i] ? found[i] : part))), { inner_state: next }];
    },
  };
}

/**
 * Different transformations for different parameters, which are told apart by labels. Mirrors `optax.multi_transform`, which optax calls `partition`, too.
 *
 * @param paramLabels strings in the parameters' structure or its upper part, or a function of the parameters that gives them
 * @throws ArgumentError for a label without a transformation
 * @example
 * ```ts
 * const tx = optim.multiTransform({ slow: optim.sgd(0.1), fast: optim.sgd(1) }, { w: 'slow', b: 'fast' });
 * const params = { w: np.array([3, 4]), b: np.array([1]) };
 * const [updates] = tx.update({ w: np.array([10, 20]), b: np.array([5]) }, tx.init(params) as never, params);
 * [(updates as typeof params).w.js(), (updates as typeof params).b.js()]; // [[-1, -2], [-5]]
 * ```
 */
export function multiTransform(transforms: Readonly<Record<string, GradientTransformation>>, paramLabels: ArrayTree | ((params: ArrayTree) => ArrayTree)): GradientTransformation {
  if (!isPlainObject(transforms)) throw new ArgumentError(`multiTransform: expected transforms to be an object of gradient transformations, got ${describeValue(transforms)}`);
  const known = Object.keys(transforms);
  for (const k of known) checkTransformation(`multiTransform: transforms.${k}`, transforms[k]!);
  const labelsOf = marksOf(paramLabels);
  const group = (labels: ArrayTree, name: string): GradientTransformation => masked(transforms[name]!, map((label: unknown) => label === name, labels));
  const labelled = (params: ArrayTree): ArrayTree => {
    const labels = labelsOf(params);
    for (const label of leaves(labels)) if (!known.includes(label as string)) throw new ArgumentError(`multiTransform: the label ${typeof label === 'string' ? `'${label}'` : describeValue(label)} has no transformation; there are ${known.join(', ') || 'none'}`);
    return labels;
  };
  return {
    init: (params) => {
      const labels = labelled(params);
      return { inner_states: Object.fromEntries(known.map((name) => [name, group(labels, name).init(params)])) };
    },
    update: (updates, state, params, extra) => {
      const labels = labelled(updates);
      const next: Record<string, unknown> = {};
      let changed = updates;
      for (const name of known) [changed, next[name]] = group(labels, name).update(changed, (state as { inner_states: Record<string, never> }).inner_states[name]!, params, extra);
      return [changed, { inner_states: next }];
    },
  };
}

/** Whether all numbers of a tree are finite: a boolean scalar. */
function allFinite(tree: ArrayTree): Array {
  return leaves(tree).map((x) => np.all(np.isfinite(x as Array))).reduce((a, b) => np.logicalAnd(a, b), np.array(true));
}

/**
 * Makes no step where a gradient is NaN or infinite, unless that happens more than so many times in a row. Mirrors `optax.apply_if_finite`.
 *
 * @example
 * ```ts
 * const tx = optim.applyIfFinite(optim.sgd(0.1), 2);
 * const params = { w: np.array([3, 4]) };
 * const [updates, state] = tx.update({ w: np.array([NaN, 1]) }, tx.init(params) as never, params);
 * [(updates as typeof params).w.js(), (state as { notfinite_count: Array }).notfinite_count.js()]; // [[0, 0], 1]
 * ```
 */
export function applyIfFinite(inner: GradientTransformation, maxConsecutiveErrors: number): GradientTransformation {
  checkTransformation('applyIfFinite: inner', inner);
  checkInteger('applyIfFinite', 'maxConsecutiveErrors', maxConsecutiveErrors, 0);
  return {
    init: (params) => ({ notfinite_count: zeroCount(), last_finite: np.array(true), total_notfinite: zeroCount(), inner_state: inner.init(params) }),
    update: (updates, state, params, extra) => {
      const s = state as { notfinite_count: Array; last_finite: Array; total_notfinite: Array; inner_state: never };
      const finite = allFinite(updates);
      const inARow = np.where(finite, zeroCount(), np.add(s.notfinite_count, 1));
      const [steps, next] = inner.update(updates, s.inner_state, params, extra);
      const taken = np.logicalOr(finite, np.greater(inARow, maxConsecutiveErrors));
      const total = np.where(finite, s.total_notfinite, np.add(s.total_notfinite, 1));
      return [choose(taken, steps, zerosLikeTree(updates)), { notfinite_count: inARow, last_finite: finite, total_notfinite: total, inner_state: choose(taken, next, s.inner_state) }];
    },
  };
}

/** Which steps a wrapper acts in, by their number from 0: a boolean scalar. */
export type StepCondition = (step: Array) => Array | boolean;

/** A transformation in some steps; in the others updates are what `otherwise` makes of them, and the inner state stays. */
function inSomeSteps(op: string, inner: GradientTransformation, shouldTransformFn: StepCondition, otherwise: (updates: ArrayTree) => ArrayTree): GradientTransformation {
  checkTransformation(`${op}: inner`, inner);
  checkFunction(op, 'shouldTransformFn', shouldTransformFn);
  return {
    init: (params) => ({ step: zeroCount(), inner_state: inner.init(params) }),
    update: (updates, state, params, extra) => {
      const s = state as { step: Array; inner_state: never };
      const acts = np.asarray(shouldTransformFn(s.step));
      const [steps, next] = inner.update(updates, s.inner_state, params, extra);
      return [choose(acts, steps, otherwise(updates)), { step: np.add(s.step, 1), inner_state: choose(acts, next, s.inner_state) }];
    },
  };
}

/**
 * A transformation in the steps that a function chooses; in the others updates pass unchanged. Mirrors `optax.conditionally_transform`.
 *
 * @example
 * ```ts
 * const tx = optim.conditionallyTransform(optim.scale(10), (step) => np.greater(step, 0));
 * const params = { w: np.array([1]) };
 * const [first, state] = tx.update({ w: np.array([2]) }, tx.init(params) as never, params);
 * const [second] = tx.update({ w: np.array([2]) }, state as never, params);
 * [(first as typeof params).w.js(), (second as typeof params).w.js()]; // [[2], [20]]
 * ```
 */
export function conditionallyTransform(inner: GradientTransformation, shouldTransformFn: StepCondition): GradientTransformation {
  return inSomeSteps('conditionallyTransform', inner, shouldTransformFn, (updates) => updates);
}

/**
 * A transformation in the steps that a function chooses; in the others updates are zero. Mirrors `optax.conditionally_mask`.
 *
 * @example
 * ```ts
 * const tx = optim.conditionallyMask(optim.scale(10), (step) => np.greater(step, 0));
 * const params = { w: np.array([1]) };
 * const [first, state] = tx.update({ w: np.array([2]) }, tx.init(params) as never, params);
 * const [second] = tx.update({ w: np.array([2]) }, state as never, params);
 * [(first as typeof params).w.js(), (second as typeof params).w.js()]; // [[0], [20]]
 * ```
 */
export function conditionallyMask(inner: GradientTransformation, shouldTransformFn: StepCondition): GradientTransformation {
  return inSomeSteps('conditionallyMask', inner, shouldTransformFn, zerosLikeTree);
}

/** Whether a step of {@link MultiSteps} is left out, and what its state remembers of that. */
export type SkipUpdate = (updates: ArrayTree, gradientStep: Array, params: ArrayTree) => readonly [Array, ArrayTree];

/** Options of {@link MultiSteps}. */
export interface MultiStepsOptions {
  /** Whether gradients are averaged (the default) or summed. */
  useGradMean?: boolean;
  /** Which steps are as if they had never been; see {@link skipNotFinite}. */
  shouldSkipUpdateFn?: SkipUpdate;
  /** In what gradients are collected. Default float32. */
  accumulatorDtype?: DtypeLike;
}

interface MultiStepsState {
  mini_step: Array;
  gradient_step: Array;
  inner_opt_state: ArrayTree;
  acc_grads: ArrayTree;
  skip_state: ArrayTree;
}

/**
 * Collects gradients of several steps for one of the transformation; the updates of the steps between are zero. Mirrors `optax.MultiSteps`.
 *
 * @param everyKSchedule how many gradients make a step, or a function that gives it for the number of steps so far
 * @example
 * ```ts
 * const tx = new optim.MultiSteps(optim.sgd(0.1), 2);
 * const params = { w: np.array([1]) };
 * const [first, state] = tx.update({ w: np.array([2]) }, tx.init(params) as never, params);
 * const [second] = tx.update({ w: np.array([4]) }, state as never, params);
 * [(first as typeof params).w.js(), (second as typeof params).w.js()]; // [[0], [-0.3000…]]
 * ```
 */
export class MultiSteps implements GradientTransformation {
  readonly innerOpt: GradientTransformation;
  private readonly every: (gradientStep: Array) => Factor;
  private readonly options: Required<MultiStepsOptions>;

  constructor(opt: GradientTransformation, everyKSchedule: number | ((gradientStep: Array) => Factor), given: MultiStepsOptions = {}) {
    const { useGradMean = true, shouldSkipUpdateFn = () => [np.array(false), []], accumulatorDtype = 'float32' } = checkOptions(new.target.name, ['useGradMean', 'shouldSkipUpdateFn', 'accumulatorDtype'], given);
    this.innerOpt = checkTransformation('MultiSteps: opt', opt);
    if (typeof everyKSchedule !== 'function' && !(Number.isInteger(everyKSchedule) && everyKSchedule >= 1)) throw new ArgumentError(`MultiSteps: expected everyKSchedule to be a positive integer or a function, got ${describeValue(everyKSchedule)}`);
    checkFunction('MultiSteps', 'shouldSkipUpdateFn', shouldSkipUpdateFn);
    this.every = typeof everyKSchedule === 'function' ? everyKSchedule : () => everyKSchedule;
    this.options = { useGradMean, shouldSkipUpdateFn, accumulatorDtype };
  }

  /** The first state, for parameters. */
  init(params: ArrayTree): MultiStepsState {
    const [, skipState] = this.options.shouldSkipUpdateFn(zerosLikeTree(params), zeroCount(), params);
    return { mini_step: zeroCount(), gradient_step: zeroCount(), inner_opt_state: this.innerOpt.init(params), acc_grads: zerosLikeTree(params, this.options.accumulatorDtype), skip_state: skipState };
  }

  /** The updates for gradients: zero until there are enough; and the next state. */
  update(updates: ArrayTree, state: never, params: ArrayTree, extra?: Record<string, unknown>): readonly [ArrayTree, MultiStepsState] {
    const s = state as MultiStepsState;
    const { useGradMean, shouldSkipUpdateFn, accumulatorDtype } = this.options;
    const [skip, skipState] = shouldSkipUpdateFn(updates, s.gradient_step, params);
    if (!(skip instanceof Array) || skip.dtype !== 'bool' || skip.ndim !== 0) throw new ArgumentError(`MultiSteps: expected shouldSkipUpdateFn to give a boolean scalar first, got ${describeValue(skip)}`);
    const every = np.asarray(this.every(s.gradient_step)).astype('int32');
    const taken = np.logicalNot(skip);
    const emit = np.logicalAnd(taken, np.equal(s.mini_step, np.subtract(every, 1)));
    // A running mean, as sums of many would lose digits.
    const sums = mapTree((g, a) => (useGradMean ? np.add(a, np.divide(np.subtract(g, a), np.add(s.mini_step, 1).astype(a.dtype))) : np.add(g, a)), updates, s.acc_grads);
    const [steps, inner] = this.innerOpt.update(mapTree((a, g) => a.astype(g.dtype), sums, updates), s.inner_opt_state as never, params, extra);
    const collected = choose(emit, zerosLikeTree(s.acc_grads), castTree(sums, accumulatorDtype));
    return [choose(emit, steps, zerosLikeTree(steps)), {
      mini_step: np.where(taken, np.mod(np.add(s.mini_step, 1), every), s.mini_step),
      gradient_step: np.where(emit, np.add(s.gradient_step, 1), s.gradient_step),
      inner_opt_state: choose(emit, inner, s.inner_opt_state),
      acc_grads: choose(taken, collected, s.acc_grads),
      skip_state: skipState,
    }];
  }

  /** Whether the last update was a step: a boolean scalar. */
  hasUpdated(state: unknown): Array {
    const { mini_step: mini, gradient_step: steps } = state as MultiStepsState;
    return np.logicalAnd(np.equal(mini, 0), np.greater(steps, 0));
  }

  /** As a transformation; this object is one itself. */
  gradientTransformation(): GradientTransformation {
    return { init: (params) => this.init(params), update: (updates, state, params, extra) => this.update(updates, state, params, extra) };
  }
}

/** Leaves out steps with NaN or infinite gradients in {@link MultiSteps}. Mirrors `optax.skip_not_finite`. @example optim.skipNotFinite({ w: np.array([NaN]) }, np.array(0), null)[0].js(); // true */
export const skipNotFinite: SkipUpdate = (updates) => {
  const wrong = leaves(updates).map((x) => np.sum(np.logicalNot(np.isfinite(x as Array)))).reduce((a, b) => np.add(a, b), zeroCount());
  const skip = np.greater(wrong, 0);
  return [skip, { should_skip: skip, num_not_finite: wrong }];
};

/** Leaves out steps whose gradients are too large together (or NaN) in {@link MultiSteps}. Mirrors `optax.skip_large_updates`. @example optim.skipLargeUpdates(9)({ w: np.array([3, 4]) }, np.array(0), null)[0].js(); // true */
export function skipLargeUpdates(maxSquaredNorm: Factor): SkipUpdate {
  checkFactor('skipLargeUpdates: maxSquaredNorm', maxSquaredNorm);
  return (updates) => {
    const square = leaves(updates).map((x) => np.sum(np.square(x as Array))).reduce((a, b) => np.add(a, b), np.array(0, 'float32'));
    const skip = np.logicalNot(np.less(square, maxSquaredNorm));
    return [skip, { should_skip: skip, norm_squared: square }];
  };
}
