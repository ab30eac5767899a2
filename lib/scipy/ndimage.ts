import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import { floorDivide } from '../numpy/arithmetic';
import { broadcastAll } from '../numpy/broadcast';
import { array } from '../numpy/creation';
import { index } from '../numpy/indexing';
import { add, mod, mul, sub, where } from '../numpy/operators';
import * as e from '../primitives/elementwise';
import { like } from '../primitives/structural';

/** What lies beyond the edges. */
export type MapMode = 'constant' | 'nearest' | 'wrap' | 'mirror' | 'reflect';

const mirror = (i: Array, size: number) => {
  const s = size - 1;
  return e.abs(sub(mod(add(i, s), 2 * s), s));
};
const FIX: Record<MapMode, (i: Array, size: number) => Array> = {
  constant: (i) => i,
  nearest: (i, size) => e.min(e.max(i, like(i, 0)), like(i, size - 1)),
  wrap: (i, size) => mod(i, size),
  mirror,
  reflect: (i, size) => floorDivide(sub(mirror(add(mul(2, i), 1), 2 * size + 1), 1), 2),
};
const isWhole = (x: Array) => ['int', 'uint'].includes(dtypeKind(x.dtype));

const mapC = composite<{ order: 0 | 1; mode: MapMode }>('map_coordinates', ([x, cval, ...coordinates], { order, mode }) => {
  type Node = { at: Array; valid: Array | null; weight: Array | null };
  const nodes = coordinates.map((c, d): Node[] => {
    const size = x!.shape[d]!;
    const node = (i: Array, weight: Array | null): Node => ({ at: FIX[mode](i, size), valid: mode === 'constant' ? e.and(e.ge(i, like(i, 0)), e.lt(i, like(i, size))) : null, weight });
    if (order === 0) return [node(astype(isWhole(c) ? c : e.round(c), 'int32'), null)];
    const real = isWhole(c) ? astype(c, 'float32') : c;
    const low = e.floor(real);
    const up = e.sub(real, low);
    const i = astype(low, 'int32');
    return [node(i, e.sub(like(up, 1), up)), node(e.add(i, like(i, 1)), up)];
  });
  let total: Array | null = null;
  const visit = (d: number, chosen: Node[]): void => {
    if (d < nodes.length) {
      for (const n of nodes[d]!) visit(d + 1, [...chosen, n]);
      return;
    }
    let value = index(x!, ...broadcastAll('mapCoordinates', chosen.map((n) => n.at)));
    const valid = chosen.map((n) => n.valid).filter((v): v is Array => v !== null);
    if (valid.length > 0) value = where(valid.reduce((p, q) => e.and(p, q)), value, cval!);
    const weights = chosen.flatMap((n) => n.weight ?? []);
    if (weights.length > 0) value = mul(weights.reduce(mul), value);
    total = total === null ? value : add(total, value);
  };
  visit(0, []);
  const out = total as unknown as Array;
  return [astype(isWhole(x!) && !isWhole(out) ? e.round(out) : out, x!.dtype)];
});

/**
 * Values of an array at coordinates between its elements, by the nearest element (order 0) or linearly (order 1). Mirrors `jax.scipy.ndimage.map_coordinates`.
 *
 * @param input an array
 * @param coordinates one array for each dimension; an array stands for its rows
 * @param options.mode what is outside: `cval`, or the array extended
 * @throws ShapeError unless there are as many coordinates as dimensions; ArgumentError for another order or mode
 * @example
 * scipy.ndimage.mapCoordinates([0, 10], [[0.5]], 1).js() // [5]
 */
export function mapCoordinates(input: ArrayLike, coordinates: Array | readonly ArrayLike[], order: 0 | 1, options: { mode?: MapMode; cval?: ArrayLike } = {}): Array {
  const { mode = 'constant', cval = 0 } = checkOptions('mapCoordinates', ['mode', 'cval'], options);
  if (order !== 0 && order !== 1) throw new ArgumentError(`mapCoordinates: expected order to be 0 or 1, got ${String(order)}`);
  if (!(mode in FIX)) throw new ArgumentError(`mapCoordinates: expected mode to be one of ${Object.keys(FIX).join(', ')}, got ${String(mode)}`);
  const x = asArray(input, 'mapCoordinates');
  const rows = (globalThis.Array.isArray(coordinates) ? coordinates : [...(coordinates as Array)]) as readonly ArrayLike[];
  if (rows.length !== x.ndim || x.ndim === 0) throw new ShapeError(`mapCoordinates: expected an array of at least one dimension, and an array of coordinates for each, got ${x.aval} and ${rows.length}`);
  return mapC([x, array(cval, { dtype: x.dtype }), ...rows.map((c) => asArray(c, 'mapCoordinates'))], { order, mode })[0]!;
}
