import type { Array } from '../core/array';
import { baseOps } from '../core/base';
import type { AxisData, BatchDim, MaybeZero } from '../core/primitive';
import { batchFlat, materialize } from './batch';

/** Results, and their tangents, null where zero. */
export interface Differentiated {
  outs: readonly Array[];
  tangents: readonly MaybeZero[];
}

/** Results and their tangents from arguments and theirs, zeros being arrays. */
export type JvpRule = (primals: readonly Array[], tangents: readonly Array[]) => Differentiated;

/** As {@link JvpRule}, but tangents that are zero come as null. */
export type SymbolicJvpRule = (primals: readonly Array[], tangents: readonly MaybeZero[]) => Differentiated;

/** Results, and what the backward function needs; `perturbed` says which arguments are differentiated. */
export type ForwardRule = (args: readonly Array[], perturbed: readonly boolean[]) => { outs: readonly Array[]; residuals: readonly Array[] };

/** Cotangents of the arguments from the residuals and the cotangents of the results; null is zero, on both sides. */
export type BackwardRule = (residuals: readonly Array[], cotangents: readonly MaybeZero[]) => readonly MaybeZero[];

/** `f` with the name that `like` shows in jaxprs. */
export function named<F extends object>(f: F, like: unknown): F {
  const value = typeof like === 'function' ? like.name || '<lambda>' : String(like);
  return Object.defineProperty(f, 'name', { value, configurable: true });
}

/** What a rule is mapped over. */
export interface RuleAxis {
  axis: AxisData;
  /** That of the trace in progress whose arrays the rule may hold. */
  tag?: object;
  /** Where the function's arguments have the axis. */
  dims: readonly BatchDim[];
  /** Which results are to have the axis, at 0, from which of them depend on it. */
  settle(depends: readonly boolean[]): readonly boolean[];
}

const at0 = (mapped: readonly boolean[]): BatchDim[] => mapped.map((m) => (m ? 0 : null));

/** The arrays among what may be zero, and how to put such a list together again. */
function nonZero<T>(xs: readonly (T | null)[]): { given: T[]; spread: <U>(ys: readonly U[]) => (U | null)[] } {
  return {
    given: xs.filter((x) => x !== null) as T[],
    spread: (ys) => {
      let next = 0;
      return xs.map((x) => (x === null ? null : ys[next++]!));
    },
  };
}

/** A function over an axis. */
export function functionOver(run: (args: readonly Array[]) => readonly Array[], { axis, tag, dims, settle }: RuleAxis): (args: readonly Array[]) => Array[] {
  return (args) => {
    const r = batchFlat(run, axis, args, dims, tag);
    const mapped = settle(r.dims.map((d) => d !== null));
    return r.outs.map((x, i) => (mapped[i] ? materialize(x, r.dims[i]!, axis.size) : x));
  };
}

/** A forward rule over an axis: a tangent has it where its result has. */
export function jvpRuleOver(rule: SymbolicJvpRule, { axis, tag, dims, settle }: RuleAxis): SymbolicJvpRule {
  return (primals, tangents) => {
    const n = primals.length;
    const ins = nonZero(tangents);
    let inner!: Differentiated;
    const r = batchFlat((xs) => {
      inner = rule(xs.slice(0, n), ins.spread(xs.slice(n)));
      return [...inner.outs, ...nonZero(inner.tangents).given];
    }, axis, [...primals, ...ins.given], [...dims, ...dims.filter((_, i) => tangents[i] !== null)], tag);
    const count = inner.outs.length;
    const outs = nonZero(inner.tangents);
    const tangentDims = outs.spread(r.dims.slice(count));
    const mapped = settle(inner.outs.map((_, i) => r.dims[i] !== null || (tangentDims[i] ?? null) !== null));
    const whole = (x: Array, dim: BatchDim, i: number) => (mapped[i] ? materialize(x, dim, axis.size) : x);
    return {
      outs: r.outs.slice(0, count).map((x, i) => whole(x, r.dims[i]!, i)),
      tangents: outs.spread(r.outs.slice(count)).map((x, i) => (x === null ? null : whole(x, tangentDims[i]!, i))),
    };
  };
}

/** The forward half of a reverse rule over an axis, which all residuals get. */
export function forwardRuleOver(fwd: ForwardRule, { axis, tag, dims, settle }: RuleAxis): ForwardRule {
  return (args, perturbed) => {
    let count = 0;
    const r = batchFlat((xs) => {
      const inner = fwd(xs, perturbed);
      count = inner.outs.length;
      return [...inner.outs, ...inner.residuals];
    }, axis, args, dims, tag);
    const mapped = settle(r.dims.slice(0, count).map((d) => d !== null));
    const full = r.outs.map((x, i) => (i >= count || mapped[i] ? materialize(x, r.dims[i]!, axis.size) : x));
    return { outs: full.slice(0, count), residuals: full.slice(count) };
  };
}

/**
 * The backward half of a reverse rule over an axis. Cotangents of arguments without the axis are summed.
 *
 * @param hasAxis which arguments, residuals and cotangents of results have the axis, at 0; all of the latter two where it is not said
 */
export function backwardRuleOver(bwd: BackwardRule, axis: AxisData, hasAxis: { args: readonly boolean[]; residuals?: readonly boolean[]; cotangents?: () => readonly boolean[] }, tag?: object): BackwardRule {
  return (residuals, cts) => {
    const n = residuals.length;
    const ins = nonZero(cts);
    const ctDims = at0(hasAxis.cotangents?.() ?? cts.map(() => true)).filter((_, i) => cts[i] !== null);
    let inner!: readonly MaybeZero[];
    const r = batchFlat((xs) => {
      inner = bwd(xs.slice(0, n), ins.spread(xs.slice(n)));
      return nonZero(inner).given;
    }, axis, [...residuals, ...ins.given], [...at0(hasAxis.residuals ?? residuals.map(() => true)), ...ctDims], tag);
    const full = nonZero(inner).spread(r.outs.map((x, k) => materialize(x, r.dims[k]!, axis.size)));
    return full.map((x, i) => (x === null || hasAxis.args[i] ? x : baseOps().sum(x, 0)));
  };
}
