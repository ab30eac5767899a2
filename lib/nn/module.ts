import { inspect } from 'node:util';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';
import { Node } from '../graph/node';
import { State } from '../state/state';

/**
 * A part of a model: holds states and other modules in its properties, and computes in `call`.
 *
 * Mirrors `brainstate.nn.Module`.
 *
 * @example
 * ```ts
 * class Net extends nn.Module {
 *   l1 = new nn.Linear(784, 10);
 *   override call(x: np.Array) { return nn.softmax(this.l1.call(x)); }
 * }
 * ```
 */
export class Module extends Node {
  private moduleName: string | null = null;
  private sizes: { in: readonly number[] | null; out: readonly number[] | null } = { in: null, out: null };

  constructor(options: { name?: string } = {}) {
    super();
    this.moduleName = options.name ?? null;
    // Of no interest to the graph, nor to those who print the module.
    Object.defineProperty(this, 'moduleName', { enumerable: false, writable: true });
    Object.defineProperty(this, 'sizes', { enumerable: false, writable: true });
  }

  get name(): string | null {
    return this.moduleName;
  }

  set name(name: string | null) {
    this.moduleName = name;
  }

  /** Shape of an input without its leading dimensions. @throws ArgumentError if it is not known */
  get inSize(): readonly number[] {
    if (this.sizes.in === null) throw new ArgumentError(`${this.constructor.name}: inSize is not set`);
    return this.sizes.in;
  }

  set inSize(size: number | readonly number[]) {
    this.sizes.in = typeof size === 'number' ? [size] : [...size];
  }

  /** Shape of a result without its leading dimensions. @throws ArgumentError if it is not known */
  get outSize(): readonly number[] {
    if (this.sizes.out === null) throw new ArgumentError(`${this.constructor.name}: outSize is not set`);
    return this.sizes.out;
  }

  set outSize(size: number | readonly number[]) {
    this.sizes.out = typeof size === 'number' ? [size] : [...size];
  }

  /** What the module computes. */
  call(..._args: Loose[]): Loose {
    throw new ArgumentError(`${this.constructor.name}: the module has no call method; define call(x)`);
  }

  /** Makes the states that depend on a batch size. Modules that have such override it. */
  initState(..._args: Loose[]): void {}

  /** Puts the states that {@link initState} made back to their first values. */
  resetState(..._args: Loose[]): void {}

  override toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    return renderModule(this, 0, new Set());
  }
}

function renderModule(m: Module, indent: number, seen: Set<object>): string {
  if (seen.has(m)) return `${m.constructor.name}(...)`;
  seen.add(m);
  const pad = ' '.repeat(indent + 2);
  const lines: string[] = [];
  for (const [key, get] of [['in_size', () => m.inSize], ['out_size', () => m.outSize]] as const) {
    try {
      const s = get();
      lines.push(`${key}=(${s.join(', ')}${s.length === 1 ? ',' : ''})`);
    } catch {
      // The size is not known.
    }
  }
  for (const [k, v] of Object.entries(m)) {
    if (v === null || v === undefined || (m.constructor as typeof Module).graphInvisibleAttrs.includes(k)) continue;
    lines.push(`${k.replace(/^_/, '')}=${v instanceof Module ? renderModule(v, indent + 2, seen) : v instanceof State ? (seen.has(v) ? `${v.constructor.name}(...)` : (seen.add(v), v.render(indent + 2))) : inspect(v, { depth: 1 }).replaceAll('\n', `\n${pad}`)}`);
  }
  return `${m.constructor.name}(\n${lines.map((l) => `${pad}${l}`).join(',\n')}\n${' '.repeat(indent)})`;
}

/** A module whose result has the shape of its input. */
export class ElementWiseBlock extends Module {}

/** What `initAllStates` calls: anything with initState. */
interface HasInitState {
  initState(...args: unknown[]): void;
}

/** Calls `initState` of every module below (and itself), with the given arguments, a batch size say; gives the module. Mirrors `brainstate.nn.init_all_states`. */
export function initAllStates<M extends Node>(root: M, ...args: unknown[]): M {
  for (const [, n] of root.nodes() as [unknown, Node][]) if (n instanceof Module) (n as HasInitState).initState(...args);
  return root;
}

/** As {@link initAllStates}, with `resetState`. */
export function resetAllStates<M extends Node>(root: M, ...args: unknown[]): M {
  for (const [, n] of root.nodes() as [unknown, Node][]) if (n instanceof Module) n.resetState(...args);
  return root;
}

/** Layers one after another: modules or functions. Mirrors `brainstate.nn.Sequential`. */
export class Sequential extends Module {
  readonly layers: readonly (Module | ((x: Loose) => Loose))[];

  constructor(...layers: (Module | ((x: Loose) => Loose))[]) {
    super();
    for (const l of layers) if (typeof l !== 'function' && !(l instanceof Module)) throw new ArgumentError(`Sequential: expected modules or functions, got ${describeValue(l)}`);
    this.layers = layers;
  }

  override call(x: Loose): Loose {
    let y = x;
    for (const l of this.layers) y = typeof l === 'function' ? l(y) : l.call(y);
    return y;
  }
}

