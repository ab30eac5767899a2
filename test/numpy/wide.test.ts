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
