// The interpreter at the bottom and the operations it needs are installed by loading their modules.
import '../interpreters/eval';
import '../primitives/baseOps';
export { broadcastArrays, broadcastShapes, broadcastTo } from './broadcast';
export { Array, Array as ndarray, type Complex, type Nested, type ScalarValue } from '../core/array';
export type { DType } from '../core/dtype';
export type { ArrayLike, NestedLike, TypedArray } from '../lax/arrayLike';
export {
  abs, absolute, add, divide, divmod, fabs, floatPower, floorDivide, fmax, fmin, fmod, maximum, minimum, mod, multiply, negative, positive, pow, power, reciprocal, remainder, sign, square, subtract,
  trueDivide,
} from './arithmetic';
export { iterable, ndim, shape, size } from './attributes';
export { bitwiseAnd, bitwiseCount, bitwiseInvert, bitwiseLeftShift, bitwiseNot, bitwiseOr, bitwiseRightShift, bitwiseXor, invert, leftShift, rightShift } from './bitwise';
export { where } from './choice';
export { clip, type ClipOptions } from './clip';
export { allclose, type CloseOptions, equal, greater, greaterEqual, isclose, less, lessEqual, notEqual } from './comparison';
export { angle, conj, conjugate, imag, real } from './complexParts';
export { e, eulerGamma, inf, nan, newaxis, pi } from './constants';
export {
  array, type ArrayOptions, type ArraySource, asarray, astype, copy, type DtypeOption, empty, emptyLike, frombuffer, type FrombufferOptions, fromiter, fromstring, full, fullLike, type LikeOptions, ones,
  onesLike, zeros, zerosLike,
} from './creation';
export {
  bfloat16, bool_, bool_ as bool, canCast, type Casting, cdouble, complex128, complex64, complex_, complexfloating, csingle, double, dtype, type DtypeFamily, type DtypeGroup, type DtypeLike, finfo, float16,
  float32, float4_e2m1fn, float64, float8_e3m4, float8_e4m3, float8_e4m3b11fnuz, float8_e4m3fn, float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz, float8_e8m0fnu, float_, floating, type FloatInfo, generic, iinfo,
  inexact, int16, int2, int32, int4, int64, int8, int_, integer, type IntegerInfo, isdtype, issubdtype, number, promoteTypes, resultType, signedinteger, single, uint, uint16, uint2, uint32, uint4, uint64,
  uint8, unsignedinteger,
} from './dtypes';
export { cbrt, exp, exp2, expm1, log, log10, log1p, log2, logaddexp, logaddexp2, sqrt } from './exponents';
export { copysign, frexp, ldexp, nextafter, signbit, spacing } from './floatBits';
export { frompyfunc } from './frompyfunc';
export { c_, type ConcatenateEntry, type Concatenator, r_ } from './concatenators';
export { type GridRange, indexExp, mgrid, ogrid, s_ } from './grids';
export { gcd, lcm } from './integers';
export { fromfile, load, save, savez } from './npy';
export { iscomplex, iscomplexobj, isfinite, isinf, isnan, isneginf, isposinf, isreal, isrealobj, isscalar, logicalAnd, logicalNot, logicalOr, logicalXor } from './logic';
export { array2string, arrayRepr, arrayStr, getPrintoptions, printoptions, setPrintoptions } from './printing';
export {
  arange, type ArangeOptions, eye, type EyeOptions, fromfunction, geomspace, identity, indices, type IndicesOptions, linspace, type LinspaceOptions, logspace, type LogspaceOptions, meshgrid,
  type MeshgridOptions, tri,
} from './ranges';
export { around, ceil, fix, floor, modf, rint, round, trunc } from './rounding';
export { heaviside, i0, nanToNum, type NanToNumOptions, sinc } from './special';
export {
  acos, acosh, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, asin, asinh, atan, atan2, atanh, cos, cosh, deg2rad, degrees, hypot, rad2deg, radians, sin, sinh, tan, tanh,
} from './trigonometric';
export { type BinaryUfunc, type Ufunc, type UfuncAccumulateOptions, ufunc, type UfuncOptions, type UfuncReduceOptions, type UnaryUfunc } from './ufunc';
export { unwrap, type UnwrapOptions } from './unwrap';
export { piecewise, select } from './where';
import './methods';
import './placement';
import './ufuncMethods';
export { arrayEqual, arrayEquiv } from './arrayEquality';
export {
  diag, diagflat, diagIndices, diagIndicesFrom, diagonal, type DiagonalOptions, fillDiagonal, trace, type TraceOptions, tril, trilIndices, trilIndicesFrom, triu, triuIndices, triuIndicesFrom,
} from './diagonals';
export { delete_, delete_ as delete, insert, packbits, repeat, roll, trimZeros, unpackbits } from './editing';
export { einsum, einsumPath } from './einsum';
export { applyAlongAxis, applyOverAxes, vectorize } from './functional';
export { at, type GetOptions, index, type IndexMode, type IndexOptions, type IndexUpdate } from './indexing';
export type { Index } from './indexParse';
export {
  append, arraySplit, atleast1d, atleast2d, atleast3d, block, type Blocks, columnStack, concat, concatenate, dsplit, dstack, expandDims, flip, fliplr, flipud, hsplit, hstack, matrixTranspose, moveaxis,
  type Order, permuteDims, ravel, reshape, resize, rollaxis, rot90, split, squeeze, stack, swapaxes, tile, transpose, unstack, vsplit, vstack,
} from './manipulation';
export { argwhere, flatnonzero, maskIndices, nonzero, type NonzeroOptions } from './nonzero';
export { pad, type PadMode, type PadValue } from './padding';
export { cross, dot, inner, kron, matmul, matvec, outer, type ProductOptions, tensordot, vdot, vecdot, vecmat } from './products';
export { median, nanmedian, nanpercentile, nanquantile, percentile, quantile } from './quantiles';
export {
  all, any, argmax, argmin, average, type AxisOptions, countNonzero, cumprod, cumsum, cumulativeProd, cumulativeSum, max, max as amax, mean, min, min as amin, nanargmax, nanargmin, nancumprod, nancumsum, nanmax,
  nanmean, nanmin, nanprod, nanstd, nansum, nanvar, prod, ptp, std, sum, var_, var_ as var,
} from './reductions';
export { digitize, searchsorted } from './search';
export { intersect1d, isin, setdiff1d, setxor1d, union1d, unique, uniqueAll, uniqueCounts, uniqueInverse, uniqueValues } from './sets';
export { argpartition, argsort, lexsort, partition, sort, sortComplex } from './sorting';
export { choose, compress, extract, ix_, place, put, putAlongAxis, ravelMultiIndex, take, takeAlongAxis, unravelIndex } from './take';
export * as fft from './fft';
export * as linalg from './linalg';
export { convolve, correlate, diff, ediff1d, gradient, interp, trapezoid } from './calculus';
export { corrcoef, cov } from './covariance';
export { bincount, histogram, histogram2d, histogramBinEdges, histogramdd } from './histograms';
export { poly, polyadd, polyder, polydiv, polyfit, polyint, polymul, polysub, polyval, roots, vander } from './polynomials';
export { bartlett, blackman, hamming, hanning, kaiser } from './windows';
