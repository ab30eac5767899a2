import { XlastateError } from '../core/errors';

/** Base of the errors about states. Mirrors `brainstate.BrainStateError`. */
export class BrainStateError extends XlastateError {
  constructor(message: string, options?: ErrorOptions, code = 'STATE') {
    super(code, message, options);
  }
}

/** A state is used across the border of a trace: its value was traced by a transformation that is over. Mirrors `brainstate.TraceContextError`. */
export class TraceContextError extends BrainStateError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options, 'TRACE_CONTEXT');
  }
}

/** A state and a mapped axis do not go together. Mirrors `brainstate.BatchAxisError`. */
export class BatchAxisError extends BrainStateError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options, 'BATCH_AXIS');
  }
}
