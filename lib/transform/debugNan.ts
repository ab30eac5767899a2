import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { XlastateError } from '../core/errors';
import { ClosedJaxpr, Literal, type Var } from '../core/jaxpr';
import { inlineJit } from '../core/passes/simplify';
import { bind, isEager } from '../core/trace';
import { type ArrayLike, asArray } from '../functional/arrayLike';
import { debugCallback } from '../functional/callbacks';
import { trailingOptions } from '../functional/trailingOptions';
import { type AnyFunction, arraysOf } from '../functional/treeFunction';
import * as lax from '../lax/control';
import * as np from '../numpy';
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
const isBad = (x: Array): boolean => isInexact(x) && bad(x).item() === true;

/** The first operation whose result is not finite although its operands are. */
function culprit(closed: ClosedJaxpr, args: readonly Array[]): string | null {
  const { jaxpr, consts } = inlineJit(closed);
  const env = new Map<Var, Array>();
  jaxpr.constvars.forEach((v, i) => env.set(v, consts[i]!));
  jaxpr.invars.forEach((v, i) => env.set(v, args[i]!));
  for (const e of jaxpr.eqns) {
    const ins = e.inputs.map((a) => (a instanceof Literal ? a.array : env.get(a)!));
    const outs = bind(e.prim, ins, e.params);
    if (outs.some(isBad) && !ins.some(isBad)) return `${e.prim.name} of (${ins.map((x) => x.aval).join(', ')})${e.scope === '' ? '' : ` in ${e.scope}`}`;
    outs.forEach((x, i) => env.set(e.outputs[i]!, x));
  }
  return null;
}

function report(outs: readonly Array[], phase: string, from: string | null): NanError {
  const lines = [`NaN or infinity detected${phase === '' ? '' : ` [${phase}]`} in the result of the checked function`];
  if (from !== null) lines.push(`  it comes from: ${from}`);
  outs.forEach((x, i) => {
    if (!isBad(x)) return;
    const values = globalThis.Array.from(x.dataSync() as Iterable<number>);
    lines.push(`  result ${i}: ${x.aval}, NaNs: ${values.filter((v) => Number.isNaN(v)).length}, infinities: ${values.filter((v) => v === Infinity || v === -Infinity).length}`);
  });
  return new NanError(lines.join('\n'));
}

/** Evaluates a function on arguments, with its states as they are, and throws if a result is not finite. */
function check(fn: AnyFunction, args: readonly unknown[], phase: string): void {
  const f = new StatefulFunction(fn);
  const states = f.getStates(...args);
  const [, out] = f.jaxprCall(states.map((s) => s.value), ...args);
  const { leaves } = arraysOf(out, 'debugNan');
  const inexact = leaves.filter(isInexact);
  if (inexact.length === 0) return;
  const flag = unvmap(np.stack(inexact.map(bad)));
  if (isEager()) {
    if (flag.item() !== true) return;
    const inputs = [...arraysOf(args, 'debugNan').leaves, ...states.flatMap((s) => s.flatValue().leaves)];
    throw report(leaves, phase, culprit(f.getJaxpr(...args), inputs));
  }
  const closed = f.getJaxpr(...args);
  const operands = { outs: leaves, inputs: [...arraysOf(args, 'debugNan').leaves, ...states.flatMap((s) => s.flatValue().leaves)], consts: [...closed.consts] };
  const { jaxpr } = closed;
  lax.cond(flag as never, ((v: typeof operands) => {
    debugCallback((values: typeof operands) => {
      throw report(values.outs, phase, culprit(new ClosedJaxpr(jaxpr, values.consts), values.inputs));
    }, v);
    return null;
  }) as never, (() => null) as never, operands as never);
}

/**
 * Runs a function, and throws if a result holds NaN or an infinity, naming the first operation that made one of finite operands. States are left as
 * they are. In a compiled function the check is part of the program: it fails, and the `cause` of the CallbackError is the error.
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
  if (isEager()) {
    if (pred.item() === true) check(f, args, phase);
    return;
  }
  lax.cond(pred as never, ((xs: unknown[]) => {
    check(f, xs, phase);
    return null;
  }) as never, (() => null) as never, args as never);
}
