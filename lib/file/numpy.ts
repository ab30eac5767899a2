import type { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { checkOptions } from '../functional/options';
import { RangeReader, readAllSync, writeAtomicSync } from './disk';
import { CheckpointError } from './errors';
import { HostArray } from './hostArray';
import { type FileName, filePath, type SaveOptions } from './msgpack';
import { readNpy, writeNpy } from './npy';
import type { Tensor, Tensors } from './safetensors';
import { setOwn } from './stateDict';
import { readDirectory, readEntry, zip } from './zip';

/** Adds an ending as NumPy does where a name has none. */
function ending(path: string, end: string): string {
  return path.endsWith(end) ? path : path + end;
}

/**
 * Saves one array as NumPy's `.npy`, whose ending is added if need be. Mirrors `numpy.save`.
 *
 * @returns the file's name
 * @throws DtypeError for types NumPy has none for, such as bfloat16
 * @example
 * file.numpySave('x.npy', np.arange(3));
 */
export function numpySave(filename: FileName, array: Tensor, options: Pick<SaveOptions, 'overwrite'> = {}): string {
  const path = ending(filePath('numpySave', filename), '.npy');
  checkOptions('numpySave', ['overwrite'], options);
  writeAtomicSync(path, writeNpy(HostArray.from(array), 'numpySave'), options.overwrite ?? true);
  return path;
}

function saveArchive(op: string, filename: FileName, arrays: Tensors, compress: boolean, options: Pick<SaveOptions, 'overwrite'>): string {
  const { overwrite = true } = checkOptions(op, ['overwrite'], options);
  const path = ending(filePath(op, filename), '.npz');
  if (!(arrays instanceof Map) && !isPlainObject(arrays)) throw new ArgumentError(`${op}: expected arrays to be a plain object or a Map of arrays by name`);
  const entries = arrays instanceof Map ? [...arrays] : Object.entries(arrays as Record<string, Tensor>);
  const files = entries.map(([name, x]) => {
    if (name === '' || /[\0\\]|^\/|(^|\/)\.\.(\/|$)/.test(name)) throw new ArgumentError(`${op}: an array cannot be named ${JSON.stringify(name)}`);
    return { name: `${name}.npy`, pieces: writeNpy(HostArray.from(x, name), `${op}: '${name}'`) };
  });
  writeAtomicSync(path, zip(files, compress), overwrite);
  return path;
}

/** Saves arrays by name as NumPy's `.npz`, whose ending is added if need be. Mirrors `numpy.savez`. */
export function savez(filename: FileName, arrays: Tensors, options: Pick<SaveOptions, 'overwrite'> = {}): string {
  return saveArchive('savez', filename, arrays, false, options);
}

/** {@link savez}, compressed. Mirrors `numpy.savez_compressed`. */
export function savezCompressed(filename: FileName, arrays: Tensors, options: Pick<SaveOptions, 'overwrite'> = {}): string {
  return saveArchive('savezCompressed', filename, arrays, true, options);
}

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
  const reader = new RangeReader(path);
  try {
    const isArchive = reader.size >= 4 && reader.read(0, 2).join() === '80,75';
    if (!isArchive) return give(readNpy(readAllSync(path), path, options.dtype));
    const entries = new Map(readDirectory(reader).map((e) => [e.name.replace(/\.npy$/, ''), e]));
    const names = options.names ?? [...entries.keys()];
    const limit = options.maxSize ?? 2 ** 33;
    let total = 0;
    const out: Record<string, Array | HostArray> = {};
    for (const name of names) {
      const entry = entries.get(name);
      if (entry === undefined) throw new CheckpointError(`${path} has no array '${name}'; it has ${[...entries.keys()].slice(0, 20).join(', ')}`);
      total += entry.size;
      if (total > limit) throw new CheckpointError(`${path} would unpack to more than maxSize ${limit} bytes`);
      setOwn(out, name, give(readNpy(readEntry(reader, entry), `${path}: '${entry.name}'`, options.dtype)));
    }
    return out;
  } finally {
    reader.close();
  }
}
