import { readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';

test('binary types of the process are those of the tests', () => {
  const bytes = readFileSync(__filename);
  expect(bytes).toBeInstanceOf(Uint8Array);
  expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
  expect(deserialize(serialize(new Float32Array(2)))).toBeInstanceOf(Float32Array);
  expect(structuredClone(new BigInt64Array(1))).toBeInstanceOf(BigInt64Array);
});

test('errors of the process are errors in tests, each of its class alone', () => {
  let outer: unknown;
  try {
    readFileSync('/does/not/exist');
  } catch (e) {
    outer = e;
  }
  expect(outer).toBeInstanceOf(Error);
  expect(outer).not.toBeInstanceOf(TypeError);
  expect(() => readFileSync(undefined as unknown as string)).toThrow(TypeError);

  class Own extends Error {}
  expect(new Own()).toBeInstanceOf(Own);
  expect(new Own()).toBeInstanceOf(Error);
  expect(outer).not.toBeInstanceOf(Own);
  expect(() => (null as unknown as { x: number }).x).toThrow(TypeError);
});
