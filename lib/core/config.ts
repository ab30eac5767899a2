/** Process-wide switches that change what programs mean; they are part of every signature a compiled function is cached by. */
export interface Config {
  /** Whether 64-bit types exist; off, they narrow to 32 bits as in JAX. Set by `environ.set({ precision: 64 })`. */
  enableX64: boolean;
  /** Run jitted functions op by op. */
  disableJit: boolean;
  /** Throw where an operation gives NaN. */
  debugNans: boolean;
}

export const config: Config = { enableX64: false, disableJit: false, debugNans: false };

/** A small integer that differs whenever a switch that changes compiled programs differs. */
export function configKey(): number {
  return config.enableX64 ? 1 : 0;
}
