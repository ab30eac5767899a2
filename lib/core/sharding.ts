import { Device } from '../pjrt';
import type { Shape } from './aval';
import { describeValue } from './describe';
import { ArgumentError, ShapeError } from './errors';
import { Mesh } from './mesh';
import { PartitionSpec } from './partitionSpec';
import { identityOf } from './paramsKey';

/** The part of an array that a device holds: a range `[start, stop]` for each dimension, in the form that `x.slice` takes. */
export type ShardIndex = readonly (readonly [number, number])[];

/** Shape of a part. */
export function shapeOfPart(index: ShardIndex): number[] {
  return index.map(([start, stop]) => stop - start);
}

/** A device's part, and the number of devices before it that hold the same. */
export interface Part {
  readonly index: ShardIndex;
  readonly replicaId: number;
}

/** How an array lies on devices. Mirrors `jax.sharding.Sharding`. @example np.ones([2]).sharding instanceof sharding.Sharding; // true */
export abstract class Sharding {
  /** The devices in their order: that of a mesh, row-major. */
  abstract readonly deviceList: readonly Device[];
  /** Equal for shardings that are the same for every array. @internal */
  abstract readonly key: string;

  /** @throws ShapeError if an array of the shape cannot be shared out so */
  abstract check(shape: Shape, op: string): void;
  /** Shape of a device's part of an array. @throws ShapeError if the array cannot be shared out so */
  abstract shardShape(globalShape: Shape): number[];
  /** Where each device's part is, in the order of {@link deviceList}. @internal */
  abstract parts(globalShape: Shape): readonly Part[];
  /** Whether every device holds the whole array. */
  abstract readonly isFullyReplicated: boolean;

  /** The devices. */
  get deviceSet(): Set<Device> {
    return new Set(this.deviceList);
  }

  get numDevices(): number {
    return this.deviceList.length;
  }

  /** Always: all devices are those of this process. */
  get isFullyAddressable(): boolean {
    return this.deviceList.every((d) => d.addressable);
  }

  /** For each device the ranges of its part. @throws ShapeError if the array cannot be shared out so */
  devicesIndicesMap(globalShape: Shape): Map<Device, ShardIndex> {
    const parts = this.parts(globalShape);
    return new Map(this.deviceList.map((d, i) => [d, parts[i]!.index]));
  }

  /** Whether the other one puts the same parts on the same devices, for arrays of `ndim` dimensions. */
  isEquivalentTo(other: Sharding, ndim: number): boolean {
    if (!(other instanceof Sharding)) return false;
    if (this.key === other.key) return true;
    if (!sameDevices(this.deviceList, other.deviceList)) return false;
    const mine = this.factors(ndim);
    const theirs = other.factors(ndim);
    // A shape that both can share out: the parts say all.
    const shape = mine.map((n, d) => n * theirs[d]!);
    return JSON.stringify(this.parts(shape).map((p) => p.index)) === JSON.stringify(other.parts(shape).map((p) => p.index));
  }

  /** Into how many parts each dimension is cut. @internal */
  abstract factors(ndim: number): number[];

  equals(other: Sharding): boolean {
    return other instanceof Sharding && this.key === other.key;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Whether two lists have the same devices in the same order. */
export function sameDevices(a: readonly Device[], b: readonly Device[]): boolean {
  return a === b || (a.length === b.length && a.every((d, i) => d === b[i]));
}

const whole = (shape: Shape): ShardIndex => shape.map((n) => [0, n] as const);

/**
 * The whole array on one device. Mirrors `jax.sharding.SingleDeviceSharding`.
 *
 * @throws ArgumentError for what is no device
 * @example
 * ```ts
 * const x = devicePut(np.ones([2]), new sharding.SingleDeviceSharding(pjrt.defaultClient().devices[0]!));
 * ```
 */
export class SingleDeviceSharding extends Sharding {
  readonly device: Device;
  readonly deviceList: readonly Device[];
  readonly key: string;
  readonly isFullyReplicated = true;

  constructor(device: Device) {
    super();
    if (!(device instanceof Device)) throw new ArgumentError(`SingleDeviceSharding: expected a device, got ${describeValue(device)}`);
    if (!device.addressable) throw new ArgumentError(`SingleDeviceSharding: ${device} belongs to another process`);
    this.device = device;
    this.deviceList = Object.freeze([device]);
    this.key = `device ${identityOf(device)}`;
  }

  override check(): void {}

  override shardShape(globalShape: Shape): number[] {
    return [...globalShape];
  }

  override parts(globalShape: Shape): readonly Part[] {
    return [{ index: whole(globalShape), replicaId: 0 }];
  }

  override factors(ndim: number): number[] {
    return new globalThis.Array<number>(ndim).fill(1);
  }

  override toString(): string {
    return `SingleDeviceSharding(device=${this.device})`;
  }
}

/**
 * An array shared out over the devices of a mesh: each dimension over the axes that the spec names for it, and held as often as there are devices along the axes
 * that it does not name. Mirrors `jax.sharding.NamedSharding`.
 *
 * @param mesh the devices
 * @param spec axes of the mesh for each dimension
 * @throws ArgumentError for an axis that the mesh does not have
 * @example
 * ```ts
 * const mesh = makeMesh([1], ['batch']);
 * const rows = new sharding.NamedSharding(mesh, P('batch'));
 * rows.shardShape([8, 3]); // [8, 3]
 * ```
 */
export class NamedSharding extends Sharding {
  readonly mesh: Mesh;
  readonly spec: PartitionSpec;
  readonly deviceList: readonly Device[];
  readonly key: string;

  constructor(mesh: Mesh, spec: PartitionSpec) {
    super();
    if (!(mesh instanceof Mesh)) throw new ArgumentError(`NamedSharding: expected a Mesh, got ${describeValue(mesh)}`);
    if (!(spec instanceof PartitionSpec)) throw new ArgumentError(`NamedSharding: expected a PartitionSpec, got ${describeValue(spec)}`);
    for (const axis of spec.axes) if (!mesh.axisNames.includes(axis)) throw new ArgumentError(`NamedSharding: the axis '${axis}' of ${spec} is not one of ${mesh}`);
    this.mesh = mesh;
    this.spec = spec;
    this.deviceList = mesh.deviceList;
    this.key = `mesh ${mesh.id} ${spec}`;
  }

  override factors(ndim: number): number[] {
    return globalThis.Array.from({ length: ndim }, (_, d) => this.spec.axesOf(d).reduce((n, a) => n * this.mesh.axisSize(a), 1));
  }

  get isFullyReplicated(): boolean {
    return this.spec.axes.every((a) => this.mesh.axisSize(a) === 1);
  }

  override check(shape: Shape, op: string): void {
    const { entries } = this.spec;
    if (entries.length > shape.length) throw new ShapeError(`${op}: ${this} is for arrays of at least ${entries.length} dimensions, got one of shape [${shape.join(', ')}]`);
    this.factors(shape.length).forEach((n, d) => {
      if (shape[d]! % n !== 0) throw new ShapeError(`${op}: ${this} cuts dimension ${d} into ${n} parts, expected a multiple of that, got ${shape[d]} (shape [${shape.join(', ')}])`);
    });
  }

  override shardShape(globalShape: Shape): number[] {
    this.check(globalShape, 'shardShape');
    const factors = this.factors(globalShape.length);
    return globalShape.map((n, d) => n / factors[d]!);
  }

  override parts(globalShape: Shape): readonly Part[] {
    const sizes = this.shardShape(globalShape);
    const seen = new Map<string, number>();
    return this.deviceList.map((_, device) => {
      const place = this.place(device, sizes.length);
      const index = sizes.map((n, d) => [place[d]! * n, place[d]! * n + n] as const);
      const key = index.join(';');
      const replicaId = seen.get(key) ?? 0;
      seen.set(key, replicaId + 1);
      return { index, replicaId };
    });
  }

  /** Which part of each dimension a device has. @internal */
  place(device: number, ndim: number): number[] {
    return globalThis.Array.from({ length: ndim }, (_, d) => this.spec.axesOf(d).reduce((k, a) => k * this.mesh.axisSize(a) + this.mesh.coordinate(device, a), 0));
  }

  override toString(): string {
    return `NamedSharding(mesh=${this.mesh}, spec=${this.spec})`;
  }
}

const interned = new Map<string, Sharding>();

/** The first sharding made that is equal: what is kept by sharding is then found by comparing objects. */
export function internSharding<S extends Sharding>(s: S): S {
  const known = interned.get(s.key);
  if (known !== undefined) return known as S;
  interned.set(s.key, s);
  return s;
}

const single = new WeakMap<Device, SingleDeviceSharding>();

/** The sharding of arrays that lie on one device, one object for each. */
export function onDevice(device: Device): SingleDeviceSharding {
  let s = single.get(device);
  if (s === undefined) single.set(device, (s = internSharding(new SingleDeviceSharding(device))));
  return s;
}
