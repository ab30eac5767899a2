import { checkFunction, checkInteger } from '../core/checks';
import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import * as random from '../random';
import { map } from '../tree';
import { ArrayDataset, Dataset, DictDataset, isRows, IterableDataset, type Rows, seededOrder } from './datasets';

/** An order of samples. Mirrors `braintools.trainer.Sampler`. @example new trainer.SequentialSampler([10, 20]) instanceof trainer.Sampler; // true */
export abstract class Sampler implements Iterable<number> {
  abstract get length(): number;
  abstract [Symbol.iterator](): Iterator<number>;
  /** Tells the epoch, on which a random order depends. */
  setEpoch(_epoch: number): void {}
}

/** What has a length. */
type Sized = { readonly length: number };

function sized(op: string, x: Sized): Sized {
  if (!Number.isInteger((x as Partial<Sized> | null | undefined)?.length)) throw new ArgumentError(`${op}: expected a dataset, or something else with a length, got ${describeValue(x)}`);
  return x;
}

/** 0, 1, 2 … Mirrors `braintools.trainer.SequentialSampler`. @example [...new trainer.SequentialSampler([10, 20, 30])]; // [0, 1, 2] */
export class SequentialSampler extends Sampler {
  readonly dataSource: Sized;

  constructor(dataSource: Sized) {
    super();
    this.dataSource = sized('SequentialSampler', dataSource);
  }

  get length(): number {
    return this.dataSource.length;
  }

  [Symbol.iterator](): Iterator<number> {
    return globalThis.Array.from({ length: this.length }, (_, i) => i)[Symbol.iterator]();
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions {
  replacement?: boolean;
  numSamples?: number;
  /** Makes the order a function of seed and epoch; without one the global random state gives a key. */
  seed?: number;
}

/**
 * A random order, another in each epoch, made of a random key on the device. Mirrors `braintools.trainer.RandomSampler`.
 *
 * @example
 * [...new trainer.RandomSampler([10, 20, 30], { seed: 0 })].sort(); // [0, 1, 2]
 */
export class RandomSampler extends Sampler {
  readonly dataSource: Sized;
  private options: RandomSamplerOptions;
  private epoch = 0;

  constructor(dataSource: Sized, options: RandomSamplerOptions = {}) {
    super();
    this.dataSource = sized('RandomSampler', dataSource);
    this.options = options;
    const { numSamples, replacement = false } = checkOptions('RandomSampler', ['replacement', 'numSamples', 'seed'], options);
    if (numSamples !== undefined) checkInteger('RandomSampler', 'numSamples', numSamples, 1);
    if (!replacement && numSamples !== undefined && numSamples > dataSource.length) throw new ArgumentError(`RandomSampler: expected numSamples of at most ${dataSource.length} without replacement, got ${numSamples}`);
  }

  get length(): number {
    return this.options.numSamples ?? this.dataSource.length;
  }

  /** How many indices an epoch has. */
  get numSamples(): number {
    return this.length;
  }

  /** Whether an index may come twice. */
  get replacement(): boolean {
    return this.options.replacement ?? false;
  }

  /** What the order depends on, beside the epoch; null where it is drawn. */
  get seed(): number | null {
    return this.options.seed ?? null;
  }

  override setEpoch(epoch: number): void {
    this.epoch = epoch;
  }

  /** Begins anew with the first epoch's order, of another seed if one is given. */
  reset(seed?: number): void {
    if (seed !== undefined) this.options = { ...this.options, seed: checkInteger('RandomSampler.reset', 'seed', seed) };
    this.epoch = 0;
  }

  [Symbol.iterator](): Iterator<number> {
    const n = this.dataSource.length;
    const seed = this.options.seed ?? Number(random.randint(0, { high: 2 ** 31 - 1 }).item());
    if (!this.options.replacement) return seededOrder(n, seed, this.epoch).slice(0, this.length)[Symbol.iterator]();
    const drawn = new random.RandomState(seed + this.epoch).randint(0, { high: n, size: [this.length] }).dataSync() as Int32Array;
    return globalThis.Array.from(drawn, Number)[Symbol.iterator]();
  }
}

/** Options of {@link DistributedSampler}. */
export interface DistributedSamplerOptions {
  /** How many processes share the samples. Default 1. */
  numReplicas?: number;
  /** Which of them this is. Default 0. */
  rank?: number;
  /** Whether samples come in a random order. */
  shuffle?: boolean;
  /** Seed of the order. */
  seed?: number;
  /** Whether the last samples are dropped where shares would differ. */
  dropLast?: boolean;
}

/**
 * One process's share of the samples: each gets as many, so that some come twice unless the last are dropped. Mirrors `braintools.trainer.DistributedSampler`.
 *
 * @example
 * [...new trainer.DistributedSampler([10, 20, 30, 40], { numReplicas: 2, rank: 0, shuffle: false })]; // [0, 2]
 */
export class DistributedSampler extends Sampler {
  readonly dataSource: Sized;
  private readonly options: Required<DistributedSamplerOptions>;
  private epoch = 0;

  constructor(dataSource: Sized, options: DistributedSamplerOptions = {}) {
    super();
    const { numReplicas = 1, rank = 0, shuffle = true, seed = 0, dropLast = false } = checkOptions('DistributedSampler', ['numReplicas', 'rank', 'shuffle', 'seed', 'dropLast'], options);
    checkInteger('DistributedSampler', 'numReplicas', numReplicas, 1);
    if (!(rank >= 0 && rank < numReplicas)) throw new ArgumentError(`DistributedSampler: expected rank from 0 to ${numReplicas - 1}, got ${rank}`);
    this.dataSource = sized('DistributedSampler', dataSource);
    this.options = { numReplicas, rank, shuffle, seed, dropLast };
  }

  get length(): number {
    const n = this.dataSource.length / this.options.numReplicas;
    return this.options.dropLast ? Math.floor(n) : Math.ceil(n);
  }

  /** How many indices an epoch has. */
  get numSamples(): number {
    return this.length;
  }

  /** How many indices all processes have together. */
  get totalSize(): number {
    return this.length * this.options.numReplicas;
  }

  get numReplicas(): number {
    return this.options.numReplicas;
  }

  get rank(): number {
    return this.options.rank;
  }

  override setEpoch(epoch: number): void {
    this.epoch = epoch;
  }

  [Symbol.iterator](): Iterator<number> {
    const n = this.dataSource.length;
    const { shuffle, seed, numReplicas, rank } = this.options;
    const order = shuffle ? seededOrder(n, seed, this.epoch) : globalThis.Array.from({ length: n }, (_, i) => i);
    return globalThis.Array.from({ length: this.length }, (_, i) => order[(i * numReplicas + rank) % n]!)[Symbol.iterator]();
  }
}

function checkBatchSize(op: string, batchSize: number): void {
  checkInteger(op, 'batchSize', batchSize, 1);
}

/** A sampler's indices in groups. Mirrors `braintools.trainer.BatchSampler`. @example [...new trainer.BatchSampler(new trainer.SequentialSampler([7, 8, 9]), 2)] // [[0, 1], [2]] */
export class BatchSampler implements Iterable<number[]> {
  readonly sampler: Sampler;
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(sampler: Sampler, batchSize: number, given: { dropLast?: boolean } = {}) {
    const { dropLast = false } = checkOptions(new.target.name, ['dropLast'], given);
    if (!(sampler instanceof Sampler)) throw new ArgumentError(`BatchSampler: expected a sampler, got ${describeValue(sampler)}`);
    checkBatchSize('BatchSampler', batchSize);
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }

  get length(): number {
    const n = this.sampler.length / this.batchSize;
    return this.dropLast ? Math.floor(n) : Math.ceil(n);
  }

  *[Symbol.iterator](): Iterator<number[]> {
    let batch: number[] = [];
    for (const i of this.sampler) {
      batch.push(i);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}

/** Whether two samples are of one kind; lists of one length, objects of the same keys. */
function sameForm(a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b || a === null || b === null || globalThis.Array.isArray(a) !== globalThis.Array.isArray(b)) return a === b;
  if (globalThis.Array.isArray(a)) return a.length === (b as unknown[]).length;
  if (a instanceof Array || ArrayBuffer.isView(a)) return b instanceof Array || ArrayBuffer.isView(b);
  return typeof a !== 'object' || String(Object.keys(a)) === String(Object.keys(b as object));
}

/**
 * Samples of one structure stacked leaf by leaf; numbers become arrays. Mirrors `braintools.trainer`'s `default_collate_fn`. @throws ArgumentError if there is none, or their structures differ
 *
 * @example
 * (trainer.defaultCollateFn([np.array([1, 2]), np.array([3, 4])]) as Array).js(); // [[1, 2], [3, 4]]
 */
export function defaultCollateFn(samples: readonly unknown[]): unknown {
  if (!globalThis.Array.isArray(samples) || samples.length === 0) throw new ArgumentError(`defaultCollateFn: expected a list of samples, got ${describeValue(samples)}`);
  const first = samples[0];
  const other = samples.find((s) => !sameForm(first, s));
  if (other !== undefined) throw new ArgumentError(`defaultCollateFn: expected samples of one structure, got ${describeValue(first)} and ${describeValue(other)}`);
  if (globalThis.Array.isArray(first)) return first.map((_, i) => defaultCollateFn(samples.map((s) => (s as unknown[])[i])));
  if (first instanceof Array || ArrayBuffer.isView(first)) return np.stack(samples as Array[]);
  if (typeof first === 'number' || typeof first === 'boolean') {
    const whole = typeof first === 'number' && samples.every((x) => Number.isInteger(x));
    return np.array(samples as number[], whole ? 'int32' : typeof first === 'boolean' ? 'bool' : 'float32');
  }
  if (first !== null && typeof first === 'object') return Object.fromEntries(Object.keys(first).map((k) => [k, defaultCollateFn(samples.map((s) => (s as Record<string, unknown>)[k]))]));
  return [...samples];
}

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions {
  /** Samples of a batch. */
  batchSize?: number;
  /** Another order in each epoch. */
  shuffle?: boolean;
  /** What chooses the samples, in place of all in order. */
  sampler?: Sampler;
  /** Gives the indices of whole batches, in place of batchSize, shuffle and sampler. */
  batchSampler?: BatchSampler;
  /** Puts samples together to a batch; by default leaf by leaf. */
  collateFn?: (samples: unknown[]) => unknown;
  /** Leaves out a last batch that is not full. */
  dropLast?: boolean;
  /** How many batches are put on the device ahead of use. Default 2. */
  prefetch?: number;
  /** Of the shuffling. */
  seed?: number;
}

/**
 * Batches of a dataset, on the device, a few ahead of use. Iterating once is an epoch. Mirrors `braintools.trainer.DataLoader`.
 *
 * @param dataset a {@link Dataset}, an {@link IterableDataset}, an array (batches are lists of one then), a list of arrays, or an object of arrays
 * @throws ArgumentError for anything else, or an option that is not what it should be
 * @example
 * [...new trainer.DataLoader([np.ones([100, 3]), np.zeros([100])], { batchSize: 32, shuffle: true, seed: 0 })].length; // 4
 */
export class DataLoader implements Iterable<unknown> {
  readonly dataset: Dataset | IterableDataset<unknown>;
  readonly batchSampler: BatchSampler | null;
  readonly batchSize: number;
  readonly dropLast: boolean;
  private readonly collate: ((samples: unknown[]) => unknown) | null;
  private readonly prefetch: number;
  private epoch = 0;

  constructor(dataset: Dataset | IterableDataset<unknown> | Rows | readonly Rows[] | Readonly<Record<string, Rows>>, options: DataLoaderOptions = {}) {
    const { batchSize, shuffle = false, sampler, batchSampler, collateFn, dropLast = false, prefetch = 2, seed } = checkOptions('DataLoader', ['batchSize', 'shuffle', 'sampler', 'batchSampler', 'collateFn', 'dropLast', 'prefetch', 'seed'], options);
    if (dataset instanceof Dataset || dataset instanceof IterableDataset) this.dataset = dataset;
    else if (isRows(dataset)) this.dataset = new ArrayDataset(dataset);
    else if (globalThis.Array.isArray(dataset)) this.dataset = new ArrayDataset(...(dataset as Rows[]));
    else if (isPlainObject(dataset)) this.dataset = new DictDataset(dataset as Record<string, Rows>);
    else throw new ArgumentError(`DataLoader: expected a dataset, an array, a list of arrays, or an object of arrays, got ${describeValue(dataset)}`);
    checkInteger('DataLoader', 'prefetch', prefetch, 0);
    for (const [name, x] of Object.entries({ shuffle, dropLast })) if (typeof x !== 'boolean') throw new ArgumentError(`DataLoader: expected ${name} to be true or false, got ${describeValue(x)}`);
    if (seed !== undefined) checkInteger('DataLoader', 'seed', seed);
    if (batchSampler !== undefined && !(batchSampler instanceof BatchSampler)) throw new ArgumentError(`DataLoader: expected batchSampler to be a BatchSampler, got ${describeValue(batchSampler)}`);
    if (sampler !== undefined && !(sampler instanceof Sampler)) throw new ArgumentError(`DataLoader: expected sampler to be a Sampler, got ${describeValue(sampler)}`);
    if (batchSampler !== undefined && (batchSize !== undefined || shuffle || sampler !== undefined || dropLast)) throw new ArgumentError('DataLoader: batchSampler takes the place of batchSize, shuffle, sampler and dropLast');
    if (sampler !== undefined && shuffle) throw new ArgumentError('DataLoader: expected a sampler or shuffle, got both');
    this.batchSize = batchSampler?.batchSize ?? batchSize ?? 32;
    this.dropLast = batchSampler?.dropLast ?? dropLast;
    this.prefetch = prefetch;
    if (batchSize !== undefined) checkBatchSize('DataLoader', batchSize);
    if (collateFn !== undefined) checkFunction('DataLoader', 'collateFn', collateFn);
    this.collate = collateFn ?? null;
    if (this.dataset instanceof Dataset) {
      const order = sampler ?? (shuffle ? new RandomSampler(this.dataset, { seed }) : new SequentialSampler(this.dataset));
      this.batchSampler = batchSampler ?? new BatchSampler(order, this.batchSize, { dropLast });
    } else {
      if (shuffle || sampler !== undefined || batchSampler !== undefined) throw new ArgumentError('DataLoader: an IterableDataset comes in its own order; expected no shuffle, sampler or batchSampler');
      this.batchSampler = null;
    }
  }

  /** Number of samples; null if it is not known. */
  get numSamples(): number | null {
    return this.dataset.length;
  }

  /** Number of batches in an epoch; null if it is not known. */
  get length(): number | null {
    if (this.batchSampler !== null) return this.batchSampler.length;
    const n = (this.dataset as IterableDataset<unknown>).length;
    return n === null ? null : this.dropLast ? Math.floor(n / this.batchSize) : Math.ceil(n / this.batchSize);
  }

  /** Says which epoch the next iteration is; without it they count up. */
  setEpoch(epoch: number): void {
    this.epoch = epoch;
  }

  private *made(): Iterator<unknown> {
    const { dataset, collate } = this;
    if (dataset instanceof Dataset) {
      for (const indices of this.batchSampler!) {
        const whole = collate === null ? dataset.batch(indices) : undefined;
        yield whole ?? (collate ?? defaultCollateFn)(indices.map((i) => dataset.get(i)));
      }
      return;
    }
    let samples: unknown[] = [];
    for (const s of dataset) {
      samples.push(s);
      if (samples.length < this.batchSize) continue;
      yield (collate ?? defaultCollateFn)(samples);
      samples = [];
    }
    if (samples.length > 0 && !this.dropLast) yield (collate ?? defaultCollateFn)(samples);
  }

  *[Symbol.iterator](): Iterator<unknown> {
    this.batchSampler?.sampler.setEpoch(this.epoch);
    this.epoch++;
    const source = this.made();
    const ahead: unknown[] = [];
    try {
      for (;;) {
        // Sending to the device does not wait for it: these are on their way while the batch before is used.
        while (ahead.length <= this.prefetch) {
          const next = source.next();
          if (next.done) break;
          ahead.push(next.value);
        }
        if (ahead.length === 0) return;
        yield ahead.shift();
      }
    } finally {
      // A loop that was left early leaves its source, too.
      source.return?.();
    }
  }
}

export interface DistributedDataLoaderOptions extends DistributedSamplerOptions, Pick<DataLoaderOptions, 'batchSize' | 'collateFn' | 'prefetch'> {}

/**
 * A {@link DataLoader} of one process's share of the samples. Mirrors `braintools.trainer.DistributedDataLoader`.
 *
 * @example
 * new trainer.DistributedDataLoader([np.arange(8)], { batchSize: 2, numReplicas: 2, rank: 1 }).length; // 2
 */
export class DistributedDataLoader extends DataLoader {
  readonly numReplicas: number;
  readonly rank: number;

  constructor(dataset: Dataset | readonly Rows[] | Readonly<Record<string, Rows>>, given: DistributedDataLoaderOptions = {}) {
    const { numReplicas = 1, rank = 0, shuffle, seed, dropLast, batchSize, collateFn, prefetch } = checkOptions(
      new.target.name, ['numReplicas', 'rank', 'shuffle', 'seed', 'dropLast', 'batchSize', 'collateFn', 'prefetch'], given,
    );
    const whole = new DataLoader(dataset).dataset;
    if (whole instanceof IterableDataset) throw new ArgumentError('DistributedDataLoader: an IterableDataset has no indices to be shared; expected another dataset');
    super(whole, { batchSize, collateFn, dropLast, prefetch, sampler: new DistributedSampler(whole, { numReplicas, rank, shuffle, seed, dropLast }) });
    this.numReplicas = numReplicas;
    this.rank = rank;
  }
}

/**
 * Batches whose first axis is that of devices, then `batchSize` samples; what is left over is left out. Mirrors `braintools.trainer.create_distributed_batches`.
 *
 * @param data a list of arrays, an object of arrays, or one array, whose first axis is that of samples
 * @param batchSize of samples for each device
 * @throws ArgumentError unless batchSize and numDevices are positive integers
 * @param given.numDevices the length of the first axis. Default 1, as programs run on one device
 * @example
 * [...trainer.createDistributedBatches(np.arange(5), 2, { numDevices: 2 })].length; // 1
 */
export function* createDistributedBatches(data: Rows | readonly Rows[] | Readonly<Record<string, Rows>>, batchSize: number, given: { numDevices?: number; shuffle?: boolean; seed?: number } = {}): Generator<unknown> {
  const { numDevices = 1, shuffle = false, seed } = checkOptions('createDistributedBatches', ['numDevices', 'shuffle', 'seed'], given);
  checkBatchSize('createDistributedBatches', batchSize);
  checkInteger('createDistributedBatches', 'numDevices', numDevices, 1);
  const one = data instanceof Array || ArrayBuffer.isView(data);
  const loader = new DataLoader(one ? [data as Rows] : (data as readonly Rows[]), { batchSize: batchSize * numDevices, dropLast: true, shuffle, seed });
  for (const batch of loader) {
    const split = map((x: Array) => np.reshape(x, [numDevices, batchSize, ...x.shape.slice(1)]), batch as never);
    yield one ? (split as unknown[])[0] : split;
  }
}
