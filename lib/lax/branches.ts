import { type Array, ConcreteArray, type ScalarValue } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { backend } from '../core/backend';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors';
import { ClosedJaxpr, Jaxpr, Var } from '../core/jaxpr';
import { internJaxpr } from '../core/jaxprKey';
import { isPlainObject, keystr, pathsOf, type TreeDef } from '../core/tree';
import { checkFunction } from '../core/checks';
import { arraysOf, nameOf, resultsOf } from '../functional/treeFunction';
import { stage } from '../interpreters/stage';
import { condP } from '../primitives/control';
import { clamp, ne } from '../primitives/elementwise';
import { convert, like, scalar } from '../primitives/structural';
import { type ArrayLike, asArray, describeValue } from './arrayLike';
import { adopt, avalsOf, type Fun, givesWay, runsInJs, type Traced } from './staged';

/** Stages branches on the same operands: what any of them captured is an input of all. */
function stageBranches(op: string, names: readonly string[], branches: readonly Fun[], operands: readonly Array[], tree: TreeDef): { closed: ClosedJaxpr[]; consts: Array[]; outTree: TreeDef } {
  const args = (xs: Array[]) => tree.unflatten(xs) as unknown[];
  let wanted: (ShapedArray | undefined)[] = [];
  const once = () => branches.map((f, k) => {
    let outTree!: TreeDef;
    const staged = stage((xs) => {
      const { leaves: outs, def } = resultsOf((f as (...a: unknown[]) => unknown)(...args(xs)), op, names[k]!);
      outTree = def;
      return adopt(outs, wanted as ShapedArray[]);
    }, avalsOf(operands), nameOf(f, names[k]!));
    return { ...staged, outTree };
  });
  let staged = once();
  const first = staged[0]!;
  staged.forEach((s, k) => {
    if (!s.outTree.equals(first.outTree)) throw new TreeError(`${op}: expected all branches to return one structure, but ${names[0]} returns ${first.outTree} and ${names[k]} ${s.outTree}`);
  });
  // A plain number in one branch takes the type that another branch gives.
  wanted = first.jaxpr.outvars.map((_, i) => {
    const types = staged.map((s) => s.jaxpr.outvars[i]!.aval);
    return types.find((t) => types.every((o) => o.matches(t) || givesWay(o, t)));
  });
  if (staged.some((s) => s.jaxpr.outvars.some((v, i) => wanted[i] !== undefined && !v.aval.matches(wanted[i]!)))) staged = once();
  const paths = pathsOf(first.outTree);
  staged.forEach((s, k) => {
    s.jaxpr.outvars.forEach((v, i) => {
      const a = staged[0]!.jaxpr.outvars[i]!.aval;
      if (v.aval.matches(a)) return;
      const message = `${op}: expected all branches to return equal types, but they differ${paths[i]!.length > 0 ? ` at ${keystr(paths[i]!)}` : ''}: ${names[0]} returns ${a}, ${names[k]} returns ${v.aval}`;
      throw v.aval.dtype === a.dtype ? new ShapeError(message) : new DtypeError(message);
    });
  });
  const consts = [...new Set(staged.flatMap((s) => s.consts))];
  const closed = staged.map(({ jaxpr, consts: own }) => {
    const vars = consts.map((c) => (own.includes(c) ? jaxpr.constvars[own.indexOf(c)]! : new Var(c.aval)));
    return internJaxpr(new ClosedJaxpr(new Jaxpr([], [...vars, ...jaxpr.invars], jaxpr.eqns, jaxpr.outvars, jaxpr.name), []));
  });
  return { closed, consts, outTree: first.outTree };
}

/**
 * One of two functions of the operands, chosen by a scalar. Mirrors `jax.lax.cond`.
 *
 * Both are traced; only the one chosen runs, unless `vmap` maps over the predicate.
 *
 * @param pred a scalar: a bool, or a number, which is true unless zero
 * @param trueFun what is applied to the operands where it is true
 * @param falseFun what is applied where it is false; its result is of the same structure, shapes and dtypes
 * @throws ShapeError where `pred` is not a scalar, DtypeError where it is complex; TreeError, ShapeError or DtypeError where results differ
 * @example
 * lax.cond(true, (a) => a.mul(2), (a) => a.neg(), np.array([1, 2])).js(); // [2, 4]
 */
export function cond<A extends readonly unknown[], T>(pred: ArrayLike, trueFun: (...operands: { [K in keyof A]: Traced<A[K]> }) => T, falseFun: (...operands: { [K in keyof A]: Traced<A[K]> }) => unknown, ...operands: A): Traced<T> {
  const op = 'cond';
  checkFunction(op, 'trueFun', trueFun);
  checkFunction(op, 'falseFun', falseFun);
  if (typeof pred === 'function') throw new ArgumentError(`${op}: expected pred to be a scalar, got a function`);
  const p = asArray(pred, `${op}: pred`);
  if (p.ndim !== 0) throw new ShapeError(`${op}: expected pred to be a scalar, got ${p.aval}`);
  if (dtypeKind(p.dtype) === 'complex') throw new DtypeError(`${op}: expected pred to be a bool or a real number, got ${p.aval}`);
  const { leaves: xs, def: tree } = arraysOf(operands, `${op}: operands`);
  if (runsInJs()) return inJs(op, (isTruthy(p.item()) ? trueFun : falseFun) as unknown as Fun, tree.unflatten(xs)) as Traced<T>;
  const staged = stageBranches(op, ['trueFun', 'falseFun'], [trueFun as unknown as Fun, falseFun as unknown as Fun], xs, tree);
  const isTrue = p.dtype === 'bool' ? p : ne(p, like(p, 0));
  const literal = p instanceof ConcreteArray ? p.literal : null;
  const index = literal !== null ? scalar(isTruthy(literal) ? 1 : 0, 'int32') : convert(isTrue, 'int32');
  const outs = condP.bind({ branches: [staged.closed[1]!, staged.closed[0]!] }, index, ...staged.consts, ...xs);
  return staged.outTree.unflatten(outs) as Traced<T>;
}

function isTruthy(x: ScalarValue): boolean {
  return typeof x === 'object' ? x.re !== 0 || x.im !== 0 : Boolean(x);
}

function inJs(op: string, f: Fun, args: unknown): unknown {
  const { leaves: outs, def } = resultsOf((f as (...a: unknown[]) => unknown)(...(args as unknown[])), op, 'the branch');
  return def.unflatten(outs);
}

/**
 * One of several functions of the operands, chosen by an index, which is clamped into range. Mirrors `jax.lax.switch`; `lax.switch` in the namespace.
 *
 * @param index an integer scalar
 * @param branches functions of the operands with results of one structure, shapes and dtypes
 * @throws DtypeError where the index is not an integer; ArgumentError where there are no branches; as {@link cond} else
 * @example
 * lax.switch(1, [(x) => x, (x) => x.mul(2), (x) => x.mul(3)], np.array([1, 2])).js(); // [2, 4]
 */
export function switch_<A extends readonly unknown[], T>(index: ArrayLike, branches: readonly ((...operands: { [K in keyof A]: Traced<A[K]> }) => T)[], ...operands: A): Traced<T> {
  const op = 'switch';
  if (!globalThis.Array.isArray(branches) || branches.length === 0) throw new ArgumentError(`${op}: expected branches to be an array of functions, got ${globalThis.Array.isArray(branches) ? 'an empty one' : describeValue(branches)}`);
  branches.forEach((f, i) => checkFunction(op, `branches[${i}]`, f));
  const at = asArray(index, `${op}: index`);
  if (at.ndim !== 0) throw new ShapeError(`${op}: expected index to be a scalar, got ${at.aval}`);
  if (!/^u?int/.test(at.dtype)) throw new DtypeError(`${op}: expected index to be an integer, got ${typeof index === 'number' ? index : at.aval}`);
  const { leaves: xs, def: tree } = arraysOf(operands, `${op}: operands`);
  const last = branches.length - 1;
  const literal = at instanceof ConcreteArray ? at.literal : null;
  const fixed = literal !== null || runsInJs() ? Math.min(Math.max(Number(at.item()), 0), last) : null;
  if (last === 0 || (runsInJs() && fixed !== null)) return inJs(op, branches[fixed ?? 0] as unknown as Fun, tree.unflatten(xs)) as Traced<T>;
  const staged = stageBranches(op, branches.map((_, i) => `branches[${i}]`), branches as unknown as Fun[], xs, tree);
  const clamped = fixed !== null ? scalar(fixed, 'int32') : clamp(scalar(0, 'int32'), convert(at, 'int32'), scalar(last, 'int32'));
  return staged.outTree.unflatten(condP.bind({ branches: staged.closed }, clamped, ...staged.consts, ...xs)) as Traced<T>;
}

/** Functions by the platform they are for: 'cpu', 'cuda', 'rocm', 'tpu' …, and `default`, for others. */
export type PlatformBranches<A extends readonly unknown[], T> = { readonly [platform: string]: ((...args: A) => T) | undefined; readonly default?: (...args: A) => T };

/**
 * Applies the function that is for the platform that programs run on, or `default`. A process has one platform, so that the others are not traced.
 * Mirrors `jax.lax.platform_dependent`, the branches in an object that comes last.
 *
 * @throws ArgumentError if there is none for the platform
 * @example
 * lax.platformDependent(np.array([1, 4]), { cpu: (x) => np.sqrt(x), default: (x) => np.power(x, 0.5) }); // [1, 2]
 */
export function platformDependent<A extends readonly unknown[], T>(...args: [...A, PlatformBranches<A, T>]): T {
  const op = 'platformDependent';
  const branches = args[args.length - 1] as PlatformBranches<A, T>;
  if (!isPlainObject(branches)) throw new ArgumentError(`${op}: expected an object of functions by platform as the last argument, got ${describeValue(branches)}`);
  for (const [name, f] of Object.entries(branches)) {
    if (name === 'gpu') throw new ArgumentError(`${op}: expected 'cuda' or 'rocm', got 'gpu'`);
    checkFunction(op, `the branch of '${name}'`, f);
  }
  const { platform } = backend();
  const chosen = (Object.hasOwn(branches, platform) ? branches[platform] : undefined) ?? branches.default;
  if (chosen === undefined) throw new ArgumentError(`${op}: expected a branch for '${platform}', the platform in use, or a default, got ${Object.keys(branches).join(', ') || 'none'}`);
  return chosen(...(args.slice(0, -1) as unknown as A));
}
