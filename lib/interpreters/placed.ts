import type { ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { mainBackend } from '../core/backend';
import { ArgumentError, XlaError } from '../core/errors';
import { ClosedJaxpr, Jaxpr } from '../core/jaxpr';
import { Mesh } from '../core/mesh';
import { PartitionSpec } from '../core/partitionSpec';
import { buffersOn, PlacedArray } from '../core/placedArray';
import { chosenDevice, chosenMesh } from '../core/placing';
import { internSharding, NamedSharding, onDevice, sameDevices, type Sharding } from '../core/sharding';
import type { Device, Executable, ExecuteOptions, Tiling } from '../pjrt';

// Programs run where their arguments lie, and their results lie as the compiler says.

/** Where a program runs, and how its inputs are to lie. */
export interface Site {
  readonly devices: readonly Device[];
  readonly ins: readonly Sharding[];
  /** For each result how it is to lie; null: as the compiler has it. */
  readonly outs: readonly (Sharding | null)[];
  /** Meshes by whose axes it can be said how results lie; none for one device without a mesh. */
  readonly meshes: readonly Mesh[];
  readonly isCommitted: boolean;
}

/** What is asked of the inputs and results of a whole program. */
export interface Wanted {
  readonly ins: readonly (Sharding | null)[];
  readonly outs: readonly (Sharding | null)[];
}

const inside = new WeakMap<Jaxpr, readonly NamedSharding[]>();

/** Shardings that operations of a jaxpr ask for. */
function shardingsIn(jaxpr: Jaxpr): readonly NamedSharding[] {
  let known = inside.get(jaxpr);
  if (known !== undefined) return known;
  const found = new Set<NamedSharding>();
  const look = (v: unknown): void => {
    if (v instanceof NamedSharding) found.add(v);
    else if (v instanceof Mesh) found.add(internSharding(new NamedSharding(v, new PartitionSpec())));
    else if (v instanceof Jaxpr) for (const s of shardingsIn(v)) found.add(s);
    else if (v instanceof ClosedJaxpr) for (const s of shardingsIn(v.jaxpr)) found.add(s);
    else if (globalThis.Array.isArray(v)) v.forEach(look);
  };
  for (const e of jaxpr.eqns) Object.values(e.params).forEach(look);
  known = [...found];
  inside.set(jaxpr, known);
  return known;
}

/** Whether anything but its inputs may say where a program runs. */
export function asksForDevices(jaxpr: Jaxpr): boolean {
  return chosenDevice() !== null || chosenMesh() !== null || shardingsIn(jaxpr).length > 0;
}

const idsOf = (devices: readonly Device[]) => `[${devices.map((d) => d.id).join(', ')}]`;

/**
 * Where a program runs that is called with these inputs; null: on the default device, as programs do that nothing places.
 *
 * @param op the program, for messages
 * @throws ArgumentError if inputs, or what it asks for inside, are on different devices
 */
export function siteOf(op: string, jaxpr: Jaxpr, inputs: readonly { readonly aval: ShapedArray }[], wanted: Wanted | null): Site | null {
  let first: { sharding: Sharding; what: string } | null = null;
  const meshes: Mesh[] = [];
  const meet = (sharding: Sharding, what: () => string): void => {
    if (first === null) first = { sharding, what: what() };
    else if (!sameDevices(first.sharding.deviceList, sharding.deviceList)) {
      throw new ArgumentError(`${op}: expected everything on the same devices in the same order, got ${first.what} on devices ${idsOf(first.sharding.deviceList)} and ${what()} on devices ${idsOf(sharding.deviceList)}; devicePut moves arrays`);
    }
    if (sharding instanceof NamedSharding && !meshes.some((m) => m.equals(sharding.mesh))) meshes.push(sharding.mesh);
  };
  inputs.forEach((x, i) => {
    if (x instanceof PlacedArray && x.isCommitted) meet(x.placement, () => `argument ${i} of type ${x.aval}`);
  });
  wanted?.ins.forEach((s, i) => s !== null && meet(s, () => `inShardings of argument ${i}`));
  wanted?.outs.forEach((s, i) => s !== null && meet(s, () => `outShardings of result ${i}`));
  for (const s of shardingsIn(jaxpr)) meet(s, () => `${s}, which is asked for inside of it,`);
  const mesh = chosenMesh();
  if (first === null && mesh !== null) meet(internSharding(new NamedSharding(mesh, new PartitionSpec())), () => 'the mesh that was set');
  const outs = jaxpr.outvars.map((_, i) => wanted?.outs[i] ?? null);
  if (first === null) {
    const device = chosenDevice();
    if (device === null || device === mainBackend().client.addressableDevices[0]) return null;
    return { devices: [device], ins: inputs.map(() => onDevice(device)), outs, meshes: [], isCommitted: false };
  }
  const devices = (first as { sharding: Sharding }).sharding.deviceList;
  const elsewhere = meshes.length > 0 ? internSharding(new NamedSharding(meshes[0]!, new PartitionSpec())) : onDevice(devices[0]!);
  const ins = inputs.map((x, i) => {
    const asked = wanted?.ins[i] ?? null;
    if (!(x instanceof PlacedArray) || !x.isCommitted) return asked === null ? elsewhere : internSharding(asked);
    if (asked !== null && !asked.isEquivalentTo(x.placement, x.ndim)) {
      throw new ArgumentError(`${op}: inShardings ask for ${asked} of argument ${i}, but it is a committed array of type ${x.aval} with ${x.placement}; devicePut moves it`);
    }
    return x.placement;
  });
  return { devices, ins, outs, meshes, isCommitted: true };
}

/** A program that was compiled for a site. */
export interface PlacedProgram {
  readonly executable: Executable;
  readonly outs: readonly Sharding[];
}

/** Whether two sites are the same to the compiler. */
export function sameSite(a: Site, b: Site): boolean {
  return sameDevices(a.devices, b.devices) && a.ins.length === b.ins.length && a.ins.every((s, i) => s === b.ins[i]) && a.meshes.length === b.meshes.length && a.meshes.every((m, i) => m.equals(b.meshes[i]!));
}

/** Axes of a mesh, the slowest first, that number the parts of a dimension as the compiler does; null: there are none. */
function axesOf(mesh: Mesh, factor: number, place: (device: number) => number): string[] | null {
  if (factor === 1) return [];
  const strides = new Map<string, number>();
  const zeroed = (device: number, but: string): boolean => mesh.axisNames.every((n) => (mesh.coordinate(device, n) === (n === but ? 1 : 0)));
  for (const axis of mesh.axisNames) {
    if (mesh.axisSize(axis) === 1) continue;
    const next = mesh.deviceList.findIndex((_, d) => zeroed(d, axis));
    const stride = place(next);
    if (stride !== 0) strides.set(axis, stride);
  }
  const axes = [...strides.keys()].sort((a, b) => strides.get(b)! - strides.get(a)!);
  if (axes.reduce((n, a) => n * mesh.axisSize(a), 1) !== factor) return null;
  const all = mesh.deviceList.every((_, d) => place(d) === axes.reduce((k, a) => k * mesh.axisSize(a) + mesh.coordinate(d, a), 0));
  return all ? axes : null;
}

/** A tiling by the axes of a mesh; null: they do not say it. */
function named(mesh: Mesh, tiling: Tiling | null): NamedSharding | null {
  const entries: (string | string[] | null)[] = [];
  for (let d = 0; d < (tiling?.factors.length ?? 0); d++) {
    const axes = axesOf(mesh, tiling!.factors[d]!, (device) => tiling!.places[device]![d]!);
    if (axes === null) return null;
    entries.push(axes.length === 0 ? null : axes);
  }
  while (entries.length > 0 && entries[entries.length - 1] === null) entries.pop();
  return internSharding(new NamedSharding(mesh, new PartitionSpec(...entries)));
}

/** How the results of a program lie; null for those that the axes of its meshes do not tell of. */
export function resultShardings(executable: Executable, outAvals: readonly ShapedArray[], { devices, meshes, outs }: Site): (Sharding | null)[] {
  if (devices.length === 1) {
    const place = meshes.length > 0 ? internSharding(new NamedSharding(meshes[0]!, new PartitionSpec())) : onDevice(devices[0]!);
    return outs.map((s) => (s === null ? place : internSharding(s)));
  }
  const tilings = executable.outputTilings();
  return outAvals.map((aval, i) => {
    const tiling = tilings[i];
    if (tiling === undefined) throw new XlaError('INTERNAL', `the platform does not tell how result ${i} of type ${aval} lies on the devices`);
    const candidates = outs[i] instanceof NamedSharding ? [outs[i]] : meshes.map((m) => named(m, tiling));
    const found = candidates.find((s) => s !== null) ?? null;
    if (found === null) return null;
    const factors = found.factors(aval.ndim);
    // A dimension that is not divided evenly is padded by the compiler.
    if (aval.shape.some((n, d) => n % factors[d]! !== 0)) return null;
    const { dims } = executable.outputs[i]!;
    if (found.shardShape(aval.shape).join() !== dims.join()) throw new XlaError('INTERNAL', `result ${i} of type ${aval} was expected in parts of shape [${found.shardShape(aval.shape).join(', ')}] (${found}), but the program gives [${dims.join(', ')}]`);
    return internSharding(found);
  });
}

/** Runs a program at its site. */
export function runAt(op: string, { executable, outs }: PlacedProgram, site: Site, inputs: readonly ConcreteArray[], outAvals: readonly ShapedArray[], options?: ExecuteOptions): ConcreteArray[] {
  const held = inputs.map((x, i) => buffersOn(x, site.ins[i]!, op));
  const rows = site.devices.length === 1 ? [executable.execute(held.map((b) => b[0]!), options)] : executable.executeSharded(site.devices.map((_, d) => held.map((b) => b[d]!)), options);
  return outAvals.map((aval, i) => new PlacedArray(aval, outs[i]!, rows.map((r) => r[i]!), site.isCommitted));
}
