import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { triangularSolve } from './cholesky';
import { add, complex, imag, mul, sub } from './elementwise';
import { geqp3, geqrf, householderProduct } from './householder';
import { lu, luSolve } from './lu';
import { batchLeading, block, checkMatrix, emitFunction, eye, H, isComplex, matmul, takeColumns, tril, triu } from './matrix';
import { concatenate, full, like, pad } from './structural';

export interface QrParams {
  fullMatrices: boolean;
  pivoting: boolean;
  /** Always null: kept because JAX prints it. */
  useMagma: null;
}

export const qrP: MultiPrimitive<QrParams> = defineMultiPrimitive<QrParams>({
  name: 'qr',
  abstract: ([x], { fullMatrices, pivoting }) => {
    checkMatrix('qr', x!);
    const batch = x!.shape.slice(0, -2);
    const [m, n] = x!.shape.slice(-2) as [number, number];
    const k = fullMatrices ? m : Math.min(m, n);
    const [q, r] = [new ShapedArray([...batch, m, k], x!.dtype), new ShapedArray([...batch, k, n], x!.dtype)];
    return pivoting ? [q, r, new ShapedArray([...batch, n], 'int32')] : [q, r];
  },
  lower: (ctx, args, params) => emitFunction(ctx, ([x]) => decompose(x!, params), args),
  jvp: ([x], [dx], params) => {
    const outs = qrP.bind(params, x!);
    const [q, r, p] = outs;
    const [dq, dr] = tangents(x!, q!, r!, p ? takeColumns(dx!, p) : dx!, params.fullMatrices, p);
    return [outs, p ? [dq, dr, null] : [dq, dr]];
  },
  transpose: absent('qr is not linear'),
  batch: batchLeading(() => qrP),
  sample: () => {
    const p: QrParams = { fullMatrices: false, pivoting: false, useMagma: null };
    const tall = { shape: [4, 3], dtype: 'float32', values: [1, 0.4, -0.3, 0.5, 1.2, 0.2, -0.7, 0.1, 1.4, 0.2, -0.6, 0.8] };
    return [
      { inputs: [tall], params: p },
      { inputs: [{ ...tall, shape: [3, 4] }], params: p },
      { inputs: [tall], params: { ...p, fullMatrices: true } },
      { inputs: [tall], params: { ...p, pivoting: true } },
    ];
  },
});

function decompose(x: Array, { fullMatrices, pivoting }: QrParams): Array[] {
  const batch = x.shape.slice(0, -2);
  const [m, n] = x.shape.slice(-2) as [number, number];
  const k = fullMatrices ? m : Math.min(m, n);
  if (m === 0 || n === 0) {
    return [eye([...batch, m, k], x.dtype), full([...batch, k, n], 0, x.dtype), ...(pivoting ? [full([...batch, n], 0, 'int32')] : [])];
  }
  const [packed, taus, order] = pivoting ? pivoted(x) : [...geqrf(x), null];
  let reflectors = packed;
  if (m < n) reflectors = block(packed, [0, m], [0, m]);
  else if (fullMatrices && m > n) reflectors = pad(packed, like(x, 0), packed.shape.map((_, i) => [0, i === packed.ndim - 1 ? m - n : 0, 0]));
  const q = householderProduct(reflectors, taus);
  const r = triu(k === m ? packed : block(packed, [0, k], [0, n]));
  return order === null ? [q, r] : [q, r, order];
}

function pivoted(x: Array): [Array, Array, Array] {
  const [packed, order, taus] = geqp3(x);
  return [packed, taus, order];
}

/** Tangents of the thin decomposition of matrices with no more columns than rows. Source: Townsend, "Differentiating the QR decomposition" (2018). */
function thinTangents(q: Array, r: Array, dx: Array): [Array, Array] {
  const dxRinv = triangularSolve(r, dx);
  const c = matmul(H(q), dxRinv);
  const low = tril(c, -1);
  let skew = sub(low, H(low));
  // The diagonal of a skew-Hermitian matrix is imaginary.
  if (isComplex(c)) {
    const im = imag(c);
    skew = add(skew, mul(eye(c.shape, c.dtype), complex(mul(im, like(im, 0)), im)));
  }
  return [add(matmul(q, sub(skew, c)), dxRinv), matmul(sub(c, skew), r)];
}

function tangents(x: Array, q: Array, r: Array, dx: Array, fullMatrices: boolean, pivots: Array | undefined): [Array, Array] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (m < n) {
    // X = [X1 X2], R = [R1 R2]: X1 = Q R1 gives the first, R2 = Qᴴ X2 the rest.
    const columns = pivots ? takeColumns(x, pivots) : x;
    const [dq, dr1] = thinTangents(q, block(r, [0, m], [0, m]), block(dx, [0, m], [0, m]));
    const dr2 = add(matmul(H(dq), block(columns, [0, m], [m, n])), matmul(H(q), block(dx, [0, m], [m, n])));
    return [dq, concatenate([dr1, dr2], r.ndim - 1)];
  }
  const thin = fullMatrices && m > n;
  const qn = thin ? block(q, [0, m], [0, n]) : q;
  const [dq, dr] = thinTangents(qn, thin ? block(r, [0, n], [0, n]) : r, dx);
  if (!thin) return [dq, dr];
  // Source: arXiv:2409.13374, equations 32 and 33, for the columns that complete Q.
  const [top, bottom] = [block(qn, [0, n], [0, n]), block(qn, [n, m], [0, n])];
  const [dTop, dBottom] = [block(dq, [0, n], [0, n]), block(dq, [n, m], [0, n])];
  const qm = block(q, [0, m], [n, m]);
  const [factors, , permutation] = lu(sub(top, eye(top.shape, q.dtype)));
  const zH = luSolve(factors, permutation, H(bottom), 2);
  const z = H(zH);
  const rest = sub(matmul(dq, zH), matmul(add(qn, matmul(qm, z)), H(sub(dBottom, matmul(z, dTop)))));
  const zeros = full([...r.shape.slice(0, -2), m - n, n], 0, r.dtype);
  return [concatenate([dq, rest], q.ndim - 1), concatenate([dr, zeros], r.ndim - 2)];
}

/**
 * Q R = x with orthonormal columns in Q and upper triangular R; with `pivoting`, of x's columns in the order of the third result. Mirrors `jax.lax.linalg.qr`.
 *
 * @param x `[..., m, n]`
 * @returns Q `[..., m, k]` and R `[..., k, n]` with k = m (`fullMatrices`) or min(m, n); and int32 `[..., n]` with `pivoting`
 */
export function qr(x: Array, options: { pivoting?: boolean; fullMatrices?: boolean } = {}): Array[] {
  return qrP.bind({ fullMatrices: options.fullMatrices ?? true, pivoting: options.pivoting ?? false, useMagma: null }, x);
}
