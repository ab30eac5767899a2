import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { ReduceLROnPlateau } from './plateau';
import { LRScheduler, savedEntry, savedList, scalarOf } from './scheduler';

function checkSchedulers(what: string, schedulers: readonly LRScheduler[]): readonly LRScheduler[] {
  if (!globalThis.Array.isArray(schedulers) || schedulers.length === 0) throw new ArgumentError(`${what}: expected a list of schedules, got ${describeValue(schedulers)}`);
  for (const s of schedulers) {
    if (!(s instanceof LRScheduler)) throw new ArgumentError(`${what}: expected a list of schedules, got ${describeValue(s)} in it`);
    if (s instanceof ReduceLROnPlateau) throw new ArgumentError(`${what}: ReduceLROnPlateau depends on a metric, not on the epoch, and cannot be part of another schedule`);
  }
  return [...schedulers];
}

/** Schedules made of others, whose states are saved inside of theirs. */
abstract class ComposedSchedule extends LRScheduler {
  readonly schedulers: readonly LRScheduler[];

  constructor(schedulers: readonly LRScheduler[], lastEpoch: number) {
    super({ baseLr: schedulers[0]!.baseLrs, lastEpoch });
    this.schedulers = schedulers;
  }

  override stateDict(): Record<string, unknown> {
    return { last_epoch: this.lastEpoch.value, schedulers: this.schedulers.map((s) => s.stateDict()) };
  }

  override loadStateDict(state: Record<string, unknown>): void {
    const [epoch, saved] = ['last_epoch', 'schedulers'].map((k) => savedEntry(this, state, k));
    const parts = savedList(saved);
    if (parts.length !== this.schedulers.length) throw new ArgumentError(`${this.constructor.name}.loadStateDict: expected ${this.schedulers.length} schedulers, got ${parts.length}`);
    this.schedulers.forEach((s, i) => s.loadStateDict(parts[i] as Record<string, unknown>));
    this.lastEpoch.value = scalarOf(epoch, 'int32');
    this.setRates(this.getLr());
  }
}

/** The rates of a part, for as many groups as there are. */
function ratesFor(part: LRScheduler, groups: number): { rates: Array[]; base: number[] } {
  const rates = part.getLr();
  const last = rates.length - 1;
  const places = globalThis.Array.from({ length: groups }, (_, i) => Math.min(i, last));
  return { rates: places.map((i) => rates[i]!), base: places.map((i) => part.baseLrs[i]!) };
}

/**
 * Several schedules at once: the first one's base rate times what each makes of its own. A step is a step of all. Mirrors `braintools.optim.ChainedScheduler`.
 *
 * @example
 * ```ts
 * const lr = new optim.ChainedScheduler([new optim.WarmupScheduler({ baseLr: 0.1 }), new optim.ExponentialLR({ baseLr: 0.1, gamma: 0.9 })]);
 * ```
 */
export class ChainedScheduler extends ComposedSchedule {
  constructor(schedulers: readonly LRScheduler[]) {
    super(checkSchedulers('ChainedScheduler', schedulers), 0);
    this.begin();
  }

  /** @internal */
  override get toldAtOnce(): boolean {
    return true;
  }

  /** The rates of the groups. */
  getLr(): Array[] {
    const parts = this.schedulers.map((s) => ratesFor(s, this.baseLrs.length));
    return this.baseLrs.map((lr, i) => {
      const factor = parts.map(({ rates, base }) => (base[i] === 0 ? scalarOf(0, 'float32') : np.divide(rates[i]!, base[i]!)));
      return factor.reduce((a, b) => np.multiply(a, b), scalarOf(lr, 'float32'));
    });
  }

  protected override advance(epoch?: number | Array): void {
    super.advance(epoch);
    for (const s of this.schedulers) s.step(epoch);
  }
}

/**
 * One schedule after another: the next begins, at its epoch 0, at each milestone. Mirrors `braintools.optim.SequentialLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.SequentialLR([new optim.WarmupScheduler({ baseLr: 0.1, warmupEpochs: 5 }), new optim.ExponentialLR({ baseLr: 0.1 })], [5]);
 * ```
 */
export class SequentialLR extends ComposedSchedule {
  readonly milestones: readonly number[];

  /**
   * @param milestones epochs in ascending order, one fewer than schedules
   * @throws ArgumentError for another number of milestones, or in another order
   */
  constructor(schedulers: readonly LRScheduler[], milestones: readonly number[], given: { lastEpoch?: number } = {}) {
    const { lastEpoch = 0 } = checkOptions(new.target.name, ['lastEpoch'], given);
    super(checkSchedulers('SequentialLR', schedulers), lastEpoch);
    if (!globalThis.Array.isArray(milestones) || milestones.length !== schedulers.length - 1) {
      throw new ArgumentError(`SequentialLR: expected ${schedulers.length - 1} milestones, one fewer than schedules, got ${describeValue(milestones)}`);
    }
    if (milestones.some((m, i) => !Number.isInteger(m) || m <= (milestones[i - 1] ?? 0))) throw new ArgumentError(`SequentialLR: expected milestones in ascending order, got [${milestones.join(', ')}]`);
    this.milestones = [...milestones];
    if (lastEpoch !== 0) this.placeParts();
    this.begin();
  }

  /** Which schedule is on: an int32 scalar. */
  get currentSchedulerIdx(): Array {
    return this.milestones.reduce((n, m) => np.add(n, np.greaterEqual(this.lastEpoch.value, m).astype('int32')), scalarOf(0, 'int32'));
  }

  /** The rates of the groups. */
  getLr(): Array[] {
    const [first, ...later] = this.schedulers.map((s) => ratesFor(s, this.baseLrs.length).rates);
    return later.reduce((before, rates, k) => {
      const begun = np.greaterEqual(this.lastEpoch.value, this.milestones[k]!);
      return rates.map((lr, i) => np.where(begun, lr, before[i]!));
    }, first!);
  }

  /** Each part at its own epoch; before its time it stands at its first, afterwards at its last. */
  private placeParts(): void {
    const starts = [0, ...this.milestones];
    this.schedulers.forEach((s, k) => {
      const own = np.maximum(np.subtract(this.lastEpoch.value, starts[k]!), 0);
      s.step(k < this.milestones.length ? np.minimum(own, starts[k + 1]! - 1 - starts[k]!) : own);
    });
  }

  protected override advance(epoch?: number | Array): void {
    super.advance(epoch);
    this.placeParts();
  }

  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), milestones: [...this.milestones], current_scheduler_idx: this.currentSchedulerIdx };
  }
}
