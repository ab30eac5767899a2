import { Array } from '../core/array';
import { type Shape, sameShape } from '../core/aval';
import { dtypeKind, type DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { type ArrayLike, asArray, astype, promoteDtypes } from '../lax/arrayLike';
import { checkFunction } from '../core/checks';
import * as e from '../primitives/elementwise';
import { dynamicSlice, dynamicUpdateSlice } from '../primitives/dynamicSlice';
import { gather } from '../primitives/gather';
import { scatter, scatterAdd, scatterApply, scatterMax, scatterMin, scatterMul, type ScatterOptions, scatterSub } from '../primitives/scatter';
import { broadcastInDim, concatenate, convert, full, iota, like, range, reshape, rev, scalar, slice, squeeze } from '../primitives/structural';
import { power, trueDivide } from './arithmetic';
import { expand } from './axes';
import { broadcastShape, broadcastToShape } from './broadcast';
import { type Entry, type Index, type ParsedIndex, parseIndex } from './indexParse';
import { mod, where } from './operators';
import { program } from './program';

export type { Index } from './indexParse';

/** What is done at indices out of bounds: `'fill'`/`'drop'` gives a fill value and writes nothing, `'clip'` takes the nearest, `'wrap'` counts on from the other end, `'promise_in_bounds'` leaves it open. */
export type IndexMode = 'fill' | 'drop' | 'clip' | 'wrap' | 'promise_in_bounds';

/** Options of changes at an index. */
export interface IndexOptions {
  /** What happens to indices out of range. */
  mode?: IndexMode | null;
  /** A promise that speeds up some platforms. */
  indicesAreSorted?: boolean;
  /** A promise that no element is named twice. */
  uniqueIndices?: boolean;
  /** Whether negative indices count from the end, as they do by default; where not, they are out of range. */
  wrapNegativeIndices?: boolean;
}

/** Options of reading by an index. */
export interface GetOptions extends IndexOptions {
  /** What mode 'fill' gives out of bounds; by default NaN, the least signed or the greatest unsigned integer. */
  fillValue?: number | boolean | null;
}

interface Statics {
  entries: readonly Entry[];
  contiguous: boolean;
  boolDims: readonly number[];
  mode: IndexMode | null;
  sorted: boolean;
  unique: boolean;
  /** Whether negative indices count from the end. */
  fromEnd: boolean;
  fill: number | boolean | null;
}

const MODES = ['fill', 'drop', 'clip', 'wrap', 'promise_in_bounds'];

function checkMode(op: string, mode: unknown): IndexMode | null {
  if (mode === undefined || mode === null) return null;
  const m = mode === 'promiseInBounds' ? 'promise_in_bounds' : mode;
  if (!MODES.includes(m as string)) throw new ArgumentError(`${op}: expected mode to be one of ${MODES.map((x) => `'${x}'`).join(', ')}, got ${String(mode)}`);
  return m as IndexMode;
}

/** How the entries are a gather: the index vectors, and which dimensions are which. */
interface GatherPlan {
  indices: Array;
  offsetDims: number[];
  collapsed: number[];
  map: number[];
  sliceSizes: number[];
  /** Dimensions of the final result that are new. */
  newDims: number[];
  /** Dimensions of the gathered windows that are to be reversed. */
  reversed: number[];
  /** Shape of the final result. */
  shape: number[];
  hasArrays: boolean;
}

const wideInt = (xs: readonly Array[]): DType => (xs.some((x) => x.dtype === 'int64' || x.dtype === 'uint64') ? 'int64' : 'int32');

/** What indices mean: which are out of range, and what is done about it. */
type Bounds = Pick<Statics, 'mode' | 'fromEnd'>;

/** Indices as integers of one type, negative ones counted from the end. */
function normalize(x: Array, n: number, dtype: DType, { mode, fromEnd }: Bounds): Array {
  const i = convert(x, dtype);
  if (mode === 'wrap') return mod(i, like(i, Math.max(n, 1)));
  return !fromEnd || dtypeKind(x.dtype) === 'uint' ? i : e.where(e.lt(i, like(i, 0)), e.add(i, like(i, n)), i);
}

function normalizeInt(i: number, n: number, { mode, fromEnd }: Bounds): number {
  if (mode === 'wrap' && n > 0) return ((i % n) + n) % n;
  return fromEnd && i < 0 ? i + n : i;
}

/** Works out a gather: arrays that stand beside each other give their dimensions in their place, others give them at the front, as in NumPy. */
function planGather(shape: Shape, entries: readonly Entry[], arrays: readonly Array[], contiguous: boolean, bounds: Bounds): GatherPlan {
  const dtype = wideInt(arrays);
  const hasArrays = entries.some((x) => x.k === 'array' && x.ndim > 0);
  const isAdvanced = (x: Entry) => hasArrays && (x.k === 'array' || x.k === 'int');
  const advanced = entries.filter(isAdvanced) as (Entry & { axis: number })[];
  const first = contiguous ? entries.findIndex(isAdvanced) : 0;
  const indexShape: number[] = [];
  const pieces: { value: Array; at: number }[] = [];
  const p: GatherPlan = { indices: arrays[0]!, offsetDims: [], collapsed: [], map: [], sliceSizes: [], newDims: [], reversed: [], shape: [], hasArrays };
  // Place in the final result, and in the gathered one, which lacks new axes.
  let y = 0;
  let yGathered = 0;
  const valueOf = (x: Entry): Array => (x.k === 'int' ? scalar(normalizeInt(x.value, shape[x.axis]!, bounds), dtype) : normalize(arrays[(x as { arg: number }).arg]!, shape[(x as { axis: number }).axis]!, dtype, bounds));
  entries.forEach((x, position) => {
    if (advanced.length > 0 && position === first) {
      const values = advanced.map(valueOf);
      const common = broadcastShape('index', values.map((v) => v.shape));
      for (const v of values) pieces.push({ value: broadcastToShape('index', v, common), at: indexShape.length });
      indexShape.push(...common);
      p.map.push(...advanced.map((a) => a.axis));
      p.collapsed.push(...advanced.map((a) => a.axis));
      p.shape.push(...common);
      y += common.length;
      yGathered += common.length;
    }
    if (isAdvanced(x)) {
      p.sliceSizes.push(1);
    } else if (x.k === 'new') {
      p.shape.push(1);
      p.newDims.push(y++);
    } else if (x.k === 'range') {
      p.shape.push(x.count);
      if (x.step === 1) {
        if (x.count !== shape[x.axis]) {
          pieces.push({ value: scalar(x.start, dtype), at: indexShape.length });
          p.map.push(x.axis);
        }
        p.sliceSizes.push(x.count);
        p.offsetDims.push(yGathered);
      } else {
        // The indices themselves, ascending; the result is reversed where the step is negative.
        const low = x.step > 0 ? x.start : x.start + (x.count - 1) * x.step;
        const step = Math.abs(x.step);
        const i = iota(dtype, [x.count], 0);
        pieces.push({ value: e.add(e.mul(i, like(i, step)), like(i, low)), at: indexShape.length });
        if (x.step < 0) p.reversed.push(yGathered);
        indexShape.push(x.count);
        p.map.push(x.axis);
        p.collapsed.push(x.axis);
        p.sliceSizes.push(1);
      }
      y++;
      yGathered++;
    } else {
      pieces.push({ value: valueOf(x), at: indexShape.length });
      p.map.push(x.axis);
      p.collapsed.push(x.axis);
      p.sliceSizes.push(1);
    }
  });
  p.collapsed.sort((a, b) => a - b);
  const full_ = [...indexShape, 1];
  p.indices = pieces.length === 0 ? full([0], 0, dtype) : concatenate(pieces.map(({ value, at }) => broadcastInDim(value, full_, range(value.ndim).map((d) => d + at))), indexShape.length);
  return p;
}

/** Entries without arrays: slices and reversals. */
function staticGet(x: Array, s: Statics): Array {
  const { entries, mode } = s;
  const [starts, limits, strides, reversed, gone, shape]: number[][] = [[], [], [], [], [], []];
  let outside = false;
  for (const i of entries) {
    if (i.k === 'new') shape!.push(1);
    else if (i.k === 'int') {
      const n = x.shape[i.axis]!;
      if (n === 0) throw new ShapeError(`index: index ${i.value} is out of bounds for dimension ${i.axis} of ${x.aval}`);
      const at = normalizeInt(i.value, n, s);
      if (at < 0 || at >= n) outside = true;
      const inside = Math.min(Math.max(at, 0), n - 1);
      starts!.push(inside);
      limits!.push(inside + 1);
      strides!.push(1);
      gone!.push(i.axis);
    } else if (i.k === 'range') {
      const step = Math.abs(i.step);
      const low = i.count === 0 ? 0 : i.step > 0 ? i.start : i.start + (i.count - 1) * i.step;
      starts!.push(low);
      limits!.push(i.count === 0 ? 0 : low + (i.count - 1) * step + 1);
      strides!.push(step);
      if (i.step < 0 && i.count > 1) reversed!.push(i.axis);
      shape!.push(i.count);
    }
  }
  if (outside && (mode === 'fill' || mode === 'drop')) return full(shape!, s.fill ?? fillOf(x.dtype), x.dtype, x.weakType);
  const out = squeeze(rev(slice(x, starts!, limits!, strides!), reversed!), gone!);
  return sameShape(out.shape, shape!) ? out : addAxes(out, entries);
}

function fillOf(dtype: DType): number | boolean {
  const kind = dtypeKind(dtype);
  const bits = Number(/\d+/.exec(dtype)?.[0] ?? 8);
  return kind === 'bool' ? true : kind === 'int' ? -(2 ** (bits - 1)) : kind === 'uint' ? 2 ** bits - 1 : Number.NaN;
}

function addAxes(x: Array, entries: readonly Entry[]): Array {
  const dims: number[] = [];
  entries.filter((i) => i.k !== 'int' && !(i.k === 'array' && i.ndim === 0)).forEach((i, d) => {
    if (i.k === 'new') dims.push(d);
  });
  return expand(x, dims);
}

/** Entries whose arrays are scalars: one window, which is moved inside where it is not. */
function dynamicGet(x: Array, arrays: readonly Array[], s: Statics): Array {
  const dtype = wideInt(arrays);
  const starts: Array[] = [];
  const [sizes, gone, reversed]: number[][] = [[], [], []];
  for (const i of s.entries) {
    if (i.k === 'new') continue;
    const n = x.shape[i.axis]!;
    if (i.k === 'range') {
      starts.push(scalar(i.count === 0 ? 0 : i.step > 0 ? i.start : i.start - i.count + 1, dtype));
      sizes!.push(i.count);
      if (i.step < 0 && i.count > 1) reversed!.push(i.axis);
    } else {
      if (n === 0) throw new ShapeError(`index: index is out of bounds for dimension ${i.axis} of ${x.aval}`);
      starts.push(i.k === 'int' ? scalar(normalizeInt(i.value, n, s), dtype) : normalize(arrays[i.arg]!, n, dtype, s));
      sizes!.push(1);
      gone!.push(i.axis);
    }
  }
  return addAxes(squeeze(rev(dynamicSlice(x, starts, sizes!), reversed!), gone!), s.entries);
}

function get(x0: Array, arrays: readonly Array[], s: Statics): Array {
  const x = s.boolDims.length > 0 ? expand(x0, s.boolDims) : x0;
  if (arrays.length === 0) return staticGet(x, s);
  const filled = s.mode === 'fill' || s.mode === 'drop';
  const scalars = s.entries.every((i) => (i.k === 'array' ? i.ndim === 0 : i.k !== 'range' || Math.abs(i.step) === 1));
  if (scalars && !filled) return dynamicGet(x, arrays, s);
  const p = planGather(x.shape, s.entries, arrays, s.contiguous, s);
  if (p.shape.includes(0)) return full(p.shape, x.dtype === 'bool' ? false : 0, x.dtype, x.weakType);
  const out = gather(x, p.indices, {
    dimensionNumbers: { offsetDims: p.offsetDims, collapsedSliceDims: p.collapsed, startIndexMap: p.map },
    sliceSizes: p.sliceSizes, mode: s.mode === 'wrap' || s.mode === null ? 'promise_in_bounds' : s.mode, fillValue: s.fill,
    indicesAreSorted: s.sorted || !p.hasArrays, uniqueIndices: s.unique || !p.hasArrays,
  });
  return expand(rev(out, p.reversed), p.newDims);
}

const getC = program<Statics>('index', ([x, ...arrays], s) => [get(x!, arrays as Array[], s)]);

const INDEX_OPTIONS = ['mode', 'indicesAreSorted', 'uniqueIndices', 'wrapNegativeIndices'] as const;

function statics(op: string, parsed: ParsedIndex, given: GetOptions | null | undefined, names: readonly (keyof GetOptions)[] = INDEX_OPTIONS): Statics {
  const o = checkOptions(op, names, given);
  return {
    entries: parsed.entries, contiguous: parsed.contiguous, boolDims: parsed.boolDims, mode: checkMode(op, o.mode),
    sorted: o.indicesAreSorted ?? false, unique: o.uniqueIndices ?? false, fromEnd: o.wrapNegativeIndices ?? true, fill: o.fillValue ?? null,
  };
}

/**
 * The entries of an array at indices, which are any mix of NumPy's: numbers (negative ones from the end), ranges `[start, stop, step]`, `[]` for
 * all, null for a new axis, `'...'`, integer arrays, boolean masks (not traced ones), traced integer scalars. Out of bounds, the nearest entry
 * is taken. Mirrors `x[...]` of `jax.Array`; also the method `x.slice(...)`.
 *
 * @throws ShapeError, ArgumentError, DtypeError; ConcretizationError for a traced mask
 * @example
 * np.index(np.arange(5), [null, null, -2]).js() // [4, 2, 0]
 */
export function index(x: ArrayLike, ...indices: readonly Index[]): Array {
  const a = asArray(x, 'index');
  const parsed = parseIndex('index', a.aval, indices);
  return getC([a, ...parsed.arrays], statics('index', parsed, {}))[0]!;
}

type Update = 'set' | 'add' | 'subtract' | 'multiply' | 'min' | 'max';

const scatters: Record<Update, (x: Array, indices: Array, updates: Array, options: ScatterOptions) => Array> = {
  set: scatter, add: scatterAdd, subtract: scatterSub, multiply: scatterMul, min: scatterMin, max: scatterMax,
};
const binary: Record<Update, (x: Array, y: Array) => Array> = {
  set: (_, y) => y,
  add: (x, y) => (x.dtype === 'bool' ? e.or(x, y) : e.add(x, y)),
  subtract: e.sub,
  multiply: (x, y) => (x.dtype === 'bool' ? e.and(x, y) : e.mul(x, y)),
  min: e.min,
  max: e.max,
};

/** Without arrays, steps other than 1 or numbers out of bounds, an update changes one window in place. */
function windowOf(shape: Shape, { entries, ...bounds }: Statics): { starts: number[]; sizes: number[] } | null {
  const [starts, sizes]: number[][] = [[], []];
  for (const i of entries) {
    if (i.k === 'new') continue;
    if (i.k === 'array' || (i.k === 'range' && Math.abs(i.step) !== 1)) return null;
    if (i.k === 'range') {
      starts!.push(i.count === 0 ? 0 : i.step > 0 ? i.start : i.start - i.count + 1);
      sizes!.push(i.count);
    } else {
      const at = normalizeInt(i.value, shape[i.axis]!, bounds);
      if (at < 0 || at >= shape[i.axis]!) return null;
      starts!.push(at);
      sizes!.push(1);
    }
  }
  return { starts: starts!, sizes: sizes! };
}

function update(x0: Array, value0: Array, arrays: readonly Array[], s: Statics, op: Update): Array {
  const { dtype, weakType } = x0;
  let [x, value] = promoteDtypes('at', x0, value0) as [Array, Array];
  if (s.boolDims.length > 0) x = expand(x, s.boolDims);
  const finish = (out: Array) => astype(s.boolDims.length > 0 ? squeeze(out, s.boolDims) : out, dtype, weakType);
  const window = arrays.length === 0 ? windowOf(x.shape, s) : null;
  if (window) {
    const results = s.entries.filter((i) => i.k !== 'int');
    const target = results.map((i) => (i.k === 'range' ? i.count : 1));
    if (target.includes(0)) return x0;
    value = squeeze(broadcastToShape('at', value, target), results.map((i, d) => (i.k === 'new' ? d : -1)).filter((d) => d >= 0));
    const reversed = s.entries.filter((i) => i.k === 'range' && i.step < 0).map((i) => (i as { axis: number }).axis);
    value = rev(reshape(value, window.sizes), reversed);
    const old = op === 'set' ? value : slice(x, window.starts, window.starts.map((v, d) => v + window.sizes[d]!));
    const changed = binary[op](old, value);
    return finish(sameShape(window.sizes, x.shape) ? changed : dynamicUpdateSlice(x, changed, window.starts.map((v) => scalar(v, 'int32'))));
  }
  const p = planGather(x.shape, s.entries, arrays, s.contiguous, s);
  if (p.shape.includes(0)) return x0;
  value = rev(squeeze(broadcastToShape('at', value, p.shape), p.newDims), p.reversed);
  return finish(scatters[op](x, p.indices, value, scatterOptions(p, s)));
}

function scatterOptions(p: GatherPlan, s: Statics): ScatterOptions {
  return {
    dimensionNumbers: { updateWindowDims: p.offsetDims, insertedWindowDims: p.collapsed, scatterDimsToOperandDims: p.map },
    mode: s.mode === 'wrap' ? 'promise_in_bounds' : (s.mode ?? 'drop'), indicesAreSorted: s.sorted || !p.hasArrays, uniqueIndices: s.unique || !p.hasArrays,
  };
}

const updateC = program<Statics & { op: Update }>('scatter', ([x, value, ...arrays], s) => [update(x!, value!, arrays as Array[], s, s.op)]);
const maskedC = program<{ op: Update }>('masked_update', ([x, value, mask], { op }) => {
  const [a, v] = promoteDtypes('at', x!, value!) as [Array, Array];
  const changed = binary[op](a, broadcastToShape('at', v, a.shape));
  return [astype(where(reshape(mask!, [...mask!.shape, ...range(a.ndim - mask!.ndim).map(() => 1)]), changed, a), x!.dtype, x!.weakType)];
});

/** Entries of an array that are about to be read or replaced; see {@link at}. */
export interface IndexUpdate {
  /** The array with the entries replaced; values are broadcast to their shape. */
  set(values: ArrayLike, options?: IndexOptions): Array;
  /** The array with values added to the entries; an entry named several times is added to each time. */
  add(values: ArrayLike, options?: IndexOptions): Array;
  /** Subtracts from the elements. */
  subtract(values: ArrayLike, options?: IndexOptions): Array;
  /** Multiplies the elements. */
  multiply(values: ArrayLike, options?: IndexOptions): Array;
  /** jax-js's and Array's short names of the two above. */
  sub(values: ArrayLike, options?: IndexOptions): Array;
  /** The same as `multiply`. */
  mul(values: ArrayLike, options?: IndexOptions): Array;
  /** Divides the elements. */
  divide(values: ArrayLike, options?: IndexOptions): Array;
  /** Raises the elements to powers. */
  power(values: ArrayLike, options?: IndexOptions): Array;
  /** The lesser of each element and value. */
  min(values: ArrayLike, options?: IndexOptions): Array;
  /** The greater of each element and value. */
  max(values: ArrayLike, options?: IndexOptions): Array;
  /** The array with `f`, a function of one element, applied to the entries. */
  apply(f: (x: Array) => Array, options?: IndexOptions): Array;
  /** The entries. */
  get(options?: GetOptions): Array;
}

/**
 * The entries of an array at indices (as {@link index} takes them), to be read or replaced; the array itself never changes. Where an index is out
 * of bounds, nothing is written. Mirrors `x.at[...]` of `jax.Array`; also the method `x.at(...)`.
 *
 * @throws ShapeError, ArgumentError, DtypeError; ConcretizationError for a traced mask, except with scalar values
 * @example
 * np.at([1, 2, 3], [1, null]).add(10).js() // [1, 12, 13]
 */
export function at(x: ArrayLike, ...indices: readonly Index[]): IndexUpdate {
  const a = asArray(x, 'at');
  const only = indices.length === 1 ? indices[0] : null;
  const mask = only instanceof Array && only.dtype === 'bool' && only.ndim > 0 && only.shape.every((n, i) => n === a.shape[i]) ? only : null;
  let parsed: ParsedIndex | undefined;
  const parse = () => {
    if (parsed === undefined) {
      parsed = parseIndex('at', a.aval, indices);
      for (const i of parsed.entries) if (i.k === 'int' && parsed.shape[i.axis] === 0) throw new ShapeError(`at: index ${i.value} is out of bounds for dimension ${i.axis} of ${a.aval}`);
    }
    return parsed;
  };
  const apply = (op: Update) => (values: ArrayLike, options?: IndexOptions) => {
    const v = asArray(values, 'at');
    if (mask && v.ndim === 0 && options === undefined) return maskedC([a, v, mask], { op })[0]!;
    const p = parse();
    return updateC([a, v, ...p.arrays], { ...statics('at', p, options), op })[0]!;
  };
  const [set, add, subtract, multiply, min, max] = (['set', 'add', 'subtract', 'multiply', 'min', 'max'] as const).map(apply) as [IndexUpdate['set'], IndexUpdate['set'], IndexUpdate['set'], IndexUpdate['set'], IndexUpdate['set'], IndexUpdate['set']];
  // What is not named is divided by one, or raised to it.
  const factors = (values: ArrayLike, options?: IndexOptions) => at(full(a.shape, a.dtype === 'bool' ? true : 1, a.dtype), ...indices).multiply(values, options);
  return {
    set, add, subtract, multiply, sub: subtract, mul: multiply, min, max,
    divide: (values, options) => trueDivide(a, factors(values, options)),
    power: (values, options) => power(a, factors(values, options)),
    apply: (f, options) => {
      checkFunction('at', 'f', f);
      const p = parse();
      const s = statics('at', p, options);
      const wide = p.boolDims.length > 0 ? expand(a, p.boolDims) : a;
      const g = planGather(wide.shape, p.entries, p.arrays, p.contiguous, s);
      if (g.shape.includes(0)) return a;
      const out = scatterApply(wide, g.indices, f, { ...scatterOptions(g, s), updateShape: g.shape.filter((_, d) => !g.newDims.includes(d)) });
      return p.boolDims.length > 0 ? squeeze(out, p.boolDims) : out;
    },
    get: (options) => {
      const p = parse();
      return getC([a, ...p.arrays], statics('at', p, options, [...INDEX_OPTIONS, 'fillValue']))[0]!;
    },
  };
}
