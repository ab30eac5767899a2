import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { CombinedTypes, JointTypes } from './types';

type ModeClass = abstract new (...args: never[]) => Mode;

/** How a computation is to be run. Mirrors `brainstate.mixin.Mode`. @example new mixin.Training() instanceof mixin.Mode; // true */
export class Mode {
  /** Whether this is of exactly the class. */
  isA(mode: ModeClass | CombinedTypes<unknown>): boolean {
    return this.constructor === mode;
  }

  /** Whether this is of the class or one that extends it. */
  has(mode: ModeClass): boolean {
    return this instanceof mode;
  }

  /** Whether another mode is of the same class. */
  equals(other: Mode): boolean {
    return (other as Mode | null | undefined)?.constructor === this.constructor;
  }

  toString(): string {
    return this.constructor.name;
  }
}

/**
 * Several modes at once, with the properties of all of them; {@link get} finds one by name. Mirrors `brainstate.mixin.JointMode`.
 *
 * @example
 * new mixin.JointMode(new mixin.Training(), new mixin.Batching()).has(mixin.Training); // true
 */
export class JointMode extends Mode {
  readonly modes: readonly Mode[];

  constructor(...modes: Mode[]) {
    super();
    for (const m of modes) if (!(m instanceof Mode)) throw new ArgumentError(`JointMode: expected modes, got ${describeValue(m)}`);
    this.modes = modes;
    // What its modes have, it has; the first that has it counts.
    for (const m of modes) for (const k of Object.keys(m)) if (!(k in this)) Object.defineProperty(this, k, { get: () => (m as unknown as Record<string, unknown>)[k], enumerable: false });
  }

  /** The classes of the modes. */
  get types(): ReadonlySet<ModeClass> {
    return new Set(this.modes.map((m) => m.constructor as ModeClass));
  }

  override has(mode: ModeClass): boolean {
    return this.modes.some((m) => m instanceof mode);
  }

  /** Whether a type is the one of all these modes' classes together. */
  override isA(type: ModeClass | CombinedTypes<unknown>): boolean {
    const own = JointTypes(...(this.types as ReadonlySet<never>)) as unknown;
    return own instanceof CombinedTypes ? own.equals(type) : own === type;
  }

  /** The property of the first mode that has it; undefined if none has. */
  get(name: string): unknown {
    const m = this.modes.find((mode) => name in mode);
    return m && (m as unknown as Record<string, unknown>)[name];
  }

  override toString(): string {
    return `JointMode(${this.modes.join(', ')})`;
  }
}

/** A mode with a batch of inputs along an axis. Mirrors `brainstate.mixin.Batching`. @example String(new mixin.Batching({ batchSize: 32 })); // 'Batching(in_size=32, axis=0)' */
export class Batching extends Mode {
  readonly batchSize: number;
  readonly batchAxis: number;

  constructor(options: { batchSize?: number; batchAxis?: number } = {}) {
    super();
    const { batchSize = 1, batchAxis = 0 } = checkOptions('Batching', ['batchSize', 'batchAxis'], options);
    this.batchSize = batchSize;
    this.batchAxis = batchAxis;
  }

  override toString(): string {
    return `Batching(in_size=${this.batchSize}, axis=${this.batchAxis})`;
  }
}

/** The mode of training. Mirrors `brainstate.mixin.Training`. @example new mixin.Training().isA(mixin.Training); // true */
export class Training extends Mode {}
