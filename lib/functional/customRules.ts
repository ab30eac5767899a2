import type { Array } from '../core/array';
import { configKey } from '../core/config';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { isPlainData, plainKey } from '../core/paramsKey';
import { axisKey } from '../core/trace';
import { flatten, structure, type TreeDef } from '../core/tree';
import { type BackwardRule, customJvpCallP, customVjpCallP, type ForwardRule, type JvpRule } from '../interpreters/customRules';
import { hoistConsts, stage } from '../interpreters/stage';
import { add } from '../primitives/elementwise';
import { zerosLike } from '../primitives/structural';
import { asArray, describeValue } from './arrayLike';
import { castTangent } from './derivatives';
import { checkOptions } from './options';
import { type AnyFunction, arraysOf, FlatFunction, isArrayLeaf, nameOf, resultsOf } from './treeFunction';

export interface NondiffOptions {
  /** Positions of arguments that are passed to the rules as they are: functions, shapes, options. */
  nondiffArgnums?: number | readonly number[];
}

/** A call taken apart: differentiable arguments as arrays, the others as given. */
interface Call {
  leaves: Array[];
  def: TreeDef;
  nondiff: unknown[];
  full: (diff: readonly unknown[]) => unknown[];
}

function takeApart(what: string, args: readonly unknown[], nondiffArgnums: readonly number[]): Call {
  for (const i of nondiffArgnums) if (i >= args.length) throw new ArgumentError(`${what}: nondiffArgnums contains ${i}, but the call has ${args.length} arguments`);
  const diff = args.filter((_, i) => !nondiffArgnums.includes(i));
  const { leaves, def } = arraysOf(diff, what);
  return {
    leaves, def,
    nondiff: nondiffArgnums.map((i) => args[i]),
    full: (d) => {
      let next = 0;
      return args.map((x, i) => (nondiffArgnums.includes(i) ? x : d[next++]));
    },
  };
}

function checkNondiff(what: string, options: NondiffOptions): number[] {
  const given = options?.nondiffArgnums ?? [];
  const list = typeof given === 'number' ? [given] : [...given];
  for (const i of list) if (!Number.isInteger(i) || i < 0) throw new ArgumentError(`${what}: expected nondiffArgnums to be non-negative integers, got ${String(i)}`);
  return list;
}

interface Made<P> {
  params: P;
  consts: Array[];
  outDef: TreeDef;
}

/** Applications of one function with one set of rules, by structure and types, so that equal calls have equal parameters. */
class CallCache<P> {
  private readonly known = new Map<string, { def: TreeDef; made: Made<P> }[]>();

  find(call: Call, make: () => Made<P>): Made<P> {
    if (!call.nondiff.every(isPlainData)) return make();
    const key = `${call.leaves.map((x) => x.aval.key).join(';')}!${configKey()}@${axisKey()}${call.nondiff.length > 0 ? plainKey(call.nondiff) : ''}`;
    const list = this.known.get(key);
    const found = list?.find((m) => m.def.equals(call.def));
    if (found !== undefined) return found.made;
    const made = make();
    // What it captured may be another thing next time.
    if (made.consts.length > 0) return made;
    if (list === undefined) this.known.set(key, [{ def: call.def, made }]);
    else list.push({ def: call.def, made });
    return made;
  }
}

function stageCall(f: AnyFunction, call: Call, what: string, name: string): { callJaxpr: ClosedJaxpr; consts: Array[]; outDef: TreeDef } {
  const flat = new FlatFunction(((...diff: unknown[]) => (f as (...a: unknown[]) => unknown)(...call.full(diff))) as AnyFunction, call.def, what);
  const { closed, consts } = hoistConsts(stage(flat.call, call.leaves.map((x) => x.aval), name));
  return { callJaxpr: closed, consts, outDef: flat.outDef };
}

/** Throws unless a rule gives results of the types that the function gives, for entries of a batch as for others. */
function checkRuleOuts(what: string, outs: readonly Array[], { outAvals }: ClosedJaxpr): void {
  outs.forEach((x, i) => {
    const wanted = outAvals[i]!;
    if (x.aval.matches(wanted)) return;
    const message = `${what}: expected result ${i} to be of the type that the function itself gives, ${wanted}, got ${x.aval}`;
    throw x.dtype === wanted.dtype ? new ShapeError(message) : new DtypeError(message);
  });
}

/** Tangents that a rule returned, in the types of the results. */
function tangentsOf(tangents: unknown, outDef: TreeDef, outs: readonly Array[], what: string): Array[] {
  const r = resultsOf(tangents, what);
  if (!r.def.equals(outDef)) throw new ArgumentError(`${what}: expected tangents of the result's structure ${outDef}, got ${r.def}`);
  return r.leaves.map((t, i) => castTangent(t, outs[i]!.aval, `${what}, result ${i}`));
}

export interface RuleOptions {
  symbolicZeros?: false;
}

function checkRuleOptions(op: string, options: RuleOptions | undefined): void {
  const { symbolicZeros } = checkOptions(op, ['symbolicZeros'], options) as { symbolicZeros?: boolean };
  if (symbolicZeros === true) throw new ArgumentError(`${op}: symbolicZeros can only be false: rules get arrays of zeros for what is zero`);
}

/** A function with a forward derivative of its own; see {@link customJvp}. */
export interface CustomJvp<F extends AnyFunction> {
  (...args: Parameters<F>): ReturnType<F>;
  /**
   * Gives the derivative: `rule([primals], [tangents])` returns `[out, outTangent]`; nondifferentiable arguments come first, one by one.
   *
   * @param options `symbolicZeros` can only be false: tangents that are zero are arrays of zeros
   */
  defjvp(rule: AnyFunction, options?: RuleOptions): void;
  /** Gives one derivative for each argument, `(tangent, out, ...primals) => contribution`; null where it is zero. */
  defjvps(...rules: (AnyFunction | null)[]): void;
}

/**
 * Lets a function's derivative be given rather than computed.
 *
 * Mirrors `jax.custom_jvp`.
 *
 * @throws ArgumentError if no derivative was given, or the rule's result has another structure
 * @example
 * ```ts
 * const f = customJvp((x: np.Array) => np.log1p(np.exp(x)));
 * f.defjvp(([x], [dx]) => [f(x), dx.mul(np.subtract(1, np.divide(1, np.add(1, np.exp(x)))))]);
 * ```
 */
export function customJvp<F extends AnyFunction>(f: F, options: NondiffOptions = {}): CustomJvp<F> {
  const name = nameOf(f);
  const nondiff = checkNondiff('customJvp', options);
  let rule: AnyFunction | undefined;
  let cache = new CallCache<Parameters<typeof customJvpCallP.bind>[0]>();
  const wrapped = (...args: unknown[]): unknown => {
    if (rule === undefined) throw new ArgumentError(`customJvp of ${name}: no derivative was given; call defjvp or defjvps first`);
    const call = takeApart(`customJvp of ${name}`, args, nondiff);
    const given = rule;
    const { params, consts, outDef } = cache.find(call, () => {
      const { callJaxpr, consts: captured, outDef: def } = stageCall(f, call, name, name);
      const k = captured.length;
      const jvpJaxprFun: JvpRule = (primals, tangents) => {
        const what = `the derivative of ${name}`;
        const pair = (given as (...a: unknown[]) => unknown)(...call.nondiff, call.def.unflatten(primals.slice(k)), call.def.unflatten(tangents.slice(k)));
        if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`${what}: expected the rule to return [result, tangent], got ${describeValue(pair)}`);
        const out = resultsOf(pair[0], what);
        if (!out.def.equals(def)) throw new ArgumentError(`${what}: expected the rule's result to have the structure ${def}, got ${out.def}`);
        checkRuleOuts(what, out.leaves, callJaxpr);
        return { outs: out.leaves, tangents: tangentsOf(pair[1], def, out.leaves, what) };
      };
      return { params: { name, callJaxpr, jvpJaxprFun }, consts: captured, outDef: def };
    });
    return outDef.unflatten(customJvpCallP.bind(params, ...consts, ...call.leaves));
  };
  return Object.assign(wrapped as (...args: Parameters<F>) => ReturnType<F>, {
    defjvp: (r: AnyFunction, given?: RuleOptions) => {
      checkRuleOptions(`customJvp of ${name}`, given);
      if (typeof r !== 'function') throw new ArgumentError(`customJvp of ${name}: expected defjvp to be given a function, got ${describeValue(r)}`);
      rule = r;
      cache = new CallCache();
    },
    defjvps: (...rules: (AnyFunction | null)[]) => {
      if (nondiff.length > 0) throw new ArgumentError(`customJvp of ${name}: defjvps does not go with nondiffArgnums; use defjvp`);
      rule = ((primals: unknown[], tangents: unknown[]) => {
        const out = (wrapped as (...a: unknown[]) => unknown)(...primals);
        const outs = resultsOf(out, name);
        let total: Array[] | null = null;
        rules.forEach((r, i) => {
          if (r === null) return;
          const part = resultsOf((r as (...a: unknown[]) => unknown)(tangents[i], out, ...primals), `the derivative ${i} of ${name}`);
          if (!part.def.equals(outs.def)) throw new ArgumentError(`the derivative ${i} of ${name}: expected a tangent of the result's structure ${outs.def}, got ${part.def}`);
          total = total === null ? part.leaves : total.map((x, k) => add(x, part.leaves[k]!));
        });
        return [out, outs.def.unflatten(total ?? outs.leaves.map((x) => zerosLike(x.aval)))];
      }) as AnyFunction;
      cache = new CallCache();
    },
  });
}

/** A function with a reverse derivative of its own; see {@link customVjp}. */
export interface CustomVjp<F extends AnyFunction> {
  (...args: Parameters<F>): ReturnType<F>;
  /**
   * Gives the derivative: `fwd(...args)` returns `[out, residuals]`, `bwd(residuals, cotangent)` the list of the arguments' cotangents, where null is
   * zero. Nondifferentiable arguments are passed to `fwd` in place, and to `bwd` first, one by one.
   *
   * @param options `symbolicZeros` can only be false: cotangents that are zero are arrays of zeros
   */
  defvjp(fwd: AnyFunction, bwd: AnyFunction, options?: RuleOptions): void;
}

/**
 * Lets a function's reverse derivative be given rather than computed. Such a function has no forward derivative.
 *
 * Mirrors `jax.custom_vjp`.
 *
 * @throws ArgumentError if no derivative was given, or a rule's result has another structure
 * @example
 * ```ts
 * const clipGradient = customVjp((x: np.Array) => x);
 * clipGradient.defvjp((x) => [x, null], (_, g) => [np.clip(g, -1, 1)]);
 * ```
 */
export function customVjp<F extends AnyFunction>(f: F, options: NondiffOptions = {}): CustomVjp<F> {
  const name = nameOf(f);
  const nondiff = checkNondiff('customVjp', options);
  let rules: { fwd: AnyFunction; bwd: AnyFunction } | undefined;
  let cache = new CallCache<Parameters<typeof customVjpCallP.bind>[0]>();
  const wrapped = (...args: unknown[]): unknown => {
    if (rules === undefined) throw new ArgumentError(`customVjp of ${name}: no derivative was given; call defvjp first`);
    const call = takeApart(`customVjp of ${name}`, args, nondiff);
    const { fwd, bwd } = rules;
    const { params, consts, outDef } = cache.find(call, () => {
      const { callJaxpr, consts: captured, outDef: def } = stageCall(f, call, name, name);
      const k = captured.length;
      let resDef: TreeDef | undefined;
      // Leaves of the residuals that are no arrays go to the backward function as they are.
      let fixed: unknown[] = [];
      const fwdJaxprFun: ForwardRule = (xs) => {
        const what = `the forward function of ${name}`;
        const pair = (fwd as (...a: unknown[]) => unknown)(...call.full(call.def.unflatten(xs.slice(k)) as unknown[]));
        if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`${what}: expected it to return [result, residuals], got ${describeValue(pair)}`);
        const out = resultsOf(pair[0], what);
        if (!out.def.equals(def)) throw new ArgumentError(`${what}: expected a result of structure ${def}, got ${out.def}`);
        checkRuleOuts(what, out.leaves, callJaxpr);
        const [values, rd] = flatten(pair[1], isArrayLeaf);
        resDef = rd;
        fixed = values.map((v) => (isArrayLeaf(v) ? ARRAY : v));
        return { outs: out.leaves, residuals: values.filter(isArrayLeaf).map((v) => asArray(v as never, what)) };
      };
      const backward: BackwardRule = (residuals, cts) => {
        const what = `the backward function of ${name}`;
        let next = 0;
        const res = resDef!.unflatten(fixed.map((v) => (v === ARRAY ? residuals[next++]! : v)));
        const back = (bwd as (...a: unknown[]) => unknown)(...call.nondiff, res, def.unflatten(cts));
        return [...captured.map(() => null), ...cotangentsOf(back, call, what)];
      };
      return { params: { name, callJaxpr, fwdJaxprFun, bwd: backward }, consts: captured, outDef: def };
    });
    return outDef.unflatten(customVjpCallP.bind(params, ...consts, ...call.leaves));
  };
  return Object.assign(wrapped as (...args: Parameters<F>) => ReturnType<F>, {
    defvjp: (fwd: AnyFunction, bwd: AnyFunction, given?: RuleOptions) => {
      checkRuleOptions(`customVjp of ${name}`, given);
      if (typeof fwd !== 'function' || typeof bwd !== 'function') throw new ArgumentError(`customVjp of ${name}: expected defvjp(fwd, bwd) to be given two functions`);
      rules = { fwd, bwd };
      cache = new CallCache();
    },
  });
}

const ARRAY = Symbol('array');

/** Cotangents that a backward function returned, flat; an argument's may be null for zero. */
function cotangentsOf(back: unknown, call: Call, what: string): (Array | null)[] {
  const parts = call.def.children;
  if (!globalThis.Array.isArray(back) || back.length !== parts.length) {
    throw new ArgumentError(`${what}: expected a list of ${parts.length} cotangents, one for each differentiable argument, got ${globalThis.Array.isArray(back) ? `a list of ${back.length}` : describeValue(back)}`);
  }
  let next = 0;
  return parts.flatMap((d, i) => {
    const mine = call.leaves.slice(next, next + d.numLeaves);
    next += d.numLeaves;
    if (back[i] === null || back[i] === undefined) return mine.map(() => null);
    const given = structure(back[i], (x) => isArrayLeaf(x) || x === null);
    const [values] = flatten(back[i], (x) => isArrayLeaf(x) || x === null);
    if (values.length !== d.numLeaves) throw new ArgumentError(`${what}: expected the cotangent of argument ${i} to have the structure ${d}, got ${given}`);
    return values.map((v, j) => (v === null ? null : castTangent(asArray(v as never, what), mine[j]!.aval, `${what}, argument ${i}`)));
  });
}

/**
 * Lets a function return its own gradient: `f(...args)` gives `[out, pull]`, where `pull(ct)` is the list of the arguments' cotangents (or one, for
 * one argument). Mirrors `jax.custom_gradient`.
 *
 * @throws ArgumentError unless the function returns `[result, pull]`
 * @example
 * ```ts
 * const clipped = customGradient((x: Array) => [np.square(x), (ct: Array) => np.clip(ct.mul(x).mul(2), -1, 1)] as const);
 * grad((x: Array) => clipped(x) as Array)(5).js(); // 1
 * ```
 */
export function customGradient<F extends AnyFunction>(f: F): (...args: Parameters<F>) => unknown {
  const name = nameOf(f);
  return (...args) => {
    // The pull-back holds arrays of the forward pass, so it is staged into operands: residuals are what it captured.
    const what = `customGradient of ${name}`;
    const call = takeApart(what, args, []);
    const run = (xs: readonly unknown[]): [unknown, AnyFunction] => {
      const r = (f as unknown as (...a: unknown[]) => unknown)(...xs);
      if (!globalThis.Array.isArray(r) || r.length !== 2 || typeof r[1] !== 'function') throw new ArgumentError(`${what}: expected the function to return [result, pull], got ${describeValue(r)}`);
      return r as [unknown, AnyFunction];
    };
    const out = (...xs: unknown[]) => run(xs)[0];
    const g = customVjp(out as AnyFunction);
    let pulled: ClosedJaxpr | undefined;
    let pullDef: TreeDef | undefined;
    g.defvjp(((...xs: unknown[]) => {
      const [y, pull] = run(xs);
      const r = resultsOf(y, what);
      const flat = new FlatFunction(((ct: unknown) => {
        const back = (pull as (ct: unknown) => unknown)(ct);
        return call.def.children.length === 1 && !globalThis.Array.isArray(back) ? [back] : back;
      }) as AnyFunction, structure([y], isArrayLeaf), what);
      const { closed, consts } = hoistConsts(stage(flat.call, r.leaves.map((x) => x.aval), name));
      pulled = closed;
      pullDef = flat.outDef;
      return [y, consts];
    }) as AnyFunction, ((res: Array[], ct: unknown) => {
      const cts = arraysOf(ct, what).leaves;
      return pullDef!.unflatten(evalJaxpr(pulled!.jaxpr, [], [...res, ...cts]));
    }) as AnyFunction);
    return (g as unknown as (...a: unknown[]) => unknown)(...args);
  };
}
