import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ArgumentError, defaultClient, DeletedArrayError, Plugin, XlaError } from '../../lib/pjrt';
import { parseSignature } from '../../lib/pjrt/signature';
import { addOne, square, sumAndDifference } from './programs';

const client = defaultClient();
const f32 = (...values: number[]) => client.bufferFromHost(Float32Array.from(values), 'float32', [values.length]);
const read = (b: { toHostSync(): ArrayBuffer }) => [...new Float32Array(b.toHostSync())];

describe('signatures', () => {
  test('parameters are read from the text', () => {
    expect(parseSignature('module { func.func public @main(%arg0: tensor<2x3xf32> {tf.aliasing_output = 0 : i32, mhlo.sharding = "{a, ) }"} loc("x"), %b: tensor<complex<f64>>, %c: tensor<0x4xui8>, %d: tensor<3xf8E4M3B11FNUZ>) -> () {} }')).toEqual([
      { dtype: 'float32', dims: [2, 3], donated: true },
      { dtype: 'complex128', dims: [], donated: false },
      { dtype: 'uint8', dims: [0, 4], donated: false },
      { dtype: 'float8_e4m3b11fnuz', dims: [3], donated: false },
    ]);
    expect(parseSignature('module { func.func @other(%a: tensor<f32>) {}\n func.func @main() -> () {} }')).toEqual([]);
  });

  test('the generic form too', () => {
    expect(parseSignature('"builtin.module"() ({ "func.func"() <{arg_attrs = [{}, {jax.buffer_donor = true}], function_type = (tensor<4xi1>, tensor<bf16>) -> tensor<bf16>, sym_name = "main"}> ({}) : () -> () }) : () -> ()')).toEqual([
      { dtype: 'bool', dims: [4], donated: false },
      { dtype: 'bfloat16', dims: [], donated: true },
    ]);
  });
});

test('a program tells what it is and runs', () => {
  const f = client.compileSync(sumAndDifference(2));
  expect(f.name).toBe('two');
  expect([f.numReplicas, f.numPartitions, f.devices]).toEqual([1, 1, [client.devices[0]]]);
  expect(f.parameters).toEqual([{ dtype: 'float32', dims: [2], donated: false }, { dtype: 'float32', dims: [2], donated: false }]);
  expect(f.outputs).toEqual([{ dtype: 'float32', dims: [2] }, { dtype: 'float32', dims: [2] }]);
  const [s, d] = f.execute([f32(5, 7), f32(1, 2)]);
  expect([read(s!), read(d!)]).toEqual([[6, 9], [4, 5]]);
  expect([s!.dtype, s!.dims]).toEqual(['float32', [2]]);
  expect(f.optimizedHlo().code.length).toBeGreaterThan(0);
  expect(f.memoryStats()).toMatchObject({ argumentBytes: 16 });
  const cost = f.costAnalysis();
  expect(cost === null || typeof cost.flops === 'number').toBe(true);
  expect(typeof f.generatedCodeSize).toBe('number');
  expect(f.executeSharded([[f32(1, 1), f32(1, 1)]])[0]!.map(read)).toEqual([[2, 2], [0, 0]]);
});

test('a program without parameters, one of bytes, one that returns its argument', () => {
  const constant = client.compileSync('module { func.func @main() -> tensor<2xi32> { %c = stablehlo.constant dense<[3, 4]> : tensor<2xi32>\n return %c : tensor<2xi32> } }');
  expect([...new Int32Array(constant.execute([])[0]!.toHostSync())]).toEqual([3, 4]);
  const bytes = client.compileSync(new TextEncoder().encode(addOne(1)), { parameters: [{ dtype: 'float32', dims: [1] }] });
  expect(read(bytes.execute([f32(1)])[0]!)).toEqual([2]);
  const identity = client.compileSync('module { func.func @main(%a: tensor<1xf32>) -> (tensor<1xf32>, tensor<1xf32>) { return %a, %a : tensor<1xf32>, tensor<1xf32> } }');
  const x = f32(8);
  const outs = identity.execute([x]);
  x.delete();
  expect(outs.map(read)).toEqual([[8], [8]]);
});

test('more arguments than fit in place', () => {
  const n = 100;
  const names = Array.from({ length: n }, (_, i) => `%a${i}`);
  let body = '';
  for (let i = 1; i < n; i++) body += `%s${i} = stablehlo.add ${i === 1 ? '%a0' : `%s${i - 1}`}, %a${i} : tensor<f32>\n`;
  const f = client.compileSync(`module { func.func @main(${names.map((a) => `${a}: tensor<f32>`).join(', ')}) -> tensor<f32> {\n${body} return %s${n - 1} : tensor<f32> } }`);
  expect(read(f.execute(names.map((_, i) => client.bufferFromHost(Float32Array.of(i), 'float32', [])))[0]!)).toEqual([4950]);
});

describe('donation', () => {
  const donating = client.compileSync(sumAndDifference(2, '{tf.aliasing_output = 0 : i32}'));

  test('a donated argument is gone, and its bytes with it', () => {
    expect(donating.parameters.map((p) => p.donated)).toEqual([true, false]);
    const [a, b] = [f32(1, 2), f32(3, 4)];
    const { liveBytes } = client.memoryStats();
    const outs = donating.execute([a, b]);
    expect([a.isDeleted(), b.isDeleted()]).toEqual([true, false]);
    expect(client.memoryStats().liveBytes).toBe(liveBytes + 8);
    expect(outs.map(read)).toEqual([[4, 6], [-2, -2]]);
    expect(() => donating.execute([a, b])).toThrow(DeletedArrayError);
  });

  test('unless the call says no', () => {
    const [a, b] = [f32(1, 2), f32(3, 4)];
    expect(donating.execute([a, b], { nonDonatable: [0] }).map(read)).toEqual([[4, 6], [-2, -2]]);
    expect(a.isDeleted()).toBe(false);
    expect(read(a)).toEqual([1, 2]);
    // The same buffer twice is all right where it is not given up.
    expect(donating.execute([a, a], { nonDonatable: [0] }).map(read)).toEqual([[2, 4], [0, 0]]);
  });

  test('a refused call gives nothing up', () => {
    const [a, b] = [f32(1, 2), f32(3, 4, 5)];
    expect(() => donating.execute([a, b])).toThrow('argument 1: expected float32[2], got float32[3]');
    expect(() => donating.execute([a, a])).toThrow(ArgumentError);
    expect(a.isDeleted()).toBe(false);
  });

  test('the call does not wait for the program, and arguments given up in a row of calls are freed', () => {
    // A client of its own: nothing else's garbage is collected from it meanwhile.
    const own = client.sibling(7);
    const n = 1024;
    const f = own.compileSync(square(n).replace(/(%a: tensor<[^>]*>)/, '$1 {tf.aliasing_output = 0 : i32}'));
    expect(f.parameters[0]!.donated).toBe(true);
    const zeros = new Float32Array(n * n);
    const before = own.memoryStats();
    let x = own.bufferFromHost(zeros, 'float32', [n, n]);
    let early = 0;
    for (let i = 0; i < 8; i++) {
      const [y] = f.execute([x]);
      if (!y!.isReady()) early++;
      expect(x.isDeleted()).toBe(true);
      x = y!;
    }
    expect(early).toBeGreaterThan(0);
    x.blockUntilReady();
    expect(own.memoryStats().liveBuffers).toBe(before.liveBuffers + 1);
    expect(own.memoryStats().liveBytes).toBe(before.liveBytes + 4 * n * n);
    x.delete();
  });

  test('a donor without a place', () => {
    const f = client.compileSync(addOne(2, '{jax.buffer_donor = true}'));
    const x = f32(1, 2);
    expect(read(f.execute([x])[0]!)).toEqual([2, 3]);
  });
});

describe('executeInto', () => {
  const f = client.compileSync(sumAndDifference(2, '{tf.aliasing_output = 0 : i32}'));

  test('results go to buffers that exist, be they arguments, deleted or donated', () => {
    const [a, b, c] = [f32(1, 2), f32(3, 4), f32(0, 0)];
    const before = client.memoryStats();
    f.executeInto([a, b], [a, c]);
    expect([a, b, c].map(read)).toEqual([[4, 6], [3, 4], [-2, -2]]);
    c.delete();
    f.executeInto([a, b], [c, a], { nonDonatable: [0] });
    expect([a, b, c].map(read)).toEqual([[1, 2], [3, 4], [7, 10]]);
    f.executeInto([a, b], [a, b]);
    expect([a, b, c].map(read)).toEqual([[4, 6], [-2, -2], [7, 10]]);
    // Buffers of earlier tests may be collected meanwhile.
    const after = client.memoryStats();
    expect(after.liveBuffers).toBeLessThanOrEqual(before.liveBuffers);
    expect(after.liveBytes).toBeLessThanOrEqual(before.liveBytes);
  });

  test('what does not fit is refused before anything runs', () => {
    const [a, b] = [f32(1, 2), f32(3, 4)];
    expect(() => f.executeInto([a, b], [a])).toThrow('expected 2 outputs, got 1');
    expect(() => f.executeInto([a, b], [a, a])).toThrow('output 1 is given twice');
    expect(() => f.executeInto([a, b], [a, f32(1)])).toThrow('output 1: expected float32[2], got float32[1]');
    expect(() => f.executeInto([a, b], [a, {} as never])).toThrow('output 1: expected a Buffer or null');
    expect([a, b].map(read)).toEqual([[1, 2], [3, 4]]);
  });
});

describe('executeBound', () => {
  const f = client.compileSync(sumAndDifference(2, '{tf.aliasing_output = 0 : i32}'));

  test('as executeInto with the same last arguments and targets, call after call', () => {
    const [a, b] = [f32(1, 2), f32(3, 4)];
    const binding = f.bind([a, b], [a, null]);
    const differences = [1, 2, 3].map(() => read(f.executeBound(binding, [])[0]!));
    expect([differences, read(a), read(b)]).toEqual([[[-2, -2], [1, 2], [4, 6]], [10, 14], [3, 4]]);
    const last = f.bind([b], [null, b]);
    expect(read(f.executeBound(last, [f32(5, 5)])[0]!)).toEqual([8, 9]);
    expect(read(b)).toEqual([2, 1]);
  });

  test('refuses what does not fit, deleted buffers, other programs, and buffers that are gone', async () => {
    const [a, b] = [f32(1, 2), f32(3, 4)];
    const other = client.compileSync(sumAndDifference(2, '{tf.aliasing_output = 0 : i32}'));
    expect(() => f.bind([a, b, b], [a, b])).toThrow('the program has 2 arguments on 1 devices, got 3');
    expect(() => f.bind([a, {} as never], [a, b])).toThrow('argument 1: expected a Buffer');
    expect(() => f.bind([a], [a, f32(1)])).toThrow('output 1: expected float32[2], got float32[1]');
    const binding = f.bind([b], [a, b]);
    expect(() => f.executeBound(binding, [])).toThrow('expected 1 arguments, got 0');
    expect(() => f.executeBound(f as never, [a])).toThrow('expected a binding, got something else');
    expect(() => other.executeBound(binding, [a])).toThrow('the binding is of another program');
    b.delete();
    expect(() => f.executeBound(binding, [a])).toThrow(DeletedArrayError);
    const lost = (() => f.bind([f32(1, 2)], [null, null]))();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let i = 0; i < 5; i++) {
      collect();
      await new Promise((done) => setImmediate(done));
    }
    expect(() => f.executeBound(lost, [a])).toThrow('a buffer of the binding is gone');
    expect(read(a)).toEqual([1, 2]);
  });
});

describe('serialization', () => {
  const f = client.compileSync(sumAndDifference(2, '{tf.aliasing_output = 0 : i32}'));
  const bytes = f.serialize();

  test('what was serialized runs again, with the same checks', async () => {
    for (const g of [client.deserialize(bytes), await client.deserializeAsync(bytes)]) {
      expect(g.parameters).toEqual(f.parameters);
      expect(g.outputs).toEqual(f.outputs);
      const a = f32(1, 2);
      expect(g.execute([a, f32(3, 4)]).map(read)).toEqual([[4, 6], [-2, -2]]);
      expect(a.isDeleted()).toBe(true);
      expect(() => g.execute([f32(1, 2), f32(1, 2, 3)])).toThrow('expected float32[2], got float32[3]');
    }
  });

  test('damaged bytes are refused before XLA sees them', () => {
    for (const at of [0, 10, 50, bytes.length >> 1, bytes.length - 1]) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1;
      expect(() => client.deserialize(damaged)).toThrow(ArgumentError);
    }
    for (const n of [0, 7, 43, 44, bytes.length - 1]) expect(() => client.deserialize(bytes.slice(0, n))).toThrow(ArgumentError);
  });
});

test('what XLA refuses has its status, and a text of bearable length', () => {
  const text = `module { func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> { ${'%x = stablehlo.add %a, %a : tensor<4xf32>\n'.repeat(2000)} return %a : tensor<4xf32> } }`;
  let error: XlaError | undefined;
  try {
    client.compileSync(text);
  } catch (e) {
    error = e as XlaError;
  }
  expect(error).toBeInstanceOf(XlaError);
  expect(error!.status).toMatch(/^(UNKNOWN|INVALID_ARGUMENT)$/);
  expect(error!.message.length).toBeLessThan(5000);
});

test('compiling in the background keeps the event loop turning', async () => {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const made = await Promise.all([client.compile(square(64)), client.compile(addOne(3)), client.compile(sumAndDifference(3))]);
  clearInterval(timer);
  expect(made.map((f) => f.name)).toEqual(['square', 'add', 'two']);
  expect(longest).toBeLessThan(100);
  await expect(client.compile('module { func.func @main() -> tensor<f32> { oops } }')).rejects.toThrow(XlaError);
  await expect(client.compile('nothing')).rejects.toThrow(ArgumentError);
});

test('deep programs fit the compiler’s stack', () => {
  const n = 3000;
  let body = '%s0 = stablehlo.sine %a : tensor<f32>\n';
  for (let i = 1; i < n; i++) body += `%s${i} = stablehlo.add %s${i - 1}, %a : tensor<f32>\n`;
  const f = client.compileSync(`module { func.func @main(%a: tensor<f32>) -> tensor<f32> {\n${body} return %s${n - 1} : tensor<f32> } }`, { envOptionOverrides: { xla_backend_optimization_level: 0 } });
  expect(read(f.execute([client.bufferFromHost(Float32Array.of(0), 'float32', [])])[0]!)).toEqual([0]);
});

test('a partitioned program runs on several devices of one process', () => {
  const four = Plugin.load(client.plugin.path).createClient({ cpu_device_count: 4 });
  expect(four.devices.length).toBe(4);
  expect(Plugin.load(client.plugin.path).createClient({ cpu_device_count: 4 })).toBe(four);
  const f = four.compileSync(
    `module { sdy.mesh @mesh = <["x"=4]>
     func.func @main(%a: tensor<8x2xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) -> (tensor<8x2xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, tensor<f32>) {
       %c = stablehlo.constant dense<0.0> : tensor<f32>
       %s = stablehlo.reduce(%a init: %c) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x2xf32>, tensor<f32>) -> tensor<f32>
       %r = stablehlo.add %a, %a : tensor<8x2xf32>
       return %r, %s : tensor<8x2xf32>, tensor<f32> } }`,
    { numPartitions: 4, useSpmdPartitioning: true },
  );
  // The types are those of one device's part.
  expect(f.parameters[0]!.dims).toEqual([2, 2]);
  expect(f.outputs.map((o) => o.dims)).toEqual([[2, 2], []]);
  const rows = four.devices.map((device, i) => [four.bufferFromHost(new Float32Array(4).fill(i), 'float32', [2, 2], { device })]);
  expect(f.executeSharded(rows).map(([r, s]) => [read(r!)[0], read(s!)[0]])).toEqual([[0, 24], [2, 24], [4, 24], [6, 24]]);
  expect(() => f.execute(rows[0]!)).toThrow('runs on 4 devices');
  expect(() => f.executeSharded([rows[1]!, rows[0]!, rows[2]!, rows[3]!])).toThrow('is on device 1, expected device 0');
  const again = four.deserialize(f.serialize());
  expect(read(again.executeSharded(rows)[3]![1]!)).toEqual([24]);
  for (const program of [f, again]) expect(program.outputTilings()).toEqual([{ factors: [4, 1], places: [[0, 0], [1, 0], [2, 0], [3, 0]] }, null]);
});

test('device descriptions', () => {
  const d = client.devices[0]!;
  expect([d.client, d.addressable, d.processIndex, d.memoryStats()]).toEqual([client, true, 0, null]);
  expect(String(d)).toMatch(/cpu/i);
  expect(d.memories).toContain(d.defaultMemory);
  expect(d.defaultMemory!.devices).toContain(d);
  expect(client.topology).toMatchObject({ numDevices: client.devices.length, platformName: client.platformName });
  expect(client.plugin.attributes.stablehlo_current_version).toHaveLength(3);
  expect(client.plugin.apiVersion.major).toBe(0);
  expect(client.plugin.extensions).toContain(5);
});

test('copies of the library in one thread share the addon, and do not disturb each other', () => {
  const copy = (): typeof import('../../lib') => {
    let lib!: typeof import('../../lib');
    jest.isolateModules(() => {
      lib = require('../../lib');
    });
    return lib;
  };
  const [a, b] = [copy(), copy()];
  expect(a.Array).not.toBe(b.Array);
  const many = Array.from({ length: 80 }, (_, i) => i);
  const setUp = ({ jit, numpy: np }: typeof a, k: number) => ({
    one: jit((x: number[]) => np.multiply(np.array(x), k)),
    list: jit((xs: number[]) => xs.map((x) => np.multiply(x, k))),
  });
  const [f, g] = [setUp(a, 2), setUp(b, 3)];
  for (let i = 0; i < 3; i++) {
    expect([f.one([1, i]).js(), g.one([1, i]).js()]).toEqual([[2, 2 * i], [3, 3 * i]]);
    expect(f.list(many).map((x) => x.item())).toEqual(many.map((x) => 2 * x));
    expect([g.one([5]).js(), f.one([7]).js()]).toEqual([[15], [14]]);
    expect(g.list(many).map((x) => x.item())).toEqual(many.map((x) => 3 * x));
  }
});
