import { XlastateError } from '../core/errors';

/**
 * A profile could not be started, stopped, written or read.
 *
 * @example
 * ```ts
 * try {
 *   profiler.stopTrace();
 * } catch (e) {
 *   if (e instanceof ProfilerError) console.log(e.message);
 * }
 * ```
 */
export class ProfilerError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('PROFILER', message, options);
  }
}
