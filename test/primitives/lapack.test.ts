import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environ, grad, jit, lax, makeJaxpr, numpy as np, pjrt, vmap, type Array } from '../../lib';
import type { ConcreteArray } from '../../lib/core/array';
import { sizeOf } from '../../lib/core/aval';
import type { Jaxpr } from '../../lib/core/jaxpr';
import * as la from '../../lib/primitives/linalg';
import { lowerToStableHlo } from '../../lib/stablehlo';
import { runChild } from '../pjrt/programs';
import { expectPacked, numbers, type Packed, unpack } from '../support/cases';
import { numbersFrom } from '../support/numbers';

const client = pjrt.defaultClient();
const withLapack = client.hasLapack ? test : test.skip;

interface Case {
  name: string;
  options: Record<string, boolean>;
  inputs: Packed[];
  outputs: Packed[];
}
const { cases } = JSON.parse(readFileSync(`${__dirname}/../fixtures/lapack.json`, 'utf8')) as { cases: Case[] };

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const functions = { ...la, tridiagonal: lax.linalg.tridiagonal } as unknown as Record<string, (...args: unknown[]) => Array | Array[]>;
const asList = (x: Array | Array[]) => (globalThis.Array.isArray(x) ? x : [x]);

/** Whose vectors have signs, or phases, by how many steps an iteration takes, which another version of the library may take otherwise. */
const signless = new Set(['eig', 'schur']);
const packed = (x: Array): Packed => [[...x.shape], x.dtype, numbers(x)];

const names = [...new Set(cases.map((c) => c.name))];
withLapack.each(names)('%s is JAX\'s, signs and orders too', (name) => {
  environ.context({ precision: 64 }, () => {
    for (const c of cases.filter((each) => each.name === name)) {
      const options = Object.fromEntries(Object.entries(c.options).map(([k, v]) => [camel(k), v]));
      const outs = asList(functions[camel(name)]!(...c.inputs.map(unpack), options));
      expect(outs).toHaveLength(c.outputs.length);
      const form = (x: Array) => (signless.has(name) ? np.abs(x) : x);
      outs.forEach((x, i) => expectPacked(form(x), packed(form(unpack(c.outputs[i]!))), /float32|complex64/.test(c.outputs[i]![1]) ? 1e-4 : 1e-11));
    }
  });
});

/** Numbers from −0.5 to 0.5. */
function random(shape: readonly number[], seed: number): Array {
  return np.array(Float32Array.from(numbersFrom(seed, sizeOf(shape)))).reshape([...shape]);
}

const at = (x: Array, k: number) => lax.indexInDim(x, k, { keepdims: false });

/** Text of the program with LAPACK, or without. */
function lowered(f: (...xs: Array[]) => Array[], args: readonly Array[], has: boolean): string {
  const { jaxpr } = makeJaxpr((...xs: Array[]) => f(...xs))(...args) as unknown as { jaxpr: { jaxpr: Jaxpr } };
  const { text, callsBlas } = lowerToStableHlo(jaxpr.jaxpr, { name: 'f', platform: 'cpu', hasLapack: () => has });
  expect(callsBlas).toBe(has);
  return text;
}

/** Texts of both programs, and their results. */
function both(f: (...xs: Array[]) => Array[], args: readonly Array[]): { texts: string[]; results: number[][][] } {
  const made = [true, false].map((has) => {
    const text = lowered(f, args, has);
    const outs = client.compileSync(text).execute(args.map((x) => (x as unknown as ConcreteArray).buffer));
    return { text, values: outs.map((o) => [...new Float32Array(o.toHostSync())]) };
  });
  return { texts: made.map((m) => m.text), results: made.map((m) => m.values) };
}

const shifted = (n: number, seed: number) => np.add(random([2, n, n], seed), np.eye(n).mul(3));
const general: [string, (...xs: Array[]) => Array[], Array[]][] = [
  ['singular values', (x) => la.svd(x, { computeUv: false }), [random([2, 7, 5], 1)]],
  ['values of a symmetric matrix', (x) => [la.eigh(x)[1]], [random([2, 6, 6], 2)]],
  ['the Cholesky factor', (x) => [la.cholesky(np.matmul(x, np.matrixTranspose(x)))], [shifted(5, 3)]],
  ['LU factors', (x) => [la.lu(x)[0]], [shifted(5, 4)]],
  ['the QR decomposition', (x) => la.qr(x), [random([2, 5, 3], 5)]],
  ['the pivoted QR decomposition', (x) => la.qr(x, { pivoting: true }).slice(0, 2), [random([2, 5, 4], 6)]],
  ['the tridiagonal form', (x) => lax.linalg.tridiagonal(x, { lower: false }).slice(1, 3), [random([2, 5, 5], 14)]],
  ['the Hessenberg form', (x) => la.hessenberg(x), [random([2, 5, 5], 7)]],
  ['the solution of triangular systems', (a, b) => [la.triangularSolve(a, b, { leftSide: true, transposeA: true })], [shifted(4, 8), random([2, 4, 3], 9)]],
  ['the solution of tridiagonal systems', (l, d, u, b) => [la.tridiagonalSolve(l, d.add(3), u, b)], [random([2, 4], 10), random([2, 4], 11), random([2, 4], 12), random([2, 4, 3], 13)]],
];
withLapack.each(general)('%s: by LAPACK as by XLA\'s operations', (_, f, args) => {
  const { texts, results } = both(f, args);
  expect(texts[0]).toContain('"xs_lapack"');
  expect(texts[1]).not.toContain('xs_');
  results[0]!.forEach((values, i) => values.forEach((v, k) => expect(Math.abs(v - results[1]![i]![k]!)).toBeLessThan(1e-4)));
});

withLapack('matrices of a batch that threads share are each as if alone', () => {
  const x = random([48, 24, 24], 3);
  for (const f of [(a: Array) => la.svd(a), (a: Array) => la.eigh(a), (a: Array) => la.lu(a), (a: Array) => la.qr(a), (a: Array) => la.schur(a)]) {
    const all = f(x);
    const mapped = asList(vmap(f as (a: Array) => Array[])(x) as Array[]);
    const jitted = jit(f as (a: Array) => Array[])(x) as Array[];
    for (const k of [0, 17, 47]) {
      const alone = f(at(x, k));
      for (const outs of [all, mapped, jitted]) alone.forEach((y, i) => expect(numbers(at(outs[i]!, k))).toEqual(numbers(y)));
    }
  }
});

withLapack('parts of a decomposition are those of the whole', () => {
  const x = random([2, 6, 4], 5);
  const [u, s, vh] = la.svd(x, { fullMatrices: false });
  const [pu, ps, pvh] = la.svd(x, { fullMatrices: false, subsetByIndex: [1, 3] });
  expect(numbers(pu!)).toEqual(numbers(lax.sliceInDim(u!, 1, 3, { axis: 2 })));
  expect(numbers(ps!)).toEqual(numbers(lax.sliceInDim(s!, 1, 3, { axis: 1 })));
  expect(numbers(pvh!)).toEqual(numbers(lax.sliceInDim(vh!, 1, 3, { axis: 1 })));
});

withLapack('gradients through LAPACK are those of differences', () => {
  const x = shifted(4, 6);
  const functions: [string, (a: Array) => Array][] = [
    ['svd', (a) => np.sum(np.sin(la.svd(a, { fullMatrices: false })[0]!))], ['eigh', (a) => np.sum(np.sin(la.eigh(a)[1]))], ['qr', (a) => np.sum(np.sin(la.qr(a)[1]!))],
    ['inv', (a) => np.sum(np.sin(np.linalg.inv(a)))], ['det', (a) => np.sum(np.sin(np.linalg.det(a)))],
  ];
  environ.context({ precision: 64 }, () => {
    const at = x.astype('float64');
    const direction = random([2, 4, 4], 9).astype('float64');
    for (const [name, f] of functions) {
      const slope = np.sum(np.multiply(grad(f)(at) as Array, direction)).item() as number;
      const h = 1e-6;
      const difference = ((f(at.add(direction.mul(h))).item() as number) - (f(at.sub(direction.mul(h))).item() as number)) / (2 * h);
      expect([name, Math.abs(slope - difference) < 1e-5 * (1 + Math.abs(slope))]).toEqual([name, true]);
    }
  });
});

withLapack('a triangular system without a solution has none that is finite', () => {
  const a = np.array([[2, 0, 0], [1, 0, 0], [3, 1, 2]]);
  const x = numbers(la.triangularSolve(a, np.array([[1], [2], [3]]), { leftSide: true, lower: true }));
  expect([x[0], ...x.slice(1).map(Number.isFinite)]).toEqual([0.5, false, false]);
});

withLapack('a long decomposition is not run by the call that starts it; a short one is', () => {
  const operands = (n: number) => {
    const text = lowered((x) => la.svd(x, { computeUv: false }), [np.eye(n)], true);
    return /custom_call"\(([^)]*)\)/.exec(text)![1]!.split(',').length;
  };
  expect([operands(8), operands(128)]).toEqual([1, 2]);
});

withLapack('the text of a lowered function calls nothing of ours; the program that runs does', () => {
  const f = jit((x: Array) => np.linalg.inv(x));
  const x = np.eye(4);
  expect(f.lower(x).asText()).not.toContain('xs_');
  expect(f.lower(x).compile().asText()).toContain('xs_lapack');
  expect(f.lower(x).compile().costAnalysis()).not.toBeNull();
});

withLapack('a program with a decomposition is loaded where nothing has used LAPACK yet, and text of one is compiled', async () => {
  const child = join(__dirname, 'children', 'loadProgram.ts');
  const { stdout, stderr } = await runChild(child, ['cholesky']);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ loaded: 64, compiled: 64 });
  const without = JSON.parse((await runChild(child, ['cholesky'], { XLASTATE_BLAS: '0' })).stdout) as Record<'loaded' | 'compiled', string>;
  expect(without.loaded).toMatch(/^PLUGIN the program calls OpenBLAS/);
  expect(without.compiled).toBe(without.loaded);
}, 120_000);

const t = (shape: string, type = 'f32') => `tensor<${shape}x${type}>`;
/** Operand types, result types, routine and letters, and what is wrong. */
const evil: [string[], string[], string, string, string][] = [
  [[t('4x4')], [t('4x4')], 'gesvx', '', 'there is no such routine'],
  [[t('4x4')], [t('4x4')], '', '', 'there is no such routine'],
  [[t('4x4')], [t('4x4')], 'potrf', 'L', 'expected one letter of each of none'],
  [[t('4x4')], [t('4'), t('4x4'), t('4x4')], 'gesdd', 'X', 'expected one letter of each of ASN'],
  [[t('4x4')], [t('4'), t('4x4'), t('4x4')], 'gesdd', '\\00', 'expected one letter of each of ASN'],
  [[t('4x4')], [t('4x4'), t('4')], 'syevd', '', 'expected one letter of each of LU'],
  [[t('4x4', 'i32')], [t('4x4', 'i32')], 'potrf', '', 'must be of float32'],
  [[t('4')], [t('4')], 'potrf', '', 'is no matrix'],
  [[t('4x3')], [t('4x3')], 'potrf', '', 'must be square'],
  [[t('0x4')], [t('4x4')], 'potrf', '', 'has no elements'],
  [[t('4x4')], [t('3x3')], 'potrf', '', 'do not fit'],
  [[t('4x4')], [t('4x4', 'f64')], 'potrf', '', 'do not fit'],
  [[t('4x4')], [t('2x4x4')], 'potrf', '', 'do not fit'],
  [[t('4x4')], [t('4x4'), t('4')], 'potrf', '', 'expected 1 operands and 1 results, got 1 and 2'],
  [[t('2x4x4')], [t('2x4x4'), t('3x4')], 'syevd', 'L', 'do not fit'],
  [[t('4x4')], [t('4x4'), t('4'), t('4', 'i32')], 'getrf', '', 'do not fit'],
  [[t('4x4')], [t('4x4'), t('3', 'i32'), t('4', 'i32')], 'getrf', '', 'do not fit'],
  [[t('4x4'), t('5')], [t('4x4')], 'orgqr', '', 'more reflectors than columns'],
  [[t('3x4'), t('3')], [t('3x4')], 'orgqr', '', 'more columns than rows'],
  [[t('4x4')], [t('4x4')], 'orgqr', '', 'expected 2 operands and 1 results, got 1 and 1'],
  [[t('4x4'), t('3x3')], [t('4x4')], 'trsm', 'LLNN', 'do not fit'],
  [[t('4x3'), t('4x4')], [t('4x3')], 'trsm', 'RLNN', 'do not fit'],
  [[t('4x3'), t('4'), t('4'), t('3')], [t('4x3')], 'gtsv', '', 'do not fit'],
  [[t('4x4')], [t('4', 'complex<f32>'), t('4x4')], 'geev', 'VN', 'do not fit'],
  [[t('4x4')], [t('4x4'), t('4x3')], 'gees', 'V', 'do not fit'],
  [[t('4x4')], [t('4x4'), t('4')], 'gehrd', '', 'do not fit'],
  [[t('4x4')], [t('4x4'), t('4'), t('4'), t('3')], 'sytrd', 'L', 'do not fit'],
  [[t('1x1')], [t('1x1'), t('1'), t('1'), t('1')], 'sytrd', 'U', 'do not fit'],
];
withLapack.each(evil)('a call with operands %j and results %j of %s with %j is refused: %s', (operands, results, routine, letters, why) => {
  const main = `(${operands.map((type, i) => `%a${i}: ${type}`).join(', ')}) -> (${results.join(', ')})`;
  const outs = results.map((_, i) => `%r${results.length > 1 ? `#${i}` : ''}`).join(', ');
  const text = `module @m { func.func @main${main} {
    %r${results.length > 1 ? `:${results.length}` : ''} = "stablehlo.custom_call"(${operands.map((_, i) => `%a${i}`).join(', ')}) {call_target_name = "xs_lapack", api_version = 4 : i32, backend_config = {routine = "${routine}", letters = "${letters}"}} : (${
    operands.join(', ')}) -> (${results.join(', ')})
    return ${outs} : ${results.join(', ')} } }`;
  const args = operands.map((type) => {
    const [, dims, element] = /tensor<([\dx]*\d)x(\w+)>/.exec(type)!;
    const shape = dims!.split('x').map(Number);
    return client.bufferFromHost(new Float32Array(sizeOf(shape)), element === 'i32' ? 'int32' : 'float32', shape);
  });
  expect(() => client.compileSync(text).execute(args)[0]!.toHostSync()).toThrow(why);
});
