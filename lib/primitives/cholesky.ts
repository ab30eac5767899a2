import type { Array } from '../core/array';
import { sameShape } from '../core/aval';
import { dtypeKind, realDtype } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { absent, type AxisData, type BatchDim, definePrimitive, isUndefinedPrimal, type MaybeZero, type SinglePrimitive } from '../core/primitive';
import { pythonFloat, Verbatim } from '../core/pythonText';
import * as emit from '../stablehlo/linalg';
import { add, complex, conj, div, gt, mul, neg, real, where } from './elementwise';
import { lapackForm } from './lapackForms';
import { asTypeOf, batchLeading, checkMatrix, checkShape, conjugate, diagonal, emitFunction, eye, H, isComplex, matmul, onDiagonal, positiveDefinite, realPart, T, tril, triu } from './matrix';
import { addAny } from './nary';
import { reduceMin } from './reduction';
import { broadcastInDim, full, like, moveaxis, range, reshape, toFront } from './structural';

// Triangular matrices: Cholesky factors, systems of equations, symmetric products.

export const choleskyP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'cholesky',
  abstract: ([x]) => {
    checkMatrix('cholesky', x!, true);
    return x!.strong();
  },
  lower: (ctx, [x], _, out) => {
    const made = lapackForm(ctx, 'potrf', [x!], [out]);
    if (made !== null) return made[0]!;
    const [hermitian] = isComplex(x!.aval) ? emitFunction(ctx, ([a]) => [where(onDiagonal(a!.shape), asTypeOf(real(a!), a!), a!)], [x!]) : [x!];
    return emitFunction(ctx, ([l]) => [definite(tril(l!))], [emit.cholesky(ctx, hermitian!)])[0]!;
  },
  // Source: Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527, section 3.1.
  jvp: ([x], [dx]) => {
    const l = choleskyP.bind({}, x!);
    const inner = triangularSolve(l, triangularSolve(l, dx!, { transposeA: true, conjugateA: true, lower: true }), { leftSide: true, lower: true });
    const halved = div(tril(inner), add(full(inner.shape, 1, inner.dtype), eye(inner.shape, inner.dtype)));
    return [l, matmul(l, halved)];
  },
  transpose: absent('cholesky is not linear'),
  batch: (axis, args, dims, p) => {
    const [[out]] = batchLeading(() => choleskyP)(axis, args, dims, p);
    return [out!, 0];
  },
  sample: () => {
    const skip = 'only symmetric directions are within its domain; test/primitives/linalg.test.ts differentiates it after symmetrizing';
    return [{ inputs: [{ shape: [3, 3], dtype: 'float32', values: positiveDefinite(3) }], params: {}, skip: { jvp: skip, grad: skip, second: skip } }];
  },
});

/** Factors whose diagonals are positive; NaN in place of others: XLA takes singular matrices. */
function definite(l: Array): Array {
  if (l.size === 0) return l;
  const least = reduceMin(realPart(diagonal(l)), [l.ndim - 2]);
  const positive = broadcastInDim(gt(least, like(least, 0)), l.shape, range(l.ndim - 2));
  const nan = full(l.shape, Number.NaN, realDtype(l.dtype));
  return tril(where(positive, l, isComplex(l) ? complex(nan, nan) : nan));
}

/** Half the sum of a matrix and its conjugate transpose. */
export function symmetrize(x: Array): Array {
  return mul(add(x, H(x)), like(x, 0.5));
}

/**
 * Lower triangular L with L Lᴴ = x, NaN throughout where x is not positive definite. Mirrors `jax.lax.linalg.cholesky`.
 *
 * @param x symmetric or Hermitian matrices, `[..., n, n]`
 * @throws ShapeError, DtypeError
 */
export function cholesky(x: Array, options: { symmetrizeInput?: boolean } = {}): Array {
  checkMatrix('cholesky', x.aval, true);
  return tril(choleskyP.bind({}, options.symmetrizeInput === false ? x : symmetrize(x)));
}

export interface TriangularSolveParams {
  conjugateA: boolean;
  leftSide: boolean;
  lower: boolean;
  transposeA: boolean;
  unitDiagonal: boolean;
}

export const triangularSolveP: SinglePrimitive<TriangularSolveParams> = definePrimitive<TriangularSolveParams>({
  name: 'triangular_solve',
  abstract: ([a, b], { leftSide }) => {
    checkShape('triangularSolve', a!, true);
    checkShape('triangularSolve', b!);
    if (!['float', 'complex'].includes(dtypeKind(a!.dtype))) throw new DtypeError(`triangularSolve: expected floats or complex numbers, got ${a}`);
    if (a!.dtype !== b!.dtype) throw new DtypeError(`triangularSolve: expected operands of one dtype, got ${a} and ${b}`);
    const common = b!.shape[b!.ndim - (leftSide ? 2 : 1)];
    if (a!.ndim !== b!.ndim || !sameShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2)) || a!.shape[a!.ndim - 1] !== common) {
      throw new ShapeError(`triangularSolve: expected matrices a and b that fit, with equal batch dimensions, got ${a} and ${b} (leftSide: ${leftSide})`);
    }
    return b!.strong();
  },
  lower: (ctx, [a, b], { leftSide, lower, transposeA, conjugateA, unitDiagonal }, out) => {
    const conjugated = conjugateA && !transposeA && isComplex(a!.aval) ? emitFunction(ctx, ([x]) => [conj(x!)], [a!])[0]! : a!;
    const letters = `${leftSide ? 'L' : 'R'}${lower ? 'L' : 'U'}${transposeA ? (conjugateA ? 'C' : 'T') : 'N'}${unitDiagonal ? 'U' : 'N'}`;
    const made = lapackForm(ctx, 'trsm', [b!, conjugated], [out], letters);
    if (made !== null) return made[0]!;
    return emit.triangularSolve(ctx, conjugated, b!, { leftSide, lower, unitDiagonal, transpose: transposeA ? (conjugateA ? 'ADJOINT' : 'TRANSPOSE') : 'NO_TRANSPOSE' });
  },
  jvp: ([a, b], [da, db], p) => {
    const x = triangularSolveP.bind(p, a!, b!);
    const fromB = db === null ? null : triangularSolveP.bind(p, a!, db!);
    const fromA = da === null ? null : tangentOfA(a!, x, da!, p);
    return [x, fromA === null ? fromB : fromB === null ? fromA : addAny(fromA, fromB)];
  },
  transpose: (ct, [a, b], p) => {
    if (isUndefinedPrimal(a!) || !isUndefinedPrimal(b!)) throw new ShapeError('triangularSolve: it is not linear in its first operand');
    return [null, triangularSolveP.bind({ ...p, transposeA: !p.transposeA }, a!, ct)];
  },
  batch: batchTriangularSolve,
  sample: () => {
    const p = { conjugateA: false, leftSide: true, lower: true, transposeA: false, unitDiagonal: false };
    const values = [2, 0.3, -0.5, 0.7, 1.5, 0.2, -0.4, 0.6, 1.8];
    const a = { shape: [3, 3], dtype: 'float32', values };
    return [
      { inputs: [a, { shape: [3, 2], dtype: 'float32' }], params: p },
      { inputs: [a, { shape: [2, 3], dtype: 'float32' }], params: { ...p, leftSide: false, lower: false } },
      { inputs: [a, { shape: [3, 4], dtype: 'float32' }], params: { ...p, transposeA: true, unitDiagonal: true } },
      { inputs: [{ shape: [2, 2], dtype: 'complex64', low: 0.5, high: 2 }, { shape: [3, 2], dtype: 'complex64' }], params: { ...p, leftSide: false, transposeA: true, conjugateA: true } },
    ];
  },
});

/** Tangent of the solution from that of the matrix: −A⁻¹ dA X, or −X dA A⁻¹, in the cheaper order. */
function tangentOfA(a: Array, x: Array, da: Array, p: TriangularSolveParams): Array {
  const k = p.unitDiagonal ? 1 : 0;
  const within = neg(p.lower ? tril(da, -k) : triu(da, k));
  const turned = p.transposeA ? T(within) : within;
  const d = p.conjugateA ? conjugate(turned) : turned;
  const inverse = (rhs: Array) => triangularSolveP.bind(p, a, rhs);
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (p.leftSide) return m > n ? inverse(matmul(d, x)) : matmul(inverse(d), x);
  return m < n ? inverse(matmul(x, d)) : matmul(x, inverse(d));
}

function batchTriangularSolve(axis: AxisData, [a, b]: readonly Array[], [da, db]: readonly BatchDim[], p: TriangularSolveParams): [Array, BatchDim] {
  if (da !== null) return [triangularSolveP.bind(p, toFront(a!, da!, axis.size), toFront(b!, db!, axis.size)), 0];
  // One matrix for all: the right-hand sides go side by side.
  const n = b!.ndim;
  const at = p.leftSide ? n - 1 : n - 2;
  const moved = moveaxis(b!, db!, at);
  const s = moved.shape;
  const flat = p.leftSide ? [...s.slice(0, -2), s[n - 2]! * s[n - 1]!] : [...s.slice(0, -3), s[n - 3]! * s[n - 2]!, s[n - 1]!];
  return [reshape(triangularSolveP.bind(p, a!, reshape(moved, flat)), s), at];
}

/**
 * X with A X = B (`leftSide`) or X A = B, A being triangular: the other triangle is not read. Mirrors `jax.lax.linalg.triangular_solve`.
 *
 * @param a `[..., n, n]`
 * @param b `[..., n, m]` with `leftSide`, else `[..., m, n]`; or vectors, `[..., n]`
 */
export function triangularSolve(a: Array, b: Array, options: Partial<TriangularSolveParams> = {}): Array {
  const { leftSide = false, lower = false, transposeA = false, conjugateA = false, unitDiagonal = false } = options;
  const vector = b.ndim === a.ndim - 1;
  const rhs = vector ? reshape(b, leftSide ? [...b.shape, 1] : [...b.shape.slice(0, -1), 1, ...b.shape.slice(-1)]) : b;
  const out = triangularSolveP.bind({ leftSide, lower, transposeA, conjugateA: conjugateA && isComplex(a), unitDiagonal }, a, rhs);
  return vector ? reshape(out, b.shape) : out;
}

export interface SymmetricProductParams {
  alpha: number;
  beta: number;
}

const symmetricProductP: SinglePrimitive<SymmetricProductParams> = definePrimitive<SymmetricProductParams>({
  name: 'symmetric_product',
  print: { params: ({ alpha, beta }) => ({ alpha: new Verbatim(pythonFloat(alpha)), beta: new Verbatim(pythonFloat(beta)) }) },
  abstract: ([a, c]) => {
    checkMatrix('symmetricProduct', a!);
    checkMatrix('symmetricProduct', c!, true);
    if (a!.dtype !== c!.dtype || a!.dtype.startsWith('complex')) throw new DtypeError(`symmetricProduct: expected operands of one real dtype, got ${a} and ${c}`);
    if (a!.shape[a!.ndim - 2] !== c!.shape[c!.ndim - 1] || !sameShape(a!.shape.slice(0, -2), c!.shape.slice(0, -2))) {
      throw new ShapeError(`symmetricProduct: expected matrices of shapes [..., n, m] and [..., n, n], got ${a} and ${c}`);
    }
    return c!.strong();
  },
  lower: (ctx, args, { alpha, beta }) => emitFunction(ctx, ([a, c]) => [add(mul(matmul(a!, T(a!)), like(a!, alpha)), mul(c!, like(c!, beta)))], args)[0]!,
  jvp: ([a, c], [da, dc], p) => {
    const parts: MaybeZero[] = [
      da === null ? null : mul(addAny(matmul(da!, T(a!)), matmul(a!, T(da!))), like(a!, p.alpha)),
      dc === null ? null : mul(dc!, like(c!, p.beta)),
    ];
    const [x, y] = parts;
    return [symmetricProductP.bind(p, a!, c!), x === null ? y! : y === null ? x! : addAny(x!, y!)];
  },
  transpose: absent('symmetric_product is not linear in its first operand'),
  batch: (axis, args, dims, p) => {
    const [[out]] = batchLeading(() => symmetricProductP)(axis, args, dims, p);
    return [out!, 0];
  },
  sample: () => [{ inputs: [{ shape: [3, 2], dtype: 'float32' }, { shape: [3, 3], dtype: 'float32' }], params: { alpha: 0.5, beta: 2 } }],
});

/**
 * alpha · A Aᵀ + beta · C. Mirrors `jax.lax.linalg.symmetric_product`.
 *
 * @param options.symmetrizeOutput whether the lower triangle is copied to the upper one
 */
export function symmetricProduct(a: Array, c: Array, options: { alpha?: number; beta?: number; symmetrizeOutput?: boolean } = {}): Array {
  const { alpha = 1, beta = 0, symmetrizeOutput = false } = options;
  const out = symmetricProductP.bind({ alpha, beta }, a, c);
  return symmetrizeOutput ? add(tril(out), T(tril(out, -1))) : out;
}

