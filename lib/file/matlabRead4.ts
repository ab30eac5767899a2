import { sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { bytesPerElement } from '../core/hostFormat';
import { InvalidCheckpointPath } from '../storage/errors';
import { HostArray } from '../storage/hostArray';
import { swapBytes } from '../storage/npy';
import { complexOf, type MatVariable, matrixOf, rowMajorList } from './matlabRead';

/** Types of stored numbers by the second digit of a variable's type. */
const STORED: readonly DType[] = ['float64', 'float32', 'int32', 'int16', 'uint16', 'uint8'];

/** Whether a file may be of version 4, which has no header: its first variable's type, below 5000, stands where version 5 has text. */
export function isVersion4(bytes: Uint8Array): boolean {
  return bytes.byteLength >= 20 && bytes.subarray(0, 4).includes(0);
}

/**
 * The variables of a MATLAB file of version 4: matrices of numbers, texts, and sparse matrices made dense. Those that are not wanted are not read.
 *
 * @throws InvalidCheckpointPath if the file is damaged, or comes from a machine whose numbers are not IEEE's
 */
export function* variablesOfVersion4(bytes: Uint8Array, what: string, limit: number, wanted: (name: string) => boolean): Generator<MatVariable> {
  const bad = (why: string): never => {
    throw new InvalidCheckpointPath(`${what} is no valid file of MATLAB's, version 4: ${why}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; ) {
    if (at + 20 > bytes.byteLength) bad('it ends too early');
    const little = view.getUint32(at, true) < 5000;
    const [type, rows, columns, imaginary, nameLength] = [0, 4, 8, 12, 16].map((k) => view.getUint32(at + k, little)) as [number, number, number, number, number];
    const [machine, zero, stored, kind] = [Math.floor(type / 1000), Math.floor(type / 100) % 10, Math.floor(type / 10) % 10, type % 10];
    if (machine > 1) bad(`a variable of type ${type}, which is of a machine whose numbers are not IEEE's`);
    if (zero !== 0 || stored >= STORED.length || kind > 2 || imaginary > 1 || little !== (machine === 0)) bad(`a variable of type ${type}`);
    const dtype = STORED[stored]!;
    const width = bytesPerElement(dtype);
    const count = rows * columns;
    const [from, part] = [at + 20 + nameLength, count * width];
    const end = from + part * (imaginary + 1);
    if (nameLength > 4096 || end > bytes.byteLength) bad(`a variable of ${rows} by ${columns} numbers is not in the file`);
    const name = Buffer.from(bytes.subarray(at + 20, from)).toString('latin1').replace(/\0.*$/s, '');
    at = end;
    if (name === '') bad('a variable without a name');
    if (!wanted(name)) continue;
    const numbers = (start: number): HostArray => {
      const data = bytes.subarray(start, start + part);
      return new HostArray(dtype, [count], little || width === 1 ? data : swapBytes(data, width));
    };
    const re = numbers(from);
    const values = (a: HostArray): globalThis.ArrayLike<number> => a.data() as globalThis.ArrayLike<number>;
    const give = (value: MatVariable['value']): MatVariable => ({ name, isGlobal: false, value });
    const matrix = (a: HostArray, shape: readonly number[]): MatVariable => give(matrixOf(a, shape));
    if (kind === 1) {
      const characters = rowMajorList(globalThis.Array.from(values(re), (c) => String.fromCharCode(c)), [rows, columns]);
      yield give({ kind: 'text', shape: [rows, columns], rows: columns === 0 ? [] : globalThis.Array.from({ length: rows }, (_, i) => characters.slice(i * columns, (i + 1) * columns).join('')) });
    } else if (kind === 0 && imaginary === 0) yield matrix(re, [rows, columns]);
    else if (kind === 0) yield matrix(complexOf(values(re), values(numbers(from + part)), dtype === 'float32'), [rows, columns]);
    else {
      // Each row is the place of a number, counted from 1, and its parts; the last row is the matrix's size.
      const x = values(re);
      if (rows < 1 || columns < 3 || columns > 4) bad('a sparse matrix without a size');
      const shape = [x[rows - 1]!, x[2 * rows - 1]!];
      if (shape.some((n) => !Number.isInteger(n) || n < 0)) bad('a sparse matrix of an impossible size');
      const size = sizeOf(shape);
      if (size * 16 > limit) bad(`a sparse matrix of ${shape.join(' by ')} is too large to be made dense; see maxSize`);
      const parts = globalThis.Array.from({ length: columns - 2 }, () => new Float64Array(size));
      for (let i = 0; i < rows - 1; i++) {
        const [r, c] = [x[i]! - 1, x[rows + i]! - 1];
        if (!Number.isInteger(r) || !Number.isInteger(c) || r < 0 || c < 0 || r >= shape[0]! || c >= shape[1]!) bad('a sparse matrix of wrong rows or columns');
        // Numbers at one place add up, as in SciPy.
        parts.forEach((p, k) => (p[c * shape[0]! + r]! += x[(k + 2) * rows + i]!));
      }
      yield matrix(parts.length === 2 ? complexOf(parts[0]!, parts[1]!, false) : new HostArray('float64', [size], new Uint8Array(parts[0]!.buffer)), shape);
    }
  }
}
