import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { type Atom, ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Var } from '../core/jaxpr';
import type { Params } from '../core/primitive';
import { withScope } from '../core/trace';
import { customJvpCallP, type CustomJvpParams, customVjpCallP, type CustomVjpParams } from '../interpreters/customRules';
import type { BackwardRule, ForwardRule, JvpRule } from '../interpreters/derivativeRules';
import { type JitParams, jitP, jitParams } from '../interpreters/jit';
import { isDifferentiable } from '../interpreters/jvp';
import { type CheckpointParams, checkpointP } from '../interpreters/remat';
import { stage, withoutConsts } from '../interpreters/stage';
import { type CheckKind, type CheckParams, type CheckSite, DivisionByZeroError, NaNError, OOBError } from '../primitives/check';
import { type CondParams, condP } from '../primitives/cond';
import { add, eq, gt, lt, ne, or, rem, selectN } from '../primitives/elementwise';
import type { GatherParams } from '../primitives/gather';
import { reduceMax, reduceMin, reduceOr } from '../primitives/reduction';
import { type ScanParams, scanP } from '../primitives/scan';
import type { ScatterParams } from '../primitives/scatter';
import { broadcastInDim, concatenate, convert, full, iota, like, reduceSum, reshape, scalar } from '../primitives/structural';
import { type WhileParams, whileP } from '../primitives/whileLoop';

/** Whether it failed, the number of the site that did, then the payloads of all sites. */
export type ErrorState = readonly Array[];

/** Operations that can give NaN; JAX looks at the same ones. */
const NAN_PRIMITIVES = new Set([
  'acos', 'acosh', 'add', 'asin', 'asinh', 'atan2', 'atan', 'atanh', 'bessel_i0e', 'bessel_i1e', 'cbrt', 'conv_general_dilated', 'cos', 'cosh', 'cumlogsumexp', 'cummax', 'cummin',
  'cumprod', 'cumsum', 'digamma', 'div', 'dot_general', 'erf_inv', 'erf', 'erfc', 'exp', 'expm1', 'fft', 'igamma_grad_a', 'igamma', 'igammac', 'integer_pow', 'lgamma', 'log1p', 'log',
  'logistic', 'mul', 'pad', 'pow', 'psum', 'reduce', 'reduce_prod', 'reduce_sum', 'reduce_window', 'reduce_window_sum', 'regularized_incomplete_beta', 'rem', 'rng_uniform', 'rsqrt', 'sin',
  'sinh', 'sqrt', 'sub', 'tan', 'tanh', 'scatter', 'scatter-add', 'scatter-mul', 'scatter-min', 'scatter-max',
]);

const INDEX3 = new ShapedArray([3], 'int32');

/** Where a program can fail: each equation's sites, in the order of the program. */
export interface Sites {
  readonly list: CheckSite[];
  /** Number of the first site of an equation. */
  readonly first: Map<Eqn, number>;
  /** Jaxprs in which something can fail. */
  readonly checked: Set<Jaxpr>;
}

function innerJaxprs(params: Params): ClosedJaxpr[] {
  return Object.values(params).flatMap((v) => (v instanceof ClosedJaxpr ? [v] : globalThis.Array.isArray(v) ? v.filter((x): x is ClosedJaxpr => x instanceof ClosedJaxpr) : []));
}

// Their inner jaxprs say how values are combined or stand for derivatives: nothing in them is run step by step.
const OPAQUE = new Set(['reduce', 'reduce_window', 'scatter', 'scatter-add', 'scatter-mul', 'scatter-min', 'scatter-max', 'custom_lin']);

/** Finds the sites of a jaxpr and those within it. */
export function sitesOf(jaxpr: Jaxpr, errors: ReadonlySet<CheckKind>): Sites {
  const sites: Sites = { list: [], first: new Map(), checked: new Set() };
  const seen = new Set<Jaxpr>();
  const walk = (j: Jaxpr): boolean => {
    if (seen.has(j)) return sites.checked.has(j);
    seen.add(j);
    let any = false;
    for (const e of j.eqns) {
      const own = sitesOfEqn(e, errors);
      if (own.length > 0 || e.prim.name === 'check') any = true;
      sites.first.set(e, sites.list.length);
      sites.list.push(...own);
      if (!OPAQUE.has(e.prim.name)) for (const inner of innerJaxprs(e.params)) if (walk(inner.jaxpr)) any = true;
    }
    if (any) sites.checked.add(j);
    return any;
  };
  walk(jaxpr);
  return sites;
}

function sitesOfEqn(e: Eqn, errors: ReadonlySet<CheckKind>): CheckSite[] {
  const { name } = e.prim;
  const out: CheckSite[] = [];
  if (name === 'check') {
    const { sites } = e.params as CheckParams;
    // Errors of another checkify are taken as they are.
    return errors.has('user') || sites.some((s) => s.kind !== 'user') ? [...sites] : [];
  }
  if (errors.has('oob') && boundsOf(e) !== null) {
    const shape = e.inputs[0]!.aval.shape;
    out.push({
      kind: 'oob', payload: [INDEX3],
      error: ([p]) => {
        const [index, axis, size] = [0, 1, 2].map((i) => p!.dataSync().at(i));
        return new OOBError(`out-of-bounds indexing for array of shape (${shape.join(', ')}${shape.length === 1 ? ',' : ''}): index ${index} is out of bounds for axis ${axis} with size ${size}. `);
      },
    });
  }
  if (name === 'div' && errors.has('div')) out.push({ kind: 'div', payload: [], error: () => new DivisionByZeroError('division by zero') });
  if (errors.has('nan') && NAN_PRIMITIVES.has(name) && e.outputs.some((v) => isDifferentiable(v.aval))) out.push({ kind: 'nan', payload: [], error: () => new NaNError(`nan generated by primitive: ${name}.`) });
  return out;
}

// ---- bounds ----

/** How indices of an equation are to be compared: the operand whose last dimension runs over `axes`, and the largest allowed start on each. */
interface Bounds {
  axes: readonly number[];
  upper: readonly number[];
}

function boundsOf(e: Eqn): Bounds | null {
  const shape = e.inputs[0]?.aval.shape ?? [];
  switch (e.prim.name) {
    case 'dynamic_slice': {
      const { sliceSizes } = e.params as { sliceSizes: readonly number[] };
      return { axes: shape.map((_, i) => i), upper: shape.map((d, i) => d - sliceSizes[i]!) };
    }
    case 'dynamic_update_slice': {
      const sizes = e.inputs[1]!.aval.shape;
      return { axes: shape.map((_, i) => i), upper: shape.map((d, i) => d - sizes[i]!) };
    }
    case 'gather': {
      const { dimensionNumbers: { startIndexMap }, sliceSizes } = e.params as GatherParams;
      return { axes: startIndexMap, upper: startIndexMap.map((d) => shape[d]! - sliceSizes[d]!) };
    }
    case 'scatter': case 'scatter-add': case 'scatter-mul': case 'scatter-min': case 'scatter-max': {
      const { dimensionNumbers: d } = e.params as ScatterParams;
      const updates = e.inputs[2]!.aval.shape;
      let next = 0;
      const sizes = shape.map((_, i) => (d.insertedWindowDims.includes(i) || d.operandBatchingDims.includes(i) ? 1 : updates[d.updateWindowDims[next++]!]!));
      return { axes: d.scatterDimsToOperandDims, upper: d.scatterDimsToOperandDims.map((i) => shape[i]! - sizes[i]!) };
    }
    default:
      return null;
  }
}

/** Indices of an equation as [any number, axes]. */
function indicesOf(e: Eqn, args: readonly Array[]): Array {
  const name = e.prim.name;
  if (name === 'dynamic_slice' || name === 'dynamic_update_slice') {
    const starts = args.slice(name === 'dynamic_slice' ? 1 : 2);
    return concatenate(starts.map((s) => reshape(convert(s, 'int32'), [1, 1])), 1);
  }
  const x = args[1]!;
  const k = x.shape.at(-1)!;
  return reshape(convert(x, 'int32'), [k === 0 ? 0 : x.size / k, k]);
}

function checkBounds(e: Eqn, args: readonly Array[], { axes, upper }: Bounds): { failed: Array; payload: Array } | null {
  if (axes.length === 0) return null;
  const indices = indicesOf(e, args);
  if (indices.size === 0) return null;
  const [n, k] = indices.shape as [number, number];
  const flat = reshape(indices, [n * k]);
  const column = rem(iota('int32', [n * k], 0), full([n * k], k, 'int32'));
  // A table lookup by column, for few columns.
  const table = (values: readonly number[], at: Array) => values.reduce<Array>((acc, v, j) => selectN(eq(at, like(at, j)), [acc, full(at.shape, v, 'int32')]), full(at.shape, 0, 'int32'));
  const bad = or(lt(flat, like(flat, 0)), gt(flat, table(upper, column)));
  const position = iota('int32', [n * k], 0);
  const first = reduceMin(selectN(bad, [full([n * k], n * k - 1, 'int32'), position]), [0]);
  const at = eq(position, broadcastInDim(first, [n * k], []));
  const pick = (values: Array) => reduceSum(selectN(at, [full([n * k], 0, 'int32'), values]), [0]);
  const shape = e.inputs[0]!.aval.shape;
  const parts = [pick(flat), pick(table(axes, column)), pick(table(axes.map((a) => shape[a]!), column))];
  return { failed: reduceOr(bad, [0]), payload: concatenate(parts.map((p) => reshape(p, [1])), 0) };
}


// ---- the program with errors as values ----

const allAxes = (x: Array) => x.shape.map((_, i) => i);
const anyOf = (x: Array) => (x.ndim === 0 ? x : reduceOr(x, allAxes(x)));

/** Runs jaxprs with the state of the error along: operations are followed by their checks, and those that hold jaxprs hand the state through. */
export class Functionalizer {
  private readonly sites: Sites;
  private readonly errors: ReadonlySet<CheckKind>;
  private readonly made = new Map<string, ClosedJaxpr>();
  private readonly ids = new Map<Jaxpr, number>();
  /** Place of each site's payload in the state. */
  private readonly payloadAt: number[] = [];
  private readonly stateAvals: ShapedArray[] = [new ShapedArray([], 'bool'), new ShapedArray([], 'int32')];

  constructor(sites: Sites, errors: ReadonlySet<CheckKind>) {
    this.sites = sites;
    this.errors = errors;
    for (const s of sites.list) {
      this.payloadAt.push(this.stateAvals.length);
      this.stateAvals.push(...s.payload);
    }
  }

  run(jaxpr: Jaxpr, consts: readonly Array[], args: readonly Array[], start: ErrorState): { outs: Array[]; state: ErrorState } {
    const env = new Map<Var, Array>();
    jaxpr.constvars.forEach((v, i) => env.set(v, consts[i]!));
    jaxpr.invars.forEach((v, i) => env.set(v, args[i]!));
    const read = (a: Atom): Array => (a instanceof Literal ? a.array : env.get(a)!);
    let state = start;
    for (const e of jaxpr.eqns) {
      const run = () => this.step(e, e.inputs.map(read), state);
      const r = e.scope === '' ? run() : withScope(e.scope, run);
      state = r.state;
      r.outs.forEach((x, i) => env.set(e.outputs[i]!, x));
    }
    return { outs: jaxpr.outvars.map(read), state };
  }

  private has(closed: ClosedJaxpr): boolean {
    return this.sites.checked.has(closed.jaxpr);
  }

  private step(e: Eqn, args: Array[], state: ErrorState): { outs: Array[]; state: ErrorState } {
    const n = state.length;
    const split = (results: Array[]) => ({ outs: results.slice(n), state: results.slice(0, n) });
    switch (e.prim.name) {
      case 'check':
        return { outs: [], state: this.userCheck(e, args, state) };
      case 'jit': {
        const { jaxpr, name } = e.params as JitParams;
        if (!this.has(jaxpr)) break;
        return split(jitP.bind(jitParams(this.withState(jaxpr), name), ...state, ...args));
      }
      case 'remat2': {
        const p = e.params as CheckpointParams;
        if (!this.has(p.jaxpr)) break;
        return split(checkpointP.bind({ ...p, jaxpr: this.withState(p.jaxpr) }, ...state, ...args));
      }
      case 'custom_jvp_call': {
        const p = e.params as CustomJvpParams;
        if (!this.has(p.callJaxpr)) break;
        const callJaxpr = this.withState(p.callJaxpr);
        const jvpJaxprFun: JvpRule = (primals, tangents) => {
          const m = primals.length;
          let zero: boolean[] = [];
          const found = withoutChecks((xs) => {
            const r = p.jvpJaxprFun(xs.slice(n, m), xs.slice(m + n));
            zero = r.tangents.map((t) => t === null);
            return [...r.outs, ...r.tangents.filter((t) => t !== null)];
          }, [...primals, ...tangents]);
          let next = zero.length;
          return { outs: [...this.stateAfter(callJaxpr, p.name, primals), ...found.slice(0, next)], tangents: [...state.map(() => null), ...zero.map((z) => (z ? null : found[next++]!))] };
        };
        return split(customJvpCallP.bind({ ...p, callJaxpr, jvpJaxprFun, symbolicZeros: false }, ...state, ...args));
      }
      case 'custom_vjp_call': {
        const p = e.params as CustomVjpParams;
        if (!this.has(p.callJaxpr)) break;
        const callJaxpr = this.withState(p.callJaxpr);
        const fwdJaxprFun: ForwardRule = (xs, perturbed) => {
          let k = 0;
          const found = withoutChecks((ys) => {
            const r = p.fwdJaxprFun(ys, perturbed.slice(n));
            k = r.outs.length;
            return [...r.outs, ...r.residuals];
          }, xs.slice(n));
          return { outs: [...this.stateAfter(callJaxpr, p.name, xs), ...found.slice(0, k)], residuals: found.slice(k) };
        };
        const bwd: BackwardRule = (residuals, cts) => [...state.map(() => null), ...p.bwd(residuals, cts.slice(n))];
        return split(customVjpCallP.bind({ ...p, callJaxpr, fwdJaxprFun, bwd }, ...state, ...args));
      }
      case 'cond': {
        const { branches } = e.params as CondParams;
        if (!branches.some((b) => this.has(b))) break;
        return split(condP.bind({ branches: branches.map((b) => this.withState(b)) }, args[0]!, ...state, ...args.slice(1)));
      }
      case 'scan': {
        const p = e.params as ScanParams;
        if (!this.has(p.jaxpr)) break;
        const c = p.numConsts;
        return split(scanP.bind({ ...p, jaxpr: this.withState(p.jaxpr, c), numCarry: p.numCarry + n }, ...args.slice(0, c), ...state, ...args.slice(c)));
      }
      case 'while': {
        const p = e.params as WhileParams;
        if (!this.has(p.condJaxpr) && !this.has(p.bodyJaxpr)) break;
        return this.whileLoop(p, args, state);
      }
      default:
    }
    const outs = e.prim.bindAll(args, e.params);
    return { outs, state: this.check(e, args, outs, state) };
  }

  /** The state after a function with a rule of its own, which says nothing of errors. */
  private stateAfter(callJaxpr: ClosedJaxpr, name: string, args: readonly Array[]): Array[] {
    return jitP.bind(jitParams(callJaxpr, name), ...args).slice(0, this.stateAvals.length);
  }

  /** A jaxpr that takes the state, before input `at` of its own, and gives it, before its own outputs. */
  private withState(closed: ClosedJaxpr, at = 0): ClosedJaxpr {
    let id = this.ids.get(closed.jaxpr);
    if (id === undefined) this.ids.set(closed.jaxpr, (id = this.ids.size));
    const key = `${id}/${at}`;
    let made = this.made.get(key);
    if (made === undefined) {
      const avals = closed.inAvals;
      const n = this.stateAvals.length;
      made = withoutConsts(stage((xs) => {
        const { outs, state } = this.run(closed.jaxpr, closed.consts, [...xs.slice(0, at), ...xs.slice(at + n)], xs.slice(at, at + n));
        return [...state, ...outs];
      }, [...avals.slice(0, at), ...this.stateAvals, ...avals.slice(at)], closed.jaxpr.name, 'checkify'));
      this.made.set(key, made);
    }
    return made;
  }

  private whileLoop(p: WhileParams, args: readonly Array[], start: ErrorState): { outs: Array[]; state: ErrorState } {
    const n = start.length;
    const condConsts = args.slice(0, p.condNconsts);
    const bodyConsts = args.slice(p.condNconsts, p.condNconsts + p.bodyNconsts);
    const carry = args.slice(p.condNconsts + p.bodyNconsts);
    const checksCond = this.has(p.condJaxpr);
    const state = checksCond ? this.run(p.condJaxpr.jaxpr, [], [...condConsts, ...carry], start).state : start;
    const avals = (xs: readonly Array[]) => xs.map((x) => x.aval);
    const carryAvals = p.bodyJaxpr.inAvals.slice(p.bodyNconsts);
    const c = condConsts.length;
    // The condition itself only decides: what fails in it is found by the body, which tries it on the next values.
    const cond = withoutConsts(stage((xs) => this.run(p.condJaxpr.jaxpr, [], [...xs.slice(0, c), ...xs.slice(c + n)], this.freshState()).outs, [...avals(condConsts), ...this.stateAvals, ...carryAvals], p.condJaxpr.jaxpr.name, 'checkify'));
    const b = c + bodyConsts.length;
    const body = withoutConsts(stage((xs) => {
      const r = this.run(p.bodyJaxpr.jaxpr, [], [...xs.slice(c, b), ...xs.slice(b + n)], xs.slice(b, b + n));
      const after = checksCond ? this.run(p.condJaxpr.jaxpr, [], [...xs.slice(0, c), ...r.outs], r.state).state : r.state;
      return [...after, ...r.outs];
    }, [...avals(condConsts), ...avals(bodyConsts), ...this.stateAvals, ...carryAvals], p.bodyJaxpr.jaxpr.name, 'checkify'));
    const results = whileP.bind({ condNconsts: c, condJaxpr: cond, bodyNconsts: b, bodyJaxpr: body }, ...condConsts, ...condConsts, ...bodyConsts, ...state, ...carry);
    return { outs: results.slice(n), state: results.slice(0, n) };
  }

  private freshState(): ErrorState {
    return this.stateAvals.map((a) => full(a.shape, a.dtype === 'bool' ? false : 0, a.dtype));
  }

  /** Keeps the first failure. */
  private fail(state: ErrorState, failed: Array, site: number | Array, payload: readonly Array[], at: number): ErrorState {
    const before = state[0]!;
    const code = typeof site === 'number' ? full([], site, 'int32') : site;
    const next = [or(before, failed), selectN(before, [code, state[1]!]), ...state.slice(2)];
    payload.forEach((x, i) => {
      const old = state[at + i]!;
      next[at + i] = selectN(before, [x, old]);
    });
    return next;
  }

  private check(e: Eqn, args: readonly Array[], outs: readonly Array[], start: ErrorState): ErrorState {
    let state = start;
    let site = this.sites.first.get(e)!;
    const bounds = this.errors.has('oob') ? boundsOf(e) : null;
    if (bounds !== null) {
      const r = checkBounds(e, args, bounds);
      if (r !== null) state = this.fail(state, r.failed, site, [r.payload], this.payloadAt[site]!);
      site++;
    }
    if (e.prim.name === 'div' && this.errors.has('div')) state = this.fail(state, anyOf(eq(args[1]!, like(args[1]!, 0))), site++, [], 0);
    if (this.errors.has('nan') && NAN_PRIMITIVES.has(e.prim.name) && e.outputs.some((v) => isDifferentiable(v.aval))) {
      const nans = outs.filter((x) => isDifferentiable(x.aval)).map((x) => anyOf(ne(x, x)));
      state = this.fail(state, nans.reduce((a, b) => or(a, b)), site, [], 0);
    }
    return state;
  }

  private userCheck(e: Eqn, [failed, code, ...payloads]: readonly Array[], start: ErrorState): ErrorState {
    const { sites } = e.params as CheckParams;
    if (sitesOfEqn(e, this.errors).length === 0) return start;
    const base = this.sites.first.get(e)!;
    let [flag, which] = [failed!, code!];
    let values = payloads;
    if (failed!.ndim > 0) {
      // The last entry that failed speaks for all, as in JAX.
      const size = failed!.size;
      const flat = reshape(failed!, [size]);
      const position = iota('int32', [size], 0);
      const last = reduceMax(selectN(flat, [full([size], 0, 'int32'), position]), [0]);
      const here = eq(position, broadcastInDim(last, [size], []));
      const mapped = failed!.ndim;
      const entry = (x: Array): Array => {
        const rows = reshape(x, [size, ...x.shape.slice(mapped)]);
        const chosen = broadcastInDim(here, rows.shape, [0]);
        const zeros = full(rows.shape, x.dtype === 'bool' ? false : 0, x.dtype);
        const kept = selectN(chosen, [zeros, rows]);
        return x.dtype === 'bool' ? reduceOr(kept, [0]) : reduceSum(kept, [0]);
      };
      flag = anyOf(flat);
      which = entry(code!);
      values = payloads.map(entry);
    }
    return this.fail(start, flag, base === 0 ? which : addInt(which, base), values, sites.length === 0 ? 0 : this.payloadAt[base]!);
  }
}

/** Runs a derivative rule without its checks: those of the function itself are what is looked at. */
function withoutChecks(f: (args: Array[]) => readonly Array[], args: readonly Array[]): Array[] {
  const { jaxpr, consts } = stage(f, args.map((x) => x.aval), '', 'checkify');
  const none: ReadonlySet<CheckKind> = new Set();
  return new Functionalizer(sitesOf(jaxpr, none), none).run(jaxpr, consts, args, [scalar(false, 'bool'), scalar(0, 'int32')]).outs;
}

function addInt(x: Array, n: number): Array {
  return add(x, like(x, n));
}
