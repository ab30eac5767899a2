import '../interpreters/eval';
import '../primitives/baseOps';
export type { ReduceOptions, Reduction } from './checks';
export {
  convexKlDivergence, hingeLoss, klDivergence, klDivergenceWithLogTargets, multiclassHingeLoss, multiclassPerceptronLoss, nllLoss, perceptronLoss, polyLossCrossEntropy, sigmoidBinaryCrossEntropy,
  sigmoidFocalLoss, smoothLabels, softmaxCrossEntropy, softmaxCrossEntropyWithIntegerLabels,
} from './classification';
export {
  crossCorrelation, type DtOptions, type DynamicsOptions, functionalConnectivity, functionalConnectivityDynamics, matrixCorrelation, voltageFluctuation, weightedCorrelation,
} from './correlation';
export { ctcLoss, ctcLossWithForwardProbs } from './ctc';
export { makeFenchelYoungLoss } from './fenchelYoung';
export {
  burstSynchronyIndex, type BurstOptions, correlationIndex, firingRate, phaseLockingValue, rasterPlot, spikeTimeTilingCoefficient, spikeTrainSynchrony, vanRossumDistance, victorPurpuraDistance,
} from './firings';
export {
  type Band, coherenceAnalysis, type CouplingOptions, currentSourceDensity, lfpPhaseCoherence, phaseAmplitudeCoupling, powerSpectralDensity, spectralEntropy, type SpectrumOptions,
  thetaGammaCoupling, unitaryLFP, type UnitaryLfpOptions,
} from './lfp';
export { pairwiseCosineDistance, pairwiseCosineSimilarity } from './pairwise';
export { rankingSoftmaxLoss, type RankingOptions } from './ranking';
export { absoluteError, cosineDistance, cosineSimilarity, type ErrorLoss, huberLoss, l1Loss, L1Loss, l2Loss, l2Norm, logCosh, safeNorm, type SafeNormOptions, squaredError } from './regression';
