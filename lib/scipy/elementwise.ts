import type { Array } from '../core/array';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import type { JvpRule } from '../interpreters/derivativeRules';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import { withJvp } from '../lax/customJvp';
import { broadcastAll, promoteArgsInexact } from '../numpy/broadcast';
import * as e from '../primitives/elementwise';
import { reduceOr } from '../primitives/reduction';
import { like, range } from '../primitives/structural';
import { repeatWhile } from '../primitives/matrix';

// How elementwise functions are made: operands in one floating point type, the formula as one compiled program.

export type Unary = (x: ArrayLike) => Array;
export type Binary = (x: ArrayLike, y: ArrayLike) => Array;

/** Throws for complex numbers. */
export function expectReal(op: string, ...xs: readonly Array[]): void {
  for (const x of xs) if (dtypeKind(x.dtype) === 'complex') throw new DtypeError(`${op}: expected real numbers, got ${x.aval}`);
}

/** Throws for others than float32 and float64. */
export function expectFloat(op: string, x: Array): void {
  if (x.dtype !== 'float32' && x.dtype !== 'float64') throw new DtypeError(`${op}: expected float32 or float64, got ${x.aval}`);
}

interface Form {
  /** Whether complex numbers are accepted. */
  complex?: boolean;
}

/** An elementwise function of the operands that `f` declares, which are promoted to one floating point type and one shape; what else it is called with, by `map` for one, is not read. */
export function elementwise(name: string, f: (...xs: Array[]) => Array, options: Form = {}): (...xs: ArrayLike[]) => Array {
  const { complex = false } = checkOptions('elementwise', ['complex'], options);
  const op = name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
  const run = composite(name, (given) => {
    const xs = promoteArgsInexact(op, ...given);
    if (!complex) expectReal(op, ...xs);
    return [f(...(xs.length === 1 ? xs : broadcastAll(op, xs)))];
  });
  return (...xs) => {
    if (xs.length < f.length) throw new ArgumentError(`${op}: expected ${f.length} arrays, got ${xs.length}`);
    return run(xs.slice(0, f.length).map((x) => asArray(x, op)), {})[0]!;
  };
}

/** One result of a function with a derivative of its own: `slopes[i]` gives the contribution of operand i, null none. */
export function withSlopes(name: string, f: (...xs: Array[]) => Array, slopes: readonly (((t: Array, out: Array, ...xs: Array[]) => Array) | null)[]): (...xs: Array[]) => Array {
  const rule: JvpRule = (xs, ts) => {
    const out = call(...xs)[0]!;
    let total: Array | null = null;
    slopes.forEach((s, i) => {
      const part = s?.(ts[i]!, out, ...xs);
      if (part) total = total === null ? part : e.add(total, part);
    });
    return { outs: [out], tangents: [total && astype(total, out.dtype, out.weakType)] };
  };
  const call = withJvp(name, (...xs) => [f(...xs)], rule);
  return Object.defineProperty((...xs: Array[]) => call(...xs)[0]!, 'length', { value: slopes.length });
}

/** A polynomial with the given coefficients, that of the highest power first: strongly typed, as the coefficients are. */
export function polynomial(coefficients: readonly number[], given: Array): Array {
  const x = astype(given, given.dtype);
  let out = e.add(e.mul(x, like(x, 0)), like(x, coefficients[0]!));
  for (const c of coefficients.slice(1)) out = e.add(e.mul(out, x), like(x, c));
  return out;
}

/** The distance from 1 to the next number. */
export function machineEpsilon(dtype: DType): number {
  return ({ float64: 2 ** -52, float32: 2 ** -23, float16: 2 ** -10, bfloat16: 2 ** -7 } as Record<string, number>)[dtype]!;
}

/** Runs a step on each element until its condition fails there; elements that are done stay as they are. All arrays are of one shape. */
export function iterate(init: readonly Array[], going: (xs: Array[]) => Array, step: (xs: Array[]) => readonly Array[]): Array[] {
  const start = init.map((x) => astype(x, x.dtype));
  return repeatWhile(
    (xs) => {
      const on = going(xs);
      return on.ndim === 0 ? on : reduceOr(on, range(on.ndim));
    },
    (xs) => {
      const on = going(xs);
      return step(xs).map((v, i) => e.where(on, v, xs[i]!));
    },
    start,
  );
}
