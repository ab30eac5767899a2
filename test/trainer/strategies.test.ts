import { ArgumentError, lax, metric, nn, numpy as np, optim, ParamState, pjrt, trainer, vmap } from '../../lib/index';

function setting() {
  const model = new nn.Linear(2, 1);
  model.weight.value = { weight: np.array([[1], [-2]], 'float32'), bias: np.array([0.5], 'float32') } as never;
  const optimizer = new optim.SGD({ lr: 0.1 });
  const states = model.states(ParamState);
  optimizer.registerTrainableWeights(states);
  return { model, optimizer, states };
}

const [x, y] = [np.array([[1, 2], [3, 4], [-1, 0.5]]), np.array([[1], [0], [2]])];
const loss = (m: nn.Linear, [a, b]: np.Array[]) => metric.squaredError(m.call(a!), b!, { reduction: 'mean' });
const weights = (m: nn.Linear) => (Object.entries(m.weight.value as unknown as Record<string, np.Array>).sort().map(([, v]) => v.toList()));

test.each(['auto', 'single', 'ddp', 'sdp', 'fsdp'] as const)('a step of %s on one device is the step of gradient descent', (name) => {
  const strategy = trainer.getStrategy(name);
  const { model, optimizer, states } = setting();
  const [m, o] = strategy.setup(model, optimizer);
  expect([m, o, strategy.numDevices, strategy.isDistributed]).toEqual([model, optimizer, 1, false]);
  const batch = name === 'ddp' ? [x, y].map((v) => np.expandDims(v, 0)) : [x, y];
  const [value, metrics] = strategy.trainingStep(model, optimizer, batch, loss as never, states as never);
  // Errors -3.5, -4.5 and -3.5 + … : predictions are x w + b.
  const errors = [[1, 2, 1], [3, 4, 0], [-1, 0.5, 2]].map(([a, b, t]) => a! - 2 * b! + 0.5 - t!);
  expect(value.item()).toBeCloseTo(errors.reduce((s, e) => s + e * e, 0) / 3, 5);
  expect(metrics).toEqual({});
  const slope = (of: number[]) => errors.reduce((s, e, i) => s + (2 / 3) * e * of[i]!, 0);
  const [bias, weight] = weights(model) as [number[], number[][]];
  expect(bias[0]).toBeCloseTo(0.5 - 0.1 * slope([1, 1, 1]), 5);
  expect([weight[0]![0], weight[1]![0]]).toEqual([expect.closeTo(1 - 0.1 * slope([1, 3, -1]), 5), expect.closeTo(-2 - 0.1 * slope([2, 4, 0.5]), 5)]);
});

test('collective functions work in a loss, and on trees of lanes', () => {
  const strategy = new trainer.DataParallelStrategy({ axisName: 'devices' });
  const { model, optimizer, states } = setting();
  const batch = [x, y].map((v) => np.expandDims(v, 0));
  const shared = (m: nn.Linear, b: np.Array[]) => lax.pmean(loss(m, b), 'devices');
  expect(strategy.trainingStep(model, optimizer, batch, shared as never, states as never)[0].ndim).toBe(0);
  const lanes = (f: (v: np.Array) => unknown) => (vmap(f as never, { axisName: 'batch' }) as unknown as (v: np.Array) => np.Array)(np.array([1, 3, 8])).toList();
  expect(lanes((v) => trainer.allReduce(v))).toEqual([4, 4, 4]);
  expect(['sum', 'min', 'max'].map((op) => lanes((v) => trainer.allReduce({ v }, { op: op as 'sum' }).v))).toEqual([[12, 12, 12], [1, 1, 1], [8, 8, 8]]);
  expect(lanes((v) => trainer.broadcast(v, { src: 1 }))).toEqual([3, 3, 3]);
  expect(trainer.getStrategy(strategy)).toBe(strategy);
  expect(trainer.getStrategy(null).name).toBe('auto(single_device)');
});

test('several devices, wrong batches and wrong names are refused', () => {
  const device = pjrt.defaultClient().addressableDevices[0]!;
  const { model, optimizer, states } = setting();
  expect(() => new trainer.DataParallelStrategy({ devices: [device, device] })).toThrow(/training over 2 devices is not there/);
  expect(() => new trainer.DataParallelStrategy({ devices: ['cpu'] as never })).toThrow(/expected devices to be a list of devices/);
  expect(new trainer.SingleDeviceStrategy({ device }).devices).toEqual([device]);
  expect(() => trainer.getStrategy('ddp').trainingStep(model, optimizer, [x, y], loss as never, states as never)).toThrow(/expected batches with a first axis of 1 devices/);
  expect(() => trainer.getStrategy('tpu' as never)).toThrow(ArgumentError);
  expect(() => trainer.getStrategy('ddp', { axis: 'i' })).toThrow(/DataParallelStrategy: unknown option 'axis'/);
  expect(() => trainer.allReduce(np.array(1), { op: 'prod' as never })).toThrow(/expected op to be/);
  expect(() => trainer.allReduce(np.array(1))).toThrow(/axis/);
  expect(() => new trainer.Trainer({ strategy: 'many' as never })).toThrow(/getStrategy/);
  expect(new trainer.Trainer({ strategy: 'fsdp' }).strategy.name).toBe('fsdp');
});

test('shares of the samples, and batches by device', () => {
  const rows = np.arange(10, { dtype: 'int32' });
  const share = (rank: number) => [...new trainer.DistributedDataLoader([rows], { batchSize: 2, numReplicas: 2, rank, shuffle: false })].flatMap((b) => (b as np.Array[])[0]!.toList() as number[]);
  expect([share(0), share(1)]).toEqual([[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]);
  const shuffled = (rank: number) => [...new trainer.DistributedDataLoader({ rows }, { batchSize: 5, numReplicas: 2, rank, seed: 4 })].flatMap((b) => (b as Record<string, np.Array>).rows!.toList() as number[]);
  expect([...shuffled(0), ...shuffled(1)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const batches = [...trainer.createDistributedBatches(rows, 2, { numDevices: 2 })] as np.Array[];
  expect(batches.map((b) => b.toList())).toEqual([[[0, 1], [2, 3]], [[4, 5], [6, 7]]]);
  const [first] = [...trainer.createDistributedBatches({ a: np.zeros([4, 3]), b: rows.slice([0, 4]) as np.Array }, 2)] as Record<string, np.Array>[];
  expect([first!.a!.shape, first!.b!.shape]).toEqual([[1, 2, 3], [1, 2]]);
  expect(() => [...trainer.createDistributedBatches(rows, 0)]).toThrow(/expected batchSize to be a positive integer/);
});
