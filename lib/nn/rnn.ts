import type { Array } from '../core/array';
import { sameShape } from '../core/aval';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type InitLike, Orthogonal, param, XavierNormal, ZeroInit } from '../init';
import * as np from '../numpy';
import * as random from '../random';
import { BrainStateError } from '../state/errors';
import { HiddenState, ParamState } from '../state/kinds';
import * as activations from './activations';
import { type BatchSize, batchSizeOf } from './batchSize';
import { Linear } from './linear';
import { Module, MODULE_OPTIONS, type ModuleOptions } from './module';

/** What a cell applies to candidates: the name of an activation, or a function. */
export type CellActivation = string | ((x: Array) => Array);

/** Options of {@link GRUCell}, {@link LSTMCell}, {@link MGUCell} and others like them. */
export interface RNNCellOptions extends ModuleOptions {
  /** First value of the weights, of shape [in + out, …]. */
  wInit?: InitLike;
  /** First value of the biases; null for none. Default: zeros. */
  bInit?: InitLike | null;
  /** First value of the hidden states. Default: zeros. */
  stateInit?: InitLike;
  /** The activation; tanh by default. */
  activation?: CellActivation;
}

const RNN_CELL_OPTIONS = ['wInit', 'bInit', 'stateInit', 'activation', ...MODULE_OPTIONS] as const;

/**
 * Base of the recurrent cells: a call takes one step, [..., in] → [..., out]; `forLoop((x) => cell.call(x), xs)` takes many. Mirrors `brainstate.nn.RNNCell`.
 *
 * @example
 * new nn.GRUCell(2, 3) instanceof nn.RNNCell; // true
 */
export class RNNCell extends Module {
  static override readonly positional: readonly string[] = ['numIn', 'numOut'];
}

function activationOf(op: string, f: CellActivation): (x: Array) => Array {
  if (typeof f === 'function') return f;
  const name = typeof f === 'string' ? f.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()) : '';
  const found = (activations as unknown as Record<string, (x: Array) => Array>)[name];
  if (!Object.hasOwn(activations, name) || typeof found !== 'function') throw new ArgumentError(`${op}: expected activation to be a function or the name of one in nn, got ${describeValue(f)}`);
  return found;
}

/** What the cells have in common: sizes, an activation, and hidden states of shape [out] or [batch, out]. */
abstract class Cell extends RNNCell {
  declare readonly numOut: number;
  declare readonly numIn: number;
  declare protected readonly _stateInitializer: InitLike;
  declare readonly activation: (x: Array) => Array;
  /** The hidden state; made by {@link initState}. */
  declare h: HiddenState;

  constructor(numIn: number, numOut: number, options: RNNCellOptions & { activation: CellActivation }, initializerFirst = false) {
    const { stateInit = new ZeroInit(), activation, ...rest } = checkOptions(new.target.name, RNN_CELL_OPTIONS, options);
    super(rest);
    checkInteger(new.target.name, 'numIn', numIn, 1);
    checkInteger(new.target.name, 'numOut', numOut, 1);
    this.inSize = numIn;
    this.outSize = numOut;
    // In the order in which BrainState's cell of the kind prints them.
    Object.assign(this, initializerFirst ? { _stateInitializer: stateInit, numOut, numIn } : { numOut, numIn, _stateInitializer: stateInit });
    this.activation = activationOf(new.target.name, activation);
  }

  protected first(batchSize: BatchSize): Array {
    return param(this._stateInitializer, [this.numOut], { batchSize: batchSizeOf(this.constructor.name, batchSize) })!;
  }

  /** Makes the hidden states, of shape [out], or [batchSize, out]. */
  override initState(batchSize: BatchSize = null): void {
    this.h = new HiddenState(this.first(batchSize));
  }

  /** Gives the hidden states their first values. */
  override resetState(batchSize: BatchSize = null): void {
    this.hidden().value = this.first(batchSize);
  }

  protected hidden(): HiddenState {
    if (this.h === undefined) throw new BrainStateError(`${this.constructor.name}: the cell has no hidden state yet; call initState(batchSize) or nn.initAllStates(model, batchSize) first`);
    return this.h;
  }

  /** The input and what is of the hidden state's shape, side by side. @throws ShapeError for an input of another number of features or another batch than the state's */
  protected joined(x: ArrayLike, h: Array): Array {
    const input = np.asarray(x);
    const expected = [...h.shape.slice(0, -1), this.numIn];
    if (!sameShape(input.shape, expected)) throw new ShapeError(`${this.constructor.name}: expected an input of shape [${expected}]${expected.length > 1 ? ', as the hidden state was made for this batch size,' : ', as the hidden state was made for no batch,'} got ${input.aval}`);
    return np.concatenate([input, h], { axis: -1 });
  }
}

/** A cell with a memory beside its hidden state. */
abstract class MemoryCell extends Cell {
  /** The memory; made by {@link initState}. */
  declare c: HiddenState;

  override initState(batchSize: BatchSize = null): void {
    this.c = new HiddenState(this.first(batchSize));
    super.initState(batchSize);
  }

  override resetState(batchSize: BatchSize = null): void {
    super.resetState(batchSize);
    this.c.value = this.first(batchSize);
  }
}

const parts = (x: Array, n: number) => np.split(x, n, { axis: -1 }) as Array[];
/** `(1 - g) a + g b`. */
const between = (g: Array, a: Array, b: Array) => np.add(np.multiply(np.subtract(1, g), a), np.multiply(g, b));

/**
 * The plain recurrent cell: `h = activation([x, h] W + b)`.
 *
 * Mirrors `brainstate.nn.ValinaRNNCell`, whose name it also has.
 *
 * @example
 * ```ts
 * const cell = nn.initAllStates(new nn.VanillaRNNCell(2, 3), 4);
 * cell.call(np.ones([4, 2])).shape; // [4, 3]
 * ```
 */
export class ValinaRNNCell extends Cell {
  readonly W: Linear;

  constructor(numIn: number, numOut: number, given: RNNCellOptions = {}) {
    const { wInit = new XavierNormal(), bInit = new ZeroInit(), activation = 'relu', ...options } = checkOptions(new.target.name, RNN_CELL_OPTIONS, given);
    super(numIn, numOut, { ...options, activation });
    this.W = new Linear(numIn + numOut, numOut, { wInit, bInit });
  }

  override call(x: ArrayLike): Array {
    const state = this.hidden();
    const h = this.activation(this.W.call(this.joined(x, state.value)));
    state.value = h;
    return h;
  }
}
export { ValinaRNNCell as VanillaRNNCell };

/**
 * A gated recurrent unit: with `r, z = sigmoid([x, h] Wrz)`, `h = (1 - z) h + z activation([x, r h] Wh)`.
 *
 * Mirrors `brainstate.nn.GRUCell`.
 *
 * @example
 * ```ts
 * const cell = nn.initAllStates(new nn.GRUCell(2, 3), 4);
 * forLoop((x) => cell.call(x), np.ones([5, 4, 2])).shape; // [5, 4, 3]
 * ```
 */
export class GRUCell extends Cell {
  readonly Wrz: Linear;
  readonly Wh: Linear;

  constructor(numIn: number, numOut: number, given: RNNCellOptions = {}) {
    const { wInit = new Orthogonal(), bInit = new ZeroInit(), activation = 'tanh', ...options } = checkOptions(new.target.name, RNN_CELL_OPTIONS, given);
    super(numIn, numOut, { ...options, activation }, true);
    this.Wrz = new Linear(numIn + numOut, numOut * 2, { wInit, bInit });
    this.Wh = new Linear(numIn + numOut, numOut, { wInit, bInit });
  }

  override call(x: ArrayLike): Array {
    const state = this.hidden();
    const old = state.value;
    const [r, z] = parts(activations.sigmoid(this.Wrz.call(this.joined(x, old))), 2) as [Array, Array];
    const h = between(z, old, this.activation(this.Wh.call(this.joined(x, np.multiply(r, old)))));
    state.value = h;
    return h;
  }
}

/**
 * A minimal gated unit: with `f = sigmoid([x, h] Wf)`, `h = (1 - f) h + f activation([x, f h] Wh)`.
 *
 * Mirrors `brainstate.nn.MGUCell`.
 *
 * @example
 * ```ts
 * const cell = new nn.MGUCell(2, 3);
 * cell.initState(4);
 * cell.call(np.ones([4, 2])).shape; // [4, 3]
 * ```
 */
export class MGUCell extends Cell {
  readonly Wf: Linear;
  readonly Wh: Linear;

  constructor(numIn: number, numOut: number, given: RNNCellOptions = {}) {
    const { wInit = new Orthogonal(), bInit = new ZeroInit(), activation = 'tanh', ...options } = checkOptions(new.target.name, RNN_CELL_OPTIONS, given);
    super(numIn, numOut, { ...options, activation }, true);
    this.Wf = new Linear(numIn + numOut, numOut, { wInit, bInit });
    this.Wh = new Linear(numIn + numOut, numOut, { wInit, bInit });
  }

  override call(x: ArrayLike): Array {
    const state = this.hidden();
    const old = state.value;
    const f = activations.sigmoid(this.Wf.call(this.joined(x, old)));
    const h = between(f, old, this.activation(this.Wh.call(this.joined(x, np.multiply(f, old)))));
    state.value = h;
    return h;
  }
}

/**
 * A long short-term memory: with `i, g, f, o = [x, h] W`, `c = sigmoid(f + 1) c + sigmoid(i) activation(g)` and `h = sigmoid(o) activation(c)`.
 *
 * Mirrors `brainstate.nn.LSTMCell`.
 *
 * @example
 * ```ts
 * const cell = new nn.LSTMCell(2, 3);
 * cell.initState(4);
 * cell.call(np.ones([4, 2])).shape; // [4, 3]
 * ```
 */
export class LSTMCell extends MemoryCell {
  readonly W: Linear;

  constructor(numIn: number, numOut: number, given: RNNCellOptions = {}) {
    const { wInit = new XavierNormal(), bInit = new ZeroInit(), activation = 'tanh', ...options } = checkOptions(new.target.name, RNN_CELL_OPTIONS, given);
    super(numIn, numOut, { ...options, activation });
    this.W = new Linear(numIn + numOut, numOut * 4, { wInit, bInit });
  }

  override call(x: ArrayLike): Array {
    const state = this.hidden();
    const [i, g, f, o] = parts(this.W.call(this.joined(x, state.value)), 4) as [Array, Array, Array, Array];
    const kept = np.multiply(activations.sigmoid(np.add(f, 1)), this.c.value);
    const c = np.add(kept, np.multiply(activations.sigmoid(i), this.activation(g)));
    const h = np.multiply(activations.sigmoid(o), this.activation(c));
    state.value = h;
    this.c.value = c;
    return h;
  }
}

/**
 * A long short-term memory with refined gates that start at different time scales: with `f, r, u, o = [x, h] W`, `F = sigmoid(f + bias)`, `R = sigmoid(r - bias)`,
 * `G = 2 R F + (1 - 2 R) F²`, `c = G c + (1 - G) activation(u)` and `h = sigmoid(o) activation(c)`.
 *
 * Mirrors `brainstate.nn.URLSTMCell`.
 *
 * @example
 * ```ts
 * const cell = new nn.URLSTMCell(2, 3);
 * cell.initState(4);
 * cell.call(np.ones([4, 2])).shape; // [4, 3]
 * ```
 */
export class URLSTMCell extends MemoryCell {
  readonly W: Linear;
  readonly bias: ParamState;

  constructor(numIn: number, numOut: number, given: Omit<RNNCellOptions, 'bInit'> = {}) {
    const { wInit = new XavierNormal(), activation = 'tanh', ...options } = checkOptions(new.target.name, ['wInit', 'stateInit', 'activation', ...MODULE_OPTIONS], given);
    super(numIn, numOut, { ...options, activation });
    this.W = new Linear(numIn + numOut, numOut * 4, { wInit, bInit: null });
    const u = random.uniform({ low: 1 / numOut, high: 1 - 1 / numOut, size: [numOut] });
    this.bias = new ParamState(np.negative(np.log(np.subtract(np.divide(1, u), 1))));
  }

  override call(x: ArrayLike): Array {
    const state = this.hidden();
    const [f, r, u, o] = parts(this.W.call(this.joined(x, state.value)), 4) as [Array, Array, Array, Array];
    const forget = activations.sigmoid(np.add(f, this.bias.value));
    const refine = np.multiply(activations.sigmoid(np.subtract(r, this.bias.value)), 2);
    const gate = np.add(np.multiply(refine, forget), np.multiply(np.subtract(1, refine), np.square(forget)));
    const c = np.add(np.multiply(gate, this.c.value), np.multiply(np.subtract(1, gate), this.activation(u)));
    const h = np.multiply(activations.sigmoid(o), this.activation(c));
    state.value = h;
    this.c.value = c;
    return h;
  }
}
