import type { Array } from '../../core/array';
import { whileLoop } from '../../lax/control';
import { dot } from '../../numpy/products';
import * as e from '../../primitives/elementwise';
import { like, scalar } from '../../primitives/structural';

// A step along a direction that meets the strong Wolfe conditions (Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6),
// with the choices that JAX made: no greatest step, guesses by a cubic, a parabola or the middle.

/** Value and gradient at a point. */
export type ValueAndGradient = (x: Array) => [value: Array, gradient: Array];

const num = (x: Array, v: number) => like(x, v);
const times = (v: number, x: Array) => e.mul(num(x, v), x);
const half = (x: Array, y: Array) => e.div(e.add(x, y), num(x, 2));
const cube = (x: Array) => e.integerPow(x, 3);
const int = (v: number) => scalar(v, 'int32');
const bool = (v: boolean) => scalar(v, 'bool');

export const dotOf = (x: Array, y: Array) => dot(x, y, { precision: 'highest' });

/** Where the cubic through three values with a given slope at the first is least; NaN where it is nowhere. */
function cubicLeast(a: Array, fa: Array, slope: Array, b: Array, fb: Array, c: Array, fc: Array): Array {
  const [db, dc] = [e.sub(b, a), e.sub(c, a)];
  const denominator = e.mul(e.square(e.mul(db, dc)), e.sub(db, dc));
  const rest = (f: Array, d: Array) => e.sub(e.sub(f, fa), e.mul(slope, d));
  const [rb, rc] = [rest(fb, db), rest(fc, dc)];
  const third = e.div(e.sub(e.mul(e.square(dc), rb), e.mul(e.square(db), rc)), denominator);
  const second = e.div(e.sub(e.mul(cube(db), rc), e.mul(cube(dc), rb)), denominator);
  const root = e.sqrt(e.sub(e.square(second), e.mul(times(3, third), slope)));
  return e.add(a, e.div(e.sub(root, second), times(3, third)));
}

/** Where the parabola through two values with a given slope at the first is least. */
function parabolaLeast(a: Array, fa: Array, slope: Array, b: Array, fb: Array): Array {
  const db = e.sub(b, a);
  const curve = e.div(e.sub(e.sub(fb, fa), e.mul(slope, db)), e.square(db));
  return e.sub(a, e.div(slope, times(2, curve)));
}

/** A step with the value, the slope and the gradient there. */
interface Found {
  a: Array;
  phi: Array;
  dphi: Array;
  g: Array;
}

interface End {
  a: Array;
  phi: Array;
  dphi: Array;
}

interface Rules {
  along: (a: Array) => Found;
  /** Whether the value is not low enough. */
  tooHigh: (a: Array, phi: Array) => Array;
  /** Whether the slope is flat enough. */
  flat: (dphi: Array) => Array;
}

const choose = <T extends object>(p: Array, yes: T, no: T): T => Object.fromEntries(Object.entries(no).map(([k, v]) => [k, e.where(p, (yes as Record<string, Array>)[k]!, v as Array)])) as T;
const all = (...xs: Array[]) => xs.reduce(e.and);
const least = (x: Array) => (x.dtype === 'float64' ? 1e-10 : 1e-5);

/** Narrows an interval that holds a good step, unless `skip`. */
function zoom(rules: Rules, lo0: End, hi0: End, g0: Array, skip: Array) {
  const init = {
    done: bool(false), failed: bool(false), j: int(0), lo: lo0, hi: hi0,
    recent: { a: half(lo0.a, hi0.a), phi: half(lo0.phi, hi0.phi) },
    star: { a: num(lo0.a, 1), phi: lo0.phi, dphi: lo0.dphi, g: g0 },
  };
  return whileLoop(
    (s: typeof init) => all(e.not(s.done), e.not(skip), e.not(s.failed)),
    ({ done, failed, j, lo, hi, recent, star }: typeof init) => {
      const width = e.sub(hi.a, lo.a);
      const [from, to] = [e.min(hi.a, lo.a), e.max(hi.a, lo.a)];
      const inside = (x: Array, part: number) => e.and(e.gt(x, e.add(from, times(part, width))), e.lt(x, e.sub(to, times(part, width))));
      const cubic = cubicLeast(lo.a, lo.phi, lo.dphi, hi.a, hi.phi, recent.a, recent.phi);
      const parabola = parabolaLeast(lo.a, lo.phi, lo.dphi, hi.a, hi.phi);
      const useCubic = e.and(e.gt(j, int(0)), inside(cubic, 0.2));
      const at = rules.along(e.where(useCubic, cubic, e.where(inside(parabola, 0.1), parabola, half(lo.a, hi.a))));
      const end: End = { a: at.a, phi: at.phi, dphi: at.dphi };
      const high = e.or(rules.tooHigh(at.a, at.phi), e.ge(at.phi, lo.phi));
      const good = e.and(rules.flat(at.dphi), e.not(high));
      const turned = all(e.ge(e.mul(at.dphi, width), num(width, 0)), e.not(high), e.not(good));
      const low = e.and(e.not(high), e.not(good));
      const pair = ({ a, phi }: End) => ({ a, phi });
      return {
        done: e.or(good, done),
        failed: e.or(e.or(failed, e.le(width, num(width, least(width)))), e.ge(j, int(29))),
        j: e.add(j, int(1)),
        lo: choose(low, end, lo),
        hi: choose(high, end, choose(turned, lo, hi)),
        recent: choose(e.or(high, turned), pair(hi), choose(low, pair(lo), recent)),
        star: choose(good, at, star),
      };
    },
    init,
  ) as unknown as typeof init;
}

export interface LineSearchResult extends Found {
  failed: Array;
  /** How often value and gradient were computed. */
  evaluations: Array;
  /** 0: found; 1: the interval could not be narrowed further; 3: no more steps. */
  status: Array;
}

/**
 * A step from x along p.
 *
 * @param value f(x), with its gradient
 * @param previous the value one step before, from which the first guess is made; 1 is the first guess where it is null
 */
export function lineSearch(f: ValueAndGradient, x: Array, p: Array, value: Array, gradient: Array, previous: Array | null, maxiter: number): LineSearchResult {
  const slope = dotOf(gradient, p);
  const rules: Rules = {
    along: (a) => {
      const [phi, g] = f(e.add(x, e.mul(a, p)));
      return { a, phi, dphi: dotOf(g, p), g };
    },
    tooHigh: (a, phi) => e.gt(phi, e.add(value, e.mul(times(1e-4, a), slope))),
    flat: (dphi) => e.le(e.abs(dphi), times(-0.9, slope)),
  };
  let guess = num(value, 1);
  if (previous !== null) {
    const wanted = e.div(times(1.01 * 2, e.sub(value, previous)), slope);
    guess = e.where(e.gt(wanted, guess), guess, wanted);
  }
  const zero = num(value, 0);
  const init = {
    done: bool(false), failed: bool(false), i: int(1), last: { a: zero, phi: value, dphi: slope }, count: int(0),
    star: { a: zero, phi: value, dphi: slope, g: gradient },
  };
  const s = whileLoop(
    (v: typeof init) => all(e.not(v.done), e.le(v.i, int(maxiter)), e.not(v.failed)),
    ({ done, failed, i, last, count, star }: typeof init) => {
      const at = rules.along(e.where(e.eq(i, int(1)), guess, times(2, last.a)));
      const end: End = { a: at.a, phi: at.phi, dphi: at.dphi };
      const high = e.or(rules.tooHigh(at.a, at.phi), e.and(e.ge(at.phi, last.phi), e.gt(i, int(1))));
      const good = e.and(rules.flat(at.dphi), e.not(high));
      const passed = all(e.ge(at.dphi, zero), e.not(high), e.not(good));
      const first = zoom(rules, last, end, gradient, e.not(high));
      const second = zoom(rules, end, last, gradient, e.not(passed));
      return {
        done: e.or(e.or(done, high), e.or(good, passed)),
        failed: e.or(failed, e.or(e.and(high, first.failed), e.and(passed, second.failed))),
        i: e.add(i, int(1)),
        last: end,
        count: e.add(count, e.add(int(1), e.add(first.j, second.j))),
        star: choose(passed, second.star, choose(good, at, choose(high, first.star, star))),
      };
    },
    init,
  ) as unknown as typeof init;
  const tiny = e.lt(e.abs(s.star.a), num(s.star.a, 1e-8));
  const a = s.star.a.dtype === 'float64' ? s.star.a : e.where(tiny, times(1e-8, e.sign(s.star.a)), s.star.a);
  return {
    ...s.star, a,
    failed: e.or(s.failed, e.not(s.done)),
    evaluations: s.count,
    status: e.where(s.failed, int(1), e.where(e.gt(s.i, int(maxiter)), int(3), int(0))),
  };
}
