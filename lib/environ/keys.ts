import type { Array } from '../core/array';
import { describeValue } from '../core/describe';
import { ArgumentError } from '../core/errors';

/** Index of the current step of a computation. */
export const I = 'i';
/** Current time of a computation. */
export const T = 't';
/** Step of numerical integration. */
export const DT = 'dt';
/** Bits of the default element types. */
export const PRECISION = 'precision';
/** Kind of device that arrays live on. */
export const PLATFORM = 'platform';
/** Number of devices that the CPU is divided into. */
export const HOST_DEVICE_COUNT = 'hostDeviceCount';
/** Whether compiled functions check their conditions. */
export const JIT_ERROR_CHECK = 'jitErrorCheck';
/** Whether a model is being fitted: what dropout and batch normalisation look at. */
export const FIT = 'fit';
/** Folder that every program is written to when it is compiled; null for none. */
export const DUMP_HLO_TO = 'dumpHloTo';

/** The precision where none is set, in bits. Mirrors `brainstate.environ.DEFAULT_PRECISION`. */
export const DEFAULT_PRECISION = 32;
/** Kinds of device that `setPlatform` takes. */
export const SUPPORTED_PLATFORMS = ['cpu', 'gpu', 'tpu', 'cuda', 'rocm'] as const;
/** Precisions that `setPrecision` takes: bits, or bfloat16. */
export const SUPPORTED_PRECISIONS = [8, 16, 32, 64, 'bf16'] as const;

/** A kind of device. */
export type Platform = (typeof SUPPORTED_PLATFORMS)[number];
/** Bits of the default element types, as a number or its text; `'bf16'` is bfloat16 with 16-bit integers. */
export type Precision = (typeof SUPPORTED_PRECISIONS)[number] | '8' | '16' | '32' | '64';

/** The keys the library knows, with the types of their values. */
export interface KnownSettings {
  /** Number of the step. */
  i: number | Array;
  /** Time of the step. */
  t: number | Array;
  /** Length of a step. */
  dt: number | Array;
  /** Whether a model is being fitted. */
  fit: boolean;
  /** Bits of the default element types. */
  precision: Precision;
  /** Whether compiled functions check their conditions. */
  jitErrorCheck: boolean;
  /** Folder that programs are written to. */
  dumpHloTo: string | null;
}

/** What a context may hold: the known keys and any of your own. A key whose value is undefined is left as it is. */
export type ContextSettings = { [K in keyof KnownSettings]?: KnownSettings[K] } & Record<string, unknown>;

/** What can be set for the whole process. */
export type Settings = ContextSettings & { platform?: Platform; hostDeviceCount?: number };

// Python's spellings name the same keys, so that a setting carried over literally is not lost in a key of its own.
const PYTHON_NAMES: Record<string, string> = { host_device_count: HOST_DEVICE_COUNT, jit_error_check: JIT_ERROR_CHECK };

export function canonicalKey(key: string): string {
  if (typeof key !== 'string') throw new ArgumentError(`environ: expected the name of a key, got ${describeValue(key)}`);
  return Object.hasOwn(PYTHON_NAMES, key) ? PYTHON_NAMES[key]! : key;
}
