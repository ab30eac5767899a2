import { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { pythonValue } from '../core/pythonText';
import { isPlainObject, registerPytreeNode } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';

/** What {@link HiData} is made of: its children by name, of which `children` may hold some, and `name`. */
export type HiDataFields = { name?: string | null; children?: Readonly<Record<string, Loose>> | null; [child: string]: Loose };

/** Longest text of a child. */
const MAX_TEXT = 60;

/**
 * Named data in levels: children by name, which may be such data again. Immutable: what changes it gives another one. A node of trees, whose leaves are the children's.
 *
 * Mirrors `brainstate.nn.HiData`; children are properties, too.
 *
 * @throws ArgumentError for what is no object of children
 * @example
 * ```ts
 * const data = new nn.HiData({ name: 'cell', v: np.zeros([2]), synapses: new nn.HiData({ g: np.ones([3]) }) });
 * data.get('synapses').g.shape; // [3]
 * data.stateSize;               // 2
 * data.replace({ v: null }).has('v'); // true
 * ```
 */
export class HiData {
  /** The name, or null. */
  readonly name: string | null;
  /** The children by name. */
  readonly children: Readonly<Record<string, Loose>>;
  [child: string]: Loose;

  constructor(fields: HiDataFields | null = {}) {
    if (fields !== null && !isPlainObject(fields)) throw new ArgumentError(`${new.target.name}: expected an object of children, got ${describeValue(fields)}`);
    const { name = null, children = null, ...more } = fields ?? {};
    if (name !== null && typeof name !== 'string') throw new ArgumentError(`${new.target.name}: expected name to be a string, got ${describeValue(name)}`);
    if (children !== null && !isPlainObject(children)) throw new ArgumentError(`${new.target.name}: expected children to be an object, got ${describeValue(children)}`);
    this.name = name;
    this.children = { ...children, ...more };
    // Methods keep their names; such a child is there by `get` only.
    for (const [k, v] of Object.entries(this.children)) if (!(k in new.target.prototype)) Object.defineProperty(this, k, { value: v, enumerable: false });
  }

  private with(children: Readonly<Record<string, Loose>>): this {
    return new (this.constructor as new (fields: HiDataFields) => this)({ children, name: this.name });
  }

  /** Number of children. */
  get length(): number {
    return Object.keys(this.children).length;
  }

  /** A child. @throws ArgumentError if there is none of the name */
  get(key: string): Loose {
    if (!this.has(key)) throw new ArgumentError(`${this.constructor.name}: there is no child ${describeValue(key)}; there are ${this.keys().join(', ') || 'none'}`);
    return this.children[key];
  }

  /** Whether there is a child of the name. */
  has(key: string): boolean {
    return Object.hasOwn(this.children, key);
  }

  keys(): string[] {
    return Object.keys(this.children);
  }

  values(): Loose[] {
    return Object.values(this.children);
  }

  /** `[name, child]` of the children. */
  items(): [string, Loose][] {
    return Object.entries(this.children);
  }

  /** Number of children that are not null, those of nested data in place of these. */
  get stateSize(): number {
    return this.values().reduce((n: number, v) => n + (v instanceof HiData ? v.stateSize : v === null ? 0 : 1), 0);
  }

  /** Dtype of the first array. @throws ArgumentError if there is none */
  get dtype(): DType {
    const found = this.firstDtype();
    if (found === null) throw new ArgumentError(`${this.constructor.name}: no child is an array, which would tell the dtype`);
    return found;
  }

  private firstDtype(): DType | null {
    for (const v of this.values()) {
      const found = v instanceof HiData ? v.firstDtype() : ((v as { dtype?: DType } | null)?.dtype ?? null);
      if (found !== null) return found;
    }
    return null;
  }

  /** A copy: children with a method `clone` are cloned, others shared. */
  clone(): this {
    return this.with(Object.fromEntries(this.items().map(([k, v]) => [k, typeof v?.clone === 'function' ? v.clone() : v])));
  }

  /** As this one, with more children, or others of the names. @throws ArgumentError for what is no data or object */
  add(...more: (HiData | Readonly<Record<string, Loose>>)[]): this {
    const children = { ...this.children };
    for (const m of more) {
      if (!(m instanceof HiData) && !isPlainObject(m)) throw new ArgumentError(`${this.constructor.name}.add: expected data or an object, got ${describeValue(m)}`);
      Object.assign(children, m instanceof HiData ? m.children : m);
    }
    return this.with(children);
  }

  /** As this one, without some children. @throws ArgumentError for a name that is not there */
  pop(...keys: string[]): this {
    for (const k of keys) this.get(k);
    return this.with(Object.fromEntries(this.items().filter(([k]) => !keys.includes(k))));
  }

  /** As this one, with other children of the names. */
  replace(updates: Readonly<Record<string, Loose>>): this {
    return this.with({ ...this.children, ...updates });
  }

  /** Nested plain objects of the children. */
  toDict(): Record<string, Loose> {
    return Object.fromEntries(this.items().map(([k, v]) => [k, v instanceof HiData ? v.toDict() : v]));
  }

  /** Data of nested plain objects. */
  static fromDict<T extends HiData>(this: new (fields: HiDataFields) => T, dict: Readonly<Record<string, Loose>>): T {
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    const Self = this as (new (fields: HiDataFields) => T) & { fromDict(d: Readonly<Record<string, Loose>>): T };
    return new Self({ children: Object.fromEntries(Object.entries(dict).map(([k, v]) => [k, isPlainObject(v) ? Self.fromDict(v) : v])) });
  }

  toString(): string {
    const name = `name=${this.name ? `'${this.name}'` : 'None'}`;
    if (this.length === 0) return `HiData(${name})`;
    return `HiData(\n  ${name},\n${this.items().map(([k, v]) => `  ${k}=${v instanceof HiData ? v.toString().replaceAll('\n', '\n  ') : valueText(v)}`).join(',\n')}\n)`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function valueText(v: unknown): string {
  if (v instanceof Array) return `Array(shape=${pythonValue(v.shape)}, dtype=${v.dtype})`;
  const text = pythonValue(v, true);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 3)}...` : text;
}

registerPytreeNode(HiData, {
  name: 'HiData',
  flatten: (node) => ({ children: [node.children], keys: ['children'], aux: node.name }),
  unflatten: (name, [children]) => new HiData({ name: name as string | null, children: children as Record<string, Loose> }),
});
