import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client } from './client';
import { ArgumentError } from './errors';
import { type Attributes, type Handle, native } from './native';

export type ClientOptions = Record<string, string | number | bigint | boolean | readonly number[]>;

// A value of the wrong type aborts the process, so that the options we know are checked here.
const KNOWN: Record<string, 'string' | 'int64' | 'float' | 'bool' | 'int64List'> = {
  cpu_device_count: 'int64',
  preallocate: 'bool',
  memory_fraction: 'float',
  allocator: 'string',
  visible_devices: 'int64List',
  node_id: 'int64',
  num_nodes: 'int64',
  collective_memory_size: 'int64',
  platform_name: 'string',
  enable_mock_nccl: 'bool',
};

function typed(name: string, value: unknown): [string, string, unknown] {
  const expected = KNOWN[name];
  const fail = (want: string): never => {
    throw new ArgumentError(`createClient: expected option ${name} to be ${want}, got ${String(value)}`);
  };
  if (expected === undefined) throw new ArgumentError(`createClient: unknown option '${name}'; known are ${Object.keys(KNOWN).join(', ')}`);
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

/** A loaded PJRT plugin. A library is loaded once a process, and stays. */
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
   * @throws ArgumentError for options unknown to us or of the wrong type
   */
  createClient(options: ClientOptions = {}): Client {
    const isCpu = /cpu/i.test(this.path);
    const all: ClientOptions = isCpu ? { cpu_device_count: 1, ...options } : { preallocate: false, ...options };
    const list = Object.keys(all).sort().map((k) => typed(k, all[k]));
    return new Client(this, native().createClient(this.handle, list));
  }
}
