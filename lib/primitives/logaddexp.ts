import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { type CustomJvpParams, customJvpCallP } from '../interpreters/customRules';
import { hoistConsts, stage } from '../interpreters/stage';
import { abs, add, complex, eq, exp, imag, log1p, lt, max, mul, ne, neg, real, rem, sub, where } from './elementwise';
import { full, like } from './structural';

/** An angle brought into [−π, π]. */
function wrapped(x: Array): Array {
  const turn = like(x, 2 * Math.PI);
  const r = rem(add(x, like(x, Math.PI)), turn);
  return sub(where(lt(r, like(r, 0)), add(r, turn), r), like(x, Math.PI));
}

/** log(eˣ + eʸ) without overflow, as plain operations. */
export function logaddexpOps(x: Array, y: Array): Array {
  const top = max(x, y);
  if (dtypeKind(x.dtype) === 'complex') {
    const out = add(top, log1p(exp(sub(add(x, y), mul(top, like(top, 2))))));
    return complex(real(out), wrapped(imag(out)));
  }
  const delta = sub(x, y);
  // Where the difference is NaN, the operands are infinities of one sign, or NaN.
  return where(ne(delta, delta), add(x, y), add(top, log1p(exp(neg(abs(delta))))));
}

function withoutInfinity(x: Array): Array {
  const re = dtypeKind(x.dtype) === 'complex' ? real(x) : x;
  return where(eq(re, like(re, Infinity)), full(x.shape, 0, x.dtype, x.weakType), x);
}

const rule: CustomJvpParams['jvpJaxprFun'] = ([x, y], [tx, ty]) => {
  const out = logaddexp(x!, y!);
  const weight = (v: Array) => exp(sub(withoutInfinity(v), withoutInfinity(out)));
  return { outs: [out], tangents: [add(mul(tx!, weight(x!)), mul(ty!, weight(y!)))] };
};

const known = new Map<string, CustomJvpParams>();

/** log(eˣ + eʸ) without overflow, elementwise, with a derivative that holds for infinite operands, too. Mirrors `jax.lax`'s own. */
export function logaddexp(x: Array, y: Array): Array {
  const key = `${x.aval.key};${y.aval.key}`;
  let params = known.get(key);
  if (params === undefined) {
    const { closed } = hoistConsts(stage(([a, b]) => [logaddexpOps(a!, b!)], [x.aval, y.aval], 'logaddexp'));
    params = { name: 'logaddexp', callJaxpr: closed, jvpJaxprFun: rule };
    known.set(key, params);
  }
  return customJvpCallP.bind(params, x, y)[0]!;
}
