import { type Array, ConcreteArray } from '../core/array';
import type { Shape } from '../core/aval';
import type { DType, DtypeKind } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import type { OptionNames } from '../functional/options';
import { dftype, ditype } from '../environ';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, promoteDtypes } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { broadcastShape } from '../numpy/broadcast';
import { readNamed, type Rest } from '../numpy/program';
import { broadcastTo, dtypeOf, type DtypeLike, shapeOf, type ShapeLike } from '../prng/arguments';
import type { SeedOrKey } from './keyState';

/** Options that most samplers have. */
export interface DrawOptions {
  /** Shape of the result; by default the parameters' common shape. */
  size?: ShapeLike | null;
  /** A seed or key to draw with, in place of one split off the state. */
  key?: SeedOrKey | null;
  /** Element type of the result; by default `environ.dftype()`, or `ditype()` for counts. */
  dtype?: DtypeLike | null;
}

/** Whether parameters are looked at. */
export interface CheckOptions {
  /** Check the parameters' values where they are known (not inside of traced functions); true by default. */
  checkValid?: boolean;
}

/** Where a sampler gets its keys from. */
export interface KeySource {
  keyFor(key: SeedOrKey | null | undefined): Array;
  keysFor(key: SeedOrKey | null | undefined, n: number): Array;
}

export type Params<N extends string> = Partial<Record<N, Array>>;

export interface Statics {
  size: Shape;
  dtype: DType;
}

/** Parameters that were given, as arrays. */
export function given<N extends string>(op: string, params: Partial<Record<N, ArrayLike | null | undefined>>): Params<N> {
  const out: Params<N> = {};
  for (const n of Object.keys(params) as N[]) {
    const x = params[n];
    if (x !== null && x !== undefined) out[n] = asArray(x, `${op}: ${n}`);
  }
  return out;
}

/** {@link given} of parameters that have no default. @throws ArgumentError for one that is missing */
export function required<N extends string>(op: string, params: Record<N, ArrayLike>): Params<N> {
  for (const n of Object.keys(params) as N[]) if (params[n] === undefined || params[n] === null) throw new ArgumentError(`${op}: expected ${n} to be an array, got ${String(params[n])}`);
  return given(op, params);
}

interface Names {
  names: readonly string[];
}

/** Makes one program of a draw from a key and parameters, some of which may be missing. */
export function draw<N extends string, S extends object>(name: string, f: (key: Array, params: Params<N>, statics: S) => Array): (key: Array, params: Params<N>, statics: S) => Array {
  const run = composite<S & Names>(name, ([key, ...rest], statics) => {
    const params: Params<N> = {};
    statics.names.forEach((n, i) => {
      params[n as N] = rest[i]!;
    });
    return [f(key!, params, statics)];
  });
  return (key, params, statics) => {
    const names = Object.keys(params) as N[];
    return run([key, ...names.map((n) => params[n]!)], { ...statics, names })[0]!;
  };
}

/** The size asked for, or the common shape of the parameters. */
export function sizeFor(op: string, size: ShapeLike | null | undefined, params: Params<string>): Shape {
  if (size !== null && size !== undefined) return shapeOf(op, size);
  return broadcastShape(op, Object.values(params).map((x) => x!.shape));
}

export const floatFor = (op: string, dtype: DtypeLike | null | undefined, kinds: readonly DtypeKind[] = ['float']) => dtypeOf(op, dtype, dftype(), kinds);
export const intFor = (op: string, dtype: DtypeLike | null | undefined, kinds: readonly DtypeKind[] = ['int', 'uint', 'float']) => dtypeOf(op, dtype, ditype(), kinds);

/**
 * Options of a sampler: by name, and those up to the size also by place, in Python's order: `normal(0, 1, [3])`, `normal({ size: [3] })`.
 *
 * @param names of all options but key and dtype
 */
export function readDraw<O extends DrawOptions, const K extends Exclude<keyof O, 'key' | 'dtype'> & string, A extends keyof O, B extends keyof O, C extends keyof O>(op: string, names: OptionNames<Omit<O, 'key' | 'dtype'>, K>, rest: Rest<O, A, B, C>): O {
  return readNamed(op, [...names, 'key', 'dtype'], names.indexOf('size' as never) + 1, rest) as O;
}

/** Whether a condition holds of values that are known; where they are traced nothing can be said. */
export function checkValues(op: string, holds: boolean | undefined, message: string, test: (...values: number[]) => boolean, ...params: readonly Array[]): void {
  if (holds === false || !params.every((x) => x instanceof ConcreteArray)) return;
  const shape = broadcastShape(op, params.map((x) => x.shape));
  const flat = params.map((x) => (x.ndim === 0 ? [Number(x.item())] : [...(broadcastTo(x, shape).dataSync() as Iterable<unknown>)].map(Number)));
  const n = Math.max(...flat.map((v) => v.length));
  for (let i = 0; i < n; i++) {
    const at = flat.map((v) => v[v.length === 1 ? 0 : i]!);
    if (!test(...at)) throw new ArgumentError(`${op}: ${message}, got ${at.join(', ')}`);
  }
}

type Binary = (x: Array, y: Array) => Array;

/** A binary operation on arrays of different types and shapes, as NumPy has it. */
const lifted = (f: Binary): Binary => (x, y) => {
  const [a, b] = promoteDtypes('random', x, y) as [Array, Array];
  const shape = broadcastShape('random', [a.shape, b.shape]);
  const full = (v: Array) => (v.ndim === 0 ? v : broadcastTo(v, shape));
  return f(full(a), full(b));
};

export const add: Binary = lifted(e.add);
export const sub: Binary = lifted(e.sub);
export const mul: Binary = lifted(e.mul);
export const div: Binary = lifted(e.div);
export const pow: Binary = lifted(e.pow);
export const lt: Binary = lifted(e.lt);
export const le: Binary = lifted(e.le);

/** value · scale + loc, each where it is given. */
export function locScale(value: Array, loc: Array | undefined, scale: Array | undefined): Array {
  const scaled = scale === undefined ? value : mul(value, scale);
  return loc === undefined ? scaled : add(scaled, loc);
}
