import { Array } from '../core/array';
import { leaves } from '../tree';
import type { Numbers } from './callbacks';

/** Rows of a batch: the length of its first array. */
export function rowsOf(batch: unknown): number {
  const first = leaves(batch).find((x) => x instanceof Array && x.ndim > 0) as Array | undefined;
  return first?.shape[0] ?? 1;
}

/** Sums that give means, with weights. */
export class Means {
  private readonly sums = new Map<string, { total: number; weight: number }>();

  add(numbers: Numbers, weight: number): void {
    for (const [k, v] of Object.entries(numbers)) {
      const s = this.sums.get(k) ?? { total: 0, weight: 0 };
      this.sums.set(k, { total: s.total + v * weight, weight: s.weight + weight });
    }
  }

  result(prefix: string): Record<string, number> {
    return Object.fromEntries([...this.sums].map(([k, s]) => [k.startsWith(prefix) ? k : `${prefix}${k}`, s.total / s.weight]));
  }
}
