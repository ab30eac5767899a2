// The inference cases' nets as ONNX models, in the forms that onnxruntime has kernels for.
import { HEADS, inferenceData, type ModelName, type Tensor } from '../inferenceData';
import { type OnnxGraph, type OnnxNode, onnxModel } from './onnxFile';

/** An array with its dimensions in another order. */
export function permuted({ shape, data }: Tensor, order: readonly number[]): Tensor {
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
  const out = order.map((d) => shape[d]!);
  const from = order.map((d) => strides[d]!);
  const at = out.map(() => 0);
  const result = new Float32Array(data.length);
  for (let i = 0, source = 0; i < result.length; i++) {
    result[i] = data[source]!;
    for (let d = out.length - 1; d >= 0; d--) {
      source += from[d]!;
      if (++at[d]! < out[d]!) break;
      source -= from[d]! * out[d]!;
      at[d] = 0;
    }
  }
  return { shape: out, data: result };
}

/** A model's file, and its input in the model's layout. */
export function onnxOf(model: ModelName, batch: number): { file: Buffer; input: Tensor; outputShape: number[] } {
  const { input, weights } = inferenceData(model, batch);
  const nodes: OnnxNode[] = [];
  const constants: Record<string, Tensor | readonly number[]> = { ...weights };
  const add = (op: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}, domain = ''): string => {
    const output = `${op}_${nodes.length}`;
    nodes.push({ op, inputs, output, attributes, domain });
    return output;
  };
  const finish = (x: Tensor, last: string, shape: number[]) => {
    nodes[nodes.length - 1] = { ...nodes.at(-1)!, output: 'y' };
    if (nodes.at(-2)?.output === last) throw new Error('the last node is not the result');
    const graph: OnnxGraph = { nodes, constants, input: { name: 'x', shape: x.shape }, output: { name: 'y', shape } };
    return { file: onnxModel(graph), input: x, outputShape: shape };
  };
  const dense = (x: string, i: number | string) => add('Gemm', [x, `kernel${i}`, `bias${i}`]);

  if (model === 'mlp') {
    const y = dense(add('Relu', [dense(add('Relu', [dense('x', 0)]), 1)]), 2);
    return finish(input, y, [batch, weights.bias2!.shape[0]!]);
  }
  if (model === 'cnn') {
    let x = 'x';
    for (const i of [0, 1]) {
      constants[`kernel${i}`] = permuted(weights[`kernel${i}`]!, [3, 2, 0, 1]);
      x = add('Relu', [add('Conv', [x, `kernel${i}`, `bias${i}`], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })]);
      x = add('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
    }
    // Features come first here, and so the dense layer's rows are in another order.
    const { shape, data } = weights.kernel2!;
    const [space, features] = [Math.sqrt(shape[0]! / weights.bias1!.shape[0]!), weights.bias1!.shape[0]!];
    constants.kernel2 = { shape, data: permuted({ shape: [space, space, features, shape[1]!], data }, [2, 0, 1, 3]).data };
    const y = dense(add('Relu', [dense(add('Flatten', [x]), 2)]), 3);
    return finish(permuted(input, [0, 3, 1, 2]), y, [batch, weights.bias3!.shape[0]!]);
  }
  const product = (x: string, name: string) => add('Add', [add('MatMul', [x, `kernel_${name}`]), `bias_${name}`]);
  const norm = (x: string, name: string) => add('LayerNormalization', [x, `scale_${name}`, `bias_${name}`], { axis: -1, epsilon: { float: 1e-6 } });
  const n = norm('x', 'norm1');
  const seen = add('MultiHeadAttention', [product(n, 'query'), product(n, 'key'), product(n, 'value')], { num_heads: HEADS }, 'com.microsoft');
  const h = add('Add', ['x', product(seen, 'out')]);
  const up = add('Gelu', [product(norm(h, 'norm2'), 'up')], { approximate: 'tanh' });
  return finish(input, add('Add', [h, product(up, 'down')]), [...input.shape]);
}
