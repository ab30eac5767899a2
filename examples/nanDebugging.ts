// Finds where NaN comes from, in three ways: `npm run example examples/nanDebugging.ts`. Takes a second, so that `--small` changes nothing.
import { checkify, debugNans, grad, jit, nanChecks, numpy as np } from 'xlastate';

// The length of a vector has no derivative at 0: sqrt's is 1 / 0 there, and 0 times that is NaN.
const length = (x: np.Array) => np.sqrt(np.sum(np.square(x)));
const totalLength = jit((xs: np.Array) => length(xs.slice(0)).add(length(xs.slice(1))));
const xs = np.array([[3, 4], [0, 0]]);
console.log(`nan: the value is fine: ${totalLength(xs)}; the gradient is not: ${grad(totalLength)(xs)}`);

// 1. While developing: debugNans runs operation by operation and throws at the first that gives NaN.
let thrown = '';
try {
  debugNans(() => grad(totalLength)(xs));
} catch (e) {
  thrown = (e as Error).message;
}
console.log(`nan: debugNans says: ${thrown.split('\n')[0]}`);

// 2. In production: checkify makes the check a part of the compiled program, whose error is a value.
const checked = jit(checkify((x: np.Array) => grad(totalLength)(x), { errors: nanChecks }));
const [error] = checked(xs);
const [noError] = checked(np.array([[3, 4], [6, 8]]));
console.log(`nan: checkify says: ${error.get()?.split('\n')[0]}; for other numbers: ${noError.get()}`);

// 3. The mend. A `where` around the result would not do, as 0 · NaN is NaN: what goes into sqrt has to be safe.
const safeLength = (x: np.Array) => {
  const squared = np.sum(np.square(x));
  const isZero = squared.equal(0);
  return np.where(isZero, 0, np.sqrt(np.where(isZero, 1, squared)));
};
const mended = grad((x: np.Array) => safeLength(x.slice(0)).add(safeLength(x.slice(1))));
const result = debugNans(() => mended(xs));
console.log(`nan: mended, the gradient is ${JSON.stringify(result.js())}`);
const found = /NaN|nan/.test(thrown) && error.get() !== null && noError.get() === null;
if (!found || !np.all(np.isfinite(result)).item()) process.exitCode = 1;
