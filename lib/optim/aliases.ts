import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions, type OptionNames } from '../functional/options';
import * as np from '../numpy';
import type { DtypeLike } from '../numpy/dtypes';
import type { SeedOrKey } from '../random/keyState';
import { addDecayedWeights, type Rate, rateOf, scaleByAdan, scaleByLearningRate, scaleByOptimisticGradient, scaleByPolyak, scaleBySign, type PolyakOptions } from './adjustments';
import { addNoise } from './gradientNoise';
import { type LBFGSDirectionOptions, scaleByLbfgs } from './lbfgs';
import { scaleByZoomLinesearch } from './lbfgsLinesearch';
import { scaleByAdadelta, scaleByFactoredRms, scaleByRms, scaleByRss, scaleBySm3, scaleByStddev, type MeanSquareOptions } from './meanSquares';
import { ema, scaleByAdamax, scaleByBelief, scaleByLion, scaleByNovograd, scaleByRadam, scaleByYogi } from './moments';
import { clipByBlockRms, type RpropOptions, scaleByParamBlockRms, scaleByRprop, scaleByTrustRatio } from './norms';
import { type AdamOptions, chain, checkFactor, type Factor, type GradientTransformation, scale, scaleByAdam, scaleByAmsgrad, trace } from './transformation';
import { type Mask, masked } from './wrappers';

/** The rate and the options of a factory: the rate by itself before the options, or among them. */
type RateFirst<O> = [learningRate: Rate, options?: O] | [options: O & { learningRate: Rate }];

/** The rate and the other options, however they were given. @throws ArgumentError without a rate, or for an option that does not exist */
function read<O extends object, const K extends keyof O & string>(op: string, names: OptionNames<O, K>, given: RateFirst<O>): O & { learningRate: Rate } {
  const [first, rest] = given as [Rate | (O & { learningRate: Rate }), O | undefined];
  const among = isPlainObject(first);
  if (among && rest !== undefined) throw new ArgumentError(`${op}: expected learningRate before the options, got ${describeValue(first)}`);
  const { learningRate, ...options } = (among ? first : { ...rest, learningRate: first }) as O & { learningRate: Rate };
  checkOptions(op, names as never, options as never);
  rateOf(`${op}: learningRate`, learningRate);
  return { ...(options as unknown as O), learningRate };
}

/** Weight decay apart from the gradient. */
interface Decayed {
  /** How much of the parameters is added to the direction. */
  weightDecay?: Rate;
  /** Which parameters that is done to; see {@link masked}. */
  mask?: Mask | null;
}

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** How much of the last direction is kept; null, the default, for plain descent. */
  momentum?: Factor | null;
  nesterov?: boolean;
  /** In what momentum is kept. Default: the parameters' dtype. */
  accumulatorDtype?: DtypeLike | null;
}

/** Descent along the gradient, with momentum. Mirrors `optax.sgd`. @example new optim.OptaxOptimizer({ tx: optim.sgd(0.1) }).stepCount.value.js(); // 0 */
export function sgd(...given: RateFirst<SgdOptions>): GradientTransformation {
  const { learningRate, momentum = null, ...options } = read('sgd', ['momentum', 'nesterov', 'accumulatorDtype'], given);
  return chain(...(momentum === null ? [] : [trace(momentum, options)]), scaleByLearningRate(learningRate));
}

/** Options of {@link adam}. */
export interface AdamAliasOptions extends AdamOptions {
  /** In what the first moment is kept. Default: the parameters' dtype. */
  muDtype?: DtypeLike | null;
  nesterov?: boolean;
}

const ADAM = ['b1', 'b2', 'eps', 'epsRoot', 'muDtype', 'nesterov'] as const;

/** Adam (Kingma and Ba, 2015). Mirrors `optax.adam`. @example new optim.OptaxOptimizer({ tx: optim.adam(0.1) }).stepCount.value.js(); // 0 */
export function adam(...given: RateFirst<AdamAliasOptions>): GradientTransformation {
  const { learningRate, ...options } = read('adam', ADAM, given);
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

/** Adam with Nesterov's momentum. Mirrors `optax.nadam`. @example new optim.OptaxOptimizer({ tx: optim.nadam(0.1) }).stepCount.value.js(); // 0 */
export function nadam(...given: RateFirst<Omit<AdamAliasOptions, 'nesterov'>>): GradientTransformation {
  const { learningRate, ...options } = read('nadam', ['b1', 'b2', 'eps', 'epsRoot', 'muDtype'], given);
  return adam({ ...options, learningRate, nesterov: true });
}

/** Adam with weight decay apart from the gradient, 1e-4 by default (Loshchilov and Hutter, 2019). Mirrors `optax.adamw`. @example new optim.OptaxOptimizer({ tx: optim.adamw(0.1) }).stepCount.value.js(); // 0 */
export function adamw(...given: RateFirst<AdamAliasOptions & Decayed>): GradientTransformation {
  const { learningRate, weightDecay = 1e-4, mask = null, ...options } = read('adamw', [...ADAM, 'weightDecay', 'mask'], given);
  return chain(scaleByAdam(options), addDecayedWeights(weightDecay, { mask }), scaleByLearningRate(learningRate));
}

/** {@link adamw} with Nesterov's momentum. Mirrors `optax.nadamw`. @example new optim.OptaxOptimizer({ tx: optim.nadamw(0.1) }).stepCount.value.js(); // 0 */
export function nadamw(...given: RateFirst<Omit<AdamAliasOptions, 'nesterov'> & Decayed>): GradientTransformation {
  const { learningRate, ...options } = read('nadamw', ['b1', 'b2', 'eps', 'epsRoot', 'muDtype', 'weightDecay', 'mask'], given);
  return adamw({ ...options, learningRate, nesterov: true });
}

/** Adam with the largest mean square so far (Reddi et al., 2018). Mirrors `optax.amsgrad`. @example new optim.OptaxOptimizer({ tx: optim.amsgrad(0.1) }).stepCount.value.js(); // 0 */
export function amsgrad(...given: RateFirst<AdamOptions>): GradientTransformation {
  const { learningRate, ...options } = read('amsgrad', ['b1', 'b2', 'eps', 'epsRoot'], given);
  return chain(scaleByAmsgrad(options), scaleByLearningRate(learningRate));
}

/** Adam with the largest gradient in place of the mean square (Kingma and Ba, 2015). Mirrors `optax.adamax`. @example new optim.OptaxOptimizer({ tx: optim.adamax(0.1) }).stepCount.value.js(); // 0 */
export function adamax(...given: RateFirst<Omit<AdamOptions, 'epsRoot'>>): GradientTransformation {
  const { learningRate, ...options } = read('adamax', ['b1', 'b2', 'eps'], given);
  return chain(scaleByAdamax(options), scaleByLearningRate(learningRate));
}

/** {@link adamax} with weight decay apart from the gradient, 1e-4 by default. Mirrors `optax.adamaxw`. @example new optim.OptaxOptimizer({ tx: optim.adamaxw(0.1) }).stepCount.value.js(); // 0 */
export function adamaxw(...given: RateFirst<Omit<AdamOptions, 'epsRoot'> & Decayed>): GradientTransformation {
  const { learningRate, weightDecay = 1e-4, mask = null, ...options } = read('adamaxw', ['b1', 'b2', 'eps', 'weightDecay', 'mask'], given);
  return chain(scaleByAdamax(options), addDecayedWeights(weightDecay, { mask }), scaleByLearningRate(learningRate));
}

/** Rectified Adam (Liu et al., 2020). Mirrors `optax.radam`. @example new optim.OptaxOptimizer({ tx: optim.radam(0.1) }).stepCount.value.js(); // 0 */
export function radam(...given: RateFirst<AdamOptions & { threshold?: Factor; nesterov?: boolean }>): GradientTransformation {
  const { learningRate, ...options } = read('radam', ['b1', 'b2', 'eps', 'epsRoot', 'threshold', 'nesterov'], given);
  return chain(scaleByRadam(options), scaleByLearningRate(learningRate));
}

/** Adam with the variance of gradients about their mean (Zhuang et al., 2020). Mirrors `optax.adabelief`. @example new optim.OptaxOptimizer({ tx: optim.adabelief(0.1) }).stepCount.value.js(); // 0 */
export function adabelief(...given: RateFirst<AdamOptions & { nesterov?: boolean }>): GradientTransformation {
  const { learningRate, ...options } = read('adabelief', ['b1', 'b2', 'eps', 'epsRoot', 'nesterov'], given);
  return chain(scaleByBelief(options), scaleByLearningRate(learningRate));
}

/** Adam with a mean square that changes slowly (Zaheer et al., 2018). Mirrors `optax.yogi`. @example new optim.OptaxOptimizer({ tx: optim.yogi(0.1) }).stepCount.value.js(); // 0 */
export function yogi(...given: RateFirst<Omit<AdamOptions, 'epsRoot'>>): GradientTransformation {
  const { learningRate, ...options } = read('yogi', ['b1', 'b2', 'eps'], given);
  return chain(scaleByYogi(options), scaleByLearningRate(learningRate));
}

/** Momentum of gradients over the norm of each array (Ginsburg et al., 2019). Mirrors `optax.novograd`. @example new optim.OptaxOptimizer({ tx: optim.novograd(0.1) }).stepCount.value.js(); // 0 */
export function novograd(...given: RateFirst<AdamOptions & { weightDecay?: Factor }>): GradientTransformation {
  const { learningRate, eps = 1e-6, ...options } = read('novograd', ['b1', 'b2', 'eps', 'epsRoot', 'weightDecay'], given);
  return chain(scaleByNovograd({ eps, ...options }), scaleByLearningRate(learningRate));
}

/** Adan, with means of gradients and of their changes (Xie et al., 2022). Mirrors `optax.adan`. @example new optim.OptaxOptimizer({ tx: optim.adan(0.1) }).stepCount.value.js(); // 0 */
export function adan(...given: RateFirst<{ b1?: Factor; b2?: Factor; b3?: Factor; eps?: Factor; epsRoot?: Factor } & Decayed>): GradientTransformation {
  const { learningRate, epsRoot = 1e-8, weightDecay = 0, mask = null, ...options } = read('adan', ['b1', 'b2', 'b3', 'eps', 'epsRoot', 'weightDecay', 'mask'], given);
  return chain(scaleByAdan({ epsRoot, ...options }), addDecayedWeights(weightDecay, { mask }), scaleByLearningRate(learningRate));
}

/** Steps by the sign of momentum, with weight decay of 1e-3 by default (Chen et al., 2023). Mirrors `optax.lion`. @example new optim.OptaxOptimizer({ tx: optim.lion(0.1) }).stepCount.value.js(); // 0 */
export function lion(...given: RateFirst<{ b1?: Factor; b2?: Factor; muDtype?: DtypeLike | null } & Decayed>): GradientTransformation {
  const { learningRate, weightDecay = 1e-3, mask = null, ...options } = read('lion', ['b1', 'b2', 'muDtype', 'weightDecay', 'mask'], given);
  return chain(scaleByLion(options), addDecayedWeights(weightDecay, { mask }), scaleByLearningRate(learningRate));
}

/** Adam with steps in the size of the parameters (You et al., 2020). Mirrors `optax.lamb`. @example new optim.OptaxOptimizer({ tx: optim.lamb(0.1) }).stepCount.value.js(); // 0 */
export function lamb(...given: RateFirst<AdamOptions & Decayed>): GradientTransformation {
  const { learningRate, eps = 1e-6, weightDecay = 0, mask = null, ...options } = read('lamb', ['b1', 'b2', 'eps', 'epsRoot', 'weightDecay', 'mask'], given);
  return chain(scaleByAdam({ eps, ...options }), addDecayedWeights(weightDecay, { mask }), scaleByTrustRatio(), scaleByLearningRate(learningRate));
}

/** Options of {@link lars}. */
export interface LarsOptions {
  weightDecay?: Rate;
  /** Which parameters decay; see {@link masked}. Default: all. */
  weightDecayMask?: Mask;
  trustCoefficient?: Factor;
  eps?: Factor;
  /** Which parameters have steps in their size; see {@link masked}. Default: all. */
  trustRatioMask?: Mask;
  momentum?: Factor;
  nesterov?: boolean;
}

/** Momentum with steps in the size of the parameters (You et al., 2017). Mirrors `optax.lars`. @example new optim.OptaxOptimizer({ tx: optim.lars(0.1) }).stepCount.value.js(); // 0 */
export function lars(...given: RateFirst<LarsOptions>): GradientTransformation {
  const { learningRate, weightDecay = 0, weightDecayMask = true, trustCoefficient = 0.001, eps = 0, trustRatioMask = true, momentum = 0.9, nesterov = false } = read('lars', ['weightDecay', 'weightDecayMask', 'trustCoefficient', 'eps', 'trustRatioMask', 'momentum', 'nesterov'], given);
  return chain(addDecayedWeights(weightDecay, { mask: weightDecayMask }), masked(scaleByTrustRatio({ trustCoefficient, eps }), trustRatioMask), scaleByLearningRate(learningRate), trace(momentum, { nesterov }));
}

/** Steps in the size of the parameters, which do not grow by them (Bernstein et al., 2020). Mirrors `optax.fromage`. @example new optim.OptaxOptimizer({ tx: optim.fromage(0.1) }).stepCount.value.js(); // 0 */
export function fromage(...given: RateFirst<{ minNorm?: Factor }>): GradientTransformation {
  const { learningRate, minNorm = 1e-6 } = read('fromage', ['minNorm'], given);
  const rate = rateOf('fromage: learningRate', learningRate);
  const shrink = (lr: Factor): Factor => (typeof lr === 'number' ? 1 / Math.sqrt(1 + lr ** 2) : np.divide(1, np.sqrt(np.add(1, np.square(lr)))));
  const times = (a: Factor, b: Factor): Factor => (typeof a === 'number' && typeof b === 'number' ? a * b : np.multiply(a, b));
  const less = (a: Factor): Factor => (typeof a === 'number' ? a - 1 : np.subtract(a, 1));
  const each = (f: (lr: Factor) => Factor): Rate => (typeof rate === 'function' ? (count: Array) => f(rate(count)) : f(rate));
  return chain(scaleByTrustRatio({ minNorm }), scaleByLearningRate(each((lr) => times(lr, shrink(lr)))), addDecayedWeights(each((lr) => less(shrink(lr)))));
}

/** Steps over the root of the sum of all squares (Duchi et al., 2011). Mirrors `optax.adagrad`. @example new optim.OptaxOptimizer({ tx: optim.adagrad(0.1) }).stepCount.value.js(); // 0 */
export function adagrad(...given: RateFirst<{ initialAccumulatorValue?: Factor; eps?: Factor }>): GradientTransformation {
  const { learningRate, ...options } = read('adagrad', ['initialAccumulatorValue', 'eps'], given);
  return chain(scaleByRss(options), scaleByLearningRate(learningRate));
}

/** Steps in the units of the parameters (Zeiler, 2012). Mirrors `optax.adadelta`. @example new optim.OptaxOptimizer({ tx: optim.adadelta(0.1) }).stepCount.value.js(); // 0 */
export function adadelta(...given: RateFirst<{ rho?: Factor; eps?: Factor; weightDecay?: Rate; weightDecayMask?: Mask | null }>): GradientTransformation {
  const { learningRate, weightDecay = 0, weightDecayMask = null, ...options } = read('adadelta', ['rho', 'eps', 'weightDecay', 'weightDecayMask'], given);
  return chain(addDecayedWeights(weightDecay, { mask: weightDecayMask }), scaleByAdadelta(options), scaleByLearningRate(learningRate));
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends MeanSquareOptions {
  /** Whether the variance is used in place of the mean square. Default false. */
  centered?: boolean;
  /** How much of the last step is kept; null, the default, for none. */
  momentum?: Factor | null;
  nesterov?: boolean;
}

/** Steps over the root of a running mean square (Tieleman and Hinton, 2012). Mirrors `optax.rmsprop`. @example new optim.OptaxOptimizer({ tx: optim.rmsprop(0.1) }).stepCount.value.js(); // 0 */
export function rmsprop(...given: RateFirst<RmspropOptions>): GradientTransformation {
  const { learningRate, centered = false, momentum = null, nesterov = false, ...options } = read('rmsprop', ['decay', 'eps', 'initialScale', 'epsInSqrt', 'biasCorrection', 'centered', 'momentum', 'nesterov'], given);
  return chain((centered ? scaleByStddev : scaleByRms)(options), scaleByLearningRate(learningRate), ...(momentum === null ? [] : [trace(momentum, { nesterov })]));
}

/** Options of {@link adafactor}. */
export interface AdafactorAliasOptions {
  /** The rate; null, the default, leaves steps in the size of the parameters. */
  learningRate?: Rate | null;
  minDimSizeToFactor?: number;
  decayRate?: number;
  /** Whether steps are in the size of the parameters. Default true. */
  multiplyByParameterScale?: boolean;
  clippingThreshold?: Factor | null;
  momentum?: Factor | null;
  dtypeMomentum?: DtypeLike;
  weightDecayRate?: Rate | null;
  eps?: number;
  factored?: boolean;
  weightDecayMask?: Mask | null;
}

/** Mean squares of which only those of rows and columns are kept (Shazeer and Stern, 2018). Mirrors `optax.adafactor`. @example new optim.OptaxOptimizer({ tx: optim.adafactor({ learningRate: 0.1 }) }).stepCount.value.js(); // 0 */
export function adafactor(given: AdafactorAliasOptions = {}): GradientTransformation {
  const {
    learningRate = null, minDimSizeToFactor = 128, decayRate = 0.8, multiplyByParameterScale = true, clippingThreshold = 1, momentum = null, dtypeMomentum = 'float32', weightDecayRate = null, eps = 1e-30, factored = true,
    weightDecayMask = null,
  } = checkOptions('adafactor', ['learningRate', 'minDimSizeToFactor', 'decayRate', 'multiplyByParameterScale', 'clippingThreshold', 'momentum', 'dtypeMomentum', 'weightDecayRate', 'eps', 'factored', 'weightDecayMask'], given);
  return chain(
    scaleByFactoredRms({ factored, decayRate, minDimSizeToFactor, epsilon: eps }),
    ...(clippingThreshold === null ? [] : [clipByBlockRms(clippingThreshold)]),
    ...(learningRate === null ? [] : [scaleByLearningRate(learningRate, { flipSign: false })]),
    ...(multiplyByParameterScale ? [scaleByParamBlockRms()] : []),
    ...(momentum === null ? [] : [ema(momentum, { debias: false, accumulatorDtype: dtypeMomentum })]),
    ...(weightDecayRate === null ? [] : [addDecayedWeights(weightDecayRate, { mask: weightDecayMask })]),
    scale(-1),
  );
}

/** A number for a rate. */
function fixedRate(op: string, rate: Rate): Factor {
  return checkFactor(`${op}: learningRate`, rate as Factor);
}

/** Steps that grow while gradients keep their sign (Riedmiller and Braun, 1993). Mirrors `optax.rprop`. The rate is the size of the first. @example new optim.OptaxOptimizer({ tx: optim.rprop(0.1) }).stepCount.value.js(); // 0 */
export function rprop(...given: RateFirst<RpropOptions>): GradientTransformation {
  const { learningRate, ...options } = read('rprop', ['etaMinus', 'etaPlus', 'minStepSize', 'maxStepSize'], given);
  return chain(scaleByRprop(fixedRate('rprop', learningRate), options), scale(-1));
}

/** Sums of squares by axis (Anil et al., 2019). Mirrors `optax.sm3`. @example new optim.OptaxOptimizer({ tx: optim.sm3(0.1) }).stepCount.value.js(); // 0 */
export function sm3(...given: RateFirst<{ momentum?: Factor }>): GradientTransformation {
  const { learningRate, momentum = 0.9 } = read('sm3', ['momentum'], given);
  return chain(scaleBySm3({ b1: momentum }), scaleByLearningRate(fixedRate('sm3', learningRate)));
}

/** Descent along gradients with noise that falls (Neelakantan et al., 2015); see {@link addNoise}. Mirrors `optax.noisy_sgd`. @example new optim.OptaxOptimizer({ tx: optim.noisySgd(0.1, { key: 1 }) }).stepCount.value.js(); // 0 */
export function noisySgd(...given: RateFirst<{ eta?: Factor; gamma?: Factor; key?: SeedOrKey }>): GradientTransformation {
  const { learningRate, eta = 0.01, gamma = 0.55, key = 0 } = read('noisySgd', ['eta', 'gamma', 'key'], given);
  return chain(addNoise(eta, gamma, key), scaleByLearningRate(learningRate));
}

/** Steps by the sign of gradients (Bernstein et al., 2018). Mirrors `optax.sign_sgd`. @example new optim.OptaxOptimizer({ tx: optim.signSgd(0.1) }).stepCount.value.js(); // 0 */
export function signSgd(...given: RateFirst<object>): GradientTransformation {
  const { learningRate } = read('signSgd', [] as never, given);
  return chain(scaleBySign(), scaleByLearningRate(learningRate));
}

/** Steps by the sign of mean gradients (Bernstein et al., 2018). Mirrors `optax.signum`. @example new optim.OptaxOptimizer({ tx: optim.signum(0.1) }).stepCount.value.js(); // 0 */
export function signum(...given: RateFirst<{ beta?: Factor; accumulatorDtype?: DtypeLike | null }>): GradientTransformation {
  const { learningRate, beta = 0.9, accumulatorDtype = null } = read('signum', ['beta', 'accumulatorDtype'], given);
  return chain(ema(beta, { debias: false, accumulatorDtype }), scaleBySign(), scaleByLearningRate(learningRate));
}

/** Descent by gradients that look ahead (Mokhtari et al., 2019). Mirrors `optax.optimistic_gradient_descent`. @example new optim.OptaxOptimizer({ tx: optim.optimisticGradientDescent(0.1) }).stepCount.value.js(); // 0 */
export function optimisticGradientDescent(...given: RateFirst<{ alpha?: Factor; beta?: Factor }>): GradientTransformation {
  const { learningRate, ...options } = read('optimisticGradientDescent', ['alpha', 'beta'], given);
  return chain(scaleByOptimisticGradient(options), scaleByLearningRate(learningRate));
}

/** Adam by gradients that look ahead, with Nesterov's momentum by default (Daskalakis et al., 2018). Mirrors `optax.optimistic_adam_v2`. @example new optim.OptaxOptimizer({ tx: optim.optimisticAdamV2(0.1) }).stepCount.value.js(); // 0 */
export function optimisticAdamV2(...given: RateFirst<AdamAliasOptions & { alpha?: Factor; beta?: Factor }>): GradientTransformation {
  const { learningRate, alpha = 1, beta = 1, nesterov = true, ...options } = read('optimisticAdamV2', [...ADAM, 'alpha', 'beta'], given);
  return chain(scaleByAdam({ ...options, nesterov }), scaleByOptimisticGradient({ alpha, beta }), scaleByLearningRate(learningRate));
}

/** Descent by Polyak's rate; `update` needs the loss, `{ value }`. Mirrors `optax.polyak_sgd`. @example new optim.OptaxOptimizer({ tx: optim.polyakSgd({ maxLearningRate: 0.5 }) }).stepCount.value.js(); // 0 */
export function polyakSgd(given: PolyakOptions & { scaling?: Rate } = {}): GradientTransformation {
  const { scaling = 1, ...options } = checkOptions('polyakSgd', ['scaling', 'fMin', 'maxLearningRate', 'eps', 'variant'], given);
  return chain(sgd(scaling), scaleByPolyak(options));
}

/** Options of {@link lbfgs}. */
export interface LbfgsAliasOptions extends LBFGSDirectionOptions {
  /** The rate before the line search; null, the default, is 1. */
  learningRate?: Rate | null;
  /** The line search; null for none. Default: `scaleByZoomLinesearch(20, { initialGuessStrategy: 'one' })`. */
  linesearch?: GradientTransformation | null;
}

/** L-BFGS with a line search, for which `update` needs `{ value, grad, valueFn }`; {@link LBFGS} gives them. Mirrors `optax.lbfgs`. @example new optim.OptaxOptimizer({ tx: optim.lbfgs({ linesearch: null }) }).stepCount.value.js(); // 0 */
export function lbfgs(given: LbfgsAliasOptions = {}): GradientTransformation {
  const { learningRate = null, linesearch = scaleByZoomLinesearch(20, { initialGuessStrategy: 'one' }), ...options } = checkOptions('lbfgs', ['learningRate', 'linesearch', 'memorySize', 'scaleInitPrecond'], given);
  return chain(scaleByLbfgs(options), learningRate === null ? scale(-1) : scaleByLearningRate(learningRate), ...(linesearch === null ? [] : [linesearch]));
}
