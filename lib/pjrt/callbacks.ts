import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { ArgumentError, CallbackError } from './errors';
import { native, onErrorText } from './native';
import { isPromise } from './promises';

/**
 * What a compiled program calls: gets copies of its operands' elements, in the order the program gives them, and gives those of its results, of
 * exactly their sizes; or a Promise of them, where nothing waits synchronously for the program.
 */
export type HostCallback = (inputs: readonly ArrayBuffer[]) => readonly ArrayBufferView[] | Promise<readonly ArrayBufferView[]>;

const ids = new WeakMap<HostCallback, number>();
// Executables hold their callbacks; here they are only found.
const byId = new Map<number, WeakRef<HostCallback>>();
const registry = new FinalizationRegistry<number>((id) => byId.delete(id));
let nextId = 1;

/**
 * The number by which programs name a callback. Whoever compiles such a program gives the callback to `compile`, which keeps it as long as the program lives.
 *
 * @example
 * typeof pjrt.callbackId(() => []); // 'number'
 */
export function callbackId(f: HostCallback): number {
  let id = ids.get(f);
  if (id === undefined) {
    id = nextId++;
    ids.set(f, id);
    byId.set(id, new WeakRef(f));
    registry.register(f, id);
    connect();
  }
  return id;
}

/** How many callbacks are still held by someone: programs, or their authors. @example pjrt.liveCallbacks() >= 0; // true */
export function liveCallbacks(): number {
  let n = 0;
  for (const ref of byId.values()) if (ref.deref() !== undefined) n++;
  return n;
}

// ---- errors: XLA carries texts only, so that the text names the error that was thrown ----

const MARK = /\[callback error ([0-9a-f]{8})\.(\d+)\]/;
let copy: string | undefined;
/** A thread's programs are common to all copies of this module in it (ESM and CommonJS, tests with modules of their own); its errors are not. */
const copyMark = () => (copy ??= randomUUID().slice(0, 8));
const MOST_ERRORS = 256;
const thrown = new Map<number, unknown>();
/** Errors that someone was told of by another way. */
const told = new Set<number | string>();
const repeated = new WeakSet<CallbackError>();
let nextError = 1;

function textOf(error: unknown): string {
  const number = nextError++;
  thrown.set(number, error);
  if (thrown.size > MOST_ERRORS) {
    const oldest = thrown.keys().next().value!;
    thrown.delete(oldest);
    told.delete(oldest);
  }
  return `${messageOf(error)} [callback error ${copyMark()}.${number}]`;
}

function messageOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error) ? String((error as Error).message) : String(error);
}

/** An error of XLA's that began as one of a callback's. */
function callbackErrorOf(status: string, text: string): CallbackError | null {
  const mark = MARK.exec(text);
  if (mark !== null) {
    const own = mark[1] === copy;
    const n = Number(mark[2]);
    if (own && thrown.has(n)) {
      const cause = thrown.get(n);
      const error = new CallbackError(`a callback failed: ${messageOf(cause)}`, { cause, status });
      if (told.has(n)) repeated.add(error);
      told.add(n);
      return error;
    }
    const error = new CallbackError(`a callback failed: ${text.replace(MARK, '').trim()}`, { status });
    // Those who wait for all programs are told of their own errors only.
    if (!own) repeated.add(error);
    return error;
  }
  if (!/(^|[ :])callback: /.test(text)) return null;
  // XLA puts words of its own in front.
  const own = text.slice(text.indexOf('callback: '));
  const error = new CallbackError(own, { status });
  if (told.has(own)) repeated.add(error);
  if (told.size < 2 * MOST_ERRORS) told.add(own);
  return error;
}

// ---- calls ----

/** Programs whose callbacks the code that runs belongs to, by the addon's numbers: also after an `await` in an asynchronous one. Made with the first callback. */
let callers: AsyncLocalStorage<readonly number[]> | undefined;

let serving = 0;
let promises = 0;

/** How many programs wait for the code that runs: 0 outside of callbacks. @example pjrt.callbackDepth(); // 0 */
export function callbackDepth(): number {
  return serving === 0 && promises === 0 ? 0 : (callers?.getStore()?.length ?? 0);
}

function dispatch(id: number, number: number, runs: readonly number[], inputs: readonly ArrayBuffer[]): readonly ArrayBufferView[] | string | null {
  serving++;
  try {
    const f = byId.get(id)?.deref();
    if (f === undefined) throw new ArgumentError(`there is no callback ${id}: the program that calls it was compiled without holding it`);
    const results = callers!.run(runs, () => f(inputs));
    if (!isPromise(results)) return results;
    promises++;
    results.then(
      (r) => answer(number, r),
      (e: unknown) => answer(number, textOf(e)),
    );
    return null;
  } catch (e) {
    return textOf(e);
  } finally {
    serving--;
  }
}

function answer(number: number, outcome: readonly ArrayBufferView[] | string): void {
  promises--;
  native().answerCallback(number, outcome);
}

function connect(): void {
  if (callers !== undefined) return;
  const storage = new AsyncLocalStorage<readonly number[]>();
  callers = storage;
  onErrorText(callbackErrorOf);
  native().setCallbackHooks(dispatch, () => storage.getStore() ?? []);
}

/**
 * Waits until the programs with callbacks that were started by this thread have ended, callbacks and all, and throws the error of one of their
 * callbacks if nothing else has told of it yet. Mirrors `jax.effects_barrier`.
 *
 * @throws CallbackError if a callback failed, or is asynchronous (use {@link effectsBarrierAsync})
 * @example
 * ```ts
 * jit((x: Array) => (debug.print('x is {}', x), x.mul(2)))(np.array(1));
 * effectsBarrier();
 * ```
 */
export function effectsBarrier(): void {
  if (callers === undefined) return;
  for (;;) {
    try {
      native().callbackBarrier();
      return;
    } catch (e) {
      if (!(e instanceof CallbackError && repeated.has(e))) throw e;
    }
  }
}

/**
 * {@link effectsBarrier} without blocking the event loop.
 *
 * @example
 * ```ts
 * jit((x: Array) => (debug.print('x is {}', x), x.mul(2)))(np.array(1));
 * await effectsBarrierAsync();
 * ```
 */
export async function effectsBarrierAsync(): Promise<void> {
  if (callers === undefined) return;
  for (;;) {
    try {
      await native().callbacksIdle();
      return;
    } catch (e) {
      if (!(e instanceof CallbackError && repeated.has(e))) throw e;
    }
  }
}
