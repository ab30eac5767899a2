/** One wheel, pinned by hash. */
export interface Wheel {
  name: string;
  version: string;
  file: string;
  sha256: string;
}

/** What can be installed. */
export interface WheelSpec {
  package: string;
  version: string;
  /** Path of the library in the unzipped wheels. */
  library: string;
  /** By Node's name of the processor: `x64`, `arm64`. */
  wheels: Record<string, Wheel[]>;
}

/** A plugin that can be installed. */
export interface PluginSpec extends WheelSpec {
  platform: string;
}

/** A library that is no plugin, for programs that use it where it is there. */
export interface LibrarySpec extends WheelSpec {
  kind: 'library';
}

export interface InstallOptions {
  /** Takes each line of what is being done. */
  log?: (line: string) => void;
  /** A folder that holds the wheels already. */
  from?: string;
  /** Install anew what is there. */
  force?: boolean;
  /** Instead of the table's. */
  spec?: PluginSpec | LibrarySpec;
  /** What can be done without: pip tries once more at most, and for two minutes. */
  isSoft?: boolean;
}

export interface InstalledPlugin {
  folder: string;
  library: string;
}

export const PLUGINS: Record<string, PluginSpec>;
export const LIBRARIES: Record<string, LibrarySpec>;
export class StoreError extends Error {
  readonly reason: string;
}
export function pluginRoots(): string[];
export function installed(spec: WheelSpec): InstalledPlugin | null;
export function install(name: string, options?: InstallOptions): InstalledPlugin & { fetched: boolean };
export function installBlas(options: { log: (line: string) => void; from?: string }): (InstalledPlugin & { fetched: boolean }) | null;
export function verify(spec: WheelSpec): 'ok' | 'damaged' | 'unknown' | 'absent';
export function includeDir(): string | null;
export function findPython(): { python: string; version: string };
export function findPip(): { python: string; version: string; pip: string };
export function sha256(file: string): string;
