import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { type ArrayTree, globalNorm, mapTree, scaleToNorm } from '../optim/transformation';
import { Callback, type GradientClipOptions, type Gradients } from './callbacks';

/**
 * Limits gradients by their norm or by entry, inside of the compiled step. Mirrors `braintools.trainer.GradientClipCallback`, whose clipping is not done there.
 *
 * @example
 * new trainer.GradientClipCallback({ clipVal: 1 }) instanceof trainer.Callback; // true
 */
export class GradientClipCallback extends Callback {
  private readonly options: Required<GradientClipOptions>;

  constructor(given: GradientClipOptions = {}) {
    const { clipVal = null, clipAlgorithm = 'norm', logGradNorm = false } = checkOptions(new.target.name, ['clipVal', 'clipAlgorithm', 'logGradNorm'], given);
    super();
    if (clipAlgorithm !== 'norm' && clipAlgorithm !== 'value') throw new ArgumentError(`GradientClipCallback: expected clipAlgorithm to be 'norm' or 'value', got ${String(clipAlgorithm)}`);
    if (clipVal !== null && !(clipVal > 0)) throw new ArgumentError(`GradientClipCallback: expected clipVal to be a number > 0 or null, got ${clipVal}`);
    this.options = { clipVal, clipAlgorithm, logGradNorm };
  }

  override transformGradients(grads: Gradients, log: (name: string, value: Array) => void): Gradients {
    const { clipVal, clipAlgorithm, logGradNorm } = this.options;
    const byNorm = clipVal !== null && clipAlgorithm === 'norm';
    const norm = logGradNorm || byNorm ? globalNorm(grads as ArrayTree) : null;
    if (logGradNorm) log('grad_norm', norm!);
    if (clipVal === null) return grads;
    return (byNorm ? scaleToNorm(grads as ArrayTree, norm!, clipVal) : mapTree((g) => np.clip(g, -clipVal, clipVal), grads as ArrayTree)) as Gradients;
  }
}
