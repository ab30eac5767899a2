import { ShapedArray } from '../../lib/core/aval';
import type { DType } from '../../lib/core/dtype';
import { type Atom, ClosedJaxpr, Eqn, Jaxpr, Literal, Var } from '../../lib/core/jaxpr';
import type { Params } from '../../lib/core/primitive';

// Derivatives are compared with differences in double precision: these turn a sample's types into their 64-bit ones.

const WIDE: Record<string, DType> = { float32: 'float64', complex64: 'complex128' };

export const wideDtype = (d: DType): DType => WIDE[d] ?? d;
const wideAval = (a: ShapedArray) => new ShapedArray(a.shape, wideDtype(a.dtype), a.weakType);

/** The parameters with every type in them widened. Throws where they hold something that cannot be rewritten. */
export function widen<T>(x: T): T {
  if (typeof x === 'string') return (WIDE[x] ?? x) as T;
  if (typeof x === 'function') throw new Error('a function in the parameters');
  if (typeof x !== 'object' || x === null) return x;
  if (globalThis.Array.isArray(x)) return x.map((y) => widen(y)) as T;
  if (x instanceof ClosedJaxpr) {
    if (x.consts.length > 0) throw new Error('a jaxpr with constants');
    return new ClosedJaxpr(widenJaxpr(x.jaxpr), []) as T;
  }
  if (x instanceof Jaxpr) return widenJaxpr(x) as T;
  if (x instanceof ShapedArray) return wideAval(x) as T;
  const proto = Object.getPrototypeOf(x);
  if (proto !== null && Object.getPrototypeOf(proto) !== null) throw new Error('an object of a class in the parameters');
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, widen(v)])) as T;
}

function widenJaxpr(jaxpr: Jaxpr): Jaxpr {
  const vars = new Map<Var, Var>();
  const variable = (v: Var): Var => {
    const w = vars.get(v) ?? new Var(wideAval(v.aval));
    vars.set(v, w);
    return w;
  };
  const atom = (a: Atom): Atom => (a instanceof Literal ? new Literal(a.value, wideAval(a.aval)) : variable(a));
  const eqns = jaxpr.eqns.map((e) => {
    const inputs = e.inputs.map(atom);
    const params = widen(e.params) as Params;
    const outputs = e.outputs.map(variable);
    e.prim.abstract(inputs.map((a) => a.aval), params).forEach((a, i) => {
      if (!a.matches(outputs[i]!.aval)) throw new Error(`${e.prim.name} gives ${a} in a widened jaxpr`);
    });
    return new Eqn(e.prim, inputs, outputs, params, e.effects, e.scope);
  });
  return new Jaxpr(jaxpr.constvars.map(variable), jaxpr.invars.map(variable), eqns, jaxpr.outvars.map(atom), jaxpr.name);
}
