import type { Array } from '../core/array';
import { type Shape, sizeOf } from '../core/aval';
import { config, type PrngImpl } from '../core/config';
import { shiftRightLogical, xor } from './elementwise';
import { randomBits, randomFoldIn, randomSplit, rngBitGenerator } from './random';
import { concatenate, convert, full, indexInDim, like, reshape, sliceInDim } from './structural';

// What each generator does with one key. A raw key has two words (Threefry) or four: those of the two generators built on XLA's own, which
// draw alike and differ in how keys are split; `unsafe_rbg` is meant where it is the default implementation, or named.

/** The generator that a raw key is for. */
export function implOf(key: Array): PrngImpl {
  if (key.shape[key.ndim - 1] === 2) return 'threefry2x32';
  return config.defaultPrngImpl === 'unsafe_rbg' ? 'unsafe_rbg' : 'rbg';
}

/** Unsigned random integers of 8, 16, 32 or 64 bits. Threefry also takes keys [..., 2], and gives [..., ...shape]. */
export function bitsOf(key: Array, bitWidth: number, shape: Shape): Array {
  if (implOf(key) === 'threefry2x32') return randomBits(key, bitWidth, shape);
  return rngBitGenerator(key, shape, `uint${bitWidth as 8 | 16 | 32 | 64}`)[1];
}

/** New keys, of shape [...shape, words]. */
export function splitKeys(key: Array, shape: Shape, impl: PrngImpl = implOf(key)): Array {
  if (impl === 'threefry2x32') return randomSplit(key, shape);
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

/** Keys [..., words] for an array of integer seeds: the high word, then the low one; four words are the two twice. */
export function seedKeys(seed: Array, impl: PrngImpl): Array {
  const low = convert(seed, 'uint32');
  const wide = seed.dtype === 'int64' || seed.dtype === 'uint64';
  const high = wide ? convert(shiftRightLogical(seed, like(seed, 32)), 'uint32') : full(seed.shape, 0, 'uint32');
  const words = [high, low].map((w) => reshape(w, [...seed.shape, 1]));
  return concatenate(impl === 'threefry2x32' ? words : [...words, ...words], seed.ndim);
}

/** A key from a key and a uint32 scalar. */
export function foldKey(key: Array, data: Array, impl: PrngImpl): Array {
  if (impl === 'threefry2x32') return randomFoldIn(key, data);
  if (impl === 'rbg') {
    const halves = reshape(key, [2, 2]);
    return concatenate([0, 1].map((i) => randomFoldIn(indexInDim(halves, i, 0), data)), 0);
  }
  return xor(key, indexInDim(rngBitGenerator(seedKeys(data, impl), [10, 4])[1], 9, 0));
}
