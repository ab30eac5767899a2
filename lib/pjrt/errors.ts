import { addUserSite } from './userSite';

/**
 * Base of every error the library throws itself. `code` is stable across releases; the message is not. It ends with the place in the
 * user's code of the call that failed, where there is one: the line that was being traced, even inside `jit`, `grad` and `vmap`.
 *
 * @example
 * ```ts
 * try {
 *   np.add(np.ones([2]), np.ones([3]));
 * } catch (e) {
 *   if (e instanceof XlastateError) console.log(e.code);
 * }
 * ```
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

/**
 * An argument has the wrong type or an impossible value.
 *
 * @example
 * ```ts
 * try {
 *   np.reshape(np.ones([6]), [4]);
 * } catch (e) {
 *   if (e instanceof XlastateError) console.log(e.code, e.message);
 * }
 * ```
 */
export class ArgumentError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('ARGUMENT', message, options);
  }
}

/**
 * Shapes do not fit the operation.
 *
 * @example
 * ```ts
 * try {
 *   np.add(np.ones([2]), np.ones([3]));
 * } catch (e) {
 *   if (e instanceof ShapeError) console.log(e.message);
 * }
 * ```
 */
export class ShapeError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('SHAPE', message, options);
  }
}

/**
 * An element type is unknown, or not accepted by the operation.
 *
 * @example
 * ```ts
 * try {
 *   np.bitwiseAnd([1.5], [2]);
 * } catch (e) {
 *   if (e instanceof DtypeError) console.log(e.message);
 * }
 * ```
 */
export class DtypeError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('DTYPE', message, options);
  }
}

/**
 * A buffer or array was used after it had been disposed of, deleted or donated.
 *
 * @example
 * ```ts
 * const x = np.array([1, 2]);
 * x.dispose();
 * try {
 *   x.js();
 * } catch (e) {
 *   if (e instanceof DeletedArrayError) console.log(e.message);
 * }
 * ```
 */
export class DeletedArrayError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('DELETED_ARRAY', message, options);
  }
}

/**
 * A plugin could not be found, fetched, loaded, or does not speak a PJRT version we know.
 *
 * @example
 * ```ts
 * try {
 *   pjrt.defaultClient();
 * } catch (e) {
 *   if (e instanceof PluginError) console.log(e.message);
 * }
 * ```
 */
export class PluginError extends XlastateError {
  constructor(message: string, options?: ErrorOptions) {
    super('PLUGIN', message, options);
  }
}

/**
 * A function that a compiled program called failed (`cause` is what it threw), or could not be waited for.
 *
 * @example
 * ```ts
 * const f = jit((x: Array) => pureCallback(() => { throw new Error('no'); }, new ShapeDtypeStruct([]), x) as Array);
 * try {
 *   f(np.array(1)).js();
 * } catch (e) {
 *   if (e instanceof CallbackError) console.log(e.message);
 * }
 * ```
 */
export class CallbackError extends XlastateError {
  /** XLA's status name, where the error came through XLA. */
  readonly status: string;
  constructor(message: string, options?: ErrorOptions & { status?: string }) {
    super('CALLBACK', message, options);
    this.status = options?.status ?? 'INTERNAL';
  }
}

/**
 * XLA refused or failed; `status` is its status name, such as `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * try {
 *   pjrt.cachedCompileSync(pjrt.defaultClient(), 'no program');
 * } catch (e) {
 *   if (e instanceof XlaError) console.log(e.status);
 * }
 * ```
 */
export class XlaError extends XlastateError {
  readonly status: string;
  constructor(status: string, message: string, options?: ErrorOptions) {
    super('XLA', message, options);
    this.status = status;
  }
}
