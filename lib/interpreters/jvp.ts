import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { cachedOn, mask } from '../core/jaxprCache';
import { dtypeKind } from '../core/dtype';
import { XlastateError } from '../core/errors';
import type { Absent, MaybeZero, Params, Primitive } from '../core/primitive';
import { checkLive, currentTrace, setTrace, Trace, Tracer, withTrace } from '../core/trace';
import { stage, withoutConsts } from './stage';

/**
 * A differentiation rule that does not exist was asked for.
 *
 * @example
 * ```ts
 * try {
 *   grad((x: Array) => lax.whileLoop((v) => v.less(10), (v) => v.mul(2), x))(1);
 * } catch (e) {
 *   if (e instanceof DifferentiationError) console.log(e.message);
 * }
 * ```
 */
export class DifferentiationError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('DIFFERENTIATION', message, options);
  }
}

/** An array with its tangent; a null tangent is zero. */
export class JvpTracer extends Tracer {
  declare readonly aval: ShapedArray;
  declare readonly owner: JvpTrace;
  declare readonly primal: Array;
  declare readonly tangent: Array;

  constructor(trace: JvpTrace, primal: Array, tangent: Array) {
    super();
    this.aval = primal.aval;
    this.owner = trace;
    this.primal = primal;
    this.tangent = tangent;
  }
}

/** Whether arrays of a type have tangents: floats and complex numbers do. */
export function isDifferentiable(aval: ShapedArray): boolean {
  const kind = dtypeKind(aval.dtype);
  return kind === 'float' || kind === 'complex';
}

/** Carries tangents along: forward-mode differentiation. Rules run under the parent. */
export class JvpTrace extends Trace {
  readonly kind = 'jvp';

  override readonly parent: Trace;

  constructor(parent: Trace) {
    super(parent);
    this.parent = parent;
  }

  /** The tangent of an array in this trace, or null. */
  tangentOf(x: Array): MaybeZero {
    return x.owner === this ? (x as JvpTracer).tangent : null;
  }

  primalOf(x: Array): Array {
    return x.owner === this ? (x as JvpTracer).primal : x;
  }

  lift(primal: Array, tangent: MaybeZero): Array {
    return tangent === null || !isDifferentiable(primal.aval) ? primal : new JvpTracer(this, primal, tangent);
  }

  process(prim: Primitive, args: readonly Array[], params: Params): Array[] {
    const n = args.length;
    const primals = new globalThis.Array<Array>(n);
    const tangents = new globalThis.Array<MaybeZero>(n);
    let any = false;
    for (let i = 0; i < n; i++) {
      const x = args[i]!;
      if (x?.owner === this) {
        primals[i] = (x as JvpTracer).primal;
        tangents[i] = (x as JvpTracer).tangent;
        any = true;
      } else {
        primals[i] = x;
        tangents[i] = null;
      }
    }
    if (this.closed) for (const x of args) checkLive(x, prim.name);
    const saved = setTrace(this.parent);
    try {
      if (!any) return this.parent.process(prim, primals, params);
      const { one } = prim;
      if (one !== null && typeof one.jvp === 'function') {
        const r = one.jvp(primals, tangents, params);
        return [this.lift(r[0], r[1])];
      }
      const r = applyJvp(prim, primals, tangents, params);
      const outs = r[0];
      const outTangents = r[1];
      const lifted = new globalThis.Array<Array>(outs.length);
      for (let i = 0; i < outs.length; i++) lifted[i] = this.lift(outs[i]!, outTangents[i]!);
      return lifted;
    } finally {
      setTrace(saved);
    }
  }
}

/** Runs a primitive's jvp rule under the current trace. */
export function applyJvp(prim: Primitive, primals: readonly Array[], tangents: readonly MaybeZero[], params: Params): [readonly Array[], readonly MaybeZero[]] {
  const rule = prim.jvp;
  if (typeof rule === 'function') return rule(primals, tangents, params);
  if (rule === 'linear') {
    const outs = currentTrace().process(prim, primals, params);
    const full = tangents.map((t, i) => t ?? (isDifferentiable(primals[i]!.aval) ? baseOps().zeros(primals[i]!.aval) : primals[i]!));
    return [outs, currentTrace().process(prim, full, params)];
  }
  throw new DifferentiationError(`${prim.name}: no derivative: ${(rule as Absent).reason}`);
}

/**
 * Values and tangents of a function at a point.
 *
 * @param nonzero tangents that are null are zero
 */
export function jvpFlat(f: (args: Array[]) => readonly Array[], primals: readonly Array[], tangents: readonly MaybeZero[]): { outs: Array[]; tangents: MaybeZero[] } {
  const trace = new JvpTrace(currentTrace());
  try {
    const outs = withTrace(trace, () => f(primals.map((x, i) => trace.lift(x, tangents[i]!))));
    return { outs: outs.map((x) => trace.primalOf(x)), tangents: outs.map((x) => trace.tangentOf(x)) };
  } finally {
    trace.closed = true;
  }
}

/**
 * The jaxpr that computes values and tangents: from all inputs, then the tangents of those marked in `nonzero`, to all outputs, then the
 * tangents of those marked in the answer's `nonzeroOut`. Mirrors `ad.jvp_jaxpr`.
 *
 * @param instantiate outputs whose tangents are wanted even where they are zero
 */
export function jvpJaxpr(closed: ClosedJaxpr, nonzero: readonly boolean[], instantiate: readonly boolean[] | boolean = false): { jaxpr: ClosedJaxpr; nonzeroOut: boolean[] } {
  return cachedOn(closed, `jvp/${mask(nonzero)}/${mask(instantiate)}`, () => {
    let nonzeroOut: boolean[] = [];
    const tangentAvals = closed.inAvals.filter((_, i) => nonzero[i]);
    const staged = stage((args) => {
      let next = closed.inAvals.length;
      const tangents = nonzero.map((z) => (z ? args[next++]! : null));
      const r = jvpFlat((xs) => evalJaxpr(closed.jaxpr, closed.consts, xs), args.slice(0, nonzero.length), tangents);
      nonzeroOut = r.tangents.map((t, i) => (t !== null || (typeof instantiate === 'boolean' ? instantiate : instantiate[i]!)) && isDifferentiable(r.outs[i]!.aval));
      const out = r.tangents.flatMap((t, i) => (nonzeroOut[i] ? [t ?? baseOps().zeros(r.outs[i]!.aval)] : []));
      return [...r.outs, ...out];
    }, [...closed.inAvals, ...tangentAvals], closed.jaxpr.name, 'jvp');
    return { jaxpr: withoutConsts(staged), nonzeroOut };
  });
}
