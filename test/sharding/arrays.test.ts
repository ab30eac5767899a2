import {
  ArgumentError, defaultDevice, DeletedArrayError, devicePut, DtypeError, environ, grad, jit, lax, makeArrayFromCallback, makeArrayFromSingleDeviceArrays, makeMesh, NamedSharding, numpy as np, P, pjrt, prng, random, reshard, setMesh,
  Shard, ShapeError, sharding, vmap,
} from '../../lib';
import { setFourDevices } from './devices';

type A = np.Array;
setFourDevices(environ);
const devices = pjrt.defaultClient().devices;
const [d0, d1, d2, d3] = devices as [pjrt.Device, pjrt.Device, pjrt.Device, pjrt.Device];
const mesh = makeMesh([2, 2], ['x', 'y']);
const both = new NamedSharding(mesh, P('x', 'y'));
const matrix = () => np.arange(8).astype('float32').reshape([4, 2]);
const on = (spec: sharding.PartitionSpec) => new NamedSharding(mesh, spec);

test('meshes, specs and shardings are checked when they are made', () => {
  expect(() => new sharding.Mesh([d0, d0], ['x'])).toThrow(/CpuDevice\(id=0\) occurs twice/);
  expect(() => new sharding.Mesh([d0, d1], ['x', 'y'])).toThrow(/expected a name for each of 1 levels of devices, got 2/);
  expect(() => new sharding.Mesh([[d0, d1], [d2]], ['x', 'y'])).toThrow(/one shape/);
  expect(() => new sharding.Mesh([[d0, d1], [d2, d3]], ['x', 'x'])).toThrow(/'x' occurs twice/);
  expect(() => new sharding.Mesh([] as never[], ['x'])).toThrow(/at least one device/);
  expect(() => new sharding.Mesh([d0, 1 as never], ['x'])).toThrow(ArgumentError);
  const other = pjrt.Plugin.load(pjrt.defaultClient().plugin.path).createClient({ cpu_device_count: 2 });
  expect(() => new sharding.Mesh([d0, other.devices[1]!], ['x'])).toThrow(/one client/);
  expect(() => devicePut(matrix(), other.devices[1]!)).toThrow(/client that arrays live on/);
  expect(() => makeMesh([3, 2], ['x', 'y'])).toThrow(/number of devices, 4, got \[3, 2\]/);
  expect(() => P('x', ['y', 'x'])).toThrow(/'x' occurs twice/);
  expect(() => P(1 as never)).toThrow(/dimension 0, got number 1/);
  expect(() => on(P('z'))).toThrow(/axis 'z' of P\('z',\) is not one of Mesh\('x': 2, 'y': 2\)/);
  expect(() => new NamedSharding(mesh, 'x' as never)).toThrow(/expected a PartitionSpec/);
  expect(() => new sharding.SingleDeviceSharding(0 as never)).toThrow(/expected a device/);
  expect(makeMesh([2], ['a'], { devices: [d2, d3] }).devices).toEqual([d2, d3]);
  expect(mesh.devices).toEqual([[d0, d1], [d2, d3]]);
  expect([mesh.shape, mesh.size, mesh.axisNames]).toEqual([{ x: 2, y: 2 }, 4, ['x', 'y']]);
  expect(new sharding.Mesh([[d0, d1], [d2, d3]], ['x', 'y']).equals(mesh)).toBe(true);
  expect(new sharding.Mesh([[d1, d0], [d2, d3]], ['x', 'y']).equals(mesh)).toBe(false);
});

test('shardings compare as in JAX', () => {
  expect(on(P('x')).equals(on(P('x', null)))).toBe(false);
  expect(on(P(['x'])).equals(on(P('x')))).toBe(true);
  expect(on(P('x')).isEquivalentTo(on(P('x', null)), 2)).toBe(true);
  expect(on(P('x')).isEquivalentTo(on(P('y')), 2)).toBe(false);
  const flat = new NamedSharding(makeMesh([4], ['i']), P('i'));
  expect(flat.isEquivalentTo(on(P(['x', 'y'])), 1)).toBe(true);
  expect(flat.isEquivalentTo(on(P(['y', 'x'])), 1)).toBe(false);
  expect([both.numDevices, both.isFullyReplicated, on(P()).isFullyReplicated, both.isFullyAddressable]).toEqual([4, false, true, true]);
  expect(both.devicesIndicesMap([4, 2]).get(d3)).toEqual([[2, 4], [1, 2]]);
  expect(String(both)).toBe("NamedSharding(mesh=Mesh('x': 2, 'y': 2), spec=P('x', 'y'))");
  expect(String(P('x', null, ['x1', 'y']))).toBe("P('x', None, ('x1', 'y'))");
});

test('devicePut checks the shape, and takes trees with prefixes of places', () => {
  expect(() => devicePut(np.ones([4]), both)).toThrow(/devicePut: .* at least 2 dimensions, got one of shape \[4\]/);
  expect(() => devicePut(np.ones([3, 4]), both)).toThrow(ShapeError);
  expect(() => devicePut(np.ones([3, 4]), both)).toThrow(/cuts dimension 0 into 2 parts, expected a multiple of that, got 3/);
  expect(() => devicePut(np.ones([4]), P('x'))).toThrow(/P\('x',\) needs a mesh/);
  expect(() => devicePut(np.ones([4]), 'cpu' as never)).toThrow(/expected a device, a sharding or a PartitionSpec/);
  const t = devicePut({ a: np.ones([4]), b: [np.zeros([2]), 3] } as { a: A; b: (A | number)[] }, { a: on(P('x')), b: d1 });
  expect([String(t.a.sharding), (t.b[0] as A).device, (t.b[1] as A).device]).toEqual([String(on(P('x'))), d1, d1]);
  expect([t.a.js(), (t.b[1] as A).item()]).toEqual([[1, 1, 1, 1], 3]);
  const x = np.ones([2]);
  expect(devicePut(x)).toBe(x);
  expect(x.committed).toBe(false);
});

test('where an array lies, and its parts', () => {
  const x = devicePut(matrix(), both);
  expect([x.committed, x.isFullyReplicated, x.device, [...x.devices()]]).toEqual([true, false, both, devices]);
  expect(x.addressableShards[1]).toBeInstanceOf(Shard);
  expect(String(x.addressableShards[3])).toBe('Shard(device=CpuDevice(id=3), index=(2:4, 1:2), replicaId=0, shape=(2, 1))');
  for (const s of x.addressableShards) expect(matrix().slice(...s.index).js()).toEqual(s.data.js());
  const y = np.ones([3]);
  expect([y.device, y.addressableShards.length, y.addressableShards[0]!.index]).toEqual([d0, 1, [[0, 3]]]);
  expect(np.asarray(2).device).toBe(d0);
  jit((v: A) => {
    expect([v.device, v.sharding, v.committed]).toEqual([null, null, false]);
    expect(() => v.addressableShards).toThrow(/not known while tracing/);
    return v;
  })(x);
});

test('values are read whole, at once and later; a disposed array says so', async () => {
  for (const dtype of ['float32', 'int8', 'bool', 'bfloat16', 'complex64'] as const) {
    const host = np.array([[0, 1, 2, 3], [4, 5, 6, 7]]).astype(dtype);
    for (const spec of [P('x', 'y'), P(null, ['y', 'x']), P('y'), P()]) {
      const x = devicePut(host, on(spec));
      expect(x.js()).toEqual(host.js());
      expect([...((await x.data()) as Iterable<unknown>)]).toEqual([...(host.dataSync() as Iterable<unknown>)]);
      expect(String(x)).toBe(String(host));
    }
  }
  const x = devicePut(matrix(), both);
  expect(await x.ready()).toBe(x.blockUntilReady());
  x.dispose();
  x.dispose();
  expect(x.isDeleted()).toBe(true);
  expect(() => x.js()).toThrow(DeletedArrayError);
  expect(() => x.add(1)).toThrow(DeletedArrayError);
  expect(() => x.addressableShards).toThrow(DeletedArrayError);
});

test('arrays are moved between devices and shardings, and keep their values', () => {
  const places = [both, on(P('y')), on(P(null, 'x')), on(P()), d1, d3, new NamedSharding(makeMesh([2], ['i'], { devices: [d1, d2] }), P('i')), new NamedSharding(makeMesh([4], ['i']), P('i'))];
  for (const from of places) {
    for (const to of places) {
      const moved = devicePut(devicePut(matrix(), from), to);
      expect(moved.js()).toEqual(matrix().js());
      expect(to instanceof pjrt.Device ? moved.device === to : (moved.sharding as sharding.Sharding).isEquivalentTo(to, 2)).toBe(true);
    }
  }
  expect(String(reshard(devicePut(matrix(), both), on(P(['x', 'y']))).sharding)).toBe(String(on(P(['x', 'y']))));
  const x = devicePut(matrix(), d1);
  expect(devicePut(x, d1, { mayAlias: false }).js()).toEqual(x.js());
  devicePut(x, d2, { donate: true });
  expect(x.isDeleted()).toBe(true);
});

test('programs run where their arguments are, and take along what was put nowhere', () => {
  const x = devicePut(matrix(), d2);
  for (const y of [x.add(1), np.matmul(x, np.ones([2, 3])), jit((v: A) => np.sin(v))(x), prng.normal(devicePut(prng.PRNGKey(0), d2), [3])]) expect([y.device, y.committed]).toEqual([d2, true]);
  expect(prng.normal(devicePut(prng.PRNGKey(0), d2), [3]).js()).toEqual(prng.normal(prng.PRNGKey(0), [3]).js());
  const s = devicePut(matrix(), both);
  expect(s.add(np.ones([4, 2])).sum().item()).toBe(36);
  expect(np.add(np.ones([4, 2]), s).sharding).toEqual(both);
  expect(() => x.add(s)).toThrow(/add: expected everything on the same devices in the same order, got argument 0 of type f32\[4,2\] on devices \[2\] and argument 1 of type f32\[4,2\] on devices \[0, 1, 2, 3\]/);
  const reversed = new sharding.Mesh([[d3, d2], [d1, d0]], ['x', 'y']);
  expect(() => s.add(devicePut(matrix(), new NamedSharding(reversed, P('x'))))).toThrow(/devices \[3, 2, 1, 0\]/);
  expect(String(s.add(devicePut(matrix(), new NamedSharding(makeMesh([4], ['i']), P('i')))).sharding)).toBe(String(on(P(['x', 'y']))));
  // A committed array on the default device is no other's.
  expect(() => devicePut(np.ones([2]), d0).add(devicePut(np.ones([2]), d1))).toThrow(ArgumentError);
  expect([devicePut(np.ones([2]), d0).add(1).committed, np.ones([40]).add(1).committed]).toEqual([true, false]);
});

test('a default device is that of new arrays and of programs that nothing else places', () => {
  const x = defaultDevice(d2, () => {
    const made = np.array([1, 2, 3]);
    expect([made.device, made.committed, np.zeros([50]).add(1).device, random.normal({ size: [4] }).device]).toEqual([d2, false, d2, d2]);
    return made;
  });
  expect([x.device, x.add(1).device, x.add(1).js()]).toEqual([d2, d0, [2, 3, 4]]);
  expect(x.add(devicePut(1, d3)).device).toBe(d3);
  {
    using _ = defaultDevice(d1);
    expect(np.array([1]).device).toBe(d1);
  }
  expect(np.array([1]).device).toBe(d0);
  expect(() => defaultDevice(0 as never)).toThrow(/expected a device of pjrt.defaultClient\(\) or null/);
  expect(() => defaultDevice(d1, async () => 1)).toThrow(/synchronous/);
  expect(np.array([1]).device).toBe(d0);
});

test('a mesh that is set gives specs their devices', () => {
  setMesh(mesh, () => {
    expect(String(devicePut(np.ones([4]), P('x')).sharding)).toBe(String(on(P('x'))));
    expect(String(jit((v: A) => lax.withShardingConstraint(v.mul(2), P('y')))(np.ones([64])).sharding)).toBe(String(on(P('y'))));
    expect(np.ones([64]).add(1).sharding).toEqual(on(P()));
  });
  expect(() => lax.withShardingConstraint(np.ones([4]), P('x'))).toThrow(/set one with setMesh/);
  // What was traced with one mesh is not run with another.
  const f = jit((v: A) => lax.withShardingConstraint(v.mul(2), P('x')));
  const four = makeMesh([4], ['x']);
  expect(String(setMesh(mesh, () => f(np.ones([64]))).sharding)).toBe(String(on(P('x'))));
  expect(String(setMesh(four, () => f(np.ones([64]))).sharding)).toBe(String(new NamedSharding(four, P('x'))));
  expect(() => setMesh('x' as never)).toThrow(/expected a Mesh or null/);
});

test('withShardingConstraint moves values, in programs and outside, and passes derivatives and vmap through', () => {
  const s = on(P('y', 'x'));
  const f = (x: A) => np.sum(np.sin(lax.withShardingConstraint(x.mul(2), s)));
  const x = np.arange(16).astype('float32').reshape([4, 4]).div(8);
  const plain = (v: A) => np.sum(np.sin(v.mul(2)));
  expect(np.allclose(jit(f)(x), plain(x)).item()).toBe(true);
  expect(np.allclose(grad(f)(x) as A, grad(plain)(x) as A).item()).toBe(true);
  expect(np.allclose(vmap(f)(np.stack([x, x])) as A, vmap(plain)(np.stack([x, x])) as A).item()).toBe(true);
  expect(String(lax.withShardingConstraint(devicePut(x, both), s).sharding)).toBe(String(s));
  expect(() => lax.withShardingConstraint(devicePut(x, d1), s)).toThrow(/same devices/);
  expect(() => lax.withShardingConstraint(np.ones([3, 4]), s)).toThrow(ShapeError);
  expect(() => lax.withShardingConstraint(x, d1 as never)).toThrow(/expected a NamedSharding/);
  const open = on(P('x', sharding.PartitionSpec.UNCONSTRAINED));
  expect(lax.withShardingConstraint(devicePut(x, both), open).js()).toEqual(x.js());
});

test('inShardings and outShardings place what was put nowhere, and refuse what lies otherwise', () => {
  const f = jit((x: A) => x.add(1), { inShardings: on(P('y')), outShardings: on(P(null, 'x')) });
  expect([f(np.ones([4, 4])).sharding, f(np.ones([4, 4])).sum().item()]).toEqual([on(P(null, 'x')), 32]);
  expect(() => f(devicePut(matrix(), both))).toThrow(/inShardings ask for .* of argument 0, but it is a committed array/);
  expect(() => f(np.ones([3, 4]))).toThrow(/inShardings: .* cuts dimension 0 into 2 parts/);
  expect(() => jit((x: A) => x, { outShardings: on(P('y')) })(np.ones([3]))).toThrow(ShapeError);
  expect(jit((x: A) => x.add(1), { inShardings: d3 })(np.ones([64])).device).toBe(d3);
  const g = jit((a: A, o: { b: A }) => [a.mul(2), o.b.mul(3)], { inShardings: [on(P('x')), { b: null }], outShardings: [null, on(P('y'))] });
  const [a, b] = g(np.ones([4]), { b: np.ones([4]) }) as [A, A];
  expect([String(a.sharding), String(b.sharding)]).toEqual([String(on(P('x'))), String(on(P('y')))]);
  expect(() => jit((x: A) => x, { inShardings: [on(P()), on(P())] })(np.ones([2]))).toThrow(/inShardings/);
  const inner = jit((x: A) => np.sin(x), { outShardings: on(P('x')) });
  expect(np.allclose(grad((x: A) => np.sum(inner(x)))(np.ones([4])) as A, np.cos(np.ones([4]))).item()).toBe(true);
  expect(f.lower(np.ones([4, 4])).asText()).toContain('sdy.mesh @mesh = <["x"=2, "y"=2]>');
});

test('the memory of donated arrays is taken over on all devices', () => {
  const f = jit((a: A, b: A) => a.add(b), { donateArgnums: 0 });
  const [a, b] = [devicePut(matrix(), both), devicePut(matrix(), both)];
  expect(f(a, b).js()).toEqual(matrix().mul(2).js());
  expect([a.isDeleted(), b.isDeleted()]).toEqual([true, false]);
  const c = devicePut(matrix(), d1);
  expect(f(c, matrix()).device).toBe(d1);
  expect(c.isDeleted()).toBe(true);
  expect(() => f(c, matrix())).toThrow(DeletedArrayError);
});

test('arrays are made of parts', () => {
  const seen: unknown[] = [];
  const x = makeArrayFromCallback([4, 2], on(P('x')), (index) => {
    seen.push(index);
    return matrix().slice(...index);
  });
  expect(seen).toEqual([[[0, 2], [0, 2]], [[2, 4], [0, 2]]]);
  expect([x.js(), String(x.sharding)]).toEqual([matrix().js(), String(on(P('x')))]);
  const parts = devicePut(matrix(), both).addressableShards.map((s) => s.data).reverse();
  expect(makeArrayFromSingleDeviceArrays([4, 2], both, parts).js()).toEqual(matrix().js());
  expect(() => makeArrayFromSingleDeviceArrays([4, 2], both, parts.slice(1))).toThrow(/an array for each of 4 devices .* got 3/);
  expect(() => makeArrayFromSingleDeviceArrays([4, 4], both, parts)).toThrow(/expected a part of shape \[2, 2\] on CpuDevice\(id=0\), got \[2, 1\]/);
  expect(() => makeArrayFromSingleDeviceArrays([4, 2], both, [parts[0]!, ...parts.slice(0, 3)])).toThrow(/expected an array on CpuDevice/);
  expect(() => makeArrayFromSingleDeviceArrays([4, 2], both, parts.map((p, i) => (i === 2 ? p.astype('int32') : p)))).toThrow(DtypeError);
  expect(() => makeArrayFromCallback([4, 2], both, () => np.ones([1]))).toThrow(ShapeError);
});

test('parts that no axis names come back whole', () => {
  // Four parts of a row of eight, in two rows of four: halves of an axis.
  const x = devicePut(np.arange(8), new NamedSharding(makeMesh([4], ['i']), P('i')));
  expect([x.reshape([2, 4]).js(), x.reshape([2, 2, 2]).js()]).toEqual([np.arange(8).reshape([2, 4]).js(), np.arange(8).reshape([2, 2, 2]).js()]);
  expect(jit((v: A) => [v.slice([0, 3]), np.concatenate([v, v.slice([0, 5])]), np.repeat(v, 3)])(x).map((v) => v.js())).toEqual([[0, 1, 2], [...np.arange(8).js() as number[], 0, 1, 2, 3, 4], np.repeat(np.arange(8), 3).js()]);
});

test('programs on several devices do not call functions of the host', () => {
  const x = devicePut(matrix(), both);
  expect(() => jit((v: A) => np.linalg.cholesky(np.matmul(v.T, v)))(x)).not.toThrow();
  const { debug } = require('../../lib') as typeof import('../../lib');
  expect(() => jit((v: A) => {
    debug.print('{}', v);
    return v;
  })(x)).toThrow(/on several devices cannot call functions of the host/);
});
