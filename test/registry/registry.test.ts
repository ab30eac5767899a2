import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { primitives } from '../../lib/core/primitive';
import { supportTable } from '../../scripts/parity/supportTable';
import { type Case, casesOf, checkLaw, LAWS } from './laws';

// Every primitive there is, each of its samples, each law: whoever adds a primitive gets its tests.

const broken: string[] = [];
for (const folder of ['interpreters', 'primitives']) {
  const dir = join(__dirname, '../../lib', folder);
  for (const file of readdirSync(dir).filter((f) => f.endsWith('.ts'))) {
    try {
      require(join(dir, file));
    } catch (e) {
      broken.push(`${folder}/${file}: ${(e as Error).message}`);
    }
  }
}

test('every file loads', () => {
  expect(broken).toEqual([]);
});

/** Primitives that no user's program applies by itself; the samples of others go through them. */
const WITHOUT_SAMPLES = new Set(['custom_lin']);

for (const [name, prim] of [...primitives()].filter(([n]) => !WITHOUT_SAMPLES.has(n)).sort(([a], [b]) => (a < b ? -1 : 1))) {
  let cases: Case[] | undefined;
  test.each(LAWS)(`${name}: %s`, (law) => {
    cases ??= casesOf(prim);
    expect(cases.length).toBeGreaterThan(0);
    checkLaw(cases, law);
  });
}

test('the support table has a row for each primitive', () => {
  const table = supportTable();
  expect(table).toHaveLength(primitives().size);
  for (const row of table) for (const cell of Object.values(row)) expect(cell).not.toBe('');
});
