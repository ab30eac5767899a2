import { checkFunction, checkInstance } from '../core/checks';
import { all, type EnvironmentState, environVersion, type Entry, lastSerial, lookup, setReadListener } from './store';

/** What a key was found to be when it was read: nothing where it was not set. */
type Found = Entry | undefined;

const sameValue = (a: Found, b: Found): boolean => (a === undefined || b === undefined ? a === b : Object.is(a.value, b.value));

/**
 * The environment keys that a run of a function read, with what it found. What the function set or entered itself does not count, as it is
 * the same at every run.
 *
 * @example
 * environ.trackReads(() => environ.get('fit', { default: false })).reads.keys(); // ['fit']
 */
export class Reads {
  private readonly found = new Map<EnvironmentState, Map<string, Found>>();
  private readonly whole = new Map<EnvironmentState, ReadonlyMap<string, unknown>>();
  /** The environment's version at which these reads were last known to hold. */
  private version = -1;

  /** The keys of the default environment that were read, in order. */
  keys(): string[] {
    return [...this.found.values()].flatMap((m) => [...m.keys()]);
  }

  get isEmpty(): boolean {
    return this.found.size === 0 && this.whole.size === 0;
  }

  /** @internal */
  note(env: EnvironmentState, key: string, entry: Found): void {
    let m = this.found.get(env);
    if (m === undefined) this.found.set(env, (m = new Map()));
    if (!m.has(key)) m.set(key, entry);
  }

  /** @internal */
  noteAll(env: EnvironmentState): void {
    if (!this.whole.has(env)) this.whole.set(env, new Map(Object.entries(all({ env, record: false }))));
  }

  /** @internal */
  settle(): void {
    this.version = environVersion();
  }

  /** @internal */
  addTo(other: Recorder): void {
    for (const [env, m] of this.found) {
      for (const key of m.keys()) {
        const entry = lookup(env, key);
        if (entry === undefined || entry.serial <= other.since) other.reads.note(env, key, entry);
      }
    }
    for (const env of this.whole.keys()) other.reads.noteAll(env);
  }

  /** Whether a run now would read the same: one comparison of integers where nothing was set or entered since the last time it was so. */
  valid(): boolean {
    const now = environVersion();
    if (this.version === now) return true;
    for (const [env, m] of this.found) {
      for (const [key, entry] of m) if (!sameValue(entry, lookup(env, key))) return false;
    }
    for (const [env, then] of this.whole) {
      const current = Object.entries(all({ env, record: false }));
      if (current.length !== then.size || current.some(([k, v]) => !then.has(k) || !Object.is(then.get(k), v))) return false;
    }
    this.version = now;
    return true;
  }
}

interface Recorder {
  readonly reads: Reads;
  /** Entries made after this are the traced function's own. */
  readonly since: number;
}

let recorders: Recorder[] = [];

setReadListener({
  read(env, key, entry) {
    for (const r of recorders) if (entry === undefined || entry.serial <= r.since) r.reads.note(env, key, entry);
  },
  readAll(env) {
    for (const r of recorders) r.reads.noteAll(env);
  },
});

/**
 * Runs a function and says which environment keys it read: a compiled function holds for the calls in which {@link stillValid} says so.
 * Nests; the outer one sees what the inner one reads.
 *
 * @example
 * environ.trackReads(() => environ.get('fit', { default: true })).result; // true
 */
export function trackReads<R>(f: () => R): { result: R; reads: Reads } {
  checkFunction('environ.trackReads', 'f', f);
  const before = recorders;
  const reads = new Reads();
  recorders = [...before, { reads, since: lastSerial() }];
  try {
    return { result: f(), reads };
  } finally {
    recorders = before;
    reads.settle();
  }
}

/**
 * Whether the environment gives what was read then. Cheap: see {@link Reads.valid}.
 *
 * @example
 * ```ts
 * const { reads } = environ.trackReads(() => environ.get('fit', { default: false }));
 * environ.stillValid(reads); // true
 * ```
 */
export function stillValid(reads: Reads): boolean {
  checkInstance('environ.stillValid', reads, Reads);
  return reads.valid();
}

/**
 * Reads once more, for those who are tracking: to be called where the result of an earlier run is used again while an outer function is traced.
 *
 * @example
 * ```ts
 * const { reads } = environ.trackReads(() => environ.get('fit', { default: false }));
 * environ.trackReads(() => environ.repeatReads(reads)).reads.keys(); // ['fit']
 * ```
 */
export function repeatReads(reads: Reads): void {
  for (const r of recorders) reads.addTo(r);
}

