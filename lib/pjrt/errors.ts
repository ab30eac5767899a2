import { addUserSite } from './userSite';

/**
 * Base of every error the library throws itself. `code` is stable across releases; the message is not. It ends with the place in the
 * user's code of the call that failed, where there is one: the line that was being traced, even inside `jit`, `grad` and `vmap`.
 */
export class XlastateError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    // What is wrong with the machine is not about a line of code.
    if (code !== 'PLUGIN') addUserSite(this);
  }
}

/** An argument has the wrong type or an impossible value. */
export class ArgumentError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('ARGUMENT', message, options);
  }
}

/** Shapes do not fit the operation. */
export class ShapeError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('SHAPE', message, options);
  }
}

/** An element type is unknown, or not accepted by the operation. */
export class DtypeError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('DTYPE', message, options);
  }
}

/** A buffer or array was used after it had been disposed of, deleted or donated. */
export class DeletedArrayError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('DELETED_ARRAY', message, options);
  }
}

/** A plugin could not be found, fetched, loaded, or does not speak a PJRT version we know. */
export class PluginError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('PLUGIN', message, options);
  }
}

/** A function that a compiled program called failed (`cause` is what it threw), or could not be waited for. */
export class CallbackError extends XlastateError {
  /** XLA's status name, where the error came through XLA. */
  readonly status: string;
  constructor(message: string, options?: ErrorOptions & { status?: string }) {
    super('CALLBACK', message, options);
    this.status = options?.status ?? 'INTERNAL';
  }
}

/** XLA refused or failed; `status` is its status name, such as `INVALID_ARGUMENT`. */
export class XlaError extends XlastateError {
  readonly status: string;
  constructor(status: string, message: string, options?: ErrorOptions) {
    super('XLA', message, options);
    this.status = status;
  }
}
