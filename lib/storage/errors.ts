import { XlastateError } from '../core/errors';

/** A file cannot be written, read, or is not what it should be. @example new file.CheckpointError('damaged') instanceof XlastateError; // true */
export class CheckpointError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('CHECKPOINT', message, options);
  }
}

/**
 * A checkpoint is damaged or incomplete, or its path may not be written. Mirrors `braintools.file.InvalidCheckpointPath`.
 *
 * @example
 * ```ts
 * try {
 *   file.msgpackLoad('nothing.msgpack');
 * } catch (e) {
 *   if (e instanceof file.InvalidCheckpointPath) console.log(e.message);
 * }
 * ```
 */
export class InvalidCheckpointPath extends CheckpointError {}

/**
 * A file appeared while one that must not replace it was being written. Mirrors `braintools.file.AlreadyExistsError`.
 *
 * @example
 * ```ts
 * file.msgpackSave('a.msgpack', { a: 1 });
 * try {
 *   file.msgpackSave('a.msgpack', { a: 2 }, { overwrite: false });
 * } catch (e) {
 *   if (e instanceof file.AlreadyExistsError) console.log(e.message);
 * }
 * ```
 */
export class AlreadyExistsError extends CheckpointError {}

/**
 * What a file holds does not fit the target it is loaded into.
 *
 * @example
 * ```ts
 * try {
 *   file.msgpackFromStateDict({ a: 0 }, { b: 1 });
 * } catch (e) {
 *   if (e instanceof file.CheckpointMismatchError) console.log(e.message);
 * }
 * ```
 */
export class CheckpointMismatchError extends CheckpointError {}

/** What was thrown, as text. */
export function reason(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
