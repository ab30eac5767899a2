import { ConcreteArray } from '../core/array';
import { ShapedArray } from '../core/aval';
import { absent, definePrimitive, type SinglePrimitive } from '../core/primitive';

/**
 * An array with values inside of a jaxpr that must not have constants: one that a custom derivative rule captured, say, in the derivative of a
 * loop's body.
 */
export const constantP: SinglePrimitive<{ value: ConcreteArray }> = definePrimitive<{ value: ConcreteArray }>({
  name: 'constant',
  abstract: (_, { value }) => value.aval,
  lower: (ctx, _, { value }, out) => {
    const view = value.dataSync();
    return ctx.dense(globalThis.Array.from({ length: value.size }, (_unused, i) => view.at(i) as number), out);
  },
  impl: (_, { value }) => [value],
  jvp: absent('it has no operands'),
  transpose: absent('it has no operands'),
  batch: absent('it has no operands'),
  sample: () => [{ inputs: [], params: { value: ConcreteArray.fromHost(Float32Array.from([1, 2, 3]), new ShapedArray([3], 'float32')) } }],
});
