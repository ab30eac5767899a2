import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue, isComplex } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { pythonKey } from '../functional/pythonKey';
import { CheckpointMismatchError } from '../storage/errors';
import { isArrayValue, shapeOf } from '../storage/hostArray';

/** What happens where a file does not fit its target: an error, a warning, or nothing (what fits is loaded). */
export type MismatchMode = 'error' | 'warn' | 'ignore';

/** A number that is stored as an integer, or as a float, whatever its value: JS cannot tell 1 from 1.0. @example new file.PythonNumber('float', 2).value; // 2 */
export class PythonNumber {
  readonly kind: 'int' | 'float';
  readonly value: number | bigint;

  constructor(kind: 'int' | 'float', value: number | bigint) {
    this.kind = kind;
    this.value = value;
  }
}

/**
 * A number to be stored as Python's `float`, with a whole value too.
 *
 * @throws ArgumentError unless it is given a number
 * @example
 * file.float(1).kind; // 'float'
 */
export function float(value: number): PythonNumber {
  if (typeof value !== 'number') throw new ArgumentError(`file.float: expected a number, got ${describeValue(value)}`);
  return new PythonNumber('float', value);
}

/**
 * A whole number to be stored as Python's `int`: bigints of any size up to 64 bits.
 *
 * @throws ArgumentError unless it is given a whole number
 * @example
 * file.int(1).kind; // 'int'
 */
export function int(value: number | bigint): PythonNumber {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) throw new ArgumentError(`file.int: expected a whole number, got ${describeValue(value)}`);
  return new PythonNumber('int', BigInt(value));
}

/** A state dict as it is packed: maps by text in order, with leaves. */
export type StateMap = Map<string, unknown>;

/** What a restoring function of a registered class gets. */
export interface RestoreContext {
  readonly mismatch: MismatchMode;
  /** Where in the file it is, `./layers/0`. */
  readonly path: string;
  /** Restores a part of the target from a part of the state dict. */
  restore(target: unknown, state: unknown, name: string): unknown;
  /** Runs `f` once all of the file has been found to fit: put values in place here, so that a file that does not fit changes nothing. */
  commit(f: () => void): void;
}

/** From an object to what stands for it in a file: a tree, whose parts are converted in turn. */
export type ToStateDict<T> = (x: T) => unknown;
/** From an object and what a file has for it to the restored object. */
export type FromStateDict<T> = (target: T, state: unknown, context: RestoreContext) => unknown;

interface Handler {
  to: ToStateDict<never>;
  from: FromStateDict<never>;
}

const registry = new Map<unknown, Handler>();

/**
 * Tells how instances of a class, and of its subclasses unless they have their own, are saved and restored.
 *
 * Mirrors `braintools.file.msgpack_register_serialization`.
 *
 * @param cls the class
 * @param to makes a plain value of an instance
 * @param from makes an instance of one
 * @throws ArgumentError if the class has a registration and `override` is not given
 * @example
 * ```ts
 * class Counter { n = 0; }
 * file.registerSerialization(Counter, (c) => c.n, (c, state, context) => { context.commit(() => { c.n = state as number; }); return c; });
 * file.msgpackToStateDict({ steps: new Counter() }); // { steps: 0 }
 * ```
 */
export function registerSerialization<T>(cls: abstract new (...args: never[]) => T, to: ToStateDict<T>, from: FromStateDict<T>, given: { override?: boolean } = {}): void {
  const { override = false } = checkOptions('registerSerialization', ['override'], given);
  if (typeof cls !== 'function') throw new ArgumentError(`registerSerialization: expected cls to be a class, got ${describeValue(cls)}`);
  if (registry.has(cls.prototype) && !override) throw new ArgumentError(`registerSerialization: class ${cls.name} is registered already; replace it with { override: true }`);
  registry.set(cls.prototype, { to, from } as Handler);
}

function handlerOf(x: object): Handler | undefined {
  for (let p = Object.getPrototypeOf(x); p !== null; p = Object.getPrototypeOf(p)) {
    const h = registry.get(p);
    if (h !== undefined) return h;
  }
  return undefined;
}

/** Whether a plain object is a complex number rather than a dict. */
function isComplexNumber(x: Record<string, unknown>): boolean {
  return isComplex(x) && Object.keys(x).length === 2;
}

const MAX_DEPTH = 128;

function fromEntries(entries: Iterable<[unknown, unknown]>, path: string, depth: number): StateMap {
  const out: StateMap = new Map();
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    const text = pythonKey(key, path);
    if (out.has(text)) throw new ArgumentError(`the dict at ${path} has two keys whose text is '${text}'`);
    out.set(text, toStateMap(value, `${path}/${text}`, depth + 1));
  }
  return out;
}

/** A tree with its containers turned into maps by text, lists too, and registered objects into what stands for them. */
export function toStateMap(x: unknown, path = '.', depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new ArgumentError(`${path.slice(0, 80)}…: nested more than ${MAX_DEPTH} deep; does it hold itself?`);
  switch (typeof x) {
    case 'boolean': case 'number': case 'bigint': case 'string': return x;
    case 'object': break;
    default: throw new ArgumentError(`cannot save ${describeValue(x)}, at ${path}`);
  }
  if (x === null || x instanceof PythonNumber || Buffer.isBuffer(x) || isArrayValue(x)) return x;
  const handler = handlerOf(x);
  if (handler !== undefined) {
    const made = handler.to(x as never);
    return made === x ? x : toStateMap(made, path, depth + 1);
  }
  if (Array.isArray(x)) {
    const hole = x.indexOf(undefined);
    if (hole >= 0) throw new ArgumentError(`cannot save undefined, at ${path}/${hole}`);
    return fromEntries(x.map((v, i): [unknown, unknown] => [i, v]), path, depth);
  }
  if (x instanceof Map) return fromEntries(x, path, depth);
  if (isPlainObject(x)) return isComplexNumber(x) ? x : fromEntries(Object.entries(x), path, depth);
  throw new ArgumentError(`cannot save ${describeValue(x)}, at ${path}: register its class with file.registerSerialization, or save its states`);
}

/** A key with any name, `__proto__` too, put as an object's own. */
export function setOwn(o: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(o, key, { value, enumerable: true, configurable: true, writable: true });
  else o[key] = value;
}

function plain(x: unknown): unknown {
  if (!(x instanceof Map)) return x;
  const out: Record<string, unknown> = {};
  for (const [key, value] of x) setOwn(out, key, plain(value));
  return out;
}

/**
 * What a tree is saved as: nested plain objects with text keys, lists as `{ '0': …, '1': … }`, states as their values.
 *
 * Mirrors `braintools.file.msgpack_to_state_dict`. (Objects of JS have whole numbers as keys first; files keep the order of a `Map`.)
 *
 * @throws ArgumentError for what cannot be saved, naming where it is
 * @example
 * file.msgpackToStateDict([1, { a: 2 }]); // { 0: 1, 1: { a: 2 } }
 */
export function msgpackToStateDict(target: unknown): unknown {
  return plain(toStateMap(target));
}

/** Restores trees, and puts values in place when all of them fit. */
class Restorer {
  readonly mismatch: MismatchMode;
  private readonly commits: (() => void)[] = [];

  constructor(mismatch: MismatchMode) {
    if (mismatch !== 'error' && mismatch !== 'warn' && mismatch !== 'ignore') {
      throw new ArgumentError(`invalid mismatch mode: '${String(mismatch)}'. It must be one of 'error', 'warn', or 'ignore'`);
    }
    this.mismatch = mismatch;
  }

  private complain(message: string, path: string): void {
    const text = `${message}, at ${path}`;
    if (this.mismatch === 'error') throw new CheckpointMismatchError(text);
    if (this.mismatch === 'warn') process.emitWarning(text, 'CheckpointWarning');
  }

  restore(target: unknown, state: unknown, path: string): unknown {
    if (typeof target !== 'object' || target === null || target instanceof PythonNumber || Buffer.isBuffer(target)) return state;
    if (isArrayValue(target)) {
      if (!isArrayValue(state)) {
        // A state dict may hold plain numbers where the target has arrays, but no dict.
        if (isPlainObject(state)) this.complain('expected an array, got a dict', path);
        return state;
      }
      const [expected, given] = [shapeOf(target), shapeOf(state)];
      if (expected.length !== given.length || expected.some((n, i) => n !== given[i])) {
        this.complain(`array shape mismatch: expected (${expected.join(', ')}), got (${given.join(', ')})`, path);
      }
      return state;
    }
    const handler = handlerOf(target);
    if (handler !== undefined) {
      return handler.from(target as never, state, {
        mismatch: this.mismatch,
        path,
        restore: (t, s, name) => this.restore(t, s, name === '' ? path : `${path}/${name}`),
        commit: (f) => this.commits.push(f),
      });
    }
    if (Array.isArray(target)) return this.restoreList(target, state, path);
    if (target instanceof Map) return new Map(this.restoreDict([...target], state, path));
    if (!isPlainObject(target) || isComplexNumber(target)) return state;
    const out: Record<string, unknown> = {};
    for (const [key, value] of this.restoreDict(Object.entries(target), state, path)) setOwn(out, key as string, value);
    return out;
  }

  private restoreList(target: readonly unknown[], state: unknown, path: string): unknown[] {
    if (!isPlainObject(state)) {
      this.complain(`expected a list of ${target.length} entries, got ${isArrayValue(state) ? 'an array' : describeValue(state)}`, path);
      return [...target];
    }
    const n = Object.keys(state).length;
    if (n !== target.length) this.complain(`the list has ${target.length} entries, the file ${n}`, path);
    return target.map((x, i) => (i < n && Object.hasOwn(state, String(i)) ? this.restore(x, state[String(i)], `${path}/${i}`) : x));
  }

  private restoreDict(target: [unknown, unknown][], state: unknown, path: string): [unknown, unknown][] {
    if (!isPlainObject(state)) {
      this.complain(`expected a dict, got ${isArrayValue(state) ? 'an array' : describeValue(state)}`, path);
      return target;
    }
    const texts = target.map(([key]) => pythonKey(key, path));
    const missing = texts.filter((t) => !Object.hasOwn(state, t));
    if (missing.length > 0) this.complain(`the target has keys {${missing.map((t) => `'${t}'`).join(', ')}} which the file has not`, path);
    return target.map(([key, value], i) => [key, Object.hasOwn(state, texts[i]!) ? this.restore(value, state[texts[i]!], `${path}/${texts[i]!}`) : value]);
  }

  commit(): void {
    for (const f of this.commits) f();
  }
}

export function checkMismatchMode(mode: unknown): void {
  new Restorer(mode as MismatchMode);
}

/**
 * The target with its leaves from a state dict: of the same structure, states in it assigned in place. Keys that only the state dict has are
 * ignored; missing keys, other lengths of lists and other shapes are mismatches; element types are not compared. With `'error'` nothing is
 * assigned unless all fits. Without a target (null) the state dict is the result.
 *
 * Mirrors `braintools.file.msgpack_from_state_dict`.
 *
 * @throws CheckpointMismatchError where they do not fit and `mismatch` is `'error'`
 * @example
 * file.msgpackFromStateDict([0, { a: 0 }], { 0: 1, 1: { a: 2 } }); // [1, { a: 2 }]
 */
export function msgpackFromStateDict(target: unknown, state: unknown, given: { name?: string; mismatch?: MismatchMode } = {}): unknown {
  const { name = '.', mismatch = 'error' } = checkOptions('msgpackFromStateDict', ['name', 'mismatch'], given);
  const r = new Restorer(mismatch);
  const result = r.restore(target, state, name);
  r.commit();
  return result;
}
