import { DEFAULT, type SamplerMethods } from './randomState';

export { getAutoKeyRange, setAutoKeyRange } from './autoKey';
export type { BackupOptions, SeedOrKey } from './keyState';
export { MT19937, type MT19937State } from './mt19937';
export type { CheckOptions, DrawOptions } from './program';
export { DEFAULT, RandomState } from './randomState';
export { cloneRng, defaultRng, getKey, getKeyData, restoreKey, seed, seedContext, selfAssignMultiKeys, setKey, splitKey, splitKeys } from './seed';
export type { LocScaleOptions, UniformOptions, TruncatedNormalOptions, LognormalOptions, ScaleOptions, TriangularOptions } from './continuous';
export type { RandintOptions, BernoulliOptions, PoissonOptions } from './discrete';
export type { ChoiceOptions, PermutationOptions, CategoricalOptions, MultivariateNormalOptions, RandintLikeOptions } from './arrays';

const rng = DEFAULT as unknown as Record<string, (...args: unknown[]) => unknown>;

/** A sampler of the default stream. */
function on(name: string): never {
  return ((...args: unknown[]) => rng[name]!(...args)) as never;
}

export const random: SamplerMethods['random'] = on('random');
export const randomSample: SamplerMethods['randomSample'] = on('randomSample');
export const ranf: SamplerMethods['ranf'] = on('ranf');
export const sample: SamplerMethods['sample'] = on('sample');
export const rand: SamplerMethods['rand'] = on('rand');
export const standardNormal: SamplerMethods['standardNormal'] = on('standardNormal');
export const randn: SamplerMethods['randn'] = on('randn');
export const normal: SamplerMethods['normal'] = on('normal');
export const gumbel: SamplerMethods['gumbel'] = on('gumbel');
export const laplace: SamplerMethods['laplace'] = on('laplace');
export const logistic: SamplerMethods['logistic'] = on('logistic');
export const standardCauchy: SamplerMethods['standardCauchy'] = on('standardCauchy');
export const standardExponential: SamplerMethods['standardExponential'] = on('standardExponential');
export const maxwell: SamplerMethods['maxwell'] = on('maxwell');
export const uniform: SamplerMethods['uniform'] = on('uniform');
export const truncatedNormal: SamplerMethods['truncatedNormal'] = on('truncatedNormal');
export const lognormal: SamplerMethods['lognormal'] = on('lognormal');
export const exponential: SamplerMethods['exponential'] = on('exponential');
export const rayleigh: SamplerMethods['rayleigh'] = on('rayleigh');
export const pareto: SamplerMethods['pareto'] = on('pareto');
export const weibull: SamplerMethods['weibull'] = on('weibull');
export const weibullMin: SamplerMethods['weibullMin'] = on('weibullMin');
export const power: SamplerMethods['power'] = on('power');
export const triangular: SamplerMethods['triangular'] = on('triangular');
export const wald: SamplerMethods['wald'] = on('wald');
export const vonmises: SamplerMethods['vonmises'] = on('vonmises');
export const randint: SamplerMethods['randint'] = on('randint');
export const randomIntegers: SamplerMethods['randomIntegers'] = on('randomIntegers');
export const bernoulli: SamplerMethods['bernoulli'] = on('bernoulli');
export const poisson: SamplerMethods['poisson'] = on('poisson');
export const binomial: SamplerMethods['binomial'] = on('binomial');
export const geometric: SamplerMethods['geometric'] = on('geometric');
export const negativeBinomial: SamplerMethods['negativeBinomial'] = on('negativeBinomial');
export const multinomial: SamplerMethods['multinomial'] = on('multinomial');
export const hypergeometric: SamplerMethods['hypergeometric'] = on('hypergeometric');
export const logseries: SamplerMethods['logseries'] = on('logseries');
export const zipf: SamplerMethods['zipf'] = on('zipf');
export const gamma: SamplerMethods['gamma'] = on('gamma');
export const standardGamma: SamplerMethods['standardGamma'] = on('standardGamma');
export const loggamma: SamplerMethods['loggamma'] = on('loggamma');
export const standardT: SamplerMethods['standardT'] = on('standardT');
export const beta: SamplerMethods['beta'] = on('beta');
export const dirichlet: SamplerMethods['dirichlet'] = on('dirichlet');
export const chisquare: SamplerMethods['chisquare'] = on('chisquare');
export const t: SamplerMethods['t'] = on('t');
export const f: SamplerMethods['f'] = on('f');
export const noncentralChisquare: SamplerMethods['noncentralChisquare'] = on('noncentralChisquare');
export const noncentralF: SamplerMethods['noncentralF'] = on('noncentralF');
export const choice: SamplerMethods['choice'] = on('choice');
export const permutation: SamplerMethods['permutation'] = on('permutation');
export const shuffle: SamplerMethods['shuffle'] = on('shuffle');
export const categorical: SamplerMethods['categorical'] = on('categorical');
export const multivariateNormal: SamplerMethods['multivariateNormal'] = on('multivariateNormal');
export const orthogonal: SamplerMethods['orthogonal'] = on('orthogonal');
export const randLike: SamplerMethods['randLike'] = on('randLike');
export const randnLike: SamplerMethods['randnLike'] = on('randnLike');
export const randintLike: SamplerMethods['randintLike'] = on('randintLike');
