import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Client } from './client';
import { ArgumentError } from './errors';
import { type Attributes, type Handle, native } from './native';

/** Options of the client that a plugin makes, by name as the plugin knows them. */
export type ClientOptions = Record<string, string | number | bigint | boolean | readonly number[]>;

type OptionType = 'string' | 'int64' | 'float' | 'bool' | 'int64List';

// A value of the wrong type aborts the process, so that only options we know are passed on.
const CPU_OPTIONS: Record<string, OptionType> = { cpu_device_count: 'int64' };
const GPU_OPTIONS: Record<string, OptionType> = {
  platform_name: 'string',
  allocator: 'string',
  memory_fraction: 'float',
  preallocate: 'bool',
  collective_memory_size: 'int64',
  visible_devices: 'int64List',
  node_id: 'int64',
  num_nodes: 'int64',
  enable_mock_nccl: 'bool',
};

type Family = 'cpu' | 'gpu' | 'other';

/** What kind of platform a plugin is for cannot be asked before there is a client; its file's name tells, or the options that are given do. */
function familyOf(path: string, options: ClientOptions): Family {
  const names = Object.keys(options);
  const gpu = /cuda|rocm|gpu|sycl|oneapi/i.test(basename(path)) || process.env.XLASTATE_PLATFORM === 'cuda' || process.env.XLASTATE_PLATFORM === 'rocm';
  if (gpu || (names.some((n) => n in GPU_OPTIONS) && !names.some((n) => n in CPU_OPTIONS))) return 'gpu';
  return /tpu|neuron|metal/i.test(basename(path)) ? 'other' : 'cpu';
}

function typed(name: string, value: unknown, known: Record<string, OptionType>): [string, string, unknown] {
  const expected = Object.hasOwn(known, name) ? known[name] : undefined;
  const fail = (want: string): never => {
    throw new ArgumentError(`createClient: expected option ${name} to be ${want}, got ${typeof value === 'string' ? `'${value}'` : String(value)}`);
  };
  if (expected === undefined) throw new ArgumentError(`createClient: unknown option '${name}'; this platform's are ${Object.keys(known).join(', ') || 'none'}`);
  switch (expected) {
    case 'string': if (typeof value !== 'string') fail('a string'); break;
    case 'bool': if (typeof value !== 'boolean') fail('a boolean'); break;
    case 'float': if (typeof value !== 'number' || !Number.isFinite(value)) fail('a finite number'); break;
    case 'int64': if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value))) fail('an integer'); break;
    case 'int64List': if (!Array.isArray(value) || !value.every((x) => Number.isSafeInteger(x))) fail('an array of integers'); break;
  }
  if (name === 'cpu_device_count' && (Number(value) < 1 || Number(value) > 1024)) fail('from 1 to 1024');
  return [name, expected, value];
}

/** A loaded PJRT plugin. A library is loaded once a process, and stays. @example typeof pjrt.defaultClient().plugin.apiVersion.major; // 'number' */
export class Plugin {
  readonly path: string;
  readonly apiVersion: { readonly major: number; readonly minor: number };
  readonly attributes: Readonly<Attributes>;
  /** Numbers of the API extensions it has, in the order of `PJRT_Extension_Type`. */
  readonly extensions: readonly number[];
  private readonly handle: Handle;
  private digest: string | undefined;

  private constructor(info: ReturnType<ReturnType<typeof native>['loadPlugin']>) {
    this.handle = info.handle;
    this.path = info.path;
    this.apiVersion = { major: info.major, minor: info.minor };
    this.attributes = info.attributes;
    this.extensions = info.extensions;
  }

  /** Loads a plugin. @throws PluginError if the file is missing, no library, or no PJRT plugin of a version we know */
  static load(path: string): Plugin {
    if (typeof path !== 'string') throw new ArgumentError(`Plugin.load: expected path to be a string, got ${typeof path}`);
    return new Plugin(native().loadPlugin(path));
  }

  /** SHA-256 of the library, in hexadecimal. */
  hash(): string {
    this.digest ??= createHash('sha256').update(readFileSync(this.path)).digest('hex');
    return this.digest;
  }

  /**
   * The client for a set of options; the same one every time, in all threads of the process. CPU clients have one device unless
   * `cpu_device_count` says otherwise; GPU clients do not take all memory unless `preallocate` says so.
   *
   * @param instance another number is another client of the same options: programs of one run in the order of their starts, those of two do not wait for each other
   * @throws ArgumentError for options unknown to us or of the wrong type
   */
  createClient(options: ClientOptions = {}, instance = 0): Client {
    if (typeof options !== 'object' || options === null) throw new ArgumentError(`createClient: expected options to be an object, got ${String(options)}`);
    const family = familyOf(this.path, options);
    const known = family === 'cpu' ? CPU_OPTIONS : family === 'gpu' ? GPU_OPTIONS : {};
    const all: ClientOptions = { ...(family === 'cpu' ? { cpu_device_count: 1 } : family === 'gpu' ? { preallocate: false } : {}), ...options };
    const names = Object.keys(all).filter((k) => all[k] !== undefined).sort();
    return Client.of(this, native().createClient(this.handle, names.map((k) => typed(k, all[k], known)), instance), options);
  }
}
