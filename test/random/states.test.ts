import '../support/calls';
import type { Array } from '../../lib/core/array';
import { asArray } from '../../lib/lax/arrayLike';
import * as random from '../../lib/random';
import { add, mul } from '../../lib/primitives/elementwise';
import { convert, reduceSum, scalar } from '../../lib/primitives/structural';
import { checkpoint, cond, forLoop, grad, jit, makeJaxpr, scan, vmap } from '../../lib/transform';

const key = () => random.getKeyData().js();
const values = (x: unknown) => (x as Array).js() as number[];
const close = (got: number[], wanted: number[]) => got.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 6));

test('a compiled function draws what the eager one draws and advances the key', () => {
  random.seed(42);
  const eager = [random.normal().item(), random.normal().item()];
  const after = key();
  random.seed(42);
  const f = jit(() => random.normal());
  close([f() as Array, f() as Array].map((x) => x.item() as number), eager as number[]);
  expect(key()).toEqual(after);
});

test('each lane of a mapped function draws its own numbers, and the key goes on as in BrainState', () => {
  random.seed(42);
  const f = vmap(() => random.normal(), { axisSize: 3 });
  close(values(f()), [-1.0413289070129395, -0.7398005723953247, 0.7408339977264404]);
  expect(key()).toEqual([1705926158, 899080142]);
});

test('a state of its own is mapped without touching the default one', () => {
  random.seed(42);
  const rng = new random.RandomState(7);
  const rows = values(vmap(() => rng.normal(), { axisSize: 3 })());
  expect(new Set(rows).size).toBe(3);
  expect(key()).toEqual([0, 42]);
});

test.each<[string, () => unknown]>([
  ['compiled', () => jit(() => [random.normal(), random.normal(), random.normal()])()],
  ['in a loop over steps', () => forLoop(() => random.normal(), asArray(Float32Array.of(0, 1, 2)))],
  ['in a scan', () => (scan((c: Array, x: Array) => [c, add(random.normal(), mul(x, c))] as const, scalar(0, 'float32'), asArray(Float32Array.of(0, 1, 2))) as unknown[])[1]],
  ['checkpointed', () => jit(() => [0, 1, 2].map(() => checkpoint(() => random.normal())()))()],
])('three draws are the same %s', (_, f) => {
  random.seed(42);
  const out = f();
  const got = globalThis.Array.isArray(out) ? out.map((x) => (x as Array).item() as number) : values(out);
  close(got, [0.60576403, -0.21089035, -0.39489815]);
  expect(key()).toEqual([1773327481, 1441649378]);
});

test('a branch not taken draws nothing', () => {
  random.seed(42);
  cond(false, (x: Array) => add(x, random.normal()), (x: Array) => x, scalar(0, 'float32'));
  expect(key()).toEqual([0, 42]);
});

test('making a jaxpr leaves the key as it was; differentiating advances it once', () => {
  random.seed(42);
  makeJaxpr(() => random.normal())();
  expect(key()).toEqual([0, 42]);
  const g = grad((loc: Array) => reduceSum(random.normal({ loc, size: [4] }), [0]))(asArray(Float32Array.of(0.5, 0, 0, 0))) as Array;
  expect(values(g)).toEqual([1, 1, 1, 1]);
  expect(key()).toEqual([1832780943, 270669613]);
});

test('the derivative by the scale is the standard draw', () => {
  const d = grad((scale: Array) => random.normal({ scale, key: 3 }))(scalar(2, 'float32')) as Array;
  expect(d.item()).toBeCloseTo(random.normal({ key: 3 }).item() as number, 6);
});

test('a given key is used and the state left alone', () => {
  random.seed(42);
  const x = random.uniform({ size: [3], key: 5 });
  expect(x.js()).toEqual(random.uniform({ size: [3], key: Uint32Array.of(0, 5) }).js());
  expect(key()).toEqual([0, 42]);
});

test('seeds within a context are undone after it, whatever happens', () => {
  random.seed(42);
  const inside = random.seedContext(7, () => [random.normal().item(), new random.RandomState().value.js()]);
  expect(key()).toEqual([0, 42]);
  expect(random.seedContext(7, () => [random.normal().item(), new random.RandomState().value.js()])).toEqual(inside);
  expect(() => random.seedContext(7, () => { throw new Error('out'); })).toThrow('out');
  expect(key()).toEqual([0, 42]);
  const open = random.seedContext(9);
  expect(key()).toEqual([0, 9]);
  open[Symbol.dispose]();
  open[Symbol.dispose]();
  expect(key()).toEqual([0, 42]);
  // The generator of keys for unseeded states is where it was, too.
  expect(new random.RandomState().value.js()).toEqual([15795, 860]);
});

test('the key from before a split can be kept and restored, once', () => {
  const rng = new random.RandomState(1);
  rng.splitKey(2, { backup: true });
  expect(() => rng.backupKey()).toThrow('kept already');
  rng.restoreKey();
  expect(rng.value.js()).toEqual([0, 1]);
  expect(() => rng.restoreKey()).toThrow('no key is kept');
});

test('the default stream, new ones and copies', () => {
  expect(random.defaultRng()).toBe(random.DEFAULT);
  expect(random.cloneRng(null, { clone: false })).toBe(random.DEFAULT);
  expect(random.defaultRng(3).value.js()).toEqual([0, 3]);
  const rng = new random.RandomState(5);
  const copy = rng.copy();
  rng.seed(6);
  expect([copy.value.js(), rng.value.js()]).toEqual([[0, 5], [0, 6]]);
  const fresh = new random.RandomState();
  const before = fresh.copy().value.js();
  expect(fresh.value.js()).toEqual(before);
});

test('a seed of any form sets the key; without one it changes', () => {
  const rng = new random.RandomState(2 ** 32 + 5);
  expect(rng.value.js()).toEqual([0, 5]);
  rng.setKey(asArray(Int32Array.of(9)));
  expect(rng.value.js()).toEqual([0, 9]);
  rng.seed(Uint32Array.of(3, 4));
  expect(rng.value.js()).toEqual([3, 4]);
  random.seed(1);
  random.seed();
  expect(key()).not.toEqual([0, 1]);
});

test.each<[string, () => unknown, string]>([
  ['a string as a seed', () => random.seed('a' as never), 'expected an integer seed or a key'],
  ['a fraction as a seed', () => random.seed(1.5), 'expected seed to be an integer'],
  ['a key of floats', () => random.setKey(asArray(Float32Array.of(1, 2))), 'dtype uint32'],
  ['a key of three words', () => random.setKey(Uint32Array.of(1, 2, 3)), 'key of 2 words'],
  ['no keys', () => random.splitKey(0), 'positive integer'],
  ['a fraction of a key', () => random.splitKeys(1.5), 'positive integer'],
  ['an unknown option', () => random.normal({ mean: 1 } as never), "unknown option 'mean'"],
  ['a probability above 1', () => random.bernoulli(1.5), 'expected p in [0, 1]'],
  ['a negative number of degrees of freedom', () => random.chisquare([1, -1]), 'expected df > 0'],
  ['a mean far from the bounds', () => random.truncatedNormal(0, 1, { loc: 9 }), 'more than 2 standard deviations'],
  ['a triangle with no room', () => random.triangular({ left: 1, mode: 0, right: 2 }), 'left <= mode <= right'],
  ['Zipf of 1', () => random.zipf(1), 'expected a > 1'],
  ['probabilities that sum to more than 1', () => random.multinomial(3, [0.9, 0.9, 0.1]), 'sum to at most 1'],
  ['sizes that do not fit', () => random.normal({ size: [2], loc: [1, 2, 3] }), 'do not broadcast'],
  ['a negative size', () => random.rand(-1), 'non-negative'],
  ['an integer dtype for floats', () => random.normal({ dtype: 'int32' }), 'dtype to be of kind float'],
  ['a range for keys of nothing', () => random.setAutoKeyRange(0), 'integer in [1, 2 ** 32]'],
  ['a draw from a state of several keys', () => { const r = new random.RandomState(1); r.selfAssignMultiKeys(2); r.normal(); }, 'several keys'],
])('%s is refused', (_, f, message) => {
  random.seed(42);
  expect(f).toThrow(message);
});

test('checks of values can be turned off', () => {
  expect(random.bernoulli(1.5, { checkValid: false }).item()).toBe(true);
});

test('a traced parameter is not checked, and draws', () => {
  const f = jit((p: Array) => convert(random.bernoulli(p, { size: [8] }), 'float32'));
  expect(values(f(asArray(1)))).toEqual(new globalThis.Array(8).fill(1));
});

test('arrays of several types promote as arithmetic does', () => {
  const x = random.normal({ loc: asArray(Int32Array.of(1, 2)), key: 1 });
  expect([x.dtype, x.shape]).toEqual(['float32', [2]]);
  expect(x.js()).toEqual(add(mul(random.normal({ size: [2], key: 1 }), asArray(Float32Array.of(1, 1))), asArray(Float32Array.of(1, 2))).js());
});

test('the number of keys, and the seed of a stream, as options; several keys by an integer array', () => {
  const words = (x: Array) => x.js();
  random.seed(3);
  const [plain, optional] = [() => random.splitKey(2), () => random.splitKey({ n: 2, backup: true })].map((f) => { random.seed(3); return words(f()); });
  expect(optional).toEqual(plain);
  random.restoreKey();
  expect(words(random.getKey())).toEqual([0, 3]);
  expect(random.splitKey(asArray(new Int32Array([2]), 'n').reshape([]) as never).shape).toEqual([2, 2]);
  expect([new random.RandomState({ seedOrKey: 5 }), random.defaultRng({ seedOrKey: 5 }), random.cloneRng({ seedOrKey: 5 })].map((r) => words(r.value))).toEqual([[0, 5], [0, 5], [0, 5]]);
  expect(random.cloneRng({ clone: false })).toBe(random.DEFAULT);
  expect(() => random.cloneRng({ seed: 3 } as never)).toThrow(/unknown option 'seed'/);
});

test('strings are chosen as their indices are', () => {
  const names = ['pooh', 'rabbit', 'piglet', 'christopher'];
  const p = [0.5, 0.1, 0.1, 0.3];
  const chosen = new random.RandomState(0).choice(names, { size: [2, 3], p });
  expect(chosen).toEqual((new random.RandomState(0).choice(4, { size: [2, 3], p }).js() as number[][]).map((row) => row.map((i) => names[i])));
  expect(names).toContain(new random.RandomState(0).choice(names));
});

test('a stream whose key is gone gets another one when it is checked', () => {
  const rng = new random.RandomState(9);
  rng.checkIfDeleted();
  expect(rng.value.js()).toEqual([0, 9]);
  rng.value.dispose();
  rng.checkIfDeleted();
  expect(rng.randn(3).shape).toEqual([3]);
});
