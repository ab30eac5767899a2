import { type Array, ConcreteArray } from '../core/array';
import { sameShape, scalarType, ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { evalJaxpr } from '../core/jaxpr';
import type { MaybeZero } from '../core/primitive';
import { withTransform } from '../core/trace';
import { flatten, flattenUpTo, type TreeDef } from '../core/tree';
import { isDifferentiable, jvpFlat } from '../interpreters/jvp';
import { type Linearized, linearizeFlat } from '../interpreters/partial';
import { backwardPass } from '../interpreters/transpose';
import { convert, zerosLike } from '../primitives/structural';
import { asArray, convertScalar, describeValue } from './arrayLike';
import { trailingOptions } from './trailingOptions';
import { type AnyFunction, FlatFunction, isArrayLeaf, nameOf, toArrays } from './treeFunction';

/** Arguments to be differentiated: whole JS numbers, which are not meant as integers any more than others, are taken as floats. */
export function floatLeaves(tree: unknown, what: string): { leaves: Array[]; def: TreeDef } {
  const [values, def] = flatten(tree, isArrayLeaf);
  return { leaves: toArrays(values, def, what).map(asFloat), def };
}

function asFloat(x: Array): Array {
  if (!x.weakType || dtypeKind(x.dtype) !== 'int') return x;
  const { dtype } = asArray(0.5);
  return x instanceof ConcreteArray && x.literal !== null ? convertScalar(x, dtype, true) : convert(x, dtype, true);
}

/** A function's results; numbers that it returns as they are stand for floats here, as its arguments do. */
export function floatResults(outs: readonly Array[]): Array[] {
  return outs.map((x) => (x instanceof ConcreteArray && x.literal !== null ? asFloat(x) : x));
}

/** Kinds of dtypes, each holding the values of those before. */
const RANK = { bool: 0, uint: 1, int: 1, float: 2, complex: 3 };

/** A tangent or cotangent in the type that is asked for. */
export function castTangent(x: Array, want: ShapedArray, what: string): Array {
  if (!sameShape(x.shape, want.shape)) throw new ShapeError(`${what}: expected shape [${want.shape.join(', ')}], got ${x.aval}`);
  if (x.dtype === want.dtype) return x.weakType && !want.weakType ? convert(x, want.dtype) : x;
  // A number takes the type that is asked for, but a fraction is no integer and a complex number not real.
  if (x.weakType && RANK[dtypeKind(x.dtype)] <= RANK[dtypeKind(want.dtype)]) {
    return x instanceof ConcreteArray && x.literal !== null ? convertScalar(x, want.dtype, want.weakType) : convert(x, want.dtype, want.weakType);
  }
  throw new DtypeError(`${what}: expected dtype ${want.dtype}, got ${x.aval}`);
}

function tangentsFor(tangents: unknown, def: TreeDef, primals: readonly Array[], what: string): MaybeZero[] {
  const values = flattenUpTo(def, tangents, what);
  return values.map((v, i) => {
    const { aval } = primals[i]!;
    const given = asArray(v as never, what);
    if (isDifferentiable(aval)) return castTangent(given, aval, `${what} ${i}`);
    // Nothing can be said along integers and booleans: their tangents are JAX's float0.
    if (given.dtype !== 'bool' || !sameShape(given.shape, aval.shape)) throw noTangent(`${what} ${i}`, aval, given);
    return null;
  });
}

/** The type of a type's tangents; those of integers and booleans say nothing, and are of dtype bool (JAX's float0). */
export function tangentAval(aval: ShapedArray): ShapedArray {
  return isDifferentiable(aval) ? aval : new ShapedArray(aval.shape, 'bool');
}

/** The zero tangent of a type. */
export function zeroTangent(aval: ShapedArray): Array {
  return zerosLike(tangentAval(aval));
}

/** What is said of another tangent of integers and booleans than zeros. */
export function noTangent(what: string, aval: ShapedArray, given: Array): DtypeError {
  return new DtypeError(`${what}: expected the tangent of ${aval} to be zeros of dtype bool and shape [${aval.shape.join(', ')}], got ${given.aval}`);
}

export interface AuxOptions {
  /** Whether the function returns [result, auxiliary]: the auxiliary part is not differentiated. */
  hasAux?: boolean;
}

/**
 * Values and directional derivatives of a function: `[out, outTangents]`, or `[out, outTangents, aux]`.
 *
 * Mirrors `jax.jvp`.
 *
 * @param primals list of the function's arguments
 * @param tangents list of their directions, of the same structure and types
 * @throws TreeError, ShapeError, DtypeError if the tangents do not fit
 * @example
 * ```ts
 * const [y, dy] = jvp(np.sin, [0], [1]); // 0, 1
 * ```
 */
export function jvp(f: AnyFunction, primals: readonly unknown[], tangents: readonly unknown[], options: AuxOptions = {}): unknown[] {
  if (!globalThis.Array.isArray(primals) || !globalThis.Array.isArray(tangents)) throw new ArgumentError('jvp: expected primals and tangents to be lists of arguments');
  const what = `jvp of ${nameOf(f)}`;
  const { leaves, def } = floatLeaves(primals, what);
  const flat = new FlatFunction(f, def, what, options.hasAux);
  const r = jvpFlat((xs) => withTransform('jvp', () => flat.call(xs)), leaves, tangentsFor(tangents, def, leaves, `${what}: tangents`));
  const n = flat.numOuts;
  const outs = floatResults(r.outs.slice(0, n));
  const result = [flat.outDef.unflatten(outs), flat.outDef.unflatten(fillZeros(r.tangents.slice(0, n), outs))];
  return options.hasAux ? [...result, flat.auxDef!.unflatten(r.outs.slice(n))] : result;
}

/** A function linearised at a point, with what is needed to push tangents forward and pull cotangents back, on flat arrays. */
export class LinearPoint {
  readonly outs: readonly Array[];
  readonly aux: readonly Array[];
  readonly flat: FlatFunction;
  private readonly primals: readonly Array[];
  private readonly wrt: readonly boolean[];
  private readonly lin: Linearized;
  private readonly n: number;

  constructor(flat: FlatFunction, primals: readonly Array[], wrt?: readonly boolean[]) {
    this.flat = flat;
    this.primals = primals;
    const asked = wrt ?? primals.map(() => true);
    this.wrt = primals.map((x, i) => asked[i]! && isDifferentiable(x.aval));
    this.lin = linearizeFlat((xs) => withTransform('jvp', () => flat.call(xs)), primals, this.wrt);
    this.n = flat.numOuts;
    this.outs = floatResults(this.lin.outs.slice(0, this.n));
    this.aux = this.lin.outs.slice(this.n);
  }

  /** Tangents of the results from those of all inputs; inputs that are not differentiated are passed over. */
  push(tangents: readonly MaybeZero[]): Array[] {
    const args = tangents.flatMap((t, i) => (this.wrt[i] ? [t ?? baseOps().zeros(this.primals[i]!.aval)] : []));
    const outs = evalJaxpr(this.lin.jaxpr, this.lin.consts, args);
    let next = 0;
    return this.outs.map((x, i) => (this.lin.nonzero[i] ? outs[next++]! : zeroTangent(x.aval)));
  }

  /** Cotangents of all inputs from those of the results; null stands for zero, and for inputs that are not differentiated. */
  pull(cts: readonly MaybeZero[]): MaybeZero[] {
    const { jaxpr, consts, nonzero } = this.lin;
    const wanted: MaybeZero[] = [];
    nonzero.forEach((z, i) => {
      if (z) wanted.push(i < this.n ? cts[i]! : null);
    });
    const back = withTransform('transpose', () => backwardPass(jaxpr, consts, jaxpr.invars, wanted));
    let next = 0;
    return this.wrt.map((w) => (w ? back[next++]! : null));
  }
}

/** Tangents or cotangents with zeros in place of null. */
export function fillZeros(cts: readonly MaybeZero[], primals: readonly Array[]): Array[] {
  return cts.map((c, i) => c ?? zeroTangent(primals[i]!.aval));
}

/** Cotangents given by a user for results of known types. */
export function cotangentsFor(cts: unknown, outDef: TreeDef, outs: readonly Array[], what: string): MaybeZero[] {
  return tangentsFor(cts, outDef, outs, `${what}: cotangents`);
}

/** Takes apart a call that is written as in JAX, `f, x, y, options?`, or with a list of arguments, `f, [x, y], options?`. */
export function splitPrimals(f: AnyFunction, rest: readonly unknown[], optionNames: readonly string[]): { primals: readonly unknown[]; options: Record<string, unknown> } {
  const { args, options } = trailingOptions<Record<string, unknown>>(rest, optionNames);
  const only = args[0];
  const listed = args.length === 1 && globalThis.Array.isArray(only) && (f.length === only.length || f.length === 0);
  return { primals: listed ? (only as unknown[]) : args, options };
}

interface PointOf {
  point: LinearPoint;
  leaves: Array[];
  def: TreeDef;
  what: string;
  /** The result, the function `made` of the point, and the auxiliary result if there is one. */
  answer: (made: unknown) => unknown[];
}

/** A call of `vjp` or `linearize` as a linearised function. */
function pointOf(op: string, f: AnyFunction, rest: readonly unknown[]): PointOf {
  const { primals, options } = splitPrimals(f, rest, ['hasAux']);
  const what = `${op} of ${nameOf(f)}`;
  const { leaves, def } = floatLeaves([...primals], what);
  const hasAux = options.hasAux === true;
  const point = new LinearPoint(new FlatFunction(f, def, what, hasAux), leaves);
  const { outDef, auxDef } = point.flat;
  return { point, leaves, def, what, answer: (made) => [outDef.unflatten(point.outs), made, ...(hasAux ? [auxDef!.unflatten(point.aux)] : [])] };
}

/**
 * Result of a function and its pull-back: `[out, pull]`, or `[out, pull, aux]` with `hasAux`. `pull(ct)` takes a cotangent of the result's structure and
 * gives the list of the arguments' cotangents.
 *
 * Mirrors `jax.vjp`: `vjp(f, x, y, { hasAux })`; a list of the arguments, `vjp(f, [x, y])`, is understood, too.
 *
 * @example
 * ```ts
 * const [y, pull] = vjp(np.sin, 0);
 * const [dx] = pull(1); // 1
 * ```
 */
export function vjp(f: AnyFunction, ...rest: unknown[]): unknown[] {
  const { point, leaves, def, what, answer } = pointOf('vjp', f, rest);
  return answer((ct: unknown) => def.unflatten(fillZeros(point.pull(cotangentsFor(ct, point.flat.outDef, point.outs, what)), leaves)));
}

/**
 * Result of a function and its linear approximation there: `[out, push]`, or `[out, push, aux]`. `push(dx, dy)` takes the arguments' tangents.
 *
 * Mirrors `jax.linearize`; the function is traced once, however often `push` is called.
 */
export function linearize(f: AnyFunction, ...rest: unknown[]): unknown[] {
  const { point, leaves, def, what, answer } = pointOf('linearize', f, rest);
  return answer((...tangents: unknown[]) => point.flat.outDef.unflatten(point.push(tangentsFor(tangents, def, leaves, `${what}: tangents`))));
}

export interface GradOptions extends AuxOptions {
  /** Which arguments to differentiate: one, or several, whose gradients come as a list. */
  argnums?: number | readonly number[];
  /** Whether the function is holomorphic: complex results are then allowed. */
  holomorphic?: boolean;
  /** Whether arguments may be integers; their gradients are zeros of dtype bool. */
  allowInt?: boolean;
}

/** Checks argnums against the number of arguments; negative ones count from the end. */
export function checkArgnums(op: string, argnums: number | readonly number[] | undefined, n: number): { list: number[]; single: boolean } {
  const given = argnums ?? 0;
  const single = typeof given === 'number';
  if (!single && !globalThis.Array.isArray(given)) throw new ArgumentError(`${op}: expected argnums to be an integer or a list of integers, got ${describeValue(given)}`);
  const list = (single ? [given] : [...given]).map((i) => {
    if (!Number.isInteger(i) || i >= n || i < -n) throw new ArgumentError(`${op}: argnums ${String(i)} is out of range for a call with ${n} argument${n === 1 ? '' : 's'}`);
    return i < 0 ? i + n : i;
  });
  return { list, single };
}

export function checkDifferentiable(op: string, leaves: readonly Array[], holomorphic: boolean, allowInt: boolean): void {
  for (const x of leaves) {
    const kind = dtypeKind(x.dtype);
    if (kind === 'complex' || (kind === 'float' && !holomorphic)) continue;
    if (holomorphic) throw new DtypeError(`${op}: with holomorphic the inputs must be complex, got ${x.aval}`);
    if (!allowInt) throw new DtypeError(`${op}: expected float or complex inputs, got ${x.aval}. Convert it with astype('float32'), or pass allowInt: true`);
  }
}

/** The function of the arguments at the positions in `list` alone, the others as given. */
export function replaceArgs(f: AnyFunction, all: readonly unknown[], list: readonly number[], what: string): AnyFunction {
  return (...diff: unknown[]) => {
    const given = [...all];
    list.forEach((i, k) => {
      given[i] = diff[k];
    });
    try {
      return f(...given);
    } catch (e) {
      throw numberHint(e, all, list, what) ?? e;
    }
  };
}

/** What to say where a number that is not differentiated, and so stays a number, was used as an array. */
function numberHint(e: unknown, all: readonly unknown[], list: readonly number[], what: string): ArgumentError | null {
  const method = e instanceof TypeError ? /\.(\w+) is not a function/.exec(e.message)?.[1] : undefined;
  if (method === undefined || !(method in ConcreteArray.prototype)) return null;
  const i = all.findIndex((x, k) => typeof x === 'number' && !list.includes(k));
  if (i < 0) return null;
  return new ArgumentError(`${what}: a number has no method '${method}' (${(e as TypeError).message}). An argument that is not differentiated stays the number ${String(all[i])} that was given: use functions of numpy, or give np.asarray(${String(all[i])})`, { cause: e });
}

/** A function of the arguments that are differentiated, with these as checked arrays. */
export function differentiated(op: string, f: AnyFunction, args: readonly unknown[], options: GradOptions): { what: string; g: AnyFunction; leaves: Array[]; def: TreeDef; single: boolean } {
  const what = `${op} of ${nameOf(f)}`;
  const { list, single } = checkArgnums(op, options.argnums, args.length);
  const { leaves, def } = floatLeaves(list.map((i) => args[i]), what);
  checkDifferentiable(what, leaves, options.holomorphic === true, options.allowInt === true);
  return { what, g: replaceArgs(f, args, list, what), leaves, def, single };
}

export interface ValueAndGrad {
  value: unknown;
  /** Gradient of one argument, or the list of those of several. */
  grads: unknown;
  aux: unknown;
}

/** Value, gradients and auxiliary result of a function of scalar value: what every form of `grad` is made of. */
export function gradCore(op: string, f: AnyFunction, args: readonly unknown[], options: GradOptions): ValueAndGrad {
  const { what, g, leaves, def, single } = differentiated(op, f, args, options);
  const point = new LinearPoint(new FlatFunction(g, def, what, options.hasAux), leaves);
  const value = point.outs[0];
  if (point.outs.length !== 1 || value === undefined) throw new ArgumentError(`${what}: expected a function with one scalar result, got ${point.flat.outDef}`);
  if (value.ndim !== 0) throw new ShapeError(`${what}: gradients are defined for functions of scalar value; the result has shape [${value.shape.join(', ')}]. Reduce it (np.sum, np.mean) or use jacrev, vjp or vectorGrad`);
  const kind = dtypeKind(value.dtype);
  if (options.holomorphic ? kind !== 'complex' : kind !== 'float') {
    throw new DtypeError(`${what}: expected a ${options.holomorphic ? 'complex' : 'float'} result, got ${kind === 'complex' ? 'the complex ' : ''}${value.aval}${kind === 'complex' ? '; pass holomorphic: true for a holomorphic function' : ''}`);
  }
  const one = oneOf(value);
  const grads = def.unflatten(fillZeros(point.pull([one]), leaves)) as unknown[];
  return {
    value,
    grads: single ? grads[0] : grads,
    aux: options.hasAux ? point.flat.auxDef!.unflatten(point.aux) : undefined,
  };
}

function oneOf(x: Array): Array {
  return ConcreteArray.scalar(dtypeKind(x.dtype) === 'complex' ? { re: 1, im: 0 } : 1, scalarType(x.dtype as DType, x.weakType));
}
