import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { type Atom, type ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Var } from '../core/jaxpr';
import { cachedOn, mask } from '../core/jaxprCache';
import { type Absent, type MaybeLinear, type MaybeZero, type Primitive, UndefinedPrimal } from '../core/primitive';
import { bind, withScope } from '../core/trace';
import { DifferentiationError } from './jvp';
import { stage, withoutConsts } from './stage';
import { instantiateZeros } from './partial';

/** An operand that is known, where a rule needs it to be: it is not if a function that was said to be linear is not. */
export function fixedOperand(op: string, x: MaybeLinear): Array {
  if (!(x instanceof UndefinedPrimal)) return x;
  throw new DifferentiationError(`${op}: expected a function that is linear, to transpose, but ${op} is given more than it is linear in: an operand of type ${x.aval} depends on the function's input too`);
}

function notTransposed(prim: Primitive, { reason }: Absent): DifferentiationError {
  return new DifferentiationError(`${prim.name}: reverse-mode differentiation is not possible: ${reason}`);
}

/**
 * Pulls cotangents back through a linear jaxpr: reverse-mode differentiation after {@link linearizeFlat}.
 *
 * @param args its inputs: UndefinedPrimal for the linear ones, values for the others
 * @returns cotangents of the linear inputs; null is zero; the others' are null
 */
export function backwardPass(jaxpr: Jaxpr, consts: readonly Array[], args: readonly MaybeLinear[], cotangents: readonly MaybeZero[]): MaybeZero[] {
  // What stands for each variable: UndefinedPrimal for those that are linear in the inputs.
  const env = new Map<Var, MaybeLinear>();
  for (let i = 0; i < consts.length; i++) env.set(jaxpr.constvars[i]!, consts[i]!);
  for (let i = 0; i < args.length; i++) env.set(jaxpr.invars[i]!, args[i]!);
  const read = (a: Atom): MaybeLinear => (a instanceof Literal ? a.array : env.get(a)!);
  const rest: Eqn[] = [];
  const operands: MaybeLinear[][] = [];
  for (let k = 0; k < jaxpr.eqns.length; k++) {
    const e = jaxpr.eqns[k]!;
    const n = e.inputs.length;
    const values = new globalThis.Array<MaybeLinear>(n);
    let linear = false;
    for (let i = 0; i < n; i++) {
      const x = read(e.inputs[i]!);
      values[i] = x;
      if (x instanceof UndefinedPrimal) linear = true;
    }
    if (linear) {
      for (let i = 0; i < e.outputs.length; i++) env.set(e.outputs[i]!, new UndefinedPrimal(e.outputs[i]!.aval));
      rest.push(e);
      operands.push(values);
    } else {
      const outs = bind(e.prim, values as Array[], e.params);
      for (let i = 0; i < outs.length; i++) env.set(e.outputs[i]!, outs[i]!);
    }
  }
  const cts = new Map<Var, Array>();
  const accumulate = (x: MaybeLinear, a: Atom, ct: MaybeZero | undefined) => {
    if (ct === null || ct === undefined || !(x instanceof UndefinedPrimal)) return;
    const known = cts.get(a as Var);
    cts.set(a as Var, known === undefined ? ct : baseOps().add(known, ct));
  };
  jaxpr.outvars.forEach((v, i) => accumulate(read(v), v, cotangents[i]));
  for (let k = rest.length - 1; k >= 0; k--) {
    const e = rest[k]!;
    const values = operands[k]!;
    const { one } = e.prim;
    if (one !== null) {
      const v = e.outputs[0]!;
      const ct = cts.get(v);
      if (ct === undefined) continue;
      cts.delete(v);
      const rule = one.transpose;
      if (typeof rule !== 'function') throw notTransposed(e.prim, rule);
      const back = e.scope === '' ? rule(ct, values, e.params) : withScope(e.scope, () => rule(ct, values, e.params));
      for (let i = 0; i < values.length; i++) accumulate(values[i]!, e.inputs[i]!, back[i]);
      continue;
    }
    const n = e.outputs.length;
    const out = new globalThis.Array<MaybeZero>(n);
    const avals = new globalThis.Array<ShapedArray>(n);
    let any = false;
    for (let i = 0; i < n; i++) {
      const v = e.outputs[i]!;
      const ct = cts.get(v) ?? null;
      out[i] = ct;
      avals[i] = v.aval;
      if (ct === null) continue;
      any = true;
      cts.delete(v);
    }
    if (!any) continue;
    const rule = e.prim.transpose;
    if (typeof rule !== 'function') throw notTransposed(e.prim, rule);
    const back = e.scope === '' ? rule(out, values, e.params, avals) : withScope(e.scope, () => rule(out, values, e.params, avals));
    for (let i = 0; i < values.length; i++) accumulate(values[i]!, e.inputs[i]!, back[i]);
  }
  return jaxpr.invars.map((v) => cts.get(v) ?? null);
}

/**
 * The transpose of a jaxpr without constants as a jaxpr: from the non-linear inputs, then the cotangents of all outputs, to the cotangents of
 * all linear inputs, zeros included.
 */
export function transposeJaxpr(closed: ClosedJaxpr, isLinear: readonly boolean[]): ClosedJaxpr {
  return cachedOn(closed, `transpose/${mask(isLinear)}`, () => {
    const inAvals = closed.inAvals;
    const fixed = inAvals.filter((_, i) => !isLinear[i]);
    const { outAvals } = closed;
    const staged = stage((args) => {
      let next = 0;
      const full = inAvals.map((a, i) => (isLinear[i] ? new UndefinedPrimal(a) : args[next++]!));
      const cts = backwardPass(closed.jaxpr, closed.consts, full, args.slice(next));
      const wanted = inAvals.flatMap((_, i) => (isLinear[i] ? [i] : []));
      return instantiateZeros(wanted.map((i) => cts[i]!), wanted.map((i) => inAvals[i]!));
    }, [...fixed, ...outAvals], closed.jaxpr.name, 'transpose');
    return withoutConsts(staged);
  });
}
