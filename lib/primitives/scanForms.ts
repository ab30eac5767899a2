import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { type Atom, ClosedJaxpr, type Eqn, Literal, type Var } from '../core/jaxpr';
import { cachedOn, jaxprAxisNames } from '../core/jaxprCache';
import { dceJaxpr } from '../core/passes/dce';
import { bind } from '../core/trace';
import { stage, withoutConsts } from '../interpreters/stage';
import type { DotGeneralParams } from './dot';
import { add } from './elementwise';
import { stacked } from './jaxprTools';
import { addAny } from './nary';
import { isAlgorithm } from './precision';
import type { ScanParams } from './scan';
import { slice, transpose } from './structural';

// A loop's body rewritten before it is lowered, so that products of matrices are large and few. In each step of a recurrent net they have few rows; over all
// steps they are as large as they can be. The gradients of a GRU over 100 steps (batch 32, 128 features, 2 cores of a Xeon) take 31 ms so and
// 39 ms without, the forward pass alone 6 and 9 ms:
//
// - sums of products over the steps, which gradients of weights are, become one product after the loop, over the steps too;
// - products of what is scanned over with a constant become one product before the loop, also where they are part of a product with [x, h];
// - columns of a product with a constant that nothing looks at are not computed;
// - constants whose second dimension is contracted are transposed before the loop, as products with those take 2.5 times as long.

/** A loop in a better form. */
export interface ScanForm {
  /** From constants and scanned arrays to further constants and further scanned arrays. */
  before: ClosedJaxpr;
  numNewConsts: number;
  /** From constants, new constants, the carries that are kept, scanned arrays, new scanned arrays, to the kept carries, the results, further results. */
  body: ClosedJaxpr;
  numNewYs: number;
  /** Which carries the loop keeps; the others are sums. */
  kept: boolean[];
  /** From first values of the sums, scanned arrays and the further results, to the sums. */
  after: ClosedJaxpr;
}

type Stack = { xs: number } | { ys: number };
/** A sum over all steps. */
type Sum = { dot: Eqn; a: Stack; b: Stack } | { over: Eqn; v: Stack } | { linear: Eqn; of: Sum } | { sums: [Sum, Sum] };

/** A constant of the body, of which a part from `start` to `limit` along `dim` is taken if there is one, transposed if its second dimension is contracted. */
interface Weight {
  at: number;
  part: { dim: number; start: number; limit: number } | null;
  transposed: boolean;
}

type Plan =
  /** Products of parts of the first operand with parts of the constant; of the scanned ones before the loop. */
  | { kind: 'split'; parts: ({ xs: number } | { v: Atom; weight: number })[] }
  | { kind: 'narrow'; dot: Eqn; weight: number };

const isFloat = (a: ShapedArray) => a.dtype === 'float32' || a.dtype === 'float64';
const paramsOf = (e: Eqn) => e.params as DotGeneralParams;
const LINEAR = new Set(['transpose', 'reshape', 'reduce_sum', 'neg', 'broadcast_in_dim', 'squeeze']);

/** A product of two float arrays in which both operands and the result are of one type. */
function isProduct(e: Eqn): boolean {
  if (e.prim.name !== 'dot_general' || isAlgorithm(paramsOf(e).precision)) return false;
  const { aval } = e.outputs[0]!;
  return isFloat(aval) && e.inputs.every((a) => a.aval.dtype === aval.dtype);
}

class Planner {
  readonly p: ScanParams;
  readonly made = new Map<Atom, Eqn>();
  readonly uses = new Map<Atom, number>();
  readonly inputs = new Map<Atom, number>();
  readonly weights: Weight[] = [];
  /** Products before the loop: of a scanned array with a weight. */
  readonly newXs: { xs: number; weight: number; dot: Eqn }[] = [];
  readonly newYs: Var[] = [];
  readonly plans = new Map<Eqn, Plan>();

  constructor(p: ScanParams) {
    this.p = p;
    const { invars, eqns, outvars } = p.jaxpr.jaxpr;
    invars.forEach((v, i) => this.inputs.set(v, i));
    const use = (a: Atom) => this.uses.set(a, (this.uses.get(a) ?? 0) + 1);
    for (const e of eqns) {
      for (const v of e.outputs) this.made.set(v, e);
      e.inputs.forEach(use);
    }
    outvars.forEach(use);
  }

  private constant(a: Atom): number | null {
    const i = this.inputs.get(a);
    return i !== undefined && i < this.p.numConsts ? i : null;
  }

  /** Position among the scanned arrays. */
  private scanned(a: Atom): number | null {
    const i = this.inputs.get(a);
    const first = this.p.numConsts + this.p.numCarry;
    return i !== undefined && i >= first ? i - first : null;
  }

  private weight(w: Weight): number {
    return this.weights.push(w) - 1;
  }

  /** Plans for products with constants: what can be done before the loop, and what need not be done. */
  products(): void {
    for (const e of this.p.jaxpr.jaxpr.eqns) {
      if (e.prim.name === 'slice') this.narrow(e);
      if (!isProduct(e)) continue;
      const [[[c, ...moreA], [d, ...moreB]], [batch]] = paramsOf(e).dimensionNumbers;
      const at = this.constant(e.inputs[1]!);
      if (at === null || c === undefined || d === undefined || moreA.length > 0 || moreB.length > 0 || batch.length > 0) continue;
      const x = e.inputs[0]!;
      const whole = this.scanned(x);
      if (whole !== null) {
        if (this.worth(x.aval, e)) this.plans.set(e, { kind: 'split', parts: [this.before(whole, { at, part: null, transposed: false }, e)] });
        continue;
      }
      const transposed = d === 1 && e.inputs[1]!.aval.ndim === 2;
      const joined = this.made.get(x);
      if (joined?.prim.name !== 'concatenate' || (joined.params as { dimension: number }).dimension !== c || !joined.inputs.some((a) => this.scanned(a) !== null && this.worth(a.aval, e))) {
        if (transposed) this.plans.set(e, { kind: 'split', parts: [{ v: x, weight: this.weight({ at, part: null, transposed }) }] });
        continue;
      }
      let start = 0;
      const parts = joined.inputs.map((a) => {
        const limit = start + a.aval.shape[c]!;
        const weight: Weight = { at, part: { dim: d, start, limit }, transposed };
        start = limit;
        const xs = this.scanned(a);
        return xs !== null && this.worth(a.aval, e) ? this.before(xs, weight, e) : { v: a, weight: this.weight(weight) };
      });
      this.plans.set(e, { kind: 'split', parts });
    }
  }

  /** Whether the results of a product take not much more room than what is scanned over. */
  private worth(x: ShapedArray, e: Eqn): boolean {
    return e.outputs[0]!.aval.size <= 4 * x.size;
  }

  private before(xs: number, weight: Weight, e: Eqn): { xs: number } {
    return { xs: this.newXs.push({ xs, weight: this.weight(weight), dot: e }) - 1 };
  }

  /** Columns of a product with a constant, the others of which nothing looks at. */
  private narrow(e: Eqn): void {
    const dot = this.made.get(e.inputs[0]!);
    if (dot === undefined || !isProduct(dot) || this.uses.get(e.inputs[0]!) !== 1 || this.plans.has(dot)) return;
    const [[lhs, [d, ...more]], [batch]] = paramsOf(dot).dimensionNumbers;
    const at = this.constant(dot.inputs[1]!);
    const free = dot.inputs[1]!.aval.ndim - 1;
    if (at === null || d === undefined || more.length > 0 || batch.length > 0 || lhs.length !== 1 || free !== 1) return;
    const { startIndices: start, limitIndices: limit, strides } = e.params as { startIndices: readonly number[]; limitIndices: readonly number[]; strides: readonly number[] | null };
    const last = start.length - 1;
    const { shape } = dot.outputs[0]!.aval;
    if (strides?.some((s) => s !== 1) || start.some((s, i) => i < last && (s !== 0 || limit[i] !== shape[i]))) return;
    this.plans.set(e, { kind: 'narrow', dot, weight: this.weight({ at, part: { dim: 1 - d, start: start[last]!, limit: limit[last]! }, transposed: d === 1 }) });
  }

  /** A value of each step, stacked: a scanned array, a result that is there, or one more, if it is no larger than what it saves. */
  private stack(a: Atom, room: number): Stack | null {
    if (a instanceof Literal) return null;
    const xs = this.scanned(a);
    if (xs !== null) return { xs };
    if (!this.made.has(a)) return null;
    let ys = this.newYs.indexOf(a);
    if (ys < 0) {
      if (a.aval.size > room) return null;
      ys = this.newYs.push(a) - 1;
    }
    return { ys };
  }

  /** The sum of a value over all steps, if it can be had after the loop. */
  private sum(a: Atom): Sum | null {
    const e = this.made.get(a);
    if (e === undefined || !isFloat(a.aval)) return null;
    if (isProduct(e)) {
      const room = a.aval.size;
      const [x, y] = [this.stack(e.inputs[0]!, room), this.stack(e.inputs[1]!, room)];
      return x === null || y === null ? null : { dot: e, a: x, b: y };
    }
    if (e.prim.name === 'add_any') {
      const x = this.sum(e.inputs[0]!);
      const y = x && this.sum(e.inputs[1]!);
      return x && y && { sums: [x, y] };
    }
    if (e.inputs.length !== 1 || !LINEAR.has(e.prim.name)) return null;
    const of = this.sum(e.inputs[0]!);
    if (of !== null) return { linear: e, of };
    const v = e.prim.name === 'reduce_sum' ? this.stack(e.inputs[0]!, 0) : null;
    return v && { over: e, v };
  }

  /** For each carry the sum that it is, or null. */
  sums(): (Sum | null)[] {
    const { invars, outvars } = this.p.jaxpr.jaxpr;
    const found = globalThis.Array.from({ length: this.p.numCarry }, (): Sum | null => null);
    const attempt = (i: number) => {
      if (found[i] !== null) return;
      const c = invars[this.p.numConsts + i]!;
      const e = this.made.get(outvars[i]!);
      if (e === undefined || this.uses.get(c) !== 1 || (e.prim.name !== 'add_any' && e.prim.name !== 'add')) return;
      const k = e.inputs.indexOf(c);
      const other = e.inputs[1 - k];
      if (k < 0 || other === undefined || this.uses.get(outvars[i]!) !== 1 || !other.aval.matches(c.aval)) return;
      const before = this.newYs.length;
      found[i] = this.sum(other);
      if (found[i] === null) this.newYs.length = before;
    };
    // Sums of what is stacked for another's sake come for nothing.
    for (let round = 0; round < 2; round++) for (let i = 0; i < this.p.numCarry; i++) attempt(i);
    return found;
  }
}

const later = (dims: readonly number[]) => dims.map((d) => d + 1);

function weightOf(w: Array, { part, transposed }: Weight): Array {
  const taken = part === null ? w : slice(w, w.shape.map((_, i) => (i === part.dim ? part.start : 0)), w.shape.map((n, i) => (i === part.dim ? part.limit : n)));
  return transposed ? transpose(taken, [1, 0]) : taken;
}

/** A step's product with a weight. */
function product(e: Eqn, x: Array, w: Array, { transposed }: Weight): Array {
  const [[lhs, rhs], batch] = paramsOf(e).dimensionNumbers;
  return multiply(e, x, w, transposed ? { ...paramsOf(e), dimensionNumbers: [[lhs, rhs.map((d) => 1 - d)], batch] } : paramsOf(e));
}

const multiply = (e: Eqn, x: Array, y: Array, params: DotGeneralParams): Array => bind(e.prim, [x, y], params)[0]!;

/** Constants and products that are made before the loop. */
function beforeLoop({ p, weights, newXs }: Planner): ClosedJaxpr {
  const ins = p.jaxpr.inAvals;
  const consts = ins.slice(0, p.numConsts);
  const xs = ins.slice(p.numConsts + p.numCarry);
  return withoutConsts(stage((args) => {
    const made = weights.map((w) => weightOf(args[w.at]!, w));
    return [...made, ...newXs.map(({ xs: k, weight, dot }) => {
      const [[lhs, rhs], batch] = paramsOf(dot).dimensionNumbers;
      const contracted = weights[weight]!.transposed ? rhs.map((d) => 1 - d) : rhs;
      return multiply(dot, args[p.numConsts + k]!, made[weight]!, { ...paramsOf(dot), dimensionNumbers: [[later(lhs), contracted], batch] });
    })];
  }, [...consts, ...xs.map((a) => stacked(a, p.length))], p.jaxpr.jaxpr.name));
}

/** The body with its plans carried out, without the sums. */
function newBody(plan: Planner, before: ClosedJaxpr, sums: readonly (Sum | null)[]): ClosedJaxpr {
  const { p } = plan;
  const { jaxpr } = p.jaxpr;
  const [newConsts, newXs] = [before.outAvals.slice(0, plan.weights.length), before.outAvals.slice(plan.weights.length).map((a) => a.withShape(a.shape.slice(1)))];
  const carryEnd = p.numConsts + p.numCarry;
  const isInput = jaxpr.invars.map((_, i) => i < p.numConsts || i >= carryEnd || sums[i - p.numConsts] === null);
  const avals = [
    ...jaxpr.inAvals.slice(0, p.numConsts), ...newConsts,
    ...jaxpr.inAvals.filter((_, i) => i >= p.numConsts && i < carryEnd && isInput[i]), ...jaxpr.inAvals.slice(carryEnd), ...newXs,
  ];
  const made = withoutConsts(stage((args) => {
    let next = 0;
    const take = (n: number) => args.slice(next, (next += n));
    const env = new Map<Atom, Array>();
    const put = (from: number, to: number) => {
      for (let i = from; i < to; i++) if (isInput[i]) env.set(jaxpr.invars[i]!, args[next++]!);
    };
    put(0, p.numConsts);
    const weights = take(newConsts.length);
    put(p.numConsts, carryEnd);
    put(carryEnd, jaxpr.invars.length);
    const products = take(newXs.length);
    const read = (a: Atom): Array => (a instanceof Literal ? a.array : env.get(a)!);
    for (const e of jaxpr.eqns) {
      // What adds to a sum.
      if (e.inputs.some((a) => !(a instanceof Literal) && !env.has(a))) continue;
      const how = plan.plans.get(e);
      if (how === undefined) bind(e.prim, e.inputs.map(read), e.params).forEach((x, i) => env.set(e.outputs[i]!, x));
      else if (how.kind === 'narrow') env.set(e.outputs[0]!, product(how.dot, read(how.dot.inputs[0]!), weights[how.weight]!, plan.weights[how.weight]!));
      else env.set(e.outputs[0]!, how.parts.map((part) => ('xs' in part ? products[part.xs]! : product(e, read(part.v), weights[part.weight]!, plan.weights[part.weight]!))).reduce((a, b) => add(a, b)));
    }
    return [...jaxpr.outvars.filter((_, i) => i >= p.numCarry || sums[i] === null), ...plan.newYs].map(read);
  }, avals, jaxpr.name));
  const { jaxpr: pruned } = dceJaxpr(made.jaxpr, null, true);
  return new ClosedJaxpr(pruned, []);
}

/** The sums, after the loop. */
function afterLoop(plan: Planner, sums: readonly (Sum | null)[]): ClosedJaxpr {
  const { p } = plan;
  const ins = p.jaxpr.inAvals;
  const first = ins.slice(p.numConsts, p.numConsts + p.numCarry).filter((_, i) => sums[i] !== null);
  const xs = ins.slice(p.numConsts + p.numCarry);
  return withoutConsts(stage((args) => {
    const stack = (s: Stack) => ('xs' in s ? args[first.length + s.xs]! : args[first.length + xs.length + s.ys]!);
    const value = (s: Sum): Array => {
      if ('dot' in s) {
        const [[lhs, rhs], [lb, rb]] = paramsOf(s.dot).dimensionNumbers;
        return multiply(s.dot, stack(s.a), stack(s.b), { ...paramsOf(s.dot), dimensionNumbers: [[[0, ...later(lhs)], [0, ...later(rhs)]], [later(lb), later(rb)]] });
      }
      if ('over' in s) {
        const params = s.over.params as { axes: readonly number[] };
        return bind(s.over.prim, [stack(s.v)], { ...params, axes: [0, ...later(params.axes)] })[0]!;
      }
      if ('linear' in s) return bind(s.linear.prim, [value(s.of)], s.linear.params)[0]!;
      return addAny(value(s.sums[0]), value(s.sums[1]));
    };
    return sums.filter((s): s is Sum => s !== null).map((s, i) => addAny(args[i]!, value(s)));
  }, [...first, ...xs.map((a) => stacked(a, p.length)), ...plan.newYs.map((v) => stacked(v.aval, p.length))], p.jaxpr.jaxpr.name));
}

/** A better form of a loop, or null if there is none. */
export function scanForm(p: ScanParams): ScanForm | null {
  if (p.length < 4 || p.jaxpr.effects.size > 0 || jaxprAxisNames(p.jaxpr).length > 0 || !p.jaxpr.jaxpr.eqns.some(isProduct)) return null;
  return cachedOn(p.jaxpr, `scan.form/${p.numConsts}/${p.numCarry}/${p.length}`, () => {
    const plan = new Planner(p);
    plan.products();
    const sums = plan.sums();
    if (plan.plans.size === 0 && sums.every((s) => s === null)) return null;
    const before = beforeLoop(plan);
    return {
      before, numNewConsts: plan.weights.length,
      body: newBody(plan, before, sums), numNewYs: plan.newYs.length,
      kept: sums.map((s) => s === null),
      after: afterLoop(plan, sums),
    };
  });
}
