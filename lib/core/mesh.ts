import { Device } from '../pjrt';
import { describeValue } from './describe';
import { ArgumentError } from './errors';
import { identityOf } from './paramsKey';
import { noteDevices } from './placing';

/** Devices in nested lists, or one. */
export type DeviceGrid = Device | readonly DeviceGrid[];

function shapeOf(grid: DeviceGrid): number[] {
  return grid instanceof Device || !globalThis.Array.isArray(grid) ? [] : [grid.length, ...(grid.length > 0 ? shapeOf(grid[0] as DeviceGrid) : [])];
}

/** The devices of a grid of the given shape, row-major. */
function flatten(grid: DeviceGrid, shape: readonly number[], out: Device[], depth = 0): Device[] {
  if (depth === shape.length) {
    if (!(grid instanceof Device)) throw new ArgumentError(`Mesh: expected devices in nested lists of one shape, got ${describeValue(grid)}`);
    if (!grid.addressable) throw new ArgumentError(`Mesh: ${grid} belongs to another process`);
    out.push(grid);
    return out;
  }
  if (!globalThis.Array.isArray(grid) || grid.length !== shape[depth]) throw new ArgumentError(`Mesh: expected devices in nested lists of one shape, got one of ${globalThis.Array.isArray(grid) ? grid.length : describeValue(grid)} where others have ${shape[depth]}`);
  for (const part of grid) flatten(part as DeviceGrid, shape, out, depth + 1);
  return out;
}

const ids = new Map<string, number>();

/**
 * Devices in a grid whose axes have names, by which arrays are shared out. Mirrors `jax.sharding.Mesh`; all its axes are what JAX calls `Auto`: the compiler
 * chooses how intermediate values lie.
 *
 * @param devices devices in nested lists, one level for each axis
 * @param axisNames a name for each axis
 * @throws ArgumentError for lists that are no grid, a device or a name that occurs twice, or names that are not one for each level
 * @example
 * ```ts
 * const [first] = pjrt.defaultClient().devices;
 * const mesh = new sharding.Mesh([[first!]], ['batch', 'model']);
 * mesh.shape; // { batch: 1, model: 1 }
 * ```
 */
export class Mesh {
  readonly axisNames: readonly string[];
  /** How many devices there are along each axis. */
  readonly axisSizes: readonly number[];
  /** The devices, row-major: the last axis runs fastest. */
  readonly deviceList: readonly Device[];
  /** The same number for meshes that are equal: devices, sizes and names. @internal */
  readonly id: number;

  constructor(devices: DeviceGrid, axisNames: readonly string[]) {
    const sizes = shapeOf(devices);
    if (!globalThis.Array.isArray(axisNames) || !axisNames.every((n) => typeof n === 'string' && n !== '')) throw new ArgumentError(`Mesh: expected axisNames to be a list of names, got ${describeValue(axisNames)}`);
    const repeated = axisNames.find((n, i) => axisNames.indexOf(n) !== i);
    if (repeated !== undefined) throw new ArgumentError(`Mesh: the axis name '${repeated}' occurs twice`);
    if (sizes.length !== axisNames.length) throw new ArgumentError(`Mesh: expected a name for each of ${sizes.length} levels of devices, got ${axisNames.length} names`);
    const list = flatten(devices, sizes, []);
    if (list.length === 0) throw new ArgumentError('Mesh: expected at least one device');
    const twice = list.find((d, i) => list.indexOf(d) !== i);
    if (twice !== undefined) throw new ArgumentError(`Mesh: ${twice} occurs twice`);
    if (list.some((d) => d.client !== list[0]!.client)) throw new ArgumentError('Mesh: expected devices of one client');
    this.axisNames = Object.freeze([...axisNames]);
    this.axisSizes = Object.freeze(sizes);
    this.deviceList = Object.freeze(list);
    const key = JSON.stringify([list.map(identityOf), sizes, axisNames]);
    let id = ids.get(key);
    if (id === undefined) ids.set(key, (id = ids.size));
    this.id = id;
    noteDevices();
  }

  /** The devices in nested lists, one level for each axis. */
  get devices(): DeviceGrid {
    let next = 0;
    const build = (depth: number): DeviceGrid => (depth === this.axisSizes.length ? this.deviceList[next++]! : globalThis.Array.from({ length: this.axisSizes[depth]! }, () => build(depth + 1)));
    return build(0);
  }

  /** The size of each axis by its name. */
  get shape(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.axisNames.map((n, i) => [n, this.axisSizes[i]!]));
  }

  /** Number of devices. */
  get size(): number {
    return this.deviceList.length;
  }

  /** Size of an axis. @throws ArgumentError if there is none of the name */
  axisSize(name: string): number {
    const i = this.axisNames.indexOf(name);
    if (i < 0) throw new ArgumentError(`Mesh: there is no axis '${name}' in ${this}`);
    return this.axisSizes[i]!;
  }

  /** Where the device of a number stands along an axis. @internal */
  coordinate(device: number, axis: string): number {
    let stride = 1;
    for (let i = this.axisNames.length - 1; this.axisNames[i] !== axis; i--) stride *= this.axisSizes[i]!;
    return Math.floor(device / stride) % this.axisSize(axis);
  }

  /** Whether the other one has the same devices in the same places, and the same names. */
  equals(other: Mesh): boolean {
    return other instanceof Mesh && this.id === other.id;
  }

  toString(): string {
    return `Mesh(${this.axisNames.map((n, i) => `'${n}': ${this.axisSizes[i]}`).join(', ')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
