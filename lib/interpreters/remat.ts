import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { type Atom, ClosedJaxpr, type Eqn, evalJaxpr, Jaxpr, type Var } from '../core/jaxpr';
import { jaxprAxisNames } from '../core/jaxprCache';
import { dceJaxpr } from '../core/passes/dce';
import { inlineJit } from '../core/passes/simplify';
import { defineMultiPrimitive, isUndefinedPrimal, type MaybeLinear, type MultiPrimitive, type Params, type Primitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { batchJaxpr, materialize } from './batch';
import { jitP, jitParams } from './jit';
import { jvpJaxpr } from './jvp';
import { instantiateZeros, partialEvalJaxpr } from './partial';
import { hoistConsts, stage } from './stage';
import { transposeJaxpr } from './transpose';

/** Keeps what computes its operands apart from what uses them: the compiler may not merge computations across it. Mirrors JAX's `optimization_barrier`. */
export const optimizationBarrierP: MultiPrimitive<object> = defineMultiPrimitive<object>({
  name: 'optimization_barrier',
  abstract: (avals) => avals,
  lower: (ctx, args, _, outs) => (args.length === 0 ? [] : hlo.optimizationBarrier(ctx, args, outs)),
  jvp: (primals, tangents) => {
    const present = tangents.filter((t) => t !== null);
    const out = optimizationBarrierP.bind({}, ...primals);
    const t = optimizationBarrierP.bind({}, ...present);
    let next = 0;
    return [out, tangents.map((x) => (x === null ? null : t[next++]!))];
  },
  transpose: (cts) => cts,
  batch: (_, args, dims) => [optimizationBarrierP.bind({}, ...args), dims],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32' }, { shape: [2], dtype: 'float32' }], params: {} }],
});

/** Whether the result of an operation is kept for the backward pass instead of being computed again. */
export type CheckpointPolicy = (prim: Primitive, params: Params, avals: readonly ShapedArray[]) => boolean;

export interface CheckpointParams {
  jaxpr: ClosedJaxpr;
  policy: CheckpointPolicy | null;
  preventCse: boolean;
  differentiated: boolean;
}

const made = new WeakMap<ClosedJaxpr, CheckpointParams>();

function withJaxpr(p: CheckpointParams, jaxpr: ClosedJaxpr, differentiated = p.differentiated): CheckpointParams {
  const known = made.get(jaxpr);
  if (known !== undefined && known.policy === p.policy && known.preventCse === p.preventCse && known.differentiated === differentiated) return known;
  const q = { ...p, jaxpr, differentiated };
  made.set(jaxpr, q);
  return q;
}

/** A function whose intermediate values are computed again in the backward pass. Mirrors JAX's primitive of `jax.checkpoint`. */
export const checkpointP: MultiPrimitive<CheckpointParams> = defineMultiPrimitive<CheckpointParams>({
  name: 'remat2',
  abstract: (_, { jaxpr }) => jaxpr.outAvals,
  lower: (ctx, args, { jaxpr, preventCse, differentiated }) => {
    const inputs = preventCse && differentiated && args.length > 0 ? hlo.optimizationBarrier(ctx, args, args.map((a) => a.aval)) : args;
    return ctx.call(jaxpr, inputs, 'checkpoint');
  },
  effects: ({ jaxpr }) => [...jaxpr.effects],
  axisNames: ({ jaxpr }) => jaxprAxisNames(jaxpr),
  jvp: (primals, tangents, p) => {
    const d = jvpJaxpr(p.jaxpr, tangents.map((t) => t !== null));
    const results = checkpointP.bind(withJaxpr(p, d.jaxpr), ...primals, ...tangents.filter((t) => t !== null));
    const n = p.jaxpr.jaxpr.outvars.length;
    let next = n;
    return [results.slice(0, n), d.nonzeroOut.map((z) => (z ? results[next++]! : null))];
  },
  partialEval: (known, unknown, args, isUnknown, p) => {
    const split = splitForRecompute(p, isUnknown);
    const first = known(() => jitP.bind(jitParams(split.known, 'checkpoint'), ...args.filter((_, i) => !isUnknown[i])));
    const n = first.length - split.numSaved;
    const second = unknown(() => checkpointP.bind(withJaxpr(p, split.unknown, true), ...first.slice(n), ...args.filter((_, i) => split.used[i])));
    let [k, u] = [0, 0];
    return split.outUnknown.map((x) => (x ? second[u++]! : first[k++]!));
  },
  transpose: (cts, args, p, outs) => {
    const isLinear = args.map(isUndefinedPrimal);
    const split = partialEvalJaxpr(p.jaxpr, isLinear);
    let fixed = args.filter((x: MaybeLinear): x is Array => !isUndefinedPrimal(x));
    if (p.preventCse && fixed.length > 0) fixed = optimizationBarrierP.bind({}, ...fixed);
    const first = jitP.bind(jitParams(split.known, 'checkpoint'), ...fixed);
    const residuals = first.slice(first.length - split.residuals.length);
    const linear = [...split.residuals.map(() => false), ...isLinear.filter(Boolean)];
    const wanted = cts.filter((_, i) => split.outUnknown[i]);
    const t = transposeJaxpr(split.unknown, linear);
    const results = jitP.bind(jitParams(t, 'checkpoint'), ...residuals, ...instantiateZeros(wanted, outs.filter((_, i) => split.outUnknown[i])));
    let next = 0;
    return isLinear.map((l) => (l ? results[next++]! : null));
  },
  batch: (axis, args, dims, p) => {
    const b = batchJaxpr(p.jaxpr, axis, dims.map((d) => d !== null));
    const moved = args.map((x, i) => (dims[i] === null ? x : materialize(x, dims[i]!, axis.size)));
    return [checkpointP.bind(withJaxpr(p, b.jaxpr), ...moved), b.outMapped.map((m) => (m ? 0 : null))];
  },
  sample: () => {
    const a = new ShapedArray([3], 'float32');
    const { closed } = hoistConsts(stage(([x, y]) => [baseOps().add(x!, y!)], [a, a], 'f'));
    const input = { shape: [3], dtype: 'float32' };
    return [{ inputs: [input, input], params: { jaxpr: closed, policy: null, preventCse: true, differentiated: false } }];
  },
});

interface Recompute {
  /** From the known inputs to the known outputs, then the saved values. */
  known: ClosedJaxpr;
  numSaved: number;
  /** From the saved values, then the inputs marked in `used`, to the unknown outputs. */
  unknown: ClosedJaxpr;
  used: boolean[];
  outUnknown: boolean[];
}

const splits = new WeakMap<ClosedJaxpr, Map<string, { policy: CheckpointPolicy | null; split: Recompute }>>();

/** Splits so that the unknown part starts again from the inputs, but for the values that the policy keeps. */
function splitForRecompute(p: CheckpointParams, isUnknown: readonly boolean[]): Recompute {
  let known = splits.get(p.jaxpr);
  if (known === undefined) splits.set(p.jaxpr, (known = new Map()));
  const key = isUnknown.map(Number).join('');
  const found = known.get(key);
  if (found !== undefined && found.policy === p.policy) return found.split;
  const split = makeSplit(p, isUnknown);
  known.set(key, { policy: p.policy, split });
  return split;
}

function makeSplit({ jaxpr: whole, policy }: CheckpointParams, isUnknown: readonly boolean[]): Recompute {
  // A policy is asked of the operations in compiled functions, too.
  const closed = policy === null ? whole : inlineJit(whole);
  const plain = partialEvalJaxpr(closed, isUnknown);
  const { jaxpr } = closed;
  const outKnown = plain.outUnknown.filter((u) => !u).length;
  const knownInputs = jaxpr.invars.filter((_, i) => !isUnknown[i]);
  const wanted = jaxpr.outvars.filter((_, i) => plain.outUnknown[i]);
  const saved = policy === null ? [] : savedVars(jaxpr, isUnknown, policy);
  const producers = new Set<Eqn>();
  if (saved.length > 0) {
    const keep = new Set(saved);
    for (const e of jaxpr.eqns) if (e.outputs.every((v) => keep.has(v))) producers.add(e);
  }
  const again = new Jaxpr([], [...saved, ...jaxpr.invars], jaxpr.eqns.filter((e) => !producers.has(e)), wanted, jaxpr.name);
  const unknown = dceJaxpr(again, null);
  // Saved values stay inputs whether used or not, so that positions hold; of the others only what is used, and everything unknown.
  const used = jaxpr.invars.map((_, i) => unknown.usedInputs[saved.length + i]!);
  const invars = [...saved, ...jaxpr.invars.filter((_, i) => used[i])];
  const unknownJaxpr = new ClosedJaxpr(new Jaxpr([], invars, unknown.jaxpr.eqns, unknown.jaxpr.outvars, jaxpr.name), []);
  const all = plain.known.jaxpr;
  const outs = dceJaxpr(all, all.outvars.map((_, i) => i < outKnown)).jaxpr;
  let knownJaxpr = new ClosedJaxpr(new Jaxpr([], all.invars, outs.eqns, outs.outvars, jaxpr.name), []);
  if (saved.length > 0) {
    // What is saved depends on known inputs only; operations that both parts have are merged by the compiler.
    const eqns = dceJaxpr(new Jaxpr([], jaxpr.invars, jaxpr.eqns, saved), null).jaxpr.eqns;
    const savedJaxpr = new Jaxpr([], knownInputs, eqns, saved);
    const first = knownJaxpr.jaxpr;
    knownJaxpr = hoistConsts(stage((xs) => [...evalJaxpr(first, [], xs), ...evalJaxpr(savedJaxpr, [], xs)], all.inAvals, jaxpr.name)).closed;
  }
  return { known: knownJaxpr, numSaved: saved.length, unknown: unknownJaxpr, used, outUnknown: plain.outUnknown };
}

/** Results of operations on known values that the policy keeps. */
function savedVars(jaxpr: Jaxpr, isUnknown: readonly boolean[], policy: CheckpointPolicy): Var[] {
  const unknown = new Set<Atom>(jaxpr.invars.filter((_, i) => isUnknown[i]));
  const saved: Var[] = [];
  for (const e of jaxpr.eqns) {
    if (e.inputs.some((a) => unknown.has(a))) for (const v of e.outputs) unknown.add(v);
    else if (policy(e.prim, e.params, e.inputs.map((a) => a.aval))) saved.push(...e.outputs);
  }
  return saved;
}
