import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { ArgumentError, DtypeError, ShapeError, XlastateError } from '../core/errors';
import { defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { materialize } from '../interpreters/batch';
import { reshape, sliceInDim } from './structural';

/**
 * Base of the errors that checks find. Mirrors `checkify.JaxRuntimeError` and its kinds.
 *
 * @example
 * ```ts
 * const [error] = checkify((x: Array) => (check(x.greater(0), 'x must be positive'), x))(np.array(-1));
 * try {
 *   error.throw();
 * } catch (e) {
 *   if (e instanceof CheckError) console.log(e.message);
 * }
 * ```
 */
export class CheckError extends XlastateError {
  /** The message alone, without the place in the user's code. */
  readonly text: string;
  constructor(message: string, options?: ErrorOptions) {
    super('CHECK', message, options);
    this.text = message;
  }
}

/**
 * The predicate of a `check` was false.
 *
 * @example
 * ```ts
 * const [error] = checkify((x: Array) => (check(x.greater(0), 'x must be positive'), x))(np.array(-1));
 * try {
 *   error.throw();
 * } catch (e) {
 *   if (e instanceof FailedCheckError) console.log(e.message);
 * }
 * ```
 */
export class FailedCheckError extends CheckError {}

/**
 * An operation gave NaN.
 *
 * @example
 * ```ts
 * const [error] = checkify((x: Array) => np.log(x), { errors: nanChecks })(np.array(-1));
 * try {
 *   error.throw();
 * } catch (e) {
 *   if (e instanceof NaNError) console.log(e.message);
 * }
 * ```
 */
export class NaNError extends CheckError {}

/**
 * A division by zero.
 *
 * @example
 * ```ts
 * const [error] = checkify((x: Array) => np.divide(1, x), { errors: divChecks })(np.array(0));
 * try {
 *   error.throw();
 * } catch (e) {
 *   if (e instanceof DivisionByZeroError) console.log(e.message);
 * }
 * ```
 */
export class DivisionByZeroError extends CheckError {}

/**
 * An index out of bounds.
 *
 * @example
 * ```ts
 * const [error] = checkify((i: Array) => np.index(np.arange(3), i), { errors: indexChecks })(np.array(5, { dtype: 'int32' }));
 * try {
 *   error.throw();
 * } catch (e) {
 *   if (e instanceof OOBError) console.log(e.message);
 * }
 * ```
 */
export class OOBError extends CheckError {}

/**
 * Several entries of a mapped axis failed.
 *
 * @example
 * ```ts
 * const f = checkify(vmap((x: Array) => (check(x.greater(0), 'x must be positive'), x)));
 * const [error] = f(np.array([1, -1]));
 * error.get(); // 'x must be positive (`check` failed)'
 * ```
 */
export class BatchedError extends CheckError {
  /** Position along the mapped axes, with what happened there. */
  readonly errors: readonly { index: readonly number[]; error: CheckError }[];
  constructor(errors: readonly { index: readonly number[]; error: CheckError }[]) {
    super(errors.map((e) => `at mapped index ${e.index.join(', ')}: ${e.error.text}`).join('\n'));
    this.errors = errors;
  }
}

/** The kinds of checks that can be switched on. */
export type CheckKind = 'user' | 'nan' | 'div' | 'oob';

/** One place in a program that can fail. */
export interface CheckSite {
  readonly kind: CheckKind;
  /** Types of the values that its message shows. */
  readonly payload: readonly ShapedArray[];
  readonly error: (payload: readonly Array[]) => CheckError;
}

/** Operands of `check`: whether it failed, which of the sites did, then the payloads of all sites; each with the same leading, mapped dimensions. */
export interface CheckParams {
  sites: readonly CheckSite[];
  /** Whether it may be left out where no `checkify` is around. */
  debug: boolean;
}

/** The error that failed flags, codes and payloads tell of; null if none. */
export function errorOf(sites: readonly CheckSite[], [failed, code, ...payloads]: readonly Array[]): CheckError | null {
  const flags = failed!.dataSync();
  const shape = failed!.shape;
  const found: { index: number[]; error: CheckError }[] = [];
  for (let i = 0; i < failed!.size; i++) {
    if (!flags.at(i)) continue;
    const k = Number(code!.dataSync().at(i));
    let first = 0;
    for (let j = 0; j < k; j++) first += sites[j]!.payload.length;
    const own = payloads.slice(first, first + sites[k]!.payload.length).map((x, j) => entryOf(x, i, sites[k]!.payload[j]!));
    const index: number[] = [];
    for (let d = shape.length - 1, rest = i; d >= 0; d--) {
      index.unshift(rest % shape[d]!);
      rest = Math.floor(rest / shape[d]!);
    }
    found.push({ index, error: sites[k]!.error(own) });
  }
  if (found.length === 0) return null;
  return shape.length === 0 ? found[0]!.error : new BatchedError(found);
}

/** Entry i, in row-major order of the mapped dimensions, as an array. */
function entryOf(x: Array, i: number, aval: ShapedArray): Array {
  if (x.ndim === aval.ndim) return x;
  return reshape(sliceInDim(reshape(x, [x.size / Math.max(1, aval.size), ...aval.shape]), i, i + 1, 0), aval.shape);
}

/** A check that `checkify` turns into a value. Mirrors JAX's `check`. */
export const checkP: MultiPrimitive<CheckParams> = defineMultiPrimitive<CheckParams>({
  name: 'check',
  abstract: ([failed, code, ...payloads], { sites }) => {
    if (failed!.dtype !== 'bool') throw new DtypeError(`check: expected the predicate to be of dtype bool, got ${failed}`);
    const wanted = sites.flatMap((s) => s.payload);
    if (payloads.length !== wanted.length) throw new ArgumentError(`check: expected ${wanted.length} values for the messages, got ${payloads.length}`);
    const mapped = failed!.ndim;
    payloads.forEach((p, i) => {
      if (p.ndim !== mapped + wanted[i]!.ndim) throw new ShapeError(`check: expected value ${i} to be of type ${wanted[i]}, got ${p}`);
    });
    if (code!.ndim !== mapped) throw new ShapeError(`check: expected a code for each predicate of type ${failed}, got ${code}`);
    return [];
  },
  lower: (_ctx, _args, { debug }) => {
    if (debug) return [];
    throw new ArgumentError('check: a check cannot be compiled by itself: make it a value by checkify(f), and compile that (jit(checkify(f))), or use debugCheck, which is left out');
  },
  impl: (args, { sites, debug }) => {
    const error = debug ? null : errorOf(sites, args);
    if (error !== null) throw error;
    return [];
  },
  effects: () => ['check'],
  jvp: (primals, _tangents, p) => [checkP.bind(p, ...primals), []],
  transpose: (_cts, args) => args.map(() => null),
  batch: (axis, args, dims, p) => {
    checkP.bind(p, ...args.map((x, i) => materialize(x, dims[i]!, axis.size)));
    return [[], []];
  },
  sample: () => [{ inputs: [{ shape: [], dtype: 'bool', values: [false], constant: true }, { shape: [], dtype: 'int32', values: [0], constant: true }], params: { sites: [{ kind: 'user', payload: [], error: () => new FailedCheckError('sample') }], debug: true } }],
});
