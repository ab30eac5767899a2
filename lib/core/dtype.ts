import { DTYPES, type DType } from '../pjrt/types';
import { config } from './config';
import { DtypeError } from './errors';

export { DTYPES, type DType, isDtype } from '../pjrt/types';

export type DtypeKind = 'bool' | 'int' | 'uint' | 'float' | 'complex';

const KINDS = new Map(DTYPES.map((d): [DType, DtypeKind] => [d, (['bool', 'int', 'uint', 'complex'] as const).find((kind) => d.startsWith(kind)) ?? 'float']));

/** The family an element type belongs to. */
export function dtypeKind(dtype: DType): DtypeKind {
  return KINDS.get(dtype) ?? 'float';
}

// A node of the promotion lattice: an element type, or one of the three types of a JS number without a dtype.
type Node = DType | 'weak int' | 'weak float' | 'weak complex';

// JAX's type promotion lattice (JEP 9407): each node with the nodes directly above it.
const UP: Record<Node, readonly Node[]> = {
  bool: ['weak int'],
  // Integers below 8 bits go to no other type, and no type but bool and plain numbers goes to them.
  'weak int': ['uint2', 'int2', 'uint4', 'int4', 'uint8', 'int8'],
  uint2: [], int2: [], uint4: [], int4: [],
  uint8: ['int16', 'uint16'], uint16: ['int32', 'uint32'], uint32: ['int64', 'uint64'], uint64: ['weak float'],
  int8: ['int16'], int16: ['int32'], int32: ['int64'], int64: ['weak float'],
  'weak float': [
    'float4_e2m1fn', 'float8_e3m4', 'float8_e4m3', 'float8_e4m3fn', 'float8_e4m3b11fnuz', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu',
    'bfloat16', 'float16', 'weak complex',
  ],
  float4_e2m1fn: [], float8_e3m4: [], float8_e4m3: [], float8_e4m3fn: [], float8_e4m3b11fnuz: [], float8_e4m3fnuz: [],
  float8_e5m2: [], float8_e5m2fnuz: [], float8_e8m0fnu: [],
  bfloat16: ['float32'], float16: ['float32'],
  float32: ['float64', 'complex64'],
  float64: ['complex128'],
  'weak complex': ['complex64'],
  complex64: ['complex128'],
  complex128: [],
};

// Without 64-bit types no narrower ones go to them together: beside signed integers uint32 goes to int32.
const UP_NARROW: Record<Node, readonly Node[]> = { ...UP, uint32: ['int32', 'uint64'] };

function upperBounds(up: Record<Node, readonly Node[]>, node: Node, seen = new Set<Node>()): Set<Node> {
  if (!seen.has(node)) {
    seen.add(node);
    for (const next of up[node]) upperBounds(up, next, seen);
  }
  return seen;
}

const boundsIn = (up: Record<Node, readonly Node[]>) => new Map((Object.keys(up) as Node[]).map((n) => [n, upperBounds(up, n)]));
const BOUNDS = { wide: boundsIn(UP), narrow: boundsIn(UP_NARROW) };

/** An element type and whether it is weak: weak types come from plain JS numbers and give way to any array's type. */
export interface TypeInfo {
  readonly dtype: DType;
  readonly weakType: boolean;
}

function toNode({ dtype, weakType }: TypeInfo): Node {
  if (!weakType) return dtype;
  const kind = dtypeKind(dtype);
  if (kind === 'bool') return 'bool';
  return kind === 'uint' || kind === 'int' ? 'weak int' : kind === 'float' ? 'weak float' : 'weak complex';
}

const WEAK_DTYPE: Partial<Record<Node, readonly [DType, DType]>> = { 'weak int': ['int32', 'int64'], 'weak float': ['float32', 'float64'], 'weak complex': ['complex64', 'complex128'] };

/** Whether a type is of integers, with a sign or without. */
export function isIntegral(dtype: DType): boolean {
  const kind = dtypeKind(dtype);
  return kind === 'int' || kind === 'uint';
}

/** The type of the real and imaginary parts of a complex type; any other type itself. */
export function realDtype(dtype: DType): DType {
  return dtype === 'complex64' ? 'float32' : dtype === 'complex128' ? 'float64' : dtype;
}

/** The complex type whose parts hold a type's values: of single precision but for float64; a complex type itself. */
export function complexDtype(dtype: DType): DType {
  return dtypeKind(dtype) === 'complex' ? dtype : dtype === 'float64' ? 'complex128' : 'complex64';
}

/**
 * The least upper bound of several element types in JAX's lattice, weak results being of 32 bits unless 64-bit types are on; that of booleans is never weak.
 *
 * Mirrors `jax.dtypes.result_type`.
 *
 * @throws DtypeError where no implicit promotion exists (two different float8 types, say), or nothing was given.
 */
export function promoteTypes(...types: readonly TypeInfo[]): TypeInfo {
  if (types.length === 0) throw new DtypeError('promoteTypes: expected at least one type, got none');
  if (types.length !== 2) return leastUpperBound(types);
  // Of pairs there are few, and nearly every operation asks for one.
  const [a, b] = types as readonly [TypeInfo, TypeInfo];
  const pairs = PAIRS[config.enableX64 ? 1 : 0];
  const first = (a.weakType ? pairs.weak : pairs.strong)[a.dtype] ??= { strong: {}, weak: {} };
  return (b.weakType ? first.weak : first.strong)[b.dtype] ??= leastUpperBound(types);
}

interface ByType<T> {
  strong: Partial<Record<DType, T>>;
  weak: Partial<Record<DType, T>>;
}
const PAIRS: readonly [ByType<ByType<TypeInfo>>, ByType<ByType<TypeInfo>>] = [{ strong: {}, weak: {} }, { strong: {}, weak: {} }];

function leastUpperBound(types: readonly TypeInfo[]): TypeInfo {
  const nodes = [...new Set(types.map(toNode))];
  const bounds = config.enableX64 ? BOUNDS.wide : BOUNDS.narrow;
  const common = [...bounds.get(nodes[0]!)!].filter((n) => nodes.every((m) => bounds.get(m)!.has(n)));
  const least = common.find((n) => common.every((m) => bounds.get(n)!.has(m)));
  if (least === undefined) {
    const given = types.map((t) => t.dtype).join(', ');
    throw new DtypeError(`promoteTypes: no implicit promotion of ${given}; convert one of them with astype first`);
  }
  const weak = WEAK_DTYPE[least]?.[config.enableX64 ? 1 : 0];
  return weak ? { dtype: weak, weakType: true } : { dtype: least as DType, weakType: false };
}
