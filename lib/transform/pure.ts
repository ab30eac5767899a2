import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import type { AnyFunction } from '../functional/treeFunction';
import { FlattedDict } from '../state/flattedDict';
import { StateTraceStack } from '../state/recorder';
import { State } from '../state/state';

/** A state, or a list, object or map of states. */
// biome-ignore lint/suspicious/noExplicitAny: states of every kind of value
export type States = State<any> | readonly States[] | { readonly [key: string]: States } | FlattedDict<State<any>> | ReadonlyMap<unknown, States>;

/** Different states in a structure, and how values for them are put in the same structure. */
export interface StateList {
  states: State<unknown>[];
  build(values: readonly unknown[]): unknown;
}

/** @throws ArgumentError for anything that is no state in the structure */
export function listStates(given: unknown, what: string): StateList {
  const states: State<unknown>[] = [];
  const index = new Map<State<unknown>, number>();
  const note = (s: State<unknown>): number => {
    let i = index.get(s);
    if (i === undefined) {
      i = states.length;
      index.set(s, i);
      states.push(s);
    }
    return i;
  };
  const walk = (x: unknown): ((values: readonly unknown[]) => unknown) => {
    if (x instanceof State) {
      const i = note(x);
      return (values) => values[i];
    }
    if (globalThis.Array.isArray(x)) {
      const parts = x.map(walk);
      return (values) => parts.map((p) => p(values));
    }
    if (x instanceof FlattedDict) {
      const parts = x.entries().map(([p, v]) => [p, walk(v)] as const);
      return (values) => new FlattedDict(parts.map(([p, f]) => [p, f(values)] as const));
    }
    if (x instanceof Map) {
      const parts = [...x].map(([k, v]) => [k, walk(v)] as const);
      return (values) => new Map(parts.map(([k, f]) => [k, f(values)]));
    }
    if (isPlainObject(x)) {
      const keys = Object.keys(x).sort();
      const parts = keys.map((k) => walk((x as Record<string, unknown>)[k]));
      return (values) => Object.fromEntries(keys.map((k, i) => [k, parts[i]!(values)]));
    }
    throw new ArgumentError(`${what}: expected states, or a list, object or map of states, got ${describeValue(x)}`);
  };
  const build = walk(given);
  return { states, build };
}

/** What a call of a {@link PureFunction} gives besides its result. */
export interface Effects {
  aux: unknown;
  /** For each state in `written`, its value at the end. */
  writes: unknown[];
}

/** A recorder that tells states whose value was asked for from those that were only written. */
class ReadingRecorder extends StateTraceStack {
  readonly read = new Set<State<unknown>>();

  override readItsValue(state: State<unknown>): void {
    super.readItsValue(state);
    this.read.add(state);
  }
}

/**
 * A function that touches states as one without effects: some states' values come as its first argument, and what it wrote comes back with the
 * result. Other states that it reads are constants to it.
 */
export class PureFunction {
  /** The states written in the last run, in order. */
  written: State<unknown>[] = [];
  /** The states touched in the last run. */
  touched = new Set<State<unknown>>();
  /** The states whose value was read in the last run. */
  wereRead: ReadonlySet<State<unknown>> = new Set();
  /** The states made in runs so far. */
  readonly made: State<unknown>[] = [];
  private readonly f: AnyFunction;
  private readonly states: readonly State<unknown>[];
  private readonly what: string;
  private readonly hasAux: boolean;
  private readonly onTouch: ((state: State<unknown>, value: unknown) => unknown) | undefined;

  /**
   * @param onTouch what stands for a state's value in the run, when it is first touched
   */
  constructor(f: AnyFunction, states: readonly State<unknown>[], what: string, hasAux = false, onTouch?: (state: State<unknown>, value: unknown) => unknown) {
    if (typeof f !== 'function') throw new ArgumentError(`${what}: expected a function, got ${describeValue(f)}`);
    this.f = f;
    this.states = states;
    this.what = what;
    this.hasAux = hasAux;
    this.onTouch = onTouch;
  }

  /** `(values of the states, ...arguments) => [result, { aux, writes }]` */
  run = (values: readonly unknown[], ...args: unknown[]): [unknown, Effects] => {
    const before = this.states.map((s) => s.current());
    const recorder = new ReadingRecorder({ name: this.what, newArg: this.onTouch });
    try {
      this.states.forEach((s, i) => s.replaceQuietly(values[i]));
      let result = recorder.run(() => this.f(...args));
      let aux: unknown = null;
      if (this.hasAux) {
        if (!globalThis.Array.isArray(result) || result.length !== 2) throw new ArgumentError(`${this.what}: with hasAux the function must return [result, auxiliary], got ${describeValue(result)}`);
        [result, aux] = result as [unknown, unknown];
      }
      this.written = recorder.getWriteStates();
      this.touched = new Set(recorder.states);
      this.wereRead = recorder.read;
      return [result, { aux, writes: this.written.map((s) => s.current()) }];
    } finally {
      recorder.recoveryOriginalValues();
      this.states.forEach((s, i) => s.replaceQuietly(before[i]));
      this.made.push(...recorder.made);
    }
  };

  /** Puts the values in place that a run left. */
  commit(writes: readonly unknown[]): void {
    this.written.forEach((s, i) => {
      s.writeBack(writes[i]);
    });
  }

  /** To be called when the transform is over: marks states made in a run whose values ended with it. */
  close(): void {
    for (const s of this.made) s.poisonIfTraced();
    this.made.length = 0;
  }
}
