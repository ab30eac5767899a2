// Makes and drops 5 GB of results, while V8 marks its heap now and then.
import { type Array, jit, lax, prng } from '../../../lib';

const x = prng.normal(prng.key(1), [32, 14, 14, 32]);
const kernel = prng.normal(prng.key(2), [3, 3, 32, 64]);
const f = jit((a: Array, k: Array) => lax.convGeneralDilated(a, k, [1, 1], 'SAME', { dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] }));
for (let i = 0; i < 3000; i++) f(x, kernel).blockUntilReady();
console.log('done');
