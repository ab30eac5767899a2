import { BLAS_TARGETS, type BlasTarget, findBlas } from './blas';
import { type Buffer, newBuffer, onClient } from './buffer';
import type { HostCallback } from './callbacks';
import { type CompileOptions, encodeCompileOptions } from './compileOptions';
import { findPlugin } from './discovery';
import { ArgumentError, PluginError } from './errors';
import { Executable, openSerialized } from './executable';
import { type Attributes, type Handle, type NativeDevice, type NativeMemory, native, type Parameter } from './native';
import { type ClientOptions, Plugin } from './plugin';
import { Message, withoutTerminator } from './protobuf';
import { parseSignature } from './signature';
import { recording, timed } from './spans';
import { type DType, isDtype } from './types';

/** One device of a client. Mirrors `PJRT_Device`. @example pjrt.defaultClient().addressableDevices[0] instanceof pjrt.Device; // true */
export class Device {
  readonly client: Client;
  /** Place in the client's `devices`. */
  readonly index: number;
  readonly id: number;
  readonly kind: string;
  readonly processIndex: number;
  readonly localHardwareId: number;
  readonly addressable: boolean;
  readonly attributes: Readonly<Attributes>;
  readonly debugString: string;
  private readonly info: NativeDevice;

  constructor(client: Client, index: number, info: NativeDevice) {
    this.client = client;
    this.index = index;
    this.info = info;
    this.id = info.id;
    this.kind = info.kind;
    this.processIndex = info.processIndex;
    this.localHardwareId = info.localHardwareId;
    this.addressable = info.addressable;
    this.attributes = info.attributes;
    this.debugString = info.debugString;
  }

  get memories(): Memory[] {
    return this.info.memories.map((i) => this.client.memories[i]!);
  }

  get defaultMemory(): Memory | null {
    return this.client.memories[this.info.defaultMemory] ?? null;
  }

  /** Bytes in use as the platform counts them; null where it does not, as on the CPU: see {@link Client.memoryStats}. */
  memoryStats(): Record<string, number> | null {
    return native().deviceMemoryStats(this.client.handle, this.index);
  }

  toString(): string {
    return this.info.text;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.info.text;
  }
}

/** One memory of a client's devices. Mirrors `PJRT_Memory`. @example pjrt.defaultClient().addressableDevices[0]!.defaultMemory instanceof pjrt.Memory; // true */
export class Memory {
  readonly client: Client;
  /** Place in the client's `memories`. */
  readonly index: number;
  readonly id: number;
  readonly kind: string;
  readonly debugString: string;
  private readonly deviceIndices: readonly number[];

  constructor(client: Client, index: number, info: NativeMemory) {
    this.client = client;
    this.index = index;
    this.id = info.id;
    this.kind = info.kind;
    this.debugString = info.debugString;
    this.deviceIndices = info.devices;
  }

  get devices(): Device[] {
    return this.deviceIndices.map((i) => this.client.devices[i]!);
  }
}

/** Where a buffer goes. */
export interface Placement {
  /** The device. */
  device?: Device;
  /** The memory of a device. */
  memory?: Memory;
  /**
   * Share the host's memory where the platform can (the CPU does). Only memory of {@link allocateHost} is shared, other memory is copied all the
   * same. What is shared must not be written while the buffer lives.
   */
  zeroCopy?: boolean;
}

/** Zeroed host memory that {@link Client.bufferFromHost} can share with a device buffer, aligned as XLA wants it. @example pjrt.allocateHost(16).byteLength; // 16 */
export function allocateHost(bytes: number): ArrayBuffer {
  return native().allocateHost(bytes);
}

/** When a program ran on a device: from its start by the host to its end, in milliseconds of `performance.now()`. */
export interface ProgramRun {
  /** What it is called. */
  readonly name: string;
  readonly device: Device;
  readonly start: number;
  readonly end: number;
  /** False for one that still runs: its end is that of the profile. */
  readonly ended: boolean;
}

/** A profile that is being taken. */
export interface Profile {
  /** Whether the plugin has a profiler: its extension of the PJRT API. */
  readonly hasProfiler: boolean;
  /** Ends the profile. `space` is what the plugin's profiler gives, a serialized XSpace; empty without one. */
  stop(): { space: Uint8Array; runs: ProgramRun[] };
}

type ClientInfo = ReturnType<ReturnType<typeof native>['createClient']>;

/** The clients that this thread knows, by their number in the process. */
const clients = new Map<number, Client>();
onClient((id) => clients.get(id)!);

/** A connection to a platform's devices: one a process for each plugin and set of options. Mirrors `PJRT_Client`. @example pjrt.defaultClient() instanceof pjrt.Client; // true */
export class Client {
  /** @internal */
  readonly handle: Handle;
  readonly plugin: Plugin;
  readonly platformName: string;
  readonly platformVersion: string;
  readonly processIndex: number;
  readonly devices: readonly Device[];
  readonly memories: readonly Memory[];

  private readonly options: ClientOptions;
  private blas: ReadonlySet<BlasTarget> | null = null;

  private constructor(plugin: Plugin, info: ClientInfo, options: ClientOptions) {
    this.options = options;
    this.plugin = plugin;
    this.handle = info.handle;
    this.platformName = info.platformName;
    this.platformVersion = info.platformVersion;
    this.processIndex = info.processIndex;
    this.devices = info.devices.map((d, i) => new Device(this, i, d));
    this.memories = info.memories.map((m, i) => new Memory(this, i, m));
  }

  /** @internal Use {@link Plugin.createClient}. One object for each client of the process. */
  static of(plugin: Plugin, info: ClientInfo, options: ClientOptions): Client {
    let client = clients.get(info.id);
    if (client === undefined) {
      client = new Client(plugin, info, options);
      clients.set(info.id, client);
    }
    return client;
  }

  /**
   * The custom calls by which programs of this client may hand work to OpenBLAS; {@link findBlas} says which library that is.
   *
   * @throws PluginError where `XLASTATE_BLAS` names something else
   */
  get blasTargets(): ReadonlySet<BlasTarget> {
    this.blas ??= new Set(this.platformName === 'cpu' ? this.enableBlas(findBlas()) : []);
    return this.blas;
  }

  /** Whether programs of this client may hand products of matrices to OpenBLAS. @throws PluginError as {@link blasTargets} */
  get hasProducts(): boolean {
    return this.blasTargets.has('xs_product');
  }

  /** Whether programs of this client may have matrices decomposed by the LAPACK of that library. @throws PluginError as {@link blasTargets} */
  get hasLapack(): boolean {
    return this.blasTargets.has('xs_lapack');
  }

  /** Another client of the same options: programs of one do not wait for those of the other. */
  sibling(instance: number): Client {
    return this.plugin.createClient(this.options, instance);
  }

  get addressableDevices(): Device[] {
    return this.devices.filter((d) => d.addressable);
  }

  get topology(): { platformName: string; platformVersion: string; numDevices: number; attributes: Attributes } {
    return native().topology(this.handle);
  }

  /**
   * Copies row-major host data to a device.
   *
   * @param data elements in host format; types smaller than a byte take one byte each
   * @throws ShapeError if the number of bytes is not that of `dims` and `dtype`
   */
  bufferFromHost(data: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, dtype: DType, dims: readonly number[], placement: Placement = {}): Buffer {
    if (!isDtype(dtype)) throw new ArgumentError(`bufferFromHost: unknown element type ${String(dtype)}`);
    for (const place of [placement.device, placement.memory]) {
      if (place != null && place.client !== this) throw new ArgumentError('bufferFromHost: the device or memory belongs to another client');
    }
    const copy = () => newBuffer((to) => native().bufferFromHost(this.handle, hostBytes(data), dtype, dims, placement.device?.index ?? -1, placement.memory?.index ?? -1, placement.zeroCopy === true, to));
    return recording.on ? timed('to device', { bytes: data.byteLength }, copy) : copy();
  }

  private prepare(program: string | Uint8Array, options: CompileOptions): [Uint8Array, Uint8Array, Parameter[]] {
    if (typeof options !== 'object' || options === null) throw new ArgumentError(`compile: expected options to be an object, got ${String(options)}`);
    for (const id of options.deviceAssignment?.flat() ?? []) {
      if (!this.devices.some((d) => d.id === id)) throw new ArgumentError(`compile: deviceAssignment: there is no device with id ${String(id)}`);
    }
    const isText = typeof program === 'string';
    if (!isText && !ArrayBuffer.isView(program)) throw new ArgumentError('compile: expected the program to be MLIR text or bytecode bytes');
    if (!isText && options.parameters === undefined) throw new ArgumentError('compile: bytecode needs options.parameters, the types of its parameters');
    const parameters = options.parameters?.map((p) => ({ dtype: p.dtype, dims: p.dims, donated: p.donated ?? false })) ?? parseSignature(program as string);
    const bytes = isText ? encodeUtf8(program) : program;
    this.announceBlas(bytes);
    return [bytes, encodeCompileOptions(options, isText && /\bsdy\./.test(program)), parameters];
  }

  private enableBlas(path: string | null): BlasTarget[] {
    if (path === null) return [];
    try {
      return native().enableBlas(this.handle, path);
    } catch (e) {
      // What the user named must be right; without what was installed, programs are slower.
      if (process.env.XLASTATE_BLAS) throw e;
      process.emitWarning(`${(e as Error).message}; what it would do is done by XLA's own operations. \`npx xlastate plugins install openblas --force\` installs it anew`, { code: 'XLASTATE_BLAS' });
      return [];
    }
  }

  /** XLA must know the functions before it sees a program that calls them. */
  private announceBlas(program: Uint8Array): void {
    if (this.blas !== null || this.platformName !== 'cpu') return;
    const bytes = globalThis.Buffer.from(program.buffer, program.byteOffset, program.byteLength);
    if (BLAS_TARGETS.some((name) => bytes.includes(name))) void this.blasTargets;
  }

  /**
   * Compiles a StableHLO module, blocking.
   *
   * @param callbacks what the program calls by `@xs_callback` custom calls with the `id` of {@link callbackId}; such a program has a last parameter
   *   `tensor<ui8>`, which is not given when it runs
   * @throws XlaError with XLA's status if it does not compile
   */
  compileSync(program: string | Uint8Array, options: CompileOptions = {}, callbacks?: readonly HostCallback[]): Executable {
    const [code, encoded, parameters] = this.prepare(program, options);
    return new Executable(this, native().compileSync(this.handle, code, 'mlir', encoded, parameters, callbacks !== undefined), callbacks);
  }

  /** Compiles a StableHLO module on a thread of its own. */
  async compile(program: string | Uint8Array, options: CompileOptions = {}, callbacks?: readonly HostCallback[]): Promise<Executable> {
    const [code, encoded, parameters] = this.prepare(program, options);
    return new Executable(this, await native().compileAsync(this.handle, code, 'mlir', encoded, parameters, callbacks !== undefined), callbacks);
  }

  /** Loads what {@link Executable.serialize} gave. @throws ArgumentError if the bytes are damaged, or not ours */
  deserialize(bytes: Uint8Array): Executable {
    const { payload, parameters } = openSerialized(bytes);
    this.announceBlas(payload);
    return new Executable(this, native().deserializeSync(this.handle, payload, parameters));
  }

  /** {@link deserialize} on a thread of its own. */
  async deserializeAsync(bytes: Uint8Array): Promise<Executable> {
    const { payload, parameters } = openSerialized(bytes);
    this.announceBlas(payload);
    return new Executable(this, await native().deserializeAsync(this.handle, payload, parameters));
  }

  /**
   * Begins a profile of what the plugin's profiler sees, if it has one, and of when programs run.
   *
   * @throws XlaError if the plugin's profiler does not start
   */
  startProfile(): Profile {
    // tensorflow.ProfileOptions: levels of host and device, version, programs
    const options = new Message().integer(2, 2).integer(3, 1).integer(5, 1).integer(7, 1).done();
    const { handle, now, hasProfiler } = native().profilerStart(this.handle, options);
    const offset = performance.now() - now / 1e6;
    return {
      hasProfiler,
      stop: () => {
        const { space, runs } = native().profilerStop(handle);
        return { space: withoutTerminator(space), runs: runs.map((r) => ({ name: r.name, device: this.devices[r.device]!, start: r.begin / 1e6 + offset, end: r.end / 1e6 + offset, ended: r.ended })) };
      },
    };
  }

  /** Bytes and number of this client's live buffers, and the most bytes there were at one time. Counted by us: CPU plugins do not. */
  memoryStats(): { liveBytes: number; peakBytes: number; liveBuffers: number } {
    return native().clientMemory(this.handle);
  }

  /** Lets the peak of {@link memoryStats} start anew. */
  resetPeak(): void {
    native().clientResetPeak(this.handle);
  }
}

const encoder = new TextEncoder();

function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Memory that other threads may write is copied first: XLA must see one state of it. */
function hostBytes(data: ArrayBufferView | ArrayBuffer | SharedArrayBuffer): ArrayBufferView | ArrayBuffer {
  if (ArrayBuffer.isView(data)) {
    if (Object.prototype.toString.call(data.buffer) !== '[object SharedArrayBuffer]') return data;
    return Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  if (Object.prototype.toString.call(data) === '[object SharedArrayBuffer]') return Uint8Array.from(new Uint8Array(data));
  return data as ArrayBuffer;
}

let shared: Client | undefined;

/**
 * The client on the plugin that the environment names, or the default one; made at first use.
 *
 * @throws PluginError if there is no plugin, or XLASTATE_CPU_DEVICES is no number of devices
 * @example
 * pjrt.defaultClient().addressableDevices.length >= 1; // true
 */
export function defaultClient(): Client {
  if (shared === undefined) {
    const found = findPlugin();
    const options: ClientOptions = { ...found.options };
    if (found.platform === 'cpu' && process.env.XLASTATE_CPU_DEVICES) {
      const n = Number(process.env.XLASTATE_CPU_DEVICES);
      if (!Number.isInteger(n) || n < 1 || n > 1024) throw new PluginError(`XLASTATE_CPU_DEVICES: expected an integer from 1 to 1024, got '${process.env.XLASTATE_CPU_DEVICES}'`);
      options.cpu_device_count = n;
    }
    shared = Plugin.load(found.path).createClient(options);
  }
  return shared;
}

/** The default client if it was made already. @example pjrt.existingClient()?.platformName; */
export function existingClient(): Client | undefined {
  return shared;
}
