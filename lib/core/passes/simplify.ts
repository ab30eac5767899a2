import type { ConcreteArray } from '../array';
import { checkInteger } from '../checks';
import { dtypeKind } from '../dtype';
import { describeValue } from '../describe';
import { ArgumentError } from '../errors';
import { type Atom, ClosedJaxpr, Eqn, Jaxpr, Literal, Var } from '../jaxpr';
import { paramsKey } from '../paramsKey';
import { bind, currentTrace, withTrace } from '../trace';
import { dceJaxpr } from './dce';
import { onBoth, rewriteEqns, sameType } from './rewrite';

const identity = (xs: readonly number[]) => xs.every((v, i) => v === i);

/** Whether an operation gives its operand back: conversions, reshapes and transpositions that change nothing. */
function isCopy(e: Eqn): boolean {
  if (e.inputs.length !== 1 || e.outputs.length !== 1 || !sameType(e.inputs[0]!, e.outputs[0]!)) return false;
  switch (e.prim.name) {
    case 'copy': case 'copy_p': case 'convert_element_type': case 'reshape': return true;
    case 'transpose': return identity((e.params as { permutation: readonly number[] }).permutation);
    case 'broadcast_in_dim': return identity((e.params as { broadcastDimensions: readonly number[] }).broadcastDimensions);
    default: return false;
  }
}

/**
 * Takes out operations that give their operand back. Mirrors `brainstate.transform.copy_propagation`.
 *
 * @example
 * transform.copyPropagation(makeJaxpr((x: Array) => x.add(1))(np.array(2)).jaxpr).jaxpr.eqns.length; // 1
 */
export const copyPropagation = onBoth('copyPropagation', (jaxpr) => rewriteEqns(jaxpr, (e) => (isCopy(e) ? [e.inputs[0]!] : e)));

/**
 * Computes what is computed twice once. Operations with effects stay. Mirrors `brainstate.transform.common_subexpression_elimination`.
 *
 * @example
 * transform.commonSubexpressionElimination(makeJaxpr((x: Array) => np.sin(x).add(np.sin(x)))(np.array(2)).jaxpr).jaxpr.eqns.length; // 2
 */
export const commonSubexpressionElimination = onBoth('commonSubexpressionElimination', (jaxpr) => {
  const numbers = new Map<Atom, number>();
  const known = new Map<string, Eqn>();
  const atomKey = (a: Atom): string => {
    if (a instanceof Literal) return `${typeof a.value === 'object' ? `${a.value.re},${a.value.im}` : Object.is(a.value, -0) ? '-0' : String(a.value)}:${a.aval.key}`;
    let n = numbers.get(a);
    if (n === undefined) numbers.set(a, (n = numbers.size));
    return String(n);
  };
  return rewriteEqns(jaxpr, (e) => {
    if (e.effects.length > 0) return e;
    const key = `${e.prim.name}${paramsKey(e.params)}(${e.inputs.map(atomKey).join()})`;
    const first = known.get(key);
    if (first === undefined) {
      known.set(key, e);
      return e;
    }
    return first.outputs.every((v, i) => sameType(v, e.outputs[i]!)) ? first.outputs : e;
  });
});

/**
 * Removes what no result depends on; operations with effects stay. Mirrors `brainstate.transform.dead_code_elimination`.
 *
 * @example
 * transform.deadCodeElimination(makeJaxpr((x: Array) => (np.sin(x), x.add(1)))(np.array(2)).jaxpr).jaxpr.eqns.length; // 1
 */
export const deadCodeElimination = onBoth('deadCodeElimination', (jaxpr) => dceJaxpr(jaxpr, null, true).jaxpr);

const isLiteral = (a: Atom | undefined, value: number) => a instanceof Literal && a.value === value;

/**
 * Uses x + 0, x - 0, x * 1, x / 1, x ** 1, - - x and their like; of integers also x * 0 and x - x, which for floats would lose NaN.
 *
 * Mirrors `brainstate.transform.algebraic_simplification`.
 *
 * @example
 * transform.algebraicSimplification(makeJaxpr((x: Array) => x.mul(1))(np.array(2)).jaxpr).jaxpr.eqns.length; // 0
 */
export const algebraicSimplification = onBoth('algebraicSimplification', (jaxpr) => {
  const makers = new Map<Var, Eqn>();
  return rewriteEqns(jaxpr, (e) => {
    for (const v of e.outputs) makers.set(v, e);
    const out = e.outputs[0];
    if (out === undefined || e.outputs.length !== 1) return e;
    const [x, y] = e.inputs;
    const be = (a: Atom | undefined) => (a !== undefined && sameType(a, out) ? [a] : e);
    const exact = ['int', 'uint'].includes(dtypeKind(out.aval.dtype));
    const zero = () => (out.aval.ndim === 0 ? [new Literal(0, out.aval)] : e);
    switch (e.prim.name) {
      case 'add': case 'add_any': return isLiteral(y, 0) ? be(x) : isLiteral(x, 0) ? be(y) : e;
      case 'sub': return isLiteral(y, 0) ? be(x) : exact && x === y ? zero() : e;
      case 'mul': return isLiteral(y, 1) ? be(x) : isLiteral(x, 1) ? be(y) : exact && (isLiteral(x, 0) || isLiteral(y, 0)) ? zero() : e;
      case 'div': return isLiteral(y, 1) ? be(x) : e;
      case 'pow': return isLiteral(y, 1) ? be(x) : e;
      case 'integer_pow': return (e.params as { y: number }).y === 1 ? be(x) : e;
      case 'max': case 'min': case 'and': case 'or': return x === y ? be(x) : e;
      case 'neg': case 'not': {
        const inner = x instanceof Literal ? undefined : makers.get(x as Var);
        return inner?.prim === e.prim ? be(inner.inputs[0]) : e;
      }
      default: return e;
    }
  });
});

function root(): ReturnType<typeof currentTrace> {
  let t = currentTrace();
  while (t.parent !== null) t = t.parent;
  return t;
}

/**
 * Computes scalars that depend on literals only. Mirrors `brainstate.transform.constant_fold`.
 *
 * @example
 * transform.constantFold(makeJaxpr((x: Array) => x.add(1))(np.array(2)).jaxpr).jaxpr.eqns.length; // 1
 */
export const constantFold = onBoth('constantFold', (jaxpr) => rewriteEqns(jaxpr, (e) => {
  if (e.effects.length > 0 || e.inputs.length === 0 || !e.inputs.every((a) => a instanceof Literal) || !e.outputs.every((v) => v.aval.ndim === 0)) return e;
  const outs = withTrace(root(), () => bind(e.prim, e.inputs.map((a) => (a as Literal).array), e.params));
  return outs.map((x, i) => new Literal((x as ConcreteArray).item() as number, e.outputs[i]!.aval));
}));

const PASSES = { constantFold, deadCodeElimination, commonSubexpressionElimination, copyPropagation, algebraicSimplification };
/** Name of a pass on jaxprs. */
export type OptimizationName = keyof typeof PASSES;
/** Names of all passes, in the order in which they run. */
export const OPTIMIZATIONS = Object.keys(PASSES) as readonly OptimizationName[];

/** A pass by its name, or by BrainState's short one. */
export type OptimizationAlias = OptimizationName | 'cse' | 'dce';
/** Which passes: a list of names in order, one name, or `'all'`. */
export type Optimizations = readonly OptimizationAlias[] | OptimizationAlias | 'all';

const ALIASES: Readonly<Record<string, OptimizationName>> = { cse: 'commonSubexpressionElimination', dce: 'deadCodeElimination' };

/** Passes in order; null where none are asked for. @throws ArgumentError for what are no names of passes */
export function listOptimizations(op: string, names: unknown): readonly OptimizationName[] | null {
  if (names === undefined || names === null) return null;
  if (names === 'all') return OPTIMIZATIONS;
  const list: readonly unknown[] = globalThis.Array.isArray(names) ? names : [names];
  return list.map((name) => {
    const full = typeof name !== 'string' ? name : (ALIASES[name] ?? name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()));
    if (!OPTIMIZATIONS.includes(full as OptimizationName)) throw new ArgumentError(`${op}: expected optimizations to be 'all' or names of ${OPTIMIZATIONS.join(', ')}, got ${typeof name === 'string' ? `'${name}'` : describeValue(name)}`);
    return full as OptimizationName;
  });
}

/** What to do of {@link optimizeJaxpr}. */
export interface OptimizeOptions {
  /** How often all passes run at most; they end when nothing changes. Default 3. */
  maxIterations?: number;
  /** Which passes, in order; default all. */
  optimizations?: Optimizations | null;
  /** Whether the console is told how many equations each pass leaves. Default false. */
  verbose?: boolean;
}

/**
 * Simplifies a jaxpr: constants folded, what is computed twice or for nothing removed, identities used. Inputs, outputs and values stay the same.
 *
 * Mirrors `brainstate.transform.optimize_jaxpr`.
 *
 * @throws ArgumentError for another option, or the name of no optimisation
 * @example
 * transform.optimizeJaxpr(makeJaxpr((x: Array) => (np.sin(x), x.mul(1).add(1)))(np.array(2)).jaxpr).jaxpr.eqns.length; // 1
 */
export function optimizeJaxpr<J extends Jaxpr | ClosedJaxpr>(jaxpr: J, options: OptimizeOptions = {}): J {
  if (options === null || typeof options !== 'object') throw new ArgumentError(`optimizeJaxpr: expected an options object, got ${typeof options} ${String(options)}`);
  const { maxIterations = 3, optimizations, verbose = false, ...rest } = options;
  for (const k of Object.keys(rest)) throw new ArgumentError(`optimizeJaxpr: unknown option '${k}'; expected one of maxIterations, optimizations, verbose`);
  checkInteger('optimizeJaxpr', 'maxIterations', maxIterations, 1);
  const passes = listOptimizations('optimizeJaxpr', optimizations) ?? OPTIMIZATIONS;
  const size = (j: Jaxpr | ClosedJaxpr) => (j instanceof ClosedJaxpr ? j.jaxpr : j).eqns.length;
  let current = jaxpr;
  for (let i = 0; i < maxIterations; i++) {
    const before = current;
    for (const name of passes) {
      const made = PASSES[name](current);
      if (verbose) console.log(`optimizeJaxpr: round ${i + 1}, ${name}: ${size(current)} -> ${size(made)} equations`);
      current = made;
    }
    if (current === before) break;
  }
  return current;
}

/**
 * Puts the equations of compiled functions in place of their calls. Mirrors `brainstate.transform.inline_jit`.
 *
 * @param shouldExpand which calls; default all
 * @example
 * transform.inlineJit(makeJaxpr((x: Array) => jit((v: Array) => v.add(1))(x))(np.array(2)).jaxpr).jaxpr.eqns.length; // 1
 */
export function inlineJit<J extends Jaxpr | ClosedJaxpr>(jaxpr: J, shouldExpand: (e: Eqn) => boolean = () => true): J {
  return onBoth('inlineJit', (j) => inlined(j, shouldExpand))(jaxpr);
}

function inlined(jaxpr: Jaxpr, shouldExpand: (e: Eqn) => boolean): Jaxpr {
  const eqns: Eqn[] = [];
  const env = new Map<Atom, Atom>();
  const read = (a: Atom): Atom => env.get(a) ?? a;
  let same = true;
  for (const e of jaxpr.eqns) {
    const inputs = e.inputs.map(read);
    const inner = e.prim.name === 'jit' && shouldExpand(e) ? (e.params as { jaxpr: ClosedJaxpr }).jaxpr : null;
    if (inner === null) {
      eqns.push(inputs.some((a, i) => a !== e.inputs[i]) ? new Eqn(e.prim, inputs, e.outputs, e.params, e.effects, e.scope) : e);
      continue;
    }
    same = false;
    const body = inlined(inner.jaxpr, shouldExpand);
    const local = new Map<Atom, Atom>(body.invars.map((v, i) => [v, inputs[i]!]));
    const at = (a: Atom): Atom => local.get(a) ?? a;
    for (const b of body.eqns) {
      // A function may be called twice: each place has its own variables.
      const outputs = b.outputs.map((v) => new Var(v.aval));
      b.outputs.forEach((v, i) => local.set(v, outputs[i]!));
      eqns.push(new Eqn(b.prim, b.inputs.map(at), outputs, b.params, b.effects, b.scope));
    }
    body.outvars.forEach((a, i) => env.set(e.outputs[i]!, at(a)));
  }
  return same ? jaxpr : new Jaxpr(jaxpr.constvars, jaxpr.invars, eqns, jaxpr.outvars.map(read), jaxpr.name);
}
