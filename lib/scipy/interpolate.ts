import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { registerPytreeNode } from '../core/tree';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypesInexact, resultType } from '../lax/arrayLike';
import { where } from '../numpy/operators';
import { searchsorted } from '../numpy/search';
import { take } from '../numpy/take';
import * as e from '../primitives/elementwise';
import { broadcastInDim, indexInDim, like, range, reshape, scalar } from '../primitives/structural';

// scipy.interpolate: values between the points of a grid.

type Method = 'linear' | 'nearest';

function checkMethod(method: unknown): Method {
  if (method !== 'linear' && method !== 'nearest') throw new ArgumentError(`RegularGridInterpolator: expected method to be 'linear' or 'nearest', got ${String(method)}`);
  return method;
}

/** Options of {@link RegularGridInterpolator}. */
export interface GridOptions {
  /** How values between points are found. */
  method?: Method;
  /** The value outside of the grid; NaN. Null: the cells at the border go on. */
  fillValue?: ArrayLike | null;
}

const interpolateC = composite<{ method: Method; dims: number; filled: boolean }>('interpolate', ([points, values, ...rest], { method, dims, filled }) => {
  const grid = rest.slice(0, dims);
  const count = points!.shape[0]!;
  const places = grid.map((g, d) => {
    const [x, axis] = promoteDtypesInexact('RegularGridInterpolator', indexInDim(points!, d, 1), g) as [Array, Array];
    const n = axis.size;
    const found = e.sub(searchsorted(axis, x), scalar(1, 'int32'));
    const i = e.min(e.max(found, scalar(0, 'int32')), scalar(n - 2, 'int32'));
    const [low, high] = [take(axis, i), take(axis, e.add(i, scalar(1, 'int32')))];
    const edge = (k: number) => indexInDim(axis, k, 0);
    const spread = (v: Array) => broadcastInDim(v, [count], []);
    const outside = e.or(e.lt(x, spread(edge(0))), e.gt(x, spread(edge(n - 1))));
    return { i, part: e.div(e.sub(x, low), e.sub(high, low)), outside };
  });
  const trailing = values!.shape.slice(dims);
  const flat = reshape(values!, [sizeOf(values!.shape.slice(0, dims)), ...trailing]);
  const at = (corner: readonly Array[]) => take(flat, corner.reduce((sum, i, d) => e.add(e.mul(sum, scalar(values!.shape[d]!, 'int32')), i), broadcastInDim(scalar(0, 'int32'), [count], [])), { axis: 0 });
  const wide = (v: Array) => broadcastInDim(v, [count, ...trailing], [0]);
  const next = (i: Array) => e.add(i, scalar(1, 'int32'));
  let out: Array;
  if (method === 'nearest') out = at(places.map(({ i, part }) => e.where(e.le(part, like(part, 0.5)), i, next(i))));
  else {
    const terms = range(2 ** dims).map((bits) => {
      const up = (d: number) => ((bits >> (dims - 1 - d)) & 1) === 1;
      const weight = places.map(({ part }, d) => (up(d) ? part : e.sub(like(part, 1), part))).reduce(e.mul);
      const [v, w] = promoteDtypesInexact('RegularGridInterpolator', at(places.map(({ i }, d) => (up(d) ? next(i) : i))), wide(weight)) as [Array, Array];
      return e.mul(v, w);
    });
    out = terms.reduce(e.add);
  }
  if (!filled) return [out];
  return [where(wide(places.map((p) => p.outside).reduce(e.or)), rest[dims]!, out)];
});

/**
 * Values on a rectangular grid and, when called by `at`, between its points. A node of trees.
 *
 * Mirrors `jax.scipy.interpolate.RegularGridInterpolator`, of which objects are called: here it is the method `at`.
 *
 * @example
 * const f = new scipy.interpolate.RegularGridInterpolator([[0, 1], [0, 2]], [[0, 2], [1, 3]]);
 * f.at([[0.5, 1]]).js() // [1.5]
 */
export class RegularGridInterpolator {
  readonly grid: readonly Array[];
  readonly values: Array;
  readonly fillValue: Array | null;
  readonly method: Method;

  /**
   * @param points a vector of increasing coordinates for each of the first axes of `values`
   * @throws ShapeError where they do not go together; ArgumentError for an unknown method; DtypeError for a fillValue that values cannot take
   */
  constructor(points: readonly ArrayLike[], values: ArrayLike, options: GridOptions = {}) {
    const { method = 'linear', fillValue = Number.NaN } = checkOptions('RegularGridInterpolator', ['method', 'fillValue'], options);
    this.method = checkMethod(method);
    [this.values] = promoteDtypesInexact('RegularGridInterpolator', values) as [Array];
    this.grid = points.map((p, d) => {
      const g = asArray(p, `RegularGridInterpolator: points[${d}]`);
      if (g.ndim !== 1 || g.size < 2 || g.size !== this.values.shape[d]) throw new ShapeError(`RegularGridInterpolator: expected points[${d}] to be a vector of two or more coordinates of axis ${d} of values, got ${g.aval} for ${this.values.aval}`);
      return g;
    });
    this.fillValue = fillValue === null ? null : asArray(fillValue, 'RegularGridInterpolator: fillValue');
    if (this.fillValue && dtypeKind(this.fillValue.dtype) === 'complex' && dtypeKind(this.values.dtype) !== 'complex') throw new DtypeError(`RegularGridInterpolator: expected fillValue to go into values of type ${this.values.aval}, got ${this.fillValue.aval}`);
  }

  /**
   * The values at points: an array whose last axis has a coordinate for each axis of the grid.
   *
   * @throws ShapeError for points of another dimension; ArgumentError for an unknown method
   */
  at(xi: ArrayLike, options: { method?: Method | null } = {}): Array {
    options = checkOptions('RegularGridInterpolator.at', ['method'], options);
    const method = checkMethod(options.method ?? this.method);
    const dims = this.grid.length;
    let x = asArray(xi, 'RegularGridInterpolator');
    if (x.ndim === 1 && x.size % dims === 0) x = reshape(x, [x.size / dims, dims]);
    if (x.ndim < 1 || x.shape[x.ndim - 1] !== dims) throw new ShapeError(`RegularGridInterpolator: expected points of ${dims} coordinates, got ${x.aval}`);
    const outer = x.shape.slice(0, -1);
    const fill = this.fillValue === null ? [] : [astype(this.fillValue, resultType(this.values).dtype)];
    const out = interpolateC([reshape(x, [sizeOf(outer), dims]), this.values, ...this.grid, ...fill], { method, dims, filled: fill.length > 0 })[0]!;
    return reshape(out, [...outer, ...this.values.shape.slice(dims)]);
  }
}

registerPytreeNode(RegularGridInterpolator, {
  name: 'RegularGridInterpolator',
  flatten: (f) => ({ children: [f.grid, f.values, f.fillValue], keys: ['grid', 'values', 'fillValue'], aux: f.method }),
  unflatten: (method, [grid, values, fillValue]) => Object.assign(Object.create(RegularGridInterpolator.prototype) as RegularGridInterpolator, { grid, values, fillValue, method } as object),
});
