import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { ClosedJaxpr, evalJaxpr, Jaxpr } from '../core/jaxpr';
import type { MaybeZero, Params, Primitive } from '../core/primitive';
import { currentTrace, Trace, withTrace } from '../core/trace';
import { isDifferentiable, JvpTrace, tangentAval } from './jvp';
import { StageTrace, StageTracer } from './stage';

/**
 * Splits a computation in two: what depends on known values only runs in the parent; what depends on an unknown one is recorded in
 * `unknown`, with the known values it needs as constants: the residuals.
 */
export class PartialTrace extends Trace {
  readonly kind = 'partial evaluation';
  readonly known: Trace;
  readonly unknown: StageTrace;

  constructor(known: Trace, unknown: StageTrace) {
    super(known);
    this.known = known;
    this.unknown = unknown;
  }

  isUnknown(x: Array): boolean {
    return x instanceof StageTracer && x.trace === this.unknown;
  }

  process(prim: Primitive, args: readonly Array[], params: Params): Array[] {
    let any = false;
    for (let i = 0; i < args.length; i++) if (this.isUnknown(args[i]!)) any = true;
    if (!any) return withTrace(this.known, () => this.known.process(prim, args, params));
    if (prim.partialEval) {
      const isUnknown = args.map((x) => this.isUnknown(x));
      return prim.partialEval((f) => withTrace(this.known, f), (f) => withTrace(this.unknown, f), args, isUnknown, params);
    }
    return withTrace(this.unknown, () => this.unknown.process(prim, args, params));
  }
}

/** A function's linear approximation at a point, as a jaxpr of the tangents. */
export interface Linearized {
  outs: Array[];
  /** From the tangents of the inputs that were asked for to those of the outputs that depend on them. */
  jaxpr: Jaxpr;
  consts: Array[];
  /** Outputs with a tangent; the others' are zero. */
  nonzero: boolean[];
}

/** Linearises `f` at `primals` in the directions of the inputs marked in `wrt`. Mirrors `jax.linearize`. */
export function linearizeFlat(f: (args: Array[]) => readonly Array[], primals: readonly Array[], wrt: readonly boolean[]): Linearized {
  const known = currentTrace();
  const unknown = new StageTrace(known, 'linearize');
  const jvp = new JvpTrace(new PartialTrace(known, unknown));
  try {
    const args = primals.map((x, i) => (wrt[i] && isDifferentiable(x.aval) ? jvp.lift(x, unknown.newInput(tangentAval(x.aval))) : x));
    const outs = withTrace(jvp, () => f(args));
    const tangents = outs.map((x) => jvp.tangentOf(x));
    const { jaxpr, consts } = unknown.finish(tangents.filter((t) => t !== null));
    return { outs: outs.map((x) => jvp.primalOf(x)), jaxpr, consts, nonzero: tangents.map((t) => t !== null) };
  } finally {
    unknown.closed = true;
    jvp.closed = true;
  }
}

/** A jaxpr split by what is known. */
export interface SplitJaxpr {
  /** From the known inputs to the known outputs, then the residuals. */
  known: ClosedJaxpr;
  /** From the residuals, then the unknown inputs, to the unknown outputs. */
  unknown: ClosedJaxpr;
  outUnknown: boolean[];
  residuals: ShapedArray[];
}

/**
 * Splits a jaxpr without constants into the part that known inputs suffice for and the rest. Mirrors `pe.partial_eval_jaxpr_nounits`.
 *
 * @param instantiate outputs that must be unknown even where they could be known (a loop's carry, say)
 */
export function partialEvalJaxpr(closed: ClosedJaxpr, inUnknown: readonly boolean[], instantiate: readonly boolean[] | boolean = false): SplitJaxpr {
  const root = currentTrace();
  const knownTrace = new StageTrace(root, 'partial evaluation');
  const unknownTrace = new StageTrace(knownTrace, 'partial evaluation');
  const partial = new PartialTrace(knownTrace, unknownTrace);
  try {
    const args = closed.inAvals.map((a, i) => (inUnknown[i] ? unknownTrace.newInput(a) : knownTrace.newInput(a)));
    const outs = withTrace(partial, () => evalJaxpr(closed.jaxpr, closed.consts, args));
    const must = (i: number) => (typeof instantiate === 'boolean' ? instantiate : instantiate[i]!);
    const outUnknown = outs.map((x, i) => partial.isUnknown(x) || must(i));
    const { jaxpr: u, consts } = unknownTrace.finish(outs.filter((_, i) => outUnknown[i]));
    const { jaxpr: k, consts: outer } = knownTrace.finish([...outs.filter((_, i) => !outUnknown[i]), ...consts]);
    if (outer.length > 0) throw new Error('partialEvalJaxpr: expected a jaxpr without constants');
    return {
      known: new ClosedJaxpr(k, []),
      unknown: new ClosedJaxpr(new Jaxpr([], [...u.constvars, ...u.invars], u.eqns, u.outvars), []),
      outUnknown,
      residuals: consts.map((x) => x.aval),
    };
  } finally {
    knownTrace.closed = true;
    unknownTrace.closed = true;
  }
}

/** The tangents with zeros where they are null. */
export function instantiateZeros(tangents: readonly MaybeZero[], avals: readonly ShapedArray[]): Array[] {
  return tangents.map((t, i) => t ?? baseOps().zeros(tangentAval(avals[i]!)));
}

