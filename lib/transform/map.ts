import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { trailingOptions } from '../functional/trailingOptions';
import { type AnyFunction, arraysOf, type Loose } from '../functional/treeFunction';
import type { Traced } from '../lax/control';
import { concatenate, reshape, sliceInDim } from '../primitives/structural';
import { KeyState } from '../random/keyState';
import { BrainStateError } from '../state/errors';
import { asFunction, type Callable } from './callable';
import { forLoop } from './controlFlow';
import { sliceTypes, writtenBy } from './threading';
import { vmap } from './vmap';

/**
 * Applies a function to each entry along the leading axis of its arguments, one after another (`map(f, ...xs)`), or `batchSize` at once
 * (`map(f, ...xs, { batchSize })`), and stacks the results.
 *
 * Mirrors `brainstate.transform.map`. One after another, states are carried along as in `forLoop`.
 *
 * @throws ArgumentError for arguments without a common leading axis
 * @throws BrainStateError with `batchSize` for a function that writes states (other than random ones)
 * @example
 * ```ts
 * transform.map((x: np.Array) => np.sum(np.square(x)), np.ones([10, 3]), { batchSize: 4 });
 * ```
 */
export function map<Y>(f: (...entries: Loose[]) => Y, ...rest: unknown[]): Traced<Y>;
export function map<Y>(module: { call(...entries: Loose[]): Y; apply?: never }, ...rest: unknown[]): Traced<Y>;
export function map(given: Callable, ...rest: unknown[]): Loose {
  const op = 'map';
  const f = asFunction(given, op);
  const { args: xs, options } = trailingOptions<{ batchSize?: number | null }>(rest, ['batchSize']);
  const { leaves, def } = arraysOf(xs, op);
  if (leaves.length === 0) throw new ArgumentError(`${op}: expected at least one array to map over`);
  for (const x of leaves) if (x.ndim === 0) throw new ArgumentError(`${op}: expected arrays with a leading axis to map over, got ${x.aval}`);
  const n = leaves[0]!.shape[0]!;
  for (const x of leaves) if (x.shape[0] !== n) throw new ArgumentError(`${op}: expected arrays of one leading size, got ${n} and ${x.shape[0]}`);
  const size = options.batchSize ?? null;
  if (size === null) return forLoop(f, ...xs);
  checkInteger(op, 'batchSize', size, 1);
  const written = writtenBy(f, sliceTypes(xs, op) as unknown[], op).filter((s) => !(s instanceof KeyState));
  if (written.length > 0) throw new BrainStateError(`${op}: with batchSize the function must not write states, but it writes ${written.map((s) => s.describe()).join(', ')}; leave batchSize out, or use vmap`);
  const mapped = vmap(f) as AnyFunction;
  const whole = Math.floor(n / size);
  const rows = (from: number, to: number) => def.unflatten(leaves.map((x) => sliceInDim(x, from, to, 0))) as unknown[];
  const parts: unknown[] = [];
  // Without a whole batch there is only the rest, and of no entries neither.
  if (whole > 0 || n === 0) {
    const batches = def.unflatten(leaves.map((x) => reshape(sliceInDim(x, 0, whole * size, 0), [whole, size, ...x.shape.slice(1)]))) as unknown[];
    const ys = arraysOf(forLoop(mapped, ...batches), op);
    parts.push(ys.def.unflatten(ys.leaves.map((y) => reshape(y, [whole * size, ...y.shape.slice(2)]))));
  }
  if (n > whole * size) parts.push(mapped(...rows(whole * size, n)));
  if (parts.length === 1) return parts[0];
  const [head, tail] = parts.map((p) => arraysOf(p, op));
  return head!.def.unflatten(head!.leaves.map((y, i) => concatenate([y, tail!.leaves[i]!], 0)));
}
