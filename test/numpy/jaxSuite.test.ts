import * as lax from '../../lib/lax';
import * as numpy from '../../lib/numpy';
import * as prng from '../../lib/prng';
import * as scipy from '../../lib/scipy';
import { testTable } from './table';

testTable('jaxSuite', { numpy, lax, prng, scipy });
