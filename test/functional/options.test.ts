import { ArgumentError } from '../../lib/core/errors';
import { checkOptions, type OptionNames } from '../../lib/functional/options';

interface Base {
  axis?: number;
}
interface Reduction extends Base {
  keepdims?: boolean;
  initialValue?: number | null;
}
const BASE = ['axis'] as const;

const read = (options?: Reduction | null) => checkOptions('sum', ['keepdims', 'initialValue', ...BASE], options);

test('options are handed on as they were given; none are {}', () => {
  const given = { axis: 1, initialValue: null };
  expect(read(given)).toBe(given);
  expect(read()).toEqual({});
  expect(read(null)).toEqual({});
});

test.each([
  ['axs', "sum: unknown option 'axs'; expected one of keepdims, initialValue, axis; did you mean 'axis'?"],
  ['keep_dims', "did you mean 'keepdims'?"],
  ['initial_value', "did you mean 'initialValue'?"],
  ['initialvlaue', "did you mean 'initialValue'?"],
  ['axsi', "did you mean 'axis'?"],
])('%s: an error that names it, the known ones and the nearest', (name, message) => {
  expect(() => read({ [name]: 1 } as object)).toThrow(ArgumentError);
  expect(() => read({ [name]: 1 } as object)).toThrow(message);
});

test('nothing is suggested where nothing is near', () => {
  expect(() => read({ dtype: 'float32' } as object)).toThrow(/expected one of keepdims, initialValue, axis$/m);
});

test.each<[string, unknown]>([['a number', 1], ['a list', [1]], ['a string', 'axis'], ['a function', () => 1]])('%s is no options object', (_, given) => {
  expect(() => read(given as object)).toThrow(/^sum: expected an options object, got/);
});

test('the list of names is that of the interface: a missing one and one too many do not compile', () => {
  // @ts-expect-error initialValue is missing
  expect(checkOptions('sum', ['keepdims', ...BASE], {} as Reduction)).toEqual({});
  // @ts-expect-error Base has no dtype
  expect(checkOptions('sum', ['axis', 'dtype'], {} as Base)).toEqual({});
  const handed = <O extends object, const K extends keyof O & string>(names: OptionNames<O, K>, o: O) => checkOptions('sum', names, o);
  expect(handed(['axis'], { axis: 2 } as Base)).toEqual({ axis: 2 });
  // @ts-expect-error keepdims and initialValue are missing
  expect(handed(['axis'], {} as Reduction)).toEqual({});
});
