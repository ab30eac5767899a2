// Control flow that XLA compiles.
export { cond, platformDependent, type PlatformBranches, switch_ } from './branches';
export { foriLoop, scan, type ScanOptions, whileLoop } from './loops';
export { associativeScan, map } from './maps';
export type { Traced } from './staged';
