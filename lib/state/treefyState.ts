import { inspect } from 'node:util';
import { registerPytreeNode } from '../core/tree';
import { State } from './state';

type StateClass = typeof State;

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

  constructor(type: StateClass, value: T, name: string | null = null, tag: ReadonlySet<string> | null = null, metadata: Readonly<Record<string, unknown>> = {}) {
    this.type = type;
    this.value = value;
    this.name = name;
    this.tag = tag;
    this.metadata = metadata;
  }

  /** The snapshot of a state. */
  static of<T>(state: State<T>): TreefyState<T> {
    return new TreefyState<T>(state.constructor as StateClass, state.value, state.name, state.tag && new Set(state.tag), { ...state.metadata });
  }

  /** A new state of the class, with this value. */
  toState(): State<T> {
    return State.restore(this.type as typeof State<T>, this.value, { ...this.metadata, ...(this.name === null ? {} : { name: this.name }), ...(this.tag === null ? {} : { tag: this.tag }) });
  }

  /** The same with another value. */
  replace<U>(value: U): TreefyState<U> {
    return new TreefyState<U>(this.type, value, this.name, this.tag, this.metadata);
  }

  /** A snapshot of the same value. */
  copy(): TreefyState<T> {
    return this.replace(this.value);
  }

  /** What was kept of the state besides its value. */
  getMetadata(): Record<string, unknown> {
    return { ...this.metadata, name: this.name, tag: this.tag };
  }

  [inspect.custom](): string {
    const lines = [`type=${this.type.name}`, `value=${inspect(this.value)}`, ...(this.name === null ? [] : [`name=${this.name}`]), ...(this.tag === null || this.tag.size === 0 ? [] : [`tag={${[...this.tag].map((t) => `'${t}'`).join(', ')}}`])];
    return `TreefyState(\n${lines.map((l) => `  ${l.replaceAll('\n', '\n  ')}`).join(',\n')}\n)`;
  }
}

interface Aux {
  type: StateClass;
  name: string | null;
  tag: ReadonlySet<string> | null;
  metadata: Readonly<Record<string, unknown>>;
}

registerPytreeNode(TreefyState, {
  name: 'TreefyState',
  flatten: ({ type, value, name, tag, metadata }) => ({ children: [value], keys: ['value'], aux: { type, name, tag, metadata } satisfies Aux }),
  unflatten: (aux, [value]) => {
    const { type, name, tag, metadata } = aux as Aux;
    return new TreefyState<never>(type, value as never, name, tag, metadata);
  },
  equals: (a, b) => {
    const [x, y] = [a as Aux, b as Aux];
    return x.type === y.type && x.name === y.name && [...(x.tag ?? [])].join() === [...(y.tag ?? [])].join();
  },
});
