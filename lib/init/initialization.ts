import { checkFunction } from '../core/checks';
import { inspect } from 'node:util';
import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { DEFAULT, type RandomState } from '../random';
import { type Initializer, type Size, toShape } from './initializers';

/** What a call of an initialisation may be given besides the size. */
export interface CallOptions {
  /** Where random numbers come from; default: the global random state. */
  rng?: RandomState;
  /** Element type of the result. */
  dtype?: DType;
  /** For {@link DistanceModulated}: distances between units, of the size. */
  distances?: ArrayLike;
  /** In place of distances: positions of the units that a connection leads from, [n] or [n, dimensions]. */
  prePositions?: ArrayLike;
  /** Positions of the units that a connection leads to, [m] or [m, dimensions]. */
  postPositions?: ArrayLike;
  /** For {@link Conditional}: the elements' numbers, in place of 0, 1, 2 … */
  neuronIndices?: ArrayLike;
}

/** What initialisations are combined with: others, and values. */
export type InitOperand = Initialization | ArrayLike;

/**
 * Makes arrays of a size, and is combined with others: `new init.Normal(0, 1).mul(2).clip({ minVal: 0 })`. What takes an initialiser (the layers of nn) takes one.
 *
 * A class of your own defines `call(size, options)`. Mirrors `braintools.init.Initialization`, whose operators are methods here.
 *
 * @example
 * new init.Constant(1).add(2).mul(3).call([2]).js(); // [9, 9]
 */
export abstract class Initialization implements Initializer {
  /** @param options where random numbers come from, and the dtype of the result; or only the dtype */
  call(size: Size, options: DType | CallOptions = {}): Array {
    const o = typeof options === 'string' ? { dtype: options } : checkOptions(this.constructor.name, ['rng', 'dtype', 'distances', 'prePositions', 'postPositions', 'neuronIndices'], options);
    const { rng = DEFAULT, dtype } = o;
    const made = this.sample(toShape(size), rng, o);
    return dtype === undefined ? made : made.astype(dtype);
  }

  /** @internal What the class makes: a class of one's own may define `call` alone. */
  sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    if (this.call === Initialization.prototype.call) throw new ArgumentError(`${this.constructor.name}: expected a class that defines call(size, options)`);
    return np.asarray(this.call(shape, { ...options, rng }));
  }

  /** The settings by name, for printing: what the constructor was given, which is what the object holds. */
  protected settings(): object {
    return { ...this };
  }

  /** The sum of two initialisations. */
  add(other: InitOperand): Initialization {
    return new Binary('+', this, other);
  }

  /** The difference of two initialisations. */
  sub(other: InitOperand): Initialization {
    return new Binary('-', this, other);
  }

  /** The product of two initialisations. */
  mul(other: InitOperand): Initialization {
    return new Binary('*', this, other);
  }

  /** The same as `mul`. */
  multiply(other: InitOperand): Initialization {
    return this.mul(other);
  }

  /** The quotient of two initialisations. */
  div(other: InitOperand): Initialization {
    return new Binary('/', this, other);
  }

  /** Values limited to an interval; null is no limit. */
  clip(options: { minVal?: ArrayLike | null; maxVal?: ArrayLike | null } = {}): Initialization {
    const { minVal = null, maxVal = null } = checkOptions('Initialization.clip', ['minVal', 'maxVal'], options);
    return new Clipped(this, { minVal, maxVal });
  }

  /** What a function makes of the values. */
  apply(f: (values: Array) => ArrayLike): Initialization {
    return new Applied(this, f);
  }

  /** The same as {@link apply}: Python's `|`. @throws ArgumentError for an initialisation, which takes sizes, not values */
  pipe(f: (values: Array) => ArrayLike): Initialization {
    return new Applied(this, f);
  }

  toString(): string {
    return `${this.constructor.name}(${Object.entries(this.settings()).map(([k, v]) => `${k}=${v instanceof Initialization ? v : inspect(v, { depth: 1 })}`).join(', ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const OPERATIONS = { '+': np.add, '-': np.subtract, '*': np.multiply, '/': np.divide } as const;

class Binary extends Initialization {
  private readonly op: keyof typeof OPERATIONS;
  private readonly left: InitOperand;
  private readonly right: InitOperand;

  constructor(op: keyof typeof OPERATIONS, left: InitOperand, right: InitOperand) {
    super();
    this.op = op;
    this.left = left;
    this.right = right;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    const [a, b] = [this.left, this.right].map((x) => (x instanceof Initialization ? x.sample(shape, rng, options) : np.asarray(x)));
    return OPERATIONS[this.op](a!, b!);
  }

  override toString(): string {
    return `(${String(this.left)} ${this.op} ${String(this.right)})`;
  }
}

class Applied extends Initialization {
  private readonly base: Initialization;
  private readonly f: (values: Array) => ArrayLike;

  constructor(base: Initialization, f: (values: Array) => ArrayLike) {
    super();
    if (typeof f !== 'function') throw new ArgumentError(`init: expected a function of the values, got ${describeValue(f)}`);
    this.base = base;
    this.f = f;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    return np.asarray(this.f(this.base.sample(shape, rng, options)));
  }

  override toString(): string {
    return `${this.base}.apply(${this.f.name || 'f'})`;
  }
}

function checkInit(op: string, x: unknown): asserts x is Initialization {
  if (!(x instanceof Initialization)) throw new ArgumentError(`${op}: expected an initialisation, got ${describeValue(x)}`);
}

/** Values limited to an interval; null is no limit. Mirrors `braintools.init.Clipped`. @example new init.Normal(0, 1).clip({ minVal: 0, maxVal: 1 }).call([4]).shape; // [4] */
export class Clipped extends Initialization {
  readonly baseDist: Initialization;
  readonly minVal: ArrayLike | null;
  readonly maxVal: ArrayLike | null;

  constructor(baseDist: Initialization, options: { minVal?: ArrayLike | null; maxVal?: ArrayLike | null } = {}) {
    super();
    const { minVal = null, maxVal = null } = checkOptions(new.target.name, ['minVal', 'maxVal'], options);
    checkInit('Clipped', baseDist);
    this.baseDist = baseDist;
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    return np.clip(this.baseDist.sample(shape, rng, options), { min: this.minVal, max: this.maxVal });
  }
}

/** Values times a factor. Mirrors `braintools.init.Scaled`. @example new init.Scaled(new init.Constant(2), 0.5).call([2]).js(); // [1, 1] */
export class Scaled extends Initialization {
  readonly baseDist: Initialization;
  readonly scaleFactor: ArrayLike;

  constructor(baseDist: Initialization, scaleFactor: ArrayLike) {
    super();
    checkInit('Scaled', baseDist);
    this.baseDist = baseDist;
    this.scaleFactor = scaleFactor;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    return np.multiply(this.baseDist.sample(shape, rng, options), this.scaleFactor);
  }
}

/**
 * An initialisation (or value), and functions that its values go through one after another. Mirrors `braintools.init.Compose`.
 *
 * @example
 * new init.Compose(new init.Constant(2), (x: Array) => x.mul(3)).call([2]).js(); // [6, 6]
 */
export class Compose extends Initialization {
  readonly inits: readonly [InitOperand, ...((values: Array) => ArrayLike)[]];

  /** @throws ArgumentError without an initialisation, or for a second one, which takes sizes, not values */
  constructor(...inits: [InitOperand, ...((values: Array) => ArrayLike)[]]) {
    super();
    if (inits.length === 0) throw new ArgumentError('Compose: expected at least one initialisation');
    for (const f of inits.slice(1)) if (typeof f !== 'function') throw new ArgumentError(`Compose: expected functions of values after the first, got ${describeValue(f)}`);
    this.inits = inits;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    const [first, ...fs] = this.inits;
    return fs.reduce((x: Array, f) => np.asarray(f(x)), first instanceof Initialization ? first.sample(shape, rng, options) : np.asarray(first));
  }
}

/** Values put at the positions of a flat array of n elements, and that array in a shape. */
function assemble(shape: number[], parts: readonly { at: number[]; values: Array }[]): Array {
  const dtype = np.resultType(...parts.map((p) => p.values));
  let flat = np.zeros([sizeOf(shape)], { dtype });
  for (const { at, values } of parts) if (at.length > 0) flat = flat.at(np.asarray(at, { dtype: 'int32' })).set(values.astype(dtype));
  return np.reshape(flat, shape);
}

/**
 * Each element from one of several initialisations, drawn by weights. Mirrors `braintools.init.Mixture`.
 *
 * @example
 * new init.Mixture([new init.Constant(1), new init.Constant(2)], { weights: [1, 0] }).call([3]).js(); // [1, 1, 1]
 */
export class Mixture extends Initialization {
  readonly distributions: readonly Initialization[];
  readonly weights: readonly number[];

  /**
   * @param distributions what to choose among
   * @param options `weights`: probabilities, whose sum is 1; default: all the same
   */
  constructor(distributions: readonly Initialization[], options: { weights?: readonly number[] | null } = {}) {
    super();
    const { weights = null } = checkOptions(new.target.name, ['weights'], options);
    if (!globalThis.Array.isArray(distributions) || distributions.length === 0) throw new ArgumentError(`Mixture: expected at least one distribution, got ${describeValue(distributions)}`);
    for (const d of distributions) checkInit('Mixture', d);
    const w = weights ?? distributions.map(() => 1 / distributions.length);
    if (w.length !== distributions.length) throw new ArgumentError(`Mixture: expected ${distributions.length} weights, got ${w.length}`);
    const total = w.reduce((a, b) => a + b, 0);
    if (w.some((x) => !(x >= 0)) || Math.abs(total - 1) > 1e-5) throw new ArgumentError(`Mixture: expected weights that are not negative and sum to 1, got [${w.join(', ')}]`);
    this.distributions = distributions;
    this.weights = w;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    const choices = globalThis.Array.from(rng.choice(this.distributions.length, { size: [sizeOf(shape)], p: [...this.weights] }).dataSync() as Int32Array);
    const parts = this.distributions.flatMap((d, i) => {
      const at = choices.flatMap((c, k) => (c === i ? [k] : []));
      return at.length === 0 ? [] : [{ at, values: d.sample([at.length], rng, options) }];
    });
    return assemble(shape, parts.length > 0 ? parts : [{ at: [], values: this.distributions[0]!.sample([0], rng, options) }]);
  }
}

/**
 * Elements from one initialisation where a condition of their positions holds, from another elsewhere. Mirrors `braintools.init.Conditional`.
 *
 * @example
 * new init.Conditional((i) => np.less(i, 2), new init.Constant(1), new init.Constant(-1)).call([4]).js(); // [1, 1, -1, -1]
 */
export class Conditional extends Initialization {
  readonly conditionFn: (indices: Array) => ArrayLike;
  readonly trueDist: Initialization;
  readonly falseDist: Initialization;

  /** @param conditionFn takes the elements' positions, int32 [n], in row-major order, and gives a boolean for each */
  constructor(conditionFn: (indices: Array) => ArrayLike, trueDist: Initialization, falseDist: Initialization) {
    super();
    checkFunction('Conditional', 'conditionFn', conditionFn);
    checkInit('Conditional', trueDist);
    checkInit('Conditional', falseDist);
    this.conditionFn = conditionFn;
    this.trueDist = trueDist;
    this.falseDist = falseDist;
  }

  override sample(shape: number[], rng: RandomState, options: CallOptions): Array {
    const n = sizeOf(shape);
    const holds = np.ravel(np.asarray(this.conditionFn(options.neuronIndices === undefined ? np.arange(n, { dtype: 'int32' }) : np.asarray(options.neuronIndices)))).astype('bool');
    if (holds.size !== n) throw new ArgumentError(`Conditional: expected conditionFn to give ${n} values, got ${holds.size}`);
    const list = (holds.toList() as boolean[]).map(Boolean);
    const where = (b: boolean) => list.flatMap((h, i) => (h === b ? [i] : []));
    const [yes, no] = [where(true), where(false)];
    return assemble(shape, [{ at: yes, values: this.trueDist.sample([yes.length], rng, options) }, { at: no, values: this.falseDist.sample([no.length], rng, options) }]);
  }
}
