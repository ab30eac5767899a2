import { isPlainObject } from '../core/tree';
import { breathe } from '../storage/disk';
import { HostArray } from '../storage/hostArray';
import { setOwn } from './stateDict';

/** A decoded tree with its arrays put on the device. */
export function toDevice(x: unknown): unknown {
  if (x instanceof HostArray) return x.toArray();
  if (Array.isArray(x)) return x.map(toDevice);
  if (!isPlainObject(x)) return x;
  for (const key of Object.keys(x)) setOwn(x, key, toDevice(x[key]));
  return x;
}

// Copying this much takes a few milliseconds.
const BREATH = 2 ** 23;

/** {@link toDevice} with pauses for the event loop. */
export async function toDeviceAsync(x: unknown, load = { bytes: 0 }): Promise<unknown> {
  if (x instanceof HostArray) {
    load.bytes += x.bytes.byteLength;
    if (load.bytes > BREATH) {
      load.bytes = 0;
      await breathe();
    }
    return x.toArray();
  }
  if (!isPlainObject(x)) return toDevice(x);
  for (const key of Object.keys(x)) setOwn(x, key, await toDeviceAsync(x[key], load));
  return x;
}
