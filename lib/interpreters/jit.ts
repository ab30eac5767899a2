import { type Array, ConcreteArray } from '../core/array';
import { ShapedArray } from '../core/aval';
import { baseOps } from '../core/base';
import { config } from '../core/config';
import { type ClosedJaxpr, Eqn } from '../core/jaxpr';
import { cachedOn, jaxprAxisNames } from '../core/jaxprCache';
import { dceClosed } from '../core/passes/dce';
import { plainKey } from '../core/paramsKey';
import { SignatureCache } from '../core/signatureCache';
import { defineMultiPrimitive, isUndefinedPrimal, type MaybeLinear, type MaybeZero, type MultiPrimitive, type MultiPrimitiveRecord } from '../core/primitive';
import { isEager, isStaging, Tracer } from '../core/trace';
import { batchJaxpr } from './batch';
import { compileJaxpr, type Compiled, type CompilerOptions } from './compile';
import { jvpJaxpr } from './jvp';
import { instantiateZeros, partialEvalJaxpr } from './partial';
import { hoistConsts, stage } from './stage';
import { transposeJaxpr } from './transpose';
import { varyingOuts } from './varying';

export interface JitParams {
  name: string;
  jaxpr: ClosedJaxpr;
  /** Which operands the function would take the memory of if it were a program by itself. Within another it says nothing. */
  donatedInvars?: readonly boolean[];
  /** Whether the function would keep operands that it does not need; as `donatedInvars`. */
  keepUnused?: boolean;
  /** Options of XLA for the function as a program by itself; what is recorded has none. */
  compilerOptions?: CompilerOptions;
}

/** What a function was told besides its name. */
type JitSettings = Pick<JitParams, 'donatedInvars' | 'keepUnused' | 'compilerOptions'>;

const made = new WeakMap<ClosedJaxpr, JitParams>();

/** Parameters of an application of a jaxpr: one object for each jaxpr, so that caches find it again. */
export function jitParams(jaxpr: ClosedJaxpr, name: string, of: JitSettings = {}): JitParams {
  const donatedInvars = of.donatedInvars?.some(Boolean) ? of.donatedInvars : undefined;
  const keepUnused = of.keepUnused || undefined;
  let p = made.get(jaxpr);
  if (p === undefined || p.name !== name || p.donatedInvars !== donatedInvars || p.keepUnused !== keepUnused || p.compilerOptions !== of.compilerOptions) {
    p = { name, jaxpr, ...(donatedInvars && { donatedInvars }), ...(keepUnused && { keepUnused }), ...(of.compilerOptions && { compilerOptions: of.compilerOptions }) };
    made.set(jaxpr, p);
  }
  return p;
}

/** What is said of an application, where it is applied to some of the operands only, or to others after them. */
function withOperands(p: JitParams, isKept: (i: number) => boolean, more: readonly boolean[] = []): JitSettings {
  if (p.donatedInvars === undefined) return p;
  const donatedInvars = [...p.donatedInvars.filter((_, i) => isKept(i)), ...more];
  return { ...p, donatedInvars };
}

/** Cotangents of the linear operands of a jaxpr that is applied: its transpose, applied as one compiled function. */
export function transposeCall(jaxpr: ClosedJaxpr, name: string, cts: readonly MaybeZero[], args: readonly MaybeLinear[], outs: readonly ShapedArray[]): MaybeZero[] {
  const isLinear = args.map(isUndefinedPrimal);
  const t = transposeJaxpr(jaxpr, isLinear);
  const results = jitP.bind(jitParams(t, name), ...args.filter((x): x is Array => !isUndefinedPrimal(x)), ...instantiateZeros(cts, outs));
  let next = 0;
  return isLinear.map((l) => (l ? results[next++]! : null));
}

/** Applies a jaxpr without constants as one compiled function. Mirrors JAX's `jit` primitive. */
export const jitP: MultiPrimitive<JitParams> = defineMultiPrimitive<JitParams>({
  name: 'jit',
  print: { sharesNames: true },
  abstract: (_, { jaxpr }) => jaxpr.outAvals,
  lower: (ctx, args, { jaxpr, name }) => ctx.call(jaxpr, args, name),
  impl: (args, { name, jaxpr, compilerOptions }) => {
    if (compilerOptions === undefined) return null;
    return cachedOn(jaxpr, `options/${plainKey(compilerOptions)}`, () => compileJaxpr(jaxpr.jaxpr, [], { name: `jit_${name}`, compilerOptions })).call(args);
  },
  effects: ({ jaxpr }) => [...jaxpr.effects],
  axisNames: ({ jaxpr }) => jaxprAxisNames(jaxpr),
  varying: (ins, { jaxpr }) => varyingOuts(jaxpr, ins),
  jvp: (primals, tangents, p) => {
    const { name, jaxpr } = p;
    const nonzero = tangents.map((t) => t !== null);
    const d = jvpJaxpr(jaxpr, nonzero);
    const results = jitP.bind(jitParams(d.jaxpr, name, withOperands(p, () => true, p.donatedInvars?.filter((_, i) => nonzero[i]))), ...primals, ...tangents.filter((t) => t !== null));
    const n = jaxpr.jaxpr.outvars.length;
    let next = n;
    return [results.slice(0, n), d.nonzeroOut.map((z) => (z ? results[next++]! : null))];
  },
  partialEval: (known, unknown, args, isUnknown, p) => {
    const { name, jaxpr } = p;
    const split = partialEvalJaxpr(jaxpr, isUnknown, false, { forward: isUnknown.map((u) => !u) });
    const first = known(() => jitP.bind(jitParams(split.known, name, withOperands(p, (i) => !isUnknown[i])), ...args.filter((_, i) => !isUnknown[i])));
    const n = first.length - split.residuals.length;
    const second = unknown(() => jitP.bind(jitParams(split.unknown, name), ...first.slice(n), ...split.forwarded.map((i) => args[i]!), ...args.filter((_, i) => isUnknown[i])));
    let [k, u] = [0, 0];
    return split.outUnknown.map((x) => (x ? second[u++]! : first[k++]!));
  },
  dce: (used, eqn) => {
    const p = eqn.params as JitParams;
    const d = dceClosed(p.jaxpr, used);
    const inputs = eqn.inputs.filter((_, i) => d.usedInputs[i]);
    return new Eqn(eqn.prim, inputs, eqn.outputs.filter((_, i) => used[i]), jitParams(d.closed, p.name, withOperands(p, (i) => d.usedInputs[i]!)), [...d.closed.effects], eqn.scope);
  },
  transpose: (cts, args, { name, jaxpr }, outs) => transposeCall(jaxpr, name, cts, args, outs),
  batch: (axis, args, dims, p) => {
    const b = batchJaxpr(p.jaxpr, axis, dims.map((d) => d !== null));
    const moved = args.map((x, i) => (dims[i] === null || dims[i] === 0 ? x : baseOps().moveaxis(x, dims[i]!, 0)));
    return [jitP.bind(jitParams(b.jaxpr, p.name, p), ...moved), b.outMapped.map((m) => (m ? 0 : null))];
  },
  sample: () => {
    const a = new ShapedArray([3], 'float32');
    const { closed } = hoistConsts(stage(([x, y]) => [baseOps().add(x!, y!), x!], [a, a], 'f'));
    const input = { shape: [3], dtype: 'float32' };
    return [{ inputs: [input, input], params: jitParams(closed, 'f') }];
  },
});

interface Composite {
  /** Compiled for eager use; it holds the arrays that the function captured. */
  program: Compiled | null;
  closed: ClosedJaxpr;
  consts: Array[];
}

/** Whether the operations of a {@link composite} stand for themselves now. */
export function isOpen(): boolean {
  return isStaging() || config.debugNans || config.debugInfs;
}

/**
 * Makes one program of a function that is written in several operations: run eagerly, it is compiled as a whole and cached by the types of its
 * arrays and by `statics`; inside a trace that records, its operations stand for themselves.
 *
 * @param f must depend on nothing but its arguments
 */
export function composite<S extends object = object>(name: string, f: (args: Array[], statics: S) => readonly Array[]): (args: readonly Array[], statics: S) => Array[] {
  const known = new SignatureCache<Composite>();
  return (args, statics) => {
    if (isOpen()) return [...f([...args], statics)];
    let c = known.get(name, args, statics);
    if (c === undefined) {
      const { closed, consts } = hoistConsts(stage((xs) => f(xs, statics), args.map((x) => x.aval), name));
      if (consts.some((x) => x instanceof Tracer)) return [...f([...args], statics)];
      c = { program: null, closed, consts };
      known.set(name, args, statics, c);
    }
    if (isEager() && args.every((x) => x instanceof ConcreteArray)) {
      c.program ??= compileJaxpr(c.closed.jaxpr, [], { name: `jit_${name}` });
      return c.program.call(c.consts.length === 0 ? args : [...c.consts, ...args]);
    }
    return jitP.bind(jitParams(c.closed, name), ...c.consts, ...args);
  };
}

/**
 * The parts of a primitive that has rules for a function of its own which are those of the function itself. Programs are found by the function's jaxpr; the
 * rules, which may be new objects each time, do not matter to them.
 */
export function functionParts<P extends { name: string }>(jaxprOf: (p: P) => ClosedJaxpr): Pick<MultiPrimitiveRecord<P>, 'abstract' | 'lower' | 'impl' | 'effects' | 'axisNames' | 'varying'> {
  return {
    abstract: (_, p) => jaxprOf(p).outAvals,
    lower: (ctx, args, p) => ctx.call(jaxprOf(p), args, p.name),
    impl: (args, p) => jitP.bind(jitParams(jaxprOf(p), p.name), ...args),
    effects: (p) => [...jaxprOf(p).effects],
    axisNames: (p) => jaxprAxisNames(jaxprOf(p)),
    varying: (ins, p) => varyingOuts(jaxprOf(p), ins),
  };
}
