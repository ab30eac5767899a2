import { type Atom, ClosedJaxpr, Eqn, Jaxpr, type Var } from '../jaxpr';

/** An equation in place of another, or the atoms that its results are. */
export type Rewritten = Eqn | readonly Atom[];

/** Whether two atoms are of one type, weakness included, so that one can stand for the other anywhere. */
export function sameType(a: Atom, b: Atom): boolean {
  return a.aval.equals(b.aval);
}

/** A jaxpr with each equation replaced by what `visit` makes of it; it gets the equation with its inputs replaced already. The signature stays. */
export function rewriteEqns(jaxpr: Jaxpr, visit: (e: Eqn) => Rewritten): Jaxpr {
  const env = new Map<Atom, Atom>();
  const read = (a: Atom): Atom => env.get(a) ?? a;
  const eqns: Eqn[] = [];
  let same = true;
  for (const e of jaxpr.eqns) {
    const inputs = e.inputs.map(read);
    const moved = inputs.some((a, i) => a !== e.inputs[i]) ? new Eqn(e.prim, inputs, e.outputs, e.params, e.effects, e.scope) : e;
    const made = visit(moved);
    if (made !== e) same = false;
    if (made instanceof Eqn) {
      made.outputs.forEach((v, i) => {
        if (v !== e.outputs[i]) env.set(e.outputs[i]!, v);
      });
      eqns.push(made);
    } else made.forEach((a, i) => env.set(e.outputs[i] as Var, a));
  }
  return same ? jaxpr : new Jaxpr(jaxpr.constvars, jaxpr.invars, eqns, jaxpr.outvars.map(read), jaxpr.name);
}

/** A pass on open jaxprs as one on both kinds. */
export function onBoth(pass: (jaxpr: Jaxpr) => Jaxpr): <J extends Jaxpr | ClosedJaxpr>(jaxpr: J) => J {
  return <J extends Jaxpr | ClosedJaxpr>(jaxpr: J): J => {
    if (!(jaxpr instanceof ClosedJaxpr)) return pass(jaxpr as Jaxpr) as J;
    const made = pass(jaxpr.jaxpr);
    if (made === jaxpr.jaxpr) return jaxpr;
    // A pass may drop constants.
    const at = new Map(jaxpr.jaxpr.constvars.map((v, i) => [v, jaxpr.consts[i]!]));
    return new ClosedJaxpr(made, made.constvars.map((v) => at.get(v)!)) as J;
  };
}
