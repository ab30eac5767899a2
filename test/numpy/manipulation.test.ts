import * as np from '../../lib/numpy';
import { testTable } from './table';

describe('shapes, joining, splitting, padding, diagonals', () => testTable('numpyManipulation', np));
