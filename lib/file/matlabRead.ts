import { inflateSync } from 'node:zlib';
import { type Shape, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { bytesPerElement } from '../core/hostFormat';
import { InvalidCheckpointPath, reason } from '../storage/errors';
import { HostArray } from '../storage/hostArray';
import { swapBytes, toRowMajor } from '../storage/npy';

/** Types of data elements (mi…), as numbers; 14 is a matrix, 15 a compressed element, 16 to 18 are texts. */
export const ELEMENT_TYPES: Readonly<Record<number, DType>> = { 1: 'int8', 2: 'uint8', 3: 'int16', 4: 'uint16', 5: 'int32', 6: 'uint32', 7: 'float32', 9: 'float64', 12: 'int64', 13: 'uint64' };
/** Classes of numeric arrays (mx…), as numbers. */
export const CLASSES: Readonly<Record<number, DType>> = { 6: 'float64', 7: 'float32', 8: 'int8', 9: 'uint8', 10: 'int16', 11: 'uint16', 12: 'int32', 13: 'uint32', 14: 'int64', 15: 'uint64' };
const NESTING = 200;

/** What a file of MATLAB holds, with MATLAB's shapes. */
export type MatValue =
  | { kind: 'numbers'; array: HostArray; /** The type in MATLAB, of which smaller ones may be stored. */ dtype: DType }
  | { kind: 'text'; shape: Shape; rows: string[] }
  | { kind: 'cell'; shape: Shape; items: MatValue[] }
  | { kind: 'struct'; shape: Shape; fields: string[]; items: MatValue[][] }
  | { kind: 'other'; what: string };

export interface MatVariable {
  name: string;
  isGlobal: boolean;
  value: MatValue;
}

interface Element {
  type: number;
  data: Uint8Array;
  /** Where the next element begins. */
  next: number;
}

/** Reads variables one after another; nothing is trusted that a damaged file may have wrong. */
export class MatReader {
  readonly header: string;
  private readonly bytes: Uint8Array;
  private readonly swapped: boolean;
  private readonly what: string;
  private readonly limit: number;
  private unpacked = 0;

  constructor(bytes: Uint8Array, what: string, limit: number) {
    this.bytes = bytes;
    this.what = what;
    this.limit = limit;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(128, bytes.byteLength)).toString('latin1');
    if (text.startsWith('\x89HDF\r\n\x1a\n') || text.startsWith('MATLAB 7.3')) throw new InvalidCheckpointPath(`${what} is a file of MATLAB 7.3, which is HDF5 and not read here; in MATLAB, save(…, '-v7') writes one that is`);
    const mark = text.slice(126, 128);
    if (mark !== 'IM' && mark !== 'MI') this.bad('it does not begin as one');
    this.swapped = mark === 'MI';
    this.header = text.slice(0, 116).replace(/[\s\0]+$/, '');
  }

  private bad(why: string): never {
    throw new InvalidCheckpointPath(`${this.what} is no valid file of MATLAB's: ${why}`);
  }

  /** The file's variables, of which those that are not wanted are not read. */
  *variables(wanted: (name: string) => boolean): Generator<MatVariable> {
    for (let at = 128; at < this.bytes.byteLength; ) {
      const e = this.element(this.bytes, at, true);
      at = e.next;
      let { type, data } = e;
      if (type === 15) ({ type, data } = this.element(this.inflate(data), 0, true));
      if (type !== 14) this.bad(`a variable of type ${type}`);
      const head = this.head(data);
      // Without a name: what objects of classes keep.
      if (head.name === '' || !wanted(head.name)) continue;
      yield { name: head.name, isGlobal: head.isGlobal, value: this.value(data, head, 0) };
    }
  }

  private inflate(data: Uint8Array): Uint8Array {
    try {
      const out = inflateSync(data, { maxOutputLength: Math.min(2 ** 32, Math.max(1, this.limit - this.unpacked)) });
      this.unpacked += out.byteLength;
      return out;
    } catch (e) {
      return this.bad(`a compressed variable cannot be unpacked (${reason(e)})`);
    }
  }

  private u32(data: Uint8Array, at: number): number {
    if (at + 4 > data.byteLength) this.bad('it ends too early');
    return new DataView(data.buffer, data.byteOffset + at, 4).getUint32(0, !this.swapped);
  }

  private element(data: Uint8Array, at: number, outermost = false): Element {
    const first = this.u32(data, at);
    // Four bytes or less may stand in the tag itself, which says how many in its upper half.
    const small = first >>> 16;
    if (small > 0) {
      if (small > 4 || at + 8 > data.byteLength) this.bad('an element of impossible length');
      return { type: first & 0xffff, data: data.subarray(at + 4, at + 4 + small), next: at + 8 };
    }
    const length = this.u32(data, at + 4);
    const end = at + 8 + length;
    if (end > data.byteLength) this.bad(`an element of ${length} bytes is not in the file`);
    // Compressed elements are not padded.
    return { type: first, data: data.subarray(at + 8, end), next: outermost && first === 15 ? end : Math.min(data.byteLength, Math.ceil(end / 8) * 8) };
  }

  private text(e: Element): string {
    return Buffer.from(e.data).toString('latin1').replace(/\0.*$/s, '');
  }

  /** The parts of a matrix that all classes have. */
  private head(data: Uint8Array): { cls: number; complex: boolean; isGlobal: boolean; logical: boolean; shape: number[]; name: string; next: number } {
    const flags = this.element(data, 0);
    const bits = this.u32(flags.data, 0);
    const cls = bits & 0xff;
    if (cls === 17) {
      const name = this.element(data, flags.next);
      return { cls, complex: false, isGlobal: false, logical: false, shape: [], name: this.text(name), next: name.next };
    }
    const dims = this.element(data, flags.next);
    const shape = [...this.integers(dims)];
    if (shape.length < 1 || shape.length > 64 || shape.some((n) => n < 0)) this.bad('an array of an impossible shape');
    const name = this.element(data, dims.next);
    return { cls, complex: (bits & 0x800) !== 0, isGlobal: (bits & 0x400) !== 0, logical: (bits & 0x200) !== 0, shape, name: this.text(name), next: name.next };
  }

  private integers(e: Element): number[] {
    const numbers = this.numbers(e);
    return globalThis.Array.from(numbers.data() as Int32Array, Number);
  }

  /** An element's values as they are stored: a vector. */
  private numbers(e: Element): HostArray {
    const dtype = ELEMENT_TYPES[e.type];
    if (dtype === undefined) return this.bad(`numbers of type ${e.type}`);
    const width = bytesPerElement(dtype);
    if (e.data.byteLength % width !== 0) this.bad('numbers that are cut off');
    return new HostArray(dtype, [e.data.byteLength / width], this.swapped && width > 1 ? swapBytes(e.data, width) : e.data);
  }

  private matrix(data: Uint8Array, at: number, depth: number): { value: MatValue; next: number } {
    const e = this.element(data, at);
    if (e.type !== 14) this.bad(`a part of type ${e.type} where an array should be`);
    if (e.data.byteLength === 0) return { value: { kind: 'numbers', array: new HostArray('float64', [0, 0], new Uint8Array(0)), dtype: 'float64' }, next: e.next };
    return { value: this.value(e.data, this.head(e.data), depth), next: e.next };
  }

  private value(data: Uint8Array, head: ReturnType<MatReader['head']>, depth: number): MatValue {
    if (depth > NESTING) this.bad(`arrays in arrays more than ${NESTING} deep`);
    const { cls, shape } = head;
    const count = sizeOf(shape);
    if (cls === 4) return this.chars(data, head, count);
    if (cls === 5) return this.sparse(data, head);
    if (cls in CLASSES) return this.numeric(data, head, count);
    if (cls === 1) {
      // Each takes eight bytes at least.
      if (count > data.byteLength / 8) this.bad(`${count} cells are not in the file`);
      let at = head.next;
      const items: MatValue[] = [];
      for (let i = 0; i < count; i++) {
        const m = this.matrix(data, at, depth + 1);
        items.push(m.value);
        at = m.next;
      }
      return { kind: 'cell', shape, items: rowMajorList(items, shape) };
    }
    if (cls === 2 || cls === 3) {
      let at = head.next;
      if (cls === 3) at = this.element(data, at).next;
      const width = this.element(data, at);
      const names = this.element(data, width.next);
      const w = this.u32(width.data, 0);
      if (w < 1 || names.data.byteLength % w !== 0) this.bad('fields without names');
      const fields = globalThis.Array.from({ length: names.data.byteLength / w }, (_, i) => Buffer.from(names.data.subarray(i * w, (i + 1) * w)).toString('latin1').replace(/\0.*$/s, ''));
      if (count > 1 && fields.length > 0 && count * fields.length > data.byteLength / 8) this.bad(`${count} structures are not in the file`);
      if (fields.length === 0 && count > 2 ** 20) this.bad(`${count} structures without fields`);
      at = names.next;
      const items: MatValue[][] = [];
      for (let i = 0; i < count; i++) {
        const item: MatValue[] = [];
        for (let k = 0; k < fields.length; k++) {
          const m = this.matrix(data, at, depth + 1);
          item.push(m.value);
          at = m.next;
        }
        items.push(item);
      }
      return { kind: 'struct', shape, fields, items: rowMajorList(items, shape) };
    }
    return { kind: 'other', what: cls === 16 ? 'a function handle' : cls === 17 ? 'an object of a class' : `of class ${cls}` };
  }

  private numeric(data: Uint8Array, { cls, shape, complex, logical, next }: ReturnType<MatReader['head']>, count: number): MatValue {
    const re = this.element(data, next);
    let a = this.numbers(re);
    if (a.size !== count) this.bad(`an array of ${count} numbers has ${a.size}`);
    if (complex) {
      const b = this.numbers(this.element(data, re.next));
      if (b.size !== count) this.bad(`an array of ${count} complex numbers has ${b.size} imaginary parts`);
      const single = a.dtype === 'float32' && b.dtype === 'float32';
      a = complexOf(a.data() as globalThis.ArrayLike<number>, b.data() as globalThis.ArrayLike<number>, single);
    }
    return matrixOf(a, shape, complex ? a.dtype : logical ? 'bool' : CLASSES[cls]!);
  }

  private chars(data: Uint8Array, { shape, next }: ReturnType<MatReader['head']>, count: number): MatValue {
    const e = this.element(data, next);
    const bytes = Buffer.from(e.data);
    let units: string[];
    if (e.type === 16) units = [...bytes.toString('utf8')];
    else if (e.type === 18) units = globalThis.Array.from({ length: bytes.length >> 2 }, (_, i) => String.fromCodePoint(Math.min(0x10ffff, this.u32(e.data, 4 * i))));
    else {
      // Also texts whose characters are saved as numbers.
      const codes = this.numbers(e.type === 17 ? { ...e, type: 4 } : e).data() as globalThis.ArrayLike<number>;
      units = globalThis.Array.from(codes, (c) => String.fromCharCode(Number(c)));
    }
    // Characters beyond 16 bits may count as two.
    if (units.length !== count) units = units.join('').split('');
    if (units.length !== count) this.bad(`a text of ${count} characters has ${units.length}`);
    const width = shape.at(-1) ?? 0;
    const ordered = rowMajorList(units, shape);
    const rows = width === 0 ? [] : globalThis.Array.from({ length: count / width }, (_, i) => ordered.slice(i * width, (i + 1) * width).join(''));
    return { kind: 'text', shape, rows };
  }

  /** A sparse matrix, made dense. */
  private sparse(data: Uint8Array, { shape, complex, logical, next }: ReturnType<MatReader['head']>): MatValue {
    const [rows = 0, columns = 0] = shape;
    const ir = this.element(data, next);
    const starts = this.element(data, ir.next);
    const [at, from] = [this.integers(ir), this.integers(starts)];
    const re = this.element(data, starts.next);
    const values = this.numbers(re);
    const imaginary = complex ? this.numbers(this.element(data, re.next)) : null;
    const count = rows * columns;
    if (shape.length !== 2 || from.length !== columns + 1 || from.some((n, i) => n < (from[i - 1] ?? 0) || n > Math.min(at.length, values.size))) this.bad('a sparse matrix of wrong columns');
    if (count * 16 > this.limit) this.bad(`a sparse matrix of ${rows} by ${columns} is too large to be made dense; see maxSize`);
    const dtype: DType = imaginary !== null ? 'complex128' : values.dtype === 'float32' ? 'float32' : logical ? 'uint8' : 'float64';
    const out = imaginary !== null ? new Float64Array(2 * count) : dtype === 'float32' ? new Float32Array(count) : dtype === 'uint8' ? new Uint8Array(count) : new Float64Array(count);
    const [x, y] = [values.data() as globalThis.ArrayLike<number>, imaginary?.data() as globalThis.ArrayLike<number> | undefined];
    for (let c = 0; c < columns; c++) {
      for (let i = from[c]!; i < from[c + 1]!; i++) {
        const r = at[i]!;
        if (r < 0 || r >= rows) this.bad('a sparse matrix of wrong rows');
        const k = r * columns + c;
        if (y === undefined) out[k] = Number(x[i]);
        else [out[2 * k], out[2 * k + 1]] = [Number(x[i]), Number(y[i] ?? 0)];
      }
    }
    return { kind: 'numbers', array: new HostArray(dtype, shape, new Uint8Array(out.buffer)), dtype: logical ? 'bool' : dtype };
  }
}

/** Complex numbers of their parts. */
export function complexOf(x: globalThis.ArrayLike<number>, y: globalThis.ArrayLike<number>, single: boolean): HostArray {
  const parts = new (single ? Float32Array : Float64Array)(2 * x.length);
  for (let i = 0; i < x.length; i++) [parts[2 * i], parts[2 * i + 1]] = [Number(x[i]), Number(y[i])];
  return new HostArray(single ? 'complex64' : 'complex128', [x.length], new Uint8Array(parts.buffer));
}

/** Numbers in column-major order as the matrix they are; `dtype` is what MATLAB has them for. */
export function matrixOf(a: HostArray, shape: Shape, dtype = a.dtype): Extract<MatValue, { kind: 'numbers' }> {
  return { kind: 'numbers', array: new HostArray(a.dtype, shape, toRowMajor(a.bytes, shape, bytesPerElement(a.dtype))), dtype };
}

/** A list in column-major order put in row-major order. */
export function rowMajorList<T>(items: readonly T[], shape: Shape): T[] {
  const order = new Int32Array(toRowMajor(new Uint8Array(Int32Array.from(items, (_, i) => i).buffer), shape, 4).buffer);
  return globalThis.Array.from(order, (i) => items[i]!);
}
