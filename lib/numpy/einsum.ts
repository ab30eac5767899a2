import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { type DType, promoteTypes } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { isOptions } from '../functional/options';
import { type ArrayLike, asArray, astype, promoteDtypes, resultType } from '../lax/arrayLike';
import { dotGeneral } from '../primitives/dot';
import type { PrecisionLike } from '../primitives/precision';
import { mul as mulP } from '../primitives/elementwise';
import { reduceOr } from '../primitives/reduction';
import { reduceSum, squeeze, transpose } from '../primitives/structural';
import { diagonal } from './diagonals';
import { type ProductOptions, productSpec } from './products';
import { program, readNamed } from './program';

/** How contractions are ordered: `'optimal'` tries all orders, `'greedy'` takes the best next step, false goes from left to right; or a path itself. */
export type Optimize = boolean | 'auto' | 'auto-hq' | 'optimal' | 'dp' | 'dynamic-programming' | 'branch-all' | 'branch-2' | 'branch-1' | 'greedy' | 'eager' | 'opportunistic' | 'random-greedy' | 'random-greedy-128' | readonly (readonly number[])[];

// opt_einsum's names of ways to find an order. All orders that are looked for are found by one of two.
const THOROUGH = ['auto', 'auto-hq', 'dp', 'dynamic-programming', 'branch-all', 'branch-2', 'branch-1'];
const QUICK = ['greedy', 'eager', 'opportunistic', 'random-greedy', 'random-greedy-128'];

interface EinsumOptions extends ProductOptions {
  optimize?: Optimize;
}

/** Labels of the dimensions of each operand, and of the result. */
interface Subscripts {
  inputs: string[][];
  output: string[];
}

function parse(op: string, text: string, shapes: readonly (readonly number[])[]): Subscripts {
  const clean = text.replace(/\s+/g, '');
  const [left, right, extra] = clean.split('->');
  const terms = left!.split(',');
  if (extra !== undefined || terms.length !== shapes.length) throw new ArgumentError(`${op}: subscripts '${text}' are for ${terms.length} operands, got ${shapes.length}`);
  const letters = (term: string): [string[], string[] | null] => {
    const parts = term.split('...');
    if (parts.length > 2 || parts.some((p) => !/^\p{L}*$/u.test(p))) throw new ArgumentError(`${op}: cannot read subscripts '${text}' at '${term}'`);
    return parts.length === 1 ? [[...parts[0]!], null] : [[...parts[0]!], [...parts[1]!]];
  };
  // Dimensions of an ellipsis are counted from the last one.
  let widest = 0;
  const inputs = terms.map((term, i) => {
    const [before, after] = letters(term);
    const rank = shapes[i]!.length;
    if (after === null) {
      if (before.length !== rank) throw new ShapeError(`${op}: subscripts '${term}' are for ${before.length} dimensions, got shape [${shapes[i]!.join(', ')}]`);
      return before;
    }
    const n = rank - before.length - after.length;
    if (n < 0) throw new ShapeError(`${op}: subscripts '${term}' are for at least ${before.length + after.length} dimensions, got shape [${shapes[i]!.join(', ')}]`);
    widest = Math.max(widest, n);
    return [...before, ...globalThis.Array.from({ length: n }, (_, k) => `.${n - k}`), ...after];
  });
  const dots = globalThis.Array.from({ length: widest }, (_, k) => `.${widest - k}`);
  if (right === undefined) {
    const all = inputs.flat().filter((l) => !l.startsWith('.'));
    return { inputs, output: [...dots, ...[...new Set(all)].filter((l) => all.indexOf(l) === all.lastIndexOf(l)).sort()] };
  }
  const [before, after] = letters(right);
  const output = after === null ? before : [...before, ...dots, ...after];
  if (new Set(output).size !== output.length) throw new ArgumentError(`${op}: the result's subscripts '${right}' name a dimension twice`);
  for (const l of output) if (!inputs.some((t) => t.includes(l))) throw new ArgumentError(`${op}: subscript '${l}' of the result is not one of an operand`);
  return { inputs, output };
}

function labelSizes(op: string, { inputs }: Subscripts, shapes: readonly (readonly number[])[]): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((labels, i) => labels.forEach((l, d) => {
    const n = shapes[i]![d]!;
    const known = sizes.get(l);
    if (known === undefined || known === 1) sizes.set(l, n);
    else if (n !== known && n !== 1) throw new ShapeError(`${op}: subscript '${l.startsWith('.') ? '...' : l}' has sizes ${known} and ${n}`);
  }));
  return sizes;
}

/** Labels of the product of some operands: those that others or the result still need. */
function remaining(picked: readonly (readonly string[])[], others: readonly (readonly string[])[], output: readonly string[]): string[] {
  const needed = new Set([...others.flat(), ...output]);
  return [...new Set(picked.flat())].filter((l) => needed.has(l));
}

const MOST_TRIED = 6;

/** Order of contractions: pairs of positions in the list of operands, from which both are taken and to whose end their product goes. */
function findPath(op: string, s: Subscripts, sizes: Map<string, number>, optimize: Optimize): number[][] {
  const n = s.inputs.length;
  if (typeof optimize === 'string' ? ![...THOROUGH, ...QUICK, 'optimal'].includes(optimize) : typeof optimize !== 'boolean' && !globalThis.Array.isArray(optimize)) throw new ArgumentError(`${op}: expected optimize to be a boolean, a path or one of ${['optimal', ...THOROUGH, ...QUICK].map((k) => `'${k}'`).join(', ')}, got ${String(optimize)}`);
  if (typeof optimize === 'object') return optimize.map((p) => [...p]);
  if (n <= 2) return [n === 1 ? [0] : [0, 1]];
  const sizeOfLabels = (ls: Iterable<string>) => [...ls].reduce((m, l) => m * sizes.get(l)!, 1);
  const kind = optimize === true || THOROUGH.includes(optimize as string) ? (n <= MOST_TRIED ? 'optimal' : 'greedy') : QUICK.includes(optimize as string) ? 'greedy' : optimize;
  const step = (terms: readonly string[][], i: number, j: number) => {
    const rest = terms.filter((_, k) => k !== i && k !== j);
    return { cost: sizeOfLabels(new Set([...terms[i]!, ...terms[j]!])), terms: [...rest, remaining([terms[i]!, terms[j]!], rest, s.output)] };
  };
  if (kind === false) {
    // From left to right: the first two, then their product, which is last, with the next.
    return globalThis.Array.from({ length: n - 1 }, (_, k) => (k === 0 ? [0, 1] : [0, n - 1 - k]));
  }
  if (kind === 'greedy') {
    let terms = s.inputs.map((t) => [...new Set(t)]);
    const path: number[][] = [];
    while (terms.length > 1) {
      let best: { value: number; i: number; j: number } | null = null;
      for (let i = 0; i < terms.length; i++) {
        for (let j = i + 1; j < terms.length; j++) {
          const next = step(terms, i, j).terms;
          const value = sizeOfLabels(next[next.length - 1]!) - sizeOfLabels(terms[i]!) - sizeOfLabels(terms[j]!);
          if (best === null || value < best.value) best = { value, i, j };
        }
      }
      path.push([best!.i, best!.j]);
      terms = step(terms, best!.i, best!.j).terms;
    }
    return path;
  }
  let best = { cost: Number.POSITIVE_INFINITY, path: [] as number[][] };
  const search = (terms: readonly string[][], cost: number, path: number[][]): void => {
    if (cost >= best.cost) return;
    if (terms.length === 1) {
      best = { cost, path };
      return;
    }
    for (let i = 0; i < terms.length; i++) {
      for (let j = i + 1; j < terms.length; j++) {
        const next = step(terms, i, j);
        search(next.terms, cost + next.cost, [...path, [i, j]]);
      }
    }
  };
  search(s.inputs.map((t) => [...new Set(t)]), 0, []);
  return best.path;
}

interface Term {
  x: Array;
  labels: string[];
}

/** Dimensions summed in the type the result will have, where it is the wider one, so that narrow integers do not wrap; booleans have "or" for a sum. */
function sum(x: Array, axes: readonly number[], preferred: DType): Array {
  if (axes.length === 0) return x;
  const { dtype: type } = promoteTypes(x.aval, { dtype: preferred, weakType: false });
  const wide = type === x.dtype ? x : astype(x, preferred);
  return wide.dtype === 'bool' ? reduceOr(wide, axes) : reduceSum(wide, axes);
}

/** An operand with repeated labels made one (their diagonal), and labels that nothing else needs summed out. */
function simplify({ x, labels }: Term, needed: ReadonlySet<string>, preferred: DType): Term {
  let out = x;
  let ls = labels;
  for (let i = 0; i < ls.length; i++) {
    const j = ls.indexOf(ls[i]!, i + 1);
    if (j < 0) continue;
    const l = ls[i]!;
    if (out.shape[i] !== out.shape[j]) {
      // A dimension of size 1 goes with any.
      const gone = out.shape[i] === 1 ? i : j;
      out = squeeze(out, [gone]);
      ls = ls.filter((_, k) => k !== gone);
    } else {
      out = diagonal(out, { axis1: i, axis2: j });
      ls = [...ls.filter((_, k) => k !== i && k !== j), l];
    }
    i = -1;
  }
  const summed = ls.map((l, d) => (needed.has(l) ? -1 : d)).filter((d) => d >= 0);
  return { x: sum(out, summed, preferred), labels: ls.filter((l) => needed.has(l)) };
}

function contract(a: Term, b: Term, kept: readonly string[], preferred: DType, precision: PrecisionLike): Term {
  const needed = new Set(kept);
  let p = simplify(a, new Set([...b.labels, ...kept]), preferred);
  let q = simplify(b, new Set([...a.labels, ...kept]), preferred);
  // Of a shared label of sizes 1 and n, the one of size 1 only repeats the other.
  const shrink = (t: Term, o: Term): Term => {
    const gone = t.labels.map((l, d) => (o.labels.includes(l) && t.x.shape[d] === 1 && o.x.shape[o.labels.indexOf(l)] !== 1 ? d : -1)).filter((d) => d >= 0);
    return { x: squeeze(t.x, gone), labels: t.labels.filter((_, d) => !gone.includes(d)) };
  };
  [p, q] = [shrink(p, q), shrink(q, p)];
  [p, q] = [simplify(p, new Set([...q.labels, ...kept]), preferred), simplify(q, new Set([...p.labels, ...kept]), preferred)];
  const shared = p.labels.filter((l) => q.labels.includes(l));
  const batch = shared.filter((l) => needed.has(l));
  const summed = shared.filter((l) => !needed.has(l));
  const at = (t: Term, ls: readonly string[]) => ls.map((l) => t.labels.indexOf(l));
  const free = (t: Term) => t.labels.filter((l) => !shared.includes(l));
  const x = p.x.ndim === 0 && q.x.ndim === 0 && p.x.dtype === preferred && preferred !== 'bool' ? mulP(p.x, q.x)
    : dotGeneral(p.x, q.x, { dimensionNumbers: [[at(p, summed), at(q, summed)], [at(p, batch), at(q, batch)]], precision, preferredElementType: preferred });
  return { x, labels: [...batch, ...free(p), ...free(q)] };
}

interface Spec {
  text: string;
  optimize: Optimize;
  precision: PrecisionLike;
  preferred: DType | null;
}

const einsumC = program<Spec>('einsum', (xs, { text, optimize, precision, preferred }) => {
  const given = xs as Array[];
  const shapes = given.map((x) => x.shape);
  const s = parse('einsum', text, shapes);
  const path = findPath('einsum', s, labelSizes('einsum', s, shapes), optimize);
  const t = resultType(...given);
  const type = preferred ?? t.dtype;
  let terms: Term[] = promoteDtypes('einsum', ...given).map((x, i) => ({ x, labels: s.inputs[i]! }));
  for (const picked of path) {
    const chosen = picked.map((i) => terms[i]!);
    const rest = terms.filter((_, i) => !picked.includes(i));
    let out = chosen[0]!;
    const kept = (later: readonly Term[]) => remaining(terms.map((u) => u.labels), [...rest, ...later].map((u) => u.labels), s.output);
    chosen.slice(1).forEach((u, k) => {
      out = contract(out, u, kept(chosen.slice(k + 2)), type, precision);
    });
    terms = [...rest, out];
  }
  const last = simplify(terms[0]!, new Set(s.output), type);
  const x = transpose(last.x, s.output.map((l) => last.labels.indexOf(l)));
  return [astype(x, type, preferred === null && t.weakType)];
});

/** Subscripts and operands from either form of the call: a string and arrays, or arrays each followed by a list of numbers. */
function readCall(op: string, args: readonly unknown[], names: readonly string[]): { text: string; xs: Array[]; options: EinsumOptions } {
  const rest = [...args];
  const last = rest[rest.length - 1];
  let options: EinsumOptions = {};
  if (isOptions(last)) {
    options = readNamed(op, names, 0, [last]);
    rest.pop();
  }
  if (typeof rest[0] === 'string') return { text: rest[0], xs: rest.slice(1).map((x) => asArray(x as ArrayLike, op)), options };
  const xs: Array[] = [];
  const terms: string[] = [];
  const letter = (l: unknown) => (l === '...' ? '...' : String.fromCodePoint((Number(l) < 26 ? 97 : 65 - 26) + Number(l)));
  const word = (ls: unknown) => {
    if (!globalThis.Array.isArray(ls)) throw new ArgumentError(`${op}: expected subscripts as text, or a list of numbers after each array, got ${describeValue(ls)}`);
    return ls.map(letter).join('');
  };
  let i = 0;
  for (; i + 1 < rest.length; i += 2) {
    xs.push(asArray(rest[i] as ArrayLike, op));
    terms.push(word(rest[i + 1]));
  }
  return { text: terms.join() + (i < rest.length ? `->${word(rest[i])}` : ''), xs, options };
}

const NAMES = ['optimize', 'precision', 'preferredElementType'] as const;

/**
 * Sums of products of arrays, as subscripts in Einstein's notation say; in an order of little work. Mirrors `jax.numpy.einsum`.
 *
 * @param args subscripts such as `'ij,jk->ik'` (with `...` for any dimensions) and arrays; or arrays, each followed by a list of numbers for its
 * dimensions, and a list for the result; then options
 * @throws ArgumentError for subscripts that cannot be read, ShapeError where sizes do not fit
 * @example
 * np.einsum('ij,j->i', [[1, 2], [3, 4]], [1, 1]) // [3, 7]
 */
export function einsum(...args: readonly (string | ArrayLike | readonly (number | '...')[] | EinsumOptions)[]): Array {
  const { text, xs, options } = readCall('einsum', args, NAMES);
  if (xs.length === 0) throw new ArgumentError('einsum: expected at least one array');
  const { precision, preferred } = productSpec('einsum', options);
  return einsumC(xs, { text, optimize: options.optimize ?? 'auto', precision, preferred })[0]!;
}

/**
 * The order in which {@link einsum} would contract: a list of positions, and an account of it. Mirrors `jax.numpy.einsum_path`.
 *
 * @example
 * np.einsumPath('ij,jk,kl->il', np.ones([2, 9]), np.ones([9, 2]), np.ones([2, 2]))[0] // [[0, 1], [0, 1]]
 */
export function einsumPath(...args: readonly (string | ArrayLike | readonly (number | '...')[] | { optimize?: Optimize })[]): [number[][], string] {
  const { text, xs, options } = readCall('einsumPath', args, ['optimize']);
  const shapes = xs.map((x) => x.shape);
  const s = parse('einsumPath', text, shapes);
  const sizes = labelSizes('einsumPath', s, shapes);
  const path = findPath('einsumPath', s, sizes, options.optimize ?? 'auto');
  let terms: string[][] = s.inputs;
  const lines = path.map((picked) => {
    const chosen = picked.map((i) => terms[i]!);
    const rest = terms.filter((_, i) => !picked.includes(i));
    const out = remaining(chosen, rest, s.output);
    terms = [...rest, out];
    const all = sizeOf([...new Set(chosen.flat())].map((l) => sizes.get(l)!));
    return `  ${chosen.map((t) => t.join('')).join()}->${out.join('')}  ${all} products`;
  });
  return [path, `Contraction of ${text}:\n${lines.join('\n')}`];
}
