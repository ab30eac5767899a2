import { XlastateError } from '../core/errors';

/** A key is not set, may not be set here, or came too late to act: the device client exists already. @example new environ.EnvironError('too late') instanceof XlastateError; // true */
export class EnvironError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('ENVIRON', message, options);
  }
}
