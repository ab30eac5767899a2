import type { Array } from '../../core/array';
import { ArgumentError, DtypeError, ShapeError } from '../../core/errors';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../../lax/arrayLike';
import { withJvp } from '../../lax/customJvp';
import { add, div, eq, ge, gt, le, lt, maximum, minimum, mul, sub, where } from '../../numpy/operators';
import { key as makeKey, normal } from '../../prng/index';
import { cumsum } from '../../primitives/cumulative';
import { dynamicSlice } from '../../primitives/dynamicSlice';
import * as e from '../../primitives/elementwise';
import { columnIndex, conjugate, eye, H, isComplex, matmul, realPart, repeat, repeatWhile, rowAt, rowIndex, T } from '../../primitives/matrix';
import { reduceMax, reduceMin, reduceOr } from '../../primitives/reduction';
import { broadcastInDim, concatenate, iota, like, pad, reduceSum, reshape, scalar, sliceInDim, zerosLike } from '../../primitives/structural';
import { tridiagonalSolve } from '../../primitives/tridiagonal';

// Eigenvalues of tridiagonal matrices by bisection with Sturm sequences, eigenvectors by inverse iteration: as many of them as are wanted, all at once.

const FINITE = {
  float32: { max: 3.4028234663852886e38, tiny: 2 ** -126, eps: 2 ** -23, bits: 23 },
  float64: { max: Number.MAX_VALUE, tiny: 2 ** -1022, eps: 2 ** -52, bits: 52 },
} as const;

interface Plan {
  only: boolean;
  /** The indices of the first and last eigenvalue wanted. */
  from: number;
  to: number;
  tol: number | null;
}

const finite = (x: Array) => FINITE[x.dtype as 'float32' | 'float64'];
const repeated = (x: Array, n: number) => broadcastInDim(x, [n], []);
const size2 = (x: Array) => (isComplex(x) ? add(e.square(e.real(x)), e.square(e.imag(x))) : e.square(x));
const column = (x: Array) => reshape(x, [x.size, 1]);
const row = (x: Array) => reshape(x, [1, x.size]);

/** How many eigenvalues are at most x, for each x: the signs of the pivots of T − x. */
function countBelow(d: Array, side2: Array, least: Array, first: Array, x: Array): Array {
  const [n, k] = [d.size, x.size];
  const BLOCK = 16;
  const at = (v: Array, i: number) => repeated(reshape(sliceInDim(v, i, i + 1, 0), []), k);
  const step = (di: Array, si: Array, [q0, count]: [Array, Array]): [Array, Array] => {
    const q = sub(sub(di, div(si, q0)), x);
    const low = le(q, least);
    return [where(low, minimum(q, e.neg(least)), q), where(low, add(count, scalar(1, 'int32')), count)];
  };
  const head = at(d, 0);
  const q = sub(head, x);
  let state: [Array, Array] = [where(eq(head, x), first, q), astype(lt(q, like(q, 0)), 'int32')];
  const peeled = (n - 1) % BLOCK;
  for (let i = 1; i <= peeled; i++) state = step(at(d, i), at(side2, i - 1), state);
  if (n - 1 === peeled) return state[1];
  const [, , count] = repeatWhile(([i]) => e.lt(i!, scalar(n, 'int32')), ([i, ...s]) => {
    const ds = dynamicSlice(d, [i!], [BLOCK]);
    const es = dynamicSlice(side2, [e.sub(i!, scalar(1, 'int32'))], [BLOCK]);
    let now = s as [Array, Array];
    for (let j = 0; j < BLOCK; j++) now = step(at(ds, j), at(es, j), now);
    return [e.add(i!, scalar(BLOCK, 'int32')), ...now];
  }, [scalar(1 + peeled, 'int32'), ...state]);
  return count!;
}

/** Eigenvalues by bisection, from the interval that Gershgorin's circles give. */
function bisected(d: Array, s: Array, { from, to, tol }: Plan): Array {
  const [n, k] = [d.size, to - from + 1];
  const { max, tiny, eps, bits } = finite(d);
  const side2 = size2(s);
  const side = isComplex(s) ? e.sqrt(side2) : e.abs(s);
  const around = n === 2 ? concatenate([side, side], 0) : concatenate([sliceInDim(side, 0, 1, 0), add(sliceInDim(side, 0, n - 2, 0), sliceInDim(side, 1, n - 1, 0)), sliceInDim(side, n - 2, n - 1, 0)], 0);
  const [low, high] = [reduceMin(sub(d, around), [0]), reduceMax(add(d, around), [0])];
  const norm = maximum(e.abs(low), e.abs(high));
  const pivot = mul(like(d, Math.max(1 / max, (1 + eps) * tiny)), maximum(1, reduceMax(side2, [0])));
  const slack = mul(norm, like(d, n * 2.1 * eps));
  const wanted = add(iota('int32', [k], 0), scalar(from, 'int32'));
  const least = repeated(pivot, k);
  const first = repeated(e.square(mul(reshape(sliceInDim(side, 0, 1, 0), []), like(d, eps))), k);
  let error = mul(norm, like(d, eps));
  if (tol !== null) error = maximum(error, like(d, tol));
  const half = (a: Array, b: Array) => mul(like(d, 0.5), add(a, b));
  const [lower, upper] = [repeated(sub(sub(low, slack), mul(pivot, like(d, 4.2))), k), repeated(add(add(high, slack), mul(pivot, like(d, 2.1))), k)];
  const [, , middle] = repeatWhile(
    ([i, a, , b]) => e.and(e.lt(i!, scalar(bits + 1, 'int32')), lt(error, reduceMax(sub(b!, a!), [0]))),
    ([i, a, m, b]) => {
      const below = le(countBelow(d, side2, least, first, m!), wanted);
      const [l, u] = [where(below, m!, a!), where(below, b!, m!)];
      return [e.add(i!, scalar(1, 'int32')), l, half(l, u), u];
    },
    [scalar(0, 'int32'), lower, half(upper, lower), upper],
  );
  return middle!;
}

const rowNorms = (v: Array) => e.sqrt(reduceSum(size2(v), [1]));

/** Makes vectors, the rows, of neighbouring eigenvalues orthogonal to those before them. */
function apart(v: Array, group: Array): Array {
  const [k, n] = v.shape as [number, number];
  const places = iota('int32', [k], 0);
  const [out] = repeat(1, k, (i, [rows, groups]) => {
    const mine = reshape(dynamicSlice(groups!, [i], [1]), []);
    const earlier = astype(e.and(eq(groups!, mine), lt(places, i)), v.dtype);
    let x = rowAt(reshape(rows!, [1, k, n]), i);
    // Once more for what rounding left.
    for (let pass = 0; pass < 2; pass++) x = sub(x, matmul(mul(matmul(x, H(rows!)), row(earlier)), rows!));
    const norm = column(rowNorms(x));
    return [where(column(eq(places, i)), div(x, astype(norm, v.dtype)), rows!), groups!];
  }, [v, group]);
  return out!;
}

/** Eigenvectors, the columns, by inverse iteration from random vectors. */
function vectors(d: Array, s: Array, values: Array, key: Array): Array {
  const [n, k] = [d.size, values.size];
  const type = s.dtype;
  const norm = maximum(e.abs(sliceInDim(values, 0, 1, 0)), e.abs(sliceInDim(values, k - 1, k, 0)));
  const gaps = sub(sliceInDim(values, 1, k, 0), sliceInDim(values, 0, k - 1, 0));
  // Neighbours closer than this are one group, numbered by the gaps before it; eigenvalues of a matrix of zeros are as far apart as bisection's least pivots.
  const { eps, tiny } = finite(d);
  const open = astype(gt(gaps, maximum(mul(norm, like(d, Math.sqrt(eps))), like(d, 16 * tiny))), 'int32');
  const groups = k === 1 ? null : pad(cumsum(open, 0), scalar(0, 'int32'), [[1, 0, 0]]);
  const lane = (x: Array) => broadcastInDim(astype(x, type), [k, n], [1]);
  const below = lane(pad(conjugate(s), like(s, 0), [[1, 0, 0]]));
  const above = lane(pad(s, like(s, 0), [[0, 1, 0]]));
  const diagonal = astype(sub(row(d), column(values)), type);
  const scaled = (v: Array, by: Array) => div(v, astype(column(by), type));
  const start = astype(normal(key, [k, n], { dtype: d.dtype }), type);
  const crowded = groups === null ? null : reduceOr(eq(open, 0), [0]);
  const [, v] = repeatWhile(
    ([i, , now, before]) => e.and(e.lt(i!, scalar(5, 'int32')), reduceOr(ge(now!, mul(like(d, 1.1), before!)), [0])),
    ([i, x, now]) => {
      const solved = reshape(tridiagonalSolve(below, diagonal, above, reshape(x!, [k, n, 1]), { perturbSingular: true }), [k, n]);
      const grown = rowNorms(solved);
      // A matrix that is a multiple of the identity tells no direction.
      const next = where(column(e.isFinite(grown)), scaled(solved, grown), x!);
      return [e.add(i!, scalar(1, 'int32')), crowded === null ? next : onlyIf(crowded, (w) => apart(w, groups!), next), grown, now!];
    },
    [scalar(0, 'int32'), scaled(start, rowNorms(start)), repeated(like(d, 1), k), repeated(like(d, 0), k)],
  );
  return T(v!);
}

/** What `f` makes of x where `on` holds, else x. */
function onlyIf(on: Array, f: (x: Array) => Array, x: Array): Array {
  return repeatWhile(([go]) => go!, ([, v]) => [scalar(false, 'bool'), f(v!)], [on, x])[1]!;
}

/** T v for the columns of v. */
function timesVectors(d: Array, s: Array, v: Array): Array {
  const n = d.size;
  const zero = like(v, 0);
  const moved = (by: 1 | -1) => (by === 1 ? pad(sliceInDim(v, 1, n, 0), zero, [[0, 1, 0], [0, 0, 0]]) : pad(sliceInDim(v, 0, n - 1, 0), zero, [[1, 0, 0], [0, 0, 0]]));
  const on = (x: Array) => column(astype(x, v.dtype));
  const middle = mul(on(d), v);
  return add(middle, add(mul(on(pad(s, like(s, 0), [[0, 1, 0]])), moved(1)), mul(on(pad(conjugate(s), like(s, 0), [[1, 0, 0]])), moved(-1))));
}

/** The decomposition for a plan, of d, s and a key, with its derivative: that of an eigenvalue is vᴴ dT v, that of a vector lies in the others' directions. */
function solver(plan: Plan): (d: Array, s: Array, key: Array) => Array[] {
  return withJvp('eigh_tridiagonal', (d, s, key) => {
    const values = bisected(d!, s!, plan);
    return plan.only ? [values] : [values, vectors(d!, s!, values, key!)];
  }, ([d, s, key], [dd, ds]) => {
    const n = d!.size;
    const [w, v] = solver({ ...plan, only: false })(d!, s!, key!) as [Array, Array];
    const moved = timesVectors(dd ?? zerosLike(d!.aval), ds ?? zerosLike(s!.aval), v);
    const inner = reduceSum(mul(conjugate(v), moved), [0]);
    const dw = realPart(inner);
    if (plan.only) return { outs: [w], tangents: [dw] };
    const [all, basis] = plan.to - plan.from + 1 === n ? [w, v] : (solver({ only: false, from: 0, to: n - 1, tol: plan.tol })(d!, s!, key!) as [Array, Array]);
    const shape = [n, w.size];
    const same = e.eq(rowIndex(shape), e.add(columnIndex(shape), like(columnIndex(shape), plan.from)));
    const share = where(same, like(w, 0), div(like(w, 1), where(same, like(w, 1), sub(row(w), column(all)))));
    return { outs: [w, v], tangents: [dw, matmul(basis, mul(astype(share, v.dtype), matmul(H(basis), moved)))] };
  }) as (d: Array, s: Array, key: Array) => Array[];
}

const tridiagonalC = composite<Plan>('eigh_tridiagonal', ([d, s, key], plan) => solver(plan)(d!, s!, key!));

/** Options of {@link eighTridiagonal}. */
export interface TridiagonalOptions {
  /** Whether only eigenvalues are given. */
  eigvalsOnly?: boolean;
  /** All, or by index. */
  select?: 'a' | 'i';
  /** The first and last index wanted, for `select: 'i'`. */
  selectRange?: readonly [number, number] | null;
  /** How far from an eigenvalue a result may be; as near as the type allows by default. */
  tol?: number | null;
  /** The key of the random vectors that eigenvectors are found from: it decides their signs. */
  key?: Array | null;
}

/**
 * Eigenvalues, ascending, of a Hermitian matrix with diagonal d and e above it, and its eigenvectors as columns unless `eigvalsOnly`: by bisection and inverse iteration, for those wanted only. Mirrors `jax.scipy.linalg.eigh_tridiagonal`; there are derivatives as well.
 *
 * @param d the numbers on the diagonal, [n], of which real parts count
 * @param e1 the numbers beside the diagonal, [n - 1]
 * @throws ShapeError unless e is one shorter than d; DtypeError for half precision; ArgumentError for a bad selection
 * @example
 * scipy.linalg.eighTridiagonal([2, 2], [1], { eigvalsOnly: true }).js() // [1, 3]
 */
export function eighTridiagonal(d: ArrayLike, e1: ArrayLike, options: TridiagonalOptions & { eigvalsOnly: true }): Array;
export function eighTridiagonal(d: ArrayLike, e1: ArrayLike, options?: TridiagonalOptions & { eigvalsOnly?: false }): [Array, Array];
export function eighTridiagonal(d: ArrayLike, e1: ArrayLike, options: TridiagonalOptions = {}): Array | Array[] {
  const op = 'eighTridiagonal';
  const { eigvalsOnly = false, select = 'a', selectRange = null, tol = null, key = null } = checkOptions(op, ['eigvalsOnly', 'select', 'selectRange', 'tol', 'key'], options);
  const [x, y] = promoteDtypesInexact(op, asArray(d, op), asArray(e1, op)) as [Array, Array];
  if (!['float32', 'float64', 'complex64', 'complex128'].includes(x.dtype)) throw new DtypeError(`${op}: expected float32, float64, complex64 or complex128, got ${x.aval}`);
  const n = x.size;
  if (x.ndim !== 1 || y.ndim !== 1 || y.size !== Math.max(0, n - 1)) throw new ShapeError(`${op}: expected vectors of n and n − 1 elements, got ${x.aval} and ${y.aval}`);
  if (select !== 'a' && select !== 'i') throw new ArgumentError(`${op}: expected select to be 'a' or 'i', got ${String(select)}`);
  const whole = (i: unknown): i is number => Number.isInteger(i) && (i as number) >= 0 && (i as number) < n;
  if (select === 'i' && !(globalThis.Array.isArray(selectRange) && selectRange.length === 2 && selectRange.every(whole) && selectRange[0] <= selectRange[1])) throw new ArgumentError(`${op}: expected selectRange to be a first and a last index below ${n}, got ${String(selectRange)}`);
  if (tol !== null && (typeof tol !== 'number' || Number.isNaN(tol))) throw new ArgumentError(`${op}: expected tol to be a number, got ${String(tol)}`);
  const diagonal = realPart(x);
  if (n <= 1) return eigvalsOnly ? diagonal : [diagonal, eye([n, n], x.dtype)];
  const [from, to] = select === 'i' ? selectRange! : [0, n - 1];
  const out = tridiagonalC([diagonal, y, key ?? makeKey(42)], { only: eigvalsOnly, from, to, tol });
  return eigvalsOnly ? out[0]! : out;
}
