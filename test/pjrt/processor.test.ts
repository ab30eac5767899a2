import { type Array, jit, lax, nn, numpy as np, prng } from '../../lib';
import { hasFastWideVectors, processor } from '../../lib/pjrt/processor';

test('what is known of the processor names the architecture; older ones with vectors of 64 bytes are not taken for those that are fast with them', () => {
  expect(processor()).toContain(`/${process.arch}/`);
  expect(hasFastWideVectors('linux/x64/flags : fpu avx2 avx512f avx512dq avx512vl')).toBe(false);
  expect(hasFastWideVectors('linux/x64/flags : avx512f avx512_vbmi2 avx512_vnni')).toBe(true);
  expect(hasFastWideVectors('linux/arm64/Features : asimd sve')).toBe(false);
});

const functions: Record<string, (x: Array) => Array> = {
  exp: (x) => np.exp(x), log1p: (x) => np.log1p(np.abs(x)), erf: (x) => lax.erf(x), softmax: (x) => nn.softmax(x.reshape([100, 100])) as Array, sum: (x) => np.sum(x.reshape([100, 100]), 0), sin: (x) => np.sin(x),
};

test.each(Object.entries(functions))('%s has the same values whatever vectors XLA prefers', (_, f) => {
  const x = prng.normal(prng.PRNGKey(1), { shape: [10000] });
  const [narrow, wide] = [256, 512].map((width) => (jit(f, { compilerOptions: { xla_cpu_prefer_vector_width: width } })(x) as Array).dataSync() as Float32Array);
  const far = [...narrow!].findIndex((v, i) => !(Math.abs(v - wide![i]!) <= 1e-6 * (1 + Math.abs(v))));
  expect(far < 0 ? null : [far, narrow![far], wide![far]]).toBeNull();
});
