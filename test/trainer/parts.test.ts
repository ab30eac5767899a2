import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PNG } from 'pngjs';
import { BrainStateError, file, init, metric, nn, numpy as np, optim, ParamState, random, trainer, XlastateError } from 'xlastate';

type Row = { path?: string | null; files: string[]; best: string | null; latest?: string | null; score: number | null };
const fixture: {
  managers: { options: Record<string, unknown>; saves: Record<string, unknown>[]; rows: Row[] }[];
  callbacks: { options: Record<string, unknown>; epochs: Record<string, number>[]; rows: Row[] }[];
  hooks: Record<'fit' | 'validate' | 'test' | 'predict', string[]>;
  checkpoint: { bytes: string; predictions: number[]; val_loss: number; after: number[] };
} = JSON.parse(readFileSync(join(__dirname, '../fixtures/trainer.json'), 'utf8'));
const camel = (s: string) => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const options = (o: Record<string, unknown>) => Object.fromEntries(Object.entries(o).map(([k, v]) => [camel(k), v]));

class Line extends trainer.TrainModule {
  layer = new nn.Linear(1, 1, { wInit: new init.Constant(0.5), bInit: new init.Constant(0.25) });
  override call(x: np.Array): np.Array {
    return this.layer.call(x);
  }
  override trainingStep([x, y]: np.Array[]): trainer.StepResult {
    return metric.squaredError(this.call(x!), y!, { reduction: 'mean' });
  }
  override validationStep(batch: np.Array[]): trainer.EvalResult {
    return { loss: this.trainingStep(batch) as np.Array };
  }
  override configureOptimizers(): trainer.OptimizerConfig {
    return new optim.Momentum({ lr: 0.1, momentum: 0.9 });
  }
}
const x = Float32Array.from({ length: 8 }, (_, i) => -1 + (2 * i) / 7);
const data = () => new trainer.ArrayDataset({ data: x, shape: [8, 1] }, { data: x.map((v) => 3 * v + 1), shape: [8, 1] });
const loader = (batchSize = 4, more: trainer.DataLoaderOptions = {}) => new trainer.DataLoader(data(), { batchSize, ...more });
const quiet = (o: trainer.TrainerOptions = {}) => new trainer.Trainer({ maxEpochs: 1, enableProgressBar: false, ...o });
const weights = (m: Line) => m.states(ParamState).values().flatMap((s) => Object.values(s.value as Record<string, np.Array>).flatMap((a) => [a.toList()].flat(9) as number[]));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xlastate-trainer-'));
  random.seed(0);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const files = (f = folder) => readdirSync(f).filter((n) => n.endsWith('.ckpt')).sort();

test.each(fixture.managers.map((c): [string, typeof c] => [JSON.stringify(c.options), c]))('CheckpointManager %s: the files of BrainTools', (_, c) => {
  const manager = new trainer.CheckpointManager(folder, { ...options(c.options), verbose: false });
  const name = (p: string | null) => (p === null ? null : basename(p));
  c.saves.forEach((s, i) => {
    const path = manager.save(new Line(), s);
    expect({ path: name(path), files: files(), best: name(manager.best), latest: name(manager.latest), score: manager.bestScore }).toEqual(c.rows[i]);
  });
});

test.each(fixture.callbacks.map((c): [string, typeof c] => [JSON.stringify(c.options), c]))('ModelCheckpoint %s: the files of BrainTools', async (_, c) => {
  const callback = new trainer.ModelCheckpoint({ dirpath: folder, ...options(c.options) });
  const at = { fitting: true, validates: true, currentEpoch: 0, globalStep: 0, callbackMetrics: {}, path: (s: string) => s, checkpoint: () => ({ model_state_dict: {} }) };
  callback.onFitStart(at as never);
  let last = '';
  for (const [i, metrics] of c.epochs.entries()) {
    Object.assign(at, { currentEpoch: i, globalStep: 3 * (i + 1), callbackMetrics: metrics });
    await callback.onValidationEpochEnd(at as never);
    const { files: wanted, best, score } = c.rows[i]!;
    // The newest one is kept besides, until there is a newer one or last.ckpt.
    const kept = files();
    last = kept.find((f) => !wanted.includes(f)) ?? '';
    expect({ files: kept.filter((f) => f !== last), best: callback.bestModelPath === null ? null : basename(callback.bestModelPath), score: callback.bestScore }).toEqual({ files: wanted, best, score });
    if (last !== '') expect(c.options.save_last).not.toBe(false);
  }
  await callback.onFitEnd(at as never);
  expect(files()).toEqual([...c.rows.at(-1)!.files, ...(c.options.save_last === false ? [] : ['last.ckpt'])].sort());
});

test('CheckpointManager: models and optimisers come back, both or none; the best is copied; found and listed by pattern', () => {
  const [model, optimizer] = [new Line(), new optim.Adam({ lr: 0.1 })];
  optimizer.registerTrainableWeights(model.states(ParamState));
  const manager = new trainer.CheckpointManager(join(folder, 'a'), { monitor: 'loss', verbose: false });
  const grads = { layer: { weight: { weight: np.ones([1, 1]), bias: np.ones([1]) } } };
  optimizer.update(grads);
  manager.save(model, optimizer, { epoch: 1, metrics: { loss: 0.5 }, extraState: { note: 'x' } });
  const then = weights(model);
  optimizer.update(grads);
  manager.save(model, { optimizer, epoch: 2, metrics: { loss: np.array(0.75) as never } });
  expect(manager.loadBest({ model, optimizer })).toMatchObject({ epoch: 1, step: null, metrics: { loss: 0.5 }, note: 'x' });
  expect([weights(model), optimizer.stepCount.value.item()]).toEqual([then, 1]);
  expect(new trainer.CheckpointManager(join(folder, 'a'), { verbose: false }).loadLatest({ model }).epoch).toBe(2);
  expect(manager.load({ filepath: manager.best }).epoch).toBe(1);
  expect(weights(model)).not.toEqual(then);
  // An optimiser that does not fit leaves the model, too.
  const other = new optim.SGD({ lr: 1, momentum: 0.5 } as never);
  other.registerTrainableWeights({ w: new ParamState(np.ones([3])) });
  const before = weights(model);
  expect(() => manager.load(manager.best, { model, optimizer: other })).toThrow();
  expect(weights(model)).toEqual(before);
  manager.saveBestAs(join(folder, 'best-of-all.ckpt'));
  [join(folder, 'a', 'checkpoint-epoch=0002.ckpt'), join(folder, 'best-of-all.ckpt'), join(folder, 'a', 'checkpoint-epoch=0001.ckpt')].forEach((f, i) => utimesSync(f, i, i));
  const names = (o: trainer.ListCheckpointsOptions) => trainer.listCheckpoints(folder, o).map((f) => basename(f));
  expect(names({})).toEqual(['checkpoint-epoch=0002.ckpt', 'best-of-all.ckpt', 'checkpoint-epoch=0001.ckpt']);
  expect(names({ sortBy: 'epoch' })).toEqual(['best-of-all.ckpt', 'checkpoint-epoch=0001.ckpt', 'checkpoint-epoch=0002.ckpt']);
  expect(names({ pattern: '*000[!1].ckpt' })).toEqual(['checkpoint-epoch=0002.ckpt']);
  const found = (o: trainer.FindCheckpointOptions) => basename(trainer.findCheckpoint(folder, o) ?? 'none');
  expect([found({}), found({ best: true }), found({ last: true }), found({ pattern: '*.pt' })]).toEqual(['checkpoint-epoch=0002.ckpt', 'best-of-all.ckpt', 'checkpoint-epoch=0001.ckpt', 'none']);
  expect(() => trainer.saveCheckpoint({}, join(folder, 'best-of-all.ckpt'), { overwrite: false })).toThrow(file.AlreadyExistsError);
  manager.clear();
  expect([manager.checkpoints, manager.best, files(join(folder, 'a'))]).toEqual([[], null, []]);
  expect(() => manager.loadLatest()).toThrow(/has no checkpoint/);
});

test('a checkpoint of BrainTools is gone on from: the same values, and the same momentum', async () => {
  const { bytes, predictions, val_loss: loss, after } = fixture.checkpoint;
  writeFileSync(join(folder, 'last.ckpt'), Buffer.from(bytes, 'base64'));
  const close = (got: number[], wanted: number[]) => got.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 5));
  const [t, model] = [quiet({ maxEpochs: 3 }), new Line()];
  expect((await t.validate(model, loader(8), { ckptPath: join(folder, 'last.ckpt') })).val_loss).toBeCloseTo(loss, 5);
  close(((await t.predict(model, loader(8)))[0] as np.Array).reshape([-1]).js() as number[], predictions);
  // Two epochs are over; the third is trained. BrainTools saves a step of 0.
  await t.fit(model, loader(), { ckptPath: folder });
  expect([t.currentEpoch, t.globalStep]).toEqual([2, 2]);
  close(((await t.predict(model, loader(8)))[0] as np.Array).reshape([-1]).js() as number[], after);
});

test('checkpoints of a run: names of one\'s own, single steps, and what is damaged is passed over', async () => {
  const checkpoints = new trainer.ModelCheckpoint({ dirpath: folder, filename: 'm-{epoch:02d}-{val_loss:.3f}', saveTopK: 1, everyNTrainSteps: 3 });
  const t = quiet({ maxEpochs: 3, callbacks: [checkpoints] });
  await t.fit(new Line(), loader(), { valDataloaders: loader(8) });
  const best = `m-02-${t.callbackMetrics.val_loss!.toFixed(3)}.ckpt`;
  // After three steps, within the second epoch, and six, before the third one's validation.
  expect(files()).toEqual(['last.ckpt', expect.stringMatching(/^m-01-\d\.\d{3}-step=3\.ckpt$/), best, expect.stringMatching(/^m-02-\d\.\d{3}-step=6\.ckpt$/)]);
  expect([basename(checkpoints.bestModelPath!), checkpoints.bestScore, basename(checkpoints.lastModelPath!)]).toEqual([best, t.callbackMetrics.val_loss, 'last.ckpt']);
  expect(checkpoints.stateDict()).toEqual({ best_score: checkpoints.bestScore, best_model_path: join(folder, best), best_k_models: { [join(folder, best)]: checkpoints.bestScore } });
  const damaged = readFileSync(join(folder, 'last.ckpt'));
  damaged[damaged.length - 3]! ^= 1;
  writeFileSync(join(folder, 'last.ckpt'), damaged);
  const again = quiet({ maxEpochs: 4, callbacks: [new trainer.ModelCheckpoint({ dirpath: folder, saveTopK: 1 })] });
  await again.fit(new Line(), loader(), { valDataloaders: loader(8), ckptPath: folder });
  expect([again.globalStep, again.currentEpoch]).toEqual([8, 3]);
  expect(statSync(join(folder, 'last.ckpt')).size).toBe(damaged.length);
  // A shorter run in the same folder is the last one, though the one before went further.
  const shorter = quiet({ callbacks: [new trainer.ModelCheckpoint({ dirpath: folder })] });
  await shorter.fit(new Line(), loader());
  const onward = quiet({ maxEpochs: 2 });
  await onward.fit(new Line(), loader(), { ckptPath: folder });
  expect(onward.globalStep).toBe(4);
  writeFileSync(join(folder, 'empty.ckpt'), file.msgpackSerialize({ epoch: 1 }));
  const model = new Line();
  const before = weights(model);
  await expect(again.fit(model, loader(), { ckptPath: join(folder, 'empty.ckpt') })).rejects.toThrow(/is no checkpoint of a trainer: it has no model_state_dict/);
  await expect(again.fit(model, loader(), { ckptPath: join(folder, 'none.ckpt') })).rejects.toThrow(file.CheckpointError);
  class Wider extends Line {
    extra = new nn.Linear(2, 2);
  }
  const wider = new Wider();
  const start = weights(wider);
  await expect(again.validate(wider, loader(), { ckptPath: join(folder, 'last.ckpt') })).rejects.toThrow(file.CheckpointMismatchError);
  expect([weights(model), weights(wider)]).toEqual([before, start]);
  // Frozen by a list of paths.
  model.freeze(['layer.weight']);
  expect([model.frozenParameters, model.isFrozen('layer'), model.trainable().size]).toEqual([['layer.weight'], true, 0]);
  const said = jest.spyOn(console, 'log').mockImplementation(() => {});
  try {
    model.printSummary();
    expect(said.mock.calls).toEqual([['Line\n  layer.weight.bias: float32 [1], frozen\n  layer.weight.weight: float32 [1, 1], frozen\nparameters: 2, trained: 0']]);
  } finally {
    said.mockRestore();
  }
  expect(() => model.freeze(3 as never)).toThrow(/freeze: expected paths of parameters, got number 3/);
  // What was saved by stateDict, taken over.
  wider.loadStateDict(wider.stateDict());
  expect(() => wider.loadStateDict(model.stateDict())).toThrow(file.CheckpointMismatchError);
});

test('hooks come in the order of BrainTools', async () => {
  const told: string[] = [];
  const names = [...new Set(Object.values(fixture.hooks).flat())].map((n) => camel(n.split(':')[1]!)) as trainer.Hook[];
  const callback = new trainer.LambdaCallback(Object.fromEntries(names.map((n) => [n, () => void told.push(`callback:${n}`)])));
  class Told extends Line {}
  for (const n of names) (Told.prototype as unknown as Record<string, () => void>)[n] = () => void told.push(`module:${n}`);
  const [t, model] = [quiet({ callbacks: [callback] }), new Told()];
  const run = async (name: keyof typeof fixture.hooks, f: () => Promise<unknown>) => {
    told.length = 0;
    await f();
    expect(told).toEqual(fixture.hooks[name].map((h) => h.replace(/:(.*)/, (_, n: string) => `:${camel(n)}`)));
  };
  await run('fit', () => t.fit(model, loader(), { valDataloaders: loader(8) }));
  await run('validate', () => t.validate(model, loader(8)));
  await run('test', () => t.test(model, loader(8)));
  await run('predict', () => t.predict(model, loader(8)));
});

test('half precision: parameters and batches in it, what is kept in its own; training goes on as in whole', async () => {
  const seen: string[] = [];
  class Half extends Line {
    norm = new nn.BatchNorm0d([1]);
    override trainingStep([a, b]: np.Array[]): trainer.StepResult {
      const out = this.call(a!);
      seen.push(a!.dtype, (this.layer.weight.value as { weight: np.Array }).weight.dtype, out.dtype);
      this.norm.call(out);
      return np.mean(np.square(np.subtract(out, b!)));
    }
  }
  const run = async (precision: trainer.TrainerOptions['precision']) => {
    const model = new Half();
    // Small enough for the first steps, so that none is left out.
    const t = quiet({ maxEpochs: 8, precision, lossScale: String(precision) === '16' ? { initScale: 1024 } : null });
    await t.fit(model, loader(8), { valDataloaders: loader(8) });
    const dtypes = new Set(model.states().values().flatMap((s) => Object.values(s.value instanceof np.Array ? { s: s.value } : (s.value as Record<string, np.Array>)).map((a) => a.dtype)));
    return { dtypes: [...dtypes], loss: t.callbackMetrics.val_loss! };
  };
  const whole = await run('32');
  for (const [precision, dtype] of [['bf16', 'bfloat16'], [16, 'float16'], ['bf16-mixed', 'bfloat16']] as const) {
    seen.length = 0;
    const half = await run(precision);
    expect([new Set(seen), half.dtypes]).toEqual([new Set([dtype]), whole.dtypes]);
    expect(Math.abs(half.loss - whole.loss)).toBeLessThan(0.05 * (1 + whole.loss));
  }
});

test('parts of data: limits, the same batches again, one try of all, a first validation; lists of one', async () => {
  const counts: Record<string, number> = {};
  const note = (k: string) => () => void (counts[k] = (counts[k] ?? 0) + 1);
  const counting = () => new trainer.LambdaCallback({ onTrainBatchEnd: note('train'), onValidationBatchEnd: note('val'), onTestBatchEnd: note('test'), onPredictBatchEnd: note('predict'), onValidationEpochEnd: note('epochs') });
  const run = async (o: trainer.TrainerOptions) => {
    for (const k of Object.keys(counts)) delete counts[k];
    const t = quiet({ callbacks: [counting()], ...o });
    const model = new Line();
    await t.fit(model, loader(1), { valDataloaders: [loader(2), loader(2)] });
    await t.test(model, loader(2));
    await t.predict(model, loader(2));
    return { ...counts, batches: t.numTrainingBatches, step: t.globalStep };
  };
  expect(await run({ limitTrainBatches: 3, limitValBatches: 0.5, limitTestBatches: 1, limitPredictBatches: 100 })).toEqual({ train: 3, val: 4, epochs: 1, test: 1, predict: 4, batches: 3, step: 3 });
  expect(await run({ limitTrainBatches: 0.3, limitValBatches: 0, maxEpochs: 2, valCheckInterval: 0.5 })).toMatchObject({ train: 4, epochs: 4, batches: 2 });
  expect(await run({ fastDevRun: true, maxEpochs: 10, enableCheckpointing: true, logger: true, defaultRootDir: folder })).toEqual({ train: 1, val: 2, epochs: 1, test: 1, predict: 1, batches: 1, step: 1 });
  expect(readdirSync(folder)).toEqual([]);
  expect(await run({ numSanityValSteps: 2, limitTrainBatches: 1 })).toMatchObject({ train: 1, val: 8, epochs: 1 });

  const seen: number[][] = [];
  const t = quiet({ maxEpochs: 3, overfitBatches: 1, callbacks: [new trainer.LambdaCallback({ onTrainBatchStart: (_t, _m, batch) => void seen.push((batch as np.Array[])[0]!.reshape([-1]).js() as number[]) })] });
  await t.fit(new Line(), loader(4, { shuffle: true, seed: 1 }));
  expect(seen).toHaveLength(3);
  expect([seen[1], seen[2]]).toEqual([seen[0], seen[0]]);
  // Both are of the same batch: the loss before the last step, and after it.
  expect(t.callbackMetrics.val_loss).not.toBe(t.callbackMetrics.train_loss);
  expect([t.optimizers, t.schedulers, t.numDevices, t.maxEpochs, t.settings.overfitBatches]).toEqual([[t.optimizer], [], 1, 3, 1]);
  class Listed extends Line {
    override configureOptimizers(): never {
      const lr = new optim.StepLR({ baseLr: 0.1, stepSize: 1, gamma: 0.5 });
      return [[new optim.SGD({ lr })], [lr]] as never;
    }
  }
  const listed = quiet({ devices: [0], deterministic: true, maxEpochs: 2 });
  await listed.fit(new Listed(), loader());
  expect(listed.schedulers[0]!.currentLrs.value[0]!.js()).toBeCloseTo(0.025, 6);
  const endless: Iterable<unknown> = { *[Symbol.iterator]() { for (;;) yield [np.ones([1, 1]), np.ones([1, 1])]; } };
  const limited = quiet({ limitTrainBatches: 4 });
  await limited.fit(new Line(), endless);
  expect(limited.globalStep).toBe(4);
  await expect(quiet({ limitTrainBatches: 0.5 }).fit(new Line(), endless)).rejects.toThrow(/limitTrainBatches is a fraction, 0.5, but it is not known how many batches there are/);
});

test('after an error of a callback, a module or a dataset, trainer, module and states are as good as new', async () => {
  const fresh = new Line();
  await quiet({ maxEpochs: 2 }).fit(fresh, loader());
  let broken = true;
  let left = 0;
  const failing = <T>(x: T): T => {
    if (broken) throw new RangeError('out of luck');
    return x;
  };
  class Rows extends trainer.Dataset<np.Array[]> {
    readonly length = 8;
    get(i: number): np.Array[] {
      return failing(i < 6 || !broken) ? data().get(i) : data().get(i);
    }
  }
  class Steps extends Line {
    override trainingStep(batch: np.Array[]): trainer.StepResult {
      this.log('other', batch[0]!.mean());
      if (broken) (this.layer.weight as ParamState<unknown>).value = { weight: np.full([1, 1], NaN), bias: np.full([1], NaN) } as never;
      return failing(super.trainingStep(batch));
    }
  }
  const stream: Iterable<unknown> = {
    *[Symbol.iterator]() {
      try {
        yield* loader();
        failing(0);
      } finally {
        left++;
      }
    },
  };
  const ended: unknown[] = [];
  const watching = new trainer.LambdaCallback({ onException: (_t, _m, e) => void ended.push(e) });
  const hook = (name: trainer.Hook): trainer.Callback => new trainer.LambdaCallback({ [name]: () => failing(0) });
  const cases: [string, () => trainer.TrainModule, () => trainer.Batches, trainer.Callback[]][] = [
    ['dataset', () => new Line(), () => new trainer.DataLoader(new Rows(), { batchSize: 4 }), []],
    ['stream', () => new Line(), () => stream, []],
    ['module', () => new Steps(), () => loader(), []],
    ['transformGradients', () => new Line(), () => loader(), [Object.assign(new (class extends trainer.Callback {})(), { transformGradients: (g: never) => failing(g) })]],
    ...(['onTrainBatchStart', 'onAfterBackward', 'onBeforeOptimizerStep', 'onTrainBatchEnd', 'onTrainEpochEnd', 'onFitEnd'] as const).map((n): [string, () => trainer.TrainModule, () => trainer.Batches, trainer.Callback[]] => [n, () => new Line(), () => loader(), [hook(n)]]),
  ];
  for (const [name, make, batches, callbacks] of cases) {
    broken = true;
    ended.length = 0;
    const [t, model] = [quiet({ maxEpochs: 2, callbacks: [...callbacks, watching] }), make()];
    await expect(t.fit(model, batches())).rejects.toThrow('out of luck');
    expect([name, ended.length, t.fitting, t.isTraining]).toEqual([name, 1, false, true]);
    for (const s of model.states().values()) for (const a of Object.values(s.value as Record<string, np.Array>)) expect([name, a.shape.length < 3, Number.isFinite(np.sum(a).item())]).toEqual([name, true, true]);
    broken = false;
    // The same trainer, and a module anew or the one that was left.
    const again = new Line();
    await t.fit(again, batches());
    expect([name, weights(again)]).toEqual([name, weights(fresh)]);
    await t.fit(model, batches());
  }
  expect(left).toBe(5);
  // A loop that is left early leaves the loader's source, too.
  const sourced = new trainer.DataLoader(new trainer.IterableDataset(stream as Iterable<unknown>), { batchSize: 1, prefetch: 0 });
  for (const _ of sourced) break;
  expect(left).toBe(6);
  const t = quiet({ callbacks: [new trainer.LambdaCallback({ onTrainEpochEnd: async (same, model) => {
    await expect(same.fit(model, loader())).rejects.toThrow(BrainStateError);
    expect(await same.validate(model, loader(8))).toEqual({ val_loss: expect.any(Number) });
    expect(same.isTraining).toBe(true);
  } })] });
  await t.fit(new Line(), loader());
});

test('what a trainer and its parts are given and cannot use is named', async () => {
  const log = class extends trainer.CSVLogger {};
  const cases: [() => unknown, string | RegExp][] = [
    [() => quiet({ callbacks: [{}] as never }), 'CallbackList: expected a callback, got a plain object'],
    [() => quiet({ callbacks: 3 as never }), 'CallbackList: expected a list of callbacks, got number 3'],
    [() => quiet({ logger: 'csv' as never }), /Trainer: expected logger to be a logger, a list of loggers, true or false, got the string "csv"/],
    [() => quiet({ defaultRootDir: 5 as never }), 'Trainer: expected defaultRootDir to be the path of a folder, got number 5'],
    [() => quiet({ valCheckInterval: '1' as never }), 'Trainer: expected valCheckInterval to be a number > 0'],
    [() => quiet({ precision: '64' as never }), /Trainer: expected precision to be '32', '16' or 'bf16' .*, got '64'/],
    [() => quiet({ gradientClipVal: -1 }), 'Trainer: expected gradientClipVal to be a number > 0 or null, got number -1'],
    [() => quiet({ gradientClipAlgorithm: 'l1' as never }), "Trainer: expected gradientClipAlgorithm to be 'norm' or 'value'"],
    [() => quiet({ accumulateGradBatches: 0 }), 'Trainer: expected accumulateGradBatches to be a positive integer, got number 0'],
    [() => quiet({ seed: 0.5 }), 'Trainer: expected seed to be an integer'],
    [() => quiet({ devices: [1] }), /Trainer: programs run on device 0/],
    [() => quiet({ devices: [0, 1] }), 'training runs on one device'],
    [() => quiet({ limitTrainBatches: 1.5 }), 'Trainer: expected limitTrainBatches to be a number of batches, a fraction between 0 and 1, or null, got number 1.5'],
    [() => quiet({ fastDevRun: 0 }), 'Trainer: expected fastDevRun to be a positive integer, got number 0'],
    [() => quiet({ enableProgressBar: 1 as never }), 'Trainer: expected enableProgressBar to be true or false, got number 1'],
    [() => quiet({ benchmark: true } as never), "Trainer: unknown option 'benchmark'"],
    [() => quiet().fit(null as never, loader()), 'Trainer.fit: expected model to be a TrainModule, got null'],
    [() => quiet().fit(Object.assign(new Line(), { configureOptimizers: () => null }), loader()), /configureOptimizers: expected an optimizer, .*, got null/],
    [() => quiet().fit(Object.assign(new Line(), { configureOptimizers: () => [[new optim.SGD({ lr: 1 }), new optim.SGD({ lr: 1 })]] }) as never, loader()), 'configureOptimizers: one optimizer is used, got 2'],
    [() => quiet().fit(Object.assign(new Line(), { trainingStep: () => undefined }) as never, loader()), /Line.trainingStep: expected the loss to be a scalar array, .*, got undefined/],
    [() => quiet().fit(Object.assign(new Line(), { trainingStep: () => ({ loss: np.array(1), a: 'x' }) }) as never, loader()), "Line.trainingStep: expected the metric 'a' to be a number or an array, got the string \"x\""],
    [() => quiet().validate(Object.assign(new Line(), { validationStep: () => 3 }) as never, loader()), 'Line.validationStep: expected an object of metrics, got number 3'],
    [() => quiet({ callbacks: [Object.assign(new trainer.Timer({ verbose: false }), { transformGradients: () => ({}) })] }).fit(new Line(), loader()), "Timer.transformGradients: expected an object of gradients by path, 'layer.weight' is missing"],
    [() => quiet().fit(new Line(), loader(), { ckptPath: 3 as never }), 'Trainer: expected ckptPath to be the path of a checkpoint'],
    [() => quiet().checkpoint(), 'there is nothing to save before fit'],
    [() => new Line().log(3 as never, 1), 'TrainModule.log: expected a name, got number 3'],
    [() => new Line().log('a', {} as never), "TrainModule.log: expected 'a' to be a number or an array"],
    [() => new trainer.ModelCheckpoint({ filename: '../x' }), "ModelCheckpoint: expected filename to be a name without folders, such as 'model-{epoch:02d}', got '../x'"],
    [() => new trainer.ModelCheckpoint({ filename: 'x{' }), "ModelCheckpoint: the format 'x{'"],
    [() => new trainer.ModelCheckpoint({ saveTopK: -2 }), 'ModelCheckpoint: expected saveTopK to be an integer of at least -1, got number -2'],
    [() => new trainer.ModelCheckpoint({ mode: 'least' as never }), "ModelCheckpoint: expected mode to be 'min' or 'max'"],
    [() => new trainer.CheckpointManager(3 as never), 'CheckpointManager: expected dirpath to be the path of a folder, got number 3'],
    [() => new trainer.CheckpointManager(folder, { verbose: false }).save({} as never), 'CheckpointManager.save: expected model to be a module'],
    [() => new trainer.CheckpointManager(folder, { verbose: false }).save(new Line(), { metrics: { a: 'b' } as never }), 'CheckpointManager.save: expected metrics.a to be a number, got the string "b"'],
    [() => new trainer.CheckpointManager(folder, { verbose: false }).load('x', { optimizer: {} as never }), 'CheckpointManager.load: expected optimizer to be an optimiser'],
    [() => trainer.listCheckpoints(folder, { sortBy: 'size' as never }), "listCheckpoints: expected sortBy to be 'time', 'name' or 'epoch'"],
    [() => new trainer.EarlyStopping({ patience: 0.5 }), 'EarlyStopping: expected patience to be a non-negative integer'],
    [() => new trainer.EarlyStopping({ monitor: 3 as never }), "EarlyStopping: expected monitor to be a metric's name"],
    [() => new trainer.Timer({ duration: { minute: 1 } as never }), "Timer: duration: unknown option 'minute'; expected one of seconds, minutes, hours, days; did you mean 'minutes'?"],
    [() => new trainer.Timer({ duration: { minutes: 'x' as never } }), 'Timer: expected duration.minutes to be a number >= 0'],
    [() => new trainer.LambdaCallback({ stateDict: () => ({}) } as never), "LambdaCallback: expected functions by the names of a callback's methods, got 'stateDict'"],
    [() => new trainer.TQDMProgressBar({ refreshRate: 0 }), 'TQDMProgressBar: expected refreshRate to be a positive integer'],
    [() => new trainer.SimpleProgressBar({ width: 0 }), 'SimpleProgressBar: expected width to be a positive integer'],
    [() => new trainer.RichProgressBarWrapper({ stream: {} as never }), 'RichProgressBarWrapper: expected stream to be one that can be written to'],
    [() => trainer.getProgressBar('fancy' as never), "getProgressBar: expected backend to be 'auto', 'simple', 'tqdm' or 'rich'"],
    [() => new trainer.DataLoader(3 as never), 'DataLoader: expected a dataset, an array, a list of arrays, or an object of arrays, got number 3'],
    [() => new trainer.DataLoader(data(), { shuffle: 1 as never }), 'DataLoader: expected shuffle to be true or false'],
    [() => new trainer.DataLoader(data(), { sampler: [0, 1] as never }), 'DataLoader: expected sampler to be a Sampler'],
    [() => new trainer.DataLoader(data(), { batchSampler: [[0]] as never }), 'DataLoader: expected batchSampler to be a BatchSampler'],
    [() => new trainer.DataLoader(data(), { seed: 'x' as never }), 'DataLoader: expected seed to be an integer'],
    [() => [...new trainer.DataLoader(data(), { batchSize: 2, collateFn: () => { throw new RangeError('collate'); } })], 'collate'],
    [() => [...new trainer.DataLoader(data(), { sampler: Object.assign(new trainer.SequentialSampler(data()), { [Symbol.iterator]: () => [7, 8][Symbol.iterator]() }) })], 'ArrayDataset: expected an index from 0 to 7, got 8'],
    [() => new log(folder, { name: 3 as never }), 'CSVLogger: expected name and version to be strings, got number 3'],
    [() => new log(folder).logMetrics(3 as never, 0), 'CSVLogger.logMetrics: expected an object of numbers, got number 3'],
    [() => new log(folder).logMetrics({ a: 'x' } as never, 0), "CSVLogger.logMetrics: expected the metric 'a' to be a number, got the string"],
    [() => new trainer.TensorBoardLogger(folder).logMetrics({ a: 1 }, -1), 'TensorBoardLogger.logMetrics: expected step to be a non-negative integer, got number -1'],
  ];
  for (const [f, message] of cases) {
    const error = await (async () => f())().then((v) => expect(`${message}: no error, but ${String(v)}`).toBe(''), (e: unknown) => e);
    const text = (error as Error).message;
    if (!(typeof message === 'string' ? text.includes(message) : message.test(text))) throw new Error(`expected ${message}, got ${text}`);
    if (message !== 'collate') expect([message, error instanceof XlastateError]).toEqual([message, true]);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('bars: looks, numbers, unknown lengths; an array as a dataset', async () => {
  const text = async (f: (stream: trainer.BarStream) => Promise<void> | void, isTTY = false) => {
    let all = '';
    await f({ isTTY, write: (s: string) => ((all += s), true) } as unknown as trainer.BarStream);
    return all.replace(/\d\d:\d\d/g, 'MM:SS').replace(/[\d.]+it\/s/, 'Rit/s');
  };
  const drive = (bar: trainer.ProgressBar, total: number | null = 4) => {
    bar.start({ total, desc: 'Work' });
    bar.update(2, { loss: 0.5 });
    bar.update({ loss: 0.5 });
    bar.close();
    bar.close();
  };
  expect(await text((stream) => drive(new trainer.SimpleProgressBar({ stream, width: 8 })))).toBe('Work:  75.0%|======>-| 3/4 [MM:SS<MM:SS] loss=0.5000\n');
  expect(await text((stream) => drive(trainer.getProgressBar('tqdm', { stream })))).toBe('Work:  75%|███████   | 3/4 [MM:SS<MM:SS, Rit/s, loss=0.5000]\n');
  expect(await text((stream) => drive(trainer.getProgressBar('rich', { stream })))).toBe(`Work ${'━'.repeat(30)}╺${' '.repeat(9)}  75% MM:SS MM:SS loss=0.5000\n`);
  expect(await text((stream) => drive(trainer.getProgressBar('auto', { stream }), null))).toBe('Work: 3it [MM:SS, Rit/s, loss=0.5000]\n');
  expect((await text((stream) => drive(new trainer.SimpleProgressBar({ stream, leave: false, refreshRate: 0 })), true)).endsWith('\r\x1b[K')).toBe(true);
  expect(await text((stream) => quiet({ maxEpochs: 2, callbacks: [new trainer.RichProgressBar({ stream, leave: true })] }).fit(new Line(), loader()))).toMatch(/^Epoch 0 ━+ 100% MM:SS MM:SS loss=[\d.]+\nEpoch 1 .*\n$/);
  // An error ends the line.
  const failing = new trainer.LambdaCallback({ onTrainBatchEnd: () => { throw new RangeError('no'); } });
  expect((await text((stream) => quiet({ callbacks: [new trainer.TQDMProgressBar({ stream }), failing] }).fit(new Line(), loader()).catch(() => {}), true)).endsWith('\n')).toBe(true);
  const csv = new trainer.CSVLogger(folder, { name: 'run', version: 'v1' });
  for (const loss of [1, 2]) csv.logMetrics({ loss });
  expect([csv.read(), csv.name, csv.version, csv.rootDir, new trainer.CompositeLogger([csv]).version]).toEqual(['step,loss\n0,1\n1,2\n', 'run', 'v1', folder, 'v1']);
  const sampler = new trainer.RandomSampler([1, 2, 3, 4, 5], { seed: 3 });
  const [first] = [[...sampler], sampler.setEpoch(1), expect([sampler.replacement, sampler.seed]).toEqual([false, 3])];
  expect([...sampler]).not.toEqual(first);
  sampler.reset();
  expect([...sampler]).toEqual(first);
  sampler.reset(4);
  expect([...sampler]).toEqual([...new trainer.RandomSampler([1, 2, 3, 4, 5], { seed: 4 })]);
  const shared = new trainer.DistributedSampler([1, 2, 3, 4, 5], { numReplicas: 2, rank: 1 });
  expect([shared.totalSize, shared.numReplicas, shared.rank, loader().numSamples]).toEqual([6, 2, 1, 8]);
  const batches = [...new trainer.DataLoader(np.arange(5), { batchSize: 3 })] as np.Array[][];
  expect(batches.map(([b]) => b!.js())).toEqual([[0, 1, 2], [3, 4]]);
  expect(([...new trainer.DataLoader({ data: new Float32Array(6), shape: [3, 2] }, { batchSize: 2 })] as np.Array[][]).map(([b]) => b!.shape)).toEqual([[2, 2], [1, 2]]);
});

test('steps that read the epoch follow it', async () => {
  class Worsening extends Line {
    override validationStep(): trainer.EvalResult {
      return { loss: this.currentEpoch + 1, step: this.globalStep };
    }
  }
  const checkpoints = new trainer.ModelCheckpoint({ dirpath: folder, saveTopK: 2, saveLast: false });
  const t = quiet({ maxEpochs: 4, callbacks: [checkpoints] });
  await t.fit(new Worsening(), loader(), { valDataloaders: loader() });
  expect([files(), t.callbackMetrics.val_loss, t.callbackMetrics.val_step, t.state.epoch]).toEqual([['checkpoint-00.ckpt', 'checkpoint-01.ckpt'], 4, 8, 3]);
  const stages = [t.state.stage];
  for (const run of ['validate', 'test', 'predict'] as const) {
    await t[run](new Line(), loader());
    stages.push(t.state.stage);
  }
  expect(stages).toEqual(['train', 'validate', 'test', 'predict']);
});

test('images for TensorBoard', () => {
  const board = new trainer.TensorBoardLogger(folder, { name: 'images', version: 'v' });
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
  board.logImage('whole', np.array(pixels).reshape([2, 2, 3]), 7);
  new trainer.CompositeLogger([board]).logImage('floats', np.array([[[[0], [0.5]]], [[[1], [2]]]]), 8);
  board.finalize();
  const [name] = readdirSync(board.logDir);
  const all = readFileSync(join(board.logDir, name!));
  const found: { size: number[]; pixels: number[] }[] = [];
  for (let at = all.indexOf('\x89PNG', 0, 'latin1'); at >= 0; at = all.indexOf('\x89PNG', at + 1, 'latin1')) {
    const image = PNG.sync.read(all.subarray(at, all.indexOf('IEND', at) + 8));
    found.push({ size: [image.height, image.width, all[at + 25]!], pixels: [...image.data] });
  }
  const opaque = (values: Iterable<number>, channels: number) => [...values].flatMap((v, i) => ((i + 1) % channels === 0 ? [...(channels === 1 ? [v, v, v] : [v]), 255] : [v]));
  expect(found).toEqual([
    { size: [2, 2, 2], pixels: opaque(pixels, 3) },
    { size: [1, 2, 0], pixels: opaque([0, 128], 1) },
    { size: [1, 2, 0], pixels: opaque([255, 255], 1) },
  ]);
  for (const tag of ['whole', 'floats/0', 'floats/1']) expect(all.includes(tag)).toBe(true);
  expect(() => board.logImage('x', np.ones([2, 2]))).toThrow(/expected images of shape \(height, width, channels\) or .*, got f32\[2,2\]/);
  expect(() => board.logText('x', 3 as never)).toThrow(/TensorBoardLogger.logText: expected a text, got number 3/);
});
