import { scalarType, ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext, RegionBody } from '../core/lowering';
import type { Block } from './block';
import { tensorType } from './types';

/** Text of an i64 array attribute. */
export function i64s(values: readonly number[]): string {
  return values.length === 0 ? 'array<i64>' : `array<i64: ${values.join(', ')}>`;
}

/** Any operation with one result. */
export function op(ctx: LoweringContext, name: string, operands: readonly IrValue[], out: ShapedArray, attrs = '', regions: readonly string[] = []): IrValue {
  return ctx.emit(`stablehlo.${name}`, operands, [out], attrs, regions)[0]!;
}

/** An elementwise operation whose operands and result are all of one type. */
export function same(ctx: LoweringContext, name: string, operands: readonly IrValue[]): IrValue {
  return (ctx as Block).same(name, operands, operands[0]!.aval);
}

/** An operation of one operand in its short form. */
function map(ctx: LoweringContext, name: string, x: IrValue, attrs: string, out: ShapedArray): IrValue {
  return (ctx as Block).one(`stablehlo.${name} ${x.name}${attrs} : (${tensorType(x.aval)}) -> ${tensorType(out)}`, out);
}

export const add = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'add', [x, y]);
export const subtract = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'subtract', [x, y]);
export const multiply = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'multiply', [x, y]);
export const divide = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'divide', [x, y]);
export const maximum = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'maximum', [x, y]);
export const minimum = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'minimum', [x, y]);
export const and = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'and', [x, y]);
export const or = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'or', [x, y]);
export const xor = (ctx: LoweringContext, x: IrValue, y: IrValue) => same(ctx, 'xor', [x, y]);
export const negate = (ctx: LoweringContext, x: IrValue) => same(ctx, 'negate', [x]);
export const not = (ctx: LoweringContext, x: IrValue) => same(ctx, 'not', [x]);

export type Direction = 'EQ' | 'NE' | 'LT' | 'LE' | 'GT' | 'GE';

/** Elementwise comparison; `total` orders NaN above every number and −0 below 0. */
export function compare(ctx: LoweringContext, direction: Direction, x: IrValue, y: IrValue, total = false): IrValue {
  const d = x.aval.dtype;
  const type = d === 'bool' || d.startsWith('uint') ? 'UNSIGNED' : d.startsWith('int') ? 'SIGNED' : total ? 'TOTALORDER' : 'FLOAT';
  const operand = tensorType(x.aval);
  const out = x.aval.withDtype('bool');
  return (ctx as Block).one(`stablehlo.compare ${direction}, ${x.name}, ${y.name}, ${type} : (${operand}, ${operand}) -> ${tensorType(out)}`, out);
}

export function select(ctx: LoweringContext, pred: IrValue, onTrue: IrValue, onFalse: IrValue): IrValue {
  return (ctx as Block).one(`stablehlo.select ${pred.name}, ${onTrue.name}, ${onFalse.name} : ${tensorType(pred.aval)}, ${tensorType(onTrue.aval)}`, onTrue.aval);
}

export function convert(ctx: LoweringContext, x: IrValue, out: ShapedArray): IrValue {
  return x.aval.dtype === out.dtype ? x : map(ctx, 'convert', x, '', out);
}

/** `dims[i]` is the output dimension that dimension i of x goes to. */
export function broadcastInDim(ctx: LoweringContext, x: IrValue, dims: readonly number[], out: ShapedArray): IrValue {
  return dims.length === 0 ? (ctx as Block).spread(x, out) : map(ctx, 'broadcast_in_dim', x, `, dims = [${dims.join(', ')}]`, out);
}

/** The position along a dimension. */
export function iota(ctx: LoweringContext, dimension: number, out: ShapedArray): IrValue {
  return op(ctx, 'iota', [], out, `iota_dimension = ${dimension} : i64`);
}

export function reshape(ctx: LoweringContext, x: IrValue, out: ShapedArray): IrValue {
  return map(ctx, 'reshape', x, '', out);
}

export function transpose(ctx: LoweringContext, x: IrValue, permutation: readonly number[], out = x.aval.withShape(permutation.map((p) => x.aval.shape[p]!))): IrValue {
  const of = x.view?.of ?? x;
  const whole = x.view === undefined ? permutation : permutation.map((p) => x.view!.permutation[p]!);
  if (whole.every((p, i) => p === i)) return of;
  return (ctx as Block).later(() => `stablehlo.transpose ${of.name}, dims = [${whole.join(', ')}] : (${tensorType(of.aval)}) -> ${tensorType(out)}`, out, { of, permutation: whole });
}

/** Elements from `start` to before `limit` of each dimension, by steps of `strides`; of 1 where these are left out. */
export function slice(ctx: LoweringContext, x: IrValue, start: readonly number[], limit: readonly number[], strides: readonly number[] = start.map(() => 1)): IrValue {
  const out = x.aval.withShape(start.map((s, i) => Math.ceil((limit[i]! - s) / strides[i]!)));
  return op(ctx, 'slice', [x], out, `start_indices = ${i64s(start)}, limit_indices = ${i64s(limit)}, strides = ${i64s(strides)}`);
}

/** x among a value: so much of it before and after each dimension, and between its elements; negative amounts cut off. */
export function pad(ctx: LoweringContext, x: IrValue, value: IrValue, low: readonly number[], high: readonly number[], interior: readonly number[] = low.map(() => 0)): IrValue {
  const out = x.aval.withShape(x.aval.shape.map((n, i) => n + low[i]! + high[i]! + Math.max(0, n - 1) * interior[i]!));
  return op(ctx, 'pad', [x, value], out, `edge_padding_low = ${i64s(low)}, edge_padding_high = ${i64s(high)}, interior_padding = ${i64s(interior)}`);
}

/** Arrays one after another along a dimension. */
export function concatenate(ctx: LoweringContext, parts: readonly IrValue[], dimension: number): IrValue {
  const first = parts[0]!.aval;
  const size = parts.reduce((n, x) => n + x.aval.shape[dimension]!, 0);
  return op(ctx, 'concatenate', parts, first.withShape(first.shape.map((n, i) => (i === dimension ? size : n))), `dimension = ${dimension} : i64`);
}

/** Floats rounded to fewer bits of exponent and mantissa. */
export function reducePrecision(ctx: LoweringContext, x: IrValue, exponentBits: number, mantissaBits: number): IrValue {
  return op(ctx, 'reduce_precision', [x], x.aval, `exponent_bits = ${exponentBits} : i32, mantissa_bits = ${mantissaBits} : i32`);
}

/** x backwards along dimensions. */
export function reverse(ctx: LoweringContext, x: IrValue, dimensions: readonly number[]): IrValue {
  return op(ctx, 'reverse', [x], x.aval, `dimensions = ${i64s(dimensions)}`);
}

/** Reduction of several operands over dimensions by a region that gets accumulators, then elements. */
export function reduce(ctx: LoweringContext, operands: readonly IrValue[], inits: readonly IrValue[], dims: readonly number[], outs: readonly ShapedArray[], body: RegionBody): IrValue[] {
  const scalars = operands.map((x) => scalarType(x.aval.dtype));
  return ctx.emit('stablehlo.reduce', [...operands, ...inits], outs, `dimensions = ${i64s(dims)}`, [ctx.region([...scalars, ...scalars], body)]);
}

/** A loop over values: the condition's region gives one bool, the body's the next values. `ordered`: the body has ordered callbacks. */
export function whileLoop(ctx: LoweringContext, inits: readonly IrValue[], cond: RegionBody, body: RegionBody, ordered = false): IrValue[] {
  if (ordered) {
    const last = inits.length;
    const outs = whileLoop(ctx, [...inits, ctx.takeOrder()], (c, v) => cond(c, v.slice(0, last)), (c, v) => {
      c.order = v[last]!;
      const next = body(c, v.slice(0, last));
      return [...next, c.takeOrder()];
    });
    ctx.order = outs.pop()!;
    return outs;
  }
  const types = inits.map((v) => v.aval);
  return ctx.emit('stablehlo.while', inits, types, '', [ctx.region(types, cond), ctx.region(types, body)]);
}

/** One of several branches, chosen by an int32 scalar that is clamped into range. Branches use values of the surrounding block. `ordered`: some have ordered callbacks. */
export function switchCase(ctx: LoweringContext, index: IrValue, outs: readonly ShapedArray[], branches: readonly RegionBody[], ordered = false): IrValue[] {
  if (ordered) {
    const before = ctx.takeOrder();
    const results = switchCase(ctx, index, [...outs, before.aval], branches.map((b) => (c, args) => {
      c.order = before;
      const values = b(c, args);
      return [...values, c.takeOrder()];
    }));
    ctx.order = results.pop()!;
    return results;
  }
  return ctx.emit('stablehlo.case', [index], outs, '', branches.map((b) => ctx.region([], b)));
}

/** The next state and random bits of XLA's generator, whose state is two (Philox: two or three) uint64 words. */
export function rngBitGenerator(ctx: LoweringContext, algorithm: 'DEFAULT' | 'THREE_FRY' | 'PHILOX', state: IrValue, bits: ShapedArray): [IrValue, IrValue] {
  return ctx.emit('stablehlo.rng_bit_generator', [state], [state.aval, bits], `rng_algorithm = #stablehlo<rng_algorithm ${algorithm}>`) as [IrValue, IrValue];
}

/** Numbers between two scalars from a generator of the device whose state a program does not see. */
export function rngUniform(ctx: LoweringContext, low: IrValue, high: IrValue, out: ShapedArray): IrValue {
  const shape = ctx.dense(out.shape, new ShapedArray([out.shape.length], 'int64'));
  return op(ctx, 'rng', [low, high, shape], out, 'rng_distribution = #stablehlo<rng_distribution UNIFORM>');
}

export { tensorType };

/** The operands, which the compiler may not merge with what computed them. */
export function optimizationBarrier(ctx: LoweringContext, operands: readonly IrValue[], outs: readonly ShapedArray[]): IrValue[] {
  return ctx.emit('stablehlo.optimization_barrier', operands, outs);
}
