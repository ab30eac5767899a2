import { type Buffer, emptyBuffer, emptyBuffers, putIds, takeId, takeIds } from './buffer';
import type { Client, Device } from './client';
import type { HostCallback } from './callbacks';
import { sha256 } from './digest';
import { ArgumentError, XlaError } from './errors';
import { hloText } from './hlo/print';
import { outputTilings, type Tiling } from './hlo/tilings';
import { type Attributes, type Handle, type NativeExecutable, native, type Parameter, type TypedDims } from './native';
import { recording, timedRun } from './spans';
import { isDtype } from './types';

const MAGIC = 'XLSTATE1';

/** Options of {@link Executable.execute}. */
export interface ExecuteOptions {
  /** Arguments that are not given up in this call although the program would take their memory. */
  nonDonatable?: readonly number[];
}

/** Arguments and targets that {@link Executable.bind} has read. */
export interface Binding {
  /** @internal */
  readonly handle: Handle;
  /** How many results have no target. */
  readonly fresh: number;
}

/** A list of buffers as an array of our own: getters of the caller's run now, and what they do later changes nothing. */
function listed<T>(op: string, list: readonly T[]): T[] {
  if (!Array.isArray(list)) throw new ArgumentError(`${op}: expected an array of Buffers`);
  const out = new Array<T>(list.length);
  for (let i = 0; i < out.length; i++) out[i] = list[i]!;
  return out;
}

/** What {@link Executable.serialize} wrote, checked before XLA sees it. */
export function openSerialized(bytes: Uint8Array): { payload: Uint8Array; parameters: Parameter[] } {
  const fail = (why: string): never => {
    throw new ArgumentError(`deserialize: ${why}`);
  };
  if (!ArrayBuffer.isView(bytes) || bytes.byteLength < 44 || new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== MAGIC) fail('these bytes are no serialized executable');
  const body = bytes.subarray(40);
  if (!sha256(body).equals(bytes.subarray(8, 40))) fail('the bytes are damaged: their checksum does not match');
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
    return this.timed(1, () => {
      const held = listed('execute', args);
      const results = emptyBuffers(this.outputs.length);
      putIds(held, [], this.outputs.length);
      native().execute(this.handle, held, held.length, results, options?.nonDonatable, this.callbacks);
      return takeIds(results);
    });
  }

  /** {@link execute} for programs of one result, without lists. `args` must be an array of the caller's own. @internal */
  executeOne(args: readonly Buffer[]): Buffer {
    if (recording.on) return this.execute(args)[0]!;
    const result = emptyBuffer();
    putIds(args, [], 1);
    native().execute(this.handle, args, args.length, result, undefined, this.callbacks);
    return takeId(result);
  }

  /**
   * Runs a program of one device, and lets existing buffers stand for its results: those of `out` take new contents, in order, and what they held
   * is freed. They may be arguments of the same call, and may be deleted or donated before. Results whose entry is null get new buffers, which are
   * returned, in order. A step that replaces its state makes fewer objects so than with {@link execute}.
   *
   * @throws ArgumentError, DtypeError or ShapeError, before anything runs, if a buffer of `out` has not the type of its result
   */
  executeInto(args: readonly Buffer[], out: readonly (Buffer | null)[], options?: ExecuteOptions): Buffer[] {
    return this.timed(1, () => {
      const held = listed('execute', args);
      const targets = this.targets(out);
      const results = emptyBuffers(countNulls(targets));
      putIds(held, targets, this.outputs.length);
      native().executeInto(this.handle, [held, targets], held.length, results, options?.nonDonatable, this.callbacks);
      return takeIds(results);
    });
  }

  /**
   * Prepares calls of {@link executeInto} whose last arguments, and whose targets, are the same each time: they are read and checked here. Keeps none
   * of the buffers: a call throws DeletedArrayError when one of them has been collected.
   */
  bind(lastArgs: readonly Buffer[], out: readonly (Buffer | null)[]): Binding {
    const held = listed('bind', lastArgs);
    const targets = this.targets(out);
    putIds(held, targets, 0);
    return { handle: native().bind(this.handle, [held, targets], held.length), fresh: countNulls(targets) };
  }

  /** {@link executeInto} with what {@link bind} was given, after the first arguments. @throws DeletedArrayError if a buffer of the binding is gone */
  executeBound(binding: Binding, firstArgs: readonly Buffer[]): Buffer[] {
    return this.timed(1, () => {
      const held = listed('execute', firstArgs);
      const results = emptyBuffers(binding.fresh);
      putIds(held, [], this.outputs.length);
      native().executeBound(this.handle, binding.handle, held, held.length, results, this.callbacks);
      return takeIds(results);
    });
  }

  /** Runs a program of several devices: a row of arguments, and of results, for each of {@link devices}. */
  executeSharded(args: readonly (readonly Buffer[])[], options?: ExecuteOptions): Buffer[][] {
    return this.timed(this.devices.length, () => {
      if (!Array.isArray(args)) throw new ArgumentError('executeSharded: expected an array of arrays of Buffers');
      const rows: Buffer[][] = args.map((row: readonly Buffer[]) => listed('execute', row));
      if (rows.length !== this.devices.length) throw new ArgumentError(`executeSharded: expected arguments for ${this.devices.length} devices, got ${rows.length}`);
      for (const row of rows) if (row.length !== this.parameters.length) throw new ArgumentError(`execute: expected ${this.parameters.length} arguments, got ${row.length}`);
      const held = rows.flat();
      const n = this.outputs.length;
      const results = emptyBuffers(rows.length * n);
      putIds(held, [], rows.length * n);
      native().executeSharded(this.handle, held, held.length, results, options?.nonDonatable, this.callbacks);
      const all = takeIds(results);
      return rows.map((_, d) => all.slice(d * n, (d + 1) * n));
    });
  }

  private targets(out: readonly (Buffer | null)[]): (Buffer | null)[] {
    const targets = listed('executeInto', out).map((b) => b ?? null);
    if (targets.length !== this.outputs.length) throw new ArgumentError(`executeInto: expected ${this.outputs.length} outputs, got ${targets.length}`);
    return targets;
  }

  private timed<T>(devices: number, run: () => T): T {
    return recording.on ? timedRun(this, { devices }, run) : run();
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
    out.set(sha256(body), 8);
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

  /** How the results of a program of several partitions are cut up: null for those that every partition has whole, undefined where the platform does not tell. */
  outputTilings(): (Tiling | null | undefined)[] {
    const { code, format } = this.optimizedHlo();
    return outputTilings(code, format, this.numPartitions, this.outputs.length);
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

function countNulls(list: readonly unknown[]): number {
  let n = 0;
  for (const x of list) if (x === null) n++;
  return n;
}
