import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, utimes, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheRoot, makeFolder } from './cacheDir';
import type { Client } from './client';
import { type CompileOptions, encodeCompileOptions } from './compileOptions';
import { sha256 } from './digest';
import { ArgumentError } from './errors';
import type { Executable } from './executable';
import { processor } from './processor';

const FORMAT = 2;
const DEFAULT_LIMIT = 2 * 1024 ** 3;

/** What the compile cache did in this thread. */
export interface CacheStats {
  /** The folder; null where the cache is off. */
  directory: string | null;
  /** Programs that were found. */
  hits: number;
  /** Programs that had to be compiled. */
  misses: number;
  /** Entries that were there but damaged, of another program, or refused by XLA; they count as misses, too. */
  rejected: number;
}

const counts = { hits: 0, misses: 0, rejected: 0 };

/** Folder of the compile cache; null when it is off (`XLASTATE_CACHE_DIR=0`) or there is no home. @example typeof pjrt.cacheDirectory(); // 'string' */
export function cacheDirectory(): string | null {
  const given = process.env.XLASTATE_CACHE_DIR;
  if (given !== undefined) return given === '' || given === '0' ? null : given;
  const root = cacheRoot();
  return root === null ? null : join(root, 'compile');
}

/** Where the compile cache is and what it did in this thread. @example pjrt.cacheStats().hits >= 0; // true */
export function cacheStats(): CacheStats {
  return { directory: cacheDirectory(), ...counts };
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
  if (typeof program !== 'string') throw new ArgumentError(`compile: expected the program to be MLIR text, got ${typeof program}`);
  const d = client.devices[0];
  const encoded = encodeCompileOptions(options, /\bsdy\./.test(program));
  const head = [
    `xlastate ${FORMAT}`, processor(), pluginIdentity(client.plugin.path), client.platformName, client.platformVersion, d?.kind ?? '', client.devices.length,
    process.env.XLA_FLAGS ?? '', JSON.stringify(options.parameters ?? null), encoded.length,
  ].map((part) => `${part}\n`);
  return sha256(Buffer.concat([Buffer.from(head.join('')), encoded, Buffer.from(program)])).toString('hex');
}

// An entry begins with its own key, so that one that was copied or renamed is not taken for another program.
const MAGIC = Buffer.from(`xlastate cache ${FORMAT}\n`, 'latin1');
const HEADER = MAGIC.length + 64;

/** What an entry holds; undefined if there is none, or it is no entry of this key. */
function contents(file: string, bytes: Buffer): Uint8Array | undefined {
  if (bytes.length > HEADER && bytes.subarray(0, MAGIC.length).equals(MAGIC) && basename(file, '.xla') === bytes.toString('latin1', MAGIC.length, HEADER)) return bytes.subarray(HEADER);
  counts.rejected++;
  return undefined;
}

/** Milliseconds within which another use of an entry is not noted. */
const NOTED = 3600e3;

/** The time of change is the time of last use, by which old entries go. */
function used(file: string, { mtimeMs }: Stats): void {
  counts.hits++;
  const now = new Date();
  if (Math.abs(now.getTime() - mtimeMs) < NOTED) return;
  utimes(file, now, now, () => {
    // A cache that may only be read works all the same.
  });
}

/** An entry as it is on disk, and when it changed; null if there is none. */
function entryAt(file: string): { bytes: Buffer; stats: Stats } | null {
  try {
    const fd = openSync(file, 'r');
    try {
      return { stats: fstatSync(fd), bytes: readFileSync(fd) };
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

function read(client: Client, file: string): Executable | null {
  const entry = entryAt(file);
  const payload = entry === null ? undefined : contents(file, entry.bytes);
  if (payload === undefined) return null;
  try {
    const loaded = client.deserialize(payload);
    used(file, entry!.stats);
    return loaded;
  } catch {
    counts.rejected++;
    return null;
  }
}

async function readAsync(client: Client, file: string): Promise<Executable | null> {
  let bytes: Buffer;
  let stats: Stats;
  try {
    const handle = await open(file, 'r');
    try {
      [stats, bytes] = [await handle.stat(), await handle.readFile()];
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
  const payload = contents(file, bytes);
  if (payload === undefined) return null;
  try {
    const loaded = await client.deserializeAsync(payload);
    used(file, stats);
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

/** Files of a compile cache: programs, and such as are being written. */
export function cacheEntries(directory: string): { path: string; size: number; time: number }[] {
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
  if (known?.directory !== directory) known = { directory, bytes: cacheEntries(directory).reduce((n, e) => n + e.size, 0) };
  known.bytes += needed;
  if (known.bytes <= limit()) return;
  const all = cacheEntries(directory).sort((a, b) => a.time - b.time);
  let total = all.reduce((n, e) => n + e.size, 0);
  for (const e of all) {
    if (total <= limit() * 0.8) break;
    rmSync(e.path, { force: true });
    total -= e.size;
  }
  known.bytes = total;
}

let counter = 0;

/** The bytes of an entry, and the file they are first written to; null if they do not go into the cache. */
function entryOf(file: string, executable: Executable): { temporary: string; parts: Uint8Array[]; size: number } | null {
  const payload = executable.serialize();
  const size = HEADER + payload.length;
  if (size > limit()) return null;
  const parts = [MAGIC, Buffer.from(basename(file, '.xla'), 'latin1'), payload];
  return { temporary: `${file}.${process.pid}.${counter++}.${randomBytes(6).toString('hex')}.tmp`, parts, size };
}

// A cache that cannot be written is no cache; it is never an error.

function write(directory: string, file: string, executable: Executable): void {
  try {
    const entry = entryOf(file, executable);
    if (entry === null) return;
    makeFolder(directory);
    const fd = openSync(entry.temporary, 'wx', 0o600);
    try {
      for (const part of entry.parts) {
        for (let at = 0; at < part.length; ) at += writeSync(fd, part, at);
      }
      fsyncSync(fd);
      renameSync(entry.temporary, file);
    } catch (e) {
      rmSync(entry.temporary, { force: true });
      throw e;
    } finally {
      closeSync(fd);
    }
    makeRoom(directory, entry.size);
  } catch {
    // As said above.
  }
}

async function writeAsync(directory: string, file: string, executable: Executable): Promise<void> {
  try {
    const entry = entryOf(file, executable);
    if (entry === null) return;
    makeFolder(directory);
    const handle = await open(entry.temporary, 'wx', 0o600);
    try {
      await handle.writeFile(Buffer.concat(entry.parts));
      await handle.sync();
      await rename(entry.temporary, file);
    } catch (e) {
      await rm(entry.temporary, { force: true });
      throw e;
    } finally {
      await handle.close();
    }
    makeRoom(directory, entry.size);
  } catch {
    // As said above.
  }
}

/**
 * Compiles a module, or takes it from the cache on disk, where programs are found by text, options, plugin and machine.
 * Entries that are damaged or do not load are replaced.
 *
 * @param client the client that compiles and runs it
 * @param program StableHLO text
 * @example
 * ```ts
 * const program = jit((x: Array) => x.add(1)).lower(np.ones([2])).asText();
 * pjrt.cachedCompileSync(pjrt.defaultClient(), program) instanceof pjrt.Executable; // true
 * ```
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

/**
 * {@link cachedCompileSync} on threads of its own.
 *
 * @param client the client that compiles and runs it
 * @param program StableHLO text
 * @example
 * ```ts
 * const program = jit((x: Array) => x.add(1)).lower(np.ones([2])).asText();
 * const executable = await pjrt.cachedCompile(pjrt.defaultClient(), program);
 * executable instanceof pjrt.Executable; // true
 * ```
 */
export async function cachedCompile(client: Client, program: string, options: CompileOptions = {}): Promise<Executable> {
  const directory = cacheDirectory();
  if (directory === null) return client.compile(program, options);
  const file = join(directory, `${keyOf(client, program, options)}.xla`);
  const found = await readAsync(client, file);
  if (found) return found;
  counts.misses++;
  const made = await client.compile(program, options);
  await writeAsync(directory, file, made);
  return made;
}
