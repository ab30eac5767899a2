import { packageRoot } from '../pjrt/native';

// Two copies of the package in one program (two versions, or one bundled and one not) have classes of their own each: what one makes, the other does not know.

const MARK = Symbol.for('xlastate.copy');

interface Copy {
  readonly place: string;
}

const own: Copy = { place: packageRoot() };

const HINT = Symbol('hint');

/** Marks the instances of a class as made by this copy of the library. A hint says what to pass in place of one where an array is asked for. */
export function markCopy(constructor: { readonly prototype: object }, hint?: string): void {
  Object.defineProperty(constructor.prototype, MARK, { value: own });
  if (hint !== undefined) Object.defineProperty(constructor.prototype, HINT, { value: `; ${hint}` });
}

/** Where the other copy of the library is that made a value, or null. */
export function otherCopy(x: object): string | null {
  const made = (x as { [MARK]?: Copy })[MARK];
  return made === undefined || made === own ? null : made.place;
}

/** What to pass in place of a value that is no array, for an error's message. */
export function hintFor(x: unknown): string {
  return typeof x === 'object' && x !== null ? ((x as { [HINT]?: string })[HINT] ?? '') : '';
}

/** Warns, once, where a second copy is loaded beside this one. */
export function noteCopy(): void {
  const global = globalThis as { [MARK]?: Copy };
  const first = global[MARK];
  if (first === undefined) Object.defineProperty(global, MARK, { value: own, configurable: true });
  else if (first !== own) {
    process.emitWarning(`xlastate is loaded twice, from ${first.place} and from ${own.place}: arrays, states and modules of one are unknown to the other. \`npm ls xlastate\` shows who asks for which`, { code: 'XLASTATE_COPIES' });
  }
}
