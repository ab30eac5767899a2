import { join } from 'node:path';

const { check } = require('../../scripts/check-layers') as { check(files: Map<string, string>, lib: string, rules: unknown): string[] };
const rules = require('../../scripts/layers.json');

const lib = '/repo/lib';
const problems = (file: string, text: string) => check(new Map([[join(lib, file), text]]), lib, rules);

test('imports go down, or to the left in a group', () => {
  expect(problems('core/a.ts', "import { x } from '../pjrt/b';")).toEqual([]);
  expect(problems('numpy/a.ts', "import { x } from '../lax/b';\nexport * from './c';")).toEqual([]);
  expect(problems('index.ts', "export * as nn from './nn';")).toEqual([]);
  expect(problems('pjrt/a.ts', "import { x } from '../core/b';")).toEqual(['lib/pjrt/a.ts:1: lib/pjrt imports lib/core, which comes after it']);
  expect(problems('lax/a.ts', "\nimport type { x } from '../numpy';")).toEqual(['lib/lax/a.ts:2: lib/lax imports lib/numpy, which comes after it']);
  expect(problems('core/a.ts', "export { x } from '../index';")).toEqual(['lib/core/a.ts:1: lib/core imports lib/index, which comes after it']);
  expect(problems('core/a.ts', "const x = await import('../nn');")).toHaveLength(1);
  expect(problems('core/a.ts', "const x = require('../nn');")).toHaveLength(1);
  expect(problems('core/a.ts', "type T = import('../nn/b').T;")).toHaveLength(1);
});

test('layers above the primitives do not reach past lax and numpy', () => {
  expect(problems('nn/a.ts', "import { x } from '../primitives/b';")).toEqual(['lib/nn/a.ts:1: lib/nn imports lib/primitives: layers are written on lax and numpy']);
  expect(problems('optim/a.ts', "import { x } from '../primitives';")).toHaveLength(1);
});

test('only lib/stablehlo has StableHLO text in its strings', () => {
  expect(problems('stablehlo/a.ts', "const s = 'stablehlo.add';")).toEqual([]);
  expect(problems('primitives/a.ts', '// stablehlo.add in a comment')).toEqual([]);
  expect(problems('primitives/a.ts', "import { x } from '../stablehlo/index';")).toEqual([]);
  expect(problems('primitives/a.ts', "const s = 'stablehlo.add';")).toHaveLength(1);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a source text
  expect(problems('primitives/a.ts', 'const s = `%0 = ${f(1)}stablehlo.add %1`;')).toHaveLength(1);
  // Attributes of operations are part of it.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a source text
  expect(problems('primitives/a.ts', 'const s = `dimension = ${d} : i64`;')).toHaveLength(1);
  expect(problems('primitives/a.ts', "const s = 'dimensions = array<i64: 0>';")).toHaveLength(1);
});

test('unknown layers and what lies outside are named', () => {
  expect(problems('newone/a.ts', '')).toEqual(["lib/newone/a.ts:1: layer 'newone' is not in scripts/layers.json: give it a place there"]);
  expect(problems('core/a.ts', "import x from '../../bench/y';")).toEqual(['lib/core/a.ts:1: lib/core imports bench/y, which is outside of lib/']);
});
