import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type Filter, type Predicate, toPredicate } from './filters';
import { whileCatching } from './recorder';
import { State } from './state';

/**
 * States that were made while a function ran. Mirrors `brainstate.util.NewStateCatcher`.
 *
 * @example
 * ```ts
 * const { catcher } = catchNewStates(() => new nn.Linear(2, 3), { stateTag: 'layer' });
 * catcher.getStates()[0]?.tag?.has('layer'); // true
 * ```
 */
export class NewStateCatcher {
  readonly states: State<unknown>[] = [];
  private readonly tag: string | null;
  private readonly excluded: Predicate;

  constructor(options: CatchOptions = {}) {
    const { stateTag, stateToExclude } = checkOptions('NewStateCatcher', ['stateTag', 'stateToExclude'], options);
    this.tag = stateTag ?? null;
    this.excluded = toPredicate(stateToExclude ?? null);
  }

  /** Adds a state, which gets the tag, unless it is excluded or here already. */
  append(state: State<unknown>): void {
    if (!(state instanceof State)) throw new ArgumentError(`NewStateCatcher.append: expected a state, got ${describeValue(state)}`);
    if (this.excluded([], state) || this.states.includes(state)) return;
    if (this.tag !== null) state.addTag(this.tag);
    this.states.push(state);
  }

  /** Takes a state out again. @throws ArgumentError if it is not here */
  remove(state: State<unknown>): void {
    const i = this.states.indexOf(state);
    if (i < 0) throw new ArgumentError('NewStateCatcher.remove: the state is not here');
    this.states.splice(i, 1);
  }

  /** Forgets the states. */
  clear(): void {
    this.states.length = 0;
  }

  /** The states, in the order in which they were made. */
  getStates(): State<unknown>[] {
    return [...this.states];
  }

  /** Their values. */
  getStateValues(): unknown[] {
    return this.states.map((s) => s.value);
  }

  /** The states with a tag. */
  getByTag(tag: string): State<unknown>[] {
    return this.states.filter((s) => s.tag?.has(tag));
  }

  /** Whether a state was caught. */
  has(state: State<unknown>): boolean {
    return this.states.includes(state);
  }

  /** A state by its place; from the end, where that is negative. */
  at(index: number): State<unknown> | undefined {
    return this.states.at(index);
  }

  /** The states' values. */
  get values(): unknown[] {
    return this.getStateValues();
  }

  /** Lowers the level of each state by one. */
  decreaseStackLevel(): void {
    for (const s of this.states) s.decreaseStackLevel();
  }

  get length(): number {
    return this.states.length;
  }

  [Symbol.iterator](): Iterator<State<unknown>> {
    return this.states[Symbol.iterator]();
  }
}

export interface CatchOptions {
  /** A tag for the states. */
  stateTag?: string | null | undefined;
  /** Which states are left alone. */
  stateToExclude?: Filter | undefined;
}

/**
 * Collects the states that a function makes, and tags them. Mirrors `brainstate.catch_new_states`.
 *
 * @returns what the function returned, and the catcher
 * @throws ArgumentError for what is no function
 * @example
 * ```ts
 * const { catcher } = catchNewStates(() => new nn.Linear(2, 3));
 * catcher.getStates().length; // 1
 * ```
 */
export function catchNewStates<R>(f: (catcher: NewStateCatcher) => R, options: CatchOptions = {}): { result: R; catcher: NewStateCatcher } {
  if (typeof f !== 'function') throw new ArgumentError(`catchNewStates: expected a function, got ${describeValue(f)}`);
  const o = checkOptions('catchNewStates', ['stateTag', 'stateToExclude'], options);
  if (o.stateTag !== undefined && o.stateTag !== null && typeof o.stateTag !== 'string') throw new ArgumentError(`catchNewStates: expected stateTag to be a string, got ${describeValue(o.stateTag)}`);
  const catcher = new NewStateCatcher(o);
  const result = whileCatching((s) => catcher.append(s), () => f(catcher));
  return { result, catcher };
}
