import { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext, RegionBody } from '../core/lowering';
import { i64s } from './ops';

/** Geometry of a sliding window: one entry for each dimension of the array. */
export interface WindowAttributes {
  windowDimensions: readonly number[];
  windowStrides: readonly number[];
  padding: readonly (readonly [number, number])[];
  baseDilation: readonly number[];
  windowDilation: readonly number[];
}

function pairs(padding: readonly (readonly [number, number])[]): string {
  const n = padding.length;
  return n === 0 ? 'dense<> : tensor<0x2xi64>' : `dense<[${padding.map(([lo, hi]) => `[${lo}, ${hi}]`).join(', ')}]> : tensor<${n}x2xi64>`;
}

/** Reduction of each window of several arrays by a region that gets accumulators, then elements. */
export function reduceWindow(ctx: LoweringContext, operands: readonly IrValue[], inits: readonly IrValue[], w: WindowAttributes, outs: readonly ShapedArray[], body: RegionBody): IrValue[] {
  const scalars = operands.map((x) => new ShapedArray([], x.aval.dtype));
  const attrs = `window_dimensions = ${i64s(w.windowDimensions)}, window_strides = ${i64s(w.windowStrides)}, base_dilations = ${i64s(w.baseDilation)}, `
    + `window_dilations = ${i64s(w.windowDilation)}, padding = ${pairs(w.padding)}`;
  return ctx.emit('stablehlo.reduce_window', [...operands, ...inits], outs, attrs, [ctx.region([...scalars, ...scalars], body)]);
}

/** Puts each element of `source` where `choose` finds the element of its window of x; elements that meet are combined by `combine`. */
export function selectAndScatter(ctx: LoweringContext, x: IrValue, source: IrValue, init: IrValue, w: Pick<WindowAttributes, 'windowDimensions' | 'windowStrides' | 'padding'>, choose: RegionBody, combine: RegionBody): IrValue {
  const s = new ShapedArray([], x.aval.dtype);
  const attrs = `window_dimensions = ${i64s(w.windowDimensions)}, window_strides = ${i64s(w.windowStrides)}, padding = ${pairs(w.padding)}`;
  return ctx.emit('stablehlo.select_and_scatter', [x, source, init], [x.aval.strong()], attrs, [ctx.region([s, s], choose), ctx.region([s, s], combine)])[0]!;
}
