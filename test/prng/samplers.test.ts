import { cases, type Case, difference, flat, run, title, withCase } from './values';

// Signs of eigenvectors and singular vectors are arbitrary: vectors that are made with them are compared by their length only.
const bySigns = (c: Case) => c.o?.method === 'eigh' || c.o?.method === 'svd';
const names = [...new Set(cases.map((c) => c.f))];

test.each(names)('%s gives what jax.random gives', (name) => {
  const wrong = cases.filter((c) => c.f === name && !bySigns(c)).map((c) => withCase(c, () => [title(c), difference(c, run(c))] as const)).filter(([, d]) => d !== null);
  expect(wrong).toEqual([]);
});

test('normal vectors by eigenvectors or singular vectors have the lengths of jax.random, in the metric of the covariance', () => {
  // The covariance [[2, 0.5], [0.5, 1]] has determinant 1.75; the mean is [1, -1].
  const lengths = (v: readonly (number | string)[]) => [0, 2, 4].map((i) => {
    const [x, y] = [Number(v[i]) - 1, Number(v[i + 1]) + 1];
    return (x * x - x * y + 2 * y * y) / 1.75;
  });
  const both = cases.filter(bySigns);
  expect(both.length).toBeGreaterThan(1);
  for (const c of both) lengths(flat(run(c))).forEach((x, i) => expect(x).toBeCloseTo(lengths(c.v)[i]!, 4));
});
