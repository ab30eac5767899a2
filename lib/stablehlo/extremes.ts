import { realDtype } from '../core/dtype';
import type { IrValue, LoweringContext } from '../core/lowering';
import { compare, maximum, minimum, op, select } from './ops';

function lexicographic(ctx: LoweringContext, direction: 'GT' | 'LT', x: IrValue, y: IrValue): IrValue {
  const part = x.aval.withDtype(realDtype(x.aval.dtype));
  const [rx, ry, ix, iy] = [op(ctx, 'real', [x], part), op(ctx, 'real', [y], part), op(ctx, 'imag', [x], part), op(ctx, 'imag', [y], part)];
  const first = select(ctx, compare(ctx, 'EQ', rx, ry), compare(ctx, direction, ix, iy), compare(ctx, direction, rx, ry));
  return select(ctx, first, x, y);
}

/** The larger element; complex numbers are ordered by real, then by imaginary part. NaN wins among real numbers. */
export function larger(ctx: LoweringContext, x: IrValue, y: IrValue): IrValue {
  return x.aval.dtype.startsWith('complex') ? lexicographic(ctx, 'GT', x, y) : maximum(ctx, x, y);
}

/** The smaller element, ordered as {@link larger} orders. */
export function smaller(ctx: LoweringContext, x: IrValue, y: IrValue): IrValue {
  return x.aval.dtype.startsWith('complex') ? lexicographic(ctx, 'LT', x, y) : minimum(ctx, x, y);
}
