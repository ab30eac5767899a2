import { type Array, checkpoint, checkpointPolicies, cond, customJvp, customVjp, grad, jacfwd, jacrev, jit, jvp, lax, linearize, nn, numpy as np, scipy, valueAndGrad, vjp, vmap } from '../../lib';

// The operations and wrappers of scripts/fixtures/programs.py, name by name.

type A = Array;
type F = (xs: A[]) => A[];
const { special } = scipy;
const eye = (x: A) => np.eye(x.shape[0]!);
const flatIndex = (x: A, i: A) => np.mod(i, x.shape[0]!);
const f32 = (v: number[]) => np.array(v, { dtype: 'float32' });

type Operation = (...args: never[]) => unknown;

const operations: Record<string, Operation> = {
  sin: (x: A) => np.sin(x), tanh: (x: A) => np.tanh(x), exp: (x: A) => np.exp(x.mul(0.3)), log: (x: A) => np.log(np.abs(x).add(0.5)), log1p: (x: A) => np.log1p(x.mul(x)), expm1: (x: A) => np.expm1(x.mul(0.2)),
  sqrt: (x: A) => np.sqrt(x.mul(x).add(0.3)), rsqrt: (x: A) => lax.rsqrt(x.mul(x).add(0.3)), cbrt: (x: A) => np.cbrt(x.mul(x).add(0.2)), neg: (x: A) => x.neg(), abs: (x: A) => np.abs(x), square: (x: A) => np.square(x),
  sigmoid: (x: A) => nn.sigmoid(x), erf: (x: A) => lax.erf(x), erfinv: (x: A) => lax.erfInv(np.tanh(x).mul(0.9)), lgamma: (x: A) => lax.lgamma(np.abs(x).add(1.2)), digamma: (x: A) => lax.digamma(np.abs(x).add(1.2)),
  asinh: (x: A) => np.arcsinh(x), acosh: (x: A) => np.arccosh(x.mul(x).add(1.5)), atan: (x: A) => np.arctan(x), floor: (x: A) => x.sub(np.floor(x).mul(0.5)), round: (x: A) => np.round(x).mul(0.1).add(x), stop: (x: A) => lax.stopGradient(x).mul(x),
  relu: (x: A) => nn.relu(x), gelu: (x: A) => nn.gelu(x), softplus: (x: A) => nn.softplus(x), cube: (x: A) => np.power(x, 3), bf16: (x: A) => x.astype('bfloat16').astype('float32'), i32: (x: A) => x.mul(3).astype('int32').astype('float32').mul(0.2).add(x),
  cplx: (x: A) => np.real(np.exp(lax.complex(x.mul(0.1), x))), cabs: (x: A) => np.abs(lax.complex(x, x.mul(0.5).add(1))), clip: (x: A) => np.clip(x, -0.7, 0.9), where: (x: A) => np.where(x.greater(0.1), np.sin(x), x.mul(0.5)),
  polygamma: (x: A) => special.polygamma(1, np.abs(x).add(1)), gammainc: (x: A) => special.gammainc(1.7, np.abs(x).add(0.3)), interp: (x: A) => np.interp(x, f32([-1, 0, 1.5]), f32([0.2, -0.5, 1])),
  cond: (x: A) => cond(np.sum(x).greater(0.1), (y: A) => np.sin(y), (y: A) => y.mul(y).mul(0.5), x), switch: (x: A) => lax.switch(np.sum(x).mul(2).astype('int32'), [(y: A) => np.sin(y), (y: A) => y.mul(0.5), (y: A) => y.mul(y).mul(0.3)], x),
  fori: (x: A) => lax.foriLoop(0, 3, (i: A, c: A) => np.sin(c).add(np.multiply(0.1, i)), x), grad: (x: A) => grad((y: A) => np.sum(np.sin(y).mul(y)))(x),
  add: (x: A, y: A) => x.add(y), mul: (x: A, y: A) => x.mul(y), div: (x: A, y: A) => x.div(np.abs(y).add(0.5)), pow: (x: A, y: A) => np.power(np.abs(x).add(0.5), np.tanh(y)), atan2: (x: A, y: A) => np.arctan2(x, y), max: (x: A, y: A) => np.maximum(x, y),
  logaddexp: (x: A, y: A) => np.logaddexp(x, y), hypot: (x: A, y: A) => np.hypot(x, y.add(1)), select: (x: A, y: A) => np.where(np.greater(x, y), x, y.mul(0.5)), mod: (x: A, y: A) => np.mod(x, np.abs(y).add(0.6)),
  sum: (x: A, axis: number) => np.sum(x, axis), amax: (x: A, axis: number) => np.max(x, axis), prod: (x: A, axis: number) => np.prod(x.mul(0.5).add(1), axis), var: (x: A, axis: number) => x.var(axis), logsumexp: (x: A, axis: number) => special.logsumexp(x, { axis }),
  argmax: (x: A, axis: number) => np.argmax(x, { axis }).astype('float32').mul(0.3), cumsum: (x: A, axis: number) => lax.cumsum(x, { axis }), cumprod: (x: A, axis: number) => lax.cumprod(x.mul(0.5).add(0.8), { axis, reverse: true }), cummax: (x: A, axis: number) => lax.cummax(x, { axis }),
  softmax: (x: A, axis: number) => nn.softmax(x, axis), sort: (x: A, axis: number) => np.sort(x, { axis }), flip: (x: A, axis: number) => np.flip(x, axis), roll: (x: A, axis: number) => np.roll(x, 1, { axis }), cat: (x: A, axis: number) => np.concatenate([x, x.mul(0.5)], { axis }),
  stack: (x: A, axis: number) => np.stack([x, np.sin(x)], { axis }), diff: (x: A, axis: number) => np.diff(x, { axis, prepend: 0.5 }), along: (x: A, axis: number) => np.takeAlongAxis(x, np.argsort(x.neg(), { axis }), { axis }), repeat: (x: A, axis: number) => np.repeat(x, 2, { axis }),
  fft: (x: A, axis: number) => np.abs(np.fft.fft(x, { axis })).mul(0.3), take: (x: A, axis: number) => np.take(x, [1, 0, 1], { axis, mode: 'clip' }), scanned: (x: A, axis: number) => lax.associativeScan((u: A, v: A) => u.mul(0.5).add(v), x, { axis }),
  dslice: (x: A, axis: number) => lax.dynamicSliceInDim(x, np.argmax(np.ravel(x)), 1, { axis }), dupdate: (x: A, axis: number) => lax.dynamicUpdateSliceInDim(x, lax.sliceInDim(x, 0, 1, { axis }).mul(2), np.argmax(np.ravel(x)), axis),
  ravel: (x: A) => np.ravel(x), gather: (x: A) => x.slice(flatIndex(x, np.argsort(np.ravel(x)))), atAdd: (x: A) => x.at(flatIndex(x, np.argsort(np.ravel(x)).slice([null, 2]))).add(x.slice(0).mul(0.5)), atSet: (x: A) => x.at(flatIndex(x, np.argmax(np.ravel(x)))).set(x.slice(0).mul(0.5)),
  atMax: (x: A) => x.at(0).max(x.slice(-1)), pad: (x: A) => lax.pad(x, np.array(0.3), x.shape.map(() => [1, 0, 1])), window: (x: A) => lax.reduceWindow(x, 0, lax.add, x.shape.map(() => 2), x.shape.map(() => 1), 'SAME').mul(0.3),
  oneHot: (x: A) => nn.oneHot(np.argmax(x, { axis: -1 }), 3).mul(x.sum()), vmap: (x: A) => vmap((y: A) => np.sin(y).mul(np.sum(y)))(x), scan: (x: A) => lax.scan((c: A, y: A) => [c.mul(0.5).add(np.sin(y)), c.mul(y)], x.slice(0).mul(0.1), x, { reverse: true })[1],
  T: (x: A) => x.T, tril: (x: A) => np.tril(x), trace: (x: A) => np.trace(x), chol: (x: A) => np.linalg.cholesky(np.matmul(x, x.T).mul(0.3).add(eye(x))), conv: (x: A) => lax.convGeneralDilated(x.slice(null, null), x.slice(null, null, [null, 2], [null, 2]), [1, 1], 'SAME').slice(0, 0).mul(0.2),
  gram: (x: A) => np.matmul(x, x.T).mul(0.3), einsum: (x: A) => np.einsum('ij,kj->ik', x, np.sin(x)).mul(0.4), solve: (x: A) => np.linalg.solve(x.mul(0.2).add(eye(x)), x), det: (x: A) => np.linalg.det(x.mul(0.3).add(eye(x))),
  triangular: (x: A) => lax.linalg.triangularSolve(np.tril(x.mul(0.3)).add(eye(x)), x, { leftSide: true, lower: true }),
};

const weighted = (outs: A[]): A => outs.reduce((t, o, i) => t.add(np.sum(o.mul(0.5 + 0.1 * i))), np.array(0));
const step = (f: F): F => (c) => c.map((x) => x.mul(0.9).add(np.tanh(weighted(f(c))).mul(0.1)));
const both = ([a, b]: [A[], A[]]): A[] => a.map((x, i) => x.add(b[i]!));
const jacobian = (of: typeof jacfwd) => (f: F): F => (xs) => (of((x: A) => f([x, ...xs.slice(1)]))(xs[0]) as A[]).map((j) => np.sum(j, [...globalThis.Array(j.ndim - xs[0]!.ndim).keys()]));

/** How a function of a list of arrays becomes another. */
const wrappers: Record<string, (f: F, parameter: never) => F> = {
  jit: (f) => jit(f), checkpoint: (f) => checkpoint(f), dots: (f) => checkpoint(f, { policy: checkpointPolicies.dotsSaveable }),
  vmap: (f, axes: (number | null)[]) => (xs) => {
    const rows = xs.map((x, i) => (axes[i] === null ? x : np.stack([x, x.mul(0.5).sub(0.1)], { axis: axes[i]! })));
    const outs = vmap((...ys: A[]) => f(ys), { inAxes: axes, axisSize: 2 })(...rows);
    return outs.map((o) => np.sum(o.mul(np.reshape(f32([1, 0.7]), [2, ...o.shape.slice(1).map(() => 1)])), 0));
  },
  scan: (f, reverse: boolean) => (xs) => {
    const [c, ys] = lax.scan((now: A[], t: A) => {
      const outs = f(now);
      return [now.map((x) => x.mul(0.9).add(np.tanh(weighted(outs)).mul(0.1).mul(t))), outs.map((o) => o.mul(t))];
    }, xs, f32([0.5, 1, -0.3]), { reverse });
    return [...c, ...ys.map((y) => np.sum(y, 0))];
  },
  fori: (f) => (xs) => lax.foriLoop(0, 2, (_: A, c: A[]) => step(f)(c), xs),
  while: (f) => (xs) => lax.whileLoop((s: [A, A[]]) => np.less(s[0], np.where(np.sum(xs[0]!).greater(0), 3, 2)), (s: [A, A[]]) => [np.add(s[0], 1), step(f)(s[1])] as never, [0, xs] as never)[1] as unknown as A[],
  cond: (f) => (xs) => lax.cond(np.sum(xs[0]!).greater(0.1), f, (ys: A[]) => f(ys.map((y) => y.mul(0.5))).map((o) => o.mul(0.5)), xs),
  grad: (f) => (xs) => grad((ys: A[]) => weighted(f(ys)))(xs) as A[],
  valueAndGrad: (f) => (xs) => {
    const [v, d] = valueAndGrad((ys: A[]) => weighted(f(ys)))(xs) as [A, A[]];
    return [v, ...d];
  },
  jvp: (f) => (xs) => both(jvp(f, [xs], [xs.map((x) => np.cos(x))])),
  linearize: (f) => (xs) => {
    const [out, push] = linearize(f, [xs]);
    return both([out, push(xs.map((x) => np.cos(x)))]);
  },
  vjp: (f) => (xs) => {
    const [out, pull] = vjp(f, [xs]);
    return pull((out as A[]).map((a) => np.sin(a)))[0];
  },
  customVjp: (f) => {
    const h = customVjp(f);
    h.defvjp((xs: A[]) => [f(xs), xs], (xs: A[], ct: A[]) => [vjp(f, [xs])[1](ct)[0]]);
    return h;
  },
  customJvp: (f) => {
    const h = customJvp(f);
    h.defjvp((p: [A[]], t: [A[]]) => jvp(f, p, t));
    return h;
  },
  map: (f) => (xs) => (lax.map(f as never, xs.map((x) => np.stack([x, x.mul(0.5).sub(0.1)])) as never) as unknown as A[]).map((o) => np.sum(o, 0)),
  jacfwd: jacobian(jacfwd), jacrev: jacobian(jacrev),
};

export type Wrapper = [name: string, parameter?: unknown];
type Equation = [name: string, args: number[], parameter?: number] | { args: number[]; program: Program; wrappers: Wrapper[] };
export interface Program {
  ops: Equation[];
  outs: number[];
}

export function wrap(f: F, list: readonly Wrapper[]): F {
  return list.reduce((g, [name, parameter]) => wrappers[name]!(g, parameter as never), f);
}

export function build(program: Program): F {
  return (xs) => {
    const values = [...xs];
    for (const e of program.ops) {
      if (globalThis.Array.isArray(e)) values.push((operations[e[0]] as (...a: unknown[]) => A)(...e[1].map((i) => values[i]!), ...e.slice(2)));
      else values.push(wrap(build(e.program), e.wrappers)(e.args.map((i) => values[i]!))[0]!);
    }
    return program.outs.map((i) => values[i]!);
  };
}
