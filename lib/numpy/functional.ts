import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { vmap } from '../functional/vmap';
import { canonAxis, checkFunction } from '../core/checks';
import { range, squeeze } from '../primitives/structural';
import { axisList, expand } from './axes';
import { broadcastShape } from './broadcast';
import { readOptions, type Rest } from './program';

/**
 * A function of a vector applied to each row along an axis; its result takes the axis' place. Mirrors `jax.numpy.apply_along_axis`.
 *
 * @param func1d a function of a vector
 * @param arr an array
 * @example
 * np.applyAlongAxis((v) => np.cumsum(v), 0, [[1, 2], [3, 4]]) // [[1, 2], [4, 6]]
 */
export function applyAlongAxis(func1d: (row: Array) => ArrayLike, axis: number, arr: ArrayLike): Array {
  checkFunction('applyAlongAxis', 'func1d', func1d);
  const x = asArray(arr, 'applyAlongAxis');
  const d = canonAxis('applyAlongAxis', axis, x.ndim);
  let f: (y: Array) => Array = (row) => asArray(func1d(row), 'applyAlongAxis');
  for (let i = 1; i < x.ndim - d; i++) f = vmap(f as never, { inAxes: i, outAxes: -1 }) as typeof f;
  for (let i = 0; i < d; i++) f = vmap(f as never) as typeof f;
  return f(x);
}

/**
 * A function of an array and an axis, such as a sum, applied for each axis in turn; reduced axes stay with size 1. Mirrors `jax.numpy.apply_over_axes`.
 *
 * @param func a function `(a, axis) => Array`
 * @throws ShapeError where it gives an array of another rank
 * @example
 * np.applyOverAxes(np.sum, np.ones([2, 3, 2]), [0, 2]).shape // [1, 3, 1]
 */
export function applyOverAxes(func: (a: Array, axis: number) => Array, a: ArrayLike, axes: number | readonly number[]): Array {
  checkFunction('applyOverAxes', 'func', func);
  let x = asArray(a, 'applyOverAxes');
  for (const d of axisList('applyOverAxes', axes, x.ndim)) {
    const y = func(x, d);
    if (y.ndim !== x.ndim && y.ndim !== x.ndim - 1) throw new ShapeError(`applyOverAxes: expected a function that keeps or drops one dimension of ${x.aval}, got ${y.aval}`);
    x = y.ndim === x.ndim ? y : expand(y, [d]);
  }
  return x;
}

interface VectorizeOptions {
  /** Numbers of arguments that are handed on as they are. */
  excluded?: readonly number[];
  /** Core dimensions of arguments and results, `'(n,m),(m)->(n)'`; without it all are scalars. */
  signature?: string | null;
}

const CORE = /\(([^()]*)\)/g;

function parseSignature(signature: string): [string[][], string[][]] {
  if (!/^\s*(\(\s*(\w+(\s*,\s*\w+)*)?\s*\)(\s*,\s*)?)*->\s*(\(\s*(\w+(\s*,\s*\w+)*)?\s*\)(\s*,\s*)?)+\s*$/.test(signature)) throw new ArgumentError(`vectorize: expected a signature such as '(n),(n)->()', got '${signature}'`);
  const [left, right] = signature.split('->') as [string, string];
  const read = (s: string) => [...s.matchAll(CORE)].map((m) => m[1]!.split(',').map((d) => d.trim()).filter((d) => d !== ''));
  return [read(left), read(right)];
}

function matchDims(sizes: Map<string, number>, shape: readonly number[], core: readonly string[], what: string, exact: boolean): void {
  if (exact ? shape.length !== core.length : shape.length < core.length) throw new ShapeError(`vectorize: expected core dimensions (${core.join(', ')}) of ${what}, got shape [${shape.join(', ')}]`);
  core.forEach((name, i) => {
    const n = shape[shape.length - core.length + i]!;
    const known = sizes.get(name);
    if (known === undefined) sizes.set(name, n);
    else if (known !== n) throw new ShapeError(`vectorize: expected size ${known} of core dimension ${name} of ${what}, got ${n}`);
  });
}

/**
 * A function that applies another over all dimensions but the core ones of its signature, which broadcast. Mirrors `jax.numpy.vectorize`.
 *
 * @throws ArgumentError for a signature that cannot be read, ShapeError where sizes of core dimensions differ
 * @example
 * const dot = np.vectorize((x, y) => np.dot(x, y), { signature: '(n),(n)->()' });
 * dot(np.ones([4, 3]), np.ones([3])).shape // [4]
 */
export function vectorize<R extends Array | readonly Array[]>(pyfunc: (...args: Array[]) => R, ...rest: Rest<VectorizeOptions>): (...args: ArrayLike[]) => R {
  const { excluded = [], signature = null } = readOptions('vectorize', ['excluded', 'signature'], 0, rest);
  checkFunction('vectorize', 'pyfunc', pyfunc);
  if (excluded.some((i) => !Number.isInteger(i) || i < 0)) throw new ArgumentError(`vectorize: expected excluded to hold numbers of arguments, got [${excluded.join(', ')}]`);
  const parsed = signature === null ? null : parseSignature(signature);
  return (...args) => {
    const dynamic = range(args.length).filter((i) => !excluded.includes(i) && args[i] !== null);
    const xs = dynamic.map((i) => asArray(args[i]!, 'vectorize'));
    const cores = parsed === null ? xs.map(() => []) : parsed[0];
    if (cores.length !== xs.length) throw new ArgumentError(`vectorize: expected ${cores.length} arguments for signature '${signature}', got ${xs.length}`);
    const sizes = new Map<string, number>();
    const outer = xs.map((x, i) => {
      matchDims(sizes, x.shape, cores[i]!, `argument ${dynamic[i]}`, false);
      return x.shape.slice(0, x.ndim - cores[i]!.length);
    });
    let f: (...ys: Array[]) => R = (...ys) => {
      const all = [...args] as Array[];
      dynamic.forEach((i, k) => {
        all[i] = ys[k]!;
      });
      const out = pyfunc(...all);
      if (parsed !== null) {
        const list = (globalThis.Array.isArray(out) ? out : [out]) as Array[];
        if (list.length !== parsed[1].length) throw new ArgumentError(`vectorize: expected ${parsed[1].length} results, got ${list.length}`);
        const known = new Map(sizes);
        list.forEach((y, k) => matchDims(known, y.shape, parsed[1][k]!, `result ${k}`, true));
      }
      return out;
    };
    const rank = broadcastShape('vectorize', outer).length;
    // Dimensions of size 1 are left out of the arguments, and put back into results where all have size 1.
    const squeezed = xs.map((x, i) => squeeze(x, range(outer[i]!.length).filter((d) => outer[i]![d] === 1)));
    const restored: number[] = [];
    for (let back = 0; back < rank; back++) {
      const axes = outer.map((s) => ((s[s.length - 1 - back] ?? 1) === 1 ? null : 0));
      if (axes.every((a) => a === null)) restored.push(rank - 1 - back);
      else f = vmap(f as never, { inAxes: axes }) as typeof f;
    }
    const out = f(...squeezed);
    if (restored.length === 0) return out;
    return (globalThis.Array.isArray(out) ? (out as Array[]).map((y) => expand(y, restored)) : expand(out as Array, restored)) as R;
  };
}
