import { onPretendedGpu } from '../support/pretendedGpu';

const MB = 2 ** 20;

test('V8 does not collect garbage because of memory on a GPU, but when 512 MB of arrays have gathered', () => {
  const { platform, collections, most } = onPretendedGpu('gpuMemory.ts') as { platform: string; collections: number; most: number };
  expect(platform).toBe('cuda');
  // Twice for each half of the gigabyte at most, and once or twice for the program itself: where V8 is told, as on CPUs, it collects every 16 arrays or so.
  expect(collections).toBeLessThan(8);
  expect(most).toBeGreaterThan(400 * MB);
  expect(most).toBeLessThan(560 * MB);
});
