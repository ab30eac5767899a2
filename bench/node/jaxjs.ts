// jax-js's side of the benchmark, on its WebAssembly backend; see ../protocol.ts. Its arrays are used up by what they are given to: `.ref` keeps one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEARNING_RATE } from '../cases/sizes';
import type { Tensor } from '../inferenceData';
import { inferenceCases, inferenceData } from '../inferenceData';
import { type Case, serve } from '../protocol';
import { cnnData, type Layer, mlpData, type TrainingData } from './trainingData';
import { permuted } from './onnxModels';

interface Value {
  readonly ref: Value;
  readonly shape: number[];
  add(y: Value | number): Value;
  mul(y: Value | number): Value;
  sub(y: Value | number): Value;
  reshape(shape: readonly number[]): Value;
  data(): Promise<Float32Array>;
  dispose(): void;
}
type Values = Value[];
/** What is used of the package, which need not be installed. */
interface JaxJs {
  init(device: string): Promise<unknown>;
  defaultDevice(device: string): unknown;
  jit<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R;
  valueAndGrad(f: (params: Values, x: Value, labels: Value) => Value): (params: Values, x: Value, labels: Value) => [Value, Values];
  blockUntilReady<T>(x: T): Promise<T>;
  readonly numpy: {
    array(data: Float32Array | Int32Array, options?: { dtype?: string }): Value;
    matmul(x: Value, y: Value): Value;
    maximum(x: Value, y: Value | number): Value;
    max(x: Value): Value;
    sum(x: Value): Value;
    zeros(shape: readonly number[]): Value;
  };
  readonly nn: { relu(x: Value): Value; logSoftmax(x: Value): Value; oneHot(x: Value, n: number): Value };
  readonly lax: {
    conv(x: Value, kernel: Value, strides: readonly number[], padding: string): Value;
    reduceWindow(x: Value, f: (x: Value) => Value, window: readonly number[], strides: readonly number[]): Value;
  };
}

async function main(): Promise<void> {
  // It asks the browser's object for a GPU; Node 20 has none.
  (globalThis as { navigator?: unknown }).navigator ??= {};
  const name: string = '@jax-js/jax';
  const jax = (await import(name)) as JaxJs;
  const { numpy: np, nn, lax } = jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');

  const onDevice = ({ data, shape }: Tensor): Value => np.array(data).reshape(shape);
  /** Kernels have features first here. */
  const asKernel = ([w, b]: Layer): Values => [onDevice(permuted(w, [3, 2, 0, 1])), onDevice(b).reshape([1, b.shape[0]!, 1, 1])];
  const asDense = ([w, b]: Layer): Values => [onDevice(w), onDevice(b)];
  const asInput = (x: Tensor) => onDevice(x.shape.length === 4 ? permuted(x, [0, 3, 1, 2]) : x);

  /** Convolutions with ReLU and pooling, then dense layers with ReLU between, of a list of weights and biases in turn. */
  const forward = (params: Values, x: Value, convolutions: number): Value => {
    for (let i = 0; i < params.length; i += 2) {
      const [weight, bias] = [params[i]!, params[i + 1]!];
      if (i < 2 * convolutions) {
        x = nn.relu(lax.conv(x, weight, [1, 1], 'SAME').add(bias));
        x = lax.reduceWindow(x, np.max, [2, 2], [2, 2]);
        if (i + 2 === 2 * convolutions) x = x.reshape([x.shape[0]!, -1]);
      } else {
        x = np.matmul(x, weight).add(bias);
        if (i + 2 < params.length) x = nn.relu(x);
      }
    }
    return x;
  };

  const training = (make: () => TrainingData): Case => () => {
    const { x, labels, classes, kernels, dense } = make();
    let params = [...kernels.flatMap(asKernel), ...dense.flatMap(asDense)];
    const input = asInput(x);
    const wanted = nn.oneHot(np.array(labels, { dtype: 'int32' }), classes);
    const loss = (p: Values, v: Value, y: Value) => np.sum(nn.logSoftmax(forward(p, v, kernels.length)).mul(y)).mul(-1 / labels.length);
    const step = jax.jit((p: Values, v: Value, y: Value): [Value, Values] => {
      const [value, grads] = jax.valueAndGrad(loss)(p.map((w) => w.ref), v, y);
      return [value, p.map((w, i) => w.sub(grads[i]!.mul(LEARNING_RATE)))];
    });
    return async () => {
      const [value, next] = step(params, input.ref, wanted.ref);
      params = next;
      await jax.blockUntilReady(params);
      value.dispose();
    };
  };

  const inference = (model: 'mlp' | 'cnn', batch: number): Case => () => {
    const { input, weights } = inferenceData(model, batch);
    const layers = Object.keys(weights).filter((key) => key.startsWith('kernel')).map((key): Layer => [weights[key]!, weights[key.replace('kernel', 'bias')]!]);
    const kernels = layers.filter(([w]) => w.shape.length === 4);
    const dense = layers.slice(kernels.length).map(([w, b], i): Layer => {
      if (i > 0 || kernels.length === 0) return [w, b];
      // Features come before space here, and so the first dense layer's rows are in another order.
      const [features, n] = [kernels.at(-1)![1].shape[0]!, w.shape[1]!];
      const side = Math.sqrt(w.shape[0]! / features);
      return [{ shape: w.shape, data: permuted({ shape: [side, side, features, n], data: w.data }, [2, 0, 1, 3]).data }, b];
    });
    const params = [...kernels.flatMap(asKernel), ...dense.flatMap(asDense)];
    const x = asInput(input);
    const f = jax.jit((p: Values, v: Value) => forward(p, v, kernels.length));
    return async () => f(params.map((w) => w.ref), x.ref).data();
  };

  const { version } = JSON.parse(readFileSync(join(__dirname, 'node_modules/@jax-js/jax/package.json'), 'utf8')) as { version: string };
  await serve('jax-js', { 'jax-js': version }, {
    mlp_step: training(() => mlpData('mlp_step')), small_mlp_step: training(() => mlpData('small_mlp_step')), cnn_step: training(cnnData),
    ...inferenceCases((model, batch) => inference(model as 'mlp' | 'cnn', batch), ['mlp', 'cnn']),
  });
}

void main();
