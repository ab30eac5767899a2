import type { Array } from '../core/array';
import type { ArrayLike } from '../lax/arrayLike';
import type { Rest } from '../numpy/program';
import * as arrays from './arrays';
import * as continuous from './continuous';
import * as discrete from './discrete';
import * as gamma from './gamma';
import { KeyState } from './keyState';
import type { KeySource } from './program';

/** Every sampler, as a function of where its key comes from. */
export const samplers = { ...continuous, ...discrete, ...gamma, ...arrays };

type Method<F> = F extends (rng: KeySource, ...args: infer A extends readonly unknown[]) => infer R ? (...args: A) => R : never;

/** The samplers as methods. */
export type SamplerMethods = { [K in Exclude<keyof typeof samplers, 'choice'>]: Method<(typeof samplers)[K]> } & {
  choice(a: readonly arrays.NestedStrings[], ...options: Rest<arrays.ChoiceOptions, 'size', 'replace', 'p'>): arrays.NestedStrings;
  choice(a: ArrayLike, ...options: Rest<arrays.ChoiceOptions, 'size', 'replace', 'p'>): Array;
};

/**
 * A stream of random numbers: a state whose value is a key, of which every draw splits off one (some draws several). Mirrors `brainstate.random.RandomState`.
 *
 * Under a transform it is a state like any other: a compiled function takes the key in and gives it back.
 *
 * @throws ArgumentError, DtypeError or ShapeError if the argument is neither an integer nor a key
 * @example
 * const rng = new random.RandomState(42);
 * rng.normal({ size: [2] });
 */
export class RandomState extends KeyState {
  /** A new stream from a key split off this one. */
  clone(): RandomState {
    return new RandomState(this.splitKey());
  }

  /** @internal */
  override render(): string {
    return `${this.constructor.name}(${String(this.current())})`;
  }
}

export interface RandomState extends SamplerMethods {}

for (const [name, sampler] of Object.entries(samplers) as [string, (rng: KeySource, ...args: unknown[]) => unknown][]) {
  Object.defineProperty(RandomState.prototype, name, {
    value(this: RandomState, ...args: unknown[]) { return sampler(this, ...args); },
    writable: true,
    configurable: true,
  });
}

/** The stream that the functions of the module draw from. It starts from a random key. */
export const DEFAULT: RandomState = new RandomState();
