import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { flatten } from '../core/tree';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { isArrayLeaf, toArrays } from '../functional/treeFunction';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { Node } from '../graph/node';
import type { FlattedDict } from '../state/flattedDict';
import { type Path, pathOf } from '../state/paths';
import { ParamState } from '../state/kinds';
import { Module } from './module';

const clip = composite<{ norm: number }>('clipGradNorm', ([maxNorm, ...grads], { norm }) => {
  const total = np.linalg.norm(np.concatenate(grads.map((g) => np.ravel(g))), { ord: norm });
  const factor = np.minimum(1, np.divide(maxNorm!, np.add(total, 1e-6)));
  return [total, ...grads.map((g) => np.multiply(g, factor))];
});

/** Options of {@link clipGradNorm}. */
export interface ClipGradNormOptions {
  /** Order of the norm: a number, ±Infinity, or 'inf' and '-inf'; null is 2. */
  normType?: number | 'inf' | '-inf' | null;
}

/**
 * Gradients scaled down so that their norm, taken over all arrays of the tree together, is at most `maxNorm`.
 *
 * Mirrors `brainstate.nn.clip_grad_norm`; with `returnNorm` the norm before comes, too: `[grads, norm]`.
 *
 * @param grad a tree of arrays, gradients by states among them
 * @param maxNorm a number or array of shape []
 * @throws ArgumentError for another type of norm
 *
 * @example
 * ```ts
 * nn.clipGradNorm({ w: np.array([3, 4]), b: np.array([12]) }, 5).w; // [1.1538461, 1.5384616]
 * ```
 */
export function clipGradNorm<T>(grad: T, maxNorm: ArrayLike, options?: ClipGradNormOptions & { returnNorm?: false }): T;
export function clipGradNorm<T>(grad: T, maxNorm: ArrayLike, options: ClipGradNormOptions & { returnNorm: true }): [T, Array];
export function clipGradNorm<T>(grad: T, maxNorm: ArrayLike, options: ClipGradNormOptions & { returnNorm?: boolean } = {}): T | [T, Array] {
  const { normType = 2, returnNorm = false } = checkOptions('clipGradNorm', ['normType', 'returnNorm'], options);
  const norm = normType === 'inf' ? Infinity : normType === '-inf' ? -Infinity : (normType ?? 2);
  if (typeof norm !== 'number' || Number.isNaN(norm)) throw new ArgumentError(`clipGradNorm: expected normType to be a number, 'inf', '-inf' or null, got ${describeValue(normType)}`);
  const [values, def] = flatten(grad, isArrayLeaf);
  if (values.length === 0) return returnNorm ? [grad, np.zeros([], { dtype: 'float32' })] : grad;
  const [total, ...clipped] = clip([np.asarray(maxNorm), ...toArrays(values, def, 'clipGradNorm')], { norm });
  const out = def.unflatten(clipped) as T;
  return returnNorm ? [out, total!] : out;
}

/** A number with a suffix for thousands, millions and so on. */
function shortCount(count: number, precision: number): string {
  if (count < 1000) return String(count);
  const suffixes = ['', 'K', 'M', 'B', 'T', 'P', 'E'];
  let [n, magnitude] = [count, 0];
  while (n >= 1000) [n, magnitude] = [n / 1000, magnitude + 1];
  // 999.999K reads 1.00M.
  if (n >= 1000 * (1 - 10 ** -precision) && magnitude < suffixes.length - 1) [n, magnitude] = [n / 1000, magnitude + 1];
  return `${n.toFixed(precision)}${suffixes[magnitude]}`;
}

/** Rows as a table with a head, in plain text. */
function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((r) => r[i]!.length)));
  const rule = `+${widths.map((w) => '-'.repeat(w + 2)).join('+')}+`;
  const line = (r: readonly string[]) => `|${r.map((x, i) => ` ${i === 0 ? x.padEnd(widths[i]!) : x.padStart(widths[i]!)} `).join('|')}|`;
  return [rule, line(head), rule, ...rows.map(line), rule].join('\n');
}

/**
 * Prints a table of a module's parameters with their numbers of elements, and gives the total; with `returnTable`, `[table, total]`.
 *
 * Mirrors `brainstate.nn.count_parameters`.
 *
 * @throws ArgumentError for what is no module
 * @example
 * nn.countParameters(new nn.Linear(3, 2), { returnTable: false }); // 8
 */
export function countParameters(module: Module, options?: { precision?: number; returnTable?: false }): number;
export function countParameters(module: Module, options: { precision?: number; returnTable: true }): [string, number];
export function countParameters(module: Module, options: { precision?: number; returnTable?: boolean } = {}): number | [string, number] {
  const { precision = 2, returnTable = false } = checkOptions('countParameters', ['precision', 'returnTable'], options);
  if (!(module instanceof Module)) throw new ArgumentError(`countParameters: expected a module, got ${describeValue(module)}`);
  const counts = module.states(ParamState).entries().map(([path, s]): [string, number] => [path.join('.'), s.numel()]);
  const total = counts.reduce((n, [, c]) => n + c, 0);
  const table = textTable(['Modules', 'Parameters'], [...counts, ['Total', total] as const].map(([name, n]) => [name, shortCount(n, precision)]));
  console.log(table);
  return returnTable ? [table, total] : total;
}

/** Values of states by path: `{ 'l1.weight': … }`, a Map whose keys may be arrays, or what `states()` gives with values in it. */
export type ValuesByPath = Readonly<Record<string, unknown>> | ReadonlyMap<Path | string, unknown> | FlattedDict<unknown>;

/**
 * Sets the values of a module's states by their paths; later maps win.
 *
 * Mirrors `brainstate.nn.assign_state_values`.
 *
 * @param target a module, or a graph of them
 * @returns `[unexpected, missing]`: keys that no state has, as given, and paths of states that no key names
 * @throws ArgumentError unless it is given a module, and values by path
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 1));
 * nn.assignStateValues(model, { 'layers.0.weight': { weight: np.ones([3, 2]), bias: np.zeros([2]) } }); // [[], [['layers', 1, 'weight']]]
 * ```
 */
export function assignStateValues(target: Node, ...values: ValuesByPath[]): [unexpected: (Path | string)[], missing: Path[]] {
  if (!(target instanceof Node)) throw new ArgumentError(`assignStateValues: expected a module, got ${describeValue(target)}`);
  const given = new Map<string, [Path | string, unknown]>();
  for (const v of values) {
    if (v === null || typeof v !== 'object') throw new ArgumentError(`assignStateValues: expected values by path, got ${describeValue(v)}`);
    const entries = Symbol.iterator in v ? (v as Iterable<[Path | string, unknown]>) : Object.entries(v);
    for (const [k, x] of entries) given.set(pathOf(k).join('.'), [k, x]);
  }
  const missing: Path[] = [];
  for (const [path, state] of target.states()) {
    const key = path.join('.');
    const entry = given.get(key);
    if (entry === undefined) missing.push(path);
    else state.value = entry[1];
    given.delete(key);
  }
  const byText = (a: Path | string, b: Path | string) => (pathOf(a).join('.') < pathOf(b).join('.') ? -1 : 1);
  return [[...given.values()].map(([k]) => k).sort(byText), missing.sort(byText)];
}
