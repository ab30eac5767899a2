import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { ArgumentError, CallbackError, DeletedArrayError, DtypeError, PluginError, ShapeError, XlaError, type XlastateError } from './errors';
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

/** The buffer class as the addon defines it; see buffer.ts for what it promises. */
export interface NativeBuffer {
  readonly dtype: DType;
  readonly dims: number[];
  readonly nbytes: number;
  readonly onDeviceSize: number;
  /** Which client of the process it belongs to. */
  readonly clientId: number;
  readonly deviceIndex: number;
  readonly memoryIndex: number;
  isDeleted(): boolean;
  delete(): void;
  toHostSync(): ArrayBuffer;
  toHost(): Promise<ArrayBuffer>;
  isReady(): boolean;
  blockUntilReady(): void;
  ready(): Promise<void>;
  copyToDeviceIndex(i: number): NativeBuffer;
  copyToMemoryIndex(i: number): NativeBuffer;
  unsafePointer(): bigint;
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
  bufferFromHost(client: Handle, data: ArrayBufferView | ArrayBuffer, dtype: string, dims: readonly number[], device: number, memory: number, zeroCopy?: boolean): NativeBuffer;
  compileSync(client: Handle, code: Uint8Array, format: string, options: Uint8Array, parameters: readonly Parameter[], hasCallbacks?: boolean): NativeExecutable;
  compileAsync(client: Handle, code: Uint8Array, format: string, options: Uint8Array, parameters: readonly Parameter[], hasCallbacks?: boolean): Promise<NativeExecutable>;
  deserializeSync(client: Handle, bytes: Uint8Array, parameters: readonly Parameter[]): NativeExecutable;
  deserializeAsync(client: Handle, bytes: Uint8Array, parameters: readonly Parameter[]): Promise<NativeExecutable>;
  execute(executable: Handle, args: readonly NativeBuffer[], nonDonatable?: readonly number[], callbacks?: object): NativeBuffer[];
  executeInto(executable: Handle, args: readonly NativeBuffer[], out: readonly (NativeBuffer | null)[], nonDonatable?: readonly number[], callbacks?: object): NativeBuffer[];
  /** The last arguments and the targets of {@link executeBound}, which keeps neither alive. */
  bind(executable: Handle, args: readonly NativeBuffer[], out: readonly (NativeBuffer | null)[]): Handle;
  executeBound(executable: Handle, binding: Handle, args: readonly NativeBuffer[], callbacks?: object): NativeBuffer[];
  executeSharded(executable: Handle, args: readonly (readonly NativeBuffer[])[], nonDonatable?: readonly number[], callbacks?: object): NativeBuffer[][];
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
  Buffer: { new (): NativeBuffer; readonly prototype: NativeBuffer };
}

const CLASSES: Record<string, (message: string) => XlastateError> = {
  ARGUMENT: (m) => new ArgumentError(m),
  SHAPE: (m) => new ShapeError(m),
  DTYPE: (m) => new DtypeError(m),
  DELETED_ARRAY: (m) => new DeletedArrayError(m),
  PLUGIN: (m) => new PluginError(m),
  CALLBACK: (m) => new CallbackError(m),
};

let fromText: (status: string, message: string) => Error | null = () => null;

/** Sets what turns texts of XLA's errors into other errors than XlaError, where they are. */
export function onErrorText(f: (status: string, message: string) => Error | null): void {
  fromText = f;
}

/** Where the addon may be: where the environment says, built here, or shipped for this platform in the package. */
export function addonPaths(): string[] {
  const root = packageRoot();
  const named = process.env.XLASTATE_ADDON;
  return [...(named ? [named] : []), join(root, 'build', 'Release', 'xlastate.node'), join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'xlastate.node')];
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
  native.setErrorFactory((kind, message, status) => (kind === 'XLA' ? (fromText(status, message) ?? new XlaError(status, message)) : (CLASSES[kind] ?? CLASSES.ARGUMENT!)(message)));
  // Workers end on their own: only the end of the main thread is the end of XLA's threads.
  if (isMainThread) {
    process.on('exit', (code) => {
      native.setExitCode(code);
      native.drain();
    });
  }
  return native;
}

let loaded: Native | undefined;

/** The addon, loaded at first use. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}
