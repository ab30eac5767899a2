import type { Shape } from '../core/aval';
import { sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { bytesPerElement } from '../core/hostFormat';
import { InvalidCheckpointPath } from './errors';
import { HostArray } from './hostArray';

const DESCR: Partial<Record<DType, string>> = {
  bool: '|b1', int8: '|i1', uint8: '|u1', int16: '<i2', uint16: '<u2', int32: '<i4', uint32: '<u4', int64: '<i8', uint64: '<u8',
  float16: '<f2', float32: '<f4', float64: '<f8', complex64: '<c8', complex128: '<c16',
};
const FROM_DESCR = new Map(Object.entries(DESCR).map(([dtype, d]) => [d.slice(1), dtype as DType]));

/** NumPy leaves room for this many digits in the first axis's length. */
const GROWTH_DIGITS = 21;

/**
 * The bytes of an array in NumPy's format, version 1: header and data.
 *
 * @param asBytes a type whose elements are written as mere bytes, as NumPy does with types it does not know
 * @throws DtypeError for types that NumPy's format has none for
 */
export function writeNpy(a: HostArray, what: string, asBytes?: DType): Uint8Array[] {
  const descr = DESCR[a.dtype] ?? (a.dtype === asBytes ? `<V${bytesPerElement(a.dtype)}` : undefined);
  if (descr === undefined) throw new DtypeError(`${what}: NumPy's format has no type for ${a.dtype}; convert it first, or use safetensors or msgpack`);
  const shape = `(${a.shape.join(', ')}${a.shape.length === 1 ? ',' : ''})`;
  let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  if (a.shape.length > 0) header += ' '.repeat(Math.max(0, GROWTH_DIGITS - String(a.shape[0]).length));
  const total = Math.ceil((10 + header.length + 1) / 64) * 64;
  const start = Buffer.alloc(total, ' ');
  start.write('\x93NUMPY\x01\x00', 'latin1');
  start.writeUInt16LE(total - 10, 8);
  start.write(header, 10, 'latin1');
  start.write('\n', total - 1, 'latin1');
  return [start, a.bytes];
}

interface Header {
  descr: string;
  fortranOrder: boolean;
  shape: Shape;
}

/** The header's dict, of which NumPy writes one form: three keys, text, a boolean and a tuple of integers. */
function parseHeader(text: string, bad: (what: string) => never): Header {
  const dict = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (dict === undefined) return bad('its header is no dict');
  const found: Partial<Header> = {};
  const entry = /\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"]*)\3|(True|False)|\(([\d\s,L]*)\)|(\[.*\]))\s*(?:,|$)/sy;
  while (entry.lastIndex < dict.trimEnd().length) {
    const m = entry.exec(dict);
    if (m === null) return bad('its header cannot be read');
    const [, , key, , string, boolean, tuple, list] = m;
    if (list !== undefined) return bad('it holds records, which arrays have not');
    if (key === 'descr' && string !== undefined) found.descr = string;
    else if (key === 'fortran_order' && boolean !== undefined) found.fortranOrder = boolean === 'True';
    else if (key === 'shape' && tuple !== undefined) found.shape = tuple.split(',').map((n) => n.trim().replace(/L$/, '')).filter((n) => n !== '').map(Number);
    else return bad(`its header has an unexpected entry '${key}'`);
  }
  if (found.descr === undefined || found.fortranOrder === undefined || found.shape === undefined) return bad('its header lacks an entry');
  if (found.shape.length > 64 || !found.shape.every((n) => Number.isSafeInteger(n) && n >= 0)) bad('its shape is impossible');
  return found as Header;
}

/** Each element's bytes the other way round; complex numbers have two parts. */
export function swapBytes(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.byteLength);
  for (let i = 0; i < out.length; i += width) for (let k = 0; k < width; k++) out[i + k] = bytes[i + width - 1 - k]!;
  return out;
}

/** Elements in column-major order put in row-major order. */
export function toRowMajor(bytes: Uint8Array, shape: Shape, width: number): Uint8Array {
  const out = new Uint8Array(bytes.byteLength);
  const strides: number[] = [];
  let stride = 1;
  for (const n of shape) {
    strides.push(stride);
    stride *= n;
  }
  const index = shape.map(() => 0);
  let from = 0;
  for (let at = 0; at < out.length; at += width) {
    for (let k = 0; k < width; k++) out[at + k] = bytes[from * width + k]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      from -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  return out;
}

/**
 * The array that bytes in NumPy's format hold.
 *
 * @param as the type of elements that NumPy does not know and writes as mere bytes, such as bfloat16
 * @throws InvalidCheckpointPath if they are damaged
 * @throws DtypeError for text, objects, records and other types that are none of ours
 */
export function readNpy(bytes: Uint8Array, what: string, as?: DType): HostArray {
  const bad = (why: string): never => {
    throw new InvalidCheckpointPath(`${what} is no valid NumPy file: ${why}`);
  };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 10 || view.toString('latin1', 0, 6) !== '\x93NUMPY') bad('it does not begin as one');
  const major = view[6]!;
  if (major < 1 || major > 3) bad(`its version ${major} is not known`);
  const start = major === 1 ? 10 : 12;
  if (view.length < start) bad('it ends too early');
  const length = major === 1 ? view.readUInt16LE(8) : view.readUInt32LE(8);
  if (length > view.length - start || length > 2 ** 20) bad(`its header of ${length} bytes is not in the file`);
  const { descr, fortranOrder, shape } = parseHeader(view.toString(major === 3 ? 'utf8' : 'latin1', start, start + length), bad);
  const type = /^([<>|=]?)([a-zA-Z]\d*)$/.exec(descr);
  let dtype = type === null ? undefined : FROM_DESCR.get(type[2]!);
  if (dtype === undefined) {
    const width = type === null ? Number.NaN : Number(type[2]!.slice(1));
    if (type !== null && /^[Vf]/.test(type[2]!) && as !== undefined && bytesPerElement(as) === width) dtype = as;
    else if (type !== null && (type[2]!.startsWith('V') || type[2] === 'f1')) {
      throw new DtypeError(`${what}: its elements are of a type that NumPy does not know and wrote as ${width} bytes each ('${descr}'): say which by { dtype: 'bfloat16' }, or another of that size`);
    } else throw new DtypeError(`${what}: elements of type '${descr}' are no numbers of ours${descr.includes('O') ? '; pickled objects are never read' : ''}`);
  }
  const width = bytesPerElement(dtype);
  const size = sizeOf(shape) * width;
  let data: Uint8Array = bytes.subarray(start + length);
  if (data.byteLength < size) bad(`${dtype}[${shape.join(', ')}] needs ${size} bytes, it has ${data.byteLength}`);
  data = data.subarray(0, size);
  if (type![1] === '>' && width > 1) data = swapBytes(data, dtype.startsWith('complex') ? width / 2 : width);
  if (fortranOrder && shape.length > 1) data = toRowMajor(data, shape, width);
  return new HostArray(dtype, shape, data);
}
