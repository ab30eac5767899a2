import type { Array } from '../../core/array';
import { canonicalDtype, checkDtype } from '../../core/aval';
import { checkInteger } from '../../core/checks';
import { type DType, dtypeKind, realDtype } from '../../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../../core/errors';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypes, promoteDtypesInexact } from '../../lax/arrayLike';
import { array } from '../../numpy/creation';
import { broadcastShape, broadcastToShape } from '../../numpy/broadcast';
import { readOptions, type Rest } from '../../numpy/program';
import { take } from '../../numpy/take';
import * as e from '../../primitives/elementwise';
import { broadcastInDim, concatenate, full, like, pad, range, reshape, sliceInDim } from '../../primitives/structural';

// Matrices of given forms.

const atLeastVector = (x: Array) => (x.ndim === 0 ? reshape(x, [1]) : x);

/** Entries of vectors along the last axis, at the places that a rule gives for each row and column. */
function arranged(x: Array, rows: number, columns: number, at: (i: number, j: number) => number): Array {
  const places = Int32Array.from(range(rows * columns), (k) => at(Math.floor(k / columns), k % columns));
  return reshape(take(x, asArray(places), { axis: -1 }), [...x.shape.slice(0, -1), rows, columns]);
}

/** Two vectors' elements in one, batch dimensions broadcast. */
function joined(op: string, x: Array, y: Array): Array {
  const [a, b] = promoteDtypes(op, x, y) as [Array, Array];
  const batch = broadcastShape(op, [a.shape.slice(0, -1), b.shape.slice(0, -1)]);
  return concatenate([a, b].map((v) => broadcastToShape(op, v, [...batch, v.shape[v.ndim - 1]!])), batch.length);
}

const size = (x: Array) => x.shape[x.ndim - 1]!;

/** No entries, where one of two vectors is empty. */
function emptyOf(op: string, c: Array, r: Array): Array {
  return full([...broadcastShape(op, [c.shape.slice(0, -1), r.shape.slice(0, -1)]), size(c), size(r)], 0, promoteDtypes(op, c, r)[0]!.dtype);
}

interface RowOption {
  r?: ArrayLike | null;
}

const toeplitzC = composite('toeplitz', ([c, r]) => {
  const [m, n] = [size(c!), size(r!)];
  if (m === 0 || n === 0) return [emptyOf('toeplitz', c!, r!)];
  return [arranged(joined('toeplitz', c!, sliceInDim(r!, 1, n, r!.ndim - 1)), m, n, (i, j) => (i >= j ? i - j : m + j - i - 1))];
});

/** The matrix with first column c and first row r (by default c's conjugate), constant along diagonals. Mirrors `jax.scipy.linalg.toeplitz`. @example scipy.linalg.toeplitz([1, 2], [1, 3]).js() // [[1, 3], [2, 1]] */
export function toeplitz(c: ArrayLike, ...rest: Rest<RowOption, 'r'>): Array {
  const { r } = readOptions('toeplitz', ['r'], 1, rest);
  const given = asArray(c, 'toeplitz');
  const column = atLeastVector(astype(given, given.dtype));
  const row = r === undefined || r === null ? (dtypeKind(column.dtype) === 'complex' ? e.conj(column) : column) : atLeastVector(asArray(r, 'toeplitz'));
  return toeplitzC([column, row], {})[0]!;
}

const hankelC = composite('hankel', ([c, r]) => {
  const [m, n] = [size(c!), size(r!)];
  if (m === 0 || n === 0) return [emptyOf('hankel', c!, r!)];
  return [arranged(joined('hankel', c!, sliceInDim(r!, 1, n, r!.ndim - 1)), m, n, (i, j) => i + j)];
});

function vectorOf(op: string, name: string, x: ArrayLike): Array {
  const a = asArray(x, op);
  if (a.ndim === 0) throw new ShapeError(`${op}: expected ${name} to have at least one dimension, got a scalar`);
  return a;
}

/** The matrix with first column c and last row r (zeros by default), constant along antidiagonals. Mirrors `jax.scipy.linalg.hankel`. @throws ShapeError for scalars @example scipy.linalg.hankel([1, 2]).js() // [[1, 2], [2, 0]] */
export function hankel(c: ArrayLike, ...rest: Rest<RowOption, 'r'>): Array {
  const { r } = readOptions('hankel', ['r'], 1, rest);
  const column = vectorOf('hankel', 'c', c);
  return hankelC([column, r === undefined || r === null ? full(column.shape, 0, column.dtype) : vectorOf('hankel', 'r', r)], {})[0]!;
}

const circulantC = composite('circulant', ([c]) => [arranged(c!, size(c!), size(c!), (i, j) => (i - j + size(c!)) % size(c!))]);

/** The matrix whose columns are c turned by one more element each. Mirrors `jax.scipy.linalg.circulant`. @example scipy.linalg.circulant([1, 2]).js() // [[1, 2], [2, 1]] */
export function circulant(c: ArrayLike): Array {
  return circulantC([atLeastVector(asArray(c, 'circulant'))], {})[0]!;
}

/** Vectors, the last axis a row on top of rows, below which is a matrix. */
function under(row: Array, below: Array): Array {
  const batch = row.shape.slice(0, -1);
  return concatenate([reshape(row, [...batch, 1, size(row)]), below], batch.length);
}

const leslieC = composite('leslie', ([f0, s0]) => {
  const [f, s] = promoteDtypes('leslie', f0!, s0!) as [Array, Array];
  const batch = broadcastShape('leslie', [f.shape.slice(0, -1), s.shape.slice(0, -1)]);
  const n = size(f);
  const wide = broadcastInDim(broadcastToShape('leslie', s, [...batch, n - 1]), [...batch, n - 1, n - 1], [...range(batch.length), batch.length]);
  const diagonal = arranged(array(range(n - 1).map((i) => range(n - 1).map((j) => (i === j ? 1 : 0))), { dtype: f.dtype }).reshape(-1), n - 1, n - 1, (i, j) => i * (n - 1) + j);
  const on = e.ne(broadcastInDim(diagonal, wide.shape, [batch.length, batch.length + 1]), like(diagonal, 0));
  const below = e.where(on, wide, full(wide.shape, 0, f.dtype));
  const zero = full([...batch, n - 1, 1], 0, f.dtype);
  return [under(broadcastToShape('leslie', f, [...batch, n]), concatenate([below, zero], batch.length + 1))];
});

/** Leslie's matrix of fecundities f and survivals s. Mirrors `jax.scipy.linalg.leslie`. @throws ShapeError unless f has two elements or more and s one fewer @example scipy.linalg.leslie([1, 2], [0.5]).js() // [[1, 2], [0.5, 0]] */
export function leslie(f: ArrayLike, s: ArrayLike): Array {
  const [a, b] = [f, s].map((v) => atLeastVector(asArray(v, 'leslie'))) as [Array, Array];
  if (size(a) < 2 || size(b) !== size(a) - 1) throw new ShapeError(`leslie: expected f of two elements or more and s of one fewer, got ${a.aval} and ${b.aval}`);
  return leslieC([a, b], {})[0]!;
}

/** Host entries of a matrix in a dtype. */
function constant(rows: number, columns: number, dtype: DType, f: (i: number, j: number) => number): Array {
  return astype(reshape(asArray(Float64Array.from(range(rows * columns), (k) => f(Math.floor(k / columns), k % columns))), [rows, columns]), dtype);
}

const companionC = composite('companion', ([x]) => {
  const [a] = promoteDtypesInexact('companion', x!) as [Array];
  const n = size(a);
  const last = a.ndim - 1;
  const row = e.neg(e.div(sliceInDim(a, 1, n, last), sliceInDim(a, 0, 1, last)));
  const below = constant(n - 2, n - 1, row.dtype, (i, j) => (i === j ? 1 : 0));
  return [under(row, broadcastToShape('companion', below, [...a.shape.slice(0, -1), n - 2, n - 1]))];
});

/** The companion matrix of a polynomial with coefficients a, that of the highest power first. Mirrors `jax.scipy.linalg.companion`. @throws ShapeError for fewer than two coefficients @example scipy.linalg.companion([1, -3, 2]).js() // [[3, -2], [1, 0]] */
export function companion(a: ArrayLike): Array {
  const x = atLeastVector(asArray(a, 'companion'));
  if (size(x) < 2) throw new ShapeError(`companion: expected at least two coefficients, got ${x.aval}`);
  return companionC([x], {})[0]!;
}

const fiedlerC = composite('fiedler', ([x]) => {
  const n = size(x!);
  const batch = x!.shape.slice(0, -1);
  const d = e.sub(reshape(x!, [...batch, n, 1]), reshape(x!, [...batch, 1, n]));
  return [dtypeKind(d.dtype) === 'uint' ? d : e.abs(d)];
});

/** The matrix of distances |a[i] − a[j]|. Mirrors `jax.scipy.linalg.fiedler`. @example scipy.linalg.fiedler([1, 4]).js() // [[0, 3], [3, 0]] */
export function fiedler(a: ArrayLike): Array {
  return fiedlerC([atLeastVector(asArray(a, 'fiedler'))], {})[0]!;
}

const fiedlerCompanionC = composite('fiedler_companion', ([x]) => {
  const [a] = promoteDtypesInexact('fiedlerCompanion', x!) as [Array];
  const n = size(a) - 1;
  const last = a.ndim - 1;
  if (n === 0) return [full([...a.shape.slice(0, -1), 0, 0], 0, a.dtype)];
  // Entries are 0, 1, or −a[k] / a[0]: places in a vector of all of these.
  const scaled = e.neg(e.div(a, sliceInDim(a, 0, 1, last)));
  const ends = pad(scaled, like(a, 0), a.shape.map((_, d) => [0, d === last ? 1 : 0, 0]));
  const values = pad(ends, like(a, 1), a.shape.map((_, d) => [0, d === last ? 1 : 0, 0]));
  const [zero, one] = [n + 1, n + 2];
  return [arranged(values, n, n, (i, j) => {
    const even = i % 2 === 0;
    if (i === 0 && j === 0) return 1;
    if (i === 1 && j === 0) return one;
    if (j === i + 1 && even) return Math.min(i + 2, n);
    if (j === i + 2 && even) return one;
    if (j === i - 1 && even && i >= 2) return Math.min(i + 1, n);
    return j === i - 2 && !even && i >= 3 ? one : zero;
  })];
});

/** Fiedler's pentadiagonal companion matrix of a polynomial. Mirrors `jax.scipy.linalg.fiedler_companion`. @throws ShapeError without coefficients @example scipy.linalg.fiedlerCompanion([1, -3, 2]).js() // [[3, -2], [1, 0]] */
export function fiedlerCompanion(a: ArrayLike): Array {
  const x = atLeastVector(asArray(a, 'fiedlerCompanion'));
  if (size(x) === 0) throw new ShapeError(`fiedlerCompanion: expected at least one coefficient, got ${x.aval}`);
  return fiedlerCompanionC([x], {})[0]!;
}

/** The matrix that multiplies vectors of n elements as convolution with a does. Mirrors `jax.scipy.linalg.convolution_matrix`. @throws ArgumentError unless n is a positive integer, or for an unknown mode @example scipy.linalg.convolutionMatrix([1, 2], 2).js() // [[1, 0], [2, 1], [0, 2]] */
export function convolutionMatrix(a: ArrayLike, n: number, options: { mode?: 'full' | 'valid' | 'same' } | 'full' | 'valid' | 'same' = {}): Array {
  const mode = typeof options === 'string' ? options : (options.mode ?? 'full');
  checkInteger('convolutionMatrix', 'n', n, 1);
  if (!['full', 'valid', 'same'].includes(mode)) throw new ArgumentError(`convolutionMatrix: expected mode to be 'full', 'valid' or 'same', got ${String(mode)}`);
  const x = vectorOf('convolutionMatrix', 'a', a);
  const m = size(x);
  if (m === 0) throw new ShapeError(`convolutionMatrix: expected a not to be empty, got ${x.aval}`);
  const trim = Math.min(n, m) - 1;
  const above = mode === 'full' ? 0 : mode === 'valid' ? trim : Math.floor(trim / 2);
  const below = mode === 'full' ? 0 : mode === 'valid' ? trim : trim - above;
  return convolutionMatrixC([x], { n, above, rows: m + n - 1 - above - below })[0]!;
}

const convolutionMatrixC = composite<{ n: number; above: number; rows: number }>('convolution_matrix', ([x], { n, above, rows }) => {
  const m = size(x!);
  const values = pad(x!, like(x!, 0), x!.shape.map((_, d) => [0, d === x!.ndim - 1 ? 1 : 0, 0]));
  return [arranged(values, rows, n, (i, j) => {
    const k = i + above - j;
    return k >= 0 && k < m ? k : m;
  })];
});

const blockDiagC = composite('block_diag', (given) => {
  const blocks = promoteDtypes('blockDiag', ...given).map((x) => astype(x.ndim === 2 ? x : reshape(x, [1, x.size]), x.dtype));
  const total = blocks.reduce((n, b) => n + b.shape[1]!, 0);
  let before = 0;
  return [concatenate(blocks.map((b) => {
    const columns = b.shape[1]!;
    const row = pad(b, like(b, 0), [[0, 0, 0], [before, total - columns - before, 0]]);
    before += columns;
    return row;
  }), 0)];
});

/** The matrix with the given blocks along its diagonal. Mirrors `jax.scipy.linalg.block_diag`. @throws ShapeError for more than two dimensions @example scipy.linalg.blockDiag([[1]], [[2, 3]]).js() // [[1, 0, 0], [0, 2, 3]] */
export function blockDiag(...arrs: readonly ArrayLike[]): Array {
  const blocks = arrs.map((x) => asArray(x, 'blockDiag'));
  const bad = blocks.findIndex((x) => x.ndim > 2);
  if (bad >= 0) throw new ShapeError(`blockDiag: expected at most two dimensions, got ${blocks[bad]!.aval} as argument ${bad}`);
  return blocks.length === 0 ? full([1, 0], 0, canonicalDtype('float64')) : blockDiagC(blocks, {})[0]!;
}

// ---- matrices of a size ----

const floating = () => canonicalDtype('float64');

function binomial(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  let out = 1;
  for (let i = 1; i <= k; i++) out = (out * (n - k + i)) / i;
  return Math.round(out);
}

/** Hilbert's matrix 1 / (i + j + 1). Mirrors `jax.scipy.linalg.hilbert`. @example scipy.linalg.hilbert(2).js() // [[1, 1/2], [1/2, 1/3]] */
export function hilbert(n: number): Array {
  checkInteger('hilbert', 'n', n, 0);
  return constant(n, n, floating(), (i, j) => 1 / (i + j + 1));
}

/** The inverse of Hilbert's matrix. Mirrors `jax.scipy.linalg.invhilbert`. @example scipy.linalg.invhilbert(2).js() // [[4, -6], [-6, 12]] */
export function invhilbert(n: number): Array {
  checkInteger('invhilbert', 'n', n, 0);
  return constant(n, n, floating(), (i, j) => (-1) ** (i + j) * (i + j + 1) * binomial(n + i, n - j - 1) * binomial(n + j, n - i - 1) * binomial(i + j, i) ** 2);
}

type PascalKind = 'symmetric' | 'lower' | 'upper';

function pascalOf(op: string, n: number, options: { kind?: PascalKind | null } | PascalKind, dtype: DType, lower: (i: number, j: number) => number, symmetric: (i: number, j: number) => number): Array {
  checkInteger(op, 'n', n, 0);
  const kind = (typeof options === 'string' ? options : options.kind) ?? 'symmetric';
  if (!['symmetric', 'lower', 'upper'].includes(kind)) throw new ArgumentError(`${op}: expected kind to be 'symmetric', 'lower' or 'upper', got ${String(kind)}`);
  return constant(n, n, dtype, kind === 'symmetric' ? symmetric : kind === 'lower' ? lower : (i, j) => lower(j, i));
}

/** Pascal's matrix of binomial coefficients. Mirrors `jax.scipy.linalg.pascal`. @throws ArgumentError for an unknown kind @example scipy.linalg.pascal(2).js() // [[1, 1], [1, 2]] */
export function pascal(n: number, options: { kind?: PascalKind | null } | PascalKind = {}): Array {
  return pascalOf('pascal', n, options, 'float32', binomial, (i, j) => binomial(i + j, i));
}

/** The inverse of Pascal's matrix. Mirrors `jax.scipy.linalg.invpascal`. @throws ArgumentError for an unknown kind @example scipy.linalg.invpascal(2).js() // [[2, -1], [-1, 1]] */
export function invpascal(n: number, options: { kind?: PascalKind | null } | PascalKind = {}): Array {
  const lower = (i: number, j: number) => (-1) ** (i - j) * binomial(i, j);
  return pascalOf('invpascal', n, options, floating(), lower, (i, j) => range(n).reduce((s, k) => s + lower(k, i) * lower(k, j), 0));
}

/** Helmert's matrix of contrasts, without its first row unless `full`. Mirrors `jax.scipy.linalg.helmert`. @example scipy.linalg.helmert(2).js() // [[1/√2, -1/√2]] */
export function helmert(n: number, options: { full?: boolean } = {}): Array {
  options = checkOptions('helmert', ['full'], options);
  checkInteger('helmert', 'n', n, 1);
  const first = options.full ? 0 : 1;
  return constant(n - first, n, floating(), (i0, j) => {
    const i = i0 + first;
    if (i === 0) return 1 / Math.sqrt(n);
    const scale = Math.sqrt(i * (i + 1));
    return j < i ? 1 / scale : j === i ? -i / scale : 0;
  });
}

/** Hadamard's matrix of a size that is a power of 2. Mirrors `jax.scipy.linalg.hadamard`. @throws ArgumentError for other sizes @example scipy.linalg.hadamard(2).js() // [[1, 1], [1, -1]] */
export function hadamard(n: number, options: { dtype?: DType } = {}): Array {
  options = checkOptions('hadamard', ['dtype'], options);
  if (!Number.isInteger(n) || n < 1 || !Number.isInteger(Math.log2(n))) throw new ArgumentError(`hadamard: expected n to be a power of 2, got ${String(n)}`);
  const odd = (v: number): number => (v === 0 ? 0 : (v & 1) ^ odd(v >> 1));
  return constant(n, n, options.dtype ? checkDtype('hadamard', options.dtype) : canonicalDtype('int64'), (i, j) => (odd(i & j) ? -1 : 1));
}

/** The matrix of the discrete Fourier transform. Mirrors `jax.scipy.linalg.dft`. @throws ArgumentError for an unknown scale; DtypeError for a dtype that is not complex @example scipy.linalg.dft(2).shape // [2, 2] */
export function dft(n: number, options: { scale?: 'sqrtn' | 'n' | null; dtype?: DType | null } = {}): Array {
  checkInteger('dft', 'n', n, 0);
  const { scale = null, dtype = null } = checkOptions('dft', ['scale', 'dtype'], options);
  if (scale !== null && scale !== 'sqrtn' && scale !== 'n') throw new ArgumentError(`dft: expected scale to be null, 'sqrtn' or 'n', got ${String(scale)}`);
  const type = dtype === null ? canonicalDtype('complex128') : checkDtype('dft', dtype);
  if (dtypeKind(type) !== 'complex') throw new DtypeError(`dft: expected a complex dtype, got ${type}`);
  const factor = scale === 'sqrtn' ? 1 / Math.sqrt(n) : scale === 'n' ? 1 / n : 1;
  const part = realDtype(type);
  // 0 and not −0 for the first row and column.
  const turn = (i: number, j: number) => 0 - (2 * Math.PI * ((i * j) % n)) / n;
  return e.complex(constant(n, n, part, (i, j) => factor * Math.cos(turn(i, j))), constant(n, n, part, (i, j) => factor * Math.sin(turn(i, j))));
}
