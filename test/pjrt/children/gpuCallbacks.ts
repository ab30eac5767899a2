// Calls functions of the host from compiled programs, on the plugin that the environment names; prints what came of it.
import { type Array, debug, effectsBarrier, ioCallback, jit, lax, numpy as np, pjrt, pureCallback, transform } from '../../../lib';

const report: Record<string, unknown> = { platform: pjrt.defaultClient().platformName };
const doubled = (x: Array) => np.multiply(x, 2);

function attempt(name: string, f: () => unknown): void {
  try {
    report[name] = f();
  } catch (e) {
    report[name] = `${(e as Error).name}: ${(e as Error).message.split('\n')[0]}`;
  }
}

attempt('pure', () => jit((x: Array) => np.add(pureCallback(doubled, np.zeros([3]), x), 1))(np.array([1, 2, 3])).js());
attempt('complex', () => jit((x: Array) => pureCallback(np.conj, x, x))(np.array([{ re: 1, im: 2 }])).toString());
attempt('empty', () => jit((x: Array) => pureCallback(doubled, np.zeros([0, 3]), x))(np.zeros([0, 3])).shape);
attempt('ordered', () => {
  const seen: number[] = [];
  const count = (c: Array): Array[] => {
    seen.push(c.item() as number);
    return [];
  };
  const f = jit((x: Array) => lax.scan((c: Array) => {
    ioCallback(count, [], c, { ordered: true });
    return [np.add(c, 1), null];
  }, x, null, { length: 4 })[0] as Array);
  return [f(np.array(0)).item(), (effectsBarrier(), seen)];
});
attempt('programs within', () => jit((x: Array) => pureCallback((y: Array) => np.matmul(y, y), np.zeros([64, 64]), x))(np.ones([64, 64])).sum().item());
attempt('many', () => {
  let n = 0;
  const f = jit((x: Array) => {
    debug.callback(() => { n++; });
    return np.add(x, 1);
  });
  let x = np.array(0);
  for (let i = 0; i < 60; i++) x = f(x);
  return [x.item(), (effectsBarrier(), n)];
});
attempt('failure', () => jit((x: Array) => pureCallback((): Array => { throw new RangeError('mine'); }, x, x))(np.ones([2])).js());
attempt('wrong size', () => jit((x: Array) => pureCallback(() => np.zeros([3]), x, x))(np.ones([2])).js());
attempt('promise', () => jit((x: Array) => pureCallback(async () => np.zeros([2]), x, x))(np.ones([2])).js());
attempt('ifelse', () => jit((x: Array) => transform.ifelse([np.less(x, 0), np.greaterEqual(x, 0)], [() => np.array(1), () => np.array(2)]))(np.array(3)).item());
attempt('afterwards', () => np.add(np.ones([2]), 1).js());
console.log(JSON.stringify(report));
