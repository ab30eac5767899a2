import { createHash } from 'node:crypto';
import { existingNative } from './native';

/** SHA-256 of a text's UTF-8 or of bytes: by the OpenSSL within Node, which the addon finds. `node:crypto` takes milliseconds to load. */
export function sha256(data: string | Uint8Array): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return existingNative()?.sha256(bytes) ?? createHash('sha256').update(bytes).digest();
}
