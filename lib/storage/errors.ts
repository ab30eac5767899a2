import { XlastateError } from '../core/errors';

/** A file cannot be written, read, or is not what it should be. */
export class CheckpointError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('CHECKPOINT', message, options);
  }
}

/** A checkpoint is damaged or incomplete, or its path may not be written. Mirrors `braintools.file.InvalidCheckpointPath`. */
export class InvalidCheckpointPath extends CheckpointError {}

/** A file appeared while one that must not replace it was being written. Mirrors `braintools.file.AlreadyExistsError`. */
export class AlreadyExistsError extends CheckpointError {}

/** What a file holds does not fit the target it is loaded into. */
export class CheckpointMismatchError extends CheckpointError {}

/** What was thrown, as text. */
export function reason(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
