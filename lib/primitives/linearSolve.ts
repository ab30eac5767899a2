import type { Array } from '../core/array';
import { jaxprAxisNames } from '../core/jaxprCache';
import { ShapedArray } from '../core/aval';
import { ArgumentError } from '../core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { type AxisData, type BatchDim, defineMultiPrimitive, isUndefinedPrimal, type MaybeLinear, type MaybeZero, type MultiPrimitive } from '../core/primitive';
import { batchJaxpr, materialize } from '../interpreters/batch';
import { DifferentiationError, jvpFlat } from '../interpreters/jvp';
import { instantiateZeros } from '../interpreters/partial';
import { hoistConsts, stage } from '../interpreters/stage';
import { div, mul, neg, sub } from './elementwise';

// The solution x of A x = b, whose derivative is that of the equation rather than of the way it is solved in.

/** Something for each of the four functions: the product with A and with its transpose, and what solves with either. */
export interface PerFunction<T> {
  matvec: T;
  vecmat: T;
  solve: T;
  transposeSolve: T;
}

export interface LinearSolveParams {
  /** How many leading operands each function has captured, in the order of the functions. */
  constLengths: PerFunction<number>;
  /** The functions, from what they captured and the vector; null where no solver of the transpose was given. */
  jaxprs: { matvec: ClosedJaxpr; vecmat: ClosedJaxpr | null; solve: ClosedJaxpr; transposeSolve: ClosedJaxpr | null };
}

function take<T>(xs: readonly T[], n: PerFunction<number>): { consts: PerFunction<T[]>; b: T[] } {
  let next = 0;
  const part = (count: number) => xs.slice(next, (next += count));
  const consts = { matvec: part(n.matvec), vecmat: part(n.vecmat), solve: part(n.solve), transposeSolve: part(n.transposeSolve) };
  return { consts, b: xs.slice(next) };
}

const flat = <T>(c: PerFunction<T[]>): T[] => [...c.matvec, ...c.vecmat, ...c.solve, ...c.transposeSolve];
const exchanged = <T>(c: PerFunction<T>): PerFunction<T> => ({ matvec: c.vecmat, vecmat: c.matvec, solve: c.transposeSolve, transposeSolve: c.solve });

/** From A x = b: A dx = db − dA x. */
function jvp(primals: readonly Array[], tangents: readonly MaybeZero[], p: LinearSolveParams): [Array[], MaybeZero[]] {
  const outs = linearSolveP.bind(p, ...primals);
  const { consts, b } = take(primals, p.constLengths);
  const d = take(tangents, p.constLengths);
  const x = outs.slice(0, b.length);
  let right: MaybeZero[] = d.b;
  if (d.consts.matvec.some((t) => t !== null)) {
    const ofProduct = jvpFlat((xs) => evalJaxpr(p.jaxprs.matvec.jaxpr, [], xs), [...consts.matvec, ...x], [...d.consts.matvec, ...x.map(() => null)]).tangents;
    right = right.map((t, i) => {
      const other = ofProduct[i]!;
      return other === null ? t : t === null ? neg(other) : sub(t, other);
    });
  }
  if (right.every((t) => t === null)) return [outs, outs.map(() => null)];
  const dx = linearSolveP.bind(p, ...flat(consts), ...instantiateZeros(right, b.map((v) => v.aval)));
  return [outs, outs.map((_, i) => (i < b.length ? dx[i]! : null))];
}

function transpose(cts: readonly MaybeZero[], args: readonly MaybeLinear[], p: LinearSolveParams, outs: readonly ShapedArray[]): MaybeZero[] {
  const { jaxprs, constLengths } = p;
  if (jaxprs.vecmat === null || jaxprs.transposeSolve === null) throw new DifferentiationError('customLinearSolve: reverse-mode differentiation needs transposeSolve, or symmetric: true');
  const { consts, b } = take(args, constLengths);
  if (flat(consts).some(isUndefinedPrimal)) throw new DifferentiationError('customLinearSolve: it is linear in b only, but what matvec or solve captured depends on the input to transpose with respect to');
  if (cts.slice(b.length).some((c) => c !== null)) throw new DifferentiationError('customLinearSolve: auxiliary results have no derivative');
  const back = linearSolveP.bind(
    { constLengths: exchanged(constLengths), jaxprs: { matvec: jaxprs.vecmat, vecmat: jaxprs.matvec, solve: jaxprs.transposeSolve, transposeSolve: jaxprs.solve } },
    ...flat(exchanged(consts as PerFunction<Array[]>)), ...instantiateZeros(cts.slice(0, b.length), outs.slice(0, b.length)),
  );
  return [...flat(consts).map(() => null), ...b.map((x, i) => (isUndefinedPrimal(x) ? back[i]! : null))];
}

/** Each lane its own equation: all of b and x has the axis, and of what was captured that which has it. */
function batch(axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], { constLengths, jaxprs }: LinearSolveParams): [Array[], BatchDim[]] {
  const all = take(args, constLengths);
  const at = take(dims, constLengths);
  const over = (f: keyof PerFunction<unknown>): ClosedJaxpr | null => {
    const jaxpr = jaxprs[f];
    return jaxpr === null ? null : batchJaxpr(jaxpr, axis, [...at.consts[f].map((d) => d !== null), ...at.b.map(() => true)], true).jaxpr;
  };
  const batched = { matvec: over('matvec')!, vecmat: over('vecmat'), solve: over('solve')!, transposeSolve: over('transposeSolve') };
  const consts = flat(all.consts).map((x, i) => (dims[i] === null ? x : materialize(x, dims[i]!, axis.size)));
  const outs = linearSolveP.bind({ constLengths, jaxprs: batched }, ...consts, ...all.b.map((x, i) => materialize(x, at.b[i]!, axis.size)));
  return [outs, outs.map(() => 0)];
}

/** Mirrors JAX's `custom_linear_solve`. Operands: what each function captured, then b; results: x, then auxiliary ones of `solve`. */
export const linearSolveP: MultiPrimitive<LinearSolveParams> = defineMultiPrimitive<LinearSolveParams>({
  name: 'custom_linear_solve',
  abstract: (avals, { constLengths, jaxprs }) => {
    const expected = constLengths.solve + take(avals, constLengths).b.length;
    if (jaxprs.solve.inAvals.length !== expected) throw new ArgumentError(`custom_linear_solve: expected ${jaxprs.solve.inAvals.length} operands for solve, got ${expected}`);
    return jaxprs.solve.outAvals;
  },
  lower: (ctx, args, { constLengths, jaxprs }) => {
    const { consts, b } = take(args, constLengths);
    return ctx.call(jaxprs.solve, [...consts.solve, ...b], 'solve');
  },
  effects: ({ jaxprs }) => [...jaxprs.solve.effects],
  axisNames: ({ jaxprs }) => Object.values(jaxprs).flatMap((j) => (j === null ? [] : jaxprAxisNames(j))),
  jvp,
  transpose,
  batch,
  sample: () => {
    const a = new ShapedArray([3], 'float32');
    const closed = (f: (d: Array, x: Array) => Array) => hoistConsts(stage(([d, x]) => [f(d!, x!)], [a, a], 'f')).closed;
    const [product, quotient] = [closed((d, x) => mul(d, x)), closed((d, x) => div(x, d))];
    const jaxprs = { matvec: product, vecmat: product, solve: quotient, transposeSolve: quotient };
    // Each of the functions has captured the diagonal; only that of the product is differentiated.
    const diagonal = { shape: [3], dtype: 'float32', values: [0.5, 2, 1.5], constant: true };
    return [{ inputs: [diagonal, diagonal, diagonal, diagonal, { shape: [3], dtype: 'float32' }], params: { constLengths: { matvec: 1, vecmat: 1, solve: 1, transposeSolve: 1 }, jaxprs } }];
  },
});
