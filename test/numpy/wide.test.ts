import { config } from '../../lib/core/config';
import * as np from '../../lib/numpy/index';
import { testTable } from './table';

// With 64-bit types on, as the fixture was made.
const saved = config.enableX64;
beforeAll(() => {
  config.enableX64 = true;
});
afterAll(() => {
  config.enableX64 = saved;
});

testTable('numpyWide', np);

test('the cut-off that polyfit gives back is a plain number: weak, of 64 bits', () => {
  const x = np.arange(4, { dtype: 'float32' });
  const [c, , , s, rcond] = np.polyfit(x, x, 1, { full: true }) as np.Array[];
  expect([c!.dtype, s!.dtype, rcond!.dtype, rcond!.weakType]).toEqual(['float32', 'float32', 'float64', true]);
});
