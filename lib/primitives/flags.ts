// Lists with one flag for each operand or result, and with places of these: what the rules of loops and branches are made of.

/** The integers from `from` to `to` − 1. */
export function between(from: number, to: number): number[] {
  return globalThis.Array.from({ length: to - from }, (_, i) => from + i);
}

/** What is flagged so. */
export function pick<T>(xs: readonly T[], flags: readonly boolean[], wanted = true): T[] {
  return xs.filter((_, i) => flags[i] === wanted);
}

/** Flags of which one is set or the other. */
export function or(a: readonly boolean[], b: readonly boolean[]): boolean[] {
  return a.map((x, i) => x || b[i]!);
}

/** Flags that are set in any of the rows, of which there is one at least. */
export function union(rows: readonly (readonly boolean[])[]): boolean[] {
  return rows.reduce<boolean[]>((a, b) => or(a, b), rows[0]!.map(() => false));
}

function equal(a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.every((x, i) => x === b[i]);
}

/**
 * The least set of flags that holds the given ones and those of what is made of them, and what was made of it: which carries of a loop have a tangent,
 * say, and the body's derivative then.
 */
export function fixpoint<T>(start: readonly boolean[], make: (flags: readonly boolean[]) => T, flagsOf: (made: T) => readonly boolean[]): { flags: boolean[]; made: T } {
  let flags = [...start];
  for (;;) {
    const made = make(flags);
    const next = or(flags, flagsOf(made));
    if (equal(next, flags)) return { flags, made };
    flags = next;
  }
}
