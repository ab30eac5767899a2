import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import * as environ from '../environ';
import type { ArrayLike } from '../functional/arrayLike';
import { describeValue } from '../functional/arrayLike';
import * as np from '../numpy';
import * as random from '../random';
import { ElementWiseBlock } from './module';

/**
 * Sets entries to zero at random while fitting, and scales the others up: each is kept with probability `prob`. Elsewhere, the identity.
 *
 * Reads `fit` of the environment, and draws from the global random state. Mirrors `brainstate.nn.Dropout`.
 *
 * @throws EnvironError where `fit` is not set: `environ.context({ fit: true }, () => …)`
 */
export class Dropout extends ElementWiseBlock {
  /** Probability that an entry is kept. */
  readonly prob: number;
  /** Dimensions along which entries are kept or dropped together. */
  readonly broadcastDims: readonly number[];

  constructor(prob = 0.5, { broadcastDims = [], name }: { broadcastDims?: readonly number[]; name?: string } = {}) {
    super({ name });
    if (typeof prob !== 'number' || !(prob >= 0 && prob <= 1)) throw new ArgumentError(`Dropout: expected prob, the probability to keep an entry, in [0, 1], got ${describeValue(prob)}`);
    this.prob = prob;
    this.broadcastDims = broadcastDims;
  }

  override call(input: ArrayLike): Array {
    const x = np.asarray(input);
    if (!environ.get('fit', { desc: 'whether the model is being fitted' }) || this.prob === 1) return x;
    const shape = [...x.shape];
    for (const d of this.broadcastDims) shape[d < 0 ? d + shape.length : d] = 1;
    const keep = np.broadcastTo(random.bernoulli({ p: this.prob, size: shape }), x.shape as number[]);
    return np.where(keep, np.divide(x, this.prob).astype(x.dtype), np.zeros([], { dtype: x.dtype }));
  }
}
