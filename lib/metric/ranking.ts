import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { logSoftmax } from '../nn/activations';
import * as np from '../numpy';
import { checkReduction, floats, type Reduction } from './checks';

/** Options of {@link rankingSoftmaxLoss}. */
export interface RankingOptions {
  /** Which items count (booleans, or numbers that are not 0), of the labels' shape; by default all. */
  where?: ArrayLike | null;
  /** Factors of the labels. */
  weights?: ArrayLike | null;
  /** What becomes of the lists' losses, before reduceFn; or a function of them and of which lists have an item that counts (null: all). */
  reduction?: Reduction | ((losses: Array, where: Array | null) => Array) | null;
  /** A function of the lists' losses and `{ where }`, which of them have an item that counts (null: all); null leaves them as they are. `np.mean` by default, which of no list at all is 0. */
  reduceFn?: ((losses: Array, options: { where: Array | null }) => Array) | null;
}

interface Given {
  where: boolean;
  weights: boolean;
}

const listLosses = composite<Given>('rankingSoftmaxLoss', ([logits, labels, ...rest], given) => {
  const where = given.where ? np.astype(rest[0]!, 'bool') : null;
  let [x, y] = [logits!, np.astype(labels!, logits!.dtype)];
  if (where !== null) [x, y] = [np.where(where, x, -Infinity), np.where(where, y, 0)];
  if (given.weights) y = np.multiply(y, rest.at(-1)!);
  const entropy = np.multiply(y, logSoftmax(x));
  return [np.negative(np.sum(where === null ? entropy : np.where(where, entropy, 0), { axis: -1 }))];
});

/**
 * Cross entropy of labels (relevances) and the softmax of logits over each list, the last axis. Mirrors `braintools.metric.ranking_softmax_loss`.
 *
 * The mean over no list at all is 0.
 *
 * @throws DtypeError if logits are not floats
 * @example rankingSoftmaxLoss([2, 1, 3], [1, 0, 0]).item() // 1.4076059
 */
export function rankingSoftmaxLoss(logits: ArrayLike, labels: ArrayLike, given: RankingOptions = {}): Array {
  const op = 'rankingSoftmaxLoss';
  const { where = null, weights = null, reduction: named = null, reduceFn = np.mean } = checkOptions(op, ['where', 'weights', 'reduction', 'reduceFn'], given);
  if (reduceFn !== null && typeof reduceFn !== 'function') throw new ArgumentError(`${op}: expected reduceFn to be a function or null, got ${describeValue(reduceFn)}`);
  const reduction = named ?? (reduceFn === null ? 'none' : reduceFn.name === 'mean' ? 'mean' : (losses: Array, kept: Array | null) => reduceFn(losses, { where: kept }));
  if (typeof reduction !== 'function') checkReduction(op, reduction);
  const x = floats(op, 'logits', logits);
  const mask = where === null ? null : asArray(where, op);
  if (mask !== null && mask.ndim > x.ndim) throw new ArgumentError(`${op}: expected where to broadcast with logits ${x.aval}, got ${mask.aval}`);
  const rest = [...(mask === null ? [] : [mask]), ...(weights === null ? [] : [asArray(weights, op)])];
  const losses = listLosses([x, asArray(labels, op), ...rest], { where: mask !== null, weights: weights !== null })[0]!;
  const counted = mask === null ? null : np.any(mask, { axis: -1 });
  if (typeof reduction === 'function') return reduction(losses, counted);
  if (reduction === 'sum') return np.sum(losses, { where: counted });
  if (reduction === 'none') return counted === null ? losses : np.where(counted, losses, 0);
  const mean = np.mean(losses, { where: counted });
  if (losses.size === 0) return np.zerosLike(mean);
  return counted === null ? mean : np.where(np.any(counted), mean, 0);
}
