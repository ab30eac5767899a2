import { inspect } from 'node:util';
import { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue, type TypedArray } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { HiddenState } from './kinds';
import type { State, StateOptions } from './state';

/** Values of hidden states, by position, or by name or position. */
export type HiddenValues = readonly ArrayLike[] | Readonly<Record<string, ArrayLike>> | ReadonlyMap<string | number, ArrayLike>;

/**
 * Several hidden states of one shape as one array, along its last axis: [..., n]. They are named '0' … 'n-1'.
 *
 * Mirrors `brainstate.HiddenGroupState`.
 *
 * @example
 * new HiddenGroupState(np.zeros([100, 3])).numState; // 3
 */
export class HiddenGroupState extends HiddenState {
  /** The position of each hidden state by its name. */
  readonly name2index: Readonly<Record<string, number>>;

  /** @throws ShapeError for an array of fewer than two dimensions */
  constructor(value: Array | TypedArray | State<Array>, options: StateOptions = {}) {
    super(value, options);
    if (this.value.ndim < 2) throw new ShapeError(`${new.target.name}: expected an array of at least two dimensions, of which the last is the number of hidden states, got ${this.value.aval}`);
    this.name2index = Object.fromEntries(globalThis.Array.from({ length: this.numState }, (_, i) => [String(i), i]));
  }

  override get varshape(): readonly number[] {
    return this.value.shape.slice(0, -1);
  }

  override get numState(): number {
    return this.value.shape[this.value.ndim - 1]!;
  }

  private indexOf(op: string, item: number | string): number {
    const n = this.numState;
    if (typeof item === 'string') {
      // An object's keys are strings: what is no name may be a position.
      const i = this.name2index[item] ?? (/^\d+$/.test(item) && Number(item) < n ? Number(item) : undefined);
      if (i === undefined) throw new ArgumentError(`${this.constructor.name}.${op}: there is no hidden state '${item}'; expected one of ${Object.keys(this.name2index).map((k) => `'${k}'`).join(', ')}`);
      return i;
    }
    if (!Number.isInteger(item) || item >= n || item < -n) throw new ArgumentError(`${this.constructor.name}.${op}: expected an index in [${-n}, ${n}), got ${describeValue(item)}`);
    return item < 0 ? item + n : item;
  }

  /** One of the hidden states, by name or position. */
  getValue(item: number | string): Array {
    return np.take(this.value, this.indexOf('getValue', item), { axis: -1 });
  }

  /** Sets some of the hidden states: by position, or by name or position. @throws ShapeError for one of another shape */
  setValue(values: HiddenValues): void {
    if (values === null || typeof values !== 'object') throw new ArgumentError(`${this.constructor.name}.setValue: expected a list, object or Map of hidden states, got ${describeValue(values)}`);
    const entries = globalThis.Array.isArray(values) ? (values as readonly ArrayLike[]).map((v, i): [number, ArrayLike] => [i, v])
      : values instanceof Map ? [...(values as ReadonlyMap<string | number, ArrayLike>)] : Object.entries(values as Record<string, ArrayLike>);
    if (entries.length === 0) throw new ArgumentError(`${this.constructor.name}.setValue: expected at least one hidden state`);
    let value = this.value;
    for (const [k, v] of entries) {
      if (typeof k === 'number' && k < 0) throw new ArgumentError(`${this.constructor.name}.setValue: expected an index in [0, ${this.numState}), got ${k}`);
      const [i, x] = [this.indexOf('setValue', k), asArray(v, `${this.constructor.name}.setValue: '${k}'`)];
      if (String(x.shape) !== String(this.varshape)) throw new ShapeError(`${this.constructor.name}.setValue: expected the hidden state '${k}' to be of shape [${this.varshape.join(', ')}], got ${x.aval}`);
      value = value.at('...', i).set(x);
    }
    this.value = value;
  }
}

/**
 * Several hidden states of one shape, given by name or in a list, kept as one array along its last axis. Mirrors `brainstate.HiddenTreeState`.
 *
 * @example
 * new HiddenTreeState({ v: np.zeros([100]), u: np.ones([100]) }).getValue('u').shape; // [100]
 */
export class HiddenTreeState extends HiddenGroupState {
  declare readonly name2index: Readonly<Record<string, number>>;

  /** @throws ShapeError unless all are of one shape */
  constructor(value: Readonly<Record<string, Array | TypedArray>> | readonly (Array | TypedArray)[], options: StateOptions = {}) {
    if (value === null || typeof value !== 'object' || value instanceof Array) throw new ArgumentError(`HiddenTreeState: expected an object or list of arrays, got ${describeValue(value)}`);
    const entries = Object.entries(value) as [string, Array | TypedArray][];
    for (const [k, v] of entries) if (!(v instanceof Array || ArrayBuffer.isView(v))) throw new ArgumentError(`HiddenTreeState: expected an array for '${k}', got ${describeValue(v)}`);
    const arrays = entries.map(([, v]) => asArray(v, 'HiddenTreeState'));
    if (new Set(arrays.map((a) => String(a.shape))).size !== 1) throw new ShapeError(`HiddenTreeState: expected hidden states of one shape, got ${arrays.map((a, i) => `'${entries[i]![0]}': ${a.aval}`).join(', ') || 'none'}`);
    super(np.stack(arrays, { axis: -1 }), options);
    this.name2index = Object.fromEntries(entries.map(([k], i) => [k, i]));
  }
}

/** What looks like a state to those who read and write `value`, but is none: no transform sees it. Mirrors `brainstate.FakeState`. @example new FakeState(3).value; // 3 */
export class FakeState<T = unknown> {
  value: T;
  name: string | null;

  constructor(value: T, options: { name?: string } = {}) {
    const { name } = checkOptions('FakeState', ['name'], options);
    this.value = value;
    this.name = name ?? null;
  }

  toString(): string {
    return `FakedState(value=${inspect(this.value)})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
