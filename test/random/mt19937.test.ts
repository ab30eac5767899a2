import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError } from '../../lib/core/errors';
import { MT19937 } from '../../lib/random/mt19937';

interface Stream {
  seed: number | number[];
  /** Words 0–3, 226, 227, 622–625 and 1299 of the stream. */
  words: number[];
  floats: number[];
  integers: [low: number, high: number, values: number[]][];
  uint32: number[];
}

const { streams } = JSON.parse(readFileSync(join(__dirname, '../fixtures/mt19937.json'), 'utf8')) as { streams: Stream[] };

test.each(streams.map((s) => [String(s.seed).slice(0, 20), s] as const))('seed %s gives the stream of NumPy', (_, s) => {
  const rng = new MT19937(s.seed);
  const words = Array.from({ length: 1300 }, () => rng.nextUint32());
  expect([0, 1, 2, 3, 226, 227, 622, 623, 624, 625, 1299].map((i) => words[i])).toEqual(s.words);
  expect([...rng.randomSample(4)]).toEqual(s.floats);
  for (const [low, high, values] of s.integers) expect(rng.randint(low, high, 4)).toEqual(values);
  expect(Array.from({ length: 3 }, () => rng.randint(0, 100000))).toEqual(s.uint32);
});

test('the keys of BrainState after seed(42), by its older and its newer rule', () => {
  expect(new MT19937(42).randint(0, 100000, 2)).toEqual([15795, 860]);
  expect(new MT19937(42).randint(0, 2 ** 32, 2)).toEqual([1608637542, 3421126067]);
});

test('a state taken out and put back goes on where it was', () => {
  const rng = new MT19937(7);
  rng.randomSample(100);
  const state = rng.getState();
  const expected = rng.randomSample(1000);
  const other = new MT19937();
  other.setState(state);
  expect(other.randomSample(1000)).toEqual(expected);
});

test('without a seed streams differ', () => {
  expect(new MT19937().randomSample()).not.toBe(new MT19937().randomSample());
});

test('impossible seeds and ranges are refused', () => {
  for (const seed of [-1, 2 ** 32, 0.5, Number.NaN, [], [1, -1]]) expect(() => new MT19937(seed)).toThrow(ArgumentError);
  const rng = new MT19937(0);
  for (const [low, high] of [[0, 0], [3, 2], [0, 2 ** 32 + 1], [0, 1.5]] as const) expect(() => rng.randint(low, high)).toThrow(ArgumentError);
  expect(() => rng.setState({ key: new Uint32Array(3), pos: 0 })).toThrow(ArgumentError);
});
