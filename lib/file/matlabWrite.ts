import { deflateSync } from 'node:zlib';
import { Array } from '../core/array';
import type { Shape } from '../core/aval';
import { type DType, realDtype } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { bytesPerElement, encode } from '../core/hostFormat';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { HostArray, isArrayValue } from '../storage/hostArray';
import { toRowMajor } from '../storage/npy';
import { CLASSES, ELEMENT_TYPES } from './matlabRead';

const typeOf = new Map(Object.entries(ELEMENT_TYPES).map(([n, d]) => [d, Number(n)]));
const classOf = new Map(Object.entries(CLASSES).map(([n, d]) => [d, Number(n)]));

export interface MatWriteOptions {
  /** Whether vectors are rows or columns. */
  onedAs: 'row' | 'column';
  /** Names of up to 63 characters, not 31. */
  longFieldNames: boolean;
  doCompression: boolean;
}

function element(type: number, data: Uint8Array): Uint8Array[] {
  const tag = Buffer.alloc(8);
  if (data.byteLength > 0 && data.byteLength <= 4) {
    tag.writeUInt32LE((data.byteLength << 16) | type, 0);
    tag.set(data, 4);
    return [tag];
  }
  if (data.byteLength > 0xffffffff) throw new ArgumentError(`saveMatfile: an array of ${data.byteLength} bytes is more than a file of version 5 can hold`);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.byteLength, 4);
  return [tag, data, Buffer.alloc((8 - (data.byteLength % 8)) % 8)];
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((n, p) => n + p.byteLength, 0);

function tagged(type: number, pieces: Uint8Array[]): Uint8Array[] {
  const tag = Buffer.alloc(8);
  const length = lengthOf(pieces);
  if (length > 0xffffffff) throw new ArgumentError(`saveMatfile: a variable of ${length} bytes is more than a file of version 5 can hold`);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(length, 4);
  return [tag, ...pieces];
}

const int32 = (values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);

/** An array's parts: flags, shape, name, then data. */
function matrix(name: string, cls: number, flags: number, shape: Shape, data: Uint8Array[]): Uint8Array[] {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(cls | flags, 0);
  return tagged(14, [...element(6, head), ...element(5, int32(shape)), ...element(1, Buffer.from(name, 'latin1')), ...data]);
}

/** A shape of two axes or more. */
function atLeast2d(shape: Shape, onedAs: 'row' | 'column'): Shape {
  if (shape.length >= 2) return shape;
  return shape.length === 0 ? [1, 1] : onedAs === 'row' ? [1, shape[0]!] : [shape[0]!, 1];
}

const columnMajor = (bytes: Uint8Array, shape: Shape, width: number): Uint8Array => toRowMajor(bytes, [...shape].reverse(), width);

/** MATLAB has no halves and no small floats or integers: they widen. */
function widened(a: HostArray): HostArray {
  if (a.dtype === 'bool' || a.dtype === 'complex64' || a.dtype === 'complex128' || classOf.has(a.dtype)) return a;
  const to: DType = /^u?int/.test(a.dtype) ? (a.dtype.startsWith('u') ? 'uint8' : 'int8') : 'float32';
  return new HostArray(to, a.shape, encode(a.data(), to));
}

function numbers(name: string, given: HostArray, { onedAs }: MatWriteOptions): Uint8Array[] {
  const a = widened(given);
  const shape = atLeast2d(a.shape, onedAs);
  if (a.dtype === 'complex64' || a.dtype === 'complex128') {
    const dtype = realDtype(a.dtype);
    const width = bytesPerElement(dtype);
    const parts = [0, 1].map((part) => {
      const out = new Uint8Array(a.size * width);
      for (let i = 0; i < a.size; i++) out.set(a.bytes.subarray((2 * i + part) * width, (2 * i + part + 1) * width), i * width);
      return element(typeOf.get(dtype)!, columnMajor(out, shape, width));
    });
    return matrix(name, classOf.get(dtype)!, 0x800, shape, parts.flat());
  }
  const stored = a.dtype === 'bool' ? 'uint8' : a.dtype;
  return matrix(name, classOf.get(stored)!, a.dtype === 'bool' ? 0x200 : 0, shape, element(typeOf.get(stored)!, columnMajor(a.bytes, shape, bytesPerElement(stored))));
}

/** Texts of one width, as rows of characters. */
function texts(name: string, rows: readonly string[]): Uint8Array[] {
  const split = rows.map((r) => [...r]);
  const width = Math.max(...split.map((r) => r.length));
  if (rows.length === 1 && width === 0) return matrix(name, 4, 0, [0, 0], element(16, new Uint8Array(0)));
  let all = '';
  for (let c = 0; c < width; c++) for (const r of split) all += r[c] ?? ' ';
  return matrix(name, 4, 0, [rows.length, width], element(16, Buffer.from(all, 'utf8')));
}

/** A nested list of numbers or booleans, all rows of one length; null for another list. */
function numericList(list: readonly unknown[]): HostArray | null {
  const shape: number[] = [];
  for (let at: unknown = list; globalThis.Array.isArray(at); at = at[0]) shape.push(at.length);
  const flat: (number | boolean)[] = [];
  const walk = (x: unknown, d: number): boolean => {
    if (!globalThis.Array.isArray(x)) return d === shape.length && (typeof x === 'number' || typeof x === 'boolean') && flat.push(x) > 0;
    return d < shape.length && x.length === shape[d] && x.every((v) => walk(v, d + 1));
  };
  if (!walk(list, 0)) return null;
  const all = flat.length > 0 && flat.every((x) => typeof x === 'boolean');
  return all ? new HostArray('bool', shape, Uint8Array.from(flat, Number)) : new HostArray('float64', shape, new Uint8Array(Float64Array.from(flat, Number).buffer));
}

function checkName(name: string, where: string, { longFieldNames }: MatWriteOptions): void {
  const most = longFieldNames ? 63 : 31;
  if (!/^[A-Za-z]\w*$/.test(name)) throw new ArgumentError(`saveMatfile: expected names of letters, digits and '_' that begin with a letter, got '${name}'${where === '' ? '' : ` in ${where}`}`);
  if (name.length > most) throw new ArgumentError(`saveMatfile: expected names of at most ${most} characters, got '${name}'${longFieldNames ? '' : '; see longFieldNames'}`);
}

/** The bytes of a value as an array of MATLAB's. */
function valueBytes(name: string, x: unknown, where: string, options: MatWriteOptions, within: readonly unknown[]): Uint8Array[] {
  if (x instanceof Array || isArrayValue(x)) return numbers(name, HostArray.from(x as Array, where), options);
  if (typeof x === 'string') return texts(name, [x]);
  if (typeof x === 'number') return numbers(name, new HostArray('float64', [], new Uint8Array(Float64Array.of(x).buffer)), options);
  if (typeof x === 'boolean') return numbers(name, new HostArray('bool', [], Uint8Array.of(Number(x))), options);
  if (typeof x === 'bigint') return numbers(name, new HostArray('int64', [], new Uint8Array(BigInt64Array.of(x).buffer)), options);
  if (x !== null && typeof x === 'object' && within.includes(x)) throw new ArgumentError(`saveMatfile: '${where}' contains itself`);
  const inner = [...within, x];
  if (globalThis.Array.isArray(x)) {
    const list = numericList(x);
    if (list !== null) return numbers(name, list, options);
    if (x.every((v) => typeof v === 'string')) return texts(name, x as string[]);
    return matrix(name, 1, 0, atLeast2d([x.length], options.onedAs), x.flatMap((v, i) => valueBytes('', v, `${where}[${i}]`, options, inner)));
  }
  if (x instanceof Map || isPlainObject(x)) {
    const entries = (x instanceof Map ? [...x] : Object.entries(x)) as [unknown, unknown][];
    for (const [k] of entries) checkName(String(k), where, options);
    const width = options.longFieldNames ? 64 : 32;
    const names = Buffer.alloc(width * entries.length);
    entries.forEach(([k], i) => names.write(String(k), i * width, 'latin1'));
    return matrix(name, 2, 0, [1, 1], [...element(5, int32([width])), ...element(1, names), ...entries.flatMap(([k, v]) => valueBytes('', v, `${where}.${String(k)}`, options, inner))]);
  }
  throw new ArgumentError(`saveMatfile: expected arrays, numbers, texts, lists and objects of them, got ${describeValue(x)} at '${where}'`);
}

/** The bytes of a file of version 5. */
export function writeMat(variables: Iterable<readonly [string, unknown]>, options: MatWriteOptions): Uint8Array[] {
  const start = Buffer.alloc(128, ' ');
  start.write(`MATLAB 5.0 MAT-file Platform: node, Created on: ${new Date().toUTCString()}`, 0, 'latin1');
  start.fill(0, 116, 124);
  start.writeUInt16LE(0x0100, 124);
  start.write('IM', 126, 'latin1');
  const out: Uint8Array[] = [start];
  for (const [name, value] of variables) {
    checkName(name, '', options);
    const bytes = valueBytes(name, value, name, options, []);
    if (!options.doCompression) out.push(...bytes);
    else {
      const packed = deflateSync(Buffer.concat(bytes));
      const tag = Buffer.alloc(8);
      tag.writeUInt32LE(15, 0);
      tag.writeUInt32LE(packed.byteLength, 4);
      out.push(tag, packed);
    }
  }
  return out;
}
