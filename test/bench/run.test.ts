import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPython } from '../../bench/participants';
import { difference, type Measured, median, table } from '../../bench/report';
import { inferenceData, uniform } from '../../bench/inferenceData';
import { SCALING_CALLS, scalingCases } from '../../bench/scaling';
import { onnxOf, permuted } from '../../bench/node/onnxModels';

const register = join(__dirname, '../support/register.js');
const measured = (name: string, framework: string, rounds: number[], error?: string): Measured => ({ case: name, framework, rounds, calls: 1, ...(error ? { error } : {}) });

test('a table of medians with ratios, and a report that can be read', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  const results = [measured('a', 'xlastate', [2e-6, 4e-6, 3e-6]), measured('a', 'jax', [6e-6]), measured('b', 'xlastate', [0.5]), measured('b', 'jax', [], 'it broke')];
  expect(table(results, [{ name: 'a', title: 'first' }, { name: 'b', title: 'second' }], ['xlastate', 'jax']).split('\n')).toEqual([
    'case    xlastate             jax',
    '-'.repeat(32),
    'first    3.00 µs  6.00 µs (2.0x)',
    'second    500 ms           error',
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'xlastate-bench-test-'));
  // In a process of its own: Jest cannot load the ES modules that draw.
  const code = `require(${JSON.stringify(join(__dirname, '../../bench/report.ts'))}).writeReport(${JSON.stringify(folder)}, ${JSON.stringify(results)}, new Map([['a', 'first']]), { versions: { xlastate: '0' } });`;
  execFileSync(process.execPath, ['-r', register, '-e', code]);
  expect(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))).toMatchObject({ versions: { xlastate: '0' }, results: [{ case: 'a', framework: 'xlastate', calls: 1 }, {}, {}, { error: 'it broke' }] });
  expect(readFileSync(join(folder, 'results.svg'), 'utf8')).toContain('first');
  expect(readFileSync(join(folder, 'results.png')).subarray(1, 4).toString()).toBe('PNG');
  rmSync(folder, { recursive: true });
});

test('a Python that is named but not there is an error', () => {
  expect(() => findPython('/nowhere/python')).toThrow('there is no Python at /nowhere/python');
});

test('a process answers requests in lines, and tells of cases that fail', async () => {
  const code = `require(${JSON.stringify(join(__dirname, '../../bench/protocol.ts'))}).serve('x', { v: '1' }, {
    good: () => { console.log('set up'); return () => 0; }, bad: () => { throw new TypeError('no'); }, numbers: async () => async () => Float32Array.from({ length: 20000 }, (_, i) => i) });`;
  const child = spawn(process.execPath, ['-r', register, '-e', code], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string);
  expect(await next()).toMatchObject({ ready: true, framework: 'x', versions: { v: '1' }, cases: ['bad', 'good', 'numbers'] });
  child.stdin.write('{"case":"good","n":3,"warmup":1}\n{"case":"bad","n":1,"warmup":0}\n');
  const good = await next();
  expect([good.case, good.seconds.length, good.seconds.every((s: number) => s >= 0)]).toEqual(['good', 3, true]);
  expect(await next()).toEqual({ case: 'bad', error: 'TypeError: no' });
  child.stdin.write('{"case":"numbers","outputs":true}\n{"case":"numbers","n":2,"warmup":1}\n');
  const { outputs } = await next();
  // Every fifth of 20000: an odd number, so that no column is left out.
  expect([outputs.length, outputs.slice(0, 3)]).toEqual([4000, [0, 5, 10]]);
  expect((await next()).seconds).toHaveLength(2);
  child.stdin.end();
  expect(await new Promise((done) => child.once('close', done))).toBe(0);
});

test('differences of results are parts of the largest number', () => {
  expect(difference([1, -4, 2], [1, -4, 2.5])).toBe(0.125);
  expect(difference([0], [0])).toBe(0);
  expect(difference([1], [1, 2])).toBeNaN();
  expect(difference([1], [Number.NaN])).toBeNaN();
});

test('inference data is the same in Python', () => {
  expect([...uniform(3, [2, 2], 2, 1).data].map((v) => Math.round(v * 2 ** 20))).toEqual([-793849, 2929026, 1550144, 907533]);
  const { input, weights } = inferenceData('cnn', 2);
  expect([input.shape, Object.keys(weights).length, weights.kernel1!.shape]).toEqual([[2, 28, 28, 1], 8, [3, 3, 32, 64]]);
});

test('ONNX files hold the graph and its numbers', () => {
  const x = permuted({ shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) }, [1, 0]);
  expect([x.shape, [...x.data]]).toEqual([[3, 2], [0, 3, 1, 4, 2, 5]]);
  const { file, outputShape } = onnxOf('mlp', 3);
  expect(outputShape).toEqual([3, 10]);
  const { kernel2 } = inferenceData('mlp', 3).weights;
  expect(file.includes(Buffer.from(kernel2!.data.buffer))).toBe(true);
  expect([...'Gemm Relu'.split(' '), 'kernel2', 'com.microsoft'].every((name) => file.includes(name))).toBe(true);
});

test('scaling: cases of all sizes, a report and a picture of those that were measured', () => {
  const cases = scalingCases({ states: (n) => n, layers: (n) => n, batch: (n) => n });
  expect(Object.keys(cases)).toEqual(SCALING_CALLS.map((c) => c.name));
  expect([cases.scale_states_1000, cases.scale_layers_200, cases.scale_batch_1024]).toEqual([1000, 200, 1024]);
  const folder = mkdtempSync(join(tmpdir(), 'xlastate-bench-test-'));
  const results = [measured('scale_states_1', 'xlastate', [1e-6]), measured('scale_states_1000', 'xlastate', [2e-3, 1e-3, 3e-3]), measured('scale_states_1', 'jax', [], 'it broke')];
  const code = `require(${JSON.stringify(join(__dirname, '../../bench/scaling.ts'))}).writeScaling(${JSON.stringify(folder)}, ${JSON.stringify(results)}, { rounds: 3 });`;
  execFileSync(process.execPath, ['-r', register, '-e', code]);
  const { rounds, points } = JSON.parse(readFileSync(join(folder, 'scaling.json'), 'utf8'));
  expect([rounds, points.map((p: { size: number; seconds: number }) => [p.size, p.seconds])]).toEqual([3, [[1, 1e-6], [1000, 2e-3]]]);
  expect(readFileSync(join(folder, 'scaling.svg'), 'utf8')).toContain('adds 1 to each state');
  rmSync(folder, { recursive: true });
});
