import * as lax from '../../lib/lax/index';
import { testTable } from '../numpy/table';

testTable('lax', lax);
