import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Array } from '../../lib/core/array';
import { config } from '../../lib/core/config';
import * as prng from '../../lib/prng';
import { reduceSum } from '../../lib/primitives/structural';
import { grad } from '../../lib/transform';
import { argumentsOf, type Call, difference as differenceOf, title as titleOf } from '../support/calls';

export { flat } from '../support/calls';

/** A call of jax.random and its result, as scripts/fixtures/prng.py describes it. */
export interface Case extends Call {
  k?: number;
  impl?: prng.PrngImpl;
  x?: 1;
  g?: 1;
}

export const cases = (JSON.parse(readFileSync(path.join(__dirname, '../fixtures/prng.json'), 'utf8')) as { cases: Case[] }).cases;

export function keyOf(c: Case): Array {
  return prng.PRNGKey(c.k!, c.impl ? { impl: c.impl } : undefined);
}

type Sampler = (...args: unknown[]) => Array;
const sampler = (c: Case): Sampler => (prng as unknown as Record<string, Sampler>)[c.f]!;

/** The case's call for a key. */
export function call(c: Case, key: Array): Array {
  return sampler(c)(key, ...argumentsOf(c));
}

export function run(c: Case): Array {
  if (c.g) return gradient(c);
  return c.f === 'PRNGKey' ? prng.PRNGKey(c.a![0] as number) : call(c, keyOf(c));
}

/** Gradient of the sum of the call's result by its first argument. */
function gradient(c: Case): Array {
  const [first, ...rest] = argumentsOf(c);
  return grad((x: Array) => {
    const out = sampler(c)(keyOf(c), x, ...rest);
    return reduceSum(out, out.shape.map((_, i) => i));
  })(first as Array) as Array;
}

/** Runs with 64-bit types on, or another generator the default one, where the case wants it. */
export function withCase<T>(c: Case, f: () => T): T {
  const saved = { ...config };
  config.enableX64 = c.x === 1;
  if (c.impl) config.defaultPrngImpl = c.impl;
  try {
    return f();
  } finally {
    Object.assign(config, saved);
  }
}

export function difference(c: Case, x: Array): string | null {
  return differenceOf(c, x, c.f === 'uniform' || c.f === 'rademacher', c.f === 'orthogonal' || c.f === 'multivariateNormal');
}

export function title(c: Case): string {
  return `${c.impl ?? ''} ${titleOf(c)}${c.x ? ' x64' : ''}${c.g ? ' gradient' : ''}`;
}

