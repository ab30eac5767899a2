export { beta, cauchy, chi2, expon, gamma, gennorm, gumbelL, gumbelR, laplace, logistic, norm, pareto, t, truncnorm, uniform, vonmises, wrapcauchy } from './continuous';
export { mode, type ModeOptions, rankdata, type RankOptions, sem, type SemOptions } from './descriptive';
export { bernoulli, betabinom, binom, geom, nbinom, poisson } from './discrete';
export type { Discrete1, Discrete2, Discrete3, Loc, LocScale, Of0, Of1, Of2, Plain1 } from './distribution';
export { GaussianKde as gaussian_kde, type GaussianKdeOptions } from './kde';
export { dirichlet, multinomial, multivariateNormal } from './multivariate';
