import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { type Array, environ, grad, jit, lax, makeJaxpr, numpy as np, pjrt } from '../../lib';
import type { ConcreteArray } from '../../lib/core/array';
import { sizeOf } from '../../lib/core/aval';
import type { Jaxpr } from '../../lib/core/jaxpr';
import { lowerToStableHlo } from '../../lib/stablehlo';
import { runChild } from '../pjrt/programs';
import { numbersFrom } from '../support/numbers';

const client = pjrt.defaultClient();
const withBlas = client.hasProducts ? test : test.skip;

/** Numbers from −0.5 to 0.5. */
function numbers(shape: readonly number[], seed: number, dtype = 'float32'): Array {
  const values = numbersFrom(seed, sizeOf(shape));
  return np.array(dtype === 'float64' ? values : Float32Array.from(values)).reshape([...shape]);
}

type F = (...xs: Array[]) => Array;

/** The function by OpenBLAS and by XLA's own products: texts of both programs, and their results. */
function both(f: F, args: readonly Array[]): { text: string; ours: number[]; xla: number[] } {
  const { jaxpr } = (makeJaxpr(f)(...args) as unknown as { jaxpr: { jaxpr: Jaxpr } });
  const run = (hasProducts: boolean) => {
    const { text } = lowerToStableHlo(jaxpr.jaxpr, { name: 'f', platform: 'cpu', hasProducts: () => hasProducts });
    const [out] = client.compileSync(text).execute(args.map((x) => (x as unknown as ConcreteArray).buffer));
    const host = out!.toHostSync();
    return { text, values: [...(args[0]!.dtype === 'float64' ? new Float64Array(host) : new Float32Array(host))] };
  };
  const ours = run(true);
  return { text: ours.text, ours: ours.values, xla: run(false).values };
}

function expectSame(a: readonly number[], b: readonly number[], tolerance = 2e-5): void {
  expect(a.length).toBe(b.length);
  const far = a.findIndex((v, i) => !(Math.abs(v - b[i]!) <= tolerance * (1 + Math.abs(b[i]!))));
  expect(far < 0 ? null : [far, a[far], b[far]]).toBeNull();
}

const sizes = fc.constantFrom(1, 2, 3, 5, 8, 16, 17, 33);
/** Sizes of batch, contracted and free dimensions, and orders in which they lie in the operands, are read and are written. */
const products = fc.record({
  batch: fc.array(fc.constantFrom(1, 2, 3), { maxLength: 2 }), contract: fc.array(sizes, { minLength: 1, maxLength: 2 }), left: fc.array(sizes, { maxLength: 2 }), right: fc.array(sizes, { maxLength: 2 }),
  orders: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 30, maxLength: 30 }), seed: fc.nat(1000),
}).filter((c) => [...c.batch, ...c.contract, ...c.left, ...c.right].reduce<number>((a, b) => a * b, 1) < 2e6);

withBlas('products of any dimensions, of operands and to results in any order, are those of XLA', () => {
  let used = 0;
  fc.assert(fc.property(products, ({ batch, contract, left, right, orders, seed }) => {
    let next = 0;
    const order = (n: number) => {
      const keys = globalThis.Array.from({ length: n }, (_, i) => [orders[next++ % orders.length]!, i] as const);
      return keys.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, i]) => i);
    };
    const side = (free: readonly number[]) => {
      const dims = [...batch, ...contract, ...free];
      const placed = order(dims.length);
      const stored = order(dims.length);
      const shape = placed.map((d) => dims[d]!);
      const back = stored.map((_, i) => stored.indexOf(i));
      return {
        array: numbers(stored.map((i) => shape[i]!), seed + free.length), view: (x: Array) => np.transpose(x, back),
        contract: contract.map((_, i) => placed.indexOf(batch.length + i)), batch: batch.map((_, i) => placed.indexOf(i)),
      };
    };
    const [x, y] = [side(left), side(right)];
    const out = order(batch.length + left.length + right.length);
    const f: F = (a, b) => np.transpose(lax.dotGeneral(x.view(a), y.view(b), [[x.contract, y.contract], [x.batch, y.batch]]), out);
    const { text, ours, xla } = both(f, [x.array, y.array]);
    if (text.includes('xs_product')) used++;
    expectSame(ours, xla);
  }), { numRuns: 60, seed: 7 });
  expect(used).toBeGreaterThan(10);
});

/** Matrices of the sizes that native/product_tiles.cc multiplies, and some that it leaves to OpenBLAS: read by rows or by columns, one or some that are summed up. */
const tiled = fc.record({
  m: fc.constantFrom(1, 6, 7, 13, 48, 70, 600), n: fc.constantFrom(32, 41, 50, 64, 79, 130, 300), k: fc.constantFrom(8, 15, 64, 157, 320, 700), sums: fc.constantFrom(1, 1, 2, 5, 70),
  turned: fc.tuple(fc.boolean(), fc.boolean()), after: fc.constantFrom('nothing', 'bias', 'relu', 'bias and relu', 'added', 'taken from'), double: fc.boolean(), seed: fc.nat(1000),
}).filter((c) => c.m * c.n * c.k * c.sums < 6e7);

withBlas('products of sizes that are computed by tiles are those of XLA, whatever is done with their sums', () => {
  const text = { product: 0, after: 0 };
  fc.assert(fc.property(tiled, ({ m, n, k, sums, turned, after, double, seed }) => {
    const dtype = double ? 'float64' : 'float32';
    environ.context({ precision: double ? 64 : 32 }, () => {
      const x = numbers(turned[0] ? [sums, k, m] : [sums, m, k], seed, dtype);
      const y = numbers(turned[1] ? [sums, n, k] : [sums, k, n], seed + 1, dtype);
      const [bias, to] = [numbers([n], seed + 2, dtype), numbers([m, n], seed + 3, dtype)];
      const f: F = (a, b, c, d) => {
        const sum = lax.dotGeneral(a, b, [[[turned[0] ? 1 : 2, 0], [turned[1] ? 2 : 1, 0]], [[], []]]);
        if (after === 'added' || after === 'taken from') {
          // What is written over is the program's own.
          const own = np.tanh(d);
          return after === 'added' ? own.add(sum) : own.sub(sum.mul(0.25));
        }
        const all = after.includes('bias') ? sum.add(c) : sum;
        return after.includes('relu') ? np.maximum(all, 0) : all;
      };
      const made = both(f, [x, y, bias, to]);
      if (made.text.includes('xs_product')) text.product++;
      if (/(sum|after) = array/.test(made.text)) text.after++;
      expectSame(made.ours, made.xla, double ? 1e-13 : 1e-4);
    });
  }), { numRuns: 80, seed: 11 });
  expect(text.product).toBeGreaterThan(40);
  expect(text.after).toBeGreaterThan(15);
});

withBlas('nothing is transposed for a product, nor after one', () => {
  const attention = (q: Array, k: Array) => {
    const heads = (x: Array) => np.transpose(x.reshape([2, 64, 4, 32]), [0, 2, 1, 3]);
    return np.transpose(np.matmul(np.matmul(heads(q), np.transpose(heads(k), [0, 1, 3, 2])), heads(k)), [0, 2, 1, 3]);
  };
  const { text, ours, xla } = both(attention, [numbers([2, 64, 128], 1), numbers([2, 64, 128], 2)]);
  expect(text.match(/xs_product/g)).toHaveLength(2);
  expectSame(ours, xla);
  const hlo = client.compileSync(text).hloText();
  expect(hlo).not.toMatch(/ transpose\(| copy\(/);
  const weights = (x: Array, y: Array, v: Array) => grad((w: Array) => np.sum(np.tanh(np.matmul(x, w)).mul(y)))(v) as Array;
  const made = both(weights, [numbers([64, 48], 4), numbers([64, 40], 5), numbers([48, 40], 3)]);
  expectSame(made.ours, made.xla);
  expect(client.compileSync(made.text).hloText()).not.toMatch(/ transpose\(| copy\(/);
});

withBlas('small products, other types and given algorithms stay with XLA; float64 does not', () => {
  const uses = (f: F, ...xs: Array[]) => both(f, xs).text.includes('xs_product');
  const mm: F = (a, b) => np.matmul(a, b);
  expect(uses(mm, numbers([4, 4], 0), numbers([4, 4], 1))).toBe(false);
  expect(uses(mm, numbers([64, 64], 0), numbers([64, 64], 1))).toBe(true);
  const half = (a: Array, b: Array) => np.matmul(a.astype('bfloat16'), b.astype('bfloat16')).astype('float32');
  expect(uses(half, numbers([64, 64], 0), numbers([64, 64], 1))).toBe(false);
  expect(uses((a, b) => lax.dotGeneral(a, b, [[[1], [0]], [[], []]], { precision: 'F32_F32_F32' }), numbers([64, 64], 0), numbers([64, 64], 1))).toBe(false);
  expect(uses((a) => np.matmul(a, a), np.ones([0, 0]))).toBe(false);
  environ.context({ precision: 64 }, () => {
    const [x, y] = [numbers([64, 65], 0, 'float64'), numbers([65, 66], 1, 'float64')];
    expect(x.dtype).toBe('float64');
    const { text, ours, xla } = both(mm, [x, y]);
    expect(text).toContain('xs_product');
    expectSame(ours, xla, 1e-14);
  });
});

withBlas('NaN and infinity go through, as do the smallest numbers', () => {
  const x = numbers([32, 64], 1);
  for (const special of [Number.NaN, Number.POSITIVE_INFINITY, 1e-38, -0]) {
    const { ours, xla } = both((a, b) => np.matmul(np.multiply(a, b.reshape([1, 64])), np.ones([64, 48])), [x, np.array(Float32Array.from({ length: 64 }, (_, i) => (i === 5 ? special : 0)))]);
    expect(ours.map((v, i) => Object.is(v, xla[i]) || Math.abs(v - xla[i]!) <= 1e-6 * Math.abs(xla[i]!))).not.toContain(false);
  }
});

withBlas('a training step that takes the weights over copies none of them, and learns what it learns without', async () => {
  const learn = join(__dirname, 'children', 'learn.ts');
  const [ours, xla] = await Promise.all([runChild(learn), runChild(learn, [], { XLASTATE_BLAS: '0' })]);
  const [a, b] = [ours, xla].map((r) => {
    expect(r.stderr).toBe('');
    return JSON.parse(r.stdout) as { blas: boolean; copies: number; losses: number[] };
  });
  expect([a!.blas, b!.blas]).toEqual([true, false]);
  expect(a!.copies).toBe(0);
  expectSame(a!.losses, b!.losses, 1e-4);
  expect(a!.losses.at(-1)!).toBeLessThan(a!.losses[0]! / 2);
});

withBlas('a program with products is loaded where nothing has used OpenBLAS yet, and text of one is compiled', async () => {
  const child = join(__dirname, 'children', 'loadProgram.ts');
  const { stdout, stderr } = await runChild(child, ['product']);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ loaded: 64, compiled: 64 });
  const without = JSON.parse((await runChild(child, ['product'], { XLASTATE_BLAS: '0' })).stdout) as Record<'loaded' | 'compiled', string>;
  expect(without.loaded).toMatch(/^PLUGIN the program calls OpenBLAS/);
  expect(without.compiled).toBe(without.loaded);
}, 120_000);

test('XLASTATE_BLAS that names no BLAS is an error with its name, and 0 turns it off', async () => {
  const child = join(__dirname, 'children', 'multiply.ts');
  const run = async (value: string) => JSON.parse((await runChild(child, [], { XLASTATE_BLAS: value })).stdout) as { value?: number; code?: string; message?: string };
  expect(await run('0')).toEqual({ value: 64 });
  expect(await run('/nonexistent/libblas.so')).toMatchObject({ code: 'PLUGIN', message: expect.stringContaining('XLASTATE_BLAS') });
  const { path } = pjrt.findPlugin();
  expect(await run(path)).toMatchObject({ code: 'PLUGIN', message: expect.stringContaining('is a library but no BLAS') });
}, 120_000);

(process.env.XLASTATE_BLAS ? test.skip : withBlas)('an installed library that does not load is warned of, and done without', async () => {
  const store = mkdtempSync(join(tmpdir(), 'xlastate-blas-'));
  try {
    const path = pjrt.findBlas()!;
    const folder = path.split('/').find((part) => part.startsWith('scipy-openblas32-'))!;
    const copy = join(store, path.slice(path.indexOf(folder)));
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, readFileSync(path).subarray(0, 4096));
    const { stdout, stderr } = await runChild(join(__dirname, 'children', 'multiply.ts'), [], { XLASTATE_PLUGIN_DIR: store, XLASTATE_PLUGIN: pjrt.findPlugin().path, XLASTATE_BLAS: '' });
    expect(JSON.parse(stdout)).toEqual({ value: 64 });
    expect(stderr).toMatch(/XLASTATE_BLAS.*cannot be loaded/);
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
});

const evil: [string, string, string][] = [
  ['no plan', '', 'it has no plan'],
  ['a plan that is short', 'plan = array<i64: 0, 0, 4>', 'too short'],
  ['a plan of the wrong length', 'plan = array<i64: 9, 0, 64, 64, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0>', 'wrong length'],
  ['rows beyond the array', 'plan = array<i64: 0, 0, 64, 640, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0>', 'beyond the arrays'],
  ['a size of zero', 'plan = array<i64: 0, 0, 0, 64, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0>', 'a size or a distance that is none'],
  ['a negative distance', 'plan = array<i64: 0, 0, 64, -64, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0>', 'a size or a distance that is none'],
  ['sizes that overflow', 'plan = array<i64: 1, 0, 64, 64, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0, 9223372036854775807, 1, 1, 1>', 'a size or a distance that is none'],
  ['sums without end', 'plan = array<i64: 0, 3, 64, 64, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0, 1073741824, 0, 0, 0, 1073741824, 0, 0, 0, 16, 0, 0, 0>', 'more operations than there is time for'],
  ['results that are left out', 'plan = array<i64: 0, 0, 32, 64, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0>', 'beyond the arrays'],
  ['rows that overlap', 'plan = array<i64: 0, 0, 64, 1, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0>', 'rows that overlap'],
  ['elements apart both ways', 'plan = array<i64: 0, 0, 64, 2, 0, 64, 64, 0, 1, 1, 32, 2, 64, 0>', 'neither rows nor columns'],
];

withBlas.each(evil)('a program whose product has %s is refused when it runs', (_, plan, why) => {
  const t = 'tensor<64x64xf32>';
  const text = `module @m { func.func @main(%a: ${t}) -> ${t} {
    %r = "stablehlo.custom_call"(%a, %a) {call_target_name = "xs_product", api_version = 4 : i32, backend_config = {${plan}}} : (${t}, ${t}) -> ${t}
    return %r : ${t} } }`;
  const x = numbers([64, 64], 1) as unknown as ConcreteArray;
  expect(() => client.compileSync(text).execute([x.buffer])[0]!.toHostSync()).toThrow(why);
});

withBlas('the text of a lowered function calls nothing of ours, so that any XLA compiles it', () => {
  const f = jit((x: Array) => np.matmul(x, x));
  const x = numbers([64, 64], 1);
  expect(f.lower(x).asText()).toContain('stablehlo.dot_general');
  expect(f.lower(x).asText()).not.toContain('xs_product');
  expect(f.lower(x).compile().asText()).toContain('xs_product');
});
