import { sha256 } from '../pjrt/digest';
import { registerCache } from './caches';
import { type Atom, ClosedJaxpr, type Jaxpr, Literal, type Var } from './jaxpr';
import { identityOf, paramsKey } from './paramsKey';

const known = new WeakMap<Jaxpr, string>();

function text(jaxpr: Jaxpr): string {
  const numbers = new Map<Var, number>();
  const define = (v: Var) => {
    numbers.set(v, numbers.size);
  };
  const literal = (a: Literal): string => {
    const v = a.value;
    return `${typeof v === 'object' ? `${v.re},${v.im}` : Object.is(v, -0) ? '-0' : String(v)}:${a.aval.key}`;
  };
  const atom = (a: Atom): string => (a instanceof Literal ? literal(a) : String(numbers.get(a)));
  const parts: string[] = [];
  for (const v of jaxpr.constvars) define(v);
  for (const v of jaxpr.invars) define(v);
  parts.push(jaxpr.constvars.map((v) => v.aval.key).join(), jaxpr.invars.map((v) => v.aval.key).join());
  for (const e of jaxpr.eqns) {
    parts.push(`${e.prim.name}${paramsKey(e.params)}(${e.inputs.map(atom).join()})${e.outputs.map((v) => v.aval.key).join()}${e.scope === '' ? '' : `@${e.scope}`}`);
    for (const v of e.outputs) define(v);
  }
  parts.push(jaxpr.outvars.map(atom).join());
  return parts.join('\n');
}

/**
 * A fingerprint that is equal for jaxprs of the same structure only: variables by position, constants by type, literals and parameters by value
 * (jaxprs among them by their own fingerprints), functions by identity. Closed jaxprs with constants are told apart by these too.
 */
export function jaxprKey(x: Jaxpr | ClosedJaxpr): string {
  const jaxpr = x instanceof ClosedJaxpr ? x.jaxpr : x;
  let key = known.get(jaxpr);
  if (key === undefined) {
    // The fingerprint instead of the text: keys are looked up at every eager call, and texts of whole models are long.
    key = sha256(text(jaxpr)).toString('base64url');
    known.set(jaxpr, key);
  }
  return x instanceof ClosedJaxpr && x.consts.length > 0 ? `${key}/${x.consts.map(identityOf).join()}` : key;
}

const LIMIT = 512;
const interned = new Map<string, ClosedJaxpr>();
registerCache(() => interned.clear());

/**
 * The first jaxpr made with the same structure: a function that is traced again at each call then finds again what was derived from its jaxpr and
 * compiled. The jaxpr must have no constants; values that it captured are inputs.
 */
export function internJaxpr(closed: ClosedJaxpr): ClosedJaxpr {
  if (closed.consts.length > 0) return closed;
  const key = jaxprKey(closed);
  const first = interned.get(key) ?? closed;
  // Most recently used last.
  interned.delete(key);
  interned.set(key, first);
  if (interned.size > LIMIT) interned.delete(interned.keys().next().value!);
  return first;
}
