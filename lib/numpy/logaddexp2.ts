import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { withJvp } from '../lax/customJvp';
import * as p from '../primitives/elementwise';
import { like, scalar } from '../primitives/structural';
import { choose } from './where';

const HALF_TURN = Math.PI / Math.LN2;

/** An imaginary part brought into (−π / log 2, π / log 2]. */
function wrap(x: Array): Array {
  const turn = like(x, 2 * HALF_TURN);
  const rem = p.rem(p.sub(like(x, HALF_TURN), x), turn);
  return p.sub(like(x, HALF_TURN), choose(p.lt(rem, like(x, 0)), p.add(rem, turn), rem));
}

const toBase2 = (x: Array) => p.mul(scalar(1 / Math.LN2, x.dtype, x.weakType && x.ndim === 0), x);

function sum(x: Array, y: Array): Array {
  const top = p.max(x, y);
  if (dtypeKind(x.dtype) === 'complex') {
    const out = p.add(top, toBase2(p.log1p(p.exp2(p.sub(p.add(x, y), p.mul(top, like(top, 2)))))));
    return p.complex(p.real(out), wrap(p.imag(out)));
  }
  const delta = p.sub(x, y);
  // NaN here: a NaN operand, or infinities of one sign, for which the sum is right.
  return choose(p.ne(delta, delta), p.add(x, y), p.add(top, toBase2(p.log1p(p.exp2(p.neg(p.abs(delta)))))));
}

/** Infinity as 0, so that differences of infinities are not NaN. */
function finite(x: Array): Array {
  const re = dtypeKind(x.dtype) === 'complex' ? p.real(x) : x;
  return choose(p.eq(re, like(re, Number.POSITIVE_INFINITY)), like(x, 0), x);
}

const rule = withJvp('logaddexp2', (x, y) => [sum(x!, y!)], ([x, y], [tx, ty]) => {
  const out = logaddexp2Of(x!, y!);
  const share = (t: Array, v: Array) => p.mul(t, p.exp2(p.sub(finite(v), finite(out))));
  return { outs: [out], tangents: [p.add(share(tx!, x!), share(ty!, y!))] };
});

/** log2(2^x + 2^y) of arrays of one inexact dtype, without overflow, with a derivative that holds for infinite operands, too. */
export function logaddexp2Of(x: Array, y: Array): Array {
  return rule(x, y)[0]!;
}
