import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { ArgumentError, ShapeError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { composite } from '../interpreters/jit';
import { checkOptions, withFirst } from '../functional/options';
import * as np from '../numpy';
import type { RandomState } from '../random';
import { dtypeFrom, type DtypeOption, type Initializer, SEED_OPTIONS, type SeedOptions, type Size, sourceOf, toShape } from './initializers';
import { printSettings } from './text';

/** Options of {@link DeltaOrthogonal} and {@link Orthogonal}. */
export interface OrthogonalOptions extends SeedOptions {
  /** What the matrix is multiplied by. Default 1. */
  scale?: number;
  /** Dimension of the orthogonal rows. Default −1. */
  axis?: number;
}

const ORTHOGONAL_OPTIONS = ['scale', 'axis', ...SEED_OPTIONS] as const;

// The factor R of a QR decomposition with a positive diagonal makes Q unique, and so uniformly distributed.
const orthogonalOf = composite<{ shape: readonly number[]; axis: number; scale: number }>('orthogonal', ([normal], { shape, axis, scale }) => {
  const rows = shape[axis]!;
  const [q, r] = np.linalg.qr(normal!);
  const signed = np.multiply(q, np.sign(np.diagonal(r)));
  const matrix = rows < sizeOf(shape) / rows ? np.transpose(signed) : signed;
  const whole = np.moveaxis(np.reshape(matrix, [rows, ...shape.filter((_, i) => i !== axis)]), 0, axis);
  return [np.multiply(whole, scale)];
});

/**
 * A random orthogonal matrix: of the rows along an axis, or of what they are orthogonal to where there are fewer. Mirrors `brainstate.nn.init.Orthogonal`.
 *
 * @example
 * new init.Orthogonal().call([3, 3]);
 */
export class Orthogonal implements Initializer {
  readonly scale: number;
  readonly axis: number;
  private readonly rng: RandomState;

  constructor(options: OrthogonalOptions = {}) {
    const { scale = 1, axis = -1, seed } = checkOptions(new.target.name, ORTHOGONAL_OPTIONS, options);
    this.scale = scale;
    this.axis = axis;
    this.rng = sourceOf(seed);
  }

  /** @throws ShapeError for a shape without the axis */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    const s = toShape(shape);
    const axis = this.axis < 0 ? this.axis + s.length : this.axis;
    if (axis < 0 || axis >= s.length || s.includes(0)) throw new ShapeError(`Orthogonal: expected a shape with an axis ${this.axis} and no empty dimension, got [${s.join(', ')}]`);
    const rows = s[axis]!;
    const cols = sizeOf(s) / rows;
    const normal = this.rng.normal({ size: [Math.max(rows, cols), Math.min(rows, cols)], dtype });
    return orthogonalOf([normal], { shape: s, axis, scale: this.scale })[0]!;
  }
}

/**
 * Kernels of a convolution that are zero but for an orthogonal matrix at their centre. Mirrors `brainstate.nn.init.DeltaOrthogonal`.
 *
 * @example
 * new init.DeltaOrthogonal().call([3, 3, 2, 4]);
 */
export class DeltaOrthogonal implements Initializer {
  readonly scale: number;
  readonly axis: number;
  private readonly orthogonal: Orthogonal;

  constructor(options: OrthogonalOptions = {}) {
    const { scale = 1, axis = -1, seed } = checkOptions(new.target.name, ORTHOGONAL_OPTIONS, options);
    this.scale = scale;
    this.axis = axis;
    this.orthogonal = new Orthogonal({ scale, axis, ...(seed !== undefined && { seed }) });
  }

  /** @throws ShapeError for a shape that is none of a kernel of one to three dimensions, or with more inputs than outputs */
  call(shape: Size, given?: DtypeOption): Array {
    const dtype = dtypeFrom(this.constructor.name, given);
    const s = toShape(shape);
    if (s.length < 3 || s.length > 5) throw new ShapeError(`DeltaOrthogonal: expected a shape of 3 to 5 dimensions, got [${s.join(', ')}]`);
    const [inputs, outputs] = s.slice(-2) as [number, number];
    if (outputs < inputs) throw new ShapeError(`DeltaOrthogonal: expected at least as many outputs as inputs, got ${inputs} inputs and ${outputs} outputs`);
    const matrix = this.orthogonal.call([inputs, outputs], dtype);
    const widths = s.slice(0, -2).map((k) => [Math.floor((k - 1) / 2), k - 1 - Math.floor((k - 1) / 2)] as const);
    return np.pad(np.reshape(matrix, [...widths.map(() => 1), inputs, outputs]), [...widths, [0, 0], [0, 0]] as [number, number][]);
  }
}

const LINEAR = ['linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d', 'sigmoid'];

/**
 * By what a layer's first weights are to be scaled, given what follows it. Mirrors `brainstate.nn.init.calculate_init_gain`.
 *
 * @param nonlinearity `'linear'`, `'conv2d'`, `'sigmoid'`, `'tanh'`, `'relu'`, `'leaky_relu'`, `'selu'` …
 * @param options `param`: the negative slope of `'leaky_relu'`, also by itself; default 0.01
 * @throws ArgumentError for another name
 * @example
 * nn.init.calculateInitGain('tanh'); // 1.666…
 */
export function calculateInitGain(nonlinearity: string, options?: { param?: number | null } | number | null): number {
  const { param = null } = checkOptions('calculateInitGain', ['param'], withFirst<{ param?: number | null }>('calculateInitGain', 'param', options));
  if (LINEAR.includes(nonlinearity)) return 1;
  if (nonlinearity === 'tanh') return 5 / 3;
  if (nonlinearity === 'relu') return Math.SQRT2;
  if (nonlinearity === 'selu') return 0.75;
  if (nonlinearity !== 'leaky_relu') throw new ArgumentError(`calculateInitGain: expected nonlinearity to be one of ${[...LINEAR, 'tanh', 'relu', 'leaky_relu', 'selu'].map((s) => `'${s}'`).join(', ')}, got ${describeValue(nonlinearity)}`);
  if (param !== null && typeof param !== 'number') throw new ArgumentError(`calculateInitGain: expected param, the negative slope, to be a number, got ${describeValue(param)}`);
  return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
}

printSettings(Orthogonal, DeltaOrthogonal);
