import type { Array } from '../core/array';
import { formatArray, type PrintOptions, reprArray } from '../core/printArray';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { checkOptions } from '../functional/options';
import { Tracer } from '../core/trace';

const OPTIONS = ['precision', 'threshold', 'edgeitems', 'linewidth', 'suppress'] as const;
let current: PrintOptions = {};

/** Print options by the names that `array_str` and `array_repr` have for them, too. */
export interface TextOptions extends PrintOptions {
  /** As `linewidth`. */
  readonly maxLineWidth?: number | null;
  /** As `suppress`. */
  readonly suppressSmall?: boolean | null;
}

function textOptions(op: string, options: TextOptions): PrintOptions {
  const { maxLineWidth = null, suppressSmall = null, ...rest } = checkOptions(op, [...OPTIONS, 'maxLineWidth', 'suppressSmall'], options);
  const given = Object.fromEntries(Object.entries(rest).filter(([, v]) => v !== undefined && v !== null));
  return { ...current, ...given, ...(maxLineWidth !== null && { linewidth: maxLineWidth }), ...(suppressSmall !== null && { suppress: suppressSmall }) };
}

/**
 * Sets how arrays print from now on. Mirrors `jax.numpy.set_printoptions`.
 *
 * @example
 * np.setPrintoptions({ precision: 3 });
 */
export function setPrintoptions(options: PrintOptions): void {
  current = { ...current, ...checkOptions('setPrintoptions', OPTIONS, options) };
}

/** How arrays print. Mirrors `jax.numpy.get_printoptions`. @example np.printoptions({ precision: 3 }, () => np.getPrintoptions().precision) // 3 */
export function getPrintoptions(): Required<PrintOptions> {
  return { precision: 8, threshold: 1000, edgeitems: 3, linewidth: 75, suppress: false, ...current };
}

/** Runs a function with other print options. Mirrors `jax.numpy.printoptions`. @example np.printoptions({ precision: 2 }, () => String(np.array([1 / 3]))) // '[0.33]' */
export function printoptions<T>(options: PrintOptions, f: () => T): T {
  const saved = current;
  current = { ...current, ...checkOptions('printoptions', OPTIONS, options) };
  try {
    return f();
  } finally {
    current = saved;
  }
}

/** What a traced array prints as: its type, since it has no values. */
function traced(x: Array): string {
  return `Traced<${x.aval}>`;
}

/** The text of an array, as NumPy prints it. Mirrors `jax.numpy.array_str`. @example np.arrayStr([1, 2]) // '[1. 2.]' */
export function arrayStr(a: ArrayLike, options: TextOptions = {}): string {
  const o = textOptions('arrayStr', options);
  const x = asArray(a, 'arrayStr');
  return x instanceof Tracer ? traced(x) : formatArray(x.shape, x.dtype, x.dataSync(), o);
}

/** The text of an array with its dtype, as JAX prints it. Mirrors `jax.numpy.array_repr`. @example np.arrayRepr([1, 2]) // 'Array([1., 2.], dtype=float32)' */
export function arrayRepr(arr: ArrayLike, options: TextOptions = {}): string {
  const o = textOptions('arrayRepr', options);
  const x = asArray(arr, 'arrayRepr');
  return x instanceof Tracer ? traced(x) : reprArray(x.shape, x.dtype, x.dataSync(), { ...o, weakType: x.weakType });
}

/** {@link arrayStr}. Mirrors `numpy.array2string`. @example np.array2string(np.array([1, 2.5])); // '[1.  2.5]' */
export const array2string = arrayStr;
