import type { Array } from './array';
import type { ShapedArray } from './aval';
import { type Eqn, Var } from './jaxpr';
import type { IrValue, LoweringContext } from './lowering';
import { SignatureCache } from './signatureCache';
import { bind } from './trace';

/** Parameters of an equation: plain data (numbers, strings, arrays of them, jaxprs, functions), never arrays that are traced. */
export type Params = object;

/** A rule that does not exist, with the reason that errors and the support table give. */
export class Absent {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Says why a primitive has no rule of some kind. */
export function absent(reason: string): Absent {
  return new Absent(reason);
}

/** An operand of a transpose rule: a value, or, where the rule is asked the cotangent, a variable, of which only the type is known. */
export type MaybeLinear = Array | Var;

export function isUndefinedPrimal(x: MaybeLinear): x is Var {
  return x instanceof Var;
}

/** What a batching rule knows of the mapped axis. */
export interface AxisData {
  readonly size: number;
  readonly name: string | null;
}

/** A symbolic zero tangent or cotangent is null. */
export type MaybeZero = Array | null;

/** Where a mapped axis is in an array; null: the array is the same for all. */
export type BatchDim = number | null;

/** A test input: a shape and dtype filled at random from a range that suits the operation, or explicit values. */
export interface SampleInput {
  shape: readonly number[];
  dtype: string;
  low?: number;
  high?: number;
  /** Flat values, where random ones would not do (indices, say). */
  values?: readonly (number | boolean)[];
  /** Not to be differentiated although the dtype is a float's. */
  constant?: boolean;
}

/** One case on which the generated registry test runs a primitive. */
export interface Sample<P> {
  inputs: readonly SampleInput[];
  params: P;
  /** Laws that do not hold at this case, each with its reason. */
  skip?: { jvp?: string; grad?: string; vmap?: string; second?: string };
  /** Relative tolerance of comparisons; default by dtype. */
  tolerance?: number;
}

/** How a jaxpr equation splits into what can be computed now and what depends on unknown inputs; see lib/interpreters/partial.ts. */
export type PartialEvalRule<P> = (known: (f: () => Array[]) => Array[], unknown: (f: () => Array[]) => Array[], args: readonly Array[], isUnknown: readonly boolean[], params: P) => Array[];

/** How an equation is printed where it differs from the general form: all parameters, in the order of their names. */
export interface PrintRule<P> {
  /** The parameters that are printed, by name: those left out, or undefined, are not. */
  params?: (params: P) => object;
  /** Variables of the inner jaxpr get the names of the equation's operands and results. */
  sharesNames?: boolean;
}

interface Common<P extends Params> {
  /** The name JAX prints in jaxprs. */
  name: string;
  print?: PrintRule<P>;
  /**
   * Splits an application some of whose operands are unknown. Without it, the whole application is unknown.
   * Higher-order primitives need it, so that the primal part of a differentiated loop stays known.
   */
  partialEval?: PartialEvalRule<P>;
  /** Effects of an application: it is kept by dead-code elimination, and 'ordered' ones keep their order. */
  effects?: (params: P) => readonly string[];
  /**
   * For primitives that hold jaxprs: the equation without the results that nothing uses (some are, or there are effects) and without the operands
   * that only these needed; null: all of it may go.
   */
  dce?: (usedOutputs: readonly boolean[], eqn: Eqn) => Eqn | null;
  /** Takes less time to do again than to load its result from memory: a loop that is differentiated keeps its operands rather than its result. */
  cheap?: true;
  /** Replaces compiling a one-op program when run eagerly. */
  impl?: (args: readonly Array[], params: P) => Array[] | null;
  /** Test inputs; the registry test runs every law on each. */
  sample: () => readonly Sample<P>[];
  /** Axis names the application refers to, for collectives. */
  axisNames?: (params: P) => readonly string[];
  /**
   * Along which axes of a mesh its results differ from device to device, by those along which its operands do. Without it: along any of these, and any
   * that it refers to.
   */
  varying?: (ins: readonly ReadonlySet<string>[], params: P) => readonly ReadonlySet<string>[];
}

/** The rules of a primitive with one result. */
export interface PrimitiveRecord<P extends Params> extends Common<P> {
  /** Shape and dtype of the result; throws ShapeError or DtypeError naming the operation where operands do not fit. */
  abstract: (avals: readonly ShapedArray[], params: P) => ShapedArray;
  /** Emits StableHLO. */
  lower: (ctx: LoweringContext, args: readonly IrValue[], params: P, out: ShapedArray) => IrValue;
  /** Forward derivative: result and its tangent. 'linear': the operation applied to the tangents. */
  jvp: ((primals: readonly Array[], tangents: readonly MaybeZero[], params: P) => [Array, MaybeZero]) | 'linear' | Absent;
  /** Cotangents of the operands that are variables (others: null), from the cotangent of the result. */
  transpose: ((ct: Array, args: readonly MaybeLinear[], params: P) => readonly MaybeZero[]) | Absent;
  /** The operation over a mapped axis. At least one of dims is a number. */
  batch: ((axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], params: P) => [Array, BatchDim]) | Absent;
}

/** The rules of a primitive with any number of results. */
export interface MultiPrimitiveRecord<P extends Params> extends Common<P> {
  abstract: (avals: readonly ShapedArray[], params: P) => readonly ShapedArray[];
  lower: (ctx: LoweringContext, args: readonly IrValue[], params: P, outs: readonly ShapedArray[]) => readonly IrValue[];
  jvp: ((primals: readonly Array[], tangents: readonly MaybeZero[], params: P) => [readonly Array[], readonly MaybeZero[]]) | 'linear' | Absent;
  transpose: ((cts: readonly MaybeZero[], args: readonly MaybeLinear[], params: P, outs: readonly ShapedArray[]) => readonly MaybeZero[]) | Absent;
  batch: ((axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], params: P) => [readonly Array[], readonly BatchDim[]]) | Absent;
}

/** A primitive as interpreters see it: every rule in the form with several results. */
export class Primitive<P extends Params = Params> {
  readonly name: string;
  readonly multipleResults: boolean;
  readonly abstract: (avals: readonly ShapedArray[], params: P) => readonly ShapedArray[];
  readonly lower: MultiPrimitiveRecord<P>['lower'];
  readonly jvp: MultiPrimitiveRecord<P>['jvp'];
  readonly transpose: MultiPrimitiveRecord<P>['transpose'];
  readonly batch: MultiPrimitiveRecord<P>['batch'];
  readonly partialEval: PartialEvalRule<P> | undefined;
  readonly effects: ((params: P) => readonly string[]) | undefined;
  readonly print: PrintRule<P> | undefined;
  readonly dce: ((usedOutputs: readonly boolean[], eqn: Eqn) => Eqn | null) | undefined;
  readonly cheap: boolean;
  readonly impl: ((args: readonly Array[], params: P) => Array[] | null) | undefined;
  readonly axisNames: ((params: P) => readonly string[]) | undefined;
  readonly varying: ((ins: readonly ReadonlySet<string>[], params: P) => readonly ReadonlySet<string>[]) | undefined;
  readonly sample: () => readonly Sample<P>[];
  /** The rules of a primitive with one result as they were written: interpreters in which most operations end call these, as they make no lists. */
  readonly one: PrimitiveRecord<P> | null;
  /** Where the eager interpreter keeps this primitive's compiled programs. */
  readonly compiled = new SignatureCache<unknown>();

  constructor(record: MultiPrimitiveRecord<P>, one: PrimitiveRecord<P> | null = null) {
    this.name = record.name;
    this.multipleResults = one === null;
    this.one = one;
    this.abstract = record.abstract;
    this.lower = record.lower;
    this.jvp = record.jvp;
    this.transpose = record.transpose;
    this.batch = record.batch;
    this.partialEval = record.partialEval;
    this.effects = record.effects;
    this.print = record.print;
    this.dce = record.dce;
    this.cheap = record.cheap ?? false;
    this.impl = record.impl;
    this.axisNames = record.axisNames;
    this.varying = record.varying;
    this.sample = record.sample;
  }

  /** Applies the primitive under the current trace. */
  bindAll(args: readonly Array[], params: P): Array[] {
    return bind(this as unknown as Primitive, args, params);
  }
}

/** A primitive with one result. */
export class SinglePrimitive<P extends Params = Params> extends Primitive<P> {
  /** Applies the primitive to arrays under the current trace. */
  bind(params: P, ...args: Array[]): Array {
    return bind(this as unknown as Primitive, args, params)[0]!;
  }
}

/** A primitive with any number of results. */
export class MultiPrimitive<P extends Params = Params> extends Primitive<P> {
  bind(params: P, ...args: Array[]): Array[] {
    return bind(this as unknown as Primitive, args, params);
  }
}

const all = new Map<string, Primitive>();

/** Every primitive, by name. */
export function primitives(): ReadonlyMap<string, Primitive> {
  return all;
}

function register<T extends { name: string }>(p: T): T {
  if (all.has(p.name)) throw new Error(`primitive ${p.name} is defined twice`);
  all.set(p.name, p as unknown as Primitive);
  return p;
}

/** Defines a primitive with one result. A rule that is missing does not type-check; one that cannot exist says so by {@link absent}. */
export function definePrimitive<P extends Params>(r: PrimitiveRecord<P>): SinglePrimitive<P> {
  const { abstract, lower, jvp, transpose, batch } = r;
  return register(new SinglePrimitive<P>({
    ...r,
    abstract: (avals, params) => [abstract(avals, params)],
    lower: (ctx, args, params, outs) => [lower(ctx, args, params, outs[0]!)],
    jvp: typeof jvp === 'function' ? (primals, tangents, params) => {
      const r = jvp(primals, tangents, params);
      return [[r[0]], [r[1]]];
    } : jvp,
    transpose: typeof transpose === 'function' ? (cts, args, params) => (cts[0] === null ? args.map(() => null) : transpose(cts[0]!, args, params)) : transpose,
    batch: typeof batch === 'function' ? (axis, args, dims, params) => {
      const [out, dim] = batch(axis, args, dims, params);
      return [[out], [dim]];
    } : batch,
  }, r));
}

/** Defines a primitive with any number of results. */
export function defineMultiPrimitive<P extends Params>(r: MultiPrimitiveRecord<P>): MultiPrimitive<P> {
  return register(new MultiPrimitive<P>(r));
}
