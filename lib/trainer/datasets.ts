import { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions, optionsObject } from '../functional/options';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as np from '../numpy';
import * as prng from '../prng';

type Typed = Exclude<ArrayBufferView, DataView> & { readonly length: number; readonly [i: number]: number | bigint; subarray(from: number, to: number): Typed };

/** Values that stay on the host: row-major data, and its shape where it has more than one axis. */
export interface HostData {
  /** The elements. */
  data: Exclude<ArrayBufferView, DataView>;
  /** Sizes of the dimensions. */
  shape: readonly number[];
}

/** Rows to draw from: an array on the device, or data on the host. */
export type Rows = ArrayLike | HostData;

/** One array: on the device, or on the host. */
export function isRows(x: unknown): x is Array | Exclude<ArrayBufferView, DataView> | HostData {
  return x instanceof Array || (ArrayBuffer.isView(x) && !(x instanceof DataView)) || (isPlainObject(x) && ArrayBuffer.isView(x.data) && globalThis.Array.isArray(x.shape));
}

/** Something that has samples by their index. Mirrors `braintools.trainer.Dataset`. @example new trainer.ArrayDataset([[1], [2], [3]]) instanceof trainer.Dataset; // true */
export abstract class Dataset<Sample = unknown> {
  /** Number of samples. */
  abstract get length(): number;

  /** The sample at an index. */
  abstract get(index: number): Sample;

  /** Several samples as one batch; undefined leaves it to the loader to put samples together. */
  batch(_indices: readonly number[]): unknown {
    return undefined;
  }
}

/** Rows of one array. */
class Column {
  readonly length: number;
  private readonly device: Array | null;
  private readonly host: { data: Typed; row: readonly number[]; size: number } | null;

  constructor(op: string, x: Rows) {
    const typed = ArrayBuffer.isView(x) && !(x instanceof DataView) ? { data: x, shape: [(x as unknown as Typed).length] } : x;
    if (typeof typed === 'object' && typed !== null && !(typed instanceof Array) && 'data' in typed && 'shape' in typed) {
      const { data, shape } = typed as HostData;
      const [n = 0, ...row] = shape;
      const size = sizeOf(row);
      if ((data as unknown as Typed).length !== n * size) throw new ShapeError(`${op}: expected ${n * size} values for the shape [${shape.join(', ')}], got ${(data as unknown as Typed).length}`);
      [this.device, this.host, this.length] = [null, { data: data as unknown as Typed, row, size }, n];
    } else {
      const a = asArray(x as ArrayLike, op);
      if (a.ndim === 0) throw new ShapeError(`${op}: expected arrays of one axis or more, got ${a.aval}`);
      [this.device, this.host, this.length] = [a, null, a.shape[0]!];
    }
  }

  take(indices: readonly number[]): Array {
    if (this.device !== null) return np.take(this.device, np.array(Int32Array.from(indices)), { axis: 0 });
    const { data, row, size } = this.host!;
    const out = new (data.constructor as new (n: number) => Typed & { set(x: Typed, at: number): void })(indices.length * size);
    indices.forEach((i, k) => out.set(data.subarray(i * size, (i + 1) * size), k * size));
    return np.array(out as never, { shape: [indices.length, ...row] } as never);
  }

  get(index: number): Array {
    if (this.device !== null) return this.device.slice(index) as Array;
    return np.reshape(this.take([index]), [...this.host!.row]);
  }
}

function checkDataset<S>(op: string, x: Dataset<S>): Dataset<S> {
  if (!(x instanceof Dataset)) throw new ArgumentError(`${op}: expected a dataset, got ${describeValue(x)}`);
  return x;
}

function checkIndex(op: string, i: number, n: number): void {
  if (!Number.isInteger(i) || i < 0 || i >= n) throw new ArgumentError(`${op}: expected an index from 0 to ${n - 1}, got ${typeof i === 'number' ? i : describeValue(i)}`);
}

/**
 * Samples are rows of arrays of one length, on the device or on the host (typed arrays, or `{ data, shape }`), which are then sent to the device batch
 * by batch. Mirrors `braintools.trainer.ArrayDataset`.
 *
 * @throws ShapeError if the lengths differ
 * @example new trainer.ArrayDataset({ data: new Float32Array(6), shape: [3, 2] }, Int32Array.of(0, 1, 0)).get(1) // [[0, 0], 1]
 */
export class ArrayDataset extends Dataset<Array[]> {
  readonly length: number;
  private readonly columns: readonly Column[];

  constructor(...arrays: Rows[]) {
    super();
    if (arrays.length === 0) throw new ArgumentError('ArrayDataset: expected at least one array');
    this.columns = arrays.map((x) => new Column('ArrayDataset', x));
    this.length = this.columns[0]!.length;
    this.columns.forEach((c, i) => {
      if (c.length !== this.length) throw new ShapeError(`ArrayDataset: expected arrays of one length, got ${this.length} in array 0 and ${c.length} in array ${i}`);
    });
  }

  /** The sample of an index: a row of each array. */
  get(index: number): Array[] {
    checkIndex('ArrayDataset', index, this.length);
    return this.columns.map((c) => c.get(index));
  }

  override batch(indices: readonly number[]): Array[] {
    // One past the end would be read as something else.
    for (const i of indices) checkIndex('ArrayDataset', i, this.length);
    return this.columns.map((c) => c.take(indices));
  }
}

/**
 * {@link ArrayDataset} with names: samples and batches are objects. Mirrors `braintools.trainer.DictDataset`.
 *
 * @example
 * new trainer.DictDataset({ x: [1, 2, 3], y: [0, 1, 0] }).get(2).x!.js(); // 3
 */
export class DictDataset extends Dataset<Record<string, Array>> {
  readonly keys: readonly string[];
  private readonly rows: ArrayDataset;

  constructor(data: Readonly<Record<string, Rows>>) {
    super();
    this.keys = Object.keys(optionsObject('DictDataset', data));
    this.rows = new ArrayDataset(...Object.values(data ?? {}));
  }

  get length(): number {
    return this.rows.length;
  }

  private named(values: Array[]): Record<string, Array> {
    return Object.fromEntries(this.keys.map((k, i) => [k, values[i]!]));
  }

  /** The sample of an index: a row of each array, by name. */
  get(index: number): Record<string, Array> {
    return this.named(this.rows.get(index));
  }

  override batch(indices: readonly number[]): Record<string, Array> {
    return this.named(this.rows.batch(indices));
  }
}

/** A dataset whose samples are changed by a function. @example new trainer.DatasetWrapper(new trainer.ArrayDataset([1, 2, 3]), ([x]) => x!.mul(2)).get(1).js(); // 4 */
export class DatasetWrapper<In, Out> extends Dataset<Out> {
  readonly dataset: Dataset<In>;
  private readonly f: (sample: In, index: number) => Out;

  constructor(dataset: Dataset<In>, f: (sample: In, index: number) => Out) {
    super();
    this.dataset = checkDataset('DatasetWrapper', dataset);
    if (typeof f !== 'function') throw new ArgumentError(`DatasetWrapper: expected a function of a sample and its index, got ${describeValue(f)}`);
    this.f = f;
  }

  get length(): number {
    return this.dataset.length;
  }

  /** The sample of an index, as the function changes it. */
  get(index: number): Out {
    return this.f(this.dataset.get(index), index);
  }
}

/** Some of a dataset's samples. @example new trainer.Subset(new trainer.ArrayDataset([10, 20, 30]), [2, 0]).length; // 2 */
export class Subset<S> extends Dataset<S> {
  readonly dataset: Dataset<S>;
  readonly indices: readonly number[];

  constructor(dataset: Dataset<S>, indices: readonly number[]) {
    super();
    this.dataset = checkDataset('Subset', dataset);
    if (!globalThis.Array.isArray(indices)) throw new ArgumentError(`Subset: expected a list of indices, got ${describeValue(indices)}`);
    for (const i of indices) checkIndex('Subset', i, dataset.length);
    this.indices = indices;
  }

  get length(): number {
    return this.indices.length;
  }

  /** The sample of an index within the subset. */
  get(index: number): S {
    checkIndex('Subset', index, this.length);
    return this.dataset.get(this.indices[index]!);
  }

  override batch(indices: readonly number[]): unknown {
    return this.dataset.batch(indices.map((i) => this.indices[i]!));
  }
}

/**
 * Samples that come one after another, and cannot be asked for by index; a loader batches them in their order. Mirrors `braintools.trainer.IterableDataset`.
 *
 * @example
 * [...new trainer.IterableDataset([1, 2, 3])]; // [1, 2, 3]
 */
export class IterableDataset<S> implements Iterable<S> {
  readonly iterable: Iterable<S>;
  readonly length: number | null;

  constructor(iterable: Iterable<S>, given: { length?: number | null } = {}) {
    const { length = null } = checkOptions(new.target.name, ['length'], given);
    if (typeof (iterable as Partial<Iterable<S>> | null | undefined)?.[Symbol.iterator] !== 'function') throw new ArgumentError(`IterableDataset: expected something to iterate over, got ${describeValue(iterable)}`);
    if (length !== null) checkInteger('IterableDataset', 'length', length, 0);
    this.iterable = iterable;
    this.length = length;
  }

  [Symbol.iterator](): Iterator<S> {
    return this.iterable[Symbol.iterator]();
  }
}

/** A random order of 0 … n-1 that depends on the seed and the epoch only. */
export function seededOrder(n: number, seed: number, epoch: number): number[] {
  return globalThis.Array.from(prng.permutation(prng.foldIn(prng.PRNGKey(seed), epoch), n).dataSync() as Int32Array, Number);
}

/**
 * Splits a dataset at random into parts of the given lengths, or shares of the whole where they are fractions that sum to 1.
 *
 * @throws ArgumentError if the lengths do not sum to the dataset's
 * @example trainer.split(new trainer.ArrayDataset(np.arange(10)), [0.9, 0.1], { seed: 0 }).map((part) => part.length); // [9, 1]
 */
export function split<S>(dataset: Dataset<S>, lengths: readonly number[], given: { seed?: number } = {}): Subset<S>[] {
  const { seed = 0 } = checkOptions('split', ['seed'], given);
  const n = checkDataset('split', dataset).length;
  if (!globalThis.Array.isArray(lengths) || lengths.some((x) => typeof x !== 'number')) throw new ArgumentError(`split: expected a list of lengths or fractions, got ${describeValue(lengths)}`);
  const shares = lengths.some((x) => !Number.isInteger(x));
  let counts = [...lengths];
  if (shares) {
    if (Math.abs(lengths.reduce((a, b) => a + b, 0) - 1) > 1e-6) throw new ArgumentError(`split: expected fractions that sum to 1, got ${lengths.join(', ')}`);
    const ends = lengths.map((_, i) => Math.round(n * lengths.slice(0, i + 1).reduce((a, b) => a + b, 0)));
    counts = ends.map((e, i) => e - (ends[i - 1] ?? 0));
  }
  if (counts.some((c) => c < 0) || counts.reduce((a, b) => a + b, 0) !== n) throw new ArgumentError(`split: expected lengths that sum to ${n}, got ${lengths.join(', ')}`);
  const order = seededOrder(n, seed, 0);
  let at = 0;
  return counts.map((c) => new Subset(dataset, order.slice(at, (at += c))));
}
