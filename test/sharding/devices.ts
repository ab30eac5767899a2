import type { environ as Environ } from '../../lib';

/** Divides the CPU of this test file's client into four devices: to be called before its first array. */
export function setFourDevices(environ: typeof Environ): void {
  const before = process.env.XLASTATE_CPU_DEVICES;
  environ.setHostDeviceCount(4);
  // Other files of this process have clients of their own.
  afterAll(() => {
    if (before === undefined) delete process.env.XLASTATE_CPU_DEVICES;
    else process.env.XLASTATE_CPU_DEVICES = before;
  });
}
