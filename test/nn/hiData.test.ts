import { ArgumentError, jit, nn, numpy as np, tree } from 'xlastate';

test('named data: children, changes, text as BrainState gives it', () => {
  const data = new nn.HiData({ name: 'cell', v: np.array([1, 2]), none: null, children: { g: new nn.HiData({ x: np.zeros([3, 4]), text: 'no' }) } });
  expect([data.length, data.stateSize, data.dtype, data.keys(), data.has('w'), data.w]).toEqual([3, 3, 'float32', ['g', 'v', 'none'], false, undefined]);
  expect(data.g).toBe(data.get('g'));
  expect(String(data)).toBe("HiData(\n  name='cell',\n  g=HiData(\n    name=None,\n    x=Array(shape=(3, 4), dtype=float32),\n    text='no'\n  ),\n  v=Array(shape=(2,), dtype=float32),\n  none=None\n)");
  expect([String(new nn.HiData({ n: 'x'.repeat(70) })).length, String(new nn.HiData())]).toEqual([`HiData(\n  name=None,\n  n='${'x'.repeat(56)}...\n)`.length, 'HiData(name=None)']);
  const copy = data.clone();
  expect([copy.g === data.g, copy.v === data.v, copy.name]).toEqual([false, true, 'cell']);
  class Cell extends nn.HiData {}
  const cell = Cell.fromDict({ a: 1, b: { c: 2 } });
  for (const changed of [cell.add({ d: 4 }, new nn.HiData({ e: 5 })), cell.replace({ a: 3 }), cell.pop('a')]) expect(changed).toBeInstanceOf(Cell);
  expect([cell.b instanceof Cell, cell.toDict(), cell.add({ d: 4 }).d, cell.replace({ a: 3 }).a, cell.pop('a').keys(), cell.items()[0]]).toEqual([true, { a: 1, b: { c: 2 } }, 4, 3, ['b'], ['a', 1]]);
  for (const wrong of [() => cell.get('z'), () => cell.pop('z'), () => cell.add(3 as never), () => new nn.HiData({ a: 1 }).dtype, () => new nn.HiData(3 as never), () => new nn.HiData({ name: 3 as never })]) expect(wrong).toThrow(ArgumentError);
});

test('named data are trees', () => {
  const data = new nn.HiData({ name: 'n', b: np.array([1, 2]), a: 1, keys: 7 });
  expect([tree.leaves(data).length, tree.leaves(data)[0], typeof data.keys, data.get('keys')]).toEqual([3, 1, 'function', 7]);
  const twice = jit((d: nn.HiData) => d.replace({ b: d.b.mul(2) }))(data) as nn.HiData;
  expect([twice.name, twice.b.js()]).toEqual(['n', [2, 4]]);
});
