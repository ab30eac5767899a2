import type { Array } from '../../core/array';
import { checkInteger } from '../../core/checks';
import { ArgumentError, DtypeError, ShapeError } from '../../core/errors';
import type { DType } from '../../core/dtype';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../../lax/arrayLike';
import { broadcastAll } from '../../numpy/broadcast';
import { eq, fullLike, lt, mod } from '../../numpy/operators';
import { takeAlongAxis } from '../../numpy/take';
import * as e from '../../primitives/elementwise';
import { broadcastInDim, concatenate, like, pad, range, reshape, slice } from '../../primitives/structural';
import { expectFloat } from '../elementwise';

/** Factors known at compile time, as an array. */
const table = (values: readonly number[], shape: readonly number[], dtype: DType): Array => reshape(astype(asArray(Float64Array.from(values)), dtype), shape);

/** All P(m, l) for 0 ≤ m, l ≤ n at the points x: `[n + 1, n + 1, points]`, 0 for m > l. */
function associated(n: number, x: Array, normalized: boolean): Array {
  const size = n + 1;
  const shape = [size, x.size];
  const across = (v: Array) => broadcastInDim(v, shape, [1]);
  const down = (f: (m: number) => number) => broadcastInDim(table(range(size).map(f), [size], x.dtype), shape, [0]);
  const sine = e.sqrt(e.sub(like(x, 1), e.mul(x, x)));
  const first = (l: number, m: number) => (m >= l ? 0 : normalized ? Math.sqrt((4 * l * l - 1) / (l * l - m * m)) : (2 * l - 1) / (l - m));
  const second = (l: number, m: number) => (m >= l - 1 ? 0 : normalized ? Math.sqrt(((2 * l + 1) * ((l - 1) ** 2 - m * m)) / ((2 * l - 3) * (l * l - m * m))) : (l + m - 1) / (l - m));
  const rows: Array[] = [];
  let factor = normalized ? 0.5 / Math.sqrt(Math.PI) : 1;
  let power = fullLike(x, 1);
  for (let l = 0; l <= n; l++) {
    if (l > 0) {
      factor *= normalized ? -Math.sqrt(1 + 0.5 / l) : 1 - 2 * l;
      power = e.mul(power, sine);
    }
    let row = e.mul(across(power), down((m) => (m === l ? factor : 0)));
    if (l > 0) row = e.add(row, e.mul(down((m) => first(l, m)), e.mul(across(x), rows[l - 1]!)));
    if (l > 1) row = e.sub(row, e.mul(down((m) => second(l, m)), rows[l - 2]!));
    rows.push(row);
  }
  return concatenate(rows.map((r) => reshape(r, [size, 1, x.size])), 1);
}

/** The derivatives of {@link associated} by x, from values of orders and degrees beside. */
function derivatives(p: Array, x: Array): Array {
  const [size, , points] = p.shape as [number, number, number];
  // Entry (m, l) of the result is entry (m + order, l + degree).
  const shifted = (order: number, degree: number) => {
    const low = [Math.max(0, -order), Math.max(0, -degree)];
    const high = [Math.max(0, order), Math.max(0, degree)];
    const wide = pad(p, like(p, 0), [[low[0]!, high[0]!, 0], [low[1]!, high[1]!, 0], [0, 0, 0]]);
    return slice(wide, [high[0]!, high[1]!, 0], [high[0]! + size, high[1]! + size, points]);
  };
  const factors = (f: (m: number, l: number) => number) => broadcastInDim(table(range(size * size).map((i) => f(Math.floor(i / size), i % size)), [size, size], p.dtype), p.shape, [0, 1]);
  // Both neighbours in order, divided by the sine, are combinations of values of the degree below.
  const lower = (f: (m: number, l: number) => number) => factors((m, l) => (m < 2 ? 0 : (-f(m, l) * (l + m) * (l - m + 1)) / (4 * (m - 1))));
  const upper = (f: (m: number, l: number) => number) => factors((m, l) => (m === 1 ? 0 : f(m, l) * (m === 0 ? 0.5 : 1 / (4 * (m + 1)))));
  const same = shifted(0, -1);
  let out = e.add(e.mul(lower(() => 1), same), e.mul(lower((m, l) => (l + m - 2) * (l + m - 1)), shifted(-2, -1)));
  out = e.add(out, e.add(e.mul(upper(() => 1), shifted(2, -1)), e.mul(upper((m, l) => (l + m) * (l + m + 1)), same)));
  const sine = broadcastInDim(e.sqrt(e.sub(like(x, 1), e.mul(x, x))), p.shape, [2]);
  const m1 = e.div(e.sub(e.mul(factors((_, l) => 0.5 * l * (l + 1)), shifted(-1, 0)), e.mul(like(p, 0.5), shifted(1, 0))), sine);
  const isOne = e.ne(factors((m, l) => (m === 1 && l > 0 ? 1 : 0)), like(p, 0));
  return e.where(isOne, m1, out);
}

const lpmnProgram = composite<{ n: number; normalized: boolean; slopes: boolean }>('lpmn', ([z], { n, normalized, slopes }) => {
  const p = associated(n, z!, normalized);
  return slopes ? [p, derivatives(p, z!)] : [p];
});

function checkLegendre(op: string, m: number, n: number, z: ArrayLike): Array {
  const x = asArray(z, op);
  expectFloat(op, x);
  if (x.ndim !== 1) throw new ShapeError(`${op}: expected z to be a vector, got ${x.aval}`);
  if (!Number.isInteger(n) || n < 0 || m !== n) throw new ArgumentError(`${op}: expected m and n to be one non-negative integer, got ${String(m)} and ${String(n)}`);
  return x;
}

/** The associated Legendre functions of orders 0 … m and degrees 0 … n at the points z, and their derivatives, each `[m + 1, n + 1, points]`. Mirrors `jax.scipy.special.lpmn`. @throws ArgumentError unless m = n; ShapeError unless z is a vector; DtypeError unless it is float32 or float64 @example scipy.special.lpmn(2, 2, [0.5])[0].shape // [3, 3, 1] */
export function lpmn(m: number, n: number, z: ArrayLike): [Array, Array] {
  return lpmnProgram([checkLegendre('lpmn', m, n, z)], { n, normalized: false, slopes: true }) as [Array, Array];
}

/**
 * The values of {@link lpmn}, if wished normalized as the spherical harmonics are. Mirrors `jax.scipy.special.lpmn_values`.
 *
 * @param m the largest order
 * @param n the largest degree
 * @param z a vector of real numbers
 * @param isNormalized whether the functions are scaled to norm 1
 * @throws ArgumentError, ShapeError, DtypeError as {@link lpmn}
 * @example
 * scipy.special.lpmnValues(1, 1, [0.5], false).shape // [2, 2, 1]
 */
export function lpmnValues(m: number, n: number, z: ArrayLike, isNormalized: boolean): Array {
  return lpmnProgram([checkLegendre('lpmnValues', m, n, z)], { n, normalized: isNormalized, slopes: false })[0]!;
}

const harmonics = composite<{ nMax: number }>('sph_harm_y', (given, { nMax }) => {
  const shape = broadcastAll('sphHarmY', given).map((x) => reshape(x, [x.size]));
  const [n, m, theta, phi] = shape as [Array, Array, Array, Array];
  const size = nMax + 1;
  const p = reshape(associated(nMax, e.cos(theta), true), [size * size, theta.size]);
  const order = e.abs(m);
  const within = (v: Array) => e.max(like(v, 0), e.min(v, like(v, nMax)));
  const at = e.add(e.mul(within(order), like(order, size)), within(n));
  const value = reshape(takeAlongAxis(p, reshape(at, [1, at.size]), { axis: 0 }), [at.size]);
  const angle = e.mul(astype(order, phi.dtype), phi);
  const [re, im] = [e.mul(value, e.cos(angle)), e.mul(value, e.sin(angle))];
  const odd = eq(mod(order, 2), 1);
  const negative = lt(m, 0);
  const flip = (v: Array, on: Array) => e.where(e.and(negative, on), e.neg(v), v);
  return [e.complex(flip(re, odd), flip(im, e.not(odd)))];
});

/**
 * Spherical harmonics of degree n and order m at colatitude theta and longitude phi, for vectors of one length. Mirrors `jax.scipy.special.sph_harm_y`.
 *
 * @param options.nMax the largest degree; by default that of n, which must then be concrete
 * @throws DtypeError unless degrees and orders are of integers
 * @example
 * scipy.special.sphHarmY(np.array([1], 'int32'), np.array([0], 'int32'), [0.5], [0.3]).shape // [1]
 */
export function sphHarmY(n: ArrayLike, m: ArrayLike, theta: ArrayLike, phi: ArrayLike, options: { diffN?: null; nMax?: number | null } = {}): Array {
  options = checkOptions('sphHarmY', ['diffN', 'nMax'], options);
  const whole = (v: ArrayLike, name: string) => {
    const x = asArray(globalThis.Array.isArray(v) ? Int32Array.from(v as number[]) : v, 'sphHarmY');
    if (!/^u?int/.test(x.dtype)) throw new DtypeError(`sphHarmY: expected ${name} to be of integers, got ${x.aval}`);
    return astype(x, 'int32');
  };
  if (options.diffN !== undefined && options.diffN !== null) throw new ArgumentError('sphHarmY: derivatives by diffN are not available (nor in JAX); leave it out');
  const [degree, order] = [whole(n, 'n'), whole(m, 'm')];
  const angles = [theta, phi].map((v) => {
    const x = asArray(v, 'sphHarmY');
    return x.dtype === 'float64' || x.dtype === 'float32' ? x : astype(x, 'float32');
  });
  const nMax = options.nMax ?? Math.max(...(degree.reshape(-1).js() as number[]));
  checkInteger('sphHarmY', 'nMax', nMax, 0);
  return harmonics([degree, order, ...angles], { nMax })[0]!;
}
