import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type InitLike, LecunNormal, param, type Size } from '../init';
import * as np from '../numpy';
import { ParamState } from '../state/kinds';
import { Module } from './module';

/** Options of {@link LoRA}. */
export interface LoRAOptions {
  /** A module to whose result the product is added. Default null: none. */
  baseModule?: Module | null;
  /** First value of both matrices. Default: LeCun's normal initialisation. */
  kernelInit?: InitLike;
  /** Class of the state. Default: {@link ParamState}. */
  paramType?: typeof ParamState;
  /** Shape of an input without its leading dimensions, which ends in inFeatures. */
  inSize?: Size;
}

/**
 * A product with a matrix of low rank, in addition to what another module gives: `x A B + base(x)`. x: [..., in] → [..., out]; `weight` holds `{ loraA: [in, rank], loraB: [rank, out] }`.
 *
 * Mirrors `brainstate.nn.LoRA`; as there, both matrices start at random.
 *
 * @example
 * ```ts
 * const base = new nn.Linear(10, 5);
 * new nn.LoRA(10, 2, 5, { baseModule: base }).call(np.ones([4, 10])).shape; // [4, 5]
 * ```
 */
export class LoRA extends Module {
  static override readonly positional: readonly string[] = ['inFeatures', 'loraRank', 'outFeatures'];
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly baseModule: Module | null;
  readonly weight: ParamState<{ loraA: Array; loraB: Array }>;

  constructor(inFeatures: number, loraRank: number, outFeatures: number, options: LoRAOptions = {}) {
    const { baseModule = null, kernelInit = new LecunNormal(), paramType = ParamState, inSize, ...rest } = checkOptions(new.target.name, ['baseModule', 'kernelInit', 'paramType', 'inSize'], options);
    super(rest);
    for (const [what, n] of [['inFeatures', inFeatures], ['loraRank', loraRank], ['outFeatures', outFeatures]] as const) checkInteger('LoRA', what, n, 1);
    if (baseModule !== null && !(baseModule instanceof Module)) throw new ArgumentError(`LoRA: expected baseModule to be a module or null, got ${describeValue(baseModule)}`);
    this.inSize = inFeatures;
    this.outSize = outFeatures;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.baseModule = baseModule;
    this.weight = new paramType<{ loraA: Array; loraB: Array }>({ loraA: param(kernelInit, [inFeatures, loraRank])!, loraB: param(kernelInit, [loraRank, outFeatures])! });
    if (inSize !== undefined) {
      this.inSize = inSize;
      this.outSize = [...this.inSize!.slice(0, -1), outFeatures];
    }
  }

  override call(x: ArrayLike): Array {
    const { loraA, loraB } = this.weight.value;
    const out = np.matmul(np.matmul(x, loraA), loraB);
    return this.baseModule === null ? out : np.add(out, this.baseModule.call(x));
  }
}
