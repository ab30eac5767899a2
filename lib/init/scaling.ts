import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { ArgumentError, ShapeError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import type { RandomState } from '../random';
import { normalBetween } from './distributions';
import { Initialization } from './initialization';
import type { FanMode, VarianceDistribution } from './initializers';

/** Numbers of inputs and outputs of a unit: of a matrix [in, out], or of a kernel [out, in, ...] (of nn's initialisers the last two are [in, out]). */
function fans(shape: readonly number[]): [number, number] {
  const [a = 1, b = a] = shape;
  if (shape.length <= 2) return [a, b];
  const receptive = sizeOf(shape.slice(2));
  return [b * receptive, a * receptive];
}

/** Options of {@link VarianceScaling}. */
export interface VarianceScalingOptions {
  /** Factor of the variance. */
  scale?: number;
  /** Which sizes scale the values. */
  mode?: FanMode;
  /** The distribution of the values. */
  distribution?: VarianceDistribution;
}

/**
 * Random numbers whose variance is `scale / fan`, the number of a unit's inputs or outputs or their mean. Mirrors `braintools.init.VarianceScaling`.
 *
 * @example
 * new init.VarianceScaling({ mode: 'fan_avg', distribution: 'uniform' }).call([3, 2]).shape; // [3, 2]
 */
export class VarianceScaling extends Initialization {
  readonly scale: number;
  readonly mode: FanMode;
  readonly distribution: VarianceDistribution;

  constructor(options: VarianceScalingOptions = {}) {
    super();
    const { scale = 1, mode = 'fan_in', distribution = 'normal' } = checkOptions(new.target.name, ['scale', 'mode', 'distribution'], options);
    if (!['fan_in', 'fan_out', 'fan_avg'].includes(mode)) throw new ArgumentError(`${new.target.name}: expected mode to be 'fan_in', 'fan_out' or 'fan_avg', got ${describeValue(mode)}`);
    if (!['uniform', 'normal', 'truncated_normal'].includes(distribution)) throw new ArgumentError(`${new.target.name}: expected distribution to be 'uniform', 'normal' or 'truncated_normal', got ${describeValue(distribution)}`);
    if (typeof scale !== 'number') throw new ArgumentError(`${new.target.name}: expected scale to be a number, got ${describeValue(scale)}`);
    this.scale = scale;
    this.mode = mode;
    this.distribution = distribution;
  }

  override sample(shape: number[], rng: RandomState): Array {
    const [fanIn, fanOut] = fans(shape);
    const fan = this.mode === 'fan_in' ? fanIn : this.mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
    const variance = this.scale / Math.max(1, fan);
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return rng.uniform({ low: -limit, high: limit, size: shape });
    }
    if (this.distribution === 'normal') return rng.normal({ loc: 0, scale: Math.sqrt(variance), size: shape });
    const u = rng.uniform({ low: 0, high: 1, size: shape });
    const [standard] = normalBetween([u, ...[0, 1, -2, 2].map((x) => np.asarray(x, { dtype: u.dtype }))], {});
    // The standard deviation of a standard normal between −2 and 2.
    return np.multiply(standard!, Math.sqrt(variance) / 0.8796256610342398);
  }
}

/** Options of {@link KaimingNormal} and {@link KaimingUniform}. */
export interface KaimingOptions {
  /** Default: 2, or for leaky ReLU 2 / (1 + negativeSlope²). */
  scale?: number | null;
  /** Which sizes scale the values. */
  mode?: FanMode;
  /** The activation that follows. */
  nonlinearity?: 'relu' | 'leaky_relu';
  /** Its slope below 0, of a leaky one. */
  negativeSlope?: number;
}

function kaimingScale(op: string, options: KaimingOptions): number {
  const { scale = null, nonlinearity = 'relu', negativeSlope = 0.01 } = checkOptions(op, ['scale', 'mode', 'nonlinearity', 'negativeSlope'], options);
  if (nonlinearity !== 'relu' && nonlinearity !== 'leaky_relu') throw new ArgumentError(`${op}: expected nonlinearity to be 'relu' or 'leaky_relu', got ${describeValue(nonlinearity)}`);
  return scale ?? (nonlinearity === 'relu' ? 2 : 2 / (1 + negativeSlope ** 2));
}

/** The scale of those whose mode and distribution are fixed. */
const scaleOf = (op: string, options: { scale?: number } | undefined): number => checkOptions(op, ['scale'], options).scale ?? 1;

/** He's initialisation, uniform. Mirrors `braintools.init.KaimingUniform`. @example new init.KaimingUniform().call([3, 2]).shape; // [3, 2] */
export class KaimingUniform extends VarianceScaling {
  constructor(options: KaimingOptions = {}) {
    options = checkOptions('KaimingUniform', ['scale', 'mode', 'nonlinearity', 'negativeSlope'], options);
    super({ scale: kaimingScale(new.target.name, options), mode: options.mode ?? 'fan_in', distribution: 'uniform' });
  }
}

/** He's initialisation, normal. Mirrors `braintools.init.KaimingNormal`. @example new init.KaimingNormal().call([3, 2]).shape; // [3, 2] */
export class KaimingNormal extends VarianceScaling {
  constructor(options: KaimingOptions = {}) {
    options = checkOptions('KaimingNormal', ['scale', 'mode', 'nonlinearity', 'negativeSlope'], options);
    super({ scale: kaimingScale(new.target.name, options), mode: options.mode ?? 'fan_in', distribution: 'normal' });
  }
}

/** Glorot's initialisation, uniform. Mirrors `braintools.init.XavierUniform`. @example new init.XavierUniform().call([3, 2]).shape; // [3, 2] */
export class XavierUniform extends VarianceScaling {
  constructor(options?: { scale?: number }) {
    super({ scale: scaleOf(new.target.name, options), mode: 'fan_avg', distribution: 'uniform' });
  }
}

/** Glorot's initialisation, normal. Mirrors `braintools.init.XavierNormal`. @example new init.XavierNormal().call([3, 2]).shape; // [3, 2] */
export class XavierNormal extends VarianceScaling {
  constructor(options?: { scale?: number }) {
    super({ scale: scaleOf(new.target.name, options), mode: 'fan_avg', distribution: 'normal' });
  }
}

/** LeCun's initialisation, uniform. Mirrors `braintools.init.LecunUniform`. @example new init.LecunUniform().call([3, 2]).shape; // [3, 2] */
export class LecunUniform extends VarianceScaling {
  constructor(options?: { scale?: number }) {
    super({ scale: scaleOf(new.target.name, options), mode: 'fan_in', distribution: 'uniform' });
  }
}

/** LeCun's initialisation, normal. Mirrors `braintools.init.LecunNormal`. @example new init.LecunNormal().call([3, 2]).shape; // [3, 2] */
export class LecunNormal extends VarianceScaling {
  constructor(options?: { scale?: number }) {
    super({ scale: scaleOf(new.target.name, options), mode: 'fan_in', distribution: 'normal' });
  }
}

/**
 * A matrix (of all dimensions but the last, and the last) with orthonormal rows or columns, whichever are fewer. Mirrors `braintools.init.Orthogonal`.
 *
 * @example
 * new init.Orthogonal().call([3, 3]).shape; // [3, 3]
 */
export class Orthogonal extends Initialization {
  readonly scale: number;

  constructor(options: { scale?: number } = {}) {
    super();
    const { scale = 1 } = checkOptions(new.target.name, ['scale'], options);
    this.scale = scale;
  }

  override sample(shape: number[], rng: RandomState): Array {
    if (shape.length < 2) throw new ShapeError(`Orthogonal: expected a shape of at least two dimensions, got [${shape.join(', ')}]`);
    const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]!];
    const random = rng.normal({ loc: 0, scale: 1, size: [rows, columns] });
    const [q, r] = np.linalg.qr(rows < columns ? random.T : random);
    // The signs make it uniform among all such matrices.
    const fixed = np.multiply(q, np.sign(np.diag(r)));
    return np.multiply(np.reshape(rows < columns ? fixed.T : fixed, shape), this.scale);
  }
}

/**
 * A convolution's kernel [out, in, ...] that is an orthogonal matrix in its middle and 0 elsewhere. Mirrors `braintools.init.DeltaOrthogonal`.
 *
 * @example
 * new init.DeltaOrthogonal().call([3, 3, 2, 4]).shape; // [3, 3, 2, 4]
 */
export class DeltaOrthogonal extends Initialization {
  readonly scale: number;

  constructor(options: { scale?: number } = {}) {
    super();
    const { scale = 1 } = checkOptions(new.target.name, ['scale'], options);
    this.scale = scale;
  }

  override sample(shape: number[], rng: RandomState): Array {
    if (shape.length < 3) throw new ShapeError(`DeltaOrthogonal: expected a shape [out, in, ...] of at least three dimensions, got [${shape.join(', ')}]`);
    const matrix = new Orthogonal({ scale: this.scale }).sample(shape.slice(0, 2), rng);
    return np.zeros(shape, { dtype: matrix.dtype }).at([], [], ...shape.slice(2).map((n) => Math.floor(n / 2))).set(matrix);
  }
}

/** Identity matrices in the last two dimensions; a vector of ones. Mirrors `braintools.init.Identity`. @example new init.Identity().call([2, 2]).js(); // [[1, 0], [0, 1]] */
export class Identity extends Initialization {
  readonly scale: number;

  constructor(options: { scale?: number } = {}) {
    super();
    const { scale = 1 } = checkOptions(new.target.name, ['scale'], options);
    this.scale = scale;
  }

  override sample(shape: number[]): Array {
    if (shape.length < 2) return np.multiply(np.ones(shape), this.scale);
    const [rows, columns] = shape.slice(-2) as [number, number];
    return np.multiply(np.broadcastTo(np.eye(rows, { M: columns }), shape), this.scale);
  }
}
