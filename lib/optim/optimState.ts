import type { Array } from '../core/array';
import { LongTermState } from '../state/kinds';

/** What an optimiser or a schedule remembers. Mirrors `braintools.optim.OptimState`. @example new optim.OptimState(np.zeros([3])) instanceof LongTermState; // true */
export class OptimState<T = Array> extends LongTermState<T> {}
