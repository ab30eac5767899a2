import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PluginError } from './errors';
import { prepareGpuLibraries } from './gpuLibraries';
import { installPlugin, listPlugins, type PluginEntry } from './install';

/** The plugin to load, and what its client is made with. */
export interface FoundPlugin {
  /** The library. */
  path: string;
  /** Its name in the table, or in the environment variable that named it. */
  name: string;
  /** `cpu`, `cuda`, `rocm`, or what PJRT_NAMES_AND_LIBRARY_PATHS calls it. */
  platform: string;
  /** What its client is made with. */
  options?: Record<string, string | number | boolean>;
}

const PLATFORMS = ['cpu', 'cuda', 'rocm'];

function guessPlatform(path: string): string {
  return /cuda/i.test(path) ? 'cuda' : /rocm/i.test(path) ? 'rocm' : 'cpu';
}

/** What errors say of a library that the environment names. */
export interface LibraryWords {
  /** What is used when the variable is not set. */
  otherwise: string;
  /** What to name in place of a folder: the library in it. */
  library: string;
  /** And where a folder might belong. */
  inFolder: string;
  /** What the library must be. */
  expected: string;
}

const PLUGIN_WORDS: LibraryWords = {
  otherwise: 'the default plugin',
  library: "the plugin's library",
  inFolder: ' (a folder of plugins goes into XLASTATE_PLUGIN_DIR)',
  expected: 'a PJRT plugin is an ELF file that exports GetPjrtApi',
};

/** Checks what can be checked before a library is loaded: what is no shared library at all gives an error that says so. */
export function checkLibrary(path: string, source: string, words: LibraryWords = PLUGIN_WORDS): string {
  const full = resolve(path);
  if (!existsSync(full)) throw new PluginError(`${source} names ${full}, which does not exist: correct it, or unset it to use ${words.otherwise}`);
  const stat = statSync(full);
  if (stat.isDirectory()) {
    const inside = readdirSync(full).filter((f) => f.endsWith('.so'));
    const hint = inside.length > 0 ? `, for example ${join(full, inside[0]!)}` : '';
    throw new PluginError(`${source} names ${full}, which is a directory: name ${words.library} in it${hint}${words.inFolder}`);
  }
  const magic = Buffer.alloc(4);
  let length: number;
  try {
    const fd = openSync(full, 'r');
    try {
      length = readSync(fd, magic, 0, 4, 0);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new PluginError(`${source} names ${full}, which cannot be read (${(cause as Error).message}): correct its permissions`, { cause });
  }
  if (process.platform === 'linux' && (length < 4 || magic.toString('latin1') !== '\x7fELF')) {
    const what = length >= 4 && magic.toString('latin1') === 'PK\x03\x04' ? 'a zip archive (a wheel? unzip it and name the library in it)' : 'no shared library';
    throw new PluginError(`${source} names ${full}, which is ${what}: ${words.expected}`);
  }
  return full;
}

function wantedPlatform(): string | undefined {
  const wanted = process.env.XLASTATE_PLATFORM?.toLowerCase();
  if (!wanted) return undefined;
  const name = wanted === 'gpu' ? 'cuda' : wanted;
  if (!PLATFORMS.includes(name)) throw new PluginError(`XLASTATE_PLATFORM is '${process.env.XLASTATE_PLATFORM}': expected one of ${PLATFORMS.join(', ')}`);
  return name;
}

/** `name:path,name:path`, as other PJRT users write it. */
function namedPaths(value: string): { name: string; path: string }[] {
  return value
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const at = part.indexOf(':');
      if (at <= 0 || at === part.length - 1) throw new PluginError(`PJRT_NAMES_AND_LIBRARY_PATHS has '${part}': expected name:path, several of them with commas between`);
      return { name: part.slice(0, at).trim(), path: part.slice(at + 1).trim() };
    });
}

function found(path: string, name: string, platform: string): FoundPlugin {
  if (platform === 'cuda') prepareGpuLibraries(dirname(dirname(dirname(path))));
  return { path, name, platform };
}

function fromTable(platform: string): FoundPlugin {
  const candidates = listPlugins().filter((p) => p.platform === platform);
  const there = candidates.find((p) => p.library !== null) as (PluginEntry & { library: string }) | undefined;
  if (there !== undefined) return found(there.library, there.name, platform);
  const command = candidates.map((p) => `\`npx xlastate plugins install ${p.name}\``).join(' or ');
  // GPU plugins are gigabytes, and which one fits depends on the driver: they come only when asked for.
  if (platform !== 'cpu') throw new PluginError(`XLASTATE_PLATFORM is '${platform}', but no plugin for it is installed: run ${command}`);
  if (process.env.XLASTATE_NO_FETCH === '1') throw new PluginError(`no PJRT plugin is installed, and XLASTATE_NO_FETCH=1 forbids fetching one: run ${command}`);
  return found(installPlugin('cpu'), 'cpu', 'cpu');
}

/**
 * The plugin to use. In this order: XLASTATE_PLUGIN (a path); PJRT_NAMES_AND_LIBRARY_PATHS (`name:path`, several with commas, of which
 * XLASTATE_PLATFORM may choose); XLASTATE_PLATFORM (`cpu`, `cuda`, `rocm`) among the installed ones; else the default CPU plugin, which is
 * fetched if it is not there (one line on stderr; XLASTATE_NO_FETCH=1 makes that an error).
 *
 * @throws PluginError with what to do if there is none, or if what the environment names is no library
 * @example
 * typeof pjrt.findPlugin().platform; // 'string'
 */
export function findPlugin(): FoundPlugin {
  const named = process.env.XLASTATE_PLUGIN;
  const wanted = wantedPlatform();
  if (named) return found(checkLibrary(named, 'XLASTATE_PLUGIN'), basename(named, '.so'), wanted ?? guessPlatform(named));

  const list = namedPaths(process.env.PJRT_NAMES_AND_LIBRARY_PATHS ?? '');
  if (list.length > 0) {
    const pick = wanted === undefined ? list[0] : list.find((p) => p.name.toLowerCase() === wanted || guessPlatform(p.name) === wanted);
    if (pick !== undefined) {
      const guess = guessPlatform(`${pick.name} ${pick.path}`);
      return found(checkLibrary(pick.path, 'PJRT_NAMES_AND_LIBRARY_PATHS'), pick.name, guess === 'cpu' ? pick.name.toLowerCase() : guess);
    }
  }
  return fromTable(wanted ?? 'cpu');
}
