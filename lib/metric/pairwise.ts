import type { Array } from '../core/array';
import { ShapeError } from '../core/errors';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as np from '../numpy';
import { type Operand, operandAndOptions } from './checks';

/** Norms of rows as a column, at least eps, with finite derivatives at zero rows. */
function rowNorms(x: Array, eps: number): Array {
  const squares = np.sum(np.square(x), { axis: -1, keepdims: true });
  const none = np.equal(squares, 0);
  return np.maximum(np.where(none, 0, np.sqrt(np.where(none, 1, squares))), eps);
}

const similarity = (x: Array, y: Array, eps: number): Array => np.divide(np.matmul(x, np.transpose(y)), np.matmul(rowNorms(x, eps), np.transpose(rowNorms(y, eps))));
const similarityOf = composite<{ eps: number }>('pairwiseCosineSimilarity', ([x, y], { eps }) => [similarity(x!, y!, eps)]);
const distanceOf = composite<{ eps: number }>('pairwiseCosineDistance', ([x, y], { eps }) => [np.subtract(1, similarity(x!, y!, eps))]);

function rows(op: string, x: ArrayLike, y: ArrayLike | null): Array[] {
  const a = asArray(x, op);
  const b = y === null ? a : asArray(y, op);
  if (a.ndim !== 2 || b.ndim !== 2 || a.shape[1] !== b.shape[1]) throw new ShapeError(`${op}: expected X and Y of shapes (n, features) and (m, features), got ${a.aval} and ${b.aval}`);
  return [a, b];
}

/**
 * Cosines between each row of X (n, features) and each of Y (m, features; null is X), norms counting as at least eps; the result is (n, m).
 * Mirrors `braintools.metric.pairwise_cosine_similarity`.
 *
 * @throws ShapeError if the operands are not matrices with the same number of columns
 * @example pairwiseCosineSimilarity([[1, 0], [0, 2]]) // [[1, 0], [0, 1]]
 */
export function pairwiseCosineSimilarity(X: ArrayLike, Y?: Operand<{ Y?: ArrayLike | null; eps?: number }>, options?: { eps?: number }): Array {
  const [y, { eps = 1e-8 }] = operandAndOptions('pairwiseCosineSimilarity', 'Y', ['eps'], Y, options);
  return similarityOf(rows('pairwiseCosineSimilarity', X, y), { eps })[0]!;
}

/**
 * `1 - pairwiseCosineSimilarity`. Mirrors `braintools.metric.pairwise_cosine_distance`. @throws ShapeError if the operands are not matrices with the same number of columns
 *
 * @param X vectors [n, d]
 * @param Y vectors [m, d]; null for those of X
 * @example
 * metric.pairwiseCosineDistance([[1, 0], [0, 1]]).js(); // [[0, 1], [1, 0]]
 */
export function pairwiseCosineDistance(X: ArrayLike, Y?: Operand<{ Y?: ArrayLike | null; eps?: number }>, options?: { eps?: number }): Array {
  const [y, { eps = 1e-8 }] = operandAndOptions('pairwiseCosineDistance', 'Y', ['eps'], Y, options);
  return distanceOf(rows('pairwiseCosineDistance', X, y), { eps })[0]!;
}
