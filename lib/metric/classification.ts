import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { logSigmoid, logSoftmax, oneHot, softmax } from '../nn/activations';
import * as np from '../numpy';
import { floats, ints, noMoreArguments, sameShape } from './checks';

/** A loss of two arrays as one program, reached after `check` has made arrays of the arguments. */
function loss2(op: string, f: (x: Array, y: Array) => Array, check: (x: ArrayLike, y: ArrayLike) => Array[] = (x, y) => [asArray(x, op), asArray(y, op)]): (x: ArrayLike, y: ArrayLike) => Array {
  const program = composite(op, ([x, y]) => [f(x!, y!)]);
  return (x, y, ...more: unknown[]) => {
    noMoreArguments(op, 2, more);
    return program(check(x, y), {})[0]!;
  };
}

const crossEntropy = (logits: Array, labels: Array): Array => np.negative(np.sum(np.multiply(labels, logSoftmax(logits)), { axis: -1 }));

/**
 * Cross entropy of label distributions with softmax of logits (classes along the last axis, which is summed), not averaged.
 * Mirrors `braintools.metric.softmax_cross_entropy`.
 *
 * @param labels what is right: classes, or their probabilities
 * @example softmaxCrossEntropy([[1, 2, 0.5]], [[0, 1, 0]]) // [0.464369]
 */
export const softmaxCrossEntropy: (logits: ArrayLike, labels: ArrayLike) => Array = loss2('softmaxCrossEntropy', crossEntropy);

/**
 * Cross entropy of class indices (integers, the shape of logits without its last axis) with softmax of logits, not averaged.
 * Mirrors `braintools.metric.softmax_cross_entropy_with_integer_labels`.
 *
 * @throws DtypeError if logits are not floats or labels not integers
 * @example softmaxCrossEntropyWithIntegerLabels([[1, 2, 0.5], [0.1, -1, 3]], np.array([1, 2], 'int32')) // [0.464369, 0.070774]
 */
export const softmaxCrossEntropyWithIntegerLabels: (logits: ArrayLike, labels: ArrayLike) => Array = loss2(
  'softmaxCrossEntropyWithIntegerLabels',
  (logits, labels) => {
    const shifted = np.subtract(logits, lax.stopGradient(np.max(logits, { axis: -1, keepdims: true })));
    const chosen = np.squeeze(np.takeAlongAxis(shifted, np.expandDims(labels, -1), { axis: -1 }), { axis: -1 });
    return np.subtract(np.log(np.sum(np.exp(shifted), { axis: -1 })), chosen);
  },
  (x, y) => {
    const op = 'softmaxCrossEntropyWithIntegerLabels';
    const [logits, labels] = [floats(op, 'logits', x), ints(op, 'labels', y)];
    // Labels may have dimensions of size 1, which broadcast, as in BrainTools.
    if (logits.ndim !== labels.ndim + 1 || labels.shape.some((n, d) => n !== 1 && logits.shape[d] !== 1 && n !== logits.shape[d])) {
      throw new ShapeError(`${op}: expected labels to have the shape of the logits without the last axis, which is the classes', got ${labels.aval} for ${logits.aval}`);
    }
    return [logits, labels];
  },
);

function binaryCrossEntropy(logits: Array, given: Array): Array {
  const labels = np.astype(given, logits.dtype);
  const yes = np.multiply(np.negative(labels), logSigmoid(logits));
  return np.subtract(yes, np.multiply(np.subtract(1, labels), logSigmoid(np.negative(logits))));
}

/** Cross entropy of binary labels with sigmoid of logits, element by element. Mirrors `braintools.metric.sigmoid_binary_cross_entropy`. @example sigmoidBinaryCrossEntropy([0], [1]) // [0.6931472] */
export const sigmoidBinaryCrossEntropy: (logits: ArrayLike, labels: ArrayLike) => Array = loss2('sigmoidBinaryCrossEntropy', binaryCrossEntropy);

/**
 * Minus the log probability of each target class, not reduced: target () with logProbs (classes), (n) with (n, classes), and (n, ...) with
 * (n, classes, ...). Mirrors `braintools.metric.nll_loss`.
 *
 * @throws DtypeError, ShapeError if target is not of integers or the ranks do not fit
 * @example nllLoss([[-0.5, -1], [-2, -0.1]], np.array([0, 1], 'int32')) // [0.5, 0.1]
 */
export const nllLoss: (logProbs: ArrayLike, target: ArrayLike) => Array = loss2(
  'nllLoss',
  (logProbs, target) => {
    const axis = target.ndim === 0 ? 0 : 1;
    // Of a class that is not there: the nearest one's for a vector of targets or less, NaN for more axes, as upstream.
    const mode = target.ndim < 2 ? 'clip' : undefined;
    return np.negative(np.squeeze(np.takeAlongAxis(logProbs, np.expandDims(target, axis), { axis, mode }), { axis }));
  },
  (x, y) => {
    const [logProbs, target] = [asArray(x, 'nllLoss'), ints('nllLoss', 'target', y)];
    if (logProbs.ndim !== target.ndim + 1) throw new ShapeError(`nllLoss: expected logProbs to have ${target.ndim + 1} axes beside target ${target.aval}, got ${logProbs.aval}`);
    const beside = logProbs.shape.filter((_, i) => i !== 1);
    if (target.ndim > 0 && target.shape.some((n, i) => n !== beside[i] && n !== 1 && beside[i] !== 1)) throw new ShapeError(`nllLoss: expected target of the shape of logProbs ${logProbs.aval} without its classes, got ${target.aval}`);
    return [logProbs, target];
  },
);

/** `max(0, 1 - predictorOutputs targets)`, targets being -1 or 1. Mirrors `braintools.metric.hinge_loss`. @example metric.hingeLoss([0.5, 2], [1, 1]).js(); // [0.5, 0] */
export const hingeLoss: (predictorOutputs: ArrayLike, targets: ArrayLike) => Array = loss2('hingeLoss', (p, t) => np.maximum(0, np.subtract(1, np.multiply(p, t))));

/**
 * `max(0, -predictorOutputs targets)`, targets being -1 or 1. Mirrors `braintools.metric.perceptron_loss`. @throws ShapeError if the shapes differ
 *
 * @example
 * metric.perceptronLoss([0.5, -2], [1, 1]).js(); // [0, 2]
 */
export const perceptronLoss: (predictorOutputs: ArrayLike, targets: ArrayLike) => Array = loss2(
  'perceptronLoss',
  (p, t) => np.maximum(0, np.multiply(np.negative(p), t)),
  (x, y) => {
    const [p, t] = [asArray(x, 'perceptronLoss'), asArray(y, 'perceptronLoss')];
    sameShape('perceptronLoss', 'predictorOutputs and targets', p, t);
    return [p, t];
  },
);

function multiclass(op: string, margin: number): (scores: ArrayLike, labels: ArrayLike) => Array {
  return loss2(
    op,
    (scores, labels) => {
      const hot = oneHot(labels, scores.shape.at(-1)!);
      const rivals = margin === 0 ? scores : np.subtract(np.add(scores, margin), hot);
      return np.subtract(np.max(rivals, { axis: -1 }), np.sum(np.multiply(scores, hot), { axis: -1 }));
    },
    (x, y) => {
      const scores = asArray(x, op);
      if (scores.ndim === 0) throw new ShapeError(`${op}: expected scores with a last axis of classes, got ${scores.aval}`);
      return [scores, asArray(y, op)];
    },
  );
}

/**
 * Hinge loss of class indices against scores (classes along the last axis). Mirrors `braintools.metric.multiclass_hinge_loss`.
 *
 * @param labels what is right: classes, or their probabilities
 * @example
 * metric.multiclassHingeLoss([1, 2, 3], np.array(2, { dtype: 'int32' })).js(); // 0
 */
export const multiclassHingeLoss: (scores: ArrayLike, labels: ArrayLike) => Array = multiclass('multiclassHingeLoss', 1);
/**
 * Perceptron loss of class indices against scores (classes along the last axis). Mirrors `braintools.metric.multiclass_perceptron_loss`.
 *
 * @param labels what is right: classes, or their probabilities
 * @example
 * metric.multiclassPerceptronLoss([1, 2, 3], np.array(0, { dtype: 'int32' })).js(); // 2
 */
export const multiclassPerceptronLoss: (scores: ArrayLike, labels: ArrayLike) => Array = multiclass('multiclassPerceptronLoss', 0);

const polyOf = composite<{ epsilon: number }>('polyLossCrossEntropy', ([logits, labels], { epsilon }) => {
  const missed = np.sum(np.multiply(labels!, np.subtract(1, softmax(logits!))), { axis: -1 });
  return [np.add(crossEntropy(logits!, labels!), np.multiply(epsilon, missed))];
});

/**
 * Cross entropy plus epsilon (2) times the probability that the labels miss. Mirrors `braintools.metric.poly_loss_cross_entropy`.
 *
 * @param logits scores before the softmax
 * @example
 * metric.polyLossCrossEntropy([[0, 0]], [[1, 0]], { epsilon: 2 }).js(); // [1.6931…]
 */
export function polyLossCrossEntropy(logits: ArrayLike, labels: ArrayLike, given: { epsilon?: number } = {}): Array {
  const { epsilon = 2 } = checkOptions('polyLossCrossEntropy', ['epsilon'], given);
  return polyOf([asArray(logits, 'polyLossCrossEntropy'), asArray(labels, 'polyLossCrossEntropy')], { epsilon })[0]!;
}

const twoFloats = (op: string, second: string) => (x: ArrayLike, y: ArrayLike): Array[] => [floats(op, 'logPredictions', x), floats(op, second, y)];

function divergence(logP: Array, targets: Array): Array {
  const none = np.equal(targets, 0);
  // A target of 0 contributes 0, and so do its derivatives.
  const logTargets = np.where(none, 0, np.log(np.where(none, 1, targets)));
  return np.sum(np.multiply(targets, np.subtract(logTargets, logP)), { axis: -1 });
}

/**
 * Kullback-Leibler divergence of targets (probabilities along the last axis) from predictions given as logs. Mirrors `braintools.metric.kl_divergence`.
 *
 * @param logPredictions logarithms of predicted probabilities, [..., n]
 * @throws DtypeError if either is not of floats
 * @example klDivergence(np.log([[0.5, 0.5]]), [[1, 0]]) // [0.6931472]
 */
export const klDivergence: (logPredictions: ArrayLike, targets: ArrayLike) => Array = loss2('klDivergence', divergence, twoFloats('klDivergence', 'targets'));

/**
 * klDivergence plus `sum(exp(logPredictions) - targets)`, convex in both. Mirrors `braintools.metric.convex_kl_divergence`. @throws DtypeError if either is not of floats
 *
 * @example
 * metric.convexKlDivergence(np.log([0.5, 0.5]), [0.25, 0.75]).js(); // 0.1308…
 */
export const convexKlDivergence: (logPredictions: ArrayLike, targets: ArrayLike) => Array = loss2(
  'convexKlDivergence',
  (logP, targets) => np.add(divergence(logP, targets), np.sum(np.subtract(np.exp(logP), targets), { axis: -1 })),
  twoFloats('convexKlDivergence', 'targets'),
);

/**
 * klDivergence of targets that are given as logs, too. Mirrors `braintools.metric.kl_divergence_with_log_targets`. @throws DtypeError if either is not of floats
 *
 * @param logPredictions logarithms of predicted probabilities, [..., n]
 * @param logTargets logarithms of probabilities, [..., n]
 * @example
 * metric.klDivergenceWithLogTargets(np.log([0.5, 0.5]), np.log([0.25, 0.75])).js(); // 0.1308…
 */
export const klDivergenceWithLogTargets: (logPredictions: ArrayLike, logTargets: ArrayLike) => Array = loss2(
  'klDivergenceWithLogTargets',
  (logP, logT) => {
    const none = np.isneginf(logT);
    return np.sum(np.where(none, 0, np.multiply(np.exp(logT), np.subtract(np.where(none, 0, logT), logP))), { axis: -1 });
  },
  twoFloats('klDivergenceWithLogTargets', 'logTargets'),
);

const focalOf = composite<{ alpha: number | null; gamma: number }>('sigmoidFocalLoss', ([logits, labels], { alpha, gamma }) => {
  const [p, other] = [lax.logistic(logits!), np.subtract(1, labels!)];
  const right = np.add(np.multiply(p, labels!), np.multiply(np.subtract(1, p), other));
  const loss = np.multiply(binaryCrossEntropy(logits!, labels!), np.power(np.subtract(1, right), gamma));
  return [alpha === null || alpha < 0 ? loss : np.multiply(np.add(np.multiply(alpha, labels!), np.multiply(1 - alpha, other)), loss)];
});

/**
 * Binary cross entropy in which examples already right count less, by the power gamma (2); alpha weighs positives. Mirrors `braintools.metric.sigmoid_focal_loss`. @throws DtypeError if logits are not floats
 *
 * @param labels what is right: classes, or their probabilities
 * @example
 * metric.sigmoidFocalLoss([0, 2], [1, 1], { gamma: 2 }).js(); // [0.1732…, 0.0018…]
 */
export function sigmoidFocalLoss(logits: ArrayLike, labels: ArrayLike, given: { alpha?: number | null; gamma?: number } = {}): Array {
  const { alpha = null, gamma = 2 } = checkOptions('sigmoidFocalLoss', ['alpha', 'gamma'], given);
  return focalOf([floats('sigmoidFocalLoss', 'logits', logits), asArray(labels, 'sigmoidFocalLoss')], { alpha, gamma })[0]!;
}

const smoothOf = composite<{ alpha: number }>('smoothLabels', ([labels], { alpha }) => [np.add(np.multiply(1 - alpha, labels!), alpha / labels!.shape.at(-1)!)]);

/**
 * Label distributions (floats, classes along the last axis) mixed with the uniform one by alpha. Mirrors `braintools.metric.smooth_labels`.
 *
 * @throws DtypeError, ShapeError, ArgumentError if labels are not floats or a scalar, or alpha is not in [0, 1]
 * @example smoothLabels([[1, 0]], 0.1) // [[0.95, 0.05]]
 */
export function smoothLabels(labels: ArrayLike, alpha: number): Array {
  const a = floats('smoothLabels', 'labels', labels);
  if (!(alpha >= 0 && alpha <= 1)) throw new ArgumentError(`smoothLabels: expected alpha in [0, 1], got ${String(alpha)}`);
  if (a.ndim === 0) throw new ShapeError(`smoothLabels: expected labels with a last axis of classes, got ${a.aval}`);
  return smoothOf([a], { alpha })[0]!;
}
