import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Array } from '../../lib/core/array';
import type { DType } from '../../lib/core/dtype';
import { BFloat16Array, decode, encode } from '../../lib/core/hostFormat';
import * as file from '../../lib/file';
import { packStateMap, stateMapToHost } from '../../lib/file/msgpackPack';
import { toStateMap } from '../../lib/file/stateDict';
import { fromNested } from '../../lib/functional/arrayLike';
import { FlattedDict, ParamState, State, environ } from '../../lib';

const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/files.json'), 'utf8'));
const unhex = (h: string) => Buffer.from(h, 'hex');
const hex = (x: unknown) => Buffer.from(file.msgpackSerialize(x)).toString('hex');
const folder = mkdtempSync(join(tmpdir(), 'xlastate-file-'));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const host = (dtype: DType, values: readonly number[], shape: number[] = [values.length]) => new file.HostArray(dtype, shape, encode(values, dtype));
const four = (dtype: DType) => host(dtype, dtype === 'float8_e8m0fnu' ? [1, 1, 2, 1] : [0, 1, 2, 1], [2, 2]);
/** A value of a structure that the test knows. */
type Loose = ReturnType<typeof JSON.parse>;
const values = (a: file.HostArray) => globalThis.Array.from(decode(a.bytes, a.dtype, a.size));
const iota = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);

const MSGPACK: Record<string, () => unknown> = {
  dtypes: () => Object.fromEntries(['bool', 'int4', 'int8', 'int16', 'int32', 'uint4', 'uint8', 'uint16', 'uint32', 'float8_e4m3fn', 'float8_e5m2', 'float8_e4m3b11fnuz', 'float8_e8m0fnu',
    'bfloat16', 'float16', 'float32', 'complex64', 'int64', 'uint64', 'float64', 'complex128'].map((d) => [d, four(d as DType)])),
  numbers: () => ({
    zero: 0, small: 127, byte: 128, short: 40000, word: 2 ** 31, long: 2 ** 40, neg: -1, neg32: -32, neg33: -33, negshort: -129, negword: -70000, neglong: -(2 ** 40),
    most: 2n ** 64n - 1n, least: -(2n ** 63n), half: 0.5, nan: Number.NaN, inf: Infinity, negzero: -0, one: file.float(1), third: 1 / 3, tiny: 5e-324, complex: { re: 1, im: -2 },
  }),
  others: () => ({ none: null, true: true, false: false, text: 'hé ☃ 𝄞', long: 'x'.repeat(300), bytes: Buffer.of(0, 255), empty: {}, list: [1, [2.5, 'a'], []] }),
  keys: () => new Map<unknown, number>([[['weight'], 1], [['layers', 0, "it's"], 2], [3, 4], [2.5, 5], [true, 6], [null, 7], ['plain', 8], [['"\n'], 9]]),
  many: () => Object.fromEntries(iota(20).map((i) => [`k${i}`, i])),
  states: () => ({ a: new ParamState(new Float32Array([1, 1])), b: [new State(host('int32', [3], []).toArray())] }),
  chunked: () => ({ big: host('float32', iota(10), [2, 5]), small: new Float32Array(4) }),
  scalars: () => ({ f: new file.HostArray('float32', [], encode([1.5], 'float32'), true), i: new file.HostArray('int64', [], encode([-7n], 'int64'), true), b: new file.HostArray('bool', [], encode([true], 'bool'), true) }),
  jax: () => ({ weak: host('float32', [1.5], []).toArray(), int: host('int32', [0, 1, 2]).toArray(), int4: host('int4', [-1, 2]).toArray(), strided: host('int16', [0, 3, 1, 4, 2, 5], [3, 2]) }),
};

describe('msgpack', () => {
  test.each(Object.keys(fixture.msgpack))('%s: the bytes that BrainTools writes, and back', (name) => {
    const made = MSGPACK[name]!();
    const bytes = Buffer.concat(packStateMap(stateMapToHost(toStateMap(made)), name === 'chunked' ? 16 : undefined));
    expect(bytes.toString('hex')).toBe(fixture.msgpack[name]);
    // Read and written again; objects have whole numbers as keys first, so that those of 'keys' come in another order.
    const read = file.msgpackRestore(bytes, { host: true });
    const again = Buffer.concat(packStateMap(stateMapToHost(toStateMap(read)), name === 'chunked' ? 16 : undefined));
    if (name === 'keys') expect(read).toEqual({ "('weight',)": 1, "('layers', 0, \"it's\")": 2, 3: 4, 2.5: 5, True: 6, None: 7, plain: 8, "('\"\\n',)": 9 });
    else if (name === 'numbers') expect(read).toMatchObject({ long: 2 ** 40, most: 2n ** 64n - 1n, least: -(2n ** 63n), nan: Number.NaN, negzero: -0, one: 1, tiny: 5e-324, complex: { re: 1, im: -2 } });
    else expect(again.toString('hex')).toBe(fixture.msgpack[name]);
  });

  test("BrainTools' file of a model: saved from states it is the same, and it is loaded into states", () => {
    const bytes = readFileSync(join(__dirname, '../fixtures/braintools-model.msgpack'));
    const restored = file.msgpackRestore(bytes) as Record<string, Array>;
    expect([(restored.weight!.js() as number[][])[0]![0], restored.bias!.shape]).toEqual([Math.fround(3.0168793201446533), [1]]);
    const states = new FlattedDict<State>([[['weight'], new ParamState(restored.weight!)], [['bias'], new ParamState(restored.bias!)]]);
    expect(hex(states)).toBe(bytes.toString('hex'));
    const target = new FlattedDict<State>([[['weight'], new ParamState(fromNested([[0]]))], [['bias'], new ParamState(fromNested([0]))]]);
    const result = file.msgpackLoad(join(__dirname, '../fixtures/braintools-model.msgpack'), { target }) as Record<string, State>;
    expect(target.get('weight')!.value.js()).toEqual(restored.weight!.js());
    expect(Object.keys(result)).toEqual(['bias', 'weight']);
    expect(result.weight).toBe(target.get('weight'));
  });

  test('arrays of a device, nested dicts in a state, typed arrays, file round trip', async () => {
    const state = new ParamState({ weight: fromNested([[1, 2]]), bias: fromNested([3]) } as never);
    const tree = { model: new Map([['l1', state]]), step: 7, small: BFloat16Array.from([1, 2]), bytes: Buffer.from('ab'), list: [new Int32Array([1, 2])] };
    expect(file.msgpackSave(at('deep/er/a.msgpack'), tree)).toBe(at('deep/er/a.msgpack'));
    await file.msgpackSaveAsync(at('b.msgpack'), tree);
    expect(readFileSync(at('b.msgpack')).equals(readFileSync(at('deep/er/a.msgpack')))).toBe(true);
    for (const back of [file.msgpackLoad(at('b.msgpack')), await file.msgpackLoadAsync(at('b.msgpack'))] as Loose[]) {
      expect(back.model.l1.weight).toBeInstanceOf(Array);
      expect([back.model.l1.weight.js(), back.model.l1.bias.js(), back.step, back.small.dtype, back.bytes, back.list['0'].js()]).toEqual([[[1, 2]], [3], 7, 'bfloat16', Buffer.from('ab'), [1, 2]]);
    }
    const target = { model: new Map([['l1', new ParamState({ weight: fromNested([[0, 0]]), bias: fromNested([0]) } as never)]]), list: [new Int32Array(2)] };
    const result = file.msgpackLoad(at('b.msgpack'), { target, host: true }) as Loose;
    expect([(target.model.get('l1')!.value as Loose).weight.js(), result.list[0].shape, result.model.get('l1') === target.model.get('l1')]).toEqual([[[1, 2]], [2], true]);
    expect(file.msgpackToStateDict(target)).toMatchObject({ list: { 0: new Int32Array(2) } });
  });

  test('64-bit types narrow unless they are on, or on the host', () => {
    const bytes = file.msgpackSerialize({ x: new Float64Array([1 / 3]), i: new BigInt64Array([5n]) });
    const narrow = file.msgpackRestore(bytes) as Record<string, Array>;
    expect([narrow.x!.dtype, narrow.i!.dtype]).toEqual(['float32', 'int32']);
    const wide = environ.context({ precision: 64 }, () => file.msgpackRestore(bytes)) as Record<string, Array>;
    expect([wide.x!.dtype, wide.x!.js(), wide.i!.js()]).toEqual(['float64', [1 / 3], [5n]]);
    expect((file.msgpackRestore(bytes, { host: true }) as Record<string, file.HostArray>).x!.dtype).toBe('float64');
  });

  test('mismatches: error changes nothing, warn and ignore load what fits', () => {
    const saved = file.msgpackSerialize({ a: new Float32Array([1, 2]), b: fromNested([[5]]), extra: 1, list: [1, 2] });
    const make = () => ({ a: new State(fromNested([0, 0])), b: new State(fromNested([0, 0, 0])), list: [0, 0] as unknown[] });
    const strict = make();
    expect(() => file.msgpackRestore(saved, { target: strict })).toThrow(/^array shape mismatch: expected \(3\), got \(1, 1\), at \.\/b\n/);
    expect(strict.a.value.js()).toEqual([0, 0]);
    const warned: string[] = [];
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation((w) => { warned.push(String(w)); });
    const loose = make();
    const result = file.msgpackRestore(saved, { target: { ...loose, missing: 4, list: [1, 2, 3] }, mismatch: 'warn' }) as Loose;
    expect([loose.a.value.js(), loose.b.value.js(), result.missing, result.list, 'extra' in result]).toEqual([[1, 2], [[5]], 4, [1, 2, 3], false]);
    expect(warned.map((w) => w.split(',')[0])).toEqual(["the target has keys {'missing'} which the file has not", 'array shape mismatch: expected (3)', 'the list has 3 entries']);
    warned.length = 0;
    file.msgpackRestore(saved, { target: make(), mismatch: 'ignore' });
    expect(warned).toEqual([]);
    emit.mockRestore();
    expect(() => file.msgpackRestore(saved, { target: { list: { 0: 1, 5: 2 } } })).toThrow(/keys \{'5'\}.*\.\/list/);
    expect(() => file.msgpackRestore(saved, { target: { a: [1] } })).toThrow('expected a list of 1 entries, got an array, at ./a');
    expect(() => file.msgpackRestore(saved, { mismatch: 'foo' as never })).toThrow("invalid mismatch mode: 'foo'. It must be one of 'error', 'warn', or 'ignore'");
  });

  test('registered classes, subclasses, and what cannot be saved', () => {
    class Counter { constructor(public n: number, public w = fromNested([n])) {} }
    class Special extends Counter {}
    file.registerSerialization(Counter, (c) => ({ n: c.n, w: c.w }), (c, state, context) => {
      const { n, w } = context.restore({ n: c.n, w: c.w }, state, '') as { n: number; w: Array };
      context.commit(() => { c.n = n; c.w = w; });
      return c;
    });
    expect(() => file.registerSerialization(Counter, () => 0, () => 0)).toThrow(/override/);
    const bytes = file.msgpackSerialize([new Special(3)]);
    expect(file.msgpackRestore(bytes, { host: true })).toMatchObject({ 0: { n: 3 } });
    const target = [new Special(0)];
    expect(file.msgpackRestore(bytes, { target })).toEqual(target);
    expect([target[0]!.n, target[0]!.w.js()]).toEqual([3, [3]]);
    expect(() => file.msgpackSerialize({ a: [{ f: () => 0 }] })).toThrow('cannot save the function f, at ./a/0/f');
    expect(() => file.msgpackSerialize({ a: new Date() })).toThrow(/an instance of Date, at \.\/a: register its class/);
    expect(() => file.msgpackSerialize(new Map<unknown, number>([[1, 1], ['1', 2]]))).toThrow(/two keys whose text is '1'/);
    const ring: unknown[] = [];
    ring.push(ring);
    expect(() => file.msgpackSerialize(ring)).toThrow(/more than 128 deep/);
    expect(() => file.msgpackSerialize({ x: 2n ** 70n })).toThrow(/at most 64 bits/);
    expect(() => file.msgpackSerialize([undefined])).toThrow(/undefined, at \.\/0/);
  });

  test('hostile files give typed errors, quickly and in little memory', () => {
    const good = unhex(fixture.msgpack.others);
    for (let n = 0; n < good.length; n++) expect(() => file.msgpackRestore(good.subarray(0, n))).toThrow(file.InvalidCheckpointPath);
    const bad: Record<string, [string, RegExp]> = {
      'bytes behind the end': ['01 02', /1 bytes follow its end/],
      'four billion entries': ['dfffffffff', /are declared/],
      'arrays of many entries': ['ddffffffff', /are declared/],
      'long text': ['dbffffffff', /are declared/],
      'long bytes': ['c6ffffffff', /are declared/],
      'long extension': ['c9ffffffff01', /are declared/],
      'a key that is a number': ['8101 02', /no text/],
      'unknown byte': ['c1', /no type/],
      'unknown extension': ['d4 7f 00', /extension type 127/],
      'a date': ['d6ff00000000', /extension type -1/],
      'an extension in an array': ['c70701 93 d40100 a0 c400', /extension type 1/],
      'an array of objects': ['c70c01 9390 a66f626a656374 c40100', /type "object"/],
      'a shape of too many elements': ['c71201 9391cf7fffffffffffffff a4626f6f6c c400', /no valid shape/],
      'too few bytes for the shape': ['c70b01 93910a a4626f6f6c c40100', /1 bytes in place of 10/],
      'negative shape': ['c70a01 9391ff a4626f6f6c c400', /shape/],
      'a prototype': ['81 a95f5f70726f746f5f5f 80', /__proto__/],
      'chunks without parts': ['83 b95f5f6d73677061636b5f6368756e6b65645f61727261795f5f c3 a57368617065 80 a66368756e6b73 80', /no parts/],
    };
    for (const [what, [bytes, message]] of Object.entries(bad)) {
      expect([what, (() => { try { return file.msgpackRestore(unhex(bytes.replaceAll(' ', ''))); } catch (e) { return e; } })()]).toEqual([what, expect.any(file.InvalidCheckpointPath)]);
      expect(() => file.msgpackRestore(unhex(bytes.replaceAll(' ', '')))).toThrow(message);
    }
    const deep = Buffer.concat([Buffer.alloc(1_000_000, 0x91), Buffer.of(0xc0)]);
    expect(() => file.msgpackRestore(deep)).toThrow(/more than 128 deep/);
    expect(() => file.msgpackRestore(Buffer.concat([Buffer.of(0xdc, 0xff, 0xff), Buffer.alloc(65535, 0xc0)]), { maxEntries: 1000 })).toThrow(/more than 1000 entries/);
    // Whatever one byte is changed to: a value, or our error.
    const model = readFileSync(join(__dirname, '../fixtures/braintools-model.msgpack'));
    for (let i = 0; i < model.length; i++) {
      for (const b of [0, 0x81, 0xc6, 0xdf, 0xff]) {
        const changed = Buffer.from(model);
        changed[i] = b;
        try {
          file.msgpackRestore(changed, { host: true });
        } catch (e) {
          expect(e).toBeInstanceOf(file.CheckpointError);
        }
      }
    }
  });

  test('files: missing, too large, not to be replaced, unwritable', async () => {
    expect(() => file.msgpackLoad(at('none'))).toThrow(/none does not exist$/m);
    await expect(file.msgpackLoadAsync(at('none'))).rejects.toThrow(file.CheckpointError);
    file.msgpackSave(at('c'), { a: 1 });
    expect(() => file.msgpackLoad(at('c'), { maxSize: 3 })).toThrow(/more than maxSize 3/);
    expect(() => file.msgpackSave(at('c'), { a: 2 }, { overwrite: false })).toThrow(file.InvalidCheckpointPath);
    await expect(file.msgpackSaveAsync(at('c'), { a: 2 }, { overwrite: false })).rejects.toThrow(file.InvalidCheckpointPath);
    expect(file.msgpackLoad(at('c'))).toEqual({ a: 1 });
    expect(() => file.msgpackSave(join(at('c'), 'd'), 1)).toThrow(file.CheckpointError);
    expect(() => file.msgpackLoad(folder)).toThrow(/no file/);
    expect(() => file.msgpackSave('', 1)).toThrow(/filename/);
    expect(readdirSync(folder).filter((f) => f.includes('.tmp-'))).toEqual([]);
    await Promise.all(iota(5).map((i) => file.msgpackSaveAsync(at('race'), { i }, { overwrite: true })));
    expect(file.msgpackLoad(at('race'))).toEqual({ i: expect.any(Number) });
  });

  test('AsyncManager saves in order what there was at the call, and tells of failures', async () => {
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const manager = new file.AsyncManager();
    const state = new State(fromNested([1]));
    for (let i = 0; i < 3; i++) {
      file.msgpackSave(at(`m${i}`), { state }, { asyncManager: manager });
      state.value = fromNested([i + 2]);
    }
    await manager.waitPreviousSave();
    expect(iota(3).map((i) => (file.msgpackLoad(at(`m${i}`)) as Loose).state.js())).toEqual([[1], [2], [3]]);
    file.msgpackSave(join(at('m0'), 'x'), {}, { asyncManager: manager });
    await expect(manager.waitPreviousSave()).rejects.toThrow(file.CheckpointError);
    await manager.close();
    expect(() => manager.saveAsync(async () => 0)).toThrow(/closed/);
    emit.mockRestore();
  });
});

describe('safetensors', () => {
  test('the bytes of the reference implementation, and back', () => {
    const all = Object.fromEntries((fixture.safetensors.dtypes as DType[]).map((d) => [d, four(d)]));
    file.saveSafetensors(at('all.safetensors'), all, { metadata: { format: 'np', note: 'é' } });
    const saved = readFileSync(at('all.safetensors'));
    // The reference writes metadata in no fixed order.
    const normal = (b: Buffer) => b.toString('latin1').replace(/"__metadata__":\{[^}]*\}/, '');
    expect(normal(saved)).toBe(normal(unhex(fixture.safetensors.all)));
    writeFileSync(at('ref.safetensors'), unhex(fixture.safetensors.all));
    const read = file.loadSafetensors(at('ref.safetensors'), { host: true });
    for (const d of fixture.safetensors.dtypes) expect([d, read[d]!.dtype, read[d]!.shape, values(read[d]!)]).toEqual([d, d, [2, 2], values(four(d))]);
    file.saveSafetensors(at('plain'), new Map([['b', host('float32', [0, 1, 2])], ['a', host('float32', [2], [])], ['c', host('int64', [], [0, 2])], ['é', host('uint8', [1, 1], [2, 1])]]));
    expect(readFileSync(at('plain')).toString('hex')).toBe(fixture.safetensors.plain);
  });

  test('parts of a file: names, types, rows', async () => {
    await file.saveSafetensorsAsync(at('rows'), { table: host('float32', iota(12), [4, 3]), 7: host('bfloat16', [1, 2]).toArray(), __proto: new Int8Array(3), s: 5 }, { metadata: { a: 'b' } });
    {
      using f = file.openSafetensors(at('rows'));
      expect([f.metadata, f.keys().sort(), f.info('table').dtype, f.info('7').shape]).toEqual([{ a: 'b' }, ['7', '__proto', 's', 'table'], 'float32', [2]]);
      expect([f.slice('table', 1, 3).js(), f.slice('table', -1).js(), f.slice('table', 3, 1).shape, f.get('7').js()]).toEqual([[[3, 4, 5], [6, 7, 8]], [[9, 10, 11]], [0, 3], [1, 2]]);
      expect(() => f.get('none')).toThrow(/no tensor 'none'; it has/);
      expect(() => f.slice('s', 0)).toThrow(/no axis/);
    }
    expect(Object.keys(await file.loadSafetensorsAsync(at('rows'), { names: ['table'] }))).toEqual(['table']);
    expect(() => file.saveSafetensors(at('x'), { a: host('complex128', [1]) })).toThrow(/no type for 'a', which is complex128/);
    expect(() => file.saveSafetensors(at('x'), { a: 1 }, { overwrite: false, metadata: { a: 1 as never } })).toThrow(/to be text/);
  });

  test('damaged files', () => {
    const make = (header: string, data = 0) => {
      const h = Buffer.from(header);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(h.length));
      writeFileSync(at('bad'), Buffer.concat([length, h, Buffer.alloc(data)]));
      return () => file.loadSafetensors(at('bad'));
    };
    const t = (o: string, shape = '[1]', type = '"U8"') => `{"dtype":${type},"shape":${shape},"data_offsets":${o}}`;
    expect(make(`{"a":${t('[0,1]')}}`, 1)().a!.shape).toEqual([1]);
    const cases: [string, number, RegExp][] = [
      ['[]', 0, /no JSON object/], ['{', 0, /no JSON/], [`{"a":${t('[0,1]', '[2]')}}`, 2, /is said to be/], [`{"a":${t('[0,9]', '[9]')}}`, 1, /is said to be/],
      [`{"a":${t('[0,1]')},"b":${t('[0,1]')}}`, 1, /overlap/], [`{"a":${t('[1,2]')}}`, 2, /overlap or leave gaps/], [`{"a":${t('[0,1]')}}`, 3, /belong to no tensor/],
      [`{"a":${t('[0,1]', '[1]', '"X"')}}`, 1, /unknown type/], [`{"a":${t('[0,0]', '[-1]')}}`, 0, /no valid shape/], ['{"__metadata__":{"a":1}}', 0, /all text/],
      [`{"a":${t('[0,1]', '[9007199254740991,9007199254740991,0]')}}`, 1, /is said to be/],
    ];
    for (const [header, data, message] of cases) {
      expect(make(header, data)).toThrow(file.InvalidCheckpointPath);
      expect(make(header, data)).toThrow(message);
    }
    writeFileSync(at('bad'), Buffer.alloc(8, 255));
    expect(() => file.loadSafetensors(at('bad'))).toThrow(/declared/);
    writeFileSync(at('bad'), '');
    expect(() => file.loadSafetensors(at('bad'))).toThrow(/fewer than 8/);
  });
});

describe('NumPy', () => {
  const load = (hexText: string, options?: Parameters<typeof file.numpyLoad>[1]) => {
    writeFileSync(at('n.npy'), unhex(hexText));
    return file.numpyLoad(at('n.npy'), { host: true, ...options }) as file.HostArray;
  };

  test('the bytes that NumPy writes, and back', () => {
    for (const d of ['bool', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'float16', 'float32', 'complex64', 'int64', 'uint64', 'float64', 'complex128'] as DType[]) {
      expect(file.numpySave(at(d), four(d))).toBe(at(`${d}.npy`));
      expect([d, readFileSync(at(`${d}.npy`)).toString('hex')]).toEqual([d, fixture.npy[d]]);
      expect([d, load(fixture.npy[d]).dtype, values(load(fixture.npy[d]))]).toEqual([d, d, values(four(d))]);
    }
    const others: [string, file.HostArray][] = [['scalar', host('float32', [1.5], [])], ['empty', host('int32', [], [0, 3])], ['vector', host('int16', [0, 1, 2])]];
    for (const [name, a] of others) {
      file.numpySave(at(`${name}.npy`), a);
      expect([name, readFileSync(at(`${name}.npy`)).toString('hex')]).toEqual([name, fixture.npy[name]]);
      expect([name, load(fixture.npy[name]).shape]).toEqual([name, a.shape]);
    }
    file.numpySave(at('device.npy'), fromNested([[1, 2]]));
    expect((file.numpyLoad(at('device.npy')) as Array).js()).toEqual([[1, 2]]);
  });

  test('column-major, big-endian, other versions, types that NumPy does not know', () => {
    expect([load(fixture.npy.fortran).shape, values(load(fixture.npy.fortran))]).toEqual([[2, 3, 4], iota(24)]);
    expect([values(load(fixture.npy['big-endian'])), values(load(fixture.npy['big-endian complex'])), values(load(fixture.npy['version 2']))]).toEqual([[1, -2], [{ re: 1, im: 2 }], [0, 1, 2]]);
    expect(() => load(fixture.npy.bfloat16)).toThrow(/wrote as 2 bytes each.*say which/);
    expect(values(load(fixture.npy.bfloat16, { dtype: 'bfloat16' }))).toEqual([0, 1, 2, 1]);
    expect(values(load(fixture.npy.float8_e5m2, { dtype: 'float8_e5m2' }))).toEqual([0, 1, 2, 1]);
    expect(() => load(fixture.npy.object)).toThrow(/pickled objects are never read/);
    expect(() => load(fixture.npy.text)).toThrow(/'<U2' are no numbers/);
    expect(() => file.numpySave(at('x'), BFloat16Array.from([1]))).toThrow(/no type for bfloat16/);
  });

  test('archives', () => {
    const ramp = host('float32', iota(24), [2, 3, 4]);
    const arrays = { a: ramp, b: new Int32Array([1, 2]) };
    for (const name of ['stored', 'compressed']) {
      writeFileSync(at(`${name}.npz`), unhex(fixture.npz[name]));
      const read = file.numpyLoad(at(`${name}.npz`), { host: true }) as Record<string, file.HostArray>;
      expect([Object.keys(read), values(read.a!)]).toEqual([name === 'stored' ? ['a', 'b'] : ['a', 'zeros'], iota(24)]);
    }
    expect(file.savez(at('ours'), arrays)).toBe(at('ours.npz'));
    expect(readFileSync(at('ours.npz')).toString('hex')).toBe(fixture.npz.stored);
    file.savezCompressed(at('small'), { zeros: new Float32Array(100000), é: 1 });
    expect(statSync(at('small.npz')).size).toBeLessThan(2000);
    expect((file.numpyLoad(at('small.npz')) as Record<string, Array>).zeros!.shape).toEqual([100000]);
    expect(Object.keys(file.numpyLoad(at('small.npz'), { names: ['é'] }))).toEqual(['é']);
    expect(() => file.numpyLoad(at('small.npz'), { maxSize: 1000 })).toThrow(/more than maxSize 1000/);
    expect(() => file.savez(at('x'), { '../a': 1 })).toThrow(/cannot be named/);
  });

  test('damaged files give typed errors whatever byte is changed', () => {
    for (const [name, text] of [['d.npz', fixture.npz.compressed], ['s.npz', fixture.npz.stored], ['v.npy', fixture.npy.vector]] as const) {
      const good = unhex(text);
      const path = at(name);
      for (let i = 0; i < good.length; i += name === 'v.npy' ? 2 : 7) {
        for (const change of [(b: Buffer) => { b[i] = b[i]! ^ 0xff; return b; }, (b: Buffer) => b.subarray(0, i)]) {
          writeFileSync(path, change(Buffer.from(good)));
          try {
            file.numpyLoad(path, { host: true });
          } catch (e) {
            expect((e as { code?: string }).code).toMatch(/^(CHECKPOINT|DTYPE)$/);
          }
        }
      }
    }
  });
});
