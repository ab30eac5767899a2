import { scalarType, ShapedArray } from '../core/aval';
import { ArgumentError } from '../core/errors';
import type { ClosedJaxpr } from '../core/jaxpr';
import type { IrValue, LoweringContext } from '../core/lowering';
import type { Mesh } from '../core/mesh';
import type { NamedSharding } from '../core/sharding';
import { Block } from './block';
import { convert, divide, op, reshape } from './ops';
import { axisText, shardingText } from './sharding';
import { tensorType } from './types';

const names = (values: readonly IrValue[]) => values.map((v) => v.name).join(', ');
const types = (values: readonly IrValue[]) => values.map((v) => tensorType(v.aval)).join(', ');

/** A jaxpr as the code of each device of a mesh: its inputs are the device's parts of the arguments, its results parts of the results. */
export function manualComputation(ctx: LoweringContext, closed: ClosedJaxpr, args: readonly IrValue[], mesh: Mesh, ins: readonly NamedSharding[], outs: readonly NamedSharding[], outAvals: readonly ShapedArray[]): IrValue[] {
  const outer = ctx as Block;
  if (mesh.size === 1) {
    // One device has all of everything: its code stands in the program itself.
    const block = new Block(outer.module, outer, mesh);
    const results = block.lowerJaxpr(closed.jaxpr, args).map(({ name, aval }) => ({ name, aval }));
    outer.lines.push(...block.lines);
    return results;
  }
  const { meshes } = outer.module;
  // The body sees nothing of what is around it, constants neither.
  const inner = new Block(outer.module, null, mesh);
  const values = closed.inAvals.map((a) => inner.value(a));
  const results = inner.lowerJaxpr(closed.jaxpr, values);
  const made = outAvals.map((a) => outer.value(a));
  const lie = (of: readonly NamedSharding[], avals: readonly ShapedArray[]) => of.map((s, i) => shardingText(meshes, s, avals[i]!.ndim)).join(', ');
  const axes = mesh.axisNames.map((n) => axisText(mesh, n)).join(', ');
  const end = results.length === 0 ? 'sdy.return' : `sdy.return ${names(results)} : ${types(results)}`;
  outer.lines.push(`${made.length === 0 ? '' : `${names(made)} = `}sdy.manual_computation(${names(args)}) in_shardings=[${lie(ins, args.map((a) => a.aval))}] out_shardings=[${lie(outs, outAvals)}] manual_axes={${axes}} (${
    values.map((v) => `${v.name}: ${tensorType(v.aval)}`).join(', ')}) {\n${inner.lines.join('\n')}\n${end}\n} : (${types(args)}) -> ${made.length === 1 ? types(made) : `(${types(made)})`}`);
  return made;
}

/** The mesh of an axis that an operation among devices is over. @throws ArgumentError where there is none */
function meshOf(ctx: LoweringContext, name: string, axis: string): Mesh {
  if (ctx.manual === null || !ctx.manual.axisNames.includes(axis)) throw new ArgumentError(`${name}: unbound axis name '${axis}'`);
  return ctx.manual;
}

/** Numbers of the devices that differ in their place along an axis only, group by group, each in the order of the axis. */
function groupsAlong(mesh: Mesh, axis: string): number[][] {
  const groups = new Map<string, number[]>();
  mesh.deviceList.forEach((_, d) => {
    const key = mesh.axisNames.map((n) => (n === axis ? 0 : mesh.coordinate(d, n))).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [d]);
    else group.push(d);
  });
  return [...groups.values()];
}

/** Attributes of an operation among the devices along an axis. */
function among(ctx: LoweringContext, mesh: Mesh, axis: string): string {
  const groups = groupsAlong(mesh, axis);
  return `${channel(ctx)}, replica_groups = dense<${JSON.stringify(groups)}> : tensor<${groups.length}x${groups[0]!.length}xi64>`;
}

const channel = (ctx: LoweringContext) => `channel_handle = #stablehlo.channel_handle<handle = ${++(ctx as Block).module.channels}, type = 1>`;

/** What a function of two makes of the values of all devices along an axis, on each of them. */
export function allReduce(ctx: LoweringContext, name: string, x: IrValue, axis: string, combine: (c: LoweringContext, a: IrValue, b: IrValue) => IrValue): IrValue {
  const mesh = meshOf(ctx, name, axis);
  if (mesh.axisSize(axis) === 1) return x;
  const scalar = scalarType(x.aval.dtype);
  return op(ctx, 'all_reduce', [x], x.aval, `${among(ctx, mesh, axis)}, use_global_device_ids`, [ctx.region([scalar, scalar], (c, [a, b]) => [combine(c, a!, b!)])]);
}

/** The values of all devices along an axis, stacked along a new leading dimension, on each of them. */
export function allGather(ctx: LoweringContext, name: string, x: IrValue, axis: string): IrValue {
  const mesh = meshOf(ctx, name, axis);
  const one = reshape(ctx, x, x.aval.withShape([1, ...x.aval.shape]));
  const n = mesh.axisSize(axis);
  if (n === 1) return one;
  return op(ctx, 'all_gather', [one], x.aval.withShape([n, ...x.aval.shape]), `all_gather_dim = 0 : i64, ${among(ctx, mesh, axis)}, use_global_device_ids`);
}

/** The sum of the values of all devices along an axis, of whose leading dimension each gets the entry of its place. */
export function reduceScatter(ctx: LoweringContext, name: string, x: IrValue, axis: string, combine: (c: LoweringContext, a: IrValue, b: IrValue) => IrValue): IrValue {
  const mesh = meshOf(ctx, name, axis);
  const rest = x.aval.withShape(x.aval.shape.slice(1));
  if (mesh.axisSize(axis) === 1) return reshape(ctx, x, rest);
  const scalar = scalarType(x.aval.dtype);
  const own = op(ctx, 'reduce_scatter', [x], rest.withShape([1, ...rest.shape]), `scatter_dimension = 0 : i64, ${among(ctx, mesh, axis)}, use_global_device_ids`, [ctx.region([scalar, scalar], (c, [a, b]) => [combine(c, a!, b!)])]);
  return reshape(ctx, own, rest);
}

/** Entry i of the leading dimension goes to the device at place i of an axis, and what comes is stacked in the order of the devices. */
export function allToAll(ctx: LoweringContext, name: string, x: IrValue, axis: string): IrValue {
  const mesh = meshOf(ctx, name, axis);
  const n = mesh.axisSize(axis);
  if (n === 1) return x;
  return op(ctx, 'all_to_all', [x], x.aval, `split_dimension = 0 : i64, concat_dimension = 0 : i64, split_count = ${n} : i64, ${among(ctx, mesh, axis)}`);
}

/** The value of the device at place `from[i]` of an axis on that at place i; zeros where that is negative. */
export function permute(ctx: LoweringContext, name: string, x: IrValue, axis: string, from: readonly number[]): IrValue {
  const mesh = meshOf(ctx, name, axis);
  if (mesh.axisSize(axis) === 1 && from[0] === 0) return x;
  const pairs = groupsAlong(mesh, axis).flatMap((g) => from.flatMap((source, target) => (source < 0 ? [] : [[g[source]!, g[target]!]])));
  if (pairs.length === 0) return ctx.splat(x.aval.dtype === 'bool' ? false : 0, x.aval);
  return op(ctx, 'collective_permute', [x], x.aval, `${channel(ctx)}, source_target_pairs = dense<${JSON.stringify(pairs)}> : tensor<${pairs.length}x2xi64>`);
}

/** The device's place along an axis. */
export function placeAlong(ctx: LoweringContext, name: string, axis: string, out: ShapedArray): IrValue {
  const mesh = meshOf(ctx, name, axis);
  const size = mesh.axisSize(axis);
  if (size === 1) return ctx.splat(0, out);
  const stride = mesh.axisSizes.slice(mesh.axisNames.indexOf(axis) + 1).reduce((n, k) => n * k, 1);
  const number = new ShapedArray([], 'uint32');
  const id = op(ctx, 'partition_id', [], number);
  const place = op(ctx, 'remainder', [divide(ctx, id, ctx.splat(stride, number)), ctx.splat(size, number)], number);
  return convert(ctx, place, out);
}
