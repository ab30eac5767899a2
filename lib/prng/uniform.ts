import type { Array } from '../core/array';
import type { Shape } from '../core/aval';
import { canonicalDtype } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { checkOptions, isOptions } from '../functional/options';
import { type ArrayLike, asArray, astype, describeValue } from '../lax/arrayLike';
import { add, and, bitWidth, gt, le, lt, max, min, mul, rem, sub, where } from '../primitives/elementwise';
import { bitsForFloat, bitsToUnit, floatInfo } from '../primitives/randomFloats';
import { bitsOf, splitInto } from '../primitives/randomKeys';
import { convert, indexInDim, like, scalar } from '../primitives/structural';
import { dtypeOf, fitTo, readOptions, type SampleOptions, sampleShape, type ShapeLike, type ShapeOptions, type ShapeOr, shapeOf } from './arguments';
import { checkKey } from './keys';
import { sampler } from './sampler';

export interface ShapeAndDtype {
  shape: Shape;
  dtype: DType;
}

// ---- bits ----

const drawBits = sampler<{ shape: Shape; width: number }>('bits', (key, _, { shape, width }) => bitsOf(key, width, shape));

/**
 * Random bits as unsigned integers. Mirrors `jax.random.bits`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param options.dtype `uint32` by default (`uint64` with 64-bit types on)
 * @returns an array of the given shape and dtype
 * @throws DtypeError if dtype is not uint8, uint16, uint32 or uint64
 * @example
 * prng.bits(prng.PRNGKey(0), [2, 3]);
 */
export function bits(key: Array, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('bits', key);
  const o = readOptions('bits', ['shape', 'dtype'], shape, options);
  const dtype = dtypeOf('bits', o.dtype, 'uint64', ['uint']);
  const width = bitWidth(dtype);
  if (width < 8) throw new DtypeError(`bits: expected dtype uint8, uint16, uint32 or uint64, got ${dtype}`);
  return drawBits(k, [], { shape: shapeOf('bits', o.shape), width });
}

// ---- uniform ----

/**
 * Floats in [low, high).
 *
 * @param low scalar or array of `dtype` that broadcasts to `shape`
 */
export function uniformIn(key: Array, shape: Shape, dtype: DType, low: Array, high: Array): Array {
  const unit = unitUniform(key, shape, dtype);
  const lo = fitTo(low, shape);
  const hi = fitTo(high, shape);
  return max(lo, add(mul(unit, sub(hi, lo)), lo));
}

/** {@link uniformIn} with bounds that are numbers. */
export function uniformBetween(key: Array, shape: Shape, dtype: DType, low: number, high: number): Array {
  return uniformIn(key, shape, dtype, scalar(low, dtype), scalar(high, dtype));
}

/** Floats in [0, 1). */
export function unitUniform(key: Array, shape: Shape, dtype: DType): Array {
  return bitsToUnit(bitsOf(key, bitsForFloat('uniform', dtype), shape), dtype);
}

const drawUnit = sampler<ShapeAndDtype>('uniform', (key, _, { shape, dtype }) => unitUniform(key, shape, dtype));
const drawUniform = sampler<ShapeAndDtype>('uniform', (key, [lo, hi], { shape, dtype }) => uniformIn(key, shape, dtype, convert(lo!, dtype), convert(hi!, dtype)));

/** Options of {@link uniform}. */
export interface UniformOptions extends SampleOptions {
  /** Lower bound, inclusive; 0 by default. Broadcasts to the shape. */
  minval?: ArrayLike;
  /** Upper bound, exclusive; 1 by default. Broadcasts to the shape. */
  maxval?: ArrayLike;
}

/**
 * Floats uniformly distributed in [minval, maxval). Mirrors `jax.random.uniform`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @returns an array of the given shape (a scalar by default), float32 by default
 * @throws DtypeError if dtype is not a float's; ShapeError if the bounds do not broadcast to the shape
 * @example
 * prng.uniform(prng.PRNGKey(0), [3], { minval: -1, maxval: 1 });
 */
export function uniform(key: Array, shape?: ShapeOr<UniformOptions>, options?: UniformOptions): Array {
  const k = checkKey('uniform', key);
  const o = readOptions('uniform', ['shape', 'dtype', 'minval', 'maxval'], shape, options);
  const dtype = dtypeOf('uniform', o.dtype, 'float', ['float']);
  const { minval = 0, maxval = 1 } = o;
  if (minval === 0 && maxval === 1) return drawUnit(k, [], { shape: shapeOf('uniform', o.shape), dtype });
  const bounds = [asArray(minval, 'uniform: minval'), asArray(maxval, 'uniform: maxval')];
  return drawUniform(k, bounds.map((b) => astype(b, dtype)), { shape: sampleShape('uniform', o.shape ?? [], ...bounds.map((b) => b.shape)), dtype });
}

// ---- integers ----

interface IntegerRange {
  min: bigint;
  max: bigint;
}

function integerRange(dtype: DType): IntegerRange {
  const n = BigInt(bitWidth(dtype));
  return dtypeKind(dtype) === 'uint' ? { min: 0n, max: (1n << n) - 1n } : { min: -(1n << (n - 1n)), max: (1n << (n - 1n)) - 1n };
}

const asValue = (x: bigint) => (x >= BigInt(Number.MIN_SAFE_INTEGER) && x <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(x) : x);

// Math.min and Math.max take no bigints.
function intersection(a: IntegerRange, b: IntegerRange): IntegerRange {
  const inside = (x: bigint, r: IntegerRange) => x >= r.min && x <= r.max;
  return { min: inside(a.min, b) ? a.min : b.min, max: inside(a.max, b) ? a.max : b.max };
}

/** Clips an array of integers to what another integer type holds, and converts it. */
function clipTo(x: Array, dtype: DType): Array {
  if (x.dtype === dtype) return x;
  const both = intersection(integerRange(dtype), integerRange(x.dtype));
  return convert(min(max(x, like(x, asValue(both.min))), like(x, asValue(both.max))), dtype);
}

/** A bound of `randint`, and whether it lies above the range; null where that shows at run time only. */
interface Bound {
  value: Array;
  above: boolean | null;
}

/** A number is clipped to the range here, an array where it is used. */
function readBound(op: string, x: ArrayLike, dtype: DType, range: IntegerRange): Bound {
  if (typeof x === 'number' || typeof x === 'bigint') {
    if (typeof x === 'number' && !Number.isFinite(x)) throw new ArgumentError(`${op}: expected an integer, got ${x}`);
    const v = BigInt(typeof x === 'number' ? Math.trunc(x) : x);
    return { value: scalar(asValue(v < range.min ? range.min : v > range.max ? range.max : v), dtype), above: v > range.max };
  }
  const a = asArray(x, op);
  const kind = dtypeKind(a.dtype);
  if (kind === 'complex') throw new DtypeError(`${op}: expected integers, got ${a.aval}`);
  return { value: kind === 'int' || kind === 'uint' ? a : astype(a, canonicalDtype('int64')), above: null };
}

/** The values that bounds may have: narrow types are made of 32 bits, as with fewer the bias would show, and have room for their end. */
function boundRange(dtype: DType, result: DType): IntegerRange {
  const r = integerRange(result);
  return dtype === result ? r : { min: r.min, max: r.max + 1n };
}

interface RandintStatics extends ShapeAndDtype {
  /** Type of the result, which may be narrower than `dtype`, in which integers are made. */
  result: DType;
  above: boolean | null;
}

/** Integers in [low, high): twice the bits of the type, modulo the span, so that spans that are no power of two are biased little. */
export function integersIn(key: Array, shape: Shape, dtype: DType, low: Array, high: Array, above: Array | boolean): Array {
  const width = bitWidth(dtype);
  const unsigned = `uint${width}` as DType;
  const [k1, k2] = splitInto(key, 2);
  const upper = bitsOf(k1!, width, shape);
  const lower = bitsOf(k2!, width, shape);
  const lo = fitTo(low, shape);
  const hi = fitTo(high, shape);
  const difference = convert(sub(hi, lo), unsigned);
  // An empty range gives `low`.
  let span = where(le(hi, lo), like(difference, 1), difference);
  const wider = () => add(span, like(span, 1));
  // A bound just above the type: the span is one more, which wraps to 0 for the whole type, and a remainder by 0 leaves bits as they are.
  if (above === true) span = where(gt(hi, lo), wider(), span);
  else if (above !== false) span = where(and(fitTo(above, shape), gt(hi, lo)), wider(), span);
  let multiplier = rem(like(span, 2 ** (width / 2)), span);
  multiplier = rem(mul(multiplier, multiplier), span);
  const offset = rem(add(mul(rem(upper, span), multiplier), rem(lower, span)), span);
  return add(lo, convert(offset, dtype));
}

const drawIntegers = sampler<RandintStatics>('randint', (key, [lo, hi], { shape, dtype, result, above }) => {
  const range = boundRange(dtype, result);
  const bound = (x: Array) => {
    const y = clipTo(x, dtype);
    return dtype === result ? y : min(max(y, like(y, Number(range.min))), like(y, Number(range.max)));
  };
  let over: Array | boolean = above ?? false;
  if (above === null && dtype === result) {
    over = gt(hi!, like(hi!, asValue(intersection(range, integerRange(hi!.dtype)).max)));
  }
  return convert(integersIn(key, shape, dtype, bound(lo!), bound(hi!), over), result);
});

/**
 * Integers uniformly distributed in [minval, maxval). Mirrors `jax.random.randint`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param minval integers that broadcast to the shape
 * @param maxval integers that broadcast to the shape; where it is not above minval, the result is minval
 * @param options.dtype int32 by default (int64 with 64-bit types on)
 * @returns an array of the given shape
 * @throws DtypeError if dtype is not an integer's; ShapeError if the bounds do not broadcast to the shape
 * @example
 * prng.randint(prng.PRNGKey(0), [4], 0, 10);
 */
export function randint(key: Array, shape: ShapeLike, minval: ArrayLike, maxval: ArrayLike, options?: Pick<SampleOptions, 'dtype'>): Array {
  const k = checkKey('randint', key);
  const result = dtypeOf('randint', checkOptions('randint', ['dtype'], options).dtype, 'int', ['int', 'uint']);
  if (bitWidth(result) < 8) throw new DtypeError(`randint: expected an integer dtype of at least 8 bits, got ${result}`);
  const dtype = bitWidth(result) < 32 ? 'int32' : result;
  const range = boundRange(dtype, result);
  const lo = readBound('randint: minval', minval, dtype, range);
  const hi = readBound('randint: maxval', maxval, dtype, range);
  const wanted = sampleShape('randint', shape, lo.value.shape, hi.value.shape);
  return drawIntegers(k, [lo.value, hi.value], { shape: wanted, dtype, result, above: dtype === result ? hi.above : false });
}

// ---- true or false ----

/** Whether a uniform number lies below p. */
export function bernoulliIn(key: Array, shape: Shape, p: Array, high: boolean): Array {
  const dtype = p.dtype;
  const q = fitTo(p, shape);
  if (!high) return lt(unitUniform(key, shape, dtype), q);
  const u = unitUniform(key, [2, ...shape], dtype);
  const fine = mul(indexInDim(u, 1, 0), scalar(2 ** -floatInfo('bernoulli', dtype).mantissa, dtype));
  return lt(fine, sub(q, indexInDim(u, 0, 0)));
}

const drawBernoulli = sampler<{ shape: Shape; high: boolean }>('bernoulli', (key, [p], { shape, high }) => bernoulliIn(key, shape, p!, high));

/** Options of {@link bernoulli}. */
export interface BernoulliOptions extends ShapeOptions {
  /** Probability of true, which broadcasts to the shape; 0.5 by default. */
  p?: ArrayLike;
  /** `high` takes twice the bits, for probabilities below the resolution of the type. */
  mode?: 'low' | 'high';
}

/**
 * Booleans that are true with probability p. Mirrors `jax.random.bernoulli`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param p may be given in the options; numbers are floats, arrays must be
 * @returns a bool array of the given shape, that of p by default
 * @throws DtypeError if p is not of a float type; ShapeError if it does not broadcast to the shape
 * @example
 * prng.bernoulli(prng.PRNGKey(0), { p: 0.3, shape: [8] });
 */
export function bernoulli(key: Array, p?: ArrayLike | BernoulliOptions, shape?: ShapeOr<BernoulliOptions>, options?: BernoulliOptions): Array {
  const k = checkKey('bernoulli', key);
  const named = isOptions(p);
  const o = readOptions('bernoulli', ['p', 'shape', 'mode'], named ? (p as BernoulliOptions) : shape, options);
  const given = (named ? undefined : (p as ArrayLike | undefined)) ?? o.p ?? 0.5;
  const x = asArray(given, 'bernoulli: p');
  // The number 1 is a weak integer, but no less a probability.
  const probability = x.weakType && dtypeKind(x.dtype) === 'int' ? astype(x, canonicalDtype('float64'), true) : x;
  if (dtypeKind(probability.dtype) !== 'float') throw new DtypeError(`bernoulli: expected p to be of a float dtype, got ${probability.aval}`);
  const { mode = 'low' } = o;
  if (mode !== 'low' && mode !== 'high') throw new ArgumentError(`bernoulli: expected mode to be 'low' or 'high', got ${describeValue(mode)}`);
  return drawBernoulli(k, [probability], { shape: sampleShape('bernoulli', o.shape, probability.shape), high: mode === 'high' });
}

/** 1 or −1. */
export function signs(key: Array, shape: Shape, dtype: DType): Array {
  // Neither 1 nor −1 is false.
  if (dtype === 'bool') return convert(signs(key, shape, 'int32'), dtype);
  const heads = convert(bernoulliIn(key, shape, scalar(0.5, canonicalDtype('float64')), false), dtype);
  return sub(mul(heads, like(heads, 2)), like(heads, 1));
}

const drawSigns = sampler<ShapeAndDtype>('rademacher', (key, _, { shape, dtype }) => signs(key, shape, dtype));

/**
 * Numbers that are 1 or −1 with equal probability. Mirrors `jax.random.rademacher`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @returns an array of the given shape, int32 by default
 * @example
 * prng.rademacher(prng.PRNGKey(0), [4]);
 */
export function rademacher(key: Array, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('rademacher', key);
  const o = readOptions('rademacher', ['shape', 'dtype'], shape, options);
  return drawSigns(k, [], { shape: shapeOf('rademacher', o.shape), dtype: dtypeOf('rademacher', o.dtype, 'int', ['bool', 'int', 'uint', 'float', 'complex']) });
}
