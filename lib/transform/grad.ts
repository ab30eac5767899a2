import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { withTransform } from '../core/trace';
import { describeValue } from '../functional/arrayLike';
import { checkOptions, type OptionNames } from '../functional/options';
import {
  checkArgnums, cotangentsFor, differentiated, fillZeros, floatLeaves, gradCore, type GradOptions as PureGradOptions, jvp as pureJvp, LinearPoint, linearize as pureLinearize, replaceArgs, splitPrimals,
} from '../functional/derivatives';
import { jacfwdCore, jacrevCore, type Jacobian } from '../functional/jacobians';
import { type AnyFunction, FlatFunction, type GradientOf, like, type LikedArgs, type Loose, nameOf } from '../functional/treeFunction';
import { batchFlat, materialize } from '../interpreters/batch';
import { jvpFlat } from '../interpreters/jvp';
import * as np from '../numpy';
import { full } from '../primitives/structural';
import * as prng from '../prng';
import { formatKey, type SeedOrKey } from '../random/keyState';
import { splitKey } from '../random/seed';
import { BrainStateError } from '../state/errors';
import { FlattedDict } from '../state/flattedDict';
import { State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { debugNan } from './debugNan';
import { jit } from './jit';
import { type Effects, listStates, PureFunction, type States } from './pure';

/** Options of {@link grad}, {@link hessian}, {@link jacfwd} and others like them. */
export interface GradOptions extends PureGradOptions {
  /** States to differentiate with respect to: one, or a list, object or map of them; gradients come in the same structure. */
  gradStates?: States;
  /** Whether the value is returned, too. */
  returnValue?: boolean;
  /** Whether it is an error if the function does not touch one of `gradStates`. Default true; else its gradient is zero. */
  checkStates?: boolean;
  /** Whether it is an error if a gradient holds NaN or an infinity: as {@link debugNan} of the gradient does. Default false. */
  debugNan?: boolean;
}

const OPTION_NAMES = ['gradStates', 'argnums', 'hasAux', 'returnValue', 'holomorphic', 'allowInt', 'checkStates', 'debugNan'] as const;

/** Whether a value is options in place of a function, in the curried form. */
function isOptions(x: unknown, names: readonly string[]): boolean {
  return x !== null && typeof x === 'object' && typeof (x as { call?: unknown }).call !== 'function' && Object.keys(x).every((k) => names.includes(k));
}

/** Python's forms take states in the options' place. */
function refuseStates(op: string, options: unknown): void {
  const holds = (x: unknown) => x instanceof State || x instanceof FlattedDict;
  const some = globalThis.Array.isArray(options) ? (options as unknown[]) : [options];
  if (some.some(holds)) throw new ArgumentError(`${op}: expected an options object, got ${describeValue(options)}: states are given as { gradStates: states }`);
}

interface Result {
  grads: unknown;
  value: unknown;
  aux: unknown;
}

/**
 * Runs a differentiation of a function that may touch states, and writes what it wrote: shared by all forms.
 *
 * @returns what `core` returned, the auxiliary result, and how a list with an entry for the states (if any) and each argument is nested
 */
function differentiate<R extends { aux: unknown }>(op: string, f: AnyFunction, options: GradOptions, args: readonly unknown[], core: (pure: AnyFunction, args: readonly unknown[], options: PureGradOptions) => R): { result: R; aux: unknown; nest: (byInput: unknown) => unknown } {
  const { gradStates, argnums, hasAux, checkStates = true, returnValue: _, ...rest } = options;
  const what = `${op} of ${nameOf(f)}`;
  const withStates = gradStates !== undefined && gradStates !== null;
  const list = withStates ? listStates(gradStates, `${op}: gradStates`) : { states: [], build: () => null };
  const pure = new PureFunction(f, list.states, what, hasAux === true);
  const named = Object.defineProperty(pure.run as AnyFunction, 'name', { value: nameOf(f), configurable: true });
  try {
    const values = list.states.map((s) => s.value);
    const byArgs = !withStates || argnums !== undefined;
    const chosen = byArgs ? checkArgnums(op, argnums, args.length) : { list: [], single: false };
    const result = core(named, [values, ...args], { ...rest, argnums: [...(withStates ? [0] : []), ...chosen.list.map((i) => i + 1)], hasAux: true });
    const missing = list.states.find((s) => !pure.touched.has(s));
    if (missing !== undefined && checkStates) {
      throw new BrainStateError(`${what}: the function does not touch ${missing.describe()}, which is among gradStates; pass checkStates: false to get zeros for it`);
    }
    const { aux, writes } = result.aux as Effects;
    pure.commit(writes);
    const nest = (byInput: unknown): unknown => {
      const all = byInput as unknown[];
      const ofArgs = all.slice(withStates ? 1 : 0);
      const forArgs = chosen.single ? ofArgs[0] : ofArgs;
      if (!withStates) return forArgs;
      const forStates = list.build(all[0] as unknown[]);
      return byArgs ? [forStates, forArgs] : forStates;
    };
    return { result, aux, nest };
  } finally {
    pure.close();
  }
}

/** Gradients, value and auxiliary result in BrainState's nesting. */
function nested(r: Result, options: { returnValue?: boolean; hasAux?: boolean }): unknown {
  if (!options.returnValue && !options.hasAux) return r.grads;
  return [r.grads, ...(options.returnValue ? [r.value] : []), ...(options.hasAux ? [r.aux] : [])];
}

type Core = (pure: AnyFunction, args: readonly unknown[], options: PureGradOptions) => { grads: unknown; value: unknown; aux: unknown };

function gradWith(op: string, f: AnyFunction, o: GradOptions, args: readonly unknown[], core: Core): Result {
  const { result, aux, nest } = differentiate(op, f, o, args, core);
  return { grads: nest(result.grads), value: result.value, aux };
}

const gradOf = (op: string, f: AnyFunction, o: GradOptions, args: readonly unknown[]): Result => gradWith(op, f, o, args, (pure, all, opts) => gradCore(op, pure, all, opts));

/** The gradients in the result of a transform. */
function gradsIn(op: string, result: unknown, o: { returnValue?: boolean; hasAux?: boolean }): unknown {
  if (op === 'valueAndGrad') return (result as unknown[])[1];
  return o.returnValue || o.hasAux ? (result as unknown[])[0] : result;
}

type Curried<O> = (f: Callable) => (...args: unknown[]) => O;

/** Makes a transform that takes a function and options, options alone (then it is a decorator), or a module. */
function transform<O extends object, const K extends keyof O & string>(op: string, names: OptionNames<O, K>, run: (f: AnyFunction, options: O, args: readonly unknown[]) => unknown): (f: Callable | O, options?: O) => unknown {
  return (f, options) => {
    if (typeof f !== 'function' && isOptions(f, names)) return ((g: Callable) => transform(op, names, run)(g, f as O)) as Curried<unknown>;
    const fn = asFunction(f as Callable, op);
    refuseStates(op, options);
    const { debugNan: debug, ...rest } = checkOptions(op, names, options) as { debugNan?: boolean };
    const o = rest as O;
    return like(fn, (...args: unknown[]) => {
      if (debug) debugNan((...xs: unknown[]) => gradsIn(op, run(fn, o, xs), o), ...args, { phase: op });
      return run(fn, o, args);
    });
  };
}

/** What `grad` returns for literal options. */
export type GradResult<F extends AnyFunction, O extends GradOptions> =
  O extends { gradStates: States } | { returnValue: true } | { hasAux: true } | { argnums: readonly number[] } ? Loose
    : O extends { argnums: infer I extends number } ? GradientOf<Parameters<F>[I]>
      : GradientOf<Parameters<F>[0]>;

/**
 * The gradient of a function of scalar value: with respect to arguments (`argnums`, default the first), states (`gradStates`), or both, which then gives
 * `[stateGrads, argGrads]`. `returnValue` gives `[grads, value]`, `hasAux` `[grads, aux]`, both `[grads, value, aux]`.
 *
 * Mirrors `brainstate.transform.grad`, and on functions without states `jax.grad`. States that the function writes are written once.
 *
 * @throws ShapeError if the result is no scalar
 * @throws DtypeError for integer inputs
 * @example
 * ```ts
 * grad((x: np.Array) => np.sum(np.square(x)))([1, 2]); // [2, 4]
 * ```
 */
export function grad<F extends AnyFunction, const O extends GradOptions = object>(f: F, options?: O): (...args: LikedArgs<Parameters<F>>) => GradResult<F, O>;
export function grad(module: { call(...args: never[]): unknown }, options?: GradOptions): (...args: unknown[]) => Loose;
export function grad(options: GradOptions): (f: Callable) => (...args: unknown[]) => Loose;
export function grad(f: Callable | GradOptions, options?: GradOptions): unknown {
  return gradTransform(f, options);
}
const gradTransform = transform('grad', OPTION_NAMES, (f: AnyFunction, o: GradOptions, args: readonly unknown[]) => nested(gradOf('grad', f, o, args), o));

/**
 * Value and gradient: `[value, grads]`, with `hasAux` `[[value, aux], grads]`.
 *
 * Mirrors `jax.value_and_grad`; takes `gradStates` as {@link grad} does.
 *
 * @example
 * transform.valueAndGrad((x: Array) => np.sum(np.square(x)))(np.array([1, 2]))[0].js(); // 5
 */
export function valueAndGrad<F extends AnyFunction, const O extends GradOptions = object>(f: F, options?: O): (...args: LikedArgs<Parameters<F>>) => [Loose, Loose];
export function valueAndGrad(module: { call(...args: never[]): unknown }, options?: GradOptions): (...args: unknown[]) => [Loose, Loose];
export function valueAndGrad(options: GradOptions): (f: Callable) => (...args: unknown[]) => [Loose, Loose];
export function valueAndGrad(f: Callable | GradOptions, options?: GradOptions): unknown {
  return valueAndGradTransform(f, options);
}
const valueAndGradTransform = transform('valueAndGrad', OPTION_NAMES, (f: AnyFunction, o: GradOptions, args: readonly unknown[]) => {
  const r = gradOf('valueAndGrad', f, o, args);
  return [o.hasAux ? [r.value, r.aux] : r.value, r.grads];
});

/**
 * Gradients of a function of any shape for cotangents of ones: each column sum of the Jacobian. Mirrors `brainstate.transform.vector_grad`.
 *
 * @example
 * transform.vectorGrad((x: Array) => np.square(x))(np.array([1, 2])).js(); // [2, 4]
 */
export function vectorGrad(f: Callable | GradOptions, options?: GradOptions): Loose {
  return vectorGradTransform(f, options);
}
const vectorGradTransform = transform('vectorGrad', OPTION_NAMES, (f: AnyFunction, o: GradOptions, args: readonly unknown[]) => nested(gradWith('vectorGrad', f, o, args, (pure, all, opts) => {
  const { what, g, leaves, def } = differentiated('vectorGrad', pure, all, { ...opts, holomorphic: false });
  const point = new LinearPoint(new FlatFunction(g, def, what, true), leaves);
  const grads = def.unflatten(fillZeros(point.pull(point.outs.map((x) => full(x.shape, 1, x.dtype))), leaves));
  return { grads, value: point.flat.outDef.unflatten(point.outs), aux: point.flat.auxDef!.unflatten(point.aux) };
}), o));

function jacobianTransform(op: string, core: (f: AnyFunction, args: readonly unknown[], o: PureGradOptions) => Jacobian) {
  return transform(op, OPTION_NAMES, (f: AnyFunction, o: GradOptions, args: readonly unknown[]) => {
    const { result, aux, nest } = differentiate(op, f, o, args, core);
    // The structure of the result comes first, then that of the inputs.
    return nested({ grads: result.outDef.unflatten(result.perOutput.map(nest)), value: result.value, aux }, o);
  });
}

/**
 * Jacobian by reverse mode, a row at a time: efficient where there are fewer results than inputs. Options and nesting as in {@link grad}; each result's
 * place in the result's structure holds the blocks of all inputs, of shape [...result, ...input].
 *
 * Mirrors `brainstate.transform.jacrev` and `jax.jacrev`.
 *
 * @example
 * transform.jacrev((x: Array) => np.square(x))(np.array([1, 2])).js(); // [[2, 0], [0, 4]]
 */
export const jacrev: (f: Callable | GradOptions, options?: GradOptions) => Loose = jacobianTransform('jacrev', jacrevCore);

/**
 * Jacobian by forward mode, a column at a time: efficient where there are fewer inputs than results. See {@link jacrev}. Mirrors `jax.jacfwd`.
 *
 * @example
 * transform.jacfwd((x: Array) => np.square(x))(np.array([1, 2])).js(); // [[2, 0], [0, 4]]
 */
export const jacfwd: (f: Callable | GradOptions, options?: GradOptions) => Loose = jacobianTransform('jacfwd', jacfwdCore);

/**
 * Second derivatives of a function, by forward over reverse mode. With `gradStates` as an object, an object of objects of blocks; `argnums` as in
 * {@link grad}. Mirrors `brainstate.transform.hessian` and `jax.hessian`.
 *
 * @example
 * transform.hessian((x: Array) => np.sum(np.power(x, 3)))(np.array([1, 2])).js(); // [[6, 0], [0, 12]]
 */
export function hessian(f: Callable | GradOptions, options?: GradOptions): Loose {
  return hessianTransform(f, options);
}
const hessianTransform = transform('hessian', OPTION_NAMES, (f: AnyFunction, o: GradOptions, args: readonly unknown[]) => {
  const { returnValue, hasAux, gradStates, ...rest } = o;
  if (gradStates !== undefined && o.argnums !== undefined) throw new ArgumentError('hessian: give gradStates or argnums, not both');
  const states = gradStates === undefined ? {} : { gradStates };
  // The inner Jacobian hands value and auxiliary result out beside it.
  const inner = (...a: unknown[]): unknown => {
    const r = jacrev(f, { ...rest, ...states, returnValue: true, hasAux })(...a) as unknown[];
    return [r[0], { value: r[1], aux: hasAux ? r[2] : null }];
  };
  const [h, extra] = jacfwd(inner, { ...rest, ...states, hasAux: true })(...args) as [unknown, { value: unknown; aux: unknown }];
  return nested({ grads: h, value: extra.value, aux: extra.aux }, { returnValue, hasAux });
});

/**
 * Result and pull-back: `[out, pull]`, with `hasAux` `[out, pull, aux]`. `pull(ct)` gives the list of the arguments' cotangents, as JAX's does; with `argnums`
 * those of these arguments, a number's alone. With `gradStates` it gives `[stateCotangents, argumentCotangents]`, of the first argument unless `argnums`
 * says otherwise, or those of the states alone if there are no arguments or `argnums` is null.
 *
 * Mirrors `jax.vjp` and `brainstate.transform.vjp`: `vjp(f, x, y, options?)`, or `vjp(f, [x, y], options?)`.
 *
 * @example
 * ```ts
 * const [y, pull] = transform.vjp((x: Array) => np.square(x), np.array(3));
 * [y.js(), pull(np.array(1))[0].js()]; // [9, 6]
 * ```
 */
export function vjp(f: Callable, ...rest: unknown[]): Loose {
  const fn = asFunction(f, 'vjp');
  const { primals, options } = splitPrimals(fn, rest, ['hasAux', 'gradStates', 'argnums']);
  const { hasAux, gradStates, argnums } = options as { hasAux?: boolean; gradStates?: States; argnums?: number | readonly number[] | null };
  const what = `vjp of ${nameOf(fn)}`;
  const withStates = gradStates !== undefined && gradStates !== null;
  const list = withStates ? listStates(gradStates, 'vjp: gradStates') : { states: [], build: () => null };
  const pure = new PureFunction(fn, list.states, what, hasAux === true);
  try {
    const byArgs = argnums !== null && !(argnums === undefined && withStates && primals.length === 0);
    const { list: positions, single } = !byArgs ? { list: [], single: false }
      : argnums === undefined && !withStates ? { list: primals.map((_, i) => i), single: false } : checkArgnums('vjp', argnums, primals.length);
    if (new Set(positions).size !== positions.length) throw new ArgumentError(`vjp: expected argnums to be different arguments, got [${(argnums as readonly number[]).join(', ')}]`);
    if (positions.length === 0 && list.states.length === 0) throw new ArgumentError('vjp: there is nothing to differentiate by; give arguments, or gradStates');
    const all = [list.states.map((s) => s.value), ...primals];
    const chosen = [0, ...positions.map((i) => i + 1)];
    const { leaves, def } = floatLeaves(chosen.map((i) => all[i]), what);
    const point = new LinearPoint(new FlatFunction(replaceArgs(pure.run as AnyFunction, all, chosen, what), def, what, true), leaves);
    const { outDef, auxDef } = point.flat;
    const missing = list.states.find((s) => !pure.touched.has(s));
    if (missing !== undefined) throw new BrainStateError(`${what}: the function does not touch ${missing.describe()}, which is among gradStates`);
    const { aux, writes } = auxDef!.unflatten(point.aux) as unknown as Effects;
    pure.commit(writes);
    const pull = (ct: unknown): unknown => {
      const [forStates, ...forArgs] = def.unflatten(fillZeros(point.pull(cotangentsFor(ct, outDef, point.outs, what)), leaves)) as [unknown[], ...unknown[]];
      const ofArgs = single ? forArgs[0] : forArgs;
      if (!withStates) return ofArgs;
      return byArgs ? [list.build(forStates), ofArgs] : list.build(forStates);
    };
    const out = outDef.unflatten(point.outs);
    return hasAux === true ? [out, pull, aux] : [out, pull];
  } finally {
    pure.close();
  }
}

/**
 * The two halves of {@link vjp} as functions: `fwd(...args)` gives `[out, pull]`, with `hasAux` `[out, pull, aux]`, and `bwd(pull, ct)` the cotangent of the
 * argument at `argnums`, or the list of those of several. Both run as programs that are compiled once for each signature, unless `jitted` is false.
 *
 * Mirrors `jax.fwd_and_bwd`.
 *
 * @param f a function of arrays
 * @throws ArgumentError if `argnums` is out of range
 * @example
 * ```ts
 * const [fwd, bwd] = fwdAndBwd((x: np.Array, y: np.Array) => np.multiply(x, np.sin(y)), 0);
 * const [out, pull] = fwd(2, 1);
 * bwd(pull, 1); // sin(1)
 * ```
 */
export function fwdAndBwd(f: Callable, argnums: number | readonly number[], options: { hasAux?: boolean; jitted?: boolean } = {}): [fwd: (...args: unknown[]) => Loose, bwd: (pull: (ct: Loose) => Loose, ct: unknown) => Loose] {
  const fn = asFunction(f, 'fwdAndBwd');
  options = checkOptions('fwdAndBwd', ['hasAux', 'jitted'], options);
  const { hasAux = false, jitted = true } = options;
  const run = jitted ? (jit(fn) as AnyFunction) : fn;
  const fwd = (...args: unknown[]): unknown => {
    const { list } = checkArgnums('fwdAndBwd', argnums, args.length);
    return vjp(replaceArgs(run, args, list, `fwdAndBwd of ${nameOf(fn)}`), list.map((i) => args[i]), { hasAux });
  };
  const bwd = (pull: (ct: unknown) => unknown[], ct: unknown): unknown => {
    if (typeof pull !== 'function') throw new ArgumentError(`fwdAndBwd: expected the second result of fwd, got ${describeValue(pull)}`);
    const cts = pull(ct);
    return typeof argnums === 'number' ? cts[0] : cts;
  };
  return [fwd, bwd];
}

/** Runs a pure transform of a function that may write states, and writes them with the values it had. */
function withWrites<R extends unknown[]>(f: AnyFunction, what: string, hasAux: boolean, run: (pure: AnyFunction) => R): unknown[] {
  const pure = new PureFunction(f, [], what, hasAux);
  try {
    const named = Object.defineProperty((...args: unknown[]) => pure.run([], ...args), 'name', { value: nameOf(f) }) as AnyFunction;
    Object.defineProperty(named, 'length', { value: f.length });
    const r = run(named);
    const { aux, writes } = r[r.length - 1] as Effects;
    pure.commit(writes);
    const rest = r.slice(0, -1);
    return hasAux ? [...rest, aux] : rest;
  } finally {
    pure.close();
  }
}

/**
 * Values and directional derivatives: `[out, outTangents]`, or `[out, outTangents, aux]`. States are constants. Mirrors `jax.jvp`.
 *
 * @param f a function
 * @param primals list of the function's arguments
 * @param tangents list of their directions
 * @example
 * transform.jvp((x: Array) => np.square(x), [np.array(3)], [np.array(1)])[1].js(); // 6
 */
export function jvp(f: Callable, primals: readonly unknown[], tangents: readonly unknown[], options: { hasAux?: boolean } = {}): Loose {
  options = checkOptions('jvp', ['hasAux'], options);
  const fn = asFunction(f, 'jvp');
  return withWrites(fn, `jvp of ${nameOf(fn)}`, options.hasAux === true, (pure) => pureJvp(pure, primals, tangents, { hasAux: true }));
}

/**
 * Result and linear approximation: `[out, push]`, or `[out, push, aux]`; `push(...tangents)`. States are constants. Mirrors `jax.linearize`:
 * `linearize(f, x, y, options?)`, or `linearize(f, [x, y], options?)`.
 *
 * @example
 * ```ts
 * const [y, push] = transform.linearize((x: Array) => np.square(x), np.array(3));
 * [y.js(), push(np.array(1)).js()]; // [9, 6]
 * ```
 */
export function linearize(f: Callable, ...rest: unknown[]): Loose {
  const fn = asFunction(f, 'linearize');
  const { primals, options } = splitPrimals(fn, rest, ['hasAux']);
  return withWrites(fn, `linearize of ${nameOf(fn)}`, options.hasAux === true, (pure) => {
    const spread = (...args: unknown[]) => pure(...args);
    const [out, push, effects] = pureLinearize(spread as AnyFunction, [...primals], { hasAux: true }) as [unknown, unknown, Effects];
    return [out, push, effects];
  });
}

/** Options of {@link fwdGrad}. */
export interface FwdGradOptions extends GradOptions {
  /** How many random directions are averaged. Default one. */
  tangentSize?: number | null;
  /** Directional derivatives are clipped to [-this, this]. */
  drctDerClip?: number | null;
  /** The key for the directions, or a seed. Default: one split off the default random state. */
  key?: SeedOrKey | null;
}

/** Directions times derivatives along them, averaged. */
function fwdCore(pure: AnyFunction, args: readonly unknown[], options: PureGradOptions, o: FwdGradOptions): { grads: unknown; value: unknown; aux: unknown } {
  const { what, g, leaves, def } = differentiated('fwdGrad', pure, args, options);
  const size = o.tangentSize ?? null;
  if (size !== null) checkInteger('fwdGrad', 'tangentSize', size, 1);
  const key = o.key === undefined || o.key === null ? splitKey() : formatKey('fwdGrad: key', o.key);
  const keys = prng.split(key, leaves.length);
  const lead = size === null ? [] : [size];
  const directions = leaves.map((x, i) => prng.normal(keys.slice(i), [...lead, ...x.shape], { dtype: x.dtype }));
  const flat = new FlatFunction(g, def, what, true);
  let outs: readonly Array[] = [];
  const derivative = (vs: readonly Array[]) => {
    const d = jvpFlat((xs) => withTransform('jvp', () => flat.call(xs)), leaves, vs);
    outs = d.outs;
    if (flat.numOuts !== 1 || d.outs[0]!.ndim !== 0) throw new ShapeError(`${what}: expected a function with one scalar result, got ${d.outs.slice(0, flat.numOuts).map((x) => x.aval).join(', ') || 'none'}; use vectorGrad, jacfwd or jacrev`);
    return d.tangents[0] ?? full([], 0, d.outs[0]!.dtype);
  };
  let slopes: Array;
  if (size === null) slopes = derivative(directions);
  else {
    const r = batchFlat((vs) => {
      const slope = derivative(vs);
      return [slope, ...outs];
    }, { size, name: null }, directions, directions.map(() => 0));
    slopes = materialize(r.outs[0]!, r.dims[0]!, size);
    outs = r.outs.slice(1);
  }
  const clip = o.drctDerClip ?? null;
  if (clip !== null) slopes = np.clip(slopes, -clip, clip);
  const grads = def.unflatten(directions.map((v) => {
    if (size === null) return np.multiply(v, slopes);
    return np.mean(np.multiply(v, slopes.reshape([size, ...v.shape.slice(1).map(() => 1)])), 0);
  })) as unknown[];
  return { grads, value: outs[0], aux: flat.auxDef!.unflatten(outs.slice(1)) };
}

/**
 * An unbiased estimate of the gradient without a backward pass: a random direction times the derivative along it, or the mean of `tangentSize` such.
 * Options and nesting as in {@link grad}.
 *
 * Mirrors `brainstate.transform.fwd_grad`.
 *
 * @throws ShapeError if the result is no scalar
 * @example
 * ```ts
 * transform.fwdGrad((x: np.Array) => np.sum(np.square(x)), { key: 0, tangentSize: 100 })([3, 4]);
 * ```
 */
export function fwdGrad(f: Callable | FwdGradOptions, options?: FwdGradOptions): Loose {
  return fwdGradTransform(f, options);
}
const fwdGradTransform = transform('fwdGrad', [...OPTION_NAMES, 'tangentSize', 'drctDerClip', 'key'], (f: AnyFunction, o: FwdGradOptions, args: readonly unknown[]) => {
  const { tangentSize: _t, drctDerClip: _d, key: _k, ...rest } = o;
  return nested(gradWith('fwdGrad', f, rest, args, (pure, all, opts) => fwdCore(pure, all, opts, o)), o);
});

/** A transform of functions of arrays: takes a function that returns `[value, aux]`, gives one that returns `[gradients of the arguments argnums, aux]`. */
export type ArrayGradient = (f: AnyFunction, options: { argnums: readonly number[]; hasAux: true; [param: string]: unknown }) => (...args: Loose[]) => Loose;

/** Options of {@link GradientTransform}. */
export interface GradientTransformOptions {
  /** States to differentiate by. */
  gradStates?: States;
  /** Arguments to differentiate by. */
  argnums?: number | readonly number[];
  /** Whether the value is given, too. */
  returnValue?: boolean;
  /** Whether the function gives more than the value. */
  hasAux?: boolean;
  /** What else the transform is given. */
  transformParams?: { readonly [name: string]: unknown };
  /** Whether states must be among those that the function reads. */
  checkStates?: boolean;
  /** Whether gradients are searched for NaN. */
  debugNan?: boolean;
}

/**
 * Makes a gradient with respect to arguments and states of one with respect to arguments: call it by `call(...args)`.
 *
 * Mirrors `brainstate.transform.GradientTransform`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.ones([2]));
 * const g = new transform.GradientTransform((x: np.Array) => np.sum(w.value.mul(x)), (f, o) => grad(f, o), { gradStates: [w] });
 * g.call(np.array([1, 2])); // [[1, 2]]
 * ```
 */
export class GradientTransform {
  readonly target: AnyFunction;
  private readonly gradient: ArrayGradient;
  private readonly options: GradientTransformOptions;

  constructor(target: Callable, gradient: ArrayGradient, options: GradientTransformOptions = {}) {
    this.target = asFunction(target, 'GradientTransform');
    if (typeof gradient !== 'function') throw new ArgumentError(`GradientTransform: expected a transform of functions, got ${describeValue(gradient)}`);
    this.gradient = gradient;
    this.options = checkOptions('GradientTransform', ['gradStates', 'argnums', 'returnValue', 'hasAux', 'transformParams', 'checkStates', 'debugNan'], options);
  }

  /** What it differentiates, and how. */
  toString(): string {
    const { gradStates, argnums, returnValue = false, hasAux = false } = this.options;
    const states = gradStates === undefined ? [] : listStates(gradStates, 'GradientTransform: gradStates').states;
    return `GradientTransform(target=${nameOf(this.target)}, grad_states=[${states.map((s) => s.describe()).join(', ')}], argnums=${argnums === undefined ? 'None' : String(argnums)}, `
      + `return_value=${returnValue ? 'True' : 'False'}, has_aux=${hasAux ? 'True' : 'False'})`;
  }

  /** The gradients, for these arguments. */
  call(...args: unknown[]): Loose {
    const { transformParams, debugNan: debug, ...o } = this.options;
    if (debug) debugNan((...xs: unknown[]) => gradsIn('GradientTransform', new GradientTransform(this.target, this.gradient, { ...this.options, debugNan: false }).call(...xs), o), ...args, { phase: 'GradientTransform' });
    return nested(gradWith('GradientTransform', this.target, o, args, (pure, all, { argnums }) => {
      const positions = typeof argnums === 'number' ? [argnums] : [...(argnums ?? [])];
      const withValue = (...xs: unknown[]) => {
        const [value, effects] = pure(...xs) as [unknown, unknown];
        return [value, { effects, value }];
      };
      const [grads, { effects, value }] = this.gradient(withValue as AnyFunction, { ...transformParams, argnums: positions, hasAux: true })(...all) as [unknown, { effects: unknown; value: unknown }];
      return { grads, value, aux: effects };
    }), o);
  }
}
