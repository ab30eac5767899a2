import { backend } from '../core/backend';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { bindStatic, checkStatic } from '../functional/staging';
import { type AnyFunction, like, type LikedArgs, nameOf } from '../functional/treeFunction';
import type { Axes } from '../functional/vmap';
import { checkOptions } from '../functional/options';
import { asFunction, type Callable } from './callable';
import { jit } from './jit';
import { axisByFilters, type StateFilterAxes } from './stateAxes';
import { StateMap, type UnexpectedMapping } from './stateMap';
import { isCurried, optionsOf } from './vmap';

/** Options of {@link vmap2}. */
export interface Vmap2Options {
  /** Which dimension of each argument is mapped: one for all, or a list with an entry for each argument. Default 0. */
  inAxes?: Axes;
  /** Where the mapped axis goes in the results. Default 0. */
  outAxes?: Axes;
  /** A name by which collectives (`lax.psum` …) refer to the axis. */
  axisName?: string;
  /** Size of the axis, where neither arguments nor states are mapped. */
  axisSize?: number;
  /** Filters of the states that have the mapped axis, by axis (null: the same for all lanes); a filter alone is for axis 0. */
  stateInAxes?: StateFilterAxes | null;
  /** Filters of the states that get the mapped axis where lanes write different values, by axis. */
  stateOutAxes?: StateFilterAxes | null;
  /**
   * What becomes of other states that lanes write with different values. `'auto'` (default): a state that is read, too, and has an axis of the mapped
   * size is mapped; another gets the axis, with a warning if it was read. `'ignore'` and `'warn'`: it gets the axis. `'raise'`: an error.
   */
  unexpectedOutStateMapping?: UnexpectedMapping;
}

/** Options of {@link StatefulMapping}. */
export interface StatefulMappingOptions extends Vmap2Options {
  /** Positions of arguments that are not arrays, and not mapped. */
  staticArgnums?: number | readonly number[];
  /** Name in messages. */
  name?: string;
}

const OPTIONS = ['inAxes', 'outAxes', 'axisName', 'axisSize', 'stateInAxes', 'stateOutAxes', 'unexpectedOutStateMapping'] as const;
const UNEXPECTED: readonly unknown[] = ['auto', 'raise', 'warn', 'ignore'];

/**
 * A function over a mapped axis of its arguments and of states that filters select: what {@link vmap2} makes, as an object. Call it by `call`.
 *
 * Mirrors `brainstate.transform.StatefulMapping`.
 *
 * @example
 * ```ts
 * const mapped = new transform.StatefulMapping((x: Array) => x.sum(), { inAxes: 0 });
 * (mapped.call(np.ones([3, 2])) as Array).js(); // [2, 2, 2]
 * ```
 */
export class StatefulMapping {
  readonly originFun: AnyFunction;
  readonly name: string;
  readonly inAxes: Axes;
  readonly outAxes: Axes;
  readonly axisName: string | null;
  readonly axisSize: number | null;
  readonly unexpectedOutStateMapping: UnexpectedMapping;
  private readonly statics: readonly number[];
  private readonly map: StateMap;
  private current: AnyFunction;

  constructor(f: Callable, options: StatefulMappingOptions = {}) {
    const op = options?.name ?? 'StatefulMapping';
    options = checkOptions(op, [...OPTIONS, 'staticArgnums', 'name'], options);
    this.originFun = asFunction(f, op);
    this.current = this.originFun;
    this.name = op;
    this.inAxes = options.inAxes === undefined ? 0 : options.inAxes;
    this.outAxes = options.outAxes === undefined ? 0 : options.outAxes;
    this.axisName = options.axisName ?? null;
    this.axisSize = options.axisSize ?? null;
    this.unexpectedOutStateMapping = options.unexpectedOutStateMapping ?? 'auto';
    if (!UNEXPECTED.includes(this.unexpectedOutStateMapping)) throw new ArgumentError(`${op}: expected unexpectedOutStateMapping to be one of ${UNEXPECTED.join(', ')}, got ${describeValue(this.unexpectedOutStateMapping)}`);
    this.statics = checkStatic(op, options.staticArgnums, this.originFun);
    const { inAxes } = this;
    const perArgument = globalThis.Array.isArray(inAxes) && this.statics.length > 0 ? inAxes.filter((_, i) => !this.statics.includes(i)) : inAxes;
    this.map = new StateMap(((...args: unknown[]) => this.current(...args)) as AnyFunction, {
      op, what: `${op} of ${nameOf(this.originFun)}`, inAxes: perArgument, outAxes: this.outAxes, axisName: this.axisName, axisSize: options.axisSize,
      named: new Map(), inAxisOf: axisByFilters(`${op}: stateInAxes`, options.stateInAxes), outAxisOf: axisByFilters(`${op}: stateOutAxes`, options.stateOutAxes),
      checkSize: (size) => this.checkSize(size),
      unexpected: this.unexpectedOutStateMapping, advice: 'is in neither stateInAxes nor stateOutAxes; declare it in stateOutAxes',
    });
  }

  /** @internal */
  protected checkSize(_size: number): void {}

  /** Runs the function for all lanes at once. */
  call(...args: unknown[]): unknown {
    const { g, rest } = bindStatic(this.name, this.originFun, args, this.statics);
    const before = this.current;
    this.current = g;
    try {
      return this.map.call(rest).result;
    } finally {
      this.current = before;
    }
  }
}

/**
 * Maps a function over an axis of its arguments, and of the states that filters select: by class, tag, predicate, or the states themselves.
 *
 * Unlike `vmap`, states need not be declared: see `unexpectedOutStateMapping`. Random states that the function uses are split. Mirrors
 * `brainstate.transform.vmap2`.
 *
 * @throws BatchAxisError for states whose axes do not fit, or with `unexpectedOutStateMapping: 'raise'`
 * @example
 * ```ts
 * const total = new ShortTermState(np.zeros([3]));
 * transform.vmap2((x: np.Array) => { total.value = total.value.add(x); return total.value; }, { stateInAxes: { 0: ShortTermState } })(np.arange(3));
 * ```
 */
export function vmap2<F extends AnyFunction>(f: F, options?: Vmap2Options | Axes): (...args: LikedArgs<Parameters<F>>) => ReturnType<F>;
export function vmap2<A extends unknown[], R>(module: { call(...args: A): R }, options?: Vmap2Options | Axes): (...args: LikedArgs<A>) => R;
export function vmap2(options: Vmap2Options): (f: Callable) => (...args: unknown[]) => unknown;
export function vmap2(f: Callable | Vmap2Options, options?: Vmap2Options | Axes): unknown {
  if (isCurried('vmap2', f)) return (g: Callable) => vmap2(g as AnyFunction, f as Vmap2Options);
  const fn = asFunction(f as Callable, 'vmap2');
  const o = optionsOf<Vmap2Options>(options);
  checkOptions('vmap2', OPTIONS, o);
  const mapping = new StatefulMapping(fn, { ...o, name: 'vmap2' });
  return like(fn, (...args: unknown[]) => mapping.call(...args));
}

/** Options of {@link pmap2}. */
export interface Pmap2Options extends Vmap2Options {}

/** @throws ArgumentError if there are fewer devices than lanes */
export function checkDevices(op: string, size: number): void {
  const { addressableDevices } = backend().client;
  if (size > addressableDevices.length) throw new ArgumentError(`${op}: the mapped axis has size ${size}, which needs as many devices, but there are ${addressableDevices.length}; environ.setHostDeviceCount divides the CPU into several, vmap2 maps on one device`);
}

class DeviceMapping extends StatefulMapping {
  protected override checkSize(size: number): void {
    checkDevices(this.name, size);
  }
}

/**
 * Maps a function over an axis with as many lanes as there are devices, as one compiled program; states as in {@link vmap2}. All lanes are computed
 * by one program for the first device: results are those of a run on several devices, without its speed.
 *
 * Mirrors `brainstate.transform.pmap2` and `jax.pmap`.
 *
 * @throws ArgumentError if the axis is larger than the number of devices
 * @example
 * ```ts
 * transform.pmap2((x: np.Array) => lax.psum(x, 'i'), { axisName: 'i' })(np.ones([1, 3]));
 * ```
 */
export function pmap2<F extends AnyFunction>(f: F, options?: Pmap2Options | Axes): (...args: LikedArgs<Parameters<F>>) => ReturnType<F>;
export function pmap2<A extends unknown[], R>(module: { call(...args: A): R }, options?: Pmap2Options | Axes): (...args: LikedArgs<A>) => R;
export function pmap2(options: Pmap2Options): (f: Callable) => (...args: unknown[]) => unknown;
export function pmap2(f: Callable | Pmap2Options, options?: Pmap2Options | Axes): unknown {
  if (isCurried('pmap2', f)) return (g: Callable) => pmap2(g as AnyFunction, f as Pmap2Options);
  const fn = asFunction(f as Callable, 'pmap2');
  const o = optionsOf<Pmap2Options>(options);
  checkOptions('pmap2', OPTIONS, o);
  const mapping = new DeviceMapping(fn, { ...o, name: 'pmap2' });
  return jit(like(fn, (...args: unknown[]) => mapping.call(...args)));
}
