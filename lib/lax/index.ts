// The interpreter at the bottom and the operations it needs are installed by loading their modules.
import '../interpreters/eval';
import '../primitives/baseOps';
export { associativeScan, cond, foriLoop, map, platformDependent, type PlatformBranches, scan, switch_ as switch, whileLoop, type ScanOptions } from './control';
export { conv, convDimensionNumbers, convGeneralDilated, convGeneralDilatedLocal, convGeneralDilatedPatches, convGeneralPermutations, convGeneralShapeTuple, convShapeTuple, convTranspose, convTransposeShapeTuple, convWithGeneralPadding, type ConvDimensionNumbers, type ConvGeneralDilatedDimensionNumbers, type ConvOptions, type ConvTransposeOptions } from './convolution';
export { batchMatmul, dot, DotAlgorithmPreset, dotGeneral, Precision, type DotAlgorithm, type DotDimensionNumbers, raggedDot, raggedDotGeneral, scaledDot, type DotOptions, type PrecisionLike, type RaggedDotDimensionNumbers, type ScaledDotOptions } from './dot';
export { abs, acos, acosh, add, asin, asinh, atan, atan2, atanh, betainc, besselI0e,  besselI1e, bitcastConvertType, bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor, cbrt, ceil, clamp, clz, complex, conj, convertElementType, cos, cosh, digamma, div, eq, erf, erfc, erfInv, exp, exp2, expm1, floor, ge, gt, igamma, igammac, igammaGradA, imag, integerPow, isFinite, le, lgamma, log, log1p, logistic, lt, max, min, mul, mulhi, ne, neg, nextafter, optimizationBarrier, polygamma, populationCount, pow, randomGammaGrad, real, reciprocal, reducePrecision, rem, round, RoundingMethod, rsqrt, select, selectN, shiftLeft, shiftRightArithmetic, shiftRightLogical, sign, sin, sinh, sqrt, square, stopGradient, sub, tan, tanh, zeta } from './elementwise';
export { fft, FftType } from './fft';
export { RandomAlgorithm, rngBitGenerator, rngUniform } from './random';
export { argmax, argmin, cumlogsumexp, cummax, cummin, cumprod, cumsum, reduce, reduceAnd, reduceMax, reduceMin, reduceOr, reduceProd, reduceSum, reduceXor, type RunningOptions } from './reductions';
export { broadcast, broadcastedIota, broadcastInDim, broadcastLike, broadcastShapes, broadcastToRank, collapse, concatenate, empty, expandDims, full, fullLike, indexInDim, iota, pad, reshape, rev, slice, sliceInDim, split, squeeze, stack, tile, transpose, unstack, zerosLikeArray } from './shape';
export { dynamicIndexInDim, dynamicSlice, dynamicSliceInDim, dynamicUpdateIndexInDim, dynamicUpdateSlice, dynamicUpdateSliceInDim, gather, GatherScatterMode, indexTake, scatter, scatterAdd, scatterApply, scatterMax, scatterMin, scatterMul, scatterSub, type GatherDimensionNumbers, type GatherOptions, type NegativeOption, type ScatterDimensionNumbers, type ScatterOptions } from './slicing';
export { approxMaxK, approxMinK, sort, sortKeyVal, topK, type ApproxOptions, type SortOptions } from './sorting';
export { padtypeToPads, reduceWindow, reduceWindowShapeTuple, type PaddingLike, type ReduceWindowOptions } from './windows';
export * as linalg from './linalg';
export { allGather, allToAll, axisIndex, type AxisName, axisSize, type GroupOptions, pbroadcast, type PerLane, pmax, pmean, pmin, ppermute, pshuffle, psum, psumScatter, pswapaxes, type TiledOptions } from './collective';
export { customLinearSolve, customRoot, type LinearSolveOptions, type Solver, type TreeMap } from './solves';
