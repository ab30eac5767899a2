import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { type Atom, type ClosedJaxpr, type Jaxpr, Literal, Var } from '../core/jaxpr';
import { cachedOn, mask } from '../core/jaxprCache';
import { type Absent, type MaybeLinear, type MaybeZero, UndefinedPrimal } from '../core/primitive';
import { bind, withScope } from '../core/trace';
import { DifferentiationError } from './jvp';
import { stage, withoutConsts } from './stage';
import { instantiateZeros } from './partial';

/**
 * Pulls cotangents back through a linear jaxpr: reverse-mode differentiation after {@link linearizeFlat}.
 *
 * @param args its inputs: UndefinedPrimal for the linear ones, values for the others
 * @returns cotangents of the linear inputs; null is zero; the others' are null
 */
export function backwardPass(jaxpr: Jaxpr, consts: readonly Array[], args: readonly MaybeLinear[], cotangents: readonly MaybeZero[]): MaybeZero[] {
  const linear = new Set<Var>();
  const env = new Map<Var, Array>();
  jaxpr.constvars.forEach((v, i) => env.set(v, consts[i]!));
  jaxpr.invars.forEach((v, i) => {
    const x = args[i]!;
    if (x instanceof UndefinedPrimal) linear.add(v);
    else env.set(v, x);
  });
  const isLinear = (a: Atom) => a instanceof Var && linear.has(a);
  const read = (a: Atom): MaybeLinear => (a instanceof Literal ? a.array : linear.has(a) ? new UndefinedPrimal(a.aval) : env.get(a)!);
  const rest: (typeof jaxpr.eqns)[number][] = [];
  for (const e of jaxpr.eqns) {
    if (e.inputs.some(isLinear)) {
      for (const v of e.outputs) linear.add(v);
      rest.push(e);
    } else {
      bind(e.prim, e.inputs.map((a) => read(a) as Array), e.params).forEach((x, i) => env.set(e.outputs[i]!, x));
    }
  }
  const cts = new Map<Var, Array>();
  const accumulate = (a: Atom, ct: MaybeZero) => {
    if (ct === null || !(a instanceof Var) || !linear.has(a)) return;
    const known = cts.get(a);
    cts.set(a, known === undefined ? ct : baseOps().add(known, ct));
  };
  jaxpr.outvars.forEach((v, i) => accumulate(v, cotangents[i]!));
  for (let k = rest.length - 1; k >= 0; k--) {
    const e = rest[k]!;
    const out = e.outputs.map((v) => cts.get(v) ?? null);
    for (const v of e.outputs) cts.delete(v);
    if (out.every((c) => c === null)) continue;
    const rule = e.prim.transpose;
    if (typeof rule !== 'function') throw new DifferentiationError(`${e.prim.name}: reverse-mode differentiation is not possible: ${(rule as Absent).reason}`);
    const run = () => rule(out, e.inputs.map(read), e.params, e.outputs.map((v) => v.aval));
    const back = e.scope === '' ? run() : withScope(`transpose(${e.scope})`, run);
    e.inputs.forEach((a, i) => accumulate(a, back[i] ?? null));
  }
  return jaxpr.invars.map((v) => (linear.has(v) ? (cts.get(v) ?? null) : null));
}

/**
 * The transpose of a jaxpr without constants as a jaxpr: from the non-linear inputs, then the cotangents of all outputs, to the cotangents of
 * all linear inputs, zeros included.
 */
export function transposeJaxpr(closed: ClosedJaxpr, isLinear: readonly boolean[]): ClosedJaxpr {
  return cachedOn(closed, `transpose/${mask(isLinear)}`, () => {
    const inAvals = closed.inAvals;
    const fixed = inAvals.filter((_, i) => !isLinear[i]);
    const outAvals: ShapedArray[] = closed.outAvals.map((a) => a.strong());
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
