import type { Array } from '../core/array';
import { canonAxis } from '../core/checks';
import type { ArrayLike } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import { promoteDtypesInexact } from '../lax/arrayLike';
import * as np from '../numpy';

const standardized = composite<{ eps: number; axes: readonly number[] }>('weightStandardization', ([w, gain], { eps, axes }) => {
  const fanIn = axes.reduce((n, a) => n * w!.shape[a]!, 1);
  const mean = np.mean(w!, { axis: axes, keepdims: true });
  const variance = np.var_(w!, { axis: axes, keepdims: true });
  let scale = lax.rsqrt(np.maximum(np.multiply(variance, fanIn), eps));
  if (gain !== undefined) scale = np.multiply(gain, scale);
  return [np.subtract(np.multiply(w!, scale), np.multiply(mean, scale))];
});

/** Options of {@link weightStandardization}. */
export interface WeightStandardizationOptions {
  /** Least value of `variance · fan-in`. Default 1e-4. */
  eps?: number;
  /** What the result is multiplied by; it broadcasts to the weight. */
  gain?: ArrayLike | null;
  /** Axis of the outputs. Default −1. */
  outAxis?: number;
}

/**
 * A weight with mean 0 and variance 1 / fan-in over the inputs of each output. w: of any shape → the same.
 *
 * Mirrors `brainstate.nn.weight_standardization`.
 *
 * @throws ArgumentError for an axis that w has not
 * @example
 * ```ts
 * nn.weightStandardization(np.array([[1], [2], [3]]));   // [[-0.7071], [0], [0.7071]]
 * ```
 */
export function weightStandardization(w: ArrayLike, options: WeightStandardizationOptions = {}): Array {
  const { eps = 1e-4, gain = null, outAxis = -1 } = checkOptions('weightStandardization', ['eps', 'gain', 'outAxis'], options);
  const [x, ...rest] = promoteDtypesInexact('weightStandardization', w, ...(gain === null ? [] : [gain])) as [Array, ...Array[]];
  const channels = canonAxis('weightStandardization', outAxis, x.ndim, 'outAxis');
  const axes = x.shape.map((_, i) => i).filter((i) => i !== channels);
  return standardized([x, ...rest], { eps, axes })[0]!;
}
