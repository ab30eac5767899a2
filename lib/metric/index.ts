import '../interpreters/eval';
import '../primitives/baseOps';
export type { ReduceOptions, Reduction } from './checks';
export {
  convexKlDivergence, hingeLoss, klDivergence, klDivergenceWithLogTargets, multiclassHingeLoss, multiclassPerceptronLoss, nllLoss, perceptronLoss, polyLossCrossEntropy, sigmoidBinaryCrossEntropy,
  sigmoidFocalLoss, smoothLabels, softmaxCrossEntropy, softmaxCrossEntropyWithIntegerLabels,
} from './classification';
export { absoluteError, cosineDistance, cosineSimilarity, type ErrorLoss, huberLoss, l1Loss, L1Loss, l2Loss, logCosh, squaredError } from './regression';
