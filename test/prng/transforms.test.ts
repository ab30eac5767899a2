import { batchFlat } from '../../lib/interpreters/batch';
import { compileJaxpr } from '../../lib/interpreters/compile';
import { stage } from '../../lib/interpreters/stage';
import { stack } from './keys';
import { call, cases, difference, flat, keyOf, title, withCase } from './values';
import * as prng from '../../lib/prng';

// One case of each sampler: the one with the most arguments.
const byName = new Map<string, (typeof cases)[number]>();
for (const c of cases) {
  if (c.f === 'PRNGKey' || c.x || c.g || c.impl || c.o?.method) continue;
  const known = byName.get(c.f);
  if (!known || JSON.stringify(c.o ?? {}).length > JSON.stringify(known.o ?? {}).length) byName.set(c.f, c);
}

test.each([...byName])('%s in a compiled function is the same', (_, c) => {
  const key = keyOf(c);
  const s = stage(([k]) => [call(c, k!)], [key.aval]);
  expect([title(c), difference(c, compileJaxpr(s.jaxpr, s.consts, { name: c.f }).call([key])[0]!)]).toEqual([title(c), null]);
});

test.each([...byName])('%s mapped over keys gives each key its own', (_, c) => {
  const keys = [keyOf(c), prng.PRNGKey(5), prng.PRNGKey(6)];
  const { outs, dims } = batchFlat(([k]) => [call(c, k!)], { size: 3, name: null }, [stack(keys)], [0]);
  expect(dims).toEqual([0]);
  const rows = flat(outs[0]!);
  const size = rows.length / keys.length;
  keys.forEach((k, i) => {
    const row = rows.slice(i * size, (i + 1) * size);
    flat(call(c, k)).forEach((v, j) => expect(Math.abs(Number(v) - Number(row[j]))).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(Number(v)))));
  });
});

test('keys of four words are mapped over as in JAX: the generator draws for all lanes by the first one\'s key', () => {
  const c = { f: 'normal', k: 1, impl: 'rbg' as const, o: { shape: [2] }, t: 'float32' as const, s: [2], v: [] };
  withCase(c, () => {
    const keys = [prng.PRNGKey(1), prng.PRNGKey(2)];
    const { outs } = batchFlat(([k]) => [call(c, k!)], { size: 2, name: null }, [stack(keys)], [0]);
    expect(flat(outs[0]!)).toEqual(flat(call({ ...c, o: { shape: [2, 2] } }, keys[0]!)));
  });
});
