// onnxruntime-node's side of the benchmark, inference only; see ../protocol.ts.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inferenceCases } from '../inferenceData';
import { serve } from '../protocol';
import { onnxOf } from './onnxModels';

interface Value {
  readonly data: Float32Array;
}
interface Session {
  run(feeds: Record<string, Value>): Promise<Record<string, Value>>;
}
/** What is used of the package, which need not be installed. */
interface OnnxRuntime {
  readonly InferenceSession: { create(file: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Value;
}

const ort = require('onnxruntime-node') as OnnxRuntime;
const { version } = JSON.parse(readFileSync(join(__dirname, 'node_modules/onnxruntime-node/package.json'), 'utf8')) as { version: string };

const cases = inferenceCases((model, batch) => async () => {
  const { file, input } = onnxOf(model, batch);
  // By default it counts physical cores, of which virtual machines tell nothing true: all that there are, as the others have.
  const session = await ort.InferenceSession.create(file, { graphOptimizationLevel: 'all', intraOpNumThreads: availableParallelism() });
  const feeds = { x: new ort.Tensor('float32', input.data, input.shape) };
  return async () => (await session.run(feeds)).y!;
});

void serve('onnxruntime', { 'onnxruntime-node': version }, cases, (y) => (y as Value).data);
