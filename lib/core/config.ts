import { meshNumber } from './placing';

/** Process-wide switches that change what programs mean; they are part of every signature a compiled function is cached by. */
export interface Config {
  /** Whether 64-bit types exist; off, they narrow to 32 bits as in JAX. Set by `environ.set({ precision: 64 })`. */
  enableX64: boolean;
  /** Run jitted functions op by op. */
  disableJit: boolean;
  /** Throw where an operation gives NaN. */
  debugNans: boolean;
  /** Throw where an operation gives an infinity. */
  debugInfs: boolean;
  /** Precision of matrix products and convolutions that name none, `'highest'` say; null: the platform's. */
  defaultMatmulPrecision: string | null;
  /** Folder that every program is written to when it is compiled; null for none. It is no part of signatures. Set by `environ.set({ dumpHloTo })`. */
  dumpHloTo: string | null;
  /** The generator of keys that name none; `unsafe_rbg` also says how keys of four words are split. */
  defaultPrngImpl: PrngImpl;
}

/** Generators of random bits, by JAX's names. */
export const PRNG_IMPLS = ['threefry2x32', 'threefry4x32', 'rbg', 'unsafe_rbg', 'philox2x32', 'philox4x32'] as const;
/** The name of a generator of random bits. */
export type PrngImpl = (typeof PRNG_IMPLS)[number];

export const config: Config = { enableX64: false, disableJit: false, debugNans: false, debugInfs: false, defaultMatmulPrecision: null, dumpHloTo: process.env.XLASTATE_DUMP_HLO_TO || null, defaultPrngImpl: 'threefry2x32' };

const precisions: (string | null)[] = [null];

/** A small integer that differs whenever a switch that changes compiled programs differs. */
export function configKey(): number {
  let p = precisions.indexOf(config.defaultMatmulPrecision);
  if (p < 0) p = precisions.push(config.defaultMatmulPrecision) - 1;
  return meshNumber() * 2 ** 20 + (p * PRNG_IMPLS.length + PRNG_IMPLS.indexOf(config.defaultPrngImpl)) * 2 + (config.enableX64 ? 1 : 0);
}
