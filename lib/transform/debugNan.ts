import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { XlastateError } from '../core/errors';
import { ClosedJaxpr, type Eqn, evalJaxpr, Literal, type Var } from '../core/jaxpr';
import { bind, Tracer } from '../core/trace';
import { type ArrayLike, asArray } from '../functional/arrayLike';
import { debugCallback } from '../functional/callbacks';
import { trailingOptions } from '../functional/trailingOptions';
import { type AnyFunction, arraysOf } from '../functional/treeFunction';
import * as lax from '../lax/index';
import * as np from '../numpy';
import type { CondParams } from '../primitives/cond';
import type { ScanParams } from '../primitives/scan';
import type { WhileParams } from '../primitives/whileLoop';
import { asFunction, type Callable } from './callable';
import { StatefulFunction } from './statefulFunction';
import { unvmap } from './unvmap';

/** A result holds NaN or an infinity. @example new transform.NanError('a result holds NaN') instanceof XlastateError; // true */
export class NanError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('NAN', message, options);
  }
}

/** Options of `debugNan` and `debugNanIf`. */
export interface DebugNanOptions {
  /** What the message calls the place. */
  phase?: string;
}

const isInexact = (x: Array) => ['float', 'complex'].includes(dtypeKind(x.dtype));
const bad = (x: Array) => np.any(np.logicalNot(np.isfinite(x)));
/** In any lane, under a vmap over arrays. */
const holds = (x: Array): boolean => unvmap(x).item() === true;
const isBad = (x: Array): boolean => isInexact(x) && holds(bad(x));

/** The first operation whose result is not finite although its operands are; in loops, branches and functions within, in the step that is the first. */
function culprit({ jaxpr, consts }: ClosedJaxpr, args: readonly Array[]): string | null {
  const env = new Map<Var, Array>();
  jaxpr.constvars.forEach((v, i) => env.set(v, consts[i]!));
  jaxpr.invars.forEach((v, i) => env.set(v, args[i]!));
  for (const e of jaxpr.eqns) {
    const ins = e.inputs.map((a) => (a instanceof Literal ? a.array : env.get(a)!));
    const outs = bind(e.prim, ins, e.params);
    if (outs.some(isBad) && !ins.some(isBad)) return within(e, ins) ?? `${e.prim.name} of (${ins.map((x) => x.aval).join(', ')})${e.scope === '' ? '' : ` in ${e.scope}`}`;
    outs.forEach((x, i) => env.set(e.outputs[i]!, x));
  }
  return null;
}

const MAKES_STEPS: Record<string, (params: object, ins: readonly Array[]) => Iterable<[ClosedJaxpr, readonly Array[]]>> = {
  *scan(params, ins) {
    const { jaxpr, length, numCarry, numConsts, reverse } = params as ScanParams;
    let carry = ins.slice(numConsts, numConsts + numCarry);
    for (let i = 0; i < length; i++) {
      const operands = [...ins.slice(0, numConsts), ...carry, ...ins.slice(numConsts + numCarry).map((x) => x.at(reverse ? length - 1 - i : i).get())];
      yield [jaxpr, operands];
      carry = evalJaxpr(jaxpr.jaxpr, jaxpr.consts, operands).slice(0, numCarry);
    }
  },
  *while(params, ins) {
    const { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts } = params as WhileParams;
    let carry = ins.slice(condNconsts + bodyNconsts);
    for (;;) {
      const asked = [...ins.slice(0, condNconsts), ...carry];
      yield [condJaxpr, asked];
      if (!holds(evalJaxpr(condJaxpr.jaxpr, condJaxpr.consts, asked)[0]!)) return;
      const operands = [...ins.slice(condNconsts, condNconsts + bodyNconsts), ...carry];
      yield [bodyJaxpr, operands];
      carry = evalJaxpr(bodyJaxpr.jaxpr, bodyJaxpr.consts, operands);
    }
  },
  *cond(params, [index, ...ins]) {
    const { branches } = params as CondParams;
    // Lanes of a vmap may take different ones.
    for (const branch of index instanceof Tracer ? branches : [branches[Number(index!.item())]!]) yield [branch, ins];
  },
};

/** {@link culprit} in the jaxprs of an equation, in the order in which they run. */
function within({ prim, params }: Eqn, ins: readonly Array[]): string | null {
  const called = () => Object.values(params).flatMap((p): [ClosedJaxpr, readonly Array[]][] => (p instanceof ClosedJaxpr && p.jaxpr.invars.length === ins.length ? [[p, ins]] : []));
  for (const [closed, operands] of (MAKES_STEPS[prim.name] ?? called)(params, ins)) {
    const found = culprit(closed, operands);
    if (found !== null) return found;
  }
  return null;
}

function report(outs: readonly Array[], results: number, phase: string, from: string | null): NanError {
  const lines = [`NaN or infinity detected${phase === '' ? '' : ` [${phase}]`} in ${outs.slice(0, results).some(isBad) ? 'the result' : 'what is written'} of the checked function`];
  if (from !== null) lines.push(`  it comes from: ${from}`);
  outs.forEach((x, i) => {
    if (!isBad(x)) return;
    const values = globalThis.Array.from(x.dataSync() as Iterable<number>);
    lines.push(`  ${i < results ? `result ${i}` : `written ${i - results}`}: ${x.aval}, NaNs: ${values.filter((v) => Number.isNaN(v)).length}, infinities: ${values.filter((v) => v === Infinity || v === -Infinity).length}`);
  });
  return new NanError(lines.join('\n'));
}

/** Evaluates a function on arguments, with its states as they are, and throws if a result, or what it writes, is not finite. */
function check(fn: AnyFunction, args: readonly unknown[], phase: string): void {
  const f = new StatefulFunction(fn);
  const states = f.getStates(...args);
  const [after, out] = f.jaxprCall(states.map((s) => s.value), ...args);
  const results = arraysOf(out, 'debugNan').leaves;
  const leaves = [...results, ...arraysOf(after, 'debugNan').leaves];
  const inexact = leaves.filter(isInexact).map((x) => lax.stopGradient(x));
  if (inexact.length === 0) return;
  const flag = unvmap(np.stack(inexact.map(bad)));
  const known = !(flag instanceof Tracer);
  if (known && flag.item() !== true) return;
  const { jaxpr, consts } = f.getJaxpr(...args);
  const operands = { outs: leaves, inputs: [...arraysOf(args, 'debugNan').leaves, ...states.flatMap((s) => s.flatValue().leaves)], consts: [...consts] };
  if (known) throw report(leaves.map((x) => (x instanceof Tracer ? unvmap(lax.stopGradient(x), 'none') : x)), results.length, phase, culprit(new ClosedJaxpr(jaxpr, operands.consts), operands.inputs.map((x) => lax.stopGradient(x))));
  lax.cond(flag as never, ((v: typeof operands) => {
    debugCallback((values: typeof operands) => {
      if (!values.outs.some(isBad)) return; // another lane
      throw report(values.outs, results.length, phase, culprit(new ClosedJaxpr(jaxpr, values.consts), values.inputs));
    }, v);
    return null;
  }) as never, (() => null) as never, operands as never);
}

/**
 * Runs a function, and throws if a result, or what it would write to a state, holds NaN or an infinity, naming the first operation that made one of
 * finite operands, within loops and branches too. States are left as they are. In a compiled function the check is part of the program: it fails, and the `cause` of the CallbackError is the error.
 *
 * Mirrors `brainstate.transform.debug_nan`: `debugNan(fn, ...args, options?)`.
 *
 * @throws NanError
 * @example
 * ```ts
 * transform.debugNan((x: np.Array) => np.log(x), np.array([1, 2]), { phase: 'forward' });
 * ```
 */
export function debugNan(fn: Callable, ...rest: unknown[]): void {
  const { args, options: { phase = '' } } = trailingOptions<DebugNanOptions>(rest, ['phase']);
  check(asFunction(fn, 'debugNan'), args, phase);
}

/**
 * {@link debugNan} where a predicate holds (in any lane under vmap): the function runs only then. `debugNanIf(hasNan, fn, ...args, options?)`.
 *
 * Mirrors `brainstate.transform.debug_nan_if`.
 *
 * @example
 * transform.debugNanIf(np.array(false), (x: Array) => np.log(x), np.array(1));
 */
export function debugNanIf(hasNan: ArrayLike, fn: Callable, ...rest: unknown[]): void {
  const { args, options: { phase = '' } } = trailingOptions<DebugNanOptions>(rest, ['phase']);
  const f = asFunction(fn, 'debugNanIf');
  const pred = unvmap(asArray(hasNan, 'debugNanIf'));
  if (!(pred instanceof Tracer)) {
    if (np.notEqual(pred, 0).item() === true) check(f, args, phase);
    return;
  }
  lax.cond(pred as never, ((xs: unknown[]) => {
    check(f, xs, phase);
    return null;
  }) as never, (() => null) as never, args as never);
}
