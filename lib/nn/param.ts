import { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import * as environ from '../environ';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions, optionsObject } from '../functional/options';
import type { InitLike, Size } from '../init';
import * as np from '../numpy';
import { ParamState } from '../state/kinds';
import { Module } from './module';
import { IdentityT, Transform } from './paramTransforms';
import { Regularization } from './regularization';

/** Options of {@link Param}. */
export interface ParamOptions {
  /** From unconstrained numbers, which training changes, to the parameter's values. Default: the identity. */
  t?: Transform;
  /** What is added to the loss: {@link Param.regLoss}. */
  reg?: Regularization | null;
  /** A function that {@link Param.value} applies last. */
  precompute?: ((value: Array) => Array) | null;
  /** Whether training changes it. Default true. */
  fit?: boolean;
  /** Whether to log when the cache is used, filled and emptied. Default false. */
  enableCacheLogging?: boolean;
}

/**
 * A parameter whose values are kept within bounds by a transform, and weighed by a regularisation. `val` holds the unconstrained numbers: a state, or an
 * array if it is not to be fitted.
 *
 * Mirrors `brainstate.nn.Param`.
 *
 * @example
 * ```ts
 * const rate = new nn.Param([1, 2], { t: new nn.SoftplusT(0), reg: new nn.L2Reg({ weight: 0.1 }) });
 * rate.value(); // [1, 2]
 * rate.regLoss(); // 0.5
 * ```
 */
export class Param extends Module {
  static override readonly isParamModule = true;
  static override graphInvisibleAttrs = ['_cached'];

  readonly fit: boolean;
  readonly t: Transform;
  readonly reg: Regularization | null;
  readonly precompute: ((value: Array) => Array) | null;
  readonly enableCacheLogging: boolean;
  val: Array | ParamState;
  /** The value of {@link value}, and the numbers it belongs to. */
  private _cached: { of: Array; value: Array } | null = null;

  constructor(value: ArrayLike, options: ParamOptions = {}) {
    const { t = new IdentityT(), reg = null, precompute = null, fit = true, enableCacheLogging = false, ...rest } = checkOptions(new.target.name, ['t', 'reg', 'precompute', 'fit', 'enableCacheLogging'], options);
    super(rest);
    if (!(t instanceof Transform)) throw new ArgumentError(`${new.target.name}: expected t to be a Transform, got ${describeValue(t)}`);
    if (reg !== null && !(reg instanceof Regularization)) throw new ArgumentError(`${new.target.name}: expected reg to be a Regularization or null, got ${describeValue(reg)}`);
    if (precompute !== null && typeof precompute !== 'function') throw new ArgumentError(`${new.target.name}: expected precompute to be a function or null, got ${describeValue(precompute)}`);
    this.fit = fit;
    this.t = t;
    this.reg = reg;
    this.precompute = precompute;
    this.enableCacheLogging = enableCacheLogging;
    const val = t.inverse(np.asarray(value, { dtype: environ.dftype() }));
    this.val = fit ? new ParamState(val) : val;
  }

  private raw(): Array {
    return this.val instanceof Array ? this.val : this.val.value;
  }

  private compute(raw: Array): Array {
    const v = this.t.forward(raw);
    return this.precompute === null ? v : this.precompute(v);
  }

  private log(what: string): void {
    if (this.enableCacheLogging) console.info(`nn.Param${this.name === null ? '' : ` '${this.name}'`}: cache ${what}`);
  }

  /**
   * The parameter's values: the transform of `val`, then `precompute`. What {@link cache} has computed is used as long as `val` holds the same numbers, and
   * never across the border of a transformation.
   */
  value(): Array {
    const raw = this.raw();
    if (this._cached?.of === raw) {
      this.log('hit');
      return this._cached.value;
    }
    if (this._cached) {
      this._cached = null;
      this.log('emptied: val has changed');
    }
    return this.compute(raw);
  }

  /** Computes {@link value} once, for all calls until `val` changes or {@link clearCache}. */
  cache(): Array {
    const of = this.raw();
    this._cached = { of, value: this.compute(of) };
    this.log('filled');
    return this._cached.value;
  }

  /** Forgets the transformed value that is kept. */
  clearCache(): void {
    if (this._cached) this.log('emptied');
    this._cached = null;
  }

  /** Whether there is a cached value that {@link value} would give. */
  get cacheStats(): { valid: boolean; hasCachedValue: boolean } {
    const valid = !!this._cached && this._cached.of === (this.val instanceof Array ? this.val : this.val.current());
    return { valid, hasCachedValue: valid };
  }

  /** Sets the parameter's values: `val` becomes the transform's inverse of them. */
  setValue(value: ArrayLike): void {
    const raw = this.t.inverse(np.asarray(value));
    if (this.val instanceof Array) this.val = raw;
    else this.val.value = raw;
  }

  /** The regularisation's loss of the values: shape []; 0 without one, or for a parameter that is not fitted. */
  override regLoss(): Array {
    return this.fit && this.reg !== null ? this.reg.loss(this.value()) : np.asarray(0, { dtype: environ.dftype() });
  }

  /** Sets all values to the regularisation's most likely one, if there is a regularisation. (BrainState's loses the shape where that is a scalar.) */
  resetToPrior(): void {
    if (this.reg !== null) this.setValue(np.broadcastTo(this.reg.resetValue(), this.value().shape as number[]));
  }

  /** Limits the values; null is no limit. */
  clip(options: { minVal?: ArrayLike | null; maxVal?: ArrayLike | null } = {}): void {
    const { minVal = null, maxVal = null } = checkOptions('Param.clip', ['minVal', 'maxVal'], options);
    this.setValue(np.clip(this.value(), { min: minVal, max: maxVal }));
  }

  override prettyReprItem(name: string, value: unknown): [string, unknown] | null {
    if (name === 'precompute' || name === 'enableCacheLogging') return null;
    if (name === 'reg' && value === null) return ['reg', 'None'];
    return super.prettyReprItem(name, value);
  }

  /**
   * A parameter of data in any form: a Param as it is, an initialiser's or function's result for `sizes`, or a value, as a {@link Const}; null for null.
   *
   * Mirrors `brainstate.nn.Param.init`.
   *
   * @throws ShapeError if the value does not broadcast with `sizes`
   */
  static init(data: Param | InitLike | null, options: { sizes?: Size; allowNone?: boolean } = {}): Param | null {
    const { sizes, allowNone = true } = checkOptions('Param.init', ['sizes', 'allowNone'], options);
    if (data === null) {
      if (!allowNone) throw new ArgumentError('Param.init: expected a parameter, an initialiser, a function or a value, got null');
      return null;
    }
    const shape = sizes === undefined ? null : typeof sizes === 'number' ? [sizes] : [...sizes];
    const made = data instanceof Param ? data : new Const(valueOf(data, shape));
    if (shape !== null) {
      const given = made.value();
      for (let i = 1; i <= Math.min(given.ndim, shape.length); i++) {
        const [a, b] = [given.shape[given.ndim - i]!, shape[shape.length - i]!];
        if (a !== b && a !== 1 && b !== 1) throw new ShapeError(`Param.init: expected a value that broadcasts with [${shape.join(', ')}], got ${given.aval}`);
      }
    }
    return made;
  }
}

function valueOf(data: InitLike, shape: number[] | null): ArrayLike {
  const isInitializer = typeof data === 'object' && !(data instanceof Array) && typeof (data as { call?: unknown }).call === 'function';
  if (typeof data !== 'function' && !isInitializer) return data as ArrayLike;
  if (shape === null) throw new ArgumentError('Param.init: an initialiser or function needs sizes, the shape of the parameter');
  return typeof data === 'function' ? data(shape) : (data as { call(s: number[]): Array }).call(shape);
}

/** A parameter that is not fitted. Mirrors `brainstate.nn.Const`. @example new nn.Const(np.array([1, 2])).value().js(); // [1, 2] */
export class Const extends Param {
  constructor(value: ArrayLike, options: Omit<ParamOptions, 'fit'> & { fit?: false } = {}) {
    if (optionsObject('Const', options).fit) throw new ArgumentError('Const: expected fit to be false or left out; a parameter that is fitted is a Param');
    super(value, { ...options, fit: false });
  }
}
