import { ClosedJaxpr, type Eqn, Jaxpr, type Var } from '../jaxpr';
import { cachedOn, mask } from '../jaxprCache';

export interface Pruned {
  /** Without the outputs and inputs that are not used. */
  jaxpr: Jaxpr;
  usedConsts: boolean[];
  usedInputs: boolean[];
}

/** So many walks there were: what one needs has its number, which takes a third of the time that a set does. */
let walks = 0;

const neededIn = (vars: readonly Var[], walk: number): boolean[] => vars.map((v) => v.needed === walk);

/**
 * Removes what the wanted outputs do not depend on; equations with effects stay. Primitives that hold jaxprs prune these too, by their `dce` rule.
 * Mirrors `pe.dce_jaxpr`.
 *
 * @param usedOutputs whether each output is wanted; null: all are
 * @param keepInputs whether inputs that nothing reads stay in the signature
 */
export function dceJaxpr(jaxpr: Jaxpr, usedOutputs: readonly boolean[] | null, keepInputs = false): Pruned {
  const walk = ++walks;
  const outvars = usedOutputs === null ? jaxpr.outvars : jaxpr.outvars.filter((_, i) => usedOutputs[i]);
  for (const v of outvars) v.needed = walk;
  const kept: Eqn[] = [];
  let same = outvars.length === jaxpr.outvars.length;
  for (let k = jaxpr.eqns.length - 1; k >= 0; k--) {
    const e = jaxpr.eqns[k]!;
    let any = false;
    let all = true;
    for (let i = 0; i < e.outputs.length; i++) {
      if (e.outputs[i]!.needed === walk) any = true;
      else all = false;
    }
    let made: Eqn | null = any || e.effects.length > 0 ? e : null;
    if (made !== null && e.prim.dce && !all) made = e.prim.dce(neededIn(e.outputs, walk), e);
    if (made !== e) same = false;
    if (made === null) continue;
    for (let i = 0; i < made.inputs.length; i++) made.inputs[i]!.needed = walk;
    kept.push(made);
  }
  const usedConsts = neededIn(jaxpr.constvars, walk);
  const usedInputs = neededIn(jaxpr.invars, walk);
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
