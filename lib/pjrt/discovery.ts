import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from './cacheDir';
import { PluginError } from './errors';

export interface FoundPlugin {
  path: string;
  name: string;
  platform: string;
  options?: Record<string, string | number | boolean>;
}

/** The plugin to use: the one that the environment names, else the default one in the user's cache. */
export function findPlugin(): FoundPlugin {
  const named = process.env.XLASTATE_PLUGIN;
  if (named) return { path: named, name: 'XLASTATE_PLUGIN', platform: process.env.XLASTATE_PLATFORM ?? (/cuda/.test(named) ? 'cuda' : 'cpu') };
  const path = join(cacheRoot() ?? '', 'plugins', 'xla-cpu-pjrt-0.0.1', 'xla_plugins', 'xla_cpu_pjrt', 'xla_cpu_pjrt.so');
  if (!existsSync(path)) throw new PluginError(`no PJRT plugin is installed (looked for ${path}): run \`npx xlastate plugins install cpu\``);
  return { path, name: 'cpu', platform: 'cpu' };
}
