// TensorFlow.js's side of the benchmark, on its WebAssembly backend; see ../protocol.ts.
import { join } from 'node:path';
import { LEARNING_RATE } from '../cases/sizes';
import { inferenceCases, inferenceData, type Tensor } from '../inferenceData';
import { type Case, serve } from '../protocol';
import { type Layer, mlpData, type TrainingData } from './trainingData';

interface Value {
  readonly shape: number[];
  dataSync(): Float32Array;
  dispose(): void;
}
interface Variable extends Value {
  assign(value: Value): void;
}
/** What is used of the package, which need not be installed. */
interface TensorFlow {
  tensor(data: Float32Array | Int32Array, shape: readonly number[], dtype?: string): Value;
  variable(value: Value): Variable;
  matMul(a: Value, b: Value): Value;
  add(a: Value, b: Value): Value;
  relu(x: Value): Value;
  conv2d(x: Value, kernel: Value, strides: number, padding: string): Value;
  maxPool(x: Value, size: number, strides: number, padding: string): Value;
  reshape(x: Value, shape: readonly number[]): Value;
  oneHot(x: Value, n: number): Value;
  tidy<T>(f: () => T): T;
  readonly losses: { softmaxCrossEntropy(labels: Value, logits: Value): Value };
  readonly train: { sgd(rate: number): { minimize(f: () => Value, returnCost: boolean): Value } };
  setBackend(name: string): Promise<boolean>;
  readonly version: { tfjs: string };
}

const tf = require('@tensorflow/tfjs') as TensorFlow;
const wasm = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void };

const onDevice = ({ data, shape }: Tensor) => tf.tensor(data, shape);

/** Convolutions with ReLU and pooling, then dense layers with ReLU between. */
function forward(x: Value, kernels: readonly (readonly [Value, Value])[], dense: readonly (readonly [Value, Value])[]): Value {
  for (const [kernel, bias] of kernels) x = tf.maxPool(tf.relu(tf.add(tf.conv2d(x, kernel, 1, 'same'), bias)), 2, 2, 'valid');
  if (kernels.length > 0) x = tf.reshape(x, [x.shape[0]!, -1]);
  dense.forEach(([weight, bias], i) => {
    x = tf.add(tf.matMul(x, weight), bias);
    if (i < dense.length - 1) x = tf.relu(x);
  });
  return x;
}

const training = (make: () => TrainingData): Case => () => {
  const { x, labels, classes, kernels, dense } = make();
  const variables = (layers: readonly Layer[]) => layers.map(([w, b]) => [tf.variable(onDevice(w)), tf.variable(onDevice(b))] as const);
  const [input, convolutions, layers] = [onDevice(x), variables(kernels), variables(dense)];
  const wanted = tf.oneHot(tf.tensor(labels, [labels.length], 'int32'), classes);
  const optimizer = tf.train.sgd(LEARNING_RATE);
  return () => {
    const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(wanted, forward(input, convolutions, layers)), true);
    const value = loss.dataSync()[0];
    loss.dispose();
    return value;
  };
};

const inference = (model: 'mlp' | 'cnn', batch: number): Case => () => {
  const { input, weights } = inferenceData(model, batch);
  const x = onDevice(input);
  const layers = Object.keys(weights).filter((name) => name.startsWith('kernel')).map((name) => [onDevice(weights[name]!), onDevice(weights[name.replace('kernel', 'bias')]!)] as const);
  const convolutions = layers.filter(([w]) => w.shape.length === 4);
  const dense = layers.filter(([w]) => w.shape.length === 2);
  return () => {
    const y = tf.tidy(() => forward(x, convolutions, dense));
    const values = y.dataSync();
    y.dispose();
    return values;
  };
};

async function main(): Promise<void> {
  wasm.setWasmPaths(`${join(__dirname, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend does not start');
  await serve('tensorflow.js', { tfjs: tf.version.tfjs }, {
    mlp_step: training(() => mlpData('mlp_step')), small_mlp_step: training(() => mlpData('small_mlp_step')),
    ...inferenceCases((model, batch) => inference(model as 'mlp' | 'cnn', batch), ['mlp', 'cnn']),
  });
}

void main();
