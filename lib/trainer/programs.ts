import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import * as np from '../numpy';
import type { OptaxOptimizer } from '../optim';
import { FlattedDict } from '../state/flattedDict';
import { ParamState } from '../state/kinds';
import type { State } from '../state/state';
import { grad, jit } from '../transform';
import { map as treeMap } from '../tree';
import type { CallbackList, Gradients } from './callbacks';
import type { LossScale } from './lossScale';
import { EvalOutput, type EvalResult, type Scalar, type StepResult, type TrainModule, TrainOutput } from './module';
import type { Precision } from './settings';

/** Scalars of a step, by name. */
export type StepNumbers = Record<string, Array>;
/** A compiled function. */
export type Compiled = (...args: unknown[]) => unknown;

/** The dtype that steps compute in; null for that of parameters and batches. */
function halfOf(precision: Precision): 'float16' | 'bfloat16' | null {
  return precision.startsWith('32') ? null : precision.startsWith('bf16') ? 'bfloat16' : 'float16';
}

const isFloat = (x: unknown): x is Array => x instanceof Array && np.issubdtype(x.dtype, np.floating);
const inHalf = (tree: unknown, dtype: 'float16' | 'bfloat16'): unknown => treeMap((x: unknown) => (isFloat(x) ? x.astype(dtype) : x), tree as never);

/** Runs a step with parameters and batch in half precision: parameters are lent, other states keep their dtypes. */
export function inPrecision<T>(module: TrainModule, precision: Precision, batch: unknown, step: (batch: unknown) => T): T {
  const dtype = halfOf(precision);
  if (dtype === null) return step(batch);
  const all = module.states().values() as State<unknown>[];
  const params = all.filter((s) => s instanceof ParamState);
  const others = all.filter((s) => !(s instanceof ParamState)).map((s) => ({ s, before: s.value }));
  const own = params.map((s) => s.value);
  try {
    for (const s of params) s.replaceQuietly(inHalf(s.value, dtype));
    return step(inHalf(batch, dtype));
  } finally {
    params.forEach((s, i) => s.replaceQuietly(own[i]));
    // Running statistics that were computed in half precision.
    for (const { s, before } of others) if (s.value !== before) s.value = treeMap((x: unknown, b: unknown) => (isFloat(x) && isFloat(b) && x.dtype !== b.dtype ? x.astype(b.dtype) : x), s.value as never, before as never);
  }
}

const asScalars = (metrics: Readonly<Record<string, Scalar>>): StepNumbers => Object.fromEntries(Object.entries(metrics).map(([k, v]) => [k, np.asarray(v)]));

/** What a step gave as metrics: an object of numbers. */
function metricsOf(what: string, out: unknown): Readonly<Record<string, Scalar>> {
  if (!isPlainObject(out)) throw new ArgumentError(`${what}: expected an object of metrics, got ${describeValue(out)}`);
  for (const [k, v] of Object.entries(out)) if (typeof v !== 'number' && !(v instanceof Array)) throw new ArgumentError(`${what}: expected the metric '${k}' to be a number or an array, got ${describeValue(v)}`);
  return out as Record<string, Scalar>;
}

/** The metrics of a step: returned ones and logged ones. */
export type NumbersOf = (returned: StepNumbers) => StepNumbers;

/** Programs of a training step: gradients (times the factor of the loss, if there is one), what changes parameters by them, and both in one. */
export function trainingPrograms(module: TrainModule, optimizer: OptaxOptimizer, params: FlattedDict<State<unknown>>, callbacks: CallbackList, precision: Precision, lossScale: LossScale | null, numbersOf: NumbersOf): { gradients: Compiled; apply: Compiled; fused: Compiled } {
  const what = `${module.constructor.name}.trainingStep`;
  const gradients = (batch: unknown, batchIdx: Array): [Gradients, StepNumbers] => {
    module.takeLogs();
    const loss = (): [Array, StepNumbers] => inPrecision(module, precision, batch, (b): [Array, StepNumbers] => {
      const out: StepResult = module.trainingStep(b, batchIdx);
      const { loss: value, metrics } = out instanceof TrainOutput ? out : out instanceof Array ? { loss: out, metrics: {} } : { loss: (out as { loss?: Array } | null | undefined)?.loss, metrics: out };
      if (!(value instanceof Array) || value.ndim !== 0) throw new ArgumentError(`${what}: expected the loss to be a scalar array, or an object with it as 'loss', got ${describeValue(value ?? out)}`);
      const whole = precision.startsWith('32') ? value : value.astype('float32');
      return [lossScale === null ? whole : lossScale.apply(whole), numbersOf(asScalars({ ...metricsOf(what, metrics), loss: whole }))];
    });
    const [grads, , numbers] = (grad as (f: () => unknown, o: object) => () => unknown)(loss, { gradStates: params, returnValue: true, hasAux: true })() as [FlattedDict<unknown>, Array, StepNumbers];
    return [Object.fromEntries(grads.entries().map(([path, g]) => [path.join('.'), g])), numbers];
  };
  const apply = (given: Gradients): StepNumbers => {
    const numbers: StepNumbers = {};
    const own = lossScale === null ? given : lossScale.unscale(given);
    let grads = own;
    for (const c of callbacks) {
      grads = c.transformGradients(grads, (name, value) => (numbers[name] = value));
      const missing = isPlainObject(grads) ? Object.keys(given).find((k) => grads[k] === undefined) : '';
      if (missing !== undefined) throw new ArgumentError(`${c.constructor.name}.transformGradients: expected an object of gradients by path, ${missing === '' ? `got ${describeValue(grads)}` : `'${missing}' is missing`}`);
    }
    const change = () => optimizer.update(new FlattedDict(params.keys().map((path) => [path, grads[path.join('.')]!])));
    if (lossScale === null) change();
    else lossScale.update(own, change);
    return numbers;
  };
  const fused = (batch: unknown, batchIdx: Array): StepNumbers => {
    const [grads, numbers] = gradients(batch, batchIdx);
    return { ...numbers, ...apply(grads) };
  };
  return { gradients: jit(gradients as never, { name: 'gradients' }) as never, apply: jit(apply as never, { name: 'applyGradients' }) as never, fused: jit(fused as never, { name: 'trainingStep' }) as never };
}

/** The program of a step of validation, test or prediction. */
export function evaluationProgram(module: TrainModule, stage: 'validate' | 'test' | 'predict', precision: Precision, numbersOf: NumbersOf): Compiled {
  const step = (batch: unknown, batchIdx: Array): unknown => {
    module.takeLogs();
    return inPrecision(module, precision, batch, (b) => {
      if (stage === 'predict') return module.predictStep(b, batchIdx);
      const out: EvalResult = stage === 'test' ? module.testStep(b, batchIdx) : module.validationStep!(b, batchIdx);
      const metrics: unknown = out instanceof EvalOutput ? out.metrics : (out ?? {});
      return numbersOf(asScalars(metricsOf(`${module.constructor.name}.${stage === 'test' ? 'testStep' : 'validationStep'}`, metrics)));
    });
  };
  return jit(step as never, { name: `${stage}Step` }) as never;
}
