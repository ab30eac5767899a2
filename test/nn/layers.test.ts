import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environ, grad, nn, numpy as np, ParamState, random, type State } from '../../lib';
import { decode, difference } from '../numpy/table';

// Layers against BrainState's (scripts/fixtures/nnLayers.py): made under one seed, so the order in which keys are drawn counts, too.

interface LayerCase {
  n: string;
  a: unknown[];
  o: Record<string, unknown>;
  x: [np.DType, number[]];
  /** Arguments of initAllStates. */
  i?: unknown[];
  fit?: boolean;
  s?: Record<string, unknown>;
  r?: Record<string, unknown>;
  y: unknown;
  t?: Record<string, unknown>;
  g?: [Record<string, unknown>, unknown];
  k: number[];
}

const { cases } = JSON.parse(readFileSync(join(__dirname, '../fixtures/nnLayers.json'), 'utf8')) as { cases: LayerCase[] };
const camel = (s: string) => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
type Layer = nn.Module & { call(x: np.Array): np.Array };
type Classes = Record<string, new (...args: unknown[]) => Layer>;

const option = (v: unknown): unknown => {
  if (typeof v !== 'object' || v === null || !('$i' in v)) return decode(v);
  const [name, options] = v.$i as [string, object];
  return new (nn.init as unknown as Record<string, new (o: object) => nn.init.Initializer>)[name]!(options);
};

/** 0.5 sin(0, 1, 2, …); integers 0, 1, 2, 3, 4, 0, … */
function data([dtype, shape]: LayerCase['x']): np.Array {
  const n = shape.reduce((a, b) => a * b, 1);
  const values = Float64Array.from({ length: n }, (_, i) => (dtype === 'int32' ? i % 5 : 0.5 * Math.sin(i)));
  return np.array(values, { dtype: 'float32' }).astype(dtype).reshape(shape);
}

/** As difference, through objects of arrays. */
function unlike(got: unknown, want: unknown, tolerance?: number, path = ''): string | null {
  if (typeof want !== 'object' || want === null || '$' in want || globalThis.Array.isArray(want)) return difference(got, want, tolerance, path);
  if (typeof got !== 'object' || got === null || `${Object.keys(got).sort()}` !== `${Object.keys(want).sort()}`) return `${path}: expected ${Object.keys(want)}, got ${String(got)}`;
  for (const [k, v] of Object.entries(want)) {
    const d = unlike((got as Record<string, unknown>)[k], v, tolerance, `${path}.${k}`);
    if (d !== null) return d;
  }
  return null;
}

function expectStates(got: Iterable<readonly [readonly (string | number)[], State<unknown>]>, want: Record<string, unknown>): void {
  const values = Object.fromEntries([...got].map(([path, state]) => [path.join('.'), state.value]));
  expect(Object.keys(values).sort()).toEqual(Object.keys(want).map(camel).sort());
  for (const [k, v] of Object.entries(want)) expect(unlike(values[camel(k)], v, undefined, k)).toBeNull();
}

const title = (c: LayerCase) => `${c.n}(${[...c.a, c.o].map((v) => JSON.stringify(v)).join(', ')})${c.fit === undefined ? '' : ` fit ${c.fit}`} of ${c.x}`.slice(0, 150);

test.each(cases.map((c) => [title(c), c] as const))('%s', (_, c) => {
  random.seed(0);
  const layer = new (nn as unknown as Classes)[c.n]!(...c.a.map(option), Object.fromEntries(Object.entries(c.o).map(([k, v]) => [k, option(v)])));
  if (c.i) nn.initAllStates(layer, ...c.i);
  const params = layer.states(ParamState);
  const others = () => [...layer.states()].filter(([, s]) => !(s instanceof ParamState)) as [string[], State<unknown>][];
  if (c.s) expectStates(params, c.s);
  if (c.r) expectStates(others(), c.r);
  const x = data(c.x);
  const inEnvironment = <R>(f: () => R): R => (c.fit === undefined ? f() : environ.context({ fit: c.fit }, f));
  if (c.g) {
    const before = others().map(([, s]) => s.value);
    const key = random.getKeyData();
    const loss = (v: np.Array) => {
      const y = layer.call(v);
      return np.sum(np.multiply(y, np.cos(np.arange(y.size, { dtype: y.dtype })).reshape(y.shape as number[])));
    };
    const [byState, byInput] = inEnvironment(() => (params.size > 0 ? grad(loss, { gradStates: params, argnums: 0 })(x) as [Iterable<[string[], unknown]>, np.Array] : [[], grad(loss)(x) as np.Array] as const));
    const gradients = Object.fromEntries([...byState].map(([path, v]) => [path.join('.'), v]));
    for (const [k, v] of Object.entries(c.g[0])) expect(unlike(gradients[camel(k)], v, 1e-4, k)).toBeNull();
    expect(unlike(byInput, c.g[1], 1e-4, 'input')).toBeNull();
    others().forEach(([, s], i) => { s.value = before[i]; });
    random.setKey(key);
  }
  expect(unlike(inEnvironment(() => layer.call(x)), c.y)).toBeNull();
  if (c.t) expectStates(others(), c.t);
  expect([...(random.getKeyData() as np.Array).dataSync() as Uint32Array]).toEqual(c.k);
});
