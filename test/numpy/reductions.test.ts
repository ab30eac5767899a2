import * as np from '../../lib/numpy';
import { testTable } from './table';

describe('reductions and quantiles', () => testTable('numpyReductions', np));
