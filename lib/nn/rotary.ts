import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { ElementWiseBlock, MODULE_OPTIONS, type ModuleOptions } from './module';

/** Options of {@link applyRotary} and {@link RotaryEmbedding}. */
export interface RotaryOptions {
  /** Positions of the T entries: integers [T] or [B, T]. Default: 0 … T − 1. */
  positions?: ArrayLike | null;
  /** The slowest rotation takes about this many positions for a radian. Default 10000. */
  base?: number;
  /** How many of the H features are rotated. Default: all. */
  rotaryDim?: number | null;
  /** Whether a pair is of neighbours (2i, 2i + 1), rather than of the features i and i + rotaryDim / 2. Default false. */
  interleaved?: boolean;
}

const rotate = composite<{ base: number; dim: number; interleaved: boolean }>('applyRotary', ([x, positions], { base, dim, interleaved }) => {
  const half = dim / 2;
  const type = np.promoteTypes(x!.dtype, 'float32');
  const frequencies = np.exp(np.multiply(np.arange(half, { dtype: 'float32' }), (-2 * Math.log(base)) / dim));
  const angles = np.expandDims(np.multiply(np.expandDims(positions!.astype('float32'), -1), frequencies), -2);
  const [cos, sin] = [np.cos(angles).astype(type), np.sin(angles).astype(type)];
  const turned = x!.slice('...', [0, dim]).astype(type);
  const pairs = interleaved ? np.reshape(turned, [...turned.shape.slice(0, -1), half, 2]) : np.reshape(turned, [...turned.shape.slice(0, -1), 2, half]);
  const axis = interleaved ? -1 : -2;
  const [a, b] = [np.take(pairs, 0, { axis }), np.take(pairs, 1, { axis })];
  const both = np.stack([np.subtract(np.multiply(a, cos), np.multiply(b, sin)), np.add(np.multiply(b, cos), np.multiply(a, sin))], { axis });
  const out = np.reshape(both, turned.shape).astype(x!.dtype);
  return [dim === x!.shape[x!.ndim - 1] ? out : np.concatenate([out, x!.slice('...', [dim, null])], { axis: -1 })];
});

/**
 * Queries or keys with pairs of their features rotated by angles that grow with the position, so that their products depend on how far they are apart. x: [B, T, N, H] or [T, N, H] → the same.
 *
 * @throws ShapeError for other ranks, an odd number of features or positions of another length
 * @example
 * ```ts
 * nn.applyRotary(np.ones([2, 5, 4, 8]), { positions: [3, 4, 5, 6, 7] }).shape; // [2, 5, 4, 8]
 * ```
 */
export function applyRotary(x: ArrayLike, options: RotaryOptions = {}): Array {
  const { positions, base = 10000, rotaryDim, interleaved = false } = checkOptions('applyRotary', ['positions', 'base', 'rotaryDim', 'interleaved'], options);
  const a = asArray(x, 'applyRotary');
  if (a.ndim !== 3 && a.ndim !== 4) throw new ShapeError(`applyRotary: expected an array [B, T, N, H] or [T, N, H], got ${a.aval}`);
  const [T, , H] = a.shape.slice(-3) as [number, number, number];
  const dim = rotaryDim ?? H;
  if (!Number.isInteger(dim) || dim < 2 || dim > H || dim % 2 !== 0) throw new ShapeError(`applyRotary: expected an even number of features to rotate, at most ${H}, got ${describeValue(dim)}`);
  if (!(base > 0)) throw new ArgumentError(`applyRotary: expected base to be positive, got ${describeValue(base)}`);
  const p = positions === null || positions === undefined ? np.arange(T, { dtype: 'int32' }) : np.asarray(positions);
  const fits = p.shape[p.ndim - 1] === T && (p.ndim === 1 || (p.ndim === 2 && a.ndim === 4 && (p.shape[0] === 1 || p.shape[0] === a.shape[0])));
  if (!fits) throw new ShapeError(`applyRotary: expected positions of shape [${T}]${a.ndim === 4 ? ` or [${a.shape[0]}, ${T}]` : ''}, got ${p.aval}`);
  return rotate([a, p], { base, dim, interleaved })[0]!;
}

/**
 * {@link applyRotary} with fixed settings, for the queries and keys of {@link MultiHeadAttention}, or on its own.
 *
 * @example
 * new nn.RotaryEmbedding().call(np.ones([5, 2, 8])).shape; // [5, 2, 8]
 */
export class RotaryEmbedding extends ElementWiseBlock {
  readonly base: number;
  readonly rotaryDim: number | null;
  readonly interleaved: boolean;

  constructor(given: Omit<RotaryOptions, 'positions'> & ModuleOptions = {}) {
    const { base = 10000, rotaryDim = null, interleaved = false, ...options } = checkOptions(new.target.name, ['base', 'rotaryDim', 'interleaved', ...MODULE_OPTIONS], given);
    super(options);
    if (!(base > 0)) throw new ArgumentError(`RotaryEmbedding: expected base to be positive, got ${describeValue(base)}`);
    this.base = base;
    this.rotaryDim = rotaryDim;
    this.interleaved = interleaved;
  }

  override call(x: ArrayLike, positions: ArrayLike | null = null): Array {
    return applyRotary(x, { positions, base: this.base, rotaryDim: this.rotaryDim, interleaved: this.interleaved });
  }
}
