// The inputs and weights of the inference cases, the same numbers in every framework (bench/python/data.py makes them, too): a hash of seed and position,
// so that nothing is to be stored or carried from one process to another.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type ModelName = 'mlp' | 'cnn' | 'block';

/** Float32 numbers of a shape, in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface InferenceData {
  readonly input: Tensor;
  readonly weights: Readonly<Record<string, Tensor>>;
}

const SPECS = JSON.parse(readFileSync(join(__dirname, 'inference.json'), 'utf8')) as Record<ModelName, { input: number[]; weights: Record<string, number[]> }>;

export const HEADS = (SPECS.block as unknown as { heads: number }).heads;
export const BATCHES = [1, 32] as const;

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Numbers in [offset - scale, offset + scale). */
export function uniform(seed: number, shape: readonly number[], scale: number, offset = 0): Tensor {
  const data = new Float32Array(sizeOf(shape));
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < data.length; i++) {
    let x = (i + start) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    data[i] = ((x >>> 8) / 2 ** 23 - 1) * scale + offset;
  }
  return { shape, data };
}

/** A model's input and weights: kernels of variance 2 / fan-in, biases and scales near 0 and 1. */
export function inferenceData(model: ModelName, batch: number): InferenceData {
  const { input, weights } = SPECS[model];
  const of = (name: string, shape: number[], seed: number) =>
    shape.length > 1 ? uniform(seed, shape, Math.sqrt(6 / sizeOf(shape.slice(0, -1)))) : uniform(seed, shape, 0.1, name.startsWith('scale') ? 1 : 0);
  return {
    input: uniform(0, [batch, ...input], Math.sqrt(3)),
    weights: Object.fromEntries(Object.entries(weights).map(([name, shape], i) => [name, of(name, shape, i + 1)])),
  };
}

/** An entry for each model and batch size: `infer_mlp_1` and so on. */
export function inferenceCases<T>(make: (model: ModelName, batch: number) => T, models: readonly ModelName[] = ['mlp', 'cnn', 'block']): Record<string, T> {
  return Object.fromEntries(models.flatMap((model) => BATCHES.map((batch) => [`infer_${model}_${batch}`, make(model, batch)])));
}
