import { sameShape } from '../core/aval';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { evalShape as pureEvalShape, ShapeDtypeStruct } from '../functional/staging';
import { type AnyFunction, arraysOf } from '../functional/treeFunction';
import type { State } from '../state/state';
import { type Effects, PureFunction } from './pure';
import { probing } from './throwaway';

// States through loops and branches: what they write goes in and out of them as values.

/** The states that a function writes when it is run on arguments of these types; nothing is computed. */
export function writtenBy(f: AnyFunction, args: readonly unknown[], what: string): State<unknown>[] {
  const pure = new PureFunction(f, [], what);
  try {
    probing(() => pureEvalShape((...xs: unknown[]) => {
      const [result, { writes }] = pure.run([], ...xs);
      return [result ?? null, writes];
    }, ...args));
    return pure.written;
  } finally {
    pure.close();
  }
}

export function union(lists: readonly State<unknown>[][]): State<unknown>[] {
  return [...new Set(lists.flat())];
}

/** Checks that a step of a loop leaves a state's arrays with the types that it found: shapes, and dtypes that are not weak. */
function checkKept(what: string, s: State<unknown>, before: unknown, after: unknown): void {
  const [was, is] = [arraysOf(before, what), arraysOf(after, what)];
  was.leaves.forEach((x, i) => {
    const y = is.leaves[i]!;
    const shapes = !sameShape(x.shape, y.shape);
    if (!shapes && (x.weakType || x.dtype === y.dtype)) return;
    throw new (shapes ? ShapeError : DtypeError)(`${what}: a loop must leave states with the types that it finds, but the function changes ${s.describe()} from ${x.aval} to ${y.aval}`);
  });
}

/**
 * A function of states' values and arguments that gives its result and the states' values afterwards, for states it may write.
 *
 * @param step whether it is the step of a loop, which must keep the values' types
 */
export function threaded(f: AnyFunction, states: readonly State<unknown>[], what: string, step = false): (values: readonly unknown[], ...args: unknown[]) => [unknown, unknown[]] {
  return (values, ...args) => {
    const pure = new PureFunction(f, states, what);
    try {
      const [result, { writes }] = pure.run(values, ...args) as [unknown, Effects];
      return [result, states.map((s, i) => {
        const w = pure.written.indexOf(s);
        if (w < 0) return values[i];
        if (step) checkKept(what, s, values[i], writes[w]);
        return writes[w];
      })];
    } finally {
      pure.close();
    }
  };
}

export function read(states: readonly State<unknown>[]): unknown[] {
  return states.map((s) => s.value);
}

export function write(states: readonly State<unknown>[], values: readonly unknown[]): void {
  states.forEach((s, i) => {
    s.writeBack(values[i]);
  });
}

/** Types of one slice along the leading axis of a tree of arrays. */
export function sliceTypes(xs: unknown, what: string): unknown {
  if (xs === null || xs === undefined) return null;
  const { leaves, def } = arraysOf(xs, what);
  return def.unflatten(leaves.map((x) => {
    if (x.ndim === 0) throw new ArgumentError(`${what}: expected arrays with a leading axis to loop over, got ${x.aval}; np.arange(n) loops n times`);
    return new ShapeDtypeStruct(x.shape.slice(1), x.dtype, { weakType: x.weakType });
  }));
}

/** Number of steps of a loop over the leading axis of a tree. */
export function lengthOf(op: string, xs: unknown, length: number | undefined): number {
  const { leaves } = arraysOf(xs, op);
  const sizes = [...new Set(leaves.map((x) => {
    if (x.ndim === 0) throw new ArgumentError(`${op}: expected arrays with a leading axis to loop over, got ${x.aval}; np.arange(n) loops n times`);
    return x.shape[0]!;
  }))];
  if (sizes.length > 1) throw new ArgumentError(`${op}: expected arrays of one leading size, got sizes ${sizes.join(', ')}`);
  const n = length ?? sizes[0];
  if (n === undefined) throw new ArgumentError(`${op}: expected arrays to loop over, or the option length`);
  if (sizes.length > 0 && n !== sizes[0]) throw new ArgumentError(`${op}: expected arrays of leading size ${n}, the length given, got size ${sizes[0]}`);
  return n;
}
