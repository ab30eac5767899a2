import { XlastateError } from '../pjrt/errors';

export { ArgumentError, DeletedArrayError, DtypeError, PluginError, ShapeError, XlaError, XlastateError } from '../pjrt/errors';

/** Two trees differ in structure, or a tree holds something that is neither a node nor a leaf. */
export class TreeError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('TREE', message, options);
  }
}

/** A tracer was used after the trace that made it had ended. */
export class TracerLeakError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('TRACER_LEAK', message, options);
  }
}

/** An operation gave NaN or an infinity while `debugNans` or `debugInfs` was on. */
export class FloatingPointError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('FLOATING_POINT', message, options);
  }
}

/** The value of an abstract array was asked for while tracing. */
export class ConcretizationError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONCRETIZATION', message, options);
  }
}
