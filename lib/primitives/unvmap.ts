import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { lowest } from '../core/limits';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, definePrimitive, type Sample, type SinglePrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { larger } from '../stablehlo/extremes';
import { ne } from './elementwise';
import { like, range } from './structural';

// Operations that see through vmap: their batching rule applies them to all lanes at once, and the result is the same for all.

/** What the tests of a mapped run compare, lane by lane, is not what these do. */
const ACROSS = { vmap: 'its result is of all lanes together' };

function across(name: string, identity: (dtype: DType) => Parameters<LoweringContext['splat']>[0], combine: (ctx: LoweringContext, x: IrValue, y: IrValue) => IrValue, sample: () => readonly Sample<object>[], boolean: boolean): SinglePrimitive<object> {
  const p: SinglePrimitive<object> = definePrimitive<object>({
    name,
    abstract: ([x]) => {
      if (dtypeKind(x!.dtype) === 'complex' || (boolean && x!.dtype !== 'bool')) throw new DtypeError(`${name}: expected ${boolean ? 'booleans' : 'real numbers'}, got ${x}`);
      return new ShapedArray([], x!.dtype, x!.weakType);
    },
    lower: (ctx, [x], _, out) => hlo.reduce(ctx, [x!], [ctx.splat(identity(out.dtype), out)], range(x!.aval.ndim), [out], (c, [a, b]) => [combine(c, a!, b!)])[0]!,
    jvp: absent('it steers loops and is not to be differentiated'),
    transpose: absent(`${name} is not linear`),
    batch: (_axis, [x]) => [p.bind({}, x!), null],
    sample,
  });
  return p;
}

const bools = () => [{ inputs: [{ shape: [2, 3], dtype: 'bool' }], params: {}, skip: ACROSS }];
const unvmapAnyP = across('unvmap_any', () => false, hlo.or, bools, true);
const unvmapAllP = across('unvmap_all', () => true, hlo.and, bools, true);
const unvmapMaxP = across('unvmap_max', lowest, larger, () => [{ inputs: [{ shape: [4], dtype: 'int32', low: -9, high: 9 }], params: {}, skip: ACROSS }], false);

const noVmapP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'no_vmap',
  abstract: ([x]) => x!,
  lower: (_ctx, [x]) => x!,
  jvp: absent('it steers loops and is not to be differentiated'),
  transpose: absent('it is not to be differentiated'),
  batch: (_axis, [x]) => [noVmapP.bind({}, x!), null],
  sample: () => [{ inputs: [{ shape: [2, 3], dtype: 'int32' }], params: {}, skip: ACROSS }],
});

const truth = (x: Array) => (x.dtype === 'bool' ? x : ne(x, like(x, 0)));

/** Whether any element of any lane is true. */
export const unvmapAny = (x: Array): Array => unvmapAnyP.bind({}, truth(x));
/** Whether all elements of all lanes are true. */
export const unvmapAll = (x: Array): Array => unvmapAllP.bind({}, truth(x));
/** The largest element of all lanes. */
export const unvmapMax = (x: Array): Array => unvmapMaxP.bind({}, x);
/** The array with the mapped dimensions as dimensions like others. */
export const noVmap = (x: Array): Array => noVmapP.bind({}, x);
