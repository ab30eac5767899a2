import { inspect } from 'node:util';
import { pythonFloat, pythonValue, snakeCase } from '../core/pythonText';
import { State } from '../state/state';

/** Settings that are whole numbers in Python, too. */
const WHOLE = new Set(['axis', 'inAxis', 'outAxis']);

function valueText(key: string, v: unknown): string {
  if (typeof v === 'number') return WHOLE.has(key) ? String(v) : pythonFloat(v);
  if (v instanceof State) return v.render(0);
  return v !== null && typeof v === 'object' && !globalThis.Array.isArray(v) ? String(v) : pythonValue(v, true);
}

/** Text of an initialiser, as BrainState gives it: `Name(\n  setting=value,\n  …)`. */
function textOf(initializer: object): string {
  const lines = Object.entries(initializer).filter(([k]) => !k.startsWith('_')).map(([k, v]) => `  ${snakeCase(k)}=${valueText(k, v).replaceAll('\n', '\n  ')}`);
  return `${initializer.constructor.name}(${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`})`;
}

/** Gives classes of initialisers their text. @internal */
export function printSettings(...types: readonly { readonly prototype: object }[]): void {
  for (const { prototype } of types) {
    for (const name of [inspect.custom, 'toString']) Object.defineProperty(prototype, name, { value(this: object) { return textOf(this); }, configurable: true, writable: true });
  }
}
