import type { Array } from '../core/array';
import { type Shape, sizeOf } from '../core/aval';
import { config, type PrngImpl } from '../core/config';
import { shiftRightLogical, xor } from './elementwise';
import { hashedBits, hashedFold, hashedSeeds, hashedSplit, isCounterImpl } from './counterHashes';
import { randomBits, randomFoldIn, randomSplit, rngBitGenerator } from './random';
import { concatenate, convert, full, indexInDim, like, reshape, sliceInDim } from './structural';

// What each generator does with one key. Raw keys do not say which generator they are for: as in JAX they are for the default one, if it has
// keys of so many words; else for the first one that has.

/** How many words the keys of a generator have. */
export const KEY_WORDS: Readonly<Record<PrngImpl, number>> = { threefry2x32: 2, threefry4x32: 4, rbg: 4, unsafe_rbg: 4, philox2x32: 1, philox4x32: 2 };
const BY_WORDS: Readonly<Record<number, PrngImpl>> = { 1: 'philox2x32', 2: 'threefry2x32', 4: 'rbg' };

/** Whether keys may have so many words. */
export const isKeyWords = (words: number | undefined): boolean => words !== undefined && words in BY_WORDS;

/** The generator that a raw key is for. */
export function implOf(key: Array): PrngImpl {
  const words = key.shape[key.ndim - 1]!;
  return KEY_WORDS[config.defaultPrngImpl] === words ? config.defaultPrngImpl : BY_WORDS[words]!;
}

/** Unsigned random integers of 8, 16, 32 or 64 bits. Threefry also takes keys [..., 2], and gives [..., ...shape]. */
export function bitsOf(key: Array, bitWidth: number, shape: Shape): Array {
  const impl = implOf(key);
  if (impl === 'threefry2x32') return randomBits(key, bitWidth, shape);
  if (isCounterImpl(impl)) return hashedBits(impl, key, bitWidth, shape);
  return rngBitGenerator(key, shape, `uint${bitWidth as 8 | 16 | 32 | 64}`)[1];
}

/** New keys, of shape [...shape, words]. */
export function splitKeys(key: Array, shape: Shape, impl: PrngImpl = implOf(key)): Array {
  if (impl === 'threefry2x32') return randomSplit(key, shape);
  if (isCounterImpl(impl)) return hashedSplit(impl, key, shape);
  const n = sizeOf(shape);
  if (impl === 'rbg') {
    const halves = randomSplit(reshape(key, [2, 2]), [n]);
    return reshape(concatenate([0, 1].map((i) => indexInDim(halves, i, 0)), 1), [...shape, 4]);
  }
  if (n === 0) return full([...shape, 4], 0, 'uint32');
  // Every tenth state of a long draw.
  return reshape(sliceInDim(rngBitGenerator(key, [10 * n, 4])[1], 0, 10 * n, 0, 10), [...shape, 4]);
}

/** `n` new keys, one by one. */
export function splitInto(key: Array, n: number): Array[] {
  const keys = splitKeys(key, [n]);
  return globalThis.Array.from({ length: n }, (_, i) => indexInDim(keys, i, 0));
}

/** Keys [..., words] for an array of integer seeds: the high word, then the low one (four words: the two twice), or a hash of both. */
export function seedKeys(seed: Array, impl: PrngImpl): Array {
  const low = convert(seed, 'uint32');
  const wide = seed.dtype === 'int64' || seed.dtype === 'uint64';
  const high = wide ? convert(shiftRightLogical(seed, like(seed, 32)), 'uint32') : full(seed.shape, 0, 'uint32');
  if (isCounterImpl(impl)) return hashedSeeds(impl, high, low);
  const words = [high, low].map((w) => reshape(w, [...seed.shape, 1]));
  return concatenate(impl === 'threefry2x32' ? words : [...words, ...words], seed.ndim);
}

/** A key from a key and a uint32 scalar. */
export function foldKey(key: Array, data: Array, impl: PrngImpl): Array {
  if (impl === 'threefry2x32') return randomFoldIn(key, data);
  if (isCounterImpl(impl)) return hashedFold(impl, key, data);
  if (impl === 'rbg') {
    const halves = reshape(key, [2, 2]);
    return concatenate([0, 1].map((i) => randomFoldIn(indexInDim(halves, i, 0), data)), 0);
  }
  return xor(key, indexInDim(rngBitGenerator(seedKeys(data, impl), [10, 4])[1], 9, 0));
}
