import { type Atom, type ClosedJaxpr, Literal, type Var } from '../core/jaxpr';

const NONE: ReadonlySet<string> = new Set();

/** The members of all sets. */
export function axesOfAny(sets: readonly ReadonlySet<string>[], more: readonly string[] = []): ReadonlySet<string> {
  const out = new Set(more);
  for (const s of sets) for (const x of s) out.add(x);
  return out;
}

/** Along which axes of a mesh the results of a jaxpr without constants may differ from device to device, by those along which its inputs do. */
export function varyingOuts({ jaxpr }: ClosedJaxpr, ins: readonly ReadonlySet<string>[]): ReadonlySet<string>[] {
  const env = new Map<Var, ReadonlySet<string>>(jaxpr.invars.map((v, i) => [v, ins[i] ?? NONE]));
  const read = (a: Atom): ReadonlySet<string> => (a instanceof Literal ? NONE : (env.get(a) ?? NONE));
  for (const e of jaxpr.eqns) {
    const operands = e.inputs.map(read);
    const outs = e.prim.varying?.(operands, e.params);
    const all = outs === undefined ? axesOfAny(operands, e.prim.axisNames?.(e.params)) : NONE;
    e.outputs.forEach((v, i) => env.set(v, outs === undefined ? all : outs[i]!));
  }
  return jaxpr.outvars.map(read);
}

/** {@link varyingOuts} of a loop whose first results are its carry: what differs in one step may differ in all that come after. */
export function varyingCarry(carry: readonly ReadonlySet<string>[], step: (carry: readonly ReadonlySet<string>[]) => readonly ReadonlySet<string>[]): ReadonlySet<string>[] {
  for (let now = carry; ; ) {
    const outs = step(now);
    const next = now.map((s, i) => axesOfAny([s, outs[i]!]));
    if (next.every((s, i) => s.size === now[i]!.size)) return [...next, ...outs.slice(now.length)];
    now = next;
  }
}
