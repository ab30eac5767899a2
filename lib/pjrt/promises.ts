/** Whether a value is a promise, be it of another library: what an async function returned. */
export function isPromise<T>(x: T | Promise<T>): x is Promise<T> {
  return typeof (x as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Runs a function, and another one after it: when it has ended, failed, or the promise that it returned is settled. */
export function whenOver<R>(f: () => R, then: () => void): R {
  let result: R;
  try {
    result = f();
  } catch (e) {
    then();
    throw e;
  }
  if (isPromise(result)) return Promise.resolve(result).finally(then) as R;
  then();
  return result;
}
