import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import * as np from '../numpy';
import { RandomState } from '../random';
import { forLoop } from '../transform';
import { matrix } from './correlation';

/** Lowest and highest frequency, in Hz. */
export type Band = readonly [number, number];

/** Options of {@link coherenceAnalysis} and {@link powerSpectralDensity}. */
export interface SpectrumOptions {
  /** Steps of a segment; default an eighth of the signal. */
  nperseg?: number;
  /** Steps that two segments share; default half of one. */
  noverlap?: number;
  /** Which frequencies are given; default all. */
  freqRange?: Band;
}

interface Segments {
  length: number;
  starts: number[];
  frequencies: number[];
  /** Indices of the frequencies that are given. */
  kept: number[];
}

/** Where the segments of a signal begin, and the frequencies of their spectra. */
function segments(op: string, steps: number, dt: number, { nperseg, noverlap, freqRange }: SpectrumOptions): Segments {
  if (!(dt > 0)) throw new ArgumentError(`${op}: expected dt to be a number > 0, got ${dt}`);
  if (steps < 1) throw new ShapeError(`${op}: expected a signal that is not empty`);
  const length = Math.min(nperseg ?? Math.max(1, Math.floor(steps / 8)), steps);
  checkInteger(op, 'nperseg', length, 1);
  const shared = length > 1 ? Math.min(noverlap ?? Math.floor(length / 2), length - 1) : 0;
  const starts: number[] = [];
  for (let s = 0; s + length <= steps; s += Math.max(1, length - shared)) starts.push(s);
  const frequencies = globalThis.Array.from({ length: Math.floor(length / 2) + 1 }, (_, i) => i / (length * dt));
  const kept = frequencies.map((_, i) => i).filter((i) => freqRange === undefined || (frequencies[i]! >= freqRange[0] && frequencies[i]! <= freqRange[1]));
  return { length, starts, frequencies, kept };
}

interface SpectrumStatics {
  length: number;
  starts: number[];
}

/** Spectra (segments, frequencies, …) of a signal's windowed segments. */
function spectra(x: Array, { length, starts }: SpectrumStatics, window: Array): Array {
  const all = np.stack(starts.map((s) => x.slice([s, s + length]) as Array));
  return np.fft.rfft(np.multiply(all, np.reshape(window, [length, ...x.shape.slice(1).map(() => 1)])), { axis: 1 });
}

const psdOf = composite<SpectrumStatics & { rate: number; kept: number[] }>('powerSpectralDensity', ([x], s) => {
  const window = np.hanning(s.length);
  const power = np.divide(np.mean(np.square(np.abs(spectra(x!, s, window))), { axis: 0 }), np.multiply(np.sum(np.square(window)), s.rate));
  // All but the frequency 0 and, of an even number of steps, the last stand for two.
  const twice = globalThis.Array.from({ length: power.shape[0]! }, (_, i) => (i === 0 || 2 * i === s.length ? 1 : 2));
  const density = np.multiply(power, np.reshape(np.array(twice, 'float32'), [-1, ...power.shape.slice(1).map(() => 1)]));
  return [np.take(density, np.array(s.kept, 'int32'), { axis: 0 })];
});

/**
 * Welch's estimate of a signal's power by frequency: `[frequencies, density]`. Mirrors `braintools.metric.power_spectral_density`.
 *
 * @param lfp (time,) or (time, channels)
 * @param dt length of a step in seconds
 * @returns frequencies (n,) in Hz and density (n,) or (n, channels); where the range has no frequency, its lower end and 0
 * @throws ShapeError unless the signal has one or two dimensions
 * @example
 * metric.powerSpectralDensity(random.randn(256), 0.001).length; // 2
 */
export function powerSpectralDensity(lfp: ArrayLike, dt: number, options: SpectrumOptions = {}): [Array, Array] {
  options = checkOptions('powerSpectralDensity', ['nperseg', 'noverlap', 'freqRange'], options);
  const op = 'powerSpectralDensity';
  const x = promoteDtypesInexact(op, lfp)[0]!;
  if (x.ndim !== 1 && x.ndim !== 2) throw new ShapeError(`${op}: expected lfp of shape (time,) or (time, channels), got ${x.aval}`);
  const { length, starts, frequencies, kept } = segments(op, x.shape[0]!, dt, options);
  if (kept.length === 0) return [np.array([options.freqRange![0]], 'float32'), np.zeros([1, ...x.shape.slice(1)])];
  return [np.array(kept.map((i) => frequencies[i]!), 'float32'), psdOf([x], { length, starts, rate: 1 / dt, kept })[0]!];
}

const coherenceOf = composite<SpectrumStatics & { kept: number[] }>('coherenceAnalysis', ([x, y], s) => {
  const window = np.hanning(s.length);
  const [f, g] = [spectra(x!, s, window), spectra(y!, s, window)];
  const mean = (a: Array) => np.mean(a, { axis: 0 });
  const both = np.multiply(mean(np.square(np.abs(f))), mean(np.square(np.abs(g))));
  const ratio = np.divide(np.square(np.abs(mean(np.multiply(f, np.conj(g))))), np.where(np.greater(both, 0), both, 1));
  return [np.take(np.clip(ratio, 0, 1), np.array(s.kept, 'int32'))];
});

/**
 * How well two signals go together at each frequency, from 0 to 1: `[frequencies, coherence]`. Mirrors `braintools.metric.coherence_analysis`.
 *
 * @param lfp1 (time,)
 * @param lfp2 (time,)
 * @param dt length of a step in seconds
 * @throws ShapeError unless both are vectors of one length
 * @example
 * metric.coherenceAnalysis(random.randn(256), random.randn(256), 0.001).length; // 2
 */
export function coherenceAnalysis(lfp1: ArrayLike, lfp2: ArrayLike, dt: number, options: SpectrumOptions = {}): [Array, Array] {
  options = checkOptions('coherenceAnalysis', ['nperseg', 'noverlap', 'freqRange'], options);
  const op = 'coherenceAnalysis';
  const [x, y] = promoteDtypesInexact(op, lfp1, lfp2) as [Array, Array];
  if (x.ndim !== 1 || y.ndim !== 1 || x.size !== y.size) throw new ShapeError(`${op}: expected two vectors of one length, got ${x.aval} and ${y.aval}`);
  const { length, starts, frequencies, kept } = segments(op, x.size, dt, options);
  if (kept.length === 0) return [np.array([options.freqRange![0]], 'float32'), np.zeros([1])];
  return [np.array(kept.map((i) => frequencies[i]!), 'float32'), coherenceOf([x, y], { length, starts, kept })[0]!];
}

/** Factors (steps,) that keep the positive frequencies of a band, twice those that are not 0. */
function bandFactors(steps: number, dt: number, [low, high]: Band, zero: number): number[] {
  return globalThis.Array.from({ length: steps }, (_, i) => {
    // As float32, in which the frequencies are compared.
    const f = Math.fround((i < (steps + 1) / 2 ? i : i - steps) / (steps * dt));
    return f >= low && f <= high ? (f === 0 ? zero : 2) : 0;
  });
}

/** The analytic signal of a band, along the first axis. */
function analytic(x: Array, factors: readonly number[]): Array {
  const shape = [factors.length, ...x.shape.slice(1).map(() => 1)];
  return np.fft.ifft(np.multiply(np.fft.fft(x, { axis: 0 }), np.reshape(np.array(factors, 'float32'), shape)), { axis: 0 });
}

/** Options of {@link phaseAmplitudeCoupling}. */
export interface CouplingOptions {
  /** The band whose phase is taken. */
  phaseFreqRange?: Band;
  /** The band whose amplitude is taken. */
  amplitudeFreqRange?: Band;
  /** How many bins the phase is put into. */
  nBins?: number;
}

const couplingOf = composite<{ phase: number[]; amplitude: number[]; nBins: number }>('phaseAmplitudeCoupling', ([x], { phase, amplitude, nBins }) => {
  const edges = np.linspace(-Math.PI, Math.PI, { num: nBins + 1 });
  const size = np.abs(analytic(x!, amplitude));
  const bin = np.clip(np.subtract(np.digitize(np.angle(analytic(x!, phase)), edges), 1), 0, nBins - 1);
  const inBin = np.astype(np.equal(np.reshape(np.arange(nBins, { dtype: 'int32' }), [nBins, 1]), bin), size.dtype);
  const means = np.divide(np.matmul(inBin, size), np.maximum(np.sum(inBin, { axis: 1 }), 1));
  const share = np.divide(means, np.add(np.sum(means), 1e-12));
  const p = np.where(np.greater(share, 0), share, 1e-12);
  const index = np.add(1, np.divide(np.sum(np.multiply(p, np.log(p))), Math.log(nBins)));
  const centers = np.divide(np.add(edges.slice([0, nBins]) as Array, edges.slice([1, nBins + 1]) as Array), 2);
  return [index, centers, means];
});

/**
 * How a fast rhythm's amplitude depends on a slow one's phase: `[modulationIndex, phaseBins, meanAmplitudes]`. Mirrors
 * `braintools.metric.phase_amplitude_coupling` (Tort's modulation index).
 *
 * @param lfp (time,)
 * @param dt length of a step in seconds
 * @throws ShapeError unless the signal is a vector
 * @example
 * metric.phaseAmplitudeCoupling(random.randn(512), 0.001).length; // 3
 */
export function phaseAmplitudeCoupling(lfp: ArrayLike, dt: number, given: CouplingOptions = {}): [Array, Array, Array] {
  const { phaseFreqRange = [4, 8], amplitudeFreqRange = [30, 100], nBins = 18 } = checkOptions('phaseAmplitudeCoupling', ['phaseFreqRange', 'amplitudeFreqRange', 'nBins'], given);
  const x = promoteDtypesInexact('phaseAmplitudeCoupling', lfp)[0]!;
  if (x.ndim !== 1) throw new ShapeError(`phaseAmplitudeCoupling: expected lfp of shape (time,), got ${x.aval}`);
  const statics = { phase: bandFactors(x.size, dt, phaseFreqRange, 1), amplitude: bandFactors(x.size, dt, amplitudeFreqRange, 1), nBins };
  return couplingOf([x], statics) as [Array, Array, Array];
}

/**
 * The modulation index of theta (4 to 8 Hz) and gamma (30 to 80 Hz). Mirrors `braintools.metric.theta_gamma_coupling`.
 *
 * @param lfp the signal over time
 * @param dt length of a time step
 * @example
 * metric.thetaGammaCoupling(random.randn(512), 0.001).shape; // []
 */
export function thetaGammaCoupling(lfp: ArrayLike, dt: number): Array {
  return phaseAmplitudeCoupling(lfp, dt, { amplitudeFreqRange: [30, 80] })[0];
}

const csdOf = composite<{ factor: number }>('currentSourceDensity', ([x], { factor }) => {
  const n = x!.shape.at(-1)!;
  const part = (from: number) => x!.slice('...', [from, from + n - 2]) as Array;
  return [np.multiply(np.add(np.subtract(part(2), np.multiply(2, part(1))), part(0)), factor)];
});

/**
 * Current source density: minus conductivity times the second difference of potentials along the electrodes. Mirrors
 * `braintools.metric.current_source_density`.
 *
 * @param lfpLaminar of any shape with the electrodes along an axis, by default the last
 * @param electrodeSpacing distance between electrodes
 * @returns the same shape with two electrodes less
 * @throws ShapeError for fewer than 3 electrodes
 * @example
 * metric.currentSourceDensity(np.ones([4, 10]), 0.1).shape; // [4, 8]
 */
export function currentSourceDensity(lfpLaminar: ArrayLike, electrodeSpacing: number, given: { conductivity?: number; axis?: number } = {}): Array {
  const { conductivity = 1, axis = -1 } = checkOptions('currentSourceDensity', ['conductivity', 'axis'], given);
  const x = asArray(lfpLaminar, 'currentSourceDensity');
  const moved = np.moveaxis(x, axis, -1);
  if (moved.shape.at(-1)! < 3) throw new ShapeError(`currentSourceDensity: expected at least 3 electrodes along axis ${axis}, got ${x.aval}`);
  return np.moveaxis(csdOf([moved], { factor: -conductivity / electrodeSpacing ** 2 })[0]!, -1, axis);
}

const entropyOf = composite('spectralEntropy', ([density]) => {
  const one = density!.ndim > 1 ? np.mean(density!, { axis: -1 }) : density!;
  const n = one.shape[0]!;
  const total = np.sum(one);
  const some = np.greater(total, 0);
  const p = np.maximum(np.where(some, np.divide(one, np.where(some, total, 1)), 1 / n), 1e-12);
  return [np.divide(np.negative(np.sum(np.multiply(p, np.log2(p)))), Math.log2(n))];
});

/**
 * Entropy of a signal's spectrum in a band (1 to 100 Hz), from 0 for one frequency to 1 for noise. Mirrors `braintools.metric.spectral_entropy`.
 *
 * @param lfp the signal over time
 * @param dt length of a time step
 * @example
 * metric.spectralEntropy(random.randn(256), 0.001).shape; // []
 */
export function spectralEntropy(lfp: ArrayLike, dt: number, given: { freqRange?: Band } = {}): Array {
  const { freqRange = [1, 100] } = checkOptions('spectralEntropy', ['freqRange'], given);
  const density = powerSpectralDensity(lfp, dt, { freqRange })[1];
  return density.shape[0]! <= 1 ? np.array(0) : entropyOf([density], {})[0]!;
}

const phaseCoherenceOf = composite<{ factors: number[] }>('lfpPhaseCoherence', ([x], { factors }) => {
  const [steps, channels] = x!.shape as [number, number];
  const signal = analytic(x!, factors);
  const phase = np.angle(signal);
  const z = np.add(np.cos(phase), np.multiply(np.sin(phase), np.array({ re: 0, im: 1 } as never)));
  const coherence = np.clip(np.divide(np.abs(np.matmul(np.transpose(np.conj(z)), z)), steps), 0, 1);
  const inBand = np.mean(np.square(np.abs(signal)), { axis: 0 });
  const valid = np.greater(inBand, np.multiply(1e-6, np.maximum(np.mean(np.square(x!), { axis: 0 }), 1e-30)));
  const both = np.logicalAnd(np.reshape(valid, [channels, 1]), valid);
  return [np.where(np.eye(channels, { dtype: 'bool' }), 1, np.where(both, coherence, 0))];
});

/**
 * How constant the phase between any two channels is in a band (8 to 12 Hz), from 0 to 1. Mirrors `braintools.metric.lfp_phase_coherence`.
 *
 * @param lfpSignals (time, channels)
 * @param dt length of a time step
 * @returns (channels, channels)
 * @example
 * metric.lfpPhaseCoherence(random.randn(256, 3), 0.001).shape; // [3, 3]
 */
export function lfpPhaseCoherence(lfpSignals: ArrayLike, dt: number, given: { freqBand?: Band } = {}): Array {
  const { freqBand = [8, 12] } = checkOptions('lfpPhaseCoherence', ['freqBand'], given);
  const x = promoteDtypesInexact('lfpPhaseCoherence', matrix('lfpPhaseCoherence', 'lfpSignals', lfpSignals))[0]!;
  return phaseCoherenceOf([x], { factors: bandFactors(x.shape[0]!, dt, freqBand, 2) })[0]!;
}

/** Amplitudes at the electrode of spikes of excitatory and inhibitory neurons. */
const AMPLITUDES = { 'soma layer': [0.48, 3], 'deep layer': [-0.16, -0.2], 'superficial layer': [0.24, -1.2], 'surface layer': [-0.08, 0.3], surface: [-0.08, 0.3] } as const;

/** Options of {@link unitaryLFP}. */
export interface UnitaryLfpOptions {
  /** Size of the sheet of neurons in mm, with the electrode in the middle. */
  xmax?: number;
  ymax?: number;
  /** Speed of axons in mm/s. */
  va?: number;
  /** Length constant in mm. */
  lambda?: number;
  /** Widths of the kernels in ms. */
  sigI?: number;
  sigE?: number;
  location?: keyof typeof AMPLITUDES;
  /** Of the neurons' places. */
  seed?: number;
}

/**
 * The local field potential that spikes give rise to, by Telenczuk's kernels. Mirrors `braintools.metric.unitary_LFP`.
 *
 * @param times (time,) in ms
 * @param spikes (time, neurons); must be concrete
 * @param spikeType whether the neurons are excitatory or inhibitory
 * @returns (time,)
 * @throws ArgumentError for another type of spikes or location; ShapeError unless there is a time for each step
 * @example
 * metric.unitaryLFP(np.arange(10), np.zeros([10, 4]), 'exc', { seed: 0 }).shape; // [10]
 */
export function unitaryLFP(times: ArrayLike, spikes: ArrayLike, spikeType: 'exc' | 'inh', options: UnitaryLfpOptions = {}): Array {
  const { xmax = 0.2, ymax = 0.2, va = 200, lambda = 0.2, sigI = 2.1, sigE = 3.15, location = 'soma layer', seed } = checkOptions('unitaryLFP', ['xmax', 'ymax', 'va', 'lambda', 'sigI', 'sigE', 'location', 'seed'], options);
  if (spikeType !== 'exc' && spikeType !== 'inh') throw new ArgumentError(`unitaryLFP: expected spikeType to be 'exc' or 'inh', got ${String(spikeType)}`);
  const amplitudes = AMPLITUDES[location];
  if (amplitudes === undefined) throw new ArgumentError(`unitaryLFP: expected location to be one of ${Object.keys(AMPLITUDES).map((k) => `'${k}'`).join(', ')}, got ${String(location)}`);
  const [fired, t] = [matrix('unitaryLFP', 'spikes', spikes), asArray(times, 'unitaryLFP')];
  if (t.ndim !== 1 || t.size !== fired.shape[0]) throw new ShapeError(`unitaryLFP: expected a time for each step of the spikes ${fired.aval}, got ${t.aval}`);
  const places = new RandomState(seed).rand(2, fired.shape[1]!);
  const [dx, dy] = [xmax, ymax].map((size, i) => np.subtract(np.multiply(places.slice(i) as Array, size), size / 2)) as [Array, Array];
  const distance = np.sqrt(np.add(np.square(dx), np.square(dy)));
  const amplitude = np.multiply(np.exp(np.divide(np.negative(distance), lambda)), amplitudes[spikeType === 'exc' ? 0 : 1]);
  const [steps, neurons] = np.nonzero(fired) as [Array, Array];
  const arrival = np.add(np.take(t, steps), np.take(np.add(10.4, np.multiply(np.divide(distance, va), 1000)), neurons));
  const size = np.take(amplitude, neurons);
  const width = 2 * (spikeType === 'exc' ? sigE : sigI) ** 2;
  return forLoop((now: Array) => np.sum(np.multiply(size, np.exp(np.divide(np.negative(np.square(np.subtract(now, arrival))), width)))), t) as Array;
}
