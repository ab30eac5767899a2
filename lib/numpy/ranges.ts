import { Array } from '../core/array';
import { canonicalDtype, checkDtype, checkExtent, checkShape, type Shape } from '../core/aval';
import { canonAxis, checkInteger } from '../core/checks';
import { type DType, dtypeKind, promoteTypes, realDtype } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { vmap } from '../functional/vmap';
import { composite } from '../interpreters/jit';
import { describeValue } from '../functional/arrayLike';
import { type ArrayLike, asArray, astype, inexactDtype, resultType } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { broadcastInDim, concatenate, iota, like, range, reshape, transpose } from '../primitives/structural';
import { broadcastAll, promoteArgs } from './broadcast';
import { type DtypeOption, filled } from './creation';
import type { DtypeLike } from './dtypes';
import { type Rest, readOptions } from './program';

// Arrays of numbers in regular order, and matrices of ones and zeros.

/** Options of {@link arange}. */
export interface ArangeOptions extends DtypeOption {
  /** The end, exclusive. */
  stop?: ArrayLike | null;
  /** The step; 1 by default. */
  step?: ArrayLike | null;
}

const smallFloat = (d: DType) => dtypeKind(d) === 'float' && d !== 'float32' && d !== 'float64';

const arangeProgram = composite<{ size: number; dtype: DType; start: boolean; step: boolean }>('arange', (args, { size, dtype, start, step }) => {
  const working = step && smallFloat(dtype) ? 'float32' : dtype;
  let out = iota(working, [size], 0);
  if (step) out = p.mul(astype(args[1]!, working), out);
  if (start) out = p.add(astype(args[0]!, working), out);
  return [astype(out, dtype)];
});

/** The value of a bound that must be known. */
function bound(name: string, x: ArrayLike): { array: Array; value: number } {
  const a = asArray(x, 'arange');
  if (a.ndim !== 0) throw new ShapeError(`arange: expected ${name} to be a scalar, got ${a.aval}`);
  if (dtypeKind(a.dtype) === 'complex') throw new DtypeError(`arange: expected ${name} to be real, got ${a.aval}`);
  return { array: a, value: Number(a.item()) };
}

/**
 * Numbers from `start` (0 if one bound is given) up to but not including `stop`, in steps. Mirrors `jax.numpy.arange`: whole bounds give int32.
 *
 * @throws ConcretizationError for bounds that are being traced
 * @example
 * np.arange(3).js() // [0, 1, 2]
 * np.arange(0, 1, 0.25).js() // [0, 0.25, 0.5, 0.75]
 */
export function arange(start: ArrayLike, ...rest: Rest<ArangeOptions, 'stop', 'step', 'dtype'>): Array {
  const { stop = null, step = null, dtype } = readOptions('arange', ['stop', 'step', 'dtype'], 3, rest);
  const first = bound(stop === null ? 'stop' : 'start', start);
  const [from, to] = stop === null ? [{ array: asArray(0), value: 0 }, first] : [first, bound('stop', stop)];
  const by = step === null ? null : bound('step', step);
  const type = dtype === undefined || dtype === null ? promoteTypes(...[first.array, stop === null ? null : to.array, by?.array ?? null].filter((a) => a !== null)).dtype : checkDtype('arange', dtype);
  if (by?.value === 0) throw new ArgumentError('arange: expected step not to be 0');
  const size = Math.max(0, Math.ceil((to.value - from.value) / (by?.value ?? 1)));
  if (!Number.isFinite(size)) throw new ArgumentError(`arange: expected finite bounds, got ${from.value}, ${to.value} and step ${by?.value ?? 1}`);
  checkExtent('arange', 'start, stop and step', size);
  return arangeProgram([from.array, by?.array ?? asArray(1)], { size, dtype: type, start: from.value !== 0 || by !== null, step: by !== null })[0]!;
}

/** Options of {@link geomspace} and {@link linspace}. */
export interface LinspaceOptions extends DtypeOption {
  /** How many; 50 by default. */
  num?: number;
  /** Whether `stop` is the last; true by default. */
  endpoint?: boolean;
  /** Gives the step as well. */
  retstep?: boolean;
  /** Where the new axis goes; 0 by default. */
  axis?: number;
}

interface SpaceStatics { num: number; endpoint: boolean; dtype: DType; axis: number }

function spaced(a: Array, b: Array, { num, endpoint, dtype, axis }: SpaceStatics): { out: Array; step: Array } {
  const working = inexactDtype(dtype);
  const [start, stop] = broadcastAll('linspace', [astype(a, working), astype(b, working)]) as [Array, Array];
  const at = axis < 0 ? start.ndim + axis + 1 : axis;
  if (at < 0 || at > start.ndim) throw new ShapeError(`linspace: axis ${axis} is out of range for a result of ${start.ndim + 1} dimensions`);
  const insert = (n: number) => [...start.shape.slice(0, at), n, ...start.shape.slice(at)];
  const whole = (x: Array) => (['int', 'uint'].includes(dtypeKind(dtype)) ? p.floor(x) : x);
  const finish = (x: Array) => astype(whole(x), dtype);
  const constant = (v: number) => filled([], v, working);
  if (num === 0) return { out: filled(insert(0), 0, dtype), step: constant(Number.NaN) };
  if (num === 1) return { out: finish(reshape(start, insert(1))), step: endpoint ? constant(Number.NaN) : p.sub(stop, start) };
  const div = endpoint ? num - 1 : num;
  const step = p.div(p.sub(stop, start), constant(div));
  const lengths = range(start.ndim + 1).map((d) => (d === at ? div : 1));
  const real = realDtype(working);
  const fraction = astype(p.div(reshape(iota(real, [div], 0), lengths), filled([], div, real)), working);
  let out = p.add(p.mul(reshape(start, insert(1)), p.sub(like(fraction, 1), fraction)), p.mul(reshape(stop, insert(1)), fraction));
  if (endpoint) out = concatenate([out, reshape(stop, insert(1))], at);
  return { out: finish(out), step };
}

const linspaceProgram = composite<SpaceStatics>('linspace', ([a, b], s) => {
  const { out, step } = spaced(a!, b!, s);
  return [out, step];
});

function statics(op: string, { num = 50, endpoint = true, dtype, axis = 0 }: LinspaceOptions, start: Array, stop: Array): SpaceStatics {
  checkInteger(op, 'num', num, 0);
  checkExtent(op, 'num', num);
  return { num, endpoint, axis, dtype: dtype === undefined || dtype === null ? inexactDtype(resultType(start, stop).dtype) : checkDtype(op, dtype) };
}

/**
 * Numbers spread evenly from `start` to `stop`; arrays as bounds give a new axis. Mirrors `jax.numpy.linspace`. With `retstep`, the step as well.
 *
 * @throws ArgumentError for a negative number of them
 * @example
 * np.linspace(0, 1, 5).js() // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: ArrayLike, stop: ArrayLike, options: LinspaceOptions & { retstep: true }): [Array, Array];
export function linspace(start: ArrayLike, stop: ArrayLike, ...rest: Rest<LinspaceOptions, 'num', 'endpoint'>): Array;
export function linspace(start: ArrayLike, stop: ArrayLike, ...rest: Rest<LinspaceOptions, 'num', 'endpoint'>): Array | [Array, Array] {
  const options = readOptions('linspace', ['num', 'endpoint', 'retstep', 'dtype', 'axis'], 2, rest);
  const [a, b] = [asArray(start, 'linspace'), asArray(stop, 'linspace')];
  const [out, step] = linspaceProgram([a, b], statics('linspace', options, a, b)) as [Array, Array];
  return options.retstep ? [out, step] : out;
}

/** Options of {@link logspace}. */
export interface LogspaceOptions extends Omit<LinspaceOptions, 'retstep'> {
  /** Base of the powers; 10 by default. */
  base?: ArrayLike;
}

function powers(a: Array, b: Array, base: Array, s: SpaceStatics): Array {
  const { out } = spaced(a, b, { ...s, dtype: inexactDtype(s.dtype) });
  const [x, y] = promoteArgs('logspace', base, out) as [Array, Array];
  return p.pow(x, y);
}

const logspaceProgram = composite<SpaceStatics>('logspace', ([a, b, base], s) => [astype(powers(a!, b!, base!, s), s.dtype)]);

/**
 * Powers of `base` whose exponents are spread evenly from `start` to `stop`. Mirrors `jax.numpy.logspace`.
 *
 * @throws ArgumentError for a negative number of them
 * @example
 * np.logspace(0, 2, 3).js() // [1, 10, 100]
 */
export function logspace(start: ArrayLike, stop: ArrayLike, ...rest: Rest<LogspaceOptions, 'num', 'endpoint', 'base'>): Array {
  const options = readOptions('logspace', ['num', 'endpoint', 'base', 'dtype', 'axis'], 3, rest);
  const [a, b, base] = [start, stop, options.base ?? 10].map((x) => asArray(x, 'logspace')) as [Array, Array, Array];
  return logspaceProgram([a, b, base], statics('logspace', options, a, b))[0]!;
}

const geomspaceProgram = composite<SpaceStatics>('geomspace', ([a, b], s) => {
  const working = inexactDtype(s.dtype);
  const [start, stop] = [astype(a!, working), astype(b!, working)];
  const sign = p.sign(start);
  const log10 = (x: Array): Array => {
    const l = p.log(x);
    const scale = (v: Array) => p.mul(v, like(v, Math.LOG10E));
    return dtypeKind(l.dtype) === 'complex' ? p.complex(scale(p.real(l)), scale(p.imag(l))) : scale(l);
  };
  const [x, y, signs] = broadcastAll('geomspace', [p.div(start, sign), p.div(stop, sign), sign]) as [Array, Array, Array];
  const values = p.mul(powers(log10(x), log10(y), asArray(10), { ...s, dtype: working, axis: 0 }), reshape(signs, [1, ...signs.shape]));
  const axis = canonAxis('geomspace', s.axis, values.ndim);
  return [astype(transpose(values, [...range(axis).map((d) => d + 1), 0, ...range(values.ndim).slice(axis + 1)]), s.dtype)];
});

/**
 * Numbers from `start` to `stop` of which each is the one before times the same factor. Mirrors `jax.numpy.geomspace`.
 *
 * @throws ArgumentError for a negative number of them
 * @example
 * np.geomspace(1, 8, 4).js() // [1, 2, 4, 8]
 */
export function geomspace(start: ArrayLike, stop: ArrayLike, ...rest: Rest<Omit<LinspaceOptions, 'retstep'>, 'num', 'endpoint'>): Array {
  const options = readOptions('geomspace', ['num', 'endpoint', 'dtype', 'axis'], 2, rest);
  const [a, b] = [asArray(start, 'geomspace'), asArray(stop, 'geomspace')];
  return geomspaceProgram([a, b], statics('geomspace', options, a, b))[0]!;
}

/** Options of {@link eye} and {@link tri}. */
export interface EyeOptions extends DtypeOption {
  /** Columns; as many as rows by default. */
  M?: number | null;
  /** Which diagonal: 0 is the main one, positive ones are above it. */
  k?: number | bigint;
}

const eyeProgram = composite<{ n: number; m: number; k: number; dtype: DType; below: boolean }>('eye', (_, { n, m, k, dtype, below }) => {
  const [i, j] = [iota('int32', [n, m], 0), iota('int32', [n, m], 1)];
  const row = p.add(i, like(i, k));
  return [astype(below ? p.ge(row, j) : p.eq(row, j), dtype)];
});

function eyeLike(op: string, N: number, rest: Rest<EyeOptions, 'M', 'k', 'dtype'>, below: boolean, plain = canonicalDtype('float64')): Array {
  const { M, k = 0, dtype } = readOptions(op, ['M', 'k', 'dtype'], 3, rest);
  for (const [name, v] of [['N', N], ['M', M ?? N]]) if (globalThis.Array.isArray(v)) throw new ArgumentError(`${op}: expected ${name} to be an integer, got ${describeValue(v)}`);
  const [n, m] = checkShape(op, [N, M ?? N], 'N and M') as [number, number];
  const diagonal = typeof k === 'bigint' ? Number(k) : k;
  checkInteger(op, 'k', diagonal);
  return eyeProgram([], { n, m, k: Math.max(-n - 1, Math.min(m + 1, diagonal)), dtype: dtype === undefined || dtype === null ? plain : checkDtype(op, dtype), below })[0]!;
}

/** A matrix of ones on a diagonal and zeros elsewhere. Mirrors `jax.numpy.eye`. @throws ShapeError for negative sizes @example np.eye(2).js() // [[1, 0], [0, 1]] */
export function eye(N: number, ...rest: Rest<EyeOptions, 'M', 'k', 'dtype'>): Array {
  return eyeLike('eye', N, rest, false);
}

/** A square matrix of ones on the main diagonal and zeros elsewhere. Mirrors `jax.numpy.identity`. @throws ShapeError for a negative size @example np.identity(2).js() // [[1, 0], [0, 1]] */
export function identity(n: number, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  return eyeLike('identity', n, [readOptions('identity', ['dtype'], 1, rest)], false);
}

/** A matrix of ones on and below a diagonal and zeros above. Mirrors `jax.numpy.tri`. @throws ShapeError for negative sizes @example np.tri(2).js() // [[1, 0], [1, 1]] */
export function tri(N: number, ...rest: Rest<EyeOptions, 'M', 'k', 'dtype'>): Array {
  // float32 where 64-bit types are on, too, as in JAX.
  return eyeLike('tri', N, rest, true, 'float32');
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** Only the dimension of each is repeated: the others are of size 1. */
  sparse?: boolean;
  /** 'xy': the second axis belongs to the first array; 'ij': axes are in order. 'xy' by default. */
  indexing?: 'xy' | 'ij';
  /** Only true: arrays never change. */
  copy?: true;
}

function isMeshgridOptions(x: unknown): x is MeshgridOptions {
  return typeof x === 'object' && x !== null && !(x instanceof Array) && !globalThis.Array.isArray(x) && !ArrayBuffer.isView(x) && !('re' in x);
}

/**
 * Coordinates of a grid, from those along each axis. Mirrors `jax.numpy.meshgrid`. Options go last.
 *
 * @throws ShapeError unless all are of one dimension
 * @example
 * np.meshgrid([1, 2], [3, 4, 5]).map((x) => x.shape) // [[3, 2], [3, 2]]
 */
export function meshgrid(...args: readonly (ArrayLike | MeshgridOptions)[]): Array[] {
  const last = args[args.length - 1];
  const { sparse = false, indexing = 'xy', copy = true } = checkOptions('meshgrid', ['sparse', 'indexing', 'copy'], isMeshgridOptions(last) ? last : {});
  if (copy !== true) throw new ArgumentError(`meshgrid: arrays never change, so that copy can only be true, got ${String(copy)}`);
  const xs = (isMeshgridOptions(last) ? args.slice(0, -1) : args).map((x) => asArray(x as ArrayLike, 'meshgrid'));
  if (indexing !== 'xy' && indexing !== 'ij') throw new ArgumentError(`meshgrid: expected indexing to be 'xy' or 'ij', got ${String(indexing)}`);
  for (const x of xs) if (x.ndim !== 1) throw new ShapeError(`meshgrid: expected arrays of one dimension, got ${x.aval}`);
  const order = range(xs.length);
  if (indexing === 'xy' && xs.length >= 2) [order[0], order[1]] = [1, 0];
  const sizes = order.map((i) => xs[i]!.shape[0]!);
  return xs.map((x, i) => {
    const axis = order.indexOf(i);
    return broadcastInDim(x, sparse ? sizes.map((_, d) => (d === axis ? x.shape[0]! : 1)) : sizes, [axis]);
  });
}

/** Options of {@link indices}. */
export interface IndicesOptions extends DtypeOption {
  /** Whether each array has sizes of 1 but along its own dimension. */
  sparse?: boolean;
}

/**
 * The index of each element along each axis: an array of shape [axes, ...dimensions], or with `sparse` a list of one for each axis. Mirrors `jax.numpy.indices`.
 *
 * @throws ShapeError for bad dimensions
 * @example
 * np.indices([2, 2]).js() // [[[0, 0], [1, 1]], [[0, 1], [0, 1]]]
 */
export function indices(dimensions: Shape, options: IndicesOptions & { sparse: true }): Array[];
export function indices(dimensions: Shape, ...rest: Rest<IndicesOptions & { sparse?: false }, 'dtype'>): Array;
export function indices(dimensions: Shape, ...rest: Rest<IndicesOptions, 'dtype'>): Array | Array[] {
  const { dtype, sparse = false } = readOptions('indices', ['dtype', 'sparse'], 1, rest);
  const dims = checkShape('indices', dimensions, 'dimensions');
  const type = dtype === undefined || dtype === null ? canonicalDtype('int64') : checkDtype('indices', dtype);
  if (sparse) return dims.map((n, i) => reshape(iota(type, [n], 0), dims.map((_, d) => (d === i ? n : 1))));
  if (dims.length === 0) return filled([0], 0, type);
  return concatenate(dims.map((_, i) => reshape(iota(type, dims, i), [1, ...dims])), 0);
}

/**
 * An array of a function's values at the indices, which it gets one by one (mapped by vmap), float32 by default. Mirrors `jax.numpy.fromfunction`.
 *
 * @param f a function of arrays of indices, one for each dimension
 * @param shape the shape that the indices run over
 * @example
 * np.fromfunction((i, j) => i.add(j), [2, 2]).js() // [[0, 1], [1, 2]]
 */
export function fromfunction<T>(f: (...indices: Array[]) => T, shape: Shape | number, ...rest: Rest<DtypeOption, 'dtype'>): T {
  const { dtype } = readOptions('fromfunction', ['dtype'], 1, rest);
  const dims = checkShape('fromfunction', shape);
  let mapped: (...args: Array[]) => unknown = f;
  dims.forEach((_, i) => {
    mapped = vmap(mapped as never, { inAxes: dims.map((_, j) => (i === j ? 0 : null)).reverse() }) as typeof mapped;
  });
  // The innermost map is over the last axis, so the list of axes runs backwards.
  return mapped(...dims.map((n) => arange(n, { dtype: (dtype ?? 'float') as DtypeLike }))) as T;
}

