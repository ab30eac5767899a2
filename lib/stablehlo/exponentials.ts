import type { IrValue, LoweringContext } from '../core/lowering';
import type { Block } from './block';
import { compare, same, select } from './ops';

type Exponential = 'exponential' | 'exponential_minus_one' | 'chlo.cosh' | 'chlo.sinh';

/**
 * An exponential, or a function made of some. XLA's CPU compiler takes one of a NaN that it knows of (an alternative of a select by a scalar, say) for
 * undefined and leaves its memory as it was, so in programs with such constants NaN goes by it.
 */
export function exponential(ctx: LoweringContext, name: Exponential, x: IrValue): IrValue {
  const value = name.startsWith('chlo') ? ctx.emit(name, [x], [x.aval])[0]! : same(ctx, name, [x]);
  if (ctx.platform !== 'cpu' || !(ctx as Block).module.hasNaN || x.aval.dtype.startsWith('complex')) return value;
  return select(ctx, compare(ctx, 'NE', x, x), x, value);
}
