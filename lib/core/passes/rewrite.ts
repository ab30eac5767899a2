import { checkList } from '../checks';
import type { Array } from '../array';
import { describeValue } from '../describe';
import { ArgumentError } from '../errors';
import { type Atom, ClosedJaxpr, Eqn, Jaxpr, Literal, Var } from '../jaxpr';

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
export function onBoth(op: string, pass: (jaxpr: Jaxpr) => Jaxpr): <J extends Jaxpr | ClosedJaxpr>(jaxpr: J) => J {
  return <J extends Jaxpr | ClosedJaxpr>(jaxpr: J): J => {
    if (jaxpr instanceof Jaxpr) return pass(jaxpr) as J;
    if (!(jaxpr instanceof ClosedJaxpr)) throw new ArgumentError(`${op}: expected a jaxpr, got ${typeof jaxpr === 'object' ? 'another object' : typeof jaxpr}`);
    const made = pass(jaxpr.jaxpr);
    if (made === jaxpr.jaxpr) return jaxpr;
    // A pass may drop constants.
    const at = new Map(jaxpr.jaxpr.constvars.map((v, i) => [v, jaxpr.consts[i]!]));
    return new ClosedJaxpr(made, made.constvars.map((v) => at.get(v)!)) as J;
  };
}

/** What {@link eqnsToJaxpr} is told; what is not given is found out. */
export interface EqnsOptions {
  /** Inputs. Default: variables that are read and not made, in the order in which they are read. */
  invars?: readonly Var[] | null;
  /** Results. Default: the results that nothing reads. */
  outvars?: readonly Atom[] | null;
  /** Variables of constants. */
  constvars?: readonly Var[] | null;
}

function checkAtoms(what: string, atoms: unknown, is: (a: unknown) => boolean): void {
  if (atoms === undefined || atoms === null) return;
  if (!globalThis.Array.isArray(atoms)) throw new ArgumentError(`eqnsToJaxpr: expected ${what} to be a list of variables, got ${describeValue(atoms)}`);
  const bad = atoms.find((a) => !is(a));
  if (bad !== undefined) throw new ArgumentError(`eqnsToJaxpr: expected variables in ${what}, got ${describeValue(bad)}`);
}

/**
 * A jaxpr of equations. Mirrors `brainstate.transform.eqns_to_jaxpr`.
 *
 * @throws ArgumentError unless it is given a list of equations
 * @example
 * transform.eqnsToJaxpr(makeJaxpr((x: Array) => x.mul(2).add(1))(np.array(1)).jaxpr.jaxpr.eqns).eqns.length; // 2
 */
export function eqnsToJaxpr(eqns: readonly Eqn[], options: EqnsOptions = {}): Jaxpr {
  if (!globalThis.Array.isArray(eqns) || !eqns.every((e) => e instanceof Eqn)) throw new ArgumentError('eqnsToJaxpr: expected a list of equations');
  checkAtoms('invars', options.invars, (a) => a instanceof Var);
  checkAtoms('constvars', options.constvars, (a) => a instanceof Var);
  checkAtoms('outvars', options.outvars, (a) => a instanceof Var || a instanceof Literal);
  const constvars = options.constvars ?? [];
  const made = new Set<Atom>(constvars);
  const free = new Set<Var>();
  const read = new Set<Atom>();
  for (const e of eqns) {
    for (const a of e.inputs) {
      read.add(a);
      if (a instanceof Var && !made.has(a)) free.add(a);
    }
    for (const v of e.outputs) made.add(v);
  }
  return new Jaxpr(constvars, options.invars ?? [...free], eqns, options.outvars ?? eqns.flatMap((e) => e.outputs.filter((v) => !read.has(v))));
}

/**
 * A closed jaxpr of equations, with the values of its constants. Mirrors `brainstate.transform.eqns_to_closed_jaxpr`.
 *
 * @throws ArgumentError unless there is a value for each constant
 * @example
 * transform.eqnsToClosedJaxpr(makeJaxpr((x: Array) => x.mul(2).add(1))(np.array(1)).jaxpr.jaxpr.eqns).jaxpr.eqns.length; // 2
 */
export function eqnsToClosedJaxpr(eqns: readonly Eqn[], options: EqnsOptions & { consts?: readonly Array[] | null } = {}): ClosedJaxpr {
  checkList('eqnsToClosedJaxpr', 'eqns', eqns);
  const consts = options?.consts ?? [];
  const n = options?.constvars?.length ?? 0;
  if (consts.length !== n) throw new ArgumentError(`eqnsToClosedJaxpr: expected a value for each of the ${n} constants, got ${consts.length}`);
  return new ClosedJaxpr(eqnsToJaxpr(eqns, options ?? {}), consts);
}
