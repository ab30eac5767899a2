import { type Array, ConcreteArray } from '../core/array';
import { checkShape, ShapedArray } from '../core/aval';
import { mainBackend } from '../core/backend';
import { checkFunction, checkList, checkOptionalFunction } from '../core/checks';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type DeviceGrid, Mesh } from '../core/mesh';
import { type PartitionEntry, PartitionSpec } from '../core/partitionSpec';
import { PlacedArray, shardingOf } from '../core/placedArray';
import { chooseDevice, chooseMesh, chosenMesh } from '../core/placing';
import { NamedSharding, onDevice, shapeOfPart, Sharding, type ShardIndex } from '../core/sharding';
import { broadcastPrefix, flatten } from '../core/tree';
import { Device } from '../pjrt';
import { isPromise } from '../pjrt/promises';
import * as p from '../primitives/sharding';
import { type ArrayLike, asArray, describeValue } from './arrayLike';
import { checkOptions } from './options';
import { arraysOf, isArrayLeaf, toArrays } from './treeFunction';

/** Where an array is to be: a device, a sharding, or a spec of the mesh that {@link setMesh} set. */
export type Place = Device | Sharding | PartitionSpec;

/**
 * A {@link sharding.PartitionSpec}, by JAX's short name. Mirrors `jax.P`.
 *
 * @param entries for each dimension the name of an axis, a list of names, or null
 * @example
 * String(P('batch', null)); // "P('batch', None)"
 */
export function P(...entries: readonly PartitionEntry[]): PartitionSpec {
  return new PartitionSpec(...entries);
}

/** The sharding that a place stands for. @throws ArgumentError for something else, or a spec without a mesh */
export function placeOf(op: string, place: unknown): Sharding {
  if (place instanceof Sharding) return place;
  if (place instanceof Device) return onDevice(place);
  if (place instanceof PartitionSpec) {
    const mesh = chosenMesh();
    if (mesh === null) throw new ArgumentError(`${op}: ${place} needs a mesh: set one with setMesh(mesh, f), or give a NamedSharding`);
    return new NamedSharding(mesh, place);
  }
  throw new ArgumentError(`${op}: expected a device, a sharding or a PartitionSpec, got ${describeValue(place)}`);
}

const isPlace = (x: unknown): boolean => x instanceof Sharding || x instanceof Device || x instanceof PartitionSpec;

/** For each leaf of a tree its place, from a tree of places that is a prefix of it; null where nothing is said. */
export function placesOf(op: string, places: unknown, def: Parameters<typeof broadcastPrefix>[1]): (Sharding | null)[] {
  return broadcastPrefix(places, def, op, isPlace).map((s) => (s === null || s === undefined ? null : placeOf(op, s)));
}

/** A tree with those of its arrays in shardings that are asked for; a device by itself says nothing within a program. */
export function constrained(op: string, tree: unknown, places: unknown): unknown {
  if (places === null) return tree;
  const { leaves, def } = arraysOf(tree, op);
  const to = placesOf(op, places, def);
  return def.unflatten(leaves.map((x, i) => {
    const s = to[i]!;
    s?.check(x.shape, op);
    return s instanceof NamedSharding ? p.shardingConstraint(x, s) : x;
  }));
}

/** A sharding by name. @throws ArgumentError for one device */
export function namedPlace(op: string, place: unknown): NamedSharding {
  const s = placeOf(op, place);
  if (!(s instanceof NamedSharding)) throw new ArgumentError(`${op}: expected a NamedSharding or a PartitionSpec, got ${s}`);
  return s;
}

/** A tree with arrays in place of numbers. */
export type Placed<T> = T extends number | boolean | bigint | ArrayBufferView ? Array : T;

/** Options of {@link devicePut}. */
export interface DevicePutOptions {
  /** Whether the memory of the given arrays may go: they are deleted where the result does not share it. */
  donate?: boolean;
  /** Whether the result may share the memory of the given array where that is there already. Default true. */
  mayAlias?: boolean;
}

/**
 * Arrays on other devices. Programs that take them run there. Mirrors `jax.device_put`.
 *
 * @param x an array, or a tree of them
 * @param place a device, a sharding, a spec of the mesh that is set, or a tree of these that is a prefix of x; null: the default device, where
 *   other arguments of a program decide where it runs
 * @throws ShapeError if a spec is longer than a shape, or its axes do not divide it
 * @throws ArgumentError for what is no place, or a spec without a mesh
 * @example
 * ```ts
 * const mesh = makeMesh([1], ['batch']);
 * const x = devicePut(np.ones([8, 3]), new sharding.NamedSharding(mesh, P('batch')));
 * String(x.sharding); // "NamedSharding(mesh=Mesh('batch': 1), spec=P('batch',))"
 * ```
 */
export function devicePut<T>(x: T, place: Place | object | null = null, options: DevicePutOptions = {}): Placed<T> {
  const { donate = false, mayAlias = true } = checkOptions('devicePut', ['donate', 'mayAlias'], options);
  const [values, def] = flatten(x, isArrayLeaf);
  const places = placesOf('devicePut', place, def);
  const moved = toArrays(values, def, 'devicePut', '').map((a, i) => {
    const to = places[i]!;
    if (to === null) return a;
    if (!(a instanceof ConcreteArray)) return p.devicePut(a, to);
    return putValue(a, to, donate, mayAlias);
  });
  return def.unflatten(moved) as never;
}

function putValue(a: ConcreteArray, to: Sharding, donate: boolean, mayAlias: boolean): Array {
  const moved = p.devicePut(a, to) as PlacedArray;
  const own = a instanceof PlacedArray ? a.buffers : a.onHost ? [] : [a.buffer];
  const shared = own.some((b) => moved.buffers.includes(b));
  if (shared && !mayAlias) return new PlacedArray(moved.aval, to, moved.buffers.map((b) => (own.includes(b) ? b.copyToDevice(b.device) : b)), true);
  if (donate && !shared) a.dispose();
  return moved;
}

/**
 * Says how a value is to lie on the devices of a mesh, within a traced function or outside. Mirrors `jax.lax.with_sharding_constraint`.
 *
 * @param x an array, or a tree of them
 * @param shardings a NamedSharding, a spec of the mesh that is set, or a tree of these that is a prefix of x
 * @throws ShapeError if a spec is longer than a shape, or its axes do not divide it
 * @throws ArgumentError for what is no such sharding, or where the program runs on other devices
 * @example
 * ```ts
 * const rows = new sharding.NamedSharding(makeMesh([1], ['batch']), P('batch'));
 * jit((x: np.Array) => lax.withShardingConstraint(x.mul(2), rows))(np.ones([4])).js(); // [2, 2, 2, 2]
 * ```
 */
export function withShardingConstraint<T>(x: T, shardings: NamedSharding | PartitionSpec | object): Placed<T> {
  const [values, def] = flatten(x, isArrayLeaf);
  const places = placesOf('withShardingConstraint', shardings, def);
  return def.unflatten(toArrays(values, def, 'withShardingConstraint', '').map((a, i) => (places[i] === null ? a : p.shardingConstraint(a, namedPlace('withShardingConstraint', places[i]))))) as never;
}

/**
 * Arrays in another sharding of a mesh: within a traced function as {@link lax.withShardingConstraint}, outside as {@link devicePut}. Mirrors `jax.reshard`; as
 * there are no types that say how arrays lie, it takes any axis.
 *
 * @param xs an array, or a tree of them
 * @param outShardings a NamedSharding, a spec of the mesh that is set, or a tree of these that is a prefix of xs
 * @throws ShapeError if a spec is longer than a shape, or its axes do not divide it
 * @example
 * ```ts
 * const mesh = makeMesh([1], ['batch']);
 * reshard(np.ones([4]), new sharding.NamedSharding(mesh, P('batch'))).js(); // [1, 1, 1, 1]
 * ```
 */
export function reshard<T>(xs: T, outShardings: NamedSharding | PartitionSpec | object): Placed<T> {
  const [values, def] = flatten(xs, isArrayLeaf);
  const places = placesOf('reshard', outShardings, def);
  return def.unflatten(toArrays(values, def, 'reshard', '').map((a, i) => (places[i] === null ? a : p.devicePut(a, namedPlace('reshard', places[i]))))) as never;
}

/**
 * A mesh of so many devices along each axis, the first ones. Mirrors `jax.make_mesh`.
 *
 * @param axisShapes sizes of the axes
 * @param axisNames their names
 * @param options `devices`: the devices to take, by default all
 * @throws ArgumentError if there are not so many devices, or the names do not fit
 * @example
 * ```ts
 * const mesh = makeMesh([1, 1], ['batch', 'model']);
 * mesh.shape; // { batch: 1, model: 1 }
 * ```
 */
export function makeMesh(axisShapes: readonly number[], axisNames: readonly string[], options: { devices?: readonly Device[] } = {}): Mesh {
  const { devices = mainBackend().client.addressableDevices } = checkOptions('makeMesh', ['devices'], options);
  checkList('makeMesh', 'axisShapes', axisShapes);
  checkList('makeMesh', 'devices', devices);
  const shape = checkShape('makeMesh', axisShapes, 'axisShapes');
  const needed = shape.reduce((n, k) => n * k, 1);
  if (needed < 1 || needed > devices.length) throw new ArgumentError(`makeMesh: expected axisShapes whose product is from 1 to the number of devices, ${devices.length}, got [${shape.join(', ')}]${devices.length === 1 ? '; XLASTATE_CPU_DEVICES, or environ.setHostDeviceCount, divides the CPU into several' : ''}`);
  let next = 0;
  const build = (d: number): DeviceGrid => (d === shape.length ? devices[next++]! : globalThis.Array.from({ length: shape[d]! }, () => build(d + 1)));
  return new Mesh(build(0), axisNames);
}

/** A setting in force until it is disposed of. */
export interface PlacementContext {
  [Symbol.dispose](): void;
}

/** Runs a function with something set, or sets it until what is returned is disposed of. */
function during<T, R>(op: string, choose: (x: T) => T, x: T, f: (() => R) | undefined): R | PlacementContext {
  checkOptionalFunction(op, 'f', f);
  const before = choose(x);
  const back = { [Symbol.dispose]: () => void choose(before) };
  if (f === undefined) return back;
  try {
    const result = f();
    if (isPromise(result)) throw new ArgumentError(`${op}: expected a synchronous function, got one that returns a Promise: the setting would be back before it ends`);
    return result;
  } finally {
    back[Symbol.dispose]();
  }
}

/**
 * The mesh that specs without a mesh are of, and that programs run on whose arguments have no place of their own, while a function runs; without a function, from now
 * on, or until what it returns is disposed of. Mirrors `jax.set_mesh`.
 *
 * @param mesh a mesh, or null for none
 * @param f a function
 * @throws ArgumentError for what is no mesh, or an async function
 * @example
 * ```ts
 * const x = setMesh(makeMesh([1], ['batch']), () => devicePut(np.ones([4]), P('batch')));
 * ```
 */
export function setMesh<R>(mesh: Mesh | null, f: () => R): R;
export function setMesh(mesh: Mesh | null): PlacementContext;
export function setMesh<R>(mesh: Mesh | null, f?: () => R): R | PlacementContext {
  if (mesh !== null && !(mesh instanceof Mesh)) throw new ArgumentError(`setMesh: expected a Mesh or null, got ${describeValue(mesh)}`);
  return during('setMesh', chooseMesh, mesh, f);
}

/**
 * The device of new arrays, and of programs whose arguments have no place of their own, while a function runs; without a function, from now on, or until what it
 * returns is disposed of. Mirrors `jax.default_device`.
 *
 * @param device a device, or null for the first one
 * @param f a function
 * @throws ArgumentError for what is no device of the default client, or an async function
 * @example
 * ```ts
 * const [first] = pjrt.defaultClient().devices;
 * defaultDevice(first!, () => np.ones([2]).device) === first; // true
 * ```
 */
export function defaultDevice<R>(device: Device | null, f: () => R): R;
export function defaultDevice(device: Device | null): PlacementContext;
export function defaultDevice<R>(device: Device | null, f?: () => R): R | PlacementContext {
  if (device !== null && !(device instanceof Device && mainBackend().client.addressableDevices.includes(device))) {
    throw new ArgumentError(`defaultDevice: expected a device of pjrt.defaultClient() or null, got ${device instanceof Device ? `${device} of another client` : describeValue(device)}`);
  }
  return during('defaultDevice', chooseDevice, device, f);
}

/**
 * An array of parts that a function gives, each asked for once. Mirrors `jax.make_array_from_callback`.
 *
 * @param shape shape of the whole
 * @param sharding how it lies
 * @param dataCallback gives the part of ranges `[start, stop]`, one for each dimension
 * @throws ShapeError if the sharding does not fit the shape, or a part has another shape than its ranges
 * @throws DtypeError if parts have different types
 * @example
 * ```ts
 * const rows = new sharding.NamedSharding(makeMesh([1], ['batch']), P('batch'));
 * makeArrayFromCallback([4], rows, ([[start, stop]]) => np.arange(start, stop)).js(); // [0, 1, 2, 3]
 * ```
 */
export function makeArrayFromCallback(shape: readonly number[], sharding: Sharding, dataCallback: (index: ShardIndex) => ArrayLike): Array {
  const op = 'makeArrayFromCallback';
  checkFunction(op, 'dataCallback', dataCallback);
  const dims = checkShape(op, shape);
  const to = placeOf(op, sharding);
  to.check(dims, op);
  const known = new Map<string, ConcreteArray>();
  const parts = to.parts(dims).map(({ index }) => {
    const key = JSON.stringify(index);
    let part = known.get(key);
    if (part === undefined) {
      const given = asArray(dataCallback(index), `${op}: the part`);
      if (!(given instanceof ConcreteArray)) throw new ArgumentError(`${op}: expected parts with values, got an array of type ${given.aval} that is being traced`);
      known.set(key, (part = given));
    }
    return part;
  });
  return assembled(op, dims, to, parts.map((x, i) => p.devicePut(x, onDevice(to.deviceList[i]!)) as PlacedArray));
}

/**
 * An array of parts that are on their devices already. Mirrors `jax.make_array_from_single_device_arrays`.
 *
 * @param shape shape of the whole
 * @param sharding how it lies
 * @param arrays the part of each device of the sharding, in any order; the whole shares their memory
 * @throws ShapeError if the sharding does not fit the shape, or a part has another shape than it says
 * @throws ArgumentError if there is not one part for each device
 * @throws DtypeError if parts have different types
 * @example
 * ```ts
 * const rows = new sharding.NamedSharding(makeMesh([1], ['batch']), P('batch'));
 * makeArrayFromSingleDeviceArrays([2], rows, [np.array([1, 2])]).js(); // [1, 2]
 * ```
 */
export function makeArrayFromSingleDeviceArrays(shape: readonly number[], sharding: Sharding, arrays: readonly Array[]): Array {
  const op = 'makeArrayFromSingleDeviceArrays';
  const dims = checkShape(op, shape);
  const to = placeOf(op, sharding);
  to.check(dims, op);
  checkList(op, 'arrays', arrays);
  if (arrays.length !== to.numDevices) throw new ArgumentError(`${op}: expected an array for each of ${to.numDevices} devices of ${to}, got ${arrays.length}`);
  const parts = arrays.map((x, i) => {
    if (!(x instanceof ConcreteArray)) throw new ArgumentError(`${op}: expected arrays with values, got ${describeValue(x)} as array ${i}`);
    const at = shardingOf(x);
    if (at.numDevices !== 1) throw new ArgumentError(`${op}: expected arrays on one device each, but array ${i} has ${at}`);
    return { device: at.deviceList[0]!, x };
  });
  return assembled(op, dims, to, to.deviceList.map((device) => {
    const part = parts.find((q) => q.device === device);
    if (part === undefined) throw new ArgumentError(`${op}: expected an array on ${device}, got arrays on ${parts.map((q) => q.device).join(', ')}`);
    return p.devicePut(part.x, onDevice(device)) as PlacedArray;
  }));
}

function assembled(op: string, shape: readonly number[], to: Sharding, parts: readonly PlacedArray[]): Array {
  const { dtype } = parts[0]!;
  to.parts(shape).forEach(({ index }, i) => {
    const expected = shapeOfPart(index);
    const part = parts[i]!;
    if (part.shape.join() !== expected.join()) throw new ShapeError(`${op}: expected a part of shape [${expected.join(', ')}] on ${to.deviceList[i]}, got [${part.shape.join(', ')}]`);
    if (part.dtype !== dtype) throw new DtypeError(`${op}: expected parts of one type, got ${dtype} and ${part.dtype}`);
  });
  return new PlacedArray(new ShapedArray([...shape], dtype), to, parts.map((x) => x.buffers[0]!), true);
}
