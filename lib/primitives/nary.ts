import type { Array } from '../core/array';
import { sameShape, ShapedArray, type Shape } from '../core/aval';
import { type DtypeKind, dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { Absent, absent, type AxisData, type BatchDim, definePrimitive, type MaybeLinear, type MaybeZero, type PrimitiveRecord, type Sample, type SinglePrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { type HostOperation, onHost } from './hostScalars';
import { sumForm } from './productForms';
import { broadcastInDim, moveaxis, range, reduceSum, reshape, toFront } from './structural';

/** Shape of an elementwise result: scalars go with any shape, and a dimension of size 1 with any size. */
export function naryShape(op: string, avals: readonly ShapedArray[]): Shape {
  let shape: Shape | undefined;
  for (let k = 0; k < avals.length; k++) {
    const a = avals[k]!;
    if (a.shape.length === 0) continue;
    if (shape === undefined) shape = a.shape;
    else if (!sameShape(shape, a.shape)) {
      const s: Shape = shape;
      if (a.shape.length !== s.length || a.shape.some((n, i) => n !== s[i] && n !== 1 && s[i] !== 1)) {
        throw new ShapeError(`${op}: expected operands of one rank (or scalars), with dimensions that are equal or 1, got ${avals.join(' and ')}`);
      }
      shape = s.map((n, i) => (n === 1 ? a.shape[i]! : n));
    }
  }
  return shape ?? [];
}

/** Checks that operands have one element type of an accepted kind. */
export function checkKinds(op: string, avals: readonly ShapedArray[], kinds: readonly DtypeKind[]): void {
  const first = avals[0]!;
  for (let i = 0; i < avals.length; i++) {
    if (avals[i]!.dtype !== first.dtype) throw new DtypeError(`${op}: expected operands of one dtype, got ${avals.join(' and ')}; convert with astype`);
  }
  if (!kinds.includes(dtypeKind(first.dtype))) throw new DtypeError(`${op}: does not accept dtype ${first.dtype}; expected one of kind ${kinds.join(', ')}`);
}

/** Operands as values of the result's shape. */
export function broadcastOperands(ctx: LoweringContext, args: readonly IrValue[], shape: Shape): IrValue[] {
  let alike = true;
  for (let i = 0; i < args.length; i++) {
    const own = args[i]!.aval.shape;
    if (own !== shape && !sameShape(own, shape)) alike = false;
  }
  return alike ? args as IrValue[] : args.map((x) => broadcastOperand(ctx, x, shape));
}

function broadcastOperand(ctx: LoweringContext, x: IrValue, shape: Shape): IrValue {
  return sameShape(x.aval.shape, shape) ? x : hlo.broadcastInDim(ctx, x, range(x.aval.ndim), x.aval.withShape(shape));
}

/** Sums a cotangent over what a scalar operand, or dimensions of size 1, were broadcast to. */
export function unbroadcast(ct: Array, aval: ShapedArray): Array {
  return ct.aval === aval || sameShape(ct.shape, aval.shape) ? ct : summedTo(ct, aval);
}

function summedTo(ct: Array, aval: ShapedArray): Array {
  const summed = ct.shape.map((_, i) => i).filter((i) => ct.shape[i] !== aval.shape[i]);
  return reshape(reduceSum(ct, summed), aval.shape);
}

/** Brings a tangent to its result's shape. */
export function broadcastTo(x: Array, shape: Shape): Array {
  return sameShape(x.shape, shape) ? x : broadcastInDim(x, shape, x.shape.map((_, i) => i));
}

/**
 * Batching for elementwise operations: mapped dimensions go to the front, and operands of lower rank get dimensions after it. With `spread`,
 * operands may keep dimensions of size 1 where others have more, as primitives made by {@link defineNary} take them.
 */
export function alignBatch(axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], spread = false): { args: Array[]; dim: number } {
  const ranks = args.map((x, i) => x.ndim - (dims[i] === null ? 0 : 1));
  const rank = Math.max(...ranks);
  const first = dims.find((d) => d !== null)!;
  // All mapped alike and of one rank: nothing needs to move.
  if (args.every((_, i) => dims[i] === null ? ranks[i] === 0 : dims[i] === first && ranks[i] === rank)) return { args: [...args], dim: first };
  const out = args.map((x, i) => {
    const d = dims[i]!;
    if (d === null) return ranks[i] === 0 ? x : broadcastInDim(x, [spread ? 1 : axis.size, ...x.shape], x.shape.map((_, k) => k + 1));
    const moved = moveaxis(x, d, 0);
    return ranks[i] === rank ? moved : reshape(moved, [axis.size, ...new globalThis.Array<number>(rank - ranks[i]!).fill(1), ...moved.shape.slice(1)]);
  });
  if (spread) return { args: out, dim: 0 };
  const shape = out.find((_, i) => ranks[i] === rank && rank > 0)?.shape;
  return { args: out.map((x) => (shape === undefined || x.ndim === 0 ? x : broadcastTo(x, shape))), dim: 0 };
}

type Jvp = (g: Array, out: Array, ...operands: Array[]) => Array;

export interface NarySpec {
  name: string;
  kinds: readonly DtypeKind[];
  /** Dtype of the result; that of the operands by default. */
  result?: (dtype: ShapedArray['dtype']) => ShapedArray['dtype'];
  /** Name of the StableHLO operation of same-typed operands, or how to emit. */
  lower: string | ((ctx: LoweringContext, args: readonly IrValue[], out: ShapedArray) => IrValue);
  /** Tangent's contribution of each operand; null where the derivative is zero. 'linear': linear in all operands together. */
  jvp: readonly (Jvp | null)[] | 'linear' | Absent;
  transpose?: (ct: Array, args: readonly MaybeLinear[]) => readonly MaybeZero[];
  cheap?: true;
  /** A form for operands of which something is known, as they are before they are broadcast; null: there is none. */
  form?: (ctx: LoweringContext, args: readonly IrValue[], plain: () => IrValue) => IrValue | null;
  /** What it does to scalars that the host knows. */
  host?: HostOperation;
  sample: () => readonly Sample<object>[];
}

const NONE = {};

/** Defines an elementwise primitive. */
export function defineNary(spec: NarySpec): SinglePrimitive<object> {
  const { name, jvp, host, lower, form } = spec;
  const isChlo = typeof lower === 'string' && lower.startsWith('chlo.');
  // The type that the last operands had all of, if it is the result's, too: it need not be checked again.
  let known: ShapedArray | null = null;
  const plain = (ctx: LoweringContext, args: readonly IrValue[], out: ShapedArray): IrValue => {
    const full = broadcastOperands(ctx, args, out.shape);
    if (typeof lower !== 'string') return lower(ctx, full, out);
    return isChlo ? ctx.emit(lower, full, [out])[0]! : hlo.same(ctx, lower, full);
  };
  const record: PrimitiveRecord<object> = {
    name,
    abstract: (avals) => {
      const first = avals[0]!;
      if (first === known && (avals.length === 1 || (avals.length === 2 && avals[1] === first))) return first;
      checkKinds(name, avals, spec.kinds);
      const { dtype, weakType } = first;
      let alike = true;
      for (let i = 1; i < avals.length; i++) {
        const a = avals[i]!;
        if (a !== first && (a.weakType !== weakType || !sameShape(a.shape, first.shape))) alike = false;
      }
      // Most operations are on arrays of one type, and give one of that type.
      if (alike && !spec.result) return (known = first);
      return new ShapedArray(naryShape(name, avals), spec.result ? spec.result(dtype) : dtype, avals.every((a) => a.weakType));
    },
    lower: (ctx, args, _, out) => {
      if (form !== undefined && (args[0]!.product ?? args[1]!.product ?? args[0]!.sums ?? args[1]!.sums) !== undefined) return form(ctx, args, () => plain(ctx, args, out)) ?? plain(ctx, args, out);
      return plain(ctx, args, out);
    },
    jvp: jvp === 'linear' || jvp instanceof Absent ? jvp : (primals, tangents) => {
      const out = prim.bindAll(primals, NONE)[0]!;
      let tangent: MaybeZero = null;
      for (let i = 0; i < tangents.length; i++) {
        const rule = jvp[i];
        const t = tangents[i]!;
        if (t === null || !rule) continue;
        const part = broadcastTo(rule(t, out, ...primals), out.shape);
        tangent = tangent === null ? part : addAny(tangent, part);
      }
      return [out, tangent];
    },
    transpose: spec.transpose ? (ct, args) => {
      const cts = spec.transpose!(ct, args);
      const out = new globalThis.Array<MaybeZero>(cts.length);
      for (let i = 0; i < cts.length; i++) {
        const c = cts[i]!;
        out[i] = c === null ? null : unbroadcast(c, args[i]!.aval);
      }
      return out;
    } : absent(`${name} is not linear`),
    batch: (axis, args, dims) => {
      const aligned = alignBatch(axis, args, dims, true);
      return [prim.bind(NONE, ...aligned.args), aligned.dim];
    },
    ...(spec.cheap && { cheap: true }),
    ...(host && { impl: (args) => onHost(host, args, (avals) => record.abstract(avals, NONE)) }),
    sample: spec.sample,
  };
  const prim = definePrimitive(record);
  return prim;
}

/** Sum of two tangents or cotangents of one type. */
export const addAnyP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'add_any',
  abstract: (avals) => (avals[1]!.weakType ? avals[0]! : avals[0]!.strong()),
  lower: (ctx, args, _, out) => (dtypeKind(out.dtype) === 'bool' ? hlo.or(ctx, args[0]!, args[1]!) : sumForm(ctx, args) ?? hlo.add(ctx, args[0]!, args[1]!)),
  jvp: 'linear',
  transpose: (ct) => [ct, ct],
  batch: (axis, args, dims) => {
    // Operands have one shape: no scalar goes beside an array here.
    if (dims[0] !== null && dims[0] === dims[1]) return [addAnyP.bind(NONE, ...args), dims[0]!];
    return [addAnyP.bind(NONE, ...args.map((x, i) => toFront(x, dims[i]!, axis.size))), 0];
  },
  sample: () => [{ inputs: [{ shape: [2, 3], dtype: 'float32' }, { shape: [2, 3], dtype: 'float32' }], params: {} }],
});

export function addAny(x: Array, y: Array): Array {
  return addAnyP.bind(NONE, x, y);
}

/** Test inputs of an elementwise operation. */
export function floats(n: number, low = -2, high = 2, shape: readonly number[] = [2, 3]): Sample<object>[] {
  const input = (s: readonly number[], dtype: string) => ({ shape: s, dtype, low, high });
  const cases: Sample<object>[] = [
    { inputs: globalThis.Array.from({ length: n }, () => input(shape, 'float32')), params: NONE },
    { inputs: globalThis.Array.from({ length: n }, () => input([], 'float32')), params: NONE },
  ];
  if (n === 2) cases.push({ inputs: [input(shape, 'float32'), input([], 'float32')], params: NONE }, { inputs: [input([], 'float32'), input(shape, 'float32')], params: NONE });
  return cases;
}

export function ints(n: number, low = -5, high = 5, dtype = 'int32'): Sample<object>[] {
  return [{ inputs: globalThis.Array.from({ length: n }, () => ({ shape: [2, 3], dtype, low, high })), params: NONE }];
}
