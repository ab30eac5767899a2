import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, init, jit, nn, numpy as np, optim, ParamState, random, trainer } from 'xlastate';

const weights = (m: nn.Module) => m.states(ParamState).values().flatMap((s) => Object.entries(s.value as Record<string, np.Array>).sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, a]) => [a.toList()].flat(9) as number[]));

/** A line whose loss is multiplied by a factor. */
class Line extends trainer.TrainModule {
  layer = new nn.Linear(1, 1, { wInit: new init.Constant(0.5), bInit: new init.Constant(0.25) });
  readonly factor: number;
  constructor(factor: number) {
    super();
    this.factor = factor;
  }
  override trainingStep([x, y]: np.Array[]): trainer.StepResult {
    return np.mean(np.square(np.subtract(this.layer.call(x!), y!))).astype('float32').mul(this.factor);
  }
  override configureOptimizers(): trainer.OptimizerConfig {
    return new optim.Momentum({ lr: 0.1 / this.factor, momentum: 0.9 });
  }
}
const x = Float32Array.from({ length: 8 }, (_, i) => -1 + (2 * i) / 7);
const loader = (scale = 1) => new trainer.DataLoader(new trainer.ArrayDataset({ data: x, shape: [8, 1] }, { data: x.map((v, i) => (3 * v + 1) * (i < 4 ? scale : 1)), shape: [8, 1] }), { batchSize: 4 });
const train = async (model: Line, options: trainer.TrainerOptions, batches = loader()) => {
  const t = new trainer.Trainer({ maxEpochs: 3, enableProgressBar: false, ...options });
  await t.fit(model, batches);
  return { weights: weights(model), t };
};
beforeEach(() => random.seed(0));

test('the factor and the steps that are left out are those of torch.amp.GradScaler', () => {
  const scale = new trainer.LossScale({ initScale: 256, growthInterval: 3 });
  const weight = new ParamState(np.array(0, 'float32'));
  const step = jit((bad: np.Array) => {
    const grads = scale.unscale({ w: np.where(bad, Infinity, scale.apply(np.array(1))) });
    scale.update(grads, () => {
      weight.value = np.subtract(weight.value, grads.w);
    });
  });
  const rows = [...'1101110011111110111111'].map((c) => {
    step(np.array(c === '0'));
    return [scale.scale.value.item(), scale.goodSteps.value.item(), weight.value.item()];
  });
  expect(rows).toEqual([
    [256, 1, -1], [256, 2, -2], [128, 0, -2], [128, 1, -3], [128, 2, -4], [256, 0, -5], [128, 0, -5], [64, 0, -5], [64, 1, -6], [64, 2, -7], [128, 0, -8], [128, 1, -9], [128, 2, -10], [256, 0, -11], [256, 1, -12],
    [128, 0, -12], [128, 1, -13], [128, 2, -14], [256, 0, -15], [256, 1, -16], [256, 2, -17], [512, 0, -18],
  ]);
});

test('the factor stays between 1 and 2 ** 15', () => {
  const scale = new trainer.LossScale({ initScale: 2, growthInterval: 1 });
  const step = jit((g: np.Array) => scale.update([g], () => {}));
  for (let i = 0; i < 4; i++) step(np.array(NaN));
  expect(scale.scale.value.item()).toBe(1);
  for (let i = 0; i < 20; i++) step(np.array(1));
  expect(scale.scale.value.item()).toBe(2 ** 15);
});

test.each([1, 2])('gradients that float16 alone would lose train as in float32, over %i batches', async (accumulateGradBatches) => {
  const factor = 1e-7;
  const whole = await train(new Line(factor), { accumulateGradBatches });
  const half = await train(new Line(factor), { accumulateGradBatches, precision: '16' });
  const lost = await train(new Line(factor), { accumulateGradBatches, precision: '16', lossScale: { initScale: 1 } });
  half.weights.forEach((w, i) => expect(Math.abs(w - whole.weights[i]!)).toBeLessThan(0.01));
  expect(Math.max(...lost.weights.map((w, i) => Math.abs(w - whole.weights[i]!)))).toBeGreaterThan(0.1);
});

test('a step whose gradients overflow changes neither parameters nor the optimiser, and halves the factor', async () => {
  const seen: { weights: number[]; optimizer: unknown; scale: unknown }[] = [];
  const note = (t: trainer.Trainer, m: trainer.TrainModule) => {
    const state = t.optimizer!.stateDict();
    seen.push({ weights: weights(m), optimizer: JSON.stringify([state.opt_state, state.step_count], (_, v) => (v instanceof np.Array ? v.js() : v)), scale: t.lossScale!.scale.value.item() });
  };
  const callbacks = [new trainer.LambdaCallback({ onTrainStart: note as never, onTrainBatchEnd: note as never })];
  await train(new Line(1), { maxEpochs: 1, precision: 16, gradientClipVal: 1, lossScale: { initScale: 1024 }, callbacks }, loader(200));
  expect(seen[1]).toEqual({ ...seen[0], scale: 512 });
  expect(seen[2]!.scale).toBe(512);
  expect(seen[2]!.weights).not.toEqual(seen[1]!.weights);
});

test('a checkpoint has the factor', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xlastate-scale-'));
  try {
    const first = await train(new Line(1), { precision: '16-mixed', maxEpochs: 1, lossScale: { initScale: 8, growthInterval: 2 } });
    const path = trainer.saveCheckpoint(first.t.checkpoint(), join(folder, 'a.ckpt'));
    const t = new trainer.Trainer({ precision: '16', maxEpochs: 1, enableProgressBar: false });
    await t.fit(new Line(1), loader(), { ckptPath: path });
    expect([t.lossScale!.scale.value.item(), t.lossScale!.goodSteps.value.item()]).toEqual([16, 0]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('errors name the option', () => {
  expect(() => new trainer.Trainer({ lossScale: {} })).toThrow("Trainer: lossScale is for precision '16', whose small gradients would be lost; expected none for '32'");
  expect(() => new trainer.Trainer({ precision: 'bf16', lossScale: new trainer.LossScale() })).toThrow(ArgumentError);
  expect(new trainer.Trainer({ precision: 'bf16' }).lossScale).toBeNull();
  expect(() => new trainer.LossScale({ initScale: 0 })).toThrow('LossScale: expected initScale to be a number from 1 to 2 ** 127, got number 0');
  expect(() => new trainer.LossScale({ growthFactor: 1 })).toThrow('expected growthFactor to be a number > 1');
  expect(() => new trainer.LossScale({ backoffFactor: 1 })).toThrow('expected backoffFactor to be a number between 0 and 1');
  expect(() => new trainer.LossScale({ growthInterval: 0.5 })).toThrow('expected growthInterval to be a whole number > 0');
  expect(() => new trainer.LossScale().loadStateDict({})).toThrow(ArgumentError);
});
