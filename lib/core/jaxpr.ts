import { type Array, ConcreteArray, type ScalarValue } from './array';
import type { ShapedArray } from './aval';
import type { Params, Primitive } from './primitive';
import { printJaxpr } from './printJaxpr';
import { bind, withScope } from './trace';

// Fields of what every operation makes are only declared: otherwise each object would first be filled with undefined, by a call more.

/** A variable of a jaxpr. Names are given by the printer. */
export class Var {
  declare readonly aval: ShapedArray;
  /** The last walk that found it needed (passes/dce.ts). @internal */
  declare needed: number;
  constructor(aval: ShapedArray) {
    this.aval = aval;
    this.needed = 0;
  }
}

/** A scalar constant in an equation. */
export class Literal {
  declare readonly value: ScalarValue;
  declare readonly aval: ShapedArray;
  /** As that of variables. @internal */
  declare needed: number;
  declare private made: ConcreteArray | null;
  constructor(value: ScalarValue, aval: ShapedArray) {
    this.value = value;
    this.aval = aval;
    this.needed = 0;
    this.made = null;
  }

  /** The constant as an array. */
  get array(): ConcreteArray {
    this.made ??= ConcreteArray.scalar(this.value, this.aval);
    return this.made;
  }
}

export type Atom = Var | Literal;

const NONE: readonly string[] = [];

/** One application of a primitive. */
export class Eqn {
  declare readonly prim: Primitive;
  declare readonly inputs: readonly Atom[];
  declare readonly outputs: readonly Var[];
  declare readonly params: Params;
  declare readonly effects: readonly string[];
  /** Names of the scopes (`namedScope`) it was traced in, joined by '/'. */
  declare readonly scope: string;

  constructor(prim: Primitive, inputs: readonly Atom[], outputs: readonly Var[], params: Params, effects: readonly string[] = NONE, scope = '') {
    this.prim = prim;
    this.inputs = inputs;
    this.outputs = outputs;
    this.params = params;
    this.effects = effects;
    this.scope = scope;
  }
}

const NO_EFFECTS: ReadonlySet<string> = new Set();

/**
 * A traced function as plain data: equations in order over variables. Mirrors `jax.core.Jaxpr`.
 *
 * @example
 * ```ts
 * const { jaxpr } = makeJaxpr((x: Array) => x.mul(2).add(1))(np.array(1));
 * jaxpr.jaxpr.eqns.length; // 2
 * ```
 */
export class Jaxpr {
  readonly constvars: readonly Var[];
  readonly invars: readonly Var[];
  readonly eqns: readonly Eqn[];
  readonly outvars: readonly Atom[];
  readonly effects: ReadonlySet<string>;
  /** Name of the function it came from. */
  readonly name: string;

  constructor(constvars: readonly Var[], invars: readonly Var[], eqns: readonly Eqn[], outvars: readonly Atom[], name = '') {
    this.constvars = constvars;
    this.invars = invars;
    this.eqns = eqns;
    this.outvars = outvars;
    this.name = name;
    let effects: Set<string> | undefined;
    for (let i = 0; i < eqns.length; i++) {
      const own = eqns[i]!.effects;
      if (own.length > 0) for (const x of own) (effects ??= new Set()).add(x);
    }
    this.effects = effects ?? NO_EFFECTS;
  }

  private ins: readonly ShapedArray[] | undefined;
  private outs: readonly ShapedArray[] | undefined;

  get inAvals(): readonly ShapedArray[] {
    this.ins ??= this.invars.map((v) => v.aval);
    return this.ins;
  }

  get outAvals(): readonly ShapedArray[] {
    this.outs ??= this.outvars.map((v) => v.aval);
    return this.outs;
  }

  toString(): string {
    return printJaxpr(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return printJaxpr(this);
  }
}

/**
 * A jaxpr with the values of its constants. Mirrors `jax.core.ClosedJaxpr`.
 *
 * @example
 * ```ts
 * const closed = makeJaxpr((x: Array) => x.add(1))(np.array(1)).jaxpr;
 * closed.jaxpr.eqns.length; // 1
 * ```
 */
export class ClosedJaxpr {
  readonly jaxpr: Jaxpr;
  readonly consts: readonly Array[];
  constructor(jaxpr: Jaxpr, consts: readonly Array[]) {
    this.jaxpr = jaxpr;
    this.consts = consts;
  }

  get eqns(): readonly Eqn[] {
    return this.jaxpr.eqns;
  }

  get inAvals(): readonly ShapedArray[] {
    return this.jaxpr.inAvals;
  }

  get outAvals(): readonly ShapedArray[] {
    return this.jaxpr.outAvals;
  }

  get effects(): ReadonlySet<string> {
    return this.jaxpr.effects;
  }

  toString(): string {
    return printJaxpr(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return printJaxpr(this);
  }
}

function bindInScope(e: Eqn, values: readonly Array[]): Array[] {
  return withScope(e.scope, () => bind(e.prim, values, e.params));
}

/** Applies a jaxpr to values under the current trace, equation by equation. Mirrors `jax.core.eval_jaxpr`. */
export function evalJaxpr(jaxpr: Jaxpr, consts: readonly Array[], args: readonly Array[]): Array[] {
  const env = new Map<Var, Array>();
  for (let i = 0; i < jaxpr.constvars.length; i++) env.set(jaxpr.constvars[i]!, consts[i]!);
  for (let i = 0; i < jaxpr.invars.length; i++) env.set(jaxpr.invars[i]!, args[i]!);
  const read = (a: Atom): Array => (a instanceof Literal ? a.array : env.get(a)!);
  for (const e of jaxpr.eqns) {
    const n = e.inputs.length;
    const values = new globalThis.Array<Array>(n);
    for (let i = 0; i < n; i++) values[i] = read(e.inputs[i]!);
    const outs = e.scope === '' ? bind(e.prim, values, e.params) : bindInScope(e, values);
    for (let i = 0; i < outs.length; i++) env.set(e.outputs[i]!, outs[i]!);
  }
  return jaxpr.outvars.map(read);
}
