import { allocateHost, ArgumentError, type DType, DTYPES, DeletedArrayError, defaultClient } from '../../lib/pjrt';
import { square } from './programs';

const client = defaultClient();
const HOST_BYTES: Partial<Record<DType, number>> = {
  int16: 2, uint16: 2, float16: 2, bfloat16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8, complex64: 8, complex128: 16,
};
const SUB_BYTE: Partial<Record<DType, number>> = { int2: 0x03, uint2: 0x03, int4: 0x0f, uint4: 0x0f, float4_e2m1fn: 0x0f };

test.each(DTYPES)('%s comes back bit for bit', (dtype) => {
  const width = HOST_BYTES[dtype] ?? 1;
  for (const dims of [[], [5], [2, 3], [0, 3], [1, 2, 3, 2]]) {
    const n = dims.reduce((a, b) => a * b, 1);
    const bytes = Uint8Array.from({ length: n * width }, (_, i) => (dtype === 'bool' ? i & 1 : (i * 37 + 1) & 255 & (SUB_BYTE[dtype] ?? 255)));
    const b = client.bufferFromHost(bytes, dtype, dims);
    expect([b.dtype, b.dims, b.nbytes]).toEqual([dtype, dims, n * width]);
    expect([...new Uint8Array(b.toHostSync())]).toEqual([...signExtended(bytes, dtype)]);
  }
});

// XLA gives the low bits alone; we fill the byte with the sign, so that it is an int8.
function signExtended(bytes: Uint8Array, dtype: DType): Uint8Array {
  const bits = dtype === 'int4' ? 4 : dtype === 'int2' ? 2 : 0;
  return bits === 0 ? bytes : bytes.map((x) => ((x << (32 - bits)) >> (32 - bits)) & 255);
}

test('all kinds of host memory are read where they start', () => {
  const plain = Float32Array.from([9, 1, 2, 9]);
  const shared = new Float32Array(new SharedArrayBuffer(16));
  shared.set(plain);
  const read = (data: ArrayBufferView | ArrayBuffer) => [...new Float32Array(client.bufferFromHost(data, 'float32', [2]).toHostSync())];
  expect(read(plain.subarray(1, 3))).toEqual([1, 2]);
  expect(read(new DataView(plain.buffer, 4, 8))).toEqual([1, 2]);
  expect(read(plain.buffer.slice(4, 12))).toEqual([1, 2]);
  expect(read(shared.subarray(1, 3))).toEqual([1, 2]);
  const odd = new Uint8Array(9);
  odd.set(new Uint8Array(plain.buffer, 4, 8), 1);
  expect(read(odd.subarray(1))).toEqual([1, 2]);
});

test('the data is copied: later writes do not show', () => {
  const data = Float32Array.from({ length: 100_000 }, () => 1);
  const b = client.bufferFromHost(data, 'float32', [data.length]);
  data.fill(2);
  expect(new Float32Array(b.toHostSync())[99_999]).toBe(1);
});

test('memory of ours can be shared; other memory is copied', () => {
  const data = new Float32Array(allocateHost(1 << 16), 64, 1000).fill(3);
  const b = client.bufferFromHost(data, 'float32', [1000], { zeroCopy: true });
  const c = client.bufferFromHost(new Float32Array(4).fill(5), 'float32', [4], { zeroCopy: true });
  expect([new Float32Array(b.toHostSync())[999], new Float32Array(c.toHostSync())[3]]).toEqual([3, 5]);
  if (client.platformName === 'cpu') {
    const again = new Float32Array(allocateHost(8192));
    const d = client.bufferFromHost(again, 'float32', [again.length], { zeroCopy: true });
    again[7] = 9;
    expect(new Float32Array(d.toHostSync())[7]).toBe(9);
    d.delete();
  }
  expect(() => allocateHost(-1)).toThrow(ArgumentError);
});

test('a buffer says where it is and moves', () => {
  const b = client.bufferFromHost(Float32Array.of(1, 2), 'float32', [2]);
  expect(b.device).toBe(client.devices[0]);
  expect(b.memory.kind).toBe('device');
  expect(b.onDeviceSize).toBeGreaterThanOrEqual(8);
  expect(b.unsafePointer()).not.toBe(0n);
  const again = b.copyToDevice(b.device);
  b.delete();
  expect([...new Float32Array(again.toHostSync())]).toEqual([1, 2]);
  for (const memory of client.memories) {
    const moved = again.copyToMemory(memory);
    expect(moved.memory).toBe(memory);
    expect([...new Float32Array(moved.toHostSync())]).toEqual([1, 2]);
    const made = client.bufferFromHost(Float32Array.of(3), 'float32', [1], { memory });
    expect([made.memory, new Float32Array(made.toHostSync())[0]]).toEqual([memory, 3]);
  }
  expect(() => again.copyToDevice({ index: 0 } as never)).toThrow(ArgumentError);
});

test('deletion is at once, and said when the buffer is used', async () => {
  const before = client.memoryStats();
  const b = client.bufferFromHost(new Float32Array(1000), 'float32', [1000]);
  expect(client.memoryStats().liveBytes - before.liveBytes).toBe(4000);
  b.delete();
  b.delete();
  expect(b.isDeleted()).toBe(true);
  expect(client.memoryStats()).toMatchObject({ liveBytes: before.liveBytes, liveBuffers: before.liveBuffers });
  expect(b.dims).toEqual([1000]);
  for (const use of [() => b.toHostSync(), () => b.blockUntilReady(), () => b.isReady(), () => b.onDeviceSize, () => b.unsafePointer(), () => b.copyToDevice(client.devices[0]!)]) {
    expect(use).toThrow(DeletedArrayError);
  }
  expect(() => b.toHost()).toThrow(DeletedArrayError);
  const c = client.bufferFromHost(new Float32Array(1), 'float32', [1]);
  c[Symbol.dispose]();
  expect(c.isDeleted()).toBe(true);
});

test('the peak is the most there was at one time', () => {
  client.resetPeak();
  const { liveBytes } = client.memoryStats();
  for (let i = 0; i < 5; i++) client.bufferFromHost(new Uint8Array(1 << 20), 'uint8', [1 << 20]).delete();
  expect(client.memoryStats().peakBytes).toBe(liveBytes + (1 << 20));
});

test('errors name what was expected and what was given', () => {
  expect(() => client.bufferFromHost(new Float32Array(3), 'float32', [2, 2])).toThrow(/^bufferFromHost: expected 16 bytes for float32\[2,2\], got 12\n/);
});

test('waiting keeps the event loop turning', async () => {
  const n = 1024;
  const f = client.compileSync(square(n));
  let x = client.bufferFromHost(new Float32Array(n * n).fill(1 / n), 'float32', [n, n]);
  for (let i = 0; i < 24; i++) x = f.execute([x])[0]!;
  let turns = 0;
  const timer = setInterval(() => turns++, 2);
  const [data] = await Promise.all([x.toHost(), x.ready()]);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
  expect(x.isReady()).toBe(true);
  expect(new Float32Array(data)[n * n - 1]).toBeCloseTo(1 / n, 6);
});

test('a buffer may be deleted while it is read and computed with', async () => {
  const n = 512;
  const f = client.compileSync(square(n));
  const x = client.bufferFromHost(new Float32Array(n * n).fill(1 / n), 'float32', [n, n]);
  const y = f.execute([x])[0]!;
  x.delete();
  const z = f.execute([y])[0]!;
  const read = z.toHost();
  y.delete();
  z.delete();
  f.delete();
  expect(new Float32Array(await read)[0]).toBeCloseTo(1 / n, 6);
});
