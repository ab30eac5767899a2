import { createHash } from 'node:crypto';
import type { Buffer } from './buffer';
import type { Client, Device } from './client';
import type { HostCallback } from './callbacks';
import { ArgumentError, XlaError } from './errors';
import { hloText } from './hlo/print';
import { type Attributes, type Handle, type NativeExecutable, native, type Parameter, type TypedDims } from './native';
import { recording, timedRun } from './spans';
import { isDtype } from './types';

const MAGIC = 'XLSTATE1';

/** Options of {@link Executable.execute}. */
export interface ExecuteOptions {
  /** Arguments that are not given up in this call although the program would take their memory. */
  nonDonatable?: readonly number[];
}

declare const bound: unique symbol;

/** Arguments and targets that {@link Executable.bind} has read. */
export interface Binding {
  readonly [bound]: never;
}

/** What {@link Executable.serialize} wrote, checked before XLA sees it. */
export function openSerialized(bytes: Uint8Array): { payload: Uint8Array; parameters: Parameter[] } {
  const fail = (why: string): never => {
    throw new ArgumentError(`deserialize: ${why}`);
  };
  if (!ArrayBuffer.isView(bytes) || bytes.byteLength < 44 || new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== MAGIC) fail('these bytes are no serialized executable');
  const body = bytes.subarray(40);
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(8, 40))) fail('the bytes are damaged: their checksum does not match');
  const n = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  if (n > body.length - 4) fail('the header is longer than the bytes');
  const { parameters } = JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + n))) as { parameters: Parameter[] };
  if (!Array.isArray(parameters) || !parameters.every((p) => isDtype(p.dtype) && Array.isArray(p.dims) && typeof p.donated === 'boolean')) fail('the header is not understood');
  return { payload: body.subarray(4 + n), parameters };
}

/**
 * A compiled program, loaded. Mirrors `PJRT_LoadedExecutable`.
 *
 * @example
 * ```ts
 * const program = jit((x: Array) => x.add(1)).lower(np.ones([2])).asText();
 * pjrt.cachedCompileSync(pjrt.defaultClient(), program) instanceof pjrt.Executable; // true
 * ```
 */
export class Executable {
  readonly client: Client;
  readonly name: string;
  readonly numReplicas: number;
  readonly numPartitions: number;
  readonly parameters: readonly Parameter[];
  readonly outputs: readonly TypedDims[];
  readonly devices: readonly Device[];
  /** Equal for programs that compute the same, where the platform gives one; else empty. */
  readonly fingerprint: Uint8Array;
  private readonly handle: Handle;
  /** The functions that the program calls, held as long as it can run; undefined where it calls none. */
  private readonly callbacks: readonly HostCallback[] | undefined;

  /** Use {@link Client.compile}. */
  constructor(client: Client, info: NativeExecutable, callbacks?: readonly HostCallback[]) {
    this.callbacks = callbacks;
    this.client = client;
    this.handle = info.handle;
    this.name = info.name;
    this.numReplicas = info.numReplicas;
    this.numPartitions = info.numPartitions;
    this.parameters = info.parameters;
    this.outputs = info.outputs;
    this.devices = info.devices.map((i) => client.devices[i]!);
    this.fingerprint = info.fingerprint;
  }

  /**
   * Runs a program of one device. Returns at once; results become ready later.
   *
   * @throws ArgumentError, DtypeError, ShapeError or DeletedArrayError if the arguments are not what the program takes
   */
  execute(args: readonly Buffer[], options?: ExecuteOptions): Buffer[] {
    if (recording.on) return this.recorded('execute', args, options) as Buffer[];
    return native().execute(this.handle, args, options?.nonDonatable, this.callbacks) as Buffer[];
  }

  /**
   * Runs a program of one device, and lets existing buffers stand for its results: those of `out` take new contents, in order, and what they held
   * is freed. They may be arguments of the same call, and may be deleted or donated before. Results whose entry is null get new buffers, which are
   * returned, in order. A step that replaces its state makes fewer objects so than with {@link execute}.
   *
   * @throws ArgumentError, DtypeError or ShapeError, before anything runs, if a buffer of `out` has not the type of its result
   */
  executeInto(args: readonly Buffer[], out: readonly (Buffer | null)[], options?: ExecuteOptions): Buffer[] {
    if (recording.on) return this.recordedInto(args, out, options);
    return native().executeInto(this.handle, args, out, options?.nonDonatable, this.callbacks) as Buffer[];
  }

  /**
   * Prepares calls of {@link executeInto} whose last arguments, and whose targets, are the same each time: they are read and checked here. Keeps none
   * of the buffers: a call throws DeletedArrayError when one of them has been collected.
   */
  bind(lastArgs: readonly Buffer[], out: readonly (Buffer | null)[]): Binding {
    return native().bind(this.handle, lastArgs, out) as unknown as Binding;
  }

  /** {@link executeInto} with what {@link bind} was given, after the first arguments. @throws DeletedArrayError if a buffer of the binding is gone */
  executeBound(binding: Binding, firstArgs: readonly Buffer[]): Buffer[] {
    if (recording.on) return this.recordedBound(binding, firstArgs);
    return native().executeBound(this.handle, binding as unknown as Handle, firstArgs, this.callbacks) as Buffer[];
  }

  /** Runs a program of several devices: a row of arguments, and of results, for each of {@link devices}. */
  executeSharded(args: readonly (readonly Buffer[])[], options?: ExecuteOptions): Buffer[][] {
    if (recording.on) return this.recorded('executeSharded', args, options) as Buffer[][];
    return native().executeSharded(this.handle, args, options?.nonDonatable, this.callbacks) as Buffer[][];
  }

  // Apart, since functions that hold others cost something at each call.

  private recorded(how: 'execute' | 'executeSharded', args: readonly (Buffer | readonly Buffer[])[], options?: ExecuteOptions): (Buffer | Buffer[])[] {
    return timedRun(this, { devices: this.devices.length }, () => native()[how](this.handle, args as never, options?.nonDonatable, this.callbacks) as (Buffer | Buffer[])[]);
  }

  private recordedInto(args: readonly Buffer[], out: readonly (Buffer | null)[], options?: ExecuteOptions): Buffer[] {
    return timedRun(this, { devices: 1 }, () => native().executeInto(this.handle, args, out, options?.nonDonatable, this.callbacks) as Buffer[]);
  }

  private recordedBound(binding: Binding, firstArgs: readonly Buffer[]): Buffer[] {
    return timedRun(this, { devices: 1 }, () => native().executeBound(this.handle, binding as unknown as Handle, firstArgs, this.callbacks) as Buffer[]);
  }

  /** The program in a form that {@link Client.deserialize} loads on the same kind of machine, with a checksum. @throws CallbackError if it has callbacks */
  serialize(): Uint8Array {
    const payload = native().serialize(this.handle);
    const header = new TextEncoder().encode(JSON.stringify({ parameters: this.parameters }));
    const body = new Uint8Array(4 + header.length + payload.length);
    new DataView(body.buffer).setUint32(0, header.length, true);
    body.set(header, 4);
    body.set(payload, 4 + header.length);
    const out = new Uint8Array(40 + body.length);
    out.set(new TextEncoder().encode(MAGIC), 0);
    out.set(createHash('sha256').update(body).digest(), 8);
    out.set(body, 40);
    return out;
  }

  /** The program after XLA's optimisation: bytes of an HloModuleProto, or text where the platform gives text. */
  optimizedHlo(): { code: Uint8Array; format: string } {
    return native().optimizedHlo(this.handle);
  }

  /** The program after XLA's optimisation, in XLA's notation. @throws XlaError where the platform does not give it */
  hloText(): string {
    const { code, format } = this.optimizedHlo();
    const text = hloText(code, format);
    if (text === null) throw new XlaError('UNIMPLEMENTED', `hloText: the platform gives the program as '${format}', which is not known`);
    return text;
  }

  /** XLA's estimates (`flops`, `bytes accessed` …); null where the platform gives none. */
  costAnalysis(): Attributes | null {
    return optional(() => native().costAnalysis(this.handle));
  }

  /** Bytes of code, arguments, outputs and temporaries; null where the platform does not tell. */
  memoryStats(): Record<string, number> | null {
    return optional(() => native().memoryStats(this.handle));
  }

  get generatedCodeSize(): number {
    return native().codeSize(this.handle);
  }

  /** Unloads the program. Using it afterwards throws DeletedArrayError. */
  delete(): void {
    native().deleteExecutable(this.handle);
  }

  /** Whether it was disposed of. */
  isDeleted(): boolean {
    return native().isDeletedExecutable(this.handle);
  }
}

function optional<T>(f: () => T): T | null {
  try {
    return f();
  } catch (e) {
    if ((e as { status?: string }).status === 'UNIMPLEMENTED') return null;
    throw e;
  }
}
