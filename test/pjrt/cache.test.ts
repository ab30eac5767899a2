import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedCompile, cachedCompileSync, cacheDirectory, cacheStats, defaultClient, type Executable } from '../../lib/pjrt';
import { variables } from '../support/variables';
import { addOne, runChild, sumAndDifference } from './programs';

const client = defaultClient();
const environment = variables(['XLASTATE_CACHE_DIR', 'XLASTATE_CACHE_LIMIT', 'XDG_CACHE_HOME', 'HOME']);
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xlastate-cache-'));
  process.env.XLASTATE_CACHE_DIR = dir;
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
  environment.restore();
});

const entries = () => readdirSync(dir).filter((f) => f.endsWith('.xla')).map((f) => join(dir, f));
const works = (f: Executable, n = 2) => expect(new Float32Array(f.execute([client.bufferFromHost(new Float32Array(n), 'float32', [n])])[0]!.toHostSync())[0]).toBe(1);

/** What the cache did during `f`. */
function during(f: () => void): { hits: number; misses: number; rejected: number } {
  const a = cacheStats();
  f();
  const b = cacheStats();
  return { hits: b.hits - a.hits, misses: b.misses - a.misses, rejected: b.rejected - a.rejected };
}

test('the second time a program comes from disk', async () => {
  expect(during(() => works(cachedCompileSync(client, addOne(2))))).toEqual({ hits: 0, misses: 1, rejected: 0 });
  expect(during(() => works(cachedCompileSync(client, addOne(2))))).toEqual({ hits: 1, misses: 0, rejected: 0 });
  const hits = cacheStats().hits;
  works(await cachedCompile(client, addOne(2)));
  expect(cacheStats().hits).toBe(hits + 1);
  works(await cachedCompile(client, addOne(3)), 3);
  expect(entries().length).toBe(2);
});

test('other programs and other options are other entries', () => {
  cachedCompileSync(client, addOne(2));
  cachedCompileSync(client, addOne(2), { envOptionOverrides: { xla_cpu_enable_fast_math: true } });
  cachedCompileSync(client, addOne(2, '{jax.buffer_donor = true}'));
  expect(entries().length).toBe(3);
});

describe('an entry that is not what it should be is replaced', () => {
  const spoil: [string, (file: string) => void][] = [
    ['empty', (f) => writeFileSync(f, '')],
    ['cut short', (f) => writeFileSync(f, readFileSync(f).subarray(0, 500))],
    ['without its last byte', (f) => writeFileSync(f, readFileSync(f).subarray(0, -1))],
    ['with a bit flipped in the middle', (f) => {
      const bytes = readFileSync(f);
      bytes[bytes.length >> 1]! ^= 4;
      writeFileSync(f, bytes);
    }],
    ['with a bit flipped in its header', (f) => {
      const bytes = readFileSync(f);
      bytes[3]! ^= 4;
      writeFileSync(f, bytes);
    }],
    ['of another program', (f) => {
      cachedCompileSync(client, sumAndDifference(2));
      copyFileSync(entries().find((e) => e !== f)!, f);
    }],
    ['something else altogether', (f) => writeFileSync(f, 'hello')],
  ];
  test.each(spoil)('%s', (_, damage) => {
    cachedCompileSync(client, addOne(2));
    const file = entries()[0]!;
    damage(file);
    expect(during(() => works(cachedCompileSync(client, addOne(2))))).toEqual({ hits: 0, misses: 1, rejected: 1 });
    expect(during(() => works(cachedCompileSync(client, addOne(2))))).toEqual({ hits: 1, misses: 0, rejected: 0 });
  });
});

test('a folder that cannot be made or written means no cache', () => {
  writeFileSync(join(dir, 'file'), '');
  process.env.XLASTATE_CACHE_DIR = join(dir, 'file', 'below');
  works(cachedCompileSync(client, addOne(2)));
  process.env.XLASTATE_CACHE_DIR = '/proc/no';
  works(cachedCompileSync(client, addOne(2)));
  chmodSync(dir, 0o500);
  process.env.XLASTATE_CACHE_DIR = dir;
  works(cachedCompileSync(client, addOne(2)));
  chmodSync(dir, 0o700);
});

test('it can be turned off, and needs no home', () => {
  for (const off of ['', '0']) {
    process.env.XLASTATE_CACHE_DIR = off;
    expect(cacheDirectory()).toBe(null);
    expect(during(() => works(cachedCompileSync(client, addOne(2))))).toEqual({ hits: 0, misses: 0, rejected: 0 });
  }
  delete process.env.XLASTATE_CACHE_DIR;
  process.env.XDG_CACHE_HOME = '/somewhere';
  expect(cacheDirectory()).toBe('/somewhere/xlastate/compile');
});

test('beyond the limit the entries that were not used for longest go', () => {
  cachedCompileSync(client, addOne(1));
  const size = statSync(entries()[0]!).size;
  for (let n = 2; n <= 6; n++) cachedCompileSync(client, addOne(n));
  const all = entries();
  for (const f of all) utimesSync(f, 1000, 1000);
  process.env.XLASTATE_CACHE_LIMIT = String(Math.round(size * 4));
  cachedCompileSync(client, addOne(7));
  const left = entries();
  expect(left.length).toBeLessThan(5);
  expect(left.some((f) => !all.includes(f))).toBe(true);
  process.env.XLASTATE_CACHE_LIMIT = '10';
  works(cachedCompileSync(client, addOne(8)), 8);
});

test('processes share a folder', async () => {
  const results = await Promise.all([0, 1, 2].map(() => runChild('cacheRace.ts', [], { XLASTATE_CACHE_DIR: dir })));
  for (const r of results) expect([r.code, r.stdout, r.stderr]).toEqual([0, '[2,3,4,5,6,7,8,9,10,11,12,13]\n', '']);
  expect(readdirSync(dir).length).toBe(12);
  expect(entries().length).toBe(12);
}, 30_000);

test('with a warm cache a process has its first result at once', async () => {
  await runChild('start.ts', [], { XLASTATE_CACHE_DIR: dir });
  const said = JSON.parse((await runChild('start.ts', [], { XLASTATE_CACHE_DIR: dir })).stdout);
  expect(said.values).toEqual([2, 3, 4, 5]);
  expect(said.stats).toMatchObject({ hits: 1, misses: 0 });
  // 0.1 s on an idle machine; the compile alone would be longer than the whole.
  expect(said.compile).toBeLessThan(500);
}, 30_000);
