import type { Array } from '../core/array';
import { definePrimitive, type SinglePrimitive } from '../core/primitive';

/** Its operand under a name, by which the policies of `checkpoint` know it. Mirrors JAX's primitive `name`. */
export const nameP: SinglePrimitive<{ name: string }> = definePrimitive<{ name: string }>({
  name: 'name',
  abstract: ([x]) => x!,
  lower: (_, [x]) => x!,
  // The name is the value's, not its tangent's.
  jvp: ([x], [t], params) => [nameP.bind(params, x!), t ?? null],
  transpose: (ct) => [ct],
  batch: (_, [x], [d], params) => [nameP.bind(params, x!), d!],
  impl: (args) => [args[0]!],
  sample: () => [{ inputs: [{ shape: [2, 3], dtype: 'float32' }], params: { name: 'hidden' } }],
});

/** x under a name. */
export function nameArray(x: Array, name: string): Array {
  return nameP.bind({ name }, x);
}
