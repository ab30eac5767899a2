import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { ClosedJaxpr, Eqn, evalJaxpr, Jaxpr, Literal, Var } from '../core/jaxpr';
import { cachedOn, mask } from '../core/jaxprCache';
import { dceJaxpr } from '../core/passes/dce';
import type { MaybeZero, Params, Primitive } from '../core/primitive';
import { currentTrace, setTrace, Trace, withTrace } from '../core/trace';
import { isDifferentiable, JvpTrace } from './jvp';
import { StageTrace, type StageTracer, withoutConsts } from './stage';

/**
 * Splits a computation in two: what depends on known values only runs in the parent; what depends on an unknown one is recorded in
 * `unknown`, with the known values it needs as constants: the residuals.
 */
export class PartialTrace extends Trace {
  readonly kind = 'partial evaluation';
  readonly known: Trace;
  readonly unknown: StageTrace;

  /** Whether operations with effects are to be unknown always: where the known part will run another number of times. */
  private readonly effectsUnknown: boolean;

  constructor(known: Trace, unknown: StageTrace, effectsUnknown = false) {
    super(known);
    this.known = known;
    this.unknown = unknown;
    this.effectsUnknown = effectsUnknown;
  }

  isUnknown(x: Array): boolean {
    return x.owner === this.unknown;
  }

  process(prim: Primitive, args: readonly Array[], params: Params): Array[] {
    // To record, here and below, runs no rules, which would have to find another trace than this one.
    if (this.effectsUnknown && prim.effects && prim.effects(params).length > 0) return this.unknown.process(prim, args, params);
    let any = false;
    // Where an argument was left out, whoever records the operation says so.
    for (let i = 0; i < args.length; i++) if (args[i]?.owner === this.unknown) any = true;
    if (!any) return this.known instanceof StageTrace ? this.known.process(prim, args, params) : processIn(this.known, prim, args, params);
    return prim.partialEval ? this.split(prim, args, params) : this.unknown.process(prim, args, params);
  }

  private split(prim: Primitive, args: readonly Array[], params: Params): Array[] {
    return prim.partialEval!((f) => withTrace(this.known, f), (f) => withTrace(this.unknown, f), args, args.map((x) => this.isUnknown(x)), params);
  }
}

function processIn(trace: Trace, prim: Primitive, args: readonly Array[], params: Params): Array[] {
  const saved = setTrace(trace);
  try {
    return trace.process(prim, args, params);
  } finally {
    setTrace(saved);
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
    const args = primals.map((x, i) => (wrt[i] && isDifferentiable(x.aval) ? jvp.lift(x, unknown.newInput(x.aval)) : x));
    const outs = withTrace(jvp, () => f(args));
    const tangents = outs.map((x) => jvp.tangentOf(x));
    const whole = unknown.finish(tangents.filter((t) => t !== null));
    // Residuals that nothing uses are not to be held.
    const { jaxpr, usedConsts } = dceJaxpr(whole.jaxpr, null, true);
    const consts = whole.consts.filter((_, i) => usedConsts[i]);
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
  /** From the residuals, then the forwarded inputs, then the unknown inputs, to the unknown outputs. */
  unknown: ClosedJaxpr;
  outUnknown: boolean[];
  residuals: ShapedArray[];
  /** Known inputs (by position among all) that the unknown part takes as they are. */
  forwarded: number[];
}

export interface SplitOptions {
  /** Inputs that may be forwarded to the unknown part, rather than come back as residuals. */
  forward?: readonly boolean[];
  /** Leave what has effects in the unknown part always. */
  effectsUnknown?: boolean;
  /**
   * For the body of a loop: which inputs differ from step to step. A residual that is a cheap function of other residuals, and differs too, is then
   * computed again in the unknown part.
   */
  recompute?: readonly boolean[];
}

/**
 * Splits a jaxpr without constants into the part that known inputs suffice for and the rest. Nothing that neither part needs is kept. Mirrors
 * `pe.partial_eval_jaxpr_nounits_fwd`.
 *
 * @param instantiate outputs that must be unknown even where they could be known (a loop's carry, say)
 */
export function partialEvalJaxpr(closed: ClosedJaxpr, inUnknown: readonly boolean[], instantiate: readonly boolean[] | boolean = false, options: SplitOptions = {}): SplitJaxpr {
  const key = `partial/${mask(inUnknown)}/${mask(instantiate)}/${mask(options.forward ?? false)}/${options.effectsUnknown ?? false}/${mask(options.recompute ?? false)}`;
  return cachedOn(closed, key, () => split(closed, inUnknown, instantiate, options));
}

/** The longest chain of cheap operations that is done again for one residual. */
const LONGEST_CHAIN = 4;

/**
 * Equations of the known part that make residuals of others, for the unknown part: cheap ones, whose results differ from step to step.
 *
 * @param varying inputs that differ from step to step
 * @param shared variables of the known part that the unknown one has, with what they are there
 * @param residuals those of the unknown part's variables that would be stored
 */
function cheapOnes(eqns: readonly Eqn[], varying: Set<Var>, shared: Map<Var, Var>, residuals: ReadonlySet<Var>): Eqn[] {
  const producers = new Map<Var, Eqn>();
  const out: Eqn[] = [];
  // The equations that make v of what the unknown part has, in order; null if there are none, or too many.
  const chain = (v: Var, found: Eqn[], target: Var): Eqn[] | null => {
    if (v !== target && shared.has(v)) return found;
    const e = producers.get(v);
    if (e === undefined || found.length === LONGEST_CHAIN) return null;
    for (const a of e.inputs) if (a instanceof Var && !found.some((f) => f.outputs[0] === a) && chain(a, found, target) === null) return null;
    if (found.length === LONGEST_CHAIN) return null;
    found.push(e);
    return found;
  };
  for (const e of eqns) {
    if (!e.inputs.some((a) => a instanceof Var && varying.has(a))) continue;
    for (const v of e.outputs) varying.add(v);
    if (!e.prim.cheap || e.outputs.length !== 1) continue;
    const v = e.outputs[0]!;
    producers.set(v, e);
    if (!residuals.has(shared.get(v)!)) continue;
    for (const f of chain(v, [], v) ?? []) {
      const made = f === e ? shared.get(v)! : new Var(f.outputs[0]!.aval);
      out.push(new Eqn(f.prim, f.inputs.map((a) => (a instanceof Literal ? a : shared.get(a)!)), [made], f.params, [], f.scope));
      shared.set(f.outputs[0]!, made);
    }
  }
  return out;
}

function split(closed: ClosedJaxpr, inUnknown: readonly boolean[], instantiate: readonly boolean[] | boolean, options: SplitOptions): SplitJaxpr {
  const knownTrace = new StageTrace(currentTrace(), 'partial evaluation');
  const unknownTrace = new StageTrace(knownTrace, 'partial evaluation');
  const partial = new PartialTrace(knownTrace, unknownTrace, options.effectsUnknown);
  try {
    const args = closed.inAvals.map((a, i) => (inUnknown[i] ? unknownTrace.newInput(a) : knownTrace.newInput(a)));
    const outs = withTrace(partial, () => evalJaxpr(closed.jaxpr, closed.consts, args));
    const must = (i: number) => (typeof instantiate === 'boolean' ? instantiate : instantiate[i]!);
    const outUnknown = outs.map((x, i) => partial.isUnknown(x) || must(i));
    const rest = unknownTrace.finish(outs.filter((_, i) => outUnknown[i]));
    const { jaxpr: u, usedConsts } = dceJaxpr(rest.jaxpr, null, true);

    // What the unknown part needs of the known one: inputs as they are, constants made anew, and residuals.
    const producers = new Map<Var, Eqn>();
    for (const e of knownTrace.eqns) if (e.effects.length === 0 && e.inputs.every((a) => a instanceof Literal)) for (const v of e.outputs) producers.set(v, e);
    const remade = new Map<Eqn, Map<Var, Var>>();
    let residuals: Array[] = [];
    let residualVars: Var[] = [];
    // Variables of the known part that the unknown one has, too.
    const shared = new Map<Var, Var>();
    const forwarded: number[] = [];
    const forwardedVars: Var[] = [];
    const inputs = new Map(args.map((a, i) => [a.variable, i] as const));
    rest.consts.filter((_, i) => usedConsts[i]).forEach((x, i) => {
      const v = u.constvars[i]!;
      const inner = x.owner === knownTrace ? (x as StageTracer).variable : null;
      const input = inner === null ? undefined : inputs.get(inner);
      const producer = inner === null ? undefined : producers.get(inner);
      if (inner !== null) shared.set(inner, v);
      if (input !== undefined && options.forward?.[input]) {
        forwarded.push(input);
        forwardedVars.push(v);
      } else if (producer !== undefined) {
        let outputs = remade.get(producer);
        if (outputs === undefined) remade.set(producer, (outputs = new Map()));
        outputs.set(inner!, v);
      } else {
        residuals.push(x);
        residualVars.push(v);
      }
    });
    const constants = [...remade].map(([e, vars]) => new Eqn(e.prim, e.inputs, e.outputs.map((v) => vars.get(v) ?? new Var(v.aval)), e.params, [], e.scope));
    const again = options.recompute === undefined ? [] : cheapOnes(knownTrace.eqns, new Set(args.filter((_, i) => options.recompute![i] && !inUnknown[i]).map((x) => x.variable)), shared, new Set(residualVars));
    const redone = new Set(again.flatMap((e) => e.outputs));
    residuals = residuals.filter((_, i) => !redone.has(residualVars[i]!));
    residualVars = residualVars.filter((v) => !redone.has(v));
    const unknown = new Jaxpr([], [...residualVars, ...forwardedVars, ...u.invars], [...constants, ...again, ...u.eqns], u.outvars, closed.jaxpr.name);

    const { jaxpr: k, consts: outer } = knownTrace.finish([...outs.filter((_, i) => !outUnknown[i]), ...residuals], closed.jaxpr.name);
    const known = dceJaxpr(k, null, true).jaxpr;
    return {
      known: withoutConsts({ jaxpr: known, consts: outer }),
      unknown: new ClosedJaxpr(unknown, []),
      outUnknown,
      residuals: residuals.map((x) => x.aval),
      forwarded,
    };
  } finally {
    knownTrace.closed = true;
    unknownTrace.closed = true;
  }
}

/** The tangents with zeros where they are null. */
export function instantiateZeros(tangents: readonly MaybeZero[], avals: readonly ShapedArray[]): Array[] {
  return tangents.map((t, i) => t ?? baseOps().zeros(avals[i]!));
}

