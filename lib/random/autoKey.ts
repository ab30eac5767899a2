import { randomFillSync } from 'node:crypto';
import { ArgumentError } from '../core/errors';
import { MT19937 } from './mt19937';

let generator: MT19937 | undefined;

/** The generator that stands for NumPy's global one, from which random states without a seed draw their keys; `seed` seeds it. Made at its first use, as few programs need it. */
export function globalGenerator(): MT19937 {
  generator ??= new MT19937();
  return generator;
}

let range = 100_000;

/**
 * Says from which range the two words of an unseeded random state's key are drawn: [0, range).
 *
 * It is 100000 by default, as in BrainState up to 0.2; BrainState from 0.4 on draws from all 2 ** 32.
 *
 * @throws ArgumentError if range is not an integer in [1, 2 ** 32]
 * @example
 * random.setAutoKeyRange(2 ** 32);
 */
export function setAutoKeyRange(newRange: number): void {
  if (!Number.isInteger(newRange) || newRange < 1 || newRange > 2 ** 32) throw new ArgumentError(`setAutoKeyRange: expected an integer in [1, 2 ** 32], got ${newRange}`);
  range = newRange;
}

/** The range that {@link setAutoKeyRange} sets. @example random.getAutoKeyRange() > 0; // true */
export function getAutoKeyRange(): number {
  return range;
}

const draw = (from: MT19937, below: number): Uint32Array => Uint32Array.from(from.randint(0, below, 2));

/**
 * Gives the words of a key for a random state without a seed. As long as nobody has seeded the generator they come from the operating system's entropy, and
 * are not drawn before they are needed: the default stream of every process is such a state.
 */
export function autoKey(): () => Uint32Array {
  const below = range;
  if (generator === undefined) return () => draw(new MT19937(), below);
  const words = draw(generator, below);
  return () => words;
}

/** Words of a key from the operating system's entropy. */
export function freshKey(): Uint32Array {
  return randomFillSync(new Uint32Array(2));
}
