import { XlastateError } from '../core/errors';

/**
 * Base of the errors about states. Mirrors `brainstate.BrainStateError`.
 *
 * @example
 * ```ts
 * try {
 *   new optim.SGD().step({});
 * } catch (e) {
 *   if (e instanceof BrainStateError) console.log(e.message);
 * }
 * ```
 */
export class BrainStateError extends XlastateError {
  constructor(message: string, options?: ErrorOptions, code = 'STATE') {
    super(code, message, options);
  }
}

/**
 * A state is used across the border of a trace: its value was traced by a transformation that is over. Mirrors `brainstate.TraceContextError`.
 *
 * @example
 * ```ts
 * let made: State<Array> | undefined;
 * jit((x: Array) => (made = new State(x)).value)(np.array(1));
 * try {
 *   made?.value;
 * } catch (e) {
 *   if (e instanceof TraceContextError) console.log(e.message);
 * }
 * ```
 */
export class TraceContextError extends BrainStateError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options, 'TRACE_CONTEXT');
  }
}

/**
 * A state and a mapped axis do not go together. Mirrors `brainstate.BatchAxisError`.
 *
 * @example
 * ```ts
 * const count = new State(np.zeros([3]));
 * try {
 *   transform.vmap((x: Array) => { count.value = count.value.add(x); return x; }, { inStates: { 0: count }, outStates: { 1: count } })(np.ones([3]));
 * } catch (e) {
 *   if (e instanceof BatchAxisError) console.log(e.message);
 * }
 * ```
 */
export class BatchAxisError extends BrainStateError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options, 'BATCH_AXIS');
  }
}
