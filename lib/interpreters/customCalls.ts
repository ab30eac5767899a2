import type { Array } from '../core/array';
import type { BatchDim, MaybeZero } from '../core/primitive';
import { checkLive, currentTrace, isStaging, withTrace } from '../core/trace';
import { BatchTrace, batchFlat, materialize } from './batch';
import { type BackwardRule, batchedBackward, customJvpCallP, customLinear, customVjpCallP, type ForwardRule, named, type SymbolicJvpRule } from './customRules';
import { JvpTrace } from './jvp';
import { PartialTrace } from './partial';
import { hoistConsts, stage } from './stage';

/** What a rule gives: results, and their tangents, null where zero. */
export interface Differentiated {
  outs: readonly Array[];
  tangents: readonly MaybeZero[];
}

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

/** A function over the axis of a trace: results with the axis at 0 or without it. What the function holds of that trace's arrays is mapped with it. */
class Over {
  outDims: BatchDim[] = [];
  readonly trace: BatchTrace;
  /** Whether results get the axis in any case: of what is recorded the types must hold for whatever rule comes. */
  private readonly force: boolean;

  constructor(trace: BatchTrace, dims: readonly BatchDim[]) {
    this.trace = trace;
    this.force = isStaging() && dims.some((d) => d !== null);
  }

  /** The function itself over the axis. */
  ofFunction(run: CustomCall['run'], dims: readonly BatchDim[]): CustomCall['run'] {
    return (args) => {
      let n = 0;
      return this.run((xs) => {
        const outs = run(xs);
        n = outs.length;
        return outs;
      }, args, dims, () => n);
    };
  }

  /** Runs `f`, whose results are `count()` results of the function, then as many tangents as `tangentOf` tells the results of, then others, which get the axis. */
  run(f: (xs: Array[]) => readonly Array[], args: readonly Array[], dims: readonly BatchDim[], count: () => number, tangentOf: readonly number[] = []): Array[] {
    const { axis, tag } = this.trace;
    const r = batchFlat(f, axis, args, dims, tag);
    const n = count();
    const mapped = r.dims.slice(0, n).map((d) => this.force || d !== null);
    tangentOf.forEach((i, k) => {
      if (r.dims[n + k] !== null) mapped[i] = true;
    });
    this.outDims = mapped.map((m) => (m ? 0 : null));
    return r.outs.map((x, i) => {
      const at = i < n ? mapped[i]! : i < n + tangentOf.length ? mapped[tangentOf[i - n]!]! : true;
      return at ? materialize(x, r.dims[i]!, axis.size) : x;
    });
  }
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
      const over = new Over(trace, dims);
      let n = 0;
      const mappedRule: SymbolicJvpRule = (primals, tangents) => {
        const given = tangents.flatMap((t, i) => (t === null ? [] : [i]));
        const tangentOf: number[] = [];
        const all = over.run((xs) => {
          const inner = rule(xs.slice(0, primals.length), tangents.map((t, i) => (t === null ? null : xs[primals.length + given.indexOf(i)]!)));
          n = inner.outs.length;
          tangentOf.length = 0;
          inner.tangents.forEach((t, i) => {
            if (t !== null) tangentOf.push(i);
          });
          return [...inner.outs, ...inner.tangents.filter((t) => t !== null)];
        }, [...primals, ...given.map((i) => tangents[i]!)], [...dims, ...given.map((i) => dims[i]!)], () => n, tangentOf);
        return { outs: all.slice(0, n), tangents: globalThis.Array.from({ length: n }, (_, i) => (tangentOf.includes(i) ? all[n + tangentOf.indexOf(i)]! : null)) };
      };
      return { call: jvpCall({ name, run: over.ofFunction(run, dims), rule: named(mappedRule, rule), symbolicZeros }), get outDims() {
        return over.outDims;
      } };
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
      const over = new Over(trace, dims);
      let n = 0;
      const mappedFwd: ForwardRule = (args, perturbed) => {
        const all = over.run((xs) => {
          const inner = fwd(xs, perturbed);
          n = inner.outs.length;
          return [...inner.outs, ...inner.residuals];
        }, args, dims, () => n);
        return { outs: all.slice(0, n), residuals: all.slice(n) };
      };
      const mappedBwd: BackwardRule = (residuals, cts) => batchedBackward(bwd, trace.axis, residuals, cts, dims.map((d) => d !== null), residuals.map(() => true), cts.map((_, i) => over.outDims[i] !== null), trace.tag);
      return { call: vjpCall({ name, run: over.ofFunction(run, dims), fwd: named(mappedFwd, fwd), bwd: named(mappedBwd, bwd), symbolicZeros }), get outDims() {
        return over.outDims;
      } };
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
