import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { XlastateError } from '../core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { cachedOn, mask } from '../core/jaxprCache';
import type { Absent, AxisData, BatchDim, Params, Primitive } from '../core/primitive';
import { checkLive, currentTrace, Trace, Tracer, withAxis, withTrace } from '../core/trace';
import { stage, withoutConsts } from './stage';

/**
 * A primitive that has no batching rule was used under vmap.
 *
 * @example
 * ```ts
 * try {
 *   vmap((x: Array) => pureCallback((v) => v, new ShapeDtypeStruct([]), x) as Array)(np.ones([2]));
 * } catch (e) {
 *   if (e instanceof BatchingError) console.log(e.message);
 * }
 * ```
 */
export class BatchingError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('BATCHING', message, options);
  }
}

/** An array with a mapped dimension that the traced function does not see. */
export class BatchTracer extends Tracer {
  readonly owner: BatchTrace;
  readonly value: Array;
  readonly dim: number;
  private made: ShapedArray | undefined;

  constructor(trace: BatchTrace, value: Array, dim: number) {
    super();
    this.owner = trace;
    this.value = value;
    this.dim = dim;
  }

  get aval(): ShapedArray {
    if (this.made === undefined) {
      const a = this.value.aval;
      this.made = a.withShape(a.shape.filter((_, i) => i !== this.dim));
    }
    return this.made;
  }
}

/** Applies batching rules. Rules run under the parent. */
export class BatchTrace extends Trace {
  readonly kind = 'vmap';
  readonly axis: AxisData;
  /** Traces over the same mapped axis on other parents share it: the arrays of one are arrays of all. */
  readonly tag: object;

  override readonly parent: Trace;

  constructor(parent: Trace, axis: AxisData, tag: object = {}) {
    super(parent);
    this.parent = parent;
    this.axis = axis;
    this.tag = tag;
  }

  dimOf(x: Array): BatchDim {
    return x instanceof BatchTracer && x.owner.tag === this.tag ? x.dim : null;
  }

  bare(x: Array): Array {
    return x instanceof BatchTracer && x.owner.tag === this.tag ? x.value : x;
  }

  lift(value: Array, dim: BatchDim): Array {
    return dim === null ? value : new BatchTracer(this, value, dim);
  }

  process(prim: Primitive, args: readonly Array[], params: Params): Array[] {
    for (const x of args) checkLive(x, prim.name);
    const values = args.map((x) => this.bare(x));
    const dims = args.map((x) => this.dimOf(x));
    const named = this.axis.name !== null && prim.axisNames?.(params).includes(this.axis.name) === true;
    return withTrace(this.parent, () => {
      if (!named && dims.every((d) => d === null)) return this.parent.process(prim, values, params);
      const [outs, outDims] = applyBatch(prim, this.axis, values, dims, params);
      return outs.map((x, i) => this.lift(x, outDims[i]!));
    });
  }
}

/** Runs a primitive's batching rule under the current trace. */
export function applyBatch(prim: Primitive, axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], params: Params): [readonly Array[], readonly BatchDim[]] {
  if (typeof prim.batch !== 'function') throw new BatchingError(`${prim.name}: cannot be mapped by vmap: ${(prim.batch as Absent).reason}`);
  return prim.batch(axis, args, dims, params);
}

/** Moves an array's mapped dimension to `to`, broadcasting an array that has none. */
export function materialize(x: Array, dim: BatchDim, size: number, to = 0): Array {
  if (dim === null) return baseOps().broadcastAt(x, to, size);
  return dim === to ? x : baseOps().moveaxis(x, dim, to);
}

/**
 * Runs a function over a mapped axis: outputs with the dimension the axis is at, or null where they do not depend on it.
 *
 * @param tag that of a trace in progress, if the function may hold arrays of it
 */
export function batchFlat(f: (args: Array[]) => readonly Array[], axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], tag?: object): { outs: Array[]; dims: BatchDim[] } {
  const trace = new BatchTrace(currentTrace(), axis, tag);
  try {
    const outs = withAxis(axis.name, axis.size, () => withTrace(trace, () => f(args.map((x, i) => trace.lift(x, dims[i]!)))));
    return { outs: outs.map((x) => trace.bare(x)), dims: outs.map((x) => trace.dimOf(x)) };
  } finally {
    trace.closed = true;
  }
}

/**
 * A jaxpr without constants over a mapped axis: mapped inputs and outputs have it at dimension 0.
 *
 * @param force outputs that must be mapped even where they do not depend on the axis
 */
export function batchJaxpr(closed: ClosedJaxpr, axis: AxisData, mapped: readonly boolean[], force: readonly boolean[] | boolean = false): { jaxpr: ClosedJaxpr; outMapped: boolean[] } {
  return cachedOn(closed, `batch/${axis.size}/${axis.name}/${mask(mapped)}/${mask(force)}`, () => {
    let outMapped: boolean[] = [];
    const avals = closed.inAvals.map((a, i) => (mapped[i] ? a.withShape([axis.size, ...a.shape]) : a));
    const staged = stage((args) => {
      const r = batchFlat((xs) => evalJaxpr(closed.jaxpr, closed.consts, xs), axis, args, mapped.map((m) => (m ? 0 : null)));
      outMapped = r.dims.map((d, i) => d !== null || (typeof force === 'boolean' ? force : force[i]!));
      return r.outs.map((x, i) => (outMapped[i] ? materialize(x, r.dims[i]!, axis.size) : x));
    }, avals, closed.jaxpr.name, 'vmap');
    return { jaxpr: withoutConsts(staged), outMapped };
  });
}

