import type { Array } from '../core/array';
import { sameShape, type ShapedArray } from '../core/aval';
import { configKey } from '../core/config';
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { isPlainData, plainKey } from '../core/paramsKey';
import { axisKey } from '../core/trace';
import { broadcastPrefix, flatten, structure, type TreeDef } from '../core/tree';
import { callCustom, jvpCall, vjpCall } from '../interpreters/customCalls';
import { customJvpCallP, customVjpCallP } from '../interpreters/customRules';
import { type BackwardRule, type ForwardRule, named, type SymbolicJvpRule } from '../interpreters/derivativeRules';
import { isDifferentiable } from '../interpreters/jvp';
import { hoistConsts, stage } from '../interpreters/stage';
import { add } from '../primitives/elementwise';
import { zerosLike } from '../primitives/structural';
import { asArray, describeValue } from './arrayLike';
import { castTangent, floatLeaves, noTangent, tangentAval, zeroTangent } from './derivatives';
import { checkOptions } from './options';
import { type AnyFunction, arraysOf, FlatFunction, isArrayLeaf, like, type LikedArgs, nameOf, resultsOf, toArrays } from './treeFunction';

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
  const { leaves, def } = floatLeaves(diff, what);
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

/** The types of a function's results by those of its arguments, where they are known. */
type KnownTypes = Map<string, { def: TreeDef; avals: readonly ShapedArray[] }>;

/** A function with rules in one call: the structure and types of its result are known once it or a rule has run. */
class UserFunction {
  outDef!: TreeDef;
  outAvals: readonly ShapedArray[] = [];
  private readonly flat: FlatFunction;
  private readonly call: Call;
  private readonly types: KnownTypes;

  constructor(f: AnyFunction, call: Call, what: string, types: KnownTypes) {
    this.flat = new FlatFunction(((...diff: unknown[]) => (f as (...a: unknown[]) => unknown)(...call.full(diff))) as AnyFunction, call.def, what);
    this.call = call;
    this.types = types;
  }

  readonly run = (xs: readonly Array[]): Array[] => {
    const outs = this.flat.call(xs);
    this.knownTypes(xs, this.flat.outDef, outs.map((x) => x.aval));
    return outs;
  };

  /** Functions and the like among the arguments may make results of any type. */
  private key(xs: readonly Array[]): string | null {
    return this.call.nondiff.every(isPlainData) ? `${xs.map((x) => x.aval.key).join(';')}!${this.call.def}!${plainKey(this.call.nondiff)}` : null;
  }

  knownTypes(xs: readonly Array[], def: TreeDef, avals: readonly ShapedArray[]): void {
    this.outDef = def;
    this.outAvals = avals;
    const key = this.key(xs);
    if (key !== null) this.types.set(key, { def, avals });
  }

  /** The results that a rule returned. @throws ShapeError, DtypeError, ArgumentError where they are not of the type that the function itself gives */
  results(returned: unknown, xs: readonly Array[], what: string): Array[] {
    const { leaves, def } = resultsOf(returned, what);
    const key = this.key(xs);
    const known = key === null ? undefined : this.types.get(key);
    if (known !== undefined) {
      if (!def.equals(known.def)) throw new ArgumentError(`${what}: expected the rule's result to have the structure ${known.def}, got ${def}`);
      leaves.forEach((x, i) => {
        const wanted = known.avals[i]!;
        if (x.aval.matches(wanted)) return;
        const message = `${what}: expected result ${i} to be of the type that the function itself gives, ${wanted}, got ${x.aval}`;
        throw x.dtype === wanted.dtype ? new ShapeError(message) : new DtypeError(message);
      });
    }
    this.outDef = def;
    this.outAvals = leaves.map((x) => x.aval);
    return leaves;
  }
}

/** Tangents that a rule returned, in the types of the results; null is zero. */
function tangentsOf(tangents: unknown, outDef: TreeDef, outs: readonly Array[], what: string, symbolic: boolean): (Array | null)[] {
  const [values, def] = flatten(tangents, (x) => isArrayLeaf(x) || x instanceof SymbolicZero);
  if (!def.equals(outDef)) throw new ArgumentError(`${what}: expected tangents of the result's structure ${outDef}, got ${def}`);
  const arrays = toArrays(values.map((v) => (symbolic && v instanceof SymbolicZero ? 0 : v)), def, `the result of ${what}`);
  return values.map((v, i) => {
    if (symbolic && v instanceof SymbolicZero) return null;
    const { aval } = outs[i]!;
    const t = arrays[i]!;
    if (isDifferentiable(aval)) return castTangent(t, aval, `${what}, result ${i}`);
    if ((t.dtype !== 'bool' && t.dtype !== aval.dtype) || !sameShape(t.shape, aval.shape)) throw noTangent(`${what}, result ${i}`, aval, t);
    return null;
  });
}

/** Options of a rule. */
export interface RuleOptions {
  /** Whether the rule is told of zeros: tangents and cotangents that are zero come as {@link SymbolicZero}. Default false: they are arrays of zeros. */
  symbolicZeros?: boolean;
}

function ruleOptions(op: string, options: RuleOptions | undefined): boolean {
  return (checkOptions(op, ['symbolicZeros'], options) as RuleOptions).symbolicZeros === true;
}

/**
 * A tangent or cotangent that is known to be zero, as rules with `symbolicZeros` get it and may return it. Mirrors `jax.custom_derivatives.SymbolicZero`.
 *
 * @example
 * ```ts
 * const scale = customJvp((x: Array, y: Array) => np.multiply(x, y));
 * scale.defjvp(([x, y], [dx, dy]) => [scale(x, y), dy instanceof SymbolicZero ? np.multiply(dx, y) : np.add(np.multiply(dx, y), np.multiply(x, dy))], { symbolicZeros: true });
 * grad((x: Array) => scale(x, 3) as Array)(2).js(); // 3
 * ```
 */
export class SymbolicZero {
  readonly aval: ShapedArray;

  constructor(aval: ShapedArray) {
    this.aval = aval;
  }

  get shape(): readonly number[] {
    return this.aval.shape;
  }

  get dtype(): string {
    return this.aval.dtype;
  }

  get ndim(): number {
    return this.aval.shape.length;
  }

  get size(): number {
    return this.aval.size;
  }

  toString(): string {
    return `SymbolicZero(${this.aval})`;
  }
}

/**
 * An argument as the forward function of `customVjp` with `symbolicZeros` gets it: its value, and whether it is differentiated. Mirrors
 * `jax.custom_derivatives.CustomVJPPrimal`.
 *
 * @example
 * ```ts
 * const f = customVjp((x: Array) => np.sin(x));
 * f.defvjp((x: CustomVJPPrimal) => [np.sin(x.value), x.perturbed ? np.cos(x.value) : null], (c, g) => [c === null ? null : np.multiply(c, g)], { symbolicZeros: true });
 * grad((x: Array) => f(x) as Array)(0).js(); // 1
 * ```
 */
export class CustomVJPPrimal {
  readonly value: Array;
  readonly perturbed: boolean;

  constructor(value: Array, perturbed: boolean) {
    this.value = value;
    this.perturbed = perturbed;
  }
}

/**
 * The zero tangents of a tree of arrays: arrays of zeros, of dtype bool for integers and booleans, or {@link SymbolicZero}. Mirrors
 * `jax.custom_derivatives.zero_from_primal`.
 *
 * @param options `symbolicZeros` says that these are wanted in place of arrays
 * @example
 * ```ts
 * (zeroFromPrimal(np.array([1, 2])) as Array).js(); // [0, 0]
 * ```
 */
export function zeroFromPrimal(tree: unknown, options: RuleOptions = {}): unknown {
  const symbolic = ruleOptions('zeroFromPrimal', options);
  const { leaves, def } = arraysOf(tree, 'zeroFromPrimal');
  return def.unflatten(leaves.map((x) => zeroFor(x.aval, symbolic)));
}

/** What rules get for a tangent or cotangent that is zero. */
function zeroFor(aval: ShapedArray, symbolic: boolean): Array | SymbolicZero {
  return symbolic ? new SymbolicZero(tangentAval(aval)) : zeroTangent(aval);
}

/** A function with a forward derivative of its own; see {@link customJvp}. */
export interface CustomJvp<F extends AnyFunction> {
  (...args: LikedArgs<Parameters<F>>): ReturnType<F>;
  /**
   * Gives the derivative: `rule([primals], [tangents])` returns `[out, outTangent]`; nondifferentiable arguments come first, one by one.
   *
   * @param options with `symbolicZeros`, tangents that are zero come as {@link SymbolicZero}, and may be returned so
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
  let symbolicZeros = false;
  let cache = new CallCache<Parameters<typeof customJvpCallP.bind>[0]>();
  const types: KnownTypes = new Map();
  const wrapped = like(f, (...args: unknown[]): unknown => {
    if (rule === undefined) throw new ArgumentError(`customJvp of ${name}: no derivative was given; call defjvp or defjvps first`);
    const call = takeApart(`customJvp of ${name}`, args, nondiff);
    const user = new UserFunction(f, call, `customJvp of ${name}`, types);
    const given = rule;
    const symbolic = symbolicZeros;
    const what = `the derivative of ${name}`;
    const derivative: SymbolicJvpRule = (primals, tangents) => {
      const full = primals.map((x, i) => (isDifferentiable(x.aval) ? tangents[i] : null) ?? zeroFor(x.aval, symbolic));
      const pair = (given as (...a: unknown[]) => unknown)(...call.nondiff, call.def.unflatten(primals), call.def.unflatten(full));
      if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`${what}: expected the rule to return [result, tangent], got ${describeValue(pair)}`);
      const outs = user.results(pair[0], primals, what);
      return { outs, tangents: tangentsOf(pair[1], user.outDef, outs, what, symbolic) };
    };
    const outs = callCustom(jvpCall({
      name, symbolicZeros: symbolic, run: user.run, rule: named(derivative, given),
      stageOwn: (leaves) => {
        const { params, consts, outDef } = cache.find(call, () => {
          const { callJaxpr, consts: captured, outDef: def } = stageCall(f, call, name, name);
          const k = captured.length;
          const jvpJaxprFun: SymbolicJvpRule = (primals, tangents) => derivative(primals.slice(k), tangents.slice(k));
          return { params: { name, callJaxpr, jvpJaxprFun: named(jvpJaxprFun, given), symbolicZeros: true, showsSymbolicZeros: symbolic }, consts: captured, outDef: def };
        });
        user.knownTypes(leaves, outDef, params.callJaxpr.outAvals);
        return customJvpCallP.bind(params, ...consts, ...leaves);
      },
    }), call.leaves);
    return user.outDef.unflatten(outs);
  });
  return Object.assign(wrapped as (...args: LikedArgs<Parameters<F>>) => ReturnType<F>, {
    defjvp: (r: AnyFunction, given?: RuleOptions) => {
      symbolicZeros = ruleOptions(`customJvp of ${name}`, given);
      if (typeof r !== 'function') throw new ArgumentError(`customJvp of ${name}: expected defjvp to be given a function, got ${describeValue(r)}`);
      rule = r;
      cache = new CallCache();
    },
    defjvps: (...rules: (AnyFunction | null)[]) => {
      if (nondiff.length > 0) throw new ArgumentError(`customJvp of ${name}: defjvps does not go with nondiffArgnums; use defjvp`);
      symbolicZeros = false;
      rule = ((primals: unknown[], tangents: unknown[]) => {
        const out = (wrapped as (...a: unknown[]) => unknown)(...primals);
        const outs = resultsOf(out, name);
        let total: Array[] | null = null;
        rules.forEach((r, i) => {
          if (r === null) return;
          const part = resultsOf((r as (...a: unknown[]) => unknown)(tangents[i], out, ...primals), name, `derivative ${i}`);
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
  (...args: LikedArgs<Parameters<F>>): ReturnType<F>;
  /**
   * Gives the derivative: `fwd(...args)` returns `[out, residuals]`, `bwd(residuals, cotangent)` the list of the arguments' cotangents, where null is
   * zero. Nondifferentiable arguments are passed to `fwd` in place, and to `bwd` first, one by one.
   *
   * @param options with `symbolicZeros`, `fwd` gets each array as a {@link CustomVJPPrimal}, and `bwd` cotangents that are zero as {@link SymbolicZero}
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
  let symbolicZeros = false;
  let cache = new CallCache<Parameters<typeof customVjpCallP.bind>[0]>();
  const types: KnownTypes = new Map();
  const wrapped = like(f, (...args: unknown[]): unknown => {
    if (rules === undefined) throw new ArgumentError(`customVjp of ${name}: no derivative was given; call defjvp first`);
    const call = takeApart(`customVjp of ${name}`, args, nondiff);
    const { fwd, bwd } = rules;
    const symbolic = symbolicZeros;
    const user = new UserFunction(f, call, `customVjp of ${name}`, types);
    let resDef: TreeDef | undefined;
    // Leaves of the residuals that are no arrays go to the backward function as they are.
    let fixed: unknown[] = [];
    const forward: ForwardRule = (xs, perturbed) => {
      const what = `the forward function of ${name}`;
      const given = symbolic ? xs.map((x, i) => new CustomVJPPrimal(x, perturbed[i]!)) : xs;
      const pair = (fwd as (...a: unknown[]) => unknown)(...call.full(call.def.unflatten(given) as unknown[]));
      if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`${what}: expected it to return [result, residuals], got ${describeValue(pair)}`);
      const outs = user.results(pair[0], xs, what);
      const [values, rd] = flatten(pair[1], isArrayLeaf);
      resDef = rd;
      fixed = values.map((v) => (isArrayLeaf(v) ? ARRAY : v));
      return { outs, residuals: values.filter(isArrayLeaf).map((v) => asArray(v as never, what)) };
    };
    const backward: BackwardRule = (residuals, cts) => {
      const what = `the backward function of ${name}`;
      let next = 0;
      const res = resDef!.unflatten(fixed.map((v) => (v === ARRAY ? residuals[next++]! : v)));
      const full = user.outAvals.map((a, i) => cts[i] ?? zeroFor(a, symbolic));
      const back = (bwd as (...a: unknown[]) => unknown)(...call.nondiff, res, user.outDef.unflatten(full));
      return cotangentsOf(back, call, what);
    };
    const outs = callCustom(vjpCall({
      name, symbolicZeros: symbolic, run: user.run, fwd: named(forward, fwd), bwd: named(backward, bwd),
      stageOwn: (leaves) => {
        const { params, consts, outDef } = cache.find(call, () => {
          const { callJaxpr, consts: captured, outDef: def } = stageCall(f, call, name, name);
          const k = captured.length;
          user.knownTypes(leaves, def, callJaxpr.outAvals);
          const fwdJaxprFun: ForwardRule = (xs, perturbed) => forward(xs.slice(k), perturbed.slice(k));
          const back: BackwardRule = (residuals, cts) => [...captured.map(() => null), ...backward(residuals, cts)];
          return { params: { name, callJaxpr, fwdJaxprFun: named(fwdJaxprFun, fwd), bwd: named(back, bwd), symbolicZeros: symbolic }, consts: captured, outDef: def };
        });
        user.knownTypes(leaves, outDef, params.callJaxpr.outAvals);
        return customVjpCallP.bind(params, ...consts, ...leaves);
      },
    }), call.leaves);
    return user.outDef.unflatten(outs);
  });
  return Object.assign(wrapped as (...args: LikedArgs<Parameters<F>>) => ReturnType<F>, {
    defvjp: (fwd: AnyFunction, bwd: AnyFunction, given?: RuleOptions) => {
      symbolicZeros = ruleOptions(`customVjp of ${name}`, given);
      if (typeof fwd !== 'function' || typeof bwd !== 'function') throw new ArgumentError(`customVjp of ${name}: expected defvjp(fwd, bwd) to be given two functions`);
      rules = { fwd, bwd };
      cache = new CallCache();
    },
  });
}

const ARRAY = Symbol('array');

function cotangentLeaves(given: unknown, def: TreeDef, what: string): unknown[] {
  const isLeaf = (x: unknown) => isArrayLeaf(x) || x instanceof SymbolicZero;
  const shape = structure(given, isLeaf);
  if (def.kind !== 'leaf' && shape.kind === 'leaf') throw new ArgumentError(`${what}: expected a cotangent of structure ${def}, got ${shape}`);
  try {
    return broadcastPrefix(given, def, what);
  } catch (e) {
    if (e instanceof TreeError) throw new ArgumentError(`${what}: expected a cotangent of structure ${def}, got ${shape}`, { cause: e });
    throw e;
  }
}

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
    // Null stands for zeros of whatever part of the argument it is at.
    const values = cotangentLeaves(back[i], d, `${what}, argument ${i}`);
    return values.map((v, j) => {
      const { aval } = mine[j]!;
      if (v === null || v instanceof SymbolicZero || !isDifferentiable(aval)) return null;
      return castTangent(asArray(v as never, what), aval, `${what}, argument ${i}`);
    });
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
  return like(f, (...args) => {
    // The pull-back holds arrays of the forward pass, so it is staged into operands: residuals are what it captured.
    const what = `customGradient of ${name}`;
    const call = takeApart(what, args, []);
    const run = (xs: readonly unknown[]): [unknown, AnyFunction] => {
      const r = (f as unknown as (...a: unknown[]) => unknown)(...xs);
      if (!globalThis.Array.isArray(r) || r.length !== 2 || typeof r[1] !== 'function') throw new ArgumentError(`${what}: expected the function to return [result, pull], got ${describeValue(r)}`);
      return r as [unknown, AnyFunction];
    };
    const g = customVjp(like(f, (...xs: unknown[]) => run(xs)[0]) as AnyFunction);
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
  });
}
