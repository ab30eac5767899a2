import type { Array } from '../core/array';
import { checkFunction } from '../core/checks';
import { ArgumentError, TreeError } from '../core/errors';
import { broadcastPrefix, flatten, structure, type TreeDef, unflatten } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { type AnyFunction, arraysOf, FlatFunction, like, type LikedArgs, nameOf, resultsOf } from '../functional/treeFunction';
import { customVmapCallP, type VmapRule } from '../interpreters/customVmap';
import { named } from '../interpreters/derivativeRules';
import { hoistConsts, stage } from '../interpreters/stage';
import { map } from './maps';

/** A function that is mapped by a rule of its own; see {@link customVmap}. */
export interface CustomVmap<F extends AnyFunction> {
  (...args: LikedArgs<Parameters<F>>): ReturnType<F>;
  /**
   * Gives the rule, and returns it: `rule(axisSize, inBatched, ...args)` returns `[out, outBatched]`. `inBatched` has for each argument a tree of booleans: whether its arrays
   * have the mapped axis, which is then the first; `outBatched` says the same of the result.
   */
  defVmap<R extends AnyFunction>(rule: R): R;
}

const isFlag = (x: unknown): boolean => typeof x === 'boolean';

/** A user's rule on flat arrays, of which the first `k` are captured by the function. */
function flatRule(name: string, rule: AnyFunction, def: TreeDef, outDef: TreeDef, k: number): VmapRule {
  const who = `the vmap rule ${nameOf(rule)} of ${name}`;
  return named<VmapRule>((axisSize, isBatched, args) => {
    if (isBatched.slice(0, k).some(Boolean)) throw new ArgumentError(`customVmap of ${name}: it captured an array that has the mapped axis, which the rule cannot be told of; pass it as an argument`);
    const pair = (rule as (...a: unknown[]) => unknown)(axisSize, unflatten(def, isBatched.slice(k)), ...(unflatten(def, args.slice(k)) as unknown[]));
    if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`${who}: expected it to return [result, whether it has the axis], got ${describeValue(pair)}`);
    const outs = resultsOf(pair[0], who, 'it');
    const [flags, flagDef] = flatten(pair[1], isFlag);
    if (!flagDef.equals(outs.def)) throw new TreeError(`${who}: expected its result and what says which parts have the axis to have one structure, got ${outs.def} and ${flagDef}`);
    if (!outs.def.equals(outDef)) throw new TreeError(`${who}: expected a result of the structure of the function's, ${outDef}, got ${outs.def}`);
    const wrong = flags.find((b) => typeof b !== 'boolean');
    if (wrong !== undefined) throw new ArgumentError(`${who}: expected booleans that say which parts of the result have the axis, got ${describeValue(wrong)}`);
    return { outs: outs.leaves, isBatched: flags as boolean[] };
  }, rule);
}

/**
 * Lets it be said how `vmap` maps a function, where its own operations are not to be mapped one by one.
 *
 * Mirrors `jax.custom_batching.custom_vmap`. Such a function has forward derivatives; for reverse ones, wrap it in `customVjp`. The function is traced,
 * also when it runs eagerly.
 *
 * @param f a function
 * @throws ArgumentError if no rule was given, or the rule returns anything but `[result, whether it has the axis]`
 * @throws TreeError if the rule's result has another structure than the function's
 * @example
 * ```ts
 * const f = customVmap((x: Array, y: Array) => np.dot(x, y));
 * f.defVmap((axisSize: number, [x, y]: boolean[], xs: Array, ys: Array) => [np.einsum(`${x ? 'b' : ''}i,${y ? 'b' : ''}i->b`, xs, ys), true]);
 * (vmap(f, { inAxes: [0, null] })(np.ones([2, 3]), np.ones([3])) as Array).js(); // [3, 3]
 * ```
 */
export function customVmap<F extends AnyFunction>(f: F): CustomVmap<F> {
  checkFunction('customVmap', 'f', f);
  const name = nameOf(f);
  let rule: AnyFunction | undefined;
  const wrapped = like(f, (...args: unknown[]): unknown => {
    if (rule === undefined) throw new ArgumentError(`customVmap of ${name}: no rule was given; call defVmap first`);
    const what = `customVmap of ${name}`;
    const { leaves, def } = arraysOf(args, what);
    const flat = new FlatFunction(f, def, what);
    const { closed, consts } = hoistConsts(stage(flat.call, leaves.map((x) => x.aval), name));
    return flat.outDef.unflatten(customVmapCallP.bind({ name, call: closed, rule: flatRule(name, rule, def, flat.outDef, consts.length) }, ...consts, ...leaves));
  });
  return Object.assign(wrapped as (...args: LikedArgs<Parameters<F>>) => ReturnType<F>, {
    defVmap: <R extends AnyFunction>(given: R): R => {
      checkFunction(`customVmap of ${name}: defVmap`, 'rule', given);
      rule = given;
      return given;
    },
  });
}

/**
 * A function that `vmap` applies to one entry after another, in a loop: for what cannot be mapped.
 *
 * Mirrors `jax.custom_batching.sequential_vmap`.
 *
 * @param f a function
 * @example
 * ```ts
 * const f = sequentialVmap((x: Array) => x.add(1));
 * (vmap(f)(np.arange(3)) as Array).js(); // [1, 2, 3]
 * ```
 */
export function sequentialVmap<F extends AnyFunction>(f: F): CustomVmap<F> {
  checkFunction('sequentialVmap', 'f', f);
  const g = customVmap(f);
  g.defVmap((_size: number, inBatched: unknown[], ...args: unknown[]) => {
    const { leaves, def } = arraysOf(args, `sequentialVmap of ${nameOf(f)}`);
    const flags = broadcastPrefix(inBatched, def, 'sequentialVmap') as boolean[];
    const out = map((rows: readonly Array[]) => {
      let next = 0;
      return (g as AnyFunction)(...(def.unflatten(leaves.map((x, i) => (flags[i] ? rows[next++]! : x))) as unknown[])) as Array;
    }, leaves.filter((_, i) => flags[i]));
    return [out, unflatten(structure(out), globalThis.Array.from({ length: structure(out).numLeaves }, () => true))];
  });
  return g;
}
