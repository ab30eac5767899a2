import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { associativeScan } from '../lax/control';
import { range } from '../primitives/structural';
import { add, maximum, minimum, multiply, subtract } from './arithmetic';
import { canonAxes, canonAxis } from './axes';
import { at } from './indexing';
import { logicalAnd, logicalOr } from './logic';
import { expandDims, reshape } from './manipulation';
import { all, any, cumprod, cumsum, max, min, prod, sum } from './reductions';
import { astype, full } from './creation';
import { concatenate, indexInDim } from '../primitives/structural';
import { where } from './choice';
import { type BinaryUfunc, provideUfuncMethods, type UfuncReduceOptions } from './ufunc';
import type { DtypeLike } from './dtypes';

// reduce, accumulate, outer and at of ufuncs: by the reductions there are, else pair by pair.

type Reduction = (a: ArrayLike, o: UfuncReduceOptions) => Array;
const REDUCTIONS = new Map<BinaryUfunc, Reduction>([
  [add, (a, o) => sum(a, o as object)], [multiply, (a, o) => prod(a, o as object)], [maximum, (a, o) => max(a, o as object)], [minimum, (a, o) => min(a, o as object)],
  [logicalAnd, (a, o) => all(a, o as object)], [logicalOr, (a, o) => any(a, o as object)],
]);

const given = (o: object) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null));

/** Folds an axis pairwise from the left. */
function foldAxis(f: BinaryUfunc, x: Array, axis: number): Array {
  const n = x.shape[axis]!;
  if (n === 0) {
    if (f.identity === null) throw new ArgumentError(`${f.name}.reduce: cannot fold an empty axis: there is no identity`);
    return full(x.shape.filter((_, i) => i !== axis), f.identity, x.dtype);
  }
  let out = indexInDim(x, 0, axis);
  for (let i = 1; i < n; i++) out = f(out, indexInDim(x, i, axis));
  return out;
}

provideUfuncMethods({
  reduce(f, a, options) {
    const axis = options.axis === undefined ? 0 : options.axis;
    const known = REDUCTIONS.get(f);
    const isLogical = f === logicalAnd || f === logicalOr;
    if (known && !(isLogical && (options.initial ?? options.dtype ?? null) !== null)) return known(a, { ...given(options), axis });
    let x = asArray(a, `${f.name}.reduce`);
    if (options.where !== undefined && options.where !== null) {
      const neutral = options.initial ?? f.identity;
      if (neutral === null) throw new ArgumentError(`${f.name}.reduce: where needs an initial value: there is no identity`);
      x = where(options.where, x, neutral);
    }
    const axes = canonAxes(f.name, axis, x.ndim).sort((p, q) => q - p);
    if (axes.length > 1 && f.identity === null) throw new ArgumentError(`${f.name}.reduce: expected one axis: the order of several would matter`);
    let out = x;
    for (const d of axes) out = foldAxis(f, out, d);
    if (options.initial !== undefined && options.initial !== null) out = f(options.initial, out);
    if (options.dtype) out = astype(out, options.dtype as DtypeLike);
    return options.keepdims ? expandDims(out, [...axes].sort((p, q) => p - q)) : out;
  },
  accumulate(f, a, options) {
    const axis = options.axis ?? 0;
    if (f === add) return cumsum(a, { ...given(options), axis } as object);
    if (f === multiply) return cumprod(a, { ...given(options), axis } as object);
    const x = options.dtype ? astype(a, options.dtype as DtypeLike) : asArray(a, `${f.name}.accumulate`);
    const d = canonAxis(f.name, axis, x.ndim);
    if (f === subtract || f.identity === null && f !== maximum && f !== minimum) {
      const parts = [indexInDim(x, 0, d)];
      for (let i = 1; i < x.shape[d]!; i++) parts.push(f(parts[i - 1]!, indexInDim(x, i, d)));
      return concatenate(parts.map((v) => expandDims(v, d)), d);
    }
    return associativeScan((u: Array, v: Array) => f(u, v), x, { axis: d }) as Array;
  },
  outer(f, a, b) {
    const [x, y] = [asArray(a, `${f.name}.outer`), asArray(b, `${f.name}.outer`)];
    return f(reshape(x, [...x.shape, ...range(y.ndim).map(() => 1)]), y);
  },
  at(f, a, indices, b) {
    const x = asArray(a, `${f.name}.at`);
    const target = at(x, asArray(indices, `${f.name}.at`));
    if (f === add) return target.add(b);
    if (f === subtract) return target.subtract(b);
    if (f === multiply) return target.multiply(b);
    if (f === maximum) return target.max(b);
    if (f === minimum) return target.min(b);
    // One index after another, since the function may depend on the order.
    const which = asArray(indices, `${f.name}.at`);
    const flat = reshape(which, -1);
    const values = asArray(b, `${f.name}.at`);
    const n = flat.size;
    let out = x;
    for (let i = 0; i < n; i++) {
      const k = indexInDim(flat, i, 0);
      const v = values.ndim < which.ndim ? values : indexInDim(reshape(values, [n, ...values.shape.slice(which.ndim)]), i, 0);
      out = at(out, k).set(f(at(out, k).get(), v));
    }
    return out;
  },
});

