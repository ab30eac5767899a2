import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import * as np from '../numpy';
import { leaves, map as treeMap } from '../tree';
import { Callback, type GradientClipOptions, type Gradients } from './callbacks';

/** The norm of all gradients together. */
export function globalNorm(grads: Gradients): Array {
  let total: Array | null = null;
  for (const g of leaves(grads) as Array[]) {
    const part = np.sum(np.square(np.abs(g)));
    total = total === null ? part : np.add(total, part);
  }
  return np.sqrt(total ?? np.array(0));
}

/** Limits gradients by their norm or by entry, inside of the compiled step. Mirrors `braintools.trainer.GradientClipCallback`, whose clipping is not done there. */
export class GradientClipCallback extends Callback {
  private readonly options: Required<GradientClipOptions>;

  constructor({ clipVal = null, clipAlgorithm = 'norm', logGradNorm = false }: GradientClipOptions = {}) {
    super();
    if (clipAlgorithm !== 'norm' && clipAlgorithm !== 'value') throw new ArgumentError(`GradientClipCallback: expected clipAlgorithm to be 'norm' or 'value', got ${String(clipAlgorithm)}`);
    if (clipVal !== null && !(clipVal > 0)) throw new ArgumentError(`GradientClipCallback: expected clipVal to be a number > 0 or null, got ${clipVal}`);
    this.options = { clipVal, clipAlgorithm, logGradNorm };
  }

  override transformGradients(grads: Gradients, log: (name: string, value: Array) => void): Gradients {
    const { clipVal, clipAlgorithm, logGradNorm } = this.options;
    const norm = logGradNorm || (clipVal !== null && clipAlgorithm === 'norm') ? globalNorm(grads) : null;
    if (logGradNorm) log('grad_norm', norm!);
    if (clipVal === null) return grads;
    const change = clipAlgorithm === 'value'
      ? (g: Array) => np.clip(g, -clipVal, clipVal)
      : (g: Array) => np.where(np.less(norm!, clipVal), g, np.multiply(np.divide(g, norm!), clipVal));
    return treeMap(change, grads) as Gradients;
  }
}
