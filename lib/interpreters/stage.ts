import { type Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { operandAval } from '../core/checks';
import { type Atom, ClosedJaxpr, Eqn, Jaxpr, Literal, Var } from '../core/jaxpr';
import { TracerLeakError } from '../core/errors';
import type { Params, Primitive } from '../core/primitive';
import { checkLive, currentNames, currentScope, currentTrace, Trace, Tracer, withTrace } from '../core/trace';
import { constantP } from './constant';

/** A variable of the jaxpr that is being recorded. */
export class StageTracer extends Tracer {
  declare readonly aval: ShapedArray;
  declare readonly owner: StageTrace;
  declare readonly variable: Var;

  constructor(trace: StageTrace, v: Var) {
    super();
    this.owner = trace;
    this.variable = v;
    this.aval = v.aval;
  }
}

/** As many types are compared with that of a new input. */
const COMPARED = 8;

/** Records operations as equations of a jaxpr. Arrays from outside become constants; host scalars become literals. */
export class StageTrace extends Trace {
  readonly kind: string;
  readonly eqns: Eqn[] = [];
  readonly invars: Var[] = [];
  private readonly constants = new Map<Array, Var>();
  /** Types of inputs, the first few. */
  private readonly types: ShapedArray[] = [];
  /** Where it began: equations hold the names of scopes that were entered since. */
  private readonly names = currentNames();

  constructor(parent: Trace, kind = 'jit') {
    super(parent, true);
    this.kind = kind;
  }

  /** A new input; inputs may be added while the function runs, as states are found. */
  newInput(aval: ShapedArray): StageTracer {
    const v = new Var(this.shared(aval));
    this.invars.push(v);
    return new StageTracer(this, v);
  }

  /** Of equal types one: what is worked out of a type, its text among it, is worked out once. */
  private shared(aval: ShapedArray): ShapedArray {
    for (let i = 0; i < this.types.length; i++) if (this.types[i]!.equals(aval)) return this.types[i]!;
    if (this.types.length < COMPARED) this.types.push(aval);
    return aval;
  }

  /** The array as a tracer of this trace. */
  atom(x: Array, what: string): Atom {
    if (x.owner === this) return (x as StageTracer).variable;
    if (x instanceof ConcreteArray && x.literal !== null) return new Literal(x.literal, x.aval);
    const known = this.constants.get(x);
    if (known !== undefined) return known;
    checkLive(x, what);
    const v = new Var(x.aval);
    this.constants.set(x, v);
    return v;
  }

  /** An operand that it did not make. */
  private operand(prim: Primitive, position: number, x: Array | undefined): Atom {
    if (x?.aval === undefined) operandAval(prim.name, position, x);
    return this.atom(x!, prim.name);
  }

  process(prim: Primitive, args: readonly Array[], params: Params): Array[] {
    if (this.closed) throw new Error(`${prim.name}: the trace has ended`);
    const n = args.length;
    const inputs = new globalThis.Array<Atom>(n);
    const avals = new globalThis.Array<ShapedArray>(n);
    for (let i = 0; i < n; i++) {
      const x = args[i];
      const a = x?.owner === this ? (x as StageTracer).variable : this.operand(prim, i, x);
      inputs[i] = a;
      avals[i] = a.aval;
    }
    const effects = prim.effects?.(params);
    const scope = currentScope(this.names);
    const { one } = prim;
    if (one !== null) {
      const v = new Var(one.abstract(avals, params));
      this.eqns.push(new Eqn(prim, inputs, [v], params, effects, scope));
      return [new StageTracer(this, v)];
    }
    const outs = prim.abstract(avals, params);
    const vars = new globalThis.Array<Var>(outs.length);
    const tracers = new globalThis.Array<Array>(outs.length);
    for (let i = 0; i < outs.length; i++) {
      const v = new Var(outs[i]!);
      vars[i] = v;
      tracers[i] = new StageTracer(this, v);
    }
    this.eqns.push(new Eqn(prim, inputs, vars, params, effects, scope));
    return tracers;
  }

  /** The jaxpr of what was recorded, with the values of its constants, in the order they were met. */
  finish(outs: readonly Array[], name = ''): { jaxpr: Jaxpr; consts: Array[] } {
    const outvars = outs.map((x) => this.atom(x, 'return'));
    return { jaxpr: new Jaxpr([...this.constants.values()], this.invars, this.eqns, outvars, name), consts: [...this.constants.keys()] };
  }
}

export interface Staged {
  jaxpr: Jaxpr;
  /** Values of the jaxpr's constvars: arrays from outside, tracers of enclosing traces among them. */
  consts: Array[];
}

/** Traces a function of arrays to a jaxpr. */
export function stage(f: (args: Array[]) => readonly Array[], avals: readonly ShapedArray[], name = '', kind = 'jit'): Staged {
  const trace = new StageTrace(currentTrace(), kind);
  const inputs = avals.map((a) => trace.newInput(a));
  try {
    return trace.finish(withTrace(trace, () => f(inputs)), name);
  } finally {
    trace.closed = true;
  }
}

/**
 * The jaxpr with its constants turned into leading inputs: what goes into the parameters of higher-order primitives,
 * whose jaxprs never hold arrays.
 */
export function hoistConsts({ jaxpr, consts }: Staged): { closed: ClosedJaxpr; consts: Array[] } {
  const closed = new ClosedJaxpr(new Jaxpr([], [...jaxpr.constvars, ...jaxpr.invars], jaxpr.eqns, jaxpr.outvars, jaxpr.name), []);
  return { closed, consts };
}

/**
 * The jaxpr of a computation that is to depend on its inputs only, as jaxprs derived from others do: arrays that rules captured become equations.
 *
 * @throws TracerLeakError if a rule captured an array that is traced outside
 */
export function withoutConsts({ jaxpr, consts }: Staged): ClosedJaxpr {
  if (consts.length === 0) return new ClosedJaxpr(jaxpr, []);
  const made = consts.map((value, i) => {
    if (!(value instanceof ConcreteArray)) {
      throw new TracerLeakError(`a derivative or batching rule captured an array of type ${value.aval} that is traced outside of the loop, branch or function it is applied in; `
        + 'pass the array as an argument instead');
    }
    return new Eqn(constantP as unknown as Primitive, [], [jaxpr.constvars[i]!], { value });
  });
  return new ClosedJaxpr(new Jaxpr([], jaxpr.invars, [...made, ...jaxpr.eqns], jaxpr.outvars, jaxpr.name), []);
}
