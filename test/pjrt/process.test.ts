import { runChild, twoAtATime } from './programs';

test('50 of 50 processes end well with work in flight', async () => {
  // One that never ended would end the test.
  const modes: [string, number][] = [['end', 0], ['exit', 7], ['code', 5], ['throw', 1], ['compile', 3], ['late', 4]];
  const results = await twoAtATime(50, (i) => runChild('exit.ts', [modes[i % modes.length]![0]]));
  const wrong = results.flatMap((r, i) => (r.code === modes[i % modes.length]![1] ? [] : [`${modes[i % modes.length]![0]}: ${r.code ?? r.signal} ${r.stderr.slice(0, 300)}`]));
  expect(wrong).toEqual([]);
}, 300_000);

test('a synchronous loop that disposes of nothing stays small', async () => {
  const r = await runChild('loop.ts', ['262144', '20000']);
  expect(r.stderr).toBe('');
  const said = JSON.parse(r.stdout) as { rss: number; peakBytes: number };
  expect(said.rss).toBeLessThan(1e9);
}, 60_000);

test('also with large arrays', async () => {
  const r = await runChild('loop.ts', [String(1 << 24), '100']);
  const said = JSON.parse(r.stdout) as { rss: number; peakBytes: number };
  expect(said.rss).toBeLessThan(1.5e9);
  expect(said.peakBytes).toBeLessThan(1.2e9);
}, 60_000);

test('what finalizers tell of within a collection begins no other one', async () => {
  const r = await runChild('garbage.ts', []);
  expect([r.code, r.signal, r.stdout]).toEqual([0, null, 'done\n']);
}, 60_000);

test('workers share the client and free their buffers when they end', async () => {
  const r = await runChild('workers.ts', ['shared']);
  expect([r.code, r.signal, r.stderr]).toEqual([0, null, '']);
  const said = JSON.parse(r.stdout) as { seen: number[]; same: boolean; refused: string[] };
  expect(said.same).toBe(true);
  // A thread's ids are nothing to another thread.
  expect(said.refused).toEqual(['ARGUMENT', 'ARGUMENT', 'ARGUMENT', 'ARGUMENT']);
  // Before and after the end of each worker.
  said.seen.forEach((bytes, i) => {
    if (i % 2 === 0) expect(bytes).toBeGreaterThanOrEqual(32 << 20);
    else expect(bytes).toBe(0);
  });
}, 60_000);

test('a client of workers alone goes with them, and comes again', async () => {
  const r = await runChild('workers.ts', ['onlyWorkers']);
  expect([r.code, r.signal, r.stderr, r.stdout]).toEqual([0, null, '', '{"ok":true}\n']);
}, 60_000);

test('without an addon the error says what to run', async () => {
  const r = await runChild(require.resolve('./children/noAddon.ts'));
  expect(r.stdout).toContain('npm rebuild xlastate');
});
