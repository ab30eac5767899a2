import type { Array } from '../core/array';
import { sameShape, type ShapedArray } from '../core/aval';
import { ArgumentError, ShapeError, TreeError } from '../core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { internJaxpr } from '../core/jaxprKey';
import type { TreeDef } from '../core/tree';
import { castTangent, floatLeaves, linearize } from '../functional/derivatives';
import { linearTranspose } from '../functional/staging';
import { type AnyFunction, type Loose, nameOf, resultsOf } from '../functional/treeFunction';
import { customJvpCallP, type CustomJvpParams } from '../interpreters/customRules';
import { jvpFlat } from '../interpreters/jvp';
import { instantiateZeros } from '../interpreters/partial';
import { hoistConsts, stage } from '../interpreters/stage';
import { neg } from '../primitives/elementwise';
import { linearSolveP } from '../primitives/linearSolve';
import { describeValue } from './arrayLike';
import { checkFunction } from '../core/checks';
import { checkOptions } from '../functional/options';

/** A function of a tree that gives one of the same structure. */
export type TreeMap = (x: Loose) => unknown;
/** Finds x such that `f(x)` is zero, or is `b`, from the function and a first guess, or b. */
export type Solver = (f: TreeMap, start: Loose) => unknown;

interface Traced {
  closed: ClosedJaxpr;
  consts: Array[];
  outDef: TreeDef;
}

/** Traces a function whose result, or the first of two where it has auxiliary ones, is to be of the structure and shapes of a tree. */
function traced(op: string, what: string, f: AnyFunction, avals: readonly ShapedArray[], args: (xs: Array[]) => unknown[], like: { def: TreeDef; avals: readonly ShapedArray[]; name: string }, hasAux = false): Traced {
  let outDef!: TreeDef;
  const staged = stage((xs) => {
    const out = (f as (...a: unknown[]) => unknown)(...args(xs));
    if (hasAux && !(globalThis.Array.isArray(out) && out.length === 2)) throw new ArgumentError(`${op}: expected ${what} to return [solution, auxiliary], as hasAux is true, got ${describeValue(out)}`);
    const main = resultsOf(hasAux ? (out as unknown[])[0] : out, op, what);
    if (!main.def.equals(like.def)) throw new TreeError(`${op}: expected ${what} to return the structure of ${like.name}, ${like.def}, got ${main.def}`);
    main.leaves.forEach((x, i) => {
      if (!sameShape(x.shape, like.avals[i]!.shape)) throw new ShapeError(`${op}: expected ${what} to return the shapes of ${like.name}, of type ${like.avals[i]}, got ${x.aval}`);
    });
    const whole = hasAux ? resultsOf(out, op, what) : main;
    outDef = whole.def;
    return whole.leaves;
  }, avals, nameOf(f, what));
  const { closed, consts } = hoistConsts(staged);
  return { closed: internJaxpr(closed), consts, outDef };
}

/** Options of {@link customLinearSolve}. */
export interface LinearSolveOptions {
  /** Solves with the transpose of the linear function, for reverse-mode differentiation. */
  transposeSolve?: Solver | null;
  /** Whether the linear function is its own transpose: `solve` then solves with that too. */
  symmetric?: boolean;
  /** Whether the solvers return [solution, auxiliary]. */
  hasAux?: boolean;
}

/**
 * Solves `matvec(x) = b` by a function of yours, through which derivatives do not go: they are those of the equation's solution, with respect to `b`
 * and to what `matvec` captured. Mirrors `jax.lax.custom_linear_solve`.
 *
 * @param matvec a linear function, from a tree such as b to another
 * @param b a tree of arrays
 * @param solve `(matvec, b) => x`
 * @returns what `solve` returns
 * @throws TreeError, ShapeError if a function does not return what is like b
 * @throws DifferentiationError in reverse mode, without `transposeSolve` or `symmetric`
 * @example
 * ```ts
 * const d = np.array([2, 4]);
 * lax.customLinearSolve((x) => np.multiply(d, x), np.array([1, 1]), (_, b) => np.divide(b, d), { symmetric: true }); // [0.5, 0.25]
 * ```
 */
export function customLinearSolve(matvec: TreeMap, b: unknown, solve: Solver, options: LinearSolveOptions = {}): Loose {
  options = checkOptions('customLinearSolve', ['transposeSolve', 'symmetric', 'hasAux'], options);
  const op = 'customLinearSolve';
  const symmetric = options.symmetric ?? false;
  const hasAux = options.hasAux ?? false;
  const transposeSolve = options.transposeSolve ?? (symmetric ? solve : null);
  checkFunction(op, 'matvec', matvec);
  checkFunction(op, 'solve', solve);
  if (transposeSolve !== null) checkFunction(op, 'transposeSolve', transposeSolve);
  const { leaves, def } = floatLeaves(b, `${op}: b`);
  const avals = leaves.map((x) => x.aval);
  const like = { def, avals, name: 'b' };
  const one = (xs: Array[]) => [def.unflatten(xs)];
  const product = traced(op, 'matvec', matvec, avals, one, like);
  const solved = traced(op, 'solve', (x: Loose) => solve(matvec, x), avals, one, like, hasAux);
  let [back, backSolved]: [Traced | null, Traced | null] = [null, null];
  if (transposeSolve !== null) {
    let vecmat = matvec;
    if (!symmetric) {
      const pull = linearTranspose(matvec, def.unflatten(leaves));
      vecmat = (x) => pull(x)[0];
    }
    back = symmetric ? product : traced(op, 'the transpose of matvec', vecmat, avals, one, like);
    backSolved = traced(op, 'transposeSolve', (x: Loose) => transposeSolve(vecmat, x), avals, one, like, hasAux);
  }
  const outs = linearSolveP.bind({
    constLengths: { matvec: product.consts.length, vecmat: back?.consts.length ?? 0, solve: solved.consts.length, transposeSolve: backSolved?.consts.length ?? 0 },
    jaxprs: { matvec: product.closed, vecmat: back?.closed ?? null, solve: solved.closed, transposeSolve: backSolved?.closed ?? null },
  }, ...product.consts, ...(back?.consts ?? []), ...solved.consts, ...(backSolved?.consts ?? []), ...leaves);
  return solved.outDef.unflatten(outs);
}

/**
 * Finds a root of `f` by a function of yours, through which derivatives do not go: they are those of the root, by the implicit function theorem, with
 * respect to what `f` captured. Mirrors `jax.lax.custom_root`.
 *
 * @param f from a tree of arrays to one of the same structure and shapes
 * @param initialGuess a tree of arrays
 * @param solve `(f, initialGuess) => root`
 * @param tangentSolve `(g, y) => x` with `g(x) = y` for a linear function g: f's derivative at the root; in one dimension, `y.div(g(1))`
 * @param options `hasAux`: whether `solve` returns [root, auxiliary]
 * @returns what `solve` returns
 * @throws TreeError, ShapeError if a function does not return what is like the guess
 * @example
 * ```ts
 * const root = (a: Array) => lax.customRoot((x) => np.subtract(np.square(x as Array), a), 1, () => np.sqrt(a), (g, y) => np.divide(y as Array, g(1) as Array));
 * grad(root)(4); // 0.25
 * ```
 */
export function customRoot(f: TreeMap, initialGuess: unknown, solve: Solver, tangentSolve: Solver, options: { hasAux?: boolean } = {}): Loose {
  options = checkOptions('customRoot', ['hasAux'], options);
  const op = 'customRoot';
  checkFunction(op, 'f', f);
  checkFunction(op, 'solve', solve);
  checkFunction(op, 'tangentSolve', tangentSolve);
  const { leaves, def } = floatLeaves(initialGuess, `${op}: initialGuess`);
  const avals = leaves.map((x) => x.aval);
  const n = avals.length;
  const like = { def, avals, name: 'initialGuess' };
  const one = (xs: Array[]) => [def.unflatten(xs)];
  const equation = traced(op, 'f', f, avals, one, like);
  const solved = traced(op, 'solve', (x: Loose) => solve(f, x), avals, one, like, options.hasAux ?? false);
  const strong = avals.map((a) => a.strong());
  const linear = traced(op, 'tangentSolve', (x: Loose, y: Loose) => tangentSolve(linearize(f, x)[1] as TreeMap, y), [...strong, ...strong], (xs) => [def.unflatten(xs.slice(0, n)), def.unflatten(xs.slice(n))], like);
  const [ofF, ofSolve] = [equation.consts.length, solved.consts.length];
  const rest = ofF + ofSolve;
  const params: CustomJvpParams = {
    name: op,
    callJaxpr: internJaxpr(hoistConsts(stage((xs) => evalJaxpr(solved.closed.jaxpr, [], [...xs.slice(ofF, rest), ...xs.slice(rest + linear.consts.length)]),
      [...equation.consts, ...solved.consts, ...linear.consts, ...leaves].map((x) => x.aval), op)).closed),
    // F(m, u) = 0 gives du = −(dF/du)⁻¹ (dF/dm) dm.
    jvpJaxprFun: (primals, tangents) => {
      const outs = customJvpCallP.bind(params, ...primals);
      const root = outs.slice(0, n);
      const moved = jvpFlat((m) => evalJaxpr(equation.closed.jaxpr, [], [...m, ...root]), primals.slice(0, ofF), tangents.slice(0, ofF)).tangents;
      const back = evalJaxpr(linear.closed.jaxpr, [], [...primals.slice(rest, rest + linear.consts.length), ...root, ...instantiateZeros(moved, strong)]);
      return { outs, tangents: outs.map((x, i) => (i < n ? castTangent(neg(back[i]!), x.aval, `the derivative of ${op}`) : null)) };
    },
  };
  return solved.outDef.unflatten(customJvpCallP.bind(params, ...equation.consts, ...solved.consts, ...linear.consts, ...leaves));
}
