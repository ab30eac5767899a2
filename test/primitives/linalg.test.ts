import { readFileSync } from 'node:fs';
import { type Array, ConcreteArray } from '../../lib/core/array';
import { ShapedArray } from '../../lib/core/aval';
import { config } from '../../lib/core/config';
import type { DType } from '../../lib/core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../../lib/core/errors';
import { encode } from '../../lib/core/hostFormat';
import { DifferentiationError, jvpFlat } from '../../lib/interpreters/jvp';
import { mul, real, sin } from '../../lib/primitives/elementwise';
import { fft } from '../../lib/primitives/fft';
import * as la from '../../lib/primitives/linalg';
import { asColumns, H, matmul, T } from '../../lib/primitives/matrix';
import { reduceSum } from '../../lib/primitives/structural';
import { expectPacked, numbers, type Packed, unpack, vjp } from '../support/cases';

const fixture = JSON.parse(readFileSync(`${__dirname}/../fixtures/linalg.json`, 'utf8')) as {
  values: Record<string, { inputs: Packed[]; outputs: Packed[] }>;
  gradients: Record<string, { input: Packed; gradient: Packed }>;
};

/** Complex numbers by real part, then imaginary part, as numpy.sort has them. */
function sorted(x: Array): Array {
  const n = x.shape[x.ndim - 1]!;
  const v = numbers(x);
  const out: number[] = [];
  for (let k = 0; k < v.length; k += 2 * n) {
    const row = globalThis.Array.from({ length: n }, (_, i) => [v[k + 2 * i]!, v[k + 2 * i + 1]!] as const);
    const near = (a: number, b: number) => Math.abs(a - b) < 1e-4;
    out.push(...row.sort((a, b) => (near(a[0], b[0]) ? a[1] - b[1] : a[0] - b[0])).flat());
  }
  return unpack([[...x.shape], x.dtype, out]);
}

const eigenvaluesOnly = { computeLeftEigenvectors: false, computeRightEigenvectors: false };
const values: Record<string, (...xs: Array[]) => Array[]> = {
  cholesky: (a) => [la.cholesky(a)],
  'cholesky complex': (a) => [la.cholesky(a)],
  'cholesky indefinite': (a) => [la.cholesky(a)],
  qr: (a) => la.qr(a),
  'qr tall': (a) => la.qr(a, { fullMatrices: false }),
  'qr tall full': (a) => la.qr(a),
  'qr wide': (a) => la.qr(a),
  'qr complex': (a) => la.qr(a, { fullMatrices: false }),
  'qr complex square': (a) => la.qr(a),
  'qr pivoting': (a) => la.qr(a, { pivoting: true }),
  'qr pivoting wide': (a) => la.qr(a, { pivoting: true }),
  'qr pivoting complex': (a) => la.qr(a, { pivoting: true }),
  geqrf: (a) => la.geqrf(a),
  householder_product: (a, t) => [la.householderProduct(a, t)],
  'householder_product fewer': (a, t) => [la.householderProduct(a, t)],
  lu: (a) => la.lu(a),
  'lu tall': (a) => la.lu(a),
  'lu wide': (a) => la.lu(a),
  'lu complex': (a) => la.lu(a),
  'lu singular': (a) => la.lu(a),
  lu_pivots_to_permutation: (p) => [la.luPivotsToPermutation(p, 5)],
  'triangular left lower': (a, b) => [la.triangularSolve(a, b, { leftSide: true, lower: true })],
  'triangular right upper': (a, b) => [la.triangularSolve(a, b)],
  'triangular transposed unit': (a, b) => [la.triangularSolve(a, b, { leftSide: true, lower: true, transposeA: true, unitDiagonal: true })],
  'triangular conjugate': (a, b) => [la.triangularSolve(a, b, { leftSide: true, conjugateA: true })],
  'triangular adjoint': (a, b) => [la.triangularSolve(a, b, { lower: true, transposeA: true, conjugateA: true })],
  'triangular vector': (a, b) => [la.triangularSolve(a, b, { leftSide: true, lower: true })],
  tridiagonal: (dl, d, du, b) => [la.tridiagonalSolve(dl, d, du, b)],
  'tridiagonal singular': (dl, d, du, b) => [la.tridiagonalSolve(dl, d, du, b)],
  symmetric_product: (a, c) => [la.symmetricProduct(a, c, { alpha: 0.5, beta: 2, symmetrizeOutput: true })],
  eigenvalues: (a) => la.eigh(a).slice(1),
  'eigenvalues complex': (a) => la.eigh(a).slice(1),
  'eigenvalues upper': (a) => la.eigh(a, { lower: false, symmetrizeInput: false }).slice(1),
  'singular values': (a) => la.svd(a, { computeUv: false }),
  'singular values complex': (a) => la.svd(a, { computeUv: false }),
  'general eigenvalues': (a) => la.eig(a, eigenvaluesOnly).map(sorted),
  'general eigenvalues complex': (a) => la.eig(a, eigenvaluesOnly).map(sorted),
  hessenberg: (a) => la.hessenberg(a),
  'hessenberg complex': (a) => la.hessenberg(a),
  fft: (a) => [fft(a, 'fft', [6])],
  'ifft 2d': (a) => [fft(a, 'IFFT', [3, 5])],
  rfft: (a) => [fft(a, 'rfft', [2, 5])],
  'irfft even': (a) => [fft(a, 'irfft', [3, 4])],
  'irfft odd': (a) => [fft(a, 'irfft', [5])],
};

test('values: nothing of the fixture is left out', () => {
  expect(Object.keys(values).sort()).toEqual(Object.keys(fixture.values).sort());
});

test.each(Object.keys(values))('%s is what JAX gives', (name) => {
  const { inputs, outputs } = fixture.values[name]!;
  const outs = values[name]!(...inputs.map(unpack));
  expect(outs).toHaveLength(outputs.length);
  outs.forEach((x, i) => expectPacked(x, outputs[i]!, 2e-5));
});

const polar = (a: Array) => {
  const [u, , vh] = la.svd(a, { fullMatrices: false });
  return matmul(u!, vh!);
};
const constant = (shape: number[], value = 1) => unpack([shape, 'float32', globalThis.Array<number>(shape.reduce((p, q) => p * q, 1)).fill(value)]);
const gradients: Record<string, (a: Array) => Array> = {
  cholesky: (a) => la.cholesky(a),
  'qr r': (a) => la.qr(a, { fullMatrices: false })[1]!,
  'qr q full': (a) => la.qr(a)[0]!,
  'qr wide': (a) => la.qr(a)[1]!,
  lu: (a) => la.lu(a)[0],
  eigenvalues: (a) => la.eigh(a)[1],
  'eigh function': (a) => {
    const [v, w] = la.eigh(a);
    return matmul(v, mul(asColumns(sin(w), v.shape), T(v)));
  },
  'singular values': (a) => la.svd(a, { computeUv: false })[0]!,
  'polar factor tall': polar,
  'polar factor wide': polar,
  tridiagonal: (d) => la.tridiagonalSolve(constant([4]), d, constant([4]), constant([4, 1])),
  'rfft irfft': (a) => {
    const y = fft(a, 'rfft', [5]);
    return fft(mul(y, y), 'irfft', [5]);
  },
};

test('gradients: nothing of the fixture is left out', () => {
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(fixture.gradients).sort());
});

test.each(Object.keys(gradients))('the gradient of %s is what JAX gives', (name) => {
  const { input, gradient } = fixture.gradients[name]!;
  const x = unpack(input);
  const out = gradients[name]!(x);
  const ct = unpack([[...out.shape], 'float32', globalThis.Array.from({ length: out.size }, (_, i) => Math.sin(i + 1))]);
  expectPacked(vjp(([a]) => gradients[name]!(a!), [x], [true], ct)[0]!, gradient, 2e-4);
});

test('eigenvalues of a general matrix are differentiated without their vectors', () => {
  const a = unpack([[3, 3], 'float32', [2, 1, 0, 0, 1, 3, 0, 0, -1]]);
  const f = (x: Array) => real(la.eig(x, eigenvaluesOnly)[0]!);
  const w = numbers(f(a));
  const total = vjp(([x]) => reduceSum(f(x!), [0]), [a], [true], constant([]))[0]!;
  // The sum of all eigenvalues is the trace.
  expect([...w].sort((p, q) => p - q).map((v) => Math.round(v * 1e4) / 1e4)).toEqual([-1, 1, 2]);
  expectPacked(total, [[3, 3], 'float32', [1, 0, 0, 0, 1, 0, 0, 0, 1]], 1e-5);
});

// ---- accuracy on matrices that are hard for one algorithm or another ----

type Kind = 'random' | 'zero' | 'rank two' | 'identity' | 'ones' | 'tiny' | 'huge' | 'graded' | 'hilbert' | 'jordan';
const KINDS: readonly Kind[] = ['random', 'zero', 'rank two', 'identity', 'ones', 'tiny', 'huge', 'graded', 'hilbert', 'jordan'];

/** A batch of three matrices of a kind, the second and third being different ones. */
function matrices(kind: Kind, m: number, n: number, dtype: DType): Array {
  let seed = 20240607;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return (2 * seed) / 2147483647 - 1;
  };
  const entries: (number | { re: number; im: number })[] = [];
  for (let k = 0; k < 3; k++) {
    const factors = globalThis.Array.from({ length: 2 * (m + n) }, random);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const base = random();
        const x = {
          random: base, zero: 0, 'rank two': factors[i]! * factors[m + j]! + factors[m + n + i]! * factors[m + n + m + j]!, identity: i === j ? k + 1 : 0, ones: 1,
          tiny: base * 1e-30, huge: base * 1e30, graded: base * 10 ** ((-8 * (i + j)) / (m + n)), hilbert: 1 / (i + j + 1 + k), jordan: i === j ? 1 : i + 1 === j ? k : 0,
        }[kind];
        entries.push(dtype.startsWith('complex') ? { re: x, im: x === 0 || kind === 'identity' ? 0 : x * random() } : x);
      }
    }
  }
  return ConcreteArray.fromHost(encode(entries, dtype), new ShapedArray([3, m, n], dtype));
}

/** Largest difference of two arrays, relative to `scale`; NaN counts as infinite. */
function distance(x: Array, y: Array, scale: number): number {
  const [a, b] = [numbers(x), numbers(y)];
  expect(a.length).toBe(b.length);
  return a.reduce((most, v, i) => (Math.abs(v - b[i]!) <= most ? most : Number.isNaN(v - b[i]!) ? Infinity : Math.abs(v - b[i]!)), 0) / scale;
}

const largest = (x: Array) => numbers(x).reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;

function identities(n: number, dtype: DType): Array {
  const entries = globalThis.Array.from({ length: 3 * n * n }, (_, k) => (Math.floor((k % (n * n)) / n) === k % n ? 1 : 0));
  return ConcreteArray.fromHost(encode(entries, dtype), new ShapedArray([3, n, n], dtype));
}

const withValues = (v: Array, w: Array) => mul(v, matmulDiagonal(v, w));
function matmulDiagonal(v: Array, w: Array): Array {
  const n = w.shape[1]!;
  const all = numbers(w);
  const complexW = w.dtype.startsWith('complex');
  const entries: { re: number; im: number }[] = [];
  for (let k = 0; k < 3; k++) for (let i = 0; i < v.shape[1]!; i++) for (let j = 0; j < n; j++) entries.push(complexW ? { re: all[2 * (k * n + j)]!, im: all[2 * (k * n + j) + 1]! } : { re: all[k * n + j]!, im: 0 });
  return ConcreteArray.fromHost(encode(v.dtype.startsWith('complex') ? entries : entries.map((e) => e.re), v.dtype), new ShapedArray(v.shape, v.dtype));
}

const SIZES: [number, number, DType][] = [[5, 5, 'float64'], [33, 33, 'float32'], [24, 7, 'float32'], [7, 24, 'complex64']];

describe.each(SIZES)('batches of %i × %i, %s', (m, n, dtype) => {
  // A multiple of the rounding error that grows with the size, as LAPACK's own bounds do.
  const tolerance = (dtype === 'float64' ? 2 ** -52 : 2 ** -23) * 20 * Math.sqrt(Math.max(m, n) / 4);
  beforeAll(() => {
    config.enableX64 = true;
  });
  afterAll(() => {
    config.enableX64 = false;
  });

  test.each(KINDS)('singular values: %s', (kind) => {
    const a = matrices(kind, m, n, dtype);
    const [u, s, vh] = la.svd(a, { fullMatrices: false }) as [Array, Array, Array];
    const k = Math.min(m, n);
    expect(distance(matmul(withValues(u, s), vh), a, largest(a) * Math.sqrt(k))).toBeLessThan(tolerance);
    expect(distance(matmul(H(u), u), identities(k, dtype), 1)).toBeLessThan(tolerance);
    expect(distance(matmul(vh, H(vh)), identities(k, dtype), 1)).toBeLessThan(tolerance);
    const values1 = numbers(s);
    values1.forEach((v, i) => expect(v >= 0 && (i % k === 0 || v <= values1[i - 1]!)).toBe(true));
  });

  test.each(KINDS)('QR: %s', (kind) => {
    const a = matrices(kind, m, n, dtype);
    const [q, r] = la.qr(a, { fullMatrices: false }) as [Array, Array];
    expect(distance(matmul(q, r), a, largest(a) * Math.sqrt(n))).toBeLessThan(tolerance);
    expect(distance(matmul(H(q), q), identities(Math.min(m, n), dtype), 1)).toBeLessThan(tolerance);
  });

  if (m !== n) return;
  test.each(KINDS)('symmetric eigenvalues: %s', (kind) => {
    const b = matrices(kind, n, n, dtype);
    const a = matmul(b, identities(n, dtype));
    const symmetric = unpackSymmetric(a);
    const [v, w] = la.eigh(symmetric, { symmetrizeInput: false });
    expect(distance(matmul(symmetric, v), withValues(v, w), largest(symmetric) * Math.sqrt(n))).toBeLessThan(tolerance);
    expect(distance(matmul(H(v), v), identities(n, dtype), 1)).toBeLessThan(tolerance);
    const values1 = numbers(w);
    values1.forEach((x, i) => expect(i % n === 0 || x >= values1[i - 1]!).toBe(true));
  });
});

function unpackSymmetric(a: Array): Array {
  const [, n] = a.shape as [number, number, number];
  const v = numbers(a);
  const entries = v.map((x, k) => {
    const [b, i, j] = [Math.floor(k / (n * n)), Math.floor((k % (n * n)) / n), k % n];
    return i >= j ? x : v[b * n * n + j * n + i]!;
  });
  return ConcreteArray.fromHost(encode(entries, a.dtype), a.aval);
}

test.each(KINDS)('general eigenvalues and vectors: %s', (kind) => {
  const n = 12;
  const a = matrices(kind, n, n, 'float32');
  const [w, vl, vr] = la.eig(a) as [Array, Array, Array];
  const wide = ConcreteArray.fromHost(encode(numbers(a).map((re) => ({ re, im: 0 })), 'complex64'), new ShapedArray(a.shape, 'complex64'));
  const scale = largest(a) * n;
  expect(distance(matmul(wide, vr), withValues(vr, w), scale)).toBeLessThan(2e-6);
  const conjugate = ConcreteArray.fromHost(encode(numbers(w).flatMap((x, i, all) => (i % 2 === 0 ? [{ re: x, im: -all[i + 1]! }] : [])), 'complex64'), w.aval);
  expect(distance(matmul(H(wide), vl), withValues(vl, conjugate), scale)).toBeLessThan(2e-6);
  const v = numbers(vr);
  for (let k = 0; k < 3; k++) {
    for (let j = 0; j < n; j++) {
      let length = 0;
      for (let i = 0; i < n; i++) length += v[2 * (k * n * n + i * n + j)]! ** 2 + v[2 * (k * n * n + i * n + j) + 1]! ** 2;
      expect(length).toBeCloseTo(1, 5);
    }
  }
});

describe.each<[DType, number]>([['float32', 12], ['complex64', 12], ['float64', 33]])('Schur forms, %s', (dtype, n) => {
  const eps = dtype === 'float64' ? 2 ** -52 : 2 ** -23;
  beforeAll(() => {
    config.enableX64 = true;
  });
  afterAll(() => {
    config.enableX64 = false;
  });

  test.each(KINDS)('%s', (kind) => {
    const a = matrices(kind, n, n, dtype);
    const [t, z] = la.schur(a) as [Array, Array];
    expect(distance(matmul(matmul(z, t), H(z)), a, largest(a) * n)).toBeLessThan(20 * eps);
    expect(distance(matmul(H(z), z), identities(n, dtype), 1)).toBeLessThan(50 * eps);
    const v = numbers(t);
    const width = dtype.startsWith('complex') ? 2 : 1;
    const size = (k: number, i: number, j: number) => Math.max(...globalThis.Array.from({ length: width }, (_, c) => Math.abs(v[width * (k * n * n + i * n + j) + c]!)));
    for (let k = 0; k < 3; k++) {
      for (let i = 1; i < n; i++) {
        for (let j = 0; j < i - 1; j++) expect(size(k, i, j)).toBe(0);
        if (size(k, i, i - 1) === 0) continue;
        // A block of a pair of complex eigenvalues, which no other overlaps.
        expect(dtype).not.toBe('complex64');
        expect(i < 2 || size(k, i - 1, i - 2) === 0).toBe(true);
        const at = (r: number, c: number) => v[k * n * n + r * n + c]!;
        expect(Math.abs(at(i, i) - at(i - 1, i - 1))).toBeLessThan(50 * eps * largest(t));
        expect(at(i, i - 1) * at(i - 1, i)).toBeLessThan(0);
      }
    }
  });
});

test('LU by panels', () => {
  const n = 150;
  const a = matrices('random', n, n, 'float32');
  const [packed, , permutation] = la.lu(a);
  const b = matrices('hilbert', n, 2, 'float32');
  for (const trans of [0, 1, 2] as const) {
    const x = la.luSolve(packed, permutation, b, trans);
    expect(distance(matmul(trans === 0 ? a : T(a), x), b, largest(x) * n)).toBeLessThan(1e-5);
  }
});

test('singular tridiagonal systems have a finite solution on request', () => {
  const zero = constant([3], 0);
  const one = constant([3]);
  // The last row is the sum of the others' multiples: 1 1 0, 1 2 1, 0 1 1.
  const d = unpack([[3], 'float32', [1, 2, 1]]);
  const x = la.tridiagonalSolve(one, d, one, constant([3, 1]), { perturbSingular: true });
  expect(numbers(x).every(Number.isFinite)).toBe(true);
  expect(numbers(la.tridiagonalSolve(zero, zero, zero, constant([3, 1]))).every(Number.isNaN)).toBe(true);
});

test('NaN in a matrix gives NaN and ends', () => {
  const a = unpack([[2, 2], 'float32', ['NaN', 1, 1, 2]]);
  // LAPACK's eigenvalues of it are numbers, as JAX's are.
  for (const x of [la.eigh(a)[0], ...la.svd(a), la.cholesky(a), la.eig(a)[0]!]) expect(numbers(x).some(Number.isNaN)).toBe(true);
});

test('empty matrices', () => {
  const a = (m: number, n: number) => ConcreteArray.fromHost(new Float32Array(0), new ShapedArray([m, n], 'float32'));
  expect(la.svd(a(0, 3)).map((x) => x.shape)).toEqual([[0, 0], [0], [3, 3]]);
  expect(numbers(la.svd(a(0, 3))[2]!)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  expect(la.qr(a(2, 0)).map((x) => x.shape)).toEqual([[2, 2], [2, 0]]);
  expect(la.eigh(a(0, 0)).map((x) => x.shape)).toEqual([[0, 0], [0]]);
  expect(la.lu(a(0, 2)).map((x) => x.shape)).toEqual([[0, 2], [0], [0]]);
  expect(la.eig(a(0, 0)).map((x) => x.shape)).toEqual([[0], [0, 0], [0, 0]]);
});

test('parts of a decomposition', () => {
  const a = unpack(fixture.values['singular values']!.inputs[0]!);
  const all = la.svd(a, { fullMatrices: false });
  const some = la.svd(a, { fullMatrices: false, subsetByIndex: [0, 2] });
  expect(some.map((x) => x.shape)).toEqual([[2, 5, 2], [2, 2], [2, 2, 3]]);
  const s = numbers(all[1]!);
  expectPacked(some[1]!, [[2, 2], 'float32', [s[0]!, s[1]!, s[3]!, s[4]!]]);
  const m = unpack(fixture.values.eigenvalues!.inputs[0]!);
  const w = numbers(la.eigh(m)[1]);
  expectPacked(la.eigh(m, { subsetByIndex: [1, 3] })[1], [[2, 2], 'float32', [w[1]!, w[2]!, w[6]!, w[7]!]]);
});

test('what does not fit is refused, with what was given', () => {
  const f = (shape: number[], dtype: DType = 'float32') => ConcreteArray.fromHost(encode(globalThis.Array<number>(shape.reduce((p, q) => p * q, 1)).fill(0), dtype), new ShapedArray(shape, dtype));
  expect(() => la.cholesky(f([2, 3]))).toThrow(/^cholesky: expected square matrices, got f32\[2,3\]\n/);
  expect(() => la.qr(f([3]))).toThrow(/^qr: expected an array of at least 2 dimensions, got f32\[3\]\n/);
  expect(() => la.lu(f([2, 2], 'int32'))).toThrow(DtypeError);
  expect(() => la.triangularSolve(f([2, 2]), f([3, 3]))).toThrow(ShapeError);
  expect(() => la.svd(f([2, 3]), { subsetByIndex: [0, 1] })).toThrow(ArgumentError);
  expect(() => la.eigh(f([2, 2]), { subsetByIndex: [0, 3] })).toThrow('eigh: expected subsetByIndex to be a range within 0 to 2, got [0,3]');
  expect(() => la.luSolve(f([2, 2]), f([2], 'int32'), f([2, 2]), 3 as 0)).toThrow(ArgumentError);
  expect(() => fft(f([4]), 'dct', [4])).toThrow("fft: expected fftType to be one of FFT, IFFT, RFFT, IRFFT, got 'dct'");
  expect(() => fft(f([4]), 'rfft', [3])).toThrow(ShapeError);
  // One factor by itself once ended the process.
  expect(() => la.householderProduct(f([3, 2]), f([]))).toThrow(ShapeError);
  expect(() => la.householderProduct(f([]), f([]))).toThrow(ShapeError);
  const tangent = (g: (x: Array) => Array[], x: Array) => () => jvpFlat(([y]) => g(y!), [x], [x]);
  expect(tangent((x) => la.svd(x), f([2, 3]))).toThrow(ArgumentError);
  expect(tangent((x) => la.eig(x), f([2, 2]))).toThrow('opt in with enableEigvecDerivs: true');
  expect(tangent((x) => la.geqrf(x), f([2, 2]))).toThrow(DifferentiationError);
});
