import { Array } from '../core/array';
import { checkDtype, checkShape, type Shape, ShapedArray } from '../core/aval';
import { type DType, dtypeKind, isIntegral } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { ClosedJaxpr, evalJaxpr, type Jaxpr } from '../core/jaxpr';
import { dceJaxpr } from '../core/passes/dce';
import type { MaybeZero } from '../core/primitive';
import { Tracer, withAxis, withTransform } from '../core/trace';
import { flatten, flattenUpTo, type TreeDef } from '../core/tree';
import { type CheckpointParams, checkpointP, type CheckpointPolicy } from '../interpreters/remat';
import { BatchTracer } from '../interpreters/batch';
import { isDifferentiable, JvpTracer } from '../interpreters/jvp';
import { hoistConsts, stage } from '../interpreters/stage';
import { backwardPass } from '../interpreters/transpose';
import { zerosLike } from '../primitives/structural';
import { asArray, describeValue } from './arrayLike';
import { castTangent, fillZeros } from './derivatives';
import { type AnyFunction, arraysOf, FlatFunction, isArrayLeaf, nameOf, toArrays } from './treeFunction';

/** Shape, dtype and weakness of an array that need not exist. Mirrors `jax.ShapeDtypeStruct`. @example new ShapeDtypeStruct([2, 3], 'int32').dtype; // 'int32' */
export class ShapeDtypeStruct {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly weakType: boolean;

  constructor(shape: Shape, dtype: DType = 'float32', options: { weakType?: boolean } = {}) {
    this.shape = Object.freeze([...checkShape('ShapeDtypeStruct', shape)]);
    this.dtype = checkDtype('ShapeDtypeStruct', dtype);
    this.weakType = options.weakType ?? false;
  }

  /** Shape and dtype of an array. */
  static of(aval: ShapedArray): ShapeDtypeStruct {
    return new ShapeDtypeStruct(aval.shape, aval.dtype, { weakType: aval.weakType });
  }

  get ndim(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.aval.size;
  }

  get aval(): ShapedArray {
    return new ShapedArray(this.shape, this.dtype, this.weakType);
  }

  toString(): string {
    return `ShapeDtypeStruct(shape=(${this.shape.join(', ')}${this.shape.length === 1 ? ',' : ''}), dtype=${this.dtype}${this.weakType ? ', weak_type=True' : ''})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The type that an object tells which has `shape` and `dtype` of its own, and null for anything else. */
function describedType(x: unknown, what: string): ShapedArray | null {
  if (x instanceof ShapeDtypeStruct) return x.aval;
  if (x === null || typeof x !== 'object' || x instanceof Array || ArrayBuffer.isView(x)) return null;
  const { shape, dtype } = x as { shape?: unknown; dtype?: unknown };
  if (typeof dtype !== 'string' || !globalThis.Array.isArray(shape)) return null;
  return new ShapedArray(checkShape(what, shape as number[]), checkDtype(what, dtype as DType), (x as { weakType?: unknown }).weakType === true);
}

/** Types of the leaves of arguments, which may be arrays, numbers, ShapeDtypeStructs or other objects with `shape` and `dtype`. */
export function avalsOf(tree: unknown, what: string): { avals: ShapedArray[]; def: TreeDef } {
  const [values, def] = flatten(tree, (x) => isArrayLeaf(x) || describedType(x, what) !== null);
  const types = values.map((x) => describedType(x, what));
  const arrays = toArrays(values.map((x, i) => (types[i] === null ? x : 0)), def, what);
  return { avals: types.map((t, i) => t ?? arrays[i]!.aval), def };
}

/** Positions among a function's parameters, checked; negative ones count from the end of the parameters it declares. */
export function argumentPositions(op: string, option: string, given: number | readonly number[] | undefined, f: AnyFunction): number[] {
  const list = given === undefined || given === null ? [] : typeof given === 'number' ? [given] : [...given];
  return list.map((i) => {
    if (!Number.isInteger(i)) throw new ArgumentError(`${op}: expected ${option} to be integers, got ${String(i)}`);
    if (i >= 0) return i;
    if (i < -f.length) throw new ArgumentError(`${op}: ${option} contains ${i}, but ${nameOf(f)} declares ${f.length} parameter${f.length === 1 ? '' : 's'} (those after one with a default or a rest are not counted); count from the front`);
    return i + f.length;
  });
}

/** Positions of static arguments, checked. */
export function checkStatic(op: string, staticArgnums: number | readonly number[] | undefined, f: AnyFunction): number[] {
  return argumentPositions(op, 'staticArgnums', staticArgnums, f);
}

/** A function of all its arguments as one of those that are not static. */
export function bindStatic(op: string, f: AnyFunction, args: readonly unknown[], statics: readonly number[]): { g: AnyFunction; rest: unknown[] } {
  if (statics.length === 0) return { g: f, rest: [...args] };
  for (const i of statics) if (i >= args.length) throw new ArgumentError(`${op}: staticArgnums contains ${i}, but the call has ${args.length} argument${args.length === 1 ? '' : 's'}`);
  const rest = args.filter((_, i) => !statics.includes(i));
  const g = (...xs: unknown[]) => {
    let next = 0;
    return (f as (...a: unknown[]) => unknown)(...args.map((x, i) => (statics.includes(i) ? x : xs[next++])));
  };
  return { g: g as AnyFunction, rest };
}

/** Traces a function on types: its jaxpr, with the arrays it captured, and the structure of its result. */
export function stageTree(f: AnyFunction, args: readonly unknown[], what: string, name = nameOf(f)): { jaxpr: Jaxpr; consts: Array[]; outDef: TreeDef } {
  const { avals, def } = avalsOf(args, what);
  const flat = new FlatFunction(f, def, what);
  const s = stage(flat.call, avals, name);
  return { ...s, outDef: flat.outDef };
}

/** Names and sizes of mapped axes. */
export type AxisEnv = readonly (readonly [name: string, size: number])[];

/** The axes of an option `axisEnv`; [] for none. @throws ArgumentError unless it is a list of names and sizes */
export function checkAxisEnv(op: string, axisEnv: AxisEnv | null | undefined): AxisEnv {
  const axes = axisEnv ?? [];
  if (!globalThis.Array.isArray(axes) || !axes.every((a) => globalThis.Array.isArray(a) && a.length === 2 && typeof a[0] === 'string' && Number.isInteger(a[1]) && a[1] > 0)) {
    throw new ArgumentError(`${op}: expected axisEnv to be a list of pairs of a name and a size, got ${describeValue(axisEnv)}`);
  }
  return axes;
}

/** Runs `f` with named axes in scope. */
export function withAxes<T>(axes: AxisEnv, f: () => T): T {
  return axes.reduceRight<() => T>((inner, [name, size]) => () => withAxis(name, size, inner), f)();
}

export interface MakeJaxprOptions {
  staticArgnums?: number | readonly number[];
  /** Names and sizes of mapped axes that the function may name. */
  axisEnv?: AxisEnv | null;
}

/**
 * The jaxpr of a function of arrays: printing it gives JAX's text. Mirrors `jax.make_jaxpr`.
 *
 * Arguments may be arrays, numbers or {@link ShapeDtypeStruct}s.
 */
export function makeClosedJaxpr(f: AnyFunction, options: MakeJaxprOptions = {}): (...args: unknown[]) => ClosedJaxpr {
  const statics = checkStatic('makeJaxpr', options.staticArgnums, f);
  const axes = checkAxisEnv('makeJaxpr', options.axisEnv);
  return (...args) => {
    const { g, rest } = bindStatic('makeJaxpr', f, args, statics);
    const { jaxpr, consts } = withAxes(axes, () => stageTree(g, rest, `makeJaxpr of ${nameOf(f)}`, nameOf(f)));
    return new ClosedJaxpr(jaxpr, consts);
  };
}

/** Types of a function's results, without computing them: a tree of {@link ShapeDtypeStruct}. Mirrors `jax.eval_shape`. */
export function evalShape(f: AnyFunction, ...args: unknown[]): unknown {
  const { jaxpr, outDef } = stageTree(f, args, `evalShape of ${nameOf(f)}`);
  return outDef.unflatten(jaxpr.outAvals.map(ShapeDtypeStruct.of));
}

export interface CheckpointOptions {
  /** Whether the compiler is kept from merging the recomputation with the first computation. Default true. */
  preventCse?: boolean;
  /** Which intermediate values are kept; default none. See `checkpointPolicies`. */
  policy?: CheckpointPolicy | null;
  staticArgnums?: number | readonly number[];
}

/**
 * A function that computes its intermediate values again in the backward pass, which saves their memory.
 *
 * Mirrors `jax.checkpoint` (`jax.remat`).
 */
export function checkpoint<F extends AnyFunction>(f: F, options: CheckpointOptions = {}): (...args: Parameters<F>) => ReturnType<F> {
  const statics = checkStatic('checkpoint', options.staticArgnums, f);
  return (...args) => {
    const what = `checkpoint of ${nameOf(f)}`;
    const { g, rest } = bindStatic(what, f, args, statics);
    const { leaves, def } = arraysOf(rest, what);
    const flat = new FlatFunction(g, def, what);
    const { closed, consts } = hoistConsts(stage(flat.call, leaves.map((x) => x.aval), nameOf(f)));
    const params: CheckpointParams = { jaxpr: closed, policy: options.policy ?? null, preventCse: options.preventCse ?? true, differentiated: false };
    return flat.outDef.unflatten(checkpointP.bind(params, ...consts, ...leaves)) as ReturnType<F>;
  };
}

/**
 * The transpose of a linear function: takes a cotangent of its result, gives the list of the arguments' cotangents.
 *
 * Mirrors `jax.linear_transpose`. Arguments serve for their types only: all floats or complex, as the results then are, or all integers.
 *
 * @param f a function
 * @param primals arguments like those that it will be called with
 * @throws DifferentiationError if the function is not linear
 * @throws DtypeError if arguments and results are neither all floats or complex nor all integers, or a cotangent is of another type than its result
 * @example
 * ```ts
 * const transposed = linearTranspose((x: Array) => x.mul(3), np.zeros([2]));
 * (transposed(np.array([1, 2]))[0] as Array).js(); // [3, 6]
 * ```
 */
export function linearTranspose(f: AnyFunction, ...primals: unknown[]): (ct: unknown) => unknown[] {
  const what = `linearTranspose of ${nameOf(f)}`;
  const { avals: given, def } = avalsOf(primals, what);
  // Plain numbers are floats here, as whatever is differentiated.
  const avals = given.map((a) => (a.weakType && dtypeKind(a.dtype) === 'int' ? new ShapedArray(a.shape, asArray(0.5).dtype, true) : a));
  const flat = new FlatFunction(f, def, what);
  const staged = stage(flat.call, avals, nameOf(f));
  // What the result does not need may be anything but linear.
  const { jaxpr, usedConsts } = dceJaxpr(staged.jaxpr, null, true);
  const consts = staged.consts.filter((_, i) => usedConsts[i]);
  const { outAvals } = jaxpr;
  const all = [...avals, ...outAvals];
  if (!all.every((a) => isDifferentiable(a)) && !all.every((a) => isIntegral(a.dtype))) {
    throw new DtypeError(`${what}: expected a function of floats or complex numbers to the same, or of integers to integers, got (${avals.join(', ')}) to (${outAvals.join(', ')})`);
  }
  return (ct) => {
    const cts: MaybeZero[] = flattenUpTo(flat.outDef, ct, `${what}: cotangents`).map((c, i) => castTangent(asArray(c as never, what), outAvals[i]!, `${what}: cotangents ${i}`));
    const back = withTransform('transpose', () => backwardPass(jaxpr, consts, jaxpr.invars, cts));
    return def.unflatten(fillZeros(back, avals.map((a) => zerosLike(a)))) as unknown[];
  };
}

/** Whether an array may have a tangent, now or when what is being recorded is differentiated. */
function mayBeDifferentiated(x: Array): boolean {
  if (x instanceof BatchTracer) return mayBeDifferentiated(x.value);
  return x instanceof JvpTracer || (x instanceof Tracer && isDifferentiable(x.aval));
}

/**
 * Makes the arrays that a function captured into arguments, as far as they may be differentiated: `[converted, captured]`, where
 * `converted(...args, ...captured)` is the function.
 *
 * Mirrors `jax.closure_convert`; differentiation sees what would otherwise be hidden in a closure. Arrays with values, which no transformation in
 * progress traces, stay in the closure.
 *
 * @param f a function
 * @param examples arguments like those that it will be called with
 * @throws ArgumentError if it is called with arguments of another structure
 * @throws ShapeError, DtypeError if it is called with arrays of other types
 * @example
 * ```ts
 * const f = (scale: Array) => {
 *   const [pure, captured] = transform.closureConvert((x: Array) => x.mul(scale), np.array(1));
 *   return (pure(np.array(2), ...captured) as Array).mul(captured.length);
 * };
 * [f(np.array(3)).item(), grad(f)(np.array(3)).item()]; // [0, 2]
 * ```
 */
export function closureConvert(f: AnyFunction, ...examples: unknown[]): [(...args: unknown[]) => unknown, Array[]] {
  const what = `closureConvert of ${nameOf(f)}`;
  const { jaxpr, consts: all, outDef } = stageTree(f, examples, what);
  const isHoisted = all.map(mayBeDifferentiated);
  const consts = all.filter((_, i) => isHoisted[i]);
  const { avals, def } = avalsOf(examples, what);
  const converted = (...args: unknown[]): unknown => {
    const own = args.slice(0, def.children.length);
    const captured = arraysOf(args.slice(def.children.length), what).leaves;
    const { leaves, def: given } = arraysOf(own, what);
    if (!given.equals(def) || captured.length !== consts.length) throw new ArgumentError(`${what}: expected arguments of structure ${def} and ${consts.length} captured arrays, got ${given} and ${captured.length}`);
    let next = 0;
    const inputs = leaves.map((x, i) => castTangent(x, avals[i]!, `${what}: array ${i} of the arguments`));
    return outDef.unflatten(evalJaxpr(jaxpr, all.map((x, i) => (isHoisted[i] ? captured[next++]! : x)), inputs));
  };
  return [converted, consts];
}
