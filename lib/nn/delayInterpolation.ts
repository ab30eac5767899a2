import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';
import * as np from '../numpy';
import type { Index } from '../numpy';
import { map } from '../tree';

/**
 * How a value between two slots of a ring buffer is made.
 *
 * @param history a tree of arrays with a leading axis of slots
 * @param indices what else the slots are indexed with
 * @param floatIdx the place, in slots, which may be any number: slots are counted modulo `maxLength`
 * @param maxLength the number of slots
 */
export type InterpolationMethod = (history: Loose, indices: readonly Index[], floatIdx: Array, maxLength: number) => Loose;

/** Weights of slots at offsets from the slot before the place, by the way from it to the next. */
function weighted(offsets: readonly number[], weights: (t: Array) => readonly Array[]): InterpolationMethod {
  return (history, indices, floatIdx, maxLength) => {
    const x = np.asarray(floatIdx);
    const base = np.floor(x);
    const ws = weights(np.subtract(x, base));
    const slots = offsets.map((o) => np.mod(np.add(base.astype('int32'), o), maxLength));
    return map((h: Array) => slots.map((i, k) => np.multiply(ws[k]!, h.slice(i, ...indices))).reduce((a, b) => np.add(a, b)), history);
  };
}

/** A polynomial of t, by Horner's rule; coefficients from the highest power down. */
const poly = (t: Array, ...coefficients: number[]): Array => coefficients.slice(1).reduce((sum, c) => np.add(np.multiply(sum, t), c), np.multiply(np.onesLike(t), coefficients[0]!));

const nearest: InterpolationMethod = (history, indices, floatIdx, maxLength) => {
  const i = np.mod(np.round(floatIdx).astype('int32'), maxLength);
  return map((h: Array) => h.slice(i, ...indices), history);
};
const linear = weighted([0, 1], (t) => [np.subtract(1, t), t]);
/** Catmull and Rom's spline. Hermite's with slopes from differences is the same curve. */
const cubic = weighted([-1, 0, 1, 2], (t) => [poly(t, -0.5, 1, -0.5, 0), poly(t, 1.5, -2.5, 0, 1), poly(t, -1.5, 2, 0.5, 0), poly(t, 0.5, -0.5, 0, 0)]);
/** The parabola through three slots. */
const polynomial2 = weighted([-1, 0, 1], (t) => [poly(t, 0.5, -0.5, 0), poly(t, -1, 0, 1), poly(t, 0.5, 0.5, 0)]);
/** The cubic through four slots. */
const polynomial3 = weighted([-1, 0, 1, 2], (t) => [poly(t, -1 / 6, 0.5, -1 / 3, 0), poly(t, 0.5, -1, -0.5, 1), poly(t, -0.5, 0.5, 1, 0), poly(t, 1 / 6, 0, -1 / 6, 0)]);

const methods = new Map<string, InterpolationMethod>([
  ['nearest', nearest], ['round', nearest], ['linear', linear], ['linear_interp', linear], ['cubic', cubic], ['hermite', cubic], ['polynomial2', polynomial2], ['polynomial3', polynomial3],
]);

/**
 * Interpolation methods of delays, by name. Mirrors `brainstate.nn.InterpolationRegistry`.
 *
 * @example
 * ```ts
 * nn.InterpolationRegistry.listMethods();   // ['nearest', 'round', 'linear', …]
 * ```
 */
export const InterpolationRegistry = {
  /** Adds a method, or replaces one. @throws ArgumentError unless it is a function with a name */
  register(name: string, method: InterpolationMethod): void {
    if (typeof name !== 'string' || typeof method !== 'function') throw new ArgumentError(`InterpolationRegistry.register: expected a name and a function, got ${describeValue(name)} and ${describeValue(method)}`);
    methods.set(name, method);
  },
  /** @throws ArgumentError for an unknown name */
  get(name: string): InterpolationMethod {
    const found = methods.get(name);
    if (found === undefined) throw new ArgumentError(`InterpolationRegistry: unknown interpolation method ${describeValue(name)}; there are ${[...methods.keys()].join(', ')}`);
    return found;
  },
  listMethods(): string[] {
    return [...methods.keys()];
  },
};
