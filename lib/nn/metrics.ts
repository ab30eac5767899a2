import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { Tracer } from '../core/trace';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { isPlainObject, registerPytreeNode } from '../core/tree';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import type { Loose } from '../functional/treeFunction';
import * as np from '../numpy';
import { LongTermState } from '../state/kinds';

/** A state that a metric gathers in. Mirrors `brainstate.nn.MetricState`. @example new nn.MetricState(np.zeros([])).value.shape; // [] */
export class MetricState<T = Array> extends LongTermState<T> {}

/** What a metric is updated with, by name. */
export type MetricInputs = Readonly<Record<string, unknown>>;

/**
 * Something that is gathered over batches: `update` it with each, `compute` its value, `reset` it. Its states change inside of transforms as all
 * states do; as it is no node, a module's `states()` does not find them. Mirrors `brainstate.nn.Metric`.
 *
 * @example
 * ```ts
 * const loss: nn.Metric = new nn.AverageMetric();
 * loss.update({ values: np.array([1, 3]) });
 * loss.compute(); // 2
 * ```
 */
export class Metric {
  /** Forgets all batches. @throws ArgumentError unless a metric defines it */
  reset(): void {
    this.undefinedMethod('reset');
  }

  /** Takes a batch in. @throws ArgumentError unless a metric defines it */
  update(_inputs: MetricInputs): void {
    this.undefinedMethod('update');
  }

  /** What the batches give. @throws ArgumentError unless a metric defines it */
  compute(): unknown {
    return this.undefinedMethod('compute');
  }

  private undefinedMethod(method: string): never {
    throw new ArgumentError(`${this.constructor.name}: the metric has no ${method} method; define ${method}(${method === 'update' ? 'inputs' : ''})`);
  }
}

const int = (...shape: number[]) => np.zeros(shape, { dtype: 'int32' });
const float = () => np.zeros([], { dtype: 'float32' });

/** An input by name. @throws ArgumentError if it is not there */
function input(metric: Metric, inputs: MetricInputs, name: string): Array {
  if (!isPlainObject(inputs)) throw new ArgumentError(`${metric.constructor.name}.update: expected inputs by name, { ${name}: … }, got ${describeValue(inputs)}`);
  const x = inputs[name];
  if (x === undefined) throw new ArgumentError(`${metric.constructor.name}.update: expected an input '${name}', got ${Object.keys(inputs).map((k) => `'${k}'`).join(', ') || 'none'}`);
  return np.asarray(x as ArrayLike);
}

/** The name of a metric's input, or an options object with it. */
export type ArgName = string | { argname?: string };

function argnameOf(op: string, x: ArgName): string {
  const name = typeof x === 'string' ? x : (checkOptions(op, ['argname'], x).argname ?? 'values');
  if (typeof name !== 'string') throw new ArgumentError(`${op}: expected argname to be a string, got ${describeValue(name)}`);
  return name;
}

/**
 * The mean of all values so far; NaN before the first.
 *
 * Mirrors `brainstate.nn.AverageMetric`.
 *
 * @example
 * ```ts
 * const loss = new nn.AverageMetric();
 * loss.update({ values: [1, 2] });
 * loss.update({ values: 3 });
 * loss.compute(); // 2
 * ```
 */
export class AverageMetric extends Metric {
  readonly argname: string;
  readonly total = new MetricState(float());
  readonly count = new MetricState(int());

  /** @param argname name of the input, 'values' by default, that is averaged */
  constructor(argname: ArgName = {}) {
    super();
    this.argname = argnameOf(new.target.name, argname);
  }

  /** Forgets all values. */
  override reset(): void {
    this.total.value = float();
    this.count.value = int();
  }

  /** Takes the values of a batch in. */
  override update(inputs: MetricInputs): void {
    this.add(input(this, inputs, this.argname));
  }

  protected add(values: Array): void {
    this.total.value = np.add(this.total.value, np.sum(values));
    this.count.value = np.add(this.count.value, values.size);
  }

  /** The mean of all values. */
  override compute(): Array {
    return np.divide(this.total.value, this.count.value);
  }
}

/**
 * The share of samples whose largest logit is that of their label. Mirrors `brainstate.nn.AccuracyMetric`.
 *
 * @example
 * ```ts
 * const accuracy = new nn.AccuracyMetric();
 * accuracy.update({ logits: np.array([[1, 2], [3, 1]]), labels: np.array([1, 1], { dtype: 'int32' }) });
 * accuracy.compute().js(); // 0.5
 * ```
 */
export class AccuracyMetric extends AverageMetric {
  /** @throws ShapeError, DtypeError unless logits are [..., classes] and labels integers [...] */
  override update(inputs: MetricInputs): void {
    const [logits, labels] = [input(this, inputs, 'logits'), input(this, inputs, 'labels')];
    if (logits.ndim !== labels.ndim + 1) throw new ShapeError(`AccuracyMetric.update: expected logits to have one dimension more than labels, got ${logits.aval} and ${labels.aval}`);
    if (!np.issubdtype(labels.dtype, 'integer')) throw new DtypeError(`AccuracyMetric.update: expected labels to be integers, got ${labels.aval}`);
    this.add(np.equal(np.argmax(logits, { axis: -1 }), labels.astype('int32')));
  }
}

/**
 * Mean, its standard error, and standard deviation: arrays of shape [].
 *
 * @example
 * ```ts
 * const metric = new nn.WelfordMetric();
 * metric.update({ values: np.array([1, 2, 3]) });
 * metric.compute().mean.js(); // 2
 * ```
 */
export class Statistics {
  readonly mean: Array;
  readonly standardErrorOfMean: Array;
  readonly standardDeviation: Array;

  constructor(mean: Array, standardErrorOfMean: Array, standardDeviation: Array) {
    this.mean = mean;
    this.standardErrorOfMean = standardErrorOfMean;
    this.standardDeviation = standardDeviation;
  }
}

registerPytreeNode(Statistics, {
  name: 'Statistics',
  flatten: (s) => ({ children: [s.mean, s.standardErrorOfMean, s.standardDeviation], keys: ['mean', 'standardErrorOfMean', 'standardDeviation'], aux: null }),
  unflatten: (_, [mean, error, deviation]) => new Statistics(mean as Array, error as Array, deviation as Array),
  equals: () => true,
});

/**
 * Mean and spread of all values so far, by Welford's method, which loses no digits over many batches. Mirrors `brainstate.nn.WelfordMetric`.
 *
 * @example
 * ```ts
 * const metric = new nn.WelfordMetric();
 * metric.update({ values: np.array([1, 2, 3]) });
 * metric.compute().standardDeviation.js(); // 0.8164…
 * ```
 */
export class WelfordMetric extends Metric {
  readonly argname: string;
  readonly count = new MetricState(int());
  readonly mean = new MetricState(float());
  readonly m2 = new MetricState(float());

  /** @param argname name of the input, 'values' by default, that is gathered */
  constructor(argname: ArgName = {}) {
    super();
    this.argname = argnameOf(new.target.name, argname);
  }

  /** Forgets all values. */
  override reset(): void {
    this.count.value = int();
    this.mean.value = float();
    this.m2.value = float();
  }

  /** Takes the values of a batch in. */
  override update(inputs: MetricInputs): void {
    const [count, mean, m2] = welford([input(this, inputs, this.argname), this.count.value, this.mean.value, this.m2.value], {});
    this.count.value = count!;
    this.mean.value = mean!;
    this.m2.value = m2!;
  }

  /** Mean, standard error and deviation of all values. */
  override compute(): Statistics {
    const deviation = np.sqrt(np.divide(this.m2.value, this.count.value));
    return new Statistics(this.mean.value, np.divide(deviation, np.sqrt(this.count.value)), deviation);
  }
}

const welford = composite('welford', ([values, before, mean, m2]) => {
  const n = values!.size;
  const count = np.add(before!, n);
  const delta = np.subtract(np.mean(values!), mean!);
  const between = np.divide(np.multiply(np.multiply(np.square(delta), n), before!), count);
  return [count, np.add(mean!, np.divide(np.multiply(delta, n), count)), np.add(m2!, np.add(np.multiply(np.var_(values!), n), between))];
});

/** How the classes' values are made one: of the counts together, the mean, or the mean weighted by the labels' numbers. */
export type ClassAverage = 'micro' | 'macro' | 'weighted';

/** True positives, false positives and false negatives, of one class (1 against 0) or of each. */
const countClasses = composite<{ numClasses: number | null }>('countClasses', ([predictions, labels], { numClasses }) => {
  const sum = (x: Array) => (numClasses === null ? np.sum(x) : np.sum(np.reshape(x, [-1, numClasses]), { axis: 0 })).astype('int32');
  if (numClasses === null) {
    const [p, l] = [np.equal(predictions!, 1), np.equal(labels!, 1)];
    return [sum(np.logicalAnd(p, l)), sum(np.logicalAnd(p, np.equal(labels!, 0))), sum(np.logicalAnd(np.equal(predictions!, 0), l))];
  }
  const classes = np.arange(numClasses, { dtype: 'int32' });
  const [p, l] = [np.equal(np.expandDims(predictions!, -1), classes), np.equal(np.expandDims(labels!, -1), classes)];
  return [sum(np.logicalAnd(p, l)), sum(np.logicalAnd(p, np.logicalNot(l))), sum(np.logicalAnd(np.logicalNot(p), l))];
});

/** a / b, and 0 where b is. */
const ratio = (a: Array, b: Array) => np.where(np.greater(b, 0), np.divide(a, b), np.zerosLike(b, { dtype: 'float32' }));
const harmonicMean = (p: Array, r: Array) => ratio(np.multiply(np.multiply(p, r), 2), np.add(p, r));

/** One value of the classes' `values`, each of which is `hits / outOf`. */
function average(how: ClassAverage, values: Array, support: Array, micro: () => Array): Array {
  if (how === 'micro') return micro();
  return how === 'macro' ? np.mean(values) : ratio(np.sum(np.multiply(values, support)), np.sum(support));
}

/** What precision, recall and F1 have in common: counts of right and wrong predictions, of one class or of several. */
abstract class CountingMetric extends Metric {
  readonly numClasses: number | null;
  readonly average: ClassAverage;

  constructor(options: { numClasses?: number | null; average?: ClassAverage } = {}) {
    const { numClasses = null, average: how = 'macro' } = checkOptions(new.target.name, ['numClasses', 'average'], options);
    super();
    if (!['micro', 'macro', 'weighted'].includes(how)) throw new ArgumentError(`${new.target.name}: expected average to be 'micro', 'macro' or 'weighted', got ${describeValue(how)}`);
    if (numClasses !== null) checkInteger(new.target.name, 'numClasses', numClasses, 1);
    this.numClasses = numClasses;
    this.average = how;
  }

  protected zeros(): Array {
    return this.numClasses === null ? int() : int(this.numClasses);
  }

  /** @param inputs `predictions` and `labels`: classes, of one shape */
  override update(inputs: MetricInputs): void {
    const [predictions, labels] = [input(this, inputs, 'predictions'), input(this, inputs, 'labels')];
    if (String(predictions.shape) !== String(labels.shape)) throw new ShapeError(`${this.constructor.name}.update: expected predictions and labels of one shape, got ${predictions.aval} and ${labels.aval}`);
    const [tp, fp, fn] = countClasses([predictions, labels], { numClasses: this.numClasses });
    this.add(tp!, fp!, fn!);
  }

  /** @internal */
  protected abstract add(truePositives: Array, falsePositives: Array, falseNegatives: Array): void;
}

/**
 * The share of what was predicted to be of a class that is. With `numClasses` null classes are 0 and 1, and 1 counts.
 *
 * Mirrors `brainstate.nn.PrecisionMetric`.
 *
 * @example
 * ```ts
 * const precision = new nn.PrecisionMetric();
 * precision.update({ predictions: np.array([0, 1, 1], { dtype: 'int32' }), labels: np.array([0, 1, 0], { dtype: 'int32' }) });
 * precision.compute().js(); // 0.5
 * ```
 */
export class PrecisionMetric extends CountingMetric {
  readonly truePositives = new MetricState(this.zeros());
  readonly falsePositives = new MetricState(this.zeros());
  readonly support = new MetricState(this.zeros());

  /** Sets all counts to 0. */
  override reset(): void {
    for (const s of [this.truePositives, this.falsePositives, this.support]) s.value = this.zeros();
  }

  /** @internal */
  override add(tp: Array, fp: Array, fn: Array): void {
    this.truePositives.value = np.add(this.truePositives.value, tp);
    this.falsePositives.value = np.add(this.falsePositives.value, fp);
    this.support.value = np.add(this.support.value, np.add(tp, fn));
  }

  /** The precision of all batches. */
  override compute(): Array {
    const [tp, fp] = [this.truePositives.value, this.falsePositives.value];
    const precision = ratio(tp, np.add(tp, fp));
    return this.numClasses === null ? precision : average(this.average, precision, this.support.value, () => ratio(np.sum(tp), np.sum(np.add(tp, fp))));
  }
}

/**
 * The share of a class that was predicted to be of it. With `numClasses` null classes are 0 and 1, and 1 counts. Mirrors `brainstate.nn.RecallMetric`.
 *
 * @example
 * ```ts
 * const recall = new nn.RecallMetric();
 * recall.update({ predictions: np.array([0, 1, 1], { dtype: 'int32' }), labels: np.array([0, 1, 0], { dtype: 'int32' }) });
 * recall.compute().js(); // 1
 * ```
 */
export class RecallMetric extends CountingMetric {
  readonly truePositives = new MetricState(this.zeros());
  readonly falseNegatives = new MetricState(this.zeros());

  /** Sets all counts to 0. */
  override reset(): void {
    for (const s of [this.truePositives, this.falseNegatives]) s.value = this.zeros();
  }

  /** @internal */
  override add(tp: Array, _fp: Array, fn: Array): void {
    this.truePositives.value = np.add(this.truePositives.value, tp);
    this.falseNegatives.value = np.add(this.falseNegatives.value, fn);
  }

  /** The recall of all batches. */
  override compute(): Array {
    const [tp, fn] = [this.truePositives.value, this.falseNegatives.value];
    const support = np.add(tp, fn);
    const recall = ratio(tp, support);
    return this.numClasses === null ? recall : average(this.average, recall, support, () => ratio(np.sum(tp), np.sum(support)));
  }
}

/**
 * The harmonic mean of precision and recall. Mirrors `brainstate.nn.F1ScoreMetric`.
 *
 * @example
 * ```ts
 * const f1 = new nn.F1ScoreMetric();
 * f1.update({ predictions: np.array([0, 1, 1], { dtype: 'int32' }), labels: np.array([0, 1, 0], { dtype: 'int32' }) });
 * f1.compute().js(); // 0.6666…
 * ```
 */
export class F1ScoreMetric extends CountingMetric {
  readonly precisionMetric = new PrecisionMetric({ numClasses: this.numClasses, average: this.average });
  readonly recallMetric = new RecallMetric({ numClasses: this.numClasses, average: this.average });

  /** Sets all counts to 0. */
  override reset(): void {
    this.precisionMetric.reset();
    this.recallMetric.reset();
  }

  /** @internal */
  override add(tp: Array, fp: Array, fn: Array): void {
    this.precisionMetric.add(tp, fp, fn);
    this.recallMetric.add(tp, fp, fn);
  }

  /** The score of all batches. */
  override compute(): Array {
    const ofAll = () => harmonicMean(this.precisionMetric.compute(), this.recallMetric.compute());
    if (this.numClasses === null) return ofAll();
    const [tp, fp, fn] = [this.precisionMetric.truePositives.value, this.precisionMetric.falsePositives.value, this.recallMetric.falseNegatives.value];
    return average(this.average, harmonicMean(ratio(tp, np.add(tp, fp)), ratio(tp, np.add(tp, fn))), this.precisionMetric.support.value, ofAll);
  }
}

/**
 * How often each class was predicted for each: `[label, prediction]`, of shape [classes, classes]. Mirrors `brainstate.nn.ConfusionMatrix`.
 *
 * @example
 * ```ts
 * const confusion = new nn.ConfusionMatrix(2);
 * confusion.update({ predictions: np.array([0, 1, 1], { dtype: 'int32' }), labels: np.array([0, 1, 0], { dtype: 'int32' }) });
 * confusion.compute().js(); // [[1, 1], [0, 1]]
 * ```
 */
export class ConfusionMatrix extends Metric {
  readonly numClasses: number;
  readonly matrix: MetricState;

  constructor(numClasses: number) {
    super();
    checkInteger('ConfusionMatrix', 'numClasses', numClasses, 1);
    this.numClasses = numClasses;
    this.matrix = new MetricState(int(numClasses, numClasses));
  }

  /** Sets all counts to 0. */
  override reset(): void {
    this.matrix.value = int(this.numClasses, this.numClasses);
  }

  /** @throws ArgumentError for a class that there is not, where values are known (not inside of a transform) */
  override update(inputs: MetricInputs): void {
    const parts = (['predictions', 'labels'] as const).map((name) => {
      const x = np.ravel(input(this, inputs, name).astype('int32'));
      if (!(x instanceof Tracer)) {
        const bad = (globalThis.Array.from(x.dataSync() as Int32Array)).find((c) => c < 0 || c >= this.numClasses);
        if (bad !== undefined) throw new ArgumentError(`ConfusionMatrix.update: expected ${name} in [0, ${this.numClasses}), got ${bad}`);
      }
      return x;
    });
    if (parts[0]!.size !== parts[1]!.size) throw new ShapeError(`ConfusionMatrix.update: expected as many predictions as labels, got ${parts[0]!.size} and ${parts[1]!.size}`);
    this.matrix.value = np.add(this.matrix.value, confusion(parts, { numClasses: this.numClasses })[0]!);
  }

  /** The counts [labels, predictions]. */
  override compute(): Array {
    return this.matrix.value;
  }
}

const confusion = composite<{ numClasses: number }>('confusion', ([predictions, labels], { numClasses: n }) => {
  const classes = np.arange(n, { dtype: 'int32' });
  const of = (x: Array, shape: number[]) => np.reshape(np.equal(np.expandDims(x, -1), classes), shape);
  return [np.sum(np.logicalAnd(of(labels!, [-1, n, 1]), of(predictions!, [-1, 1, n])), { axis: 0 }).astype('int32')];
});

/**
 * Several metrics as one: each is updated with all inputs, and takes those it knows.
 *
 * Mirrors `brainstate.nn.MultiMetric`.
 *
 * @example
 * ```ts
 * const metrics = new nn.MultiMetric({ accuracy: new nn.AccuracyMetric(), loss: new nn.AverageMetric('loss') });
 * const [logits, labels] = [np.array([[1, 2], [3, 1]]), np.array([1, 1], { dtype: 'int32' })];
 * metrics.update({ logits, labels, loss: np.array(0.5) });
 * metrics.compute().accuracy; // 0.5
 * ```
 */
export class MultiMetric<M extends Record<string, Metric> = Record<string, Metric>> extends Metric {
  readonly metrics: Readonly<M>;
  /** The metrics are properties, too. */
  readonly [metric: string]: Loose;

  /** @throws ArgumentError for what is no metric, and for a name that is a method's or property's of this class */
  constructor(metrics: M) {
    super();
    if (metrics === null || typeof metrics !== 'object') throw new ArgumentError(`MultiMetric: expected metrics by name, got ${describeValue(metrics)}`);
    for (const [name, m] of Object.entries(metrics)) if (!(m instanceof Metric)) throw new ArgumentError(`MultiMetric: expected '${name}' to be a Metric, got ${describeValue(m)}`);
    this.metrics = { ...metrics };
    for (const [name, m] of Object.entries(metrics)) {
      if (name in this || name === '_metricNames') throw new ArgumentError(`MultiMetric: the name '${name}' is reserved; choose another for the metric`);
      Object.defineProperty(this, name, { value: m, enumerable: false });
    }
  }

  /** Resets all metrics. */
  override reset(): void {
    for (const m of Object.values(this.metrics)) m.reset();
  }

  /** Updates all metrics, each with the inputs it knows. */
  override update(inputs: MetricInputs): void {
    for (const m of Object.values(this.metrics)) m.update(inputs);
  }

  /** The metrics' values by name. */
  override compute(): { [K in keyof M]: ReturnType<M[K]['compute']> } {
    return Object.fromEntries(Object.entries(this.metrics).map(([name, m]) => [name, m.compute()])) as { [K in keyof M]: ReturnType<M[K]['compute']> };
  }
}
