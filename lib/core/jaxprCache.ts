import type { ClosedJaxpr } from './jaxpr';

const known = new WeakMap<ClosedJaxpr, Map<string, unknown>>();

/**
 * What was derived from a jaxpr earlier under the same key, or what `make` gives now: derivatives, splits and transposes of a loop's body are made
 * once, and programs of theirs compiled once. Entries live as long as the jaxpr.
 */
export function cachedOn<T>(closed: ClosedJaxpr, key: string, make: () => T): T {
  let entries = known.get(closed);
  if (entries === undefined) known.set(closed, (entries = new Map()));
  let value = entries.get(key) as T | undefined;
  if (value === undefined) {
    value = make();
    entries.set(key, value);
  }
  return value;
}

/** A pattern of booleans as text for keys. */
export function mask(flags: readonly boolean[] | boolean): string {
  if (typeof flags === 'boolean') return flags ? 't' : 'f';
  let text = '';
  for (const f of flags) text += f ? '1' : '0';
  return text;
}

/** Names of mapped axes that operations of a jaxpr refer to. */
export function jaxprAxisNames(closed: ClosedJaxpr): string[] {
  return cachedOn(closed, 'axisNames', () => [...new Set(closed.jaxpr.eqns.flatMap((e) => e.prim.axisNames?.(e.params) ?? []))]);
}
