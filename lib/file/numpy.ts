import type { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { checkOptions } from '../functional/options';
import { HostArray } from '../storage/hostArray';
import { type FileName, filePath, type SaveOptions } from './msgpack';
import { readNumpyFile, saveArchive, saveArray } from '../storage/npz';
import type { Tensor, Tensors } from './safetensors';
import { setOwn } from './stateDict';

/**
 * Saves one array as NumPy's `.npy`, whose ending is added if need be. Mirrors `numpy.save`.
 *
 * @param filename path of the file
 * @returns the file's name
 * @throws DtypeError for types NumPy has none for, such as bfloat16
 * @example
 * file.numpySave('x.npy', np.arange(3));
 */
export function numpySave(filename: FileName, array: Tensor, options: Pick<SaveOptions, 'overwrite'> = {}): string {
  const path = filePath('numpySave', filename);
  const { overwrite = true } = checkOptions('numpySave', ['overwrite'], options);
  return saveArray('numpySave', path, HostArray.from(array), overwrite);
}

function saveByName(op: string, filename: FileName, arrays: Tensors, compress: boolean, options: Pick<SaveOptions, 'overwrite'>): string {
  const { overwrite = true } = checkOptions(op, ['overwrite'], options);
  const path = filePath(op, filename);
  if (!(arrays instanceof Map) && !isPlainObject(arrays)) throw new ArgumentError(`${op}: expected arrays to be a plain object or a Map of arrays by name`);
  const entries = arrays instanceof Map ? [...arrays] : Object.entries(arrays as Record<string, Tensor>);
  return saveArchive(op, path, entries.map(([name, x]) => [name, HostArray.from(x, name)] as const), { compress, overwrite });
}

/**
 * Saves arrays by name as NumPy's `.npz`, whose ending is added if need be. Mirrors `numpy.savez`.
 *
 * @param filename path of the file
 * @example
 * ```ts
 * file.savez('two.npz', { x: np.ones([2]), y: np.zeros([3]) });
 * Object.keys(file.numpyLoad('two.npz')); // ['x', 'y']
 * ```
 */
export function savez(filename: FileName, arrays: Tensors, options: Pick<SaveOptions, 'overwrite'> = {}): string {
  return saveByName('savez', filename, arrays, false, options);
}

/**
 * {@link savez}, compressed. Mirrors `numpy.savez_compressed`.
 *
 * @param filename path of the file
 * @param arrays arrays by name
 * @example
 * ```ts
 * file.savezCompressed('small.npz', { x: np.zeros([1000]) });
 * Object.keys(file.numpyLoad('small.npz')); // ['x']
 * ```
 */
export function savezCompressed(filename: FileName, arrays: Tensors, options: Pick<SaveOptions, 'overwrite'> = {}): string {
  return saveByName('savezCompressed', filename, arrays, true, options);
}

/** Options of {@link numpyLoad}. */
export interface NumpyLoadOptions {
  /** The type of elements that NumPy wrote as mere bytes, as it does with bfloat16. */
  dtype?: DType;
  /** Give {@link HostArray}s, in the file's types, and on no device. */
  host?: boolean;
  /** Of an archive, only these arrays. */
  names?: readonly string[];
  /** The most bytes an archive's arrays may unpack to, 8 GiB unless given. */
  maxSize?: number;
}

/**
 * What `numpy.save` or `numpy.savez` saved: an array, or of an archive a plain object of arrays by name. Mirrors `numpy.load`; pickled objects
 * are never read.
 *
 * @throws InvalidCheckpointPath if the file is damaged
 * @throws DtypeError for elements that are no numbers
 * @example
 * const x = file.numpyLoad('x.npy') as Array;
 */
export function numpyLoad(filename: FileName, options: NumpyLoadOptions = {}): Array | HostArray | Record<string, Array | HostArray> {
  const path = filePath('numpyLoad', filename);
  checkOptions('numpyLoad', ['dtype', 'host', 'names', 'maxSize'], options);
  const give = (a: HostArray) => (options.host ? a : a.toArray());
  const { host: _, ...read } = options;
  const found = readNumpyFile(path, read);
  if (found instanceof HostArray) return give(found);
  const out: Record<string, Array | HostArray> = {};
  for (const [name, a] of found) setOwn(out, name, give(a));
  return out;
}
