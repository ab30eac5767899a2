import * as lax from '../../lib/lax';
import * as numpy from '../../lib/numpy';
import * as prng from '../../lib/prng';
import * as scipy from '../../lib/scipy';
import { testTable } from './table';

testTable('jaxSuite', {
  numpy, lax, prng, scipy,
  get: (x: numpy.Array, i: Parameters<typeof numpy.at>[1], o?: numpy.GetOptions) => numpy.at(x, i).get(o),
  add: (x: numpy.Array, i: Parameters<typeof numpy.at>[1], v: number, o?: numpy.IndexOptions) => numpy.at(x, i).add(v, o),
});
