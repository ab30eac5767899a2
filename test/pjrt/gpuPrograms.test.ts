import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findBlas } from '../../lib/pjrt';
import { onPretendedGpu } from '../support/pretendedGpu';

const root = join(__dirname, '..', '..');

interface Report {
  platform: string;
  programs: number;
  calls: string[];
  values: Record<string, number[][]>;
}

function here(): Report {
  const child = spawnSync(process.execPath, ['-r', join(root, 'test/support/register.js'), join(__dirname, 'children', 'gpuPrograms.ts')], { cwd: root, encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Report;
}

test('programs for a GPU call none of the functions that the addon has for CPUs, and compute the same', () => {
  const gpu = onPretendedGpu('gpuPrograms.ts') as unknown as Report;
  expect([gpu.platform, gpu.calls]).toEqual(['cuda', []]);
  expect(gpu.programs).toBeGreaterThan(6);
  const cpu = here();
  if (cpu.platform === 'cpu' && findBlas() !== null) expect(cpu.calls).toEqual(['xs_convolution', 'xs_lapack', 'xs_product']);
  for (const [name, parts] of Object.entries(gpu.values)) {
    parts.forEach((values, k) => {
      const expected = cpu.values[name]![k]!;
      expect(values.length).toBe(expected.length);
      const largest = Math.max(...expected.map(Math.abs));
      values.forEach((v, i) => { expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-4 * largest); });
    });
  }
});
