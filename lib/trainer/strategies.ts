import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Loose } from '../functional/treeFunction';
import * as lax from '../lax';
import * as np from '../numpy';
import type { Module } from '../nn';
import type { OptaxOptimizer } from '../optim';
import { type Client, defaultClient, Device } from '../pjrt';
import type { FlattedDict } from '../state/flattedDict';
import type { ParamState } from '../state/kinds';
import { grad, vmap } from '../transform';
import { map } from '../tree';

/** How values of several lanes become one. */
export type ReduceOp = 'mean' | 'sum' | 'min' | 'max';
/** The loss of a model on a batch: a scalar. */
export type BatchLoss = (model: never, batch: never) => Array;

/** Programs run on one device: more are refused, not pretended. */
function oneDevice(op: string, devices: readonly Device[] | undefined): Device {
  if (devices === undefined) return (defaultClient() as Client).addressableDevices[0]!;
  if (!globalThis.Array.isArray(devices) || devices.length === 0 || !devices.every((d) => d instanceof Device)) throw new ArgumentError(`${op}: expected devices to be a list of devices, got ${describeValue(devices)}`);
  if (devices.length > 1) throw new ArgumentError(`${op}: training over ${devices.length} devices is not there; expected a list of one`);
  return devices[0] as Device;
}

/**
 * How training is spread over devices. Mirrors `braintools.trainer.Strategy`.
 *
 * Programs run on one device here: every strategy has one, and takes the steps that its kind takes with one.
 *
 * @example
 * new trainer.SingleDeviceStrategy().numDevices; // 1
 */
export abstract class Strategy {
  abstract readonly name: string;
  abstract readonly devices: readonly Device[];

  get numDevices(): number {
    return this.devices.length;
  }

  get isDistributed(): boolean {
    return this.numDevices > 1;
  }

  /** Puts a model and its optimiser in place before training. */
  setup<M, O>(model: M, optimizer: O): [M, O] {
    return [model, optimizer];
  }

  /** One step of training: `[loss, metrics]`. */
  abstract trainingStep(model: Module, optimizer: OptaxOptimizer, batch: unknown, lossFn: BatchLoss, paramStates: FlattedDict<ParamState>): [Array, Record<string, Array>];

  /** A value of all devices. */
  reduce<T>(tensor: T, _given: { op?: ReduceOp; axisName?: string } = {}): T {
    return tensor;
  }

  /** One device's value on all. */
  broadcast<T>(tensor: T, _given: { src?: number } = {}): T {
    return tensor;
  }

  /** Waits for all devices. */
  barrier(): void {}
}

/** Loss before the step, and the step by the gradients. */
function plainStep(model: Module, optimizer: OptaxOptimizer, batch: unknown, lossFn: BatchLoss, paramStates: FlattedDict<ParamState>): [Array, Record<string, Array>] {
  const [grads, loss] = grad(() => lossFn(model as never, batch as never), { gradStates: paramStates, returnValue: true })() as unknown as [unknown, Array];
  optimizer.step(grads);
  return [loss, {}];
}

/** All on one device. Mirrors `braintools.trainer.SingleDeviceStrategy`. @example new trainer.SingleDeviceStrategy().numDevices; // 1 */
export class SingleDeviceStrategy extends Strategy {
  readonly name: string = 'single_device';
  readonly devices: readonly Device[];

  constructor(given: { device?: Device } = {}) {
    const { device } = checkOptions(new.target.name, ['device'], given);
    super();
    this.devices = [oneDevice('SingleDeviceStrategy', device === undefined ? undefined : [device])];
  }

  override trainingStep(...given: Parameters<typeof plainStep>): [Array, Record<string, Array>] {
    return plainStep(...given);
  }
}

/**
 * Each device takes its part of a batch, whose first axis is that of devices; losses and gradients are their means. Collective functions of `axisName` work in
 * the loss. Mirrors `braintools.trainer.DataParallelStrategy`, on one device.
 *
 * @example
 * new trainer.DataParallelStrategy({ axisName: 'batch' }).isDistributed; // false
 */
export class DataParallelStrategy extends Strategy {
  readonly name: string = 'data_parallel';
  readonly devices: readonly Device[];
  readonly axisName: string;

  /** @throws ArgumentError for more than one device */
  constructor(given: { devices?: readonly Device[]; axisName?: string } = {}) {
    const { devices, axisName = 'batch' } = checkOptions(new.target.name, ['devices', 'axisName'], given);
    super();
    this.devices = [oneDevice('DataParallelStrategy', devices)];
    this.axisName = axisName;
  }

  /** @param batch a tree of arrays (devices, batch, …) @throws ArgumentError if their first axis is not that of devices */
  override trainingStep(model: Module, optimizer: OptaxOptimizer, batch: unknown, lossFn: BatchLoss, paramStates: FlattedDict<ParamState>): [Array, Record<string, Array>] {
    map((x: Array) => {
      if (np.ndim(x) === 0 || x.shape[0] !== this.numDevices) throw new ArgumentError(`DataParallelStrategy.trainingStep: expected batches with a first axis of ${this.numDevices} devices, got ${describeValue(x)}`);
      return x;
    }, batch as never);
    const lanes = vmap(
      (part: Loose) => {
        const [grads, loss] = grad(() => lossFn(model as never, part as never), { gradStates: paramStates, returnValue: true })() as unknown as [unknown, Array];
        return [map((g: Array) => lax.pmean(g, this.axisName), grads as never), loss];
      },
      { axisName: this.axisName },
    );
    const [grads, losses] = lanes(batch as never) as unknown as [unknown, Array];
    optimizer.step(map((g: Array) => g.slice(0), grads as never));
    return [np.mean(losses), {}];
  }

  override reduce<T>(tensor: T, given: { op?: ReduceOp; axisName?: string } = {}): T {
    return allReduce(tensor, { axisName: this.axisName, ...given });
  }

  override broadcast<T>(tensor: T, given: { src?: number } = {}): T {
    return broadcast(tensor, { ...given, axisName: this.axisName });
  }
}

/** Batches split over a mesh's axis, parameters on all of it. Mirrors `braintools.trainer.ShardedDataParallelStrategy`, on a mesh of one device. @example new trainer.ShardedDataParallelStrategy().name; // 'sharded_data_parallel' */
export class ShardedDataParallelStrategy extends SingleDeviceStrategy {
  override readonly name = 'sharded_data_parallel';
  readonly dataAxis: string;

  constructor(given: { dataAxis?: string } = {}) {
    const { dataAxis = 'data' } = checkOptions(new.target.name, ['dataAxis'], given);
    super();
    this.dataAxis = dataAxis;
  }
}

/** Parameters split, too. Mirrors `braintools.trainer.FullyShardedDataParallelStrategy`, on a mesh of one device. @example new trainer.FullyShardedDataParallelStrategy({ modelAxis: 'model' }).name; // 'fsdp' */
export class FullyShardedDataParallelStrategy extends SingleDeviceStrategy {
  override readonly name = 'fsdp';
  readonly dataAxis: string;
  readonly modelAxis: string | null;

  constructor(given: { dataAxis?: string; modelAxis?: string | null } = {}) {
    const { dataAxis = 'data', modelAxis = null } = checkOptions(new.target.name, ['dataAxis', 'modelAxis'], given);
    super();
    this.dataAxis = dataAxis;
    this.modelAxis = modelAxis;
  }
}

/** The strategy for the devices that there are. Mirrors `braintools.trainer.AutoStrategy`. @example new trainer.AutoStrategy().name; // 'auto(single_device)' */
export class AutoStrategy extends Strategy {
  readonly selectedStrategy: Strategy;
  readonly name: string;
  readonly devices: readonly Device[];

  constructor(given: { preferFsdp?: boolean } = {}) {
    checkOptions(new.target.name, ['preferFsdp'], given);
    super();
    // Other ones are for several devices.
    this.selectedStrategy = new SingleDeviceStrategy();
    this.name = `auto(${this.selectedStrategy.name})`;
    this.devices = this.selectedStrategy.devices;
  }

  override trainingStep(...given: Parameters<Strategy['trainingStep']>): [Array, Record<string, Array>] {
    return this.selectedStrategy.trainingStep(...given);
  }
}

/** Names of strategies. */
export type StrategyName = 'auto' | 'single' | 'single_device' | 'ddp' | 'dp' | 'data_parallel' | 'sdp' | 'sharded_data_parallel' | 'fsdp';

/** A strategy by its name, with the options of its class. Mirrors `braintools.trainer.get_strategy`. @throws ArgumentError for another name @example trainer.getStrategy('ddp').name; // 'data_parallel' */
export function getStrategy(strategy: StrategyName | Strategy | null = 'auto', options: object = {}): Strategy {
  if (strategy instanceof Strategy) return strategy;
  switch (strategy) {
    case null:
    case 'auto':
      return new AutoStrategy(options);
    case 'single':
    case 'single_device':
      return new SingleDeviceStrategy(options);
    case 'ddp':
    case 'dp':
    case 'data_parallel':
      return new DataParallelStrategy(options);
    case 'sdp':
    case 'sharded_data_parallel':
      return new ShardedDataParallelStrategy(options);
    case 'fsdp':
      return new FullyShardedDataParallelStrategy(options);
    default:
      throw new ArgumentError(`getStrategy: expected 'auto', 'single_device', 'data_parallel', 'sharded_data_parallel', 'fsdp' or a strategy, got ${describeValue(strategy)}`);
  }
}

const REDUCTIONS = { mean: lax.pmean, sum: lax.psum, min: lax.pmin, max: lax.pmax };

/**
 * A value of all lanes of a mapped axis, of each array of a tree: `tensor`'s mean, sum, minimum or maximum. Mirrors `braintools.trainer.all_reduce`.
 *
 * @throws ArgumentError for another reduction, or outside of a map with the axis
 * @example
 * vmap((x: np.Array) => trainer.allReduce(x), { axisName: 'batch' })(np.array([1, 3])).js(); // [2, 2]
 */
export function allReduce<T>(tensor: T, given: { op?: ReduceOp; axisName?: string } = {}): T {
  const { op = 'mean', axisName = 'batch' } = checkOptions('allReduce', ['op', 'axisName'], given);
  if (!Object.hasOwn(REDUCTIONS, op)) throw new ArgumentError(`allReduce: expected op to be 'mean', 'sum', 'min' or 'max', got ${describeValue(op)}`);
  return map((x: Array) => REDUCTIONS[op](x, axisName), tensor as never) as T;
}

/**
 * One lane's value in all lanes of a mapped axis, of each array of a tree. Mirrors `braintools.trainer.broadcast`.
 *
 * @param tensor an array, or a tree of them, a value in each lane
 * @throws ArgumentError if `src` is no number of a lane, or outside of a map with the axis
 *
 * @example
 * vmap((x: np.Array) => trainer.broadcast(x, { src: 1 }), { axisName: 'batch' })(np.array([1, 3])).js(); // [3, 3]
 */
export function broadcast<T>(tensor: T, given: { src?: number; axisName?: string } = {}): T {
  const { src = 0, axisName = 'batch' } = checkOptions('broadcast', ['src', 'axisName'], given);
  if (!Number.isInteger(src) || src < 0) throw new ArgumentError(`broadcast: expected src to be the number of a lane, got ${describeValue(src)}`);
  return map((x: Array) => lax.allGather(x, axisName).slice(src), tensor as never) as T;
}
