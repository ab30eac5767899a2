import type { Array } from '../core/array';
import { LongTermState } from '../state/state';

/** What an optimiser or a schedule remembers. Mirrors `braintools.optim.OptimState`. */
export class OptimState<T = Array> extends LongTermState<T> {}
