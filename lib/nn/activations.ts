import type { Array } from '../core/array';
import { canonicalDtype, checkExtent } from '../core/aval';
import { checkInteger } from '../core/checks';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type DType, dtypeKind } from '../core/dtype';
import { checkOptions, type OptionNames, withFirst } from '../functional/options';
import { type ArrayLike, asArray, astype, describeValue, promoteDtypesInexact } from '../lax/arrayLike';
import * as lax from '../lax';
import { withJvp } from '../lax/customJvp';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import * as random from '../random';
import { logsumexp as logsumexpOf } from '../scipy/special/entropy';

/** How an array comes to be of floats. */
type Promote = (op: string, x: ArrayLike) => Array;

/** By itself. */
const inFloats: Promote = (op, x) => promoteDtypesInexact(op, x)[0]!;

/** As beside a plain integer of the formula: that makes booleans weak numbers. */
const besideInteger: Promote = (op, x) => {
  const a = asArray(x, op);
  return a.dtype === 'bool' ? astype(a, 'float32', true) : promoteDtypesInexact(op, a)[0]!;
};

/** As beside a plain float of the formula: that makes integers and booleans weak floats. */
const besideFloat: Promote = (op, x) => {
  const a = asArray(x, op);
  const kind = dtypeKind(a.dtype);
  return kind === 'float' || kind === 'complex' ? a : astype(a, canonicalDtype('float64'), true);
};

/** A function of one array, computed in floats, as one program. */
function unary(name: string, f: (x: Array) => Array, promote: Promote = inFloats): (x: ArrayLike) => Array {
  const program = composite(name, ([x]) => [f(x!)]);
  return (x) => program([promote(name, x)], {})[0]!;
}

/** A function of an array of floats and a factor: a plain number, or an array that broadcasts to it. */
function withFactor(name: string, f: (x: Array, factor: Array | number) => Array): (x: ArrayLike, factor: ArrayLike) => Array {
  const program = composite<{ value: number }>(name, ([x, factor], { value }) => [f(x!, factor ?? value)]);
  return (x, factor) => {
    const a = besideFloat(name, x);
    return (typeof factor === 'number' ? program([a], { value: factor }) : program([a, asArray(factor, name)], { value: 0 }))[0]!;
  };
}

const zero = (x: Array) => np.zerosLike(x);

const reluRule = withJvp('relu', (x) => [np.maximum(x, 0)], ([x], [t]) => ({
  // By the rule again, for further derivatives.
  outs: [relu(x!)],
  // The derivative at 0 is 0.
  tangents: [np.where(np.greater(x!, 0), t!, zero(t!))],
}));

/** `max(x, 0)`, with derivative 0 at 0. Mirrors `brainstate.nn.relu`. @example nn.relu([-1, 2]).js(); // [0, 2] */
export function relu(x: ArrayLike): Array {
  return reluRule(asArray(x, 'relu'))[0]!;
}

const relu6Rule = withJvp('relu6', (x) => [np.minimum(np.maximum(x, 0), 6)], ([x], [t]) => ({
  outs: [relu6(x!)],
  tangents: [np.where(np.logicalAnd(np.greater(x!, 0), np.less(x!, 6)), t!, zero(t!))],
}));

/** `min(max(x, 0), 6)`. Mirrors `brainstate.nn.relu6`. @example nn.relu6([-1, 2, 9]).js(); // [0, 2, 6] */
export function relu6(x: ArrayLike): Array {
  return relu6Rule(besideFloat('relu6', x))[0]!;
}

/** Hyperbolic tangent. @example nn.tanh([0, 1]).js(); // [0, 0.7615…] */
export const tanh: (x: ArrayLike) => Array = (x) => np.tanh(x);
/** `1 / (1 + exp(-x))`. Mirrors `brainstate.nn.sigmoid`. @example nn.sigmoid([0, 2]).js(); // [0.5, 0.8808] */
export const sigmoid: (x: ArrayLike) => Array = unary('sigmoid', (x) => lax.logistic(x));
/** `log(1 + exp(x))`. Mirrors `brainstate.nn.softplus`. @example nn.softplus([0, 2]).js(); // [0.6931…, 2.1269…] */
export const softplus: (x: ArrayLike) => Array = unary('softplus', (x) => np.logaddexp(x, 0), besideInteger);
/** `x / (1 + |x|)`. Mirrors `brainstate.nn.soft_sign`. @example nn.softSign([-1, 3]).js(); // [-0.5, 0.75] */
export const softSign: (x: ArrayLike) => Array = unary('softSign', (x) => np.divide(x, np.add(np.abs(x), 1)), besideInteger);
/** `log(sigmoid(x))`. Mirrors `brainstate.nn.log_sigmoid`. @example nn.logSigmoid([0, 2]).js(); // [-0.6931…, -0.1269…] */
export const logSigmoid: (x: ArrayLike) => Array = unary('logSigmoid', (x) => np.negative(np.logaddexp(np.negative(x), 0)));
/** `x sigmoid(x)`. Mirrors `brainstate.nn.silu`. @example nn.silu([0, 2]).js(); // [0, 1.7616] */
export const silu: (x: ArrayLike) => Array = unary('silu', (x) => np.multiply(x, lax.logistic(x)));
export { silu as swish };
/** `x tanh(softplus(x))`. Mirrors `brainstate.nn.mish`. @example nn.mish([-1, 2]).js(); // [-0.3034…, 1.9439…] */
export const mish: (x: ArrayLike) => Array = unary('mish', (x) => np.multiply(x, np.tanh(np.logaddexp(x, 0))), besideInteger);
/** `relu6(x + 3) / 6`. Mirrors `brainstate.nn.hard_sigmoid`. @example nn.hardSigmoid([-4, 0, 4]).js(); // [0, 0.5, 1] */
export const hardSigmoid: (x: ArrayLike) => Array = unary('hardSigmoid', (x) => np.divide(relu6(np.add(x, 3)), 6), besideFloat);
/** `x hardSigmoid(x)`. Mirrors `brainstate.nn.hard_silu`. @example nn.hardSilu([-4, 1, 4]).js(); // [0, 0.6666…, 4] */
export const hardSilu: (x: ArrayLike) => Array = unary('hardSilu', (x) => np.multiply(x, np.divide(relu6(np.add(x, 3)), 6)), besideFloat);
export { hardSilu as hardSwish };
/** `x - tanh(x)`. Mirrors `brainstate.nn.tanh_shrink`. @example nn.tanhShrink([0, 1]).js(); // [0, 0.2384…] */
export const tanhShrink: (x: ArrayLike) => Array = unary('tanhShrink', (x) => np.subtract(x, np.tanh(x)));

/** 0 below −1, x above 1, and `(x + 1)² / 4` between. Mirrors `brainstate.nn.sparse_plus`. @example nn.sparsePlus([-2, 0, 2]).js(); // [0, 0.25, 2] */
export const sparsePlus: (x: ArrayLike) => Array = unary('sparsePlus', (x) => np.where(np.lessEqual(x, -1), zero(x), np.where(np.greaterEqual(x, 1), x, np.divide(np.square(np.add(x, 1)), 4))), besideFloat);
/**
 * 0 below −1, 1 above 1, and `(x + 1) / 2` between: the derivative of {@link sparsePlus}. Mirrors `brainstate.nn.sparse_sigmoid`.
 *
 * @example
 * nn.sparseSigmoid([-2, 0, 0.5]).js(); // [0, 0.5, 0.75]
 */
export const sparseSigmoid: (x: ArrayLike) => Array = unary('sparseSigmoid', (x) => np.multiply(np.clip(np.add(x, 1), 0, 2), 0.5), besideFloat);

const squareplusOf = composite('squareplus', ([x, b]) => [np.divide(np.add(x!, np.sqrt(np.add(np.square(x!), b!))), 2)]);
/** `(x + sqrt(x² + b)) / 2`. Mirrors `brainstate.nn.squareplus`. @example nn.squareplus([0, 3], { b: 4 }).js(); // [1, 3.3027…] */
export function squareplus(x: ArrayLike, options: { b?: ArrayLike } = {}): Array {
  const { b = 4 } = checkOptions('squareplus', ['b'], options);
  const a = asArray(x, 'squareplus');
  return squareplusOf(promoteDtypesInexact('squareplus', a.dtype === 'bool' ? astype(a, 'int32') : a, b), {})[0]!;
}

/** A function whose options are compared with x, in x's own type. */
function shrink(name: string, f: (x: Array, lambd: number) => Array): (x: ArrayLike, o?: number | { lambd?: number }) => Array {
  const program = composite<{ lambd: number }>(name, ([x], { lambd }) => [f(x!, lambd)]);
  return (x, options) => {
    const { lambd = 0.5 } = checkOptions(name, ['lambd'], withFirst(name, 'lambd', options));
    return program([asArray(x, name)], { lambd })[0]!;
  };
}
/** x, but 0 between −lambd and lambd. Mirrors `brainstate.nn.hard_shrink`. @example nn.hardShrink([-1, 0.2, 2]).js(); // [-1, 0, 2] */
export const hardShrink: (x: ArrayLike, options?: number | { lambd?: number }) => Array = shrink('hardShrink', (x, l) => np.where(np.logicalOr(np.greater(x, l), np.less(x, -l)), x, zero(x)));
/** x moved towards 0 by lambd, and 0 between −lambd and lambd. Mirrors `brainstate.nn.soft_shrink`. @example nn.softShrink([-1, 0.2, 2]).js(); // [-0.5, 0, 1.5] */
export const softShrink: (x: ArrayLike, options?: number | { lambd?: number }) => Array = shrink('softShrink', (x, l) => np.where(np.greater(x, l), np.subtract(x, l), np.where(np.less(x, -l), np.add(x, l), zero(x))));

const preluOf = composite('prelu', ([x, a]) => [np.where(np.greaterEqual(x!, 0), x!, np.multiply(a!, x!))]);
/** x where not negative, else `a x`; a broadcasts to x. Mirrors `brainstate.nn.prelu`. @example nn.prelu([-1, 2], { a: 0.25 }).js(); // [-0.25, 2] */
export function prelu(x: ArrayLike, options: { a?: ArrayLike } = {}): Array {
  const { a = 0.25 } = checkOptions('prelu', ['a'], options);
  return preluOf(promoteDtypesInexact('prelu', x, a), {})[0]!;
}

/**
 * x where not negative, else x times a random slope of its own, drawn uniformly from an interval. Mirrors `brainstate.nn.rrelu`.
 *
 * @example
 * nn.rrelu([-48, 2], { lower: 0.1, upper: 0.3 }).shape; // [2]
 */
export function rrelu(x: ArrayLike, options: { lower?: number; upper?: number } = {}): Array {
  const { lower = 1 / 8, upper = 1 / 3 } = checkOptions('rrelu', ['lower', 'upper'], options);
  const [a] = promoteDtypesInexact('rrelu', x);
  return prelu(a!, { a: random.uniform({ low: lower, high: upper, size: [...a!.shape], dtype: a!.dtype }) });
}

const eluOf = withFactor('elu', (x, alpha) => {
  const positive = np.greater(x, 0);
  // The exponential sees no large number, whose derivative would be infinite times zero.
  return np.where(positive, x, np.multiply(np.expm1(np.where(positive, zero(x), x)), alpha));
});
/** `x` where positive, else `alpha (exp(x) - 1)`. Mirrors `brainstate.nn.elu`. @example nn.elu([-1, 2]).js(); // [-0.6321…, 2] */
export function elu(x: ArrayLike, options?: number | { alpha?: ArrayLike }): Array {
  const { alpha = 1 } = checkOptions('elu', ['alpha'], withFirst('elu', 'alpha', options));
  return eluOf(x, alpha);
}

const celuOf = withFactor('celu', (x, alpha) => np.add(np.maximum(x, 0), np.multiply(np.expm1(np.divide(np.minimum(x, 0), alpha)), alpha)));
/** `max(x, 0) + min(0, alpha (exp(x / alpha) - 1))`. Mirrors `brainstate.nn.celu`. @example nn.celu([-1, 2]).js(); // [-0.6321…, 2] */
export function celu(x: ArrayLike, options?: number | { alpha?: ArrayLike }): Array {
  const { alpha = 1 } = checkOptions('celu', ['alpha'], withFirst('celu', 'alpha', options));
  return celuOf(x, alpha);
}

/** ELU scaled so that it normalises. Mirrors `brainstate.nn.selu`. @example nn.selu([-1, 2]).js(); // [-1.1113…, 2.1014] */
export function selu(x: ArrayLike): Array {
  return np.multiply(elu(x, { alpha: 1.6732632423543772848170429916717 }), 1.0507009873554804934193349852946);
}

const leakyOf = withFactor('leakyRelu', (x, slope) => np.where(np.greaterEqual(x, 0), x, np.multiply(x, slope)));
/** `x` where not negative, else `slope x`. Mirrors `brainstate.nn.leaky_relu`. @example nn.leakyRelu([-1, 2], { negativeSlope: 0.1 }).js(); // [-0.1, 2] */
export function leakyRelu(x: ArrayLike, options?: number | { negativeSlope?: ArrayLike }): Array {
  const { negativeSlope = 0.01 } = checkOptions('leakyRelu', ['negativeSlope'], withFirst('leakyRelu', 'negativeSlope', options));
  return leakyOf(x, negativeSlope);
}

const geluOf = composite<{ approximate: boolean }>('gelu', ([x], { approximate }) => [geluForm(x!, approximate)]);
function geluForm(x: Array, approximate: boolean): Array {
  if (!approximate) return np.multiply(np.multiply(x, 0.5), lax.erfc(np.multiply(x, -Math.SQRT1_2)));
  const inner = np.multiply(np.add(x, np.multiply(np.power(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
  return np.multiply(x, np.multiply(np.add(np.tanh(inner), 1), 0.5));
}
/**
 * `x Φ(x)`, by default in the approximation with tanh. Mirrors `brainstate.nn.gelu`.
 *
 * @throws ArgumentError unless `approximate` is a boolean
 * @example
 * nn.gelu([-1, 2], { approximate: false }).js(); // [-0.1586…, 1.9545]
 */
export function gelu(x: ArrayLike, options?: boolean | { approximate?: boolean }): Array {
  const { approximate = true } = checkOptions('gelu', ['approximate'], withFirst('gelu', 'approximate', options));
  if (typeof approximate !== 'boolean') throw new ArgumentError(`gelu: expected approximate to be a boolean, got ${describeValue(approximate)}`);
  // Its constants have x's type, so that no result is weak.
  const a = inFloats('gelu', x);
  return geluOf([astype(a, a.dtype)], { approximate })[0]!;
}

/** x limited to an interval; with bounds, integers give floats. Mirrors `brainstate.nn.hard_tanh`. @example nn.hardTanh([-2, 0.5, 2]).js(); // [-1, 0.5, 1] */
export function hardTanh(x: ArrayLike, options: { minVal?: number; maxVal?: number } = {}): Array {
  const { minVal = -1, maxVal = 1 } = checkOptions('hardTanh', ['minVal', 'maxVal'], options);
  // BrainState's bounds are floats, those of JAX's function, which takes none, integers.
  const a = options.minVal === undefined && options.maxVal === undefined ? asArray(x, 'hardTanh') : besideFloat('hardTanh', x);
  return np.where(np.greater(a, maxVal), maxVal, np.where(np.less(a, minVal), minVal, a));
}

/** Axes of a normalisation: one, several, or all. */
export type NormAxis = number | readonly number[] | null;

/** Which entries count, beside the axes; default: all. */
export interface WhereAxis {
  /** The axis that is reduced. */
  axis?: NormAxis;
  /** Booleans that broadcast to x: entries elsewhere count for nothing. */
  where?: ArrayLike | null;
}

/** Options in whose place the axes may be given. */
function withAxis<O extends { axis?: NormAxis }, const K extends keyof O & string>(op: string, names: OptionNames<O, K>, options: O | NormAxis): O {
  const isAxis = options === null || typeof options === 'number' || globalThis.Array.isArray(options);
  const o = checkOptions(op, names, isAxis ? ({ axis: options } as O) : (options as O));
  const { axis } = o;
  if (axis !== undefined && axis !== null && !(globalThis.Array.isArray(axis) ? axis : [axis]).every((a) => Number.isInteger(a))) throw new ArgumentError(`${op}: expected axis to be an integer, a list of integers or null, got ${describeValue(axis)}`);
  return o;
}

type Optional = ArrayLike | null | undefined;
const isGiven = (x: Optional): x is ArrayLike => x !== null && x !== undefined;

function booleans(op: string, where: ArrayLike): Array {
  const w = asArray(where, op);
  if (w.dtype !== 'bool') throw new DtypeError(`${op}: expected where to be a boolean array, got ${w.aval}`);
  return w;
}

/** The mask of a reduction. @throws DtypeError unless it is of booleans, ShapeError unless it broadcasts to x */
function maskOf(op: string, where: ArrayLike, x: Array): Array {
  const w = booleans(op, where);
  if (w.ndim > x.ndim || w.shape.some((n, i) => n !== 1 && n !== x.shape[i + x.ndim - w.ndim])) throw new ShapeError(`${op}: expected where to broadcast to x ${x.aval}, got ${w.aval}`);
  return w;
}

/** A function of an array and a mask that may be missing, as one program. */
function masked<O extends object>(name: string, f: (x: Array, where: Array | undefined, o: O) => Array): (x: ArrayLike, where: Optional, o: O) => Array {
  const program = composite<O>(name, ([x, where], o) => [f(x!, where, o)]);
  return (x, where, o) => {
    const a = inFloats(name, x);
    return program(isGiven(where) ? [a, maskOf(name, where, a)] : [a], o)[0]!;
  };
}

/** The largest entry along the axes, as a constant that an exponential can be shifted by. */
function shiftOf(x: Array, axis: NormAxis, where?: Array): Array {
  return lax.stopGradient(np.max(x, { axis, keepdims: true, ...(where && { where }), ...((where || x.size === 0) && { initial: -Infinity }) }));
}

/** Options of {@link logsumexp}. */
export interface LogsumexpOptions extends WhereAxis {
  /** Factors of the exponentials, which broadcast to a. */
  b?: ArrayLike | null;
  /** Whether reduced dimensions stay, of size 1. */
  keepdims?: boolean;
  /** Whether the result is `[log|sum|, sign]`. */
  returnSign?: boolean;
}

/** `log(sum(b exp(a)))` over axes, without overflow; with `returnSign` a pair. Mirrors `brainstate.nn.logsumexp`. @example nn.logsumexp([0, 0]).js(); // 0.6931… */
export function logsumexp(a: ArrayLike, options: LogsumexpOptions & { returnSign: true }): [Array, Array];
export function logsumexp(a: ArrayLike, options?: LogsumexpOptions | NormAxis): Array;
export function logsumexp(a: ArrayLike, options: LogsumexpOptions | NormAxis = {}): Array | [Array, Array] {
  const given = withAxis('logsumexp', ['axis', 'b', 'keepdims', 'returnSign', 'where'], options);
  if (isGiven(given.where)) booleans('logsumexp', given.where);
  // One function in JAX.
  return logsumexpOf(a, given as LogsumexpOptions & { returnSign: true });
}

/** `log(mean(exp(x)))` over axes, without overflow. Mirrors `jax.nn.logmeanexp`. @example nn.logmeanexp([0, 0]).js(); // 0 */
export function logmeanexp(x: ArrayLike, options: (WhereAxis & { keepdims?: boolean }) | NormAxis = {}): Array {
  const { axis = null, where, keepdims = false } = withAxis('logmeanexp', ['axis', 'where', 'keepdims'], options);
  const total = logsumexp(x, { axis, keepdims, ...(isGiven(where) && { where }) });
  const a = asArray(x, 'logmeanexp');
  const count = np.sum(isGiven(where) ? np.broadcastTo(maskOf('logmeanexp', where, a), [...a.shape]) : np.ones([...a.shape], { dtype: 'bool' }), { axis, keepdims, dtype: total.dtype });
  return np.subtract(total, np.log(count));
}

const log1mexpRule = withJvp('log1mexp', (x) => [log1mexpValue(x)], ([x], [t]) => ({
  outs: [log1mexp(x!)],
  tangents: [np.divide(t!, np.expm1(x!))],
}));
// Of the two forms, each is exact on one side of log 2.
const log1mexpValue = (x: Array) => np.where(np.less(x, Math.LN2), np.log(np.negative(np.expm1(np.negative(x)))), np.log1p(np.negative(np.exp(np.negative(x)))));
/** `log(1 - exp(-x))` of positive numbers, without loss of digits. Mirrors `jax.nn.log1mexp`. @example nn.log1mexp([1, 2]).js(); // [-0.4586…, -0.1454…] */
export function log1mexp(x: ArrayLike): Array {
  return log1mexpRule(...promoteDtypesInexact('log1mexp', x))[0]!;
}

/** x as an array. Mirrors `jax.nn.identity`. @example nn.identity([-1, 2]).js(); // [-1, 2] */
export function identity(x: ArrayLike): Array {
  return asArray(x, 'identity');
}

const softmaxOf = masked<{ axis: NormAxis }>('softmax', (x, where, { axis }) => {
  if (where === undefined) {
    const e = np.exp(np.subtract(x, shiftOf(x, axis)));
    return np.divide(e, np.sum(e, { axis, keepdims: true }));
  }
  const top = shiftOf(x, axis, where);
  // Where nothing counts, nothing may be infinite, nor any sum zero: their derivatives would be no numbers.
  const e = np.where(where, np.exp(np.subtract(np.where(where, x, top), np.where(np.equal(top, -Infinity), zero(top), top))), zero(x));
  const total = np.sum(e, { axis, keepdims: true });
  return np.where(where, np.divide(e, np.where(np.equal(total, 0), 1, total)), zero(x));
});
/** `exp(x) / sum(exp(x))` over axes; 0 where `where` is false. Mirrors `brainstate.nn.softmax`; `softmax(x, axis)` works, too. @example nn.softmax([0, Math.log(3)]).js(); // [0.25, 0.75] */
export function softmax(x: ArrayLike, options: WhereAxis | NormAxis = {}): Array {
  const { axis = -1, where } = withAxis('softmax', ['axis', 'where'], options);
  return softmaxOf(x, where, { axis });
}

const logSoftmaxOf = masked<{ axis: NormAxis }>('logSoftmax', (x, where, { axis }) => {
  const top = shiftOf(x, axis, where);
  const shifted = np.subtract(where === undefined ? x : np.where(where, x, top), top);
  const out = np.subtract(shifted, np.log(np.sum(np.exp(shifted), { axis, keepdims: true, ...(where && { where }) })));
  return where === undefined ? out : np.where(where, out, -Infinity);
});
/** `log(softmax(x))` over axes; −∞ where `where` is false. Mirrors `brainstate.nn.log_softmax`. @example nn.logSoftmax([1, 1]).js(); // [-0.6931…, -0.6931…] */
export function logSoftmax(x: ArrayLike, options: WhereAxis | NormAxis = {}): Array {
  const { axis = -1, where } = withAxis('logSoftmax', ['axis', 'where'], options);
  return logSoftmaxOf(x, where, { axis });
}

/** `softmax(-x)`. Mirrors `brainstate.nn.softmin`. @example nn.softmin([0, Math.log(3)]).js(); // [0.75, 0.25] */
export function softmin(x: ArrayLike, options: { axis?: NormAxis } | NormAxis = {}): Array {
  return softmax(np.negative(x), withAxis('softmin', ['axis'], options));
}

const standardizeOf = composite<{ axis: NormAxis; given: readonly string[]; epsilon: number; stable: boolean }>('standardize', ([x, ...rest], { axis, given, epsilon, stable }) => {
  const { where, mean: knownMean, variance: knownVariance, epsilon: added = epsilon }: Record<string, Array | undefined> & { epsilon?: Array | number } = Object.fromEntries(given.map((name, i) => [name, rest[i]!]));
  const over = { axis, keepdims: true, ...(where && { where }) };
  const mean = knownMean ?? np.mean(x!, over);
  const variance = () => {
    if (stable) return np.mean(np.square(np.subtract(x!, mean)), over);
    // Rounding may make the difference negative.
    return np.maximum(np.subtract(np.mean(np.square(x!), over), np.square(mean)), 0);
  };
  return [np.multiply(np.subtract(x!, mean), lax.rsqrt(inFloats('standardize', np.add(knownVariance ?? variance(), added))))];
});

/** Options of {@link standardize}. */
export interface StandardizeOptions extends WhereAxis {
  /** The mean, where it is known. */
  mean?: ArrayLike | null;
  /** The variance, where it is known. */
  variance?: ArrayLike | null;
  /** What is added to the variance. Default 1e-5. */
  epsilon?: ArrayLike;
  /** The variance as a difference of means, in one pass, or the mean of the squared deviations. Default `'fast'`. */
  algorithm?: 'fast' | 'stable';
}

/** x with mean 0 and variance 1 over axes, or by a mean and a variance that are known. Mirrors `brainstate.nn.standardize`. @throws DtypeError for complex numbers @example nn.standardize([1, 2, 3]).js(); // [-1.2247…, 0, 1.2247…] */
export function standardize(x: ArrayLike, options: StandardizeOptions | NormAxis = {}): Array {
  const { axis = -1, mean, variance, epsilon = 1e-5, where, algorithm = 'fast' } = withAxis('standardize', ['axis', 'mean', 'variance', 'epsilon', 'where', 'algorithm'], options);
  if (algorithm !== 'fast' && algorithm !== 'stable') throw new ArgumentError(`standardize: expected algorithm to be 'fast' or 'stable', got ${describeValue(algorithm)}`);
  const a = inFloats('standardize', x);
  if (dtypeKind(a.dtype) === 'complex') throw new DtypeError(`standardize: expected real numbers, got ${a.aval}`);
  const given = Object.entries({ mean, variance, where: isGiven(where) ? maskOf('standardize', where, a) : null, epsilon: typeof epsilon === 'number' ? null : epsilon }).filter((entry): entry is [string, ArrayLike] => isGiven(entry[1]));
  return standardizeOf([a, ...given.map(([name, v]) => asArray(v, `standardize: ${name}`))], { axis, given: given.map(([name]) => name), epsilon: typeof epsilon === 'number' ? epsilon : 0, stable: algorithm === 'stable' })[0]!;
}

/** One half of x times the sigmoid of the other. Mirrors `brainstate.nn.glu`. @throws ShapeError if the axis is of odd size @example nn.glu([1, 2, 0, 0]).js(); // [0.5, 1] */
export function glu(x: ArrayLike, options?: number | { axis?: number }): Array {
  const { axis = -1 } = checkOptions('glu', ['axis'], withFirst('glu', 'axis', options));
  const a = np.asarray(x);
  const n = a.shape[axis < 0 ? axis + a.ndim : axis];
  if (n === undefined || n % 2 !== 0) throw new ShapeError(`glu: expected an even size along axis ${axis}, got ${a.aval}`);
  const [u, v] = np.split(a, 2, { axis }) as Array[];
  return np.multiply(u!, sigmoid(v!));
}

/**
 * Rows of the identity matrix, by index; zeros where an index is out of range. Mirrors `jax.nn.one_hot`.
 *
 * @param x an integer array
 * @param numClasses the number of classes
 * @param options `dtype`, by default float32, or float64 where 64-bit types are on; `axis`, where the classes go, or the name of a mapped axis along which they lie
 * @throws ArgumentError unless `numClasses` is a non-negative integer, and the size of the axis that is named
 * @example
 * nn.oneHot(np.array([2, 0], { dtype: 'int32' }), 3).js(); // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(x: ArrayLike, numClasses: number, options: { dtype?: DType | null; axis?: number | string } = {}): Array {
  const { dtype, axis = -1 } = checkOptions('oneHot', ['dtype', 'axis'], options);
  checkInteger('oneHot', 'numClasses', numClasses, 0);
  checkExtent('oneHot', 'numClasses', numClasses);
  const type = dtype ?? canonicalDtype('float64');
  const i = asArray(x, 'oneHot');
  if (typeof axis === 'string') {
    const size = lax.axisSize(axis);
    if (size !== numClasses) throw new ArgumentError(`oneHot: expected numClasses to be the size of axis ${axis}, ${size}, got ${numClasses}`);
    return np.equal(i, lax.axisIndex(axis)).astype(type);
  }
  const at = axis < 0 ? axis + i.ndim + 1 : axis;
  if (!Number.isInteger(at) || at < 0 || at > i.ndim) throw new ArgumentError(`oneHot: expected axis to be an integer from ${-i.ndim - 1} to ${i.ndim}, got ${describeValue(axis)}`);
  const classes = np.reshape(np.arange(numClasses, { dtype: 'int32' }), globalThis.Array.from({ length: i.ndim + 1 }, (_, d) => (d === at ? numClasses : 1)));
  return np.equal(np.expandDims(i, at), classes).astype(type);
}
