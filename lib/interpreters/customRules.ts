import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { ShapeError } from '../core/errors';
import type { ClosedJaxpr } from '../core/jaxpr';
import { absent, type AxisData, type BatchDim, defineMultiPrimitive, isUndefinedPrimal, type MaybeZero, type MultiPrimitive } from '../core/primitive';
import { batchJaxpr, materialize } from './batch';
import { type BackwardRule, backwardRuleOver, type ForwardRule, forwardRuleOver, type JvpRule, jvpRuleOver, named, type SymbolicJvpRule } from './derivativeRules';
import { functionParts, transposeCall } from './jit';
import { DifferentiationError, isDifferentiable } from './jvp';
import { instantiateZeros } from './partial';
import { hoistConsts, stage } from './stage';

export interface CustomJvpParams {
  name: string;
  callJaxpr: ClosedJaxpr;
  jvpJaxprFun: JvpRule;
  /** Whether the rule takes null for tangents that are zero. */
  symbolicZeros?: boolean;
  /** Whether jaxprs say so: where the user's rule does. */
  showsSymbolicZeros?: boolean;
}

function checkTypes(what: string, got: readonly (Array | null)[], expected: readonly ShapedArray[]): void {
  if (got.length !== expected.length) throw new ShapeError(`${what}: expected ${expected.length} arrays, got ${got.length}`);
  got.forEach((x, i) => {
    if (x !== null && !x.aval.matches(expected[i]!)) throw new ShapeError(`${what}: expected result ${i} to be of type ${expected[i]}, got ${x.aval}`);
  });
}

function moved(axis: AxisData, args: readonly Array[], dims: readonly BatchDim[]): Array[] {
  return args.map((x, i) => (dims[i] === null ? x : materialize(x, dims[i]!, axis.size)));
}

const toDim = (mapped: readonly boolean[]): BatchDim[] => mapped.map((m) => (m ? 0 : null));

/** A function for samples: twice its argument of n elements. */
export function twiceJaxpr(n: number): ClosedJaxpr {
  const a = new ShapedArray([n], 'float32');
  return hoistConsts(stage(([x]) => [baseOps().add(x!, x!)], [a], 'f')).closed;
}

/** A function whose forward derivative is given with it. Mirrors JAX's `custom_jvp_call`. */
export const customJvpCallP: MultiPrimitive<CustomJvpParams> = defineMultiPrimitive<CustomJvpParams>({
  name: 'custom_jvp_call',
  print: { params: ({ name, callJaxpr, jvpJaxprFun, showsSymbolicZeros }) => ({ name, callJaxpr, jvp: jvpJaxprFun.name || 'jvp', symbolicZeros: showsSymbolicZeros === true }) },
  ...functionParts(({ callJaxpr }) => callJaxpr),
  jvp: (primals, tangents, { name, jvpJaxprFun, symbolicZeros }) => {
    const r = symbolicZeros ? (jvpJaxprFun as SymbolicJvpRule)(primals, tangents) : jvpJaxprFun(primals, instantiateZeros(tangents, primals.map((x) => x.aval)));
    checkTypes(`the derivative of ${name}`, r.tangents, r.outs.map((x) => x.aval));
    return [r.outs, r.tangents];
  },
  // Of a function that is linear its rule says nothing new.
  transpose: (cts, args, { callJaxpr, name }, outs) => transposeCall(callJaxpr, name, cts, args, outs),
  batch: (axis, args, dims, p) => {
    const mapped = dims.map((d) => d !== null);
    // Where nothing is mapped, a result is only if it depends on the axis itself.
    const { jaxpr, outMapped } = batchJaxpr(p.callJaxpr, axis, mapped, mapped.some(Boolean));
    const rule = batchedJvp(p, axis, toDim(mapped), outMapped);
    const outs = customJvpCallP.bind({ ...p, callJaxpr: jaxpr, jvpJaxprFun: rule }, ...moved(axis, args, dims));
    return [outs, toDim(outMapped)];
  },
  sample: () => [{
    inputs: [{ shape: [3], dtype: 'float32' }],
    params: {
      name: 'f', callJaxpr: twiceJaxpr(3),
      jvpJaxprFun: ([x], [t]) => ({ outs: [baseOps().add(x!, x!)], tangents: [baseOps().add(t!, t!)] }),
    },
  }],
});

// One rule for each way of mapping a function, so that programs made of it are found again.
const batchedRules = new WeakMap<object, Map<string, unknown>>();

function once<T>(of: object, axis: AxisData, dims: readonly BatchDim[], make: () => T): T {
  let known = batchedRules.get(of);
  if (known === undefined) batchedRules.set(of, (known = new Map()));
  const key = `${axis.name ?? ''}:${axis.size}:${dims.map((d) => (d === null ? 0 : 1)).join('')}`;
  let rule = known.get(key) as T | undefined;
  if (rule === undefined) known.set(key, (rule = make()));
  return rule;
}

function batchedJvp(p: CustomJvpParams, axis: AxisData, dims: readonly BatchDim[], outMapped: readonly boolean[]): JvpRule {
  return once(p.jvpJaxprFun, axis, dims, () => named(jvpRuleOver(p.jvpJaxprFun as SymbolicJvpRule, { axis, dims, settle: () => outMapped }), p.jvpJaxprFun.name));
}

export interface CustomVjpParams {
  name: string;
  callJaxpr: ClosedJaxpr;
  fwdJaxprFun: ForwardRule;
  bwd: BackwardRule;
  /** Whether jaxprs say that zeros are symbolic: where the user's rules want them so. */
  symbolicZeros?: boolean;
}

/** A function whose reverse derivative is given with it. Mirrors JAX's `custom_vjp_call`. */
export const customVjpCallP: MultiPrimitive<CustomVjpParams> = defineMultiPrimitive<CustomVjpParams>({
  name: 'custom_vjp_call',
  print: { params: ({ name, callJaxpr, fwdJaxprFun, bwd, symbolicZeros }) => ({ name, callJaxpr, fwd: fwdJaxprFun.name || 'fwd', bwd: bwd.name || 'bwd', symbolicZeros: symbolicZeros === true }) },
  ...functionParts(({ callJaxpr }) => callJaxpr),
  jvp: (primals, tangents, { name, fwdJaxprFun, bwd }) => {
    const r = customLinear(name, primals, tangents, fwdJaxprFun, bwd);
    return [r.outs, r.tangents];
  },
  transpose: absent('only its derivative is linear'),
  batch: (axis, args, dims, p) => {
    const mapped = dims.map((d) => d !== null);
    const { jaxpr, outMapped } = batchJaxpr(p.callJaxpr, axis, mapped, mapped.some(Boolean));
    const outs = customVjpCallP.bind({ ...p, callJaxpr: jaxpr, ...batchedVjp(p, axis, toDim(mapped), outMapped) }, ...moved(axis, args, dims));
    return [outs, toDim(outMapped)];
  },
  sample: () => [{
    inputs: [{ shape: [3], dtype: 'float32' }],
    params: {
      name: 'f', callJaxpr: twiceJaxpr(3),
      fwdJaxprFun: ([x]) => ({ outs: [baseOps().add(x!, x!)], residuals: [] }),
      bwd: (_, [ct]) => [ct ? baseOps().add(ct, ct) : null],
    },
    skip: { jvp: 'has a reverse rule only' },
  }],
});

/** The derivative of a function with a reverse rule at a point: results of its forward function, and tangents that can be transposed only. */
export function customLinear(name: string, primals: readonly Array[], tangents: readonly MaybeZero[], fwd: ForwardRule, bwd: BackwardRule): { outs: readonly Array[]; tangents: MaybeZero[] } {
  const { outs, residuals } = fwd(primals, tangents.map((t) => t !== null));
  const avals = primals.map((x) => x.aval);
  const linear = outs.map((x) => isDifferentiable(x.aval));
  const outAvals = outs.map((x) => x.aval);
  const inputs = primals.map((x) => isDifferentiable(x.aval));
  const full = instantiateZeros(tangents, avals).filter((_, i) => inputs[i]);
  const params: CustomLinParams = { name, numRes: residuals.length, outAvals: outAvals.filter((_, i) => linear[i]), bwd: linearBackward(bwd, linear, inputs) };
  const results = customLinP.bind(params, ...residuals, ...full);
  let next = 0;
  return { outs, tangents: linear.map((l) => (l ? results[next++]! : null)) };
}

/** The backward rule among differentiable results and arguments only; integers have no cotangents. */
function linearBackward(bwd: BackwardRule, linear: readonly boolean[], inputs: readonly boolean[]): BackwardRule {
  return (residuals, cts) => {
    let next = 0;
    return bwd(residuals, linear.map((l) => (l ? cts[next++]! : null))).filter((_, i) => inputs[i]);
  };
}

function batchedVjp(p: CustomVjpParams, axis: AxisData, dims: readonly BatchDim[], outMapped: readonly boolean[]): { fwdJaxprFun: ForwardRule; bwd: BackwardRule } {
  return once(p.bwd, axis, dims, () => ({
    fwdJaxprFun: named(forwardRuleOver(p.fwdJaxprFun, { axis, dims, settle: () => outMapped }), p.fwdJaxprFun.name),
    bwd: named(backwardRuleOver(p.bwd, axis, { args: dims.map((d) => d !== null), cotangents: () => outMapped }), p.bwd.name),
  }));
}

interface CustomLinParams {
  name: string;
  /** How many leading operands are residuals; the rest are tangents. */
  numRes: number;
  outAvals: readonly ShapedArray[];
  bwd: BackwardRule;
}

/** The derivative of a function with a reverse rule, as a linear function of tangents: it can be transposed, not run. Mirrors JAX's `custom_lin`. */
export const customLinP: MultiPrimitive<CustomLinParams> = defineMultiPrimitive<CustomLinParams>({
  name: 'custom_lin',
  abstract: (_, { outAvals }) => outAvals,
  lower: (_ctx, _args, { name }) => {
    throw new DifferentiationError(`${name}: forward-mode differentiation (jvp) of a function with a custom reverse rule (customVjp) is not possible; give it a customJvp rule instead`);
  },
  jvp: absent('forward-mode differentiation of a function with a custom reverse rule (customVjp) is not possible'),
  transpose: (cts, args, { numRes, bwd }) => {
    const residuals = args.slice(0, numRes) as Array[];
    const back = bwd(residuals, cts);
    return args.map((x, i) => (i < numRes || !isUndefinedPrimal(x) ? null : (back[i - numRes] ?? null)));
  },
  batch: (axis, args, dims, p) => {
    const n = p.numRes;
    const mapped = dims.map((d) => d !== null);
    const bwd = backwardRuleOver(p.bwd, axis, { args: mapped.slice(n), residuals: mapped.slice(0, n) });
    const outs = customLinP.bind({ ...p, outAvals: p.outAvals.map((a) => a.withShape([axis.size, ...a.shape])), bwd }, ...moved(axis, args, dims));
    return [outs, outs.map(() => 0)];
  },
  // It comes into being inside of reverse-mode differentiation only; the samples of custom_vjp_call go through it.
  sample: () => [],
});
