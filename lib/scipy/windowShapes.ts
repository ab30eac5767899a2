import { ArgumentError } from '../core/errors';

// Windows by name, of doubles on the host. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform" (1978), has most of
// them; the names and defaults are those of scipy.signal.get_window, which JAX asks.

/** A window of M points, symmetric about its middle. */
type Shape = (M: number, ...parameters: number[]) => number[];

const points = (M: number, f: (n: number) => number): number[] => Array.from({ length: M }, (_, n) => f(n));
/** Where a point lies: −1 at the first, 1 at the last. */
const place = (n: number, M: number) => (2 * n) / (M - 1) - 1;
/** Waves with 0, 1, 2 … periods over the window, of alternating signs. */
const cosines = (...weights: number[]): Shape => (M) => points(M, (n) => weights.reduce((sum, a, k) => sum + (k % 2 === 0 ? a : -a) * Math.cos((2 * Math.PI * k * n) / (M - 1)), 0));
const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The modified Bessel function of order 0, by its power series: all terms are positive. */
function i0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

const kaiser: Shape = (M, beta) => points(M, (n) => i0(beta! * Math.sqrt(Math.max(0, 1 - place(n, M) ** 2))) / i0(beta!));

function tukey(M: number, alpha = 0.5): number[] {
  if (alpha <= 0) return points(M, () => 1);
  const edge = Math.min(alpha, 1);
  return points(M, (n) => {
    // How far inside the nearer end, as a part of the half window.
    const inside = 1 - Math.abs(place(n, M));
    return inside >= edge ? 1 : 0.5 * (1 - Math.cos((Math.PI * inside) / edge));
  });
}

function parzen(M: number): number[] {
  return points(M, (n) => {
    const far = Math.abs(n - (M - 1) / 2);
    const r = far / (M / 2);
    return far <= (M - 1) / 4 ? 1 - 6 * r ** 2 * (1 - r) : 2 * (1 - r) ** 3;
  });
}

/** Side lobes of one height, `attenuation` dB down: the transform of a Chebyshev polynomial's values. */
function chebyshev(M: number, attenuation: number): number[] {
  const order = M - 1;
  const beta = Math.cosh(Math.acosh(10 ** (Math.abs(attenuation) / 20)) / order);
  const values = points(M, (k) => {
    const x = beta * Math.cos((Math.PI * k) / M);
    if (Math.abs(x) <= 1) return Math.cos(order * Math.acos(x));
    return (x > 0 || order % 2 === 0 ? 1 : -1) * Math.cosh(order * Math.acosh(Math.abs(x)));
  });
  const w = points(M, (n) => values.reduce((sum, v, k) => sum + v * Math.cos((2 * Math.PI * k * (n - order / 2)) / M), 0));
  const top = Math.max(...w);
  return w.map((v) => v / top);
}

/** Near side lobes of one height, `level` dB down. */
function taylor(M: number, nbar = 4, level = 30, normalized = 1): number[] {
  const a = Math.acosh(10 ** (level / 20)) / Math.PI;
  const scale = nbar ** 2 / (a ** 2 + (nbar - 0.5) ** 2);
  const orders = points(nbar - 1, (k) => k + 1);
  const weights = orders.map((m) => {
    const above = orders.reduce((p, k) => p * (1 - m ** 2 / scale / (a ** 2 + (k - 0.5) ** 2)), m % 2 === 1 ? 1 : -1);
    return above / orders.reduce((p, k) => (k === m ? p : p * (1 - (m / k) ** 2)), 2);
  });
  const at = (n: number) => 1 + 2 * weights.reduce((sum, f, k) => sum + f * Math.cos((2 * Math.PI * (k + 1) * (n - M / 2 + 0.5)) / M), 0);
  const top = normalized ? at((M - 1) / 2) : 1;
  return points(M, (n) => at(n) / top);
}

interface Named {
  shape: Shape;
  /** The least and the greatest number of parameters. */
  parameters?: readonly [number, number];
}

const SHAPES: Record<string, Named> = {
  boxcar: { shape: (M) => points(M, () => 1) },
  triang: { shape: (M) => points(M, (n) => 1 - Math.abs(2 * n - M + 1) / (M + (M % 2))) },
  parzen: { shape: parzen },
  bohman: { shape: (M) => points(M, (n) => {
    const far = Math.abs(place(n, M));
    return n === 0 || n === M - 1 ? 0 : (1 - far) * Math.cos(Math.PI * far) + Math.sin(Math.PI * far) / Math.PI;
  }) },
  blackman: { shape: cosines(0.42, 0.5, 0.08) },
  nuttall: { shape: cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411) },
  blackmanharris: { shape: cosines(0.35875, 0.48829, 0.14128, 0.01168) },
  flattop: { shape: cosines(0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368) },
  bartlett: { shape: (M) => points(M, (n) => 1 - Math.abs(place(n, M))) },
  barthann: { shape: (M) => points(M, (n) => {
    const far = Math.abs(place(n, M)) / 2;
    return 0.62 - 0.48 * far + 0.38 * Math.cos(2 * Math.PI * far);
  }) },
  hann: { shape: cosines(0.5, 0.5) },
  hamming: { shape: cosines(0.54, 0.46) },
  cosine: { shape: (M) => points(M, (n) => Math.sin((Math.PI / M) * (n + 0.5))) },
  lanczos: { shape: (M) => points(M, (n) => sinc(place(n, M))) },
  tukey: { shape: tukey, parameters: [0, 1] },
  exponential: { shape: (M, center, tau = 1) => points(M, (n) => Math.exp(-Math.abs(n - (center ?? (M - 1) / 2)) / tau)), parameters: [0, 2] },
  taylor: { shape: taylor, parameters: [0, 3] },
  kaiser: { shape: kaiser, parameters: [1, 1] },
  gaussian: { shape: (M, deviation) => points(M, (n) => Math.exp(-0.5 * ((n - (M - 1) / 2) / deviation!) ** 2)), parameters: [1, 1] },
  general_gaussian: { shape: (M, p, deviation) => points(M, (n) => Math.exp(-0.5 * Math.abs((n - (M - 1) / 2) / deviation!) ** (2 * p!))), parameters: [2, 2] },
  general_hamming: { shape: (M, alpha) => cosines(alpha!, 1 - alpha!)(M), parameters: [1, 1] },
  chebwin: { shape: (M, attenuation) => chebyshev(M, attenuation!), parameters: [1, 1] },
};

const ALIASES: Record<string, string> = {
  box: 'boxcar', ones: 'boxcar', rect: 'boxcar', rectangular: 'boxcar', triangle: 'triang', tri: 'triang', parz: 'parzen', par: 'parzen', bman: 'bohman', bmn: 'bohman', black: 'blackman', blk: 'blackman',
  nutl: 'nuttall', nut: 'nuttall', blackharr: 'blackmanharris', bkh: 'blackmanharris', flat: 'flattop', flt: 'flattop', bart: 'bartlett', brt: 'bartlett', brthan: 'barthann', bth: 'barthann', han: 'hann',
  hamm: 'hamming', ham: 'hamming', halfcosine: 'cosine', sinc: 'lanczos', tuk: 'tukey', poisson: 'exponential', taylorwin: 'taylor', ksr: 'kaiser', gauss: 'gaussian', gss: 'gaussian',
  general_gauss: 'general_gaussian', ggs: 'general_gaussian', cheb: 'chebwin',
};

/** A window's name, or its name and parameters: `'hamming'`, `['kaiser', 14]`. */
export type WindowName = string | readonly [string, ...(number | boolean | null)[]];

/** Whether a window is given by its name. */
export function isWindowName(window: unknown): window is WindowName {
  return typeof window === 'string' || (Array.isArray(window) && typeof window[0] === 'string');
}

/**
 * A window of n points for spectra: periodic, the one of n + 1 points without the last, unless its name ends in `_symmetric`.
 *
 * @throws ArgumentError for a name there is not, or another number of parameters
 */
export function windowByName(op: string, window: WindowName, n: number): Float64Array {
  const [given, ...parameters] = typeof window === 'string' ? [window] : window;
  const [, plain, ending] = /^(.*?)(_symmetric|_periodic)?$/.exec(given)!;
  const name = plain!.replaceAll(' ', '_');
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name;
  if (!Object.hasOwn(SHAPES, known)) throw new ArgumentError(`${op}: expected window to be an array or one of ${Object.keys(SHAPES).join(', ')}, alone or in a list with its parameters, got '${given}'`);
  const { shape, parameters: [least, most] = [0, 0] } = SHAPES[known]!;
  const numbers = parameters.map((p) => (typeof p === 'boolean' ? Number(p) : (p ?? undefined)));
  if (numbers.length < least || numbers.length > most || numbers.some((p) => p !== undefined && typeof p !== 'number')) {
    throw new ArgumentError(`${op}: expected window '${known}' with ${most === 0 ? 'no parameters' : `${least === most ? least : `${least} to ${most}`} parameters`}, got ${JSON.stringify(window)}`);
  }
  if (n <= 1) return new Float64Array(n).fill(1);
  const symmetric = ending === '_symmetric';
  return Float64Array.from((shape as (M: number, ...p: (number | undefined)[]) => number[])(symmetric ? n : n + 1, ...numbers).slice(0, n));
}
