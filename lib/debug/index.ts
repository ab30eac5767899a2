import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { debugCallback } from '../functional/callbacks';
import { checkFormat, formatValues, parseFormat } from '../functional/pythonFormat';

/** Options of {@link print}. */
export interface DebugPrintOptions {
  /** Whether lines keep the order of the program. */
  ordered?: boolean;
}

/**
 * Prints values from within compiled and transformed functions. Mirrors `jax.debug.print`.
 *
 * @param fmt in Python's form: `{}` for the next argument, `{0}` for one by position, `{name}` for a named one, `{:.3f}`, `{:>8}` with a specification
 * @param args trees of arrays, numbers, strings; a last plain object holds named values and the option `ordered`
 * @throws ArgumentError if a value has no place in the format, or a place no value
 * @example
 * ```ts
 * const f = jit((x: np.Array) => {
 *   debug.print('x is {} and y is {y:.2f}', x, { y: 0.5, ordered: true });
 *   return x.mul(2);
 * });
 * f(3).item();
 * ```
 */
export function print(fmt: string, ...args: unknown[]): void {
  if (typeof fmt !== 'string') throw new ArgumentError(`debug.print: expected a format such as 'x = {}', got ${typeof fmt}`);
  const parts = parseFormat('debug.print', fmt);
  const places = parts.filter((p) => typeof p !== 'string');
  const last = args.at(-1);
  let named: Record<string, unknown> = {};
  let ordered = false;
  // A dictionary that the format has a place for is a value.
  const wanted = 1 + Math.max(-1, ...places.map((p) => (typeof p.key === 'number' ? p.key : -1)));
  if (isPlainObject(last) && args.length > wanted) {
    const { ordered: option, ...rest } = last;
    ordered = option === true;
    named = rest;
    args = args.slice(0, -1);
  }
  checkFormat('debug.print', fmt, parts, args.length, Object.keys(named));
  debugCallback((values: unknown[], names: Record<string, unknown>) => {
    process.stdout.write(`${formatValues(parts, values, names)}\n`);
  }, args, named, { ordered });
}

/**
 * Calls a function of the host with values from within compiled and transformed functions. Mirrors `jax.debug.callback`.
 *
 * @param f what it returns is ignored; what it throws fails the program
 * @param args trees of arrays, and of other values, which it gets as they are; a last plain object `{ ordered }` holds options
 * @example
 * ```ts
 * const seen: number[] = [];
 * jit((x: np.Array) => {
 *   debug.callback((v: np.Array) => seen.push(v.item() as number), x, { ordered: true });
 *   return x;
 * })(2).item();
 * seen; // [2]
 * ```
 */
export { debugCallback as callback } from '../functional/callbacks';
