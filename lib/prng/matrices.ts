import type { Array } from '../core/array';
import { checkExtent } from '../core/aval';
import type { Shape } from '../core/aval';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue, promoteDtypesInexact } from '../lax/arrayLike';
import { cholesky } from '../primitives/cholesky';
import { dotGeneral } from '../primitives/dot';
import { add, mul, sign, sqrt } from '../primitives/elementwise';
import { eigh } from '../primitives/eigh';
import { diagonal, T } from '../primitives/matrix';
import { qr } from '../primitives/qr';
import { broadcastInDim, convert, range, reduceSum } from '../primitives/structural';
import { svd } from '../primitives/svd';
import { broadcastTo, dtypeOf, readOptions, type SampleOptions, sampleShape, type ShapeOr, shapeOf } from './arguments';
import { anyNormalIn, normalIn } from './continuous';
import { checkKey } from './keys';
import { sampler } from './sampler';
import type { ShapeAndDtype } from './uniform';

/** A vector for each row of matrices, repeated along their columns' direction: scales columns. */
const columnsScale = (v: Array, shape: Shape) => broadcastInDim(v, shape, shape.map((_, i) => i).filter((i) => i !== shape.length - 2));

interface OrthogonalStatics extends ShapeAndDtype {
  rows: number;
  columns: number;
}

const drawOrthogonal = sampler<OrthogonalStatics>('orthogonal', (key, _, { shape, dtype, rows, columns }) => {
  const z = anyNormalIn(key, [...shape, Math.max(rows, columns), Math.min(rows, columns)], dtype);
  const [q, r] = qr(z, { fullMatrices: false }) as [Array, Array];
  // Signs (of complex numbers, phases) that make the decomposition unique, and so the matrices uniform.
  const x = mul(q, columnsScale(sign(diagonal(r)), q.shape));
  return rows < columns ? T(x) : x;
});

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions extends SampleOptions {
  /** Columns; n by default. */
  m?: number | null;
}

function size(op: string, name: string, given: unknown): number {
  const n = checkInteger(op, name, given, 0);
  checkExtent(op, name, n);
  return n;
}

/**
 * Matrices uniformly distributed over those with orthonormal columns (or rows, where there are fewer). Mirrors `jax.random.orthogonal`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param n rows
 * @returns an array of shape [...shape, n, m], float32 by default
 * @throws ArgumentError if n or m is not a whole number
 * @example
 * prng.orthogonal(prng.PRNGKey(0), 3);
 */
export function orthogonal(key: Array, n: number, shape?: ShapeOr<OrthogonalOptions>, options?: OrthogonalOptions): Array {
  const k = checkKey('orthogonal', key);
  const o = readOptions('orthogonal', ['shape', 'dtype', 'm'], shape, options);
  const rows = size('orthogonal', 'n', n);
  return drawOrthogonal(k, [], { shape: shapeOf('orthogonal', o.shape), dtype: dtypeOf('orthogonal', o.dtype, 'float', ['float', 'complex']), rows, columns: o.m === undefined || o.m === null ? rows : size('orthogonal', 'm', o.m) });
}

/** How a covariance is factored. */
export type CovarianceMethod = 'cholesky' | 'eigh' | 'svd';

interface GaussianStatics extends ShapeAndDtype {
  method: CovarianceMethod;
}

/** A matrix A with A Aᵀ = cov. */
function factor(cov: Array, method: CovarianceMethod): Array {
  if (method === 'cholesky') return cholesky(cov);
  if (method === 'eigh') {
    const [vectors, values] = eigh(cov);
    return mul(vectors, columnsScale(sqrt(values), vectors.shape));
  }
  const [u, s] = svd(cov, { fullMatrices: false }) as [Array, Array, Array];
  return mul(u, columnsScale(sqrt(s), u.shape));
}

const drawGaussian = sampler<GaussianStatics>('multivariate_normal', (key, [mean, cov], { shape, dtype, method }) => {
  const a = factor(cov!, method);
  const n = a.shape[a.ndim - 1]!;
  const full = [...shape, n];
  const z = convert(normalIn(key, full, dtype), a.dtype);
  const rank = full.length;
  let scaled: Array;
  if (a.ndim === 2) {
    scaled = dotGeneral(z, a, { dimensionNumbers: [[[rank - 1], [1]], [[], []]] });
  } else {
    const wide = [...full, n];
    scaled = reduceSum(mul(broadcastTo(a, wide), broadcastInDim(z, wide, [...range(rank - 1), rank])), [rank]);
  }
  return convert(add(broadcastTo(mean!, full), scaled), dtype);
});

/** Options of {@link multivariateNormal}. */
export interface MultivariateNormalOptions extends SampleOptions {
  /** How the covariance is factored; 'cholesky' by default. */
  method?: CovarianceMethod;
}

/**
 * Normal vectors of a mean and a covariance. Mirrors `jax.random.multivariate_normal`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param mean means [..., n]
 * @param cov covariances [..., n, n]
 * @param shape shape of the batch, to which those of mean and cov broadcast; their common one by default
 * @returns an array of shape [...shape, n]
 * @throws ShapeError if mean and cov do not fit each other or the shape; ArgumentError for another method
 * @example
 * prng.multivariateNormal(prng.PRNGKey(0), np.zeros([2]), np.eye(2), [3]);
 */
export function multivariateNormal(key: Array, mean: ArrayLike, cov: ArrayLike, shape?: ShapeOr<MultivariateNormalOptions>, options?: MultivariateNormalOptions): Array {
  const k = checkKey('multivariateNormal', key);
  const o = readOptions('multivariateNormal', ['shape', 'dtype', 'method'], shape, options);
  const [m, c] = promoteDtypesInexact('multivariateNormal', asArray(mean, 'multivariateNormal: mean'), asArray(cov, 'multivariateNormal: cov')) as [Array, Array];
  const { method = 'cholesky' } = o;
  if (method !== 'cholesky' && method !== 'eigh' && method !== 'svd') throw new ArgumentError(`multivariateNormal: expected method to be 'cholesky', 'eigh' or 'svd', got ${describeValue(method)}`);
  if (m.ndim === 0) throw new ShapeError(`multivariateNormal: expected mean to have at least one dimension, got ${m.aval}`);
  const n = m.shape[m.ndim - 1]!;
  if (c.ndim < 2 || c.shape[c.ndim - 1] !== n || c.shape[c.ndim - 2] !== n) throw new ShapeError(`multivariateNormal: expected cov of shape [..., ${n}, ${n}] for mean ${m.aval}, got ${c.aval}`);
  const wanted = sampleShape('multivariateNormal', o.shape, m.shape.slice(0, -1), c.shape.slice(0, -2));
  return drawGaussian(k, [m, c], { shape: wanted, dtype: dtypeOf('multivariateNormal', o.dtype, m.dtype, ['float']), method });
}
