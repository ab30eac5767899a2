import { type Atom, ClosedJaxpr, type Eqn, Jaxpr, Literal } from '../jaxpr';
import { cachedOn, mask } from '../jaxprCache';

export interface Pruned {
  /** Without the outputs and inputs that are not used. */
  jaxpr: Jaxpr;
  usedConsts: boolean[];
  usedInputs: boolean[];
}

/**
 * Removes what the wanted outputs do not depend on; equations with effects stay. Primitives that hold jaxprs prune these too, by their `dce` rule.
 * Mirrors `pe.dce_jaxpr`.
 *
 * @param keepInputs whether inputs that nothing reads stay in the signature
 */
export function dceJaxpr(jaxpr: Jaxpr, usedOutputs: readonly boolean[], keepInputs = false): Pruned {
  const outvars = jaxpr.outvars.filter((_, i) => usedOutputs[i]);
  const needed = new Set<Atom>(outvars);
  const kept: Eqn[] = [];
  let same = outvars.length === jaxpr.outvars.length;
  for (let k = jaxpr.eqns.length - 1; k >= 0; k--) {
    const e = jaxpr.eqns[k]!;
    let any = false;
    let all = true;
    for (let i = 0; i < e.outputs.length; i++) {
      if (needed.has(e.outputs[i]!)) any = true;
      else all = false;
    }
    let made: Eqn | null = any || e.effects.length > 0 ? e : null;
    if (made !== null && e.prim.dce && !all) made = e.prim.dce(e.outputs.map((v) => needed.has(v)), e);
    if (made !== e) same = false;
    if (made === null) continue;
    for (let i = 0; i < made.inputs.length; i++) {
      const a = made.inputs[i]!;
      if (!(a instanceof Literal)) needed.add(a);
    }
    kept.push(made);
  }
  const usedConsts = jaxpr.constvars.map((v) => needed.has(v));
  const usedInputs = jaxpr.invars.map((v) => needed.has(v));
  const constvars = jaxpr.constvars.filter((_, i) => usedConsts[i]);
  const invars = keepInputs ? jaxpr.invars : jaxpr.invars.filter((_, i) => usedInputs[i]);
  if (same && constvars.length === jaxpr.constvars.length && invars.length === jaxpr.invars.length) return { jaxpr, usedConsts, usedInputs };
  return { jaxpr: new Jaxpr(constvars, invars, kept.reverse(), outvars, jaxpr.name), usedConsts, usedInputs };
}

/** {@link dceJaxpr} of a jaxpr without constants, made once for each pattern of outputs. */
export function dceClosed(closed: ClosedJaxpr, usedOutputs: readonly boolean[]): { closed: ClosedJaxpr; usedInputs: boolean[] } {
  return cachedOn(closed, `dce/${mask(usedOutputs)}`, () => {
    const { jaxpr, usedInputs } = dceJaxpr(closed.jaxpr, usedOutputs);
    return { closed: jaxpr === closed.jaxpr ? closed : new ClosedJaxpr(jaxpr, []), usedInputs };
  });
}
