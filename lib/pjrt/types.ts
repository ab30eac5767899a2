/** Element types, by JAX's names. */
export const DTYPES = [
  'bool',
  'int2', 'int4', 'int8', 'int16', 'int32', 'int64',
  'uint2', 'uint4', 'uint8', 'uint16', 'uint32', 'uint64',
  'float4_e2m1fn',
  'float8_e3m4', 'float8_e4m3', 'float8_e4m3fn', 'float8_e4m3b11fnuz', 'float8_e4m3fnuz',
  'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu',
  'bfloat16', 'float16', 'float32', 'float64',
  'complex64', 'complex128',
] as const;

/** The name of an element type. */
export type DType = (typeof DTYPES)[number];

const KNOWN: ReadonlySet<string> = new Set(DTYPES);

/** Whether `name` is one of {@link DTYPES}. @example [pjrt.isDtype('bfloat16'), pjrt.isDtype('float')]; // [true, false] */
export function isDtype(name: unknown): name is DType {
  return typeof name === 'string' && KNOWN.has(name);
}
