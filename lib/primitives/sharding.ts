import type { Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { mainBackend } from '../core/backend';
import { ArgumentError } from '../core/errors';
import { Mesh } from '../core/mesh';
import { PartitionSpec } from '../core/partitionSpec';
import { buffersOn, PlacedArray } from '../core/placedArray';
import { definePrimitive, type SinglePrimitive } from '../core/primitive';
import { Verbatim } from '../core/pythonText';
import { internSharding, NamedSharding, sameDevices, type Sharding } from '../core/sharding';
import { perDevice } from '../core/trace';
import { shardingConstraint as emitConstraint } from '../stablehlo/sharding';

/** The type of a value that is to lie in some way: its own. @throws ArgumentError within shardMap, where values are on their devices */
const lying = (op: string) => ([x]: readonly ShapedArray[], { sharding }: PutParams): ShapedArray => {
  if (perDevice() !== null) throw new ArgumentError(`${op}: within shardMap each device has its own values, which are not divided further`);
  sharding.check(x!.shape, op);
  return x!;
};

interface PutParams {
  sharding: Sharding;
}

interface ConstraintParams {
  sharding: NamedSharding;
}

/** The sharding of an array with one dimension more. */
function withDimension({ mesh, spec }: NamedSharding, at: number, entry: null | typeof PartitionSpec.UNCONSTRAINED): NamedSharding {
  const entries = [...spec.entries];
  while (entries.length < at) entries.push(null);
  entries.splice(at, 0, entry);
  return internSharding(new NamedSharding(mesh, new PartitionSpec(...entries)));
}

/** One device by itself: whatever machine the samples run on has it. */
const sampleSharding = (): NamedSharding => internSharding(new NamedSharding(new Mesh([mainBackend().client.addressableDevices[0]!], ['x']), new PartitionSpec('x')));

const shardingConstraintP: SinglePrimitive<ConstraintParams> = definePrimitive<ConstraintParams>({
  name: 'sharding_constraint',
  print: { params: ({ sharding }) => ({ sharding: new Verbatim(String(sharding)) }) },
  abstract: lying('withShardingConstraint'),
  lower: (ctx, [x], { sharding }) => (ctx.partitions === 1 ? x! : emitConstraint(ctx, x!, sharding)),
  impl: ([x], { sharding }) => {
    // What was put somewhere is moved among these devices by a program, which finds out where it is on others.
    if ((x instanceof PlacedArray && x.isCommitted) || sharding.spec.isOpen) return null;
    return [put(x as ConcreteArray, sharding, 'withShardingConstraint')];
  },
  jvp: 'linear',
  transpose: (ct, _, params) => [shardingConstraintP.bind(params, ct)],
  batch: (_, [x], [dim], { sharding }) => [shardingConstraintP.bind({ sharding: withDimension(sharding, dim!, PartitionSpec.UNCONSTRAINED) }, x!), dim!],
  sample: () => [{ inputs: [{ shape: [4, 2], dtype: 'float32' }], params: { sharding: sampleSharding() } }],
});

/** Says how a value is to lie on the devices of a mesh. */
export const shardingConstraint = (x: Array, sharding: NamedSharding): Array => shardingConstraintP.bind({ sharding: internSharding(sharding) }, x);

/** An array with values in another place, without a program: by way of the host where it is cut up anew. */
function put(x: ConcreteArray, sharding: Sharding, op: string): PlacedArray {
  return new PlacedArray(x.aval, sharding, buffersOn(x, sharding, op), true);
}

const devicePutP: SinglePrimitive<PutParams> = definePrimitive<PutParams>({
  name: 'device_put',
  print: { params: ({ sharding }) => ({ sharding: new Verbatim(String(sharding)) }) },
  abstract: lying('devicePut'),
  // A program runs where its arguments are: one device of its own is none for a value within it, as in JAX.
  lower: (ctx, [x], { sharding }) => (ctx.partitions > 1 && sharding instanceof NamedSharding ? emitConstraint(ctx, x!, sharding) : x!),
  impl: ([x], { sharding }) => {
    if (x instanceof PlacedArray && x.isCommitted && sharding instanceof NamedSharding && x.placement !== sharding && sameDevices(x.placement.deviceList, sharding.deviceList)) {
      return [shardingConstraintP.bind({ sharding }, x)];
    }
    return [put(x as ConcreteArray, sharding, 'devicePut')];
  },
  jvp: 'linear',
  transpose: (ct) => [ct],
  batch: (_, [x], [dim], { sharding }) => [devicePutP.bind({ sharding: sharding instanceof NamedSharding ? withDimension(sharding, dim!, null) : sharding }, x!), dim!],
  sample: () => [{ inputs: [{ shape: [4, 2], dtype: 'float32' }], params: { sharding: sampleSharding() } }],
});

/** The array on other devices. */
export const devicePut = (x: Array, sharding: Sharding): Array => devicePutP.bind({ sharding: internSharding(sharding) }, x);
