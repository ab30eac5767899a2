import { checkList } from '../../core/checks';
import type { Array } from '../../core/array';
import { complexDtype, dtypeKind, realDtype } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../../lax/arrayLike';
import { foriLoop } from '../../lax/loops';
import { broadcastShape, broadcastToShape } from '../../numpy/broadcast';
import * as linalg from '../../numpy/linalg';
import { matmul } from '../../numpy/products';
import { checkSquare } from '../../numpy/solvers';
import { cholesky as choleskyP, triangularSolve } from '../../primitives/cholesky';
import { dynamicSlice, dynamicUpdateSlice } from '../../primitives/dynamicSlice';
import * as e from '../../primitives/elementwise';
import { hessenberg as hessenbergP, householderProduct } from '../../primitives/householder';
import { eigh as eighP } from '../../primitives/eigh';
import { lu as luP, luPivotsToPermutation, luSolve as luSolveP } from '../../primitives/lu';
import { columnIndex, epsilon, eye, H, rowIndex, tril, triu } from '../../primitives/matrix';
import { qr as qrP } from '../../primitives/qr';
import { schur as schurP } from '../../primitives/schur';
import { svd as svdP } from '../../primitives/svd';
import { broadcastInDim, concatenate, full, like, pad, reshape, scalar, sliceInDim } from '../../primitives/structural';

export { det, inv } from '../../numpy/linalg';

const one = (x: Array) => promoteDtypesInexact('linalg', x)[0]!;

function square(op: string, a: ArrayLike): Array {
  const x = asArray(a, op);
  checkSquare(op, x);
  return x;
}

function matrices(op: string, a: ArrayLike): Array {
  const x = asArray(a, op);
  if (x.ndim < 2) throw new ShapeError(`${op}: expected at least two dimensions, got ${x.aval}`);
  return x;
}

/** Matrices and right sides as batches of matrices of one batch shape; vectors are columns, and are vectors again in the result. */
function onColumns(op: string, a: Array, b: Array, f: (a: Array, b: Array) => Array): Array {
  const vector = b.ndim === 1 || (a.ndim === b.ndim + 1 && a.shape[a.ndim - 1] === b.shape[b.ndim - 1]);
  const column = vector ? reshape(b, [...b.shape, 1]) : b;
  if (b.ndim === 0 || a.shape[a.ndim - 1] !== column.shape[column.ndim - 2]) throw new ShapeError(`${op}: expected right sides of ${a.shape[a.ndim - 1]} rows for ${a.aval}, got ${b.aval}`);
  const batch = broadcastShape(op, [a.shape.slice(0, -2), column.shape.slice(0, -2)]);
  const [wa, wb] = [a, column].map((x) => broadcastToShape(op, x, [...batch, ...x.shape.slice(-2)])) as [Array, Array];
  const out = f(wa, wb);
  return vector ? reshape(out, out.shape.slice(0, -1)) : out;
}

// ---- Cholesky ----

const choleskyC = composite<{ lower: boolean }>('cholesky', ([a], { lower }) => {
  const x = one(a!);
  const l = choleskyP(lower ? x : H(x), { symmetrizeInput: false });
  return [lower ? l : H(l)];
});

/** The triangular factor of positive definite matrices, of which one triangle is read: A = Uᴴ U, or with `lower` A = L Lᴴ. Mirrors `jax.scipy.linalg.cholesky`. @throws ShapeError unless square @example scipy.linalg.cholesky([[4, 0], [0, 9]]).js() // [[2, 0], [0, 3]] */
export function cholesky(a: ArrayLike, options: { lower?: boolean } = {}): Array {
  options = checkOptions('cholesky', ['lower'], options);
  return choleskyC([square('linalg.cholesky', a)], { lower: options.lower ?? false })[0]!;
}

/** The factor of {@link cholesky} and which triangle it is, for {@link choSolve}. Mirrors `jax.scipy.linalg.cho_factor`. @throws ShapeError unless square @example scipy.linalg.choFactor([[4]])[1] // false */
export function choFactor(a: ArrayLike, options: { lower?: boolean } = {}): [Array, boolean] {
  options = checkOptions('choFactor', ['lower'], options);
  return [cholesky(a, options), options.lower ?? false];
}

const choSolveC = composite<{ lower: boolean }>('cho_solve', ([c, b], { lower }) => {
  const [m, r] = promoteDtypesInexact('choSolve', c!, b!) as [Array, Array];
  return [onColumns('choSolve', m, r, (a, x) => {
    const first = triangularSolve(a, x, { leftSide: true, lower, transposeA: !lower, conjugateA: !lower });
    return triangularSolve(a, first, { leftSide: true, lower, transposeA: lower, conjugateA: lower });
  })];
});

/**
 * The solution of A x = b from {@link choFactor}'s result. Mirrors `jax.scipy.linalg.cho_solve`.
 *
 * @param cAndLower `[c, lower]`, as `choFactor` gives it
 * @throws ShapeError where shapes do not go together
 * @example
 * scipy.linalg.choSolve(scipy.linalg.choFactor([[4]]), [8]).js() // [2]
 */
export function choSolve(cAndLower: readonly [ArrayLike, boolean], b: ArrayLike): Array {
  checkList('choSolve', 'cAndLower', cAndLower);
  return choSolveC([square('choSolve', cAndLower[0]), asArray(b, 'choSolve')], { lower: cAndLower[1] })[0]!;
}

// ---- LU ----

const luFactorC = composite('lu_factor', ([a]) => luP(one(a!)).slice(0, 2));

/** L and U in one matrix, and the rows' exchanges as int32 pivots. Mirrors `jax.scipy.linalg.lu_factor`. @throws ShapeError for fewer than two dimensions @example scipy.linalg.luFactor([[2]])[0].js() // [[2]] */
export function luFactor(a: ArrayLike): [Array, Array] {
  return luFactorC([matrices('luFactor', a)], {}) as [Array, Array];
}

const luSolveC = composite<{ trans: 0 | 1 | 2 }>('lu_solve', ([lu, pivots, b], { trans }) => {
  const [m, r] = promoteDtypesInexact('luSolve', lu!, b!) as [Array, Array];
  const permutation = luPivotsToPermutation(pivots!, m.shape[m.ndim - 1]!);
  return [onColumns('luSolve', m, r, (a, x) => luSolveP(a, broadcastToShape('luSolve', permutation, a.shape.slice(0, -1)), x, trans))];
});

/**
 * The solution of A x = b from {@link luFactor}'s result; with `trans` 1 of Aᵀ x = b, with 2 of Aᴴ x = b. Mirrors `jax.scipy.linalg.lu_solve`.
 *
 * @param luAndPiv `[lu, piv]`, as `luFactor` gives it
 * @throws ShapeError where shapes do not go together
 * @example
 * scipy.linalg.luSolve(scipy.linalg.luFactor([[2]]), [4]).js() // [2]
 */
export function luSolve(luAndPiv: readonly [ArrayLike, ArrayLike], b: ArrayLike, options: { trans?: 0 | 1 | 2 } = {}): Array {
  options = checkOptions('luSolve', ['trans'], options);
  const trans = options.trans ?? 0;
  if (![0, 1, 2].includes(trans)) throw new ArgumentError(`luSolve: expected trans to be 0, 1 or 2, got ${String(trans)}`);
  checkList('luSolve', 'luAndPiv', luAndPiv);
  return luSolveC([square('luSolve', luAndPiv[0]), asArray(luAndPiv[1], 'luSolve'), asArray(b, 'luSolve')], { trans })[0]!;
}


const luC = composite<{ permute: boolean }>('lu', ([a], { permute }) => {
  const x = one(a!);
  const [m, n] = x.shape as [number, number];
  const k = Math.min(m, n);
  const [packed, , permutation] = luP(x);
  const p = astype(e.eq(broadcastInDim(permutation, [m, m], [1]), rowIndex([m, m])), realDtype(x.dtype));
  const l = e.add(sliceInDim(tril(packed, -1), 0, k, 1), eye([m, k], x.dtype));
  const u = sliceInDim(triu(packed), 0, k, 0);
  return permute ? [matmul(astype(p, x.dtype), l, { precision: 'highest' }), u] : [p, l, u];
});

/** A = P L U of one matrix: the permutation P, L with ones on its diagonal, and U; with `permuteL`, P L and U. Mirrors `jax.scipy.linalg.lu`. @throws ShapeError unless there are two dimensions @example scipy.linalg.lu([[2, 1], [4, 1]])[2].js() // [[4, 1], [0, 0.5]] */
export function lu(a: ArrayLike, options: { permuteL: true }): [Array, Array];
export function lu(a: ArrayLike, options?: { permuteL?: false }): [Array, Array, Array];
export function lu(a: ArrayLike, options: { permuteL?: boolean } = {}): Array[] {
  options = checkOptions('lu', ['permuteL'], options);
  const x = asArray(a, 'lu');
  if (x.ndim !== 2) throw new ShapeError(`lu: expected two dimensions, got ${x.aval}`);
  return luC([x], { permute: options.permuteL ?? false });
}

// ---- QR ----

type QrMode = 'full' | 'r' | 'economic';
/** Options of {@link qr}. */
export interface QrOptions {
  /** Which factors are given, and how large. */
  mode?: QrMode;
  /** Whether columns are permuted so that R's diagonal descends. */
  pivoting?: boolean;
}

const qrC = composite<{ full: boolean; pivoting: boolean; r: boolean }>('qr', ([a], { full: fullMatrices, pivoting, r }) => {
  const out = qrP(one(a!), { pivoting, fullMatrices });
  return r ? out.slice(1) : out;
});

/** A = Q R with orthonormal columns of Q: `[q, r]`, with `pivoting` the permutation of columns as well; in mode 'r' without q. Mirrors `jax.scipy.linalg.qr`. @throws ArgumentError for an unknown mode; ShapeError for fewer than two dimensions @example scipy.linalg.qr([[3], [4]], { mode: 'economic' })[1].shape // [1, 1] */
export function qr(a: ArrayLike, options: QrOptions = {}): Array[] {
  const { mode = 'full', pivoting = false } = checkOptions('qr', ['mode', 'pivoting'], options);
  if (!['full', 'r', 'economic'].includes(mode)) throw new ArgumentError(`qr: expected mode to be 'full', 'r' or 'economic', got ${String(mode)}`);
  return qrC([matrices('qr', a)], { full: mode !== 'economic', pivoting, r: mode === 'r' });
}


const qrMultiplyC = composite<{ left: boolean; pivoting: boolean; conjugate: boolean }>('qr_multiply', ([a0, c0], { left, pivoting, conjugate }) => {
  const [a, given] = promoteDtypesInexact('qrMultiply', a0!, c0!) as [Array, Array];
  const flat = given.ndim === 1;
  const c = flat ? reshape(given, left ? [given.size, 1] : [1, given.size]) : given;
  const [q0, r, ...p] = qrP(a, { pivoting, fullMatrices: false }) as [Array, Array, ...Array[]];
  const q = conjugate && dtypeKind(q0.dtype) === 'complex' ? e.conj(q0) : q0;
  const out = left ? matmul(q, c, { precision: 'highest' }) : matmul(c, q, { precision: 'highest' });
  return [flat ? reshape(out, [out.size]) : out, r, ...p];
});

/**
 * Q c, or c Q in mode 'right', with the Q of {@link qr} and R, without forming more of Q than is needed. Mirrors `jax.scipy.linalg.qr_multiply`.
 *
 * @param a a matrix [n, n]
 * @throws ShapeError where shapes do not go together; ArgumentError for an unknown mode
 * @example
 * scipy.linalg.qrMultiply([[3], [4]], [1, 0])[0].shape // [1]
 */
export function qrMultiply(a: ArrayLike, c: ArrayLike, options: { mode?: 'left' | 'right'; pivoting?: boolean; conjugate?: boolean } = {}): Array[] {
  const { mode = 'right', pivoting = false, conjugate = false } = checkOptions('qrMultiply', ['mode', 'pivoting', 'conjugate'], options);
  if (mode !== 'left' && mode !== 'right') throw new ArgumentError(`qrMultiply: expected mode to be 'left' or 'right', got ${String(mode)}`);
  const [x, y] = [matrices('qrMultiply', a), asArray(c, 'qrMultiply')];
  const [m, n] = x.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const rows = mode === 'left' && y.ndim > 1 ? y.shape[y.ndim - 2] : y.shape[y.ndim - 1];
  if (rows !== (mode === 'left' ? k : m)) throw new ShapeError(`qrMultiply: expected c to have ${mode === 'left' ? `${k} rows` : `${m} columns`} for ${x.aval}, got ${y.aval}`);
  return qrMultiplyC([x, y], { left: mode === 'left', pivoting, conjugate });
}

// ---- singular values and eigenvalues ----

const svdC = composite<{ full: boolean; uv: boolean }>('svd', ([a], { full: fullMatrices, uv }) => svdP(one(a!), { fullMatrices, computeUv: uv }));

/** A = U diag(s) Vᴴ: `[u, s, vh]`, or s alone with `computeUv: false`. Mirrors `jax.scipy.linalg.svd`. @throws ShapeError for fewer than two dimensions @example scipy.linalg.svd([[3]], { computeUv: false }).js() // [3] */
export function svd(a: ArrayLike, options: { fullMatrices?: boolean; computeUv: false }): Array;
export function svd(a: ArrayLike, options?: { fullMatrices?: boolean; computeUv?: true }): [Array, Array, Array];
export function svd(a: ArrayLike, options: { fullMatrices?: boolean; computeUv?: boolean } = {}): Array | Array[] {
  options = checkOptions('svd', ['fullMatrices', 'computeUv'], options);
  const uv = options.computeUv ?? true;
  const out = svdC([matrices('svd', a)], { full: options.fullMatrices ?? true, uv });
  return uv ? out : out[0]!;
}

const eighC = composite<{ lower: boolean }>('eigh', ([a], { lower }) => {
  const [v, w] = eighP(one(a!), { lower });
  return [w, v];
});

/** Eigenvalues, ascending, and eigenvectors as columns, of symmetric or Hermitian matrices; the values alone with `eigvalsOnly`. Mirrors `jax.scipy.linalg.eigh`. @throws ShapeError unless square @example scipy.linalg.eigh([[2, 0], [0, 1]], { eigvalsOnly: true }).js() // [1, 2] */
export function eigh(a: ArrayLike, options: { lower?: boolean; eigvalsOnly: true }): Array;
export function eigh(a: ArrayLike, options?: { lower?: boolean; eigvalsOnly?: false }): [Array, Array];
export function eigh(a: ArrayLike, options: { lower?: boolean; eigvalsOnly?: boolean } = {}): Array | Array[] {
  options = checkOptions('eigh', ['lower', 'eigvalsOnly'], options);
  const out = eighC([square('linalg.eigh', a)], { lower: options.lower ?? true });
  return options.eigvalsOnly ? out[0]! : out;
}

// ---- Schur and Hessenberg forms ----

export const complexOf = (x: Array): Array => (dtypeKind(x.dtype) === 'complex' ? x : astype(x, complexDtype(x.dtype)));

const schurC = composite<{ complex: boolean }>('schur', ([a], { complex }) => schurP(complex ? complexOf(one(a!)) : one(a!)));

/** A = Z T Zᴴ with unitary Z and T upper triangular, but for blocks of two by two where A is real and `output` is 'real': `[t, z]`. Mirrors `jax.scipy.linalg.schur`. @throws ShapeError unless square; ArgumentError for an unknown output @example scipy.linalg.schur([[1, 2], [0, 3]])[0].shape // [2, 2] */
export function schur(a: ArrayLike, options: { output?: 'real' | 'complex' } = {}): [Array, Array] {
  options = checkOptions('schur', ['output'], options);
  const output = options.output ?? 'real';
  if (output !== 'real' && output !== 'complex') throw new ArgumentError(`schur: expected output to be 'real' or 'complex', got ${String(output)}`);
  return schurC([square('schur', a)], { complex: output === 'complex' }) as [Array, Array];
}

const rsf2csfC = composite('rsf2csf', ([given, basis]) => {
  const [t0, z0] = promoteDtypesInexact('rsf2csf', given!, basis!).map(complexOf) as [Array, Array];
  const zero = scalar(0, 'int32');
  const n = t0.shape[t0.ndim - 1]!;
  const batch = t0.shape.slice(0, -2);
  const last = t0.ndim - 1;
  const size = (x: Array) => e.abs(x);
  const at = (x: Array, i: Array, j: Array, rows: number, columns: number) => dynamicSlice(x, [...batch.map(() => zero), i, j], [...batch, rows, columns]);
  const put = (x: Array, part: Array, i: Array, j: Array) => dynamicUpdateSlice(x, part, [...batch.map(() => zero), i, j]);
  const turn = (x: Array, y: Array) => matmul(x, y, { precision: 'highest' });
  const identity = broadcastToShape('rsf2csf', eye([2, 2], t0.dtype), [...batch, 2, 2]);
  return foriLoop(0, Math.max(0, n - 1), (k: Array, [t, z]: [Array, Array]): [Array, Array] => {
    // From the last pair of rows upwards.
    const m = e.sub(scalar(n - 1, 'int32'), astype(k, 'int32'));
    const above = e.sub(m, scalar(1, 'int32'));
    const block = at(t, above, above, 2, 2);
    const entry = (i: number, j: number) => sliceInDim(sliceInDim(block, i, i + 1, last - 1), j, j + 1, last);
    const [a, b, c, d] = [entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)];
    const small = e.le(size(c), e.mul(like(size(a), epsilon(t.dtype)), e.add(size(a), size(d))));
    // What is not turned must have no infinite derivatives, either.
    const safe = (x: Array) => e.where(small, full(x.shape, 1, x.dtype), x);
    // An eigenvalue of the block, less its last entry.
    const half = e.div(e.sub(a, d), like(a, 2));
    const mu = safe(e.add(half, e.sqrt(safe(e.add(e.mul(half, half), e.mul(b, c))))));
    const side = safe(c);
    const r = complexOf(e.sqrt(e.add(e.square(size(mu)), e.square(size(side)))));
    const [cs, sn] = [e.div(mu, r), e.div(side, r)];
    const g = concatenate([concatenate([e.conj(cs), sn], last), concatenate([e.neg(sn), cs], last)], last - 1);
    const rotation = e.where(broadcastToShape('rsf2csf', small, g.shape), identity, g);
    const rows = put(t, turn(rotation, at(t, above, zero, 2, n)), above, zero);
    const turned = put(rows, turn(at(rows, zero, above, n, 2), H(rotation)), zero, above);
    const nothing = full([...batch, 1, 1], 0, t.dtype);
    return [put(turned, nothing, m, above), put(z, turn(at(z, zero, above, n, 2), H(rotation)), zero, above)];
  }, [t0, z0] as [Array, Array]);
});

/**
 * The complex Schur form from the real one. Mirrors `jax.scipy.linalg.rsf2csf`.
 *
 * @param t the quasi-triangular factor
 * @param z the orthogonal factor
 * @throws ShapeError unless T and Z are square matrices of one size
 * @example
 * scipy.linalg.rsf2csf([[1, 2], [0, 3]], [[1, 0], [0, 1]])[0].dtype // 'complex64'
 */
export function rsf2csf(t: ArrayLike, z: ArrayLike): [Array, Array] {
  const [a, b] = [square('rsf2csf', t), square('rsf2csf', z)];
  if (a.shape.join() !== b.shape.join()) throw new ShapeError(`rsf2csf: expected T and Z of one shape, got ${a.aval} and ${b.aval}`);
  return rsf2csfC([a, b], {}) as [Array, Array];
}

const hessenbergC = composite<{ q: boolean }>('hessenberg', ([a], { q: withQ }) => {
  const x = one(a!);
  const n = x.shape[x.ndim - 1]!;
  const last = x.ndim - 1;
  const [packed, taus] = hessenbergP(x);
  const h = triu(packed, -1);
  if (!withQ) return [h];
  const inner = householderProduct(sliceInDim(sliceInDim(packed, 1, n, last - 1), 0, n - 1, last), taus);
  const around = x.shape.map((_, d) => [d < last - 1 ? 0 : 1, 0, 0] as [number, number, number]);
  const corner = e.and(e.eq(rowIndex(x.shape), like(rowIndex(x.shape), 0)), e.eq(columnIndex(x.shape), like(columnIndex(x.shape), 0)));
  return [h, e.where(corner, full(x.shape, 1, x.dtype), pad(inner, like(x, 0), around))];
});

/** A = Q H Qᴴ with H zero below the first subdiagonal: h, or `[h, q]` with `calcQ`. Mirrors `jax.scipy.linalg.hessenberg`. @throws ShapeError unless square @example scipy.linalg.hessenberg([[1, 2], [3, 4]]).js() // [[1, 2], [3, 4]] */
export function hessenberg(a: ArrayLike, options: { calcQ: true }): [Array, Array];
export function hessenberg(a: ArrayLike, options?: { calcQ?: false }): Array;
export function hessenberg(a: ArrayLike, options: { calcQ?: boolean } = {}): Array | Array[] {
  options = checkOptions('hessenberg', ['calcQ'], options);
  const x = square('hessenberg', a);
  const q = options.calcQ ?? false;
  if (x.size === 0) return q ? [x, x] : x;
  const out = hessenbergC([x], { q });
  return q ? out : out[0]!;
}

// ---- solvers ----

/**
 * The solution of A x = b; for `assumeA: 'pos'`, by Cholesky's factor of the triangle that `lower` names. Mirrors `jax.scipy.linalg.solve`.
 *
 * @param a a matrix [n, n]
 * @throws ShapeError where shapes do not go together; ArgumentError for an unknown assumption
 * @example
 * scipy.linalg.solve([[2, 0], [0, 4]], [2, 4]).js() // [1, 1]
 */
export function solve(a: ArrayLike, b: ArrayLike, options: { lower?: boolean; assumeA?: 'gen' | 'sym' | 'her' | 'pos' } = {}): Array {
  const { lower = false, assumeA = 'gen' } = checkOptions('solve', ['lower', 'assumeA'], options);
  if (!['gen', 'sym', 'her', 'pos'].includes(assumeA)) throw new ArgumentError(`solve: expected assumeA to be 'gen', 'sym', 'her' or 'pos', got ${String(assumeA)}`);
  return assumeA === 'pos' ? choSolve(choFactor(a, { lower }), b) : linalg.solve(a, b);
}

type Trans = 0 | 1 | 2 | 'N' | 'T' | 'C';
const triangularC = composite<{ trans: 0 | 1 | 2; lower: boolean; unit: boolean }>('solve_triangular', ([a0, b0], { trans, lower, unit }) => {
  const [a, b] = promoteDtypesInexact('solveTriangular', a0!, b0!) as [Array, Array];
  return [onColumns('solveTriangular', a, b, (m, x) => triangularSolve(m, x, { leftSide: true, lower, transposeA: trans !== 0, conjugateA: trans === 2, unitDiagonal: unit }))];
});

/**
 * The solution of A x = b for triangular A, of which one triangle is read; with `trans` of Aᵀ x = b (1, 'T') or Aᴴ x = b (2, 'C'). Mirrors `jax.scipy.linalg.solve_triangular`.
 *
 * @param a a matrix [n, n]
 * @throws ShapeError where shapes do not go together; ArgumentError for an unknown trans
 * @example
 * scipy.linalg.solveTriangular([[2, 0], [0, 4]], [2, 4]).js() // [1, 1]
 */
export function solveTriangular(a: ArrayLike, b: ArrayLike, options: { trans?: Trans; lower?: boolean; unitDiagonal?: boolean } = {}): Array {
  const { trans = 0, lower = false, unitDiagonal = false } = checkOptions('solveTriangular', ['trans', 'lower', 'unitDiagonal'], options);
  const which = ({ 0: 0, 1: 1, 2: 2, N: 0, T: 1, C: 2 } as const)[trans];
  if (which === undefined) throw new ArgumentError(`solveTriangular: expected trans to be 0, 1, 2, 'N', 'T' or 'C', got ${String(trans)}`);
  return triangularC([square('solveTriangular', a), asArray(b, 'solveTriangular')], { trans: which, lower, unit: unitDiagonal })[0]!;
}
