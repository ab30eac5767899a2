import * as fc from 'fast-check';
import { config } from '../../lib/core/config';
import { DTYPES, dtypeKind, isDtype, promoteTypes, type DType, type TypeInfo } from '../../lib/core/dtype';
import { DtypeError } from '../../lib/core/errors';

const strong = (dtype: DType): TypeInfo => ({ dtype, weakType: false });
const weak = (dtype: DType): TypeInfo => ({ dtype, weakType: true });

describe('promoteTypes', () => {
  // [left, right, result] as jax.numpy.promote_types gives them.
  test.each<[DType, DType, DType]>([
    ['bool', 'int8', 'int8'],
    ['int8', 'uint8', 'int16'],
    ['int32', 'uint32', 'int32'],
    ['int64', 'uint64', 'float32'],
    ['int32', 'float16', 'float16'],
    ['bfloat16', 'float16', 'float32'],
    ['float64', 'complex64', 'complex128'],
    ['int64', 'bfloat16', 'bfloat16'],
  ])('%s and %s', (a, b, want) => {
    // int64 with uint64 meets at the weak float, whose default type is float32.
    expect(promoteTypes(strong(a), strong(b)).dtype).toBe(want);
  });

  test('without 64-bit types no narrower ones go to them', () => {
    const saved = config.enableX64;
    try {
      for (const [wide, want] of [[true, 'int64'], [false, 'int32']] as const) {
        config.enableX64 = wide;
        expect(['int8', 'int16', 'int32'].map((d) => promoteTypes(strong(d as DType), strong('uint32')).dtype)).toEqual([want, want, want]);
      }
    } finally {
      config.enableX64 = saved;
    }
  });

  test('integers below 8 bits go to no other type', () => {
    expect([promoteTypes(strong('int4'), strong('bool')), promoteTypes(weak('int32'), strong('uint2'))]).toEqual([strong('int4'), strong('uint2')]);
    for (const d of ['int2', 'uint4', 'int8', 'float32'] as const) expect(() => promoteTypes(strong('int4'), strong(d))).toThrow(DtypeError);
  });

  test('a weak type gives way to a strong one of its kind or above', () => {
    expect(promoteTypes(weak('int32'), strong('int8'))).toEqual(strong('int8'));
    expect(promoteTypes(weak('float32'), strong('bfloat16'))).toEqual(strong('bfloat16'));
    expect(promoteTypes(weak('float32'), strong('int16'))).toEqual(weak('float32'));
    expect(promoteTypes(weak('int32'), weak('float32'))).toEqual(weak('float32'));
  });

  test('refuses what JAX refuses', () => {
    expect(() => promoteTypes(strong('float8_e5m2'), strong('float8_e4m3fn'))).toThrow(DtypeError);
    expect(() => promoteTypes()).toThrow(DtypeError);
  });

  test('is commutative and idempotent', () => {
    const type = fc.record({ dtype: fc.constantFrom(...DTYPES), weakType: fc.constant(false) });
    const attempt = (a: TypeInfo, b: TypeInfo) => {
      try {
        return promoteTypes(a, b).dtype;
      } catch (e) {
        return (e as Error).name;
      }
    };
    fc.assert(fc.property(type, type, (a, b) => attempt(a, b) === attempt(b, a) && attempt(a, a) === a.dtype));
  });
});

test('names and kinds', () => {
  expect(isDtype('float32')).toBe(true);
  expect(isDtype('float33')).toBe(false);
  expect(dtypeKind('uint4')).toBe('uint');
  expect(dtypeKind('bfloat16')).toBe('float');
  expect(dtypeKind('complex64')).toBe('complex');
});
