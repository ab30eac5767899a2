import type { Array } from '../core/array';
import { canonicalDtype, checkDtype } from '../core/aval';
import { checkInteger } from '../core/checks';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { registerPytreeNode } from '../core/tree';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../lax/arrayLike';
import { index } from '../numpy/indexing';
import { roll } from '../numpy/editing';
import { concatenate, expandDims, stack } from '../numpy/manipulation';
import { einsum } from '../numpy/einsum';
import { diff } from '../numpy/calculus';
import { searchsorted } from '../numpy/search';
import { take } from '../numpy/take';
import { normal } from '../prng/index';
import * as e from '../primitives/elementwise';
import { eigh } from '../primitives/eigh';
import { matmul, T } from '../primitives/matrix';
import { broadcastInDim, full, like, range, reshape, sliceInDim } from '../primitives/structural';

// scipy.spatial.transform: rotations in three dimensions as quaternions [x, y, z, w] along the last axis.

const AXES = 'xyz';
const part = (q: Array, i: number) => index(q, '...', i);
const parts = (q: Array, n = 4) => globalThis.Array.from({ length: n }, (_, i) => part(q, i));
const join = (xs: readonly Array[]) => stack(xs, { axis: -1 });
const times = (v: number, x: Array) => e.mul(like(x, v), x);
const sum = (...xs: Array[]) => xs.reduce(e.add);
const length = (xs: readonly Array[]) => e.sqrt(xs.map((x) => e.mul(x, x)).reduce(e.add));
const radians = (x: Array, degrees: boolean) => (degrees ? times(Math.PI / 180, x) : x);
const inDegrees = (x: Array, degrees: boolean) => (degrees ? times(180 / Math.PI, x) : x);
const float = (op: string, x: ArrayLike, last: number) => {
  const [a] = promoteDtypesInexact(op, x) as [Array];
  if (a.ndim === 0 || a.shape[a.ndim - 1] !== last) throw new ShapeError(`${op}: expected ${last} numbers along the last axis, got ${a.aval}`);
  return a;
};

function unit(q: readonly Array[]): Array {
  const n = length(q);
  return join(q.map((x) => e.div(x, n)));
}

function compose(p: readonly Array[], q: readonly Array[]): Array[] {
  const [a, b, c, d] = p as [Array, Array, Array, Array];
  const [x, y, z, w] = q as [Array, Array, Array, Array];
  return [
    sum(e.mul(d, x), e.mul(w, a), e.sub(e.mul(b, z), e.mul(c, y))),
    sum(e.mul(d, y), e.mul(w, b), e.sub(e.mul(c, x), e.mul(a, z))),
    sum(e.mul(d, z), e.mul(w, c), e.sub(e.mul(a, y), e.mul(b, x))),
    e.sub(e.sub(e.sub(e.mul(d, w), e.mul(a, x)), e.mul(b, y)), e.mul(c, z)),
  ];
}

function checkSeq(op: string, seq: string, least: number): { axes: number[]; intrinsic: boolean } {
  const intrinsic = /^[XYZ]{1,3}$/.test(seq);
  if ((!intrinsic && !/^[xyz]{1,3}$/.test(seq)) || seq.length < least || [...seq].some((c, i) => c === seq[i + 1])) {
    throw new ArgumentError(`${op}: expected ${least === 3 ? 'three' : 'one to three'} axes of 'xyz' or of 'XYZ', neighbours differing, got ${String(seq)}`);
  }
  return { axes: [...seq.toLowerCase()].map((c) => AXES.indexOf(c)), intrinsic };
}

interface Euler {
  axes: readonly number[];
  intrinsic: boolean;
  degrees: boolean;
}

const fromEulerC = composite<Euler>('fromEuler', ([angles], { axes, intrinsic, degrees }) => {
  const one = (d: number, angle: Array): Array[] => {
    const half = times(0.5, radians(angle, degrees));
    return globalThis.Array.from({ length: 4 }, (_, i) => (i === 3 ? e.cos(half) : i === d ? e.sin(half) : e.sub(half, half)));
  };
  const all = axes.map((d, i) => one(d, part(angles!, i)));
  return [join(all.slice(1).reduce((q, next) => (intrinsic ? compose(q, next) : compose(next, q)), all[0]!))];
});

const asEulerC = composite<Euler>('asEuler', ([quat], { axes, intrinsic, degrees }) => {
  const q = parts(quat!);
  const [first, third] = intrinsic ? [2, 0] : [0, 2];
  const [i, j, last] = (intrinsic ? [...axes].reverse() : axes) as [number, number, number];
  const symmetric = i === last;
  const k = symmetric ? 3 - i - j : last;
  const sign = ((i - j) * (j - k) * (k - i)) / 2;
  const [qi, qj, qk, w] = [q[i]!, q[j]!, times(sign, q[k]!), q[3]!];
  const [a, b, c, d] = symmetric ? [w, qi, qj, qk] : [e.sub(w, qj), e.add(qi, qk), e.add(qj, w), e.sub(qk, qi)];
  const middle = times(2, e.atan2(length([c, d]), length([a, b])));
  const near = (v: number) => e.le(e.abs(e.sub(middle, like(middle, v))), like(middle, 1e-7));
  const [whole, difference] = [e.atan2(b, a), e.atan2(d, c)];
  // Where the first and the third axis fall together, only one angle is known: the third is 0.
  const [together, opposed] = [near(0), near(Math.PI)];
  const lost = e.or(together, opposed);
  const zero = e.sub(middle, middle);
  const only = e.where(together, times(2, whole), times(intrinsic ? 2 : -2, difference));
  const angles: Array[] = [zero, middle, zero];
  angles[first] = e.where(lost, first === 0 ? only : zero, e.sub(whole, difference));
  angles[third] = e.where(lost, third === 0 ? only : zero, e.add(whole, difference));
  if (!symmetric) {
    angles[third] = times(sign, angles[third]!);
    angles[1] = e.sub(middle, like(middle, Math.PI / 2));
  }
  const turn = 2 * Math.PI;
  return [join(angles.map((x) => {
    const moved = e.add(x, like(x, Math.PI));
    return inDegrees(e.sub(e.sub(moved, times(turn, e.floor(times(1 / turn, moved)))), like(x, Math.PI)), degrees);
  }))];
});

const fromRotvecC = composite<{ degrees: boolean }>('fromRotvec', ([v], { degrees }) => {
  const xs = parts(v!, 3).map((x) => radians(x, degrees));
  const angle = length(xs);
  const a2 = e.mul(angle, angle);
  const small = e.add(e.sub(like(a2, 0.5), times(1 / 48, a2)), times(1 / 3840, e.mul(a2, a2)));
  const scale = e.where(e.le(angle, like(angle, 1e-3)), small, e.div(e.sin(times(0.5, angle)), angle));
  return [join([...xs.map((x) => e.mul(scale, x)), e.cos(times(0.5, angle))])];
});

const asRotvecC = composite<{ degrees: boolean }>('asRotvec', ([quat], { degrees }) => {
  const q = parts(quat!);
  const negative = e.lt(q[3]!, like(q[3]!, 0));
  const [x, y, z, w] = q.map((v) => e.where(negative, e.neg(v), v)) as [Array, Array, Array, Array];
  const angle = times(2, e.atan2(length([x, y, z]), w));
  const a2 = e.mul(angle, angle);
  const small = sum(like(a2, 2), times(1 / 12, a2), times(7 / 2880, e.mul(a2, a2)));
  const scale = inDegrees(e.where(e.le(angle, like(angle, 1e-3)), small, e.div(angle, e.sin(times(0.5, angle)))), degrees);
  return [join([x, y, z].map((v) => e.mul(scale, v)))];
});

const asMatrixC = composite('asMatrix', ([quat]) => {
  const [x, y, z, w] = parts(quat!) as [Array, Array, Array, Array];
  const two = (a: Array, b: Array, c: Array, d: Array, s: 1 | -1) => times(2, s === 1 ? e.add(e.mul(a, b), e.mul(c, d)) : e.sub(e.mul(a, b), e.mul(c, d)));
  const diagonal = (a: Array, b: Array, c: Array) => e.add(e.sub(e.sub(e.mul(a, a), e.mul(b, b)), e.mul(c, c)), e.mul(w, w));
  const rows = [
    [diagonal(x, y, z), two(x, y, z, w, -1), two(x, z, y, w, 1)],
    [two(x, y, z, w, 1), diagonal(y, x, z), two(y, z, x, w, -1)],
    [two(x, z, y, w, -1), two(y, z, x, w, 1), diagonal(z, x, y)],
  ];
  return [stack(rows.map(join), { axis: -2 })];
});

const fromMatrixC = composite('fromMatrix', ([m]) => {
  const at = (i: number, j: number) => index(m!, '...', i, j);
  const trace = sum(at(0, 0), at(1, 1), at(2, 2));
  const one = like(trace, 1);
  const cases = [0, 1, 2].map((i) => {
    const [j, k] = [(i + 1) % 3, (i + 2) % 3];
    const q: Array[] = [];
    q[i] = e.add(e.sub(one, trace), times(2, at(i, i)));
    q[j] = e.add(at(j, i), at(i, j));
    q[k] = e.add(at(k, i), at(i, k));
    q[3] = e.sub(at(k, j), at(j, k));
    return q;
  });
  // From the greatest of the diagonal and the trace, the first of equals.
  let best = at(0, 0);
  let q = cases[0]!;
  [at(1, 1), at(2, 2), trace].forEach((v, i) => {
    const other = cases[i + 1] ?? [e.sub(at(2, 1), at(1, 2)), e.sub(at(0, 2), at(2, 0)), e.sub(at(1, 0), at(0, 1)), e.add(one, trace)];
    const more = e.gt(v, best);
    q = q.map((x, d) => e.where(more, other[d]!, x));
    best = e.max(v, best);
  });
  return [unit(q)];
});

const fromMrpC = composite('fromMrp', ([m]) => {
  const xs = parts(m!, 3);
  const size = e.add(xs.map((x) => e.mul(x, x)).reduce(e.add), like(xs[0]!, 1));
  return [join([...xs.map((x) => times(2, x)), e.sub(like(size, 2), size)].map((x) => e.div(x, size)))];
});

const asMrpC = composite('asMrp', ([quat]) => {
  const [x, y, z, w] = parts(quat!) as [Array, Array, Array, Array];
  const negative = e.lt(w, like(w, 0));
  const turned = e.add(e.abs(w), like(w, 1));
  return [join([x, y, z].map((v) => e.div(e.where(negative, e.neg(v), v), turned)))];
});

/** Of q and −q, which are one rotation, that in which the first of w, x, y and z that is not 0 is positive. */
const canonicalC = composite('canonical', ([quat]) => {
  const [x, y, z, w] = parts(quat!) as [Array, Array, Array, Array];
  const below = (v: Array) => e.lt(v, like(v, 0));
  const none = (v: Array) => e.eq(v, like(v, 0));
  const negative = e.or(below(w), e.and(none(w), e.or(below(x), e.and(none(x), e.or(below(y), e.and(none(y), below(z)))))));
  return [e.where(broadcastInDim(negative, quat!.shape, range(negative.ndim)), e.neg(quat!), quat!)];
});

const meanC = composite('mean', ([quat, w]) => {
  // The unit vector that the weighted sum of outer products stretches most.
  const [v] = eigh(matmul(T(e.mul(quat!, broadcastInDim(w!, quat!.shape, [0]))), quat!));
  return [reshape(sliceInDim(v, 3, 4, 1), [4])];
});

const mulC = composite('compose', ([p, q]) => [unit(compose(parts(p!), parts(q!)))]);
const unitC = composite('fromQuat', ([q]) => [unit(parts(q!))]);
const applyC = composite<{ inverse: boolean }>('apply', ([m, v], { inverse }) => [einsum(inverse ? '...ji,...j->...i' : '...ij,...j->...i', m!, v!, { precision: 'highest' })]);
const magnitudeC = composite('magnitude', ([quat]) => {
  const q = parts(quat!);
  return [times(2, e.atan2(length(q.slice(0, 3)), e.abs(q[3]!)))];
});

/** Rotations in three dimensions: one, or many along leading axes. A node of trees. Mirrors `jax.scipy.spatial.transform.Rotation`. @example scipy.spatial.transform.Rotation.fromEuler('z', [90], { degrees: true }).apply([1, 0, 0]).js() // about [0, 1, 0] */
export class Rotation {
  readonly quat: Array;

  /** @param quat quaternions [x, y, z, w] of length one, taken as they are */
  constructor(quat: ArrayLike) {
    this.quat = float('Rotation', quat, 4);
  }

  /** Quaternions of any length but 0. */
  static fromQuat(quat: ArrayLike): Rotation {
    return new Rotation(unitC([float('Rotation.fromQuat', quat, 4)], {})[0]!);
  }

  /** Angles about one to three axes along the last axis: capital letters turn with the body. @throws ArgumentError for a bad seq; ShapeError unless there is an angle for each */
  static fromEuler(seq: string, angles: ArrayLike, options: { degrees?: boolean } = {}): Rotation {
    const plan = checkSeq('Rotation.fromEuler', seq, 1);
    const a = asArray(angles, 'Rotation.fromEuler');
    return new Rotation(fromEulerC([float('Rotation.fromEuler', a.ndim === 0 ? expandDims(a, 0) : a, seq.length)], { ...plan, degrees: checkOptions('Rotation.fromEuler', ['degrees'], options).degrees ?? false })[0]!);
  }

  /** Rotations of matrices [..., 3, 3]. */
  static fromMatrix(matrix: ArrayLike): Rotation {
    return new Rotation(fromMatrixC([float('Rotation.fromMatrix', matrix, 3)], {})[0]!);
  }

  /** Rotations of vectors [..., 3]: along the axis, as long as the angle. */
  static fromRotvec(rotvec: ArrayLike, options: { degrees?: boolean } = {}): Rotation {
    return new Rotation(fromRotvecC([float('Rotation.fromRotvec', rotvec, 3)], { degrees: checkOptions('Rotation.fromRotvec', ['degrees'], options).degrees ?? false })[0]!);
  }

  /** Rotations of modified Rodrigues parameters [..., 3]: along the axis, as long as the tangent of a fourth of the angle. */
  static fromMrp(mrp: ArrayLike): Rotation {
    return new Rotation(fromMrpC([float('Rotation.fromMrp', mrp, 3)], {})[0]!);
  }

  /** The rotation by nothing. @throws DtypeError for a dtype that is not a float */
  static identity(options: { dtype?: DType | null } = {}): Rotation {
    const { dtype = null } = checkOptions('Rotation.identity', ['dtype'], options);
    if (dtype !== null && dtypeKind(checkDtype('Rotation.identity', dtype)) !== 'float') throw new DtypeError(`Rotation.identity: expected a floating point dtype, got ${String(dtype)}`);
    return new Rotation(astype(asArray([0, 0, 0, 1]), dtype === null ? canonicalDtype('float64') : checkDtype('Rotation.identity', dtype)));
  }

  /** Rotations drawn uniformly: one, or `num` of them. JAX has the name only. @throws ArgumentError unless num is null or a non-negative integer */
  static random(key: Array, num: number | null = null): Rotation {
    if (num !== null) checkInteger('Rotation.random', 'num', num, 0);
    return Rotation.fromQuat(normal(key, num === null ? [4] : [num, 4]));
  }

  /** Several rotations one after the other in one object. */
  static concatenate(rotations: readonly Rotation[]): Rotation {
    return new Rotation(concatenate(rotations.map((r) => r.quat)));
  }

  /** Whether this is one rotation. */
  get single(): boolean {
    return this.quat.ndim === 1;
  }

  /** Number of rotations. @throws ShapeError for a single one */
  get length(): number {
    if (this.single) throw new ShapeError('Rotation.length: a single rotation has no length');
    return this.quat.shape[0]!;
  }

  /** Some of the rotations. @throws ShapeError for a single one */
  get(...indices: Parameters<typeof index> extends [ArrayLike, ...infer I] ? I : never): Rotation {
    if (this.single) throw new ShapeError('Rotation.get: a single rotation has no entries');
    return new Rotation(index(this.quat, ...indices));
  }

  /** This rotation after the other. */
  mul(other: Rotation): Rotation {
    return new Rotation(mulC([this.quat, other.quat], {})[0]!);
  }

  /** The rotations back. */
  inv(): Rotation {
    return new Rotation(e.mul(this.quat, astype(asArray(this.single ? [-1, -1, -1, 1] : [[-1, -1, -1, 1]]), this.quat.dtype)));
  }

  /** Vectors [..., 3], rotated. */
  apply(vectors: ArrayLike, options: { inverse?: boolean } = {}): Array {
    return applyC([this.asMatrix(), float('Rotation.apply', vectors, 3)], { inverse: checkOptions('Rotation.apply', ['inverse'], options).inverse ?? false })[0]!;
  }

  /** Quaternions [..., 4], the scalar w last, or first with `scalarFirst`; with `canonical`, of the two of a rotation that in which the first of w, x, y and z that is not 0 is positive. */
  asQuat(options: { canonical?: boolean; scalarFirst?: boolean } = {}): Array {
    const { canonical = false, scalarFirst = false } = checkOptions('Rotation.asQuat', ['canonical', 'scalarFirst'], options);
    const q = canonical ? canonicalC([this.quat], {})[0]! : this.quat;
    return scalarFirst ? roll(q, 1, { axis: -1 }) : q;
  }

  /** Matrices [..., 3, 3]. */
  asMatrix(): Array {
    return asMatrixC([this.quat], {})[0]!;
  }

  /** Vectors [..., 3]: along the axis, as long as the angle. */
  asRotvec(options: { degrees?: boolean } = {}): Array {
    return asRotvecC([this.quat], { degrees: checkOptions('Rotation.asRotvec', ['degrees'], options).degrees ?? false })[0]!;
  }

  /** Modified Rodrigues parameters [..., 3]: along the axis, as long as the tangent of a fourth of the angle. */
  asMrp(): Array {
    return asMrpC([this.quat], {})[0]!;
  }

  /** Angles about a sequence of axes, [..., 3]. */
  asEuler(seq: string, options: { degrees?: boolean } = {}): Array {
    return asEulerC([this.quat], { ...checkSeq('Rotation.asEuler', seq, 3), degrees: checkOptions('Rotation.asEuler', ['degrees'], options).degrees ?? false })[0]!;
  }

  /** Angles of the rotations, from 0 to π. */
  magnitude(): Array {
    return magnitudeC([this.quat], {})[0]!;
  }

  /** The rotation that is nearest to all, each with its weight. @throws ShapeError for a single rotation, or unless there is a weight for each */
  mean(weights: ArrayLike | null = null): Rotation {
    if (this.quat.ndim !== 2) throw new ShapeError(`Rotation.mean: expected a vector of rotations, got quaternions of shape [${this.quat.shape.join(', ')}]`);
    const w = weights === null ? full([this.length], 1, this.quat.dtype) : astype(asArray(weights, 'Rotation.mean'), this.quat.dtype);
    if (w.ndim !== 1 || w.size !== this.length) throw new ShapeError(`Rotation.mean: expected a weight for each of ${this.length} rotations, got ${w.aval}`);
    return new Rotation(meanC([this.quat, w], {})[0]!);
  }
}

registerPytreeNode(Rotation, {
  name: 'Rotation',
  flatten: (r) => ({ children: [r.quat], keys: ['quat'] }),
  unflatten: (_, [quat]) => Object.assign(Object.create(Rotation.prototype) as Rotation, { quat } as object),
});

/**
 * Rotations between others at given times, at even speed. Mirrors `jax.scipy.spatial.transform.Slerp`, of which objects are called: here it is the method `at`.
 *
 * @example
 * ```ts
 * const rotations = scipy.spatial.transform.Rotation.fromEuler('z', np.array([[0], [90]]), { degrees: true });
 * const slerp = scipy.spatial.transform.Slerp.init(np.array([0, 1]), rotations);
 * slerp.at(0.5).asEuler('xyz', { degrees: true }).js(); // [0, 0, 45]
 * ```
 */
export class Slerp {
  /** @param times as {@link init} makes them: see there */
  constructor(readonly times: Array, readonly timedelta: Array, readonly rotations: Rotation, readonly rotvecs: Array) {}

  /** @throws ShapeError unless there are two or more rotations and a time for each */
  static init(times_: ArrayLike, rotations: Rotation): Slerp {
    const t = astype(asArray(times_, 'Slerp.init'), rotations.quat.dtype);
    if (rotations.quat.ndim !== 2 || rotations.length < 2 || t.ndim !== 1 || t.size !== rotations.length) throw new ShapeError(`Slerp.init: expected two or more rotations and as many times, got ${rotations.quat.aval} and ${t.aval}`);
    const from = rotations.get([null, -1]);
    return new Slerp(t, diff(t), from, from.inv().mul(rotations.get([1, null])).asRotvec());
  }

  /** The rotations at times: one, or a vector. @throws ShapeError for more dimensions */
  at(times_: ArrayLike): Rotation {
    const t = astype(asArray(times_, 'Slerp.at'), this.times.dtype);
    if (t.ndim > 1) throw new ShapeError(`Slerp.at: expected a time or a vector of times, got ${t.aval}`);
    const found = searchsorted(this.times, t);
    const i = e.max(e.sub(found, like(found, 1)), like(found, 0));
    // Beyond the last time, as JAX: from the last time on, the last step from its beginning.
    const share = e.div(e.sub(t, take(this.times, i)), take(this.timedelta, i, { mode: 'clip' }));
    const step = take(this.rotvecs, i, { axis: 0, mode: 'clip' });
    return new Rotation(take(this.rotations.quat, i, { axis: 0, mode: 'clip' })).mul(Rotation.fromRotvec(e.mul(step, t.ndim === 0 ? share : expandDims(share, 1))));
  }
}

registerPytreeNode(Slerp, {
  name: 'Slerp',
  flatten: (s) => ({ children: [s.times, s.timedelta, s.rotations, s.rotvecs], keys: ['times', 'timedelta', 'rotations', 'rotvecs'] }),
  unflatten: (_, [times, timedelta, rotations, rotvecs]) => Object.assign(Object.create(Slerp.prototype) as Slerp, { times, timedelta, rotations, rotvecs } as object),
});
