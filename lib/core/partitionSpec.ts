import { describeValue } from './describe';
import { ArgumentError } from './errors';

/** What a dimension is shared out over: one axis of a mesh, several (the first varies slowest), or none; {@link PartitionSpec.UNCONSTRAINED} leaves it to the compiler. */
export type PartitionEntry = string | readonly string[] | null | typeof UNCONSTRAINED;

const UNCONSTRAINED: unique symbol = Symbol('UNCONSTRAINED');

function entryText(e: PartitionEntry): string {
  if (e === null) return 'None';
  if (e === UNCONSTRAINED) return 'UNCONSTRAINED';
  return typeof e === 'string' ? `'${e}'` : `(${(e as readonly string[]).map((n) => `'${n}'`).join(', ')})`;
}

/**
 * For each dimension of an array the axes of a mesh that it is shared out over. Dimensions that are left out at the end are not shared out. Mirrors
 * `jax.sharding.PartitionSpec`.
 *
 * @param entries for each dimension the name of an axis, a list of names, null, or `PartitionSpec.UNCONSTRAINED`
 * @throws ArgumentError for other entries, or an axis that occurs twice
 * @example
 * ```ts
 * String(new sharding.PartitionSpec('batch', null, ['x', 'y'])); // "P('batch', None, ('x', 'y'))"
 * ```
 */
export class PartitionSpec {
  /** In {@link lax.withShardingConstraint}: the compiler chooses for this dimension. */
  static readonly UNCONSTRAINED: typeof UNCONSTRAINED = UNCONSTRAINED;
  /** One for each dimension that was named: one axis of a list stands for itself, none for null. */
  readonly entries: readonly PartitionEntry[];

  constructor(...entries: readonly PartitionEntry[]) {
    const seen = new Set<string>();
    this.entries = Object.freeze(entries.map((e, i) => {
      if (e === null || e === UNCONSTRAINED) return e;
      const names = typeof e === 'string' ? [e] : e;
      if (!globalThis.Array.isArray(names) || !names.every((n) => typeof n === 'string' && n !== '')) throw new ArgumentError(`PartitionSpec: expected the name of an axis, a list of names, or null for dimension ${i}, got ${describeValue(e)}`);
      for (const n of names) {
        if (seen.has(n)) throw new ArgumentError(`PartitionSpec: an axis can be used for one dimension only, but '${n}' occurs twice in (${entries.map((x) => (x === e || typeof x === 'string' || x === null ? entryText(x) : '…')).join(', ')})`);
        seen.add(n);
      }
      return names.length === 0 ? null : names.length === 1 ? names[0]! : Object.freeze([...names]);
    }));
  }

  /** The axes of a dimension, the slowest first. @internal */
  axesOf(dimension: number): readonly string[] {
    const e = this.entries[dimension];
    return e === undefined || e === null || e === UNCONSTRAINED ? [] : typeof e === 'string' ? [e] : (e as readonly string[]);
  }

  /** Every axis that it names. @internal */
  get axes(): readonly string[] {
    return this.entries.flatMap((_, i) => this.axesOf(i));
  }

  /** Whether the compiler chooses for some dimension. @internal */
  get isOpen(): boolean {
    return this.entries.includes(UNCONSTRAINED);
  }

  /** Whether the entries are the same; `P('x')` and `P('x', null)` are not, as in JAX. */
  equals(other: PartitionSpec): boolean {
    return other instanceof PartitionSpec && this.toString() === other.toString();
  }

  toString(): string {
    return `P(${this.entries.map(entryText).join(', ')}${this.entries.length === 1 ? ',' : ''})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
