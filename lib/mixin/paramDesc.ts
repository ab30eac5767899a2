import { inspect } from 'node:util';
import { ArgumentError } from '../core/errors';
import { pythonValue } from '../core/pythonText';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';

/** A class whose objects can be described. `positional` names the constructor's arguments that come before the options, as far as they may be given by name. */
export type Describable<T = unknown> = (abstract new (...args: Loose[]) => T) & { readonly positional?: readonly string[] };

type Options = Readonly<Record<string, unknown>>;

function split(args: readonly unknown[]): [unknown[], Options] {
  const last = args[args.length - 1];
  return isPlainObject(last) ? [args.slice(0, -1), last] : [[...args], {}];
}

/**
 * An object that is yet to be made: a class and arguments of its constructor. Options given later go before those given first.
 *
 * An argument may be given by its position, or by its name among the options where the class lists the name in `positional`: what is
 * given by position then fills the places that are left.
 *
 * Mirrors `brainstate.mixin.ParamDescriber`.
 *
 * @example
 * ```ts
 * const layer = nn.Linear.desc(10, { bInit: null });
 * layer.init({ inSize: 4 }).outSize; // [10]
 * ```
 */
export class ParamDescriber<T = unknown> {
  readonly cls: Describable<T>;
  /** Arguments by position. */
  readonly args: readonly unknown[];
  /** Options, and arguments by name. */
  readonly kwargs: Options;

  constructor(cls: Describable<T>, ...args: unknown[]) {
    if (typeof cls !== 'function') throw new ArgumentError(`ParamDescriber: expected a class, got ${describeValue(cls)}`);
    if (new.target !== ParamDescriber) throw new ArgumentError('ParamDescriber: the class cannot be extended');
    this.cls = cls;
    [this.args, this.kwargs] = split(args);
  }

  /** The class with its arguments: what tells one describer from another. */
  get identifier(): readonly [Describable<T>, readonly unknown[], Options] {
    return [this.cls, this.args, this.kwargs];
  }

  /** Makes the object, with further arguments. */
  init(...more: unknown[]): T {
    const [args, later] = split(more);
    const options: Record<string, unknown> = { ...this.kwargs, ...later };
    const rest = [...this.args, ...args];
    const names = this.cls.positional ?? [];
    const named = names.reduce((n, name, i) => (name in options ? i + 1 : n), 0);
    const all: unknown[] = names.slice(0, named).map((name) => {
      if (!(name in options)) return rest.shift();
      const value = options[name];
      delete options[name];
      return value;
    });
    all.push(...rest);
    if (Object.keys(options).length > 0) all.push(options);
    return new (this.cls as new (...args: unknown[]) => T)(...all);
  }

  /** The same as {@link init}. */
  call(...more: unknown[]): T {
    return this.init(...more);
  }

  /** A type for `instanceof`: describers of a class and of those that extend it. */
  static of(cls: Describable): { [Symbol.hasInstance](x: unknown): boolean } {
    return { [Symbol.hasInstance]: (x) => x instanceof ParamDescriber && (x.cls === cls || x.cls.prototype instanceof cls) };
  }

  toString(): string {
    const parts = [...this.args.map((a) => pythonValue(a, true)), ...Object.entries(this.kwargs).map(([k, v]) => `${k}=${pythonValue(v, true)}`)];
    return `ParamDescriber(${this.cls.name}(${parts.join(', ')}))`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A class that adds behaviour, without a constructor of its own. Mirrors `brainstate.mixin.Mixin`. @example new nn.Linear(2, 3) instanceof nn.Module; // true */
export class Mixin {}

/** A class that has `desc`, which describes an object that is yet to be made. Mirrors `brainstate.mixin.ParamDesc`. @example nn.Linear.desc(3, 2).init() instanceof nn.Linear; // true */
export class ParamDesc extends Mixin {
  /** Names of the constructor's first arguments, which may then be given by name to a describer. */
  static readonly positional: readonly string[] = [];

  /** Describes an object of this class. */
  static desc<T>(this: Describable<T>, ...args: unknown[]): ParamDescriber<T> {
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return new ParamDescriber<T>(this, ...args);
  }
}
