import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { ArgumentError, DtypeError } from '../core/errors';
import { encode } from '../core/hostFormat';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { readAllSync, writeAtomicSync } from '../storage/disk';
import { HostArray } from '../storage/hostArray';
import { MatReader, type MatValue } from './matlabRead';
import { isVersion4, variablesOfVersion4 } from './matlabRead4';
import { writeMat } from './matlabWrite';
import { type FileName, filePath, type SaveOptions } from './msgpack';
import { setOwn } from './stateDict';

/** What a variable of MATLAB's becomes. */
export type MatlabValue = Array | HostArray | number | bigint | { re: number; im: number } | string | MatlabValue[] | { [field: string]: MatlabValue };

/** Options of {@link loadMatfile}. */
export interface MatfileLoadOptions {
  /** Also give `__header__`, `__version__` and `__globals__`, which files of version 4 have not. */
  includeHeader?: boolean;
  /** As `includeHeader`. @deprecated give includeHeader */
  headerInfo?: boolean | null;
  /** SciPy's records, which are not there: only false. */
  structAsRecord?: false;
  /** Leave out axes of length 1: scalars become numbers, texts of one row strings, structures objects. Default true. */
  squeezeMe?: boolean;
  /** Only these variables. */
  variableNames?: readonly string[] | string;
  /** Give numbers in the types that they have in MATLAB, not in those that they are stored in, which may be smaller. */
  matDtype?: boolean;
  /** Give {@link HostArray}s, in the file's types, and on no device. */
  host?: boolean;
  /** The most bytes that variables may unpack to, 8 GiB unless given. */
  maxSize?: number;
  /** Say what is loaded. */
  verbose?: boolean;
}

/** Items nested as a shape says. */
function nested<T>(items: readonly T[], shape: readonly number[]): unknown {
  if (shape.length === 0) return items[0];
  const [n = 0, ...rest] = shape;
  const size = sizeOf(rest);
  return globalThis.Array.from({ length: n }, (_, i) => nested(items.slice(i * size, (i + 1) * size), rest));
}

/**
 * The variables of a MATLAB file (version 4, and version 5, which MATLAB calls `-v6` and `-v7`): arrays; texts as strings (several rows as lists of them); cell arrays as
 * lists; structures as objects; logical arrays as uint8, as SciPy gives them; sparse matrices made dense. Mirrors `braintools.file.load_matfile`; SciPy's
 * records (`struct_as_record`) are not there.
 *
 * @param filename with its ending
 * @throws InvalidCheckpointPath if the file is damaged, or of version 7.3, which is HDF5
 * @throws DtypeError for function handles and objects of classes
 * @example
 * const load = () => file.loadMatfile('experiment.mat', { variableNames: ['x'] }).x;
 */
export function loadMatfile(filename: FileName, options: MatfileLoadOptions = {}): Record<string, MatlabValue> {
  const { headerInfo = null, includeHeader = headerInfo ?? false, structAsRecord = false, squeezeMe = true, variableNames, matDtype = false, host = false, maxSize = 2 ** 33, verbose = false } = checkOptions(
    'loadMatfile', ['includeHeader', 'headerInfo', 'structAsRecord', 'squeezeMe', 'variableNames', 'matDtype', 'host', 'maxSize', 'verbose'], options,
  );
  const path = filePath('loadMatfile', filename);
  if (headerInfo !== null) process.emitWarning('loadMatfile: headerInfo is deprecated; give includeHeader', 'DeprecationWarning');
  if (structAsRecord) throw new ArgumentError('loadMatfile: structures become objects, there are no records; expected structAsRecord to be false');
  const names = variableNames === undefined ? null : typeof variableNames === 'string' ? [variableNames] : [...variableNames];
  const give = (value: MatValue, name: string): MatlabValue => {
    if (value.kind === 'other') throw new DtypeError(`loadMatfile: '${name}' is ${value.what}, which is no value here; leave it out by variableNames`);
    const shape = value.kind === 'numbers' ? value.array.shape : value.shape;
    const kept = squeezeMe ? shape.filter((n) => n !== 1) : shape;
    if (value.kind === 'text') {
      if (!squeezeMe) return nested(value.rows, shape.slice(0, -1)) as MatlabValue;
      return value.rows.length === 0 ? '' : value.rows.length === 1 ? value.rows[0]! : (nested(value.rows, shape.slice(0, -1).filter((n) => n !== 1)) as MatlabValue);
    }
    if (value.kind === 'cell') return (kept.includes(0) ? [] : nested(value.items.map((v, i) => give(v, `${name}{${i}}`)), kept)) as MatlabValue;
    if (value.kind === 'struct') {
      const objects = value.items.map((item) => {
        const o: Record<string, MatlabValue> = {};
        value.fields.forEach((f, k) => setOwn(o, f, give(item[k]!, `${name}.${f}`)));
        return o;
      });
      return (kept.includes(0) ? [] : nested(objects, kept)) as MatlabValue;
    }
    let a = value.array;
    if (matDtype && value.dtype !== a.dtype) a = new HostArray(value.dtype, a.shape, encode(a.data(), value.dtype));
    if (squeezeMe) a = new HostArray(a.dtype, a.size === 0 ? [0] : kept, a.bytes);
    if (a.shape.length === 0) return scalarOf(a);
    return host ? a : a.toArray();
  };
  if (verbose) console.log(`loading ${path}`);
  const bytes = readAllSync(path);
  const wanted = (name: string): boolean => names === null || names.includes(name);
  const reader = isVersion4(bytes) ? null : new MatReader(bytes, path, maxSize);
  const out: Record<string, MatlabValue> = {};
  const globals: string[] = [];
  for (const v of reader?.variables(wanted) ?? variablesOfVersion4(bytes, path, maxSize, wanted)) {
    if (v.isGlobal) globals.push(v.name);
    setOwn(out, v.name, give(v.value, v.name));
  }
  return includeHeader && reader !== null ? { __header__: reader.header, __version__: '1.0', __globals__: globals, ...out } : out;
}

function scalarOf(a: HostArray): MatlabValue {
  const x = (a.data() as Iterable<number | bigint | { re: number; im: number }>)[Symbol.iterator]().next().value!;
  return typeof x === 'bigint' && Number.isSafeInteger(Number(x)) ? Number(x) : x;
}

/** Options of {@link saveMatfile}. */
export interface MatfileSaveOptions extends Pick<SaveOptions, 'overwrite'> {
  /** Deflate each variable. */
  doCompression?: boolean;
  /** What vectors become, as MATLAB's arrays have two axes at least. Default 'row'. */
  onedAs?: 'row' | 'column';
  /** Let names of fields have up to 63 characters, not 31. */
  longFieldNames?: boolean;
  /** Say what is saved. */
  verbose?: boolean;
}

/**
 * Saves variables by name as a MATLAB file of version 5, whose ending `.mat` is added if need be: arrays, numbers (MATLAB's doubles), booleans, texts, lists
 * (of numbers: arrays; of texts: rows of characters, padded; others: cell arrays) and objects (structures). Mirrors `braintools.file.save_matfile`.
 *
 * @param filename path of the file
 * @param data variables by name
 * @returns the file's name
 * @throws ArgumentError for other values, and for names that MATLAB has not
 * @example
 * file.saveMatfile('out.mat', { x: np.arange(3), label: 'trial-1' });
 */
export function saveMatfile(filename: FileName, data: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>, options: MatfileSaveOptions = {}): string {
  const { overwrite = true, doCompression = false, onedAs = 'row', longFieldNames = false, verbose = false } = checkOptions(
    'saveMatfile', ['overwrite', 'doCompression', 'onedAs', 'longFieldNames', 'verbose'], options,
  );
  const name = filePath('saveMatfile', filename);
  const path = name.endsWith('.mat') ? name : `${name}.mat`;
  if (onedAs !== 'row' && onedAs !== 'column') throw new ArgumentError(`saveMatfile: expected onedAs to be 'row' or 'column', got ${describeValue(onedAs)}`);
  if (!(data instanceof Map) && !isPlainObject(data)) throw new ArgumentError(`saveMatfile: expected data to be a plain object or a Map of values by name, got ${describeValue(data)}`);
  if (verbose) console.log(`saving ${path}`);
  const entries: [string, unknown][] = data instanceof Map ? [...data] : Object.entries(data);
  writeAtomicSync(path, writeMat(entries, { doCompression, onedAs, longFieldNames }), overwrite);
  return path;
}
