/** Base of every error the library throws itself. `code` is stable across releases; the message is not. */
export class XlastateError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
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

/** Two trees differ in structure, or a tree holds something that is no node and no leaf. */
export class TreeError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('TREE', message, options);
  }
}
