import type { Array } from '../core/array';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { div, mul, where } from './elementwise';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { schur as complexSchur } from './hessenbergQr';
import { lapackForm } from './lapackForms';
import { asTypeOf, batchLeading, checkMatrix, emitFunction, flattenBatch, isComplex, repeat, scaleOf } from './matrix';
import { realSchur } from './realSchur';
import { broadcastInDim, full, reshape, scalar } from './structural';

export interface SchurParams {
  computeSchurVectors: boolean;
  /** Always null: kept because JAX prints it. */
  selectCallable: null;
  /** Always false: kept because JAX prints it. */
  sortEigVals: false;
}

export const schurP: MultiPrimitive<SchurParams> = defineMultiPrimitive<SchurParams>({
  name: 'schur',
  abstract: ([x], { computeSchurVectors }) => {
    checkMatrix('schur', x!, true);
    return computeSchurVectors ? [x!.strong(), x!.strong()] : [x!.strong()];
  },
  lower: (ctx, args, { computeSchurVectors }, outs) => lapackForm(ctx, 'gees', args, outs, computeSchurVectors ? 'V' : 'N') ?? emitFunction(ctx, ([x]) => {
    if (x!.size === 0) return outs.map((o) => full(o.shape, 0, o.dtype));
    const { flat, restore } = flattenBatch(x!);
    const [b, n] = flat.shape as [number, number];
    const zero = scalar(0, 'int32');
    // One matrix at a time: their steps differ in number.
    const results = repeat(0, b, (k, state) => {
      const a = reshape(dynamicSlice(flat, [k, zero, zero], [1, n, n]), [n, n]);
      const scale = broadcastInDim(asTypeOf(scaleOf(a), a), a.shape, []);
      const { z, t, converged } = isComplex(a) ? complexSchur(div(a, scale)) : realSchur(div(a, scale));
      const ok = (y: Array) => reshape(where(broadcastInDim(converged, y.shape, []), y, full(y.shape, Number.NaN, y.dtype)), [1, n, n]);
      return state.map((s, i) => dynamicUpdateSlice(s, ok(i === 0 ? mul(t, scale) : z), [k, zero, zero]));
    }, outs.map(() => full(flat.shape, 0, flat.dtype)));
    return results.slice(0, computeSchurVectors ? 2 : 1).map(restore);
  }, args),
  jvp: absent('the Schur form has no derivative in JAX'),
  transpose: absent('schur is not linear'),
  batch: batchLeading(() => schurP),
  sample: () => {
    const values = [2, 0.3, -0.5, 0.7, 1, 2.2, -0.4, -1.6, -1.8];
    return [{ inputs: [{ shape: [3, 3], dtype: 'float32', values }], params: { computeSchurVectors: true, selectCallable: null, sortEigVals: false } }];
  },
});

/**
 * Schur form T and unitary Z with x = Z T Zᴴ: T is upper triangular for complex matrices; for real ones it has two by two blocks on its
 * diagonal, with equal diagonal entries, for pairs of complex eigenvalues. NaN where the iteration does not converge. Mirrors `jax.lax.linalg.schur`.
 *
 * @param x `[..., n, n]`
 * @returns T, and Z unless `computeSchurVectors` is false
 */
export function schur(x: Array, options: { computeSchurVectors?: boolean } = {}): Array[] {
  return schurP.bind({ computeSchurVectors: options.computeSchurVectors ?? true, selectCallable: null, sortEigVals: false }, x);
}
