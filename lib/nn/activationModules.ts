import { inspect } from 'node:util';
import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { pythonFloat, Verbatim } from '../core/pythonText';
import * as environ from '../environ';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions, withFirst } from '../functional/options';
import * as np from '../numpy';
import { ParamState } from '../state/kinds';
import * as F from './activations';
import { ElementWiseBlock, MODULE_OPTIONS, type ModuleOptions } from './module';

// Each module applies the function of its name; their options are the functions', but for the defaults of GELU.

/** A module whose settings are floats, and print as such. */
abstract class WithFloats extends ElementWiseBlock {
  override prettyReprItem(name: string, value: unknown): [string, unknown] | null {
    return super.prettyReprItem(name, typeof value === 'number' ? new Verbatim(pythonFloat(value)) : value);
  }
}

/** A module that prints in one line. */
abstract class OneLine extends ElementWiseBlock {
  protected abstract settingsText(): string;

  override [inspect.custom](): string {
    return `${this.constructor.name}(${this.settingsText()})`;
  }
}

/** {@link F.relu} as a module. Mirrors `brainstate.nn.ReLU`. @example new nn.ReLU().call(np.array([-1, 2])).js(); // [0, 2] */
export class ReLU extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.relu(x);
  }
}
/** {@link F.sigmoid} as a module. Mirrors `brainstate.nn.Sigmoid`. @example new nn.Sigmoid().call(np.array([0, 2])).js(); // [0.5, 0.8808] */
export class Sigmoid extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.sigmoid(x);
  }
}
/** {@link F.hardSigmoid} as a module. Mirrors `brainstate.nn.Hardsigmoid`. @example new nn.Hardsigmoid().call(np.array([-4, 0, 4])).js(); // [0, 0.5, 1] */
export class Hardsigmoid extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.hardSigmoid(x);
  }
}
/** {@link F.tanh} as a module. Mirrors `brainstate.nn.Tanh`. @example new nn.Tanh().call(np.array([0, 1])).js(); // [0, 0.7615…] */
export class Tanh extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.tanh(x);
  }
}
/** {@link F.silu} as a module. Mirrors `brainstate.nn.SiLU`. @example new nn.SiLU().call(np.array([0, 2])).js(); // [0, 1.7616] */
export class SiLU extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.silu(x);
  }
}
/** {@link F.mish} as a module. Mirrors `brainstate.nn.Mish`. @example new nn.Mish().call(np.array([-1, 2])).js(); // [-0.3034…, 1.9439…] */
export class Mish extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.mish(x);
  }
}
/** {@link F.hardSilu} as a module. Mirrors `brainstate.nn.Hardswish`. @example new nn.Hardswish().call(np.array([-4, 1, 4])).js(); // [0, 0.6666…, 4] */
export class Hardswish extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.hardSilu(x);
  }
}
/** {@link F.selu} as a module. Mirrors `brainstate.nn.SELU`. @example new nn.SELU().call(np.array([-1, 2])).js(); // [-1.1113…, 2.1014] */
export class SELU extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.selu(x);
  }
}
/** {@link F.logSigmoid} as a module. Mirrors `brainstate.nn.LogSigmoid`. @example new nn.LogSigmoid().call(np.array([0, 2])).js(); // [-0.6931…, -0.1269…] */
export class LogSigmoid extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.logSigmoid(x);
  }
}
/** {@link F.softplus} as a module. Mirrors `brainstate.nn.Softplus`. @example new nn.Softplus().call(np.array([0, 2])).js(); // [0.6931…, 2.1269…] */
export class Softplus extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.softplus(x);
  }
}
/** {@link F.softSign} as a module. Mirrors `brainstate.nn.Softsign`. @example new nn.Softsign().call(np.array([-1, 3])).js(); // [-0.5, 0.75] */
export class Softsign extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.softSign(x);
  }
}
/** {@link F.tanhShrink} as a module. Mirrors `brainstate.nn.Tanhshrink`. @example new nn.Tanhshrink().call(np.array([0, 1])).js(); // [0, 0.2384…] */
export class Tanhshrink extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    return F.tanhShrink(x);
  }
}

/** Its input, unchanged. Mirrors `brainstate.nn.Identity`. @example new nn.Identity().call(np.array([-1, 2])).js(); // [-1, 2] */
export class Identity extends ElementWiseBlock {
  override call<T>(x: T): T {
    return x;
  }
}

/**
 * {@link F.softmax} over the channels of images [..., C, H, W] or of one. Mirrors `brainstate.nn.Softmax2d`. @throws ShapeError for other ranks than 3 and 4
 *
 * @example
 * new nn.Softmax2d().call(np.zeros([4, 4, 2])).shape; // [4, 4, 2]
 */
export class Softmax2d extends ElementWiseBlock {
  override call(x: ArrayLike): Array {
    const a = asArray(x, 'Softmax2d');
    if (a.ndim !== 3 && a.ndim !== 4) throw new ShapeError(`Softmax2d: expected an array of 3 or 4 dimensions, got ${a.aval}`);
    return F.softmax(a, -3);
  }
}

/** x where above a threshold, else a value. Mirrors `brainstate.nn.Threshold`. @example new nn.Threshold(0.5, -1).call(np.array([0.2, 2])).js(); // [-1, 2] */
export class Threshold extends OneLine {
  readonly threshold: number;
  readonly value: number;

  constructor(threshold: number, value: number) {
    super();
    this.threshold = threshold;
    this.value = value;
  }

  override call(x: ArrayLike): Array {
    const a = asArray(x, 'Threshold');
    const own = (v: number) => np.asarray(v, { dtype: a.dtype });
    return np.where(np.greater(a, own(this.threshold)), a, own(this.value));
  }

  protected settingsText(): string {
    return `threshold=${pythonFloat(this.threshold)}, value=${pythonFloat(this.value)}`;
  }
}

/**
 * {@link F.rrelu} as a module; random whether or not `fit` is set, as it is in BrainState. Mirrors `brainstate.nn.RReLU`.
 *
 * @example
 * new nn.RReLU({ lower: 0.1, upper: 0.3 }).call(np.array([-48, 2])).shape; // [2]
 */
export class RReLU extends WithFloats {
  readonly lower: number;
  readonly upper: number;

  constructor(given: { lower?: number; upper?: number } & ModuleOptions = {}) {
    const { lower = 1 / 8, upper = 1 / 3, ...options } = checkOptions(new.target.name, ['lower', 'upper', ...MODULE_OPTIONS], given);
    super(options);
    this.lower = lower;
    this.upper = upper;
  }

  override call(x: ArrayLike): Array {
    return F.rrelu(x, { lower: this.lower, upper: this.upper });
  }
}

/**
 * {@link F.hardTanh} as a module. Mirrors `brainstate.nn.Hardtanh`. @throws ArgumentError for an empty interval
 *
 * @example
 * new nn.Hardtanh({ minVal: 0, maxVal: 6 }).call(np.array([-1, 3, 9])).js(); // [0, 3, 6]
 */
export class Hardtanh extends WithFloats {
  readonly minVal: number;
  readonly maxVal: number;

  constructor(given: { minVal?: number; maxVal?: number } & ModuleOptions = {}) {
    const { minVal = -1, maxVal = 1, ...options } = checkOptions(new.target.name, ['minVal', 'maxVal', ...MODULE_OPTIONS], given);
    super(options);
    if (!(maxVal > minVal)) throw new ArgumentError(`Hardtanh: expected maxVal to be above minVal, got ${maxVal} and ${minVal}`);
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  override call(x: ArrayLike): Array {
    return F.hardTanh(x, { minVal: this.minVal, maxVal: this.maxVal });
  }
}

/** x limited to [0, 6]. Mirrors `brainstate.nn.ReLU6`. @example new nn.ReLU6().call(np.array([-1, 2, 9])).js(); // [0, 2, 6] */
export class ReLU6 extends Hardtanh {
  constructor(options: ModuleOptions = {}) {
    super({ ...checkOptions('ReLU6', ['name'], options), minVal: 0, maxVal: 6 });
  }
}

/** {@link F.elu} as a module. Mirrors `brainstate.nn.ELU`. @example new nn.ELU().call(np.array([-1, 2])).js(); // [-0.6321…, 2] */
export class ELU extends WithFloats {
  readonly alpha: number;

  constructor(alpha?: number | ({ alpha?: number } & ModuleOptions), more?: ModuleOptions) {
    const { alpha: value = 1, ...options } = checkOptions('ELU', ['alpha', ...MODULE_OPTIONS], withFirst<{ alpha?: number } & ModuleOptions>('ELU', 'alpha', alpha, more));
    super(options);
    this.alpha = value;
  }

  override call(x: ArrayLike): Array {
    return F.elu(x, { alpha: this.alpha });
  }
}

/** {@link F.celu} as a module. Mirrors `brainstate.nn.CELU`. @example new nn.CELU({ alpha: 2 }).call(np.array([-1, 2])).js(); // [-0.7869…, 2] */
export class CELU extends WithFloats {
  readonly alpha: number;

  constructor(alpha?: number | ({ alpha?: number } & ModuleOptions), more?: ModuleOptions) {
    const { alpha: value = 1, ...options } = checkOptions('CELU', ['alpha', ...MODULE_OPTIONS], withFirst<{ alpha?: number } & ModuleOptions>('CELU', 'alpha', alpha, more));
    super(options);
    this.alpha = value;
  }

  override call(x: ArrayLike): Array {
    return F.celu(x, { alpha: this.alpha });
  }
}

/** {@link F.glu} as a module. Mirrors `brainstate.nn.GLU`. @example new nn.GLU().call(np.array([1, 2, 0, 0])).js(); // [0.5, 1] */
export class GLU extends OneLine {
  readonly dim: number;

  constructor(dim?: number | ({ dim?: number } & ModuleOptions), more?: ModuleOptions) {
    const { dim: value = -1, ...options } = checkOptions('GLU', ['dim', ...MODULE_OPTIONS], withFirst<{ dim?: number } & ModuleOptions>('GLU', 'dim', dim, more));
    super(options);
    this.dim = value;
  }

  override call(x: ArrayLike): Array {
    return F.glu(x, { axis: this.dim });
  }

  protected settingsText(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * {@link F.gelu} as a module, by default exact (the function's default is the approximation). Mirrors `brainstate.nn.GELU`.
 *
 * @example
 * new nn.GELU({ approximate: true }).call(np.array([-1, 2])).js(); // [-0.1588…, 1.9546]
 */
export class GELU extends OneLine {
  readonly approximate: boolean;

  constructor(approximate?: boolean | ({ approximate?: boolean } & ModuleOptions), more?: ModuleOptions) {
    const { approximate: value = false, ...options } = checkOptions('GELU', ['approximate', ...MODULE_OPTIONS], withFirst<{ approximate?: boolean } & ModuleOptions>('GELU', 'approximate', approximate, more));
    super(options);
    if (typeof value !== 'boolean') throw new ArgumentError(`GELU: expected approximate to be a boolean, got ${describeValue(value)}`);
    this.approximate = value;
  }

  override call(x: ArrayLike): Array {
    return F.gelu(x, { approximate: this.approximate });
  }

  protected settingsText(): string {
    return `approximate=${this.approximate ? 'True' : 'False'}`;
  }
}

/** A module with the setting `lambd`. */
abstract class Shrink extends OneLine {
  readonly lambd: number;

  constructor(lambd?: number | ({ lambd?: number } & ModuleOptions), more?: ModuleOptions) {
    const { lambd: value = 0.5, ...options } = checkOptions(new.target.name, ['lambd', ...MODULE_OPTIONS], withFirst<{ lambd?: number } & ModuleOptions>(new.target.name, 'lambd', lambd, more));
    super(options);
    this.lambd = value;
  }

  protected settingsText(): string {
    return `lambd=${pythonFloat(this.lambd)}`;
  }
}

/** {@link F.hardShrink} as a module. Mirrors `brainstate.nn.Hardshrink`. @example new nn.Hardshrink().call(np.array([-1, 0.2, 2])).js(); // [-1, 0, 2] */
export class Hardshrink extends Shrink {
  override call(x: ArrayLike): Array {
    return F.hardShrink(x, { lambd: this.lambd });
  }
}

/** {@link F.softShrink} as a module. Mirrors `brainstate.nn.Softshrink`. @example new nn.Softshrink().call(np.array([-1, 0.2, 2])).js(); // [-0.5, 0, 1.5] */
export class Softshrink extends Shrink {
  override call(x: ArrayLike): Array {
    return F.softShrink(x, { lambd: this.lambd });
  }
}

/** {@link F.leakyRelu} as a module. Mirrors `brainstate.nn.LeakyReLU`. @example new nn.LeakyReLU({ negativeSlope: 0.1 }).call(np.array([-1, 2])).js(); // [-0.1, 2] */
export class LeakyReLU extends OneLine {
  readonly negativeSlope: number;

  constructor(negativeSlope?: number | ({ negativeSlope?: number } & ModuleOptions), more?: ModuleOptions) {
    const { negativeSlope: value = 0.01, ...options } = checkOptions('LeakyReLU', ['negativeSlope', ...MODULE_OPTIONS], withFirst<{ negativeSlope?: number } & ModuleOptions>('LeakyReLU', 'negativeSlope', negativeSlope, more));
    super(options);
    this.negativeSlope = value;
  }

  override call(x: ArrayLike): Array {
    return F.leakyRelu(x, { negativeSlope: this.negativeSlope });
  }

  protected settingsText(): string {
    return `negative_slope=${pythonFloat(this.negativeSlope)}`;
  }
}

/**
 * {@link F.prelu} with slopes that are learnt: `weight`, of shape [numParameters]. Mirrors `brainstate.nn.PReLU`.
 *
 * @example
 * new nn.PReLU({ init: 0.25 }).call(np.array([-1, 2])).js(); // [-0.25, 2]
 */
export class PReLU extends OneLine {
  readonly numParameters: number;
  readonly weight: ParamState;

  constructor(given: { numParameters?: number; init?: number; dtype?: DType } & ModuleOptions = {}) {
    const { numParameters = 1, init = 0.25, dtype = environ.dftype(), ...options } = checkOptions(new.target.name, ['numParameters', 'init', 'dtype', ...MODULE_OPTIONS], given);
    super(options);
    checkInteger('PReLU', 'numParameters', numParameters, 1);
    this.numParameters = numParameters;
    this.weight = new ParamState(np.full([numParameters], init, { dtype }));
  }

  override call(x: ArrayLike): Array {
    return F.prelu(x, { a: this.weight.value });
  }

  protected settingsText(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/** A module that normalises over one dimension. */
abstract class Normalised extends OneLine {
  readonly dim: number | null;

  constructor(dim?: number | null | ({ dim?: number | null } & ModuleOptions), more?: ModuleOptions) {
    const { dim: value = null, ...options } = checkOptions(new.target.name, ['dim', ...MODULE_OPTIONS], withFirst<{ dim?: number | null } & ModuleOptions>(new.target.name, 'dim', dim, more));
    super(options);
    this.dim = value;
  }

  protected settingsText(): string {
    return `dim=${this.dim ?? 'None'}`;
  }
}

/** {@link F.softmin} as a module, over the last dimension by default. Mirrors `brainstate.nn.Softmin`. @example new nn.Softmin().call(np.array([0, Math.log(3)])).js(); // [0.75, 0.25] */
export class Softmin extends Normalised {
  override call(x: ArrayLike): Array {
    return F.softmin(x, this.dim ?? -1);
  }
}

/** {@link F.softmax} as a module, over the last dimension by default. Mirrors `brainstate.nn.Softmax`. @example new nn.Softmax().call(np.array([0, Math.log(3)])).js(); // [0.25, 0.75] */
export class Softmax extends Normalised {
  override call(x: ArrayLike): Array {
    return F.softmax(x, this.dim ?? -1);
  }
}

/**
 * {@link F.logSoftmax} as a module, over the last dimension by default. Mirrors `brainstate.nn.LogSoftmax`.
 *
 * @example
 * new nn.LogSoftmax().call(np.array([1, 1])).js(); // [-0.6931…, -0.6931…]
 */
export class LogSoftmax extends Normalised {
  override call(x: ArrayLike): Array {
    return F.logSoftmax(x, this.dim ?? -1);
  }
}

const SPIKE_OPS = {
  or: (x: Array, y: Array) => np.subtract(np.add(x, y), np.multiply(x, y)),
  and: (x: Array, y: Array) => np.multiply(x, y),
  iand: (x: Array, y: Array) => np.multiply(np.subtract(1, x), y),
  xor: (x: Array, y: Array) => np.subtract(np.add(x, y), np.multiply(np.multiply(x, y), 2)),
  ixor: (x: Array, y: Array) => np.add(np.multiply(x, np.subtract(1, y)), np.multiply(np.subtract(1, x), y)),
} as const;

/**
 * Logical operations on spikes, arrays of 0 and 1, as sums and products, so that they have derivatives. Mirrors `brainstate.nn.SpikeBitwise`.
 *
 * @example
 * new nn.SpikeBitwise({ op: 'or' }).call(np.array([0, 1]), np.array([1, 1])).js(); // [1, 1]
 */
export class SpikeBitwise extends ElementWiseBlock {
  readonly op: keyof typeof SPIKE_OPS;

  constructor(given: { op?: keyof typeof SPIKE_OPS } & ModuleOptions = {}) {
    const { op = 'or', ...options } = checkOptions(new.target.name, ['op', ...MODULE_OPTIONS], given);
    super(options);
    if (!Object.hasOwn(SPIKE_OPS, op)) throw new ArgumentError(`SpikeBitwise: expected op to be one of ${Object.keys(SPIKE_OPS).map((s) => `'${s}'`).join(', ')}, got ${describeValue(op)}`);
    this.op = op;
  }

  override call(x: ArrayLike, y: ArrayLike): Array {
    return SPIKE_OPS[this.op](asArray(x, 'SpikeBitwise'), asArray(y, 'SpikeBitwise'));
  }
}
