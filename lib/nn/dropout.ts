import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import * as environ from '../environ';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions, withFirst } from '../functional/options';
import * as np from '../numpy';
import * as random from '../random';
import { ElementWiseBlock, MODULE_OPTIONS, type ModuleOptions } from './module';

/** Options of layers that keep elements by chance. */
export interface KeptOptions extends ModuleOptions {
  /** Probability that an entry is kept. Default 0.5. */
  prob?: number;
}

/** The names of {@link KeptOptions}. @internal */
export const KEPT_OPTIONS = ['prob', ...MODULE_OPTIONS] as const;

/** Options of {@link Dropout}. */
export interface DropoutOptions extends KeptOptions {
  /** Dimensions along which entries are kept or dropped together. */
  broadcastDims?: readonly number[];
}

/** A dropout that keeps with a probability while fitting. */
export abstract class Kept extends ElementWiseBlock {
  static override readonly positional: readonly string[] = ['prob'];
  /** Probability to keep. */
  readonly prob: number;

  constructor(options: KeptOptions) {
    const { prob = 0.5, ...rest } = checkOptions(new.target.name, KEPT_OPTIONS, options);
    super(rest);
    if (typeof prob !== 'number' || !(prob >= 0 && prob <= 1)) throw new ArgumentError(`${new.target.name}: expected prob, the probability to keep an entry, in [0, 1], got ${describeValue(prob)}`);
    this.prob = prob;
  }

  /** Whether something may be dropped. */
  protected get active(): boolean {
    return Boolean(environ.get('fit', { desc: 'whether the model is being fitted' })) && this.prob < 1;
  }

  /** True where entries are kept, in the input's shape. */
  protected draw(x: Array, size: readonly number[]): Array {
    return np.broadcastTo(random.bernoulli(this.prob, { size: [...size] }), x.shape as number[]);
  }

  protected scaled(x: Array, keep: Array): Array {
    return np.where(keep, np.divide(x, this.prob).astype(x.dtype), np.zeros([], { dtype: x.dtype }));
  }
}

/**
 * Sets entries to zero at random while fitting, and scales the others up: each is kept with probability `prob`. Elsewhere, the identity.
 *
 * Reads `fit` of the environment, and draws from the global random state. Mirrors `brainstate.nn.Dropout`.
 *
 * @throws EnvironError where `fit` is not set: `environ.context({ fit: true }, () => …)`
 * @example
 * environ.context({ fit: true }, () => new nn.Dropout(0.5).call(np.ones([10])).shape); // [10]
 */
export class Dropout extends Kept {
  /** Dimensions along which entries are kept or dropped together. */
  readonly broadcastDims: readonly number[];

  constructor(prob?: number | DropoutOptions, options?: DropoutOptions) {
    const { broadcastDims = [], ...rest } = checkOptions('Dropout', ['broadcastDims', ...KEPT_OPTIONS], withFirst('Dropout', 'prob', prob, options));
    super(rest);
    this.broadcastDims = broadcastDims;
  }

  override call(input: ArrayLike): Array {
    const x = asArray(input, 'Dropout');
    if (!this.active) return x;
    const shape = [...x.shape];
    for (const d of this.broadcastDims) shape[d < 0 ? d + shape.length : d] = 1;
    return this.scaled(x, this.draw(x, shape));
  }
}
