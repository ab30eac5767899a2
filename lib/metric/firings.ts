import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import * as np from '../numpy';
import { type DtOptions, matrix, roundHalfEven, stepLength } from './correlation';

/** The steps at which each neuron fires, of spikes (time, neurons). */
function firingSteps(op: string, spikes: ArrayLike): { steps: number; times: number[][] } {
  const x = matrix(op, 'spikes', spikes);
  const [steps, neurons] = x.shape as [number, number];
  const fired = np.astype(np.greater(x, 0), 'uint8').dataSync() as Uint8Array;
  const times = globalThis.Array.from({ length: neurons }, (): number[] => []);
  for (let i = 0; i < fired.length; i++) if (fired[i] !== 0) times[i % neurons]!.push(Math.floor(i / neurons));
  return { steps, times };
}

/** Sorted times as numbers. */
function spikeTimes(op: string, x: ArrayLike): number[] {
  const a = asArray(x, op);
  if (a.ndim !== 1) throw new ArgumentError(`${op}: expected a vector of spike times, got ${a.aval}`);
  return globalThis.Array.from(a.dataSync() as ArrayLikeOfNumbers, Number);
}

type ArrayLikeOfNumbers = globalThis.ArrayLike<number | bigint>;

/** How many of the first times have one of the second within `reach`. */
function near(a: readonly number[], b: readonly number[], reach: number): number {
  return a.filter((s) => b.some((t) => Math.abs(s - t) <= reach)).length;
}

/**
 * Points of a raster plot: the neurons' indices, and the times of their spikes. Mirrors `braintools.metric.raster_plot`.
 *
 * @param spMatrix (time, neurons)
 * @param times of the steps
 * @example rasterPlot([[0, 1], [1, 0]], [0.5, 1]) // [[1, 0], [0.5, 1]]
 */
export function rasterPlot(spMatrix: ArrayLike, times: ArrayLike): [Array, Array] {
  const [steps, neurons] = np.nonzero(np.greater(matrix('rasterPlot', 'spMatrix', spMatrix), 0)) as [Array, Array];
  return [neurons, np.take(times, steps)];
}

const rateOf = composite<{ points: number; height: number }>('firingRate', ([spikes], { points, height }) => [
  np.convolve(np.mean(spikes!, { axis: 1 }), np.full([points], height, { dtype: np.promoteTypes(spikes!.dtype, 'float32') }), { mode: 'same' }),
]);

/**
 * The neurons' mean rate over time, smoothed by a window. Mirrors `braintools.metric.firing_rate`.
 *
 * @param spikes (time, neurons)
 * @param width of the window, in the units of dt
 * @returns (time,), or as many points as the window has if it is longer
 * @throws ArgumentError for a negative width
 * @example firingRate([[1], [0], [1]], 2, { dt: 1 }) // [0.33333334, 0.6666667, 0.33333334]
 */
export function firingRate(spikes: ArrayLike, width: number, given: DtOptions = {}): Array {
  const { dt } = checkOptions('firingRate', ['dt'], given);
  const step = stepLength('firingRate', dt);
  const points = Math.trunc(width / 2 / step) * 2 + 1;
  if (!(points >= 1)) throw new ArgumentError(`firingRate: expected width >= 0, got ${width}`);
  return rateOf(promoteDtypesInexact('firingRate', matrix('firingRate', 'spikes', spikes)), { points, height: 1 / (points * step) })[0]!;
}

/**
 * The least cost of turning one spike train into another: 1 for each spike added or removed, `costFactor` for each unit of time that one is moved by.
 * Mirrors `braintools.metric.victor_purpura_distance`.
 *
 * @param spikeTimes1 times of the spikes of a train
 * @param spikeTimes2 times of the spikes of the other train
 * @example victorPurpuraDistance([1, 2], [1.5]) // 1.5
 */
export function victorPurpuraDistance(spikeTimes1: ArrayLike, spikeTimes2: ArrayLike, given: { costFactor?: number } = {}): number {
  const { costFactor = 1 } = checkOptions('victorPurpuraDistance', ['costFactor'], given);
  const [a, b] = [spikeTimes('victorPurpuraDistance', spikeTimes1), spikeTimes('victorPurpuraDistance', spikeTimes2)];
  let row = b.map((_, j) => j + 1);
  row.unshift(0);
  for (const [i, s] of a.entries()) {
    const next = [i + 1];
    for (const [j, t] of b.entries()) next.push(Math.min(row[j]! + costFactor * Math.abs(s - t), row[j + 1]! + 1, next[j]! + 1));
    row = next;
  }
  return row[b.length]!;
}

const vanRossumOf = composite<{ tau: number; points: number }>('vanRossumDistance', ([a, b], { tau, points }) => {
  const step = tau / 20;
  const grid = np.multiply(np.arange(points, { dtype: a!.dtype }), step);
  const response = (times: Array): Array => {
    const since = np.subtract(grid, np.reshape(times, [-1, 1]));
    const after = np.greaterEqual(since, 0);
    return np.sum(np.where(after, np.divide(np.exp(np.divide(np.negative(np.where(after, since, 0)), tau)), tau), 0), { axis: 0 });
  };
  return [np.sqrt(np.multiply(np.sum(np.square(np.subtract(response(a!), response(b!)))), step))];
});

/**
 * Distance of two spike trains, each smoothed by an exponential kernel of time constant tau. Mirrors `braintools.metric.van_rossum_distance`.
 *
 * @param spikeTimes1 times of the spikes of a train
 * @param spikeTimes2 times of the spikes of the other train
 * @param options.tMax end of the comparison; by default 5 tau after the last spike
 * @throws ArgumentError unless `tau` is positive
 * @example
 * metric.vanRossumDistance([1, 5], [1, 5]); // 0
 */
export function vanRossumDistance(spikeTimes1: ArrayLike, spikeTimes2: ArrayLike, options: { tau?: number; tMax?: number } = {}): number {
  const { tau = 1, tMax } = checkOptions('vanRossumDistance', ['tau', 'tMax'], options);
  if (!(tau > 0)) throw new ArgumentError(`vanRossumDistance: expected tau to be a number > 0, got ${tau}`);
  const given = [spikeTimes1, spikeTimes2].map((x) => spikeTimes('vanRossumDistance', x));
  if (given.every((x) => x.length === 0)) return 0;
  const end = tMax ?? Math.max(...given.flat()) + 5 * tau;
  const points = Math.ceil((end + tau / 20) / (tau / 20));
  return Number(vanRossumOf(given.map((x) => np.array(x, 'float32')), { tau, points })[0]!.item());
}

/**
 * The share of spikes that coincide with another neuron's within half a window, averaged over pairs of neurons that fire. Mirrors
 * `braintools.metric.spike_train_synchrony`.
 *
 * @param spikeMatrix (time, neurons)
 * @param windowSize length of the window
 * @example spikeTrainSynchrony([[1, 1], [0, 1]], 0.5, { dt: 1 }) // 2/3
 */
export function spikeTrainSynchrony(spikeMatrix: ArrayLike, windowSize: number, given: DtOptions = {}): number {
  const { dt } = checkOptions('spikeTrainSynchrony', ['dt'], given);
  const reach = windowSize / (2 * stepLength('spikeTrainSynchrony', dt));
  const times = firingSteps('spikeTrainSynchrony', spikeMatrix).times.filter((t) => t.length > 0);
  let [total, pairs] = [0, 0];
  for (const [i, a] of times.entries()) {
    for (const b of times.slice(i + 1)) {
      total += (near(a, b, reach) + near(b, a, reach)) / (a.length + b.length);
      pairs++;
    }
  }
  return pairs > 0 ? total / pairs : 0;
}

/** Options of {@link burstSynchronyIndex}. */
export interface BurstOptions extends DtOptions {
  /** Spikes that make a burst. Default 3. */
  burstThreshold?: number;
  /** The longest pause within a burst. Default 100. */
  maxIsi?: number;
}

/**
 * The share of bursts that overlap another neuron's. Mirrors `braintools.metric.burst_synchrony_index`.
 *
 * @param spikeMatrix (time, neurons)
 * @example
 * metric.burstSynchronyIndex(np.zeros([20, 3]), { dt: 1 }); // 0
 */
export function burstSynchronyIndex(spikeMatrix: ArrayLike, given: BurstOptions = {}): number {
  const { burstThreshold = 3, maxIsi = 100, dt } = checkOptions('burstSynchronyIndex', ['burstThreshold', 'maxIsi', 'dt'], given);
  const step = stepLength('burstSynchronyIndex', dt);
  const bursts: { neuron: number; start: number; end: number }[] = [];
  for (const [neuron, train] of firingSteps('burstSynchronyIndex', spikeMatrix).times.entries()) {
    let first = 0;
    for (let i = 1; i <= train.length; i++) {
      if (i < train.length && train[i]! * step - train[i - 1]! * step <= maxIsi) continue;
      if (i - first >= burstThreshold) bursts.push({ neuron, start: train[first]!, end: train[i - 1]! });
      first = i;
    }
  }
  const together = bursts.filter((a) => bursts.some((b) => a.neuron !== b.neuron && Math.min(a.end, b.end) >= Math.max(a.start, b.start)));
  return bursts.length > 0 ? together.length / bursts.length : 0;
}

const lockingOf = composite<{ step: number; frequency: number }>('phaseLockingValue', ([spikes], { step, frequency }) => {
  const fired = np.astype(np.greater(spikes!, 0), 'float32');
  const phase = np.multiply(np.multiply(np.arange(spikes!.shape[0]!, { dtype: 'float32' }), step), 2 * Math.PI * frequency);
  const count = np.sum(fired, { axis: 0 });
  const length = np.hypot(np.matmul(np.cos(phase), fired), np.matmul(np.sin(phase), fired));
  return [np.where(np.equal(count, 0), 0, np.divide(length, np.where(np.equal(count, 0), 1, count)))];
});

/**
 * How well each neuron's spikes keep to one phase of an oscillation, from 0 to 1. Mirrors `braintools.metric.phase_locking_value`.
 *
 * @param spikeMatrix (time, neurons)
 * @param referenceFreq in Hz, where dt is in seconds
 * @returns (neurons,)
 * @example
 * metric.phaseLockingValue(np.ones([20, 2]), 10, { dt: 1 }).shape; // [2]
 */
export function phaseLockingValue(spikeMatrix: ArrayLike, referenceFreq: number, given: DtOptions = {}): Array {
  const { dt } = checkOptions('phaseLockingValue', ['dt'], given);
  return lockingOf([matrix('phaseLockingValue', 'spikeMatrix', spikeMatrix)], { step: stepLength('phaseLockingValue', dt), frequency: referenceFreq })[0]!;
}

/**
 * Cutts and Eglen's tiling coefficient of each pair of spike trains, within tau. Mirrors `braintools.metric.spike_time_tiling_coefficient`.
 *
 * @param spikeMatrix (time, neurons)
 * @returns (neurons, neurons)
 * @example
 * metric.spikeTimeTilingCoefficient(np.eye(4), { dt: 1, tau: 1 }).shape; // [4, 4]
 */
export function spikeTimeTilingCoefficient(spikeMatrix: ArrayLike, given: DtOptions & { tau?: number } = {}): Array {
  const { dt, tau = 0.005 } = checkOptions('spikeTimeTilingCoefficient', ['dt', 'tau'], given);
  const reach = roundHalfEven(tau / stepLength('spikeTimeTilingCoefficient', dt));
  const { steps, times } = firingSteps('spikeTimeTilingCoefficient', spikeMatrix);
  const covered = times.map((train) => {
    const tiles = new Set<number>();
    for (const s of train) for (let t = Math.max(0, s - reach); t < Math.min(steps, s + reach + 1); t++) tiles.add(t);
    return tiles.size / steps;
  });
  const term = (p: number, t: number) => (1 - p * t === 0 ? 0 : (p - t) / (1 - p * t));
  return np.array(times.map((a, i) => times.map((b, j) => {
    if (i === j) return 1;
    if (a.length === 0 || b.length === 0) return 0;
    const [pa, pb] = [near(a, b, reach) / a.length, near(b, a, reach) / b.length];
    // The sum of the same two terms in either order, so that the matrix is symmetric to the last bit.
    return 0.5 * (term(pa, covered[j]!) + term(pb, covered[i]!));
  })), 'float32');
}

const correlationIndexOf = composite<{ binSize: number; bins: number }>('correlationIndex', ([spikes], { binSize, bins }) => {
  const n = spikes!.shape[1]!;
  const binned = np.sum(np.reshape(np.astype(spikes!.slice([0, bins * binSize]) as Array, np.promoteTypes(spikes!.dtype, 'float32')), [bins, binSize, n]), { axis: 1 });
  const coefficients = np.corrcoef(np.transpose(binned));
  const pairs = np.triu(np.where(np.isnan(coefficients), 0, coefficients), 1);
  return [np.clip(np.divide(np.sum(pairs), (n * (n - 1)) / 2), -1, 1)];
});

/**
 * Mean correlation of the neurons' spike counts in windows. Mirrors `braintools.metric.correlation_index`.
 *
 * @param spikeMatrix (time, neurons)
 * @param windowSize length of the window
 * @example
 * metric.correlationIndex(np.ones([20, 2]), 5, { dt: 1 }); // 0
 */
export function correlationIndex(spikeMatrix: ArrayLike, windowSize: number, given: DtOptions = {}): number {
  const { dt } = checkOptions('correlationIndex', ['dt'], given);
  const x = promoteDtypesInexact('correlationIndex', matrix('correlationIndex', 'spikeMatrix', spikeMatrix))[0]!;
  const binSize = Math.max(1, Math.trunc(windowSize / stepLength('correlationIndex', dt)));
  const bins = Math.floor(x.shape[0]! / binSize);
  return x.shape[1]! < 2 || bins < 2 ? 0 : Number(correlationIndexOf([x], { binSize, bins })[0]!.item());
}
