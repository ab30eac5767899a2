import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypes } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { repeatWhile } from '../primitives/matrix';
import { reduceOr } from '../primitives/reduction';
import { range } from '../primitives/structural';
import { broadcastAll } from './broadcast';
import { choose, expectDtype, laxConst } from './where';

const size = (x: Array) => (dtypeKind(x.dtype) === 'uint' ? x : p.abs(x));

/** Euclid's algorithm on all pairs at once, until every remainder is 0. */
function commonDivisor(x: Array, y: Array): Array {
  const [a, b] = broadcastAll('gcd', [size(x), size(y)]) as [Array, Array];
  const [out] = repeatWhile(
    ([, v]) => reduceOr(p.ne(v!, laxConst(v!, 0)), range(v!.ndim)),
    ([u, v]) => {
      const done = p.eq(v!, laxConst(v!, 0));
      const rem = choose(done, laxConst(v!, 0), p.rem(u!, choose(done, laxConst(v!, 1), v!)));
      return [choose(done, u!, v!), rem];
    },
    [a, b],
  ) as [Array];
  return astype(out, a.dtype, a.weakType);
}

function operands(op: string, a: Array, b: Array): [Array, Array] {
  const [x, y] = promoteDtypes(op, a, b) as [Array, Array];
  expectDtype(op, x, ['int', 'uint'].includes(dtypeKind(x.dtype)), 'integers');
  return [x, y];
}

const gcdProgram = composite('gcd', ([a, b]) => [commonDivisor(...operands('gcd', a!, b!))]);

/**
 * The greatest common divisor, elementwise. Mirrors `jax.numpy.gcd`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @throws DtypeError unless both are integers
 * @example
 * np.gcd(12, 18).item() // 6
 */
export function gcd(x1: ArrayLike, x2: ArrayLike): Array {
  return gcdProgram([asArray(x1, 'gcd'), asArray(x2, 'gcd')], {})[0]!;
}

const lcmProgram = composite('lcm', ([a, b]) => {
  const [x, y] = broadcastAll('lcm', operands('lcm', a!, b!).map(size)) as [Array, Array];
  const d = commonDivisor(x, y);
  const zero = p.eq(d, laxConst(d, 0));
  return [choose(zero, laxConst(d, 0), p.mul(x, p.div(y, choose(zero, laxConst(d, 1), d))))];
});

/**
 * The least common multiple, elementwise. Mirrors `jax.numpy.lcm`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @throws DtypeError unless both are integers
 * @example
 * np.lcm(4, 6).item() // 12
 */
export function lcm(x1: ArrayLike, x2: ArrayLike): Array {
  return lcmProgram([asArray(x1, 'lcm'), asArray(x2, 'lcm')], {})[0]!;
}
