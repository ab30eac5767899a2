import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue, type TypedArray } from '../functional/arrayLike';
import { State, type StateOptions } from './state';

// The kinds of states, by what becomes of them.

/** A state that lives for a short time: what changes from step to step. Mirrors `brainstate.ShortTermState`. @example new ShortTermState(np.zeros([3])).value.shape; // [3] */
export class ShortTermState<T = Array> extends State<T> {}
/** A state that lives long: what is kept between runs. Mirrors `brainstate.LongTermState`. @example new LongTermState(np.zeros([3])).value.shape; // [3] */
export class LongTermState<T = Array> extends State<T> {}
/** Statistics over batches, such as running means. Mirrors `brainstate.BatchState`. @example new BatchState(np.zeros([32, 10])) instanceof State; // true */
export class BatchState<T = Array> extends LongTermState<T> {}
/**
 * What training changes. Mirrors `brainstate.ParamState`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, 2]));
 * transform.grad(() => w.value.mul(w.value).sum(), { gradStates: w })().js(); // [2, 4]
 * ```
 */
export class ParamState<T = Array> extends LongTermState<T> {}
/**
 * Scale and offset of a normalisation. Mirrors `brainstate.NormalizationParamState`.
 *
 * @example
 * new NormalizationParamState({ scale: np.ones([3]), bias: np.zeros([3]) }) instanceof ParamState; // true
 */
export class NormalizationParamState<T = Array> extends ParamState<T> {}
/** A state without a batch dimension, whatever maps over it. @example new NonBatchState(np.zeros([3])) instanceof ShortTermState; // true */
export class NonBatchState<T = Array> extends ShortTermState<T> {}
/** Values delayed in time. Mirrors `brainstate.DelayState`. @example new DelayState(np.zeros([5, 3])).value.shape; // [5, 3] */
export class DelayState<T = Array> extends ShortTermState<T> {}

/** The hidden state of a recurrent cell: one array. Mirrors `brainstate.HiddenState`. @example new HiddenState(np.zeros([8, 100])).varshape; // [8, 100] */
export class HiddenState extends ShortTermState<Array> {
  constructor(value: Array | TypedArray | State<Array>, options: StateOptions = {}) {
    if (!(value instanceof Array || value instanceof State || ArrayBuffer.isView(value))) throw new ArgumentError(`HiddenState: expected an array, got ${describeValue(value)}`);
    super(value as Array, options);
  }

  /** Shape of each of the state's variables. */
  get varshape(): readonly number[] {
    return this.value.shape;
  }

  /** How many variables the state holds. */
  get numState(): number {
    return 1;
  }
}

/** The value of a state, or what is given if it is none. Mirrors `brainstate.maybe_state`. @example maybeState(new State(np.array(3))).js(); // 3 */
export function maybeState<T>(x: State<T> | T): T {
  return x instanceof State ? x.value : x;
}
