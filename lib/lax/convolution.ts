import { checkIntegers } from '../core/checks';
import type { Array } from '../core/array';
import { type Shape, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import * as c from '../primitives/convolution';
import type { PrecisionLike } from '../primitives/precision';
import { eye } from '../primitives/matrix';
import { broadcastInDim, inverse, range, reshape, rev, transpose } from '../primitives/structural';
import { dilated } from '../primitives/windowGeometry';
import { describeValue } from '../core/describe';
import { checkOptions } from '../functional/options';
import { type ArrayLike, asArray } from './arrayLike';
import { dotGeneral } from './dot';
import { type PaddingLike, padtypeToPads, readPadding } from './windows';

/** Which dimension is which, as permutations. Mirrors `jax.lax.ConvDimensionNumbers`. */
export type ConvDimensionNumbers = c.ConvDimensionNumbers;

/** Layouts of input, kernel and result, such as `['NHWC', 'HWIO', 'NHWC']`, or the permutations they stand for; null: `['NCHW', 'OIHW', 'NCHW']` and its like. */
export type ConvGeneralDilatedDimensionNumbers = readonly [string, string, string] | ConvDimensionNumbers | null;

/**
 * Reads layouts. Mirrors `jax.lax.conv_dimension_numbers`. @throws ArgumentError where they do not fit each other or the rank
 *
 * @param lhsShape shape of what the window moves over
 * @param rhsShape shape of the kernel
 * @param dimensionNumbers which dimensions are which
 * @example
 * lax.convDimensionNumbers([1, 8, 8, 3], [3, 3, 3, 16], ['NHWC', 'HWIO', 'NHWC']).lhsSpec; // [0, 3, 1, 2]
 */
export function convDimensionNumbers(lhsShape: Shape, rhsShape: Shape, dimensionNumbers: ConvGeneralDilatedDimensionNumbers): ConvDimensionNumbers {
  checkIntegers('convDimensionNumbers', 'lhsShape', lhsShape);
  checkIntegers('convDimensionNumbers', 'rhsShape', rhsShape);
  if (lhsShape.length !== rhsShape.length) throw new ShapeError(`convDimensionNumbers: expected input and kernel of one rank, got shapes [${lhsShape}] and [${rhsShape}]`);
  return c.convDimensionNumbers(lhsShape.length, dimensionNumbers);
}

/**
 * Layouts as permutations of input, kernel and result. Mirrors `jax.lax.conv_general_permutations`. @throws ArgumentError where they do not fit each other
 *
 * @example
 * lax.convGeneralPermutations(['NHWC', 'HWIO', 'NHWC']); // [[0, 3, 1, 2], [3, 2, 0, 1], [0, 3, 1, 2]]
 */
export function convGeneralPermutations(dimensionNumbers: readonly [string, string, string]): [number[], number[], number[]] {
  if (!globalThis.Array.isArray(dimensionNumbers) || typeof dimensionNumbers[0] !== 'string') throw new ArgumentError(`convGeneralPermutations: expected dimensionNumbers to be three texts, got ${describeValue(dimensionNumbers)}`);
  const { lhsSpec, rhsSpec, outSpec } = c.convDimensionNumbers(dimensionNumbers[0].length, dimensionNumbers);
  return [[...lhsSpec], [...rhsSpec], [...outSpec]];
}

/** Options of {@link conv}, {@link convGeneralDilated}, {@link convGeneralDilatedLocal} and others like them. */
export interface ConvOptions {
  /** Steps between elements of the input, holes being 0; 1 by default. */
  lhsDilation?: readonly number[] | null;
  /** Steps between elements of the kernel; 1 by default. */
  rhsDilation?: readonly number[] | null;
  /** Which dimensions are which. */
  dimensionNumbers?: ConvGeneralDilatedDimensionNumbers;
  /** Groups of features that are convolved apart. */
  featureGroupCount?: number;
  /** Groups of the batch that are convolved apart. */
  batchGroupCount?: number;
  /** Precision of the products. */
  precision?: PrecisionLike;
  /** Element type of the result. */
  preferredElementType?: DType | null;
}

/**
 * Convolution (without turning the kernel round) in any number of spatial dimensions. Mirrors `jax.lax.conv_general_dilated`.
 *
 * @param lhs the array that the window moves over, [batch, channels, ...spatial] unless dimension numbers say otherwise
 * @param rhs the kernel, [out channels, in channels, ...spatial] unless dimension numbers say otherwise
 * @param windowStrides the step of the window along each spatial dimension
 * @param padding 'SAME', 'SAME_LOWER', 'VALID', or a pair for each spatial dimension
 * @throws ShapeError, DtypeError, ArgumentError where the arguments do not fit
 * @example
 * lax.convGeneralDilated(np.ones([1, 1, 4]), np.ones([1, 1, 2]), [1], 'VALID').js() // [[[2, 2, 2]]]
 */
export function convGeneralDilated(lhs: ArrayLike, rhs: ArrayLike, windowStrides: readonly number[], padding: PaddingLike | string, options: ConvOptions = {}): Array {
  options = checkOptions('convGeneralDilated', ['lhsDilation', 'rhsDilation', 'dimensionNumbers', 'featureGroupCount', 'batchGroupCount', 'precision', 'preferredElementType'], options);
  const [x, k] = [asArray(lhs, 'convGeneralDilated'), asArray(rhs, 'convGeneralDilated')];
  const dn = convDimensionNumbers(x.shape, k.shape, options.dimensionNumbers ?? null);
  const space = x.ndim - 2;
  if (!globalThis.Array.isArray(windowStrides)) throw new ArgumentError(`convGeneralDilated: expected windowStrides to be a list of integers, got ${describeValue(windowStrides)}`);
  if (windowStrides.length !== space) throw new ShapeError(`convGeneralDilated: expected ${space} windowStrides for ${x.aval}, got [${windowStrides}]`);
  const ones = range(space).map(() => 1);
  const rhsDilation = options.rhsDilation ?? ones;
  const lhsDilation = options.lhsDilation ?? ones;
  if (typeof padding === 'string' && lhsDilation.some((d) => d !== 1)) {
    throw new ArgumentError('convGeneralDilated: padding by rule is not defined for a dilated input; give pairs, or use convTranspose');
  }
  const sizes = dn.lhsSpec.slice(2).map((d) => x.shape[d]!);
  const windows = dn.rhsSpec.slice(2).map((d, i) => dilated(k.shape[d]!, rhsDilation[i]!));
  const { dimensionNumbers: _, ...others } = options;
  return c.convGeneralDilated(x, k, { ...others, dimensionNumbers: dn, windowStrides, padding: readPadding('convGeneralDilated', padding, sizes, windows, windowStrides) });
}

/**
 * Convolution of `[batch, features, …space]` with a kernel `[out, in, …space]`. Mirrors `jax.lax.conv`. @throws as {@link convGeneralDilated}
 *
 * @param lhs the array that the window moves over, [batch, channels, ...spatial] unless dimension numbers say otherwise
 * @param rhs the kernel, [out channels, in channels, ...spatial] unless dimension numbers say otherwise
 * @param windowStrides the step of the window along each spatial dimension
 * @param padding pairs of low and high padding, or `'SAME'`, `'VALID'`, `'SAME_LOWER'`
 * @example
 * lax.conv(np.ones([1, 1, 3, 3]), np.ones([1, 1, 2, 2]), [1, 1], 'SAME').shape; // [1, 1, 3, 3]
 */
export function conv(lhs: ArrayLike, rhs: ArrayLike, windowStrides: readonly number[], padding: string, options: Pick<ConvOptions, 'precision' | 'preferredElementType'> = {}): Array {
  return convGeneralDilated(lhs, rhs, windowStrides, padding, options);
}

/**
 * {@link conv} with dilations and padding of any kind. Mirrors `jax.lax.conv_with_general_padding`. @throws as {@link convGeneralDilated}
 *
 * @param lhs the array that the window moves over, [batch, channels, ...spatial] unless dimension numbers say otherwise
 * @param rhs the kernel, [out channels, in channels, ...spatial] unless dimension numbers say otherwise
 * @param windowStrides the step of the window along each spatial dimension
 * @param lhsDilation spacing that is put between elements of lhs; null for none
 * @param rhsDilation spacing of the elements of rhs; null for none
 * @example
 * lax.convWithGeneralPadding(np.ones([1, 1, 4]), np.ones([1, 1, 2]), [1], [[1, 0]], null, null).js(); // [[[1, 2, 2, 2]]]
 */
export function convWithGeneralPadding(lhs: ArrayLike, rhs: ArrayLike, windowStrides: readonly number[], padding: PaddingLike | string, lhsDilation: readonly number[] | null, rhsDilation: readonly number[] | null, options: Pick<ConvOptions, 'precision' | 'preferredElementType'> = {}): Array {
  options = checkOptions('convWithGeneralPadding', ['precision', 'preferredElementType'], options);
  return convGeneralDilated(lhs, rhs, windowStrides, padding, { lhsDilation, rhsDilation, ...options });
}

/** Options of {@link convTranspose}. */
export interface ConvTransposeOptions extends Pick<ConvOptions, 'rhsDilation' | 'dimensionNumbers' | 'precision' | 'preferredElementType'> {
  /** Turns the kernel round and exchanges its features, so that this is the gradient of a convolution with it. */
  transposeKernel?: boolean;
  /** Reads pairs as the padding of the convolution whose gradient this is. */
  useConsistentPadding?: boolean;
}

const CHANNELS_LAST: Record<number, readonly [string, string, string]> = { 2: ['NC', 'IO', 'NC'], 3: ['NHC', 'HIO', 'NHC'], 4: ['NHWC', 'HWIO', 'NHWC'], 5: ['NHWDC', 'HWDIO', 'NHWDC'] };

/** Padding that makes the result as large as the input of a convolution with this padding would be. */
function transposedPadding(k: number, s: number, padding: string | readonly [number, number]): [number, number] {
  if (typeof padding !== 'string') return [k - padding[0] - 1, k - padding[1] - 1];
  if (padding === 'SAME') {
    const total = k + s - 2;
    const low = s > k - 1 ? k - 1 : Math.ceil(total / 2);
    return [low, total - low];
  }
  const total = k + s - 2 + Math.max(k - s, 0);
  return [k - 1, total - (k - 1)];
}

/**
 * Transposed convolution, which enlarges by strides; channels are last unless `dimensionNumbers` says otherwise. Mirrors `jax.lax.conv_transpose`.
 *
 * @param lhs the array that the window moves over, [batch, channels, ...spatial] unless dimension numbers say otherwise
 * @param rhs the kernel, [out channels, in channels, ...spatial] unless dimension numbers say otherwise
 * @param padding pairs of low and high padding, or `'SAME'`, `'VALID'`, `'SAME_LOWER'`
 * @throws as {@link convGeneralDilated}
 * @example
 * lax.convTranspose(np.ones([1, 2, 1]), np.ones([2, 1, 1]), [2], 'SAME').shape // [1, 4, 1]
 */
export function convTranspose(lhs: ArrayLike, rhs: ArrayLike, strides: readonly number[], padding: PaddingLike | string, options: ConvTransposeOptions = {}): Array {
  options = checkOptions('convTranspose', ['transposeKernel', 'useConsistentPadding', 'precision', 'preferredElementType', 'rhsDilation', 'dimensionNumbers'], options);
  const x = asArray(lhs, 'convTranspose');
  let k = asArray(rhs, 'convTranspose');
  const spec = options.dimensionNumbers ?? CHANNELS_LAST[x.ndim];
  if (spec === undefined) throw new ArgumentError(`convTranspose: expected dimensionNumbers for arrays of ${x.ndim} dimensions`);
  const dn = convDimensionNumbers(x.shape, k.shape, spec);
  const rhsDilation = options.rhsDilation ?? range(x.ndim - 2).map(() => 1);
  const rule = typeof padding === 'string' ? padding.toUpperCase() : null;
  if (rule !== null && rule !== 'SAME' && rule !== 'VALID') throw new ArgumentError(`convTranspose: expected padding to be 'SAME', 'VALID' or pairs, got ${JSON.stringify(padding)}`);
  const pads = rule === null && !options.useConsistentPadding
    ? (padding as readonly (readonly [number, number])[])
    : dn.rhsSpec.slice(2).map((d, i) => transposedPadding(dilated(k.shape[d]!, rhsDilation[i]!), strides[i]!, rule ?? (padding as readonly (readonly [number, number])[])[i]!));
  if (options.transposeKernel) {
    const [o, i, ...space] = dn.rhsSpec as [number, number, ...number[]];
    k = transpose(rev(k, space), range(k.ndim).map((d) => (d === o ? i : d === i ? o : d)));
  }
  return convGeneralDilated(x, k, strides.map(() => 1), pads, { lhsDilation: strides, rhsDilation, dimensionNumbers: dn, precision: options.precision, preferredElementType: options.preferredElementType });
}

/** Puts out features and in features of a kernel `[out, in, …space]` where a layout wants them, space staying in order. */
function kernelInLayout(k: Array, dn: ConvDimensionNumbers): Array {
  const order = [dn.rhsSpec[0]!, dn.rhsSpec[1]!, ...range(k.ndim).filter((d) => d !== dn.rhsSpec[0] && d !== dn.rhsSpec[1])];
  return transpose(k, inverse(order));
}

/**
 * The patches that a convolution would look at, as features: for each channel of the input all places of the window, `[channels · places]`. Mirrors
 * `jax.lax.conv_general_dilated_patches`.
 *
 * @param lhs the array that the window moves over, [batch, channels, ...spatial] unless dimension numbers say otherwise
 * @param filterShape spatial shape of the window
 * @param windowStrides the step of the window along each spatial dimension
 * @param padding pairs of low and high padding, or `'SAME'`, `'VALID'`, `'SAME_LOWER'`
 * @throws as {@link convGeneralDilated}
 * @example
 * lax.convGeneralDilatedPatches(np.ones([1, 2, 4, 4]), [2, 2], [1, 1], 'VALID').shape; // [1, 8, 3, 3]
 */
export function convGeneralDilatedPatches(lhs: ArrayLike, filterShape: Shape, windowStrides: readonly number[], padding: PaddingLike | string, options: Omit<ConvOptions, 'featureGroupCount' | 'batchGroupCount'> = {}): Array {
  options = checkOptions('convGeneralDilatedPatches', ['precision', 'preferredElementType', 'rhsDilation', 'dimensionNumbers', 'lhsDilation'], options);
  const x = asArray(lhs, 'convGeneralDilatedPatches');
  checkIntegers('convGeneralDilatedPatches', 'filterShape', filterShape);
  const dn = convDimensionNumbers(x.shape, [1, 1, ...filterShape], options.dimensionNumbers ?? null);
  const places = sizeOf(filterShape);
  const channels = x.shape[dn.lhsSpec[1]!]!;
  const unit = broadcastInDim(eye([places, places], x.dtype), [channels, places, places], [1, 2]);
  const kernel = kernelInLayout(reshape(unit, [channels * places, 1, ...filterShape]), dn);
  return convGeneralDilated(x, kernel, windowStrides, padding, { ...options, dimensionNumbers: dn, featureGroupCount: channels });
}

/**
 * Convolution whose kernel is another one at each place of the result: the kernel has the result's space in place of its own, and a channel for each
 * place of the window of each input channel. Mirrors `jax.lax.conv_general_dilated_local`.
 *
 * @param lhs the array that the window moves over, [batch, channels, ...spatial] unless dimension numbers say otherwise
 * @param rhs the kernel, [out channels, in channels, ...spatial] unless dimension numbers say otherwise
 * @param windowStrides the step of the window along each spatial dimension
 * @param padding pairs of low and high padding, or `'SAME'`, `'VALID'`, `'SAME_LOWER'`
 * @param filterShape spatial shape of the window
 * @throws as {@link convGeneralDilated}
 * @example
 * lax.convGeneralDilatedLocal(np.ones([1, 1, 4]), np.ones([3, 2, 3]), [1], 'VALID', [2]).shape; // [1, 3, 3]
 */
export function convGeneralDilatedLocal(lhs: ArrayLike, rhs: ArrayLike, windowStrides: readonly number[], padding: PaddingLike | string, filterShape: Shape, options: Omit<ConvOptions, 'featureGroupCount' | 'batchGroupCount' | 'preferredElementType'> = {}): Array {
  options = checkOptions('convGeneralDilatedLocal', ['precision', 'rhsDilation', 'dimensionNumbers', 'lhsDilation'], options);
  const [x, k] = [asArray(lhs, 'convGeneralDilatedLocal'), asArray(rhs, 'convGeneralDilatedLocal')];
  const dn = convDimensionNumbers(x.shape, k.shape, options.dimensionNumbers ?? null);
  const patches = convGeneralDilatedPatches(x, filterShape, windowStrides, padding, { ...options, dimensionNumbers: dn });
  const [batch, feature, ...space] = dn.outSpec as [number, number, ...number[]];
  const [, input, ...kernelSpace] = dn.rhsSpec as [number, number, ...number[]];
  // For each place in space: patches [batch, features] with the kernel [out, features].
  const product = dotGeneral(patches, k, [[[feature], [input]], [space, kernelSpace]], { precision: options.precision });
  // The result is [...space, batch, out].
  const position = range(product.ndim);
  space.forEach((d, i) => { position[d] = i; });
  position[batch] = space.length;
  position[feature] = space.length + 1;
  return transpose(product, position);
}

function checkNone(op: string, n: number): void {
  if (n < 0) throw new ShapeError(`${op}: the window is larger than the padded input`);
}

/**
 * Shape of a convolution's result in the layout `[batch, features, …space]`. Mirrors `jax.lax.conv_shape_tuple`. @throws ShapeError
 *
 * @param lhsShape shape of what the window moves over
 * @param rhsShape shape of the kernel
 * @param strides the step of the window along each spatial dimension
 * @param pads pairs of low and high padding, or `'SAME'`, `'VALID'`
 * @example
 * lax.convShapeTuple([1, 3, 8, 8], [16, 3, 3, 3], [1, 1], 'VALID'); // [1, 16, 6, 6]
 */
export function convShapeTuple(lhsShape: Shape, rhsShape: Shape, strides: readonly number[], pads: PaddingLike | string, options: { batchGroupCount?: number } = {}): number[] {
  options = checkOptions('convShapeTuple', ['batchGroupCount'], options);
  checkIntegers('convShapeTuple', 'lhsShape', lhsShape);
  checkIntegers('convShapeTuple', 'rhsShape', rhsShape);
  const space = lhsShape.slice(2);
  const window = rhsShape.slice(2);
  const padding = typeof pads === 'string' ? padtypeToPads(space, window, strides, pads) : pads as readonly (readonly [number, number])[];
  return [lhsShape[0]! / (options.batchGroupCount ?? 1), rhsShape[0]!, ...space.map((n, i) => {
    const room = n + padding[i]![0] + padding[i]![1] - window[i]!;
    checkNone('convShapeTuple', room);
    return Math.floor(room / strides[i]!) + 1;
  })];
}

/**
 * Shape of {@link convGeneralDilated}'s result without dilation. Mirrors `jax.lax.conv_general_shape_tuple`. @throws ShapeError
 *
 * @param lhsShape shape of what the window moves over
 * @param rhsShape shape of the kernel
 * @param windowStrides the step of the window along each spatial dimension
 * @param padding pairs of low and high padding, or `'SAME'`, `'VALID'`, `'SAME_LOWER'`
 * @param dimensionNumbers which dimensions are which
 * @example
 * lax.convGeneralShapeTuple([1, 8, 8, 3], [3, 3, 3, 16], [2, 2], 'SAME', ['NHWC', 'HWIO', 'NHWC']); // [1, 4, 4, 16]
 */
export function convGeneralShapeTuple(lhsShape: Shape, rhsShape: Shape, windowStrides: readonly number[], padding: PaddingLike | string, dimensionNumbers: ConvGeneralDilatedDimensionNumbers): number[] {
  const dn = convDimensionNumbers(lhsShape, rhsShape, dimensionNumbers);
  const plain = convShapeTuple(dn.lhsSpec.map((d) => lhsShape[d]!), dn.rhsSpec.map((d) => rhsShape[d]!), windowStrides, padding);
  const out = [...plain];
  dn.outSpec.forEach((d, i) => { out[d] = plain[i]!; });
  return out;
}

/**
 * Shape of {@link convTranspose}'s result. Mirrors `jax.lax.conv_transpose_shape_tuple`. @throws ShapeError
 *
 * @param lhsShape shape of what the window moves over
 * @param rhsShape shape of the kernel
 * @param windowStrides the step of the window along each spatial dimension
 * @param padding pairs of low and high padding, or `'SAME'`, `'VALID'`, `'SAME_LOWER'`
 * @param dimensionNumbers which dimensions are which
 * @example
 * lax.convTransposeShapeTuple([1, 4, 4, 3], [2, 2, 3, 5], [2, 2], 'SAME', ['NHWC', 'HWIO', 'NHWC']); // [1, 8, 8, 5]
 */
export function convTransposeShapeTuple(lhsShape: Shape, rhsShape: Shape, windowStrides: readonly number[], padding: PaddingLike | string, dimensionNumbers: ConvGeneralDilatedDimensionNumbers): number[] {
  const dn = convDimensionNumbers(lhsShape, rhsShape, dimensionNumbers);
  const l = dn.lhsSpec.map((d) => lhsShape[d]!);
  const r = dn.rhsSpec.map((d) => rhsShape[d]!);
  const pads = typeof padding === 'string' ? r.slice(2).map((k, i) => transposedPadding(k, windowStrides[i]!, padding.toUpperCase())) : padding as readonly (readonly [number, number])[];
  const plain = convShapeTuple([l[0]!, l[1]!, ...l.slice(2).map((n, i) => dilated(n, windowStrides[i]!))], r, windowStrides.map(() => 1), pads);
  const out = [...plain];
  dn.outSpec.forEach((d, i) => { out[d] = plain[i]!; });
  return out;
}

