import { inspect } from 'node:util';
import { ClosedJaxpr } from '../core/jaxpr';
import { type Optimizations, optimizeJaxpr } from '../core/passes/simplify';
import { Tracer } from '../core/trace';
import { flatten } from '../core/tree';
import { type ArrayLike, asArray } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { avalsOf, bindStatic, checkAxisEnv, checkStatic, evalShape as pureEvalShape, type MakeJaxprOptions, ShapeDtypeStruct, withAxes } from '../functional/staging';
import { trailingOptions } from '../functional/trailingOptions';
import { type AnyFunction, isArrayLeaf, type Loose, nameOf } from '../functional/treeFunction';
import { isPromise } from '../pjrt/promises';
import type { State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { PureFunction } from './pure';
import { traceStateful } from './statefulTrace';

/** A function's jaxpr, and the states that it touches. @example transform.makeJaxpr((x: Array) => x.add(1))(np.array(1)).jaxpr.jaxpr.eqns.length; // 1 */
export class StatefulJaxpr {
  /** Inputs are arguments, then states; outputs results, then states. */
  readonly jaxpr: ClosedJaxpr;
  readonly states: readonly State<unknown>[];
  /** Types of the result, where `returnShape` asked for them. */
  readonly outShapes: Loose;

  constructor(jaxpr: ClosedJaxpr, states: readonly State<unknown>[], outShapes?: unknown) {
    this.jaxpr = jaxpr;
    this.states = states;
    this.outShapes = outShapes;
  }

  /** JAX's text of the jaxpr; where there are states, a pair of it and them, as BrainState prints it. */
  toString(): string {
    if (this.states.length === 0) return String(this.jaxpr);
    return `(${String(this.jaxpr)}, (${this.states.map((s) => s.render(0)).join(', ')}${this.states.length === 1 ? ',' : ''}))`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Traces a function, or a module, and gives its jaxpr: `makeJaxpr(f)(...args)`. Printing the result prints it as JAX does.
 *
 * Mirrors `brainstate.transform.make_jaxpr`, and on functions without states `jax.make_jaxpr`.
 *
 * @param options `returnOnlyWrite` leaves states that are only read out of the outputs; `returnShape` adds the types of the result, as `outShapes`;
 *   `axisEnv` names mapped axes, as `[['i', 4]]`;
 *   `irOptimizations` runs passes (see `optimizeJaxpr`) on the jaxpr, which then is no longer JAX's
 * @example
 * String(transform.makeJaxpr((x: Array) => x.add(1))(np.array(1))); // '{ lambda ; a:f32[]. let b:f32[] = add a 1.0:f32[] in (b,) }'
 */
export function makeJaxpr(f: Callable, options: MakeJaxprOptions & { returnOnlyWrite?: boolean; returnShape?: boolean; irOptimizations?: Optimizations | null } = {}): (...args: unknown[]) => StatefulJaxpr {
  const fn = asFunction(f, 'makeJaxpr');
  options = checkOptions('makeJaxpr', ['staticArgnums', 'axisEnv', 'returnOnlyWrite', 'returnShape', 'irOptimizations'], options);
  const statics = checkStatic('makeJaxpr', options.staticArgnums, fn);
  const axes = checkAxisEnv('makeJaxpr', options.axisEnv);
  return (...args) => {
    const what = `makeJaxpr of ${nameOf(fn)}`;
    const { g, rest } = bindStatic('makeJaxpr', fn, args, statics);
    const { avals, def } = avalsOf(rest, what);
    const t = withAxes(axes, () => traceStateful(g, def, avals, what, nameOf(fn), options.returnOnlyWrite !== true));
    const closed = new ClosedJaxpr(t.jaxpr, t.consts);
    const { irOptimizations: optimizations } = options;
    const shapes = options.returnShape === true ? t.outDef.unflatten(t.jaxpr.outAvals.slice(0, t.numOuts).map(ShapeDtypeStruct.of)) : undefined;
    return new StatefulJaxpr(optimizations ? optimizeJaxpr(closed, { optimizations }) : closed, t.states, shapes);
  };
}

/** Options of {@link evalShape}. */
export interface EvalShapeOptions {
  /** Whether the types of the states' values that the function touches are given, too: as `[types by state, result]`. */
  returnStateShapes?: boolean;
}

/** A tree of arrays as their types, what else is in it as it is. */
function typesOf(x: unknown): unknown {
  const [leaves, def] = flatten(x, isArrayLeaf);
  return def.unflatten(leaves.map((v) => (isArrayLeaf(v) ? ShapeDtypeStruct.of(asArray(v as ArrayLike, 'evalShape').aval) : v)));
}

/**
 * Types of a function's results, without computing them: `evalShape(f, ...args, options?)`. States stay as they are. Objects that are no trees of arrays,
 * modules above all, are given as they are, with types in place of the values of the states that the function made.
 *
 * Mirrors `brainstate.transform.eval_shape` and `jax.eval_shape`.
 *
 * @example
 * String((transform.evalShape((x: Array) => np.matmul(x, x), np.ones([3, 3])) as ShapeDtypeStruct).shape); // '3,3'
 */
export function evalShape(f: Callable, ...rest: unknown[]): unknown {
  const fn = asFunction(f, 'evalShape');
  const { args, options } = trailingOptions<EvalShapeOptions>(rest, ['returnStateShapes']);
  const pure = new PureFunction(fn, [], `evalShape of ${nameOf(fn)}`);
  const made: State<unknown>[] = [];
  let types: unknown;
  let shapes: Map<State<unknown>, unknown> | null = null;
  try {
    pureEvalShape(Object.defineProperty(((...xs: unknown[]) => {
      types = null;
      const [result, { writes }] = pure.run([], ...xs);
      // Of what is no array, only objects that may hold states are handed on; the rest is an error, as everywhere.
      if (result === undefined || isPromise(result) || flatten(result, isArrayLeaf)[0].some((x) => !isArrayLeaf(x) && (typeof x !== 'object' || pure.made.length === 0))) return result;
      types = typesOf(result);
      shapes = new Map([...pure.touched].map((s) => [s, typesOf(s.current())]));
      pure.written.forEach((s, i) => shapes!.set(s, typesOf(writes[i])));
      made.push(...pure.made);
      return null;
    }) as AnyFunction, 'name', { value: nameOf(fn) }), ...args);
    // A module that the function made goes on with types: it tells what it would hold.
    for (const s of made) if (flatten(s.current(), isArrayLeaf)[0].some((x) => x instanceof Tracer)) s.replaceQuietly(typesOf(s.current()));
  } finally {
    pure.close();
  }
  return options.returnStateShapes === true ? [shapes, types] : types;
}
