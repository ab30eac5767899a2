import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { flatten, unflatten } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { jvp as pureJvp } from '../functional/derivatives';
import { optionsObject } from '../functional/options';
import { vmap as pureVmap } from '../functional/vmap';
import { softmax } from '../nn/activations';
import * as np from '../numpy';
import * as prng from '../prng';
import { formatKey, type SeedOrKey } from '../random/keyState';
import { splitKey } from '../random/seed';
import { BrainStateError } from '../state/errors';
import { FlattedDict } from '../state/flattedDict';
import type { Path } from '../state/paths';
import { scan } from '../transform';
import { asFunction, type Callable } from '../transform/callable';
import { type Effects, PureFunction } from '../transform/pure';
import { map } from '../tree';
import { OptaxOptimizer, type OptimizerOptions, type StepSettings } from './optimizer';
import { checkChoice, checkRate } from './scheduler';
import { addDecayedWeights } from './adjustments';
import { type GradientTransformation, scaleBySchedule, trace } from './transformation';

/** A loss of predictions and targets: a scalar. */
export type SofoLoss = (predictions: Array, targets: never) => Array;

/** Options of {@link SOFO} and {@link SOFOScan}. */
export interface SOFOOptions extends OptimizerOptions {
  /** The kind of the loss: a mean of squares, or a cross entropy with softmax. */
  loss?: 'mse' | 'ce';
  /** How many random directions the step is sought among. Default 100. */
  tangentSize?: number;
  /** What is added to the curvatures, as a part of the largest. */
  damping?: number;
  /** How much of the last direction is kept. */
  momentum?: number;
  /** Whether momentum is looked ahead, as Nesterov does. */
  nesterov?: boolean;
  /** Makes the directions a function of key and number of steps; without one the global random state gives a key each step. */
  key?: SeedOrKey | null;
}

/** Paths in the order of Python's tuples. */
function inOrder(a: Path, b: Path): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  return a.length - b.length;
}

const addUp = (xs: readonly Array[]): Array => xs.reduce((a, b) => np.add(a, b));

/** Random directions in a tree of arrays, stacked, each of length 1 over all arrays. */
function directions(params: unknown, count: number, key: Array): unknown {
  const [leaves, def] = flatten(params);
  const keys = prng.split(key, leaves.length);
  const drawn = (leaves as Array[]).map((x, i) => prng.normal(keys.slice(i) as Array, [count, ...x.shape], { dtype: x.dtype }));
  const lengths = np.sqrt(addUp(drawn.map((v) => np.sum(np.square(np.reshape(v, [count, -1])), { axis: 1 }))));
  return unflatten(def, drawn.map((v) => np.divide(v, np.reshape(lengths, [count, ...v.shape.slice(1).map(() => 1)]))));
}

/** What SOFO and SOFOScan have in common. */
abstract class SubspaceOptimizer extends OptaxOptimizer {
  readonly lossFn: SofoLoss;
  readonly loss: 'mse' | 'ce';
  readonly tangentSize: number;
  readonly damping: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly key: SeedOrKey | null;

  constructor(lossFn: SofoLoss, given: SOFOOptions) {
    const { loss = 'mse', tangentSize = 100, damping = 1e-5, momentum = 0, nesterov = false, key = null, ...options } = given;
    super(options);
    const name = this.constructor.name;
    if (typeof lossFn !== 'function') throw new ArgumentError(`${name}: expected lossFn to be a function of predictions and targets, got ${describeValue(lossFn)}`);
    this.lossFn = lossFn;
    this.loss = checkChoice(`${name}: loss`, loss, ['mse', 'ce']);
    this.tangentSize = checkInteger(name, 'tangentSize', tangentSize, 1);
    this.damping = checkRate(`${name}: damping`, damping);
    this.momentum = checkRate(`${name}: momentum`, momentum);
    this.nesterov = nesterov;
    this.key = key;
  }

  protected override steps({ weightDecay, minusRate }: StepSettings): readonly GradientTransformation[] {
    return [...(this.momentum > 0 ? [trace(this.momentum, { nesterov: this.nesterov })] : []), ...(weightDecay > 0 ? [addDecayedWeights(weightDecay)] : []), scaleBySchedule(minusRate)];
  }

  /** Mean over samples of the directions' products by the loss's curvature. */
  private curvature(predictions: Array, tangents: Array): Array {
    const n = predictions.shape[0]!;
    const products = (a: Array, b: Array) => np.divide(np.einsum('kbd,lbd->kl', a, b), n);
    if (this.loss === 'mse') return products(tangents, tangents);
    const p = softmax(predictions);
    const along = np.einsum('kbd,bd->kb', tangents, p);
    return np.subtract(products(np.multiply(tangents, p), tangents), np.divide(np.matmul(along, along.T), n));
  }

  /** The step's direction and the predictions, of a function of the registered states. */
  private seek(model: () => unknown, targets: unknown): { direction: FlattedDict<unknown>; predictions: Array } {
    const name = this.constructor.name;
    if (this.optState === null) throw new BrainStateError(`${name}.update: call registerTrainableWeights first`);
    const entries = this.paramStates.entries().sort(([a], [b]) => inOrder(a, b));
    const key = this.key === null ? splitKey() : prng.foldIn(formatKey(name, this.key), this.stepCount.value);
    const params = entries.map(([, s]) => s.value);
    const pure = new PureFunction(model, entries.map(([, s]) => s), name);
    try {
      const tangents = directions(params, this.tangentSize, key as Array);
      // The predictions and what the model wrote do not depend on the direction.
      const push = (v: unknown) => pureJvp((p: unknown[]) => pure.run(p), [params], [v], { hasAux: true });
      const [predictions, moved, effects] = pureVmap(push, { outAxes: [null, 0, null] as never })(tangents) as [Array, Array, Effects];
      if (predictions?.shape?.length !== 2) throw new ShapeError(`${name}: expected predictions of shape (samples, outputs), got ${describeValue(predictions)}`);
      pure.commit(effects.writes);
      const slopes = pureVmap((v: Array) => pureJvp((p: Array) => this.lossFn(p, targets as never), [predictions], [v])[1])(moved) as Array;
      if (slopes.ndim !== 1) throw new ShapeError(`${name}: expected the loss to be a scalar, got ${slopes.aval} for ${this.tangentSize} directions`);
      const [u, s] = np.linalg.svd(this.curvature(predictions, moved)) as unknown as [Array, Array, Array];
      const damped = np.maximum(np.add(s, np.multiply(this.damping, np.max(s))), Number(np.finfo(s.dtype).eps));
      const weights = np.matmul(np.divide(u, damped), np.matmul(u.T, slopes));
      const found = map((v: Array) => np.tensordot(weights, v, { axes: 1 }), tangents as never) as unknown[];
      return { direction: new FlattedDict(entries.map(([path], i) => [path, found[i]] as const)), predictions };
    } finally {
      pure.close();
    }
  }

  /** Goes one step: the loss before it. */
  protected advance(model: () => unknown, targets: unknown): Array {
    const { direction, predictions } = this.seek(model, targets);
    super.update(direction);
    return this.lossFn(predictions, targets as never);
  }
}

/**
 * Second-order forward-mode optimisation: a damped Gauss-Newton step within random directions, found by forward derivatives only. Mirrors
 * `braintools.optim.SOFO`. Call `step` inside of `jit` where it runs many times.
 *
 * @example
 * ```ts
 * const mse = (p: np.Array, y: np.Array) => np.mean(np.square(np.subtract(p, y)));
 * const model = new nn.Linear(3, 2);
 * const optimizer = new optim.SOFO(model, mse, { lr: 0.02, tangentSize: 8 });
 * optimizer.registerTrainableWeights(model.states(ParamState));
 * const step = jit((x: np.Array, y: np.Array) => optimizer.step(x, y));
 * step(np.ones([4, 3]), np.ones([4, 2])).shape; // []
 * ```
 */
export class SOFO extends SubspaceOptimizer {
  readonly model: Callable;

  /**
   * @param model from inputs to predictions (samples, outputs)
   * @param lossFn of predictions and targets
   */
  constructor(model: Callable, lossFn: SofoLoss, given: SOFOOptions = {}) {
    super(lossFn, optionsObject(new.target.name, given));
    asFunction(model, this.constructor.name);
    this.model = model;
  }

  /**
   * Finds a direction and goes one step.
   *
   * @returns the loss before the step
   * @throws BrainStateError before states are registered; ShapeError for predictions that are no matrix
   */
  override update(inputs: unknown, targets: unknown): Array {
    const f = asFunction(this.model, this.constructor.name);
    return this.advance(() => f(inputs as never), targets);
  }

  /** As {@link update}. */
  override step(inputs: unknown, targets: unknown): Array {
    return this.update(inputs, targets);
  }
}

const flattenTime = (x: Array): Array => np.reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]);

/**
 * {@link SOFO} for a recurrent cell `(latent, input) => [latent, output]`, which is scanned over sequences. Mirrors `braintools.optim.SOFOScan`.
 *
 * @example
 * ```ts
 * class Cell extends nn.Module {
 *   layer = new nn.Linear(5, 2);
 *   override call(z: Array, x: Array) { const next = np.tanh(this.layer.call(np.concatenate([z, x], { axis: -1 }))); return [next, next]; }
 * }
 * const mse = (p: Array, y: Array) => np.mean(np.square(np.subtract(p, y)));
 * const cell = new Cell();
 * const optimizer = new optim.SOFOScan(cell, mse, { lr: 0.02, tangentSize: 8 });
 * optimizer.registerTrainableWeights(cell.states(ParamState));
 * optimizer.step(np.zeros([4, 2]), [np.ones([6, 4, 3]), np.ones([6, 4, 2])]).shape; // [], the inputs being (time, batch, …)
 * ```
 */
export class SOFOScan extends SubspaceOptimizer {
  readonly rnnCell: Callable;

  /** @param lossFn of predictions and targets whose axes of time and batch are one */
  constructor(rnnCell: Callable, lossFn: SofoLoss, given: SOFOOptions = {}) {
    super(lossFn, optionsObject(new.target.name, given));
    asFunction(rnnCell, this.constructor.name);
    this.rnnCell = rnnCell;
  }

  /**
   * Finds a direction and goes one step.
   *
   * @param zInit the latent at the beginning
   * @param batch `[inputs, labels]`, both (time, batch, …)
   * @returns the loss before the step
   * @throws BrainStateError before states are registered; ArgumentError unless batch has two parts
   */
  override update(zInit: unknown, batch: unknown): Array {
    if (!globalThis.Array.isArray(batch) || batch.length !== 2) throw new ArgumentError(`${this.constructor.name}.update: expected batch to be [inputs, labels], got ${describeValue(batch)}`);
    const cell = asFunction(this.rnnCell, this.constructor.name);
    const [inputs, labels] = batch as [unknown, Array];
    const targets = flattenTime(np.asarray(labels));
    return this.advance(() => flattenTime((scan(cell as never, zInit as never, inputs as never) as unknown as [unknown, Array])[1]), targets);
  }

  /** As {@link update}. */
  override step(zInit: unknown, batch: unknown): Array {
    return this.update(zInit, batch);
  }
}
