import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { pythonRecord } from '../core/pythonText';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { evalShape, ShapeDtypeStruct } from '../functional/staging';
import { type InitLike, param, XavierNormal } from '../init';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import * as np from '../numpy';
import { ParamState } from '../state/kinds';
import { Module } from './module';
import { type PrintedFields, tupleText } from './moduleText';
import { weightStandardization } from './weightStandardization';
import { type PerDimension, perDimension, type WindowPadding, windowPadding } from './windowArguments';

/** What the state of a convolution holds. */
export interface ConvParams {
  weight: Array;
  bias?: Array;
  /** Gain of weight standardisation. */
  gain?: Array;
}

/** Options of transposed convolutions. */
export interface ConvTransposeOptions {
  /** Steps from window to window, by which a transposed convolution enlarges. Default 1. */
  stride?: PerDimension;
  /** Default 'SAME'. */
  padding?: WindowPadding;
  /** Steps between elements of the kernel. Default 1. */
  rhsDilation?: PerDimension;
  /** Groups of channels that are convolved apart. Default 1. */
  groups?: number;
  /** First value of the kernel. Default: Glorot's normal initialisation. */
  wInit?: InitLike;
  /** First value of the bias; default null: none. */
  bInit?: InitLike | null;
  /** What the kernel is multiplied by. */
  wMask?: InitLike | null;
  /** Whether the channels are the first dimension of an example instead of the last. */
  channelFirst?: boolean;
  /** Class of the parameters' state. */
  paramType?: typeof ParamState;
  /** Name in messages and prints. */
  name?: string;
}

const CONV_TRANSPOSE_OPTIONS = ['stride', 'padding', 'rhsDilation', 'groups', 'wInit', 'bInit', 'wMask', 'channelFirst', 'paramType', 'name'] as const;

/** Options of {@link Conv1d}, {@link Conv2d} and {@link Conv3d}. */
export interface ConvOptions extends ConvTransposeOptions {
  /** Steps between elements of the input, holes being 0. Default 1. */
  lhsDilation?: PerDimension;
}

const CONV_OPTIONS = ['lhsDilation', ...CONV_TRANSPOSE_OPTIONS] as const;

/** Options of {@link ScaledWSConv1d}, {@link ScaledWSConv2d} and {@link ScaledWSConv3d}. */
export interface ScaledWSConvOptions extends ConvOptions {
  /** Whether there is a learned gain. Default true. */
  wsGain?: boolean;
  /** Least value of a kernel's variance times its fan-in. Default 1e-4. */
  eps?: number;
}

interface ConvStatics {
  strides: readonly number[];
  padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[];
  lhsDilation: readonly number[];
  rhsDilation: readonly number[];
  groups: number;
  layout: readonly [string, string, string];
  flip: boolean;
  masked: boolean;
  biased: boolean;
}

const convolve = composite<ConvStatics>('conv', ([x, weight, ...rest], s) => {
  let w = weight!;
  if (s.masked) w = np.multiply(w, rest[0]!);
  if (s.flip) w = np.flip(w, s.strides.map((_, i) => i));
  const y = lax.convGeneralDilated(x!, w, s.strides, s.padding, { lhsDilation: s.lhsDilation, rhsDilation: s.rhsDilation, featureGroupCount: s.groups, dimensionNumbers: s.layout });
  return [s.biased ? np.add(y, rest[s.masked ? 1 : 0]!) : y];
});

/** What ordinary and transposed convolutions share. */
export abstract class BaseConv extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Shape of the kernel. */
  readonly kernelShape: readonly number[];
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly groups: number;
  readonly channelFirst: boolean;
  readonly channelsLast: boolean;
  readonly wMask: Array | null;
  readonly weight: ParamState<ConvParams>;

  protected constructor(spatial: number, transposed: boolean, inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options: ConvOptions, withGain = false) {
    const {
      stride = 1, padding = 'SAME', lhsDilation = 1, rhsDilation = 1, groups = 1, wInit = new XavierNormal(), bInit = null, wMask = null, channelFirst = false, paramType = ParamState, ...rest
    } = checkOptions(new.target.name, CONV_OPTIONS, options);
    super(rest);
    const op = new.target.name;
    if (!globalThis.Array.isArray(inSize) || inSize.length !== spatial + 1) throw new ShapeError(`${op}: expected inSize of ${spatial + 1} dimensions, got ${describeValue(inSize)}`);
    checkInteger(op, 'outChannels', outChannels, 1);
    this.inSize = inSize;
    this.outChannels = outChannels;
    this.kernelSize = perDimension(op, 'kernelSize', kernelSize, spatial);
    this.stride = perDimension(op, 'stride', stride, spatial);
    this.padding = windowPadding(op, padding, spatial);
    this.lhsDilation = perDimension(op, 'lhsDilation', lhsDilation, spatial);
    this.rhsDilation = perDimension(op, 'rhsDilation', rhsDilation, spatial);
    this.groups = groups;
    this.channelFirst = channelFirst;
    this.channelsLast = !channelFirst;
    const inChannels = channelFirst ? inSize[0]! : inSize[spatial]!;
    this.inChannels = inChannels;
    for (const [what, n] of [['outChannels', outChannels], ['the input\'s channels (inChannels)', inChannels]] as const) {
      if (!Number.isInteger(groups) || groups < 1 || n % groups !== 0) throw new ArgumentError(`${op}: expected groups to divide ${what}, got ${describeValue(groups)} and ${n}`);
    }
    const shape = [...this.kernelSize, ...(transposed ? [outChannels, inChannels / groups] : [inChannels / groups, outChannels])];
    this.kernelShape = shape;
    this.wMask = param(wMask, shape);
    const weight = param(wInit, shape);
    if (weight === null) throw new ArgumentError(`${op}: expected wInit to be an initialiser, a function or a value, got null`);
    const ones = this.kernelSize.map(() => 1);
    const bias = param(bInit, channelFirst ? [1, outChannels, ...ones] : [...ones, outChannels]);
    this.weight = new paramType<ConvParams>({ weight, ...(bias === null ? {} : { bias }), ...(withGain ? { gain: np.ones([...ones, 1, outChannels], { dtype: weight.dtype }) } : {}) });
  }

  protected abstract convolveBatch(x: Array): Array;

  /** How many dimensions the kernel moves along. */
  get numSpatialDims(): number {
    return this.kernelSize.length;
  }

  protected get transposed(): boolean {
    return false;
  }

  protected override printedFields(): PrintedFields {
    const n = this.numSpatialDims;
    const spatial = this.kernelSize.map((_, i) => i);
    const last = [0, n + 1, ...spatial.map((i) => i + 1)];
    const data = this.channelFirst ? [0, 1, ...spatial.map((i) => i + 2)] : last;
    const { transposed } = this;
    // The positions of batch (or results), channels and space.
    const dims = pythonRecord('ConvDimensionNumbers', { lhsSpec: data, rhsSpec: transposed ? [n, n + 1, ...spatial] : [n + 1, n, ...spatial], outSpec: data });
    return [
      'channelFirst', 'channelsLast', 'inChannels', 'outChannels', 'stride', 'kernelSize',
      ['lhsDilation', transposed ? undefined : this.lhsDilation], 'rhsDilation', 'groups', ['dimensionNumbers', dims], ['padding', typeof this.padding === 'string' ? this.padding : tupleText(this.padding)],
      'kernelShape', 'eps',
    ];
  }

  /** Finds the size of the result; called when all is set. */
  protected findOutSize(): void {
    this.outSize = (evalShape((x: Array) => this.convolveBatch(x), new ShapeDtypeStruct([1, ...this.inSize!], this.weight.value.weight.dtype)) as ShapeDtypeStruct).shape.slice(1);
  }

  protected run(x: Array, weight: Array, bias: Array | undefined, params: Pick<ConvStatics, 'strides' | 'padding' | 'lhsDilation' | 'flip'>): Array {
    const letters = 'DHW'.slice(-this.kernelSize.length);
    const data = this.channelFirst ? `NC${letters}` : `N${letters}C`;
    const extra = [...(this.wMask === null ? [] : [this.wMask]), ...(bias === undefined ? [] : [bias])];
    return convolve([x, weight, ...extra], {
      ...params, rhsDilation: this.rhsDilation, groups: this.groups, layout: [data, params.flip ? `${letters}OI` : `${letters}IO`, data], masked: this.wMask !== null, biased: bias !== undefined,
    })[0]!;
  }

  /** @param input [...inSize], or a batch of such */
  override call(input: ArrayLike): Array {
    const op = this.constructor.name;
    const x = asArray(input, op);
    const lead = x.ndim - this.inSize!.length;
    if ((lead !== 0 && lead !== 1) || this.inSize!.some((n, i) => n !== x.shape[i + lead])) throw new ShapeError(`${op}: expected an input of shape [${this.inSize!}], or a batch of such, got ${x.aval}`);
    return lead === 1 ? this.convolveBatch(x) : np.squeeze(this.convolveBatch(np.expandDims(x, 0)), 0);
  }
}

abstract class Conv extends BaseConv {
  protected constructor(spatial: number, inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options: ConvOptions = {}) {
    super(spatial, false, inSize, outChannels, kernelSize, options);
    this.findOutSize();
  }

  protected override convolveBatch(x: Array): Array {
    const { weight, bias } = this.weight.value;
    return this.run(x, weight, bias, { strides: this.stride, padding: this.padding, lhsDilation: this.lhsDilation, flip: false });
  }
}

/**
 * Convolution along one dimension. x: [batch, length, channels], or without batch → [batch, length', outChannels].
 *
 * The state `weight` holds `{ weight: [kernel, channels / groups, outChannels], bias: [1, outChannels] }`; there is no bias unless `bInit` is given.
 * Mirrors `brainstate.nn.Conv1d`.
 *
 * @param inSize shape of an example: [length, channels], with `channelFirst` [channels, length]
 * @throws ArgumentError for sizes that do not fit, ShapeError for an input of another shape
 * @example
 * ```ts
 * new nn.Conv1d([8, 2], 4, 3, { stride: 2 }).call(np.ones([5, 8, 2])).shape;   // [5, 4, 4]
 * ```
 */
export class Conv1d extends Conv {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ConvOptions) {
    super(1, inSize, outChannels, kernelSize, options);
  }
}

/**
 * As {@link Conv1d}, along two dimensions: [batch, height, width, channels]. Mirrors `brainstate.nn.Conv2d`.
 *
 * @example
 * new nn.Conv2d([28, 28, 1], 8, 3, { stride: 2 }).call(np.ones([4, 28, 28, 1])).shape; // [4, 14, 14, 8]
 */
export class Conv2d extends Conv {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ConvOptions) {
    super(2, inSize, outChannels, kernelSize, options);
  }
}

/**
 * As {@link Conv1d}, along three dimensions: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.Conv3d`.
 *
 * @example
 * new nn.Conv3d([6, 6, 6, 1], 2, 3).call(np.ones([1, 6, 6, 6, 1])).shape; // [1, 6, 6, 6, 2]
 */
export class Conv3d extends Conv {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ConvOptions) {
    super(3, inSize, outChannels, kernelSize, options);
  }
}

abstract class ScaledWSConv extends BaseConv {
  readonly eps: number;

  protected constructor(spatial: number, inSize: readonly number[], outChannels: number, kernelSize: PerDimension, given: ScaledWSConvOptions = {}) {
    const { wsGain = true, eps = 1e-4, ...options } = checkOptions(new.target.name, ['wsGain', 'eps', ...CONV_OPTIONS], given);
    super(spatial, false, inSize, outChannels, kernelSize, options, wsGain);
    this.eps = eps;
    this.findOutSize();
  }

  protected override convolveBatch(x: Array): Array {
    const { weight, bias, gain } = this.weight.value;
    return this.run(x, weightStandardization(weight, { eps: this.eps, gain }), bias, { strides: this.stride, padding: this.padding, lhsDilation: this.lhsDilation, flip: false });
  }
}

/**
 * As {@link Conv1d}, with a kernel that is standardised ({@link weightStandardization}) at each call, and a learned `gain` in the state. Mirrors `brainstate.nn.ScaledWSConv1d`.
 *
 * @example
 * new nn.ScaledWSConv1d([16, 2], 4, 3).call(np.ones([1, 16, 2])).shape; // [1, 16, 4]
 */
export class ScaledWSConv1d extends ScaledWSConv {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ScaledWSConvOptions) {
    super(1, inSize, outChannels, kernelSize, options);
  }
}

/**
 * As {@link ScaledWSConv1d}, along two dimensions. Mirrors `brainstate.nn.ScaledWSConv2d`.
 *
 * @example
 * new nn.ScaledWSConv2d([8, 8, 2], 4, 3).call(np.ones([1, 8, 8, 2])).shape; // [1, 8, 8, 4]
 */
export class ScaledWSConv2d extends ScaledWSConv {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ScaledWSConvOptions) {
    super(2, inSize, outChannels, kernelSize, options);
  }
}

/**
 * As {@link ScaledWSConv1d}, along three dimensions. Mirrors `brainstate.nn.ScaledWSConv3d`.
 *
 * @example
 * new nn.ScaledWSConv3d([4, 4, 4, 2], 4, 3).call(np.ones([1, 4, 4, 4, 2])).shape; // [1, 4, 4, 4, 4]
 */
export class ScaledWSConv3d extends ScaledWSConv {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ScaledWSConvOptions) {
    super(3, inSize, outChannels, kernelSize, options);
  }
}
