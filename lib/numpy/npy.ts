import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { readAllSync } from '../storage/disk';
import { HostArray } from '../storage/hostArray';
import { readNumpyFile, saveArchive, saveArray } from '../storage/npz';
import { frombuffer, type FrombufferOptions } from './creation';

// NumPy does not know bfloat16, and has its elements as two bytes each: JAX reads such elements as bfloat16.
const AS_BYTES = 'bfloat16';

function fileName(op: string, file: unknown): string {
  if (typeof file !== 'string' || file === '') throw new ArgumentError(`${op}: expected a file's name, got ${describeValue(file)}`);
  return file;
}

/**
 * Writes an array to a file in NumPy's format. Mirrors `jax.numpy.save`; `.npy` is added to a name without it.
 *
 * @param arr an array
 * @throws DtypeError for a dtype that the format has no name for
 * @example
 * ```ts
 * np.save('x.npy', [[1, 2], [3, 4]]);
 * np.load('x.npy').shape; // [2, 2]
 * ```
 */
export function save(file: string, arr: ArrayLike, options?: { allowPickle?: boolean }): void {
  // Nothing is ever pickled: arrays hold no objects.
  checkOptions('save', ['allowPickle'], options);
  saveArray('save', fileName('save', file), HostArray.from(arr, 'save'), true, AS_BYTES);
}

/**
 * Writes several arrays to one file, NumPy's `.npz`, which is added to a name without it: arrays are named `arr_0`, `arr_1` and so on, those of a
 * trailing object by its keys. Mirrors `jax.numpy.savez`.
 *
 * @throws ArgumentError for a name that is given twice, DtypeError for a dtype that the format has no name for
 * @example
 * np.savez('pair.npz', np.ones([2]), { weight: np.zeros([3]) }); // np.load('pair.npz') is { arr_0, weight }
 */
export function savez(file: string, ...args: readonly (ArrayLike | Readonly<Record<string, ArrayLike>>)[]): void {
  const last = args[args.length - 1];
  const named = isPlainObject(last) && !('re' in last && 'im' in last) ? (last as Readonly<Record<string, ArrayLike>>) : null;
  const arrays = new Map<string, HostArray>();
  for (const [name, x] of Object.entries(named ?? {})) arrays.set(name, HostArray.from(x, `savez: ${name}`));
  (named === null ? args : args.slice(0, -1)).forEach((x, i) => {
    if (arrays.has(`arr_${i}`)) throw new ArgumentError(`savez: the name arr_${i} is that of argument ${i}, and cannot be given to another array`);
    arrays.set(`arr_${i}`, HostArray.from(x as ArrayLike, `savez: argument ${i}`));
  });
  saveArchive('savez', fileName('savez', file), arrays, { compress: false, overwrite: true, asBytes: AS_BYTES });
}

/**
 * Reads a file in NumPy's format: an array of a `.npy` file, arrays by name of a `.npz` file; 64-bit types narrow unless they are on. Mirrors `jax.numpy.load`.
 *
 * @throws InvalidCheckpointPath for other files and damaged ones, DtypeError for arrays of objects and text
 * @example
 * ```ts
 * np.save('x.npy', [1, 2, 3]);
 * np.load('x.npy').js(); // [1, 2, 3]
 * ```
 */
export function load(file: `${string}.npz`): Record<string, Array>;
export function load(file: string): Array;
export function load(file: string): Array | Record<string, Array> {
  const found = readNumpyFile(fileName('load', file), { dtype: AS_BYTES });
  if (found instanceof HostArray) return found.toArray();
  return Object.fromEntries([...found].map(([name, a]) => [name, a.toArray()]));
}

/**
 * The bytes of a file as an array of one dimension. Mirrors `jax.numpy.fromfile`. @throws as {@link frombuffer}
 *
 * @example
 * ```ts
 * const { writeFileSync } = await import('node:fs');
 * writeFileSync('x.bin', new Float32Array([1, 2, 3]));
 * np.fromfile('x.bin', { dtype: 'float32' }).js(); // [1, 2, 3]
 * ```
 */
export function fromfile(file: string, options: FrombufferOptions = {}): Array {
  return frombuffer(readAllSync(fileName('fromfile', file)), options);
}
