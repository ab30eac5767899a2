import type { ShapedArray } from '../core/aval';
import { ClosedJaxpr, Jaxpr } from '../core/jaxpr';
import { cachedOn } from '../core/jaxprCache';


/** A jaxpr without constants with its inputs and outputs in another order; those not named are dropped (nothing may read the inputs dropped). */
export function rearranged(closed: ClosedJaxpr, inputs: readonly number[], outputs: readonly number[]): ClosedJaxpr {
  const { invars, outvars, eqns, name } = closed.jaxpr;
  const identity = (order: readonly number[], n: number) => order.length === n && order.every((v, i) => v === i);
  if (identity(inputs, invars.length) && identity(outputs, outvars.length)) return closed;
  return cachedOn(closed, `order/${inputs.join()}/${outputs.join()}`, () => new ClosedJaxpr(new Jaxpr([], inputs.map((i) => invars[i]!), eqns, outputs.map((i) => outvars[i]!), name), []));
}

/** The type of a loop's values of all its steps, by that of one. */
export const stacked = (a: ShapedArray, length: number): ShapedArray => a.withShape([length, ...a.shape]);
