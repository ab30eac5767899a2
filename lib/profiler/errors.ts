import { XlastateError } from '../core/errors';

/** A profile could not be started, stopped, written or read. */
export class ProfilerError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('PROFILER', message, options);
  }
}
