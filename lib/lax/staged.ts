import type { Array, ScalarValue } from '../core/array';
import { sameShape, type ShapedArray } from '../core/aval';
import { config } from '../core/config';
import { promoteTypes } from '../core/dtype';
import { DtypeError, ShapeError, TreeError } from '../core/errors';
import type { ClosedJaxpr } from '../core/jaxpr';
import { internJaxpr } from '../core/jaxprKey';
import { isEager } from '../core/trace';
import { keystr, pathsOf, type TreeDef } from '../core/tree';
import { nameOf, resultsOf } from '../functional/treeFunction';
import { hoistConsts, stage } from '../interpreters/stage';
import { astype, type TypedArray } from './arrayLike';

/** A tree of what is taken for arrays as the tree of arrays that a traced function gets. */
export type Traced<T> =
  T extends Array | ScalarValue | TypedArray ? Array
    : T extends null | undefined | ReadonlyMap<unknown, unknown> | ((...args: never[]) => unknown) ? T
      : { [K in keyof T]: Traced<T[K]> };

export type Fun = (...args: never[]) => unknown;

/** The jaxpr of a loop's function. */
export interface StagedBody {
  closed: ClosedJaxpr;
  /** What the function captured: the first inputs of `closed`. */
  consts: Array[];
  outTree: TreeDef;
}

/** Traces a loop's function; `args` gives its arguments from arrays, `adjust` checks and converts the arrays of its result. */
export function stageBody(op: string, what: string, f: Fun, avals: readonly ShapedArray[], args: (xs: Array[]) => unknown[], adjust: (outs: Array[], tree: TreeDef) => Array[]): StagedBody {
  let outTree!: TreeDef;
  const staged = stage((xs) => {
    const { leaves, def } = resultsOf((f as (...a: unknown[]) => unknown)(...args(xs)), op, what);
    outTree = def;
    return adjust(leaves, def);
  }, avals, nameOf(f, what));
  const { closed, consts } = hoistConsts(staged);
  return { closed: internJaxpr(closed), consts, outTree };
}

/** Whether a weak result takes the other type by promotion. */
export function givesWay(weak: ShapedArray, other: ShapedArray): boolean {
  return weak.weakType && weak.dtype !== other.dtype && sameShape(weak.shape, other.shape) && promoteTypes(weak, other).dtype === other.dtype;
}

/** Plain numbers among results become arrays of the type that is expected there. */
export function adopt(outs: readonly Array[], wanted: readonly ShapedArray[]): Array[] {
  return outs.map((x, i) => (wanted[i] !== undefined && givesWay(x.aval, wanted[i]!) ? astype(x, wanted[i]!.dtype, wanted[i]!.weakType) : x));
}

export function checkSameTree(op: string, what: string, given: TreeDef, got: TreeDef): void {
  if (!given.equals(got)) throw new TreeError(`${op}: expected ${what} to have one structure in and out, but they differ: in ${given}, out ${got}`);
}

/** Throws if types in and out differ, naming both and where. */
export function checkSameTypes(op: string, what: string, tree: TreeDef, ins: readonly ShapedArray[], outs: readonly ShapedArray[]): void {
  const paths = pathsOf(tree);
  const bad = ins.flatMap((a, i) => (a.matches(outs[i]!) ? [] : [`${paths[i]!.length > 0 ? `at ${keystr(paths[i]!)} ` : ''}the input is of type ${a}, the output of type ${outs[i]}`]));
  if (bad.length === 0) return;
  const message = `${op}: expected ${what} to have equal types in and out, but they differ: ${bad.join('; ')}`;
  throw ins.every((a, i) => a.dtype === outs[i]!.dtype) ? new ShapeError(message) : new DtypeError(message);
}

/** Weakly typed arrays whose type the loop changes, in the changed type; null where there are none. */
export function promoteWeak(carry: readonly Array[], outs: readonly ShapedArray[]): Array[] | null {
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

export const avalsOf = (xs: readonly Array[]) => xs.map((x) => x.aval);

/** Whether operations are to run one by one, by the debugging switches, and may. */
export function runsInJs(): boolean {
  return (config.disableJit || config.debugNans || config.debugInfs) && isEager();
}
