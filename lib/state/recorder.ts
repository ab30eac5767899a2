import { checkFunction, checkInstance, checkList } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { checkOptions } from '../functional/options';
import type { State } from './state';

/**
 * Notes which states a function reads and writes while it runs, in the order in which they are first touched. Mirrors `brainstate.StateTraceStack`.
 *
 * A state is seen by the recorders that were there before it was made: one that a traced function makes for itself is its own affair.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.ones([2]));
 * const { states } = transform.makeJaxpr((x: Array) => x.mul(w.value))(np.ones([2]));
 * states.length; // 1
 * ```
 */
export class StateTraceStack {
  readonly name: string;
  readonly states: State<unknown>[] = [];
  /** For each state, whether it was written. */
  readonly beenWriten: boolean[] = [];
  /** For each state, the value before. */
  readonly originalStateValues: unknown[] = [];
  /** States made while this was the innermost recorder. */
  readonly made: State<unknown>[] = [];
  private readonly index = new Map<State<unknown>, number>();
  private readonly newArg: ((state: State<unknown>, value: unknown) => unknown) | null;
  private readonly checkRead: ((state: State<unknown>) => void) | null;

  /**
   * @param options.newArg what to put in place of a state's value when it is first touched: a tracer, say
   * @param options.checkRead called with each state that is read, before; it may throw
   */
  constructor(options: { name?: string; newArg?: (state: State<unknown>, value: unknown) => unknown; checkRead?: (state: State<unknown>) => void } = {}) {
    options = checkOptions('StateTraceStack', ['name', 'newArg', 'checkRead'], options);
    this.name = options.name ?? '';
    this.newArg = options.newArg ?? null;
    this.checkRead = options.checkRead ?? null;
  }

  private touch(state: State<unknown>): number {
    let i = this.index.get(state);
    if (i === undefined) {
      i = this.states.length;
      this.index.set(state, i);
      this.states.push(state);
      this.beenWriten.push(false);
      const value = state.current();
      this.originalStateValues.push(value);
      if (this.newArg !== null) state.replaceQuietly(this.newArg(state, value));
    }
    return i;
  }

  /** Notes a read of a state. */
  readItsValue(state: State<unknown>): void {
    this.checkRead?.(state);
    this.touch(state);
  }

  /** Notes a write of a state. */
  writeItsValue(state: State<unknown>): void {
    this.beenWriten[this.touch(state)] = true;
  }

  /** Whether a state was touched. */
  has(state: State<unknown>): boolean {
    return this.index.has(state);
  }

  /** Whether a state was written. */
  wasWritten(state: State<unknown>): boolean {
    const i = this.index.get(state);
    return i !== undefined && this.beenWriten[i]!;
  }

  /** What `f` gives of states that were written (or of those that were not), in order; with `replace`, null in the others' places. */
  private pick<R>(written: boolean, replace: boolean, f: (s: State<unknown>) => R): (R | null)[] {
    return this.states.flatMap((s, i): (R | null)[] => (this.beenWriten[i] === written ? [f(s)] : replace ? [null] : []));
  }

  /** States that were written, in order. */
  getWriteStates(): State<unknown>[];
  getWriteStates(options: { replaceRead?: boolean }): (State<unknown> | null)[];
  getWriteStates(options: { replaceRead?: boolean } = {}): (State<unknown> | null)[] {
    const { replaceRead = false } = checkOptions('StateTraceStack.getWriteStates', ['replaceRead'], options);
    return this.pick(true, replaceRead, (s) => s);
  }

  /** States that were read only, in order. */
  getReadStates(): State<unknown>[];
  getReadStates(options: { replaceWriten?: boolean }): (State<unknown> | null)[];
  getReadStates(options: { replaceWriten?: boolean } = {}): (State<unknown> | null)[] {
    const { replaceWriten = false } = checkOptions('StateTraceStack.getReadStates', ['replaceWriten'], options);
    return this.pick(false, replaceWriten, (s) => s);
  }

  /** Values of the states that were written. */
  getWriteStateValues(options: { replaceRead?: boolean } = {}): unknown[] {
    const { replaceRead = false } = checkOptions('StateTraceStack.getWriteStateValues', ['replaceRead'], options);
    return this.pick(true, replaceRead, (s) => s.current());
  }

  /** Values of the states that were read only. */
  getReadStateValues(options: { replaceWriten?: boolean } = {}): unknown[] {
    const { replaceWriten = false } = checkOptions('StateTraceStack.getReadStateValues', ['replaceWriten'], options);
    return this.pick(false, replaceWriten, (s) => s.current());
  }

  /** Values of all states; with `separate`, `[written, read]`, and with `replace` null in the others' places. */
  getStateValues(options?: { separate?: false }): unknown[];
  getStateValues(options: { separate: true; replace?: boolean }): [written: unknown[], read: unknown[]];
  getStateValues(options: { separate?: boolean; replace?: boolean } = {}): unknown[] {
    const { separate = false, replace = false } = checkOptions('StateTraceStack.getStateValues', ['separate', 'replace'], options);
    if (!separate) return this.states.map((s) => s.current());
    return [this.getWriteStateValues({ replaceRead: replace }), this.getReadStateValues({ replaceWriten: replace })];
  }

  /** The states of a class. */
  stateSubset<S>(type: abstract new (...args: never[]) => S): S[] {
    return this.states.filter((s): s is State<unknown> & S => (s as unknown) instanceof type);
  }

  /** Sets the states' values, one each: written ones are written, the others restored. @throws ArgumentError for another number of values */
  assignStateVals(values: readonly unknown[]): void {
    checkList('StateTraceStack.assignStateVals', 'values', values);
    if (values.length !== this.states.length) throw new ArgumentError(`StateTraceStack.assignStateVals: expected ${this.states.length} values, got ${values.length}`);
    this.states.forEach((s, i) => {
      if (this.beenWriten[i]) s.value = values[i];
      else s.restoreValue(values[i]);
    });
  }

  /** Adds what others noted. */
  merge(...others: StateTraceStack[]): this {
    for (const o of others) {
      checkInstance('StateTraceStack.merge', o, StateTraceStack);
      o.states.forEach((s, i) => {
        let at = this.index.get(s);
        if (at === undefined) {
          at = this.states.length;
          this.index.set(s, at);
          this.states.push(s);
          this.beenWriten.push(false);
          this.originalStateValues.push(o.originalStateValues[i]);
        }
        if (o.beenWriten[i]) this.beenWriten[at] = true;
      });
    }
    return this;
  }

  /** Puts the values back that the states had before. */
  recoveryOriginalValues(): void {
    this.states.forEach((s, i) => s.replaceQuietly(this.originalStateValues[i]));
  }

  /** Runs a function with its reads and writes noted here. */
  run<R>(f: () => R): R {
    checkFunction('StateTraceStack.run', 'f', f);
    stack.push(this);
    try {
      return f();
    } finally {
      stack.pop();
      // A state that was made inside belongs to the surroundings from now on.
      for (const s of this.made) s.decreaseStackLevel(stack.length);
      stack[stack.length - 1]?.made.push(...this.made);
    }
  }
}

/** Recorders in progress, outermost first. */
export const stack: StateTraceStack[] = [];

/** Runs a function that traces ahead of a call: what it writes in doing so is none of what the recorders in progress are to note. @internal */
export function withoutWrites<R>(f: () => R): R {
  const before = stack.map((r) => r.beenWriten.length === 0 ? [] : [...r.beenWriten]);
  try {
    return f();
  } finally {
    stack.forEach((r, i) => {
      for (let j = 0; j < r.beenWriten.length; j++) r.beenWriten[j] = before[i]?.[j] ?? false;
    });
  }
}

const catchers: ((state: State<unknown>) => void)[] = [];

/** Whether someone wants to hear of new states. @internal */
export function noteNew(state: State<unknown>): void {
  stack[stack.length - 1]?.made.push(state);
  for (const c of catchers) c(state);
}

/** Calls `seen` with every state that is made while a function runs. @internal */
export function whileCatching<R>(seen: (state: State<unknown>) => void, f: () => R): R {
  catchers.push(seen);
  try {
    return f();
  } finally {
    catchers.splice(catchers.indexOf(seen), 1);
  }
}
