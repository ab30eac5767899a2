import { constants } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, fsyncSync, linkSync, openSync, read as readDescriptor, readSync, renameSync, rmSync, writevSync } from 'node:fs';
import { access, type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../pjrt/cacheDir';
import { AlreadyExistsError, CheckpointError, reason } from './errors';

// One call of the system writes or reads less than 2 GiB, and takes at most 1024 pieces.
const PIECE = 2 ** 28;
const PIECES = 512;

/** Groups of pieces that one call may write. */
function* batches(segments: Iterable<Uint8Array>): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const segment of segments) {
    for (let at = 0; at < segment.byteLength; at += PIECE) {
      const piece = segment.subarray(at, Math.min(at + PIECE, segment.byteLength));
      if (batch.length === PIECES || bytes + piece.byteLength > PIECE) {
        if (batch.length > 0) yield batch;
        [batch, bytes] = [[], 0];
      }
      batch.push(piece);
      bytes += piece.byteLength;
    }
  }
  if (batch.length > 0) yield batch;
}

/** What is left of a batch after `written` bytes. */
function rest(batch: Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  const out: Uint8Array[] = [];
  for (const piece of batch) {
    if (left >= piece.byteLength) left -= piece.byteLength;
    else out.push(piece.subarray(left)), (left = 0);
  }
  return out;
}

const temporaryName = (file: string) => `${file}.tmp-${randomBytes(16).toString('hex')}`;

const codeOf = (e: unknown) => (e as NodeJS.ErrnoException)?.code;
// Some file systems have no such thing for a folder, or no hard links.
const isUnsupported = (e: unknown) => ['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EMLINK', 'EXDEV'].includes(codeOf(e) ?? '');

function writeFailed(file: string, e: unknown): never {
  if (e instanceof CheckpointError) throw e;
  throw new CheckpointError(`cannot write ${file}: ${reason(e)}`, { cause: e });
}

/**
 * Writes a file so that at every moment, whatever stops the process or the machine, its name leads to what was there before or to all of the new
 * content: into a temporary file beside it, which is flushed and then renamed.
 *
 * @throws AlreadyExistsError if the file is there and `overwrite` is false
 * @throws CheckpointError if it cannot be written; nothing is left behind
 */
export function writeAtomicSync(file: string, segments: Iterable<Uint8Array>, overwrite: boolean): void {
  const folder = dirname(file);
  const temporary = temporaryName(file);
  try {
    makeFolder(folder, true);
    try {
      const fd = openSync(temporary, 'wx', 0o666);
      try {
        for (let batch of batches(segments)) while (batch.length > 0) batch = rest(batch, writevSync(fd, batch));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      if (overwrite) renameSync(temporary, file);
      else renameNewSync(temporary, file);
    } finally {
      rmSync(temporary, { force: true });
    }
    syncFolder(folder);
  } catch (e) {
    writeFailed(file, e);
  }
}

function renameNewSync(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (e) {
    if (codeOf(e) === 'EEXIST') throw new AlreadyExistsError(`${file} exists, and overwrite is false`);
    if (!isUnsupported(e)) throw e;
    if (existsSync(file)) throw new AlreadyExistsError(`${file} exists, and overwrite is false`);
    renameSync(temporary, file);
  }
}

function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (e) {
    if (!isUnsupported(e)) throw e;
  }
}

/** {@link writeAtomicSync} with the event loop free. */
export async function writeAtomic(file: string, segments: Iterable<Uint8Array>, overwrite: boolean): Promise<void> {
  const folder = dirname(file);
  const temporary = temporaryName(file);
  try {
    makeFolder(folder, true);
    try {
      const handle = await open(temporary, 'wx', 0o666);
      try {
        for (let batch of batches(segments)) while (batch.length > 0) batch = rest(batch, (await handle.writev(batch)).bytesWritten);
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (overwrite) await rename(temporary, file);
      else await renameNew(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolderAsync(folder);
  } catch (e) {
    writeFailed(file, e);
  }
}

async function renameNew(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (e) {
    if (codeOf(e) === 'EEXIST') throw new AlreadyExistsError(`${file} exists, and overwrite is false`);
    if (!isUnsupported(e)) throw e;
    const there = await access(file).then(() => true, () => false);
    if (there) throw new AlreadyExistsError(`${file} exists, and overwrite is false`);
    await rename(temporary, file);
  }
}

async function syncFolderAsync(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (e) {
    if (!isUnsupported(e)) throw e;
  } finally {
    await handle?.close();
  }
}

function readFailed(file: string, e: unknown): never {
  if (e instanceof CheckpointError) throw e;
  if (codeOf(e) === 'ENOENT') throw new CheckpointError(`${file} does not exist`, { cause: e });
  throw new CheckpointError(`cannot read ${file}: ${reason(e)}`, { cause: e });
}

function checkSize(file: string, isFile: boolean, size: number, maxSize: number | null): void {
  if (!isFile) throw new CheckpointError(`cannot read ${file}: it is no file`);
  if (maxSize !== null && size > maxSize) throw new CheckpointError(`${file} has ${size} bytes, more than maxSize ${maxSize}`);
  if (size > constants.MAX_LENGTH) throw new CheckpointError(`${file} has ${size} bytes, more than the ${constants.MAX_LENGTH} that this version of Node can hold at once`);
}

const readAt = promisify(readDescriptor);

/** Memory that is not zeroed first, which would block for as long as reading it takes. */
function uninitialised(size: number): Uint8Array<ArrayBuffer> {
  const b = Buffer.allocUnsafeSlow(size);
  return new Uint8Array(b.buffer as ArrayBuffer, b.byteOffset, size);
}

/** A file open for reading pieces of it. */
export class RangeReader implements Disposable {
  readonly file: string;
  readonly size: number;
  private fd: number;

  constructor(file: string) {
    this.file = file;
    try {
      this.fd = openSync(file, 'r');
      const stat = fstatSync(this.fd);
      if (!stat.isFile()) {
        this.close();
        throw new CheckpointError(`cannot read ${file}: it is no file`);
      }
      this.size = stat.size;
    } catch (e) {
      readFailed(file, e);
    }
  }

  /** The bytes from `start` to `end`. @throws CheckpointError if there are not so many */
  read(start: number, end: number): Uint8Array<ArrayBuffer> {
    this.check(start, end);
    const out = uninitialised(end - start);
    try {
      for (let at = 0; at < out.length; ) {
        const n = readSync(this.fd, out, at, Math.min(PIECE, out.length - at), start + at);
        if (n === 0) throw new CheckpointError(`${this.file} became shorter while it was read`);
        at += n;
      }
    } catch (e) {
      readFailed(this.file, e);
    }
    return out;
  }

  /** {@link read} with the event loop free. */
  async readAsync(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    this.check(start, end);
    const out = uninitialised(end - start);
    try {
      for (let at = 0; at < out.length; ) {
        const { bytesRead } = await readAt(this.fd, out, at, Math.min(PIECE, out.length - at), start + at);
        if (bytesRead === 0) throw new CheckpointError(`${this.file} became shorter while it was read`);
        at += bytesRead;
      }
    } catch (e) {
      readFailed(this.file, e);
    }
    return out;
  }

  private check(start: number, end: number): void {
    if (this.fd < 0) throw new CheckpointError(`${this.file} was closed`);
    if (start < 0 || end < start || end > this.size) throw new CheckpointError(`${this.file}: expected bytes ${start} to ${end}, but it has ${this.size}`);
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** All bytes of a file. */
export function readAllSync(file: string, maxSize: number | null = null): Uint8Array<ArrayBuffer> {
  const reader = new RangeReader(file);
  try {
    checkSize(file, true, reader.size, maxSize);
    return reader.read(0, reader.size);
  } finally {
    reader.close();
  }
}

/** How many bytes a read takes of those that go on at a time. */
const PART = 2 ** 27;

/** All bytes of a file, with the event loop free; of a large file by several reads at a time, if so asked. */
export async function readAll(file: string, maxSize: number | null = null, parallel = false): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const handle = await open(file, 'r');
    try {
      const stat = await handle.stat();
      checkSize(file, stat.isFile(), stat.size, maxSize);
      const out = uninitialised(stat.size);
      const read = async (start: number, end: number): Promise<void> => {
        for (let at = start; at < end; ) {
          const { bytesRead } = await handle.read(out, at, Math.min(PIECE, end - at), at);
          if (bytesRead === 0) throw new CheckpointError(`${file} became shorter while it was read`);
          at += bytesRead;
        }
      };
      const part = parallel ? PART : Math.max(1, out.length);
      const reads = globalThis.Array.from({ length: Math.ceil(out.length / part) }, (_, i) => read(i * part, Math.min(out.length, (i + 1) * part)));
      // The file stays open until the last of them is done.
      await Promise.allSettled(reads);
      await Promise.all(reads);
      return out;
    } finally {
      await handle.close();
    }
  } catch (e) {
    readFailed(file, e);
  }
}

/** Lets other work of the event loop run. */
export function breathe(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}

/** Removes a file if it is there. */
export function removeFile(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (e) {
    throw new CheckpointError(`cannot remove ${file}: ${reason(e)}`, { cause: e });
  }
}
