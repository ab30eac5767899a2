import '../interpreters/eval';
import '../primitives/baseOps';
export {
  gaussianGrad, GaussianGrad, type GaussianGradOptions, invSquareGrad, InvSquareGrad, leakyRelu, LeakyRelu, type LeakyReluOptions, logTailedRelu, LogTailedRelu, multiGaussianGrad, MultiGaussianGrad,
  type MultiGaussianGradOptions, piecewiseExp, PiecewiseExp, piecewiseLeakyRelu, PiecewiseLeakyRelu, type PiecewiseLeakyReluOptions, piecewiseQuadratic, PiecewiseQuadratic, reluGrad, ReluGrad,
  type ReluGradOptions, slayerGrad, SlayerGrad,
} from './piecewise';
export {
  type AlphaOptions, arctan, Arctan, erf, ERF, nonzeroSignLog, NonzeroSignLog, qPseudoSpike, QPseudoSpike, s2nn, S2NN, type S2nnOptions, sigmoid, Sigmoid, softSign, SoftSign,
  squarewaveFourierSeries, SquarewaveFourierSeries, type SquarewaveOptions,
} from './smooth';
export { type Parameter, Surrogate } from './surrogate';
