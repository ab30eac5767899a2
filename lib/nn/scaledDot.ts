import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { customVjp } from '../functional/customRules';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as lax from '../lax';
import * as np from '../numpy';

/** How blocks of an operand are put into few bits. Mirrors `jax.nn`'s `BlockScaleConfig`. */
export interface BlockScaleConfig {
  mode: 'nvfp4' | 'mxfp8';
  /** Entries with a scale in common. */
  blockSize: number;
  dataType: DType;
  scaleType: DType;
  /** What everything is divided by besides, float32 [1]; null for mxfp8. */
  globalScale: Array | null;
}

/**
 * Blocks of 16 in float4 or of 32 in float8, with their scales. Mirrors `jax.nn.get_scaled_dot_general_config`. @throws ArgumentError for another mode
 *
 * @param globalScale a scale for all blocks; null for none
 * @example
 * nn.getScaledDotGeneralConfig('mxfp8').blockSize; // 32
 */
export function getScaledDotGeneralConfig(mode: 'nvfp4' | 'mxfp8', globalScale: ArrayLike | null = null): BlockScaleConfig {
  if (mode === 'mxfp8') return { mode, blockSize: 32, dataType: 'float8_e4m3fn', scaleType: 'float8_e8m0fnu', globalScale: null };
  if (mode !== 'nvfp4') throw new ArgumentError(`getScaledDotGeneralConfig: expected 'nvfp4' or 'mxfp8', got ${describeValue(mode)}`);
  return { mode, blockSize: 16, dataType: 'float4_e2m1fn', scaleType: 'float8_e4m3fn', globalScale: np.asarray(globalScale ?? [1], { dtype: 'float32' }) };
}

/**
 * Products of batches of matrices whose entries have scales in blocks along the last axis: `sum_k a[b, m, k] s_a[b, m, k / block] ...`, in float32.
 *
 * Mirrors `jax.nn.scaled_matmul`, which runs on GPUs only.
 *
 * @param lhs [B, M, K]
 * @param rhs [B, N, K]
 * @param lhsScales [B, M, blocks] where blocks divides K
 * @param rhsScales [B, N, blocks]
 * @param preferredElementType dtype of the result
 * @returns [B, M, N]
 * @throws ShapeError where shapes do not go together
 * @example
 * ```ts
 * nn.scaledMatmul(np.ones([1, 1, 4]), np.ones([1, 1, 4]), np.full([1, 1, 2], 2), np.ones([1, 1, 2]));   // [[[8]]]
 * ```
 */
export function scaledMatmul(lhs: ArrayLike, rhs: ArrayLike, lhsScales: ArrayLike, rhsScales: ArrayLike, preferredElementType: DType = 'float32'): Array {
  const op = 'scaledMatmul';
  const [a, b, sa, sb] = [lhs, rhs, lhsScales, rhsScales].map((x) => asArray(x, op)) as [Array, Array, Array, Array];
  const shapes = [a, b, sa, sb].map((x) => `[${x.shape.join(', ')}]`).join(', ');
  if ([a, b, sa, sb].some((x) => x.ndim !== 3)) throw new ShapeError(`${op}: expected four arrays of three axes, got ${shapes}`);
  const [batch, m, k] = a.shape as [number, number, number];
  const [, n] = b.shape as [number, number, number];
  const blocks = sa.shape[2]!;
  const fits = b.shape[0] === batch && b.shape[2] === k && sa.shape[0] === batch && sa.shape[1] === m && sb.shape[0] === batch && sb.shape[1] === n && sb.shape[2] === blocks && blocks > 0 && k % blocks === 0;
  if (!fits) throw new ShapeError(`${op}: expected [B, M, K], [B, N, K], [B, M, blocks] and [B, N, blocks] where blocks divides K, got ${shapes}`);
  const scaled = (x: Array, s: Array) => np.multiply(x.astype('float32').reshape([...s.shape, k / blocks]), np.expandDims(s.astype('float32'), -1)).reshape(x.shape);
  return lax.dotGeneral(scaled(a, sa), scaled(b, sb), [[[2], [2]], [[0], [0]]], { precision: 'highest' }).astype(preferredElementType);
}

/** Entries [B, M, K] in few bits, and their scales. */
function quantize(given: Array, { mode, blockSize, dataType, scaleType, globalScale }: BlockScaleConfig): [Array, Array] {
  const k = given.shape[2]!;
  if (k < blockSize || k % blockSize !== 0) throw new ShapeError(`scaledDotGeneral: expected contracted axes of a multiple of ${blockSize} entries for ${mode}, got ${k}`);
  const most = Number(np.finfo(dataType).max);
  const raw = given.reshape([...given.shape.slice(0, 2), k / blockSize, blockSize]);
  const x = globalScale === null ? raw : np.divide(raw, globalScale);
  const wanted = np.divide(np.max(np.abs(x), { axis: -1, keepdims: true }), most);
  // XLA would take a conversion and the one back for nothing.
  const scales = lax.optimizationBarrier((mode === 'mxfp8' ? powerOfTwoAbove(wanted) : np.clip(wanted, 0, Number(np.finfo(scaleType).max))).astype(scaleType)) as Array;
  const inBits = np.clip(np.divide(x, scales.astype('float32')), -most, most).astype(dataType);
  return [(lax.optimizationBarrier(inBits) as Array).reshape(given.shape), np.squeeze(scales, { axis: -1 })];
}

/** The least power of two that is not below x; that of the least normal number for 0. */
function powerOfTwoAbove(x: Array): Array {
  const [mantissa, exponent] = np.frexp(np.maximum(x.astype('float32'), 2 ** -126)) as [Array, Array];
  return np.ldexp(np.ones([], { dtype: 'float32' }), np.where(np.equal(mantissa, 0.5), np.subtract(exponent, 1), exponent));
}

type Dims = readonly number[];
interface Axes {
  contract: Dims;
  batch: Dims;
}

const kept = (x: Array, { contract, batch }: Axes): number[] => x.shape.map((_, i) => i).filter((i) => !contract.includes(i) && !batch.includes(i));
const sizes = (x: Array, axes: Dims): number[] => axes.map((i) => x.shape[i]!);

/** An operand as [B, M, K]. */
function matrices(x: Array, axes: Axes): Array {
  const free = kept(x, axes);
  return np.transpose(x, [...axes.batch, ...free, ...axes.contract]).reshape([sizeOf(sizes(x, axes.batch)), sizeOf(sizes(x, free)), sizeOf(sizes(x, axes.contract))]);
}

/** The product of two operands in few bits: batch axes, then those left of each. */
function product(a: Array, aAxes: Axes, b: Array, bAxes: Axes, type: DType, [ca, cb]: readonly [BlockScaleConfig, BlockScaleConfig]): Array {
  const [qa, sa] = quantize(matrices(a, aAxes), ca);
  const [qb, sb] = quantize(matrices(b, bAxes), cb);
  const out = scaledMatmul(qa, qb, sa, sb, ca.mode === 'nvfp4' ? 'float32' : type);
  const whole = ca.mode === 'nvfp4' ? np.multiply(out, np.multiply(ca.globalScale!, cb.globalScale!)).astype(type) : out;
  return whole.reshape([...sizes(a, aAxes.batch), ...sizes(a, kept(a, aAxes)), ...sizes(b, kept(b, bAxes))]);
}

/** The cotangent of x, given the result's and y: exact for float4, which is too coarse for gradients. */
function cotangent(g: Array, x: Array, xAxes: Axes, y: Array, yAxes: Axes, xFirst: boolean, type: DType, configs: readonly [BlockScaleConfig, BlockScaleConfig]): Array {
  const [nb, nx, ny] = [xAxes.batch.length, kept(x, xAxes).length, kept(y, yAxes).length];
  const range = (from: number, n: number) => globalThis.Array.from({ length: n }, (_, i) => from + i);
  const gAxes = { batch: range(0, nb), contract: xFirst ? range(nb + nx, ny) : range(nb, ny) };
  const back = { batch: yAxes.batch, contract: kept(y, yAxes) };
  const out = configs[0].mode === 'nvfp4'
    ? lax.dotGeneral(g, y, [[gAxes.contract, back.contract], [gAxes.batch, back.batch]], { preferredElementType: type })
    : product(g, gAxes, y, back, type, configs);
  // Its axes: batch, those kept of x, and y's contracted ones in y's order.
  const contracted = yAxes.contract.map((axis, i) => [axis, xAxes.contract[i]!] as const).sort((p, q) => p[0] - q[0]).map(([, axis]) => axis);
  const at = [...xAxes.batch, ...kept(x, xAxes), ...contracted];
  return np.transpose(out, x.shape.map((_, i) => at.indexOf(i))).astype(x.dtype);
}

/** Options of {@link scaledDotGeneral}. */
export interface ScaledDotGeneralOptions {
  /** Dtype of the result. Default float32. */
  preferredElementType?: 'float32' | 'bfloat16' | 'float16';
  /** For the left operand, the right one, and the gradient; null computes with the operands as they are. */
  configs?: readonly [BlockScaleConfig, BlockScaleConfig, BlockScaleConfig] | null;
}

/**
 * `lax.dotGeneral` of operands that are put into few bits in blocks along the contracted axes, with gradients of the same kind.
 *
 * Mirrors `jax.nn.scaled_dot_general`, which runs on GPUs only; `implementation` is deprecated there.
 *
 * @param lhs an array of floats
 * @param rhs an array of floats
 * @param dimensionNumbers `[[lhs contracted, rhs contracted], [lhs batch, rhs batch]]`
 * @throws ShapeError unless blocks divide the contracted entries (of the gradient's product as well, for mxfp8), DtypeError for another result dtype
 * @example
 * nn.scaledDotGeneral(np.ones([2, 32]), np.ones([3, 32]), [[[1], [1]], [[], []]]).shape; // [2, 3]
 */
export function scaledDotGeneral(lhs: ArrayLike, rhs: ArrayLike, dimensionNumbers: readonly [readonly [Dims, Dims], readonly [Dims, Dims]], options: ScaledDotGeneralOptions = {}): Array {
  const { preferredElementType: type = 'float32', configs = null } = checkOptions('scaledDotGeneral', ['preferredElementType', 'configs'], options);
  const op = 'scaledDotGeneral';
  const pairs = (x: unknown): x is readonly unknown[] => globalThis.Array.isArray(x) && x.length === 2;
  if (!pairs(dimensionNumbers) || !dimensionNumbers.every((p) => pairs(p) && p.every((d) => globalThis.Array.isArray(d)))) throw new ArgumentError(`${op}: expected dimensionNumbers [[contracting of lhs, of rhs], [batch of lhs, of rhs]], got ${describeValue(dimensionNumbers)}`);
  const [a, b] = [asArray(lhs, op), asArray(rhs, op)];
  if (configs === null) return lax.dotGeneral(a, b, dimensionNumbers as never, { preferredElementType: type });
  if (!['float32', 'bfloat16', 'float16'].includes(type)) throw new DtypeError(`${op}: expected preferredElementType float32, bfloat16 or float16, got ${type}`);
  const [[aContract, bContract], [aBatch, bBatch]] = dimensionNumbers;
  const [aAxes, bAxes] = [{ contract: aContract, batch: aBatch }, { contract: bContract, batch: bBatch }];
  const [ca, cb, cg] = configs;
  const forward = (x: Array, y: Array) => product(x, aAxes, y, bAxes, type, [ca, cb]);
  const f = customVjp(forward);
  f.defvjp((x: Array, y: Array) => [forward(x, y), [x, y]], ([x, y]: [Array, Array], g: Array) => {
    // What was clipped does not move the result.
    const held = (z: Array, dz: Array, { dataType, scaleType, globalScale }: BlockScaleConfig) => (cg.mode === 'nvfp4' ? np.where(np.lessEqual(np.abs(z), np.multiply(globalScale!, Number(np.finfo(dataType).max) * Number(np.finfo(scaleType).max))), dz, 0).astype(z.dtype) : dz);
    return [held(x, cotangent(g, x, aAxes, y, bAxes, true, type, [cg, cb]), ca), held(y, cotangent(g, y, bAxes, x, aAxes, false, type, [cg, ca]), cb)];
  });
  return f(a, b) as Array;
}
