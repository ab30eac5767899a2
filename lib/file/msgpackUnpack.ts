import { decode, ExtensionCodec } from '@msgpack/msgpack';
import { sizeOf } from '../core/aval';
import { isDtype } from '../core/dtype';
import { bytesPerElement } from '../core/hostFormat';
import { isPlainObject } from '../core/tree';
import { InvalidCheckpointPath, reason } from '../storage/errors';
import { HostArray } from '../storage/hostArray';
import { CHUNKED, EXT_COMPLEX, EXT_NDARRAY, EXT_SCALAR } from './msgpackPack';
import { setOwn } from './stateDict';

/** What a file may at most be, whatever it says of itself. */
export interface Limits {
  /** Levels of dicts within one another. */
  maxDepth: number;
  /** Dicts, arrays and values in all. */
  maxEntries: number;
}

export const DEFAULT_LIMITS: Limits = { maxDepth: 128, maxEntries: 10_000_000 };

function corrupt(what: string): never {
  throw new InvalidCheckpointPath(`corrupt or invalid checkpoint data: ${what}`);
}

/** How much an object's first byte says: bytes of its own, of a length that follows, of content; whether it holds others. */
enum Kind { Scalar, Bytes, Text, Ext, Array, Map, Invalid }

/**
 * Walks over the bytes of one object without making anything of them: that every length which is declared is there, depth and number are
 * within limits, keys are text and extensions are known. Only then are they decoded.
 */
function check(bytes: Uint8Array, limits: Limits, extensions: boolean): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength;
  // Objects left at each level, and whether the level is a map, where every other one is a key.
  const left: number[] = [1];
  const isMap: boolean[] = [false];
  let at = 0;
  let entries = 0;
  while (left.length > 0) {
    const level = left.length - 1;
    if (left[level] === 0) {
      left.pop();
      isMap.pop();
      continue;
    }
    const isKey = isMap[level]! && left[level]! % 2 === 0;
    left[level]!--;
    if (++entries > limits.maxEntries) corrupt(`it has more than ${limits.maxEntries} entries`);
    if (at >= end) corrupt('it ends too early');
    const b = bytes[at]!;
    let kind: Kind = Kind.Scalar;
    let lengthBytes = 0;
    let length = 0;
    if (b < 0x80 || b >= 0xe0 || (b >= 0xc0 && b <= 0xc3)) kind = b === 0xc1 ? Kind.Invalid : Kind.Scalar;
    else if (b < 0x90) (kind = Kind.Map), (length = b & 15);
    else if (b < 0xa0) (kind = Kind.Array), (length = b & 15);
    else if (b < 0xc0) (kind = Kind.Text), (length = b & 31);
    else if (b <= 0xc6) (kind = Kind.Bytes), (lengthBytes = 1 << (b - 0xc4));
    else if (b <= 0xc9) (kind = Kind.Ext), (lengthBytes = 1 << (b - 0xc7));
    else if (b <= 0xcb) length = 4 << (b - 0xca);
    else if (b <= 0xcf) length = 1 << (b - 0xcc);
    else if (b <= 0xd3) length = 1 << (b - 0xd0);
    else if (b <= 0xd8) (kind = Kind.Ext), (length = 1 << (b - 0xd4));
    else if (b <= 0xdb) (kind = Kind.Text), (lengthBytes = 1 << (b - 0xd9));
    else if (b <= 0xdd) (kind = Kind.Array), (lengthBytes = 2 << (b - 0xdc));
    else (kind = Kind.Map), (lengthBytes = 2 << (b - 0xde));
    at++;
    if (lengthBytes > 0) {
      if (at + lengthBytes > end) corrupt('it ends too early');
      length = lengthBytes === 1 ? view.getUint8(at) : lengthBytes === 2 ? view.getUint16(at) : view.getUint32(at);
      at += lengthBytes;
    }
    if (kind === Kind.Invalid) corrupt(`byte ${at - 1} is no type of MessagePack`);
    if (isKey && kind !== Kind.Text) corrupt(`a dict has a key that is no text, before byte ${at}`);
    if (kind === Kind.Array || kind === Kind.Map) {
      const n = kind === Kind.Map ? 2 * length : length;
      if (n > end - at) corrupt(`${n} entries are declared at byte ${at}, but only ${end - at} bytes follow`);
      if (left.length > limits.maxDepth) corrupt(`it is nested more than ${limits.maxDepth} deep`);
      left.push(n);
      isMap.push(kind === Kind.Map);
      continue;
    }
    if (kind === Kind.Ext) {
      if (at >= end) corrupt('it ends too early');
      const type = view.getInt8(at++);
      if (!extensions || (type !== EXT_NDARRAY && type !== EXT_COMPLEX && type !== EXT_SCALAR)) corrupt(`unknown extension type ${type}`);
    }
    if (length > end - at) corrupt(`${length} bytes are declared at byte ${at}, but only ${end - at} follow`);
    at += length;
  }
  if (at !== end) corrupt(`${end - at} bytes follow its end`);
}

const FEW: Limits = { maxDepth: 3, maxEntries: 200 };

function decodePayload(data: Uint8Array): unknown {
  check(data, FEW, false);
  return decode(data);
}

function arrayOf(data: Uint8Array, isScalar: boolean): HostArray {
  const payload = decodePayload(data);
  if (!Array.isArray(payload) || payload.length !== 3) corrupt('an array is not stored as [shape, type, bytes]');
  const [shape, name, bytes] = payload as unknown[];
  const dtype = ArrayBuffer.isView(name) ? new TextDecoder().decode(name as Uint8Array) : name;
  if (!isDtype(dtype)) corrupt(`arrays of type ${JSON.stringify(String(dtype)).slice(0, 40)} are not known`);
  if (!Array.isArray(shape) || shape.length > 64 || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) corrupt('an array has no valid shape');
  if (isScalar && shape.length > 0) corrupt('a scalar has a shape');
  if (!(bytes instanceof Uint8Array)) corrupt('an array has no bytes');
  const expected = sizeOf(shape as number[]) * bytesPerElement(dtype);
  if (bytes.byteLength !== expected) corrupt(`an array ${dtype}[${shape.join(', ')}] has ${bytes.byteLength} bytes in place of ${expected}`);
  return new HostArray(dtype, shape as number[], bytes, isScalar);
}

const codec = new ExtensionCodec();
codec.register({ type: EXT_NDARRAY, encode: () => null, decode: (data) => arrayOf(data, false) });
codec.register({ type: EXT_SCALAR, encode: () => null, decode: (data) => arrayOf(data, true) });
codec.register({
  type: EXT_COMPLEX,
  encode: () => null,
  decode: (data) => {
    const parts = decodePayload(data);
    if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((x) => typeof x === 'number')) corrupt('a complex number is not stored as two numbers');
    return { re: parts[0], im: parts[1] };
  },
});

function listed(x: unknown): unknown[] {
  if (!isPlainObject(x)) corrupt('a chunked array has no dict of parts');
  const n = Object.keys(x).length;
  return Array.from({ length: n }, (_, i) => (Object.hasOwn(x, String(i)) ? x[String(i)] : corrupt('a chunked array lacks a part')));
}

function unchunk(x: Record<string, unknown>): HostArray {
  const shape = listed(x.shape) as number[];
  const chunks = listed(x.chunks) as HostArray[];
  if (shape.length > 64 || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) corrupt('a chunked array has no valid shape');
  const dtype = chunks[0] instanceof HostArray ? chunks[0].dtype : corrupt('a chunked array has no parts');
  if (!chunks.every((c) => c instanceof HostArray && c.dtype === dtype)) corrupt('the parts of a chunked array are not arrays of one type');
  const size = chunks.reduce((n, c) => n + c.bytes.byteLength, 0);
  const expected = sizeOf(shape) * bytesPerElement(dtype);
  if (size !== expected) corrupt(`a chunked array ${dtype}[${shape.join(', ')}] has ${size} bytes in place of ${expected}`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const c of chunks) {
    bytes.set(c.bytes, at);
    at += c.bytes.byteLength;
  }
  return new HostArray(dtype, shape, bytes);
}

/** Decoded values as users see them: integers of 64 bits as numbers where those are exact, bytes as Buffers, chunks as one array. */
function finish(x: unknown): unknown {
  if (typeof x === 'bigint') return x >= BigInt(Number.MIN_SAFE_INTEGER) && x <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(x) : x;
  if (x instanceof HostArray) return x;
  if (x instanceof Uint8Array) return Buffer.from(x);
  if (Array.isArray(x)) return x.map(finish);
  if (!isPlainObject(x)) return x;
  if (Object.hasOwn(x, CHUNKED)) return unchunk(x);
  for (const key of Object.keys(x)) setOwn(x, key, finish(x[key]));
  return x;
}

/**
 * The state dict that bytes hold, its arrays on the host and over the given bytes.
 *
 * @throws InvalidCheckpointPath if they are not one whole object of types we know, or beyond the limits
 */
export function unpackStateDict(bytes: Uint8Array, limits: Limits = DEFAULT_LIMITS): unknown {
  check(bytes, limits, true);
  let decoded: unknown;
  try {
    decoded = decode(bytes, { extensionCodec: codec, useBigInt64: true });
  } catch (e) {
    if (e instanceof InvalidCheckpointPath) throw e;
    corrupt(reason(e));
  }
  return finish(decoded);
}
