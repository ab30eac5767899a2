import type { Array, Complex } from '../core/array';
import { Eqn, Jaxpr, Var } from '../core/jaxpr';
import type { Params, Primitive } from '../core/primitive';
import { checkLive, setBaseTrace, Trace, Tracer } from '../core/trace';
import { ArgumentError, FloatingPointError, TracerLeakError } from '../core/errors';
import { config } from '../core/config';
import { compileJaxpr, type Compiled } from './compile';

/** Runs each operation at once, as a compiled program of one operation. */
export class EvalTrace extends Trace {
  readonly kind = 'eager evaluation';

  constructor() {
    super(null);
  }

  process(prim: Primitive, args: readonly Array[], params: Params): Array[] {
    for (let i = 0; i < args.length; i++) {
      const x = args[i]!;
      if (x instanceof Tracer) {
        checkLive(x, prim.name);
        throw new TracerLeakError(`${prim.name}: an array of type ${x.aval} that is being traced by ${x.owner.kind} is used outside of its trace`);
      }
    }
    if (prim.impl) {
      const done = prim.impl(args, params);
      if (done !== null) {
        if (config.debugNans || config.debugInfs) checkFinite(prim.name, done);
        return done;
      }
    }
    let program = prim.compiled.get(prim.name, args, params) as Compiled | undefined;
    if (program === undefined) {
      program = compileOne(prim, args, params);
      prim.compiled.set(prim.name, args, params, program);
    }
    const outs = program.call(args);
    if (config.debugNans || config.debugInfs) checkFinite(prim.name, outs);
    return outs;
  }
}

function compileOne(prim: Primitive, args: readonly Array[], params: Params): Compiled {
  const names = prim.axisNames?.(params) ?? [];
  if (names.length > 0) throw new ArgumentError(`${prim.name}: unbound axis name '${names[0]}'`);
  const invars = args.map((x) => new Var(x.aval));
  const outs = prim.abstract(args.map((x) => x.aval), params).map((a) => new Var(a));
  const eqn = new Eqn(prim, invars, outs, params, prim.effects?.(params));
  return compileJaxpr(new Jaxpr([], invars, [eqn], outs), [], { name: `jit_${prim.name}` });
}

/** Throws if a result holds what the debugging switches `debugNans` and `debugInfs` forbid. */
export function checkFinite(op: string, outs: readonly Array[]): void {
  for (const x of outs) {
    if (!/^(bfloat|float|complex)/.test(x.dtype)) continue;
    const view = x.dataSync();
    for (let i = 0; i < x.size; i++) {
      const v = view.at(i) as number | Complex;
      const parts = typeof v === 'number' ? [v] : [v.re, v.im];
      const fail = (what: string, name: string) => {
        throw new FloatingPointError(`${op}: encountered ${what} in a result of type ${x.aval} (${name} is on)`);
      };
      if (config.debugNans && parts.some(Number.isNaN)) fail('NaN', 'debugNans');
      if (config.debugInfs && parts.some((p) => p === Infinity || p === -Infinity)) fail('an infinity', 'debugInfs');
    }
  }
}

setBaseTrace(new EvalTrace());

