import { readFileSync, writeFileSync } from 'node:fs';
import { type Array, ConcreteArray } from '../core/array';
import { canonicalDtype, ShapedArray, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { bytesPerElement, encode, typedView } from '../core/hostFormat';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { transpose } from '../primitives/structural';
import { frombuffer, type FrombufferOptions } from './creation';

// NumPy's file format for one array: a magic string, a version, a Python dict as text, and the bytes.

const CODES: Partial<Record<DType, string>> = {
  bool: '|b1', int8: '|i1', int16: '<i2', int32: '<i4', int64: '<i8', uint8: '|u1', uint16: '<u2', uint32: '<u4', uint64: '<u8',
  float16: '<f2', float32: '<f4', float64: '<f8', complex64: '<c8', complex128: '<c16',
  // As ml_dtypes saves it.
  bfloat16: '<V2',
};
const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/**
 * Writes an array to a file in NumPy's format. Mirrors `jax.numpy.save`; `.npy` is added to a name without it.
 *
 * @throws DtypeError, ArgumentError for a dtype that the format has no name for
 */
export function save(file: string, arr: ArrayLike): void {
  const x = asArray(arr, 'save');
  const code = CODES[x.dtype];
  if (code === undefined) throw new ArgumentError(`save: NumPy's format has no name for dtype ${x.dtype}; convert with astype first`);
  const head = `{'descr': '${code}', 'fortran_order': False, 'shape': (${x.shape.join(', ')}${x.ndim === 1 ? ',' : ''}), }`;
  // The values begin at a multiple of 64.
  const length = Math.ceil((10 + head.length + 1) / 64) * 64 - 10;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(length);
  const values = encode(x.dataSync() as never, x.dtype);
  writeFileSync(file.endsWith('.npy') ? file : `${file}.npy`, Buffer.concat([MAGIC, Buffer.from([1, 0]), size, Buffer.from(`${head.padEnd(length - 1)}\n`, 'latin1'), values]));
}

function headerField(text: string, name: string, pattern: RegExp): string {
  const m = new RegExp(`'${name}':\\s*${pattern.source}`).exec(text);
  if (m === null) throw new ArgumentError(`load: expected ${name} in the header, got ${text.trim()}`);
  return m[1]!;
}

/**
 * Reads an array from a file in NumPy's format; 64-bit types narrow unless they are on. Mirrors `jax.numpy.load`, for `.npy` files.
 *
 * @throws ArgumentError for other files, and arrays of objects, strings or big-endian numbers
 */
export function load(file: string): Array {
  const all = readFileSync(file);
  if (!all.subarray(0, 6).equals(MAGIC)) throw new ArgumentError(`load: ${file} is not in NumPy's format`);
  const wide = all[6]! >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? all.readUInt32LE(8) : all.readUInt16LE(8));
  const text = all.toString('latin1', start, end);
  const code = headerField(text, 'descr', /'([^']*)'/);
  const from = (Object.keys(CODES) as DType[]).find((d) => CODES[d]!.slice(1) === code.slice(1) && (code[0] !== '>' || bytesPerElement(d) === 1));
  if (from === undefined) throw new ArgumentError(`load: cannot read values of NumPy's type '${code}'`);
  const fortran = headerField(text, 'fortran_order', /(True|False)/) === 'True';
  const shape = headerField(text, 'shape', /\(([^)]*)\)/).split(',').map((s) => s.trim()).filter((s) => s !== '').map(Number);
  const to = canonicalDtype(from);
  const size = sizeOf(shape) * bytesPerElement(from);
  if (all.length < end + size) throw new ArgumentError(`load: ${file} ends early: expected ${size} bytes of values, got ${all.length - end}`);
  const bytes = new Uint8Array(all.subarray(end, end + size));
  const stored = fortran ? [...shape].reverse() : shape;
  const x = ConcreteArray.fromHost(from === to ? bytes : encode(typedView(bytes.buffer as ArrayBuffer, from) as never, to), new ShapedArray(stored, to));
  return fortran ? transpose(x, shape.map((_, i) => shape.length - 1 - i)) : x;
}

/** The bytes of a file as an array of one dimension. Mirrors `jax.numpy.fromfile`. @throws as {@link frombuffer} */
export function fromfile(file: string, options: FrombufferOptions = {}): Array {
  return frombuffer(readFileSync(file), options);
}
