import type { Array } from '../core/array';
import { optionsObject, unknownOption } from '../functional/options';
import type { ArrayLike } from '../lax/arrayLike';
import * as np from '../numpy';
import { State } from '../state/state';
import type { CallOptions } from './initialization';
import { fitTo, type Initializer, type InitLike, type ParamOptions, param as made, type Size, toShape } from './initializers';

/** Options of {@link param}: what a call of the initialisation takes, too. */
export type ParameterOptions = ParamOptions & CallOptions;

const CALL_OPTIONS: readonly string[] = ['rng', 'dtype', 'distances', 'prePositions', 'postPositions', 'neuronIndices'] satisfies (keyof CallOptions)[];

/** Something that holds a parameter's value, as `nn.Param` does. */
export interface ParameterHolder {
  /** The value. */
  value(): Array;
  /** Puts another in its place. */
  setValue(value: ArrayLike): void;
}

/**
 * First value of a parameter of a shape: what an initialisation or function gives for it (and the batch size), or a value that must broadcast to the shape,
 * which is repeated for each of the batch. Null gives null, a scalar itself; a state or an `nn.Param` gets the value and is given back.
 *
 * Mirrors `braintools.init.param`. Further options are those of the initialisation's call, if it comes to one.
 *
 * @throws ShapeError for a value that does not broadcast, or is of another batch size
 * @example
 * const rates = new State(np.array([1, 2]));
 * init.param(rates, [2], { batchSize: 2 }) === rates; // true
 */
export function param<S extends State<Array> | ParameterHolder>(init: S, size: Size, options?: ParameterOptions): S;
export function param(init: InitLike | null, size: Size, options?: ParameterOptions): Array | null;
export function param(init: InitLike | State<Array> | ParameterHolder | null, size: Size, options?: ParameterOptions): Array | State<Array> | ParameterHolder | null {
  const { batchSize = null, allowNone = true, allowScalar = true, ...call } = optionsObject('param', options);
  const shape = toShape(size);
  const whole = batchSize === null ? shape : [batchSize, ...shape];
  const further = Object.keys(call);
  // Without options of its own, as functions of the shape alone are called.
  const args = further.length > 0 ? [call] : [];
  if (typeof init === 'function') return fitTo(np.asarray((init as (shape: number[], ...args: object[]) => ArrayLike)(whole, ...args)), whole, null);
  if (init instanceof State) {
    init.value = fitTo(np.asarray(init.value), shape, batchSize);
    return init;
  }
  if (isHolder(init)) {
    init.setValue(fitTo(init.value(), shape, batchSize));
    return init;
  }
  if (isInitializer(init)) return fitTo(init.call(whole, ...(args as [])), whole, null);
  // Options of a call are for where there is one: callers need not know which of the two they hand on.
  for (const k of further) if (!CALL_OPTIONS.includes(k)) unknownOption('param', k, ['batchSize', 'allowNone', 'allowScalar', ...CALL_OPTIONS]);
  return made(init, size, { batchSize, allowNone, allowScalar });
}

const isHolder = (x: unknown): x is ParameterHolder => typeof (x as ParameterHolder | null)?.setValue === 'function' && typeof (x as ParameterHolder).value === 'function';

const isInitializer = (x: unknown): x is Initializer => typeof x === 'object' && x !== null && typeof (x as Initializer).call === 'function';
