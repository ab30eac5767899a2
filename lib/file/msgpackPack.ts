import { encode } from '@msgpack/msgpack';
import type { Complex } from '../core/array';
import { ArgumentError } from '../core/errors';
import { bytesPerElement } from '../core/hostFormat';
import type { ArrayLike } from '../functional/arrayLike';
import { HostArray, isArrayValue } from '../storage/hostArray';
import { PythonNumber } from './stateDict';

export const EXT_NDARRAY = 1;
export const EXT_COMPLEX = 2;
export const EXT_SCALAR = 3;
export const CHUNKED = '__msgpack_chunked_array__';

/** Arrays of more bytes than this are stored in several pieces, as flax does. */
export const MAX_CHUNK_BYTES = 2 ** 30;

function header(size: number, fill: (v: DataView) => void): Uint8Array {
  const out = new Uint8Array(size);
  fill(new DataView(out.buffer));
  return out;
}

function mapHeader(n: number): Uint8Array {
  if (n < 16) return Uint8Array.of(0x80 | n);
  if (n < 2 ** 16) return header(3, (v) => (v.setUint8(0, 0xde), v.setUint16(1, n)));
  return header(5, (v) => (v.setUint8(0, 0xdf), v.setUint32(1, n)));
}

function binHeader(n: number): Uint8Array {
  if (n < 2 ** 8) return Uint8Array.of(0xc4, n);
  if (n < 2 ** 16) return header(3, (v) => (v.setUint8(0, 0xc5), v.setUint16(1, n)));
  return header(5, (v) => (v.setUint8(0, 0xc6), v.setUint32(1, n)));
}

const FIXED: Record<number, number> = { 1: 0xd4, 2: 0xd5, 4: 0xd6, 8: 0xd7, 16: 0xd8 };

function extHeader(n: number, type: number): Uint8Array {
  const fixed = FIXED[n];
  if (fixed !== undefined) return Uint8Array.of(fixed, type);
  if (n < 2 ** 8) return Uint8Array.of(0xc7, n, type);
  if (n < 2 ** 16) return header(4, (v) => (v.setUint8(0, 0xc8), v.setUint16(1, n), v.setUint8(3, type)));
  return header(6, (v) => (v.setUint8(0, 0xc9), v.setUint32(1, n), v.setUint8(5, type)));
}

function float64(x: number): Uint8Array {
  return header(9, (v) => (v.setUint8(0, 0xcb), v.setFloat64(1, x)));
}

function bigint(x: bigint): Uint8Array {
  if (x >= BigInt(Number.MIN_SAFE_INTEGER) && x <= BigInt(Number.MAX_SAFE_INTEGER)) return encode(Number(x));
  if (BigInt.asUintN(64, x) !== x && BigInt.asIntN(64, x) !== x) throw new ArgumentError(`cannot save ${x}n: an integer of a file has at most 64 bits`);
  return encode(x, { useBigInt64: true });
}

/** Whole numbers are ints, others floats, as are −0 and what is too large for an exact int. */
function number(x: number): Uint8Array {
  return Number.isSafeInteger(x) && !Object.is(x, -0) ? encode(x) : float64(x);
}

/** An extension with [shape, name of the type, bytes]; the bytes are not copied. */
function pushArray(a: HostArray, out: Uint8Array[]): void {
  const [shape, name, size] = [encode(a.shape), encode(a.dtype as string), binHeader(a.bytes.byteLength)];
  out.push(extHeader(1 + shape.byteLength + name.byteLength + size.byteLength + a.bytes.byteLength, a.isScalar ? EXT_SCALAR : EXT_NDARRAY));
  out.push(Uint8Array.of(0x93), shape, name, size, a.bytes);
}

function chunked(a: HostArray, maxChunkBytes: number): Map<string, unknown> {
  const width = bytesPerElement(a.dtype);
  const length = Math.max(1, Math.floor(maxChunkBytes / width));
  const chunks = new Map<string, unknown>();
  for (let at = 0; at < a.size; at += length) {
    const n = Math.min(length, a.size - at);
    chunks.set(String(chunks.size), new HostArray(a.dtype, [n], a.bytes.subarray(at * width, (at + n) * width)));
  }
  return new Map<string, unknown>([[CHUNKED, true], ['shape', new Map(a.shape.map((n, i) => [String(i), n]))], ['chunks', chunks]]);
}

function push(x: unknown, out: Uint8Array[], maxChunkBytes: number): void {
  if (x === null || typeof x === 'boolean' || typeof x === 'string') out.push(encode(x));
  else if (typeof x === 'number') out.push(number(x));
  else if (typeof x === 'bigint') out.push(bigint(x));
  else if (x instanceof PythonNumber) out.push(x.kind === 'float' ? float64(Number(x.value)) : bigint(BigInt(x.value)));
  else if (x instanceof Map) {
    out.push(mapHeader(x.size));
    for (const [key, value] of x) {
      out.push(encode(key));
      push(value, out, maxChunkBytes);
    }
  } else if (Buffer.isBuffer(x)) out.push(binHeader(x.byteLength), x);
  else if (x instanceof HostArray) {
    if (x.bytes.byteLength > maxChunkBytes && !x.isScalar) push(chunked(x, maxChunkBytes), out, Infinity);
    else pushArray(x, out);
  } else {
    const { re, im } = x as Complex;
    out.push(extHeader(19, EXT_COMPLEX), Uint8Array.of(0x92), float64(re), float64(im));
  }
}

/** Short pieces joined, so that a file of many small values is not written in as many pieces. */
function joinShort(pieces: readonly Uint8Array[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  let run: Uint8Array[] = [];
  const flush = () => {
    if (run.length > 0) out.push(run.length === 1 ? run[0]! : Buffer.concat(run));
    run = [];
  };
  for (const p of pieces) {
    if (p.byteLength < 65536) run.push(p);
    else flush(), out.push(p);
  }
  flush();
  return out;
}

/** The bytes of a state dict whose arrays are on the host, in pieces; those of large arrays are the arrays' own. */
export function packStateMap(state: unknown, maxChunkBytes = MAX_CHUNK_BYTES): Uint8Array[] {
  const out: Uint8Array[] = [];
  push(state, out, maxChunkBytes);
  return joinShort(out);
}

/** A state dict with its arrays copied to the host. */
export function stateMapToHost(state: unknown): unknown {
  if (state instanceof Map) return new Map([...state].map(([k, v]) => [k, stateMapToHost(v)]));
  return isArrayValue(state) ? HostArray.from(state as ArrayLike) : state;
}

/** {@link stateMapToHost} without blocking the event loop; all copies begin before it returns, so that arrays may be donated afterwards. */
export async function stateMapToHostAsync(state: unknown): Promise<unknown> {
  if (state instanceof Map) {
    const keys = [...state.keys()];
    const values = await Promise.all([...state.values()].map(stateMapToHostAsync));
    return new Map(keys.map((k, i) => [k, values[i]]));
  }
  return isArrayValue(state) ? HostArray.fromAsync(state as ArrayLike) : state;
}
