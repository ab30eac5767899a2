import type { Array } from '../core/array';
import { baseOps } from '../core/base';
import { type Atom, type ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Var } from '../core/jaxpr';
import { cachedOn, mask } from '../core/jaxprCache';
import { type Absent, isUndefinedPrimal, type MaybeLinear, type MaybeZero, type Primitive } from '../core/primitive';
import { bind, perDevice, withScope } from '../core/trace';
import { DifferentiationError } from './jvp';
import { stage, withoutConsts } from './stage';
import { instantiateZeros } from './partial';

/** An operand that is known, where a rule needs it to be: it is not if a function that was said to be linear is not. */
export function fixedOperand(op: string, x: MaybeLinear): Array {
  if (!isUndefinedPrimal(x)) return x;
  throw new DifferentiationError(`${op}: expected a function that is linear, to transpose, but ${op} is given more than it is linear in: an operand of type ${x.aval} depends on the function's input too`);
}

function notTransposed(prim: Primitive, { reason }: Absent): DifferentiationError {
  return new DifferentiationError(`${prim.name}: reverse-mode differentiation is not possible: ${reason}`);
}

/**
 * Pulls cotangents back through a linear jaxpr: reverse-mode differentiation after {@link linearizeFlat}.
 *
 * @param args its inputs: variables for the linear ones, values for the others
 * @returns cotangents of the linear inputs; null is zero; the others' are null
 */
export function backwardPass(jaxpr: Jaxpr, consts: readonly Array[], args: readonly MaybeLinear[], cotangents: readonly MaybeZero[]): MaybeZero[] {
  if (perDevice() === 'checked') {
    throw new DifferentiationError('shardMap: reverse-mode derivatives within the function need { checkVma: false }, with which each device has the derivative of its own copy of a value that all hold: psum adds these up. Or differentiate the function that shardMap returns');
  }
  const known = new Map<Var, Array>();
  for (let i = 0; i < consts.length; i++) known.set(jaxpr.constvars[i]!, consts[i]!);
  for (let i = 0; i < args.length; i++) {
    const x = args[i]!;
    if (!isUndefinedPrimal(x)) known.set(jaxpr.invars[i]!, x);
  }
  // What is linear in the inputs stands for itself.
  const read = (a: Atom): MaybeLinear => (a instanceof Literal ? a.array : (known.get(a) ?? a));
  const linear: Eqn[] = [];
  for (let k = 0; k < jaxpr.eqns.length; k++) {
    const e = jaxpr.eqns[k]!;
    if (dependsOnOthers(e, known)) linear.push(e);
    else {
      const outs = bind(e.prim, e.inputs.map(read) as Array[], e.params);
      for (let i = 0; i < outs.length; i++) known.set(e.outputs[i]!, outs[i]!);
    }
  }
  const cts = new Map<Var, Array>();
  const accumulate = (v: Var, ct: Array) => {
    const sum = cts.get(v);
    cts.set(v, sum === undefined ? ct : baseOps().add(sum, ct));
  };
  for (let i = 0; i < jaxpr.outvars.length; i++) {
    const v = jaxpr.outvars[i]!;
    const ct = cotangents[i];
    if (ct && read(v) === v) accumulate(v as Var, ct);
  }
  for (let k = linear.length - 1; k >= 0; k--) {
    const e = linear[k]!;
    const values = new globalThis.Array<MaybeLinear>(e.inputs.length);
    for (let i = 0; i < values.length; i++) values[i] = read(e.inputs[i]!);
    const back = e.scope === '' ? pulledBack(e, values, cts) : pulledBackInScope(e, values, cts);
    if (back === null) continue;
    for (let i = 0; i < values.length; i++) {
      const ct = back[i];
      if (ct && values[i] === e.inputs[i]) accumulate(values[i] as Var, ct);
    }
  }
  return jaxpr.invars.map((v) => cts.get(v) ?? null);
}

/** Whether an equation has operands that are not among the known variables. */
function dependsOnOthers(e: Eqn, known: ReadonlyMap<Var, Array>): boolean {
  for (let i = 0; i < e.inputs.length; i++) {
    const a = e.inputs[i]!;
    if (!(a instanceof Literal) && !known.has(a)) return true;
  }
  return false;
}

// A closure in the loop would cost every equation a context.
function pulledBackInScope(e: Eqn, values: readonly MaybeLinear[], cts: Map<Var, Array>): readonly MaybeZero[] | null {
  return withScope(e.scope, () => pulledBack(e, values, cts));
}

/** Cotangents of an equation's operands from those of its results, which are used up; null where these are all zero. */
function pulledBack(e: Eqn, values: readonly MaybeLinear[], cts: Map<Var, Array>): readonly MaybeZero[] | null {
  const { prim, params, outputs } = e;
  const { one } = prim;
  if (one !== null) {
    const v = outputs[0]!;
    const ct = cts.get(v);
    if (ct === undefined) return null;
    cts.delete(v);
    const rule = one.transpose;
    if (typeof rule !== 'function') throw notTransposed(prim, rule);
    return rule(ct, values, params);
  }
  const out = outputs.map((v) => cts.get(v) ?? null);
  if (out.every((ct) => ct === null)) return null;
  for (const v of outputs) cts.delete(v);
  const rule = prim.transpose;
  if (typeof rule !== 'function') throw notTransposed(prim, rule);
  return rule(out, values, params, outputs.map((v) => v.aval));
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
      const full = inAvals.map((_, i) => (isLinear[i] ? closed.jaxpr.invars[i]! : args[next++]!));
      const cts = backwardPass(closed.jaxpr, closed.consts, full, args.slice(next));
      const wanted = inAvals.flatMap((_, i) => (isLinear[i] ? [i] : []));
      return instantiateZeros(wanted.map((i) => cts[i]!), wanted.map((i) => inAvals[i]!));
    }, [...fixed, ...outAvals], closed.jaxpr.name, 'transpose');
    return withoutConsts(staged);
  });
}
