import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from './cacheDir';
import type { Client } from './client';
import { type CompileOptions, encodeCompileOptions } from './compileOptions';
import type { Executable } from './executable';

const FORMAT = 1;
const DEFAULT_LIMIT = 2 * 1024 ** 3;

/** What the compile cache did in this thread. */
export interface CacheStats {
  directory: string | null;
  hits: number;
  misses: number;
  /** Entries that were there but damaged, or refused by XLA. */
  rejected: number;
}

const counts = { hits: 0, misses: 0, rejected: 0 };

/** Folder of the compile cache; null when it is off (`XLASTATE_CACHE_DIR=0`) or there is no home. */
export function cacheDirectory(): string | null {
  const given = process.env.XLASTATE_CACHE_DIR;
  if (given !== undefined) return given === '' || given === '0' ? null : given;
  const root = cacheRoot();
  return root === null ? null : join(root, 'compile');
}

export function cacheStats(): CacheStats {
  return { directory: cacheDirectory(), ...counts };
}

let cpuFeatures: string | undefined;

/** What compiled code depends on of this machine. */
function machine(): string {
  if (cpuFeatures === undefined) {
    let flags = '';
    try {
      const text = readFileSync('/proc/cpuinfo', 'latin1');
      flags = /^(?:flags|Features)\s*:.*$/m.exec(text)?.[0] ?? '';
      flags += /^model name\s*:.*$/m.exec(text)?.[0] ?? '';
    } catch {
      // Not Linux, or a closed /proc: the architecture is all we know.
    }
    cpuFeatures = `${process.platform}/${process.arch}/${flags}`;
  }
  return cpuFeatures;
}

const identities = new Map<string, string>();

/** Tells one build of a plugin from another without reading its hundred megabytes: path, size and time of change. */
function pluginIdentity(path: string): string {
  let id = identities.get(path);
  if (id === undefined) {
    const s = statSync(path);
    id = `${path}:${s.size}:${s.mtimeMs}`;
    identities.set(path, id);
  }
  return id;
}

function keyOf(client: Client, program: string, options: CompileOptions): string {
  const h = createHash('sha256');
  const d = client.devices[0];
  for (const part of [`xlastate ${FORMAT}`, machine(), pluginIdentity(client.plugin.path), client.platformName, client.platformVersion, d?.kind ?? '', String(client.devices.length)]) h.update(`${part}\n`);
  h.update(encodeCompileOptions(options, /\bsdy\./.test(program)));
  h.update(program);
  return h.digest('hex');
}

function read(client: Client, file: string): Executable | null {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    return null;
  }
  try {
    const loaded = client.deserialize(bytes);
    counts.hits++;
    // The time of change is the time of last use, by which old entries go.
    try {
      const now = new Date();
      utimesSync(file, now, now);
    } catch {
      // A cache that may only be read works all the same.
    }
    return loaded;
  } catch {
    counts.rejected++;
    return null;
  }
}

function limit(): number {
  const n = Number(process.env.XLASTATE_CACHE_LIMIT);
  return process.env.XLASTATE_CACHE_LIMIT && Number.isFinite(n) && n >= 0 ? n : DEFAULT_LIMIT;
}

/** Bytes in the cache as this thread knows them; read from the folder at the first write. */
let known: { directory: string; bytes: number } | undefined;

function entries(directory: string): { path: string; size: number; time: number }[] {
  const out: { path: string; size: number; time: number }[] = [];
  for (const name of readdirSync(directory)) {
    if (!/^[0-9a-f]{64}\.xla$/.test(name) && !name.endsWith('.tmp')) continue;
    try {
      const s = statSync(join(directory, name));
      out.push({ path: join(directory, name), size: s.size, time: s.mtimeMs });
    } catch {
      // Another process removed it.
    }
  }
  return out;
}

function makeRoom(directory: string, needed: number): void {
  if (known?.directory !== directory) known = { directory, bytes: entries(directory).reduce((n, e) => n + e.size, 0) };
  known.bytes += needed;
  if (known.bytes <= limit()) return;
  const all = entries(directory).sort((a, b) => a.time - b.time);
  let total = all.reduce((n, e) => n + e.size, 0);
  for (const e of all) {
    if (total <= limit() * 0.8) break;
    rmSync(e.path, { force: true });
    total -= e.size;
  }
  known.bytes = total;
}

let counter = 0;

function write(directory: string, file: string, executable: Executable): void {
  // A cache that cannot be written is no cache; it is never an error.
  try {
    const bytes = executable.serialize();
    if (bytes.length > limit()) return;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}.${counter++}.${Math.random().toString(36).slice(2)}.tmp`;
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } catch (e) {
      rmSync(temporary, { force: true });
      throw e;
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
    makeRoom(directory, bytes.length);
  } catch {
    // As above.
  }
}

/**
 * Compiles a module, or takes it from the cache on disk, where programs are found by text, options, plugin and machine.
 * Entries that are damaged or do not load are replaced.
 */
export function cachedCompileSync(client: Client, program: string, options: CompileOptions = {}): Executable {
  const directory = cacheDirectory();
  if (directory === null) return client.compileSync(program, options);
  const file = join(directory, `${keyOf(client, program, options)}.xla`);
  const found = read(client, file);
  if (found) return found;
  counts.misses++;
  const made = client.compileSync(program, options);
  write(directory, file, made);
  return made;
}

/** {@link cachedCompileSync} with the compilation on a thread of its own. */
export async function cachedCompile(client: Client, program: string, options: CompileOptions = {}): Promise<Executable> {
  const directory = cacheDirectory();
  if (directory === null) return client.compile(program, options);
  const file = join(directory, `${keyOf(client, program, options)}.xla`);
  const found = read(client, file);
  if (found) return found;
  counts.misses++;
  const made = await client.compile(program, options);
  write(directory, file, made);
  return made;
}
