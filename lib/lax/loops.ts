import { type Array, ConcreteArray } from '../core/array';
import { dtypeKind, promoteTypes } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors';
import { keystr, pathsOf, type TreeDef } from '../core/tree';
import { checkFunction, checkInteger } from '../core/checks';
import { checkOptions } from '../functional/options';
import { arraysOf, nameOf, resultsOf } from '../functional/treeFunction';
import { isPromise } from '../pjrt/promises';
import { scanP, whileP } from '../primitives/control';
import { add, lt } from '../primitives/elementwise';
import { concatenate, indexInDim, reshape, scalar } from '../primitives/structural';
import { type ArrayLike, asArray, astype, describeValue } from './arrayLike';
import { adopt, avalsOf, checkSameTree, checkSameTypes, type Fun, promoteWeak, runsInJs, stageBody, type Traced } from './staged';

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

export function scanLength(op: string, xs: readonly Array[], def: TreeDef, length: number | null | undefined): number {
  if (length !== undefined && length !== null) checkInteger(op, 'length', length, 0);
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
  options = checkOptions('scan', ['length', 'reverse', 'unroll'], options);
  const op = 'scan';
  checkFunction(op, 'f', f);
  const reverse = options.reverse ?? false;
  let { leaves: carry, def: carryTree } = arraysOf(init, `${op}: init`);
  const { leaves: scanned, def: xsTree } = arraysOf(xs, `${op}: xs`);
  const length = scanLength(op, scanned, xsTree, options.length);
  const unroll = checkUnroll(op, options.unroll ?? 1, length);
  const n = carry.length;
  const pair = (out: unknown) => {
    if (out !== undefined && !isPromise(out) && (!globalThis.Array.isArray(out) || out.length !== 2)) {
      throw new ArgumentError(`${op}: expected f to return [carry, y], got ${globalThis.Array.isArray(out) ? `an array of length ${out.length}` : describeValue(out)}`);
    }
    return out;
  };
  const body = (...args: unknown[]) => pair((f as (...a: unknown[]) => unknown)(...args));
  Object.defineProperty(body, 'name', { value: nameOf(f, 'body') });

  if (runsInJs() && length > 0) return scanInJs(body, carry, carryTree, scanned, xsTree, length, reverse) as [Traced<C>, Traced<Y>];

  const entries = scanned.map((x) => x.aval.withShape(x.shape.slice(1)));
  const run = () => stageBody(op, 'f', body as Fun, [...avalsOf(carry), ...entries], (args) => [carryTree.unflatten(args.slice(0, n)), xsTree.unflatten(args.slice(n))], (outs, tree) => {
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
    resultsOf(out, 'scan', 'f');
    const { leaves: next, def } = arraysOf(out[0], 'scan: the carry');
    checkSameTree('scan', 'the carry', carryTree, def);
    const { leaves: ys, def: tree } = arraysOf(out[1], 'scan: y');
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
  let { leaves: carry, def: tree } = arraysOf(init, `${op}: init`);
  const args = (xs: Array[]) => [tree.unflatten(xs)];
  if (runsInJs()) {
    let value = tree.unflatten(carry) as Traced<T>;
    for (;;) {
      const going = predicate(op, cond(value));
      if (going.item() !== true) return value;
      const { leaves: next, def } = resultsOf(body(value), op, 'body');
      checkSameTree(op, 'the value', tree, def);
      value = def.unflatten(adopt(next, avalsOf(carry))) as Traced<T>;
    }
  }
  const run = () => stageBody(op, 'body', body as Fun, avalsOf(carry), args, (outs, def) => {
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
  const test = stageBody(op, 'cond', cond as Fun, avalsOf(carry), args, (outs, def) => {
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
  options = checkOptions('foriLoop', ['unroll'], options);
  const op = 'foriLoop';
  checkFunction(op, 'body', body);
  const [lowerType, upperType] = [asArray(lower).aval, asArray(upper).aval];
  if (!lowerType.weakType && !upperType.weakType && lowerType.dtype !== upperType.dtype) throw new DtypeError(`${op}: expected lower and upper to be of one dtype, got ${lowerType} and ${upperType}`);
  const from = staticBound(op, 'lower', lower);
  const to = staticBound(op, 'upper', upper);
  const { leaves: carry, def: tree } = arraysOf(init, `${op}: init`);
  if (from !== null && to !== null) {
    const start = astype(asArray(lower), asArray(lower).dtype, true);
    const step = (c: [Array, unknown]) => [[add(c[0], scalar(1, c[0].dtype, true)), body(c[0], c[1] as Traced<T>)], null] as const;
    Object.defineProperty(step, 'name', { value: nameOf(body, 'body') });
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
