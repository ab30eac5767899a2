import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import type { Path } from '../state/paths';
import { State } from '../state/state';
import { givenStates, nest } from './paramTrees';

type AnyState = State<unknown>;

/** A path as text: `layer.weight`, with list indices in brackets. */
function pathText(path: Path): string {
  return path.map((k, i) => (typeof k === 'number' ? `[${k}]` : `${i > 0 ? '.' : ''}${k}`)).join('');
}

const samePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((k, i) => k === b[i]);

/**
 * States of a tree, each once: a state that stands in several places counts at its first. Mirrors `braintools.optim.UniqueStateManager`.
 *
 * @throws ArgumentError where a leaf of the tree is no state
 * @example
 * ```ts
 * const w = new ParamState(np.ones([3]));
 * const unique = new optim.UniqueStateManager({ encoder: { w }, decoder: { w } });
 * unique.numUniqueStates;   // 1
 * ```
 */
export class UniqueStateManager {
  private entries: [Path, AnyState][] = [];

  constructor(pytree: unknown = null) {
    if (pytree !== null) this.makeUnique(pytree);
  }

  /** Begins anew with a tree's states. @returns {@link toPytree} */
  makeUnique(pytree: unknown): Record<string, unknown> {
    this.entries = givenStates(pytree).states.entries();
    return this.toPytree();
  }

  /** Adds another tree's states, without those that are there already. @returns this */
  mergeWith(pytree: unknown): this {
    const known = new Set(this.entries.map(([, s]) => s));
    this.entries.push(...givenStates(pytree).states.entries().filter(([, s]) => !known.has(s)));
    return this;
  }

  private nested(leaf: (s: AnyState) => unknown): Record<string, unknown> {
    return nest(this.entries.map(([path, s]) => [path, leaf(s)]));
  }

  /** The states as nested objects; lists become objects of their indices. */
  toPytree(): Record<string, unknown> {
    return this.nested((s) => s);
  }

  /** The states' values as nested objects. */
  toPytreeValue(): Record<string, unknown> {
    return this.nested((s) => s.value);
  }

  /** The states by path, such as `layer.weight` or `layers[0].weight`. */
  toDict(): Record<string, AnyState> {
    return Object.fromEntries(this.entries.map(([path, s]) => [pathText(path), s]));
  }

  /** The states' values by path. */
  toDictValue(): Record<string, unknown> {
    return Object.fromEntries(this.entries.map(([path, s]) => [pathText(path), s.value]));
  }

  /** Pairs of path and state, in order. */
  getFlattened(): [Path, AnyState][] {
    return this.entries.map(([path, s]) => [path, s]);
  }

  /** The state at a path, or null. */
  getStateByPath(path: Path): AnyState | null {
    return this.entries.find(([p]) => samePath(p, path))?.[1] ?? null;
  }

  /** Puts another state at a path. @returns whether there is one at that path */
  updateState(path: Path, state: AnyState): boolean {
    if (!(state instanceof State)) throw new ArgumentError(`updateState: expected a state, got ${describeValue(state)}`);
    const entry = this.entries.find(([p]) => samePath(p, path));
    if (entry !== undefined) entry[1] = state;
    return entry !== undefined;
  }

  /** The paths of {@link getFlattened}. */
  get uniquePaths(): Path[] {
    return this.entries.map(([path]) => path);
  }

  /** The states of {@link getFlattened}. */
  get uniqueStates(): AnyState[] {
    return this.entries.map(([, s]) => s);
  }

  get numUniqueStates(): number {
    return this.entries.length;
  }

  /** As {@link numUniqueStates}; Python's `len`. */
  get length(): number {
    return this.entries.length;
  }

  /** Forgets all states. */
  clear(): void {
    this.entries = [];
  }
}
