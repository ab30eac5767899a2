import { ArgumentError } from '../core/errors';
import { existingClient, findPlugin } from '../pjrt';
import { backend } from '../core/backend';
import { EnvironError } from './errors';
import { type Platform, SUPPORTED_PLATFORMS } from './keys';

// What the client is made with is told by environment variables, so that threads and processes started afterwards get the same.
const PLATFORM_VARIABLE = 'XLASTATE_PLATFORM';
const COUNT_VARIABLE = 'XLASTATE_CPU_DEVICES';

/** The kind JAX calls a platform. */
function kindOf(name: string): string {
  return /^(cuda|rocm|gpu)$/i.test(name) ? 'gpu' : name.toLowerCase();
}

const fits = (wanted: string, there: string) => wanted === there.toLowerCase() || (wanted === 'gpu' && kindOf(there) === 'gpu');

/**
 * Chooses the kind of device that arrays live on: `'cpu'`, `'gpu'` (CUDA's plugin), `'cuda'`, `'rocm'`, or `'tpu'`. It must be called before the
 * first array is made. Mirrors `brainstate.environ.set_platform`.
 *
 * @throws ArgumentError for another name
 * @throws PluginError if there is no plugin for it
 * @throws EnvironError if the device client exists and is of another platform, or XLASTATE_PLUGIN names a plugin of another one
 * @example
 * environ.setPlatform(environ.getPlatform() as 'cpu');
 */
export function setPlatform(platform: Platform): void {
  if (!SUPPORTED_PLATFORMS.includes(platform)) throw new ArgumentError(`environ.setPlatform: expected platform to be one of ${SUPPORTED_PLATFORMS.join(', ')}, got ${String(platform)}`);
  const client = existingClient();
  if (client !== undefined) {
    if (fits(platform, client.platformName)) return;
    throw new EnvironError(`environ.setPlatform: the device client exists and is of platform '${client.platformName}', so that '${platform}' comes too late: call it before the first array is made`);
  }
  const before = process.env[PLATFORM_VARIABLE];
  if (process.env.XLASTATE_PLUGIN) {
    const there = findPlugin().platform;
    if (!fits(platform, there)) throw new EnvironError(`environ.setPlatform: XLASTATE_PLUGIN names a plugin of platform '${there}', got '${platform}'`);
  }
  if (platform === 'tpu') throw new EnvironError("environ.setPlatform: no plugin for 'tpu' is known; name one by PJRT_NAMES_AND_LIBRARY_PATHS or XLASTATE_PLUGIN");
  process.env[PLATFORM_VARIABLE] = platform;
  try {
    findPlugin();
  } catch (e) {
    if (before === undefined) delete process.env[PLATFORM_VARIABLE];
    else process.env[PLATFORM_VARIABLE] = before;
    throw e;
  }
}

/**
 * The kind of device that arrays live on, `'cpu'` or `'gpu'`; makes the device client if there is none yet. Mirrors `brainstate.environ.get_platform`.
 *
 * @example
 * typeof environ.getPlatform(); // 'string'
 */
export function getPlatform(): string {
  return kindOf(backend().platform);
}

/**
 * Sets the number of devices that the CPU is divided into. It must be called before the first array is made.
 * Mirrors `brainstate.environ.set_host_device_count`.
 *
 * @throws ArgumentError unless `n` is an integer from 1 to 1024
 * @throws EnvironError if the device client exists and has another number of devices
 * @example
 * environ.setHostDeviceCount(environ.getHostDeviceCount());
 */
export function setHostDeviceCount(n: number): void {
  if (!Number.isInteger(n) || n < 1 || n > 1024) throw new ArgumentError(`environ.setHostDeviceCount: expected n to be an integer from 1 to 1024, got ${String(n)}`);
  const client = existingClient();
  if (client !== undefined) {
    if (client.platformName === 'cpu' && client.addressableDevices.length === n) return;
    throw new EnvironError(`environ.setHostDeviceCount: the device client exists (platform '${client.platformName}', ${client.addressableDevices.length} devices), so that ${n} comes too late: `
      + 'call it before the first array is made');
  }
  process.env[COUNT_VARIABLE] = String(n);
}

/** The number of devices that the CPU is divided into, 1 unless set. Mirrors `brainstate.environ.get_host_device_count`. @example environ.getHostDeviceCount() >= 1; // true */
export function getHostDeviceCount(): number {
  const client = existingClient();
  if (client?.platformName === 'cpu') return client.addressableDevices.length;
  return Number(process.env[COUNT_VARIABLE] ?? 1);
}
