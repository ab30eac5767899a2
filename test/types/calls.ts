// Compiled by `npm run typecheck`: what is wrong here must be an error, or the check fails.
import {
  checkpoint, cond, customJvp, customVjp, evalShape, forLoop, grad, hessian, ifelse, jacfwd, jacrev, jit, jvp, lax, linearize, makeJaxpr, namedCall, nn, numpy as np, optim, prng, random, scan, State, switchCase, transform, valueAndGrad,
  vectorGrad, vjp, vmap, whileLoop,
} from '../../lib';

function same<A, B>(..._: [A] extends [B] ? ([B] extends [A] ? [] : ['types differ']) : ['types differ']): void {}

// @ts-expect-error so that the check itself can fail
same<string, number>();

const x = np.ones([3]);

// Element types by name.
np.ones([2], { dtype: 'float64' });
// @ts-expect-error there is no such dtype
np.ones([2], { dtype: 'float33' });
// @ts-expect-error there is no such dtype
x.astype('double');
// @ts-expect-error a shape is a list of numbers
np.zeros('3');

// Options by name and kind.
np.sum(x, { axis: 0, keepdims: true });
// @ts-expect-error there is no such option
np.sum(x, { axes: 0 });
// @ts-expect-error keepdims is a boolean
np.sum(x, { keepdims: 1 });
// @ts-expect-error a key comes first
prng.normal([2, 3]);
// @ts-expect-error there is no such option
random.normal({ shape: [2] });
// @ts-expect-error the number of features is needed
new nn.Linear(3);
// @ts-expect-error there is no such option
new optim.SGD({ learningRate: 0.1 });

// Trees keep their types through transforms.
interface Params {
  w: np.Array;
  b: np.Array;
}
const params: Params = { w: x, b: x };
const loss = (p: Params, n: number) => np.sum(p.w.mul(p.b)).mul(n);
const compiled = jit(loss);
same<ReturnType<typeof compiled>, np.Array>();
compiled(params, 2);
// @ts-expect-error b is missing
compiled({ w: x }, 2);
// @ts-expect-error one argument more is wanted
compiled(params);
// @ts-expect-error jit has no such option
jit(loss, { static: 1 });

same<ReturnType<ReturnType<typeof vmap<typeof loss>>>, np.Array>();
const states = { count: new State(x) };
same<typeof states.count.value, np.Array>();
// @ts-expect-error an array is wanted
states.count.value = 'three';

const [value, gradients] = valueAndGrad((p: Params) => np.sum(p.w))(params);
same<typeof value, np.Array>();
void gradients;
void grad((p: Params) => np.sum(p.w))(params);
// Gradients are arrays, also of functions that take numbers for arrays, as those that transforms return do.
const slope = (y: np.Array) => np.sum(y);
grad(jit(slope))(1).item();
grad(grad(slope))(1).item();
grad(customJvp(slope))(1).item();
grad(customVjp(slope))(1).item();
vmap(grad((y: np.ArrayLike) => np.sum(y)))(x).item();
grad(jit((p: Params) => np.sum(p.w)))(params).w.item();
grad((y: np.Array, p: Params) => np.sum(p.w).mul(y), { argnums: 1 })(x, params).w.item();
void [cond, evalShape, forLoop, lax, scan, whileLoop];

// What takes a function takes a module, and knows what it returns.
class Step extends nn.Module {
  override call(c: np.Array, y: np.Array): [np.Array, np.Array] {
    return [c.add(y), c];
  }
}
class Double extends nn.Module {
  override call(v: np.Array): np.Array {
    return v.mul(2);
  }
}
class Small extends nn.Module {
  override call(v: np.Array): np.Array {
    return np.all(v.less(9));
  }
}
const [double, small, step] = [new Double(), new Small(), new Step()];
same<ReturnType<typeof branch>, np.Array>();
const branch = () => cond(true, double, double, x);
const [carry, rows] = scan(step, x, np.ones([2, 3]));
same<typeof carry, np.Array>();
same<typeof rows, np.Array>();
const [vmapped, jitted, saved, named] = [vmap(double), jit(double), checkpoint(double), namedCall(double)];
same<ReturnType<typeof vmapped> | ReturnType<typeof jitted> | ReturnType<typeof saved> | ReturnType<typeof named>, np.Array>();
void [
  cond(true, double, (v) => v.neg(), x), cond(true, (v) => v, double, x), switchCase(0, [double, (v) => v], x), ifelse([true], [double], x),
  whileLoop(small, double, x), whileLoop((v) => np.all(v.less(3)), double, x), whileLoop(small, (v) => v.add(1), x),
  transform.checkpointedScan(step, x, np.ones([2, 3])), transform.boundedWhileLoop(small, double, x, { maxSteps: 3 }),
  forLoop(double, x), transform.map(double, x), transform.checkpointedForLoop(double, x), jit({ name: 'f' })(double), grad({})(double), vmap({})(double),
  hessian(double), jacfwd(double), jacrev(double), vectorGrad(double), valueAndGrad(double), makeJaxpr(double), vjp(double, x), jvp(double, [x], [x]), linearize(double, x),
  transform.pmap(double), transform.vmap2(double), transform.vmapNewStates(double), transform.checkify(double), transform.fwdGrad(double),
];
// @ts-expect-error a module of two arguments is no branch of one
cond(true, step, step, x);
// @ts-expect-error what takes no array is no condition
whileLoop({ call: (s: string) => s }, double, x);
// @ts-expect-error neither a function nor a module
scan(3, x, x);

// Keys come apart as a tuple does where their number is written down.
const [firstKey, secondKey] = prng.split(prng.key(0));
prng.normal(firstKey.add(0), [2]);
const [, , thirdKey] = prng.split(secondKey, 3);
prng.normal(thirdKey, [2]);
const [, lastOfTwo] = random.splitKeys(2);
prng.normal(lastOfTwo, [2]);
same<np.Array, ReturnType<typeof prng.split<number>>>();
// @ts-expect-error two keys are split off where nothing else is asked for
const [, , noKey] = prng.split(secondKey);
// @ts-expect-error an array of keys is no JS array
prng.split(secondKey, 3).map((k) => k);
