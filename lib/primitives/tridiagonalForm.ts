import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { realDtype } from '../core/dtype';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { add, mul } from './elementwise';
import { hessenberg } from './householder';
import { lapackForm } from './lapackForms';
import { asRows, asTypeOf, batchLeading, block, checkMatrix, diagonal, emitFunction, eye, H, positiveDefinite, realPart, tril, triu } from './matrix';
import { rev } from './structural';

export interface TridiagonalParams {
  /** Whether the lower triangle is read, or the upper one. */
  lower: boolean;
}

/** The tridiagonal form of symmetric matrices, with the reflectors in the triangle that is read: the matrix, both diagonals, the reflectors' factors. */
export const tridiagonalP: MultiPrimitive<TridiagonalParams> = defineMultiPrimitive<TridiagonalParams>({
  name: 'tridiagonal',
  abstract: ([x]) => {
    checkMatrix('tridiagonal', x!, true);
    const [batch, n, real] = [x!.shape.slice(0, -2), x!.shape[x!.ndim - 1]!, realDtype(x!.dtype)];
    return [x!.strong(), new ShapedArray([...batch, n], real), new ShapedArray([...batch, n - 1], real), new ShapedArray([...batch, n - 1], x!.dtype)];
  },
  lower: (ctx, args, { lower }, outs) => lapackForm(ctx, 'sytrd', args, outs, lower ? 'L' : 'U') ?? emitFunction(ctx, ([a]) => decompose(a!, lower), args),
  jvp: absent('the tridiagonal form has no derivative in JAX'),
  transpose: absent('tridiagonal is not linear'),
  batch: batchLeading(() => tridiagonalP),
  sample: () => [true, false].map((lower) => ({ inputs: [{ shape: [4, 4], dtype: 'float32', values: positiveDefinite(4) }], params: { lower } })),
});

function decompose(a: Array, lower: boolean): Array[] {
  const [n, last] = [a.shape[a.ndim - 1]!, a.ndim - 1];
  // The form from an upper triangle is that from a lower one with rows and columns in reverse.
  const flip = (x: Array) => (lower ? x : rev(x, x.ndim === a.ndim ? [last - 1, last] : [x.ndim - 1]));
  const onMain = (d: Array) => mul(asTypeOf(asRows(d, a.shape), a), eye(a.shape, a.dtype));
  const x = flip(a);
  const half = tril(x, -1);
  const [packed, taus] = hessenberg(add(add(half, H(half)), onMain(realPart(diagonal(x)))));
  const d = realPart(diagonal(packed));
  const e = realPart(diagonal(block(packed, [1, n], [0, n - 1])));
  return [flip(add(add(tril(packed, -1), triu(x, 1)), onMain(d))), flip(d), flip(e), flip(taus)];
}
