import { config } from '../core/config';
import { type DType, realDtype } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { pythonRecord, Verbatim } from '../core/pythonText';
import type { DotAlgorithmAttr } from '../stablehlo/contraction';

// How exactly matrix products and convolutions multiply. Platforms that multiply float32 exactly by default (CPUs do) give the same for all three.

export type Precision = 'DEFAULT' | 'HIGH' | 'HIGHEST';

/** What a matrix product computes in, step by step. Mirrors `jax.lax.DotAlgorithm`. */
export interface DotAlgorithm {
  /** Element type that the left operand is rounded to. */
  readonly lhsPrecisionType: DType | 'tensorfloat32';
  /** Element type that the right operand is rounded to. */
  readonly rhsPrecisionType: DType | 'tensorfloat32';
  /** Element type of the sums. */
  readonly accumulationType: DType;
  /** Into how many parts the left operand is split. */
  readonly lhsComponentCount?: number;
  /** Into how many parts the right operand is split. */
  readonly rhsComponentCount?: number;
  /** How many products of parts are taken. */
  readonly numPrimitiveOperations?: number;
  /** Whether sums may be less exact. */
  readonly allowImpreciseAccumulation?: boolean;
}

interface PresetSpec {
  /** Operand types the algorithm takes; others are converted to the first. Null: any. */
  operands: readonly DType[] | null;
  accumulation: DType | null;
  /** Result types it can give; others come by conversion from the first. Default: the accumulation type. */
  results?: (bothOperandsAre: (d: DType) => boolean) => readonly DType[];
  /** Type and number of the components each operand is split into, and the number of products of them. Null: no attribute is written. */
  split: readonly [type: DType | 'tensorfloat32', operations: number] | 'float8' | null;
  fast?: boolean;
  onCpu?: boolean;
}

const F8_RESULTS: readonly DType[] = ['float32', 'float16', 'bfloat16', 'float8_e4m3fn', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e4m3fnuz', 'float8_e4m3b11fnuz'];
const F32: readonly DType[] = ['float32'];
const BF16_OR_F32: readonly DType[] = ['bfloat16', 'float32'];

const PRESETS = {
  DEFAULT: { operands: null, accumulation: null, split: null, onCpu: true },
  ANY_F8_ANY_F8_F32: { operands: null, accumulation: 'float32', results: () => F8_RESULTS, split: 'float8' },
  ANY_F8_ANY_F8_F32_FAST_ACCUM: { operands: null, accumulation: 'float32', results: () => F8_RESULTS, split: 'float8', fast: true },
  ANY_F8_ANY_F8_ANY: { operands: null, accumulation: null, split: 'float8' },
  ANY_F8_ANY_F8_ANY_FAST_ACCUM: { operands: null, accumulation: null, split: 'float8' },
  F16_F16_F16: { operands: ['float16'], accumulation: 'float16', split: ['float16', 1], onCpu: true },
  F16_F16_F32: { operands: ['float16'], accumulation: 'float32', results: (are) => (are('float16') ? ['float32', 'float16'] : F32), split: ['float16', 1] },
  BF16_BF16_BF16: { operands: BF16_OR_F32, accumulation: 'bfloat16', split: ['bfloat16', 1] },
  BF16_BF16_F32: { operands: BF16_OR_F32, accumulation: 'float32', results: (are) => (are('bfloat16') ? ['float32', 'bfloat16'] : F32), split: ['bfloat16', 1], onCpu: true },
  BF16_BF16_F32_X3: { operands: F32, accumulation: 'float32', split: ['bfloat16', 3], onCpu: true },
  BF16_BF16_F32_X6: { operands: F32, accumulation: 'float32', split: ['bfloat16', 6], onCpu: true },
  BF16_BF16_F32_X9: { operands: F32, accumulation: 'float32', split: ['bfloat16', 9] },
  TF32_TF32_F32: { operands: F32, accumulation: 'float32', split: ['tensorfloat32', 1] },
  TF32_TF32_F32_X3: { operands: F32, accumulation: 'float32', split: ['tensorfloat32', 3] },
  F32_F32_F32: { operands: F32, accumulation: 'float32', split: ['float32', 1], onCpu: true },
  F64_F64_F64: { operands: ['float64'], accumulation: 'float64', split: ['float64', 1], onCpu: true },
} as const satisfies Record<string, PresetSpec>;

/** Names of the ready-made algorithms. Mirrors `jax.lax.DotAlgorithmPreset`. */
export type DotAlgorithmPreset = keyof typeof PRESETS;
/** All names of ready-made algorithms of products. */
export const DOT_ALGORITHM_PRESETS = Object.keys(PRESETS) as DotAlgorithmPreset[];

/** A precision in an equation's parameters: a pair, an algorithm, or null for what the platform does by default. */
export type CanonicalPrecision = readonly [Precision, Precision] | DotAlgorithmPreset | DotAlgorithm | null;

/** A precision as users give it: `'highest'`, a pair of such names, a preset's name or an algorithm. Mirrors `jax.lax.PrecisionLike`. */
export type PrecisionLike = string | readonly [string, string] | DotAlgorithm | null | undefined;

const NAMES: Record<string, Precision> = {
  default: 'DEFAULT', high: 'HIGH', highest: 'HIGHEST', fastest: 'DEFAULT', bfloat16: 'DEFAULT', bfloat16_3x: 'HIGH', tensorfloat32: 'HIGH', float32: 'HIGHEST',
  DEFAULT: 'DEFAULT', HIGH: 'HIGH', HIGHEST: 'HIGHEST',
};

/**
 * Brings a precision to the form that equations hold; `undefined` and `null` give `config.defaultMatmulPrecision`.
 *
 * @throws ArgumentError for anything that names no precision. Mirrors `jax.lax.canonicalize_precision`.
 */
export function canonicalizePrecision(op: string, precision: PrecisionLike): CanonicalPrecision {
  if (precision === null || precision === undefined) return config.defaultMatmulPrecision === null ? null : canonicalizePrecision(op, config.defaultMatmulPrecision);
  if (typeof precision === 'string') {
    if (Object.hasOwn(NAMES, precision)) return [NAMES[precision]!, NAMES[precision]!];
    if (Object.hasOwn(PRESETS, precision)) return precision as DotAlgorithmPreset;
  } else if (globalThis.Array.isArray(precision)) {
    const pair = (precision as readonly unknown[]).map((p) => (typeof p === 'string' && Object.hasOwn(NAMES, p) ? NAMES[p]! : null));
    if (pair.length === 2 && pair[0] !== null && pair[1] !== null) return pair as unknown as [Precision, Precision];
  } else if (typeof precision === 'object' && 'accumulationType' in precision) {
    const { lhsPrecisionType, rhsPrecisionType, accumulationType, lhsComponentCount = 1, rhsComponentCount = 1, numPrimitiveOperations = 1, allowImpreciseAccumulation = false } = precision;
    return { lhsPrecisionType, rhsPrecisionType, accumulationType, lhsComponentCount, rhsComponentCount, numPrimitiveOperations, allowImpreciseAccumulation };
  }
  throw new ArgumentError(`${op}: expected precision to be null, one of ${Object.keys(NAMES).slice(0, 8).join(', ')}, a pair of them, a DotAlgorithm or the name of a preset (${
    DOT_ALGORITHM_PRESETS.join(', ')}), got ${JSON.stringify(precision)}`);
}

/** Whether a precision names an algorithm and not a pair. */
export function isAlgorithm(p: CanonicalPrecision): p is DotAlgorithm | DotAlgorithmPreset {
  return typeof p === 'string' || (p !== null && !globalThis.Array.isArray(p));
}

/** A precision as it is printed in jaxprs. */
export function printedPrecision(p: CanonicalPrecision): unknown {
  if (p === null || typeof p === 'string') return p;
  if (isAlgorithm(p)) return pythonRecord('DotAlgorithm', p);
  return new Verbatim(`(Precision.${p[0]}, Precision.${p[1]})`);
}

export interface DotPlan {
  lhs: DType;
  rhs: DType;
  /** Type the product has before it is converted to that of the result. */
  product: DType;
  attr: DotAlgorithmAttr | null;
}

/** Types that a product by an algorithm is done in. @throws ArgumentError where the platform does not have it */
export function planAlgorithm(op: string, algorithm: DotAlgorithm | DotAlgorithmPreset, platform: string, lhs: DType, rhs: DType, out: DType): DotPlan {
  const preset: PresetSpec | null = typeof algorithm === 'string' ? PRESETS[algorithm] : null;
  // XLA's CPU compiler would ignore an algorithm that it does not have.
  if (platform === 'cpu' && !preset?.onCpu) throw new ArgumentError(`${op}: the precision ${typeof algorithm === 'string' ? algorithm : JSON.stringify(algorithm)} is not supported on CPU`);
  if (preset === null) {
    const a = algorithm as Required<DotAlgorithm>;
    const input = (d: DType | 'tensorfloat32'): DType => (d === 'tensorfloat32' ? 'float32' : d);
    return {
      lhs: input(a.lhsPrecisionType), rhs: input(a.rhsPrecisionType), product: a.accumulationType,
      attr: {
        lhs: a.lhsPrecisionType, rhs: a.rhsPrecisionType, accumulation: a.accumulationType, lhsComponents: a.lhsComponentCount, rhsComponents: a.rhsComponentCount,
        operations: a.numPrimitiveOperations, impreciseAccumulation: a.allowImpreciseAccumulation,
      },
    };
  }
  const accepted = (d: DType, allowed: readonly DType[] | null) => (allowed === null || allowed.includes(d) ? d : allowed[0]!);
  const l = accepted(lhs, preset.operands);
  const r = accepted(rhs, preset.operands);
  const results = preset.results ? preset.results((d) => l === d && r === d) : preset.accumulation && [preset.accumulation];
  const product = accepted(out, results);
  if (preset.split === null) return { lhs: l, rhs: r, product, attr: null };
  if (preset.split === 'float8') {
    if (!l.startsWith('float8') || !r.startsWith('float8')) throw new DtypeError(`${op}: the precision ${String(algorithm)} expects two float8 operands, got ${l} and ${r}`);
    return { lhs: l, rhs: r, product, attr: { lhs: l, rhs: r, accumulation: 'float32', lhsComponents: 1, rhsComponents: 1, operations: 1, impreciseAccumulation: preset.fast ?? false } };
  }
  const [type, operations] = preset.split;
  return { lhs: l, rhs: r, product, attr: { lhs: type, rhs: type, accumulation: preset.accumulation!, lhsComponents: 1, rhsComponents: 1, operations, impreciseAccumulation: false } };
}

// Facts of float types that decide which of two operand types a product of mixed types has: largest exponent, digits of the mantissa.
const EXPONENT_AND_DIGITS: Partial<Record<DType, readonly [number, number]>> = {
  float4_e2m1fn: [3, 1], float8_e3m4: [4, 4], float8_e4m3: [8, 3], float8_e4m3fn: [9, 3], float8_e4m3b11fnuz: [5, 3], float8_e4m3fnuz: [8, 3],
  float8_e5m2: [16, 2], float8_e5m2fnuz: [16, 2], float8_e8m0fnu: [128, 0], bfloat16: [128, 7], float16: [16, 10], float32: [128, 23], float64: [1024, 52],
};

function rank(d: DType): readonly number[] {
  const complex = d.startsWith('complex');
  const part = realDtype(d);
  const [exponent, digits] = EXPONENT_AND_DIGITS[part] ?? [-1, -1];
  return [complex ? 1 : 0, exponent, digits, dtypeBits(part), part.startsWith('uint') ? 0 : 1];
}

/** Bits of a real element type. */
export function dtypeBits(d: DType): number {
  return d === 'bool' ? 1 : Number(/\d+/.exec(d)![0]);
}

/** The type of a product of two types, as XLA infers it. @throws DtypeError where neither is the higher */
export function productDtype(op: string, lhs: DType, rhs: DType): DType {
  if (lhs === rhs) return lhs;
  const l = rank(lhs);
  const r = rank(rhs);
  for (let i = 0; i < l.length; i++) if (l[i] !== r[i]) return l[i]! > r[i]! ? lhs : rhs;
  throw new DtypeError(`${op}: expected operands of which one has the higher dtype, got ${lhs} and ${rhs}; convert one with astype`);
}
