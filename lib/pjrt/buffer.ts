import type { NativeBuffer } from './native';

/**
 * An array in the memory of a device. Made by `client.bufferFromHost` and by executables.
 *
 * - `dtype`, `dims`, `nbytes` (host format: at least one byte an element), `onDeviceSize`
 * - `deviceIndex`, `memoryIndex`: places in the client's `devices` and `memories`
 * - `toHostSync()`, `toHost()`: a row-major copy; `blockUntilReady()`, `ready()`, `isReady()`
 * - `delete()`, `isDeleted()`: the memory is freed at once; a donated buffer is deleted by the call it is given to
 * - `unsafePointer()`: device address, valid while the buffer lives
 *
 * Using a deleted buffer throws DeletedArrayError. Mirrors `PJRT_Buffer`.
 */
export interface Buffer extends NativeBuffer {
  [Symbol.dispose]?(): void;
}
