import { join } from 'node:path';
import { runChild, twoAtATime } from '../pjrt/programs';
import { MISUSES } from './misuse';

const names = Object.keys(MISUSES);

// One process for each: what is missed here ends it.
test('misuse that would kill the process is a typed error', async () => {
  const results = await twoAtATime(names.length, (i) => runChild(join(__dirname, 'misuse.ts'), [names[i]!]));
  const wrong: string[] = [];
  results.forEach((r, i) => {
    let said: { expected: string; got: string; message: string; two: number } | undefined;
    try {
      said = JSON.parse(r.stdout);
    } catch {
      // Reported below.
    }
    if (r.code !== 0 || said === undefined || said.got !== said.expected || said.two !== 2 || said.message.length > 5000) {
      wrong.push(`${names[i]}: exit ${r.code ?? r.signal}, ${r.stdout}${r.stderr.slice(0, 600)}`);
    }
  });
  expect(wrong).toEqual([]);
}, 120_000);
