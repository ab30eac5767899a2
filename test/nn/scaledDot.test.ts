import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jit, nn, numpy as np, ShapeError, vjp } from 'xlastate';

interface Case {
  mode: 'mxfp8' | 'nvfp4';
  scale: number | null;
  shape: number[];
  out: number[];
  da: number[];
  db: number[];
}
const fixture: { cases: Case[] } = JSON.parse(readFileSync(join(__dirname, '../fixtures/scaledDot.json'), 'utf8'));
const flat = (x: np.Array) => x.ravel().js() as number[];
const sequence = (n: number, by: number, modulo: number, less: number, over: number) => np.arange(n).mul(by).mod(modulo).sub(less).astype('float32').div(over);

function expectNear(got: number[], wanted: number[]): void {
  expect(got).toHaveLength(wanted.length);
  const size = Math.max(...wanted.map(Math.abs));
  expect(Math.max(...got.map((x, i) => Math.abs(x - wanted[i]!)))).toBeLessThan(1e-5 * size);
}

test.each(fixture.cases)('scaledDotGeneral $mode, global scale $scale: values and gradients of JAX', ({ mode, scale, shape, out, da, db }) => {
  const a = sequence(4096, 37, 101, 50, 16).reshape([2, 32, 64]).mul(np.arange(1, 65).astype('float32')).mul(1.0371);
  const b = sequence(4096, 53, 97, 48, 32).reshape([64, 2, 32]).mul(0.9173);
  const c = nn.getScaledDotGeneralConfig(mode, scale === null ? null : [scale]);
  const f = (x: np.Array, y: np.Array) => nn.scaledDotGeneral(x, y, [[[2], [0]], [[0], [1]]], { configs: [c, c, c] });
  const [y, ga, gb] = jit((p: np.Array, q: np.Array, g: np.Array) => {
    const [value, pullback] = vjp(f, p, q) as [np.Array, (g: np.Array) => [np.Array, np.Array]];
    return [value, ...pullback(g)];
  })(a, b, sequence(2 * 32 * 32, 29, 61, 30, 8).reshape([2, 32, 32])) as [np.Array, np.Array, np.Array];
  expect(y.shape).toEqual(shape);
  expectNear(flat(y.slice([], [null, null, 8], [null, null, 8])), out);
  expectNear(flat(ga.slice([], [null, null, 8], [null, null, 8])), da);
  expectNear(flat(gb.slice([null, null, 8], [], [null, null, 8])), db);
});

test('scaledMatmul multiplies blocks by their scales', () => {
  expect(nn.scaledMatmul(np.ones([1, 1, 4]), np.ones([1, 1, 4]), np.full([1, 1, 2], 2), np.ones([1, 1, 2])).js()).toEqual([[[8]]]);
  const [a, s] = [np.array([[[1, 2, 3, 4]]]), np.array([[[2, 0.5]]])];
  const out = nn.scaledMatmul(a.astype('float8_e4m3fn'), a, s.astype('float8_e8m0fnu'), np.array([[[1, 10]]]), 'bfloat16');
  expect([out.dtype, out.astype('float32').item()]).toEqual(['bfloat16', 135]);
  expect(() => nn.scaledMatmul(a, a, np.ones([1, 1, 3]), np.ones([1, 1, 3]))).toThrow(ShapeError);
  expect(() => nn.getScaledDotGeneralConfig('int8' as never)).toThrow(/'nvfp4' or 'mxfp8'/);
  const c = nn.getScaledDotGeneralConfig('mxfp8');
  expect(() => nn.scaledDotGeneral(np.ones([2, 8]), np.ones([8, 2]), [[[1], [0]], [[], []]], { configs: [c, c, c] })).toThrow(/multiple of 32/);
  expect(nn.scaledDotGeneral(np.ones([2, 8]), np.ones([8, 2]), [[[1], [0]], [[], []]]).js()).toEqual([[8, 8], [8, 8]]);
});
