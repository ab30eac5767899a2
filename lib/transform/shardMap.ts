import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { internJaxpr } from '../core/jaxprKey';
import { Mesh } from '../core/mesh';
import { PartitionSpec } from '../core/partitionSpec';
import { chosenMesh } from '../core/placing';
import { internSharding, NamedSharding } from '../core/sharding';
import { withMeshAxes } from '../core/trace';
import { broadcastPrefix, keystr, pathsOf, type TreeDef } from '../core/tree';
import { repeatReads } from '../environ/reads';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type AnyFunction, arraysOf, like, type LikedArgs, nameOf } from '../functional/treeFunction';
import { hoistConsts } from '../interpreters/stage';
import { varyingOuts } from '../interpreters/varying';
import { partType, shardMap as apply } from '../primitives/shardMap';
import { State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { readStates, traceStateful, writeStates } from './statefulTrace';
import { isCurried } from './vmap';

/** For states their specs: one for all, or a map; those that are not in it are whole on each device. */
// biome-ignore lint/suspicious/noExplicitAny: states of every kind of value
export type StateSpecs = PartitionSpec | ReadonlyMap<State<any>, PartitionSpec> | null;

/** Options of {@link shardMap}. */
export interface ShardMapOptions {
  /** The devices; by default the mesh that {@link setMesh} set. */
  mesh?: Mesh;
  /** Which part of each argument a device has: specs in a tree that is a prefix of the list of arguments. */
  inSpecs: PartitionSpec | object;
  /** How the results are made of those of the devices: specs in a tree that is a prefix of the result. */
  outSpecs: PartitionSpec | object;
  /** Whether it is proven that results are the same along axes that `outSpecs` does not name; then there are no reverse-mode derivatives within the function. Default true. */
  checkVma?: boolean;
  /** Which part of states a device has. Default: all of them. */
  stateInSpecs?: StateSpecs;
  /** How states that the function writes are made of those of the devices. Default: they are the same on all. */
  stateOutSpecs?: StateSpecs;
}

const isSpec = (x: unknown): boolean => x instanceof PartitionSpec;

function named(what: string, mesh: Mesh, spec: unknown): NamedSharding {
  if (!(spec instanceof PartitionSpec)) throw new ArgumentError(`${what}: expected a PartitionSpec, got ${describeValue(spec)}`);
  if (spec.isOpen) throw new ArgumentError(`${what}: a part cannot be left to the compiler, but got ${spec}`);
  return internSharding(new NamedSharding(mesh, spec));
}

const at = (def: TreeDef, i: number): string => keystr(pathsOf(def)[i]!);

/** For each leaf its sharding. */
function shardings(what: string, mesh: Mesh, specs: unknown, def: TreeDef): NamedSharding[] {
  return broadcastPrefix(specs, def, what, isSpec).map((s, i) => named(isSpec(s) ? what : `${what} at ${at(def, i) || 'the result'}`, mesh, s));
}

/** A state's sharding. */
function shardingsOfStates(what: string, mesh: Mesh, specs: StateSpecs | undefined): (s: State<unknown>) => NamedSharding {
  const whole = named(what, mesh, new PartitionSpec());
  if (specs === undefined || specs === null) return () => whole;
  if (specs instanceof PartitionSpec) {
    const all = named(what, mesh, specs);
    return () => all;
  }
  if (!(specs instanceof Map)) throw new ArgumentError(`${what}: expected a PartitionSpec, or a Map from states to them, got ${describeValue(specs)}`);
  const known = new Map<State<unknown>, NamedSharding>();
  for (const [s, spec] of specs) {
    if (!(s instanceof State)) throw new ArgumentError(`${what}: expected states as keys of the Map, got ${describeValue(s)}`);
    known.set(s, named(what, mesh, spec));
  }
  return (s) => known.get(s) ?? whole;
}

/**
 * A function of the parts of arrays that each device of a mesh has, run on all of them. Within it the operations over named axes (`lax.psum`, `lax.allGather`,
 * `lax.ppermute`, `lax.axisIndex` …) are among the devices along an axis of the mesh.
 *
 * States that it reads are whole on each device, or in parts as `stateInSpecs` says; states that it writes must be the same on all devices, or are put together as
 * `stateOutSpecs` says. Mirrors `brainstate.transform.shard_map`, and on functions without states `jax.shard_map`, over all axes of the mesh.
 *
 * Reverse-mode derivatives of the function that it returns are JAX's. Within the function they need `{ checkVma: false }`, and are those that JAX has with that: each device has the
 * derivative of its own copy of a value that all hold.
 *
 * @param f a function of arrays, or a module, given the devices' parts; arrays that it captures are whole on each device
 * @throws ArgumentError for a result that differs along an axis which `outSpecs` does not name, or may for all that is known, unless `checkVma` is false
 * @throws ShapeError if an argument's shape is not divided by the axes that its spec names
 * @example
 * ```ts
 * const mesh = makeMesh([1], ['i']);
 * const total = shardMap((x: np.Array) => lax.psum(x.sum(), 'i'), { mesh, inSpecs: P('i'), outSpecs: P() });
 * total(np.arange(4)).item(); // 6
 * ```
 */
export function shardMap<F extends AnyFunction>(f: F, options: ShardMapOptions): (...args: LikedArgs<Parameters<F>>) => ReturnType<F>;
export function shardMap<A extends unknown[], R>(module: { call(...args: A): R }, options: ShardMapOptions): (...args: LikedArgs<A>) => R;
export function shardMap(options: ShardMapOptions): (f: Callable) => (...args: unknown[]) => unknown;
export function shardMap(f: Callable | ShardMapOptions, given?: ShardMapOptions): unknown {
  if (given === undefined && isCurried('shardMap', f)) return (g: Callable) => shardMap(g as AnyFunction, f as ShardMapOptions);
  const fn = asFunction(f as Callable, 'shardMap');
  const options = checkOptions('shardMap', ['mesh', 'inSpecs', 'outSpecs', 'checkVma', 'stateInSpecs', 'stateOutSpecs'], given!);
  const name = nameOf(fn);
  const what = `shardMap of ${name}`;
  const mesh = options.mesh ?? chosenMesh();
  if (!(mesh instanceof Mesh)) throw new ArgumentError(`${what}: expected mesh to be a Mesh, got ${describeValue(mesh)}${mesh === null ? ', and setMesh has set none' : ''}`);
  for (const k of ['inSpecs', 'outSpecs'] as const) if (options[k] === undefined || options[k] === null) throw new ArgumentError(`${what}: expected ${k}: a PartitionSpec, or a tree of them`);
  const { checkVma = true } = options;
  const stateIn = shardingsOfStates(`${what}: stateInSpecs`, mesh, options.stateInSpecs);
  const stateOut = shardingsOfStates(`${what}: stateOutSpecs`, mesh, options.stateOutSpecs);
  const whole = named(what, mesh, new PartitionSpec());
  return like(fn, (...args: unknown[]) => {
    const { leaves, def } = arraysOf(args, what);
    const ins = shardings(`${what}: inSpecs`, mesh, options.inSpecs, def);
    leaves.forEach((x, i) => ins[i]!.check(x.shape, `${what}: argument ${at(def, i)}`));
    const perDevice = ((...xs: unknown[]) => withMeshAxes(mesh.axisNames, mesh.axisSizes, checkVma, () => (fn as (...a: unknown[]) => unknown)(...xs))) as AnyFunction;
    const partOf = (s: State<unknown>, a: Array['aval']) => {
      stateIn(s).check(a.shape, `${what}: ${s.describe()}`);
      return partType(a, stateIn(s));
    };
    const t = traceStateful(perDevice, def, leaves.map((x, i) => partType(x.aval, ins[i]!)), what, name, false, partOf, 'shardMap');
    const { closed, consts } = hoistConsts(t);
    const allIns = [...consts.map(() => whole), ...ins, ...t.states.flatMap((s, i) => t.inAvals[i]!.map(() => stateIn(s)))];
    const outs = [...shardings(`${what}: outSpecs`, mesh, options.outSpecs, t.outDef), ...t.writtenStates.flatMap((s, i) => t.writtenAvals[i]!.map(() => stateOut(s)))];
    const owners = t.writtenStates.flatMap((s, i) => t.writtenAvals[i]!.map(() => s));
    const result = (i: number) => (i < t.numOuts ? at(t.outDef, i) || 'the result' : `what it leaves in ${owners[i - t.numOuts]!.describe()}`);
    checkResults(what, closed.outAvals, outs, result);
    if (checkVma) checkVarying(what, varyingOuts(closed, allIns.map((s) => new Set(s.spec.axes))), outs, result);
    repeatReads(t.reads);
    const stateLeaves = readStates(t);
    const results = outs.length === 0 && closed.effects.size === 0 ? [] : apply({ jaxpr: internJaxpr(closed), mesh, ins: allIns, outs, checkVma }, [...consts, ...leaves, ...stateLeaves]);
    writeStates(t, results);
    return t.outDef.unflatten(results.slice(0, t.numOuts));
  }, name);
}

/** @throws ShapeError for a spec that is longer than a result's shape */
function checkResults(what: string, parts: readonly Array['aval'][], outs: readonly NamedSharding[], result: (i: number) => string): void {
  parts.forEach((a, i) => {
    const { spec } = outs[i]!;
    if (spec.entries.length > a.ndim) throw new ShapeError(`${what}: ${spec} is given for ${result(i)}, of which each device has a part of type ${a}: expected at most ${a.ndim} entries`);
  });
}

/** @throws ArgumentError for a result that may differ along an axis which its spec does not name */
function checkVarying(what: string, varying: readonly ReadonlySet<string>[], outs: readonly NamedSharding[], result: (i: number) => string): void {
  varying.forEach((axes, i) => {
    const { mesh, spec } = outs[i]!;
    const missing = mesh.axisNames.find((a) => axes.has(a) && !spec.axes.includes(a));
    if (missing === undefined) return;
    throw new ArgumentError(`${what}: ${spec} says that ${result(i)} is the same on all devices along axis '${missing}', but it differs, or may for all that is known: `
      + 'name the axis, reduce over it (lax.psum, lax.pmean …), or, if it is the same, pass { checkVma: false }');
  });
}

/** Options of {@link smap}. */
export interface SmapOptions {
  /** For each argument the dimension that is shared out, null for none: in a tree that is a prefix of the list of arguments. */
  inAxes: number | null | object;
  /** The dimension of each result along which those of the devices are put together, null where they are the same: in a tree that is a prefix of the result. */
  outAxes: number | null | object;
  /** The axis of the mesh that {@link setMesh} set. */
  axisName: string;
}

/** Specs for dimensions that are shared out over one axis. */
function specsOf(what: string, axes: unknown, axisName: string): unknown {
  if (axes === null) return new PartitionSpec();
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0) throw new ArgumentError(`${what}: expected a dimension from 0, or null, got ${axes}`);
    return new PartitionSpec(...globalThis.Array.from({ length: axes }, () => null), axisName);
  }
  if (globalThis.Array.isArray(axes)) return axes.map((a) => specsOf(what, a, axisName));
  if (typeof axes === 'object' && Object.getPrototypeOf(axes) === Object.prototype) return Object.fromEntries(Object.entries(axes as object).map(([k, a]) => [k, specsOf(what, a, axisName)]));
  throw new ArgumentError(`${what}: expected a dimension, null, or a list or object of them, got ${describeValue(axes)}`);
}

/**
 * {@link shardMap} over one axis of the mesh that {@link setMesh} set, with the dimensions that are shared out given as `vmap` takes them. Devices along other axes do the same. Mirrors `jax.smap`.
 *
 * @param f a function of arrays, or a module, given the devices' parts
 * @throws ArgumentError as shardMap, or where no mesh is set
 * @example
 * ```ts
 * const total = smap((x: np.Array) => lax.psum(x.sum(), 'i'), { inAxes: 0, outAxes: null, axisName: 'i' });
 * setMesh(makeMesh([1], ['i']), () => total(np.arange(4)).item()); // 6
 * ```
 */
export function smap<F extends AnyFunction>(f: F, options: SmapOptions): (...args: LikedArgs<Parameters<F>>) => ReturnType<F>;
export function smap<A extends unknown[], R>(module: { call(...args: A): R }, options: SmapOptions): (...args: LikedArgs<A>) => R;
export function smap(options: SmapOptions): (f: Callable) => (...args: unknown[]) => unknown;
export function smap(f: Callable | SmapOptions, given?: SmapOptions): unknown {
  if (given === undefined && isCurried('smap', f)) return (g: Callable) => smap(g as AnyFunction, f as SmapOptions);
  const fn = asFunction(f as Callable, 'smap');
  const { inAxes, outAxes, axisName } = checkOptions('smap', ['inAxes', 'outAxes', 'axisName'], given!);
  if (typeof axisName !== 'string') throw new ArgumentError(`smap: expected axisName to be the name of an axis, got ${describeValue(axisName)}`);
  if (inAxes === undefined || outAxes === undefined) throw new ArgumentError('smap: expected inAxes and outAxes: a dimension, null, or a tree of them');
  const specs = { inSpecs: specsOf('smap: inAxes', inAxes, axisName) as object, outSpecs: specsOf('smap: outAxes', outAxes, axisName) as object };
  // The mesh is that of the call.
  return like(fn, (...args: unknown[]) => (shardMap(fn, specs) as (...a: unknown[]) => unknown)(...args), nameOf(fn));
}
