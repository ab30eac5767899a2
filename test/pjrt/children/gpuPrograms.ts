// Programs that have forms of their own on CPUs, on the plugin that the environment names; prints some of their values, and which functions of the addon's what is given to XLA calls.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environ, grad, jit, lax, numpy as np, nn, pjrt } from '../../../lib';

type A = np.Array;
const wave = (...shape: number[]): A => np.sin(np.arange(shape.reduce((a, b) => a * b)).astype('float32')).reshape(shape);
const loss = (picture: A, kernel: A, weight: A): A => {
  const seen = lax.reduceWindow(nn.relu(lax.convGeneralDilated(picture, kernel, [1, 1], 'SAME', { dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })), -Infinity, lax.max, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID');
  return np.mean(np.square(np.matmul(seen.reshape([picture.shape[0]!, -1]), weight)));
};
const square = np.matmul(wave(40, 40), wave(40, 40).T).add(np.eye(40).mul(4));
const programs: Record<string, () => A | A[]> = {
  network: () => jit(grad(loss, { argnums: [0, 1, 2] }))(wave(8, 12, 12, 3), wave(3, 3, 3, 32), wave(6 * 6 * 32, 64)) as unknown as A[],
  product: () => jit((x: A, y: A) => np.add(np.matmul(x, y), 1))(wave(64, 128), wave(128, 96)),
  sums: () => jit((x: A) => [np.sum(x), np.sum(x, [0, 1]), np.sum(x, -1)])(wave(32, 48, 64)),
  solve: () => jit((x: A, y: A) => np.linalg.solve(x, y))(square, wave(40, 3)),
  cholesky: () => jit((x: A) => np.linalg.cholesky(x))(square),
  eigenvalues: () => jit((x: A) => np.linalg.eigvalsh(x))(square),
};

const folder = mkdtempSync(join(tmpdir(), 'xlastate-gpu-programs-'));
try {
  environ.set({ dumpHloTo: folder } as never);
  const values = Object.fromEntries(Object.entries(programs).map(([name, run]) => [name, [run()].flat().map((x) => ((x as A).ravel().js() as number[]).filter((_, i) => i % 37 === 0))]));
  const texts = readdirSync(folder).filter((f) => f.endsWith('.mlir')).map((f) => readFileSync(join(folder, f), 'utf8'));
  const calls = [...new Set(texts.flatMap((t) => t.match(/xs_\w+/g) ?? []))].sort();
  console.log(JSON.stringify({ platform: pjrt.defaultClient().platformName, programs: texts.length, calls, values }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
