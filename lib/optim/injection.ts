import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject, leaves } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkFunction } from '../core/checks';
import { checkOptions } from '../functional/options';
import { resultType } from '../lax/arrayLike';
import * as np from '../numpy';
import type { DtypeLike } from '../numpy/dtypes';
import { zeroCount } from './moments';
import { LRScheduler } from './scheduler';
import type { Rate } from './adjustments';
import { type ArrayTree, checkTransformation, type Factor, type GradientTransformation } from './transformation';

/** Options of {@link injectHyperparams}. */
export interface InjectOptions {
  /** Names of functions that are no schedules. */
  staticArgs?: string | readonly string[];
  /** The dtype of numbers in the state. Default: that of the parameters. */
  hyperparamDtype?: DtypeLike | null;
}

interface InjectedState {
  count: Array;
  hyperparams: Record<string, Array>;
  hyperparams_states: Record<string, { count: Array }>;
  inner_state: unknown;
}

/**
 * A factory whose numbers are in the state of what it makes: they may be changed between steps, and follow schedules. Mirrors `optax.inject_hyperparams`.
 *
 * Numbers and schedules that are given become `state.hyperparams`, by name; those left to their defaults do not, as JavaScript's functions do not tell them.
 *
 * @param innerFactory what makes a transformation of options by name, such as `optim.adam` or `optim.scaleByAdam`
 * @returns a function of the same options, of which numbers may be functions of the number of steps; a first one by itself is `learningRate`
 * @throws ArgumentError unless it is given a function that makes transformations
 * @example
 * ```ts
 * const tx = optim.injectHyperparams(optim.sgd)({ learningRate: 0.5 });
 * const params = { w: np.array([1, 2]) };
 * const state = tx.init(params) as { hyperparams: Record<string, Array> };
 * state.hyperparams.learningRate = np.array(2);
 * (tx.update({ w: np.array([1, 1]) }, state as never, params)[0] as typeof params).w.js(); // [-2, -2]
 * ```
 */
export function injectHyperparams(innerFactory: (options: never) => GradientTransformation, given: InjectOptions = {}): (hyperparams: Rate | Record<string, unknown>, others?: Record<string, unknown>) => GradientTransformation {
  checkFunction('injectHyperparams', 'innerFactory', innerFactory);
  const { staticArgs = [], hyperparamDtype = null } = checkOptions('injectHyperparams', ['staticArgs', 'hyperparamDtype'], given);
  const fixed = new Set(typeof staticArgs === 'string' ? [staticArgs] : staticArgs);
  return (first, rest = {}) => {
    const options = isPlainObject(first) ? { ...first, ...rest } : { learningRate: first, ...rest };
    const numbers: Record<string, Factor> = {};
    const schedules: Record<string, (count: Array) => Factor> = {};
    const others: Record<string, unknown> = {};
    for (const [name, x] of Object.entries(options)) {
      if (!fixed.has(name) && x instanceof LRScheduler) schedules[name] = (count) => x.call(count);
      else if (!fixed.has(name) && typeof x === 'function') schedules[name] = x as (count: Array) => Factor;
      else if (!fixed.has(name) && (typeof x === 'number' || x instanceof Array)) numbers[name] = x;
      else others[name] = x;
    }
    const make = (hyperparams: Readonly<Record<string, Array>>): GradientTransformation => checkTransformation('injectHyperparams: what innerFactory makes', innerFactory({ ...others, ...hyperparams } as never));
    const dtypeOf = (params: ArrayTree) => {
      const arrays = leaves(params).filter((x): x is Array => x instanceof Array);
      return hyperparamDtype ?? (arrays.length === 0 ? 'float32' : resultType(...arrays).dtype);
    };
    // Whole numbers are numbers like others: JavaScript knows no difference.
    const typed = (x: Factor, dtype: DtypeLike): Array => (x instanceof Array && !x.weakType ? x : np.asarray(x, { dtype }));
    const scheduled = (states: Record<string, { count: Array }>, dtype: DtypeLike) => Object.fromEntries(Object.entries(schedules).map(([k, f]) => [k, typed(f(states[k]!.count), dtype)]));
    return {
      init: (params): InjectedState => {
        const dtype = dtypeOf(params);
        const states = Object.fromEntries(Object.keys(schedules).map((k) => [k, { count: zeroCount() }]));
        const hyperparams = { ...Object.fromEntries(Object.entries(numbers).map(([k, x]) => [k, typed(x, dtype)])), ...scheduled(states, dtype) };
        return { count: zeroCount(), hyperparams, hyperparams_states: states, inner_state: make(hyperparams).init(params) };
      },
      update: (updates, state, params, extra) => {
        const s = state as InjectedState;
        if (!isPlainObject(s?.hyperparams)) throw new ArgumentError(`injectHyperparams: expected the state that init gave, got ${describeValue(s)}`);
        const dtype = dtypeOf(params ?? updates);
        const hyperparams = { ...Object.fromEntries(Object.entries(s.hyperparams).map(([k, x]) => [k, typed(x, dtype)])), ...scheduled(s.hyperparams_states, dtype) };
        const [changed, inner] = make(hyperparams).update(updates, s.inner_state as never, params, extra);
        const states = Object.fromEntries(Object.entries(s.hyperparams_states).map(([k, x]) => [k, { count: np.add(x.count, 1) }]));
        return [changed, { count: np.add(s.count, 1), hyperparams, hyperparams_states: states, inner_state: inner }];
      },
    };
  };
}
