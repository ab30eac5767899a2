import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { LRScheduler, OptaxOptimizer } from '../optim';
import type { OptimizerConfig } from './module';

const CONFIG = 'configureOptimizers: expected an optimizer, [optimizer, lrScheduler], or { optimizer, lrScheduler?, monitor? }';

/** One of a list of one, or what is no list. */
function single(what: string, x: unknown): unknown {
  if (!globalThis.Array.isArray(x)) return x;
  if (x.length > 1) throw new ArgumentError(`configureOptimizers: one ${what} is used, got ${x.length}`);
  return x[0];
}

/** What a module's `configureOptimizers` gave. @throws ArgumentError for anything but one optimiser and its schedule */
export function settle(config: OptimizerConfig): { optimizer: OptaxOptimizer; scheduler: LRScheduler | null; monitor: string } {
  const parts: { optimizer?: unknown; lrScheduler?: unknown; monitor?: unknown } = config instanceof OptaxOptimizer ? { optimizer: config }
    : globalThis.Array.isArray(config) && config.length <= 2 ? { optimizer: config[0], lrScheduler: config[1] }
    : isPlainObject(config) ? config : {};
  const [optimizer, scheduler] = [single('optimizer', parts.optimizer), single('schedule', parts.lrScheduler) ?? null];
  const { monitor = 'val_loss' } = parts;
  if (!(optimizer instanceof OptaxOptimizer)) throw new ArgumentError(`${CONFIG}, got ${describeValue(config)}`);
  if (scheduler !== null && !(scheduler instanceof LRScheduler)) throw new ArgumentError(`${CONFIG}, got ${describeValue(scheduler)} as the schedule`);
  if (typeof monitor !== 'string') throw new ArgumentError(`${CONFIG}, got ${describeValue(monitor)} as the metric`);
  if (scheduler !== null && optimizer.lr !== scheduler) throw new ArgumentError('configureOptimizers: expected the schedule to be the optimizer\'s rate too: new optim.Adam({ lr: schedule })');
  return { optimizer, scheduler, monitor };
}
