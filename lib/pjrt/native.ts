import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { addonPaths as pathsIn } from '../../scripts/addonPaths';
import { ArgumentError, CallbackError, DeletedArrayError, DtypeError, PluginError, ShapeError, XlaError, type XlastateError } from './errors';
import type { BlasTarget } from './blas';
import type { Buffer } from './buffer';
import type { DType } from './types';

/** A handle of the addon's: opaque, made and read by it alone. */
export type Handle = { readonly __handle: unique symbol };

/** An element type with the sizes of dimensions. */
export interface TypedDims {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes of the dimensions. */
  readonly dims: readonly number[];
}

export interface NativeExecutable {
  handle: Handle;
  name: string;
  numReplicas: number;
  numPartitions: number;
  parameters: Parameter[];
  outputs: TypedDims[];
  devices: number[];
  fingerprint: Uint8Array;
}

export interface NativeDevice {
  id: number;
  processIndex: number;
  kind: string;
  debugString: string;
  text: string;
  attributes: Attributes;
  addressable: boolean;
  localHardwareId: number;
  memories: number[];
  defaultMemory: number;
}

export interface NativeMemory {
  id: number;
  kind: string;
  debugString: string;
  devices: number[];
}

/** What a plugin tells of itself or of a device, by name. */
export type Attributes = Record<string, string | number | boolean | number[]>;

/** The type of one argument of a program. */
export interface Parameter extends TypedDims {
  /** Whether the program may take the argument's memory over. */
  readonly donated: boolean;
}

/** What the methods of {@link Buffer} call: with its id, and with the object itself, which is kept alive so for the time of the call. */
interface BufferFunctions {
  dtype(id: number, b: Buffer): DType;
  dims(id: number, b: Buffer): number[];
  nbytes(id: number, b: Buffer): number;
  onDeviceSize(id: number, b: Buffer): number;
  clientId(id: number, b: Buffer): number;
  deviceIndex(id: number, b: Buffer): number;
  memoryIndex(id: number, b: Buffer): number;
  isDeleted(id: number, b: Buffer): boolean;
  delete(id: number, b: Buffer): void;
  toHostSync(id: number, b: Buffer): ArrayBuffer;
  toHost(id: number, b: Buffer): Promise<ArrayBuffer>;
  isReady(id: number, b: Buffer): boolean;
  blockUntilReady(id: number, b: Buffer): void;
  ready(id: number, b: Buffer): Promise<void>;
  unsafePointer(id: number, b: Buffer): bigint;
  /** The copy becomes the buffer of `to`: its id. */
  copyToDevice(id: number, b: Buffer, device: number, to: Buffer): number;
  copyToMemory(id: number, b: Buffer, memory: number, to: Buffer): number;
}

interface Native {
  setErrorFactory(f: (kind: string, message: string, status: string) => Error): void;
  setExitCode(code: number): void;
  /** Waits for running work, 2 s at most; whether it ended. */
  drain(): boolean;
  loadPlugin(path: string): { handle: Handle; path: string; major: number; minor: number; attributes: Attributes; extensions: number[] };
  createClient(plugin: Handle, options: [string, string, unknown][], instance?: number): {
    handle: Handle; id: number; platformName: string; platformVersion: string; processIndex: number; devices: NativeDevice[]; memories: NativeMemory[];
  };
  topology(client: Handle): { platformName: string; platformVersion: string; numDevices: number; attributes: Attributes };
  deviceMemoryStats(client: Handle, device: number): Record<string, number> | null;
  clientMemory(client: Handle): { liveBytes: number; peakBytes: number; liveBuffers: number };
  clientResetPeak(client: Handle): void;
  allocateHost(bytes: number): ArrayBuffer;
  /** The new buffer becomes that of `to`: its id. */
  bufferFromHost(client: Handle, data: ArrayBufferView | ArrayBuffer, dtype: string, dims: readonly number[], device: number, memory: number, zeroCopy: boolean, to: Buffer): number;
  /** Loads OpenBLAS and lets programs of the client have the custom calls that it names: none where the plugin takes no functions of ours. */
  enableBlas(client: Handle, path: string): BlasTarget[];
  compileSync(client: Handle, code: Uint8Array, format: string, options: Uint8Array, parameters: readonly Parameter[], hasCallbacks?: boolean): NativeExecutable;
  compileAsync(client: Handle, code: Uint8Array, format: string, options: Uint8Array, parameters: readonly Parameter[], hasCallbacks?: boolean): Promise<NativeExecutable>;
  deserializeSync(client: Handle, bytes: Uint8Array, parameters: readonly Parameter[]): NativeExecutable;
  deserializeAsync(client: Handle, bytes: Uint8Array, parameters: readonly Parameter[]): Promise<NativeExecutable>;
  /** Where the calls below find ids of buffers and leave those of results; for `n` of them at least. */
  makeIds(n: number): Float64Array;
  /** The last that {@link makeIds} gave. */
  ids?: Float64Array;
  /**
   * Runs a program: the ids of `count` arguments are in the table of {@link makeIds}, those of the results are left there. `held` keeps the arguments alive.
   * The results become the buffers of `to`: one object, or a list where there is not one result.
   */
  execute(executable: Handle, held: object, count: number, to: Buffer | readonly Buffer[], nonDonatable?: readonly number[], callbacks?: object): void;
  /** After the ids of the arguments are those of the buffers that take the results, −2 for those that take none: these become the buffers of `to`. */
  executeInto(executable: Handle, held: object, count: number, to: Buffer | readonly Buffer[], nonDonatable?: readonly number[], callbacks?: object): void;
  /** The last arguments and the targets of {@link executeBound}, which keeps neither alive, in the form of {@link executeInto}. */
  bind(executable: Handle, held: object, count: number): Handle;
  executeBound(executable: Handle, binding: Handle, held: object, count: number, to: Buffer | readonly Buffer[], callbacks?: object): void;
  /** {@link execute} with arguments and results of one device after the other. */
  executeSharded(executable: Handle, held: object, count: number, to: Buffer | readonly Buffer[], nonDonatable?: readonly number[], callbacks?: object): void;
  serialize(executable: Handle): Uint8Array;
  optimizedHlo(executable: Handle): { code: Uint8Array; format: string };
  costAnalysis(executable: Handle): Attributes;
  memoryStats(executable: Handle): Record<string, number>;
  codeSize(executable: Handle): number;
  /** Begins a profile of a client: `now` is in nanoseconds of the clock of `performance.now()`. */
  profilerStart(client: Handle, options: Uint8Array): { handle: Handle; now: number; hasProfiler: boolean };
  profilerStop(profile: Handle): { space: Uint8Array; runs: { name: string; device: number; begin: number; end: number; ended: boolean }[] };
  deleteExecutable(executable: Handle): void;
  isDeletedExecutable(executable: Handle): boolean;
  /** `dispatch` gives the results, null where they come later by `answerCallback`, or the text of an error. */
  setCallbackHooks(dispatch: (id: number, number: number, runs: readonly number[], inputs: readonly ArrayBuffer[]) => readonly ArrayBufferView[] | string | null, callers: () => readonly number[]): void;
  answerCallback(number: number, outcome: readonly ArrayBufferView[] | string): void;
  callbackBarrier(): void;
  callbacksIdle(): Promise<void>;
  /** A file of Latin-1 with what is to stand before and after it; this and the next two are for the package's loader. */
  readText(path: string, before: string, after: string): string;
  readFile(path: string): globalThis.Buffer;
  /** 16 hexadecimal digits. */
  checksum(bytes: Uint8Array): string;
  /** The digest; null where this Node has no OpenSSL that the addon finds. */
  sha256(bytes: Uint8Array): globalThis.Buffer | null;
  /** Begins to load a plugin's library on a thread of its own, if none was loaded; errors are left to {@link loadPlugin}. */
  loadAhead(path: string): void;
  /** Waits for {@link loadAhead}. */
  finishAhead(): void;
  buffer: BufferFunctions;
}

const CLASSES: Record<string, (message: string) => XlastateError> = {
  ARGUMENT: (m) => new ArgumentError(m),
  SHAPE: (m) => new ShapeError(m),
  DTYPE: (m) => new DtypeError(m),
  DELETED_ARRAY: (m) => new DeletedArrayError(m),
  PLUGIN: (m) => new PluginError(m),
  CALLBACK: (m) => new CallbackError(m),
};

/** The error of a program that was compiled where OpenBLAS is, and is loaded where it is not. */
function withoutBlas(message: string): PluginError | null {
  if (!/No FFI handler registered for xs_(product|after|convolution|lapack)\b/.test(message)) return null;
  return new PluginError('the program calls OpenBLAS, and there is none here, or XLASTATE_BLAS is 0: install it by `npx xlastate plugins install openblas`, or compile the program here');
}

let fromText: (status: string, message: string) => Error | null = () => null;

/** Sets what turns texts of XLA's errors into other errors than XlaError, where they are. */
export function onErrorText(f: (status: string, message: string) => Error | null): void {
  fromText = f;
}

/** Where the addon may be: where the environment says, built here, or shipped for this platform in the package. */
export function addonPaths(): string[] {
  return pathsIn(packageRoot());
}

function isOurs(dir: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as { name?: unknown }).name === 'xlastate';
  } catch {
    return false;
  }
}

let found: string | undefined;

/** This package's folder. A bundler may have put our code into a file of another package, beside whose modules ours is, or the program's folder if it is nowhere. */
export function packageRoot(): string {
  if (found !== undefined) return found;
  let dir = __dirname;
  while (!isOurs(dir) && dir !== dirname(dir)) dir = dirname(dir);
  if (!isOurs(dir)) {
    try {
      dir = dirname(createRequire(__filename).resolve('xlastate/package.json'));
    } catch {
      dir = __dirname;
    }
  }
  return (found = dir);
}

function load(): Native {
  const path = addonPaths().find((p) => existsSync(p));
  if (path === undefined) {
    throw new PluginError(`the native addon is not built: none of ${addonPaths().join(', ')} exists. Run \`npm rebuild xlastate\` (or \`npm install\` in a checkout), which needs a C++17 compiler and CMake. Where a bundler has put xlastate's code into a file of yours, mark it as external, or name the addon by XLASTATE_ADDON`);
  }
  let native: Native;
  try {
    native = createRequire(__filename)(path) as Native;
  } catch (cause) {
    throw new PluginError(`the native addon ${path} cannot be loaded: ${(cause as Error).message}. Run \`npm rebuild xlastate\` to build it for this machine and this Node`, { cause });
  }
  native.setErrorFactory((kind, message, status) => (kind === 'XLA' ? (fromText(status, message) ?? withoutBlas(message) ?? new XlaError(status, message)) : (CLASSES[kind] ?? CLASSES.ARGUMENT!)(message)));
  // Workers end on their own: only the end of the main thread is the end of XLA's threads. Asked there, as Node loads that module for it.
  process.on('exit', (code) => {
    if (!isMainThread) return;
    native.setExitCode(code);
    native.drain();
  });
  return native;
}

let loaded: Native | undefined;

/** The addon, loaded at first use. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

/** The addon if it was loaded already. */
export function existingNative(): Native | undefined {
  return loaded;
}
