import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doctor } from '../../lib/pjrt/doctor';

test('programs that another process takes out of the cache while they are counted are not counted, nor is what is no program', () => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'xlastate-doctor-'));
  const [kept, taken] = ['a', 'b'].map((c) => `${c.repeat(64)}.xla`) as [string, string];
  for (const name of [kept, taken, `${kept}.1.tmp`]) fs.writeFileSync(join(dir, name), Buffer.alloc(500_000));
  fs.mkdirSync(join(dir, 'code'));
  const list = fs.readdirSync;
  const spy = jest.spyOn(fs, 'readdirSync').mockImplementation(((path: string, options: never) => {
    const names = list(path, options);
    if (path === dir && names.length > 0) fs.unlinkSync(join(dir, taken));
    return names;
  }) as typeof list);
  const before = process.env.XLASTATE_CACHE_DIR;
  process.env.XLASTATE_CACHE_DIR = dir;
  try {
    expect(doctor().findings).toContainEqual({ name: 'compile cache', value: `${dir}, 1 programs, 0.5 MB` });
  } finally {
    spy.mockRestore();
    if (before === undefined) delete process.env.XLASTATE_CACHE_DIR;
    else process.env.XLASTATE_CACHE_DIR = before;
    fs.rmSync(dir, { recursive: true });
  }
});
