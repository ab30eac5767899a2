import type { ShapedArray } from './aval';
import { type Atom, ClosedJaxpr, type Eqn, Jaxpr, Literal, type Var } from './jaxpr';
import { brk, concat, type Doc, group, join, layout, nest, text } from './prettyDoc';
import { pythonScalar, pythonValue, snakeCase } from './pythonText';

/** 0, 1, … as a, …, z, ba, bb, …. */
function letters(n: number): string {
  let s = '';
  do {
    s = String.fromCharCode(97 + (n % 26)) + s;
    n = Math.floor(n / 26);
  } while (n > 0);
  return s;
}

/** Parameters as they are printed: in JAX's names and order, those that its print rule leaves out gone. */
function printedParams(e: Eqn): [string, unknown][] {
  const shown = e.prim.print?.params ? e.prim.print.params(e.params) : e.params;
  const pairs = Object.entries(shown).filter(([, v]) => v !== undefined).map(([k, v]): [string, unknown] => [snakeCase(k), v]);
  const rank = (k: string) => (k === 'name' ? 0 : 1);
  return pairs.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
}

const isJaxpr = (v: unknown): v is Jaxpr | ClosedJaxpr => v instanceof Jaxpr || v instanceof ClosedJaxpr;
const open = (j: Jaxpr | ClosedJaxpr): Jaxpr => (j instanceof ClosedJaxpr ? j.jaxpr : j);

function jaxprsOf(params: object): Jaxpr[] {
  return Object.values(params).flatMap((v) => (isJaxpr(v) ? [open(v)] : Array.isArray(v) ? v.filter(isJaxpr).map(open) : []));
}

class Printer {
  private readonly names = new Map<Var, string>();
  private readonly shared = new Map<Jaxpr, string>();
  private next = 0;

  /** Names variables that nothing reads `_`; JAX does so in the outermost jaxpr only. */
  drop(jaxpr: Jaxpr): void {
    const used = new Set<Atom>(jaxpr.outvars);
    for (let i = jaxpr.eqns.length - 1; i >= 0; i--) {
      const e = jaxpr.eqns[i]!;
      for (const v of e.outputs) if (!used.has(v)) this.names.set(v, '_');
      for (const v of e.inputs) used.add(v);
    }
  }

  private name(v: Var): string {
    let name = this.names.get(v);
    if (name === undefined) {
      const taken = new Set(this.shared.values());
      do name = letters(this.next++); while (taken.has(name));
      this.names.set(v, name);
    }
    return name;
  }

  private atom(a: Atom): string {
    return a instanceof Literal ? `${pythonScalar(a.value, a.aval.dtype)}:${a.aval}` : this.name(a);
  }

  private atoms(vs: readonly Atom[], separator: string, show: (a: Atom) => string): Doc {
    return nest(2, group(join(concat(text(separator), group(brk())), vs.map((v) => text(show(v))))));
  }

  private binders(vs: readonly Var[]): Doc {
    return this.atoms(vs, '', (v) => `${this.name(v as Var)}:${v.aval as ShapedArray}`);
  }

  /** Gives variables of an inner jaxpr the names of those outside that they stand for. */
  private sameNames(inner: readonly Atom[], outer: readonly Atom[]): void {
    if (inner.length !== outer.length) return;
    const used = new Set<Atom>();
    inner.forEach((v, i) => {
      const like = outer[i]!;
      if (v instanceof Literal || like instanceof Literal || used.has(like) || this.names.has(v)) return;
      used.add(like);
      this.names.set(v, this.name(like));
    });
  }

  private param(key: string, v: unknown): Doc {
    if (isJaxpr(v)) return concat(text(`${key}=`), this.inner(open(v)));
    if (Array.isArray(v) && v.length > 0 && v.every(isJaxpr)) {
      const docs = v.map((j) => this.inner(open(j)));
      return concat(text(`${key}=`), group(concat(nest(2, concat(text('('), brk(''), join(brk(), docs))), brk(''), text(')'))));
    }
    return text(`${key}=${pythonValue(v)}`);
  }

  private eqn(e: Eqn): Doc {
    if (e.prim.print?.sharesNames) {
      for (const j of jaxprsOf(e.params)) {
        if (this.shared.has(j)) continue;
        this.sameNames(j.invars, e.inputs);
        this.sameNames(j.outvars, e.outputs);
      }
    }
    const left = e.outputs.length > 0 ? concat(this.binders(e.outputs), text(' = ')) : text('');
    const params = printedParams(e).map(([k, v]) => this.param(k, v));
    const brackets = params.length === 0 ? text('')
      : group(concat(nest(2, concat(text('['), brk(''), join(brk(), params))), brk(''), text(']')));
    return concat(left, text(e.prim.name), brackets, text(' '), this.atoms(e.inputs, '', (a) => this.atom(a)));
  }

  private inner(jaxpr: Jaxpr): Doc {
    const name = this.shared.get(jaxpr);
    return name === undefined ? this.body(jaxpr) : text(name);
  }

  /** The whole text of a jaxpr. */
  body(jaxpr: Jaxpr): Doc {
    const constants = this.binders(jaxpr.constvars);
    const inputs = this.binders(jaxpr.invars);
    const eqns = join(brk('; '), jaxpr.eqns.map((e) => this.eqn(e)));
    const outs = concat(text('('), this.atoms(jaxpr.outvars, ',', (a) => this.atom(a)), text(jaxpr.outvars.length === 1 ? ',)' : ')'));
    return group(concat(nest(2, concat(
      text('{ lambda '), constants, text('; '), inputs, text('. let'), nest(2, concat(brk(), eqns)), brk(), text('in '), outs,
    )), text(' }')));
  }

  /** Definitions of the jaxprs that are printed once, before the others: those used twice, and long inner ones. */
  definitions(top: Jaxpr): Doc[] {
    const counts = new Map<Jaxpr, number>();
    const names = new Map<Jaxpr, string>();
    const queue: Jaxpr[] = [top];
    for (let i = 0; i < queue.length; i++) {
      const jaxpr = queue[i]!;
      const long = jaxpr !== top && jaxpr.eqns.length > 10;
      counts.set(jaxpr, (counts.get(jaxpr) ?? 0) + (long ? 2 : 1));
      for (const e of jaxpr.eqns) {
        const name = (e.params as { name?: unknown }).name;
        for (const j of jaxprsOf(e.params)) {
          queue.push(j);
          if (typeof name === 'string' && !names.has(j)) names.set(j, name.replace(/^[<>]+|[<>]+$/g, ''));
        }
      }
    }
    const taken = new Map<string, number>();
    const made: Jaxpr[] = [];
    for (const [jaxpr, count] of counts) {
      if (count === 1) continue;
      const base = names.get(jaxpr) ?? 'jaxpr';
      const n = taken.get(base) ?? 0;
      taken.set(base, n + 1);
      const name = n > 0 ? `${base}${n}` : base;
      if (n > 0) taken.set(name, (taken.get(name) ?? 0) + 1);
      this.shared.set(jaxpr, name);
      made.push(jaxpr);
    }
    return made.map((j) => concat(text(`let ${this.shared.get(j)} = `), this.body(j), text(' in'), brk()));
  }
}

/**
 * The text of a jaxpr, as JAX prints it, in lines of 80 columns. Mirrors `jax.core.Jaxpr.pretty_print`.
 *
 * @example
 * String(makeJaxpr((x) => np.sin(x))(1.0));   // { lambda ; a:f32[]. let b:f32[] = sin a in (b,) }
 */
export function printJaxpr(jaxpr: Jaxpr | ClosedJaxpr): string {
  const top = open(jaxpr);
  const printer = new Printer();
  printer.drop(top);
  const definitions = printer.definitions(top);
  return layout(concat(...definitions, printer.body(top)));
}
