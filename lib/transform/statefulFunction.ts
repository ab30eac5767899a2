import { Array } from '../core/array';
import { configKey } from '../core/config';
import { ArgumentError } from '../core/errors';
import { ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { identityOf, isPlainData, plainKey } from '../core/paramsKey';
import { listOptimizations, type OptimizationName, type Optimizations, optimizeJaxpr } from '../core/passes/simplify';
import { axisKey } from '../core/trace';
import { flatten, type TreeDef } from '../core/tree';
import { checkOptions } from '../functional/options';
import { type AxisEnv, avalsOf, bindStatic, checkAxisEnv, checkStatic, ShapeDtypeStruct, withAxes } from '../functional/staging';
import { type AnyFunction, arraysOf, isArrayLeaf, type Loose, nameOf } from '../functional/treeFunction';
import { BrainStateError } from '../state/errors';
import { type Filter, type Predicate, toPredicate } from '../state/filters';
import { StateTraceStack } from '../state/recorder';
import type { State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { type StatefulTrace, traceStateful } from './statefulTrace';

/** Options of {@link StatefulFunction}. */
export interface StatefulFunctionOptions {
  /** Positions of arguments that are part of the jaxpr. */
  staticArgnums?: number | readonly number[];
  /** Names and sizes of mapped axes that the function may name, as in `vmap` with `axisName`: its jaxprs are for use there. */
  axisEnv?: AxisEnv | null;
  /** Name in messages and jaxprs. Default: that of the function. */
  name?: string;
  /** Whether states that are only read are left out of the jaxpr's results. Default true. */
  returnOnlyWrite?: boolean;
  /** Passes to run on jaxprs. Default none. */
  irOptimizations?: Optimizations | null;
}

interface Entry {
  trace: StatefulTrace;
  closed: ClosedJaxpr;
}

const MAX_ENTRIES = 128;

/**
 * A function that touches states as a pure jaxpr, traced once for each signature of its arguments, with all that is known of it: the states it reads
 * and writes, the types of its results.
 *
 * Mirrors `brainstate.transform.StatefulFunction`. Methods that ask for something trace where need be.
 *
 * @example
 * ```ts
 * const s = new State(1);
 * const f = new transform.StatefulFunction((x: np.Array) => { s.value = s.value.add(x); return x; });
 * f.getWriteStates(2); // [s]
 * String(f.getJaxpr(2));
 * ```
 */
export class StatefulFunction {
  readonly fun: AnyFunction;
  readonly name: string;
  readonly returnOnlyWrite: boolean;
  readonly axisEnv: AxisEnv;
  private readonly statics: readonly number[];
  private readonly passes: readonly OptimizationName[] | null;
  private readonly entries = new Map<string, Entry>();
  private hits = 0;
  private misses = 0;

  constructor(fun: Callable, options: StatefulFunctionOptions = {}) {
    this.fun = asFunction(fun, 'StatefulFunction');
    options = checkOptions('StatefulFunction', ['staticArgnums', 'axisEnv', 'name', 'returnOnlyWrite', 'irOptimizations'], options);
    this.axisEnv = checkAxisEnv('StatefulFunction', options.axisEnv);
    this.name = options.name ?? nameOf(this.fun);
    this.returnOnlyWrite = options.returnOnlyWrite ?? true;
    this.statics = checkStatic('StatefulFunction', options.staticArgnums, this.fun);
    this.passes = listOptimizations('StatefulFunction: irOptimizations', options.irOptimizations);
  }

  private get what(): string {
    return `StatefulFunction ${this.name}`;
  }

  /** What tells signatures apart: types and structure of the arguments, static values, settings. */
  getArgCacheKey(...args: unknown[]): string {
    const { rest } = bindStatic(this.what, this.fun, args, this.statics);
    const { avals, def } = avalsOf(rest, this.what);
    const fixed = this.statics.map((i) => {
      const x = args[i];
      return typeof x === 'function' || (typeof x === 'object' && x !== null && !isPlainData(x)) ? `#${identityOf(x)}` : plainKey(x);
    });
    return `${def}(${avals.map((a) => a.key).join()})${fixed.join()}!${configKey()}@${axisKey()}`;
  }

  private find(args: readonly unknown[]): Entry {
    const key = this.getArgCacheKey(...args);
    const known = this.entries.get(key);
    if (known?.trace.reads.valid() && changedState(known.trace) === null) {
      this.hits++;
      this.entries.delete(key);
      this.entries.set(key, known);
      return known;
    }
    this.misses++;
    const { g, rest } = bindStatic(this.what, this.fun, args, this.statics);
    const { avals, def } = avalsOf(rest, this.what);
    const trace = withAxes(this.axisEnv, () => traceStateful(g, def, avals, this.what, this.name, !this.returnOnlyWrite));
    const full = new ClosedJaxpr(trace.jaxpr, trace.consts);
    const entry = { trace, closed: this.passes === null ? full : optimizeJaxpr(full, { optimizations: this.passes }) };
    // What refers to a transform in progress is of no use later.
    if (!trace.capturesTracers) {
      this.entries.delete(key);
      this.entries.set(key, entry);
      if (this.entries.size > MAX_ENTRIES) this.entries.delete(this.entries.keys().next().value!);
    }
    return entry;
  }

  /** Traces for these arguments, unless that was done before. */
  makeJaxpr(...args: unknown[]): this {
    this.find(args);
    return this;
  }

  /** What was traced for a key. @throws BrainStateError if nothing was */
  private cached(key: string): Entry {
    const entry = this.entries.get(key);
    if (entry === undefined) throw new BrainStateError(`${this.what}: nothing is traced for the key ${String(key)}; ${this.entries.size === 0 ? 'there are no keys yet' : `there is ${[...this.entries.keys()].join('; ')}`}`);
    return entry;
  }

  /** The jaxpr: from arguments, then states, to results, then states. */
  getJaxpr(...args: unknown[]): ClosedJaxpr {
    return this.find(args).closed;
  }

  /** As {@link getJaxpr}, of what was traced for a key of {@link getArgCacheKey}. @throws BrainStateError if nothing was; so do all that take a key */
  getJaxprByCache(key: string): ClosedJaxpr {
    return this.cached(key).closed;
  }

  /** Types of the result, and of the values that states are left with, in the order of the jaxpr's results. */
  getOutShapes(...args: unknown[]): [Loose, Loose[]] {
    return outShapesOf(this.find(args).trace);
  }

  /** As {@link getOutShapes}, by key. */
  getOutShapesByCache(key: string): [Loose, Loose[]] {
    return outShapesOf(this.cached(key).trace);
  }

  /** Structure of the result. */
  getOutTreedef(...args: unknown[]): TreeDef {
    return this.find(args).trace.outDef;
  }

  /** As {@link getOutTreedef}, by key. */
  getOutTreedefByCache(key: string): TreeDef {
    return this.cached(key).trace.outDef;
  }

  /** States that the function touches, in the order in which it does so first. */
  getStates(...args: unknown[]): State<unknown>[] {
    return [...this.find(args).trace.states];
  }

  /** As {@link getStates}, by key. */
  getStatesByCache(key: string): State<unknown>[] {
    return [...this.cached(key).trace.states];
  }

  /** States that the function only reads. */
  getReadStates(...args: unknown[]): State<unknown>[] {
    return this.getStateTrace(...args).getReadStates();
  }

  /** As {@link getReadStates}, by key. */
  getReadStatesByCache(key: string): State<unknown>[] {
    return this.getStateTraceByCache(key).getReadStates();
  }

  /** States that the function writes. */
  getWriteStates(...args: unknown[]): State<unknown>[] {
    return this.getStateTrace(...args).getWriteStates();
  }

  /** As {@link getWriteStates}, by key. */
  getWriteStatesByCache(key: string): State<unknown>[] {
    return this.getStateTraceByCache(key).getWriteStates();
  }

  /** A record of the states that the function touches, as if it had run in it just now. */
  getStateTrace(...args: unknown[]): StateTraceStack {
    return recordOf(this.find(args).trace, this.name);
  }

  /** As {@link getStateTrace}, by key. */
  getStateTraceByCache(key: string): StateTraceStack {
    return recordOf(this.cached(key).trace, this.name);
  }

  /**
   * Applies the jaxpr to values of the states, in the order of {@link getStates}, and arguments. No state changes.
   *
   * @returns the states' new values (null for those that are only read, if `returnOnlyWrite`), and the result
   */
  jaxprCall(stateValues: readonly unknown[], ...args: unknown[]): [unknown[], Loose] {
    const { trace, closed } = this.find(args);
    if (stateValues.length !== trace.states.length) throw new ArgumentError(`${this.what}: expected values of ${trace.states.length} states, got ${stateValues.length}`);
    const { rest } = bindStatic(this.what, this.fun, args, this.statics);
    const { leaves } = arraysOf(rest, this.what);
    const values = stateValues.flatMap((v, i) => {
      const { leaves: xs, def } = arraysOf(v, `${this.what}: the value of state ${i}`);
      if (!def.equals(trace.inDefs[i]!)) throw new ArgumentError(`${this.what}: expected the value of ${trace.states[i]!.describe()} to have structure ${trace.inDefs[i]}, got ${def}`);
      return xs;
    });
    const outs = evalJaxpr(closed.jaxpr, closed.consts, [...leaves, ...values]);
    let at = trace.numOuts;
    let w = 0;
    const after = trace.written.map((written) => {
      if (!written) return null;
      const n = trace.writtenAvals[w]!.length;
      at += n;
      return trace.writtenDefs[w++]!.unflatten(outs.slice(at - n, at));
    });
    return [after, trace.outDef.unflatten(outs.slice(0, trace.numOuts))];
  }

  /** Applies the jaxpr to the states' values, writes those that it writes, and gives the result. */
  jaxprCallAuto(...args: unknown[]): Loose {
    const { states, beenWritten } = this.find(args).trace;
    const [after, out] = this.jaxprCall(states.map((s) => s.value), ...args);
    states.forEach((s, i) => {
      if (beenWritten[i]) s.value = after[i];
    });
    return out;
  }

  /** As {@link jaxprCall}, but runs the function itself, op by op, on states that are given the values, and keep what it leaves in them. */
  debugCall(stateValues: readonly unknown[], ...args: unknown[]): [unknown[], Loose] {
    const { states, written } = this.find(args).trace;
    if (stateValues.length !== states.length) throw new ArgumentError(`${this.what}: expected values of ${states.length} states, got ${stateValues.length}`);
    for (const [i, s] of states.entries()) s.restoreValue(stateValues[i]);
    const out = this.fun(...args) as Loose;
    return [states.map((s, i) => (written[i] ? s.value : null)), out];
  }

  /** {@link jaxprCallAuto}: a StatefulFunction goes where functions and modules go. */
  call(...args: unknown[]): Loose {
    return this.jaxprCallAuto(...args);
  }

  /** Forgets all traces. */
  clearCache(): void {
    this.entries.clear();
    this.hits = 0;
    this.misses = 0;
  }

  /** How many signatures are traced, and how often one was found. */
  getCacheStats(): { size: number; maxSize: number; hits: number; misses: number; hitRate: number } {
    const total = this.hits + this.misses;
    return { size: this.entries.size, maxSize: MAX_ENTRIES, hits: this.hits, misses: this.misses, hitRate: total === 0 ? 0 : this.hits / total };
  }

  /**
   * Whether the states have the structures and types with which the function was traced for a key, or for arguments.
   *
   * @throws BrainStateError naming the first that has not, or if there is no trace
   */
  validateStates(...args: unknown[]): true {
    const isKey = args.length === 1 && typeof args[0] === 'string' && this.entries.has(args[0]);
    const changed = changedState(this.cached(isKey ? (args[0] as string) : this.getArgCacheKey(...args)).trace);
    if (changed !== null) throw new BrainStateError(`${this.what}: ${changed.describe()} has changed its structure or types since the function was traced`);
    return true;
  }

  /** {@link validateStates} of all that is traced: by key true, or the error's message. */
  validateAllStates(): Record<string, true | string> {
    return Object.fromEntries([...this.entries.keys()].map((key): [string, true | string] => {
      try {
        return [key, this.validateStates(key)];
      } catch (e) {
        if (!(e instanceof BrainStateError)) throw e;
        return [key, e.message];
      }
    }));
  }
}

/** Types of the result, and of written states. */
function outShapesOf(trace: StatefulTrace): [Loose, Loose[]] {
  const types = trace.outDef.unflatten(trace.jaxpr.outAvals.slice(0, trace.numOuts).map(ShapeDtypeStruct.of));
  return [types, trace.writtenAvals.map((avals, i) => trace.writtenDefs[i]!.unflatten(avals.map(ShapeDtypeStruct.of)))];
}

function recordOf({ states, beenWritten }: StatefulTrace, name: string): StateTraceStack {
  const record = new StateTraceStack({ name });
  states.forEach((s, i) => {
    if (beenWritten[i]) record.writeItsValue(s);
    else record.readItsValue(s);
  });
  return record;
}

/** A state whose value is no longer of the types it was traced with. */
function changedState(trace: StatefulTrace): State<unknown> | null {
  for (let i = 0; i < trace.states.length; i++) {
    const [leaves, def] = flatten(trace.states[i]!.current(), isArrayLeaf);
    const wanted = trace.inAvals[i]!;
    if (!def.equals(trace.inDefs[i]!) || leaves.some((x, k) => !(x instanceof Array) || !x.aval.equals(wanted[k]!))) return trace.states[i]!;
  }
  return null;
}

/** Options of {@link StateFinder}. */
export interface StateFinderOptions {
  /** Which states: all, those only read, those written, or both lists, `{ read, write }`. Default `'all'`. */
  usage?: 'all' | 'read' | 'write' | 'both';
  /** What the states come in. Default `'dict'`: an object; `'list'` and `'tuple'` are the same. */
  returnType?: 'dict' | 'list' | 'tuple';
  /** Key of a state in the object, from its place and itself. Default: the place. A key that is null or taken becomes the state's name, or `state_<place>`. */
  keyFn?: (index: number, state: State<unknown>) => string | number | null;
}

/**
 * Finds the states that a function touches: `new StateFinder(f, filter).find(...args)`, or `call(...args)`. Nothing is computed.
 *
 * Mirrors `brainstate.transform.StateFinder`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.ones([2]));
 * new transform.StateFinder(() => w.value.mul(2), ParamState, { returnType: 'list' }).find(); // [w]
 * ```
 */
export class StateFinder {
  readonly statefulFn: StatefulFunction;
  private readonly filter: Predicate | null;
  private readonly usage: 'all' | 'read' | 'write' | 'both';
  private readonly returnType: NonNullable<StateFinderOptions['returnType']>;
  private readonly keyFn: NonNullable<StateFinderOptions['keyFn']>;

  constructor(f: Callable, filter: Filter = null, options: StateFinderOptions = {}) {
    const { usage = 'all', returnType = 'dict', keyFn = (i: number) => i } = checkOptions('StateFinder', ['usage', 'returnType', 'keyFn'], options);
    if (!['all', 'read', 'write', 'both'].includes(usage)) throw new ArgumentError(`StateFinder: expected usage to be one of all, read, write, both, got ${String(usage)}`);
    if (!['dict', 'list', 'tuple'].includes(returnType)) throw new ArgumentError(`StateFinder: expected returnType to be dict, list or tuple, got ${String(returnType)}`);
    this.statefulFn = new StatefulFunction(f, { name: 'statefinder' });
    this.filter = filter === null ? null : toPredicate(filter);
    this.usage = usage;
    this.returnType = returnType;
    this.keyFn = keyFn;
  }

  /** The states that a call of the function with these arguments reads or writes. */
  find(...args: unknown[]): Loose {
    const record = this.statefulFn.getStateTrace(...args);
    if (this.usage === 'both') return { read: this.format(record.getReadStates()), write: this.format(record.getWriteStates()) };
    return this.format(this.usage === 'all' ? record.states : this.usage === 'read' ? record.getReadStates() : record.getWriteStates());
  }

  /** The same as {@link find}. */
  call(...args: unknown[]): Loose {
    return this.find(...args);
  }

  private format(all: readonly State<unknown>[]): State<unknown>[] | Record<string, State<unknown>> {
    const { filter } = this;
    const states = filter === null ? [...all] : all.filter((s) => filter([], s));
    if (this.returnType !== 'dict') return states;
    const out: Record<string, State<unknown>> = {};
    states.forEach((s, i) => {
      let key = this.keyFn(i, s);
      if (key === null || Object.hasOwn(out, key)) {
        const base = s.name === null || s.name === '' ? `state_${i}` : s.name;
        key = base;
        for (let k = 1; Object.hasOwn(out, key); k++) key = `${base}_${k}`;
      }
      out[key] = s;
    });
    return out;
  }
}
