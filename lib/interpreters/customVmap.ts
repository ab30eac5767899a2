import type { Array } from '../core/array';
import { ShapeError } from '../core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { batchFlat, materialize } from './batch';
import { twiceJaxpr } from './customRules';
import { named } from './derivativeRules';
import { functionParts } from './jit';
import { isDifferentiable, jvpFlat, jvpJaxpr } from './jvp';
import { instantiateZeros } from './partial';

/** Results over an axis of this size, from arguments that have it at 0 where so marked; results have it at 0 where the rule says so. */
export type VmapRule = (axisSize: number, isBatched: readonly boolean[], args: readonly Array[]) => { outs: readonly Array[]; isBatched: readonly boolean[] };

export interface CustomVmapParams {
  name: string;
  call: ClosedJaxpr;
  rule: VmapRule;
}

/** A function that is mapped by a rule given with it. Mirrors JAX's `custom_vmap_call`. */
export const customVmapCallP: MultiPrimitive<CustomVmapParams> = defineMultiPrimitive<CustomVmapParams>({
  name: 'custom_vmap_call',
  print: { params: ({ call, rule }) => ({ call, rule: rule.name }) },
  ...functionParts(({ call }) => call),
  jvp: (primals, tangents, { name, call, rule }) => {
    const avals = primals.map((x) => x.aval);
    const linear = avals.map((a) => isDifferentiable(a));
    const { jaxpr, nonzeroOut } = jvpJaxpr(call, linear, true);
    const given = instantiateZeros(tangents, avals).filter((_, i) => linear[i]);
    const outs = customVmapCallP.bind({ name, call: jaxpr, rule: named(jvpOfRule(rule, linear, nonzeroOut), rule) }, ...primals, ...given);
    const n = nonzeroOut.length;
    let next = n;
    return [outs.slice(0, n), nonzeroOut.map((z) => (z ? outs[next++]! : null))];
  },
  transpose: absent('a function with a vmap rule of its own has no reverse derivative; wrap it in customVjp'),
  batch: (axis, args, dims, { name, call, rule }) => {
    const mapped = dims.map((d) => d !== null);
    const r = rule(axis.size, mapped, args.map((x, i) => (mapped[i] ? materialize(x, dims[i]!, axis.size) : x)));
    r.outs.forEach((x, i) => {
      const want = call.outAvals[i]!;
      const aval = r.isBatched[i] ? want.withShape([axis.size, ...want.shape]) : want;
      if (!x.aval.matches(aval)) throw new ShapeError(`the vmap rule of ${name}: expected result ${i} to be of type ${aval}, got ${x.aval}`);
    });
    return [r.outs, r.isBatched.map((b) => (b ? 0 : null))];
  },
  sample: () => [{
    inputs: [{ shape: [3], dtype: 'float32' }],
    params: { name: 'f', call: twiceJaxpr(3), rule: (_, isBatched, args) => ({ outs: evalJaxpr(twiceJaxpr(args[0]!.shape[0]!).jaxpr, [], args), isBatched }) },
    skip: { grad: 'has no reverse derivative' },
  }],
});

/**
 * The rule for a function's derivative. Where a primal and its tangent both have the axis the function's own rule takes it; where only one of the two
 * has, the rule is told of none, and its derivative is mapped. (Where both occur among the arguments, all that have the axis get it on both sides.)
 */
function jvpOfRule(rule: VmapRule, linear: readonly boolean[], nonzeroOut: readonly boolean[]): VmapRule {
  const n = linear.length;
  const tangentOf = linear.flatMap((l, i) => (l ? [i] : []));
  return (size, isBatched, args) => {
    const primal = isBatched.slice(0, n);
    const tangent = linear.map(() => false);
    tangentOf.forEach((i, k) => {
      tangent[i] = isBatched[n + k]!;
    });
    const both = primal.map((p, i) => p && (tangent[i]! || !linear[i]));
    const anyBoth = both.some(Boolean);
    const own = anyBoth ? primal.map((p, i) => p || tangent[i]!) : both;
    const place = (x: Array, has: boolean, i: number) => (own[i] && !has ? materialize(x, null, size) : x);
    const primals = args.slice(0, n).map((x, i) => place(x, primal[i]!, i));
    const given = args.slice(n).map((x, k) => place(x, tangent[tangentOf[k]!]!, tangentOf[k]!));
    let outBatched: readonly boolean[] = [];
    const r = batchFlat((xs) => {
      let next = n;
      const d = jvpFlat((ps) => {
        const inner = rule(size, own, ps);
        outBatched = inner.isBatched;
        return inner.outs;
      }, xs.slice(0, n), linear.map((l) => (l ? xs[next++]! : null)));
      return [...d.outs, ...instantiateZeros(d.tangents, d.outs.map((x) => x.aval)).filter((_, i) => nonzeroOut[i])];
    }, { size, name: null }, [...primals, ...given], [...primal.map((p, i) => (p && !own[i] ? 0 : null)), ...tangentOf.map((i) => (tangent[i] && !own[i] ? 0 : null))]);
    const of = [...nonzeroOut.keys(), ...nonzeroOut.flatMap((z, i) => (z ? [i] : []))];
    return {
      outs: r.outs.map((x, i) => (r.dims[i] === null ? x : materialize(x, r.dims[i]!, size))),
      isBatched: r.dims.map((d, i) => d !== null || outBatched[of[i]!]!),
    };
  };
}
