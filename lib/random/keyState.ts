import { Array, ConcreteArray } from '../core/array';
import { checkExtent, ShapedArray } from '../core/aval';
import { checkInteger } from '../core/checks';
import { dtypeKind, isIntegral } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { checkOptions, withFirst } from '../functional/options';
import { composite } from '../interpreters/jit';
import { asArray, describeValue, type TypedArray } from '../lax/arrayLike';
import { PRNGKey } from '../prng';
import { implOf, splitKeys } from '../primitives/randomKeys';
import { convert, indexInDim, reshape, sliceInDim } from '../primitives/structural';
import { State } from '../state/state';
import { autoKey } from './autoKey';

/** What is taken for a key: an integer seed, or the words of a key as an array of dtype uint32. */
export type SeedOrKey = number | bigint | Array | TypedArray;

/** A raw key from a seed or a key. @throws ArgumentError, DtypeError or ShapeError for anything else */
export function formatKey(op: string, x: SeedOrKey): Array {
  if (typeof x === 'number' || typeof x === 'bigint') return PRNGKey(x);
  if (!(x instanceof Array) && !ArrayBuffer.isView(x)) throw new ArgumentError(`${op}: expected an integer seed or a key (a uint32 array of 2 words), got ${describeValue(x)}`);
  const a = asArray(x, op);
  if (a.size === 1 && isIntegral(a.dtype)) return PRNGKey(reshape(a, []));
  if (a.dtype !== 'uint32') throw new DtypeError(`${op}: expected a key of dtype uint32, got ${a.aval}`);
  if (a.size !== 2 && a.size !== 4) throw new ShapeError(`${op}: expected a key of 2 words (or 4 for rbg), got ${a.aval}`);
  return reshape(a, [a.size]);
}

const fromWords = (words: Uint32Array) => ConcreteArray.fromHost(words, new ShapedArray([words.length], 'uint32'));

/** The key to carry on with, and the one or several to use. */
const advance = composite<{ n: number | null }>('split_key', ([key], { n }) => {
  const keys = splitKeys(key!, [n === null ? 2 : n + 1]);
  return [indexInDim(keys, 0, 0), n === null ? indexInDim(keys, 1, 0) : sliceInDim(keys, 1, n + 1, 0)];
});

const several = composite<{ n: number }>('split_keys', ([key], { n }) => [splitKeys(key!, [n])]);

/** Keys for each of n lanes, and the key to go on with afterwards, which no lane has. */
const forLanes = composite<{ n: number }>('split_for_lanes', ([key], { n }) => {
  const keys = splitKeys(key!, [n + 1]);
  return [sliceInDim(keys, 1, n + 1, 0), indexInDim(splitKeys(indexInDim(keys, 0, 0), [2]), 1, 0)];
});

function checkCount(op: string, given: unknown): number {
  const n = checkInteger(op, 'n', given instanceof Array && given.ndim === 0 && dtypeKind(given.dtype) === 'int' ? Number(given.item()) : given, 1);
  checkExtent(op, 'n', n + 1);
  return n;
}

/** Whether the key is kept, to be put back. */
export interface BackupOptions {
  /** Keep the key from before, for `restoreKey`. */
  backup?: boolean;
}

/** Options of `splitKey`. */
export interface SplitOptions extends BackupOptions {
  /** How many keys, in an array of shape [n, 2]; a single one by default. */
  n?: number | Array | null;
}

/** The options of a method whose first one may be given by itself. */
function splitOptions(op: string, first: number | Array | SplitOptions | null | undefined, second: BackupOptions | undefined): SplitOptions {
  if (isPlainObject(first)) return checkOptions(op, ['n', 'backup'], withFirst<SplitOptions>(op, 'n', first as SplitOptions, second));
  return { ...checkOptions(op, ['backup'], second), n: first as number | Array | null };
}

/** What is given for a seed, by itself or as an option. */
export type SeedArgument = SeedOrKey | { seedOrKey?: SeedOrKey | null } | null;

/** The seed or key that was given, by itself or as an option; null for none. */
export function seedOf(op: string, given: SeedArgument | undefined): SeedOrKey | null {
  if (isPlainObject(given)) return checkOptions(op, ['seedOrKey'], given as { seedOrKey?: SeedOrKey | null }).seedOrKey ?? null;
  return (given ?? null) as SeedOrKey | null;
}

/** A state whose value is a raw key, of shape [2]: what draws are made from. */
export class KeyState extends State<Array> {
  /** Gives the words that become the key at first use, so that a state can be made before the library is loaded. */
  private pending: (() => Uint32Array) | null = null;
  private saved: Array | null = null;

  constructor(given?: SeedArgument) {
    super(null as unknown as Array);
    const seedOrKey = seedOf('RandomState', given);
    if (seedOrKey === null) this.pending = autoKey();
    else if (seedOrKey instanceof Uint32Array && seedOrKey.length === 2) {
      const words = seedOrKey.slice();
      this.pending = () => words;
    } else super.replaceQuietly(formatKey('RandomState', seedOrKey));
  }

  override current(): unknown {
    if (this.pending !== null) super.replaceQuietly(fromWords(this.pending()));
    this.pending = null;
    return super.current();
  }

  override replaceQuietly(value: unknown): void {
    this.pending = null;
    super.replaceQuietly(value);
  }

  /** Sets the key from an integer or a key; without either, draws one as the constructor does. */
  seed(seedOrKey?: SeedOrKey | null): void {
    this.value = seedOrKey === undefined || seedOrKey === null ? fromWords(autoKey()()) : formatKey('seed', seedOrKey);
  }

  /** Gives a state whose key is gone, disposed of or donated, another one, as {@link seed} does; any other is left alone. Mirrors `RandomState.check_if_deleted`. */
  checkIfDeleted(): void {
    if ((this.current() as Array).isDeleted()) this.seed();
  }

  /** Sets the key from an integer or a key. */
  setKey(seedOrKey: SeedOrKey): void {
    this.value = formatKey('setKey', seedOrKey);
  }

  /**
   * Advances the state and gives a key to draw with; with n, several, of shape [n, 2]. Mirrors `RandomState.split_key`.
   *
   * @throws ArgumentError if n is not a positive integer
   */
  splitKey(first?: number | Array | SplitOptions | null, second?: BackupOptions): Array {
    const { n = null, backup = false } = splitOptions('splitKey', first, second);
    const count = n === null ? null : checkCount('splitKey', n);
    const key = this.single('splitKey');
    if (backup) this.backupKey();
    const [carried, used] = advance([key], { n: count });
    this.value = carried!;
    return used!;
  }

  /** The key, if there is one only. */
  private single(op: string): Array {
    const key = this.value;
    if (key.ndim !== 1) throw new ShapeError(`${op}: the state holds several keys (${key.aval}); restore the single one with restoreKey, or map over them`);
    return key;
  }

  /** `n` keys for a draw, of shape [n, words]: split off the given key, or off the state. @internal */
  keysFor(key: SeedOrKey | null | undefined, n: number): Array {
    return key === undefined || key === null ? this.splitKey(n) : several([formatKey('key', key)], { n })[0]!;
  }

  /** The key for a draw: the given one, or one split off the state. @internal */
  keyFor(key: SeedOrKey | null | undefined): Array {
    return key === undefined || key === null ? this.splitKey() : formatKey('key', key);
  }

  override splitForLanes(n: number): { lanes: Array; after: Array } {
    const key = this.current() as Array;
    if (key.ndim !== 1) throw new ShapeError(`vmap: a random state that holds several keys (${key.aval}) cannot be split for lanes; declare it in inStates`);
    const [lanes, after] = forLanes([key], { n });
    return { lanes: lanes!, after: after! };
  }

  /** Keeps the key for {@link restoreKey}. @throws ArgumentError if one is kept already */
  backupKey(): void {
    if (this.saved !== null) throw new ArgumentError('backupKey: a key is kept already; restore it first');
    this.saved = this.value;
  }

  /** Puts back the key that was kept. @throws ArgumentError if none is */
  restoreKey(): void {
    if (this.saved === null) throw new ArgumentError('restoreKey: no key is kept');
    this.value = this.saved;
    this.saved = null;
  }

  /** Replaces the key by n keys, of shape [n, 2], one for each entry of an axis that is mapped over. */
  selfAssignMultiKeys(n: number, options: BackupOptions = {}): void {
    options = checkOptions('KeyState.selfAssignMultiKeys', ['backup'], options);
    const count = checkCount('selfAssignMultiKeys', n);
    const key = this.single('selfAssignMultiKeys');
    if (options.backup ?? true) this.backupKey();
    this.value = several([key], { n: count })[0]!;
  }

  /** Words of the key, as a uint32 array. */
  getKeyData(): Array {
    return convert(this.value, 'uint32');
  }

  /** The generator that the key is for. */
  get impl(): string {
    return implOf(this.value);
  }
}
