import * as np from '../../lib/numpy/index';
import { testTable } from './table';

testTable('numpyElementwise', np);
