/** The circle's ratio. */
export const pi = Math.PI;
/** The base of natural logarithms. */
export const e = Math.E;
/** The Euler–Mascheroni constant. */
export const eulerGamma = 0.57721566490153286060651209008240243;
/** Infinity. Mirrors `jax.numpy.inf`. */
export const inf = Number.POSITIVE_INFINITY;
/** Not a number. Mirrors `jax.numpy.nan`. */
export const nan = Number.NaN;
/** As an index: a new dimension of size 1. */
export const newaxis = null;
