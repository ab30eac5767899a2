import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { noVmap, unvmapAll, unvmapAny, unvmapMax } from '../primitives/unvmap';

const OPS = { any: unvmapAny, all: unvmapAll, max: unvmapMax, none: noVmap };

/**
 * Takes an array out of vmap: one scalar of all lanes, which is the same in each, so that a loop or branch on it stays one.
 *
 * Mirrors `brainstate.transform.unvmap`.
 *
 * @param x an array
 * @param options `op`, which may be given by itself: `'any'` (default) and `'all'` of its elements as booleans, their `'max'`, or `'none'`: all lanes' values as they are
 * @throws ArgumentError for another op
 * @example
 * ```ts
 * vmap((x: np.Array) => transform.unvmap(x.greater(1)))(np.array([0, 1, 2])); // [true, true, true]
 * ```
 */
export function unvmap(x: ArrayLike, options: { op?: keyof typeof OPS } | keyof typeof OPS = {}): Array {
  const { op = 'any' } = checkOptions('unvmap', ['op'], typeof options === 'string' ? { op: options } : options);
  if (!Object.hasOwn(OPS, op)) throw new ArgumentError(`unvmap: expected op to be one of ${Object.keys(OPS).join(', ')}, got ${describeValue(op)}`);
  return OPS[op](asArray(x, 'unvmap'));
}
