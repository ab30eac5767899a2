import { checkInstance } from '../core/checks';
import { inspect } from 'node:util';
import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { pythonFloat } from '../core/pythonText';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import * as np from '../numpy';
import { logSigmoid, relu, sigmoid, softplus } from './activations';

/** A function of arrays as one program. */
function program(name: string, f: (...args: Array[]) => Array): (...args: ArrayLike[]) => Array {
  const made = composite(name, (args) => [f(...args)]);
  return (...args) => made(args.map((x) => np.asarray(x)), {})[0]!;
}

/** exp, of at most 20, so that parameters that run away stay finite. */
const boundedExp = (x: Array) => np.exp(np.clip(x, { max: 20 }));
/** The inverse of softplus. */
const softplusInverse = (y: Array) => np.add(y, np.log(np.negative(np.expm1(np.negative(y)))));
const logit = (x: Array) => np.log(np.divide(x, np.subtract(1, x)));
/** The sum over the last axis: a Jacobian's determinant of an elementwise function. */
const sumLast = (x: Array) => (x.ndim > 0 ? np.sum(x, { axis: -1 }) : x);
/** upper - lower; of two numbers a number, so that it has no dtype of its own. */
const difference = (upper: ArrayLike, lower: ArrayLike): ArrayLike => (typeof upper === 'number' && typeof lower === 'number' ? upper - lower : np.subtract(upper, lower));
const text = (x: unknown) => (typeof x === 'number' ? pythonFloat(x) : inspect(x, { depth: 0 }));

/**
 * A map from all real numbers to the values that a parameter may take, and back. Mirrors `brainstate.nn.Transform`.
 *
 * @example
 * ```ts
 * const t = new nn.SigmoidT(0, 10);
 * t.inverse(t.forward(0.5)); // 0.5
 * ```
 */
export abstract class Transform {
  /** From unconstrained numbers to a parameter's values. */
  abstract forward(x: ArrayLike): Array;
  /** From a parameter's values to unconstrained numbers. */
  abstract inverse(y: ArrayLike): Array;

  /** The same as {@link forward}. */
  call(x: ArrayLike): Array {
    return this.forward(x);
  }

  /**
   * log |det ∂y/∂x| of {@link forward}, over the last axis: [..., n] → [...]. The second argument is `forward(x)`.
   *
   * @throws ArgumentError from transforms that do not have it
   */
  logAbsDetJacobian(_x: ArrayLike, _y: ArrayLike): Array {
    throw new ArgumentError(`${this.constructor.name}.logAbsDetJacobian: this transform does not define it`);
  }

  /** What is printed between the parentheses. */
  protected settings(): Readonly<Record<string, unknown>> {
    return {};
  }

  toString(): string {
    return `${this.constructor.name}(${Object.entries(this.settings()).map(([k, v]) => `${k}=${text(v)}`).join(', ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const zerosOfRows = program('zerosOfRows', (x) => np.zeros(x.shape.slice(0, -1)));

/** y = x. Mirrors `brainstate.nn.IdentityT`. @example new nn.IdentityT().forward([0, 1]).js(); // [0, 1] */
export class IdentityT extends Transform {
  override forward(x: ArrayLike): Array {
    return np.asarray(x);
  }

  override inverse(y: ArrayLike): Array {
    return np.asarray(y);
  }

  override logAbsDetJacobian(x: ArrayLike, _y: ArrayLike): Array {
    return zerosOfRows(x);
  }
}

/** A transform onto an interval. */
abstract class IntervalT extends Transform {
  readonly lower: ArrayLike;
  readonly upper: ArrayLike;
  protected readonly width: ArrayLike;

  constructor(lower: ArrayLike, upper: ArrayLike) {
    super();
    this.lower = lower;
    this.upper = upper;
    this.width = difference(upper, lower);
  }

  protected override settings(): Record<string, unknown> {
    return { lower: this.lower, upper: this.upper };
  }
}

const sigmoidForward = program('sigmoidT', (x, lower, width) => np.add(lower, np.multiply(width, np.divide(1, np.add(1, boundedExp(np.negative(x)))))));
const sigmoidInverse = program('sigmoidTInverse', (y, lower, width) => np.negative(np.log(np.subtract(np.divide(1, np.divide(np.subtract(y, lower), width)), 1))));
const sigmoidJacobian = program('sigmoidTJacobian', (x, width) => sumLast(np.add(np.log(width), np.add(logSigmoid(x), logSigmoid(np.negative(x))))));

/** y = lower + (upper - lower) sigmoid(x). Mirrors `brainstate.nn.SigmoidT`. @example new nn.SigmoidT(0, 10).forward([0]).js(); // [5] */
export class SigmoidT extends IntervalT {
  override forward(x: ArrayLike): Array {
    return sigmoidForward(x, this.lower, this.width);
  }

  override inverse(y: ArrayLike): Array {
    return sigmoidInverse(y, this.lower, this.width);
  }

  override logAbsDetJacobian(x: ArrayLike, _y: ArrayLike): Array {
    return sigmoidJacobian(x, this.width);
  }
}

const scaledForward = program('scaledSigmoidT', (x, lower, width, beta) => np.add(lower, np.multiply(width, sigmoid(np.multiply(beta, x)))));
const scaledInverse = program('scaledSigmoidTInverse', (y, lower, width, beta) => np.divide(logit(np.divide(np.subtract(y, lower), width)), beta));

/**
 * y = lower + (upper - lower) sigmoid(beta x). Mirrors `brainstate.nn.ScaledSigmoidT`. @throws ArgumentError unless beta is positive and finite
 *
 * @example
 * new nn.ScaledSigmoidT(0, 10, { beta: 2 }).forward([0, 1]).js(); // [5, 8.808]
 */
export class ScaledSigmoidT extends IntervalT {
  readonly beta: number;

  constructor(lower: ArrayLike, upper: ArrayLike, options: { beta?: number } = {}) {
    const { beta = 1 } = checkOptions(new.target.name, ['beta'], options);
    super(lower, upper);
    if (!(beta > 0 && beta < Infinity)) throw new ArgumentError(`ScaledSigmoidT: expected beta to be a positive finite number, got ${describeValue(beta)}`);
    this.beta = beta;
  }

  override forward(x: ArrayLike): Array {
    return scaledForward(x, this.lower, this.width, this.beta);
  }

  override inverse(y: ArrayLike): Array {
    return scaledInverse(y, this.lower, this.width, this.beta);
  }

  protected override settings(): Record<string, unknown> {
    return { ...super.settings(), beta: this.beta };
  }
}

/** Values between -1 and 1 on the interval, and back. */
const toInterval = (s: Array, lower: Array, width: Array) => np.add(lower, np.divide(np.multiply(width, np.add(s, 1)), 2));
const fromInterval = (y: Array, lower: Array, width: Array) => np.subtract(np.divide(np.multiply(2, np.subtract(y, lower)), width), 1);
const tanhForward = program('tanhT', (x, lower, width) => toInterval(np.tanh(x), lower, width));
const tanhInverse = program('tanhTInverse', (y, lower, width) => np.arctanh(fromInterval(y, lower, width)));

/** y = lower + (upper - lower) (tanh(x) + 1) / 2. Mirrors `brainstate.nn.TanhT`. @example new nn.TanhT(-1, 1).forward([0, 1]).js(); // [0, 0.7615…] */
export class TanhT extends IntervalT {
  override forward(x: ArrayLike): Array {
    return tanhForward(x, this.lower, this.width);
  }

  override inverse(y: ArrayLike): Array {
    return tanhInverse(y, this.lower, this.width);
  }
}

const softsignForward = program('softsignT', (x, lower, width) => toInterval(np.divide(x, np.add(1, np.abs(x))), lower, width));
const softsignInverse = program('softsignTInverse', (y, lower, width) => {
  const z = fromInterval(y, lower, width);
  return np.divide(z, np.subtract(1, np.abs(z)));
});

/** y = lower + (upper - lower) (x / (1 + |x|) + 1) / 2. Mirrors `brainstate.nn.SoftsignT`. @example new nn.SoftsignT(-1, 1).forward([0, 1]).js(); // [0, 0.5] */
export class SoftsignT extends IntervalT {
  override forward(x: ArrayLike): Array {
    return softsignForward(x, this.lower, this.width);
  }

  override inverse(y: ArrayLike): Array {
    return softsignInverse(y, this.lower, this.width);
  }
}

/** y = x, limited to the interval; both ways. Mirrors `brainstate.nn.ClipT`. @example new nn.ClipT(0, 1).forward([-1, 0.5, 2]).js(); // [0, 0.5, 1] */
export class ClipT extends IntervalT {
  override forward(x: ArrayLike): Array {
    return np.clip(x, { min: this.lower, max: this.upper });
  }

  override inverse(y: ArrayLike): Array {
    return this.forward(y);
  }
}

/** A transform onto what is above a bound. */
abstract class LowerT extends Transform {
  readonly lower: ArrayLike;
  constructor(lower: ArrayLike) {
    super();
    this.lower = lower;
  }

  protected override settings(): Record<string, unknown> {
    return { lower: this.lower };
  }
}

const softplusForward = program('softplusT', (x, lower) => np.add(softplus(x), lower));
const softplusBack = program('softplusTInverse', (y, lower) => softplusInverse(np.subtract(y, lower)));
const softplusJacobian = program('softplusTJacobian', (x) => sumLast(logSigmoid(x)));

/** y = lower + log(1 + exp(x)). Mirrors `brainstate.nn.SoftplusT`. @example new nn.SoftplusT(0).forward([0]).js(); // [0.6931…] */
export class SoftplusT extends LowerT {
  override forward(x: ArrayLike): Array {
    return softplusForward(x, this.lower);
  }

  override inverse(y: ArrayLike): Array {
    return softplusBack(y, this.lower);
  }

  override logAbsDetJacobian(x: ArrayLike, _y: ArrayLike): Array {
    return softplusJacobian(x);
  }
}

const negativeForward = program('negSoftplusT', (x, upper) => np.subtract(upper, softplus(np.negative(x))));
const negativeBack = program('negSoftplusTInverse', (y, upper) => np.negative(softplusInverse(np.subtract(upper, y))));

/** y = upper - log(1 + exp(-x)). Mirrors `brainstate.nn.NegSoftplusT`. @example new nn.NegSoftplusT(0).forward([0, 1]).js(); // [-0.6931…, -0.3132…] */
export class NegSoftplusT extends Transform {
  readonly upper: ArrayLike;
  constructor(upper: ArrayLike) {
    super();
    this.upper = upper;
  }

  override forward(x: ArrayLike): Array {
    return negativeForward(x, this.upper);
  }

  override inverse(y: ArrayLike): Array {
    return negativeBack(y, this.upper);
  }

  /** (BrainState 0.5.4 gives SoftplusT's here, of which this is the mirror image.) */
  override logAbsDetJacobian(x: ArrayLike, _y: ArrayLike): Array {
    return softplusJacobian(np.negative(x));
  }

  protected override settings(): Record<string, unknown> {
    return { upper: this.upper };
  }
}

/** y = -log(1 + exp(-x)). Mirrors `brainstate.nn.NegativeT`. @example new nn.NegativeT().forward([0, 1]).js(); // [-0.6931…, -0.3132…] */
export class NegativeT extends NegSoftplusT {
  constructor() {
    super(0);
  }

  protected override settings(): Record<string, unknown> {
    return {};
  }
}

const expForward = program('expT', (x, lower) => np.add(lower, boundedExp(x)));
const expInverse = program('expTInverse', (y, lower) => np.log(np.subtract(y, lower)));
const expJacobian = program('expTJacobian', sumLast);

/** y = lower + exp(x). Mirrors `brainstate.nn.ExpT`. @example new nn.ExpT(1).forward([0, 1]).js(); // [2, 3.7182…] */
export class ExpT extends LowerT {
  override forward(x: ArrayLike): Array {
    return expForward(x, this.lower);
  }

  override inverse(y: ArrayLike): Array {
    return expInverse(y, this.lower);
  }

  override logAbsDetJacobian(x: ArrayLike, _y: ArrayLike): Array {
    return expJacobian(x);
  }
}

/** y = lower + exp(x): its inverse is a logarithm. Mirrors `brainstate.nn.LogT`. @example new nn.LogT(0).forward([0, 1]).js(); // [1, 2.7182…] */
export class LogT extends ExpT {}

/** y = exp(x). Mirrors `brainstate.nn.PositiveT`. @example new nn.PositiveT().forward([0, 1]).js(); // [1, 2.7182…] */
export class PositiveT extends ExpT {
  constructor() {
    super(0);
  }

  protected override settings(): Record<string, unknown> {
    return {};
  }
}

const affineForward = program('affineT', (x, scale, shift) => np.add(np.multiply(scale, x), shift));
const affineInverse = program('affineTInverse', (y, scale, shift) => np.divide(np.subtract(y, shift), scale));
const affineJacobian = program('affineTJacobian', (x, scale) => {
  const log = np.log(np.abs(scale));
  return x.ndim === 0 ? np.sum(log) : np.sum(np.broadcastTo(log, x.shape as number[]), { axis: -1 });
});

/** y = scale x + shift. Mirrors `brainstate.nn.AffineT`. @throws ArgumentError if scale is 0 @example new nn.AffineT(2, 1).forward([0, 3]).js(); // [1, 7] */
export class AffineT extends Transform {
  readonly scale: ArrayLike;
  readonly shift: ArrayLike;

  constructor(scale: ArrayLike, shift: ArrayLike) {
    super();
    if (np.all(np.lessEqual(np.abs(scale), 1e-8)).item()) throw new ArgumentError(`AffineT: expected scale not to be 0, got ${text(scale)}`);
    this.scale = scale;
    this.shift = shift;
  }

  override forward(x: ArrayLike): Array {
    return affineForward(x, this.scale, this.shift);
  }

  override inverse(y: ArrayLike): Array {
    return affineInverse(y, this.scale, this.shift);
  }

  override logAbsDetJacobian(x: ArrayLike, _y: ArrayLike): Array {
    return affineJacobian(x, this.scale);
  }

  protected override settings(): Record<string, unknown> {
    return { scale: this.scale, shift: this.shift };
  }
}

/** Transforms one after another. Mirrors `brainstate.nn.ChainT`. @example new nn.ChainT(new nn.AffineT(2, 0), new nn.AffineT(1, 5)).forward([1, 2]).js(); // [7, 9] */
export class ChainT extends Transform {
  readonly transforms: readonly Transform[];
  constructor(...transforms: Transform[]) {
    super();
    for (const t of transforms) checkInstance('ChainT', t, Transform);
    this.transforms = transforms;
  }

  override forward(x: ArrayLike): Array {
    return this.transforms.reduce((v, t) => t.forward(v), np.asarray(x));
  }

  override inverse(y: ArrayLike): Array {
    return this.transforms.reduceRight((v, t) => t.inverse(v), np.asarray(y));
  }

  override logAbsDetJacobian(x: ArrayLike, _y: ArrayLike): Array {
    let [total, at] = [zerosOfRows(x), np.asarray(x)];
    for (const t of this.transforms) {
      const next = t.forward(at);
      total = np.add(total, t.logAbsDetJacobian(at, next));
      at = next;
    }
    return total;
  }

  override toString(): string {
    return `ChainT(${this.transforms.join(', ')})`;
  }
}

/**
 * A transform where the mask is true, the identity elsewhere. Mirrors `brainstate.nn.MaskedT`.
 *
 * @example
 * new nn.MaskedT(np.array([true, false]), new nn.ExpT(0)).forward([0, 5]).js(); // [1, 5]
 */
export class MaskedT extends Transform {
  readonly mask: ArrayLike;
  readonly transform: Transform;
  readonly safeValue: ArrayLike;

  /**
   * @param mask where the transform is taken
   * @param transform what is done there
   * @param options `safeValue`: what the transform is given where its result is not taken: its derivative there must be finite
   */
  constructor(mask: ArrayLike, transform: Transform, options: { safeValue?: ArrayLike } = {}) {
    const { safeValue = 1 } = checkOptions(new.target.name, ['safeValue'], options);
    super();
    checkInstance('MaskedT', transform, Transform);
    this.mask = mask;
    this.transform = transform;
    this.safeValue = safeValue;
  }

  private masked(x: ArrayLike, f: (x: Array) => Array): Array {
    return np.where(this.mask, f(np.where(this.mask, x, this.safeValue)), x);
  }

  override forward(x: ArrayLike): Array {
    return this.masked(x, (v) => this.transform.forward(v));
  }

  override inverse(y: ArrayLike): Array {
    return this.masked(y, (v) => this.transform.inverse(v));
  }

  override toString(): string {
    return `MaskedT(mask=..., transform=${this.transform})`;
  }
}

/** y = max(x, 0) + lowerBound. Mirrors `brainstate.nn.ReluT`. @example new nn.ReluT({ lowerBound: 1 }).forward([-1, 2]).js(); // [1, 3] */
export class ReluT extends Transform {
  readonly lowerBound: ArrayLike;
  constructor(options: { lowerBound?: ArrayLike } = {}) {
    const { lowerBound = 0 } = checkOptions(new.target.name, ['lowerBound'], options);
    super();
    this.lowerBound = lowerBound;
  }

  override forward(x: ArrayLike): Array {
    return np.add(relu(x), this.lowerBound);
  }

  override inverse(y: ArrayLike): Array {
    return relu(np.subtract(y, this.lowerBound));
  }

  protected override settings(): Record<string, unknown> {
    return { lowerBound: this.lowerBound };
  }
}

/**
 * The Box-Cox transform: y = (x^lmbda - 1) / lmbda, or log(x) where lmbda is 0. Mirrors `brainstate.nn.PowerT`.
 *
 * @example
 * new nn.PowerT({ lmbda: 0.5 }).forward([0, 2]).js(); // [-2, 0.8284…]
 */
export class PowerT extends Transform {
  readonly lmbda: number;
  constructor(options: { lmbda?: number } = {}) {
    const { lmbda = 0.5 } = checkOptions(new.target.name, ['lmbda'], options);
    super();
    if (typeof lmbda !== 'number') throw new ArgumentError(`PowerT: expected lmbda to be a number, got ${describeValue(lmbda)}`);
    this.lmbda = lmbda;
  }

  override forward(x: ArrayLike): Array {
    return Math.abs(this.lmbda) < 1e-10 ? np.log(x) : np.divide(np.subtract(np.power(x, this.lmbda), 1), this.lmbda);
  }

  override inverse(y: ArrayLike): Array {
    return Math.abs(this.lmbda) < 1e-10 ? np.exp(y) : np.power(np.add(np.multiply(y, this.lmbda), 1), 1 / this.lmbda);
  }

  protected override settings(): Record<string, unknown> {
    return { lmbda: this.lmbda };
  }
}

const first = (x: Array) => lax.sliceInDim(x, 0, 1, { axis: -1 });
const fromSecond = (x: Array) => lax.sliceInDim(x, 1, null, { axis: -1 });
const butLast = (x: Array) => lax.sliceInDim(x, 0, -1, { axis: -1 });
const joined = (...parts: Array[]) => np.concatenate(parts, { axis: -1 });

const orderedForward = program('orderedT', (x) => joined(first(x), np.add(first(x), np.cumsum(softplus(fromSecond(x)), { axis: -1 }))));
const orderedInverse = program('orderedTInverse', (y) => joined(first(y), softplusInverse(np.subtract(fromSecond(y), butLast(y)))));

/**
 * Increasing numbers along the last axis: the first, then steps softplus(x). Mirrors `brainstate.nn.OrderedT`.
 *
 * @example
 * new nn.OrderedT().forward([1, 0, 0]).js(); // [1, 1.6931…, 2.3863]
 */
export class OrderedT extends Transform {
  override forward(x: ArrayLike): Array {
    return orderedForward(x);
  }

  override inverse(y: ArrayLike): Array {
    return orderedInverse(y);
  }
}

const simplexForward = program('simplexT', (x) => {
  const z = sigmoid(x);
  const left = np.cumprod(np.subtract(1, z), { axis: -1 });
  return joined(np.multiply(z, joined(np.onesLike(first(z)), butLast(left))), lax.sliceInDim(left, -1, null, { axis: -1 }));
});
const simplexInverse = program('simplexTInverse', (y) => {
  const head = butLast(y);
  const left = np.add(np.subtract(1, np.cumsum(head, { axis: -1 })), head);
  const eps = Number(np.finfo(y.dtype).eps);
  return logit(np.clip(np.divide(head, np.add(left, eps)), { min: eps, max: 1 - eps }));
});

/**
 * Positive numbers whose sum along the last axis is 1, by breaking a stick: [..., n] → [..., n + 1]. Mirrors `brainstate.nn.SimplexT`.
 *
 * @example
 * new nn.SimplexT().forward([0, 0]).js(); // [0.5, 0.25, 0.25]
 */
export class SimplexT extends Transform {
  override forward(x: ArrayLike): Array {
    return simplexForward(x);
  }

  override inverse(y: ArrayLike): Array {
    return simplexInverse(y);
  }
}

const unitForward = program('unitVectorT', (x) => np.divide(x, np.sqrt(np.add(np.sum(np.square(x), { axis: -1, keepdims: true }), 1e-8))));

/** x scaled to length 1 along the last axis; the inverse gives y itself. Mirrors `brainstate.nn.UnitVectorT`. @example new nn.UnitVectorT().forward([3, 4]).js(); // [0.6, 0.8] */
export class UnitVectorT extends Transform {
  override forward(x: ArrayLike): Array {
    return unitForward(x);
  }

  override inverse(y: ArrayLike): Array {
    return np.asarray(y);
  }
}
