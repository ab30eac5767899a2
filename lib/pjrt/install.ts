import * as store from '../../scripts/pluginStore';
import { ArgumentError, PluginError } from './errors';

/** A plugin of the pinned table, and whether it is on this machine. */
export interface PluginEntry {
  name: string;
  package: string;
  version: string;
  platform: string;
  /** Path of the library; null if it is not installed. */
  library: string | null;
}

export interface InstallPluginOptions {
  /** A folder that holds the wheels, for machines without a network. */
  from?: string;
  /** Install anew what is there. */
  force?: boolean;
  /** Takes each line of what is being done; stderr by default. */
  log?: (line: string) => void;
}

/** A library of the pinned table that is no plugin, and whether it is on this machine. */
export type LibraryEntry = Omit<PluginEntry, 'platform'>;

function entry(name: string, spec: store.WheelSpec): LibraryEntry {
  return { name, package: spec.package, version: spec.version, library: store.installed(spec)?.library ?? null };
}

/** The plugins that can be installed by name. */
export function listPlugins(): PluginEntry[] {
  return Object.entries(store.PLUGINS).map(([name, spec]) => ({ ...entry(name, spec), platform: spec.platform }));
}

/** The libraries beside the plugins that can be installed by name: OpenBLAS, for large products and decompositions on the CPU. */
export function listLibraries(): LibraryEntry[] {
  return Object.entries(store.LIBRARIES).map(([name, spec]) => entry(name, spec));
}

function specOf(name: string): store.PluginSpec | store.LibrarySpec | undefined {
  for (const table of [store.PLUGINS, store.LIBRARIES]) if (Object.hasOwn(table, name)) return table[name];
  return undefined;
}

/**
 * Fetches a pinned plugin or library with pip into the user's cache, unless it is there. Blocks until it is done. With the CPU's plugin comes
 * OpenBLAS; that it cannot be had is said and no error.
 *
 * @param name `cpu`, `cuda12`, `cuda13`, `rocm7` or `openblas`
 * @returns path of the library
 * @throws ArgumentError for a name that is not in the table
 * @throws PluginError if it cannot be fetched; the message says what to do
 */
export function installPlugin(name: string, options: InstallPluginOptions = {}): string {
  if (specOf(name) === undefined) throw new ArgumentError(`installPlugin: unknown plugin '${name}'; known are ${[...Object.keys(store.PLUGINS), ...Object.keys(store.LIBRARIES)].join(', ')}`);
  const log = options.log ?? ((line: string) => process.stderr.write(`xlastate: ${line}\n`));
  try {
    const { library } = store.install(name, { log, from: options.from, force: options.force });
    if (name === 'cpu') store.installBlas({ log, from: options.from });
    return library;
  } catch (cause) {
    if (cause instanceof store.StoreError) throw new PluginError(cause.message, { cause });
    throw new PluginError(`${name} could not be installed: ${(cause as Error).message}`, { cause });
  }
}

/** Whether an installed library is the one its wheel had; `unknown` where it was not unzipped by us. */
export function verifyPlugin(name: string): 'ok' | 'damaged' | 'unknown' | 'absent' {
  const spec = specOf(name);
  return spec === undefined ? 'absent' : store.verify(spec);
}
