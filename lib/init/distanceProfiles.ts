import { inspect } from 'node:util';
import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import * as np from '../numpy';
import type { RandomState } from '../random';
import { type CallOptions, Initialization } from './initialization';

/** What profiles are combined with: others, and values. */
export type ProfileOperand = DistanceProfile | ArrayLike;

/**
 * How likely or strong a connection is by its length. Combined with others: `new init.GaussianProfile(50).mul(2).clip({ maxVal: 1 })`. Lengths are numbers in any one unit.
 *
 * Mirrors `braintools.init.DistanceProfile`, whose operators are methods here.
 *
 * @example
 * new init.GaussianProfile(100) instanceof init.DistanceProfile; // true
 */
export abstract class DistanceProfile {
  /** The probability of connections of given lengths, elementwise. */
  abstract probability(distances: ArrayLike): Array;

  /** The factor of weights of given lengths, elementwise; the probability unless a class says otherwise. */
  weightScaling(distances: ArrayLike): Array {
    return this.probability(distances);
  }

  /** The same as {@link weightScaling}. */
  call(distances: ArrayLike): Array {
    return this.weightScaling(distances);
  }

  /** What is printed between the parentheses: what the object holds. */
  protected settings(): object {
    return { ...this };
  }

  /** The sum of two profiles. */
  add(other: ProfileOperand): ComposedProfile {
    return new ComposedProfile(this, other, np.add, '+');
  }

  /** The difference of two profiles. */
  sub(other: ProfileOperand): ComposedProfile {
    return new ComposedProfile(this, other, np.subtract, '-');
  }

  /** The product of two profiles. */
  mul(other: ProfileOperand): ComposedProfile {
    return new ComposedProfile(this, other, np.multiply, '*');
  }

  /** The quotient of two profiles. */
  div(other: ProfileOperand): ComposedProfile {
    return new ComposedProfile(this, other, np.divide, '/');
  }

  /** Values limited to an interval; null is no limit. */
  clip(options: { minVal?: ArrayLike | null; maxVal?: ArrayLike | null } = {}): ClipProfile {
    const { minVal = null, maxVal = null } = checkOptions('DistanceProfile.clip', ['minVal', 'maxVal'], options);
    return new ClipProfile(this, minVal, maxVal);
  }

  /** What a function makes of the values. */
  apply(f: (values: Array) => ArrayLike): ApplyProfile {
    return new ApplyProfile(this, f);
  }

  /** The same as {@link apply}: Python's `|`. */
  pipe(f: (values: Array) => ArrayLike): PipeProfile {
    return new PipeProfile(this, f);
  }

  toString(): string {
    return `${this.constructor.name}(${Object.entries(this.settings()).map(([k, v]) => `${k}=${inspect(v, { depth: 1 })}`).join(', ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Two profiles, or a profile and a value, combined by a function of two arrays. Mirrors `braintools.init.ComposedProfile`.
 *
 * @example
 * new init.GaussianProfile(100).mul(0.5).probability([0]).js(); // [0.5]
 */
export class ComposedProfile extends DistanceProfile {
  readonly left: ProfileOperand;
  readonly right: ProfileOperand;
  readonly op: (a: Array, b: Array) => Array;
  readonly opSymbol: string;

  constructor(left: ProfileOperand, right: ProfileOperand, op: (a: Array, b: Array) => Array, opSymbol: string) {
    super();
    this.left = left;
    this.right = right;
    this.op = op;
    this.opSymbol = opSymbol;
  }

  private both(of: (p: DistanceProfile) => Array): Array {
    const [a, b] = [this.left, this.right].map((x) => (x instanceof DistanceProfile ? of(x) : np.asarray(x)));
    return this.op(a!, b!);
  }

  override probability(distances: ArrayLike): Array {
    return this.both((p) => p.probability(distances));
  }

  override weightScaling(distances: ArrayLike): Array {
    return this.both((p) => p.weightScaling(distances));
  }

  override toString(): string {
    return `(${String(this.left)} ${this.opSymbol} ${String(this.right)})`;
  }
}

/** A profile's values as a function changes them. Mirrors `braintools.init.ApplyProfile`. @example new init.GaussianProfile(100).apply((p) => p.mul(0.5)).probability([0]).js(); // [0.5] */
export class ApplyProfile extends DistanceProfile {
  readonly base: DistanceProfile;
  readonly func: (values: Array) => ArrayLike;

  constructor(base: DistanceProfile, func: (values: Array) => ArrayLike) {
    super();
    if (typeof func !== 'function') throw new ArgumentError(`${new.target.name}: expected a function of the values, got ${describeValue(func)}`);
    this.base = base;
    this.func = func;
  }

  override probability(distances: ArrayLike): Array {
    return np.asarray(this.func(this.base.probability(distances)));
  }

  override weightScaling(distances: ArrayLike): Array {
    return np.asarray(this.func(this.base.weightScaling(distances)));
  }
}

/** The same as {@link ApplyProfile}. Mirrors `braintools.init.PipeProfile`. @example new init.GaussianProfile(100).pipe((p) => p.mul(0.5)).probability([0]).js(); // [0.5] */
export class PipeProfile extends ApplyProfile {}

/**
 * A profile's values limited to an interval; null is no limit. Mirrors `braintools.init.ClipProfile`.
 *
 * @example
 * new init.LinearProfile(100).clip({ minVal: 0.25 }).probability([0, 90]).js(); // [1, 0.25]
 */
export class ClipProfile extends ApplyProfile {
  readonly minVal: ArrayLike | null;
  readonly maxVal: ArrayLike | null;

  constructor(base: DistanceProfile, minVal: ArrayLike | null, maxVal: ArrayLike | null) {
    super(base, (x) => np.clip(x, { min: minVal, max: maxVal }));
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  protected override settings(): Record<string, unknown> {
    return { base: this.base, minVal: this.minVal, maxVal: this.maxVal };
  }
}

function checkLengths(op: string, lengths: Readonly<Record<string, unknown>>): void {
  for (const [name, x] of Object.entries(lengths)) {
    if (x !== null && x !== undefined && !(typeof x === 'number' && x > 0)) throw new ArgumentError(`${op}: expected ${name} to be a positive number, got ${describeValue(x)}`);
  }
}

/** A profile by a formula of the distance, and of numbers; 0 beyond a distance. */
abstract class FormulaProfile extends DistanceProfile {
  private readonly numbers: Readonly<Record<string, number | null>>;
  private readonly limit: number | null;

  constructor(numbers: Readonly<Record<string, number | null>>, limit: number | null) {
    super();
    this.numbers = numbers;
    this.limit = limit;
  }

  /** @internal */
  abstract formula(d: Array): Array;

  override probability(distances: ArrayLike): Array {
    const d = np.asarray(distances);
    const p = this.formula(d);
    return this.limit === null ? p : np.where(np.greater(d, this.limit), np.zerosLike(p), p);
  }

  protected override settings(): Record<string, unknown> {
    return this.numbers;
  }
}

const bell = composite('bell', ([d, center, sigma]) => [np.exp(np.multiply(-0.5, np.square(np.divide(np.subtract(d!, center!), sigma!))))]);
const gaussian = (d: Array, sigma: number, center = 0) => bell([d, np.asarray(center), np.asarray(sigma)], {})[0]!;
const fallingSigmoid = (d: Array, slope: number, midpoint: number) => lax.logistic(np.multiply(-slope, np.subtract(d, midpoint)));

interface Limit {
  /** Beyond this distance, 0; null for no limit. */
  maxDistance?: number | null;
}

const LIMIT_OPTIONS = ['maxDistance'] as const;

/** exp(-d² / 2 sigma²). Mirrors `braintools.init.GaussianProfile`. @example new init.GaussianProfile(100).probability([0, 100]).js(); // [1, 0.6065…] */
export class GaussianProfile extends FormulaProfile {
  readonly sigma: number;
  constructor(sigma: number, options: Limit = {}) {
    const { maxDistance = null } = checkOptions(new.target.name, LIMIT_OPTIONS, options);
    checkLengths('GaussianProfile', { sigma, maxDistance });
    super({ sigma, maxDistance }, maxDistance);
    this.sigma = sigma;
  }

  override formula(d: Array): Array {
    return gaussian(d, this.sigma);
  }
}

/** exp(-d / decayConstant). Mirrors `braintools.init.ExponentialProfile`. @example new init.ExponentialProfile(100).probability([0, 100]).js(); // [1, 0.3678…] */
export class ExponentialProfile extends FormulaProfile {
  readonly decayConstant: number;
  constructor(decayConstant: number, options: Limit = {}) {
    const { maxDistance = null } = checkOptions(new.target.name, LIMIT_OPTIONS, options);
    checkLengths('ExponentialProfile', { decayConstant, maxDistance });
    super({ decayConstant, maxDistance }, maxDistance);
    this.decayConstant = decayConstant;
  }

  override formula(d: Array): Array {
    return np.exp(np.divide(np.negative(d), this.decayConstant));
  }
}

/**
 * (d / minDistance)^-exponent, and 1 below minDistance, which is 1 by default. Mirrors `braintools.init.PowerLawProfile`.
 *
 * @example
 * new init.PowerLawProfile(2, { minDistance: 1 }).probability([1, 2]).js(); // [1, 0.25]
 */
export class PowerLawProfile extends FormulaProfile {
  readonly exponent: number;
  readonly minDistance: number;
  constructor(exponent: number, options: { minDistance?: number | null } & Limit = {}) {
    const { minDistance = null, maxDistance = null } = checkOptions(new.target.name, ['minDistance', ...LIMIT_OPTIONS], options);
    checkLengths('PowerLawProfile', { minDistance, maxDistance });
    super({ exponent, minDistance, maxDistance }, maxDistance);
    this.exponent = exponent;
    this.minDistance = minDistance ?? 1;
  }

  override formula(d: Array): Array {
    return np.power(np.divide(np.maximum(d, this.minDistance), this.minDistance), -this.exponent);
  }
}

/** max(0, 1 - d / maxDistance). Mirrors `braintools.init.LinearProfile`. @example new init.LinearProfile(100).probability([0, 50, 200]).js(); // [1, 0.5, 0] */
export class LinearProfile extends FormulaProfile {
  readonly maxDistance: number;
  constructor(maxDistance: number) {
    checkLengths('LinearProfile', { maxDistance });
    super({ maxDistance }, null);
    this.maxDistance = maxDistance;
  }

  override formula(d: Array): Array {
    return np.maximum(0, np.subtract(1, np.divide(d, this.maxDistance)));
  }
}

/** One value up to a distance, another beyond. Mirrors `braintools.init.StepProfile`. @example new init.StepProfile(100).probability([50, 150]).js(); // [1, 0] */
export class StepProfile extends FormulaProfile {
  readonly threshold: number;
  readonly insideProb: number;
  readonly outsideProb: number;
  constructor(threshold: number, options: { insideProb?: number; outsideProb?: number } = {}) {
    const { insideProb = 1, outsideProb = 0 } = checkOptions(new.target.name, ['insideProb', 'outsideProb'], options);
    checkLengths('StepProfile', { threshold });
    super({ threshold, insideProb, outsideProb }, null);
    this.threshold = threshold;
    this.insideProb = insideProb;
    this.outsideProb = outsideProb;
  }

  override formula(d: Array): Array {
    return np.where(np.lessEqual(d, this.threshold), np.fullLike(d, this.insideProb, { dtype: 'float32' }), np.fullLike(d, this.outsideProb, { dtype: 'float32' }));
  }
}

/** sigmoid(-slope (d - midpoint)). Mirrors `braintools.init.SigmoidProfile`. @example new init.SigmoidProfile(100).probability([100]).js(); // [0.5] */
export class SigmoidProfile extends FormulaProfile {
  readonly midpoint: number;
  readonly slope: number;
  constructor(midpoint: number, options: { slope?: number } & Limit = {}) {
    const { slope = 0.05, maxDistance = null } = checkOptions(new.target.name, ['slope', ...LIMIT_OPTIONS], options);
    checkLengths('SigmoidProfile', { midpoint, maxDistance });
    super({ midpoint, slope, maxDistance }, maxDistance);
    this.midpoint = midpoint;
    this.slope = slope;
  }

  override formula(d: Array): Array {
    return fallingSigmoid(d, this.slope, this.midpoint);
  }
}

/** sigmoid(-growthRate (d - midpoint)). Mirrors `braintools.init.LogisticProfile`. @example new init.LogisticProfile(0.1, 100).probability([100]).js(); // [0.5] */
export class LogisticProfile extends FormulaProfile {
  readonly growthRate: number;
  readonly midpoint: number;
  constructor(growthRate: number, midpoint: number, options: Limit = {}) {
    const { maxDistance = null } = checkOptions(new.target.name, LIMIT_OPTIONS, options);
    checkLengths('LogisticProfile', { midpoint, maxDistance });
    super({ growthRate, midpoint, maxDistance }, maxDistance);
    this.growthRate = growthRate;
    this.midpoint = midpoint;
  }

  override formula(d: Array): Array {
    return fallingSigmoid(d, this.growthRate, this.midpoint);
  }
}

/** A Gaussian bell less a wider one, and 0 where that is negative. Mirrors `braintools.init.DoGProfile`. @example new init.DoGProfile(30, 100).probability([0, 100]).js(); // [0.5, 0] */
export class DoGProfile extends FormulaProfile {
  readonly sigmaCenter: number;
  readonly sigmaSurround: number;
  readonly amplitudeCenter: number;
  readonly amplitudeSurround: number;
  constructor(sigmaCenter: number, sigmaSurround: number, options: { amplitudeCenter?: number; amplitudeSurround?: number } & Limit = {}) {
    const { amplitudeCenter = 1, amplitudeSurround = 0.5, maxDistance = null } = checkOptions(new.target.name, ['amplitudeCenter', 'amplitudeSurround', ...LIMIT_OPTIONS], options);
    checkLengths('DoGProfile', { sigmaCenter, sigmaSurround, maxDistance });
    super({ sigmaCenter, sigmaSurround, amplitudeCenter, amplitudeSurround, maxDistance }, maxDistance);
    this.sigmaCenter = sigmaCenter;
    this.sigmaSurround = sigmaSurround;
    this.amplitudeCenter = amplitudeCenter;
    this.amplitudeSurround = amplitudeSurround;
  }

  override formula(d: Array): Array {
    return np.maximum(np.subtract(np.multiply(this.amplitudeCenter, gaussian(d, this.sigmaCenter)), np.multiply(this.amplitudeSurround, gaussian(d, this.sigmaSurround))), 0);
  }
}

/**
 * The sum of two Gaussian bells around two distances. Mirrors `braintools.init.BimodalProfile`.
 *
 * @example
 * new init.BimodalProfile(50, 50, { center2: 200 }).probability([0, 200]).js(); // [1.0003…, 1.0003…]
 */
export class BimodalProfile extends FormulaProfile {
  readonly sigma1: number;
  readonly sigma2: number;
  readonly center1: number;
  readonly center2: number;
  readonly amplitude1: number;
  readonly amplitude2: number;
  constructor(sigma1: number, sigma2: number, options: { center1?: number; center2?: number; amplitude1?: number; amplitude2?: number } & Limit = {}) {
    const { center1 = 0, center2 = 0, amplitude1 = 1, amplitude2 = 1, maxDistance = null } = checkOptions(new.target.name, ['center1', 'center2', 'amplitude1', 'amplitude2', ...LIMIT_OPTIONS], options);
    checkLengths('BimodalProfile', { sigma1, sigma2, maxDistance });
    super({ sigma1, sigma2, center1, center2, amplitude1, amplitude2, maxDistance }, maxDistance);
    this.sigma1 = sigma1;
    this.sigma2 = sigma2;
    this.center1 = center1;
    this.center2 = center2;
    this.amplitude1 = amplitude1;
    this.amplitude2 = amplitude2;
  }

  override formula(d: Array): Array {
    return np.add(np.multiply(this.amplitude1, gaussian(d, this.sigma1, this.center1)), np.multiply(this.amplitude2, gaussian(d, this.sigma2, this.center2)));
  }
}

/**
 * amplitude (1 - (d/sigma)²) exp(-(d/sigma)² / 2), and 0 where that is negative. Mirrors `braintools.init.MexicanHatProfile`.
 *
 * @example
 * new init.MexicanHatProfile(50).probability([0, 50]).js(); // [1, 0]
 */
export class MexicanHatProfile extends FormulaProfile {
  readonly sigma: number;
  readonly amplitude: number;
  constructor(sigma: number, options: { amplitude?: number } & Limit = {}) {
    const { amplitude = 1, maxDistance = null } = checkOptions(new.target.name, ['amplitude', ...LIMIT_OPTIONS], options);
    checkLengths('MexicanHatProfile', { sigma, maxDistance });
    super({ sigma, amplitude, maxDistance }, maxDistance);
    this.sigma = sigma;
    this.amplitude = amplitude;
  }

  override formula(d: Array): Array {
    const curve = np.subtract(1, np.square(np.divide(d, this.sigma)));
    return np.maximum(np.multiply(np.multiply(this.amplitude, curve), gaussian(d, this.sigma)), 0);
  }
}

/**
 * Values times a profile of the distances between units: the call is given `distances`, or `prePositions` and `postPositions`.
 *
 * Mirrors `braintools.init.DistanceModulated`.
 *
 * @example
 * new init.DistanceModulated(new init.Constant(2), new init.StepProfile(100)).call([2], { distances: [50, 150] }).js(); // [2, 0]
 */
export class DistanceModulated extends Initialization {
  readonly baseDist: Initialization;
  readonly distanceProfile: DistanceProfile;

  constructor(baseDist: Initialization, distanceProfile: DistanceProfile) {
    super();
    if (!(baseDist instanceof Initialization)) throw new ArgumentError(`DistanceModulated: expected an initialisation, got ${describeValue(baseDist)}`);
    if (!(distanceProfile instanceof DistanceProfile)) throw new ArgumentError(`DistanceModulated: expected a DistanceProfile, got ${describeValue(distanceProfile)}`);
    this.baseDist = baseDist;
    this.distanceProfile = distanceProfile;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    return np.multiply(this.baseDist.sample(shape, rng, options), this.distanceProfile.call(distancesOf(options)));
  }
}

/** The distances of a call: [n, m]. */
function distancesOf({ distances, prePositions, postPositions }: CallOptions): Array {
  if (distances !== undefined) return np.asarray(distances);
  if (prePositions === undefined || postPositions === undefined) throw new ArgumentError('DistanceModulated: expected the option distances, or both prePositions and postPositions');
  const [a, b] = [prePositions, postPositions].map((x) => {
    const p = np.asarray(x);
    return p.ndim < 2 ? np.reshape(p, [-1, 1]) : p;
  });
  return np.linalg.norm(np.subtract(np.expandDims(a!, 1), np.expandDims(b!, 0)), { axis: -1 });
}
