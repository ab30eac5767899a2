import { inspect } from 'node:util';
import { Array, ConcreteArray, type ScalarValue } from '../core/array';
import { markCopy } from '../core/copies';
import { checkClass, checkFunction, checkInstance } from '../core/checks';
import { ArgumentError, TreeError } from '../core/errors';
import { currentTrace, isEager, type Trace, Tracer } from '../core/trace';
import { flatten, LEAF, structure } from '../core/tree';
import { asArray, type ArrayLike, describeValue, type TypedArray } from '../functional/arrayLike';
import { checkOptions, optionsObject } from '../functional/options';
import { blockUntilReady } from '../functional/ready';
import { isArrayLeaf } from '../functional/treeFunction';
import { BrainStateError, TraceContextError } from './errors';
import { Hooked } from './hooked';
import { globalHooks } from './hookManager';
import { noteNew, stack } from './recorder';
import { type FlatValue, IN_SLOTS, nextId, type Slots } from './slots';
import { tracerIsChecked, treeIsChecked } from './stateChecks';
import { stateText } from './stateText';
import { TreefyState } from './treefyState';

/** Options of a state, and anything else that is to be known of it. */
export interface StateOptions {
  /** Name in messages and prints. */
  name?: string;
  /** Tags by which filters find it. */
  tag?: string | readonly string[] | ReadonlySet<string>;
  [metadata: string]: unknown;
}

/** How first values are made; `init`, a layer above, puts its `param` here. @internal */
export const initialisers: { param: ((init: unknown, size: number | readonly number[], options: { batchSize: number | null }) => unknown) | null } = { param: null };

/** The trace in progress; null outside of any. */
function traceNow(): Trace | null {
  return isEager() ? null : currentTrace();
}

type MapLeaves<T, R> = T extends Array ? R : T extends readonly unknown[] | { readonly [key: string]: unknown } ? { [K in keyof T]: MapLeaves<T[K], R> } : T;

/** Plain numbers and typed arrays in a tree as arrays; what is an array already stays the same object. */
function arraysIn(value: unknown): unknown {
  if (value instanceof Array) return value;
  if (value === undefined) throw new ArgumentError('State: expected a value, got undefined');
  const [leaves, def] = flatten(value, isArrayLeaf);
  let same = true;
  const arrays = leaves.map((x) => {
    if (x instanceof State) throw new BrainStateError(`State: expected a tree of arrays, got one that holds the state ${x.describe()}; take its .value`);
    if (x instanceof Array || typeof x === 'string' || typeof x === 'function' || (typeof x === 'object' && !isArrayLeaf(x))) return x;
    same = false;
    return asArray(x as ArrayLike, 'State');
  });
  return same ? value : def.unflatten(arrays);
}

/**
 * A cell that holds a tree of arrays and may change: what a model remembers. Transforms see every read and write of one.
 *
 * Mirrors `brainstate.State`. Plain numbers in the value become (weakly typed) arrays.
 *
 * @example
 * ```ts
 * const count = new State(0);
 * const step = jit(() => { count.value = count.value.add(1); return count.value; });
 * step();
 * ```
 */
export class State<T = Array> extends Hooked {
  private val: unknown;
  private slots: Slots | null = null;
  private flat: FlatValue | null = null;
  private level: number;
  private poisoned = false;
  /** Whether it was written since it was made: what tells how a snapshot of it is taken over. @internal */
  written = false;
  /** The trace in which it was made; null outside of any. */
  private home: Trace | null;
  name: string | null;
  tag: Set<string> | null;
  /** What else was given to the constructor. */
  readonly metadata: Record<string, unknown>;

  constructor(value: Array | ScalarValue | TypedArray, options?: StateOptions);
  constructor(value: T | State<T>, options?: StateOptions);
  constructor(value: unknown, options: StateOptions = {}) {
    super();
    const { name, tag, ...metadata } = optionsObject(new.target.name, options);
    this.val = arraysIn(value instanceof State ? value.value : value);
    this.name = name ?? null;
    this.tag = tag === undefined ? null : new Set(typeof tag === 'string' ? [tag] : tag);
    this.metadata = metadata;
    this.level = stack.length;
    this.home = traceNow();
    noteNew(this as State<unknown>);
    globalHooks.manager?.executeInitHooks(this.val, this as State<unknown>, { ...metadata, name: this.name, tag: this.tag });
  }

  /** A state of a class, made without the class's own constructor. @internal */
  static restore<T>(type: typeof State<T>, value: unknown, options: StateOptions): State<T> {
    checkClass('State.restore', type);
    return Object.setPrototypeOf(new State<T>(value as T, options), type.prototype) as State<T>;
  }

  /** The value. Under a transform reading makes the state one of its inputs, writing one of its outputs. */
  get value(): T {
    if (this.poisoned) this.throwPoisoned();
    for (let i = this.level; i < stack.length; i++) stack[i]!.readItsValue(this as State<unknown>);
    const v = this.current();
    if (this.hooked) this.tellRead(v);
    return v as T;
  }

  set value(v: T | Array | ScalarValue | TypedArray) {
    this.write(v);
  }

  /** @internal What the setter does; subclasses narrow what they take here. */
  protected write(v: unknown): void {
    const { hooked } = this;
    const old = hooked ? this.current() : null;
    if (hooked) this.check(v);
    this.store(hooked ? this.transformed(v, old, arraysIn) : v);
    if (hooked) this.wrote(old);
  }

  /** Takes a value that a traced function left: hooks before the write have had their say while it was traced. @internal */
  writeBack(v: unknown): void {
    const { hooked } = this;
    const old = hooked ? this.current() : null;
    this.store(v);
    if (hooked) this.wrote(old);
  }

  private check(v: unknown): void {
    if (v instanceof State) throw new BrainStateError('State: cannot set a state as the value of a state; take its .value, or use copyFrom');
  }

  private store(v: unknown): void {
    this.check(v);
    const value = arraysIn(v);
    if (stack.length === 0 && !isEager() && currentTrace() !== this.home) this.checkNotTraced(value);
    // A change of structure inside of a trace would be noticed too late to name its place.
    if (treeIsChecked() ?? stack.length > this.level) this.checkStructure(value);
    if (tracerIsChecked() && !flatten(value, isArrayLeaf)[0].some((x) => x instanceof Tracer)) throw new TraceContextError(`State: expected a traced value for ${this.describe()}, got a concrete one`);
    for (let i = this.level; i < stack.length; i++) stack[i]!.writeItsValue(this as State<unknown>);
    this.replaceQuietly(value);
    this.written = true;
  }

  /** Under a transform that knows nothing of states a traced value would stay behind when its trace has ended. */
  private checkNotTraced(value: unknown): void {
    const traced = flatten(value, isArrayLeaf)[0].find((x): x is Tracer => x instanceof Tracer);
    if (traced !== undefined) throw new TraceContextError(`State: ${this.describe()} was given a value that is traced by ${traced.owner.kind}, under a function of lax, which does not carry states. `
      + 'Use that of transform (scan, cond, whileLoop, map …), or hand the value through arguments and results');
  }

  private checkStructure(value: unknown): void {
    const was = structure(this.current(), isArrayLeaf);
    const now = structure(value, isArrayLeaf);
    if (!was.equals(now)) throw new TreeError(`State: the tree structure of ${this.describe()} may not change here: expected ${was}, got ${now}`);
  }

  private throwPoisoned(): never {
    throw new TraceContextError(`State: ${this.describe()} was made inside of a traced function (under jit, grad, vmap …), so its value ended with the trace. `
      + 'Make it outside, return its value from the function, or assign a new value');
  }

  /** The value, without any transform's taking note. @internal */
  override current(): unknown {
    if (this.val === IN_SLOTS) {
      const { def, avals, buffers } = this.slots!;
      const leaves = buffers.map((b, i) => new ConcreteArray(avals[i]!, b));
      this.flat = { id: nextId(), def, leaves };
      this.val = def.unflatten(leaves);
      this.slots = null;
    }
    return this.val;
  }

  /** Sets the value, without any transform's taking note. @internal */
  replaceQuietly(value: unknown): void {
    this.val = value;
    this.slots = null;
    this.flat = null;
    this.poisoned = false;
  }

  /** Leaves and structure of the value. @internal */
  flatValue(): FlatValue {
    const value = this.current();
    if (this.flat === null) {
      const [leaves, def] = value instanceof Array ? [[value], LEAF] : flatten(value, isArrayLeaf);
      for (const x of leaves) {
        if (!(x instanceof Array)) throw new ArgumentError(`State: ${this.describe()} holds ${describeValue(x)}, which a compiled function cannot take; expected arrays only`);
      }
      this.flat = { id: nextId(), def, leaves: leaves as Array[] };
    }
    return this.flat;
  }

  /** Waits until the value is there, without handing it out: a compiled step may go on writing its results in the same memory. @throws XlaError if computing it failed */
  blockUntilReady(): this {
    if (this.slots !== null) for (const b of this.slots.buffers) b.blockUntilReady();
    else blockUntilReady(this.val);
    return this;
  }

  /** Buffers that only this state holds, if its value is in such. @internal */
  ownSlots(): Slots | null {
    return this.slots;
  }

  /** Puts a compiled function's results in the state, as buffers that no Array shows. @internal */
  putSlots(slots: Slots): void {
    this.written = true;
    this.val = IN_SLOTS;
    this.slots = slots;
    this.flat = null;
    this.poisoned = false;
  }

  /**
   * Sets a value of the same tree structure. To a transform that is no write: when the traced function is over, the state has the value from before.
   *
   * @throws TreeError if it has another structure
   */
  restoreValue(v: T): void {
    this.check(v);
    const value = arraysIn(v);
    if (!this.poisoned) this.checkStructure(value);
    const { hooked } = this;
    const old = hooked ? this.current() : null;
    for (let i = this.level; i < stack.length; i++) stack[i]!.readItsValue(this as State<unknown>);
    this.replaceQuietly(value);
    if (hooked) this.tellRestored(value, old);
  }

  /** A function of each array of the value, as a tree like it; the state stays as it is. Mirrors `brainstate.State.value_call`. @throws ArgumentError for what is no function */
  valueCall<R>(f: (leaf: Array) => R): MapLeaves<T, R> {
    checkFunction('State.valueCall', 'f', f);
    const [leaves, def] = flatten(this.value, isArrayLeaf);
    return def.unflatten(leaves.map((x) => f(x as Array))) as MapLeaves<T, R>;
  }

  /** Adds a tag. */
  addTag(tag: string): void {
    (this.tag ??= new Set()).add(tag);
  }

  /** How many transforms were in progress where the state was made: those do not see it. */
  get stackLevel(): number {
    return this.level;
  }

  set stackLevel(level: number) {
    this.level = level;
  }

  /** Raises the level by one. */
  increaseStackLevel(): void {
    this.level++;
  }

  /** Lowers the level by one, or to `to` where it is higher. */
  decreaseStackLevel(to = this.level - 1): void {
    if (to < this.level) this.level = Math.max(0, to);
  }

  /** Says that the value is not to be used any more, as it ended with a trace. @internal */
  poisonIfTraced(): void {
    if (this.val !== IN_SLOTS && flatten(this.val, isArrayLeaf)[0].some((x) => x instanceof Tracer && x.owner.closed)) this.poisoned = true;
  }

  /** A new state of the same class with the same value and metadata. */
  copy(): this {
    const made = Object.create(Object.getPrototypeOf(this)) as this;
    Object.assign(made, this, { metadata: { ...this.metadata }, tag: this.tag && new Set(this.tag) });
    made.replaceQuietly(this.value);
    made.level = stack.length;
    made.home = traceNow();
    made.written = false;
    made.hookManager = null;
    noteNew(made as State<unknown>);
    return made;
  }

  /** Takes over value, name and metadata of a state of the same class. */
  copyFrom(other: State<T>): void {
    checkInstance('State.copyFrom', other, State);
    if (other.constructor !== this.constructor) throw new BrainStateError(`State.copyFrom: expected a ${this.constructor.name}, got a ${other.constructor?.name}`);
    if (other === (this as State<T>)) return;
    const { metadata } = other;
    for (const k of Object.keys(this.metadata)) delete this.metadata[k];
    Object.assign(this.metadata, metadata);
    this.name = other.name;
    this.tag = other.tag && new Set(other.tag);
    this.value = other.value;
  }

  /**
   * A copy with another value, `replace(value)` (an array, number or list), or with other metadata, too: `replace({ value, name, tag, … })`. Given a state
   * as the value, that state.
   *
   * Mirrors `brainstate.State.replace`.
   *
   * @throws BrainStateError for a state of another class as the value
   */
  replace(value: Array | State<T> | ScalarValue | TypedArray | readonly unknown[]): this;
  replace(changes: { value?: T | State<T> } & StateOptions): this;
  replace(given: unknown): this {
    const changes = isArrayLeaf(given) || given instanceof State || globalThis.Array.isArray(given) ? { value: given } : optionsObject('State.replace', given as { value?: unknown } & StateOptions);
    const { value, ...rest } = changes as { value?: T | State<T> } & StateOptions;
    if (value instanceof State) {
      if (value.constructor !== this.constructor) throw new BrainStateError(`State.replace: expected a ${this.constructor.name}, got a ${value.constructor.name}`);
      return (Object.keys(rest).length === 0 ? value : value.replace(rest)) as this;
    }
    const { name, tag, ...metadata } = rest;
    const made = this.copy();
    if (value !== undefined) made.value = value;
    if (name !== undefined) made.name = name;
    if (tag !== undefined) made.tag = new Set(typeof tag === 'string' ? [tag] : tag);
    Object.assign(made.metadata, metadata);
    return made;
  }

  /**
   * A state of this class whose value is what an initialiser gives for a size: a function of the shape, an initialiser of `init`, or a value that is to be
   * repeated. Mirrors `brainstate.State.init`.
   *
   * @param fn an initialiser, a function of the shape, or a value
   * @param inSize the shape, without the batch
   * @param options `batchSize` adds a leading dimension; `tag` is the state's
   */
  static init<S extends State<Array>>(this: new (value: Array, options?: StateOptions) => S, fn: unknown, inSize: number | readonly number[], options: { batchSize?: number | null; tag?: string } = {}): S {
    const { batchSize, tag } = checkOptions('State.init', ['batchSize', 'tag'], options);
    return new this(initialisers.param!(fn, inSize, { batchSize: batchSize ?? null }) as Array, tag === undefined ? {} : { tag });
  }

  /** A snapshot of class, value and metadata. Mirrors `brainstate.State.to_state_ref`. */
  toStateRef(): TreefyState<T> {
    return TreefyState.of(this);
  }

  /**
   * Takes over a snapshot's value, name and metadata. The value of a state that had been written is written, that of another restored, which a transform does
   * not keep.
   *
   * Mirrors `brainstate.State.update_from_ref`.
   *
   * @throws TreeError if the value's structure differs
   */
  updateFromRef(ref: TreefyState<T>): void {
    if (!(ref instanceof TreefyState)) throw new ArgumentError(`State.updateFromRef: expected what toStateRef gives, got ${describeValue(ref)}`);
    if (ref.written) {
      if (!this.poisoned) this.checkStructure(arraysIn(ref.value));
      this.value = ref.value;
    } else this.restoreValue(ref.value);
    this.name = ref.name;
    this.tag = ref.tag && new Set(ref.tag);
    Object.assign(this.metadata, ref.metadata);
  }

  /** Number of elements in all arrays of the value. */
  numel(): number {
    if (this.poisoned) this.throwPoisoned();
    return this.flatValue().leaves.reduce((n, x) => n + x.size, 0);
  }

  /**
   * For a state whose lanes under vmap must not share its value: values for `n` lanes, stacked, and the value to go on with afterwards. Null: the
   * value is the same for all. @internal
   */
  splitForLanes(_n: number): { lanes: Array; after: unknown } | null {
    return null;
  }

  /** A short name for messages. @internal */
  describe(): string {
    return this.name === null ? `a ${this.constructor.name}` : `${this.constructor.name} '${this.name}'`;
  }

  /** The value: what JSON.stringify writes. */
  toJSON(): unknown {
    const value: unknown = this.value;
    return value instanceof Array ? value.toJSON() : value;
  }

  override toString(): string {
    return this.render(0);
  }

  [inspect.custom](): string {
    return this.render(0);
  }

  /** @internal */
  render(indent: number): string {
    return stateText(this as State<unknown>, this.poisoned ? null : { of: this.current() }, indent);
  }
}

markCopy(State, 'the array that it holds is its value, s.value');
