import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, DtypeError, file, numpy as np, XlastateError } from '../../lib/index';

const { files, values, unsqueezed, version4 } = JSON.parse(readFileSync(join(__dirname, '../fixtures/matlab.json'), 'utf8')) as Record<'values' | 'unsqueezed' | 'version4', unknown> & { files: Record<string, string> };
const folder = mkdtempSync(join(tmpdir(), 'xlastate-mat-'));
const at = (name: string) => join(folder, name);
const put = (name: string, bytes: Uint8Array): string => {
  writeFileSync(at(name), bytes);
  return at(name);
};
const bytesOf = (name: string) => Buffer.from(files[name]!, 'base64');
afterAll(() => rmSync(folder, { recursive: true }));

/** Values as the fixture has them. */
function plain(v: unknown): unknown {
  if (v instanceof file.HostArray) return [v.dtype, [...v.shape], globalThis.Array.from(v.data() as Iterable<unknown>, plain)];
  if (globalThis.Array.isArray(v)) return v.map(plain);
  if (typeof v === 'bigint') return Number.isSafeInteger(Number(v)) ? Number(v) : String(v);
  if (v !== null && typeof v === 'object') return 're' in v ? [(v as { re: number }).re, (v as unknown as { im: number }).im] : Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)]));
  return v;
}

test.each(['plain', 'packed'])("SciPy's %s files are read as BrainTools reads them", (name) => {
  const path = put(`${name}.mat`, bytesOf(name));
  expect(plain(file.loadMatfile(path, { host: true }))).toEqual(values);
  // Characters of no text at all are an empty list, not an empty array.
  expect(plain(file.loadMatfile(path, { host: true, squeezeMe: false }))).toEqual(unsqueezed);
});

test('files of version 4 are read as SciPy reads them, those of other machines too; options that BrainTools has', () => {
  const path = put('version4.mat', bytesOf('version4'));
  expect(plain(file.loadMatfile(path, { host: true, squeezeMe: false }))).toEqual(version4);
  expect(file.loadMatfile(path, { variableNames: ['text', 'scalar'], includeHeader: true })).toEqual({ text: 'hello', scalar: 3.5 });
  const variable = (type: number, name: string, rows: number, columns: number, data: Buffer) => {
    const head = Buffer.alloc(20);
    [type, rows, columns, 0, name.length + 1].forEach((x, i) => head.writeUInt32BE(x, 4 * i));
    return Buffer.concat([head, Buffer.from(`${name}\0`), data]);
  };
  const numbers = Buffer.from([0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0]);
  const other = Buffer.concat([variable(1010, 'f', 1, 2, numbers), variable(1030, 's', 2, 1, Buffer.from([1, 0, 255, 254]))]);
  expect(plain(file.loadMatfile(put('other.mat', other), { host: true }))).toEqual({ f: ['float32', [2], [1.5, -2]], s: ['int16', [2], [256, -2]] });
  for (const type of [2000, 1100, 1060, 1013, 1003]) expect(() => file.loadMatfile(put('bad.mat', variable(type, 'x', 1, 2, numbers)))).toThrow(file.InvalidCheckpointPath);
  expect(() => file.loadMatfile(put('short.mat', other.subarray(0, other.length - 1)))).toThrow(/2 by 1 numbers is not in the file/);
  expect(() => file.loadMatfile(path, { structAsRecord: true as never })).toThrow(/there are no records/);
  expect(file.loadMatfile(put('plain4.mat', bytesOf('plain')), { headerInfo: true, structAsRecord: false, variableNames: 'scalar' })).toMatchObject({ __version__: '1.0', scalar: 3.5 });
});

test('types of MATLAB, chosen variables, the header, arrays on the device, sparse matrices', () => {
  const path = put('options.mat', bytesOf('plain'));
  const typed = file.loadMatfile(path, { host: true, matDtype: true, variableNames: ['flags', 'column'] }) as Record<string, InstanceType<typeof file.HostArray>>;
  expect([typed.flags!.dtype, typed.column!.dtype, Object.keys(typed)]).toEqual(['bool', 'float64', ['flags', 'column']]);
  const read = file.loadMatfile(path, { includeHeader: true, variableNames: 'x' });
  expect(read).toMatchObject({ __header__: 'MATLAB 5.0 MAT-file Platform: posix', __version__: '1.0', __globals__: [] });
  expect((read.x as np.Array).toList()).toEqual([[0, 1, 2], [3, 4, 5]]);
  const sparse = file.loadMatfile(put('sparse.mat', bytesOf('sparse')), { host: true });
  expect(plain(sparse)).toEqual({ m: ['float64', [2, 2], [0, 1.5, 2, 0]], e: ['float64', [3, 2], [0, 0, 0, 0, 0, 0]] });
});

test.each([{}, { doCompression: true, onedAs: 'column' as const }])('what is saved with %p is read back', (options) => {
  const data = {
    x: np.arange(6, { dtype: 'int32' }).reshape([2, 3]), half: np.array([1.5, 2], 'float16'), flags: [true, false], s: 'häß€', rows: ['ab', 'c'], n: 3.5, yes: true, big: 2n ** 60n,
    z: np.array([{ re: 1, im: -2 }, { re: 0, im: 3 }], 'complex64'), cell: [1, 'a', [1, 2, 3]], st: { a: 1, nested: { q: [[1, 2], [3, 4]], none: [] } }, many: [{ a: 1 }, { a: 2 }],
    cube: np.arange(24, { dtype: 'int16' }).reshape([2, 3, 4]), es: '', u8: new Uint8Array([1, 2, 3, 4, 5]), ragged: [[1], [2, 3]],
  };
  expect(file.saveMatfile(at('ours'), data, options)).toBe(at('ours.mat'));
  expect(plain(file.loadMatfile(at('ours.mat'), { host: true }))).toEqual({
    x: ['int32', [2, 3], [0, 1, 2, 3, 4, 5]], half: ['float32', [2], [1.5, 2]], flags: ['uint8', [2], [1, 0]], s: 'häß€', rows: ['ab', 'c '], n: 3.5, yes: 1, big: String(2n ** 60n),
    z: ['complex64', [2], [[1, -2], [0, 3]]], cell: [1, 'a', ['float64', [3], [1, 2, 3]]], st: { a: 1, nested: { q: ['float64', [2, 2], [1, 2, 3, 4]], none: ['float64', [0], []] } },
    many: [{ a: 1 }, { a: 2 }], cube: ['int16', [2, 3, 4], globalThis.Array.from({ length: 24 }, (_, i) => i)], es: '', u8: ['uint8', [5], [1, 2, 3, 4, 5]], ragged: [1, ['float64', [2], [2, 3]]],
  });
  const shape = (file.loadMatfile(at('ours.mat'), { host: true, squeezeMe: false }).u8 as InstanceType<typeof file.HostArray>).shape;
  expect(shape).toEqual('onedAs' in options ? [5, 1] : [1, 5]);
});

test('what cannot be saved, and files that are none, are named', () => {
  const bad: [unknown, RegExp][] = [
    [{ '1x': 1 }, /expected names of letters, digits and '_'/], [{ a: { 'b c': 1 } }, /got 'b c' in a/], [{ x: null }, /got null at 'x'/], [{ a: { f: () => 1 } }, /at 'a.f'/],
    [{ ['n'.repeat(32)]: 1 }, /at most 31 characters/], [3, /expected data to be a plain object or a Map/],
  ];
  for (const [data, message] of bad) {
    expect(() => file.saveMatfile(at('bad.mat'), data as never)).toThrow(ArgumentError);
    expect(() => file.saveMatfile(at('bad.mat'), data as never)).toThrow(message);
  }
  const own: Record<string, unknown> = {};
  own.self = own;
  expect(() => file.saveMatfile(at('bad.mat'), { own })).toThrow(/'own.self' contains itself/);
  expect(() => file.saveMatfile(at('bad.mat'), {}, { appendmat: true } as never)).toThrow(/unknown option 'appendmat'/);
  expect(() => file.loadMatfile(put('v73.mat', Buffer.from(`\x89HDF\r\n\x1a\n${'0'.repeat(200)}`, 'latin1')))).toThrow(/MATLAB 7.3, which is HDF5/);
  expect(() => file.loadMatfile(put('text.mat', Buffer.from('no file of MATLAB')))).toThrow(file.InvalidCheckpointPath);
  expect(() => file.loadMatfile(at('missing.mat'))).toThrow(file.CheckpointError);
});

test('damaged files give errors of the library, or values', () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % n;
  };
  let refused = 0;
  for (const name of ['plain', 'packed', 'sparse', 'version4']) {
    for (let i = 0; i < 120; i++) {
      const bytes = bytesOf(name);
      if (i % 3 !== 0) for (let k = 0; k < 1 + (i % 4); k++) bytes[(name === 'version4' ? 0 : 128) + random(bytes.length - 128)] = random(256);
      const path = put('damaged.mat', i % 3 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
      try {
        file.loadMatfile(path, { host: true, maxSize: 1e7 });
      } catch (e) {
        refused++;
        if (!(e instanceof file.InvalidCheckpointPath || e instanceof DtypeError)) throw new Error(`not an error of files: ${String(e)}`, { cause: e });
        expect(e).toBeInstanceOf(XlastateError);
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
});
