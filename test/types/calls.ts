// Compiled by `npm run typecheck`: what is wrong here must be an error, or the check fails.
import { cond, evalShape, forLoop, grad, jit, lax, nn, numpy as np, optim, prng, random, scan, State, valueAndGrad, type vmap, whileLoop } from '../../lib';

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
void [cond, evalShape, forLoop, lax, scan, whileLoop];
