import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { type AnyFunction, nameOf } from '../functional/treeFunction';
import { whenOver } from '../pjrt/promises';
import { addSpan, recording } from '../pjrt/spans';

/** What an annotation tells besides its name. */
export type AnnotationStats = Readonly<Record<string, string | number | bigint | boolean>>;

function checkStats(op: string, stats: AnnotationStats | undefined): AnnotationStats {
  if (stats === undefined) return {};
  if (stats === null || typeof stats !== 'object' || Array.isArray(stats)) throw new ArgumentError(`${op}: expected an object of values, got ${describeValue(stats)}`);
  for (const [k, v] of Object.entries(stats)) {
    if (!['string', 'number', 'bigint', 'boolean'].includes(typeof v)) throw new ArgumentError(`${op}: expected ${k} to be text, a number or a boolean, got ${describeValue(v)}`);
  }
  return stats;
}

/**
 * A span of a profile, with a name: from its making until it is disposed of. Costs next to nothing while no profile is taken. Spans that hold an
 * `await` may overlap others. Mirrors `jax.profiler.TraceAnnotation`.
 *
 * @param name what viewers show
 * @param stats values that viewers show with it
 * @example
 * ```ts
 * {
 *   using _ = new profiler.TraceAnnotation('load', { file: 3 });
 *   np.ones([8]).blockUntilReady();
 * }
 * new profiler.TraceAnnotation('step').run(() => np.ones([8]).sum().item()); // 8
 * ```
 */
export class TraceAnnotation implements Disposable {
  private readonly name: string;
  private stats: AnnotationStats;
  /** Negative once it is over, or where no profile was taken. */
  private start: number;

  constructor(name: string, stats?: AnnotationStats) {
    const op = new.target.name;
    if (typeof name !== 'string') throw new ArgumentError(`${op}: expected a name, got ${describeValue(name)}`);
    this.stats = checkStats(op, stats);
    this.name = name;
    this.start = recording.on ? performance.now() : -1;
  }

  /** Whether a profile is being taken. */
  static isEnabled(): boolean {
    return recording.on;
  }

  /** Adds values. */
  setMetadata(stats: AnnotationStats): void {
    this.stats = { ...this.stats, ...checkStats('setMetadata', stats) };
  }

  /** Runs a function within the span, which ends when it does; where it returns a promise, when that settles. */
  run<R>(f: () => R): R {
    if (typeof f !== 'function') throw new ArgumentError(`TraceAnnotation.run: expected a function, got ${describeValue(f)}`);
    return whenOver(f, () => this[Symbol.dispose]());
  }

  /** Ends the span. */
  [Symbol.dispose](): void {
    if (this.start < 0) return;
    addSpan(this.name, this.start, this.stats);
    this.start = -1;
  }
}

/**
 * A span that is one step of a program, of a training say: TensorBoard tells of times by step. Mirrors `jax.profiler.StepTraceAnnotation`.
 *
 * @param stats `stepNum` is the number of the step
 * @example
 * ```ts
 * for (let i = 0; i < 3; i++) new profiler.StepTraceAnnotation('train', { stepNum: i }).run(() => np.ones([8]).sum().item());
 * ```
 */
export class StepTraceAnnotation extends TraceAnnotation {
  constructor(name: string, stats?: AnnotationStats & { readonly stepNum?: number }) {
    const { stepNum, ...rest } = checkStats('StepTraceAnnotation', stats);
    // The names that TensorBoard knows: `_r` marks the root of a step.
    super(name, { _r: 1, ...(stepNum !== undefined && { step_num: stepNum }), ...rest });
  }
}

/**
 * A function whose calls are spans of a profile. Mirrors `jax.profiler.annotate_function`.
 *
 * @param options `name`: default that of the function; others are values that viewers show
 * @throws ArgumentError unless it is given a function, and a text as the name
 * @example
 * ```ts
 * const load = profiler.annotateFunction(() => np.ones([8]), { name: 'load' });
 * load();
 * ```
 */
export function annotateFunction<F extends AnyFunction>(f: F, options: { name?: string | null } & AnnotationStats = {} as AnnotationStats): F {
  if (typeof f !== 'function') throw new ArgumentError(`annotateFunction: expected a function, got ${describeValue(f)}`);
  const { name, ...rest } = (options ?? {}) as { name?: unknown } & AnnotationStats;
  const stats = checkStats('annotateFunction', rest);
  const shown = name ?? nameOf(f);
  if (typeof shown !== 'string') throw new ArgumentError(`annotateFunction: expected name to be text, got ${describeValue(shown)}`);
  const call = (...args: unknown[]): unknown => (recording.on ? new TraceAnnotation(shown, stats).run(() => f(...args)) : f(...args));
  Object.defineProperty(call, 'name', { value: f.name });
  return call as F;
}
