import { readFileSync } from 'node:fs';
import { ArgumentError } from '../core/errors';
import { ProfilerError } from './errors';
import { decodeSpace, type ProfilePlane } from './xspace';

/**
 * What a profile holds: planes (a host, a device) of lines (a thread, a stream) of events. Mirrors `jax.profiler.ProfileData`.
 *
 * @example
 * ```ts
 * profiler.startTrace('/tmp/xlastate-profile');
 * jit((x: np.Array) => x.add(1))(1);
 * const { xplane } = profiler.stopTrace();
 * const host = profiler.ProfileData.fromFile(xplane).findPlaneWithName('/host:CPU');
 * host?.lines[0]?.events.map((e) => e.name);
 * ```
 */
export class ProfileData {
  readonly planes: readonly ProfilePlane[];

  private constructor(planes: readonly ProfilePlane[]) {
    this.planes = planes;
  }

  /** Reads an `.xplane.pb` file. @throws ProfilerError if it cannot be read, or is no profile */
  static fromFile(path: string): ProfileData {
    if (typeof path !== 'string') throw new ArgumentError(`ProfileData.fromFile: expected a path, got ${typeof path}`);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      throw new ProfilerError(`ProfileData.fromFile: '${path}' cannot be read: ${(cause as Error).message}`, { cause });
    }
    return ProfileData.fromSerializedXspace(bytes);
  }

  /** @param bytes of an XSpace @throws ProfilerError if they are none */
  static fromSerializedXspace(bytes: Uint8Array): ProfileData {
    if (!(bytes instanceof Uint8Array)) throw new ArgumentError(`ProfileData.fromSerializedXspace: expected a Uint8Array, got ${typeof bytes}`);
    try {
      return new ProfileData(decodeSpace(bytes));
    } catch (cause) {
      throw new ProfilerError(`ProfileData: the bytes are no profile: ${(cause as Error).message}`, { cause });
    }
  }

  /** The plane of a name, such as `/host:CPU`; null if there is none. */
  findPlaneWithName(name: string): ProfilePlane | null {
    return this.planes.find((p) => p.name === name) ?? null;
  }
}
