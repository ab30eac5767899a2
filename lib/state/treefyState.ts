import { inspect } from 'node:util';
import { ArgumentError } from '../core/errors';
import { registerPytreeNode } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { optionsObject } from '../functional/options';
import { State, type StateOptions } from './state';

type StateClass = typeof State;

/** Name, tag and metadata, as a constructor takes them. */
function optionsOf({ name, tag, metadata }: { name: string | null; tag: ReadonlySet<string> | null; metadata: Readonly<Record<string, unknown>> }): StateOptions {
  return { ...metadata, ...(name === null ? {} : { name }), ...(tag === null ? {} : { tag: new Set(tag) }) };
}

/**
 * What a state was at a moment: its class, value and metadata. A node of trees, with the value as its only child. Mirrors `brainstate.TreefyState`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.ones([2]));
 * const [, states] = graph.treefySplit({ w });
 * [...states!.toFlat().values()][0] instanceof graph.TreefyState; // true
 * ```
 */
export class TreefyState<T = unknown> {
  readonly type: StateClass;
  readonly value: T;
  name: string | null;
  readonly tag: ReadonlySet<string> | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Whether the state had been written since it was made. @internal */
  readonly written: boolean;

  /** @param options name, tag and metadata of the state */
  constructor(type: StateClass, value: T, options: StateOptions = {}, written = false) {
    if (typeof type !== 'function') throw new ArgumentError(`TreefyState: expected a class of states, got ${describeValue(type)}`);
    const { name, tag, ...metadata } = optionsObject('TreefyState', options);
    this.type = type;
    this.value = value;
    this.name = name ?? null;
    this.tag = tag === undefined ? null : new Set(typeof tag === 'string' ? [tag] : tag);
    this.metadata = metadata;
    this.written = written;
  }

  /** The snapshot of a state. */
  static of<T>(state: State<T>): TreefyState<T> {
    if (typeof (state as State<T> | null | undefined)?.copyFrom !== 'function') throw new ArgumentError(`TreefyState.of: expected a State, got ${describeValue(state)}`);
    return new TreefyState<T>(state.constructor as StateClass, state.value, optionsOf(state), state.written);
  }

  /** A new state of the class, with this value. */
  toState(): State<T> {
    const made = State.restore(this.type as typeof State<T>, this.value, optionsOf(this));
    made.written = this.written;
    return made;
  }

  /** The same with another value. */
  replace<U>(value: U): TreefyState<U> {
    return new TreefyState<U>(this.type, value, optionsOf(this), this.written);
  }

  /** A snapshot of the same value. */
  copy(): TreefyState<T> {
    return this.replace(this.value);
  }

  /** What was kept of the state besides its value. */
  getMetadata(): Record<string, unknown> {
    return { ...this.metadata, name: this.name, tag: this.tag };
  }

  toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    const lines = [`type=${this.type.name}`, `value=${inspect(this.value)}`, ...(this.name === null ? [] : [`name=${this.name}`]), ...(this.tag === null || this.tag.size === 0 ? [] : [`tag={${[...this.tag].map((t) => `'${t}'`).join(', ')}}`])];
    return `TreefyState(\n${lines.map((l) => `  ${l.replaceAll('\n', '\n  ')}`).join(',\n')}\n)`;
  }
}

interface Aux {
  type: StateClass;
  options: StateOptions;
  written: boolean;
}

registerPytreeNode(TreefyState, {
  name: 'TreefyState',
  flatten: (s) => ({ children: [s.value], keys: ['value'], aux: { type: s.type, options: optionsOf(s), written: s.written } satisfies Aux }),
  unflatten: (aux, [value]) => {
    const { type, options, written } = aux as Aux;
    return new TreefyState<never>(type, value as never, options, written);
  },
  equals: (a, b) => {
    const [x, y] = [a as Aux, b as Aux];
    return x.type === y.type && x.written === y.written && x.options.name === y.options.name && [...(x.options.tag ?? [])].join() === [...(y.options.tag ?? [])].join();
  },
});
