import type { Array } from '../core/array';
import type { BatchDim, MaybeZero } from '../core/primitive';
import { checkLive, currentTrace, isStaging, withTrace } from '../core/trace';
import { BatchTrace } from './batch';
import { customJvpCallP, customLinear, customVjpCallP } from './customRules';
import { type BackwardRule, backwardRuleOver, type Differentiated, type ForwardRule, forwardRuleOver, functionOver, jvpRuleOver, named, type RuleAxis, type SymbolicJvpRule } from './derivativeRules';
import { JvpTrace } from './jvp';
import { PartialTrace } from './partial';
import { hoistConsts, stage } from './stage';

/**
 * A call of a function that has a derivative of its own, before it is known what becomes of it: each interpreter on the way down takes it in its own
 * way, and where none is left the function just runs. So functions and rules may look at values where there are some, and may hold arrays of outside.
 */
export interface CustomCall {
  /** The function itself. */
  run(args: readonly Array[]): readonly Array[];
  /** Its rule, under the current trace. */
  differentiate(primals: readonly Array[], tangents: readonly MaybeZero[]): Differentiated;
  /** The call over an axis that the arguments have at `dims`; `outDims` is set once it was made. */
  batch(trace: BatchTrace, dims: readonly BatchDim[]): { call: CustomCall; outDims: readonly BatchDim[] };
  /** The call as one operation of the current trace, which records. */
  stage(args: readonly Array[]): Array[];
}

/** Makes a call under the current trace. */
export function callCustom(call: CustomCall, args: readonly Array[]): readonly Array[] {
  const trace = currentTrace();
  if (trace instanceof JvpTrace) {
    const primals = args.map((x) => trace.primalOf(x));
    const tangents = args.map((x) => trace.tangentOf(x));
    return withTrace(trace.parent, () => {
      if (tangents.every((t) => t === null)) return callCustom(call, primals);
      const r = call.differentiate(primals, tangents);
      return r.outs.map((x, i) => trace.lift(x, r.tangents[i]!));
    });
  }
  if (trace instanceof BatchTrace) {
    for (const x of args) checkLive(x, 'vmap');
    const batched = call.batch(trace, args.map((x) => trace.dimOf(x)));
    return withTrace(trace.parent, () => {
      const outs = callCustom(batched.call, args.map((x) => trace.bare(x)));
      return outs.map((x, i) => trace.lift(x, batched.outDims[i]!));
    });
  }
  if (trace instanceof PartialTrace && !args.some((x) => trace.isUnknown(x))) return withTrace(trace.known, () => callCustom(call, args));
  return trace.parent === null ? call.run(args) : call.stage(args);
}

/** The axis of a trace for a call's function and rules. Which results have it is known once one of them has run; `outDims` then tells it. */
function callAxis({ axis, tag }: BatchTrace, dims: readonly BatchDim[]): RuleAxis & { outDims: readonly BatchDim[] } {
  // Of what is recorded the types must hold for whatever rule comes: so all results get the axis.
  const force = isStaging() && dims.some((d) => d !== null);
  const over = {
    axis, tag, dims,
    outDims: [] as readonly BatchDim[],
    settle: (depends: readonly boolean[]) => {
      const mapped = depends.map((d) => force || d);
      over.outDims = mapped.map((m) => (m ? 0 : null));
      return mapped;
    },
  };
  return over;
}

/** A call over an axis, whose `outDims` come to be as it is made. */
function batchedCall(over: { readonly outDims: readonly BatchDim[] }, call: CustomCall): { call: CustomCall; outDims: readonly BatchDim[] } {
  return { call, get outDims() {
    return over.outDims;
  } };
}

/** What {@link jvpCall} needs. */
export interface JvpCallParts {
  name: string;
  run: (args: readonly Array[]) => readonly Array[];
  rule: SymbolicJvpRule;
  symbolicZeros: boolean;
  /** In place of staging the function anew. */
  stageOwn?: (args: readonly Array[]) => Array[];
}

/** A call of a function with a forward rule. The rule gets null for tangents that are zero. */
export function jvpCall(parts: JvpCallParts): CustomCall {
  const { name, run, rule, symbolicZeros } = parts;
  return {
    run,
    differentiate: rule,
    batch: (trace, dims) => {
      const over = callAxis(trace, dims);
      return batchedCall(over, jvpCall({ name, run: functionOver(run, over), rule: named(jvpRuleOver(rule, over), rule), symbolicZeros }));
    },
    stage: parts.stageOwn ?? ((args) => {
      const { closed, consts } = hoistConsts(stage((xs) => run(xs), args.map((x) => x.aval), name));
      const k = consts.length;
      const own: SymbolicJvpRule = (primals, tangents) => rule(primals.slice(k), tangents.slice(k));
      return customJvpCallP.bind({ name, callJaxpr: closed, jvpJaxprFun: named(own, rule), symbolicZeros: true, showsSymbolicZeros: symbolicZeros }, ...consts, ...args);
    }),
  };
}

/** What {@link vjpCall} needs. */
export interface VjpCallParts {
  name: string;
  run: (args: readonly Array[]) => readonly Array[];
  fwd: ForwardRule;
  bwd: BackwardRule;
  symbolicZeros: boolean;
  stageOwn?: (args: readonly Array[]) => Array[];
}

/** A call of a function with a reverse rule. */
export function vjpCall(parts: VjpCallParts): CustomCall {
  const { name, run, fwd, bwd, symbolicZeros } = parts;
  return {
    run,
    differentiate: (primals, tangents) => customLinear(name, primals, tangents, fwd, bwd),
    batch: (trace, dims) => {
      const over = callAxis(trace, dims);
      const hasAxis = { args: dims.map((d) => d !== null), cotangents: () => over.outDims.map((d) => d !== null) };
      const mappedBwd = named(backwardRuleOver(bwd, trace.axis, hasAxis, trace.tag), bwd);
      return batchedCall(over, vjpCall({ name, run: functionOver(run, over), fwd: named(forwardRuleOver(fwd, over), fwd), bwd: mappedBwd, symbolicZeros }));
    },
    stage: parts.stageOwn ?? ((args) => {
      const { closed, consts } = hoistConsts(stage((xs) => run(xs), args.map((x) => x.aval), name));
      const k = consts.length;
      const ownFwd: ForwardRule = (xs, perturbed) => fwd(xs.slice(k), perturbed.slice(k));
      const ownBwd: BackwardRule = (residuals, cts) => [...consts.map(() => null), ...bwd(residuals, cts)];
      return customVjpCallP.bind({ name, callJaxpr: closed, fwdJaxprFun: named(ownFwd, fwd), bwd: named(ownBwd, bwd), symbolicZeros }, ...consts, ...args);
    }),
  };
}
