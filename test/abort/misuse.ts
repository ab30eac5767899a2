// Each of these kills the process, or computes garbage, if it reaches XLA. Run with the name of one; prints what was thrown.
import { type Buffer, defaultClient, Plugin } from '../../lib/pjrt';
import { type Handle, native } from '../../lib/pjrt/native';
import { addOne, sumAndDifference } from '../pjrt/programs';

const client = defaultClient();
const f32 = (values: number[], dims = [values.length]) => client.bufferFromHost(Float32Array.from(values), 'float32', dims);
const any = <T>(x: unknown): T => x as T;
const code = new TextEncoder().encode(addOne(4));
const four = [{ dtype: 'float32' as const, dims: [4], donated: false }];
const rawHandle = any<{ handle: never }>(client).handle;

/** Name, the error's code, and the misuse. */
export const MISUSES: Record<string, [string, () => unknown]> = {
  'no compile options': ['ARGUMENT', () => native().compileSync(rawHandle, code, 'mlir', new Uint8Array(0), four)],
  'no replicas': ['ARGUMENT', () => client.compileSync(addOne(4), { numReplicas: 0 })],
  'replicas that are no number': ['ARGUMENT', () => client.compileSync(addOne(4), { numReplicas: any('2') })],
  'more partitions than devices': ['XLA', () => client.compileSync(addOne(4), { numPartitions: 64 })],
  'a device that does not exist': ['ARGUMENT', () => client.compileSync(addOne(4), { deviceAssignment: [[1234]] })],
  'compile options that are null': ['ARGUMENT', () => client.compileSync(addOne(4), any(null))],
  'an empty program': ['ARGUMENT', () => client.compileSync('')],
  'a program without main': ['ARGUMENT', () => client.compileSync('module {}')],
  'a program that does not parse': ['XLA', () => client.compileSync('module { func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> { nonsense } }')],
  'bytecode without parameters': ['ARGUMENT', () => client.compileSync(code)],
  'parameters that are not the program’s': ['ARGUMENT', () => client.compileSync(code, { parameters: [{ dtype: 'float32', dims: [8] }] })],
  'too few parameters for a program': ['ARGUMENT', () => client.compileSync(code, { parameters: [] })],
  'a commented main before the real one': ['SHAPE', () => client.compileSync(`// func.func @main(%a: tensor<2xf32>) {\n${addOne(4)}`).execute([f32([1, 2])])],
  'an invalid element type': ['ARGUMENT', () => client.bufferFromHost(new Uint8Array(4), any('token'), [4])],
  'an invalid element type, natively': ['DTYPE', () => native().bufferFromHost(rawHandle, new Uint8Array(4), '99', [4], -1, -1, false, any({}))],
  'no such device': ['ARGUMENT', () => native().bufferFromHost(rawHandle, new Float32Array(4), 'float32', [4], 99, -1, false, any({}))],
  'no such memory': ['ARGUMENT', () => native().bufferFromHost(rawHandle, new Float32Array(4), 'float32', [4], -1, 99, false, any({}))],
  'negative dims': ['SHAPE', () => client.bufferFromHost(new Float32Array(4), 'float32', [-4])],
  'dims that overflow': ['SHAPE', () => client.bufferFromHost(new Float32Array(4), 'float32', [2 ** 33, 2 ** 33])],
  'dims that are no integers': ['ARGUMENT', () => client.bufferFromHost(new Float32Array(4), 'float32', [1.5])],
  'dims that are NaN': ['ARGUMENT', () => client.bufferFromHost(new Float32Array(4), 'float32', [Number.NaN])],
  'dims that are no array': ['ARGUMENT', () => client.bufferFromHost(new Float32Array(4), 'float32', any(4))],
  'too many dims': ['SHAPE', () => client.bufferFromHost(new Float32Array(1), 'float32', Array.from({ length: 65 }, () => 1))],
  'too few bytes': ['SHAPE', () => client.bufferFromHost(new Float32Array(3), 'float32', [4])],
  'too many bytes': ['SHAPE', () => client.bufferFromHost(new Float32Array(5), 'float32', [4])],
  'data that is no memory': ['ARGUMENT', () => client.bufferFromHost(any([1, 2, 3, 4]), 'float32', [4])],
  'data that is missing': ['ARGUMENT', () => client.bufferFromHost(any(undefined), 'float32', [4])],
  'a detached ArrayBuffer': ['SHAPE', () => {
    const data = new Float32Array(4);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    return client.bufferFromHost(data, 'float32', [4]);
  }],
  'a null argument': ['ARGUMENT', () => client.compileSync(addOne(4)).execute([any(null)])],
  'a hole in the arguments': ['ARGUMENT', () => client.compileSync(addOne(4)).execute(any(new Array(1)))],
  'no arguments at all': ['ARGUMENT', () => client.compileSync(addOne(4)).execute(any(undefined))],
  'too few arguments': ['ARGUMENT', () => client.compileSync(sumAndDifference(4)).execute([f32([1, 2, 3, 4])])],
  'too many arguments': ['ARGUMENT', () => client.compileSync(addOne(4)).execute([f32([1, 2, 3, 4]), f32([1, 2, 3, 4])])],
  'another element type of the same size': ['DTYPE', () => client.compileSync(addOne(4)).execute([client.bufferFromHost(new Int32Array(4), 'int32', [4])])],
  'another shape': ['SHAPE', () => client.compileSync(addOne(4)).execute([f32([1, 2])])],
  'another shape of the same size': ['SHAPE', () => client.compileSync(addOne(4)).execute([f32([1, 2, 3, 4], [2, 2])])],
  'a deleted argument': ['DELETED_ARRAY', () => {
    const x = f32([1, 2, 3, 4]);
    x.delete();
    return client.compileSync(addOne(4)).execute([x]);
  }],
  'an argument deleted while the arguments are read': ['DELETED_ARRAY', () => {
    const [x, y] = [f32([1, 2, 3, 4]), f32([1, 2, 3, 4])];
    const args = [x, y];
    Object.defineProperty(args, 1, { get: () => {
      x.delete();
      return y;
    } });
    return client.compileSync(sumAndDifference(4)).execute(args);
  }],
  'a getter that throws in the arguments': ['none', () => {
    const args = [f32([1, 2, 3, 4])];
    Object.defineProperty(args, 0, { get: () => { throw new RangeError('mine'); } });
    try {
      client.compileSync(addOne(4)).execute(args);
    } catch (e) {
      if (!(e instanceof RangeError)) throw e;
    }
  }],
  'a buffer donated twice': ['ARGUMENT', () => {
    const x = f32([1, 2, 3, 4]);
    return client.compileSync(sumAndDifference(4, '{tf.aliasing_output = 0 : i32}')).execute([x, x]);
  }],
  'a donated buffer used again': ['DELETED_ARRAY', () => {
    const [x, y] = [f32([1, 2, 3, 4]), f32([1, 2, 3, 4])];
    const f = client.compileSync(sumAndDifference(4, '{tf.aliasing_output = 0 : i32}'));
    f.execute([x, y]);
    return f.execute([x, y]);
  }],
  'an index of no argument as not donatable': ['ARGUMENT', () => client.compileSync(addOne(4)).execute([f32([1, 2, 3, 4])], { nonDonatable: [5] })],
  'a buffer of another client': ['ARGUMENT', () => {
    const other = Plugin.load(client.plugin.path).createClient({ cpu_device_count: 3 });
    return client.compileSync(addOne(4)).execute([other.bufferFromHost(new Float32Array(4), 'float32', [4])]);
  }],
  'a device of another client': ['ARGUMENT', () => {
    const other = Plugin.load(client.plugin.path).createClient({ cpu_device_count: 3 });
    return client.bufferFromHost(new Float32Array(4), 'float32', [4], { device: other.devices[0] });
  }],
  'a buffer on another device': ['ARGUMENT', () => {
    const other = Plugin.load(client.plugin.path).createClient({ cpu_device_count: 3 });
    const x = other.bufferFromHost(new Float32Array(4), 'float32', [4], { device: other.devices[1] });
    return other.compileSync(addOne(4)).execute([x]);
  }],
  'rows for too many devices': ['ARGUMENT', () => client.compileSync(addOne(4)).executeSharded([[f32([1, 2, 3, 4])], [f32([1, 2, 3, 4])]])],
  'a create option of the wrong type': ['ARGUMENT', () => Plugin.load(client.plugin.path).createClient({ cpu_device_count: true })],
  'a create option that is out of range': ['ARGUMENT', () => Plugin.load(client.plugin.path).createClient({ cpu_device_count: -1 })],
  'an unknown create option': ['ARGUMENT', () => Plugin.load(client.plugin.path).createClient({ no_such_option: 1 })],
  'a plugin that is no library': ['PLUGIN', () => Plugin.load(__filename)],
  'a plugin that is not there': ['PLUGIN', () => Plugin.load('/no/such/plugin.so')],
  'a library that is no plugin': ['PLUGIN', () => Plugin.load(process.report === undefined ? '' : (any<{ sharedObjects: string[] }>(process.report.getReport()).sharedObjects.find((p) => /libm\.so/.test(p)) ?? '/lib/x86_64-linux-gnu/libm.so.6'))],
  'a buffer made with new': ['ARGUMENT', () => new (any<{ constructor: new () => Buffer }>(f32([1])).constructor)()],
  'a method called on something else': ['TypeError', () => any<Buffer>(Object.getPrototypeOf(f32([1]))).toHostSync.call(any({}))],
  'a method called on nothing': ['TypeError', () => any<Buffer>(Object.getPrototypeOf(f32([1]))).toHostSync.call(any(undefined))],
  'ids that are none': ['ARGUMENT', () => {
    const id = native().bufferFromHost(rawHandle, new Float32Array(4), 'float32', [4], -1, -1, false, any({}));
    for (const x of [-1, -2, 0.5, Number.NaN, Infinity, 2 ** 53, 2 ** 52 + 1, id + 1, id + 2 ** 25, -id, any<number>('x'), any<number>({}), any<number>(undefined)]) {
      let code = 'none';
      try {
        native().buffer.toHostSync(x, any({}));
      } catch (e) {
        code = (e as { code: string }).code;
      }
      if (code !== 'ARGUMENT') throw new Error(`${String(x)}: ${code}`);
    }
    return native().buffer.delete(-1, any({}));
  }],
  'more arguments than there is room for ids': ['ARGUMENT', () => native().executeSharded(any<{ handle: Handle }>(client.compileSync(addOne(4))).handle, [], 2 ** 31, [])],
  'a result for what is no object': ['ARGUMENT', () => native().bufferFromHost(rawHandle, new Float32Array(4), 'float32', [4], -1, -1, false, any(1))],
  'an object that inherits from a buffer': ['ARGUMENT', () => client.compileSync(addOne(4)).execute([Object.create(f32([1, 2, 3, 4]))])],
  'a proxy of a buffer': ['ARGUMENT', () => client.compileSync(addOne(4)).execute([new Proxy(f32([1, 2, 3, 4]), {})])],
  'an addon’s client given as executable': ['ARGUMENT', () => native().execute(rawHandle, [], 0, [])],
  'an object given as a client': ['ARGUMENT', () => native().bufferFromHost(any({}), new Float32Array(4), 'float32', [4], -1, -1, false, any({}))],
  'an execution of a deleted program': ['DELETED_ARRAY', () => {
    const f = client.compileSync(addOne(4));
    f.delete();
    return f.execute([f32([1, 2, 3, 4])]);
  }],
  'a serialization of a deleted program': ['DELETED_ARRAY', () => {
    const f = client.compileSync(addOne(4));
    f.delete();
    return f.serialize();
  }],
  'a read of a deleted buffer': ['DELETED_ARRAY', () => {
    const x = f32([1]);
    x.delete();
    return x.toHostSync();
  }],
  'a copy of a deleted buffer': ['DELETED_ARRAY', () => {
    const x = f32([1]);
    x.delete();
    return x.copyToDevice(client.devices[0]!);
  }],
  'garbage to deserialize': ['ARGUMENT', () => client.deserialize(new Uint8Array(1000).fill(7))],
  'garbage to deserialize, natively': ['XLA', () => native().deserializeSync(rawHandle, new Uint8Array(1000).fill(7), four)],
  'nothing to deserialize': ['ARGUMENT', () => client.deserialize(any(undefined))],
  'a program with an unknown custom call': ['XLA', () => client.compileSync('module { func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> { %r = stablehlo.custom_call @no_such_target(%a) {api_version = 4 : i32} : (tensor<4xf32>) -> tensor<4xf32>\n return %r : tensor<4xf32> } }')],
  'a parameter without static dims': ['ARGUMENT', () => client.compileSync('module { func.func @main(%a: tensor<?xf32>) -> tensor<?xf32> { return %a : tensor<?xf32> } }')],
};

function run(name: string): void {
  const [expected, misuse] = MISUSES[name]!;
  let got = 'none';
  let message = '';
  try {
    misuse();
  } catch (e) {
    got = (e as { code?: string }).code ?? (e as Error).name;
    message = (e as Error).message;
  }
  // All is as it was: the client works.
  const two = new Float32Array(client.compileSync(addOne(1)).execute([f32([1])])[0]!.toHostSync())[0];
  console.log(JSON.stringify({ expected, got, message, two }));
}

if (require.main === module) run(process.argv[2]!);
