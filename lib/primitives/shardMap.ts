import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { mainBackend } from '../core/backend';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ClosedJaxpr, Eqn, evalJaxpr } from '../core/jaxpr';
import { cachedOn, jaxprAxisNames } from '../core/jaxprCache';
import { Mesh } from '../core/mesh';
import { type PartitionEntry, PartitionSpec } from '../core/partitionSpec';
import { dceClosed } from '../core/passes/dce';
import { defineMultiPrimitive, isUndefinedPrimal, type MultiPrimitive } from '../core/primitive';
import { Verbatim } from '../core/pythonText';
import { internSharding, NamedSharding } from '../core/sharding';
import { perDevice, withMeshAxes } from '../core/trace';
import { batchJaxpr } from '../interpreters/batch';
import { jvpJaxpr } from '../interpreters/jvp';
import { instantiateZeros, partialEvalJaxpr } from '../interpreters/partial';
import { hoistConsts, stage, withoutConsts } from '../interpreters/stage';
import { transposeJaxpr } from '../interpreters/transpose';
import { manualComputation } from '../stablehlo/manual';
import { psum } from './collective';
import { div, mul, sin } from './elementwise';
import { full, moveaxis, reshape } from './structural';

/** A function of each device's parts of the arguments, on all devices of a mesh. */
export interface ShardMapParams {
  jaxpr: ClosedJaxpr;
  mesh: Mesh;
  /** How operands lie, and so which parts each device has. */
  ins: readonly NamedSharding[];
  /** How the whole results are made of the devices' own. */
  outs: readonly NamedSharding[];
  /** Whether it is proven that results are the same along the axes that their shardings do not name. Says nothing of the program. */
  checkVma: boolean;
}

/** Type of a device's part of an array. */
export function partType(a: ShapedArray, s: NamedSharding): ShapedArray {
  return a.withShape(s.shardShape(a.shape));
}

/** Type of the array that devices have parts of. */
function wholeType(a: ShapedArray, s: NamedSharding): ShapedArray {
  const factors = s.factors(a.ndim);
  return a.withShape(a.shape.map((n, d) => n * factors[d]!));
}

/** The axes of the mesh, of more than one device, along which an array is not shared out. */
function unnamed({ mesh, spec }: NamedSharding): string[] {
  const axes = spec.axes;
  return mesh.axisNames.filter((n) => !axes.includes(n) && mesh.axisSize(n) > 1);
}

const share = (mesh: Mesh, ...entries: readonly PartitionEntry[]) => internSharding(new NamedSharding(mesh, new PartitionSpec(...entries)));

/** Each device's own value as an entry of an array. */
const eachOwn = (mesh: Mesh) => share(mesh, mesh.axisNames);

/** The sharding of an array with a leading dimension that is not shared out. */
const withLeading = (s: NamedSharding) => share(s.mesh, null, ...s.spec.entries);

/** Traces code of each device that is derived from other such code. */
function derived(mesh: Mesh, f: (args: Array[]) => readonly Array[], avals: readonly ShapedArray[]): ClosedJaxpr {
  return withoutConsts(stage((args) => withMeshAxes(mesh.axisNames, mesh.axisSizes, false, () => f(args)), avals));
}

export const shardMapP: MultiPrimitive<ShardMapParams> = defineMultiPrimitive<ShardMapParams>({
  name: 'shard_map',
  print: {
    params: ({ checkVma, ins, jaxpr, mesh, outs }) => {
      const specs = (of: readonly NamedSharding[]) => new Verbatim(`(${of.map((s) => s.spec).join(', ')}${of.length === 1 ? ',' : ''})`);
      return { checkVma, inSpecs: specs(ins), jaxpr, mesh: new Verbatim(String(mesh)), outSpecs: specs(outs) };
    },
  },
  abstract: (avals, { jaxpr, ins, outs }) => {
    avals.forEach((a, i) => {
      ins[i]!.check(a.shape, 'shardMap');
      const wanted = jaxpr.inAvals[i]!;
      const part = partType(a, ins[i]!);
      if (part.dtype !== wanted.dtype) throw new DtypeError(`shardMap: expected operand ${i} to have parts of type ${wanted}, got ${part}`);
      if (!part.matches(wanted)) throw new ShapeError(`shardMap: expected operand ${i} to have parts of type ${wanted}, got ${part}`);
    });
    return jaxpr.outAvals.map((a, i) => wholeType(a, outs[i]!));
  },
  lower: (ctx, args, { jaxpr, mesh, ins, outs }, outAvals) => {
    if (ctx.manual !== null) throw new ArgumentError('shardMap: it cannot be used within itself');
    if (ctx.partitions !== mesh.size) throw new ArgumentError(`shardMap: expected a program on the ${mesh.size} devices of ${mesh}, got one on ${ctx.partitions}`);
    return manualComputation(ctx, jaxpr, args, mesh, ins, outs, outAvals);
  },
  effects: ({ jaxpr }) => [...jaxpr.effects],
  axisNames: ({ jaxpr, mesh }) => jaxprAxisNames(jaxpr).filter((n) => !mesh.axisNames.includes(n)),
  jvp: (primals, tangents, p) => {
    const nonzero = tangents.map((t) => t !== null);
    const d = jvpJaxpr(p.jaxpr, nonzero);
    const results = shardMapP.bind(
      { ...p, jaxpr: d.jaxpr, ins: [...p.ins, ...p.ins.filter((_, i) => nonzero[i])], outs: [...p.outs, ...p.outs.filter((_, i) => d.nonzeroOut[i])] },
      ...primals, ...tangents.filter((t) => t !== null),
    );
    const n = p.outs.length;
    let next = n;
    return [results.slice(0, n), d.nonzeroOut.map((z) => (z ? results[next++]! : null))];
  },
  partialEval: (known, unknown, args, isUnknown, p) => {
    const { mesh, ins, outs } = p;
    const split = partialEvalJaxpr(p.jaxpr, isUnknown, false, { forward: isUnknown.map((u) => !u) });
    const n = split.known.jaxpr.outvars.length - split.residuals.length;
    // What the unknown part needs of the known one differs from device to device: it lies as an array with an entry for each.
    const kept = cachedOn(split.known, `residuals/${mesh.id}`, () => derived(mesh, (xs) => evalJaxpr(split.known.jaxpr, [], xs).map((x, i) => (i < n ? x : reshape(x, [1, ...x.shape]))), split.known.inAvals));
    const read = cachedOn(split.unknown, `residuals/${mesh.id}`, () => derived(mesh, (xs) => evalJaxpr(split.unknown.jaxpr, [], xs.map((x, i) => (i < split.residuals.length ? reshape(x, x.shape.slice(1)) : x))),
      split.unknown.inAvals.map((a, i) => (i < split.residuals.length ? a.withShape([1, ...a.shape]) : a))));
    const each = split.residuals.map(() => eachOwn(mesh));
    const knownOuts = outs.filter((_, i) => !split.outUnknown[i]);
    const first = known(() => shardMapP.bind({ ...p, jaxpr: kept, ins: ins.filter((_, i) => !isUnknown[i]), outs: [...knownOuts, ...each] }, ...args.filter((_, i) => !isUnknown[i])));
    const second = unknown(() => shardMapP.bind(
      { ...p, jaxpr: read, ins: [...each, ...split.forwarded.map((i) => ins[i]!), ...ins.filter((_, i) => isUnknown[i])], outs: outs.filter((_, i) => split.outUnknown[i]) },
      ...first.slice(n), ...split.forwarded.map((i) => args[i]!), ...args.filter((_, i) => isUnknown[i]),
    ));
    let [k, u] = [0, 0];
    return split.outUnknown.map((x) => (x ? second[u++]! : first[k++]!));
  },
  dce: (used, eqn) => {
    const p = eqn.params as ShardMapParams;
    const d = dceClosed(p.jaxpr, used);
    const params = { ...p, jaxpr: d.closed, ins: p.ins.filter((_, i) => d.usedInputs[i]), outs: p.outs.filter((_, i) => used[i]) };
    return new Eqn(eqn.prim, eqn.inputs.filter((_, i) => d.usedInputs[i]), eqn.outputs.filter((_, i) => used[i]), params, [...d.closed.effects], eqn.scope);
  },
  transpose: (cts, args, p, outs) => {
    const { mesh } = p;
    const isLinear = args.map(isUndefinedPrimal);
    const t = transposeJaxpr(p.jaxpr, isLinear);
    const inputs = p.ins.filter((_, i) => !isLinear[i]);
    const linear = p.ins.filter((_, i) => isLinear[i]);
    // A result that several devices give is one of them: each has its share of the cotangent. An operand that several have gets the sum of theirs.
    const shares = p.outs.map((s) => unnamed(s).reduce((n, a) => n * mesh.axisSize(a), 1));
    const back = cachedOn(t, `transpose/${mesh.id}/${shares.join()}/${linear.map((s) => s.key).join(';')}`, () => derived(mesh, (xs) => {
      const shared = xs.map((x, i) => {
        const n = i < inputs.length ? 1 : shares[i - inputs.length]!;
        return n === 1 ? x : div(x, full(x.shape, n, x.dtype));
      });
      return evalJaxpr(t.jaxpr, [], shared).map((ct, i) => unnamed(linear[i]!).reduce((x, axis) => psum(x, axis), ct));
    }, t.inAvals));
    const results = shardMapP.bind({ ...p, jaxpr: back, ins: [...inputs, ...p.outs], outs: linear }, ...args.filter((x): x is Array => !isUndefinedPrimal(x)), ...instantiateZeros(cts, outs));
    let next = 0;
    return isLinear.map((l) => (l ? results[next++]! : null));
  },
  batch: (axis, args, dims, p) => {
    const mapped = dims.map((d) => d !== null);
    const b = batchJaxpr(p.jaxpr, axis, mapped);
    const moved = args.map((x, i) => (dims[i] === null || dims[i] === 0 ? x : moveaxis(x, dims[i]!, 0)));
    const results = shardMapP.bind({ ...p, jaxpr: b.jaxpr, ins: p.ins.map((s, i) => (mapped[i] ? withLeading(s) : s)), outs: p.outs.map((s, i) => (b.outMapped[i] ? withLeading(s) : s)) }, ...moved);
    return [results, b.outMapped.map((m) => (m ? 0 : null))];
  },
  sample: () => {
    const mesh = new Mesh([mainBackend().client.addressableDevices[0]!], ['x']);
    const a = { shape: [3], dtype: 'float32' } as const;
    const { closed } = hoistConsts(stage(([x, y]) => withMeshAxes(['x'], [1], false, () => [psum(mul(sin(x!), y!), 'x'), x!]), [a, a].map((s) => new ShapedArray(s.shape, s.dtype)), 'f'));
    return [{ inputs: [a, a], params: { jaxpr: closed, mesh, ins: [share(mesh, 'x'), share(mesh)], outs: [share(mesh), share(mesh, 'x')], checkVma: false } }];
  },
});

/** Applies code of each device. @throws ArgumentError within such code */
export function shardMap(params: ShardMapParams, args: readonly Array[]): Array[] {
  if (perDevice() !== null) throw new ArgumentError('shardMap: it cannot be used within itself: its function runs on each device');
  return shardMapP.bind(params, ...args);
}
