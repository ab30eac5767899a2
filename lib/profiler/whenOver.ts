/** Runs a function, and another one after it: when it has ended, failed, or the promise that it returned is settled. */
export function whenOver<R>(f: () => R, then: () => void): R {
  let result: R;
  try {
    result = f();
  } catch (e) {
    then();
    throw e;
  }
  if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') return Promise.resolve(result).finally(then) as R;
  then();
  return result;
}
