import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ArgumentError, ConcretizationError, DeletedArrayError, DtypeError, ShapeError, XlastateError } from '../../lib/core/errors';
import { makeClosedJaxpr } from '../../lib/functional/staging';
import * as lax from '../../lib/lax';
import * as np from '../../lib/numpy/index';
import { jit, vjp } from '../../lib/transform';

const x = np.arange(6).reshape(2, 3);

test('operators by jax-js\'s names and by NumPy\'s', () => {
  const pairs = [['add', 'add'], ['sub', 'subtract'], ['mul', 'multiply'], ['div', 'trueDivide'], ['mod', 'remainder'], ['pow', 'power'], ['less', 'less'], ['equal', 'equal'], ['floorDivide', 'floorDivide']] as const;
  const functions: Record<string, unknown> = { ...np };
  for (const [method, f] of pairs) expect(x[method](2).js()).toEqual((functions[f] as typeof np.mod)(x, 2).js());
  expect(x.neg().js()).toEqual([[0, -1, -2].map((v) => v + 0 || 0), [-3, -4, -5]]);
  expect(x.matmul(x.T).js()).toEqual([[5, 14], [14, 50]]);
  expect(x.add(1).mul(2).sum(0).astype('float32').js()).toEqual([10, 14, 18]);
  expect(x.greater(2).logicalAnd(x.notEqual(4)).js()).toEqual([[false, false, false], [true, false, true]]);
});

test('shapes and reductions', () => {
  expect(x.reshape([3, 2]).shape).toEqual([3, 2]);
  expect(x.reshape(-1).js()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(x.reshape(3, -1, { order: 'F' }).js()).toEqual([[0, 4], [3, 2], [1, 5]]);
  expect([x.T.shape, x.mT.shape, x.transpose(1, 0).shape, x.transpose([0, 1]).shape, x.swapaxes(0, 1).shape]).toEqual([[3, 2], [3, 2], [3, 2], [2, 3], [3, 2]]);
  expect(x.ravel().js()).toEqual(x.flatten().js());
  expect(x.expandDims(0).squeeze().shape).toEqual([2, 3]);
  expect([x.sum().item(), x.prod(1).js(), x.mean().item(), x.max(0).js(), x.min({ axis: 1, keepdims: true }).js(), x.argmax().item(), x.any().item(), x.all().item(), x.ptp().item()])
    .toEqual([15, [0, 60], 2.5, [3, 4, 5], [[0], [3]], 5, true, false, 5]);
  expect(x.var().item()).toBeCloseTo(35 / 12, 5);
  expect(x.std({ ddof: 1 }).item()).toBeCloseTo(Math.sqrt(3.5), 5);
  expect([x.cumsum(1).js(), x.trace().item(), x.diagonal().js()]).toEqual([[[0, 1, 3], [3, 7, 12]], 4, [0, 4]]);
});

test('order, and entries by position', () => {
  const v = np.array([3, 1, 2]);
  expect([v.sort().js(), v.argsort().js(), v.sort({ descending: true }).js(), v.partition(1).slice(1).item(), v.sort().searchsorted(2).item()]).toEqual([[1, 2, 3], [1, 2, 0], [3, 2, 1], 2, 1]);
  expect([v.take([2, 0]).js(), v.repeat(2).shape, x.compress([false, true], 0).js(), np.array([1, 0], 'int32').choose([[1, 2], [3, 4]]).js()]).toEqual([[2, 3], [6], [[3, 4, 5]], [3, 2]]);
});

test('indexing and updates', () => {
  expect(x.slice(1).js()).toEqual([3, 4, 5]);
  expect(x.slice([], [1, null]).js()).toEqual([[1, 2], [4, 5]]);
  expect(x.slice('...', null, -1).shape).toEqual([2, 1]);
  expect(x.at(0, 1).set(9).js()).toEqual([[0, 9, 2], [3, 4, 5]]);
  expect(x.at(1).add(10).js()).toEqual([[0, 1, 2], [13, 14, 15]]);
  expect([...x].map((row) => row.js())).toEqual([[0, 1, 2], [3, 4, 5]]);
  expect(() => [...np.array(1)]).toThrow(ShapeError);
});

test('types and bytes', () => {
  expect(x.astype('bfloat16').dtype).toBe('bfloat16');
  expect(np.array([1]).view('int32').js()).toEqual([0x3f800000]);
  expect(np.array([1, 2], { dtype: 'uint8' }).view('uint16').js()).toEqual([513]);
  expect(np.array([513], { dtype: 'uint16' }).view('uint8').js()).toEqual([1, 2]);
  expect(() => np.array([1, 2, 3], { dtype: 'uint8' }).view('uint16')).toThrow(ShapeError);
  const c = np.array([{ re: 1, im: -2 }]);
  expect([c.real.js(), c.imag.js(), c.conj().js(), c.itemsize, c.ndim]).toEqual([[1], [-2], [{ re: 1, im: 2 }], 8, 1]);
  expect(x.device).not.toBeNull();
});

test('views of complex numbers are of their parts in turn, and the other way round; derivatives go through them', () => {
  const z = np.array([{ re: 1, im: 2 }, { re: 3, im: -1 }]);
  const parts = z.view('float32');
  expect([parts.dtype, parts.js()]).toEqual(['float32', [1, 2, 3, -1]]);
  expect(np.array([[1, 2, 3, -1]]).view('complex64').js()).toEqual([z.js()]);
  expect(z.view('int8').shape).toEqual([16]);
  expect(z.view('int8').view('complex64').js()).toEqual(z.js());
  // JAX 0.10.2: the cotangent of a pair is conjugated.
  const [, pull] = vjp((x: np.Array) => x.view('float32'), z);
  expect(pull(np.array([1, 1, 1, 1]))[0]!.js()).toEqual([{ re: 1, im: -1 }, { re: 1, im: -1 }]);
  expect(jit((x: np.Array) => x.view('float32'))(z).js()).toEqual([1, 2, 3, -1]);
  expect(() => np.ones([2, 3]).view('complex64')).toThrow(ShapeError);
  expect(() => np.array({ re: 1, im: 2 }).view('float32')).toThrow(/no dimensions/);
  expect(() => lax.bitcastConvertType(z, 'float32')).toThrow(DtypeError);
  expect(() => lax.bitcastConvertType(np.ones([2]), 'bool')).toThrow(/bitcastConvertType: bool and complex/);
});

test('printing', () => {
  expect(String(np.array([[1, 2.5], [3, 4]]))).toBe('[[1.  2.5]\n [3.  4. ]]');
  expect(`${np.array(2)}`).toBe('2.0');
  expect(inspect(np.array([1, 2]))).toBe('Array([1., 2.], shape=(2,), dtype=float32)');
  expect(inspect({ x: np.arange(4).reshape(2, 2) })).toBe('{\n  x: Array([[0, 1],\n         [2, 3]], shape=(2, 2), dtype=int32)\n}');
  expect(inspect(np.array(1))).toBe('Array(1., shape=(), dtype=float32, weak_type=True)');
  expect(np.printoptions({ precision: 2 }, () => String(np.array([1 / 3])))).toBe('[0.33]');
  expect(JSON.stringify({ a: x, b: np.array(true) })).toBe('{"a":[[0,1,2],[3,4,5]],"b":true}');
  const gone = np.array([1, 2]);
  gone.dispose();
  expect(inspect(gone)).toBe('Array(<deleted>, shape=(2), dtype=float32)');
  expect(() => gone.js()).toThrow(DeletedArrayError);
});

test('JS operators work on single values, and say what to use on others', () => {
  expect((np.array([3]) as unknown as number) + 1).toBe(4);
  expect((np.array(2.5) as unknown as number) * 2).toBe(5);
  expect((np.array([[true]]) as unknown as number) ? 1 : 0).toBe(1);
  expect(() => (x as unknown as number) + 1).toThrow(ArgumentError);
  expect(() => (x as unknown as number) + 1).toThrow('x.add(y)');
  expect(() => makeClosedJaxpr((v: np.Array) => (v as unknown as number) + 1)(np.array(1))).toThrow(ConcretizationError);
  expect(String(makeClosedJaxpr((v: np.Array) => (expect(String(v)).toBe('Traced<f32[2]>'), v))(np.ones(2)))).toContain('f32[2]');
});

test('methods named as the fields that tracers had work on traced arrays', () => {
  const text = String(makeClosedJaxpr((v: np.Array) => v.trace().add(v.var()))(np.ones([2, 2])));
  expect(text).toContain('reduce_sum');
});

test('elementwise operations are recorded as JAX records them', () => {
  const [a, b, n] = [np.ones([3, 1]), np.ones(3), np.arange(3)];
  const text = (f: (...v: np.Array[]) => np.Array, ...args: np.Array[]) => String(makeClosedJaxpr(f as never)(...args));
  expect(text((v) => v.add(1), a)).toBe('{ lambda ; a:f32[3,1]. let b:f32[3,1] = add a 1.0:f32[] in (b,) }');
  expect(text((v) => np.power(v, 3), a)).toBe('{ lambda ; a:f32[3,1]. let b:f32[3,1] = integer_pow[y=3] a in (b,) }');
  expect(text((v) => np.power(v, 2.5), a)).toBe('{ lambda ; a:f32[3,1]. let b:f32[3,1] = pow a 2.5:f32[] in (b,) }');
  expect(text((v, w) => np.add(v, w), a, b)).toBe('{ lambda ; a:f32[3,1] b:f32[3]. let\n    c:f32[1,3] = broadcast_in_dim[broadcast_dimensions=(1,)] b\n    d:f32[3,3] = add a c\n  in (d,) }');
  expect(text((v, w) => np.add(v, w), n, a)).toBe('{ lambda ; a:i32[3] b:f32[3,1]. let\n    c:f32[3] = convert_element_type[new_dtype=float32 weak_type=False] a\n    d:f32[1,3] = broadcast_in_dim[broadcast_dimensions=(1,)] c\n    e:f32[3,3] = add d b\n  in (e,) }');
  expect(text((v) => np.maximum(v, 0), a)).toBe('{ lambda ; a:f32[3,1]. let b:f32[3,1] = max a 0.0:f32[] in (b,) }');
  expect(text((v) => np.isnan(v), a)).toBe('{ lambda ; a:f32[3,1]. let b:bool[3,1] = ne a a in (b,) }');
});

test('ufunc methods', () => {
  const m = np.array([[1, 2], [3, 4]]);
  expect([np.add.reduce(m).js(), np.add.reduce(m, { axis: null }).item(), np.multiply.reduce(m, { axis: 1, keepdims: true }).js(), np.maximum.reduce(m, { axis: 0 }).js()]).toEqual([[4, 6], 10, [[2], [12]], [3, 4]]);
  expect(np.subtract.reduce(m, { axis: 1 }).js()).toEqual([-1, -1]);
  expect(np.bitwiseXor.reduce(np.array([1, 3, 7], 'int32')).item()).toBe(5);
  expect(np.logaddexp.reduce(np.array([0, 0])).item()).toBeCloseTo(Math.LN2, 5);
  expect([np.add.accumulate(m, { axis: 1 }).js(), np.maximum.accumulate(np.array([1, 3, 2])).js(), np.subtract.accumulate(np.array([5, 1, 1])).js()]).toEqual([[[1, 3], [3, 7]], [1, 3, 3], [5, 4, 3]]);
  expect(np.multiply.outer([1, 2], [3, 4, 5]).js()).toEqual([[3, 4, 5], [6, 8, 10]]);
  expect(np.add.at(np.zeros(3), np.array([0, 0, 2], 'int32'), 1).js()).toEqual([2, 0, 1]);
  expect([np.add.nin, np.add.identity, np.multiply.identity, np.subtract.identity]).toEqual([2, 0, 1, null]);
  expect(() => np.subtract.reduce(np.zeros(0))).toThrow(ArgumentError);
  const twice = np.frompyfunc((a, b) => a.add(b.mul(2)), 2, 1, { identity: 0 });
  expect([twice([1, 2], 3).js(), twice.outer([1, 2], [10, 20]).js(), twice.reduce(np.array([1, 2, 3])).item(), twice.identity]).toEqual([[7, 8], [[21, 41], [22, 42]], 12, 0]);
  expect((np.frompyfunc((a) => [a, a.neg()], 1, 2)([1, 2]) as np.Array[]).map((a) => a.js())).toEqual([[1, 2], [-1, -2]]);
  expect(() => np.frompyfunc((a) => a, 1, 2)([1])).toThrow(ArgumentError);

  // What is not associative is folded in order.
  expect(twice.accumulate(np.array([1, 2, 3, 4])).js()).toEqual([1, 5, 11, 19]);
  expect(twice.reduce(np.array([1, 2, 3]), { where: [true, false, true] }).item()).toBe(8);
  expect([np.add.reduceat(np.array([1, 2, 3, 4, 5]), [0, 2, 4]).js(), np.multiply.reduceat(np.array([[1, 2, 3], [4, 5, 6]]), [2, 0], { axis: 1 }).js()]).toEqual([[3, 7, 5], [[3, 6], [6, 120]]]);
  expect(np.bitwiseAnd.reduce(np.array([[6, 3], [5, 7]], 'int8'), { axis: [0, 1], initial: 6 }).item()).toBe(0);
  expect(np.logicalXor.reduce(np.array([1, 0, 2])).item()).toBe(false);
  expect(np.logaddexp.reduce(np.array([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])).item()).toBe(Number.NEGATIVE_INFINITY);
  const ints = np.array([1, 2, 3], 'int8');
  expect([np.maximum.at(ints, [0, 0], [5, 4]).js(), np.maximum.at(ints, 1, 7).dtype, np.power === np.pow, np.negative.at(ints, [0, 0, 1]).js()]).toEqual([[5, 2, 3], 'int8', true, [1, -2, 3]]);
  expect(np.add.at(np.zeros([2, 2]), [np.array([0, 1], 'int32'), np.array([1, 1], 'int32')], 3).js()).toEqual([[0, 3], [0, 3]]);
  const named = new np.ufunc((a, b) => a.sub(b), 2, 1, { name: 'less', identity: 0 });
  expect([np.add instanceof np.ufunc, np.negative instanceof np.ufunc, named instanceof np.ufunc, typeof named, named.name, String(named), named([3, 4], 1).js(), [1, 2].map(np.negative).map((a) => a.item())])
    .toEqual([true, true, true, 'function', 'less', "<jnp.ufunc 'less'>", [2, 3], [-1, -2]]);
  expect(() => np.add.at(ints, 0, 1, { inplace: true as never })).toThrow('arrays never change');
  expect(() => np.add.at(ints, 0)).toThrow(ArgumentError);
  expect(() => np.negative.reduce(ints)).toThrow('expected a function of two operands');
  expect(() => np.subtract.reduce(ints, { where: [true, true, false] })).toThrow('no identity');
  expect(() => np.logaddexp.reduceat(ints, [0])).toThrow(DtypeError);
  expect(() => (np.add as (...args: unknown[]) => unknown)(1, 2, { where: [true] })).toThrow('the option where is not supported');
  expect(() => new np.ufunc((a) => a, 0, 1)).toThrow(ArgumentError);
  expect(() => new np.ufunc((a) => a, 1, 1, { reduct: null } as never)).toThrow("unknown option 'reduct'");
});

test('arrays from everything', () => {
  expect([np.array(1).dtype, np.array([1, 2]).dtype, np.array(true).dtype, np.array(3n).dtype, np.array({ re: 1, im: 0 }).dtype]).toEqual(['float32', 'float32', 'bool', 'int32', 'complex64']);
  expect(np.array(new Int16Array([1, 2, 3, 4]), { shape: [2, 2] }).dtype).toBe('int16');
  expect(np.array(new Float64Array([1.5])).dtype).toBe('float32');
  expect(np.array([new Float32Array([1, 2]), new Float32Array([3, 4])]).js()).toEqual([[1, 2], [3, 4]]);
  const half = np.array([1.5, 2.5], 'bfloat16');
  expect(np.array(half.dataSync() as never).js()).toEqual([1.5, 2.5]);
  expect(np.array(np.array([{ re: 1, im: 2 }]).dataSync() as never).js()).toEqual([{ re: 1, im: 2 }]);
  expect(np.frombuffer(new Uint8Array([1, 0, 2, 0, 9]), { dtype: 'uint16', count: 2 }).js()).toEqual([1, 2]);
  expect(np.frombuffer(new Float64Array([1.5, 2.5])).js()).toEqual([1.5, 2.5]);
  expect(np.fromiter(new Set([3, 1]), 'int8').js()).toEqual([3, 1]);
  expect(np.fromstring('1.5, -2, nan', { sep: ',' }).js()).toEqual([1.5, -2, Number.NaN]);
  expect(np.fromfunction((i, j) => i.add(j.mul(10)), [2, 3]).js()).toEqual([[0, 10, 20], [1, 11, 21]]);
  const a = np.array([1, 2]);
  const b = np.array(a);
  a.dispose();
  expect(b.js()).toEqual([1, 2]);
  expect(np.asarray(b)).toBe(b);
  expect(np.zeros([2, 0]).shape).toEqual([2, 0]);
  expect(np.full([2], 7n).dtype).toBe('int32');
  expect(() => np.array([[1, 2], [3]])).toThrow(ShapeError);
  expect(() => np.array([1, 2], { dtype: 'float23' as never })).toThrow(DtypeError);
  expect(() => np.array([1, 2, 3], { shape: [2, 2] })).toThrow(ShapeError);
  expect(() => np.array([1], { dtpye: 'int8' } as never)).toThrow(ArgumentError);
  expect(() => np.array('text' as never)).toThrow(ArgumentError);
  expect(() => np.zeros([-1])).toThrow(ShapeError);
});

test('operands that do not go together', () => {
  expect(() => np.add(np.ones([2]), np.ones([3]))).toThrow('add: shapes do not broadcast together: [2] and [3]');
  expect(() => np.subtract(true, false)).toThrow(DtypeError);
  expect(() => np.power(np.arange(3), -1)).toThrow(DtypeError);
  expect(() => np.floorDivide({ re: 1, im: 1 }, 2)).toThrow(DtypeError);
  expect(() => np.clip({ re: 1, im: 1 }, 0, 1)).toThrow(DtypeError);
  expect(() => np.gcd(1.5, 2)).toThrow(DtypeError);
  expect(() => np.ldexp(1, 1.5)).toThrow(DtypeError);
  expect(() => np.select([], [])).toThrow(ArgumentError);
  expect(() => np.where(true, 1, undefined as never)).toThrow(ArgumentError);
});

test('choices with functions and without values', () => {
  const v = np.array([-2, -1, 0, 3]);
  expect(np.piecewise(v, [v.less(0), v.greater(0)], [-1, (u) => u.mul(10), 5]).js()).toEqual([-1, -1, 5, 30]);
  expect(np.piecewise(v, [v.less(0), v.less(-1)], [1, 2]).js()).toEqual([2, 1, 0, 0]);
  expect(np.where(v.less(0)).map((i) => i.js())).toEqual([[0, 1]]);
});

test('grids, attributes, saved indices', () => {
  expect(np.mgrid([0, 2], [1, 4]).js()).toEqual([[[0, 0, 0], [1, 1, 1]], [[1, 2, 3], [1, 2, 3]]]);
  expect(np.mgrid([0, 1, { re: 0, im: 3 }]).js()).toEqual([0, 0.5, 1]);
  expect(np.ogrid([0, 2], [0, 1, 0.5]).map((g) => [g.shape, g.dtype])).toEqual([[[2, 1], 'float32'], [[1, 2], 'float32']]);
  expect(x.slice(...np.s_([], [1, 3])).js()).toEqual([[1, 2], [4, 5]]);
  expect([np.shape([[1, 2]]), np.ndim(3), np.size(x), np.size(x, 1), np.iterable(x), np.iterable(np.array(1)), x instanceof np.Array, np.ndarray === np.Array]).toEqual([[1, 2], 0, 6, 3, true, false, true, true]);
  expect(() => np.mgrid(3 as never)).toThrow(ArgumentError);
  expect(np.r_(np.r_.range(-1, 2), 7, np.r_.range(0, 1, { re: 0, im: 3 })).js()).toEqual([-1, 0, 1, 7, 0, 0.5, 1]);
  expect(np.c_(np.c_.range(0, 2), [5, 6]).js()).toEqual([[0, 5], [1, 6]]);
  expect(() => np.r_('0,x', [1])).toThrow("expected the directive to be 'r', 'c' or up to three integers");
  expect(() => np.r_([1], 'r')).toThrow('to come first');
});

test('NumPy\'s files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'npy-'));
  try {
    for (const a of [x, np.array([1.5, 2.5], 'bfloat16'), np.array(true), np.zeros([0, 3]), np.array([{ re: 1, im: 2 }])]) {
      np.save(join(dir, 'a'), a);
      const b = np.load(join(dir, 'a.npy'));
      expect([b.dtype, b.shape, b.js()]).toEqual([a.dtype, [...a.shape], a.js()]);
    }
    // Written by numpy.save: np.asfortranarray([[1., 2.], [3., 4.]]), in double precision.
    const head = "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }".padEnd(117) + '\n';
    writeFileSync(join(dir, 'f.npy'), Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(head, 'latin1'), Buffer.from(new Float64Array([1, 3, 2, 4]).buffer)]));
    expect(np.load(join(dir, 'f.npy')).js()).toEqual([[1, 2], [3, 4]]);
    writeFileSync(join(dir, 'raw'), new Int16Array([1, 2, 3]));
    expect(np.fromfile(join(dir, 'raw'), { dtype: 'int16', offset: 2 }).js()).toEqual([2, 3]);
    expect(() => np.load(join(dir, 'raw'))).toThrow('is no valid NumPy file');
    expect(() => np.load(join(dir, 'nowhere'))).toThrow(XlastateError);
    expect(() => np.fromfile(join(dir, 'nowhere'))).toThrow(XlastateError);
    expect(() => np.save(join(dir, 'q'), np.array([1], 'int4'))).toThrow(DtypeError);

    np.savez(join(dir, 'several'), x, [1, 2], { w: np.array([1.5], 'bfloat16'), z: { re: 1, im: 2 } });
    const several = np.load(`${join(dir, 'several')}.npz`);
    expect(Object.keys(several).sort()).toEqual(['arr_0', 'arr_1', 'w', 'z']);
    expect(['arr_0', 'arr_1', 'w', 'z'].map((k) => [several[k]!.dtype, several[k]!.js()])).toEqual([['int32', x.js()], ['float32', [1, 2]], ['bfloat16', [1.5]], ['complex64', { re: 1, im: 2 }]]);
    expect(() => np.savez(join(dir, 'q'), 1, { arr_0: 2 })).toThrow(ArgumentError);
    expect(() => np.savez(join(dir, 'q'), { '../q': 2 })).toThrow(ArgumentError);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('dtypes', () => {
  expect([np.finfo('float32').eps, np.finfo('bfloat16').max, np.finfo('complex64').dtype, np.finfo('float16').smallestSubnormal, np.finfo('float8_e4m3fn').max, np.finfo('float4_e2m1fn').precision])
    .toEqual([1.1920928955078125e-7, 3.3895313892515355e38, 'float32', 5.960464477539063e-8, 448, 0]);
  expect([np.iinfo('int8').min, np.iinfo('uint32').max, np.iinfo('int64').max]).toEqual([-128, 4294967295, 2n ** 63n - 1n]);
  expect([np.promoteTypes('int32', 'float16'), np.resultType('int8', 'bfloat16', 1.5), np.resultType(np.arange(3), 0.5), np.dtype('float'), np.promoteTypes('uint8', 'int8')]).toEqual(['float16', 'bfloat16', 'float32', 'float32', 'int16']);
  expect([np.canCast('int32', 'float32'), np.canCast('int32', 'float64'), np.canCast('uint8', 'int16'), np.canCast('float32', 'bfloat16'), np.canCast('bool', 'int8'), np.canCast('float64', 'float32', { casting: 'same_kind' })])
    .toEqual([false, true, true, false, true, true]);
  expect([np.issubdtype('bfloat16', np.floating), np.issubdtype('int8', np.number), np.issubdtype('bool', np.integer), np.issubdtype(np.floating, np.inexact), np.isdtype('uint8', 'integral')]).toEqual([true, true, false, true, true]);
  expect(() => np.finfo('int32')).toThrow(DtypeError);
  expect(() => np.promoteTypes('float8_e4m3fn', 'float8_e5m2')).toThrow(DtypeError);
});
