import type { ConcreteArray } from '../core/array';
import { severalBackends } from '../core/backend';
import { registerCache } from '../core/caches';
import type { DType } from '../core/dtype';
import type { Buffer } from '../pjrt';

/** As many as a program text may have numbers; a loop that counts has more, which are not worth keeping. */
const MOST = 256;

const known = new Map<DType, Map<number | boolean, Buffer>>();
let count = 0;
registerCache(clear);

function clear(): void {
  known.clear();
  count = 0;
}

/**
 * The buffer of an operand that a program reads and leaves alone. Numbers of the caller's that are on the host only, the 1 of `x.add(1)`, share one
 * for each value, which no array shows.
 */
export function operandBuffer(x: ConcreteArray): Buffer {
  const value = x.onHost ? x.literal : null;
  if ((typeof value !== 'number' && typeof value !== 'boolean') || Object.is(value, -0) || severalBackends()) return x.buffer;
  const found = known.get(x.dtype)?.get(value);
  if (found !== undefined) return found;
  if (++count > MOST) clear();
  const buffer = x.newBuffer();
  let values = known.get(x.dtype);
  if (values === undefined) known.set(x.dtype, (values = new Map()));
  values.set(value, buffer);
  return buffer;
}
