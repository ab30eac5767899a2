import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type AnyFunction, like, type LikedArgs, nameOf } from '../functional/treeFunction';
import type { Axes } from '../functional/vmap';
import { BatchAxisError } from '../state/errors';
import { asFunction, type Callable } from './callable';
import { axesOfStates, type StateAxes } from './stateAxes';
import { StateMap } from './stateMap';

/** Options of {@link vmap}. */
export interface VmapOptions {
  /** Which dimension of each argument is mapped: one for all, or a list with an entry for each argument. Default 0. */
  inAxes?: Axes;
  /** Where the mapped axis goes in the results. Default 0. */
  outAxes?: Axes;
  /** A name by which collectives (`lax.psum` …) refer to the axis. */
  axisName?: string;
  /** Size of the axis, where no argument is mapped. */
  axisSize?: number;
  /** States that have the mapped axis: each lane sees its own part, and what it writes stays apart. */
  inStates?: StateAxes;
  /** States that get the mapped axis where lanes write different values. */
  outStates?: StateAxes;
}

/** Options, or `inAxes` in their place, as options. */
export function optionsOf<O extends { inAxes?: Axes }>(options: O | Axes | undefined): O {
  const isOptions = options === undefined || (options !== null && typeof options === 'object' && !globalThis.Array.isArray(options) && !(options instanceof Map));
  return (isOptions ? (options ?? {}) : { inAxes: options }) as O;
}

/** Whether options alone are given, in the form that makes a decorator. @throws ArgumentError for what is neither a function, a module nor options */
export function isCurried(op: string, f: unknown): boolean {
  if (typeof f === 'function' || typeof (f as { call?: unknown } | null)?.call === 'function') return false;
  if (f === null || typeof f !== 'object') throw new ArgumentError(`${op}: expected a function or a module, got ${describeValue(f)}`);
  return true;
}

/**
 * Maps a function over an axis of its arguments, and of the states in `inStates`.
 *
 * Random states that the function uses are split: each lane draws its own numbers. A state that lanes write differently must be declared in
 * `inStates` or `outStates`. Arguments whose axis is null may be anything, functions and strings too. Mirrors `brainstate.transform.vmap`, and on functions without states `jax.vmap`; the second argument may be `inAxes` itself.
 *
 * @throws BatchAxisError for a state that is written with lanes' values without being declared
 * @example
 * ```ts
 * vmap((x: np.Array, y: np.Array) => np.dot(x, y), [0, null])(np.ones([5, 3]), np.arange(3));
 * ```
 */
export function vmap<F extends AnyFunction>(f: F, options?: VmapOptions | Axes): (...args: LikedArgs<Parameters<F>>) => ReturnType<F>;
export function vmap<A extends unknown[], R>(module: { call(...args: A): R }, options?: VmapOptions | Axes): (...args: LikedArgs<A>) => R;
export function vmap(options: VmapOptions): (f: Callable) => (...args: unknown[]) => unknown;
export function vmap(f: Callable | VmapOptions, options?: VmapOptions | Axes): unknown {
  if (isCurried('vmap', f)) return (g: Callable) => vmap(g as AnyFunction, f as VmapOptions);
  const fn = asFunction(f as Callable, 'vmap');
  const o = optionsOf<VmapOptions>(options);
  checkOptions('vmap', ['inAxes', 'outAxes', 'axisName', 'axisSize', 'inStates', 'outStates'], o);
  const ins = axesOfStates('vmap: inStates', o.inStates);
  const outs = axesOfStates('vmap: outStates', o.outStates);
  for (const [s, axis] of ins) {
    if (outs.has(s) && outs.get(s) !== axis) throw new BatchAxisError(`vmap: ${s.describe()} is mapped along axis ${axis} on entry, but axis ${outs.get(s)} on exit; they must agree`);
  }
  const map = new StateMap(fn, {
    op: 'vmap', what: `vmap of ${nameOf(fn)}`,
    inAxes: o.inAxes === undefined ? 0 : o.inAxes, outAxes: o.outAxes === undefined ? 0 : o.outAxes, axisName: o.axisName ?? null, axisSize: o.axisSize,
    named: ins, inAxisOf: (s) => ins.get(s), outAxisOf: (s) => outs.get(s), unexpected: 'raise', advice: 'is in neither inStates nor outStates; declare it in outStates',
  });
  return like(fn, (...args: unknown[]) => map.call(args).result);
}
