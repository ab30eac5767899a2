import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environ, file, metric, nn, numpy as np, optim, ParamState, random, trainer } from '../../lib/index';

const folder = mkdtempSync(join(tmpdir(), 'trainer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const xs = Float32Array.from({ length: 40 }, (_, i) => i / 20 - 1);
const ys = xs.map((x) => 3 * x + 1);
const data = () => new trainer.ArrayDataset({ data: xs, shape: [40, 1] }, { data: ys, shape: [40, 1] });
const loader = (o: trainer.DataLoaderOptions = {}) => new trainer.DataLoader(data(), { batchSize: 16, shuffle: true, seed: 1, ...o });

class Line extends trainer.TrainModule {
  layer = new nn.Linear(1, 1);
  traced: string[] = [];

  constructor() {
    super();
    Object.defineProperty(this, 'traced', { enumerable: false });
  }

  override call(x: np.Array): np.Array {
    return this.layer.call(x);
  }

  private error([x, y]: np.Array[]): np.Array {
    this.traced.push(String(environ.get('fit')));
    return metric.squaredError(this.call(x!), y!, { reduction: 'mean' }) as np.Array;
  }

  override trainingStep(batch: np.Array[]): np.Array {
    const loss = this.error(batch);
    this.log('root', np.sqrt(loss), { progBar: true });
    return loss;
  }

  override validationStep(batch: np.Array[]): Record<string, np.Array> {
    return { loss: this.error(batch) };
  }

  override configureOptimizers(): trainer.OptimizerConfig {
    const lr = new optim.StepLR({ baseLr: 0.2, stepSize: 10, gamma: 0.5 });
    return [new optim.Adam({ lr }), lr];
  }
}

test('fits a line: compiled once a shape, fit set in training only, metrics, rates, log files', async () => {
  random.seed(0);
  const model = new Line();
  const lr = new trainer.LearningRateMonitor();
  const timer = new trainer.Timer({ verbose: false });
  const seen: string[] = [];
  const csv = new trainer.CSVLogger(folder, { name: 'csv', version: '1', flushLogsEveryNSteps: 7 });
  const board = new trainer.TensorBoardLogger(folder, { name: 'board', version: '1' });
  const t = new trainer.Trainer({
    maxEpochs: 30, enableProgressBar: false, logger: [csv, board],
    callbacks: [lr, timer, new trainer.LambdaCallback({ onTrainBatchEnd: (_t, _m, out) => void seen.push(Object.keys(out).sort().join()) })],
  });
  await t.fit(model, loader(), { valDataloaders: loader({ shuffle: false, seed: undefined }) });
  expect(t.callbackMetrics.val_loss).toBeLessThan(0.05);
  expect(t.callbackMetrics.train_root).toBeLessThan(0.3);
  expect(t.globalStep).toBe(90);
  // 16 and 8 rows, each traced once, with fit and without.
  expect(model.traced.sort()).toEqual(['false', 'false', 'true', 'true']);
  expect(new Set(seen)).toEqual(new Set(['loss,lr-opt0,root']));
  expect(lr.lrHistory[0]!['lr-opt0']).toBeCloseTo(0.2, 6);
  expect(lr.lrHistory.at(-1)!['lr-opt0']).toBeCloseTo(0.05, 6);
  expect(timer.epochTimes.length).toBe(30);
  expect([...t.progressMetrics]).toEqual(['root']);

  const lines = readFileSync(csv.metricsFilePath, 'utf8').trim().split('\n');
  expect(lines[0]).toBe('step,lr-opt0,loss,root,val_loss');
  expect(lines.length).toBe(1 + 90 + 30);
  const [file0] = readdirSync(board.logDir);
  expect(events(readFileSync(join(board.logDir, file0!))).length).toBe(1 + 1 + 90 + 30);

  const tested = await t.test(model, loader());
  expect(tested.test_loss).toBeCloseTo(t.callbackMetrics.val_loss!, 5);
  const predicted = (await t.predict(model, loader({ shuffle: false, seed: undefined }))) as np.Array[];
  expect(predicted.map((p) => p.shape)).toEqual([[16, 1], [16, 1], [8, 1]]);
});

/** The records of an event file, their checksums checked. */
function events(bytes: Buffer): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const n = Number(bytes.readBigUInt64LE(at));
    expect(crc(bytes.subarray(at, at + 8))).toBe(bytes.readUInt32LE(at + 8));
    out.push(bytes.subarray(at + 12, at + 12 + n));
    expect(crc(out.at(-1)!)).toBe(bytes.readUInt32LE(at + 12 + n));
    at += 16 + n;
  }
  return out;
}

/** CRC-32C bit by bit, masked. */
function crc(b: Uint8Array): number {
  let c = 0xffffffff;
  for (const x of b) {
    c ^= x;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  c = ~c >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}

test('a run that is stopped and resumed ends as one that was not', async () => {
  const run = async (epochs: number, dir: string, ckptPath?: string, order = 1): Promise<number[]> => {
    random.seed(order);
    const model = new Line();
    const t = new trainer.Trainer({ maxEpochs: epochs, enableProgressBar: false, defaultRootDir: dir, callbacks: [new trainer.ModelCheckpoint({ saveTopK: 2 })] });
    await t.fit(model, loader(), { valDataloaders: loader(), ckptPath });
    return model.states(ParamState).values().flatMap((s) => Object.values(s.value as Record<string, np.Array>).flatMap((a) => [a.toList()].flat(9) as number[]));
  };
  const whole = await run(14, join(folder, 'whole'));
  await run(11, join(folder, 'part'));
  const kept = (prefix: string) => new file.CheckpointManager(join(folder, 'part', 'checkpoints'), { prefix }).allSteps();
  expect([kept('checkpoint').length, kept('last')]).toEqual([2, [33]]);
  // Other initial values: all comes from the checkpoint.
  expect(await run(14, join(folder, 'part'), join(folder, 'part', 'checkpoints'), 2)).toEqual(whole);
});

test('early stopping, a limit of steps, frozen parameters, accumulated and clipped gradients', async () => {
  random.seed(0);
  const model = new Line();
  const stop = new trainer.EarlyStopping({ patience: 2, minDelta: 100 });
  const t = new trainer.Trainer({ maxEpochs: 50, enableProgressBar: false, callbacks: [stop] });
  await t.fit(model, loader(), { valDataloaders: loader() });
  expect([t.currentEpoch, stop.stoppedEpoch, stop.waitCount]).toEqual([2, 2, 2]);

  const limited = new trainer.Trainer({ maxSteps: 4, enableProgressBar: false });
  await limited.fit(model, loader());
  expect(limited.globalStep).toBe(4);

  model.freeze('layer');
  await expect(limited.fit(model, loader())).rejects.toThrow(/no parameters to train/);
  expect(() => model.freeze('other')).toThrow(/no parameter at 'other'/);
  model.unfreeze();

  // Two halves make the same step as the whole; clipping to almost nothing changes almost nothing.
  class Plain extends Line {
    override configureOptimizers(): trainer.OptimizerConfig {
      return new optim.SGD({ lr: 0.1 });
    }
  }
  const after = async (options: trainer.TrainerOptions, batchSize: number): Promise<number[]> => {
    random.seed(3);
    const m = new Plain();
    await new trainer.Trainer({ maxEpochs: 1, enableProgressBar: false, ...options }).fit(m, loader({ batchSize, shuffle: false, seed: undefined }));
    return m.states(ParamState).values().flatMap((s) => Object.values(s.value as Record<string, np.Array>).map((a) => Number(a.item())));
  };
  const whole = await after({}, 40);
  (await after({ accumulateGradBatches: 2 }, 20)).forEach((v, i) => expect(v).toBeCloseTo(whole[i]!, 5));
  const still = await after({ gradientClipVal: 1e-6 }, 40);
  const start = await after({ gradientClipVal: 1e-9, gradientClipAlgorithm: 'value' }, 40);
  still.forEach((v, i) => expect(v).toBeCloseTo(start[i]!, 5));
  expect(still.some((v, i) => Math.abs(v - whole[i]!) > 0.05)).toBe(true);
});

test('loaders: order by seed and epoch, dropped and uneven batches, collating, splitting, other datasets', () => {
  const rows = (l: trainer.DataLoader) => [...l].map((b) => ((b as np.Array[])[0] as np.Array).toList() as number[]);
  const numbers = new trainer.ArrayDataset(Int32Array.from({ length: 10 }, (_, i) => i));
  const make = (o: trainer.DataLoaderOptions) => new trainer.DataLoader(numbers, { batchSize: 4, ...o });
  expect(rows(make({}))).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
  expect(rows(make({ dropLast: true })).length).toBe(make({ dropLast: true }).length);
  const [a, b] = [make({ shuffle: true, seed: 5 }), make({ shuffle: true, seed: 5 })];
  const first = rows(a);
  expect(rows(b)).toEqual(first);
  expect(rows(a)).not.toEqual(first);
  b.setEpoch(0);
  expect(rows(b)).toEqual(first);
  expect(first.flat().sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  random.seed(1);
  const free = make({ shuffle: true });
  expect(rows(free)).not.toEqual(rows(free));

  const parts = trainer.split(numbers, [0.75, 0.25], { seed: 2 });
  expect(parts.map((p) => p.length)).toEqual([8, 2]);
  expect([...parts[0]!.indices, ...parts[1]!.indices].sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(() => trainer.split(numbers, [3, 3])).toThrow(/sum to 10/);

  const named = new trainer.DataLoader({ x: np.arange(6).reshape([3, 2]), y: [1, 2, 3] }, { batchSize: 2, prefetch: 0 });
  expect([...named].map((v) => (v as { x: np.Array }).x.shape)).toEqual([[2, 2], [1, 2]]);
  const doubled = new trainer.DataLoader(new trainer.DatasetWrapper(numbers, ([v]) => ({ twice: v!.mul(2), i: 1 })), { batchSize: 5 });
  const [batch] = [...doubled] as { twice: np.Array; i: np.Array }[];
  expect([batch!.twice.toList(), batch!.i.toList()]).toEqual([[0, 2, 4, 6, 8], [1, 1, 1, 1, 1]]);
  const stream = new trainer.DataLoader(new trainer.IterableDataset([1, 2, 3]), { batchSize: 2 });
  expect([...stream].map((v) => (v as np.Array).toList())).toEqual([[1, 2], [3]]);
  const shares = [0, 1, 2].map((rank) => [...new trainer.DistributedSampler(numbers, { numReplicas: 3, rank, seed: 4 })]);
  expect(shares.map((s) => s.length)).toEqual([4, 4, 4]);
  expect(new Set(shares.flat()).size).toBe(10);
  expect([...new trainer.RandomSampler(numbers, { replacement: true, numSamples: 15, seed: 1 })].length).toBe(15);
});

test('batches from anything that can be iterated over, also asynchronously; sources among the options', async () => {
  const rows = (i: number) => [np.array(xs.slice(20 * i, 20 * i + 20)).reshape([20, 1]), np.array(ys.slice(20 * i, 20 * i + 20)).reshape([20, 1])];
  const slow: AsyncIterable<unknown> = {
    async *[Symbol.asyncIterator]() {
      for (const i of [0, 1]) {
        await new Promise((done) => setTimeout(done, 1));
        yield rows(i);
      }
    },
  };
  const run = async (start: (t: trainer.Trainer, m: Line) => Promise<void>) => {
    random.seed(4);
    const [t, m] = [new trainer.Trainer({ maxEpochs: 3, enableProgressBar: false }), new Line()];
    await start(t, m);
    return [t.globalStep, (m.layer.weight.value as { weight: np.Array }).weight.js(), t.callbackMetrics.val_loss];
  };
  const plain = await run((t, m) => t.fit(m, [rows(0), rows(1)], { valDataloaders: loader({ shuffle: false, seed: undefined }) }));
  expect(plain[0]).toBe(6);
  expect(await run((t, m) => t.fit(m, slow, { valDataloaders: [loader({ shuffle: false, seed: undefined })] }))).toEqual(plain);
  expect(await run((t, m) => t.fit(m, { trainDataloaders: slow, valDataloaders: loader({ shuffle: false, seed: undefined }) }))).toEqual(plain);
  const [t, m] = [new trainer.Trainer({ enableProgressBar: false }), new Line()];
  expect(await t.validate(m, { dataloaders: slow })).toEqual(await t.validate(m, new Set([rows(0), rows(1)])));
  expect(await t.predict(m, slow)).toHaveLength(2);
  expect(await t.test({ model: m, dataloaders: slow })).toEqual({ test_loss: expect.any(Number) });
  expect(await t.predict({ dataloaders: slow })).toHaveLength(2);
  await expect(t.validate({ model: m })).rejects.toThrow(/Trainer.validate: expected dataloaders to be a DataLoader/);
  await expect(t.validate({ model: m }, slow)).rejects.toThrow(/expected model before the options/);
  await expect(new trainer.Trainer().predict({ dataloaders: slow })).rejects.toThrow(/Trainer.predict: expected model to be a TrainModule, got null/);
  const kept = new trainer.Trainer({ maxEpochs: 1, enableProgressBar: false, enableCheckpointing: true, devices: 1, defaultRootDir: join(folder, 'kept') });
  await kept.fit(m, slow, { valDataloaders: slow });
  expect(await kept.validate()).toEqual(await kept.validate(m, slow));
  expect(readdirSync(join(folder, 'kept', 'checkpoints')).filter((f) => f.endsWith('.ckpt'))).toEqual(['checkpoint-00.ckpt', 'last.ckpt']);
  expect(() => new trainer.Trainer({ devices: 2 as never })).toThrow(/training runs on one device; expected devices to be 1, a list of one number, or 'auto', got number 2/);
  const once = (function* () {
    yield rows(0);
  })();
  await expect(run((tr, mo) => tr.fit(mo, once))).rejects.toThrow(/epoch 1 has no batches; a generator gives its batches once/);
  await expect(t.fit(m, np.ones([3]) as never)).rejects.toThrow(/expected trainDataloaders to be a DataLoader, or batches to iterate over, got/);
  await expect(t.fit(m, { valDataloaders: slow })).rejects.toThrow(/expected trainDataloaders to be a DataLoader/);
  await expect(t.fit(m, slow, { valDataloader: slow } as never)).rejects.toThrow(/unknown option 'valDataloader'/);
  await expect(t.test(m, [rows(0)] as never)).rejects.toThrow(/Trainer.test: expected dataloaders to be a DataLoader/);
  const broken: AsyncIterable<unknown> = {
    async *[Symbol.asyncIterator]() {
      yield rows(0);
      throw new RangeError('the disk is gone');
    },
  };
  await expect(t.fit(m, broken)).rejects.toThrow('the disk is gone');
});

test('an error of a callback ends the run, and all loggers', async () => {
  const ended: string[] = [];
  class Ends extends trainer.Logger {
    override readonly name: string;
    constructor(name: string) {
      super();
      this.name = name;
    }
    logMetrics(): void {}
    logHyperparams(): void {}
    override finalize(): void {
      ended.push(this.name);
      if (this.name !== 'c') throw new Error(`logger ${this.name} failed`);
    }
  }
  const csv = new trainer.CSVLogger(folder, { name: 'odd', version: 'a b/ü' });
  const run = (callbacks: trainer.Callback[]) => new trainer.Trainer({ maxEpochs: 1, enableProgressBar: false, logger: [new Ends('a'), csv, new Ends('b'), new Ends('c')], callbacks }).fit(new Line(), loader());
  for (const hook of ['onFitStart', 'onTrainBatchEnd', 'onBeforeOptimizerStep', 'onTrainEpochEnd', 'onFitEnd'] as const) {
    ended.length = 0;
    const failing = async () => {
      throw new RangeError(hook);
    };
    await expect(run([new trainer.LambdaCallback({ [hook]: failing })])).rejects.toThrow(hook);
    expect(ended).toEqual(['a', 'b', 'c']);
  }
  await expect(run([])).rejects.toThrow('logger a failed');
  const own = new trainer.CSVLogger(folder, { name: 'names', version: 'ü' });
  own.logMetrics({ 'a,"b"': 1, toString: 2 } as never, 100);
  own.logMetrics({ constructor: 3, 'ü\n': 4 } as never, 101);
  expect(own.read()).toBe('step,"a,""b""",toString,constructor,"ü\n"\n100,1,2,,\n101,,,3,4\n');
});

test('wrong uses are named', async () => {
  const t = new trainer.Trainer({ maxEpochs: 1, enableProgressBar: false });
  class Bad extends Line {
    override trainingStep(): np.Array {
      return np.zeros([2]);
    }
  }
  await expect(t.fit(new Bad(), loader())).rejects.toThrow(/Bad.trainingStep: expected the loss to be a scalar/);
  expect(() => new trainer.ArrayDataset(new Float32Array(3), new Float32Array(4))).toThrow(/3 in array 0 and 4 in array 1/);
  expect(() => new trainer.DataLoader([xs], { sampler: new trainer.SequentialSampler(xs), shuffle: true })).toThrow(/a sampler or shuffle/);
  const stop = new trainer.EarlyStopping({ monitor: 'val_acc', mode: 'max', patience: 5, minDelta: -0.1 });
  expect([stop.monitor, stop.mode, stop.patience, stop.minDelta]).toEqual(['val_acc', 'max', 5, 0.1]);
  expect([new trainer.RandomSampler(xs, { numSamples: 7 }).numSamples, new trainer.DistributedSampler(xs, { numReplicas: 3 }).numSamples]).toEqual([7, 14]);
  expect(() => data().get([0, 1] as never)).toThrow(/ArrayDataset: expected an index from 0 to 39, got a JS array/);
  expect(() => new trainer.Trainer({ maxEpochs: -1 })).toThrow(/maxEpochs/);
  expect(() => new trainer.LambdaCallback({ onEnd: () => {} } as never)).toThrow(/'onEnd'/);
  await expect(new trainer.Trainer({ maxEpochs: 1, enableProgressBar: false, callbacks: [new trainer.EarlyStopping({ monitor: 'none' })] }).fit(new Line(), loader())).rejects.toThrow(/no metric 'none'/);
});

test('a progress bar draws on terminals and writes a line an epoch elsewhere; PrintCallback prints every so many steps', async () => {
  const run = async (...callbacks: trainer.Callback[]): Promise<void> => {
    await new trainer.Trainer({ maxEpochs: 2, enableProgressBar: false, callbacks }).fit(new Line(), loader());
  };
  const bar = async (isTTY: boolean, refreshRate: number): Promise<string> => {
    let text = '';
    const stream = { isTTY, write: (s: string) => ((text += s), true) } as unknown as NodeJS.WritableStream & { isTTY?: boolean };
    await run(new trainer.TQDMProgressBar({ stream, refreshRate }));
    return text;
  };
  const lines = (await bar(false, 1)).split('\n');
  expect(lines).toHaveLength(3);
  lines.slice(0, 2).forEach((l, i) => expect(l).toMatch(new RegExp(`^Epoch ${i}: 100%\\|█{10}\\| 3/3 \\[.*, loss=\\d+\\.\\d{4}, root=\\d+\\.\\d{4}\\]$`)));
  const drawn = (await bar(true, 2)).split('\r\x1b[K');
  // Of three batches none, the second, and the last; and the end.
  expect(drawn.slice(1).map((s) => / (\d)\/3 /.exec(s)![1])).toEqual(['0', '2', '3', '3', '0', '2', '3', '3']);
  expect(drawn[2]).toContain(' 66%|██████    | 2/3');
  expect(drawn.at(-1)!.endsWith('\n')).toBe(true);

  const log = jest.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await run(new trainer.PrintCallback({ printFreq: 2 }));
    const printed = log.mock.calls.map(([s]) => String(s));
    expect(printed.map((s) => s.replace(/:.*/, ''))).toEqual([0, 1].flatMap((e) => [`epoch ${e}, step 0`, `epoch ${e}, step 2`, `epoch ${e} completed`]));
    expect(printed[2]).toMatch(/^epoch 0 completed: .*train_loss: \d+\.\d{4}/);
  } finally {
    log.mockRestore();
  }
  expect(() => new trainer.PrintCallback({ printFreq: 0 })).toThrow('PrintCallback: expected printFreq to be a positive integer');
});
