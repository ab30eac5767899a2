import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { RangeReader } from './disk';
import { CheckpointError, InvalidCheckpointPath, reason } from './errors';

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/** CRC-32 of the pieces one after the other. (zlib's own is not in every Node 20.) */
export function crc32(pieces: readonly Uint8Array[]): number {
  let c = 0xffffffff;
  for (const p of pieces) for (let i = 0; i < p.length; i++) c = TABLE[(c ^ p[i]!) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

const WORD = 0xffffffff;
const SHORT = 0xffff;

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  readonly offset: number;
}

function bad(reader: RangeReader, what: string): never {
  throw new InvalidCheckpointPath(`${reader.file} is no valid zip archive: ${what}`);
}

/** The extra field of 64-bit sizes: those of the three that do not fit 32 bits, in this order. */
function wide(reader: RangeReader, extra: Buffer, values: number[]): number[] {
  if (!values.includes(WORD)) return values;
  for (let at = 0; at + 4 <= extra.length; ) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)];
    if (id === 1) {
      let p = at + 4;
      return values.map((v) => {
        if (v !== WORD) return v;
        if (p + 8 > Math.min(at + 4 + length, extra.length)) bad(reader, 'a 64-bit size is missing');
        const n = Number(extra.readBigUInt64LE(p));
        p += 8;
        return n;
      });
    }
    at += 4 + length;
  }
  return values;
}

/** The entries of an archive, from its directory at the end. @throws InvalidCheckpointPath if it is damaged */
export function readDirectory(reader: RangeReader): ZipEntry[] {
  const tailSize = Math.min(reader.size, 22 + SHORT);
  const tail = Buffer.from(reader.read(reader.size - tailSize, reader.size).buffer);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== 0x06054b50) end--;
  if (end < 0) bad(reader, 'it has no directory');
  let [count, size, start] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (count === SHORT || size === WORD || start === WORD) {
    const locator = end - 20;
    if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) bad(reader, 'its 64-bit directory is missing');
    const at = Number(tail.readBigUInt64LE(locator + 8));
    if (at + 56 > reader.size) bad(reader, 'its 64-bit directory is not in the file');
    const record = Buffer.from(reader.read(at, at + 56).buffer);
    if (record.readUInt32LE(0) !== 0x06064b50) bad(reader, 'its 64-bit directory is damaged');
    [count, size, start] = [Number(record.readBigUInt64LE(32)), Number(record.readBigUInt64LE(40)), Number(record.readBigUInt64LE(48))];
  }
  if (start + size > reader.size || count * 46 > size) bad(reader, `its directory of ${count} entries is not in the file`);
  const directory = Buffer.from(reader.read(start, start + size).buffer);
  const entries: ZipEntry[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) bad(reader, 'its directory is damaged');
    const [nameLength, extraLength, commentLength] = [directory.readUInt16LE(at + 28), directory.readUInt16LE(at + 30), directory.readUInt16LE(at + 32)];
    const body = at + 46;
    if (body + nameLength + extraLength > directory.length) bad(reader, 'its directory ends too early');
    const flags = directory.readUInt16LE(at + 8);
    const name = directory.toString('utf8', body, body + nameLength);
    if (flags & 1) bad(reader, `'${name}' is encrypted`);
    const [full, compressed, offset] = wide(reader, directory.subarray(body + nameLength, body + nameLength + extraLength), [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)]);
    entries.push({ name, method: directory.readUInt16LE(at + 10), crc: directory.readUInt32LE(at + 16), compressed: compressed!, size: full!, offset: offset! });
    at = body + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** The content of an entry. @throws InvalidCheckpointPath if it is damaged, or unpacks to more than it says */
export function readEntry(reader: RangeReader, entry: ZipEntry): Uint8Array<ArrayBuffer> {
  if (entry.offset + 30 > reader.size) bad(reader, `'${entry.name}' is not in the file`);
  const local = Buffer.from(reader.read(entry.offset, entry.offset + 30).buffer);
  if (local.readUInt32LE(0) !== 0x04034b50) bad(reader, `'${entry.name}' is not where the directory says`);
  const start = entry.offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (start + entry.compressed > reader.size) bad(reader, `'${entry.name}' is not in the file`);
  let content: Uint8Array<ArrayBuffer>;
  if (entry.method === 0) {
    if (entry.compressed !== entry.size) bad(reader, `'${entry.name}' is stored with two sizes`);
    content = reader.read(start, start + entry.size);
  } else if (entry.method === 8) {
    // The format cannot do better than about 1 to 1032.
    if (entry.size > 1040 * entry.compressed + 64) bad(reader, `'${entry.name}' cannot have ${entry.size} bytes`);
    try {
      const out = inflateRawSync(reader.read(start, start + entry.compressed), { maxOutputLength: Math.max(1, entry.size) });
      content = new Uint8Array(out.buffer as ArrayBuffer, out.byteOffset, out.byteLength);
    } catch (e) {
      bad(reader, `'${entry.name}': ${reason(e)}`);
    }
  } else bad(reader, `'${entry.name}' is compressed by method ${entry.method}, which is not known`);
  if (content.byteLength !== entry.size) bad(reader, `'${entry.name}' has ${content.byteLength} bytes in place of ${entry.size}`);
  if (crc32([content]) !== entry.crc) bad(reader, `the checksum of '${entry.name}' is wrong`);
  return content;
}

/** The bytes of an archive, in pieces; its sizes may be of 64 bits. Dates are the earliest there is, so that equal content gives equal bytes. */
export function zip(files: readonly { name: string; pieces: readonly Uint8Array[] }[], compress: boolean): Uint8Array[] {
  const out: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const push = (p: Uint8Array) => {
    out.push(p);
    at += p.byteLength;
  };
  for (const { name, pieces } of files) {
    const encoded = Buffer.from(name);
    const size = pieces.reduce((n, p) => n + p.byteLength, 0);
    const crc = crc32(pieces);
    if (compress && size > 2 ** 31) throw new CheckpointError(`savezCompressed: '${name}' has ${size} bytes, more than can be compressed at once`);
    const data = compress ? [deflateRawSync(Buffer.concat(pieces))] : pieces;
    const stored = data.reduce((n, p) => n + p.byteLength, 0);
    const offset = at;
    const isUtf8 = encoded.length === name.length ? 0 : 0x800;
    const local = Buffer.alloc(50);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(45, 4);
    local.writeUInt16LE(isUtf8, 6);
    local.writeUInt16LE(compress ? 8 : 0, 8);
    local.writeUInt16LE(0x21, 12);
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(WORD, 18);
    local.writeUInt32LE(WORD, 22);
    local.writeUInt16LE(encoded.length, 26);
    local.writeUInt16LE(20, 28);
    const extra = Buffer.alloc(20);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(BigInt(size), 4);
    extra.writeBigUInt64LE(BigInt(stored), 12);
    push(Buffer.concat([local.subarray(0, 30), encoded, extra]));
    for (const p of data) push(p);

    const large = size >= WORD || stored >= WORD || offset >= WORD;
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(0x032d, 4);
    entry.writeUInt16LE(45, 6);
    local.copy(entry, 8, 6, 18);
    entry.writeUInt32LE(large ? WORD : stored, 20);
    entry.writeUInt32LE(large ? WORD : size, 24);
    entry.writeUInt16LE(encoded.length, 28);
    entry.writeUInt16LE(large ? 28 : 0, 30);
    entry.writeUInt32LE(0o600 * 65536, 38);
    entry.writeUInt32LE(large ? WORD : offset, 42);
    const wideExtra = Buffer.alloc(large ? 28 : 0);
    if (large) {
      wideExtra.writeUInt16LE(1, 0);
      wideExtra.writeUInt16LE(24, 2);
      [size, stored, offset].forEach((v, i) => wideExtra.writeBigUInt64LE(BigInt(v), 4 + 8 * i));
    }
    directory.push(Buffer.concat([entry, encoded, wideExtra]));
  }
  const start = at;
  for (const d of directory) push(d);
  const size = at - start;
  if (start >= WORD || size >= WORD || files.length >= SHORT) {
    const record = Buffer.alloc(76);
    record.writeUInt32LE(0x06064b50, 0);
    record.writeBigUInt64LE(44n, 4);
    record.writeUInt16LE(45, 12);
    record.writeUInt16LE(45, 14);
    for (const p of [24, 32]) record.writeBigUInt64LE(BigInt(files.length), p);
    record.writeBigUInt64LE(BigInt(size), 40);
    record.writeBigUInt64LE(BigInt(start), 48);
    record.writeUInt32LE(0x07064b50, 56);
    record.writeBigUInt64LE(BigInt(at), 64);
    record.writeUInt32LE(1, 72);
    push(record);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  for (const p of [8, 10]) end.writeUInt16LE(Math.min(files.length, SHORT), p);
  end.writeUInt32LE(Math.min(size, WORD), 12);
  end.writeUInt32LE(Math.min(start, WORD), 16);
  push(end);
  return out;
}
