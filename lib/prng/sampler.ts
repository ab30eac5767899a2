import type { Array } from '../core/array';
import { composite } from '../interpreters/jit';

/** Defines a function of a key and parameters that runs as one compiled program when it is called eagerly. */
export function sampler<S extends object>(name: string, draw: (key: Array, params: Array[], statics: S) => Array): (key: Array, params: readonly Array[], statics: S) => Array {
  const run = composite<S>(name, ([key, ...params], statics) => [draw(key!, params, statics)]);
  return (key, params, statics) => run([key, ...params], statics)[0]!;
}
