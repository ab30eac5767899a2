import { checkList } from '../core/checks';
import type { Array } from '../core/array';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypes } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { broadcastAll } from './broadcast';

/** A constant beside x: weak where x is a weak scalar, as JAX's constants are. */
export function laxConst(x: Array, value: number): Array {
  return astype(asArray(value), x.dtype, x.weakType && x.ndim === 0);
}

/** A condition as bool: what is not zero holds. */
export function toBool(x: Array): Array {
  return x.dtype === 'bool' ? x : p.ne(x, laxConst(x, 0));
}

/** The choice of {@link where}, as operations; for use in composites. */
export function choose(condition: Array, x: ArrayLike, y: ArrayLike): Array {
  const pred = toBool(condition);
  const [a, b] = promoteDtypes('where', x, y);
  if (pred.ndim === 0) {
    const [wa, wb] = broadcastAll('where', [a!, b!]);
    return p.where(pred, wa!, wb!);
  }
  const [c, wa, wb] = broadcastAll('where', [pred, a!, b!]);
  return p.where(c!, wa!, wb!);
}

const whereProgram = composite('_where', ([c, x, y]) => [choose(c!, x!, y!)]);

/** The choice of {@link where} with both values given. */
export function whereValues(condition: ArrayLike, x: ArrayLike, y: ArrayLike): Array {
  return whereProgram([asArray(condition, 'where'), asArray(x, 'where'), asArray(y, 'where')], {})[0]!;
}

const selectProgram = composite<{ n: number }>('select', (args, { n }) => {
  const choices = promoteDtypes('select', ...args.slice(n));
  const all = broadcastAll('select', [...args.slice(0, n), ...choices]);
  // From the last condition to the first, so that the first that holds wins.
  let out = all[n]!;
  for (let i = n - 1; i >= 0; i--) out = p.where(toBool(all[i]!), all[n + 1 + i]!, out);
  return [out];
});

/**
 * For each element, the value from the choice whose condition is the first to hold, else `default`. Mirrors `jax.numpy.select`.
 *
 * @param condlist boolean arrays; the first that is true decides
 * @param choicelist as many arrays
 * @throws ArgumentError unless there are as many conditions as choices, and at least one
 * @example
 * const x = np.arange(4);
 * np.select([x.less(1), x.greater(2)], [x, x.mul(10)], { default: -1 }).js() // [0, -1, -1, 30]
 */
export function select(condlist: readonly ArrayLike[], choicelist: readonly ArrayLike[], options: { default?: ArrayLike } = {}): Array {
  checkList('select', 'condlist', condlist);
  checkList('select', 'choicelist', choicelist);
  checkOptions('select', ['default'], options);
  if (condlist.length !== choicelist.length || condlist.length === 0) throw new ArgumentError(`select: expected as many conditions as choices, and at least one, got ${condlist.length} and ${choicelist.length}`);
  const args = [...condlist, options.default ?? 0, ...choicelist].map((x) => asArray(x, 'select'));
  return selectProgram(args, { n: condlist.length })[0]!;
}

/**
 * A function defined by cases: where condition i holds, entry i of `funclist` (a function of the array, or a constant); the entry after the last
 * condition's, if any, is for elements where none holds, else they are 0. Of several conditions that hold, the last one counts. Mirrors `jax.numpy.piecewise`.
 *
 * @param condlist boolean arrays of the shape of x
 * @throws ArgumentError unless there are as many functions as conditions, or one more
 * @example
 * const x = np.array([-1, 2]);
 * np.piecewise(x, [x.less(0), x.greaterEqual(0)], [0, (v) => v.mul(10)]).js() // [0, 20]
 */
export function piecewise(x: ArrayLike, condlist: readonly ArrayLike[], funclist: readonly (ArrayLike | ((x: Array) => ArrayLike))[]): Array {
  checkList('piecewise', 'condlist', condlist);
  checkList('piecewise', 'funclist', funclist);
  const a = asArray(x, 'piecewise');
  const nc = condlist.length;
  const nf = funclist.length;
  if (nf !== nc && nf !== nc + 1) throw new ArgumentError(`piecewise: expected ${nc} or ${nc + 1} functions for ${nc} conditions, got ${nf}`);
  const value = (f: ArrayLike | ((x: Array) => ArrayLike)): Array => {
    const v = astype(asArray(typeof f === 'function' ? f(a) : f, 'piecewise'), a.dtype);
    return broadcastAll('piecewise', [v, a])[0]!;
  };
  let out = value(nf === nc ? 0 : funclist[nc]!);
  condlist.forEach((c, i) => {
    const cond = toBool(asArray(c, 'piecewise'));
    if (cond.ndim !== 0 && cond.ndim !== a.ndim) throw new ShapeError(`piecewise: expected conditions of the shape of x, ${a.aval}, got ${cond.aval}`);
    out = choose(cond, value(funclist[i]!), out);
  });
  return out;
}

/** Throws unless a dtype is of an accepted kind. */
export function expectDtype(op: string, x: Array, ok: boolean, expected: string): void {
  if (!ok) throw new DtypeError(`${op}: expected ${expected}, got ${x.aval}`);
}
