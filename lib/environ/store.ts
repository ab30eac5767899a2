import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Array } from '../core/array';
import { config } from '../core/config';
import { checkFunction, checkInstance } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { makeFolder } from '../pjrt/cacheDir';
import { whenOver } from '../pjrt/promises';
import { EnvironError } from './errors';
import {
  canonicalKey, type ContextSettings, DEFAULT_PRECISION, DT, DUMP_HLO_TO, HOST_DEVICE_COUNT, type KnownSettings, PLATFORM, PRECISION, type Precision, type Settings, SUPPORTED_PRECISIONS,
} from './keys';
import { getHostDeviceCount, getPlatform, setHostDeviceCount, setPlatform } from './platform';

/** A value that was set or entered, and when, counted over all environments. */
export interface Entry {
  readonly value: unknown;
  readonly serial: number;
}

/** What is called when a key is set, and when a context that has it begins or ends. */
export type Behavior = (value: unknown) => void;

/**
 * An environment of its own: settings, open contexts, and behaviours. Functions of this namespace take one as `env`; without it they use the
 * process's (each worker thread has its own). Only the process's environment switches 64-bit types.
 *
 * Mirrors `brainstate.environ.EnvironmentState`.
 *
 * @example
 * ```ts
 * const env = new environ.EnvironmentState();
 * environ.set({ dt: 0.5 }, { env });
 * environ.getDt({ env }); // 0.5
 * ```
 */
export class EnvironmentState {
  /** @internal */
  readonly settings = new Map<string, Entry>();
  /** @internal */
  readonly contexts = new Map<string, Entry[]>();
  /** @internal */
  readonly functions = new Map<string, Behavior>();

  constructor() {
    this.settings.set(PRECISION, { value: DEFAULT_PRECISION, serial: 0 });
  }
}

const DEFAULT = new EnvironmentState();

let serial = 0;
let version = 0;
let lastVersion = 0;

export function lastSerial(): number {
  return serial;
}

/** A number that differs whenever something was set or entered that is still in force: leaving a context brings the number before it back. */
export function environVersion(): number {
  return version;
}

function changed(): number {
  version = ++lastVersion;
  return version;
}

export interface ReadListener {
  read(env: EnvironmentState, key: string, entry: Entry | undefined): void;
  readAll(env: EnvironmentState): void;
}

let listener: ReadListener | undefined;

export function setReadListener(l: ReadListener): void {
  listener = l;
}

/** The entry in force for a key; reading it this way is not recorded. */
export function lookup(env: EnvironmentState, key: string): Entry | undefined {
  const stack = env.contexts.get(key);
  return stack !== undefined && stack.length > 0 ? stack[stack.length - 1] : env.settings.get(key);
}

function warn(message: string): void {
  process.emitWarning(message, 'RuntimeWarning');
}

function runBehavior(env: EnvironmentState, key: string, value: unknown): void {
  const f = env.functions.get(key);
  if (f === undefined) return;
  try {
    f(value);
  } catch (e) {
    warn(`environ: the behaviour registered for '${key}' threw: ${e instanceof Error ? e.message : String(e)}`);
  }
}

function checkPrecision(op: string, value: unknown): void {
  if (!SUPPORTED_PRECISIONS.some((p) => String(p) === String(value) && (typeof value === 'number' || typeof value === 'string'))) {
    throw new ArgumentError(`environ.${op}: expected precision to be one of ${SUPPORTED_PRECISIONS.join(', ')}, got ${String(value)}`);
  }
}

function checkDt(op: string, value: unknown): void {
  if (typeof value !== 'number' && !(value instanceof Array && value.ndim === 0)) {
    throw new ArgumentError(`environ.${op}: expected dt to be a number or an array of shape [], got ${value instanceof Array ? `one of type ${value.aval}` : typeof value}`);
  }
}

function checkFolder(op: string, value: unknown): void {
  if (value === null) return;
  if (typeof value !== 'string' || value === '') throw new ArgumentError(`environ.${op}: expected dumpHloTo to be the path of a folder, or null, got ${describeValue(value)}`);
  try {
    makeFolder(resolve(value));
    accessSync(value, constants.W_OK);
    if (!statSync(value).isDirectory()) throw new Error('it is no folder');
  } catch (cause) {
    throw new EnvironError(`environ.${op}: dumpHloTo: the folder '${value}' cannot be written to: ${(cause as Error).message}`, { cause });
  }
}

/** Checked entries of settings given by a user, undefined ones left out. */
function given(op: string, settings: object): [string, unknown][] {
  if (typeof settings !== 'object' || settings === null) throw new ArgumentError(`environ.${op}: expected an object of settings, got ${String(settings)}`);
  const entries = Object.entries(settings).filter(([, v]) => v !== undefined).map(([k, v]): [string, unknown] => [canonicalKey(k), v]);
  for (const [key, value] of entries) {
    if (key === PRECISION) checkPrecision(op, value);
    if (key === DT) checkDt(op, value);
    if (key === DUMP_HLO_TO) checkFolder(op, value);
  }
  return entries;
}

const DUMP_VARIABLE = 'XLASTATE_DUMP_HLO_TO';

/** 64-bit types exist where the precision in force is 64; programs are written where `dumpHloTo`, or else the environment variable, says. */
function applyConfig(env: EnvironmentState): void {
  if (env !== DEFAULT) return;
  config.enableX64 = String(lookup(env, PRECISION)?.value) === '64';
  const dump = lookup(env, DUMP_HLO_TO);
  config.dumpHloTo = dump === undefined ? process.env[DUMP_VARIABLE] || null : (dump.value as string | null);
}

/** Which environment is asked. @throws ArgumentError for another thing */
export function envOf(op: string, options: EnvOption | null | undefined): EnvironmentState {
  const env = options?.env ?? DEFAULT;
  if (env !== DEFAULT) checkInstance(`environ.${op}`, env, EnvironmentState, 'env to be an EnvironmentState');
  return env;
}

/** Which environment is asked: the default one unless given. */
export interface EnvOption {
  /** The environment to use in place of the process's. */
  env?: EnvironmentState;
}

/**
 * Sets values for the whole process. Known keys are checked; any other key is yours.
 *
 * `precision: 64` turns 64-bit types on, any other precision off. `platform` and `hostDeviceCount` act on the device client, which is made when
 * the first array is: afterwards they throw unless it is as asked already. `dumpHloTo` names a folder that every program is written to when it is
 * compiled, as StableHLO and as XLA optimised it. Mirrors `brainstate.environ.set`.
 *
 * @throws ArgumentError for an impossible value
 * @throws EnvironError if the client exists and is another, or a folder cannot be written to
 * @example
 * environ.set({ precision: 64, dt: 0.1 });
 */
export function set(settings: Settings, options: EnvOption = {}): void {
  const env = envOf('set', checkOptions('environ.set', ['env'], options));
  const entries = given('set', settings);
  for (const [key, value] of entries) {
    if (key === PLATFORM) setPlatform(value as never), runBehavior(DEFAULT, key, value);
    if (key === HOST_DEVICE_COUNT) setHostDeviceCount(value as number), runBehavior(DEFAULT, key, value);
  }
  const own = entries.filter(([k]) => k !== PLATFORM && k !== HOST_DEVICE_COUNT);
  for (const [key, value] of own) env.settings.set(key, { value, serial: ++serial });
  changed();
  applyConfig(env);
  for (const [key, value] of own) runBehavior(env, key, value);
}

/** Options of `get`. */
export interface GetOptions<D> extends EnvOption {
  /** Given if the key is not set; without it that is an error. */
  default?: D;
  /** What the key is for, told in the error. */
  desc?: string;
}

/**
 * The value of a key: of the innermost context that has it, else what was set.
 *
 * Under a transformation the key becomes part of what the compiled function depends on: a call in which it has another value compiles anew.
 * Mirrors `brainstate.environ.get`.
 *
 * @throws EnvironError if the key is not set and no default is given
 * @example
 * environ.get('fit', { default: false });
 */
export function get<K extends keyof KnownSettings>(key: K, options?: EnvOption & { desc?: string }): KnownSettings[K];
export function get<K extends keyof KnownSettings, D>(key: K, options: GetOptions<D>): KnownSettings[K] | D;
export function get<V = unknown>(key: string, options?: GetOptions<V>): V;
export function get(name: string, options: GetOptions<unknown> = {}): unknown {
  checkOptions('environ.get', ['default', 'desc', 'env'], options);
  const key = canonicalKey(name);
  if (key === PLATFORM) return getPlatform();
  if (key === HOST_DEVICE_COUNT) return getHostDeviceCount();
  const env = envOf('get', options);
  const entry = lookup(env, key);
  listener?.read(env, key, entry);
  if (entry !== undefined) return entry.value;
  if (options?.default !== undefined) return options.default;
  throw new EnvironError(`environ.get: key '${key}' is not set.${options?.desc ? ` It is: ${options.desc}.` : ''} `
    + `Set it with environ.set({ ${key}: value }), or for a while with environ.context({ ${key}: value }, f), or give a default`);
}

/** Every key with the value in force. Mirrors `brainstate.environ.all`. @example typeof environ.all(); // 'object' */
export function all(options: EnvOption & { /** @internal */ record?: boolean } = {}): Record<string, unknown> {
  const { record = true } = checkOptions('environ.all', ['env', 'record'], options);
  const env = envOf('all', options);
  if (record) listener?.readAll(env);
  const out: Record<string, unknown> = {};
  for (const [key, entry] of env.settings) out[key] = entry.value;
  for (const [key, stack] of env.contexts) if (stack.length > 0) out[key] = stack[stack.length - 1]!.value;
  return out;
}

/**
 * Removes a key that was set and gives its value. Mirrors `brainstate.environ.pop`.
 *
 * @throws EnvironError if an open context has the key, or it is not set and no default is given
 * @example
 * ```ts
 * environ.set({ rate: 0.5 });
 * environ.pop('rate'); // 0.5
 * ```
 */
export function pop<V = unknown>(name: string, options: { default?: V } & EnvOption = {}): V {
  checkOptions('environ.pop', ['default', 'env'], options);
  const key = canonicalKey(name);
  const env = envOf('pop', options);
  const open = env.contexts.get(key)?.length ?? 0;
  if (open > 0) throw new EnvironError(`environ.pop: key '${key}' is in force in ${open} open context${open > 1 ? 's' : ''}; leave them first`);
  const entry = env.settings.get(key);
  if (entry === undefined) {
    if (options?.default !== undefined) return options.default;
    throw new EnvironError(`environ.pop: key '${key}' is not set; give a default if that may be`);
  }
  listener?.read(env, key, entry);
  env.settings.delete(key);
  changed();
  applyConfig(env);
  return entry.value as V;
}

/** Settings in force until it is disposed of. */
export class Context implements Disposable {
  private readonly env: EnvironmentState;
  private readonly entries: [string, Entry][];
  private readonly before: number;
  private readonly own: number;
  private open = true;

  /** @internal Use {@link context}. */
  constructor(env: EnvironmentState, settings: [string, unknown][]) {
    this.env = env;
    this.entries = settings.map(([key, value]) => [key, { value, serial: ++serial }]);
    for (const [key, entry] of this.entries) {
      const stack = env.contexts.get(key);
      if (stack === undefined) env.contexts.set(key, [entry]);
      else stack.push(entry);
    }
    this.before = version;
    this.own = changed();
    applyConfig(env);
    for (const [key, entry] of this.entries) runBehavior(env, key, entry.value);
  }

  /** Every key with the value in force in the environment. */
  get settings(): Record<string, unknown> {
    return all({ env: this.env });
  }

  /** Leaves the context. Safe to call twice. Contexts left out of order take only what is theirs. */
  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    for (const [key, entry] of this.entries) {
      const stack = this.env.contexts.get(key);
      const at = stack?.lastIndexOf(entry) ?? -1;
      if (at >= 0) stack!.splice(at, 1);
    }
    // Everything is as it was before, unless something else was set or left meanwhile.
    if (version === this.own) version = this.before;
    else changed();
    applyConfig(this.env);
    for (const [key] of this.entries) {
      const back = lookup(this.env, key);
      if (back !== undefined && back.value !== null) runBehavior(this.env, key, back.value);
    }
  }
}

/**
 * Puts settings in force while a function runs, and gives its result; without a function, until the returned context is disposed of.
 *
 * The settings before come back however the function ends. If it returns a promise they stay until that settles; as there is one environment
 * for all that runs in a thread, other code that runs meanwhile sees them too, as it does where `using` spans an `await`: enter contexts inside
 * the synchronous parts of concurrent tasks. Mirrors `brainstate.environ.context`.
 *
 * @throws EnvironError for `platform` and `hostDeviceCount`, which can only be set for the process
 * @example
 * const y = environ.context({ fit: true }, () => environ.get('fit'));
 */
export function context(settings: ContextSettings, options?: EnvOption): Context;
export function context<R>(settings: ContextSettings, f: () => R, options?: EnvOption): R;
export function context<R>(settings: ContextSettings, second?: (() => R) | EnvOption, third?: EnvOption): R | Context {
  const entries = given('context', settings);
  for (const [key] of entries) {
    if (key === PLATFORM || key === HOST_DEVICE_COUNT) throw new EnvironError(`environ.context: '${key}' cannot change for a while; set it for the process with environ.set`);
  }
  const f = typeof second === 'function' ? second : undefined;
  const options = f === undefined ? (second as EnvOption | undefined) : third;
  const opened = new Context(envOf('context', checkOptions('environ.context', ['env'], options)), entries);
  if (f === undefined) return opened;
  return whenOver(f, () => opened[Symbol.dispose]());
}

/**
 * Forgets all settings, open contexts and behaviours: precision is 32 again. Platform and devices stay as they are. Mirrors `brainstate.environ.reset`.
 *
 * @example
 * ```ts
 * const env = new environ.EnvironmentState();
 * environ.set({ rate: 0.5 }, { env });
 * environ.reset({ env });
 * environ.get('rate', { env, default: null }); // null
 * ```
 */
export function reset(options: EnvOption = {}): void {
  const env = envOf('reset', checkOptions('environ.reset', ['env'], options));
  env.settings.clear();
  env.contexts.clear();
  env.functions.clear();
  env.settings.set(PRECISION, { value: DEFAULT_PRECISION, serial: ++serial });
  changed();
  applyConfig(env);
}

/**
 * Calls a function whenever a key is set, and when a context with it begins or ends (then with the value that is back in force). What it throws
 * becomes a RuntimeWarning. Mirrors `brainstate.environ.register_default_behavior`.
 *
 * @param behavior what is called with the value that is set
 * @throws ArgumentError if the key has a behaviour and `replaceIfExist` is not given
 * @example
 * ```ts
 * const seen: unknown[] = [];
 * environ.registerDefaultBehavior('rate', (value) => seen.push(value));
 * environ.set({ rate: 0.5 });
 * environ.unregisterDefaultBehavior('rate');
 * seen; // [0.5]
 * ```
 */
export function registerDefaultBehavior(key: string, behavior: Behavior, options: { replaceIfExist?: boolean } & EnvOption = {}): void {
  const { replaceIfExist = false } = checkOptions('environ.registerDefaultBehavior', ['replaceIfExist', 'env'], options);
  const env = envOf('registerDefaultBehavior', options);
  if (typeof key !== 'string') throw new ArgumentError(`environ.registerDefaultBehavior: expected key to be a string, got ${typeof key}`);
  checkFunction('environ.registerDefaultBehavior', 'behavior', behavior);
  const name = canonicalKey(key);
  if (env.functions.has(name) && !replaceIfExist) throw new ArgumentError(`environ.registerDefaultBehavior: key '${key}' has a behaviour already; replace it with { replaceIfExist: true }`);
  env.functions.set(name, behavior);
}

/**
 * Removes the behaviour of a key; whether there was one. Mirrors `brainstate.environ.unregister_default_behavior`.
 *
 * @example
 * ```ts
 * environ.registerDefaultBehavior('rate', () => {});
 * environ.unregisterDefaultBehavior('rate'); // true
 * ```
 */
export function unregisterDefaultBehavior(key: string, options: EnvOption = {}): boolean {
  const env = envOf('unregisterDefaultBehavior', checkOptions('environ.unregisterDefaultBehavior', ['env'], options));
  return env.functions.delete(canonicalKey(key));
}

/** The keys that have behaviours. Mirrors `brainstate.environ.list_registered_behaviors`. @example environ.listRegisteredBehaviors().length >= 0; // true */
export function listRegisteredBehaviors(options: EnvOption = {}): string[] {
  const env = envOf('listRegisteredBehaviors', checkOptions('environ.listRegisteredBehaviors', ['env'], options));
  return [...env.functions.keys()];
}

/** The default precision as it was given. @internal */
export function rawPrecision(env?: EnvironmentState): Precision {
  return get(PRECISION, { default: DEFAULT_PRECISION, env }) as Precision;
}

/** The step of numerical integration. Mirrors `brainstate.environ.get_dt`. @throws EnvironError if it is not set @example environ.context({ dt: 0.1 }, () => environ.getDt()); // 0.1 */
export function getDt(options: EnvOption = {}): number | Array {
  return get(DT, options);
}
