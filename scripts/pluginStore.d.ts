/** One wheel, pinned by hash. */
export interface Wheel {
  name: string;
  version: string;
  file: string;
  sha256: string;
}

/** A plugin that can be installed. */
export interface PluginSpec {
  package: string;
  version: string;
  platform: string;
  /** Path of the library in the unzipped wheels. */
  library: string;
  /** By Node's name of the processor: `x64`, `arm64`. */
  wheels: Record<string, Wheel[]>;
}

export interface InstallOptions {
  /** Takes each line of what is being done. */
  log?: (line: string) => void;
  /** A folder that holds the wheels already. */
  from?: string;
  /** Install anew what is there. */
  force?: boolean;
  /** Instead of the table's. */
  spec?: PluginSpec;
}

export interface InstalledPlugin {
  folder: string;
  library: string;
}

export const PLUGINS: Record<string, PluginSpec>;
export class StoreError extends Error {}
export function pluginRoots(): string[];
export function installed(spec: PluginSpec): InstalledPlugin | null;
export function install(name: string, options?: InstallOptions): InstalledPlugin & { fetched: boolean };
export function verify(spec: PluginSpec): 'ok' | 'damaged' | 'unknown' | 'absent';
export function includeDir(): string | null;
export function findPython(): { python: string; version: string };
export function findPip(): { python: string; version: string; pip: string };
export function sha256(file: string): string;
