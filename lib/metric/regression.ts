import type { Array } from '../core/array';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as np from '../numpy';
import { checkReduction, floats, type Operand, operandAndOptions, reduce, type ReduceOptions, type Reducing, type Reduction, sameShape } from './checks';

/** Predictions and, where given, targets, checked as the losses of errors want them. */
function operands(op: string, predictions: ArrayLike, targets: ArrayLike | null, exact: boolean): Array[] {
  const p = floats(op, 'predictions', predictions);
  if (targets === null) return [p];
  const t = asArray(targets, op);
  if (exact) sameShape(op, 'predictions and targets', p, t);
  return [p, t];
}

/** Predictions less targets; without targets the predictions are the errors. */
const errorsOf = (p: Array, t: Array | undefined): Array => (t === undefined ? p : np.subtract(p, t));

function errorLoss(op: string, standard: Reduction, loss: (errors: Array) => Array, exact: boolean) {
  const program = composite<Reducing>(op, ([p, t], statics) => [reduce(loss(errorsOf(p!, t)), statics)]);
  return (predictions: ArrayLike, given?: Operand<TargetsOptions>, options?: ReduceOptions): Array => {
    const [targets, { axis = null, reduction = standard }] = operandAndOptions(op, 'targets', ['axis', 'reduction'], given, options);
    checkReduction(op, reduction);
    return program(operands(op, predictions, targets, exact), { axis, reduction })[0]!;
  };
}

/** Options of a loss whose targets may be among them. */
export interface TargetsOptions extends ReduceOptions {
  /** What is to be predicted, of the predictions' shape; null where the predictions are the errors. */
  targets?: ArrayLike | null;
}

/** A loss of predictions (floats of any shape) and targets (the same shape; null where the predictions are the errors), which may be given by name too: `{ targets }`. */
export type ErrorLoss = (predictions: ArrayLike, targets?: Operand<TargetsOptions>, options?: ReduceOptions) => Array;

/**
 * `(predictions - targets)^2`, by default not reduced. Mirrors `braintools.metric.squared_error`.
 *
 * @throws DtypeError, ShapeError if predictions are not floats or the shapes differ
 * @example squaredError([1, 2, 4], [1.5, 1, 1]) // [0.25, 1, 9]
 */
export const squaredError: ErrorLoss = errorLoss('squaredError', 'none', (e) => np.square(e), true);

/**
 * `|predictions - targets|`, by default averaged. Mirrors `braintools.metric.absolute_error`.
 *
 * @throws DtypeError, ShapeError if predictions are not floats or the shapes differ
 * @example absoluteError([1, 2, 4], [1.5, 1, 1]) // 1.5
 */
export const absoluteError: ErrorLoss = errorLoss('absoluteError', 'mean', (e) => np.abs(e), true);

/**
 * Half the squared error, by default not reduced. Mirrors `braintools.metric.l2_loss`.
 *
 * @param targets what is to be predicted, of the same shape
 * @throws DtypeError, ShapeError if predictions are not floats or the shapes differ
 * @example l2Loss([1, 2, 4], [1.5, 1, 1]) // [0.125, 0.5, 4.5]
 */
export const l2Loss: ErrorLoss = errorLoss('l2Loss', 'none', (e) => np.multiply(0.5, np.square(e)), true);

/**
 * `log(cosh(predictions - targets))`, computed without overflow, by default not reduced. Mirrors `braintools.metric.log_cosh`.
 *
 * @throws DtypeError if predictions are not floats
 * @example logCosh([1, 2], [1, 0]) // [0, 1.3250027]
 */
export const logCosh: ErrorLoss = errorLoss(
  'logCosh', 'none',
  (e) => {
    const size = np.abs(e);
    return np.subtract(np.add(size, np.logaddexp(np.multiply(-2, size), 0)), Math.LN2);
  },
  false,
);

const huberOf = composite<Reducing>('huberLoss', ([delta, p, t], statics) => {
  const size = np.abs(errorsOf(p!, t));
  const quadratic = np.minimum(size, delta!);
  return [reduce(np.add(np.multiply(0.5, np.square(quadratic)), np.multiply(delta!, np.subtract(size, quadratic))), statics)];
});

/**
 * Quadratic in errors up to `delta` (1) and linear beyond, by default not reduced. Mirrors `braintools.metric.huber_loss`.
 *
 * @param targets what is to be predicted, of the same shape
 * @throws DtypeError if predictions are not floats
 * @example huberLoss([1, 2, 4], [1.5, 1, 1]) // [0.125, 0.5, 2.5]
 */
export function huberLoss(predictions: ArrayLike, targets?: Operand<TargetsOptions & { delta?: ArrayLike }>, options?: ReduceOptions & { delta?: ArrayLike }): Array {
  const [t, { delta = 1, axis = null, reduction = 'none' }] = operandAndOptions('huberLoss', 'targets', ['delta', 'axis', 'reduction'], targets, options);
  checkReduction('huberLoss', reduction);
  return huberOf([asArray(delta, 'huberLoss'), ...operands('huberLoss', predictions, t, false)], { axis, reduction })[0]!;
}

const l1Of = composite<Reducing>('l1Loss', ([x, y], statics) => {
  const size = np.atleast1d(np.abs(np.subtract(x!, y!))) as Array;
  return [reduce(np.mean(np.reshape(size, [size.shape[0]!, -1]), { axis: -1 }), statics)];
});

/**
 * Absolute errors averaged over each sample (a row of the first axis), then reduced over samples. Mirrors `braintools.metric.l1_loss`.
 *
 * @param logits scores before the softmax
 * @param targets what is to be predicted, of the same shape
 * @example l1Loss([[1, 2], [3, 4]], [[1, 0], [0, 0]], { reduction: 'none' }) // [1, 3.5]
 */
export function l1Loss(logits: ArrayLike, targets: ArrayLike, given: { reduction?: Reduction } = {}): Array {
  const { reduction = 'mean' } = checkOptions('l1Loss', ['reduction'], given);
  checkReduction('l1Loss', reduction);
  return l1Of([asArray(logits, 'l1Loss'), asArray(targets, 'l1Loss')], { axis: null, reduction })[0]!;
}

/** l1Loss with its reduction fixed. Mirrors `braintools.metric.L1Loss`. @example new metric.L1Loss({ reduction: 'sum' }).update([1, 2], [3, 5]) // 5 */
export class L1Loss {
  readonly reduction: Reduction;

  constructor(given: { reduction?: Reduction } = {}) {
    const { reduction = 'mean' } = checkOptions(new.target.name, ['reduction'], given);
    checkReduction('L1Loss', reduction);
    this.reduction = reduction;
  }

  /** The loss of one batch. */
  update(input: ArrayLike, target: ArrayLike): Array {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

/** Norms along the last axis, at least epsilon, with finite derivatives at zero vectors. */
function flooredNorm(x: Array, epsilon: number): Array {
  const small = np.lessEqual(np.sqrt(np.sum(np.square(x), { axis: -1, keepdims: true })), epsilon);
  // Ones stand in for small vectors, so that the root is never differentiated at 0.
  const safe = np.where(small, np.onesLike(x), x);
  return np.where(small, epsilon, np.sqrt(np.sum(np.square(safe), { axis: -1, keepdims: true })));
}

const similarity = (p: Array, t: Array, epsilon: number): Array =>
  np.sum(np.multiply(np.divide(t, flooredNorm(t, epsilon)), np.divide(p, flooredNorm(p, epsilon))), { axis: -1 });
const similarityOf = composite<{ epsilon: number }>('cosineSimilarity', ([p, t], { epsilon }) => [similarity(p!, t!, epsilon)]);
const distanceOf = composite<{ epsilon: number }>('cosineDistance', ([p, t], { epsilon }) => [np.subtract(1, similarity(p!, t!, epsilon))]);

/**
 * Cosine of the angle between vectors along the last axis, whose norms count as at least epsilon. Mirrors `braintools.metric.cosine_similarity`.
 *
 * @param predictions an array of floats
 * @param targets what is to be predicted, of the same shape
 * @throws DtypeError if either is not of floats
 * @example cosineSimilarity([[1, 0]], [[1, 1]]) // [0.70710677]
 */
export function cosineSimilarity(predictions: ArrayLike, targets: ArrayLike, given: { epsilon?: number } = {}): Array {
  const { epsilon = 1e-8 } = checkOptions('cosineSimilarity', ['epsilon'], given);
  return similarityOf([floats('cosineSimilarity', 'predictions', predictions), floats('cosineSimilarity', 'targets', targets)], { epsilon })[0]!;
}

/**
 * `1 - cosineSimilarity`. Mirrors `braintools.metric.cosine_distance`.
 *
 * @param predictions an array of floats
 * @param targets what is to be predicted, of the same shape
 * @throws DtypeError if either is not of floats
 * @example
 * metric.cosineDistance([1, 0], [0, 1]).js(); // 1
 */
export function cosineDistance(predictions: ArrayLike, targets: ArrayLike, given: { epsilon?: number } = {}): Array {
  const { epsilon = 1e-8 } = checkOptions('cosineDistance', ['epsilon'], given);
  return distanceOf([floats('cosineDistance', 'predictions', predictions), floats('cosineDistance', 'targets', targets)], { epsilon })[0]!;
}

/**
 * 2-norm of the errors along an axis (over two axes: the spectral norm of the matrices). Mirrors `braintools.metric.l2_norm`.
 *
 * @param targets what is to be predicted, of the same shape
 * @throws DtypeError, ShapeError if predictions are not floats or the shapes differ
 * @example l2Norm([3, 4]).item() // 5
 */
export function l2Norm(
  predictions: ArrayLike,
  targets?: Operand<{ targets?: ArrayLike | null; axis?: number | readonly number[] | null }>,
  options?: { axis?: number | readonly number[] | null },
): Array {
  const [given, { axis = null }] = operandAndOptions('l2Norm', 'targets', ['axis'], targets, options);
  const [p, t] = operands('l2Norm', predictions, given, true);
  return np.linalg.norm(errorsOf(p!, t), { axis, ord: 2 });
}

/** What `safeNorm` takes besides the norm's floor. */
export interface SafeNormOptions {
  /** Which norm. */
  ord?: number | 'fro' | 'nuc' | null;
  /** The axis that is reduced. */
  axis?: number | readonly number[] | null;
  /** Whether reduced dimensions stay, of size 1. */
  keepdims?: boolean;
}

const safeNormOf = composite<Required<SafeNormOptions>>('safeNorm', ([x, floor], { ord, axis, keepdims }) => {
  const norms = np.linalg.norm(x!, { ord, axis, keepdims: true });
  const safe = np.where(np.lessEqual(norms, floor!), np.onesLike(x!), x!);
  const kept = keepdims ? norms : np.squeeze(norms, { axis });
  return [np.where(np.lessEqual(kept, floor!), floor!, np.linalg.norm(safe, { ord, axis, keepdims }))];
});

/**
 * Norms that are at least minNorm, with finite derivatives at zero. Mirrors `braintools.metric.safe_norm`.
 *
 * @param x an array
 * @throws ArgumentError, ShapeError as `np.linalg.norm`
 * @example safeNorm([0, 0], 1e-3).item() // 0.001
 */
export function safeNorm(x: ArrayLike, minNorm: ArrayLike, given: SafeNormOptions = {}): Array {
  const { ord = null, axis = null, keepdims = false } = checkOptions('safeNorm', ['ord', 'axis', 'keepdims'], given);
  return safeNormOf([asArray(x, 'safeNorm'), asArray(minNorm, 'safeNorm')], { ord, axis, keepdims })[0]!;
}
