import { inspect } from 'node:util';
import { Array } from '../core/array';
import { pythonFloat, pythonValue, snakeCase, Verbatim } from '../core/pythonText';
import { isPlainObject } from '../core/tree';
import { Node } from '../graph/node';
import * as np from '../numpy';
import { State } from '../state/state';

// A module prints as BrainState prints it: its properties one a line, each node and state in full the first time only.

/** What gives [name, value] of a line, or null for none. */
export type ItemText = (name: string, value: unknown) => [string, unknown] | null;

let seen: Set<object> | null = null;

/** Prints something that may hold nodes that have been printed before. */
function once(x: object, name: string, f: () => string): string {
  const outermost = seen === null;
  seen ??= new Set();
  try {
    if (seen.has(x)) return `${name}(...)`;
    seen.add(x);
    return f();
  } finally {
    if (outermost) seen = null;
  }
}

const indented = (text: string) => text.replaceAll('\n', '\n  ');

function block(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0 ? open + close : `${open}\n${lines.map((l) => `  ${indented(l)}`).join(',\n')}\n${close}`;
}

/** What is printed first, in order: names of properties, or names with values that are derived; those of undefined are not printed. */
export type PrintedFields = readonly (string | readonly [name: string, value: unknown])[];

/** Name, inSize and outSize come first, then what is asked for, then all other properties. */
function entriesOf(node: object, first: PrintedFields): [string, unknown][] {
  const own = new Map<string, unknown>(Object.entries(node));
  const out: [string, unknown][] = [];
  for (const field of ['_name', '_inSize', '_outSize', ...first]) {
    const [name, value] = typeof field === 'string' ? [field, own.get(field)] : field;
    out.push([name, value]);
    own.delete(name);
  }
  return [...out, ...own];
}

/** Text of a node: `Name(\n  key=value,\n …)`. */
export function nodeText(node: object, item: ItemText, first: PrintedFields = []): string {
  const { name } = node.constructor;
  return once(node, name, () => {
    const hidden = (node.constructor as Partial<typeof Node>).graphInvisibleAttrs ?? [];
    const items = entriesOf(node, first).filter(([k]) => !hidden.includes(k)).flatMap(([k, v]) => {
      const made = item(k, v);
      return made === null ? [] : [made];
    });
    return block(`${name}(`, items.map(([k, v]) => `${k}=${typeof v === 'string' ? v : valueText(v)}`), ')');
  });
}

/** What most modules print of a property: nothing if null; settings under BrainState's names, nodes and states under their own. */
export function defaultItem(name: string, value: unknown): [string, unknown] | null {
  if (value === null || value === undefined) return null;
  const bare = name.replace(/^_/, '');
  return [isGraph(value) ? bare : snakeCase(bare).replace(/^_/, ''), value];
}

function isGraph(x: unknown): boolean {
  if (x instanceof Node || x instanceof State) return true;
  return x !== null && typeof x === 'object' && !(x instanceof Array) && (globalThis.Array.isArray(x) || isPlainObject(x)) && Object.values(x).some(isGraph);
}

function valueText(v: unknown): string {
  if (v instanceof Verbatim) return v.text;
  if (v instanceof State) return once(v, v.constructor.name, () => v.render(0));
  if (v instanceof Array) return np.arrayRepr(v);
  if (typeof v === 'function') return `<function ${v.name || '<lambda>'}>`;
  if (v === null || v === undefined || typeof v !== 'object') return pythonValue(v, true);
  if (globalThis.Array.isArray(v)) return v.every((e) => e === null || typeof e !== 'object') && !v.some((e) => typeof e === 'function') ? pythonValue(v, true) : block('[', v.map(valueText), ']');
  if (isPlainObject(v)) return block('{', Object.entries(v).map(([k, e]) => `${pythonValue(k, true)}: ${valueText(e)}`), '}');
  if (inspect.custom in v) return (v as { [inspect.custom](): string })[inspect.custom]();
  // An object of settings, such as an initialiser.
  return nodeText(v, (k, e) => (k.startsWith('_') ? null : defaultItem(k, e)));
}

/** A setting that is a floating-point number in Python, whole or not. */
export const floatText = (x: number): Verbatim => new Verbatim(pythonFloat(x));

/** A setting that is a tuple of tuples in Python. */
export const tupleText = (x: unknown): Verbatim => new Verbatim(pythonValue(x, true));

/** Gives a class of nodes its text. */
function printed(type: { readonly prototype: Node }, text: (node: Node) => string): void {
  for (const name of [inspect.custom, 'toString']) Object.defineProperty(type.prototype, name, { value(this: Node) { return text(this); }, configurable: true, writable: true });
}

/** Makes a class of nodes print as modules do. */
export function printAsModule(type: { readonly prototype: Node }): void {
  printed(type, (node) => nodeText(node, defaultItem));
}

// Nodes that are no modules print all that is no null, under the names that they have.
printed(Node, (node) => nodeText(node, (name, value) => (value === null || value === undefined || (node.constructor as typeof Node).graphInvisibleAttrs.includes(name) ? null : [name, value])));
