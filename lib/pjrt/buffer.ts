import type { Device, Memory } from './client';
import { ArgumentError } from './errors';
import { type NativeBuffer, native } from './native';

/**
 * An array in the memory of a device. Made by `client.bufferFromHost` and by executables. Mirrors `PJRT_Buffer`.
 *
 * The class is the addon's own, so that a call makes no object besides it; what it promises:
 *
 * - `dtype`, `dims` (a fresh array), `nbytes` (host format: at least one byte an element), `onDeviceSize`
 * - `toHostSync()`, `toHost()`: a row-major copy (that of `toHost` is memory of the addon's, which Node does not let be transferred to other
 *   threads: copy it first); `blockUntilReady()`, `ready()`, `isReady()`. An error of the program that computes
 *   the buffer is thrown here, as XlaError
 * - `delete()`, `isDeleted()`: the memory is freed at once; a donated buffer is deleted by the call it is given to. Nothing needs to be
 *   deleted: garbage collection frees the memory, too
 * - `unsafePointer()`: device address, valid while the buffer lives
 *
 * Using a deleted buffer throws DeletedArrayError.
 */
export interface Buffer extends NativeBuffer {
  readonly device: Device;
  readonly memory: Memory;
  /** A copy on another device of the same client, or a second one on the same. */
  copyToDevice(device: Device): Buffer;
  copyToMemory(memory: Memory): Buffer;
  [Symbol.dispose](): void;
}

/** How a buffer finds the devices and memories of its client. */
export interface ClientLookup {
  devices: readonly Device[];
  memories: readonly Memory[];
}

/** Adds to the addon's class what needs our own classes. */
export function completeBufferClass(clientOf: (id: number) => ClientLookup): void {
  const prototype = native().Buffer.prototype;
  const define = (name: string | symbol, descriptor: PropertyDescriptor): void => {
    Object.defineProperty(prototype, name, { configurable: true, enumerable: false, ...descriptor });
  };
  define('device', {
    get(this: NativeBuffer) {
      return clientOf(this.clientId).devices[this.deviceIndex];
    },
  });
  define('memory', {
    get(this: NativeBuffer) {
      return clientOf(this.clientId).memories[this.memoryIndex];
    },
  });
  define('copyToDevice', {
    writable: true,
    value(this: NativeBuffer, device: Device): NativeBuffer {
      if (clientOf(this.clientId).devices[device?.index] !== device) throw new ArgumentError('Buffer.copyToDevice: expected a device of the same client');
      return this.copyToDeviceIndex(device.index);
    },
  });
  define('copyToMemory', {
    writable: true,
    value(this: NativeBuffer, memory: Memory): NativeBuffer {
      if (clientOf(this.clientId).memories[memory?.index] !== memory) throw new ArgumentError('Buffer.copyToMemory: expected a memory of the same client');
      return this.copyToMemoryIndex(memory.index);
    },
  });
  const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  define(dispose, { writable: true, value: prototype.delete });
}
