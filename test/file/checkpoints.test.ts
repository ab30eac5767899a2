import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParamState } from '../../lib';
import * as file from '../../lib/file';
import { fromNested } from '../../lib/functional/arrayLike';

const root = mkdtempSync(join(tmpdir(), 'xlastate-checkpoints-'));
afterAll(() => rmSync(root, { recursive: true }));

const make = () => ({ w: new ParamState(fromNested([0, 0])), step: 0 });
const tree = (step: number) => ({ w: new ParamState(fromNested([step, -step])), step });

describe('CheckpointManager', () => {
  test('keeps the last ones and the best, and finds them again', () => {
    const folder = join(root, 'keep');
    const m = new file.CheckpointManager(folder, { maxToKeep: 2, bestMetric: 'loss' });
    expect([m.latest(), m.best(), m.resume({ target: make() }), m.allSteps()]).toEqual([null, null, null, []]);
    [3, 1, 2, 4, Number.NaN].forEach((loss, i) => m.save(i + 1, tree(i + 1), { loss }));
    expect([m.allSteps(), m.best()!.step, m.latest()!.step]).toEqual([[2, 4, 5], 2, 5]);
    expect(readdirSync(folder).sort()).toEqual([2, 4, 5].flatMap((n) => [`checkpoint-0000000${n}.json`, `checkpoint-0000000${n}.msgpack`]));

    const again = new file.CheckpointManager(folder, { maxToKeep: 2, bestMetric: 'loss', bestMode: 'max' });
    expect(again.best()!.metrics).toEqual({ loss: 4 });
    const target = make();
    expect([again.resume({ target }), target.w.value.js()]).toEqual([5, [5, -5]]);
    again.restore({ step: 2, target });
    expect(target.w.value.js()).toEqual([2, -2]);
    m.restoreBest({ target });
    expect([target.w.value.js(), (m.restore() as { step: number }).step]).toEqual([[2, -2], 5]);
    expect((file.msgpackLoad(m.latest()!.file) as { step: number }).step).toBe(5);
    expect(() => m.restore({ step: 3 })).toThrow(/no checkpoint of step 3; it has 2, 4, 5/);
    expect(() => m.save(6, tree(6))).toThrow(/metric 'loss'.*missing/);
    expect(() => m.save(-1, tree(6), { loss: 1 })).toThrow(/non-negative integer/);
    expect(() => new file.CheckpointManager(folder, { maxToKeep: 0 })).toThrow(/positive integer/);
  });

  test('passes over damaged ones', () => {
    const folder = join(root, 'damaged');
    const m = new file.CheckpointManager(folder, { maxToKeep: null });
    for (let i = 1; i <= 3; i++) m.save(i, tree(i));
    const last = m.latest()!.file;
    const bytes = readFileSync(last);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(last, bytes);
    writeFileSync(join(folder, 'checkpoint-00000009.json'), '{"format":1');
    writeFileSync(join(folder, 'other.txt'), '');
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const target = make();
    expect([m.resume({ target }), target.w.value.js()]).toEqual([2, [2, -2]]);
    expect(emit.mock.calls[0]![0]).toMatch(/checksum of .*00000003\.msgpack is wrong/);
    emit.mockRestore();
    expect(() => m.restore()).toThrow(file.InvalidCheckpointPath);
    rmSync(last);
    expect(() => m.resume({ target: { w: new ParamState(fromNested([0])) } })).toThrow(file.CheckpointMismatchError);
  });

  test('removes what killed saves have left, an hour later', () => {
    const folder = join(root, 'left');
    const m = new file.CheckpointManager(folder, { maxToKeep: 2 });
    m.save(1, tree(1));
    const tmp = `.tmp-${'0a'.repeat(16)}`;
    const old = [`checkpoint-00000002.msgpack${tmp}`, `checkpoint-00000002.json${tmp}`, 'checkpoint-00000003.msgpack'];
    const others = [`checkpoint-00000005.msgpack${tmp}`, 'checkpoint-00000006.msgpack', `other-00000002.msgpack${tmp}`, 'checkpoint-notes.txt', 'checkpoint-00000004.json'];
    for (const name of [...old, ...others]) writeFileSync(join(folder, name), '');
    const hours = (n: number) => new Date(Date.now() - n * 3_600_000);
    for (const name of [...old, ...others.slice(2), 'checkpoint-00000001.msgpack', 'checkpoint-00000001.json']) utimesSync(join(folder, name), hours(2), hours(2));
    m.save(7, tree(7));
    expect(readdirSync(folder).sort()).toEqual([...others, ...[1, 7].flatMap((n) => [`checkpoint-0000000${n}.json`, `checkpoint-0000000${n}.msgpack`])].sort());
    expect(m.allSteps()).toEqual([1, 7]);
  });

  test('asynchronously: values at the call, in order, failures told', async () => {
    const m = new file.CheckpointManager(join(root, 'async'), { maxToKeep: 2 });
    const state = new ParamState(fromNested([0]));
    const saves = [1, 2, 3, 2].map((n) => {
      state.value = fromNested([n]);
      return m.saveAsync(n, { state });
    });
    expect(() => m.saveAsync(1.5, {})).toThrow(/integer/);
    expect((await Promise.all(saves)).map((c) => c.step)).toEqual([1, 2, 3, 2]);
    expect(m.allSteps()).toEqual([2, 3]);
    m.restore({ step: 2, target: { state } });
    expect(state.value.js()).toEqual([2]);
    writeFileSync(join(root, 'a-file'), '');
    const bad = new file.CheckpointManager(join(root, 'a-file'));
    await expect(bad.saveAsync(1, {})).rejects.toThrow(file.CheckpointError);
  });
});

/** Kills a process that saves without end, and looks at what it left. */
async function killed(mode: string, delay: number): Promise<unknown> {
  const path = join(root, `killed-${mode}-${delay}`, 'model.msgpack');
  const child = spawn(process.execPath, ['-r', join(__dirname, '../support/register.js'), join(__dirname, 'children/saver.ts'), path, mode]);
  await new Promise((done) => child.stdout.once('data', done));
  await new Promise((done) => setTimeout(done, delay));
  child.kill('SIGKILL');
  await new Promise((done) => child.once('close', done));
  return file.msgpackLoad(path, { host: true });
}

test.each(['sync', 'async'])('a process killed while it saves (%s) leaves a whole file', async (mode) => {
  for (const delay of [0, 3, 11, 24]) {
    const { n, data, end } = (await killed(mode, delay)) as { n: number; data: file.HostArray; end: number };
    const values = data.data() as Float32Array;
    expect([end, values.length, values.every((v) => v === n)]).toEqual([n, 100_000, true]);
  }
});
