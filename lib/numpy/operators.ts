import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { full } from '../primitives/structural';
import { choose, toBool } from './where';

// Arithmetic with promotion and broadcasting, under the short names that formulas in other files are written with.

export { add, maximum, minimum, multiply as mul, remainder as mod, subtract as sub, trueDivide as div } from './arithmetic';
export { equal as eq, greater as gt, greaterEqual as ge, less as lt, lessEqual as le, notEqual as ne } from './comparison';

/** Elementwise choice with promotion of both values and broadcasting of all three. */
export function where(cond: ArrayLike, x: ArrayLike, y: ArrayLike): Array {
  return choose(asArray(cond, 'where'), x, y);
}

/** An array of x's type with one value. */
export function fullLike(x: Array, value: number | boolean, shape = x.shape): Array {
  return full(shape, value, x.dtype, x.weakType);
}

/** Whether elements are NaN. */
export function isNan(x: Array): Array {
  const kind = dtypeKind(x.dtype);
  return kind === 'float' || kind === 'complex' ? e.ne(x, x) : full(x.shape, false, 'bool');
}

export { toBool as truth };
