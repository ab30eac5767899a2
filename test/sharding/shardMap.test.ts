import {
  ArgumentError, cond, devicePut, DifferentiationError, environ, grad, jit, jvp, lax, makeJaxpr, makeMesh, NamedSharding, nn, numpy as np, P, ParamState, prng, scan, ShapeError, shardMap, setMesh, smap, State, vmap, whileLoop,
} from '../../lib';
import { setFourDevices } from './devices';

type A = np.Array;
setFourDevices(environ);
const mesh = makeMesh([4], ['i']);
const grid = makeMesh([2, 2], ['x', 'y']);
const x8 = () => np.arange(8).astype('float32');
const over = (f: (...xs: A[]) => unknown, inSpecs: object, outSpecs: object, more: { checkVma?: boolean } = {}) => shardMap(f as (...xs: A[]) => A, { mesh, inSpecs, outSpecs, ...more });
const loose = { checkVma: false };

test('arguments and results are checked before anything is compiled', () => {
  const id = (x: A) => x;
  expect(() => over(id, P('i'), P('i'))(np.arange(6))).toThrow(/argument \[0\]: .* cuts dimension 0 into 4 parts, expected a multiple of that, got 6/);
  expect(() => over(id, P('i', null), P('i'))(x8())).toThrow(ShapeError);
  expect(() => over(id, P('k'), P('i'))(x8())).toThrow(/axis 'k'/);
  expect(() => over((x) => x!.sum(), P('i'), P('i'))(x8())).toThrow(/of which each device has a part of type f32\[\]: expected at most 0 entries/);
  expect(() => shardMap(id, { inSpecs: P('i'), outSpecs: P('i') })).toThrow(/expected mesh to be a Mesh, got null, and setMesh has set none/);
  expect(() => shardMap(id, { mesh, inSpecs: P('i') } as never)).toThrow(/expected outSpecs/);
  expect(() => over(id, [P('i'), P('i')], P('i'))(x8())).toThrow(/inSpecs/);
  expect(() => over(id, { a: 1 }, P('i'))(x8())).toThrow(/inSpecs/);
  expect(() => over((x) => lax.psum(x!, 'k'), P('i'), P('i'))(x8())).toThrow(/unbound axis name 'k'.*\(i\)/);
  expect(() => over((x) => over(id, P('i'), P('i'))(np.concatenate([x!, x!])), P('i'), P('i'))(x8())).toThrow(/cannot be used within itself/);
  expect(() => over((x) => devicePut(x!, new NamedSharding(mesh, P('i'))), P('i'), P('i'))(x8())).toThrow(/within shardMap each device has its own values/);
  expect(() => lax.psum(x8(), 'i')).toThrow(ArgumentError);
});

test('results that may differ from device to device cannot be said to be the same', () => {
  const refused = /says that the result is the same on all devices along axis 'i'/;
  expect(() => over((x) => x, P('i'), P())(x8())).toThrow(refused);
  expect(() => over((x) => lax.allGather(x!, 'i'), P('i'), P())(x8())).toThrow(refused);
  expect(() => over(() => lax.axisIndex('i'), P('i'), P())(x8())).toThrow(refused);
  expect(() => over((x) => jit((v: A) => v.add(lax.axisIndex('i')))(lax.psum(x!, 'i')), P('i'), P())(x8())).toThrow(refused);
  expect(over((x) => lax.allGather(x!, 'i'), P('i'), P(), loose)(x8()).js()).toEqual(x8().reshape([4, 2]).js());
  // What is reduced, in loops and branches too, is the same.
  const same: ((x: A) => unknown)[] = [
    (x) => lax.psum(x, 'i'), (x) => lax.pmean(x, 'i').mul(2), (x) => jit((v: A) => lax.pmax(v, 'i'))(x), () => np.ones([2]),
    (x) => (scan((c: A, v: A) => [c.add(lax.psum(v, 'i')), null], np.zeros([]), x) as [A, unknown])[0],
    (x) => cond(lax.psum(x.sum(), 'i').greater(0), () => lax.psum(x, 'i'), () => np.zeros([2])),
    (x) => whileLoop((c: A) => c.less(lax.pmax(x.sum(), 'i')), (c: A) => c.add(1), np.zeros([])),
  ];
  for (const f of same) expect(() => over(f as never, P('i'), P())(x8())).not.toThrow();
  const differing: ((x: A) => unknown)[] = [
    (x) => (scan((c: A, v: A) => [c.add(v), null], np.zeros([]), x) as [A, unknown])[0],
    (x) => cond(x.sum().greater(3), () => np.ones([2]), () => np.zeros([2])),
    (x) => whileLoop((c: A) => c.less(x.sum()), (c: A) => c.add(1), np.zeros([])),
  ];
  for (const f of differing) expect(() => over(f as never, P('i'), P())(x8())).toThrow(refused);
});

test('derivatives from outside are those of the whole function', () => {
  const w = np.array([1, 2]);
  const f = over((v, x) => lax.psum(np.sum(np.sin(v!.mul(x!))), 'i'), [P(), P('i')], P());
  const plain = (v: A, x: A) => np.sum(np.sin(v.mul(x.reshape([4, 2]))));
  expect(np.allclose(grad(f)(w, x8()) as A, grad(plain)(w, x8()) as A).item()).toBe(true);
  expect(np.allclose(grad(f, { argnums: 1 })(w, x8()) as A, grad(plain, { argnums: 1 })(w, x8()) as A).item()).toBe(true);
  const second = (g: (v: A, x: A) => A) => grad((v: A) => np.sum(grad(g)(v, x8()) as A))(w) as A;
  expect(np.allclose(second(f), second(plain), { rtol: 1e-4 }).item()).toBe(true);
  const [y, t] = jvp((v: A) => f(v, x8()), [w], [np.ones([2])]) as [A, A];
  const [yp, tp] = jvp((v: A) => plain(v, x8()), [w], [np.ones([2])]) as [A, A];
  expect(np.allclose(np.stack([y, t]), np.stack([yp, tp])).item()).toBe(true);
  // A captured array is whole on each device, and has the sum of their gradients.
  const captured = (v: A) => over((x) => lax.psum(np.sum(v.mul(x!)), 'i'), P('i'), P())(x8());
  expect((grad(captured)(w) as A).js()).toEqual([12, 16]);
});

test('reverse-mode derivatives within the function are those that JAX has without checkVma', () => {
  const squares = (x: A) => lax.psum(np.sum(np.square(x)), 'i');
  expect(() => over((x) => grad(squares)(x!), P('i'), P('i'))(x8())).toThrow(DifferentiationError);
  expect(() => over((x) => jit((v: A) => grad(squares)(v))(x!), P('i'), P('i'))(x8())).toThrow(/checkVma: false/);
  expect(over((x) => grad(squares)(x!), P('i'), P('i'), loose)(x8()).js()).toEqual([0, 8, 16, 24, 32, 40, 48, 56]);
  expect(over((w, x) => grad((v: A) => np.sum(v.mul(x!)))(w!), [P(), P('i')], P('i'), loose)(np.ones([2]), x8()).js()).toEqual(x8().js());
});

test('vmap of it, and it over several axes', () => {
  const f = over((x) => lax.psum(x!, 'i'), P('i'), P());
  expect((vmap(f)(x8().reshape([2, 4])) as A).js()).toEqual([[6], [22]]);
  expect((vmap(f, { inAxes: 1 })(x8().reshape([4, 2])) as A).js()).toEqual([[12], [16]]);
  const named = vmap((v: A) => over((x) => lax.psum(lax.psum(x!, 'i'), 'lane'), P('i'), P())(v), { axisName: 'lane' });
  expect((named(x8().reshape([2, 4])) as A).js()).toEqual([[28], [28]]);
  const product = shardMap((a: A, b: A) => lax.psum(np.matmul(a, b), 'y'), { mesh: grid, inSpecs: [P('x', 'y'), P('y')], outSpecs: P('x') });
  const [a, b] = [np.arange(16).astype('float32').reshape([4, 4]), np.arange(8).astype('float32').reshape([4, 2])];
  expect(product(a, b).js()).toEqual(np.matmul(a, b).js());
  expect(String(product(a, b).sharding)).toBe(String(new NamedSharding(grid, P('x'))));
  const trees = shardMap((t: { u: A; v: A[] }) => ({ s: lax.psum(t.u, ['x', 'y']), t: t.v[0]!.mul(2) }), { mesh: grid, inSpecs: [{ u: P(), v: P('x') }], outSpecs: { s: P(), t: P('x') } });
  const r = trees({ u: np.array(1), v: [np.arange(4)] }) as { s: A; t: A };
  expect([r.s.item(), r.t.js()]).toEqual([4, [0, 2, 4, 6]]);
});

test('operations among devices are collectives in the program, and jaxprs print', () => {
  const text = (f: (x: A) => unknown) => jit(over(f as never, P('i'), P('i'), loose)).lower(np.ones([16, 4])).asText();
  expect(text((x) => lax.psum(x, 'i'))).toContain('stablehlo.all_reduce');
  expect(text((x) => lax.ppermute(x, 'i', [[0, 1]]))).toMatch(/collective_permute.*dense<\[\[0,1\]\]>/);
  expect(text((x) => lax.allToAll(x, 'i', 0, 0, { tiled: true }))).toContain('stablehlo.all_to_all');
  expect(text((x) => lax.psumScatter(x, 'i', { tiled: true }))).toContain('stablehlo.reduce_scatter');
  expect(text((x) => lax.allGather(x, 'i'))).toContain('stablehlo.all_gather');
  expect(text((x) => x.add(lax.axisIndex('i')))).toContain('stablehlo.partition_id');
  expect(String(makeJaxpr(over((x) => lax.psum(x!, 'i'), P('i'), P()))(x8()))).toMatch(/shard_map\[\s+check_vma=True\s+in_specs=\(P\('i',\),\)\s+jaxpr=/);
});

test('states are whole on each device or in parts, and written back', () => {
  const total = new State(np.zeros([2]));
  const buffer = new State(x8());
  const f = shardMap((x: A) => {
    total.value = total.value.add(lax.psum(x, 'i'));
    buffer.value = buffer.value.add(x);
    return buffer.value.mul(2);
  }, { mesh, inSpecs: P('i'), outSpecs: P('i'), stateInSpecs: new Map([[buffer, P('i')]]), stateOutSpecs: new Map([[buffer, P('i')]]) });
  expect(f(x8()).js()).toEqual(x8().mul(4).js());
  expect([total.value.js(), buffer.value.js()]).toEqual([[12, 16], x8().mul(2).js()]);
  expect(jit(f)(x8()).js()).toEqual(x8().mul(6).js());
  expect([total.value.js(), String(buffer.value.sharding)]).toEqual([[24, 32], String(new NamedSharding(mesh, P('i')))]);
  // A state whose value differs is not the same on all devices, and keeps its old one.
  const before = total.value;
  const g = shardMap((x: A) => {
    total.value = x;
    return x;
  }, { mesh, inSpecs: P('i'), outSpecs: P('i') });
  expect(() => g(x8())).toThrow(/what it leaves in .* is the same on all devices along axis 'i'/);
  expect(total.value).toBe(before);
  expect(() => shardMap((x: A) => x, { mesh, inSpecs: P('i'), outSpecs: P('i'), stateInSpecs: { a: 1 } as never })(x8())).toThrow(/Map from states/);
});

test('smap is shardMap over an axis of the mesh that is set', () => {
  const f = smap((x: A) => lax.psum(x, 'x'), { inAxes: 0, outAxes: null, axisName: 'x' });
  expect(setMesh(grid, () => f(x8())).js()).toEqual([4, 6, 8, 10]);
  const columns = smap((x: A, c: A) => x.mul(c).add(lax.axisIndex('y')), { inAxes: [1, null], outAxes: 1, axisName: 'y' });
  expect(setMesh(grid, () => columns(np.ones([2, 4]), np.array(3))).js()).toEqual([[3, 3, 4, 4], [3, 3, 4, 4]]);
  expect(() => f(x8())).toThrow(/setMesh has set none/);
  expect(() => smap((x: A) => x, { inAxes: -1, outAxes: 0, axisName: 'x' })).toThrow(/a dimension from 0/);
});

test('a module divided by hand gives what it gives whole', () => {
  class Layer extends nn.Module {
    w = new ParamState(prng.normal(prng.PRNGKey(0), [4, 3]));
    override call(x: A) {
      return np.tanh(np.matmul(x, this.w.value as A));
    }
  }
  const layer = new Layer();
  const x = prng.normal(prng.PRNGKey(1), [8, 4]);
  const f = shardMap(layer, { mesh, inSpecs: P('i'), outSpecs: P('i') });
  expect(np.allclose(f(x), layer.call(x)).item()).toBe(true);
});

test('programs of several devices are compiled ahead, described and analysed', async () => {
  const f = jit(over((x) => lax.psum(x!, 'i'), P('i'), P()));
  const ahead = (await f.compile(x8())) as (x: A) => A;
  expect([ahead(x8()).js(), f.cacheSize]).toEqual([[12, 16], 1]);
  const compiled = f.lower(x8()).compile();
  expect((compiled as unknown as (x: A) => A)(devicePut(x8(), new NamedSharding(mesh, P('i')))).js()).toEqual([12, 16]);
  expect(compiled.asText()).toContain('num_partitions=4');
  expect(f.memoryAnalysis(x8())!.outputSizeInBytes).toBe(8);
  expect(f.costAnalysis(x8())).not.toBeNull();
});
