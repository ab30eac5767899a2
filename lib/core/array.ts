import type { Buffer } from '../pjrt';
import { addSpan, recording, timed } from '../pjrt/spans';
import type { ShapedArray, Shape } from './aval';
import { backend, severalBackends } from './backend';
import type { DType } from './dtype';
import { ConcretizationError, DeletedArrayError } from './errors';
import { markCopy } from './copies';
import { bytesPerElement, type Complex, encode, type HostView, typedView } from './hostFormat';
import { chosenDevice } from './placing';
import type { Trace } from './trace';

export type { Complex } from './hostFormat';

/** What one element of an array is in JavaScript. */
export type ScalarValue = number | bigint | boolean | Complex;

/** Nested JS arrays of values, or one value for an array of rank 0. */
export type Nested = ScalarValue | Nested[];

/**
 * An immutable n-dimensional array: values on a device, or, inside a traced function, what stands for them.
 *
 * Mirrors `jax.Array`. Its methods (`add`, `sum`, `reshape` …) are installed by lib/numpy.
 *
 * @example
 * np.array([[1, 2], [3, 4]]).sum({ axis: 0 }).js(); // [4, 6]
 */
export abstract class Array {
  abstract readonly aval: ShapedArray;

  /** The interpreter that a traced array belongs to; null where there are values. To compare it takes less than to ask for the class. @internal */
  declare readonly owner: Trace | null;

  get shape(): Shape {
    return this.aval.shape;
  }

  get dtype(): DType {
    return this.aval.dtype;
  }

  get weakType(): boolean {
    return this.aval.weakType;
  }

  get ndim(): number {
    return this.aval.shape.length;
  }

  get size(): number {
    return this.aval.size;
  }

  /** Bytes of the elements, at one byte for those smaller than a byte. */
  get nbytes(): number {
    return this.aval.size * bytesPerElement(this.aval.dtype);
  }

  /** The array itself: code written for libraries that count references runs unchanged. */
  get ref(): this {
    return this;
  }
}

function unavailable(x: Array, what: string): never {
  throw new ConcretizationError(`${what}: the value of a traced array of type ${x.aval} is not known while tracing. `
    + 'Use array operations (np.where, lax.cond, whileLoop) in place of JS control flow, or mark the argument as static.');
}

/** The values that a traced array cannot give; {@link ConcreteArray} overrides them all. */
export interface Array {
  /** Values in row-major order, as a typed array of the dtype's kind; blocks until they are there. @throws ConcretizationError while tracing */
  dataSync(): HostView;
  /** Values in row-major order, without blocking the event loop. */
  data(): Promise<HostView>;
  /** The only value of an array of size 1. */
  item(): ScalarValue;
  /** Values as nested JS arrays; blocks until they are there. */
  js(): Nested;
  /** Values as nested JS arrays, without blocking the event loop. */
  jsAsync(): Promise<Nested>;
  /** Blocks until the values are there. */
  blockUntilReady(): this;
  /** Resolves when the values are there. */
  ready(): Promise<this>;
  /** Frees the device memory now. Safe to call twice; using the array afterwards throws DeletedArrayError. */
  dispose(): void;
  /** Whether the memory is gone: disposed of, or donated to a compiled function. */
  isDeleted(): boolean;
  /** The value of an array of size 1, so that `+x` works on one. */
  valueOf(): unknown;
  [Symbol.dispose](): void;
}

markCopy(Array);

const tracedOnly = {
  dataSync(this: Array): never { return unavailable(this, 'dataSync'); },
  data(this: Array): never { return unavailable(this, 'data'); },
  item(this: Array): never { return unavailable(this, 'item'); },
  js(this: Array): never { return unavailable(this, 'js'); },
  jsAsync(this: Array): never { return unavailable(this, 'jsAsync'); },
  blockUntilReady(this: Array): Array { return this; },
  async ready(this: Array): Promise<Array> { return this; },
  dispose(): void {},
  isDeleted(): boolean { return false; },
  valueOf(this: Array): never { return unavailable(this, 'conversion to a number'); },
  [Symbol.dispose](): void {},
};
for (const key of Reflect.ownKeys(tracedOnly)) {
  Object.defineProperty(Array.prototype, key, { value: tracedOnly[key as keyof typeof tracedOnly], writable: true, configurable: true, enumerable: false });
}
Object.defineProperty(Array.prototype, 'owner', { value: null, writable: true, configurable: true, enumerable: false });

let made = 0;

/** Elements of a small array, which the host knows too. */
export type HostElements = Float32Array | Float64Array | Int32Array;

const ELEMENTS = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
/** Arrays of at most so many elements are remembered: operations on them cost less on the host than to start a program. */
const MOST_ELEMENTS = 32;

/** Room for as many elements on the host; null where the host remembers no such arrays. */
export function hostElements(dtype: DType, size: number): HostElements | null {
  if (size > MOST_ELEMENTS || !Object.hasOwn(ELEMENTS, dtype)) return null;
  return new ELEMENTS[dtype as keyof typeof ELEMENTS](size);
}

function remembered(data: ArrayBufferView | ArrayBuffer, aval: ShapedArray): HostElements | null {
  if (aval.ndim === 0) return null;
  const elements = hostElements(aval.dtype, aval.size);
  if (elements === null || elements.byteLength !== data.byteLength) return null;
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  new Uint8Array(elements.buffer).set(bytes);
  return elements;
}

let onChosenDevice: ((data: ArrayBufferView | ArrayBuffer, aval: ShapedArray) => ConcreteArray) | undefined;

/** Says how arrays are made on a device that was chosen for them. */
export function setOnChosenDevice(make: (data: ArrayBufferView | ArrayBuffer, aval: ShapedArray) => ConcreteArray): void {
  onChosenDevice = make;
}

/** An array with values: in a buffer of a device or, for a scalar or a small array not used by any program yet, on the host. */
export class ConcreteArray extends Array {
  readonly aval: ShapedArray;
  /** Null until what the host made is first needed on the device. */
  private buf: Buffer | null;
  private readonly scalarValue: ScalarValue | null;
  private readonly elements: HostElements | null;
  /** Whether the scalar is the result of operations on the host. */
  private readonly computed: boolean;
  /** Its own for each array: `assert.deepStrictEqual` and `toEqual` do not see the values, so that they must not find two arrays equal. @internal */
  readonly identity: number;

  constructor(aval: ShapedArray, buffer: Buffer | null, scalar: ScalarValue | null = null, computed = false, elements: HostElements | null = null) {
    super();
    this.aval = aval;
    this.buf = buffer;
    this.scalarValue = scalar;
    this.elements = elements;
    this.computed = computed;
    this.identity = made = (made + 1) | 0;
  }

  /** A rank-0 array that lives on the host until a program needs it, and becomes a literal where it is traced. */
  static scalar(value: ScalarValue, aval: ShapedArray): ConcreteArray {
    return new ConcreteArray(aval, null, value);
  }

  /** A scalar that operations on the host gave: to programs it is an array like any other. */
  static computed(value: ScalarValue, aval: ShapedArray): ConcreteArray {
    return new ConcreteArray(aval, null, value, true);
  }

  /** A small array of the elements that operations on the host gave. */
  static computedElements(elements: HostElements, aval: ShapedArray): ConcreteArray {
    return new ConcreteArray(aval, null, null, true, elements);
  }

  /** Copies row-major host data in the dtype's host format to the default device. */
  static fromHost(data: ArrayBufferView | ArrayBuffer, aval: ShapedArray): ConcreteArray {
    if (chosenDevice() !== null && !severalBackends()) return onChosenDevice!(data, aval);
    return new ConcreteArray(aval, backend().client.bufferFromHost(data as Uint8Array, aval.dtype, aval.shape as number[]), null, false, remembered(data, aval));
  }

  /** The value of a scalar made of a JS value, else null. */
  get literal(): ScalarValue | null {
    return this.computed ? null : this.scalarValue;
  }

  /** The value of a scalar that the host knows, else null. */
  get hostValue(): ScalarValue | null {
    return this.scalarValue !== null && !this.isDeleted() ? this.scalarValue : null;
  }

  /** The elements of a small array that the host knows, row-major, not to be written to; else null. */
  get knownElements(): HostElements | null {
    return this.elements !== null && !this.isDeleted() ? this.elements : null;
  }

  /** The device buffer. @throws DeletedArrayError if it is gone */
  get buffer(): Buffer {
    const own = this.ownBuffer;
    return severalBackends() ? onBackend(own) : own;
  }

  private get ownBuffer(): Buffer {
    this.buf ??= this.newBuffer();
    return this.buf;
  }

  /** Whether it was not needed on the device yet. @internal */
  get onHost(): boolean {
    return this.buf === null;
  }

  /** The bytes of its elements in the host's format, not to be written to; blocks until they are there. @internal */
  bytes(): Uint8Array {
    return this.buf === null ? this.hostBytes() : new Uint8Array(this.live('use').toHostSync());
  }

  /** The bytes of what the host made. */
  private hostBytes(): Uint8Array {
    const { elements } = this;
    return elements === null ? encode([this.scalarValue!], this.dtype) : new Uint8Array(elements.buffer);
  }

  /** A buffer of what the host made, which is the caller's. @internal */
  newBuffer(): Buffer {
    return backend().client.bufferFromHost(this.hostBytes(), this.aval.dtype, this.aval.shape as number[]);
  }

  private live(what: string): Buffer {
    const b = this.ownBuffer;
    if (b.isDeleted()) throw new DeletedArrayError(`${what}: the array of type ${this.aval} was disposed of or donated`);
    return b;
  }

  override dataSync(): HostView {
    if (this.buf === null) return typedView(this.hostBytes().slice().buffer, this.dtype);
    const b = this.live('dataSync');
    return typedView(recording.on ? timedToHost(b) : b.toHostSync(), this.dtype);
  }

  override async data(): Promise<HostView> {
    const start = recording.on ? performance.now() : 0;
    const bytes = await this.live('data').toHost();
    if (start > 0) addSpan('to host', start, { bytes: bytes.byteLength }, 'asynchronous copies');
    return typedView(bytes, this.dtype);
  }

  override item(): ScalarValue {
    if (this.size !== 1) throw new ConcretizationError(`item: expected an array of size 1, got one of type ${this.aval}`);
    const known = this.hostValue;
    if (known !== null) return known;
    return valueAt(this.dataSync(), this.dtype, 0);
  }

  override js(): Nested {
    return nest(this.dataSync(), this.dtype, this.shape);
  }

  override async jsAsync(): Promise<Nested> {
    return nest(await this.data(), this.dtype, this.shape);
  }

  override blockUntilReady(): this {
    const b = this.buf;
    if (b === null) return this;
    try {
      if (recording.on) timedWait(b);
      else b.blockUntilReady();
    } catch (e) {
      // Looked at only now: this is what loops wait by.
      this.live('blockUntilReady');
      throw e;
    }
    return this;
  }

  override async ready(): Promise<this> {
    if (this.buf !== null) await this.live('ready').ready();
    return this;
  }

  override dispose(): void {
    this.ownBuffer.delete();
  }

  override [Symbol.dispose](): void {
    this.dispose();
  }

  override isDeleted(): boolean {
    return this.buf?.isDeleted() ?? false;
  }

  override valueOf(): unknown {
    return this.size === 1 ? this.item() : this;
  }
}

function timedToHost(b: Buffer): ArrayBuffer {
  return timed('to host', { bytes: b.nbytes }, () => b.toHostSync());
}

function timedWait(b: Buffer): void {
  timed('wait', {}, () => b.blockUntilReady());
}

const copies = new WeakMap<Buffer, Buffer>();

/** The buffer, or its copy, on the client in use. */
function onBackend(buffer: Buffer): Buffer {
  const { client } = backend();
  if (buffer.device.client === client || buffer.isDeleted()) return buffer;
  let copy = copies.get(buffer);
  if (copy === undefined || copy.device.client !== client) {
    copy = client.bufferFromHost(buffer.toHostSync(), buffer.dtype, buffer.dims);
    copies.set(buffer, copy);
  }
  return copy;
}

function valueAt(view: HostView, dtype: DType, i: number): ScalarValue {
  const v = view.at(i) as number | bigint | Complex;
  return dtype === 'bool' ? Boolean(v) : v;
}

function nest(view: HostView, dtype: DType, shape: Shape): Nested {
  let next = 0;
  const build = (d: number): Nested => {
    if (d === shape.length) return valueAt(view, dtype, next++);
    const out = new globalThis.Array<Nested>(shape[d]!);
    for (let i = 0; i < out.length; i++) out[i] = build(d + 1);
    return out;
  };
  return build(0);
}
