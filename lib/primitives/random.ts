import type { Array } from '../core/array';
import { sameShape, ShapedArray, type Shape, sizeOf } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, defineMultiPrimitive, definePrimitive, type MultiPrimitive, type SampleInput, type SinglePrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { alignBatch, naryShape } from './nary';
import { concatenate, indexInDim, moveaxis, range, reshape, sliceInDim, toFront } from './structural';

// Random bits from keys. A key of the Threefry generator is two uint32 words, in the last dimension of an array; dimensions before it hold
// many keys. Bits are a function of the key and of each element's flat index in the shape that was asked for (what JAX calls partitionable mode).

const U32 = 'uint32' as const;
const ROTATIONS = [[13, 15, 26, 6], [17, 29, 16, 24]] as const;
/** Threefry's parity constant: the third word of the key schedule is the exclusive or of it with both words. */
const PARITY = 0x1bd11bda;
const NO_DERIVATIVE = absent('bits have no derivative');

type Pair = [IrValue, IrValue];

/** Repeats a value over the dimensions that follow its own. */
function extend(ctx: LoweringContext, x: IrValue, shape: Shape): IrValue {
  return sameShape(x.aval.shape, shape) ? x : hlo.broadcastInDim(ctx, x, range(x.aval.ndim), x.aval.withShape(shape));
}

/**
 * The 20 rounds of Threefry-2x32, unrolled: as straight code they fuse with what makes the counters and what uses the bits into one loop.
 *
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
function threefry(ctx: LoweringContext, k0: IrValue, k1: IrValue, c0: IrValue, c1: IrValue): Pair {
  const shape = c0.aval.shape;
  const k2 = hlo.xor(ctx, hlo.xor(ctx, k0, k1), ctx.splat(PARITY, k0.aval));
  const ks = [k0, k1, k2];
  const word = (i: number, plus = 0) => {
    const k = ks[i % 3]!;
    return extend(ctx, plus === 0 ? k : hlo.add(ctx, k, ctx.splat(plus, k.aval)), shape);
  };
  let x = hlo.add(ctx, c0, word(0));
  let y = hlo.add(ctx, c1, word(1));
  for (let i = 0; i < 5; i++) {
    for (const r of ROTATIONS[i % 2]!) {
      x = hlo.add(ctx, x, y);
      const left = hlo.same(ctx, 'shift_left', [y, ctx.splat(r, y.aval)]);
      const right = hlo.same(ctx, 'shift_right_logical', [y, ctx.splat(32 - r, y.aval)]);
      y = hlo.xor(ctx, x, hlo.or(ctx, left, right));
    }
    x = hlo.add(ctx, x, word(i + 1));
    y = hlo.add(ctx, y, word(i + 2, i + 1));
  }
  return [x, y];
}

/** One word of every key in an array of keys. */
function keyWord(ctx: LoweringContext, key: IrValue, i: number): IrValue {
  const { shape } = key.aval;
  const batch = shape.slice(0, -1);
  const cut = hlo.slice(ctx, key, [...batch.map(() => 0), i], [...batch, i + 1]);
  return hlo.reshape(ctx, cut, key.aval.withShape(batch));
}

/**
 * Bits of each key for the counters 0 … n − 1, as two arrays of shape [...keys, n].
 *
 * What computed the key is kept apart: else the rounds that made it are merged into the loop over counters, and compiling takes four times as long.
 */
function counterBits(ctx: LoweringContext, keys: IrValue, n: number): Pair {
  const [key] = hlo.optimizationBarrier(ctx, [keys], [keys.aval]) as [IrValue];
  const batch = key.aval.shape.slice(0, -1);
  const out = new ShapedArray([...batch, n], U32);
  const iota = (aval: ShapedArray) => hlo.iota(ctx, batch.length, aval);
  let high = ctx.splat(0, out);
  let low: IrValue;
  if (n <= 2 ** 32) {
    low = iota(out);
  } else {
    const wide = iota(out.withDtype('uint64'));
    low = hlo.convert(ctx, wide, out);
    high = hlo.convert(ctx, hlo.same(ctx, 'shift_right_logical', [wide, ctx.splat(32, wide.aval)]), out);
  }
  return threefry(ctx, keyWord(ctx, key, 0), keyWord(ctx, key, 1), high, low);
}

function checkKeys(op: string, key: ShapedArray, words = 2): Shape {
  if (key.dtype !== U32) throw new DtypeError(`${op}: expected a key of dtype uint32, got ${key}`);
  if (key.ndim === 0 || key.shape[key.ndim - 1] !== words) throw new ShapeError(`${op}: expected a key whose last dimension has size ${words}, got ${key}`);
  return key.shape.slice(0, -1);
}

const KEY: SampleInput = { shape: [2], dtype: U32, values: [7, 42] };
const KEY_BATCH: SampleInput = { shape: [3, 2], dtype: U32, values: [0, 1, 2, 3, 4, 5] };

// ---- the hash itself ----

const threefry2x32P: MultiPrimitive<object> = defineMultiPrimitive<object>({
  name: 'threefry2x32',
  abstract: (avals) => {
    for (const a of avals) if (a.dtype !== U32) throw new DtypeError(`threefry2x32: expected operands of dtype uint32, got ${avals.join(', ')}`);
    const out = new ShapedArray(naryShape('threefry2x32', avals), U32);
    return [out, out];
  },
  lower: (ctx, [k0, k1, c0, c1], _, [out]) => {
    const full = (x: IrValue) => extend(ctx, x, out!.shape);
    // Words of scalar keys stay scalars: the key schedule is then worked out once.
    const scalarKeys = k0!.aval.ndim === 0 && k1!.aval.ndim === 0;
    return threefry(ctx, scalarKeys ? k0! : full(k0!), scalarKeys ? k1! : full(k1!), full(c0!), full(c1!));
  },
  jvp: NO_DERIVATIVE,
  transpose: NO_DERIVATIVE,
  batch: (axis, args, dims) => {
    const aligned = alignBatch(axis, args, dims);
    return [threefry2x32P.bind({}, ...aligned.args), [aligned.dim, aligned.dim]];
  },
  sample: () => [
    { inputs: [{ shape: [], dtype: U32, values: [1] }, { shape: [], dtype: U32, values: [2] }, { shape: [3], dtype: U32, values: [0, 1, 2] }, { shape: [3], dtype: U32, values: [3, 4, 5] }], params: {} },
    { inputs: range(4).map((i) => ({ shape: [3], dtype: U32, values: [i, i + 1, i + 2] })), params: {} },
  ],
});

/** The Threefry-2x32 hash of two counters under a key of two words, all uint32 of one shape or scalars. Mirrors `jax.extend.random.threefry2x32_p`. */
export function threefry2x32(key0: Array, key1: Array, count0: Array, count1: Array): [Array, Array] {
  return threefry2x32P.bind({}, key0, key1, count0, count1) as [Array, Array];
}

// ---- bits, split and fold-in for Threefry keys ----

export interface RandomBitsParams {
  bitWidth: number;
  shape: Shape;
}

const UINT: Record<number, DType> = { 8: 'uint8', 16: 'uint16', 32: 'uint32', 64: 'uint64' };

const randomBitsP: SinglePrimitive<RandomBitsParams> = definePrimitive<RandomBitsParams>({
  name: 'random_bits',
  abstract: ([key], { bitWidth, shape }) => new ShapedArray([...checkKeys('randomBits', key!), ...shape], UINT[bitWidth]!),
  lower: (ctx, [key], { bitWidth, shape }, out) => {
    const [high, low] = counterBits(ctx, key!, sizeOf(shape));
    const flat = out.withShape(low.aval.shape);
    if (bitWidth === 64) {
      const wide = hlo.same(ctx, 'shift_left', [hlo.convert(ctx, high, flat), ctx.splat(32, flat)]);
      return hlo.reshape(ctx, hlo.or(ctx, wide, hlo.convert(ctx, low, flat)), out);
    }
    return hlo.reshape(ctx, hlo.convert(ctx, hlo.xor(ctx, high, low), flat), out);
  },
  jvp: NO_DERIVATIVE,
  transpose: NO_DERIVATIVE,
  batch: (_, [key], [dim], params) => [randomBitsP.bind(params, moveaxis(key!, dim!, 0)), 0],
  sample: () => [
    { inputs: [KEY], params: { bitWidth: 32, shape: [2, 3] } },
    { inputs: [KEY_BATCH], params: { bitWidth: 8, shape: [4] } },
    { inputs: [KEY], params: { bitWidth: 16, shape: [] } },
  ],
});

/** Unsigned integers of 8, 16, 32 or 64 random bits for each Threefry key: from keys [..., 2] to [..., ...shape]. */
export function randomBits(key: Array, bitWidth: number, shape: Shape): Array {
  return randomBitsP.bind({ bitWidth, shape }, key);
}

const randomSplitP: SinglePrimitive<{ shape: Shape }> = definePrimitive<{ shape: Shape }>({
  name: 'random_split',
  abstract: ([key], { shape }) => new ShapedArray([...checkKeys('randomSplit', key!), ...shape, 2], U32),
  lower: (ctx, [key], { shape }, out) => {
    const words = counterBits(ctx, key!, sizeOf(shape));
    const flat = words[0].aval.shape;
    const columns = words.map((w) => hlo.reshape(ctx, w, w.aval.withShape([...flat, 1])));
    const pairs = hlo.concatenate(ctx, columns, flat.length);
    return hlo.reshape(ctx, pairs, out);
  },
  jvp: NO_DERIVATIVE,
  transpose: NO_DERIVATIVE,
  batch: (_, [key], [dim], params) => [randomSplitP.bind(params, moveaxis(key!, dim!, 0)), 0],
  sample: () => [
    { inputs: [KEY], params: { shape: [3] } },
    { inputs: [KEY_BATCH], params: { shape: [2, 2] } },
  ],
});

/** New Threefry keys from each key: from [..., 2] to [..., ...shape, 2]. The i-th does not depend on how many are made. */
export function randomSplit(key: Array, shape: Shape): Array {
  return randomSplitP.bind({ shape }, key);
}

const randomFoldInP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'random_fold_in',
  abstract: ([key, data]) => {
    const batch = checkKeys('randomFoldIn', key!);
    if (data!.dtype !== U32) throw new DtypeError(`randomFoldIn: expected data of dtype uint32, got ${data}`);
    if (!sameShape(batch, data!.shape)) throw new ShapeError(`randomFoldIn: expected data of shape [${batch}] for keys ${key}, got ${data}`);
    return key!;
  },
  lower: (ctx, [key, data], _, out) => {
    const words = threefry(ctx, keyWord(ctx, key!, 0), keyWord(ctx, key!, 1), ctx.splat(0, data!.aval), data!);
    const columns = words.map((w) => hlo.reshape(ctx, w, w.aval.withShape([...w.aval.shape, 1])));
    return hlo.concatenate(ctx, columns, out.ndim - 1);
  },
  jvp: NO_DERIVATIVE,
  transpose: NO_DERIVATIVE,
  batch: (axis, [key, data], [dk, dd]) => [randomFoldInP.bind({}, toFront(key!, dk!, axis.size), toFront(data!, dd!, axis.size)), 0],
  sample: () => [
    { inputs: [KEY, { shape: [], dtype: U32, values: [9] }], params: {} },
    { inputs: [KEY_BATCH, { shape: [3], dtype: U32, values: [9, 8, 7] }], params: {} },
  ],
});

/** A Threefry key from each key and a uint32 number: from keys [..., 2] and data [...] to [..., 2]. */
export function randomFoldIn(key: Array, data: Array): Array {
  return randomFoldInP.bind({}, key, data);
}

// ---- XLA's own generator ----

export type RandomAlgorithm = 'RNG_DEFAULT' | 'RNG_THREE_FRY' | 'RNG_PHILOX';

export interface RngBitGeneratorParams {
  shape: Shape;
  dtype: DType;
  algorithm: RandomAlgorithm;
  outSharding: null;
}

const rngBitGeneratorP: MultiPrimitive<RngBitGeneratorParams> = defineMultiPrimitive<RngBitGeneratorParams>({
  name: 'rng_bit_generator',
  abstract: ([key], { shape, dtype }) => {
    if (checkKeys('rngBitGenerator', key!, 4).length > 0) throw new ShapeError(`rngBitGenerator: expected a key of shape [4], got ${key}`);
    if (!/^uint(8|16|32|64)$/.test(dtype)) throw new DtypeError(`rngBitGenerator: expected dtype uint8, uint16, uint32 or uint64, got ${dtype}`);
    return [key!, new ShapedArray(shape, dtype)];
  },
  lower: (ctx, [key], { algorithm }, [outKey, outBits]) => {
    const pairs = hlo.reshape(ctx, key!, key!.aval.withShape([2, 2]));
    const state = hlo.op(ctx, 'bitcast_convert', [pairs], new ShapedArray([2], 'uint64'));
    const [next, bits] = hlo.rngBitGenerator(ctx, algorithm.slice('RNG_'.length) as 'DEFAULT' | 'THREE_FRY' | 'PHILOX', state, outBits!);
    return [hlo.reshape(ctx, hlo.op(ctx, 'bitcast_convert', [next], pairs.aval), outKey!), bits];
  },
  jvp: NO_DERIVATIVE,
  transpose: NO_DERIVATIVE,
  // The generator takes one state at a time: as in JAX, that of the first lane gives the bits of all, and only its key moves on.
  batch: (axis, [key], [dim], params) => {
    const keys = moveaxis(key!, dim!, 0);
    const [next, bits] = rngBitGeneratorP.bind({ ...params, shape: [axis.size, ...params.shape] }, indexInDim(keys, 0, 0));
    return [[concatenate([reshape(next!, [1, 4]), sliceInDim(keys, 1, axis.size, 0)], 0), bits!], [0, 0]];
  },
  sample: () => [
    { inputs: [{ shape: [4], dtype: U32, values: [0, 7, 0, 7] }], params: { shape: [2, 3], dtype: U32, algorithm: 'RNG_DEFAULT', outSharding: null } , skip: { vmap: 'lanes are drawn by the first key, as in JAX; test/prng/transforms.test.ts' } },
    { inputs: [{ shape: [4], dtype: U32, values: [1, 2, 3, 4] }], params: { shape: [5], dtype: 'uint8', algorithm: 'RNG_PHILOX', outSharding: null } , skip: { vmap: 'lanes are drawn by the first key, as in JAX; test/prng/transforms.test.ts' } },
  ],
});

/** The next state and the bits of XLA's generator for a state of four uint32 words. Mirrors `jax.lax.rng_bit_generator`. */
export function rngBitGenerator(key: Array, shape: Shape, dtype: DType = U32, algorithm: RandomAlgorithm = 'RNG_DEFAULT'): [Array, Array] {
  return rngBitGeneratorP.bind({ shape, dtype, algorithm, outSharding: null }, key) as [Array, Array];
}

const rngUniformP: SinglePrimitive<{ shape: Shape }> = definePrimitive<{ shape: Shape }>({
  name: 'rng_uniform',
  abstract: ([a, b], { shape }) => {
    if (a!.dtype !== b!.dtype || a!.ndim > 0 || b!.ndim > 0) throw new (a!.dtype !== b!.dtype ? DtypeError : ShapeError)(`rngUniform: expected two scalars of one dtype, got ${a} and ${b}`);
    if (dtypeKind(a!.dtype) === 'complex') throw new DtypeError(`rngUniform: expected real numbers, got ${a}`);
    return new ShapedArray(shape, a!.dtype, a!.weakType && b!.weakType);
  },
  lower: (ctx, [a, b], _, out) => hlo.rngUniform(ctx, a!, b!, out),
  jvp: absent('its numbers are from a hidden state'),
  transpose: absent('rng_uniform is not linear'),
  batch: absent('its numbers are from a hidden state; use random.uniform, with a key for each'),
  // Between equal bounds there is one number only, so that runs can be compared.
  sample: () => [{ inputs: [{ shape: [], dtype: 'float32', values: [2.5] }, { shape: [], dtype: 'float32', values: [2.5] }], params: { shape: [2, 3] } }],
});

/** Numbers uniform in [a, b) from the device's own generator. Mirrors `jax.lax.rng_uniform`. */
export function rngUniform(a: Array, b: Array, shape: Shape): Array {
  return rngUniformP.bind({ shape }, a, b);
}
