import '../interpreters/eval';
import { DEFAULT, type SamplerMethods } from './randomState';

export { getAutoKeyRange, setAutoKeyRange } from './autoKey';
export type { BackupOptions, SeedArgument, SeedOrKey, SplitOptions } from './keyState';
export { MT19937, type MT19937State } from './mt19937';
export type { CheckOptions, DrawOptions } from './program';
export { DEFAULT, RandomState } from './randomState';
export { cloneRng, defaultRng, getKey, getKeyData, restoreKey, seed, seedContext, selfAssignMultiKeys, setKey, splitKey, splitKeys } from './seed';
export type { LocScaleOptions, UniformOptions, TruncatedNormalOptions, LognormalOptions, ScaleOptions, TriangularOptions } from './continuous';
export type { RandintOptions, BernoulliOptions, PoissonOptions } from './discrete';
export type { ChoiceOptions, NestedStrings, PermutationOptions, CategoricalOptions, MultivariateNormalOptions, RandintLikeOptions } from './arrays';

const rng = DEFAULT as unknown as Record<string, (...args: unknown[]) => unknown>;

/** A sampler of the default stream. */
function on(name: string): never {
  return ((...args: unknown[]) => rng[name]!(...args)) as never;
}

/** Uniform floats in [0, 1) of a shape, from the default stream. Mirrors `brainstate.random.random`. @example random.random([2, 3]).shape; // [2, 3] */
export const random: SamplerMethods['random'] = on('random');
/** Uniform floats in [0, 1) of a shape: {@link random} by NumPy's other name, from the default stream. Mirrors `brainstate.random.random_sample`. @example random.randomSample([2, 3]).shape; // [2, 3] */
export const randomSample: SamplerMethods['randomSample'] = on('randomSample');
/** Uniform floats in [0, 1) of a shape: {@link random} by NumPy's other name, from the default stream. Mirrors `brainstate.random.ranf`. @example random.ranf([2, 3]).shape; // [2, 3] */
export const ranf: SamplerMethods['ranf'] = on('ranf');
/** Uniform floats in [0, 1) of a shape: {@link random} by NumPy's other name, from the default stream. Mirrors `brainstate.random.sample`. @example random.sample([2, 3]).shape; // [2, 3] */
export const sample: SamplerMethods['sample'] = on('sample');
/** Uniform floats in [0, 1), of a shape given by its dimensions, from the default stream. Mirrors `brainstate.random.rand`. @example random.rand(2, 3).shape; // [2, 3] */
export const rand: SamplerMethods['rand'] = on('rand');
/** Standard normal numbers of a shape, from the default stream. Mirrors `brainstate.random.standard_normal`. @example random.standardNormal([2, 3]).shape; // [2, 3] */
export const standardNormal: SamplerMethods['standardNormal'] = on('standardNormal');
/** Standard normal numbers, of a shape given by its dimensions, from the default stream. Mirrors `brainstate.random.randn`. @example random.randn(2, 3).shape; // [2, 3] */
export const randn: SamplerMethods['randn'] = on('randn');
/** Normal numbers with mean `loc` and standard deviation `scale`; they broadcast to the size, from the default stream. Mirrors `brainstate.random.normal`. @example random.normal(1, 0.1, [2, 3]).shape; // [2, 3] */
export const normal: SamplerMethods['normal'] = on('normal');
/** Gumbel distributed numbers, shifted by `loc`, scaled by `scale`, from the default stream. Mirrors `brainstate.random.gumbel`. @example random.gumbel({ size: [2, 3] }).shape; // [2, 3] */
export const gumbel: SamplerMethods['gumbel'] = on('gumbel');
/** Laplace distributed numbers, shifted by `loc`, scaled by `scale`, from the default stream. Mirrors `brainstate.random.laplace`. @example random.laplace({ loc: 1, size: [3] }).shape; // [3] */
export const laplace: SamplerMethods['laplace'] = on('laplace');
/** Numbers of the logistic distribution, shifted by `loc`, scaled by `scale`, from the default stream. Mirrors `brainstate.random.logistic`. @example random.logistic({ scale: 2, size: [3] }).shape; // [3] */
export const logistic: SamplerMethods['logistic'] = on('logistic');
/** Numbers of the standard Cauchy distribution, from the default stream. Mirrors `brainstate.random.standard_cauchy`. @example random.standardCauchy([3]).shape; // [3] */
export const standardCauchy: SamplerMethods['standardCauchy'] = on('standardCauchy');
/** Exponentially distributed numbers with rate 1, from the default stream. Mirrors `brainstate.random.standard_exponential`. @example random.standardExponential([3]).shape; // [3] */
export const standardExponential: SamplerMethods['standardExponential'] = on('standardExponential');
/** Maxwell distributed numbers: lengths of standard normal vectors in three dimensions, from the default stream. Mirrors `brainstate.random.maxwell`. @example random.maxwell([3]).shape; // [3] */
export const maxwell: SamplerMethods['maxwell'] = on('maxwell');
/** Uniform floats in [low, high), from the default stream. Mirrors `brainstate.random.uniform`. @example random.uniform(-1, 1, [3]).shape; // [3] */
export const uniform: SamplerMethods['uniform'] = on('uniform');
/** Normal numbers with mean `loc` and deviation `scale` that lie in [lower, upper], from the default stream. Mirrors `brainstate.random.truncated_normal`. @example random.truncatedNormal(-1, 1, { size: [3] }).shape; // [3] */
export const truncatedNormal: SamplerMethods['truncatedNormal'] = on('truncatedNormal');
/** Exponentials of normal numbers with `mean` and `sigma`, from the default stream. Mirrors `brainstate.random.lognormal`. @example random.lognormal({ sigma: 0.5, size: [3] }).shape; // [3] */
export const lognormal: SamplerMethods['lognormal'] = on('lognormal');
/** Exponentially distributed numbers, of mean `scale`, from the default stream. Mirrors `brainstate.random.exponential`. @example random.exponential({ scale: 2, size: [3] }).shape; // [3] */
export const exponential: SamplerMethods['exponential'] = on('exponential');
/** Rayleigh distributed numbers, scaled by `scale`, from the default stream. Mirrors `brainstate.random.rayleigh`. @example random.rayleigh({ scale: 2, size: [3] }).shape; // [3] */
export const rayleigh: SamplerMethods['rayleigh'] = on('rayleigh');
/** Numbers of the Pareto distribution with shape `a`, from the default stream. Mirrors `brainstate.random.pareto`. @example random.pareto(3, { size: [3] }).shape; // [3] */
export const pareto: SamplerMethods['pareto'] = on('pareto');
/** Weibull distributed numbers with shape `a`, from the default stream. Mirrors `brainstate.random.weibull`. @example random.weibull(2, { size: [3] }).shape; // [3] */
export const weibull: SamplerMethods['weibull'] = on('weibull');
/** Weibull distributed numbers with shape `a`, scaled by `scale`, from the default stream. Mirrors `brainstate.random.weibull_min`. @example random.weibullMin(2, { scale: 3, size: [3] }).shape; // [3] */
export const weibullMin: SamplerMethods['weibullMin'] = on('weibullMin');
/** Numbers in [0, 1] with density proportional to x ** (a - 1), from the default stream. Mirrors `brainstate.random.power`. @example random.power(2, { size: [3] }).shape; // [3] */
export const power: SamplerMethods['power'] = on('power');
/** Numbers in [left, right] whose density is a triangle with its top at `mode`, from the default stream. Mirrors `brainstate.random.triangular`. @example random.triangular({ left: 0, mode: 1, right: 4, size: [3] }).shape; // [3] */
export const triangular: SamplerMethods['triangular'] = on('triangular');
/** Wald (inverse Gaussian) distributed numbers, from the default stream. Mirrors `brainstate.random.wald`. @example random.wald(1, 2, { size: [3] }).shape; // [3] */
export const wald: SamplerMethods['wald'] = on('wald');
/** Angles in [-π, π] of the von Mises distribution around `mu`, the denser the larger `kappa`, from the default stream. Mirrors `brainstate.random.vonmises`. @example random.vonmises(0, 4, { size: [3] }).shape; // [3] */
export const vonmises: SamplerMethods['vonmises'] = on('vonmises');
/** Integers in [low, high), or in [0, low) without `high`, from the default stream. Mirrors `brainstate.random.randint`. @example random.randint(0, 10, [3]).shape; // [3] */
export const randint: SamplerMethods['randint'] = on('randint');
/** Integers in [low, high], the upper bound included, from the default stream. Mirrors `brainstate.random.random_integers`. @example random.randomIntegers(1, { high: 6, size: [3] }).shape; // [3] */
export const randomIntegers: SamplerMethods['randomIntegers'] = on('randomIntegers');
/** Booleans that are true with probability `p`, from the default stream. Mirrors `brainstate.random.bernoulli`. @example random.bernoulli(0.3, { size: [3] }).dtype; // 'bool' */
export const bernoulli: SamplerMethods['bernoulli'] = on('bernoulli');
/** Numbers of events at rate `lam`, from the default stream. Mirrors `brainstate.random.poisson`. @example random.poisson({ lam: 4, size: [3] }).shape; // [3] */
export const poisson: SamplerMethods['poisson'] = on('poisson');
/** Numbers of successes in `n` trials of probability `p`, from the default stream. Mirrors `brainstate.random.binomial`. @example random.binomial(10, 0.5, { size: [3] }).shape; // [3] */
export const binomial: SamplerMethods['binomial'] = on('binomial');
/** Numbers of trials up to the first success of probability `p`, from the default stream. Mirrors `brainstate.random.geometric`. @example random.geometric(0.5, { size: [3] }).shape; // [3] */
export const geometric: SamplerMethods['geometric'] = on('geometric');
/** Numbers of failures before `n` successes of probability `p`, from the default stream. Mirrors `brainstate.random.negative_binomial`. @example random.negativeBinomial(5, 0.5, { size: [3] }).shape; // [3] */
export const negativeBinomial: SamplerMethods['negativeBinomial'] = on('negativeBinomial');
/** Counts of `n` draws from categories of probabilities `pvals`: [..., k], from the default stream. Mirrors `brainstate.random.multinomial`. @example random.multinomial(10, [0.2, 0.8]).shape; // [2] */
export const multinomial: SamplerMethods['multinomial'] = on('multinomial');
/** Numbers of good ones among `nsample` drawn from `ngood` good and `nbad` bad ones, from the default stream. Mirrors `brainstate.random.hypergeometric`. @example random.hypergeometric(5, 5, 3, { size: [4] }).shape; // [4] */
export const hypergeometric: SamplerMethods['hypergeometric'] = on('hypergeometric');
/** Numbers of the logarithmic series distribution, from the default stream. Mirrors `brainstate.random.logseries`. @example random.logseries(0.5, { size: [3] }).shape; // [3] */
export const logseries: SamplerMethods['logseries'] = on('logseries');
/** Numbers of Zipf's distribution, whose probabilities fall as k ** -a, from the default stream. Mirrors `brainstate.random.zipf`. @example random.zipf(3, { size: [3] }).shape; // [3] */
export const zipf: SamplerMethods['zipf'] = on('zipf');
/** Gamma distributed numbers with `shape`, scaled by `scale`, from the default stream. Mirrors `brainstate.random.gamma`. @example random.gamma(2, { scale: 3, size: [3] }).shape; // [3] */
export const gamma: SamplerMethods['gamma'] = on('gamma');
/** Gamma distributed numbers with `shape` and scale 1, from the default stream. Mirrors `brainstate.random.standard_gamma`. @example random.standardGamma(2, { size: [3] }).shape; // [3] */
export const standardGamma: SamplerMethods['standardGamma'] = on('standardGamma');
/** Logarithms of gamma distributed numbers with shape `a`, from the default stream. Mirrors `brainstate.random.loggamma`. @example random.loggamma(2, { size: [3] }).shape; // [3] */
export const loggamma: SamplerMethods['loggamma'] = on('loggamma');
/** Numbers of Student's t distribution, from the default stream. Mirrors `brainstate.random.standard_t`. @example random.standardT(3, { size: [4] }).shape; // [4] */
export const standardT: SamplerMethods['standardT'] = on('standardT');
/** Numbers in [0, 1] of the beta distribution, from the default stream. Mirrors `brainstate.random.beta`. @example random.beta(2, 3, { size: [3] }).shape; // [3] */
export const beta: SamplerMethods['beta'] = on('beta');
/** Vectors of the Dirichlet distribution, which sum to 1: [..., k], from the default stream. Mirrors `brainstate.random.dirichlet`. @example random.dirichlet([1, 1, 1]).shape; // [3] */
export const dirichlet: SamplerMethods['dirichlet'] = on('dirichlet');
/** Numbers of the chi-squared distribution with `df` degrees of freedom, from the default stream. Mirrors `brainstate.random.chisquare`. @example random.chisquare(3, { size: [4] }).shape; // [4] */
export const chisquare: SamplerMethods['chisquare'] = on('chisquare');
/** Numbers of Student's t distribution with `df` degrees of freedom, from the default stream. Mirrors `brainstate.random.t`. @example random.t(3, { size: [4] }).shape; // [4] */
export const t: SamplerMethods['t'] = on('t');
/** Numbers of the F distribution, from the default stream. Mirrors `brainstate.random.f`. @example random.f(3, 4, { size: [2] }).shape; // [2] */
export const f: SamplerMethods['f'] = on('f');
/** Numbers of the noncentral chi-squared distribution, from the default stream. Mirrors `brainstate.random.noncentral_chisquare`. @example random.noncentralChisquare(3, 1, { size: [4] }).shape; // [4] */
export const noncentralChisquare: SamplerMethods['noncentralChisquare'] = on('noncentralChisquare');
/** Numbers of the noncentral F distribution, from the default stream. Mirrors `brainstate.random.noncentral_f`. @example random.noncentralF(3, 4, 1, { size: [2] }).shape; // [2] */
export const noncentralF: SamplerMethods['noncentralF'] = on('noncentralF');
/** Entries drawn from an array, or from the integers below a number, from the default stream. Mirrors `brainstate.random.choice`. @example random.choice([1, 2, 3], { size: [2], replace: false }).shape; // [2] */
export const choice: SamplerMethods['choice'] = on('choice');
/** The entries of an array along its first axis, or the integers below a number, in a random order, from the default stream. Mirrors `brainstate.random.permutation`. @example random.permutation(5).shape; // [5] */
export const permutation: SamplerMethods['permutation'] = on('permutation');
/** An array with its entries along an axis in a random order, from the default stream. Mirrors `brainstate.random.shuffle`. @example random.shuffle(np.arange(5)).shape; // [5] */
export const shuffle: SamplerMethods['shuffle'] = on('shuffle');
/** Indices of categories, drawn by their logits along an axis, from the default stream. Mirrors `brainstate.random.categorical`. @example random.categorical([0, 1, 2], { size: [4] }).shape; // [4] */
export const categorical: SamplerMethods['categorical'] = on('categorical');
/** Normal vectors with a mean [k] and a covariance [k, k], from the default stream. Mirrors `brainstate.random.multivariate_normal`. @example random.multivariateNormal([0, 0], [[1, 0], [0, 1]], { size: [3] }).shape; // [3, 2] */
export const multivariateNormal: SamplerMethods['multivariateNormal'] = on('multivariateNormal');
/** Uniformly drawn orthogonal matrices: [..., n, n], from the default stream. Mirrors `brainstate.random.orthogonal`. @example random.orthogonal(3).shape; // [3, 3] */
export const orthogonal: SamplerMethods['orthogonal'] = on('orthogonal');
/** Uniform floats in [0, 1), in the shape and dtype of an array, from the default stream. Mirrors `brainstate.random.rand_like`. @example random.randLike(np.zeros([2, 3])).shape; // [2, 3] */
export const randLike: SamplerMethods['randLike'] = on('randLike');
/** Standard normal numbers in the shape and dtype of an array, from the default stream. Mirrors `brainstate.random.randn_like`. @example random.randnLike(np.zeros([2, 3])).shape; // [2, 3] */
export const randnLike: SamplerMethods['randnLike'] = on('randnLike');
/** Integers in [low, high), in the shape of an array, from the default stream. Mirrors `brainstate.random.randint_like`. @example random.randintLike(np.zeros([2, 3]), { low: 0, high: 10 }).shape; // [2, 3] */
export const randintLike: SamplerMethods['randintLike'] = on('randintLike');
