import type { Array } from '../core/array';
import { isPlainObject } from '../core/tree';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { LongTermState } from '../state/kinds';
import { cond } from '../transform';
import { leaves, map as treeMap } from '../tree';

/** Options of {@link LossScale}. */
export interface LossScaleOptions {
  /** The factor to begin with. Default 2 ** 15, the greatest power of two that float16 holds. */
  initScale?: number;
  /** What the factor is multiplied by after `growthInterval` updates in a row without an overflow. Default 2. */
  growthFactor?: number;
  /** What it is multiplied by after an overflow. Default 0.5. */
  backoffFactor?: number;
  /** Default 2000. */
  growthInterval?: number;
}

/**
 * A factor of the loss that keeps small gradients from being lost in float16: it is halved when gradients overflow, and doubled after a time without. It stays
 * between 1 and the greater of `initScale` and 2 ** 15. Works in compiled functions, as what it remembers are states. Does what `torch.amp.GradScaler` does.
 *
 * @throws ArgumentError for an option that is not what it should be
 * @example
 * ```ts
 * const scale = new trainer.LossScale();
 * const grads = scale.unscale({ w: scale.apply(np.array(1)) }); // { w: 1 }
 * scale.update(grads, () => {}); // changes parameters, if all gradients are finite
 * ```
 */
export class LossScale {
  /** The factor, float32[]. */
  readonly scale: LongTermState<Array>;
  /** Updates without an overflow since the factor changed last, int32[]. */
  readonly goodSteps: LongTermState<Array> = new LongTermState(np.array(0, 'int32'));
  readonly options: Required<LossScaleOptions>;

  constructor(given: LossScaleOptions = {}) {
    const { initScale = 2 ** 15, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000 } = checkOptions('LossScale', ['initScale', 'growthFactor', 'backoffFactor', 'growthInterval'], given);
    const check = (name: string, x: number, fits: boolean, expected: string): void => {
      if (typeof x !== 'number' || !fits) throw new ArgumentError(`LossScale: expected ${name} to be ${expected}, got ${describeValue(x)}`);
    };
    check('initScale', initScale, initScale >= 1 && initScale < 2 ** 127, 'a number from 1 to 2 ** 127');
    check('growthFactor', growthFactor, growthFactor > 1 && Number.isFinite(growthFactor), 'a number > 1');
    check('backoffFactor', backoffFactor, backoffFactor > 0 && backoffFactor < 1, 'a number between 0 and 1');
    check('growthInterval', growthInterval, Number.isInteger(growthInterval) && growthInterval > 0 && growthInterval < 2 ** 31, 'a whole number > 0');
    this.options = { initScale, growthFactor, backoffFactor, growthInterval };
    this.scale = new LongTermState(np.array(initScale, 'float32'));
  }

  /** The loss times the factor, in float32. */
  apply(loss: Array): Array {
    return np.multiply(loss.astype('float32'), this.scale.value);
  }

  /** Gradients of a scaled loss as those of the loss: a tree of float arrays. */
  unscale<T>(grads: T): T {
    const { value } = this.scale;
    return treeMap((g: Array) => np.divide(g, value.astype(g.dtype)), grads as never) as T;
  }

  /** Runs `change` if all entries of a tree of gradients are finite, and adjusts the factor. */
  update(grads: unknown, change: () => void): void {
    const { growthFactor, backoffFactor, growthInterval, initScale } = this.options;
    const finite = (leaves(grads as never) as Array[]).map((g) => np.all(np.isfinite(g))).reduce((a, b) => np.logicalAnd(a, b), np.array(true));
    const changed = (): null => {
      change();
      return null;
    };
    cond(finite, changed, () => null);
    const steps = np.where(finite, np.add(this.goodSteps.value, 1), 0).astype('int32');
    const grows = np.greaterEqual(steps, growthInterval);
    const factor = np.where(finite, np.where(grows, growthFactor, 1), backoffFactor);
    this.scale.value = np.clip(np.multiply(this.scale.value, factor), 1, Math.max(initScale, 2 ** 15)).astype('float32');
    this.goodSteps.value = np.where(grows, 0, steps).astype('int32');
  }

  /** What is needed to go on later, with Lightning's names. */
  stateDict(): Record<string, unknown> {
    const { growthFactor, backoffFactor, growthInterval } = this.options;
    return { scale: this.scale.value, growth_factor: growthFactor, backoff_factor: backoffFactor, growth_interval: growthInterval, _growth_tracker: this.goodSteps.value };
  }

  /** Takes up the factor and the count of what {@link stateDict} gave. @throws ArgumentError if they are missing */
  loadStateDict(state: Record<string, unknown>): void {
    if (!isPlainObject(state) || state.scale === undefined || state._growth_tracker === undefined) throw new ArgumentError(`LossScale.loadStateDict: expected what stateDict gave, with scale and _growth_tracker, got ${describeValue(state)}`);
    this.scale.value = np.asarray(state.scale as number).astype('float32');
    this.goodSteps.value = np.asarray(state._growth_tracker as number).astype('int32');
  }
}
