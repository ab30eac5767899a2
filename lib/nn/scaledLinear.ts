import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import type { ArrayLike } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type InitLike, KaimingNormal, Normal, param, type Size, ZeroInit } from '../init';
import * as np from '../numpy';
import { ParamState } from '../state/kinds';
import { Module } from './module';
import type { PrintedFields } from './moduleText';
import { weightStandardization } from './weightStandardization';

/** Numbers of inputs and outputs. @throws ArgumentError where the sizes differ elsewhere than in their last dimension */
export function linearShape(op: string, inSize: readonly number[], outSize: readonly number[]): [number, number] {
  if (inSize.length === 0 || inSize.length !== outSize.length || inSize.slice(0, -1).some((n, k) => n !== outSize[k])) {
    throw new ArgumentError(`${op}: expected inSize and outSize to agree but for the last dimension, got [${inSize}] and [${outSize}]`);
  }
  return [inSize[inSize.length - 1]!, outSize[outSize.length - 1]!];
}

/** The first value of a weight. @throws ArgumentError for null */
export function weightOf(op: string, wInit: InitLike, shape: readonly number[]): Array {
  const weight = param(wInit, shape);
  if (weight === null) throw new ArgumentError(`${op}: expected wInit to be an initialiser, a function or a value, got null`);
  return weight;
}

interface WeightOptions {
  /** First value of the weight. */
  wInit?: InitLike;
  /** Class of the parameters' state. */
  paramType?: typeof ParamState;
  name?: string;
}

const WEIGHT_OPTIONS = ['wInit', 'paramType', 'name'] as const;

/** Options of {@link ScaledWSLinear}. */
export interface ScaledWSLinearOptions extends WeightOptions {
  /** First value of the bias; null for none. Default: zeros. */
  bInit?: InitLike | null;
  /** What the standardised weight is multiplied by, of shape [in, 1]. */
  wMask?: InitLike | null;
  /** Whether there is a learned gain. Default true. */
  wsGain?: boolean;
  /** Least value of the weight's variance times its fan-in. Default 1e-4. */
  eps?: number;
}

/**
 * A linear layer whose weight is standardised ({@link weightStandardization}) at each call. x: [..., in] → [..., out].
 *
 * Mirrors `brainstate.nn.ScaledWSLinear`. The state `weight` holds `{ weight, bias, gain }`.
 *
 * @throws ArgumentError where the sizes differ elsewhere than in their last dimension
 * @example
 * new nn.ScaledWSLinear(3, 2).call(np.ones([4, 3])).shape; // [4, 2]
 */
export class ScaledWSLinear extends Module {
  readonly weight: ParamState<{ weight: Array; bias?: Array; gain?: Array }>;
  readonly wMask: Array | null;
  readonly eps: number;

  constructor(inSize: Size, outSize: Size, options: ScaledWSLinearOptions = {}) {
    const { wInit = new KaimingNormal(), bInit = new ZeroInit(), wMask = null, wsGain = true, eps = 1e-4, paramType = ParamState, ...rest } = checkOptions(new.target.name, ['bInit', 'wMask', 'wsGain', 'eps', ...WEIGHT_OPTIONS], options);
    super(rest);
    this.inSize = inSize;
    this.outSize = outSize;
    const [n, m] = linearShape('ScaledWSLinear', this.inSize!, this.outSize!);
    this.wMask = param(wMask, [n, 1]);
    this.eps = eps;
    const weight = weightOf('ScaledWSLinear', wInit, [n, m]);
    const bias = param(bInit, [m]);
    this.weight = new paramType<{ weight: Array; bias?: Array; gain?: Array }>({ weight, ...(bias === null ? {} : { bias }), ...(wsGain ? { gain: np.ones([1, m], { dtype: weight.dtype }) } : {}) });
  }

  protected override printedFields(): PrintedFields {
    return ['wMask', 'eps'];
  }

  override call(x: ArrayLike): Array {
    const { weight, bias, gain } = this.weight.value;
    const w = weightStandardization(weight, { eps: this.eps, gain });
    const y = np.matmul(x, this.wMask === null ? w : np.multiply(w, this.wMask));
    return bias === undefined ? y : np.add(y, bias);
  }
}

/** Options of {@link SignedWLinear}. */
export interface SignedWLinearOptions extends WeightOptions {
  /** What the weight's magnitude is multiplied by: signs, of shape [in, out] or one that broadcasts to it. */
  wSign?: ArrayLike | null;
}

/**
 * `y = x (|W| · wSign)`. x: [..., in] → [..., out]; the state `weight` holds W itself.
 *
 * Mirrors `brainstate.nn.SignedWLinear`, where W has the shape of `inSize` and `outSize` together; only one dimension each works there.
 *
 * @throws ArgumentError where the sizes differ elsewhere than in their last dimension
 * @example
 * new nn.SignedWLinear(3, 2).call(np.ones([4, 3])).shape; // [4, 2]
 */
export class SignedWLinear extends Module {
  readonly weight: ParamState;
  readonly wSign: Array | null;

  constructor(inSize: Size, outSize: Size, options: SignedWLinearOptions = {}) {
    const { wInit = new KaimingNormal(), wSign = null, paramType = ParamState, ...rest } = checkOptions(new.target.name, ['wSign', ...WEIGHT_OPTIONS], options);
    super(rest);
    this.inSize = inSize;
    this.outSize = outSize;
    const shape = linearShape('SignedWLinear', this.inSize!, this.outSize!);
    this.wSign = param(wSign, shape);
    this.weight = new paramType(weightOf('SignedWLinear', wInit, shape));
  }

  override call(x: ArrayLike): Array {
    const w = np.abs(this.weight.value);
    return np.matmul(x, this.wSign === null ? w : np.multiply(w, this.wSign));
  }
}

/** What the state of a connection holds. */
export interface ConnectionParams {
  weight: Array;
  bias?: Array;
}

/** Options of {@link OneToOne}. */
export interface OneToOneOptions extends WeightOptions {
  /** First value of the bias; default null: none. */
  bInit?: InitLike | null;
}

const ONE_TO_ONE_OPTIONS = ['bInit', ...WEIGHT_OPTIONS] as const;

/** Options of {@link AllToAll}. */
export interface AllToAllOptions extends OneToOneOptions {
  /** Whether unit i of the input reaches unit i of the output. Default true. */
  includeSelf?: boolean;
}

/**
 * Connects each unit with each. x: [..., in] → [..., out]. The weight may be a plain number, which stands for all connections
 * (for which BrainState gives one column where it is the same in all).
 *
 * Mirrors `brainstate.nn.AllToAll`; the state `weight` holds `{ weight: [in, out] or [], bias: [out] }`.
 *
 * @throws ArgumentError where the sizes differ elsewhere than in their last dimension
 * @example
 * new nn.AllToAll(3, 2).call(np.ones([4, 3])).shape; // [4, 2]
 */
export class AllToAll extends Module {
  readonly includeSelf: boolean;
  readonly weight: ParamState<ConnectionParams>;

  constructor(inSize: Size, outSize: Size, options: AllToAllOptions = {}) {
    const { wInit = new KaimingNormal(), bInit = null, includeSelf = true, paramType = ParamState, ...rest } = checkOptions(new.target.name, ['includeSelf', ...ONE_TO_ONE_OPTIONS], options);
    super(rest);
    this.inSize = inSize;
    this.outSize = outSize;
    this.includeSelf = includeSelf;
    const shape = linearShape('AllToAll', this.inSize!, this.outSize!);
    const weight = weightOf('AllToAll', wInit, shape);
    const bias = param(bInit, [shape[1]]);
    this.weight = new paramType<ConnectionParams>(bias === null ? { weight } : { weight, bias });
  }

  override call(input: ArrayLike): Array {
    const x = np.asarray(input);
    const { weight, bias } = this.weight.value;
    const [n, m] = linearShape('AllToAll', this.inSize!, this.outSize!);
    let y: Array;
    if (weight.ndim === 0) {
      y = np.sum(x, { axis: -1, keepdims: true });
      if (!this.includeSelf) {
        const own = n >= m ? x.slice('...', [0, m]) : np.concatenate([x, np.zeros([...x.shape.slice(0, -1), m - n], { dtype: x.dtype })], { axis: -1 });
        y = np.subtract(y, own);
      }
      y = np.broadcastTo(np.multiply(y, weight), [...x.shape.slice(0, -1), m]);
    } else {
      y = np.matmul(x, this.includeSelf ? weight : np.where(np.eye(n, { M: m, dtype: 'bool' }), np.zeros([], { dtype: weight.dtype }), weight));
    }
    return bias === undefined ? y : np.add(y, bias);
  }
}

/**
 * Connects each unit with one: `y = x · weight + bias`, entry by entry. x: [..., ...inSize] → the same.
 *
 * Mirrors `brainstate.nn.OneToOne`; the state `weight` holds `{ weight, bias }`, of shape `inSize`.
 *
 * @example
 * new nn.OneToOne(3).call(np.ones([4, 3])).shape; // [4, 3]
 */
export class OneToOne extends Module {
  readonly weight: ParamState<ConnectionParams>;

  constructor(inSize: Size, options: OneToOneOptions = {}) {
    const { wInit = new Normal(), bInit = null, paramType = ParamState, ...rest } = checkOptions(new.target.name, ONE_TO_ONE_OPTIONS, options);
    super(rest);
    this.inSize = inSize;
    this.outSize = inSize;
    const weight = weightOf('OneToOne', wInit, this.inSize!);
    const bias = param(bInit, this.inSize!);
    this.weight = new paramType<ConnectionParams>(bias === null ? { weight } : { weight, bias });
  }

  override call(x: ArrayLike): Array {
    const { weight, bias } = this.weight.value;
    const y = np.multiply(x, weight);
    return bias === undefined ? y : np.add(y, bias);
  }
}
