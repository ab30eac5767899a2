import { Array, ConcreteArray } from '../core/array';
import { ShapedArray, type Shape } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, ConcretizationError, DtypeError, ShapeError } from '../core/errors';
import { asArray, describeValue, type NestedLike, type TypedArray } from '../lax/arrayLike';

/**
 * One index: a number, `[start, stop, step]` (each may be null or missing), `[]` for all, null for a new axis, `'...'` for all axes not named,
 * an array of integers (their entries) or booleans (where they are true), a traced integer scalar.
 */
export type Index = number | bigint | boolean | null | '...' | Array | TypedArray | readonly (number | null | undefined)[] | NestedLike;

/** A parsed index of one axis of the operand, or a new axis. Plain data: arrays are named by their number. */
export type Entry =
  | { readonly k: 'new' }
  | { readonly k: 'range'; readonly axis: number; readonly start: number; readonly step: number; readonly count: number }
  | { readonly k: 'int'; readonly axis: number; readonly value: number }
  | { readonly k: 'array'; readonly axis: number; readonly arg: number; readonly ndim: number };

export interface ParsedIndex {
  readonly entries: readonly Entry[];
  /** Integer arrays that entries name. */
  readonly arrays: readonly Array[];
  /** Shape of the operand with dimensions of size 1 at `boolDims`, for boolean scalars. */
  readonly shape: Shape;
  readonly boolDims: readonly number[];
  /** Whether arrays (and the numbers beside them) stand next to each other, so that their dimensions take their place in the result. */
  readonly contiguous: boolean;
}

/** Integers in an array made on the host. */
export function hostInts(values: readonly number[], shape: Shape = [values.length]): Array {
  return ConcreteArray.fromHost(Int32Array.from(values), new ShapedArray(shape, 'int32'));
}

/** Start, step and number of entries of a range, as Python's `slice.indices` gives them. */
export function resolveRange(op: string, r: readonly (number | null | undefined)[], n: number): { start: number; step: number; count: number } {
  const whole = (v: number | null | undefined, byDefault: number) => {
    if (v === null || v === undefined) return byDefault;
    if (!Number.isInteger(v)) throw new ArgumentError(`${op}: expected a range [start, stop, step] of integers, got [${r.join(', ')}]`);
    return v;
  };
  const step = whole(r[2], 1);
  if (step === 0) throw new ArgumentError(`${op}: expected a step other than 0, got [${r.join(', ')}]`);
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const clip = (v: number) => Math.min(Math.max(v < 0 ? v + n : v, low), high);
  const start = r[0] === null || r[0] === undefined ? (step > 0 ? low : high) : clip(whole(r[0], 0));
  const stop = r[1] === null || r[1] === undefined ? (step > 0 ? high : low) : clip(whole(r[1], 0));
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}

type Raw = { k: 'new' } | { k: 'dots' } | { k: 'range'; r: readonly (number | null | undefined)[] } | { k: 'int'; value: number } | { k: 'array'; x: Array } | { k: 'mask'; x: Array } | { k: 'flag'; value: boolean };

function classify(op: string, i: unknown): Raw {
  if (i === null) return { k: 'new' };
  if (i === '...') return { k: 'dots' };
  if (typeof i === 'boolean') return { k: 'flag', value: i };
  if (typeof i === 'number' || typeof i === 'bigint') {
    if (typeof i === 'number' && !Number.isInteger(i)) throw new ArgumentError(`${op}: expected an integer as index, got ${i}`);
    return { k: 'int', value: Number(i) };
  }
  if (globalThis.Array.isArray(i)) {
    const plain = (v: unknown) => v === null || v === undefined || typeof v === 'number';
    if (i.every(plain)) {
      if (i.length > 3) throw new ArgumentError(`${op}: expected a range of at most [start, stop, step], got ${i.length} numbers; to gather entries give an integer array, np.array([…], { dtype: 'int32' })`);
      return { k: 'range', r: i as (number | null)[] };
    }
  }
  if (i instanceof Array || ArrayBuffer.isView(i) || globalThis.Array.isArray(i)) {
    let x = asArray(i as NestedLike, op);
    // Nested JS arrays of whole numbers are indices, although as values they would be floats.
    if (globalThis.Array.isArray(i) && x instanceof ConcreteArray && x.dtype === 'float32') {
      const values = [...(x.dataSync() as Float32Array)];
      if (values.every(Number.isInteger)) x = hostInts(values, x.shape);
    }
    const kind = dtypeKind(x.dtype);
    if (kind === 'bool') return { k: 'mask', x };
    if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`${op}: expected indices of an integer or boolean dtype, got ${x.aval}; convert them with astype('int32')`);
    return { k: 'array', x };
  }
  throw new ArgumentError(`${op}: expected numbers, ranges, null, '...' or arrays as indices, got ${describeValue(i)}`);
}

/** Positions where a mask is true, as one list for each of its dimensions. */
export function trueAt(op: string, mask: Array): number[][] {
  if (!(mask instanceof ConcreteArray)) {
    throw new ConcretizationError(`${op}: a boolean mask of type ${mask.aval} is traced, so that the size of the result is not known. Use np.where(mask, x, y), at(mask).set(scalar), or nonzero with a size.`);
  }
  const flat = mask.ndim === 0 ? [mask.item()] : (mask.js() as unknown[]).flat(mask.ndim);
  const out: number[][] = mask.shape.map(() => []);
  flat.forEach((v, i) => {
    if (!v) return;
    let rest = i;
    for (let d = mask.ndim - 1; d >= 0; d--) {
      out[d]!.push(rest % mask.shape[d]!);
      rest = Math.floor(rest / mask.shape[d]!);
    }
  });
  return out;
}

/** Reads the indices of an operand. @throws ShapeError where there are too many or a mask does not fit, ArgumentError for what is no index */
export function parseIndex(op: string, aval: ShapedArray, indices: readonly unknown[]): ParsedIndex {
  const raw = indices.map((i) => classify(op, i));
  const uses = (r: Raw) => (r.k === 'new' || r.k === 'dots' || r.k === 'flag' ? 0 : r.k === 'mask' ? r.x.ndim : 1);
  const used = raw.reduce((n, r) => n + uses(r), 0);
  if (used > aval.ndim) throw new ShapeError(`${op}: ${used} indices are too many for ${aval}`);
  if (raw.filter((r) => r.k === 'dots').length > 1) throw new ArgumentError(`${op}: expected '...' at most once`);
  if (!raw.some((r) => r.k === 'dots')) raw.push({ k: 'dots' });
  const arrays: Array[] = [];
  const entries: Entry[] = [];
  const shape = [...aval.shape];
  const boolDims: number[] = [];
  const advanced: number[] = [];
  let axis = 0;
  let position = 0;
  const push = (x: Array) => {
    advanced.push(position++);
    entries.push({ k: 'array', axis: axis++, arg: arrays.length, ndim: x.ndim });
    arrays.push(x);
  };
  for (const r of raw) {
    if (r.k === 'new') {
      entries.push({ k: 'new' });
      position++;
    } else if (r.k === 'dots') {
      position++;
      for (let i = 0; i < aval.ndim - used; i++, axis++) entries.push({ k: 'range', axis, start: 0, step: 1, count: shape[axis]! });
    } else if (r.k === 'range') {
      entries.push({ k: 'range', axis, ...resolveRange(op, r.r, shape[axis]!) });
      axis++;
      position++;
    } else if (r.k === 'int') {
      advanced.push(position++);
      entries.push({ k: 'int', axis: axis++, value: r.value });
    } else if (r.k === 'array') push(r.x);
    else if (r.k === 'flag') {
      shape.splice(axis, 0, 1);
      boolDims.push(axis);
      push(hostInts(r.value ? [0] : []));
    } else if (r.x.ndim === 0) {
      if (!(r.x instanceof ConcreteArray)) trueAt(op, r.x);
      shape.splice(axis, 0, 1);
      boolDims.push(axis);
      push(hostInts(r.x.item() ? [0] : []));
    } else {
      const want = shape.slice(axis, axis + r.x.ndim);
      // A mask without elements names none, whatever it lies over.
      if (r.x.shape.some((n, i) => n !== 0 && n !== want[i])) throw new ShapeError(`${op}: expected a mask of shape [${want.join(', ')}] for these dimensions of ${aval}, got ${r.x.aval}`);
      for (const list of trueAt(op, r.x)) push(hostInts(list));
    }
  }
  return { entries, arrays, shape, boolDims, contiguous: advanced.every((at, i) => i === 0 || at === advanced[i - 1]! + 1) };
}

/** Integer indices as an argument: nested JS arrays of whole numbers are int32. @throws DtypeError for other dtypes */
export function asIndices(op: string, x: unknown): Array {
  let a = asArray(x as NestedLike, op);
  if (globalThis.Array.isArray(x) && a instanceof ConcreteArray && a.dtype === 'float32') {
    const values = [...(a.dataSync() as Float32Array)];
    if (values.every(Number.isInteger)) a = hostInts(values, a.shape);
  }
  const kind = dtypeKind(a.dtype);
  if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`${op}: expected indices of an integer dtype, got ${a.aval}; convert them with astype('int32')`);
  return a;
}
