import { type Array, ConcreteArray } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isEager } from '../core/trace';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { withJvp } from '../lax/customJvp';
import * as np from '../numpy';

/** A parameter of a surrogate: a number, or an array that broadcasts with the input. */
export type Parameter = number | Array;

const step = (x: Array): Array => np.astype(np.greaterEqual(x, 0), x.dtype);
const stepAlone = composite('heaviside', ([x]) => [step(x!)]);

/** 1 where x >= 0, else 0; its derivative by x is `slope`, and by the slope 1. */
const heaviside = withJvp(
  'heavisideSurrogateGradient',
  (x) => [step(x)],
  ([x, slope], [tx, tSlope]) => {
    const byX = tx == null ? null : np.multiply(slope!, tx);
    return { outs: [step(x!)], tangents: [byX === null ? tSlope ?? null : tSlope == null ? byX : np.add(byX, tSlope)] };
  },
);

/**
 * A spike function: 1 where x >= 0, else 0, whose derivative is taken to be {@link surrogateGrad}, so that networks of spikes can be trained by
 * gradients. Subclasses give `surrogateGrad`, and may give `surrogateFun`, whose derivative it is.
 *
 * The input is the potential less the threshold. A parameter that is differentiated gets the derivative of the surrogate gradient by it, as in
 * BrainTools. Mirrors `braintools.surrogate.Surrogate`.
 *
 * @example
 * class Tanh extends surrogate.Surrogate {
 *   override surrogateGrad(x: np.Array) { return np.subtract(1, np.square(np.tanh(x))); }
 * }
 * new Tanh().call([-1, 0, 1]) // [0, 1, 1]
 */
export abstract class Surrogate {
  /** Spikes of an array of any shape, in its dtype. */
  call(x: ArrayLike): Array {
    const v = asArray(x, this.constructor.name);
    // Nothing is being differentiated: the slope is not needed.
    if (isEager() && v instanceof ConcreteArray) return stepAlone([v], {})[0]!;
    const slope = np.broadcastTo(np.astype(this.surrogateGrad(lax.stopGradient(v)), v.dtype), v.shape);
    return heaviside(v, slope)[0]!;
  }

  /** The slope that stands in for the derivative, of x's shape. */
  abstract surrogateGrad(x: Array): Array;

  /** The smooth function that stands in for the step. @throws ArgumentError if only the gradient is defined */
  surrogateFun(_x: Array): Array {
    throw new ArgumentError(`${this.constructor.name}.surrogateFun: only the gradient of this surrogate is defined; use surrogateGrad`);
  }

  toString(): string {
    return `${this.constructor.name}(${Object.entries(this).map(([k, v]) => `${k}=${String(v)}`).join(', ')})`;
  }
}

/** The function of a surrogate class: `f(x, options)`. */
export function asFunction<O extends object>(make: new (options?: O) => Surrogate): (x: ArrayLike, options?: O) => Array {
  const standard = new make();
  return (x, options) => (options === undefined ? standard : new make(options)).call(x);
}
