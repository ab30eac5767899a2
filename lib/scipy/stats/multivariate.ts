import type { Array } from '../../core/array';
import { dtypeKind } from '../../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../../core/errors';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypes, promoteDtypesInexact } from '../../lax/arrayLike';
import { broadcastShape, broadcastToShape } from '../../numpy/broadcast';
import { add, div, eq, gt, lt, mul, sub, where } from '../../numpy/operators';
import { cholesky, triangularSolve } from '../../primitives/linalg';
import { diagonal } from '../../primitives/matrix';
import * as e from '../../primitives/elementwise';
import { reduceAnd, reduceOr } from '../../primitives/reduction';
import { broadcastInDim, concatenate, like, range, reduceSum, reshape } from '../../primitives/structural';
import { xlogyOf } from '../special/entropy';

const INF = Number.POSITIVE_INFINITY;

// ---- Dirichlet ----

function dirichletLogpdf(given: Array, alpha0: Array): Array {
  if (alpha0.ndim !== 1) throw new ShapeError(`dirichlet.logpdf: expected alpha to be a vector, got ${alpha0.aval}`);
  const n = alpha0.shape[0]!;
  if (given.ndim === 0 || (given.shape[0] !== n && given.shape[0] !== n - 1)) throw new ShapeError(`dirichlet.logpdf: expected x to have as many rows as alpha has entries, or one fewer, got ${given.aval} and ${alpha0.aval}`);
  const rest = () => e.sub(like(given, 1), reshape(reduceSum(given, [0]), [1, ...given.shape.slice(1)]));
  const x = given.shape[0] === n ? given : concatenate([given, rest()], 0);
  const normalizer = e.sub(reduceSum(e.lgamma(alpha0), [0]), e.lgamma(reduceSum(alpha0, [0])));
  const alpha = broadcastInDim(alpha0, x.shape, [0]);
  const value = e.sub(reduceSum(xlogyOf(e.sub(alpha, like(alpha, 1)), x), [0]), normalizer);
  const simplex = e.and(reduceAnd(gt(x, 0), [0]), lt(e.abs(e.sub(reduceSum(x, [0]), like(x, 1))), 1e-6));
  return where(simplex, value, -INF);
}

const dirichletProgram = composite<{ exp: boolean }>('dirichlet', ([x, alpha], { exp }) => {
  const [a, b] = promoteDtypesInexact('dirichlet', x!, alpha!) as [Array, Array];
  const out = dirichletLogpdf(a, b);
  return [exp ? e.exp(out) : out];
});
const dirichletOf = (exp: boolean) => (x: ArrayLike, alpha: ArrayLike): Array => dirichletProgram([asArray(x, 'dirichlet'), asArray(alpha, 'dirichlet')], { exp })[0]!;

/** The Dirichlet distribution with concentrations alpha; points are the columns of x, of which the last coordinate may be left out. Mirrors `jax.scipy.stats.dirichlet`. @example scipy.stats.dirichlet.pdf([0.5, 0.5], [1, 1]).item() // 1 */
export const dirichlet: { logpdf(x: ArrayLike, alpha: ArrayLike): Array; pdf(x: ArrayLike, alpha: ArrayLike): Array } = { logpdf: dirichletOf(false), pdf: dirichletOf(true) };

// ---- multinomial ----

const multinomialProgram = composite<{ exp: boolean }>('multinomial', ([x0, n0, p0], { exp }) => {
  const [p] = promoteDtypesInexact('multinomial', p0!) as [Array];
  const counts = promoteDtypes('multinomial', x0!, n0!) as [Array, Array];
  if (!['int', 'uint'].includes(dtypeKind(counts[0].dtype))) throw new DtypeError(`multinomial.logpmf: expected x and n to be of integers, got ${x0!.aval} and ${n0!.aval}`);
  const [x, n] = counts.map((v) => astype(v, p.dtype)) as [Array, Array];
  const shape = broadcastShape('multinomial', [x.shape, p.shape]);
  const terms = e.sub(xlogyOf(broadcastToShape('multinomial', x, shape), broadcastToShape('multinomial', p, shape)), broadcastToShape('multinomial', e.lgamma(e.add(x, like(x, 1))), shape));
  const value = add(e.lgamma(e.add(n, like(n, 1))), reduceSum(terms, [shape.length - 1]));
  const out = where(eq(reduceSum(x, range(x.ndim)), n), value, -INF);
  return [exp ? e.exp(out) : out];
});
const whole = (x: ArrayLike) => asArray(globalThis.Array.isArray(x) && x.every((v) => Number.isInteger(v)) ? Int32Array.from(x as number[]) : x, 'multinomial');
const multinomialOf = (exp: boolean) => (x: ArrayLike, n: ArrayLike, p: ArrayLike): Array => multinomialProgram([whole(x), whole(n), asArray(p, 'multinomial')], { exp })[0]!;

/** Counts of n draws among categories with probabilities p. Mirrors `jax.scipy.stats.multinomial`. @throws DtypeError unless x and n are of integers @example scipy.stats.multinomial.pmf([1, 1], 2, [0.5, 0.5]).item() // 0.5 */
export const multinomial: { logpmf(x: ArrayLike, n: ArrayLike, p: ArrayLike): Array; pmf(x: ArrayLike, n: ArrayLike, p: ArrayLike): Array } = { logpmf: multinomialOf(false), pmf: multinomialOf(true) };

// ---- multivariate normal ----

function normalLogpdf(x: Array, mean: Array, cov: Array): Array {
  const log2pi = Math.log(2 * Math.PI);
  if (mean.ndim === 0) return sub(div(mul(-0.5, e.square(sub(x, mean))), cov), mul(0.5, add(log2pi, e.log(cov))));
  const n = mean.shape[mean.ndim - 1]!;
  const y = sub(x, mean);
  const last = y.ndim - 1;
  if (cov.ndim === 0) return sub(div(mul(-0.5, reduceSum(e.square(y), [last])), cov), mul(n / 2, add(log2pi, e.log(cov))));
  if (cov.ndim < 2 || cov.shape[cov.ndim - 1] !== n || cov.shape[cov.ndim - 2] !== n) throw new ShapeError(`multivariateNormal.logpdf: expected a covariance of shape [..., ${n}, ${n}] for means ${mean.aval}, got ${cov.aval}`);
  const L = cholesky(cov);
  const batch = broadcastShape('multivariateNormal.logpdf', [y.shape.slice(0, -1), cov.shape.slice(0, -2)]);
  const rows = reshape(broadcastToShape('multivariateNormal.logpdf', y, [...batch, n]), [...batch, n, 1]);
  const factor = broadcastToShape('multivariateNormal.logpdf', L, [...batch, n, n]);
  // Points at infinity are left out of the solution, in which they would give NaN, and are infinitely far.
  const far = e.eq(e.abs(rows), like(rows, INF));
  const ends = [batch.length, batch.length + 1];
  const z = triangularSolve(factor, e.where(far, broadcastInDim(like(rows, 0), rows.shape, []), rows), { leftSide: true, lower: true });
  const near = reduceSum(e.square(z), ends);
  const squares = where(e.and(reduceOr(far, ends), eq(near, near)), INF, near);
  const logs = reduceSum(e.log(diagonal(L)), [L.ndim - 2]);
  return sub(sub(mul(-0.5, squares), (n / 2) * log2pi), logs);
}

const normalProgram = composite<{ exp: boolean }>('multivariate_normal', (args, { exp }) => {
  const [x, mean, cov] = promoteDtypesInexact('multivariateNormal', ...args) as [Array, Array, Array];
  const out = normalLogpdf(x, mean, cov);
  return [exp ? e.exp(out) : out];
});
const normalOf = (exp: boolean) => (x: ArrayLike, mean: ArrayLike, cov: ArrayLike, options: { allowSingular?: null } = {}): Array => {
  if (options.allowSingular !== undefined && options.allowSingular !== null) throw new ArgumentError('multivariateNormal: allowSingular is not available (nor in JAX); leave it out');
  return normalProgram([x, mean, cov].map((v) => asArray(v, 'multivariateNormal')), { exp })[0]!;
};

/** The multivariate normal distribution; points lie along the last axis of x. Mirrors `jax.scipy.stats.multivariate_normal`. @throws ShapeError where mean and covariance do not go together @example scipy.stats.multivariateNormal.logpdf([0, 0], [0, 0], [[1, 0], [0, 1]]).item() // −log 2π */
export const multivariateNormal: { logpdf(x: ArrayLike, mean: ArrayLike, cov: ArrayLike, options?: { allowSingular?: null }): Array; pdf(x: ArrayLike, mean: ArrayLike, cov: ArrayLike): Array } = { logpdf: normalOf(false), pdf: normalOf(true) };
