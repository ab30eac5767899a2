import { inspect } from 'node:util';
import { Array } from '../core/array';
import type { State } from './state';

function typeText(value: unknown, indent: number): string {
  if (value instanceof Array) return `ShapedArray(${value.dtype}[${value.shape.join(',')}]${value.weakType ? ', weak_type=True' : ''})`;
  if (value === null) return 'None';
  const pad = ' '.repeat(indent);
  if (globalThis.Array.isArray(value)) return value.length === 0 ? '[]' : `[\n${value.map((v) => `${pad}  ${typeText(v, indent + 2)}`).join(',\n')}\n${pad}]`;
  if (typeof value === 'object') {
    // As in a tree, the keys of a plain object are in order.
    const entries = value instanceof Map ? [...value.entries()] : Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{\n${entries.map(([k, v]) => `${pad}  '${String(k)}': ${typeText(v, indent + 2)}`).join(',\n')}\n${pad}}`;
  }
  return String(value);
}

/** A state as it is printed; `value` is null where it ended with a trace. */
export function stateText({ metadata, name, tag, constructor }: State<unknown>, value: { of: unknown } | null, indent: number): string {
  const pad = ' '.repeat(indent);
  const given = Object.entries(metadata).filter(([k]) => !k.startsWith('_')).map(([k, v]) => `${k}=${typeof v === 'object' ? inspect(v) : String(v)}`);
  const lines = [...given, `value=${value === null ? '<invalidated: created inside a traced function>' : typeText(value.of, indent + 2)}`];
  if (name !== null) lines.push(`name=${name}`);
  if (tag !== null && tag.size > 0) lines.push(`tag={${[...tag].map((t) => `'${t}'`).join(', ')}}`);
  return `${constructor.name}(\n${lines.map((l) => `${pad}  ${l}`).join(',\n')}\n${pad})`;
}
