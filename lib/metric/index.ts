import '../interpreters/eval';
import '../primitives/baseOps';
export type { ReduceOptions, Reduction } from './checks';
export {
  convexKlDivergence, hingeLoss, klDivergence, klDivergenceWithLogTargets, multiclassHingeLoss, multiclassPerceptronLoss, nllLoss, perceptronLoss, polyLossCrossEntropy, sigmoidBinaryCrossEntropy,
  sigmoidFocalLoss, smoothLabels, softmaxCrossEntropy, softmaxCrossEntropyWithIntegerLabels,
} from './classification';
export { ctcLoss } from './ctc';
export { makeFenchelYoungLoss } from './fenchelYoung';
export { pairwiseCosineDistance, pairwiseCosineSimilarity } from './pairwise';
export { absoluteError, cosineDistance, cosineSimilarity, type ErrorLoss, huberLoss, l1Loss, L1Loss, l2Loss, l2Norm, logCosh, safeNorm, type SafeNormOptions, squaredError } from './regression';
