import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import { withJvp } from '../lax/customJvp';
import * as p from '../primitives/elementwise';
import { like } from '../primitives/structural';
import { promoteArgsInexact } from './broadcast';
import { finfo } from './dtypes';
import { type Rest, readOptions } from './program';
import { choose, expectDtype, laxConst } from './where';

// The derivatives of sin(x)/x at 0, from its series: of odd order they are 0.
const sincAtZero: ((x: Array) => Array)[] = [];
function sincTerm(k: number): (x: Array) => Array {
  let term = sincAtZero[k];
  if (term === undefined) {
    const value = k % 2 === 1 ? 0 : (k % 4 === 0 ? 1 : -1) / (k + 1);
    const rule = withJvp('_sinc_maclaurin', (x) => [p.add(p.mul(x!, laxConst(x!, 0)), laxConst(x!, value))], ([x], [t]) => ({ outs: rule(x!), tangents: [p.mul(sincTerm(k + 1)(x!), t!)] }));
    sincAtZero[k] = term = (x) => rule(x)[0]!;
  }
  return term;
}

const sincProgram = composite('sinc', ([v]) => {
  const [x] = promoteArgsInexact('sinc', v!) as [Array];
  const zero = p.eq(x, laxConst(x, 0));
  const angle = p.mul(laxConst(x, Math.PI), x);
  const safe = choose(zero, laxConst(x, 1), angle);
  return [choose(zero, sincTerm(0)(angle), p.div(p.sin(safe), safe))];
});

/** sin(πx) / (πx), 1 at 0, elementwise; with derivatives of all orders at 0. Mirrors `jax.numpy.sinc`. @example np.sinc([0, 0.5]).js() // [1, 0.6366…] */
export function sinc(x: ArrayLike): Array {
  return sincProgram([asArray(x, 'sinc')], {})[0]!;
}

const i0Rule = withJvp('i0', (x) => {
  const size = p.abs(x!);
  return [p.mul(p.exp(size), p.besselI0e(size))];
}, ([x], [t]) => {
  const out = i0Rule(x!);
  // I1(x), from its scaled form.
  const size = p.abs(x!);
  return { outs: out, tangents: [p.mul(t!, p.mul(p.exp(size), p.besselI1e(x!)))] };
});
const i0Program = composite('i0', ([x]) => {
  const [a] = promoteArgsInexact('i0', x!) as [Array];
  expectDtype('i0', a, dtypeKind(a.dtype) === 'float', 'real numbers');
  return i0Rule(a);
});

/** The modified Bessel function of the first kind of order 0, elementwise. Mirrors `jax.numpy.i0`. @throws DtypeError for complex numbers @example np.i0([0, 1]).js() // [1, 1.2660…] */
export function i0(x: ArrayLike): Array {
  return i0Program([asArray(x, 'i0')], {})[0]!;
}

const heavisideProgram = composite('heaviside', ([a, b]) => {
  const [x, y] = promoteArgsInexact('heaviside', a!, b!) as [Array, Array];
  const atZero = choose(p.ne(x, x), x, y);
  return [choose(p.lt(x, like(x, 0)), laxConst(x, 0), choose(p.gt(x, like(x, 0)), laxConst(x, 1), atZero))];
});

/** 0 for negative x1, 1 for positive, x2 at 0, elementwise. Mirrors `jax.numpy.heaviside`. @example np.heaviside([-1, 0, 2], 0.5).js() // [0, 0.5, 1] */
export function heaviside(x1: ArrayLike, x2: ArrayLike): Array {
  return heavisideProgram([asArray(x1, 'heaviside'), asArray(x2, 'heaviside')], {})[0]!;
}

/** Options of {@link nanToNum}. */
export interface NanToNumOptions {
  /** No effect: arrays do not change. */
  copy?: boolean;
  /** For NaN; 0 by default. */
  nan?: ArrayLike;
  /** For ∞; the greatest finite number by default. */
  posinf?: ArrayLike | null;
  /** For −∞; the least finite number by default. */
  neginf?: ArrayLike | null;
}

const nanToNumProgram = composite('nan_to_num', ([x, ...by]) => {
  const replace = (v: Array): Array => {
    const [nan, posinf, neginf] = by.map((b) => astype(b, v.dtype));
    const out = choose(p.ne(v, v), nan!, v);
    const above = choose(p.eq(out, like(out, Number.POSITIVE_INFINITY)), posinf!, out);
    return choose(p.eq(above, like(out, Number.NEGATIVE_INFINITY)), neginf!, above);
  };
  const a = x!;
  return [dtypeKind(a.dtype) === 'complex' ? p.complex(replace(p.real(a)), replace(p.imag(a))) : replace(a)];
});

/**
 * Numbers in place of NaN and infinities, elementwise. Mirrors `jax.numpy.nan_to_num`.
 *
 * @example
 * np.nanToNum([NaN, -Infinity], { neginf: -1 }).js() // [0, -1]
 */
export function nanToNum(x: ArrayLike, ...rest: Rest<NanToNumOptions>): Array {
  const { nan = 0, posinf = null, neginf = null } = readOptions('nanToNum', ['copy', 'nan', 'posinf', 'neginf'], 0, rest);
  const a = asArray(x, 'nanToNum');
  const kind = dtypeKind(a.dtype);
  if (kind !== 'float' && kind !== 'complex') return a;
  const { max, min, dtype } = finfo(a.dtype);
  const value = (v: ArrayLike) => asArray(v, 'nanToNum');
  const bound = (v: ArrayLike | null, d: number) => (v === null ? astype(value(d), dtype) : value(v));
  return nanToNumProgram([a, value(nan), bound(posinf, max), bound(neginf, min)], {})[0]!;
}
