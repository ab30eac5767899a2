import { checkIterable } from '../core/checks';
import { ArgumentError, XlastateError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';
import { ParamDescriber } from '../mixin/paramDesc';
import { BrainStateError } from '../state/errors';
import { ElementWiseBlock, Module } from './module';

/** A module, a function of an array, or a module that is yet to be made, of which the size of the input is not given. */
export type Layer = Module | ((x: Loose) => Loose) | ParamDescriber<Module>;
type Made = Module | ((x: Loose) => Loose);
type KnownSize = readonly number[] | null;

/**
 * Layers one after another: modules, functions, and descriptions of modules (`nn.Linear.desc(10)`), which are made for the size that the layer before gives.
 *
 * Mirrors `brainstate.nn.Sequential`. What its layers throw comes as the `cause` of an error that names the layer.
 *
 * @throws ArgumentError if the first is no module
 * @example
 * ```ts
 * const net = new nn.Sequential(new nn.Linear(4, 8), nn.relu, nn.Linear.desc(2));
 * net.outSize; // [2]
 * ```
 */
export class Sequential extends Module {
  readonly layers: Made[] = [];

  constructor(first: Module, ...layers: Layer[]) {
    super();
    if (!(first instanceof Module)) throw new ArgumentError(`Sequential: expected the first layer to be a module, got ${describeValue(first)}`);
    this.start(first);
    this.extend(layers);
  }

  private start(first: Module): void {
    this.layers.push(first);
    const { inSize, outSize } = first.knownSizes;
    if (inSize !== null) this.inSize = inSize;
    this._outSize = outSize;
  }

  /** A model of layers that are made already; of none, an empty one. */
  private static of(layers: readonly Made[]): Sequential {
    if (layers.length > 0) return new Sequential(...(layers as [Module, ...Made[]]));
    const empty = new Sequential(new ElementWiseBlock());
    empty.layers.pop();
    return empty;
  }

  override call(x: Loose): Loose {
    let y = x;
    this.layers.forEach((layer, i) => {
      try {
        y = typeof layer === 'function' ? layer(y) : layer.call(y);
      } catch (e) {
        if (!(e instanceof XlastateError)) throw e;
        throw new BrainStateError(`Sequential: layer ${i} failed: ${e.message}\nThe layer is ${layer instanceof Module ? layer.toString() : describeValue(layer)}`, { cause: e });
      }
    });
    return y;
  }

  /** How many layers there are. */
  get length(): number {
    return this.layers.length;
  }

  [Symbol.iterator](): Iterator<Made> {
    return this.layers[Symbol.iterator]();
  }

  /** One layer; a negative index counts from the end. @throws ArgumentError outside of the model */
  at(index: number): Made {
    const layer = this.layers.at(index);
    if (!Number.isInteger(index) || layer === undefined) throw new ArgumentError(`Sequential: expected an index of one of ${this.layers.length} layers, got ${describeValue(index)}`);
    return layer;
  }

  /** A model of the layers of a range, as of a list. */
  slice(start?: number, end?: number): Sequential {
    return Sequential.of(this.layers.slice(start, end));
  }

  /** A model of the layers at the given places. */
  select(indices: readonly number[]): Sequential {
    return Sequential.of(indices.map((i) => this.at(i)));
  }

  /** Adds a layer at the end. @throws ArgumentError for an empty model */
  append(layer: Layer): void {
    this.extend([layer]);
  }

  /** Adds layers at the end. @throws ArgumentError for an empty model */
  extend(layers: Iterable<Layer>): void {
    if (this.layers.length === 0) throw new ArgumentError('Sequential: an empty model has no size to go on from; insert a module at 0');
    checkIterable('Sequential.extend', 'layers', layers);
    for (const layer of layers) {
      const made = this.make(layer, this._outSize);
      this.layers.push(made);
      this._outSize = sizeAfter(made, this._outSize);
    }
  }

  /**
   * Puts a layer at an index; a negative one counts from behind the last.
   *
   * @throws ArgumentError for an index outside of the model, and if the first of an empty one is no module
   */
  insert(index: number, layer: Layer): void {
    const n = this.layers.length;
    if (n === 0) {
      if (index !== 0 || !(layer instanceof Module)) throw new ArgumentError(`Sequential.insert: expected a module at 0, as there is no layer yet, got ${describeValue(layer)} at ${index}`);
      this.start(layer);
      return;
    }
    const at = index < 0 ? Math.max(0, n + index + 1) : index;
    if (!Number.isInteger(at) || at > n) throw new ArgumentError(`Sequential.insert: expected an index up to ${n}, got ${describeValue(index)}`);
    const before = this.layers.slice(0, at).reduce<KnownSize>((size, l) => sizeAfter(l, size), null);
    const made = this.make(layer, at === 0 ? this._inSize : before);
    this.layers.splice(at, 0, made);
    if (at === 0 && made instanceof Module && made.knownSizes.inSize !== null) this.inSize = made.knownSizes.inSize;
    const out = this.layers.reduce<KnownSize>((size, l) => sizeAfter(l, size), this._inSize);
    if (out !== null) this.outSize = out;
  }

  private make(layer: Layer, inSize: KnownSize): Made {
    if (layer instanceof ParamDescriber) {
      if (inSize === null) throw new BrainStateError(`Sequential: the size of the input of ${layer} is not known; set outSize of the layer before:\n${String(this.layers[this.layers.length - 1])}`);
      const elementWise = layer.cls.prototype instanceof ElementWiseBlock && !layer.cls.positional?.includes('inSize');
      const made: unknown = layer.init(elementWise ? {} : { inSize });
      if (!(made instanceof Module)) throw new ArgumentError(`Sequential: expected ${layer} to make a module, got ${describeValue(made)}`);
      return made;
    }
    if (typeof layer !== 'function' && !(layer instanceof Module)) throw new ArgumentError(`Sequential: expected a module, a function or a describer, got ${describeValue(layer)}`);
    return layer;
  }
}

/** Size after a layer: functions and element-wise modules keep it. */
function sizeAfter(layer: Made, size: KnownSize): KnownSize {
  return layer instanceof Module && !(layer instanceof ElementWiseBlock) ? layer.knownSizes.outSize : size;
}
