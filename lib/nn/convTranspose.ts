import type { Array } from '../core/array';
import { BaseConv, type ConvTransposeOptions } from './conv';
import type { PerDimension } from './windowArguments';

/** Padding, for a kernel that spans k entries, that makes the result `s` times as large, or as large as it can be. */
function paddingOf(k: number, s: number, rule: 'SAME' | 'VALID'): [number, number] {
  if (rule === 'VALID') return [k - 1, s - 1 + Math.max(k - s, 0)];
  const total = k + s - 2;
  const low = s > k - 1 ? k - 1 : Math.ceil(total / 2);
  return [low, total - low];
}

abstract class ConvTranspose extends BaseConv {
  protected constructor(spatial: number, inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options: ConvTransposeOptions = {}) {
    super(spatial, true, inSize, outChannels, kernelSize, options);
    this.findOutSize();
  }

  /** The rule of the padding, or 'explicit' where it is numbers. */
  get paddingMode(): 'SAME' | 'VALID' | 'explicit' {
    return typeof this.padding === 'string' ? this.padding : 'explicit';
  }

  protected override get transposed(): boolean {
    return true;
  }

  protected override convolveBatch(x: Array): Array {
    const { weight, bias } = this.weight.value;
    const { padding } = this;
    const pads = typeof padding === 'string' ? this.kernelSize.map((k, i) => paddingOf((k - 1) * this.rhsDilation[i]! + 1, this.stride[i]!, padding)) : padding;
    return this.run(x, weight, bias, { strides: this.stride.map(() => 1), padding: pads, lhsDilation: this.stride, flip: true });
  }
}

/**
 * Transposed convolution along one dimension, which enlarges by its stride. x: [batch, length, channels], or without batch → [batch, length', outChannels].
 *
 * The state `weight` holds `{ weight: [kernel, outChannels, channels / groups], bias: [1, outChannels] }`; there is no bias unless `bInit` is given.
 * Padding in numbers is that of the input with holes. Mirrors `brainstate.nn.ConvTranspose1d`.
 *
 * @param inSize shape of an example: [length, channels], with `channelFirst` [channels, length]
 * @throws ArgumentError for sizes that do not fit, ShapeError for an input of another shape
 * @example
 * ```ts
 * new nn.ConvTranspose1d([4, 3], 5, 3, { stride: 2 }).call(np.ones([2, 4, 3])).shape;   // [2, 8, 5]
 * ```
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ConvTransposeOptions) {
    super(1, inSize, outChannels, kernelSize, options);
  }
}

/**
 * As {@link ConvTranspose1d}, along two dimensions: [batch, height, width, channels]. Mirrors `brainstate.nn.ConvTranspose2d`.
 *
 * @example
 * new nn.ConvTranspose2d([4, 4, 2], 3, 2, { stride: 2 }).call(np.ones([1, 4, 4, 2])).shape; // [1, 8, 8, 3]
 */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ConvTransposeOptions) {
    super(2, inSize, outChannels, kernelSize, options);
  }
}

/**
 * As {@link ConvTranspose1d}, along three dimensions: [batch, depth, height, width, channels]. Mirrors `brainstate.nn.ConvTranspose3d`.
 *
 * @example
 * new nn.ConvTranspose3d([3, 3, 3, 2], 3, 2, { stride: 2 }).call(np.ones([1, 3, 3, 3, 2])).shape; // [1, 6, 6, 6, 3]
 */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inSize: readonly number[], outChannels: number, kernelSize: PerDimension, options?: ConvTransposeOptions) {
    super(3, inSize, outChannels, kernelSize, options);
  }
}
