import type { Array } from '../core/array';
import { type Shape, sizeOf } from '../core/aval';
import { add, mul, or, shiftLeft, shiftRightLogical, xor } from './elementwise';
import { broadcastInDim, concatenate, convert, full, indexInDim, iota, like, range, reshape } from './structural';

// Generators whose bits are a hash of a key and a counter, beside Threefry-2x32 (random.ts): Threefry-4x32 with 20 rounds, Philox-2x32 and
// Philox-4x32 with 10. All but the hash is the same for all: what is counted, and where in the counter it stands.
//
// Source of the hashes and their constants: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

type Words = readonly Array[];

interface CounterHash {
  /** How many words a key has. */
  words: number;
  /** How many words a counter has, and a hash. */
  width: number;
  hash: (key: Words, counter: Words) => Words;
  /** The counter and the key from which a seed makes a key. */
  seeded: (high: Array, low: Array, zero: Array) => { key: Words; counter: Words };
  /** The high and the low word of 64 bits. */
  wide: (hash: Words) => [Array, Array];
}

const plus = (x: Array, n: number) => add(x, like(x, n));
const rotate = (x: Array, by: number) => or(shiftLeft(x, like(x, by)), shiftRightLogical(x, like(x, 32 - by)));

const ROTATIONS = [[10, 26], [11, 21], [13, 27], [23, 5], [6, 20], [17, 11], [25, 10], [18, 20]] as const;
const PARITY = 0x1bd11bda;

function threefry4x32(key: Words, counter: Words): Words {
  const schedule = [...key, key.reduce((a, k) => xor(a, k), like(key[0]!, PARITY))];
  let x = counter.map((c, i) => add(c, schedule[i]!));
  for (let round = 0; round < 20; round++) {
    const [r0, r1] = ROTATIONS[round % 8]!;
    // Words 1 and 3 change places every round.
    const [i, j] = round % 2 === 0 ? [1, 3] : [3, 1];
    const [a, b] = [add(x[0]!, x[i]!), add(x[2]!, x[j]!)];
    const mixed = { [i]: xor(a, rotate(x[i]!, r0)), [j]: xor(b, rotate(x[j]!, r1)) };
    x = [a, mixed[1]!, b, mixed[3]!];
    if (round % 4 === 3) {
      const n = (round + 1) / 4;
      x = x.map((w, k) => add(w, schedule[(n + k) % 5]!));
      x[3] = plus(x[3]!, n);
    }
  }
  return x;
}

/** The high and the low word of the product with a constant. */
function product(x: Array, by: number): [Array, Array] {
  const wide = convert(x, 'uint64');
  return [convert(shiftRightLogical(mul(wide, like(wide, by)), like(wide, 32)), 'uint32'), mul(x, like(x, by))];
}

const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const PHILOX_ROUNDS = range(10);

function philox2x32(key: Words, counter: Words): Words {
  return PHILOX_ROUNDS.reduce(([x, y], round) => {
    const [high, low] = product(x!, 0xd256d193);
    return [xor(xor(high, y!), plus(key[0]!, (round * WEYL[0]) % 2 ** 32)), low];
  }, counter);
}

function philox4x32(key: Words, counter: Words): Words {
  return PHILOX_ROUNDS.reduce(([x0, x1, x2, x3], round) => {
    const [[high0, low0], [high1, low1]] = [product(x0!, 0xd2511f53), product(x2!, 0xcd9e8d57)];
    const [k0, k1] = WEYL.map((w, i) => plus(key[i]!, (round * w) % 2 ** 32));
    return [xor(xor(high1, x1!), k0!), low1, xor(xor(high0, x3!), k1!), low0];
  }, counter);
}

const first = (hash: Words): [Array, Array] => [hash[0]!, hash[1]!];

/** The generators that hash counters. */
export const COUNTER_HASHES = {
  threefry4x32: {
    words: 4, width: 4, hash: threefry4x32,
    seeded: (high, low, zero) => ({ key: [high, low, zero, zero], counter: [zero, zero, zero, zero] }),
    wide: (h) => [xor(h[0]!, h[2]!), xor(h[1]!, h[3]!)],
  },
  philox2x32: { words: 1, width: 2, hash: philox2x32, seeded: (high, low, zero) => ({ key: [zero], counter: [high, low] }), wide: first },
  philox4x32: { words: 2, width: 4, hash: philox4x32, seeded: (high, low, zero) => ({ key: [zero, zero], counter: [high, low, zero, zero] }), wide: first },
} as const satisfies Record<string, CounterHash>;

/** A generator that hashes counters. */
export type CounterImpl = keyof typeof COUNTER_HASHES;

/** Whether a generator is one of these. */
export function isCounterImpl(impl: string): impl is CounterImpl {
  return Object.hasOwn(COUNTER_HASHES, impl);
}

/** The words of a key as scalars, or of an array of that shape. */
const wordsOf = (key: Array, shape: Shape) => range(key.shape[0]!).map((i) => broadcastInDim(indexInDim(key, i, 0), shape, []));

/** The flat index of each element of a shape: the high and the low word. */
function indices(shape: Shape): [Array, Array] {
  const n = sizeOf(shape);
  if (n <= 2 ** 32) return [full(shape, 0, 'uint32'), reshape(iota('uint32', [n], 0), shape)];
  const wide = reshape(iota('uint64', [n], 0), shape);
  return [convert(shiftRightLogical(wide, like(wide, 32)), 'uint32'), convert(wide, 'uint32')];
}

/** Keys of words given one by one. */
const joined = (words: Words, ndim: number) => concatenate(words.map((w) => reshape(w, [...w.shape, 1])), ndim);

/** Keys [..., words] for an array of seeds, given as their high and low words. */
export function hashedSeeds(impl: CounterImpl, high: Array, low: Array): Array {
  const h = COUNTER_HASHES[impl];
  const { key, counter } = h.seeded(high, low, full(low.shape, 0, 'uint32'));
  return joined(h.hash(key, counter).slice(0, h.words), low.ndim);
}

/** New keys of one: one for each counter, which stands in the last words. */
function derived(impl: CounterImpl, key: Array, count: Words): Array {
  const h = COUNTER_HASHES[impl];
  const { shape } = count[0]!;
  const counter = [...range(h.width - 2).map(() => full(shape, 0, 'uint32')), ...count];
  return joined(h.hash(wordsOf(key, shape), counter).slice(0, h.words), shape.length);
}

/** New keys [...shape, words] of one. */
export function hashedSplit(impl: CounterImpl, key: Array, shape: Shape): Array {
  return derived(impl, key, indices(shape));
}

/** A key of one and a uint32 scalar. */
export function hashedFold(impl: CounterImpl, key: Array, data: Array): Array {
  return derived(impl, key, [full([], 0, 'uint32'), data]);
}

/** Unsigned random integers of 8, 16, 32 or 64 bits; what is counted stands in the first words of the counter. */
export function hashedBits(impl: CounterImpl, key: Array, bitWidth: number, shape: Shape): Array {
  const h: CounterHash = COUNTER_HASHES[impl];
  const out = h.hash(wordsOf(key, shape), [...indices(shape), ...range(h.width - 2).map(() => full(shape, 0, 'uint32'))]);
  if (bitWidth !== 64) return convert(out.reduce((a, b) => xor(a, b)), `uint${bitWidth as 8 | 16 | 32}`);
  const [high, low] = h.wide(out).map((w) => convert(w, 'uint64')) as [Array, Array];
  return or(shiftLeft(high, like(high, 32)), low);
}
