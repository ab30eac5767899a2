import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { config } from '../../lib/core/config';
import * as environ from '../../lib/environ';

const root = join(__dirname, '../..');

afterEach(() => environ.reset());

describe('get, set, pop, all', () => {
  test('what BrainState prints', () => {
    expect(() => environ.get('fit', { desc: 'whether to train' })).toThrow(/key 'fit' is not set.*whether to train.*environ\.context/s);
    expect(environ.get('fit', { default: null })).toBeNull();
    environ.context({ fit: true, dt: 0.1 }, () => {
      expect([environ.get('fit'), environ.getDt(), environ.all()]).toEqual([true, 0.1, { precision: 32, fit: true, dt: 0.1 }]);
    });
    environ.set({ dt: 0.5, foo: 1 });
    expect([environ.get('foo'), environ.pop('foo'), environ.pop('foo', { default: 7 })]).toEqual([1, 1, 7]);
    expect(() => environ.pop('foo')).toThrow(environ.EnvironError);
    environ.context({ dt: 1 }, () => expect(() => environ.pop('dt')).toThrow(/open context/));
  });

  test('undefined leaves a key as it is, null is a value', () => {
    environ.set({ a: 1 });
    environ.set({ a: undefined, b: null });
    expect(environ.all()).toEqual({ precision: 32, a: 1, b: null });
  });

  test('impossible values', () => {
    expect(() => environ.set({ precision: 7 as never })).toThrow('one of 8, 16, 32, 64, bf16, got 7');
    expect(() => environ.context({ precision: 7 as never })).toThrow('got 7');
    expect(() => environ.set({ dt: 'x' as never })).toThrow(/dt to be a number/);
    expect(() => environ.context({ platform: 'cpu' })).toThrow(/cannot change for a while/);
    expect(() => environ.context({ host_device_count: 2 })).toThrow(/cannot change for a while/);
    expect(() => environ.setPlatform('abacus' as never)).toThrow(/one of cpu, gpu/);
    expect(() => environ.setHostDeviceCount(0)).toThrow(/from 1 to 1024/);
    expect(environ.all()).toEqual({ precision: 32 });
  });

  test('environments of their own', () => {
    const env = new environ.EnvironmentState();
    environ.set({ precision: 64, a: 1 }, { env });
    expect([environ.dftype({ env }), environ.dftype(), config.enableX64]).toEqual(['float64', 'float32', false]);
    environ.context({ a: 2 }, () => expect(environ.get('a', { env })).toBe(2), { env });
    expect(environ.tolerance({ env }).dtype).toBe('float64');
    environ.reset({ env });
    expect([environ.all({ env }), environ.get('a', { env, default: null })]).toEqual([{ precision: 32 }, null]);
  });
});

describe('contexts', () => {
  test('nest, and restore when the function throws', () => {
    environ.set({ v: 10 });
    expect(() => environ.context({ v: 20 }, () => {
      environ.context({ v: 30 }, () => expect(environ.get('v')).toBe(30));
      expect(environ.get('v')).toBe(20);
      throw new Error('inner');
    })).toThrow('inner');
    expect(environ.get('v')).toBe(10);
    expect(environ.context({ v: 20 }, () => 'result')).toBe('result');
  });

  test('using, out of order and twice', () => {
    {
      using c = environ.context({ fit: true });
      expect(c.settings).toEqual({ precision: 32, fit: true });
    }
    expect(environ.get('fit', { default: null })).toBeNull();
    const a = environ.context({ v: 1 });
    const b = environ.context({ v: 2 });
    a[Symbol.dispose]();
    expect(environ.get('v')).toBe(2);
    a[Symbol.dispose]();
    b[Symbol.dispose]();
    expect(environ.get('v', { default: 'gone' })).toBe('gone');
  });

  test('stay until a promise settles', async () => {
    const running = environ.context({ v: 1 }, async () => {
      await null;
      return environ.get('v');
    });
    expect(environ.get('v')).toBe(1);
    expect(await running).toBe(1);
    expect(environ.get('v', { default: null })).toBeNull();
    await expect(environ.context({ v: 1 }, async () => { throw new Error('later'); })).rejects.toThrow('later');
    expect(environ.get('v', { default: null })).toBeNull();
  });

  test('behaviours run on set, at the beginning and, with the value that is back, at the end', () => {
    const seen: unknown[] = [];
    environ.registerDefaultBehavior('dt', (v) => seen.push(v));
    expect(() => environ.registerDefaultBehavior('dt', () => {})).toThrow(/replaceIfExist/);
    environ.set({ dt: 0.5 });
    environ.context({ dt: 0.1 }, () => seen.push('inside'));
    expect(seen).toEqual([0.5, 0.1, 'inside', 0.5]);
    expect([environ.listRegisteredBehaviors(), environ.unregisterDefaultBehavior('dt'), environ.unregisterDefaultBehavior('dt')]).toEqual([['dt'], true, false]);
  });

  test('a behaviour that throws becomes a warning', () => {
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    environ.registerDefaultBehavior('q', () => { throw new Error('no'); });
    environ.set({ q: 1 });
    expect(emit).toHaveBeenCalledWith(expect.stringContaining("'q' threw: no"), 'RuntimeWarning');
    emit.mockRestore();
    expect(environ.get('q')).toBe(1);
  });
});

describe('precision', () => {
  test.each([
    [64, 64, 'float64', 'int64', 'uint64', 'complex128', 1e-12, 'float64'],
    [32, 32, 'float32', 'int32', 'uint32', 'complex64', Math.fround(1e-5), 'float32'],
    [16, 16, 'float16', 'int16', 'uint16', 'complex64', 0.01000213623046875, 'float16'],
    ['bf16', 16, 'bfloat16', 'int16', 'uint16', 'complex64', 0.01000213623046875, 'float16'],
    [8, 8, 'float8_e5m2', 'int8', 'uint8', 'complex64', 0.01000213623046875, 'float16'],
    ['64', 64, 'float64', 'int64', 'uint64', 'complex128', 1e-12, 'float64'],
  ] as const)('%p', (precision, bits, f, i, u, c, tolerance, toleranceType) => {
    environ.context({ precision }, () => {
      expect([environ.getPrecision(), environ.dftype(), environ.ditype(), environ.dutype(), environ.dctype()]).toEqual([bits, f, i, u, c]);
      expect([environ.tolerance().item(), environ.tolerance().dtype]).toEqual([tolerance, toleranceType]);
      expect(config.enableX64).toBe(bits === 64);
    });
    expect(config.enableX64).toBe(false);
  });

  test('64 bits nest in and out', () => {
    environ.setPrecision(64);
    environ.context({ precision: 16 }, () => {
      expect(config.enableX64).toBe(false);
      environ.context({ precision: 64 }, () => expect(config.enableX64).toBe(true));
      environ.setPrecision(32);
      expect(environ.getPrecision()).toBe(16);
    });
    expect([config.enableX64, environ.getPrecision()]).toEqual([false, 32]);
  });
});

describe('what a function reads', () => {
  test('keys and values found, absent ones too', () => {
    environ.set({ a: 1 });
    const { result, reads } = environ.trackReads(() => [environ.get('a'), environ.get('fit', { default: false })]);
    expect([result, reads.keys(), environ.stillValid(reads)]).toEqual([[1, false], ['a', 'fit'], true]);
    environ.set({ other: 1 });
    expect(environ.stillValid(reads)).toBe(true);
    environ.context({ fit: true }, () => expect(environ.stillValid(reads)).toBe(false));
    expect(environ.stillValid(reads)).toBe(true);
    environ.set({ a: 2 });
    expect(environ.stillValid(reads)).toBe(false);
    environ.set({ a: 1 });
    expect(environ.stillValid(reads)).toBe(true);
    environ.pop('a');
    expect(environ.stillValid(reads)).toBe(false);
  });

  test('what the function enters or sets itself does not count', () => {
    const { reads } = environ.trackReads(() => environ.context({ fit: true }, () => {
      environ.set({ mine: 1 });
      return [environ.get('fit'), environ.get('mine')];
    }));
    expect(reads.isEmpty).toBe(true);
  });

  test('the outer function sees what the inner reads, and what is repeated for a cached one', () => {
    environ.context({ fit: true, a: 1 }, () => {
      let inner: environ.Reads | undefined;
      const outer = environ.trackReads(() => environ.context({ a: 2 }, () => {
        inner = environ.trackReads(() => [environ.get('fit'), environ.get('a')]).reads;
      }));
      expect([inner!.keys(), outer.reads.keys()]).toEqual([['fit', 'a'], ['fit']]);
      const again = environ.trackReads(() => environ.context({ a: 2 }, () => {
        expect(environ.stillValid(inner!)).toBe(true);
        environ.repeatReads(inner!);
      }));
      expect([again.reads.keys(), environ.stillValid(again.reads), environ.stillValid(inner!)]).toEqual([['fit'], true, false]);
    });
  });

  test('reading everything, precision, and after a throw', () => {
    const { reads } = environ.trackReads(() => environ.all());
    expect(environ.stillValid(reads)).toBe(true);
    environ.context({ x: 1 }, () => expect(environ.stillValid(reads)).toBe(false));
    expect(environ.trackReads(() => environ.dftype()).reads.keys()).toEqual(['precision']);
    expect(() => environ.trackReads(() => { throw new Error('trace'); })).toThrow('trace');
    const after = environ.trackReads(() => 0);
    environ.get('precision');
    expect(after.reads.isEmpty).toBe(true);
  });
});

/** Runs a program in a process of its own, as there is one device client a process. */
function run(code: string, env: Record<string, string> = {}): string {
  const program = `const environ = require('./lib/environ'); const { backend } = require('./lib/core/backend');
    const attempt = (f) => { try { return f(); } catch (e) { return e.code; } };
    const out = (() => { ${code} })(); console.log(JSON.stringify(out));`;
  const clean: NodeJS.ProcessEnv = { ...process.env, ...env };
  if (!('XLASTATE_CPU_DEVICES' in env)) delete clean.XLASTATE_CPU_DEVICES;
  return JSON.parse(execFileSync(process.execPath, ['-r', './test/support/register.js', '-e', program], { cwd: root, env: clean, encoding: 'utf8' }));
}

const onCpu = !process.env.XLASTATE_PLATFORM || process.env.XLASTATE_PLATFORM === 'cpu';

(onCpu ? describe : describe.skip)('the device client', () => {
  test('gets platform and number of devices, afterwards they are fixed', () => {
    expect(run(`
      const before = environ.getHostDeviceCount();
      environ.set({ platform: 'cpu', host_device_count: 3 });
      const n = environ.getHostDeviceCount();
      return [before, n, backend().client.devices.length, environ.get('platform'), environ.get('hostDeviceCount'),
        attempt(() => environ.setHostDeviceCount(2)), attempt(() => environ.setHostDeviceCount(3) ?? 'same'), attempt(() => environ.setPlatform('gpu')), attempt(() => environ.setPlatform('cpu') ?? 'same')];
    `)).toEqual([1, 3, 3, 'cpu', 3, 'ENVIRON', 'same', 'ENVIRON', 'same']);
  });

  test('a platform without a plugin is an error at once, and leaves nothing behind', () => {
    expect(run(`
      const wrong = ['tpu', 'rocm'].map((p) => attempt(() => environ.setPlatform(p)));
      return [...wrong, environ.getPlatform()];
    `, { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? '', XLASTATE_PLUGIN: '' })).toEqual(['ENVIRON', 'PLUGIN', 'cpu']);
  });
});
