import { checkShape } from '../core/aval';
import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import * as environ from '../environ';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Size } from '../init';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import * as random from '../random';
import { maybeState, ParamState } from '../state/kinds';
import { relu } from './activations';
import { Module } from './module';

/** A number that a regularisation depends on: an array, or a state where it is to be fitted, too. */
export type Hyper = Array | ParamState;

/** Options of every regularisation. */
export interface RegOptions {
  /** What the loss is multiplied by. Default 1. */
  weight?: ArrayLike;
  /** Whether the hyperparameters are states that training may change. Default false. */
  fitHyper?: boolean;
}

/** The names of {@link RegOptions}. @internal */
export const REG_OPTIONS = ['weight', 'fitHyper'] as const;

/** A loss of a value and hyperparameters, as one program. @internal */
export function lossProgram(name: string, f: (value: Array, ...hyper: Array[]) => Array): (value: ArrayLike, ...hyper: Hyper[]) => Array {
  const program = composite(name, ([value, ...hyper]) => [f(value!, ...hyper)]);
  return (value, ...hyper) => program([np.asarray(value), ...hyper.map((h) => maybeState(h))], {})[0]!;
}

/** A number as the default float. @internal */
export function floatArray(x: ArrayLike): Array {
  return np.asarray(x, { dtype: environ.dftype() });
}

/** max(x, 0), and a little more than 0. @internal */
export const positive = (x: Hyper): Array => np.add(relu(maybeState(x)), 1e-8);
/** The sum of all elements' values. @internal */
export const sumOf = (x: Array): Array => np.sum(x);
/** @internal */
export const shapeOf = (size: Size): number[] => [...checkShape('sampleInit', typeof size === 'number' ? [size] : size)];
/** @internal */
export const randn = (size: Size): Array => random.randn(...shapeOf(size));
/** @internal */
export const rand = (size: Size): Array => random.rand(...shapeOf(size));

/**
 * A term of the loss that says which values of a parameter are likely: a penalty, or the negative logarithm of a prior's density.
 *
 * Mirrors `brainstate.nn.Regularization`.
 *
 * @example
 * new nn.Param(np.array([1, -2]), { reg: new nn.L2Reg({ weight: 1 }) }).regLoss().js(); // 5
 */
export abstract class Regularization extends Module {
  readonly fitHyper: boolean;

  constructor(options: { fitHyper?: boolean } = {}) {
    const { fitHyper = false, ...rest } = checkOptions(new.target.name, ['fitHyper'], options);
    super(rest);
    this.fitHyper = fitHyper;
  }

  /** The loss of a value: shape []. */
  abstract loss(value: ArrayLike): Array;
  /** Values drawn from what the regularisation holds likely, of the given shape. Draws keys from the global random state. */
  abstract sampleInit(shape: Size): Array;

  /** The most likely value, which broadcasts to the parameter's shape; 0 unless the class says otherwise. */
  resetValue(): Array {
    // A plain number's array, which takes the type of what it is added to.
    return np.asarray(0);
  }

  /** A hyperparameter: a state if it is to be fitted. */
  protected hyper(x: ArrayLike): Hyper {
    return this.fitHyper ? new ParamState(floatArray(x)) : floatArray(x);
  }
}

/** A regularisation with a weight. */
export abstract class WeightedReg extends Regularization {
  readonly weight: Array;

  constructor(options: RegOptions = {}) {
    const { weight = 1, ...rest } = checkOptions(new.target.name, REG_OPTIONS, options);
    super(rest);
    this.weight = floatArray(weight);
  }

  /** Normal numbers with the weight as their precision. */
  protected normalOfWeight(shape: Size): Array {
    return np.multiply(np.divide(1, np.sqrt(positive(this.weight))), randn(shape));
  }
}

/** Numbers of Laplace's distribution of a scale. */
function laplace(scale: Array, shape: Size): Array {
  const u = np.subtract(rand(shape), 0.5);
  return np.multiply(np.multiply(scale, np.sign(u)), np.log(np.add(np.subtract(1, np.multiply(2, np.abs(u))), 1e-8)));
}

const l1 = lossProgram('l1Reg', (x, weight) => np.multiply(weight, sumOf(np.abs(x))));

/**
 * weight Σ|x|. Mirrors `brainstate.nn.L1Reg`.
 *
 * @example
 * ```ts
 * new nn.L1Reg({ weight: 0.1 }).loss([1, -2]); // 0.3
 * ```
 */
export class L1Reg extends WeightedReg {
  override loss(value: ArrayLike): Array {
    return l1(value, this.weight);
  }

  override sampleInit(shape: Size): Array {
    return laplace(np.divide(1, np.add(this.weight, 1e-8)), shape);
  }
}

const l2 = lossProgram('l2Reg', (x, weight) => np.multiply(relu(weight), sumOf(np.square(x))));

/** weight Σx². Mirrors `brainstate.nn.L2Reg`. @example new nn.L2Reg({ weight: 0.1 }).loss(np.array([1, -2])).js(); // 0.5 */
export class L2Reg extends WeightedReg {
  override loss(value: ArrayLike): Array {
    return l2(value, this.weight);
  }

  override sampleInit(shape: Size): Array {
    return this.normalOfWeight(shape);
  }
}

const unit = (x: Hyper) => np.clip(maybeState(x), { min: 0, max: 1 });
const elasticNet = lossProgram('elasticNetReg', (x, a, b, alpha) => {
  const share = unit(alpha);
  return np.add(np.multiply(share, np.multiply(a, sumOf(np.abs(x)))), np.multiply(np.subtract(1, share), np.multiply(b, sumOf(np.square(x)))));
});

/** alpha l1Weight Σ|x| + (1 - alpha) l2Weight Σx². Mirrors `brainstate.nn.ElasticNetReg`. @example new nn.ElasticNetReg({ l1Weight: 1, l2Weight: 1 }).loss(np.array([1, -2])).js(); // 4 */
export class ElasticNetReg extends Regularization {
  readonly l1Weight: Array;
  readonly l2Weight: Array;
  readonly alpha: Hyper;

  constructor(options: { l1Weight?: ArrayLike; l2Weight?: ArrayLike; alpha?: ArrayLike; fitHyper?: boolean } = {}) {
    const { l1Weight = 1, l2Weight = 1, alpha = 0.5, ...rest } = checkOptions(new.target.name, ['l1Weight', 'l2Weight', 'alpha', 'fitHyper'], options);
    super(rest);
    this.l1Weight = floatArray(l1Weight);
    this.l2Weight = floatArray(l2Weight);
    this.alpha = this.hyper(alpha);
  }

  override loss(value: ArrayLike): Array {
    return elasticNet(value, this.l1Weight, this.l2Weight, this.alpha);
  }

  override sampleInit(shape: Size): Array {
    const share = unit(this.alpha);
    const normal = np.multiply(np.divide(1, np.sqrt(positive(this.l2Weight))), randn(shape));
    return np.add(np.multiply(share, laplace(np.divide(1, positive(this.l1Weight)), shape)), np.multiply(np.subtract(1, share), normal));
  }
}

const huber = lossProgram('huberReg', (x, weight, delta) => {
  const d = positive(delta);
  const size = np.abs(x);
  const linear = np.multiply(d, np.subtract(size, np.multiply(0.5, d)));
  return np.multiply(weight, sumOf(np.where(np.lessEqual(size, d), np.multiply(0.5, np.square(x)), linear)));
});

/**
 * weight Σ of x²/2 where |x| ≤ delta, and of delta (|x| - delta/2) elsewhere. Mirrors `brainstate.nn.HuberReg`.
 *
 * @example
 * new nn.HuberReg({ weight: 1, delta: 1 }).loss(np.array([0.5, 2])).js(); // 1.625
 */
export class HuberReg extends WeightedReg {
  readonly delta: Hyper;

  constructor(given: RegOptions & { delta?: ArrayLike } = {}) {
    const { delta = 1, ...options } = checkOptions(new.target.name, ['delta', ...REG_OPTIONS], given);
    super(options);
    this.delta = this.hyper(delta);
  }

  override loss(value: ArrayLike): Array {
    return huber(value, this.weight, this.delta);
  }

  override sampleInit(shape: Size): Array {
    return this.normalOfWeight(shape);
  }
}

const groupLasso = composite<{ groupSize: number }>('groupLassoReg', ([x, weight], { groupSize }) => {
  const flat = np.ravel(x!);
  const missing = (groupSize - (flat.size % groupSize)) % groupSize;
  const groups = np.reshape(missing === 0 ? flat : np.concatenate([flat, np.zeros([missing], { dtype: flat.dtype })]), [-1, groupSize]);
  return [np.multiply(weight!, sumOf(np.sqrt(np.add(np.sum(np.square(groups), { axis: 1 }), 1e-8))))];
});

/**
 * weight times the sum of the Euclidean norms of groups of neighbours, in row-major order. Mirrors `brainstate.nn.GroupLassoReg`.
 *
 * @example
 * new nn.GroupLassoReg({ weight: 1, groupSize: 2 }).loss(np.array([3, 4, 0, 0])).js(); // 5.0001
 */
export class GroupLassoReg extends WeightedReg {
  readonly groupSize: number;

  constructor(given: RegOptions & { groupSize?: number } = {}) {
    const { groupSize = 1, ...options } = checkOptions(new.target.name, ['groupSize', ...REG_OPTIONS], given);
    super(options);
    checkInteger('GroupLassoReg', 'groupSize', groupSize, 1);
    this.groupSize = groupSize;
  }

  override loss(value: ArrayLike): Array {
    return groupLasso([np.asarray(value), this.weight], { groupSize: this.groupSize })[0]!;
  }

  override sampleInit(shape: Size): Array {
    return this.normalOfWeight(shape);
  }
}

const variation = composite<{ order: number }>('totalVariationReg', ([x, weight], { order }) => [np.multiply(weight!, sumOf(np.abs(np.diff(np.ravel(x!), { n: order }))))]);

/**
 * weight times the sum of the absolute first or second differences of neighbours. Mirrors `brainstate.nn.TotalVariationReg`.
 *
 * @example
 * new nn.TotalVariationReg({ weight: 1 }).loss(np.array([1, 3, 2])).js(); // 3
 */
export class TotalVariationReg extends WeightedReg {
  readonly order: 1 | 2;

  constructor(given: RegOptions & { order?: 1 | 2 } = {}) {
    const { order = 1, ...options } = checkOptions(new.target.name, ['order', ...REG_OPTIONS], given);
    super(options);
    if (order !== 1 && order !== 2) throw new ArgumentError(`TotalVariationReg: expected order to be 1 or 2, got ${describeValue(order)}`);
    this.order = order;
  }

  override loss(value: ArrayLike): Array {
    return variation([np.asarray(value), this.weight], { order: this.order })[0]!;
  }

  /** A random walk. */
  override sampleInit(shape: Size): Array {
    const walk = np.cumsum(np.ravel(this.normalOfWeight(shape)));
    return np.divide(np.reshape(walk, shapeOf(shape)), Math.sqrt(walk.size));
  }
}

const norm = (x: Array) => np.sqrt(np.add(sumOf(np.square(x)), 1e-8));
const maxNorm = lossProgram('maxNormReg', (x, weight, maxValue) => np.multiply(weight, np.square(relu(np.subtract(norm(x), positive(maxValue))))));

/**
 * weight times the square of what the Euclidean norm has above maxValue. Mirrors `brainstate.nn.MaxNormReg`.
 *
 * @example
 * new nn.MaxNormReg({ weight: 1, maxValue: 1 }).loss(np.array([3, 4])).js(); // 16
 */
export class MaxNormReg extends WeightedReg {
  readonly maxValue: Hyper;

  constructor(given: RegOptions & { maxValue?: ArrayLike } = {}) {
    const { maxValue = 1, ...options } = checkOptions(new.target.name, ['maxValue', ...REG_OPTIONS], given);
    super(options);
    this.maxValue = this.hyper(maxValue);
  }

  override loss(value: ArrayLike): Array {
    return maxNorm(value, this.weight, this.maxValue);
  }

  override sampleInit(shape: Size): Array {
    const sample = randn(shape);
    return np.multiply(sample, np.multiply(np.divide(positive(this.maxValue), np.add(norm(sample), 1e-8)), 0.5));
  }
}

/** Probabilities of logits, all of them together. @internal */
export function probabilities(logits: Array): Array {
  const flat = np.ravel(logits);
  const e = np.exp(np.subtract(flat, np.max(flat)));
  return np.divide(e, np.add(sumOf(e), 1e-8));
}

const entropy = lossProgram('entropyReg', (x, weight) => {
  const p = probabilities(x);
  return np.multiply(weight, np.negative(sumOf(np.multiply(p, np.log(np.add(p, 1e-8))))));
});

/**
 * The entropy of softmax(x), times -weight if it is to be large, else weight. Mirrors `brainstate.nn.EntropyReg`.
 *
 * @example
 * new nn.EntropyReg({ weight: 1 }).loss(np.array([1, 1])).js(); // -0.6931…
 */
export class EntropyReg extends WeightedReg {
  readonly maximize: boolean;

  constructor(given: RegOptions & { maximize?: boolean } = {}) {
    const { maximize = true, ...options } = checkOptions(new.target.name, ['maximize', ...REG_OPTIONS], given);
    super(options);
    this.maximize = maximize;
  }

  override loss(value: ArrayLike): Array {
    const e = entropy(value, this.weight);
    return this.maximize ? np.negative(e) : e;
  }

  override sampleInit(shape: Size): Array {
    return this.maximize ? np.zeros(shapeOf(shape)) : randn(shape);
  }
}

/** An array as a matrix: one of more dimensions by its first, a vector as a square where that is possible. */
function asMatrix(x: Array): Array {
  if (x.ndim === 2) return x;
  if (x.ndim > 2) return np.reshape(x, [x.shape[0]!, -1]);
  const n = Math.round(Math.sqrt(x.size));
  return np.reshape(x, n * n === x.size ? [n, n] : [-1, 1]);
}

const orthogonal = lossProgram('orthogonalReg', (x, weight) => {
  if (x.ndim === 0) return np.multiply(weight, np.square(np.subtract(np.abs(x), 1)));
  const w = asMatrix(x);
  return np.multiply(weight, sumOf(np.square(np.subtract(np.matmul(w.T, w), np.eye(w.shape[1]!)))));
});

/** weight ‖WᵀW - I‖². Mirrors `brainstate.nn.OrthogonalReg`. @example new nn.OrthogonalReg({ weight: 1 }).loss(np.eye(2)).js(); // 0 */
export class OrthogonalReg extends WeightedReg {
  override loss(value: ArrayLike): Array {
    return orthogonal(value, this.weight);
  }

  /** Orthonormal columns, or rows where those are fewer (where BrainState 0.5.4's result is not of the shape). */
  override sampleInit(shape: Size): Array {
    const s = shapeOf(shape);
    if (s.length === 1) {
      const side = Math.ceil(Math.sqrt(s[0]!));
      return np.ravel(np.linalg.qr(randn([side, side]))[0]).slice([0, s[0]!]);
    }
    if (s.length !== 2) return np.multiply(randn(s), 0.1);
    const x = randn(s);
    return s[0]! < s[1]! ? np.linalg.qr(x.T)[0].T : np.linalg.qr(x)[0];
  }
}

/** The largest singular value. */
function spectralNorm(x: Array): Array {
  if (x.ndim === 0) return np.abs(x);
  if (x.ndim === 1) return np.sqrt(sumOf(np.square(x)));
  return np.max(np.linalg.svd(asMatrix(x), { computeUv: false }));
}

const spectral = lossProgram('spectralNormReg', (x, weight, maxValue) => np.multiply(weight, np.square(relu(np.subtract(spectralNorm(x), positive(maxValue))))));

/**
 * weight times the square of what the largest singular value has above maxValue, which is computed, not estimated.
 *
 * Mirrors `brainstate.nn.SpectralNormReg`, whose `n_power_iterations` has no effect, and so is no option here.
 *
 * @example
 * new nn.SpectralNormReg({ weight: 1, maxValue: 1 }).loss(np.eye(2)).shape; // []
 */
export class SpectralNormReg extends WeightedReg {
  readonly maxValue: Hyper;

  constructor(given: RegOptions & { maxValue?: ArrayLike } = {}) {
    const { maxValue = 1, ...options } = checkOptions(new.target.name, ['maxValue', ...REG_OPTIONS], given);
    super(options);
    this.maxValue = this.hyper(maxValue);
  }

  override loss(value: ArrayLike): Array {
    return spectral(value, this.weight, this.maxValue);
  }

  override sampleInit(shape: Size): Array {
    const sample = randn(shape);
    return np.multiply(sample, np.divide(positive(this.maxValue), np.add(sample.ndim >= 2 ? spectralNorm(sample) : norm(sample), 1e-8)));
  }
}

/**
 * The sum of several regularisations, times a weight; samples and reset values are the first's. Mirrors `brainstate.nn.ChainedReg`.
 *
 * @example
 * new nn.ChainedReg(new nn.L1Reg({ weight: 1 }), new nn.L2Reg({ weight: 1 })).loss(np.array([1, -2])).js(); // 8
 */
export class ChainedReg extends Regularization {
  readonly regularizations: readonly Regularization[];
  readonly weight: Array;

  /** @param args regularisations; the last may be options */
  constructor(...args: (Regularization | RegOptions)[]) {
    const last = args[args.length - 1];
    const hasOptions = last !== undefined && !(last instanceof Regularization);
    const { weight = 1, ...rest } = checkOptions(new.target.name, REG_OPTIONS, hasOptions ? (last as RegOptions) : {});
    super(rest);
    const regs = hasOptions ? args.slice(0, -1) : args;
    for (const r of regs) if (!(r instanceof Regularization)) throw new ArgumentError(`ChainedReg: expected regularisations, got ${describeValue(r)}`);
    this.regularizations = regs as Regularization[];
    this.weight = floatArray(weight);
  }

  override loss(value: ArrayLike): Array {
    if (this.regularizations.length === 0) return super.resetValue();
    return np.multiply(this.weight, this.regularizations.map((r) => r.loss(value)).reduce((a, b) => np.add(a, b)));
  }

  override sampleInit(shape: Size): Array {
    return this.regularizations[0]?.sampleInit(shape) ?? np.zeros(shapeOf(shape));
  }

  override resetValue(): Array {
    return this.regularizations[0]?.resetValue() ?? super.resetValue();
  }
}
