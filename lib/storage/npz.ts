import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { RangeReader, readAllSync, writeAtomicSync } from './disk';
import { CheckpointError } from './errors';
import type { HostArray } from './hostArray';
import { readNpy, writeNpy } from './npy';
import { readDirectory, readEntry, zip } from './zip';

// NumPy's files: one array by itself (.npy), or several by name in a zip archive (.npz).

/** Adds an ending as NumPy does where a name has none. */
function ending(path: string, end: string): string {
  return path.endsWith(end) ? path : path + end;
}

/** Writes one array. @param asBytes as of {@link writeNpy} */
export function saveArray(op: string, path: string, array: HostArray, overwrite: boolean, asBytes?: DType): string {
  const file = ending(path, '.npy');
  writeAtomicSync(file, writeNpy(array, op, asBytes), overwrite);
  return file;
}

export interface ArchiveOptions {
  compress: boolean;
  overwrite: boolean;
  asBytes?: DType;
}

/** Writes arrays by name. @throws ArgumentError for a name that a file in an archive cannot have */
export function saveArchive(op: string, path: string, arrays: Iterable<readonly [string, HostArray]>, { compress, overwrite, asBytes }: ArchiveOptions): string {
  const file = ending(path, '.npz');
  const files = [...arrays].map(([name, x]) => {
    if (name === '' || /[\0\\]|^\/|(^|\/)\.\.(\/|$)/.test(name)) throw new ArgumentError(`${op}: an array cannot be named ${JSON.stringify(name)}`);
    return { name: `${name}.npy`, pieces: writeNpy(x, `${op}: '${name}'`, asBytes) };
  });
  writeAtomicSync(file, zip(files, compress), overwrite);
  return file;
}

export interface ReadOptions {
  /** The type of elements that were written as mere bytes. */
  dtype?: DType;
  /** Of an archive, only these arrays. */
  names?: readonly string[];
  /** The most bytes an archive's arrays may unpack to. */
  maxSize?: number;
}

/**
 * What a file holds: an array, or of an archive the arrays by name.
 *
 * @throws InvalidCheckpointPath if the file is damaged, DtypeError for elements that are no numbers
 */
export function readNumpyFile(path: string, { dtype, names, maxSize = 2 ** 33 }: ReadOptions = {}): HostArray | Map<string, HostArray> {
  const reader = new RangeReader(path);
  try {
    const isArchive = reader.size >= 4 && reader.read(0, 2).join() === '80,75';
    if (!isArchive) return readNpy(readAllSync(path), path, dtype);
    const entries = new Map(readDirectory(reader).map((e) => [e.name.replace(/\.npy$/, ''), e]));
    let total = 0;
    const out = new Map<string, HostArray>();
    for (const name of names ?? entries.keys()) {
      const entry = entries.get(name);
      if (entry === undefined) throw new CheckpointError(`${path} has no array '${name}'; it has ${[...entries.keys()].slice(0, 20).join(', ')}`);
      total += entry.size;
      if (total > maxSize) throw new CheckpointError(`${path} would unpack to more than maxSize ${maxSize} bytes`);
      out.set(name, readNpy(readEntry(reader, entry), `${path}: '${entry.name}'`, dtype));
    }
    return out;
  } finally {
    reader.close();
  }
}
