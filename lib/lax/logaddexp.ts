import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import * as p from '../primitives/elementwise';
import { broadcastInDim, like, range, scalar } from '../primitives/structural';
import { withJvp } from './customJvp';

const fill = (x: Array, shape: readonly number[]) => broadcastInDim(x, shape, x.ndim === 0 ? [] : range(x.ndim));

function pick(pred: Array, x: Array, y: Array): Array {
  return p.where(pred, fill(x, pred.shape), fill(y, pred.shape));
}

/** An angle brought into (−half, half]. */
function wrap(x: Array, half: number): Array {
  const period = like(x, 2 * half);
  const rem = p.rem(p.sub(like(x, half), x), period);
  const positive = p.where(p.lt(rem, like(x, 0)), p.add(rem, period), rem);
  return p.sub(like(x, half), positive);
}

function make(name: string, exp: (x: Array) => Array, ofNatural: (x: Array) => Array, half: number): (x: Array, y: Array) => Array {
  const f = (x: Array, y: Array): Array => {
    const top = p.max(x, y);
    if (dtypeKind(x.dtype) !== 'complex') {
      const delta = p.sub(x, y);
      // NaN here: a NaN operand, or infinities of one sign, for which the sum is right.
      return pick(p.ne(delta, delta), p.add(x, y), p.add(top, ofNatural(p.log1p(exp(p.neg(p.abs(delta)))))));
    }
    const out = p.add(top, ofNatural(p.log1p(exp(p.sub(p.add(x, y), p.mul(top, like(top, 2)))))));
    return p.complex(p.real(out), wrap(p.imag(out), half));
  };
  // Where an operand is infinite, its share is as if it were 0 away from the sum.
  const finite = (x: Array): Array => {
    const re = dtypeKind(x.dtype) === 'complex' ? p.real(x) : x;
    return pick(p.eq(re, scalar(Number.POSITIVE_INFINITY, re.dtype)), like(x, 0), x);
  };
  const g: (x: Array, y: Array) => Array = (x, y) => rule(x, y)[0]!;
  const rule = withJvp(name, (x, y) => [f(x!, y!)], ([x, y], [tx, ty]) => {
    const out = g(x!, y!);
    const share = (t: Array, v: Array) => p.mul(t, exp(p.sub(finite(v), finite(out))));
    const tangent = p.add(share(tx!, x!), share(ty!, y!));
    return { outs: [out], tangents: [tangent] };
  });
  return g;
}

/** log(exp(x) + exp(y)) of arrays of one inexact dtype. */
export const logaddexp: (x: Array, y: Array) => Array = make('logaddexp', p.exp, (x) => x, Math.PI);

/** log2(2^x + 2^y) of arrays of one inexact dtype. */
export const logaddexp2: (x: Array, y: Array) => Array = make('logaddexp2', p.exp2, (x) => p.mul(scalar(1 / Math.LN2, x.dtype, x.weakType && x.ndim === 0), x), Math.PI / Math.LN2);
