import type { Array } from '../core/array';
import { type Shape, ShapedArray, sizeOf } from '../core/aval';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { ClosedJaxpr, type Jaxpr } from '../core/jaxpr';
import { type DType, dtypeKind } from '../core/dtype';
import type { IrValue, LoweringContext, RegionBody } from '../core/lowering';
import { pythonRecord } from '../core/pythonText';
import { absent, type AxisData, type BatchDim, definePrimitive, isUndefinedPrimal, type MaybeLinear, type MaybeZero, type PrimitiveRecord, type Sample, type SinglePrimitive } from '../core/primitive';
import { DifferentiationError } from '../interpreters/jvp';
import { stage } from '../interpreters/stage';
import { fixedOperand } from '../interpreters/transpose';
import { hlo } from '../stablehlo';
import { scatter as emitScatter } from '../stablehlo/indexing';
import { add, bitWidth, div, eq, max, min, mul, neg, sub, where } from './elementwise';
import { checkDimensions, checkIndices, comparisonDtype, gather, type GatherScatterMode, parseMode, printedMode } from './gather';
import { broadcastInDim, convert, full, iota, moveaxis, range, reshape, toFront, zerosLike } from './structural';

/** Which dimensions are which; the index vector is always the last dimension of the indices. Mirrors `jax.lax.ScatterDimensionNumbers`. */
export interface ScatterDimensionNumbers {
  /** Dimensions of the updates that run over a window, increasing. */
  readonly updateWindowDims: readonly number[];
  /** Dimensions of the operand that windows have size 1 in and the updates lack, increasing. */
  readonly insertedWindowDims: readonly number[];
  /** Dimension of the operand for each entry of an index vector. */
  readonly scatterDimsToOperandDims: readonly number[];
  /** Dimensions of the operand that go along with dimensions of the indices, increasing. */
  readonly operandBatchingDims: readonly number[];
  /** The dimensions of the indices that those go along with. */
  readonly scatterIndicesBatchingDims: readonly number[];
}

export interface ScatterParams {
  dimensionNumbers: ScatterDimensionNumbers;
  indicesAreSorted: boolean;
  mode: GatherScatterMode;
  uniqueIndices: boolean;
  /** Always empty: what combines values closes over no arrays. JAX prints it. */
  updateConsts: readonly never[];
  /** Combines an element of the operand and one of the updates; null: the update replaces it. */
  updateJaxpr: Jaxpr | null;
}

/** Sizes of a window in the operand. */
function windowSizes(rank: number, updates: Shape, d: ScatterDimensionNumbers): number[] {
  let next = 0;
  return range(rank).map((i) => (d.insertedWindowDims.includes(i) || d.operandBatchingDims.includes(i) ? 1 : updates[d.updateWindowDims[next++]!]!));
}

function checkScatter(op: string, x: ShapedArray, indices: ShapedArray, updates: ShapedArray, d: ScatterDimensionNumbers): void {
  if (x.dtype !== updates.dtype) throw new DtypeError(`${op}: expected updates of the operand's dtype ${x.dtype}, got ${updates}; convert with astype`);
  checkIndices(op, x, indices, d.scatterDimsToOperandDims, d.insertedWindowDims, d.operandBatchingDims, d.scatterIndicesBatchingDims);
  const rank = indices.ndim - 1 + d.updateWindowDims.length;
  if (updates.ndim !== rank) throw new ShapeError(`${op}: expected updates of rank ${rank} (${indices.ndim - 1} dimensions of ${indices} and ${d.updateWindowDims.length} of a window), got ${updates}`);
  checkDimensions(op, 'updateWindowDims', d.updateWindowDims, rank);
  const windows = range(x.ndim).filter((i) => !d.insertedWindowDims.includes(i) && !d.operandBatchingDims.includes(i));
  if (windows.length !== d.updateWindowDims.length) throw new ShapeError(`${op}: expected ${windows.length} updateWindowDims, one for each dimension of ${x} that is neither inserted nor batching, got [${d.updateWindowDims}]`);
  windows.forEach((w, i) => {
    const n = updates.shape[d.updateWindowDims[i]!]!;
    if (n > x.shape[w]!) throw new ShapeError(`${op}: expected windows within ${x}, got size ${n} for its dimension ${w} from updates ${updates}`);
  });
  range(rank).filter((i) => !d.updateWindowDims.includes(i)).forEach((u, i) => {
    if (updates.shape[u] !== indices.shape[i]) throw new ShapeError(`${op}: expected dimension ${u} of updates ${updates} to be that of dimension ${i} of the indices ${indices}`);
  });
}

/** Indices in a type that holds every position of the operand, too. */
function wideIndices(ctx: LoweringContext, indices: IrValue): IrValue {
  const unsigned = dtypeKind(indices.aval.dtype) === 'uint' && bitWidth(indices.aval.dtype) >= 32;
  return unsigned ? indices : hlo.convert(ctx, indices, new ShapedArray(indices.aval.shape, comparisonDtype(indices.aval.dtype)));
}

/** Indices moved so that windows are in bounds. */
function clampIndices(ctx: LoweringContext, x: ShapedArray, indices: IrValue, updates: Shape, d: ScatterDimensionNumbers): IrValue {
  const sizes = windowSizes(x.ndim, updates, d);
  const wide = wideIndices(ctx, indices);
  const upper = d.scatterDimsToOperandDims.map((k) => x.shape[k]! - sizes[k]!);
  const bound = hlo.broadcastInDim(ctx, ctx.dense(upper, new ShapedArray([upper.length], wide.aval.dtype)), [indices.aval.ndim - 1], wide.aval);
  return hlo.minimum(ctx, hlo.maximum(ctx, wide, ctx.splat(0, wide.aval)), bound);
}

function lower(ctx: LoweringContext, [x, indices, updates]: readonly IrValue[], p: ScatterParams): IrValue {
  const d = p.dimensionNumbers;
  if (updates!.aval.size === 0) return x!;
  const at = p.mode === 'CLIP' ? clampIndices(ctx, x!.aval, indices!, updates!.aval.shape, d) : indices!;
  const compared = oneEach(ctx, x!, at, updates!, p);
  if (compared !== null) return compared;
  const emit = (a: IrValue, b: IrValue, combine: RegionBody) => emitScatter(ctx, [a, at, b], d, p.indicesAreSorted, p.uniqueIndices, combine);
  const partwise = p.updateJaxpr?.eqns[0]?.prim.name;
  if (x!.aval.dtype === 'complex128' && (ctx.platform === 'cuda' || ctx.platform === 'rocm') && (partwise === 'add' || partwise === 'sub')) {
    // GPUs have no atomic operation of 128 bits: real and imaginary parts by themselves.
    const of = (v: IrValue, name: 'real' | 'imag') => hlo.op(ctx, name, [v], v.aval.withDtype('float64'));
    const [re, im] = (['real', 'imag'] as const).map((k) => emit(of(x!, k), of(updates!, k), (c, [a, b]) => [partwise === 'add' ? hlo.add(c, a!, b!) : hlo.subtract(c, a!, b!)]));
    return hlo.op(ctx, 'complex', [re!, im!], x!.aval);
  }
  return emit(x!, updates!, (c, [a, b]) => (p.updateJaxpr === null ? [b!] : c.inline(new ClosedJaxpr(p.updateJaxpr, []), [a!, b!])));
}

/**
 * The longest axis for which {@link oneEach} compares. The gradient of `takeAlongAxis` with an index for each row, 32 rows of 10, 4096 of 64 and of 256 floats
 * on the CPU: 6.8, 187 and 430 us, as a scatter 8.8, 235 and 471; and what is elementwise joins its neighbours.
 */
const LONGEST_COMPARED = 256;

/**
 * A scatter of one element at most for each row of a short axis, as the derivative of `takeAlongAxis` with a label for each row: elementwise, by comparing
 * positions with the index. Null where it is something else.
 */
function oneEach(ctx: LoweringContext, x: IrValue, indices: IrValue, updates: IrValue, p: ScatterParams): IrValue | null {
  const { insertedWindowDims, operandBatchingDims, scatterIndicesBatchingDims, updateWindowDims } = p.dimensionNumbers;
  const combine = p.updateJaxpr === null ? 'set' : COMBINED[p.updateJaxpr.eqns[0]?.prim.name ?? ''];
  if (combine === undefined || updateWindowDims.length > 0 || insertedWindowDims.length !== 1 || operandBatchingDims.length !== x.aval.ndim - 1) return null;
  const axis = insertedWindowDims[0]!;
  const n = x.aval.shape[axis]!;
  if (operandBatchingDims.length === 0 || n > LONGEST_COMPARED || updates.aval.size * n !== x.aval.size) return null;
  // The dimensions of the indices that go along with none of the operand's have size 1.
  const dims = scatterIndicesBatchingDims.map((_, i) => i).sort((a, b) => scatterIndicesBatchingDims[a]! - scatterIndicesBatchingDims[b]!).map((i) => operandBatchingDims[i]!);
  const rows = dims.map((d) => x.aval.shape[d]!);
  const full = (v: IrValue) => hlo.broadcastInDim(ctx, hlo.reshape(ctx, v, v.aval.withShape(rows)), dims, v.aval.withShape(x.aval.shape));
  const at = full(wideIndices(ctx, indices));
  const here = hlo.compare(ctx, 'EQ', hlo.iota(ctx, axis, at.aval), at);
  const u = full(updates);
  return hlo.select(ctx, here, combine === 'set' ? u : hlo.same(ctx, combine, [x, u]), x);
}

/** The StableHLO operations of what combines two elements. */
const COMBINED: Record<string, string | undefined> = { add: 'add', sub: 'subtract', mul: 'multiply' };

const plusOne = (dims: readonly number[]) => dims.map((d) => d + 1);

function batch(prim: SinglePrimitive<ScatterParams>, axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], p: ScatterParams): [Array, BatchDim] {
  const d = p.dimensionNumbers;
  const x = toFront(args[0]!, dims[0]!, axis.size);
  const updates = toFront(args[2]!, dims[2]!, axis.size);
  const shifted = {
    updateWindowDims: plusOne(d.updateWindowDims), insertedWindowDims: plusOne(d.insertedWindowDims), scatterDimsToOperandDims: plusOne(d.scatterDimsToOperandDims),
    operandBatchingDims: plusOne(d.operandBatchingDims),
  };
  // With the same indices for all, each window has one more dimension; else operand and indices have one that goes along.
  const dimensionNumbers = dims[1] === null
    ? { ...shifted, updateWindowDims: [0, ...shifted.updateWindowDims], scatterIndicesBatchingDims: d.scatterIndicesBatchingDims }
    : { ...shifted, operandBatchingDims: [0, ...shifted.operandBatchingDims], scatterIndicesBatchingDims: [0, ...plusOne(d.scatterIndicesBatchingDims)] };
  return [prim.bind({ ...p, dimensionNumbers }, x, dims[1] === null ? args[1]! : moveaxis(args[1]!, dims[1]!, 0), updates), 0];
}

/** Windows of x where a scatter writes: the gather that undoes it. */
function gatherBack(x: Array, indices: Array, updates: Shape, p: ScatterParams, mode = p.mode): Array {
  const d = p.dimensionNumbers;
  const sizes = windowSizes(x.ndim, updates, d);
  return gather(x, indices, {
    dimensionNumbers: {
      offsetDims: d.updateWindowDims, collapsedSliceDims: d.insertedWindowDims, startIndexMap: d.scatterDimsToOperandDims,
      operandBatchingDims: d.operandBatchingDims, startIndicesBatchingDims: d.scatterIndicesBatchingDims,
    },
    sliceSizes: sizes.map((n, i) => Math.min(n, x.shape[i]!)), mode, fillValue: 0,
  });
}

const combiners = new Map<string, Jaxpr>();

/** The jaxpr of a function of two scalars: one object by name and type, so that parameters with it compare equal. */
function combiner(name: string, f: (x: Array, y: Array) => Array, dtype: DType): Jaxpr {
  const key = `${name}:${dtype}`;
  let made = combiners.get(key);
  if (!made) {
    const scalar = new ShapedArray([], dtype);
    combiners.set(key, (made = stage(([a, b]) => [f(a!, b!)], [scalar, scalar]).jaxpr));
  }
  return made;
}

type Rules = Pick<PrimitiveRecord<ScatterParams>, 'jvp' | 'transpose'>;

function define(name: string, op: string, combine: ((x: Array, y: Array) => Array) | null, rules: (self: () => SinglePrimitive<ScatterParams>) => Rules): SinglePrimitive<ScatterParams> {
  const prim: SinglePrimitive<ScatterParams> = definePrimitive<ScatterParams>({
    name,
    print: { params: (p) => ({ ...p, dimensionNumbers: pythonRecord('ScatterDimensionNumbers', p.dimensionNumbers), mode: printedMode(p.mode) }) },
    abstract: ([x, indices, updates], { dimensionNumbers }) => {
      checkScatter(op, x!, indices!, updates!, dimensionNumbers);
      return x!;
    },
    lower: (ctx, args, p) => lower(ctx, args, p),
    ...rules(() => prim),
    batch: (axis, args, dims, p) => batch(prim, axis, args, dims, p),
    sample: () => samples(name, combine === null ? null : combiner(name, combine, 'float32')),
  });
  return prim;
}

const strongZeros = (x: Array) => zerosLike(x.aval.strong());

/** Rules of a scatter that is linear in operand and updates together. */
function linear(self: () => SinglePrimitive<ScatterParams>, sign: (x: Array) => Array): Rules {
  return {
    jvp: ([x, indices, updates], [gx, , gu], p) => [
      self().bind(p, x!, indices!, updates!),
      self().bind(p, gx ?? strongZeros(x!), indices!, gu ?? strongZeros(updates!)),
    ],
    transpose: (ct, [x, indices, updates], p) => [
      isUndefinedPrimal(x!) ? ct : null, null,
      isUndefinedPrimal(updates!) ? sign(gatherBack(ct, indices as Array, updates.aval.shape, p)) : null,
    ],
  };
}

const addP = define('scatter-add', 'scatterAdd', (x, y) => add(x, y), (self) => linear(self, (x) => x));
const subP = define('scatter-sub', 'scatterSub', (x, y) => sub(x, y), (self) => linear(self, neg));

function uniqueOnly(p: ScatterParams): void {
  if (!p.uniqueIndices) throw new DifferentiationError('scatterMul: the derivative with respect to updates is only known with uniqueIndices: true');
}

const mulP: SinglePrimitive<ScatterParams> = define('scatter-mul', 'scatterMul', (x, y) => mul(x, y), () => ({
  jvp: ([x, indices, updates], [gx, , gu], p) => {
    const out = mulP.bind(p, x!, indices!, updates!);
    const ofX = gx === null ? null : mulP.bind(p, gx!, indices!, updates!);
    if (gu === null) return [out, ofX];
    uniqueOnly(p);
    const ofUpdates = mul(x!, addP.bind({ ...p, updateJaxpr: addJaxpr(x!) }, strongZeros(x!), indices!, gu!));
    return [out, ofX === null ? ofUpdates : add(ofX, ofUpdates)];
  },
  transpose: (ct, [x, indices, updates], p) => {
    if (isUndefinedPrimal(x!)) return [mulP.bind({ ...p, updateJaxpr: combiner('scatter-mul', mul, ct.dtype) }, ct, indices as Array, fixedOperand('scatter-mul', updates!)), null, null];
    uniqueOnly(p);
    return [null, null, gatherBack(mul(ct, x!), indices as Array, (updates as { aval: ShapedArray }).aval.shape, p)];
  },
}));

const addJaxpr = (x: Array) => combiner('scatter-add', add, x.dtype);

/** A scatter-add with another's dimension numbers. */
function addAt(x: Array, indices: Array, updates: Array, p: ScatterParams): Array {
  return addP.bind({ ...p, updateJaxpr: addJaxpr(x) }, x, indices, updates);
}

/**
 * Derivative of a scatter that keeps the least or greatest value: it is shared equally among all that reach the result, the operand's own value
 * among them, as in JAX.
 */
function extremal(self: () => SinglePrimitive<ScatterParams>): Rules {
  return {
    jvp: ([x, indices, updates], [gx, , gu], p) => {
      const out = self().bind(p, x!, indices!, updates!);
      const back = (v: Array) => gatherBack(v, indices!, updates!.shape, p);
      const [zero, one] = [strongZeros(updates!), full(updates!.shape, 1, updates!.dtype)];
      const reached = back(out);
      const wins = eq(updates!, reached);
      const kept = eq(back(x!), reached);
      const count = (v: Array) => back(addAt(strongZeros(x!), indices!, v, p));
      const winners = count(where(wins, one, zero));
      // Windows out of bounds count nothing; what is computed for them is dropped, but must not be NaN.
      const references = max(count(one), one);
      const share = div(one, max(add(winners, where(kept, one, zero)), one));
      const ofUpdates = mul(gu ?? zero, where(wins, share, zero));
      const g = gx ?? strongZeros(x!);
      const ofX = mul(back(g), div(sub(where(kept, share, zero), one), references));
      return [out, addAt(g, indices!, add(ofX, ofUpdates), p)];
    },
    transpose: absent('the least and the greatest are not linear'),
  };
}

const minP = define('scatter-min', 'scatterMin', (x, y) => min(x, y), extremal);
const maxP = define('scatter-max', 'scatterMax', (x, y) => max(x, y), extremal);

const setP: SinglePrimitive<ScatterParams> = define('scatter', 'scatter', null, () => ({ jvp: scatterJvp, transpose: scatterTranspose }));

function scatterJvp([x, indices, updates]: readonly Array[], [gx, , gu]: readonly MaybeZero[], p: ScatterParams): [Array, MaybeZero] {
  if (p.updateJaxpr !== null) throw new DifferentiationError('scatterApply: the derivative is not known');
  const [tx, tu] = [gx ?? strongZeros(x!), gu ?? strongZeros(updates!)];
  if (p.uniqueIndices) return [setP.bind(p, x!, indices!, updates!), setP.bind(p, tx!, indices!, tu!)];
  // Sums of what is masked are linear, and of the same updates for values and tangents.
  const { untouched, stayed } = survivors(x!.shape, indices!, updates!.shape, p);
  const put = (v: Array, u: Array) => addAt(where(untouched, v, strongZeros(v)), indices!, where(stayed, u, strongZeros(u)), p);
  return [put(x!, updates!), put(tx!, tu!)];
}

/**
 * Which elements of the operand no update replaces, and which updates stay. Where windows overlap, that is for the platform to choose: so each window gets
 * a number, the numbers are scattered and gathered back, and those that are still there tell.
 */
function survivors(shape: Shape, indices: Array, updates: Shape, p: ScatterParams): { untouched: Array; stayed: Array } {
  const each = updates.map((n, i) => (p.dimensionNumbers.updateWindowDims.includes(i) ? 1 : n));
  const count = sizeOf(each);
  const numbers = broadcastInDim(reshape(add(iota('int32', [count], 0), full([count], 1, 'int32')), each), updates, range(each.length));
  const zeros = full(shape, 0, 'int32');
  const kept = setP.bind(p, zeros, indices, numbers);
  return { untouched: eq(kept, zeros), stayed: eq(numbers, gatherBack(kept, indices, updates, p)) };
}

function scatterTranspose(ct: Array, [x, indices, updates]: readonly MaybeLinear[], p: ScatterParams): MaybeZero[] {
  const shape = updates!.aval.shape;
  const at = indices as Array;
  const s = p.uniqueIndices ? null : survivors(ct.shape, at, shape, p);
  const kept = () => (s ? where(s.untouched, ct, strongZeros(ct)) : setP.bind(p, ct, at, full(shape, 0, ct.dtype)));
  const written = () => {
    const back = gatherBack(ct, at, shape, p);
    return s ? where(s.stayed, back, strongZeros(back)) : back;
  };
  return [isUndefinedPrimal(x!) ? kept() : null, null, isUndefinedPrimal(updates!) ? written() : null];
}

export interface ScatterOptions {
  dimensionNumbers: Omit<ScatterDimensionNumbers, 'operandBatchingDims' | 'scatterIndicesBatchingDims'> & Partial<ScatterDimensionNumbers>;
  indicesAreSorted?: boolean;
  /** A promise that no two windows overlap: what happens where they do is then undefined. */
  uniqueIndices?: boolean;
  /** A `GatherScatterMode` or `'clip'`, `'drop'`, the default, `'promise_in_bounds'`. */
  mode?: string | null;
}

function params(op: string, o: ScatterOptions, updateJaxpr: Jaxpr | null): ScatterParams {
  const { updateWindowDims, insertedWindowDims, scatterDimsToOperandDims, operandBatchingDims = [], scatterIndicesBatchingDims = [] } = o.dimensionNumbers;
  return {
    dimensionNumbers: { updateWindowDims, insertedWindowDims, scatterDimsToOperandDims, operandBatchingDims, scatterIndicesBatchingDims },
    indicesAreSorted: o.indicesAreSorted ?? false,
    mode: parseMode(op, o.mode, 'FILL_OR_DROP'),
    uniqueIndices: o.uniqueIndices ?? false,
    updateConsts: [],
    updateJaxpr,
  };
}

type Scatter = (x: Array, indices: Array, updates: Array, options: ScatterOptions) => Array;

/** x with windows replaced by updates at the given indices, of shape [..., n]. Where windows overlap, one of them stays. Mirrors `jax.lax.scatter`. */
export const scatter: Scatter = (x, indices, updates, o) => setP.bind(params('scatter', o, null), x, indices, updates);
/** x with updates added to windows; where windows overlap, all are added. Mirrors `jax.lax.scatter_add`. */
export const scatterAdd: Scatter = (x, indices, updates, o) => addP.bind(params('scatterAdd', o, addJaxpr(x)), x, indices, updates);
/** x with updates subtracted from windows. Mirrors `jax.lax.scatter_sub`. */
export const scatterSub: Scatter = (x, indices, updates, o) => subP.bind(params('scatterSub', o, combiner('scatter-sub', sub, x.dtype)), x, indices, updates);
/** x with windows multiplied by updates. Mirrors `jax.lax.scatter_mul`. */
export const scatterMul: Scatter = (x, indices, updates, o) => mulP.bind(params('scatterMul', o, combiner('scatter-mul', mul, x.dtype)), x, indices, updates);
/** x with the lesser of windows and updates. Mirrors `jax.lax.scatter_min`. */
export const scatterMin: Scatter = (x, indices, updates, o) => minP.bind(params('scatterMin', o, combiner('scatter-min', min, x.dtype)), x, indices, updates);
/** x with the greater of windows and updates. Mirrors `jax.lax.scatter_max`. */
export const scatterMax: Scatter = (x, indices, updates, o) => maxP.bind(params('scatterMax', o, combiner('scatter-max', max, x.dtype)), x, indices, updates);

const applied = new WeakMap<(x: Array) => Array, Map<DType, Jaxpr>>();

/**
 * x with `f`, a function of one scalar, applied to the elements at the given indices: once for each index that names an element. Mirrors `jax.lax.scatter_apply`.
 *
 * @param updateShape shape that updates would have
 * @throws ArgumentError if `f` uses arrays from outside
 */
export function scatterApply(x: Array, indices: Array, f: (x: Array) => Array, o: ScatterOptions & { updateShape?: Shape }): Array {
  let byType = applied.get(f);
  if (!byType) applied.set(f, (byType = new Map()));
  let jaxpr = byType.get(x.dtype);
  if (!jaxpr) {
    const scalar = new ShapedArray([], x.dtype);
    const staged = stage(([a]) => [convert(f(a!), x.dtype)], [scalar, scalar]);
    if (staged.consts.length > 0) throw new ArgumentError('scatterApply: expected a function of its argument and of constants, got one that uses an array from outside');
    byType.set(x.dtype, (jaxpr = staged.jaxpr));
  }
  return setP.bind(params('scatterApply', o, jaxpr), x, indices, full(o.updateShape ?? [], 0, x.dtype));
}

function samples(name: string, updateJaxpr: Jaxpr | null): Sample<ScatterParams>[] {
  const s = (shape: readonly number[], indices: readonly number[], values: readonly number[], updates: readonly number[], dims: readonly (readonly number[])[], mode: GatherScatterMode, unique: boolean): Sample<ScatterParams> => {
    // With respect to factors, the derivative of products is only known where each element has at most one.
    const constant = name === 'scatter-mul' && !unique;
    return {
      inputs: [{ shape, dtype: 'float32', low: 0.5, high: 2 }, { shape: indices, dtype: 'int32', values }, { shape: updates, dtype: 'float32', low: 0.5, high: 2, constant }],
      params: {
        dimensionNumbers: { updateWindowDims: dims[0]!, insertedWindowDims: dims[1]!, scatterDimsToOperandDims: dims[2]!, operandBatchingDims: dims[3] ?? [], scatterIndicesBatchingDims: dims[4] ?? [] },
        indicesAreSorted: false, mode, uniqueIndices: unique, updateConsts: [], updateJaxpr,
      },
    };
  };
  return [
    s([4, 3], [3, 1], [2, 0, 3], [3, 3], [[1], [0], [0]], 'FILL_OR_DROP', true),
    s([4, 3], [3, 1], [2, 0, 2], [3, 3], [[1], [0], [0]], 'PROMISE_IN_BOUNDS', false),
    s([4, 3], [3, 1], [2, 9, -1], [3, 3], [[1], [0], [0]], 'FILL_OR_DROP', false),
    s([4, 3], [3, 1], [9, -1, 2], [3, 3], [[1], [0], [0]], 'CLIP', true),
    s([4, 3], [2, 2], [1, 0, 0, 2], [2, 2, 2], [[1, 2], [], [1, 0]], 'FILL_OR_DROP', true),
    s([3, 2, 4], [2, 3, 1], [0, 1, 2, 3, 0, 1], [2, 2, 3], [[1], [2], [2], [0], [1]], 'FILL_OR_DROP', true),
  ];
}
