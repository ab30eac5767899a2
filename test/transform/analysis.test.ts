import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, type Array, environ, jit, numpy as np } from '../../lib';
import { pinned } from '../support/pinned';

const dir = mkdtempSync(join(tmpdir(), 'xlastate-analysis-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const matmul = jit((x: Array, y: Array) => np.matmul(x, y), { name: 'product' });
const [x, y] = [np.ones([32, 48]), np.ones([48, 16])];

(pinned ? test : test.skip)('costAnalysis tells of a product what JAX tells: its operations, and the bytes that it reads and writes', () => {
  const cost = matmul.costAnalysis(x, y)!;
  expect(cost.flops).toBe(2 * 32 * 48 * 16);
  expect(cost['bytes accessed']).toBe(4 * (32 * 48 + 48 * 16 + 32 * 16));
  expect(cost['bytes accessed0{}']).toBe(4 * 32 * 48);
  expect(cost['bytes accessed1{}']).toBe(4 * 48 * 16);
  expect(cost['bytes accessedout{}']).toBe(4 * 32 * 16);
  expect(matmul.lower(x, y).compile().costAnalysis()).toEqual(cost);
  expect(jit((a: Array) => np.sin(a))(x).shape).toEqual([32, 48]);
  expect(jit((a: Array) => np.tanh(a)).costAnalysis(x)).toMatchObject({ transcendentals: 32 * 48 });
});

test('memoryAnalysis tells the sizes of arguments, results and temporaries, by the names of JAX', async () => {
  const memory = matmul.memoryAnalysis(x, y)!;
  expect(memory).toMatchObject({ argumentSizeInBytes: 4 * (32 * 48 + 48 * 16), outputSizeInBytes: 4 * 32 * 16, aliasSizeInBytes: 0, hostArgumentSizeInBytes: 0 });
  // Of JAX's CompiledMemoryStats.
  expect(Object.keys(memory).sort()).toEqual([
    'aliasSizeInBytes', 'argumentSizeInBytes', 'generatedCodeSizeInBytes', 'hostAliasSizeInBytes', 'hostArgumentSizeInBytes', 'hostGeneratedCodeSizeInBytes', 'hostOutputSizeInBytes', 'hostTempSizeInBytes', 'outputSizeInBytes',
    'peakMemoryInBytes', 'tempSizeInBytes',
  ]);
  expect((await matmul.compile(x, y)).memoryAnalysis()).toEqual(memory);
  // A chain of products needs room for what lies between them; donated arguments lend theirs.
  const chain = jit((a: Array) => np.matmul(np.matmul(a, a), a).sum());
  expect(chain.memoryAnalysis(np.ones([64, 64]))!.tempSizeInBytes).toBeGreaterThanOrEqual(pinned ? 4 * 64 * 64 : 0);
  const add = jit((a: Array) => a.add(1), { donateArgnums: 0 });
  expect(add.memoryAnalysis(x)).toMatchObject({ aliasSizeInBytes: 4 * 32 * 48, outputSizeInBytes: 4 * 32 * 48 });
});

test('dumpHloTo writes each program that is compiled, before and after optimisation, once', async () => {
  const into = join(dir, 'a', 'b');
  const first = environ.context({ dumpHloTo: into }, () => {
    expect(environ.get('dumpHloTo')).toBe(into);
    const f = jit((a: Array) => np.cos(a).add(1), { name: 'wave/<1>' });
    f(x);
    f(x);
    return f;
  });
  const files = readdirSync(into).sort();
  expect(files).toHaveLength(2);
  expect(files[0]).toMatch(/^xla_\d{4}\.wave1\.mlir$/);
  expect(files[1]).toMatch(/^xla_\d{4}\.wave1\.optimized\.hlo$/);
  expect(readFileSync(join(into, files[0]!), 'utf8')).toBe(first.lower(x).asText());
  expect(readFileSync(join(into, files[1]!), 'utf8')).toBe(first.lower(x).compile().asText());
  // Outside of the context nothing is written.
  jit((a: Array) => np.cos(a).add(2))(x);
  expect(readdirSync(into)).toHaveLength(2);
  environ.set({ dumpHloTo: into });
  try {
    await jit((a: Array) => np.cos(a).add(3), { name: 'later' }).compile(x);
    environ.set({ dumpHloTo: null });
    jit((a: Array) => np.cos(a).add(4))(x);
  } finally {
    environ.pop('dumpHloTo');
  }
  expect(readdirSync(into).filter((n) => n.includes('later'))).toHaveLength(2);
  expect(readdirSync(into)).toHaveLength(4);
});

test('a folder that cannot be written to is an error, one that goes away a warning', () => {
  const file = join(dir, 'file');
  writeFileSync(file, '');
  expect(() => environ.set({ dumpHloTo: file })).toThrow(environ.EnvironError);
  expect(() => environ.set({ dumpHloTo: join(file, 'x') })).toThrow(/cannot be written to/);
  expect(() => environ.set({ dumpHloTo: 3 as unknown as string })).toThrow(ArgumentError);
  expect(() => environ.context({ dumpHloTo: '' }, () => 1)).toThrow(ArgumentError);
  const gone = join(dir, 'gone');
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  environ.context({ dumpHloTo: gone }, () => {
    rmSync(gone, { recursive: true });
    writeFileSync(gone, '');
    expect(jit((a: Array) => np.cos(a).add(5))(np.zeros([1])).js()).toEqual([6]);
  });
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^dumpHloTo: programs cannot be written to/), 'RuntimeWarning');
  warn.mockRestore();
  expect(existsSync(gone)).toBe(true);
});
