import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import type { DType } from '../core/dtype';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import * as lax from '../lax';
import { withJvp } from '../lax/customJvp';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';

/** A function of one array, computed in floats, as one program. */
function unary(name: string, f: (x: Array) => Array): (x: ArrayLike) => Array {
  const program = composite(name, ([x]) => [f(x!)]);
  return (x) => program(promoteDtypesInexact(name, x), {})[0]!;
}

/** The same with plain numbers as options. */
function withOptions<O extends object>(name: string, f: (x: Array, o: O) => Array): (x: ArrayLike, o: O) => Array {
  const program = composite<O>(name, ([x], o) => [f(x!, o)]);
  return (x, o) => program(promoteDtypesInexact(name, x), o)[0]!;
}

const zero = (x: Array) => np.zerosLike(x);

const reluRule = withJvp('relu', (x) => [np.maximum(x, 0)], ([x], [t]) => ({
  outs: [np.maximum(x!, 0)],
  // The derivative at 0 is 0.
  tangents: [np.where(np.greater(x!, 0), t!, zero(t!))],
}));

/** `max(x, 0)`, with derivative 0 at 0. Mirrors `brainstate.nn.relu`. */
export function relu(x: ArrayLike): Array {
  return reluRule(asArray(x, 'relu'))[0]!;
}

const relu6Rule = withJvp('relu6', (x) => [np.minimum(np.maximum(x, 0), 6)], ([x], [t]) => ({
  outs: [np.minimum(np.maximum(x!, 0), 6)],
  tangents: [np.where(np.logicalAnd(np.greater(x!, 0), np.less(x!, 6)), t!, zero(t!))],
}));

/** `min(max(x, 0), 6)`. Mirrors `brainstate.nn.relu6`. */
export function relu6(x: ArrayLike): Array {
  return relu6Rule(asArray(x, 'relu6'))[0]!;
}

/** Hyperbolic tangent. */
export const tanh: (x: ArrayLike) => Array = (x) => np.tanh(x);
/** `1 / (1 + exp(-x))`. Mirrors `brainstate.nn.sigmoid`. */
export const sigmoid: (x: ArrayLike) => Array = unary('sigmoid', (x) => lax.logistic(x));
/** `log(1 + exp(x))`. Mirrors `brainstate.nn.softplus`. */
export const softplus: (x: ArrayLike) => Array = unary('softplus', (x) => np.logaddexp(x, 0));
/** `x / (1 + |x|)`. Mirrors `brainstate.nn.soft_sign`. */
export const softSign: (x: ArrayLike) => Array = unary('softSign', (x) => np.divide(x, np.add(np.abs(x), 1)));
/** `log(sigmoid(x))`. Mirrors `brainstate.nn.log_sigmoid`. */
export const logSigmoid: (x: ArrayLike) => Array = unary('logSigmoid', (x) => np.negative(np.logaddexp(np.negative(x), 0)));
/** `x sigmoid(x)`. Mirrors `brainstate.nn.silu`. */
export const silu: (x: ArrayLike) => Array = unary('silu', (x) => np.multiply(x, lax.logistic(x)));
export { silu as swish };
/** `x tanh(softplus(x))`. Mirrors `brainstate.nn.mish`. */
export const mish: (x: ArrayLike) => Array = unary('mish', (x) => np.multiply(x, np.tanh(np.logaddexp(x, 0))));
/** `relu6(x + 3) / 6`. Mirrors `brainstate.nn.hard_sigmoid`. */
export const hardSigmoid: (x: ArrayLike) => Array = unary('hardSigmoid', (x) => np.divide(relu6(np.add(x, 3)), 6));
/** `x hardSigmoid(x)`. Mirrors `brainstate.nn.hard_silu`. */
export const hardSilu: (x: ArrayLike) => Array = unary('hardSilu', (x) => np.multiply(x, np.divide(relu6(np.add(x, 3)), 6)));
export { hardSilu as hardSwish };
/** `x - tanh(x)`. Mirrors `brainstate.nn.tanh_shrink`. */
export const tanhShrink: (x: ArrayLike) => Array = unary('tanhShrink', (x) => np.subtract(x, np.tanh(x)));

const eluOf = withOptions<{ alpha: number }>('elu', (x, { alpha }) => {
  const positive = np.greater(x, 0);
  // The exponential sees no large number, whose derivative would be infinite times zero.
  return np.where(positive, x, np.multiply(np.expm1(np.where(positive, zero(x), x)), alpha));
});
/** `x` where positive, else `alpha (exp(x) - 1)`. Mirrors `brainstate.nn.elu`. */
export function elu(x: ArrayLike, { alpha = 1 }: { alpha?: number } = {}): Array {
  return eluOf(x, { alpha });
}

const celuOf = withOptions<{ alpha: number }>('celu', (x, { alpha }) => {
  const positive = np.greater(x, 0);
  return np.where(positive, x, np.multiply(np.expm1(np.divide(np.where(positive, zero(x), x), alpha)), alpha));
});
/** `max(x, 0) + min(0, alpha (exp(x / alpha) - 1))`. Mirrors `brainstate.nn.celu`. */
export function celu(x: ArrayLike, { alpha = 1 }: { alpha?: number } = {}): Array {
  return celuOf(x, { alpha });
}

/** ELU scaled so that it normalises. Mirrors `brainstate.nn.selu`. */
export function selu(x: ArrayLike): Array {
  return np.multiply(elu(x, { alpha: 1.6732632423543772848170429916717 }), 1.0507009873554804934193349852946);
}

const leakyOf = withOptions<{ slope: number }>('leakyRelu', (x, { slope }) => np.where(np.greaterEqual(x, 0), x, np.multiply(x, slope)));
/** `x` where not negative, else `slope x`. Mirrors `brainstate.nn.leaky_relu`. */
export function leakyRelu(x: ArrayLike, { negativeSlope = 0.01 }: { negativeSlope?: number } = {}): Array {
  return leakyOf(x, { slope: negativeSlope });
}

const geluOf = withOptions<{ approximate: boolean }>('gelu', (x, { approximate }) => {
  if (!approximate) return np.multiply(np.multiply(x, 0.5), lax.erfc(np.multiply(x, -Math.SQRT1_2)));
  const inner = np.multiply(np.add(x, np.multiply(np.power(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
  return np.multiply(x, np.multiply(np.add(np.tanh(inner), 1), 0.5));
});
/** `x Φ(x)`, by default in the approximation with tanh. Mirrors `brainstate.nn.gelu`. */
export function gelu(x: ArrayLike, { approximate = true }: { approximate?: boolean } = {}): Array {
  return geluOf(x, { approximate });
}

/** x limited to an interval. Mirrors `brainstate.nn.hard_tanh`. */
export function hardTanh(x: ArrayLike, { minVal = -1, maxVal = 1 }: { minVal?: number; maxVal?: number } = {}): Array {
  const a = asArray(x, 'hardTanh');
  return np.where(np.greater(a, maxVal), maxVal, np.where(np.less(a, minVal), minVal, a));
}

/** Axes of a normalisation: one, several, or all. */
export type NormAxis = number | readonly number[] | null;

/** `log(sum(exp(x)))` over axes, without overflow. Mirrors `jax.nn.logsumexp`. */
export function logsumexp(x: ArrayLike, { axis = null, keepdims = false }: { axis?: NormAxis; keepdims?: boolean } = {}): Array {
  return logsumexpOf(x, { axis, keepdims });
}
const logsumexpOf = withOptions<{ axis: NormAxis; keepdims: boolean }>('logsumexp', (x, { axis, keepdims }) => {
  const top = np.max(x, { axis, keepdims: true });
  const shift = lax.stopGradient(np.where(np.isfinite(top), top, zero(top)));
  const out = np.add(np.log(np.sum(np.exp(np.subtract(x, shift)), { axis, keepdims: true })), shift);
  if (keepdims) return out;
  return axis === null ? np.reshape(out, []) : np.squeeze(out, { axis });
});

const softmaxOf = withOptions<{ axis: NormAxis }>('softmax', (x, { axis }) => {
  const e = np.exp(np.subtract(x, lax.stopGradient(np.max(x, { axis, keepdims: true }))));
  return np.divide(e, np.sum(e, { axis, keepdims: true }));
});
/** `exp(x) / sum(exp(x))` over axes. Mirrors `brainstate.nn.softmax`; `softmax(x, axis)` works, too. */
export function softmax(x: ArrayLike, options: { axis?: NormAxis } | number = {}): Array {
  return softmaxOf(x, { axis: axisOf(options) });
}

const logSoftmaxOf = withOptions<{ axis: NormAxis }>('logSoftmax', (x, { axis }) => {
  const shifted = np.subtract(x, lax.stopGradient(np.max(x, { axis, keepdims: true })));
  return np.subtract(shifted, np.log(np.sum(np.exp(shifted), { axis, keepdims: true })));
});
/** `log(softmax(x))` over axes. Mirrors `brainstate.nn.log_softmax`. */
export function logSoftmax(x: ArrayLike, options: { axis?: NormAxis } | number = {}): Array {
  return logSoftmaxOf(x, { axis: axisOf(options) });
}

function axisOf(options: { axis?: NormAxis } | number): NormAxis {
  if (typeof options === 'number') return options;
  return options.axis === undefined ? -1 : options.axis;
}

/** `softmax(-x)`. Mirrors `brainstate.nn.softmin`. */
export function softmin(x: ArrayLike, options: { axis?: NormAxis } | number = {}): Array {
  return softmax(np.negative(x), options);
}

const standardizeOf = withOptions<{ axis: NormAxis; epsilon: number }>('standardize', (x, { axis, epsilon }) => {
  const mean = np.mean(x, { axis, keepdims: true });
  const variance = np.subtract(np.mean(np.square(x), { axis, keepdims: true }), np.square(mean));
  return np.multiply(np.subtract(x, mean), lax.rsqrt(np.add(variance, epsilon)));
});
/** x with mean 0 and variance 1 over axes. Mirrors `brainstate.nn.standardize`. */
export function standardize(x: ArrayLike, { axis = -1, epsilon = 1e-5 }: { axis?: NormAxis; epsilon?: number } = {}): Array {
  return standardizeOf(x, { axis, epsilon });
}

/** One half of x times the sigmoid of the other. Mirrors `brainstate.nn.glu`. @throws ShapeError if the axis is of odd size */
export function glu(x: ArrayLike, { axis = -1 }: { axis?: number } = {}): Array {
  const a = np.asarray(x);
  const n = a.shape[axis < 0 ? axis + a.ndim : axis];
  if (n === undefined || n % 2 !== 0) throw new ShapeError(`glu: expected an even size along axis ${axis}, got ${a.aval}`);
  const [u, v] = np.split(a, 2, { axis }) as Array[];
  return np.multiply(u!, sigmoid(v!));
}

/** Rows of the identity matrix, by index; zeros where an index is out of range. Mirrors `jax.nn.one_hot`. */
export function oneHot(x: ArrayLike, numClasses: number, { dtype = 'float32', axis = -1 }: { dtype?: DType; axis?: number } = {}): Array {
  if (!Number.isInteger(numClasses) || numClasses < 0) throw new ArgumentError(`oneHot: expected numClasses to be a non-negative integer, got ${String(numClasses)}`);
  const i = np.asarray(x);
  const at = axis < 0 ? axis + i.ndim + 1 : axis;
  const classes = np.reshape(np.arange(numClasses, { dtype: 'int32' }), globalThis.Array.from({ length: i.ndim + 1 }, (_, d) => (d === at ? numClasses : 1)));
  return np.equal(np.expandDims(i, at), classes).astype(dtype);
}
