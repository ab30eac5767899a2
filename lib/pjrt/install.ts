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

/** The plugins that can be installed by name. */
export function listPlugins(): PluginEntry[] {
  return Object.entries(store.PLUGINS).map(([name, spec]) => ({
    name,
    package: spec.package,
    version: spec.version,
    platform: spec.platform,
    library: store.installed(spec)?.library ?? null,
  }));
}

/**
 * Fetches a pinned plugin with pip into the user's cache, unless it is there. Blocks until it is done.
 *
 * @param name `cpu`, `cuda12`, `cuda13` or `rocm7`
 * @returns path of the plugin's library
 * @throws ArgumentError for a name that is not in the table
 * @throws PluginError if it cannot be fetched; the message says what to do
 */
export function installPlugin(name: string, options: InstallPluginOptions = {}): string {
  if (!Object.hasOwn(store.PLUGINS, name)) throw new ArgumentError(`installPlugin: unknown plugin '${name}'; known are ${Object.keys(store.PLUGINS).join(', ')}`);
  const log = options.log ?? ((line: string) => process.stderr.write(`xlastate: ${line}\n`));
  try {
    return store.install(name, { log, from: options.from, force: options.force }).library;
  } catch (cause) {
    if (cause instanceof store.StoreError) throw new PluginError(cause.message, { cause });
    throw new PluginError(`plugin ${name} could not be installed: ${(cause as Error).message}`, { cause });
  }
}

/** Whether an installed plugin's library is the one its wheel had; `unknown` where it was not unzipped by us. */
export function verifyPlugin(name: string): 'ok' | 'damaged' | 'unknown' | 'absent' {
  return Object.hasOwn(store.PLUGINS, name) ? store.verify(store.PLUGINS[name]!) : 'absent';
}
