import type { Array } from '../core/array';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions, isOptions, type OptionNames, unknownOption } from '../functional/options';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as np from '../numpy';

/** How per-element losses become the result. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Options of the element-wise regression losses. */
export interface ReduceOptions {
  /** Axes that `mean` and `sum` run over; null is all. */
  axis?: number | readonly number[] | null;
  /** What is made of the elements: none, their mean, or their sum. */
  reduction?: Reduction;
}

/** Statics of a program that ends in a reduction. */
export interface Reducing {
  axis: number | readonly number[] | null;
  reduction: Reduction;
}

export function checkReduction(op: string, reduction: string): void {
  if (reduction !== 'none' && reduction !== 'mean' && reduction !== 'sum') throw new ArgumentError(`${op}: expected reduction to be 'none', 'mean' or 'sum', got ${JSON.stringify(reduction)}`);
}

export function reduce(x: Array, { axis, reduction }: Reducing): Array {
  if (reduction === 'none') return x;
  return reduction === 'mean' ? np.mean(x, { axis }) : np.sum(x, { axis });
}

/**
 * An optional second operand and the options: the operand before the options, or among them by its name, as all that has a default in Python.
 *
 * @throws ArgumentError for an option that does not exist, or options given twice
 */
export function operandAndOptions<O extends object, const K extends keyof O & string>(op: string, name: string, names: OptionNames<O, K>, operand: Operand<O>, options: O | undefined): [ArrayLike | null, O] {
  if (!isOptions(operand)) return [(operand ?? null) as ArrayLike | null, checkOptions(op, names, options)];
  if (options !== undefined) throw new ArgumentError(`${op}: expected ${name} before the options, got ${describeValue(operand)}`);
  const { [name]: inner = null, ...rest } = operand as unknown as Record<string, ArrayLike | null | undefined>;
  for (const k of Object.keys(rest)) if (!(names as readonly string[]).includes(k) && rest[k] !== undefined) unknownOption(op, k, [name, ...names]);
  return [inner, rest as O];
}

/** What may stand where an optional operand does: it, null for none, or the options. */
export type Operand<O extends object> = ArrayLike | O | null | undefined;

/** @throws ArgumentError for arguments (an options object, say) after the last that a loss takes */
export function noMoreArguments(op: string, takes: number, more: readonly unknown[]): void {
  for (const x of more) if (x !== undefined) throw new ArgumentError(`${op}: expected ${takes} arguments and no options, got ${describeValue(x)} after them`);
}

/** x as an array of floats. @throws DtypeError if it is of another kind */
export function floats(op: string, what: string, x: ArrayLike): Array {
  const a = asArray(x, op);
  if (!np.issubdtype(a.dtype, np.floating)) throw new DtypeError(`${op}: expected ${what} of a float dtype, got ${a.aval}`);
  return a;
}

/** x as an array of integers. @throws DtypeError if it is of another kind */
export function ints(op: string, what: string, x: ArrayLike): Array {
  const a = asArray(x, op);
  if (!np.issubdtype(a.dtype, np.integer)) throw new DtypeError(`${op}: expected ${what} of an integer dtype, got ${a.aval}; np.array(values, 'int32') makes one`);
  return a;
}

/** @throws ShapeError if the shapes differ */
export function sameShape(op: string, names: string, x: Array, y: Array): void {
  if (x.shape.length !== y.shape.length || x.shape.some((n, i) => n !== y.shape[i])) throw new ShapeError(`${op}: expected ${names} of one shape, got ${x.aval} and ${y.aval}`);
}
