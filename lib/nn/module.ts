import { inspect } from 'node:util';
import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Loose } from '../functional/treeFunction';
import { flatten } from '../graph/flatten';
import * as np from '../numpy';
import { Node } from '../graph/node';
import type { TreefyState } from '../state/treefyState';
import type { Hierarchy } from '../graph/walk';
import { type Describable, ParamDescriber } from '../mixin/paramDesc';
import type { Filter } from '../state/filters';
import type { NestedDict } from '../state/nestedDict';
import type { FlattedDict } from '../state/flattedDict';
import type { Path } from '../state/paths';
import { ParamState } from '../state/kinds';
import { catchNewStates, type NewStateCatcher } from '../state/newStates';
import { initAllStates, takeOption } from './collective';
import { defaultItem, nodeText, type PrintedFields } from './moduleText';

/** Options of all modules. */
export interface ModuleOptions {
  /** Name of the module. */
  name?: string | undefined;
}

/** The names of {@link ModuleOptions}. @internal */
export const MODULE_OPTIONS = ['name'] as const;

/** What a module that stands for one parameter has besides ({@link Module.paramModules} finds those). */
export interface ParamModule extends Module {
  regLoss(): Loose;
  cache(): unknown;
  clearCache(): void;
}

function toSize(what: string, size: number | readonly number[] | Array): readonly number[] {
  const s = typeof size === 'number' ? [size] : size instanceof Array && size.ndim === 0 && np.issubdtype(size.dtype, np.integer) ? [Number(size.item())] : size;
  if (!globalThis.Array.isArray(s) || !s.every((n) => Number.isInteger(n) && n >= 0)) throw new ArgumentError(`${what}: expected a size or a list of sizes, got ${globalThis.Array.isArray(s) ? `[${s.join(', ')}]` : describeValue(s)}`);
  return [...s];
}

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
  /** Names of the constructor's first arguments, by which a describer may be given them; of which `inSize` is what `Sequential` gives. */
  static readonly positional: readonly string[] = ['inSize'];
  /** Whether modules of the class stand for one parameter. @internal */
  static readonly isParamModule: boolean = false;

  protected readonly _name: string | null;
  protected _inSize: readonly number[] | null = null;
  protected _outSize: readonly number[] | null = null;

  constructor(options: ModuleOptions = {}) {
    const { name } = checkOptions(new.target.name, MODULE_OPTIONS, options);
    super();
    if (name !== undefined && typeof name !== 'string') throw new ArgumentError(`${new.target.name}: expected name to be a string, got ${describeValue(name)}`);
    this._name = name ?? null;
  }

  /** A module of this class that is yet to be made: {@link ParamDescriber}. `Sequential` makes it when the size of its input is known. */
  static desc<T>(this: Describable<T>, ...args: unknown[]): ParamDescriber<T> {
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return new ParamDescriber<T>(this, ...args);
  }

  /** The name given to the constructor. */
  get name(): string | null {
    return this._name;
  }

  /** Shape of an input without its leading dimensions; null if it is not known. A module that always sets it says so: `declare inSize: readonly number[]`. */
  get inSize(): readonly number[] | null {
    return this._inSize;
  }

  set inSize(size: number | readonly number[] | Array) {
    this._inSize = toSize(`${this.constructor.name}.inSize`, size);
  }

  /** Shape of a result without its leading dimensions; null if it is not known. */
  get outSize(): readonly number[] | null {
    return this._outSize;
  }

  set outSize(size: number | readonly number[] | Array) {
    this._outSize = toSize(`${this.constructor.name}.outSize`, size);
  }

  /** Whether {@link inSize} and {@link outSize} are known. */
  get knownSizes(): { inSize: readonly number[] | null; outSize: readonly number[] | null } {
    return { inSize: this._inSize, outSize: this._outSize };
  }

  /** What the module computes: by default, as in BrainState, what {@link update} gives. */
  call(...args: Loose[]): Loose {
    if (this.update === Module.prototype.update) throw new ArgumentError(`${this.constructor.name}: the module has no call method; define call(x)`);
    return this.update(...args);
  }

  /** BrainState's name for what a module computes: a module defines this or {@link call}, and each does the same. */
  update(...args: Loose[]): Loose {
    return this.call(...args);
  }

  /** Makes the states that depend on a batch size. Modules that have such override it. */
  initState(..._args: Loose[]): void {}

  /** Puts the states that {@link initState} made back to their first values. */
  resetState(..._args: Loose[]): void {}

  /**
   * Calls {@link initState} of this module and all below, and gives the states that were made. A last plain object with `stateTag` tags them.
   *
   * Mirrors `brainstate.nn.Module.init_all_states`.
   */
  initAllStates(...args: unknown[]): NewStateCatcher {
    const [own, stateTag] = takeOption(args, 'stateTag') as [unknown[], string | null | undefined];
    return catchNewStates(() => initAllStates(this, ...own), { stateTag: stateTag ?? undefined }).catcher;
  }

  /** Snapshots of the states, nested as the modules are; with several filters a list. Mirrors `brainstate.nn.Module.state_trees`. */
  stateTrees(): NestedDict<TreefyState>;
  stateTrees(filter: Filter): NestedDict<TreefyState>;
  stateTrees(...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[];
  stateTrees(...filters: Filter[]): NestedDict<TreefyState> | NestedDict<TreefyState>[] {
    const [, states] = flatten(this);
    return (filters.length === 0 ? states : states.filter(...filters)) as NestedDict<TreefyState> | NestedDict<TreefyState>[];
  }

  /** The modules directly below, those in lists and objects among them. */
  *children(): IterableIterator<Module> {
    for (const [, m] of this.namedChildren()) yield m;
  }

  /** `[path, module]` of the modules directly below. */
  *namedChildren(): IterableIterator<[string, Module]> {
    for (const [path, m] of this.nodes(Module as never, { allowedHierarchy: [1, 1] }) as FlattedDict<Module>) yield [path.join('.'), m];
  }

  /** All modules below, and this one last unless `includeSelf` is false. */
  *modules(options: { includeSelf?: boolean } = {}): IterableIterator<Module> {
    for (const [, m] of this.namedModules(options)) yield m;
  }

  /** `[path, module]` of all modules below, and of this one, whose path is empty, last. */
  *namedModules(options: { prefix?: string; includeSelf?: boolean } = {}): IterableIterator<[string, Module]> {
    const { prefix = '', includeSelf = true } = checkOptions('namedModules', ['prefix', 'includeSelf'], options);
    for (const [path, m] of this.nodes({ allowedHierarchy: [includeSelf ? 0 : 1, Number.MAX_SAFE_INTEGER] })) {
      if (m instanceof Module) yield [[prefix, path.join('.')].filter((s) => s !== '').join('.'), m];
    }
  }

  /** The parameters of this module and all below, or its own only. */
  *parameters(options: { recurse?: boolean } = {}): IterableIterator<ParamState<Loose>> {
    for (const [, p] of this.namedParameters(options)) yield p;
  }

  /**
   * `[path, state]` of the parameters of this module and all below; without `recurse` of its own only, those of its `Param`s among them.
   *
   * (BrainState's gives all the children's parameters there, never the module's own.)
   */
  *namedParameters(options: { prefix?: string; recurse?: boolean } = {}): IterableIterator<[string, ParamState<Loose>]> {
    const { prefix = '', recurse = true } = checkOptions('namedParameters', ['prefix', 'recurse'], options);
    const own = (path: Path): boolean => path.length === 1 || this.nodes({ allowedHierarchy: [1, 1] }).entries().some(([at, m]) => (m.constructor as typeof Module).isParamModule && at.every((k, i) => k === path[i]));
    const found = this.states(ParamState, { allowedHierarchy: [0, recurse ? Number.MAX_SAFE_INTEGER : 1] });
    for (const [path, p] of found.entries()) if (recurse || own(path)) yield [prefix === '' ? path.join('.') : `${prefix}.${path.join('.')}`, p as ParamState<Loose>];
  }

  /** Modules below (or this one) that stand for one parameter each. Mirrors `brainstate.nn.Module.param_modules`. */
  *paramModules(hierarchy?: Hierarchy): IterableIterator<ParamModule> {
    for (const [, m] of this.namedParamModules(hierarchy)) yield m;
  }

  /** `[path, module]` of {@link paramModules}. */
  *namedParamModules(hierarchy: Hierarchy = { allowedHierarchy: [0, Number.MAX_SAFE_INTEGER] }): IterableIterator<[string, ParamModule]> {
    for (const [path, m] of this.nodes(hierarchy)) if ((m.constructor as typeof Module).isParamModule) yield [path.join('.'), m as ParamModule];
  }

  /** The sum of the regularisation losses of all parameters that have one; 0 without any. Mirrors `brainstate.nn.Module.reg_loss`. */
  regLoss(): Loose {
    let total: Loose = 0;
    for (const p of this.paramModules()) {
      const loss = p.regLoss();
      total = total === 0 ? loss : loss.add ? loss.add(total) : total.add ? total.add(loss) : total + loss;
    }
    return total;
  }

  /**
   * While the function runs, parameters' values are computed once; without a function, up to the end of the block: `using _ = model.paramPrecompute();`.
   *
   * Mirrors `brainstate.nn.Module.param_precompute`.
   */
  paramPrecompute<R>(f: () => R, hierarchy?: Hierarchy): R;
  paramPrecompute(hierarchy?: Hierarchy): Disposable;
  paramPrecompute<R>(first?: (() => R) | Hierarchy, second?: Hierarchy): R | Disposable {
    const [f, hierarchy] = typeof first === 'function' ? [first, second] : [null, first ?? second];
    const params = [...this.paramModules(hierarchy)];
    const end = () => {
      for (const p of params) p.clearCache();
    };
    let held = false;
    try {
      for (const p of params) p.cache();
      held = f === null;
      return f === null ? { [Symbol.dispose]: end } : f();
    } finally {
      if (!held) end();
    }
  }

  /** What is printed of a property: its name and value (a string as it is), or null for nothing. */
  prettyReprItem(name: string, value: unknown): [string, unknown] | null {
    return (this.constructor as typeof Module).graphInvisibleAttrs.includes(name) ? null : defaultItem(name, value);
  }

  /** What is printed first, in order: names of properties, or `[name, value]` of what is derived. All other properties follow. */
  protected printedFields(): PrintedFields {
    return [];
  }

  override toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    return nodeText(this, (k, v) => this.prettyReprItem(k, v), this.printedFields());
  }
}

/** A module whose result has the shape of its input. @example new nn.ReLU() instanceof nn.ElementWiseBlock; // true */
export class ElementWiseBlock extends Module {
  static override readonly positional: readonly string[] = [];
}
