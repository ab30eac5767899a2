import { type Array, ConcreteArray, type ScalarValue } from '../core/array';
import { sameShape, type ShapedArray } from '../core/aval';
import { backend } from '../core/backend';
import { config } from '../core/config';
import { dtypeKind, promoteTypes } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors';
import { ClosedJaxpr, Jaxpr, Var } from '../core/jaxpr';
import { internJaxpr } from '../core/jaxprKey';
import { isEager } from '../core/trace';
import { flatten, keystr, pathsOf, type TreeDef } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import { batchFlat, materialize } from '../interpreters/batch';
import { hoistConsts, stage } from '../interpreters/stage';
import { condP, scanP, whileP } from '../primitives/control';
import { add, clamp, lt, ne } from '../primitives/elementwise';
import { broadcastInDim, concatenate, convert, indexInDim, like, reshape, rev, scalar, sliceInDim } from '../primitives/structural';
import { type ArrayLike, asArray, astype, describeValue, type TypedArray } from './arrayLike';

/** A tree of what is taken for arrays as the tree of arrays that a traced function gets. */
export type Traced<T> =
  T extends Array | ScalarValue | TypedArray ? Array
    : T extends null | undefined | ReadonlyMap<unknown, unknown> | ((...args: never[]) => unknown) ? T
      : { [K in keyof T]: Traced<T[K]> };

type Fun = (...args: never[]) => unknown;

function nameOf(f: Fun, fallback: string): string {
  return f.name === '' ? fallback : f.name;
}

/** Throws unless an argument is a function. */
export function checkFunction(op: string, what: string, f: unknown): void {
  if (typeof f !== 'function') throw new ArgumentError(`${op}: expected ${what} to be a function, got ${describeValue(f)}`);
}

/** Arrays and structure of a tree. */
function toArrays(op: string, what: string, tree: unknown): [Array[], TreeDef] {
  const [leaves, def] = flatten(tree, isArrayLeaf);
  return [leaves.map((x) => asArray(x as ArrayLike, `${op}: ${what}`)), def];
}

/** Arrays and structure of what a traced function returned. */
function returned(op: string, what: string, out: unknown): [Array[], TreeDef] {
  if (out === undefined) throw new ArgumentError(`${op}: expected ${what} to return a tree of arrays, got undefined; is a return statement missing?`);
  if (typeof (out as { then?: unknown } | null)?.then === 'function') throw new ArgumentError(`${op}: expected ${what} to return a tree of arrays, got a Promise: traced functions cannot be async`);
  return toArrays(op, `the result of ${what}`, out);
}

interface StagedTree {
  closed: ClosedJaxpr;
  /** What the function captured: the first inputs of `closed`. */
  consts: Array[];
  outTree: TreeDef;
}

/** Traces a function on trees; `flat` gives the function's arguments from arrays and adjusts the arrays it gives. */
function stageTree(op: string, what: string, f: Fun, avals: readonly ShapedArray[], args: (xs: Array[]) => unknown[], adjust?: (outs: Array[], tree: TreeDef) => Array[]): StagedTree {
  let outTree!: TreeDef;
  const staged = stage((xs) => {
    const [outs, tree] = returned(op, what, (f as (...a: unknown[]) => unknown)(...args(xs)));
    outTree = tree;
    return adjust ? adjust(outs, tree) : outs;
  }, avals, nameOf(f, what));
  const { closed, consts } = hoistConsts(staged);
  return { closed: internJaxpr(closed), consts, outTree };
}

/** Whether a weak result takes the other type by promotion. */
function givesWay(weak: ShapedArray, other: ShapedArray): boolean {
  return weak.weakType && weak.dtype !== other.dtype && sameShape(weak.shape, other.shape) && promoteTypes(weak, other).dtype === other.dtype;
}

/** Plain numbers among results become arrays of the type that is expected there. */
function adopt(outs: readonly Array[], wanted: readonly ShapedArray[]): Array[] {
  return outs.map((x, i) => (wanted[i] !== undefined && givesWay(x.aval, wanted[i]!) ? astype(x, wanted[i]!.dtype, wanted[i]!.weakType) : x));
}

function checkSameTree(op: string, what: string, given: TreeDef, got: TreeDef): void {
  if (!given.equals(got)) throw new TreeError(`${op}: expected ${what} to have one structure in and out, but they differ: in ${given}, out ${got}`);
}

/** Throws if types in and out differ, naming both and where. */
function checkSameTypes(op: string, what: string, tree: TreeDef, ins: readonly ShapedArray[], outs: readonly ShapedArray[]): void {
  const paths = pathsOf(tree);
  const bad = ins.flatMap((a, i) => (a.matches(outs[i]!) ? [] : [`${paths[i]!.length > 0 ? `at ${keystr(paths[i]!)} ` : ''}the input is of type ${a}, the output of type ${outs[i]}`]));
  if (bad.length === 0) return;
  const message = `${op}: expected ${what} to have equal types in and out, but they differ: ${bad.join('; ')}`;
  throw ins.every((a, i) => a.dtype === outs[i]!.dtype) ? new ShapeError(message) : new DtypeError(message);
}

/** Weakly typed arrays whose type the loop changes, in the changed type; null where there are none. */
function promoteWeak(carry: readonly Array[], outs: readonly ShapedArray[]): Array[] | null {
  let changed = false;
  const promoted = carry.map((x, i) => {
    const out = outs[i]!;
    if (!x.weakType || x.dtype === out.dtype || !sameShape(x.shape, out.shape)) return x;
    const t = promoteTypes(x.aval, out);
    if (t.dtype === x.dtype) return x;
    changed = true;
    return astype(x, t.dtype, t.weakType);
  });
  return changed ? promoted : null;
}

const avalsOf = (xs: readonly Array[]) => xs.map((x) => x.aval);

// ---- scan ----

/** Options of {@link scan}. */
export interface ScanOptions {
  /** Number of steps; needed where there is nothing to scan over. */
  length?: number;
  /** From the last entry to the first; results are stacked in the order of the entries. */
  reverse?: boolean;
  /** Steps in one step of the compiled loop: a whole number, or true for no loop at all. */
  unroll?: number | boolean;
}

function checkUnroll(op: string, unroll: unknown, length: number): number {
  if (typeof unroll === 'boolean') return unroll ? Math.max(length, 1) : 1;
  if (typeof unroll !== 'number' || !Number.isInteger(unroll) || unroll < 1) throw new ArgumentError(`${op}: expected unroll to be a boolean or a positive integer, got ${String(unroll)}`);
  return unroll;
}

function scanLength(op: string, xs: readonly Array[], def: TreeDef, length: number | null | undefined): number {
  if (length !== undefined && length !== null && (!Number.isInteger(length) || length < 0)) throw new ArgumentError(`${op}: expected length to be a non-negative integer, got ${String(length)}`);
  const paths = pathsOf(def);
  xs.forEach((x, i) => {
    if (x.ndim === 0) throw new ShapeError(`${op}: expected arrays with a leading axis to scan over, got one of type ${x.aval}${paths[i]!.length > 0 ? ` at ${keystr(paths[i]!)}` : ''}`);
  });
  const sizes = [...new Set(xs.map((x) => x.shape[0]!))];
  if (sizes.length > 1) throw new ShapeError(`${op}: expected arrays with one leading axis size, got sizes ${sizes.join(', ')} (${xs.map((x) => x.aval).join(', ')})`);
  if (sizes.length === 0 && (length === undefined || length === null)) throw new ArgumentError(`${op}: expected arrays to scan over, or the option length`);
  if (sizes.length === 1 && length !== undefined && length !== null && length !== sizes[0]) throw new ShapeError(`${op}: expected arrays of leading size ${length}, the length given, got size ${sizes[0]}`);
  return sizes[0] ?? length!;
}

/** Whether operations are to run one by one, by the debugging switches, and may. */
function runsInJs(): boolean {
  return (config.disableJit || config.debugNans || config.debugInfs) && isEager();
}

/**
 * Applies a function to each entry of arrays in turn, carrying a value along. Mirrors `jax.lax.scan`.
 *
 * @param f from the carry and one entry of `xs` to `[carry, y]`; traced once
 * @param init the first carry: a tree, whose structure, shapes and dtypes `f` keeps
 * @param xs a tree of arrays with one leading axis size, or null
 * @returns the last carry, and the ys stacked along a new leading axis
 * @throws TreeError, ShapeError or DtypeError where the carry changes its structure or types
 * @example
 * const [total, sums] = lax.scan((c, x) => [c.add(x), c], 0, np.array([1, 2, 3]));   // 6, [0, 1, 3]
 */
export function scan<C, X, Y>(f: (carry: Traced<C>, x: Traced<X>) => readonly [unknown, Y], init: C, xs: X, options: ScanOptions = {}): [Traced<C>, Traced<Y>] {
  const op = 'scan';
  checkFunction(op, 'f', f);
  const reverse = options.reverse ?? false;
  let [carry, carryTree] = toArrays(op, 'init', init);
  const [scanned, xsTree] = toArrays(op, 'xs', xs);
  const length = scanLength(op, scanned, xsTree, options.length);
  const unroll = checkUnroll(op, options.unroll ?? 1, length);
  const n = carry.length;
  const pair = (out: unknown) => {
    if (out !== undefined && typeof (out as { then?: unknown } | null)?.then !== 'function' && (!globalThis.Array.isArray(out) || out.length !== 2)) {
      throw new ArgumentError(`${op}: expected f to return [carry, y], got ${globalThis.Array.isArray(out) ? `an array of length ${out.length}` : describeValue(out)}`);
    }
    return out;
  };
  const body = (...args: unknown[]) => pair((f as (...a: unknown[]) => unknown)(...args));
  Object.defineProperty(body, 'name', { value: nameOf(f as Fun, 'body') });

  if (runsInJs() && length > 0) return scanInJs(body, carry, carryTree, scanned, xsTree, length, reverse) as [Traced<C>, Traced<Y>];

  const entries = scanned.map((x) => x.aval.withShape(x.shape.slice(1)));
  const run = () => stageTree(op, 'f', body as Fun, [...avalsOf(carry), ...entries], (args) => [carryTree.unflatten(args.slice(0, n)), xsTree.unflatten(args.slice(n))], (outs, tree) => {
    checkSameTree(op, 'the carry', carryTree, tree.children[0]!);
    return [...adopt(outs.slice(0, n), avalsOf(carry)), ...outs.slice(n)];
  });
  let staged = run();
  const promoted = promoteWeak(carry, staged.closed.outAvals.slice(0, n));
  if (promoted) {
    carry = promoted;
    staged = run();
  }
  checkSameTypes(op, 'the carry', carryTree, avalsOf(carry), staged.closed.outAvals.slice(0, n));
  const outs = scanP.bind(
    { jaxpr: staged.closed, length, numCarry: n, numConsts: staged.consts.length, reverse, unroll },
    ...staged.consts, ...carry, ...scanned,
  );
  return [carryTree.unflatten(outs.slice(0, n)), staged.outTree.children[1]!.unflatten(outs.slice(n))] as [Traced<C>, Traced<Y>];
}

/** The loop step by step, for the debugging switches; carries are checked and take types as in the compiled one. */
function scanInJs(body: (...args: unknown[]) => unknown, init: readonly Array[], carryTree: TreeDef, xs: readonly Array[], xsTree: TreeDef, length: number, reverse: boolean): unknown[] {
  let carry = init;
  const rows: Array[][] = [];
  let ysTree!: TreeDef;
  const step = (i: number): { next: Array[]; ys: Array[] } => {
    const out = body(carryTree.unflatten(carry), xsTree.unflatten(xs.map((x) => indexInDim(x, i, 0)))) as [unknown, unknown];
    returned('scan', 'f', out);
    const [next, def] = toArrays('scan', 'the carry', out[0]);
    checkSameTree('scan', 'the carry', carryTree, def);
    const [ys, tree] = toArrays('scan', 'y', out[1]);
    ysTree = tree;
    return { next: adopt(next, avalsOf(carry)), ys };
  };
  for (let k = 0; k < length; k++) {
    const i = reverse ? length - 1 - k : k;
    let r = step(i);
    const promoted = k === 0 ? promoteWeak(carry, avalsOf(r.next)) : null;
    if (promoted) {
      carry = promoted;
      r = step(i);
    }
    checkSameTypes('scan', 'the carry', carryTree, avalsOf(carry), avalsOf(r.next));
    carry = r.next;
    rows[i] = r.ys;
  }
  const stacked = rows[0]!.map((_, j) => concatenate(rows.map((r) => reshape(r[j]!, [1, ...r[j]!.shape])), 0));
  return [carryTree.unflatten(carry), ysTree.unflatten(stacked)];
}

// ---- while ----

/**
 * Applies `body` to a value as long as `cond` of it holds. Mirrors `jax.lax.while_loop`.
 *
 * The number of steps is not known before, so that only forward-mode derivatives exist; use {@link scan}, or {@link foriLoop} with static bounds,
 * for reverse mode.
 *
 * @param cond from the value to a bool scalar
 * @param body from the value to the next one, of the same structure, shapes and dtypes
 * @param init the first value: a tree
 * @throws TreeError, ShapeError or DtypeError where `body` changes structure or types, DtypeError where `cond` does not give one bool
 * @example
 * lax.whileLoop((x) => x.less(100), (x) => x.mul(2), 1);   // 128
 */
export function whileLoop<T>(cond: (value: Traced<T>) => unknown, body: (value: Traced<T>) => unknown, init: T): Traced<T> {
  const op = 'whileLoop';
  checkFunction(op, 'cond', cond);
  checkFunction(op, 'body', body);
  let [carry, tree] = toArrays(op, 'init', init);
  const args = (xs: Array[]) => [tree.unflatten(xs)];
  if (runsInJs()) {
    let value = tree.unflatten(carry) as Traced<T>;
    for (;;) {
      const going = predicate(op, cond(value));
      if (going.item() !== true) return value;
      const [next, def] = returned(op, 'body', body(value));
      checkSameTree(op, 'the value', tree, def);
      value = def.unflatten(adopt(next, avalsOf(carry))) as Traced<T>;
    }
  }
  const run = () => stageTree(op, 'body', body as Fun, avalsOf(carry), args, (outs, def) => {
    checkSameTree(op, 'the value', tree, def);
    return adopt(outs, avalsOf(carry));
  });
  let staged = run();
  const promoted = promoteWeak(carry, staged.closed.outAvals);
  if (promoted) {
    carry = promoted;
    staged = run();
  }
  checkSameTypes(op, 'the value', tree, avalsOf(carry), staged.closed.outAvals);
  const test = stageTree(op, 'cond', cond as Fun, avalsOf(carry), args, (outs, def) => {
    if (def.kind !== 'leaf') throw new TreeError(`${op}: expected cond to return one bool scalar, got ${def}`);
    return [predicate(op, outs[0])];
  });
  const outs = whileP.bind(
    { condNconsts: test.consts.length, condJaxpr: test.closed, bodyNconsts: staged.consts.length, bodyJaxpr: staged.closed },
    ...test.consts, ...staged.consts, ...carry,
  );
  return tree.unflatten(outs) as Traced<T>;
}

function predicate(op: string, x: unknown): Array {
  const pred = asArray(x as ArrayLike, `${op}: the result of cond`);
  if (pred.ndim !== 0) throw new ShapeError(`${op}: expected cond to return a bool scalar, got ${pred.aval}`);
  if (pred.dtype !== 'bool') throw new DtypeError(`${op}: expected cond to return a bool scalar, got ${pred.aval}`);
  return pred;
}

/** The value of a loop bound that is known while tracing, or null. */
function staticBound(op: string, what: string, x: ArrayLike): number | null {
  const a = asArray(x, `${op}: ${what}`);
  const kind = dtypeKind(a.dtype);
  if (a.ndim !== 0 || (kind !== 'int' && kind !== 'uint')) throw new DtypeError(`${op}: expected ${what} to be an integer scalar, got ${typeof x === 'number' ? x : a.aval}`);
  return a instanceof ConcreteArray ? Number(a.item()) : null;
}

/**
 * Applies `body` for each integer of a range, carrying a value along. Mirrors `jax.lax.fori_loop`.
 *
 * Where both bounds are known, it is a scan, with derivatives of both modes; else a while loop.
 *
 * @param lower first integer
 * @param upper the integer to stop before
 * @param body from the integer (an int32 scalar) and the value to the next value
 * @param init the first value: a tree
 * @param options `unroll`, as in {@link scan}; only where bounds are known
 * @throws as {@link scan}; ArgumentError where `unroll` is given and bounds are not known
 * @example
 * lax.foriLoop(0, 5, (i, x) => x.add(i), 0);   // 10
 */
export function foriLoop<T>(lower: ArrayLike, upper: ArrayLike, body: (i: Array, value: Traced<T>) => unknown, init: T, options: { unroll?: number | boolean } = {}): Traced<T> {
  const op = 'foriLoop';
  checkFunction(op, 'body', body);
  const from = staticBound(op, 'lower', lower);
  const to = staticBound(op, 'upper', upper);
  const [carry, tree] = toArrays(op, 'init', init);
  if (from !== null && to !== null) {
    const start = astype(asArray(lower), asArray(lower).dtype, true);
    const step = (c: [Array, unknown]) => [[add(c[0], scalar(1, c[0].dtype, true)), body(c[0], c[1] as Traced<T>)], null] as const;
    Object.defineProperty(step, 'name', { value: nameOf(body as Fun, 'body') });
    const first = from === Number((start as ConcreteArray).literal) ? start : scalar(from, start.dtype, true);
    const [[, out]] = scan(step as never, [first, tree.unflatten(carry)], null, { length: Math.max(to - from, 0), unroll: options.unroll ?? false }) as unknown as [[Array, Traced<T>], null];
    return out;
  }
  if (options.unroll !== undefined && options.unroll !== false && options.unroll !== 1) throw new ArgumentError(`${op}: expected no option unroll where the bounds are not known while tracing, got ${String(options.unroll)}`);
  const [lo, hi] = [asArray(lower), asArray(upper)];
  const t = promoteTypes(lo.aval, hi.aval);
  const bound = (x: Array) => astype(x, t.dtype, t.weakType);
  const step = ([i, n, x]: [Array, Array, unknown]) => [add(i, scalar(1, i.dtype, true)), n, body(i, x as Traced<T>)];
  const out = whileLoop(([i, n]: [Array, Array, unknown]) => lt(i, n), step as never, [bound(lo), bound(hi), tree.unflatten(carry)] as never) as unknown as [Array, Array, Traced<T>];
  return out[2];
}

// ---- branches ----

/** Stages branches on the same operands: what any of them captured is an input of all. */
function stageBranches(op: string, names: readonly string[], branches: readonly Fun[], operands: readonly Array[], tree: TreeDef): { closed: ClosedJaxpr[]; consts: Array[]; outTree: TreeDef } {
  const args = (xs: Array[]) => tree.unflatten(xs) as unknown[];
  let wanted: (ShapedArray | undefined)[] = [];
  const once = () => branches.map((f, k) => {
    let outTree!: TreeDef;
    const staged = stage((xs) => {
      const [outs, def] = returned(op, names[k]!, (f as (...a: unknown[]) => unknown)(...args(xs)));
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
  const [xs, tree] = toArrays(op, 'operands', operands);
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
  const [outs, def] = returned(op, 'the branch', (f as (...a: unknown[]) => unknown)(...(args as unknown[])));
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
  const [xs, tree] = toArrays(op, 'operands', operands);
  const last = branches.length - 1;
  const literal = at instanceof ConcreteArray ? at.literal : null;
  const fixed = literal !== null || runsInJs() ? Math.min(Math.max(Number(at.item()), 0), last) : null;
  if (last === 0 || (runsInJs() && fixed !== null)) return inJs(op, branches[fixed ?? 0] as unknown as Fun, tree.unflatten(xs)) as Traced<T>;
  const staged = stageBranches(op, branches.map((_, i) => `branches[${i}]`), branches as unknown as Fun[], xs, tree);
  const clamped = fixed !== null ? scalar(fixed, 'int32') : clamp(scalar(0, 'int32'), convert(at, 'int32'), scalar(last, 'int32'));
  return staged.outTree.unflatten(condP.bind({ branches: staged.closed }, clamped, ...staged.consts, ...xs)) as Traced<T>;
}

// ---- map, associative scan ----

/**
 * Applies a function to each entry of arrays, one after another or some at once, and stacks the results. Mirrors `jax.lax.map`.
 *
 * @param f of one entry of each array
 * @param xs a tree of arrays with one leading axis size
 * @param options `batchSize`: how many entries to compute at once, as `vmap` does; one by default
 * @throws ArgumentError unless `batchSize` is a positive integer
 * @example
 * lax.map((x) => x.mul(x), np.array([1, 2, 3]));   // [1, 4, 9]
 */
export function map<X, Y>(f: (x: Traced<X>) => Y, xs: X, options: { batchSize?: number | null } = {}): Traced<Y> {
  const op = 'map';
  checkFunction(op, 'f', f);
  const size = options.batchSize ?? null;
  if (size !== null && (!Number.isInteger(size) || size < 1)) throw new ArgumentError(`${op}: expected batchSize to be a positive integer, got ${String(size)}`);
  const step = (_: unknown, x: unknown) => {
    const y = f(x as Traced<X>);
    returned(op, 'f', y);
    return [null, y] as const;
  };
  if (size === null) return (scan(step as never, null, xs) as unknown as [null, Traced<Y>])[1];
  const [arrays, tree] = toArrays(op, 'xs', xs);
  const n = scanLength(op, arrays, tree, null);
  let outTree!: TreeDef;
  const mapped = (rows: Array[]): Array[] => {
    const count = rows[0]!.shape[0]!;
    const { outs, dims } = batchFlat((args) => {
      const [flat, def] = returned(op, 'f', f(tree.unflatten(args) as Traced<X>));
      outTree = def;
      return flat;
    }, { size: count, name: null }, rows, rows.map(() => 0));
    return outs.map((x, i) => materialize(x, dims[i]!, count));
  };
  const whole = Math.floor(n / size);
  const head = arrays.map((x) => reshape(sliceInDim(x, 0, whole * size, 0), [whole, size, ...x.shape.slice(1)]));
  const parts: Array[][] = [];
  if (whole > 0) {
    const [, ys] = scan(((_: unknown, rows: Array[]) => [null, mapped(rows)]) as never, null, head) as unknown as [null, Array[]];
    parts.push(ys.map((y) => reshape(y, [whole * size, ...y.shape.slice(2)])));
  }
  if (n > whole * size) parts.push(mapped(arrays.map((x) => sliceInDim(x, whole * size, n, 0))));
  if (parts.length === 0) return (scan(step as never, null, xs) as unknown as [null, Traced<Y>])[1];
  return outTree.unflatten(parts[0]!.map((_, i) => concatenate(parts.map((p) => p[i]!), 0))) as Traced<Y>;
}

/**
 * All partial results of an associative operation along an axis, in a number of steps logarithmic in its size. Mirrors `jax.lax.associative_scan`.
 *
 * @param f of two trees of arrays like `elems`, combined elementwise along the axis
 * @param elems a tree of arrays of one size along the axis
 * @param options `reverse`: from the end; `axis`: 0 by default
 * @throws ShapeError if the arrays have different sizes along the axis; TreeError if `f` gives another structure
 * @example
 * lax.associativeScan((a, b) => a.add(b), np.array([1, 2, 3]));   // [1, 3, 6]
 */
export function associativeScan<T>(f: (a: Traced<T>, b: Traced<T>) => unknown, elems: T, options: { reverse?: boolean; axis?: number } = {}): Traced<T> {
  const op = 'associativeScan';
  checkFunction(op, 'f', f);
  const [arrays, tree] = toArrays(op, 'elems', elems);
  const axis = options.axis ?? 0;
  if (!Number.isInteger(axis)) throw new ArgumentError(`${op}: expected axis to be an integer, got ${String(axis)}`);
  if (arrays.length === 0) return tree.unflatten(arrays) as Traced<T>;
  const at = axis < 0 ? axis + arrays[0]!.ndim : axis;
  for (const x of arrays) if (at < 0 || at >= x.ndim) throw new ShapeError(`${op}: axis ${axis} is out of range for ${x.aval}`);
  const n = arrays[0]!.shape[at]!;
  for (const x of arrays) if (x.shape[at] !== n) throw new ShapeError(`${op}: expected arrays of one size along axis ${axis}, got ${arrays.map((a) => a.aval).join(', ')}`);
  const combine = (a: readonly Array[], b: readonly Array[]): Array[] => {
    const [outs, def] = returned(op, 'f', f(tree.unflatten(a) as Traced<T>, tree.unflatten(b) as Traced<T>));
    if (!def.equals(tree)) throw new TreeError(`${op}: expected f to return a tree of structure ${tree}, got ${def}`);
    checkSameTypes(op, 'elems', tree, avalsOf(a), avalsOf(outs));
    return outs;
  };
  const part = (xs: readonly Array[], from: number, to: number, step: number) => xs.map((x) => sliceInDim(x, from, to, at, step));
  const run = (xs: readonly Array[]): readonly Array[] => {
    const size = xs[0]!.shape[at]!;
    if (size < 2) return xs;
    // Sums of neighbours, scanned, are the results at odd places; each even place adds its own to the odd one before.
    const pairs = combine(part(xs, 0, size - 1, 2), part(xs, 1, size, 2));
    const odd = run(pairs);
    const odds = odd[0]!.shape[at]!;
    const firsts = part(xs, 0, 1, 1);
    const even = size === 2 ? firsts : (() => {
      const rest = combine(size % 2 === 0 ? part(odd, 0, odds - 1, 1) : odd, part(xs, 2, size, 2));
      return firsts.map((x, i) => concatenate([x, rest[i]!], at));
    })();
    return even.map((e, i) => interleave(e, odd[i]!, at));
  };
  const flip = (xs: readonly Array[]) => (options.reverse ? xs.map((x) => rev(x, [at])) : xs);
  return tree.unflatten(flip(run(flip(arrays)))) as Traced<T>;
}

/** Entries of two arrays by turns along an axis; the first has as many as the second, or one more. */
function interleave(a: Array, b: Array, axis: number): Array {
  const n = b.shape[axis]!;
  const wide = (x: Array) => broadcastInDim(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)], x.shape.map((_, i) => (i <= axis ? i : i + 1)));
  const both = concatenate([wide(sliceInDim(a, 0, n, axis)), wide(b)], axis + 1);
  const flat = reshape(both, b.shape.map((s, i) => (i === axis ? 2 * n : s)));
  return a.shape[axis] === n ? flat : concatenate([flat, sliceInDim(a, n, n + 1, axis)], axis);
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
  if (typeof branches !== 'object' || branches === null || Object.getPrototypeOf(branches) !== Object.prototype) throw new ArgumentError(`${op}: expected an object of functions by platform as the last argument, got ${describeValue(branches)}`);
  for (const [name, f] of Object.entries(branches)) {
    if (name === 'gpu') throw new ArgumentError(`${op}: expected 'cuda' or 'rocm', got 'gpu'`);
    checkFunction(op, `the branch of '${name}'`, f);
  }
  const { platform } = backend();
  const chosen = (Object.hasOwn(branches, platform) ? branches[platform] : undefined) ?? branches.default;
  if (chosen === undefined) throw new ArgumentError(`${op}: expected a branch for '${platform}', the platform in use, or a default, got ${Object.keys(branches).join(', ') || 'none'}`);
  return chosen(...(args.slice(0, -1) as unknown as A));
}
