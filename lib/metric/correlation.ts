import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import * as np from '../numpy';
import { noMoreArguments, sameShape } from './checks';

/** Options of what is measured in steps of time. */
export interface DtOptions {
  /** Length of a step; by default `environ.getDt()`. */
  dt?: number;
}

/** How pairs or signals are gone through: by a loop, or all at once. */
export type PairMethod = 'loop' | 'vmap';

function checkMethod(op: string, method: PairMethod): void {
  if (method !== 'loop' && method !== 'vmap') throw new ArgumentError(`${op}: expected method to be 'loop' or 'vmap', got ${describeValue(method)}`);
}

/** The length of a step as a number. */
export function stepLength(op: string, dt: number | undefined): number {
  const given = dt ?? environ.getDt();
  const value = typeof given === 'number' ? given : Number(given.item());
  if (!(value > 0)) throw new ArgumentError(`${op}: expected dt to be a number > 0, got ${value}`);
  return value;
}

/** The nearest integer, of two the even one, as Python's round. */
export function roundHalfEven(x: number): number {
  const n = Math.round(x);
  return n - x === 0.5 && n % 2 !== 0 ? n - 1 : n;
}

/** A matrix, each column over time. @throws ShapeError for other arrays */
export function matrix(op: string, what: string, x: ArrayLike): Array {
  const a = asArray(x, op);
  if (a.ndim !== 2) throw new ShapeError(`${op}: expected ${what} of 2 dimensions, got ${a.aval}`);
  return a;
}

const crossOf = composite<{ binSize: number }>('crossCorrelation', ([spikes], { binSize }) => {
  const [steps, neurons] = spikes!.shape as [number, number];
  const bins = Math.ceil(steps / binSize);
  const padded = np.pad(spikes!, [[0, bins * binSize - steps], [0, 0]]);
  const active = np.astype(np.greater(np.sum(np.reshape(padded, [bins, binSize, neurons]), { axis: 1 }), 0), 'float32');
  const both = np.matmul(np.transpose(active), active);
  const counts = np.sum(active, { axis: 0 });
  const norms = np.sqrt(np.multiply(np.reshape(counts, [neurons, 1]), counts));
  const coefficients = np.where(np.equal(norms, 0), 0, np.divide(both, np.where(np.equal(norms, 0), 1, norms)));
  return [np.divide(np.sum(np.tril(coefficients, -1)), (neurons * (neurons - 1)) / 2)];
});

/**
 * Mean over pairs of neurons of how often both are active in a bin, relative to either's activity. Mirrors `braintools.metric.cross_correlation`.
 *
 * @param spikes (time, neurons)
 * @param bin width of a bin, in the units of dt
 * @param given.method either gives the same: pairs are one product of matrices
 * @throws ShapeError if spikes are not a matrix, ArgumentError if a bin is shorter than a step
 * @example crossCorrelation([[1, 1], [0, 1]], 1, { dt: 1 }).item() // 0.70710677
 */
export function crossCorrelation(spikes: ArrayLike, bin: number, given: DtOptions & { method?: PairMethod } = {}): Array {
  const { dt, method = 'loop' } = checkOptions('crossCorrelation', ['dt', 'method'], given);
  checkMethod('crossCorrelation', method);
  const step = stepLength('crossCorrelation', dt);
  const binSize = roundHalfEven(bin / step);
  if (!(binSize >= 1)) throw new ArgumentError(`crossCorrelation: expected bin of at least one step of ${step}, got ${bin}`);
  const x = matrix('crossCorrelation', 'spikes', spikes);
  return x.shape[1]! < 2 ? np.array(0) : crossOf([x], { binSize })[0]!;
}

const fluctuationOf = composite('voltageFluctuation', ([x]) => {
  const mean = np.mean(np.var_(x!, { axis: 0 }));
  const none = np.equal(mean, 0);
  return [np.where(none, 1, np.divide(np.var_(np.mean(x!, { axis: 1 })), np.where(none, 1, mean)))];
});

/**
 * How much neurons' potentials go together: the variance of their mean over the mean of their variances. Mirrors `braintools.metric.voltage_fluctuation`.
 *
 * @param potentials (time, neurons)
 * @param given.method either gives the same: variances are one reduction
 * @example voltageFluctuation([[0, 0], [1, 1]]).item() // 1
 */
export function voltageFluctuation(potentials: ArrayLike, given: { method?: PairMethod } = {}): Array {
  const { method = 'loop' } = checkOptions('voltageFluctuation', ['method'], given);
  checkMethod('voltageFluctuation', method);
  return fluctuationOf(promoteDtypesInexact('voltageFluctuation', matrix('voltageFluctuation', 'potentials', potentials)), {})[0]!;
}

const matrixCorrelationOf = composite('matrixCorrelation', ([x, y]) => {
  const upper = np.triuIndices(x!.shape[0]!, { k: 1, m: x!.shape[1]! }) as Array[];
  const take = (a: Array) => a.slice(upper[0]!, upper[1]!) as Array;
  return [np.nanToNum(np.corrcoef(take(x!), take(y!)).slice(0, 1) as Array)];
});

/**
 * Correlation of two matrices' entries above the diagonal. Mirrors `braintools.metric.matrix_correlation`. @throws ShapeError if they are not matrices of one shape
 *
 * @param x an array
 * @param y an array of the same shape
 * @example
 * metric.matrixCorrelation([[1, 0.5], [0.5, 1]], [[1, 0.2], [0.2, 1]]).shape; // []
 */
export function matrixCorrelation(x: ArrayLike, y: ArrayLike, ...more: never[]): Array {
  noMoreArguments('matrixCorrelation', 2, more);
  const [a, b] = [matrix('matrixCorrelation', 'x', x), matrix('matrixCorrelation', 'y', y)];
  sameShape('matrixCorrelation', 'x and y', a, b);
  return matrixCorrelationOf(promoteDtypesInexact('matrixCorrelation', a, b), {})[0]!;
}

function connectivity(x: Array): Array {
  const n = x.shape[1]!;
  const coefficients = np.reshape(np.nanToNum(np.corrcoef(np.transpose(x))), [n, n]);
  return np.where(np.eye(n, { dtype: 'bool' }), 1, coefficients);
}

const connectivityOf = composite('functionalConnectivity', ([x]) => [connectivity(x!)]);

/**
 * Correlations between signals (time, signals), 0 where one is constant. Mirrors `braintools.metric.functional_connectivity`. @throws ShapeError for other than matrices
 *
 * @example
 * metric.functionalConnectivity([[1, 2], [2, 4], [3, 7]]).shape; // [2, 2]
 */
export function functionalConnectivity(activities: ArrayLike): Array {
  return connectivityOf(promoteDtypesInexact('functionalConnectivity', matrix('functionalConnectivity', 'activities', activities)), {})[0]!;
}

/** Options of {@link functionalConnectivityDynamics}. */
export interface DynamicsOptions {
  /** Length of a window in steps. Default 30. */
  windowSize?: number;
  /** From one window's start to the next. Default 5. */
  stepSize?: number;
}

const dynamicsOf = composite<Required<DynamicsOptions>>('functionalConnectivityDynamics', ([x], { windowSize, stepSize }) => {
  const [steps, n] = x!.shape as [number, number];
  const upper = np.triuIndices(n, { k: 1 }) as Array[];
  const vectors: Array[] = [];
  for (let start = 0; start + windowSize <= steps; start += stepSize) {
    vectors.push(connectivity(x!.slice([start, start + windowSize]) as Array).slice(upper[0]!, upper[1]!) as Array);
  }
  const all = np.stack(vectors);
  const centred = np.subtract(all, np.mean(all, { axis: 1, keepdims: true }));
  const norms = np.linalg.norm(centred, { axis: 1, keepdims: true });
  const unit = np.divide(centred, np.where(np.greater(norms, 0), norms, 1));
  return [np.where(np.eye(vectors.length, { dtype: 'bool' }), 1, np.matmul(unit, np.transpose(unit)))];
});

/**
 * How alike the connectivities of any two windows of time are. Mirrors `braintools.metric.functional_connectivity_dynamics`.
 *
 * @param activities (time, signals)
 * @returns (windows, windows)
 * @throws ShapeError for other than matrices of two or more signals
 * @example
 * metric.functionalConnectivityDynamics(random.randn(60, 3), { windowSize: 20, stepSize: 10 }).shape; // [5, 5]
 */
export function functionalConnectivityDynamics(activities: ArrayLike, given: DynamicsOptions = {}): Array {
  const { windowSize = 30, stepSize = 5 } = checkOptions('functionalConnectivityDynamics', ['windowSize', 'stepSize'], given);
  const op = 'functionalConnectivityDynamics';
  checkInteger(op, 'windowSize', windowSize, 2);
  checkInteger(op, 'stepSize', stepSize, 1);
  const x = promoteDtypesInexact(op, matrix(op, 'activities', activities))[0]!;
  if (x.shape[1]! < 2) throw new ShapeError(`${op}: expected two or more signals, got ${x.aval}`);
  return x.shape[0]! < windowSize ? np.zeros([0, 0], { dtype: x.dtype }) : dynamicsOf([x], { windowSize, stepSize })[0]!;
}

const weightedOf = composite('weightedCorrelation', ([x, y, w]) => {
  const total = np.sum(w!);
  const mean = (a: Array) => np.divide(np.sum(np.multiply(a, w!)), np.where(np.equal(total, 0), 1, total));
  const [dx, dy] = [np.subtract(x!, mean(x!)), np.subtract(y!, mean(y!))];
  const norm = np.sqrt(np.multiply(mean(np.square(dx)), mean(np.square(dy))));
  const none = np.equal(norm, 0);
  return [np.clip(np.where(none, 0, np.divide(mean(np.multiply(dx, dy)), np.where(none, 1, norm))), -1, 1)];
});

/**
 * Correlation of two vectors whose entries have weights. Mirrors `braintools.metric.weighted_correlation`. @throws ShapeError if they are not vectors of one length
 *
 * @param x an array
 * @param y an array of the same shape
 * @param w weights, of the same shape
 * @example
 * metric.weightedCorrelation([1, 2, 3], [2, 4, 6], [1, 1, 1]).js(); // 1
 */
export function weightedCorrelation(x: ArrayLike, y: ArrayLike, w: ArrayLike): Array {
  const given = promoteDtypesInexact('weightedCorrelation', x, y, w);
  for (const a of given) if (a.ndim !== 1 || a.size !== given[0]!.size) throw new ShapeError(`weightedCorrelation: expected x, y and w to be vectors of one length, got ${given.map((v) => v.aval).join(', ')}`);
  return weightedOf(given, {})[0]!;
}
