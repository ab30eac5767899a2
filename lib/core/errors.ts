import { XlastateError } from '../pjrt/errors';

export { ArgumentError, DeletedArrayError, DtypeError, PluginError, ShapeError, XlaError, XlastateError } from '../pjrt/errors';

/**
 * Two trees differ in structure, or a tree holds something that is neither a node nor a leaf.
 *
 * @example
 * ```ts
 * try {
 *   tree.map((x: number, y: number) => x + y, { a: 1 }, { b: 1 });
 * } catch (e) {
 *   if (e instanceof TreeError) console.log(e.message);
 * }
 * ```
 */
export class TreeError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('TREE', message, options);
  }
}

/**
 * A tracer was used after the trace that made it had ended.
 *
 * @example
 * ```ts
 * let leaked: Array | undefined;
 * jit((x: Array) => (leaked = x))(np.array(1));
 * try {
 *   leaked?.add(1);
 * } catch (e) {
 *   if (e instanceof TracerLeakError) console.log(e.message);
 * }
 * ```
 */
export class TracerLeakError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('TRACER_LEAK', message, options);
  }
}

/**
 * An operation gave NaN or an infinity while `debugNans` or `debugInfs` was on.
 *
 * @example
 * ```ts
 * try {
 *   debugNans(() => np.log(np.array(-1)));
 * } catch (e) {
 *   if (e instanceof FloatingPointError) console.log(e.message);
 * }
 * ```
 */
export class FloatingPointError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('FLOATING_POINT', message, options);
  }
}

/**
 * The value of an abstract array was asked for while tracing.
 *
 * @example
 * ```ts
 * try {
 *   jit((x: Array) => (x.greater(0).js() ? x : x.neg()))(np.array(1));
 * } catch (e) {
 *   if (e instanceof ConcretizationError) console.log(e.message);
 * }
 * ```
 */
export class ConcretizationError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONCRETIZATION', message, options);
  }
}
