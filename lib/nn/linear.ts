import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import type { ArrayLike } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type InitLike, KaimingNormal, param, type Size, ZeroInit } from '../init';
import * as np from '../numpy';
import { ParamState } from '../state/kinds';
import { Module } from './module';

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** First value of the weight, of shape [in, out]. Default: He's normal initialisation. */
  wInit?: InitLike;
  /** First value of the bias, of shape [out]; null for none. Default: zeros. */
  bInit?: InitLike | null;
  /** What the weight is multiplied by, of shape [in, out]. */
  wMask?: InitLike | null;
  /** Name in messages and prints. */
  name?: string;
  /** Class of the state. Default: {@link ParamState}. */
  paramType?: typeof ParamState;
}

/**
 * `y = x W + b`. x: [..., in] → [..., out]; `weight` is one state that holds `{ weight: [in, out], bias: [out] }`.
 *
 * Mirrors `brainstate.nn.Linear`.
 *
 * @example
 * ```ts
 * new nn.Linear(3, 2, { bInit: null }).call(np.ones([4, 3])).shape; // [4, 2]
 * ```
 */
export class Linear extends Module {
  static override readonly positional: readonly string[] = ['inSize', 'outSize'];
  readonly wMask: Array | null;
  readonly weight: ParamState<{ weight: Array; bias?: Array }>;

  constructor(inSize: Size, outSize: Size, options: LinearOptions = {}) {
    const { wInit = new KaimingNormal(), bInit = new ZeroInit(), wMask = null, paramType = ParamState, ...rest } = checkOptions(new.target.name, ['wInit', 'bInit', 'wMask', 'name', 'paramType'], options);
    super(rest);
    this.inSize = inSize;
    this.outSize = outSize;
    const [i, o] = [this.inSize!, this.outSize!];
    if (i.length === 0 || i.length !== o.length || i.slice(0, -1).some((n, k) => n !== o[k])) throw new ArgumentError(`Linear: expected inSize and outSize to agree but for the last dimension, got [${i}] and [${o}]`);
    const shape = [i[i.length - 1]!, o[o.length - 1]!];
    this.wMask = param(wMask, shape);
    const weight = param(wInit, shape);
    if (weight === null) throw new ArgumentError('Linear: expected wInit to be an initialiser, a function or a value, got null');
    const bias = param(bInit, shape.slice(1));
    this.weight = new paramType<{ weight: Array; bias?: Array }>(bias === null ? { weight } : { weight, bias });
  }

  override call(x: ArrayLike): Array {
    const { weight, bias } = this.weight.value;
    const input = np.asarray(x);
    if (input.shape[input.ndim - 1] !== weight.shape[0]) throw new ShapeError(`${this.constructor.name}: expected an input whose last dimension is ${weight.shape[0]}, got ${input.aval}`);
    const y = np.matmul(input, this.wMask === null ? weight : np.multiply(weight, this.wMask));
    return bias === undefined ? y : np.add(y, bias);
  }
}
