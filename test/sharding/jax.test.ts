// Values of JAX on four CPU devices: scripts/fixtures/sharding.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environ, grad, jit, lax, makeMesh, NamedSharding, nn, numpy as np, P, devicePut, scan, type sharding, shardMap, vmap } from '../../lib';
import { setFourDevices } from './devices';

type A = np.Array;
type Entry = string | string[] | null;
interface Fixture {
  layouts: [string, Entry[], number[], number[], [number, [number, number][], number, unknown][]][];
  operations: [string, string, [number[], Entry[]][], unknown, Entry[]][];
  shardMap: [string, string, string | string[], number[], Entry[], Entry[], unknown, unknown][];
}

const fixture = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'sharding.json'), 'utf8')) as Fixture;
setFourDevices(environ);
const meshes: Record<string, sharding.Mesh> = { xy: makeMesh([2, 2], ['x', 'y']), i: makeMesh([4], ['i']) };

const sharded = (mesh: string, spec: Entry[]) => new NamedSharding(meshes[mesh]!, P(...spec));
const operand = (shape: number[]): A => np.arange(shape.reduce((n, k) => n * k, 1)).astype('float32').reshape(shape).div(8);

function expectClose(got: A, want: unknown): void {
  expect(np.allclose(got, np.array(want as number[]), { rtol: 1e-5, atol: 1e-5 }).item()).toBe(true);
  expect(got.shape).toEqual(np.array(want as number[]).shape);
}

test('parts of arrays are those of JAX, on its devices', () => {
  expect(fixture.layouts.length).toBeGreaterThan(10);
  for (const [mesh, spec, shape, shardShape, shards] of fixture.layouts) {
    const s = sharded(mesh, spec);
    const x = devicePut(operand(shape), s);
    expect(s.shardShape(shape)).toEqual(shardShape);
    expect(x.addressableShards.map((q) => [q.device.id, q.index, q.replicaId, q.data.js()])).toEqual(shards);
    expect(x.js()).toEqual(operand(shape).js());
    expect(x.dataSync().length).toBe(x.size);
  }
});

const OPERATIONS: Record<string, (...xs: A[]) => A> = {
  add: (x, y) => x.add(y!),
  scalar: (x) => x.mul(2).add(1),
  matmul: (x, y) => np.matmul(x, y!),
  sum: (x) => np.sum(x),
  sum0: (x) => np.sum(x, 0),
  sum1: (x) => np.sum(x, 1),
  max1: (x) => np.max(x, 1),
  transpose: (x) => x.T,
  softmax: (x) => nn.softmax(x, { axis: -1 }) as A,
  reshapeSplit: (x) => x.reshape([2, 2, -1]),
  reshapeFlat: (x) => x.reshape([-1]),
  broadcast: (x) => np.broadcastTo(x, [3, ...x.shape]),
  concatenate: (x) => np.concatenate([x, x], 1),
  slice: (x) => x.slice([], [0, 1]),
  cumsum: (x) => np.cumsum(x, 0),
  sort: (x) => np.sort(x.neg(), 0),
  scan: (x) => (scan((c: A, v: A) => [c.add(v), c.sum()], np.zeros([x.shape[1]!]), x) as [A, A])[0],
  gradient: (x) => grad((v: A) => np.sum(np.matmul(np.sin(v), np.cos(v).T)))(x) as A,
  vmapped: (x) => vmap((v: A) => v.mul(np.sum(v)))(x) as A,
};

test('operations on arrays on several devices give the values of JAX, and results lie as in JAX', () => {
  const differ: string[] = [];
  for (const [name, mesh, operands, want, spec] of fixture.operations) {
    const xs = operands.map(([shape, s]) => devicePut(operand(shape), sharded(mesh, s)));
    const y = jit(OPERATIONS[name]!)(...xs);
    expectClose(y, want);
    expectClose(OPERATIONS[name]!(...xs), want);
    const lies = y.sharding as sharding.NamedSharding;
    const wanted = sharded(mesh, spec);
    if (!lies.isEquivalentTo(wanted, y.ndim)) differ.push(`${name} ${mesh} ${JSON.stringify(operands)}: ${lies.spec}, JAX ${wanted.spec}`);
  }
  expect(differ).toEqual([]);
});

const FUNCTIONS: Record<string, (x: A, a: string) => A> = {
  psum: (x, a) => lax.psum(x, a),
  pmean: (x, a) => lax.pmean(x, a),
  pmax: (x, a) => lax.pmax(x, a),
  pmin: (x, a) => lax.pmin(x, a),
  allGather: (x, a) => lax.allGather(x, a),
  allGatherTiled: (x, a) => lax.allGather(x, a, { axis: 1, tiled: true }),
  axisIndex: (x, a) => x.add(lax.axisIndex(a)),
  ring: (x, a) => lax.ppermute(x, a, Array.from({ length: lax.axisSize(a) }, (_, k) => [k, (k + 1) % lax.axisSize(a)] as const)),
  shift: (x, a) => lax.ppermute(x, a, Array.from({ length: lax.axisSize(a) - 1 }, (_, k) => [k, k + 1] as const)),
  psumScatter: (x, a) => lax.psumScatter(x, a, { scatterDimension: 1, tiled: true }),
  allToAll: (x, a) => lax.allToAll(x, a, 1, 0, { tiled: true }),
  sumOfSquares: (x, a) => lax.psum(np.sum(x.mul(x)), a),
  normalized: (x, a) => x.div(lax.psum(np.sum(x), a)),
};

test.each([...new Set(fixture.shardMap.map((c) => c[0]))])('shardMap with %s gives the values and gradients of JAX', (name) => {
  for (const [, mesh, axis, shape, i, o, want, gradient] of fixture.shardMap.filter((c) => c[0] === name)) {
    const x = operand(shape).add(1);
    const f = shardMap((v: A) => FUNCTIONS[name]!(v, axis as string), { mesh: meshes[mesh]!, inSpecs: P(...i), outSpecs: P(...o) });
    const y = f(x);
    expectClose(y, want);
    expectClose(jit(f)(x), want);
    expect((y.sharding as sharding.NamedSharding).isEquivalentTo(sharded(mesh, o), y.ndim)).toBe(true);
    const weights = np.arange(y.size).astype('float32').reshape(y.shape as number[]);
    const loss = (v: A) => np.sum(f(v).mul(weights));
    if (gradient !== null) {
      expectClose(grad(loss)(x) as A, gradient);
      expectClose(jit(grad(loss) as (v: A) => A)(devicePut(x, sharded(mesh, i))), gradient);
    }
  }
});
