import type { Array } from '../core/array';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as np from '../numpy';

/**
 * The loss `maxFun(scores) - <scores, targets>` along the last axis, of a convex and smooth function of a vector. Further arguments of the loss
 * go to maxFun. Mirrors `braintools.metric.make_fenchel_young_loss`.
 *
 * @param maxFun from scores (n) to a scalar
 * @example makeFenchelYoungLoss((s) => nn.logsumexp(s))([[1, 2, 0.5]], [[0, 1, 0]]) // [0.464369]
 */
export function makeFenchelYoungLoss<A extends unknown[]>(maxFun: (scores: Array, ...rest: A) => Array): (scores: ArrayLike, targets: ArrayLike, ...rest: A) => Array {
  return (scores, targets, ...rest) => {
    const [s, t] = [asArray(scores, 'makeFenchelYoungLoss'), asArray(targets, 'makeFenchelYoungLoss')];
    const highest = np.vectorize((x: Array) => maxFun(x, ...rest), { signature: '(n)->()' })(s);
    return np.subtract(highest, np.sum(np.multiply(t, s), { axis: -1 }));
  };
}
