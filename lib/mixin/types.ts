import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';

/** What can stand to the right of `instanceof`. */
export type ClassLike<T = Loose> = (abstract new (...args: Loose[]) => T) | CombinedTypes<T>;

/** Several classes as one, for the right of `instanceof`. @example String(mixin.OneOfTypes(nn.Linear, nn.Conv2d)); // 'OneOfTypes[Linear, Conv2d]' */
export class CombinedTypes<T = unknown> {
  readonly types: readonly ClassLike[];
  private readonly every: boolean;
  declare readonly _: T;

  /** @internal Use {@link JointTypes} and {@link OneOfTypes}. */
  constructor(types: readonly ClassLike[], every: boolean) {
    this.types = types;
    this.every = every;
  }

  [Symbol.hasInstance](x: unknown): x is T {
    const is = (t: ClassLike) => x instanceof (t as abstract new () => unknown);
    return this.every ? this.types.every(is) : this.types.some(is);
  }

  /** Whether another combination is one of the same kind, of the same classes in any order. */
  equals(other: unknown): boolean {
    return other instanceof CombinedTypes && other.every === this.every && other.types.length === this.types.length && this.types.every((t) => other.types.includes(t));
  }

  toString(): string {
    return `${this.every ? 'JointTypes' : 'OneOfTypes'}[${this.types.map((t) => (t instanceof CombinedTypes ? String(t) : t.name)).join(', ')}]`;
  }
}

function combine(op: string, types: readonly ClassLike[], every: boolean): ClassLike {
  if (types.length === 0) throw new ArgumentError(`${op}: expected at least one class`);
  for (const t of types) if (typeof t !== 'function' && !(t instanceof CombinedTypes)) throw new ArgumentError(`${op}: expected classes, got ${describeValue(t)}`);
  const unique = [...new Set(types)];
  return unique.length === 1 ? unique[0]! : new CombinedTypes(unique, every);
}

type InstanceOf<C> = C extends CombinedTypes<infer T> ? T : C extends abstract new (...args: Loose[]) => infer T ? T : never;
type Intersect<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;

/**
 * A type of the objects that are of every one of the classes: `x instanceof JointTypes(A, B)`. Of one class, that class.
 *
 * Mirrors `brainstate.mixin.JointTypes`.
 *
 * @example
 * new nn.ReLU() instanceof mixin.JointTypes(nn.Module, nn.ElementWiseBlock); // true
 */
export function JointTypes<C extends ClassLike[]>(...types: C): CombinedTypes<Intersect<InstanceOf<C[number]>>> {
  return combine('JointTypes', types, true) as CombinedTypes<Intersect<InstanceOf<C[number]>>>;
}

/**
 * A type of the objects that are of one of the classes: `x instanceof OneOfTypes(A, B)`. Of one class, that class.
 *
 * Mirrors `brainstate.mixin.OneOfTypes`.
 *
 * @example
 * new nn.ReLU() instanceof mixin.OneOfTypes(nn.Linear, nn.ReLU); // true
 */
export function OneOfTypes<C extends ClassLike[]>(...types: C): CombinedTypes<InstanceOf<C[number]>> {
  return combine('OneOfTypes', types, false) as CombinedTypes<InstanceOf<C[number]>>;
}
