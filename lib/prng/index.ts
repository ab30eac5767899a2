export type { DtypeLike, SampleOptions, ShapeLike, ShapeOptions, ShapeOr } from './arguments';
export {
  cauchy, doubleSidedMaxwell, exponential, gumbel, type GumbelMode, type GumbelOptions, laplace, logistic, lognormal, type LognormalOptions, maxwell, normal, pareto,
  rayleigh, triangular, truncatedNormal, wald, weibullMin,
} from './continuous';
export { binomial, categorical, type CategoricalOptions, geometric, multinomial, type MultinomialOptions, poisson } from './discrete';
export { ball, type BallOptions, beta, chisquare, dirichlet, f, gamma, generalizedNormal, loggamma, t } from './gamma';
export { clone, foldIn, type ImplOptions, key, keyData, keyDtype, keyImpl, PRNGKey, type PrngImpl, split, type SplitKeys, type SplitOptions, wrapKeyData } from './keys';
export { type CovarianceMethod, multivariateNormal, type MultivariateNormalOptions, orthogonal, type OrthogonalOptions } from './matrices';
export { choice, type ChoiceOptions, permutation, type PermutationOptions } from './selection';
export { randomGammaP } from '../primitives/randomGamma';
export { bernoulli, type BernoulliOptions, bits, rademacher, randint, uniform, type UniformOptions } from './uniform';
