import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What scripts/fixtures/nnCells.py wrote. */
export const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/nnCells.json'), 'utf8'));

/** A Python name, or the names of an object's keys, in camelCase. */
export const camel = (s: string): string => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
export const camelKeys = (o: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(o).map(([k, v]) => [camel(k), v]));

const flat = (x: unknown): number[] => ([x].flat(9) as (number | string)[]).map(Number);

/** Numbers of nested arrays that agree to some digits, relative to numbers above 1. */
export function expectClose(actual: unknown, expected: unknown, digits = 6): void {
  const [a, e] = [flat(actual), flat(expected)];
  expect(a).toHaveLength(e.length);
  a.forEach((v, i) => {
    if (!Number.isFinite(e[i]!)) expect(v).toBe(e[i]);
    else expect(Math.abs(v - e[i]!)).toBeLessThanOrEqual(10 ** -digits * Math.max(1, Math.abs(e[i]!)));
  });
}
