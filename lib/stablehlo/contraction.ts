import type { DType } from '../core/dtype';
import type { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext, ProductValue, SumsValue } from '../core/lowering';
import { i64s, negate, op, reshape, slice } from './ops';
import type { Block } from './block';
import { byRows, elementType, tensorType } from './types';

// Matrix products and convolutions.

const list = (dims: readonly number[]) => (dims.length === 0 ? '[]' : dims.length === 1 ? `[${dims[0]}]` : `[${dims.join(', ')}]`);

/** How exactly a platform is to multiply: the choices are DEFAULT, HIGH and HIGHEST, one for each operand. */
export type PrecisionPair = readonly [string, string];

const precisionText = (precision: PrecisionPair | null) => (precision === null ? '' : `, precision = [${precision[0]}, ${precision[1]}]`);

function precisionConfig(precision: PrecisionPair | null): string {
  const [x, y] = precision ?? ['DEFAULT', 'DEFAULT'];
  return `precision_config = [#stablehlo<precision ${x}>, #stablehlo<precision ${y}>]`;
}

/** What a product computes in, step by step. */
export interface DotAlgorithmAttr {
  lhs: DType | 'tensorfloat32';
  rhs: DType | 'tensorfloat32';
  accumulation: DType;
  lhsComponents: number;
  rhsComponents: number;
  operations: number;
  impreciseAccumulation: boolean;
}

export interface DotAttrs {
  lhsBatch: readonly number[];
  rhsBatch: readonly number[];
  lhsContract: readonly number[];
  rhsContract: readonly number[];
  precision: PrecisionPair | null;
  algorithm: DotAlgorithmAttr | null;
}

const algorithmType = (d: DotAlgorithmAttr['lhs']) => (d === 'tensorfloat32' ? 'tf32' : elementType(d));

export function dotGeneral(ctx: LoweringContext, x: IrValue, y: IrValue, a: DotAttrs, out: ShapedArray): IrValue {
  const g = a.algorithm;
  if (g === null) {
    const batch = a.lhsBatch.length === 0 ? '' : `batching_dims = ${list(a.lhsBatch)} x ${list(a.rhsBatch)}, `;
    return (ctx as Block).one(`stablehlo.dot_general ${x.name}, ${y.name}, ${batch}contracting_dims = ${list(a.lhsContract)} x ${list(a.rhsContract)}${precisionText(a.precision)} : (${
      tensorType(x.aval)}, ${tensorType(y.aval)}) -> ${tensorType(out)}`, out);
  }
  const algorithm = `, algorithm = #stablehlo.dot_algorithm<lhs_precision_type = ${algorithmType(g.lhs)}, rhs_precision_type = ${algorithmType(g.rhs)}, `
    + `accumulation_type = ${elementType(g.accumulation)}, lhs_component_count = ${g.lhsComponents}, rhs_component_count = ${g.rhsComponents}, `
    + `num_primitive_operations = ${g.operations}, allow_imprecise_accumulation = ${g.impreciseAccumulation}>`;
  return op(ctx, 'dot_general', [x, y], out, `dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = ${list(a.lhsBatch)}, rhs_batching_dimensions = ${list(a.rhsBatch)}, `
    + `lhs_contracting_dimensions = ${list(a.lhsContract)}, rhs_contracting_dimensions = ${list(a.rhsContract)}>, ${precisionConfig(a.precision)}${algorithm}`);
}

/** A dimension of a product: its size, and how far apart the elements along it lie in each array, 0 where it has none. */
export interface PlanDim {
  readonly size: number;
  readonly x: number;
  readonly y: number;
  readonly out: number;
}

/** Matrices of m × k and k × n elements, for each position in the loops; summed up over k and the inner dimensions. */
export interface MatrixPlan {
  readonly m: PlanDim;
  readonly n: PlanDim;
  readonly k: PlanDim;
  readonly loops: readonly PlanDim[];
  readonly inner: readonly PlanDim[];
}

/** Operations of products, for half a millisecond on one core. */
const LONG = 1e8;
/** XLA runs a program inside of the call that starts it if it counts fewer operations than 1000 in it, and it counts none in our functions. */
const COUNTED = 1024;

/** An operand that makes XLA run a long program on its own threads; null: nothing here can. */
function pace(ctx: LoweringContext, x: IrValue): IrValue | null {
  if (x.aval.size < COUNTED) return null;
  const flat = reshape(ctx, x, x.aval.withShape([x.aval.size]));
  return negate(ctx, slice(ctx, flat, [0], [COUNTED]));
}

/** For a call of the addon's own that does so many operations: the operand more that it needs where it makes the program a long one; else null. */
export function paced(ctx: LoweringContext, operands: readonly IrValue[], work: number): IrValue | null {
  const { module } = ctx as Block;
  const before = module.productWork;
  module.productWork += work;
  if (before >= LONG || module.productWork < LONG) return null;
  return operands.reduce<IrValue | null>((made, x) => made ?? pace(ctx, x), null);
}

/** A product of matrices that lie in x and y as the plan says, by the addon's own function (native/blas.cc). */
export function product(ctx: LoweringContext, x: IrValue, y: IrValue, plan: MatrixPlan, out: ShapedArray): IrValue {
  const block = ctx as Block;
  const { module } = block;
  const { m, n, k, loops, inner } = plan;
  const dims = [m, n, k, ...loops, ...inner];
  const extra = paced(ctx, [x, y], 2 * dims.reduce((all, d) => all * d.size, 1));
  const numbers = [loops.length, inner.length, ...dims.flatMap((d) => [d.size, d.x, d.y, d.out])];
  const emit = (addend: IrValue | null, scale: IrValue | null, bias: IrValue | null = null, ramp = false): IrValue => {
    const operands = [x, y, addend, scale, bias, extra].filter((v) => v !== null);
    const at = (v: IrValue | null) => (v === null ? -1 : operands.indexOf(v));
    const alias = addend === null ? '' : ', output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 2, operand_tuple_indices = []>]';
    const sum = addend === null && scale === null ? '' : `, sum = ${i64s([at(addend), at(scale)])}`;
    const then = bias === null && !ramp ? '' : `, after = ${i64s([at(bias), ramp ? 1 : 0])}`;
    const made = ctx.emit('stablehlo.custom_call', operands, [out], `call_target_name = "xs_product", api_version = 4 : i32, backend_config = {plan = ${i64s(numbers)}${sum}${then}}, `
      + `${byRows(operands, [out])}${alias}`)[0]!;
    module.products.add(made.name);
    return { ...made, own: true };
  };
  const made = emit(null, null);
  const line = block.lines.length - 1;
  const addTo = (addend: IrValue, scale: IrValue | null): IrValue | null => {
    // What is written over would be read.
    if (addend.name === x.name || addend.name === y.name) return null;
    const sum = emit(addend, scale);
    block.replace(line, made, sum);
    block.overwrite(addend, sum);
    return sum;
  };
  const last = out.shape[out.ndim - 1];
  const again = (of: IrValue, at: number, bias: IrValue | null, ramp: boolean): IrValue => {
    const by = emit(null, null, bias, ramp);
    block.replace(at, of, by);
    return by;
  };
  const sums = (of: IrValue, at: number, bias: IrValue | null): SumsValue => ({
    // Where more than one operation reads the sum, XLA adds the numbers in one loop with them.
    plus: (numbers) => {
      if (bias !== null || !block.usedOnce || n.size === 1 || n.size !== last || n.out !== 1 || numbers.aval.dtype !== out.dtype || numbers.aval.ndim !== out.ndim) return null;
      if (!numbers.aval.shape.every((size, d) => size === (d === out.ndim - 1 ? last : 1))) return null;
      const by = again(of, at, numbers, false);
      return { ...by, sums: sums(by, block.lines.length - 1, numbers) };
    },
    ramp: () => again(of, at, bias, true),
    pool: () => null,
  });
  return { ...made, product: { of: made.name, scale: null, addTo }, sums: sums(made, line, null) };
}

/** A product times a number, which is the product's still for what adds it to something. */
export function scaledProduct(ctx: LoweringContext, product: ProductValue, scale: IrValue, scaled: IrValue): IrValue {
  const block = ctx as Block;
  const line = block.lines.length - 1;
  const addTo = (addend: IrValue, by: IrValue | null): IrValue | null => {
    const sum = product.addTo(addend, by);
    if (sum !== null) block.replace(line, scaled, sum);
    return sum;
  };
  return { ...scaled, own: true, product: { of: product.of, scale, addTo } };
}

/** The value x, where it is, once the others are there (native/blas.cc). */
export function after(ctx: LoweringContext, x: IrValue, others: readonly IrValue[]): IrValue {
  return ctx.emit('stablehlo.custom_call', [x, ...others], [x.aval], 'call_target_name = "xs_after", api_version = 4 : i32, '
    + 'output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 0, operand_tuple_indices = []>]')[0]!;
}

export interface ConvolutionAttrs {
  /** Positions of batch, feature and spatial dimensions in the left operand, of output feature, input feature and spatial ones in the kernel, and of batch, feature and spatial ones in the result. */
  lhsSpec: readonly number[];
  rhsSpec: readonly number[];
  outSpec: readonly number[];
  windowStrides: readonly number[];
  padding: readonly (readonly [number, number])[];
  lhsDilation: readonly number[];
  rhsDilation: readonly number[];
  featureGroupCount: number;
  batchGroupCount: number;
  precision: PrecisionPair | null;
}

function layout(spec: readonly number[], first: string, second: string): string {
  const names = new Array<string | number>(spec.length);
  names[spec[0]!] = first;
  names[spec[1]!] = second;
  for (let i = 2; i < spec.length; i++) names[spec[i]!] = i - 2;
  return `[${names.join(', ')}]`;
}

export function convolution(ctx: LoweringContext, x: IrValue, y: IrValue, a: ConvolutionAttrs, out: ShapedArray): IrValue {
  const n = a.windowStrides.length;
  const padding = n === 0 ? 'dense<> : tensor<0x2xi64>' : `dense<[${a.padding.map(([lo, hi]) => `[${lo}, ${hi}]`).join(', ')}]> : tensor<${n}x2xi64>`;
  const reversal = n === 0 ? 'array<i1>' : `array<i1: ${new Array<string>(n).fill('false').join(', ')}>`;
  return op(ctx, 'convolution', [x, y], out, `dimension_numbers = #stablehlo.conv<${layout(a.lhsSpec, 'b', 'f')}x${layout(a.rhsSpec, 'o', 'i')}->${layout(a.outSpec, 'b', 'f')}>, `
    + `window_strides = ${i64s(a.windowStrides)}, padding = ${padding}, lhs_dilation = ${i64s(a.lhsDilation)}, rhs_dilation = ${i64s(a.rhsDilation)}, window_reversal = ${reversal}, `
    + `feature_group_count = ${a.featureGroupCount} : i64, batch_group_count = ${a.batchGroupCount} : i64, ${precisionConfig(a.precision)}`);
}
