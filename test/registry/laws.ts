import type { Array } from '../../lib/core/array';
import type { ShapedArray } from '../../lib/core/aval';
import { config } from '../../lib/core/config';
import type { DType } from '../../lib/core/dtype';
import { Eqn, evalJaxpr, Jaxpr, Var } from '../../lib/core/jaxpr';
import { Absent, type BatchDim, type Params, type Primitive, type Sample } from '../../lib/core/primitive';
import { bind } from '../../lib/core/trace';
import { applyBatch, batchFlat, BatchingError, materialize } from '../../lib/interpreters/batch';
import { compileJaxpr } from '../../lib/interpreters/compile';
import { DifferentiationError, isDifferentiable, jvpFlat } from '../../lib/interpreters/jvp';
import { linearizeFlat } from '../../lib/interpreters/partial';
import { type Staged, stage } from '../../lib/interpreters/stage';
import { backwardPass } from '../../lib/interpreters/transpose';
import { zerosLike } from '../../lib/primitives/structural';
import { agree, direction, epsilonOf, fill, generator, type Host, shifted, toDevice, toHost } from './values';
import { widen, wideDtype } from './widen';

export type Law = 'jit' | 'jvp' | 'grad' | 'vmap' | 'second';
export const LAWS: readonly Law[] = ['jit', 'jvp', 'grad', 'vmap', 'second'];

type Fun = (args: readonly Array[]) => Array[];

/** Size of mapped axes: one that samples' own dimensions do not have, so that a confusion of the two shows. */
const MAPPED = 5;
/** Size of the named axis that collectives run over. */
const NAMED = 3;

/** One sample of a primitive, with what is computed on it; each program is compiled once for all laws. */
export class Case {
  readonly prim: Primitive;
  readonly sample: Sample<Params>;
  readonly label: string;
  readonly inputs: Host[];
  readonly entries: Host[][];
  readonly f: Fun;
  private readonly avals: ShapedArray[];
  private readonly random: () => number;
  private readonly wrt: boolean[];
  private outputs: Host[] | undefined;
  private derived: Derivatives | undefined;

  constructor(prim: Primitive, sample: Sample<Params>, index: number) {
    this.prim = prim;
    this.sample = sample;
    this.label = `${prim.name}, sample ${index}`;
    this.random = generator(`${prim.name}/${index}`);
    const { dtypes, params } = widest(prim, sample);
    const names = prim.axisNames?.(params) ?? [];
    this.f = (args) => names.length === 0 ? bind(prim, args, params) : named(prim, params, names, args);
    const shapes = names.map(() => NAMED);
    this.entries = globalThis.Array.from({ length: MAPPED }, (_, k) => sample.inputs.map((x, i) => fill(names.length === 0 || x.values ? x : { ...x, shape: [...shapes, ...x.shape] }, dtypes[i]!, this.random, k)));
    this.inputs = this.entries[0]!;
    this.avals = this.inputs.map((x) => x.aval);
    this.wrt = this.avals.map((a, i) => isDifferentiable(a) && !sample.inputs[i]!.constant);
  }

  /** Runs one law; throws where it does not hold. */
  check(law: Law): void {
    const skip = this.sample.skip ?? {};
    switch (law) {
      case 'jit': this.checkJit(); break;
      case 'jvp': if (!skip.jvp) this.checkJvp(); break;
      case 'grad': if (!skip.grad) this.checkGrad(); break;
      case 'second': if (!skip.second) this.checkSecond(); break;
      case 'vmap': if (!skip.vmap) this.checkVmap(); break;
    }
  }

  private tolerance(hosts: readonly Host[], factor = 1): number {
    const coarsest = Math.max(...this.avals.map((a) => epsilonOf(a.dtype)), ...hosts.map((h) => epsilonOf(h.aval.dtype)));
    return Math.max(coarsest * factor, this.sample.tolerance ?? 0);
  }

  private eager(): Host[] {
    this.outputs ??= this.f(this.inputs.map(toDevice)).map(toHost);
    return this.outputs;
  }

  private same(what: string, actual: readonly Host[], wanted: readonly Host[], tolerance = this.tolerance(wanted)): void {
    if (actual.length !== wanted.length) throw new Error(`${this.label}: ${what}: ${actual.length} results, expected ${wanted.length}`);
    actual.forEach((a, i) => agree(`${this.label}: ${what}, result ${i}`, a, wanted[i]!, tolerance));
  }

  private checkJit(): void {
    if (this.prim.effects?.(this.sample.params).length) {
      this.eager();
      return;
    }
    const s = stage((args) => this.f(args), this.avals);
    this.same('jit', compileJaxpr(s.jaxpr, s.consts, { name: 'jit' }).call(this.inputs.map(toDevice)).map(toHost), this.eager());
  }

  private derivatives(): Derivatives {
    this.derived ??= new Derivatives(this.f, this.inputs, this.wrt, this.eager().map((h) => h.aval), this.random, this.sample.skip ?? {});
    return this.derived;
  }

  private get differentiable(): boolean {
    return this.wrt.includes(true) && this.eager().some((h) => isDifferentiable(h.aval));
  }

  private checkJvp(): void {
    const { jvp } = this.prim;
    if (!this.wrt.includes(true)) return;
    if (jvp instanceof Absent) {
      const xs = this.inputs.map(toDevice);
      refuses(DifferentiationError, jvp.reason, () => jvpFlat((a) => this.f(a), xs, this.wrt.map((w, i) => (w ? xs[i]! : null))));
      return;
    }
    if (!this.differentiable) {
      const xs = this.inputs.map(toDevice);
      const r = jvpFlat((a) => this.f(a), xs, this.wrt.map((w, i) => (w ? xs[i]! : null)));
      if (r.tangents.some((t) => t !== null)) throw new Error(`${this.label}: a tangent for a result that has none`);
      return;
    }
    const d = this.derivatives();
    this.same('values beside tangents', d.part('jvpOuts'), this.eager());
    this.same('tangents against differences', d.part('tangents'), d.differences('jvpOuts'), this.tolerance(d.part('tangents'), 1e4));
    if (d.has('split')) this.same('tangents of one input at a time', d.sums('split'), d.part('tangents'), this.tolerance(d.part('tangents'), 10));
  }

  private checkGrad(): void {
    const { transpose, jvp } = this.prim;
    if (transpose instanceof Absent && this.avals.length > 0) {
      const params = this.sample.params;
      const invars = this.sample.inputs.map((_, i) => new Var(this.avals[i]!));
      if (!this.prim.axisNames?.(params).length) {
        const outs = this.prim.abstract(this.avals, widestParams(this.prim, this.sample)).map((a) => new Var(a));
        const eqn = new Eqn(this.prim, invars, outs, params);
        refuses(DifferentiationError, transpose.reason, () => backwardPass(new Jaxpr([], invars, [eqn], outs), [], invars, outs.map((o) => zerosLike(o.aval))));
      }
    }
    if (jvp instanceof Absent || !this.differentiable) return;
    if (!(transpose instanceof Absent)) this.checkTranspose();
    const d = this.derivatives();
    const tangents = d.has('tangents') ? d.part('tangents') : d.differences('jvpOuts');
    const forward = tangents.reduce((sum, t, i) => sum + dot(t, d.cotangents[i]!), 0);
    const pulled = d.part('pulled');
    const back = pulled.reduce((sum, c, i) => sum + dot(c, d.directions[i]!), 0);
    const scale = tangents.reduce((sum, t, i) => sum + dot(t, d.cotangents[i]!, Math.abs), 1);
    const tolerance = this.tolerance([...pulled, ...tangents], d.has('tangents') ? 100 : 1e4) * scale;
    if (!(Math.abs(forward - back) <= tolerance) && !(Number.isNaN(forward) && Number.isNaN(back))) {
      throw new Error(`${this.label}: cotangents: the product with directions is ${back}, that of tangents with cotangents ${forward} (tolerance ${tolerance})`);
    }
    if (d.has('alone')) this.same('cotangents of one input at a time', d.part('alone'), pulled, this.tolerance(pulled, 10));
  }

  /** The transpose rule itself, on each set of inputs that the operation turns out to be linear in. */
  private checkTranspose(): void {
    const active = this.wrt.flatMap((w, i) => (w ? [i] : []));
    const sets = active.map((i) => [i]);
    if (active.length > 1) sets.push(active);
    const wanted = this.eager().map((h) => isDifferentiable(h.aval));
    for (const set of sets) {
      const at = (x: (i: number) => Host) => this.f(this.inputs.map((h, i) => toDevice(set.includes(i) ? x(i) : h))).map(toHost).filter((_, i) => wanted[i]);
      const [v, w] = [0, 1].map(() => this.inputs.map((h) => direction(h.aval, this.random)));
      const origin = at((i) => shifted(v![i]!, v![i]!, -1));
      const minus = (a: Host[], b: Host[]) => a.map((h, i) => shifted(h, b[i]!, -1));
      const applied = minus(at((i) => v![i]!), origin);
      const sum = minus(at((i) => shifted(v![i]!, w![i]!, 1)), at((i) => w![i]!));
      const linear = sum.every((h, i) => h.parts.every((p, k) => Math.abs(p - applied[i]!.parts[k]!) < 1e-4));
      // Where one input does not matter, as its part is out of bounds, say, a product is linear in all by chance.
      const matters = (k: number) => minus(at((i) => (i === k ? v![i]! : shifted(v![i]!, v![i]!, -1))), origin).some((h) => h.parts.some((p) => p !== 0));
      if (!linear || (set.length > 1 && !set.every(matters))) continue;
      const s = stage((args) => {
        let next = 0;
        return this.f(this.inputs.map((h, i) => (set.includes(i) ? args[next++]! : toDevice(h))));
      }, set.map((i) => this.avals[i]!));
      const cotangents = this.eager().map((h) => (isDifferentiable(h.aval) ? direction(h.aval, this.random) : null));
      const back = backwardPass(s.jaxpr, s.consts, s.jaxpr.invars, cotangents.map((c) => c && toDevice(c)));
      if (back.every((c) => c === null)) continue;
      const pulled = back.map((c, k) => (c === null ? direction(this.avals[set[k]!]!, () => 0.5) : toHost(c)));
      const given = cotangents.filter((c) => c !== null);
      const forward = applied.reduce((total, t, i) => total + dot(t, given[i]!), 0);
      const backward = pulled.reduce((total, c, k) => total + dot(c, v![set[k]!]!), 0);
      const scale = applied.reduce((total, t, i) => total + dot(t, given[i]!, Math.abs), 1);
      if (!(Math.abs(forward - backward) <= this.tolerance([...pulled, ...applied], 100) * scale)) {
        throw new Error(`${this.label}: transpose with respect to inputs [${set}]: the product with directions is ${backward}, that of results with cotangents ${forward}`);
      }
    }
  }

  private checkSecond(): void {
    if (this.prim.jvp instanceof Absent || !this.differentiable || this.sample.skip?.grad) return;
    const d = this.derivatives();
    const second = d.part('second');
    this.same('second derivative against differences', second, d.differences('pulled'), this.tolerance(second, 1e4));
  }

  private checkVmap(): void {
    const n = this.avals.length;
    if (n === 0) return;
    const { batch } = this.prim;
    if (batch instanceof Absent) {
      const xs = this.inputs.map(toDevice);
      refuses(BatchingError, batch.reason, () => applyBatch(this.prim, { size: 1, name: null }, xs, xs.map((_, i) => (i === 0 ? 0 : null)), this.sample.params));
      return;
    }
    const variants = mappings(this.avals.map((a) => a.ndim));
    const stacked = variants.map((dims) => dims.map((d, i) => (d === null ? this.inputs[i]! : stack(this.entries.map((e) => e[i]!), d))));
    const staged = stage((args) => variants.flatMap((dims, v) => {
      const r = batchFlat((xs) => this.f(xs), { size: MAPPED, name: null }, args.slice(v * n, (v + 1) * n), dims);
      return r.outs.map((x, i) => materialize(x, r.dims[i]!, MAPPED));
    }), stacked.flat().map((h) => h.aval));
    const results = compileJaxpr(staged.jaxpr, staged.consts, { name: 'vmap' }).call(stacked.flat().map(toDevice)).map(toHost);
    const count = results.length / variants.length;
    variants.forEach((dims, v) => {
      const mapped = results.slice(v * count, (v + 1) * count);
      for (let k = 0; k < MAPPED; k++) {
        const args = dims.map((d, i) => (d === null ? this.inputs[i]! : this.entries[k]![i]!));
        const wanted = dims.every((d) => d !== null) && k === 0 ? this.eager() : this.f(args.map(toDevice)).map(toHost);
        this.same(`vmap over [${dims.map((d) => d ?? 'null')}], entry ${k}`, mapped.map((h) => entry(h, k)), wanted);
      }
    });
  }
}

function refuses(type: new (message: string) => Error, reason: string, f: () => unknown): void {
  try {
    f();
  } catch (e) {
    if (e instanceof type && e.message.includes(reason)) return;
    throw new Error(`expected ${type.name} with the reason '${reason}', got ${e}`);
  }
  throw new Error(`expected ${type.name} with the reason '${reason}', but nothing was thrown`);
}

/** Types and parameters in 64 bits where the primitive takes them so, else as the sample has them. */
function widest(prim: Primitive, sample: Sample<Params>): { dtypes: DType[]; params: Params } {
  const dtypes = sample.inputs.map((x) => x.dtype as DType);
  const wide = dtypes.map(wideDtype);
  try {
    const params = widen(sample.params);
    const avals = sample.inputs.map((x, i) => fill(x, wide[i]!, () => 0).aval);
    if (!prim.axisNames?.(params).length) prim.abstract(avals, params);
    return { dtypes: wide, params };
  } catch {
    return { dtypes, params: sample.params };
  }
}

function widestParams(prim: Primitive, sample: Sample<Params>): Params {
  return widest(prim, sample).params;
}

/** A collective over its axes, which the leading dimensions of the arguments hold. */
function named(prim: Primitive, params: Params, names: readonly string[], args: readonly Array[]): Array[] {
  const run = (k: number) => (xs: readonly Array[]): Array[] => {
    if (k === names.length) return bind(prim, xs, params);
    const r = batchFlat(run(k + 1), { size: NAMED, name: names[k]! }, xs, xs.map(() => 0));
    return r.outs.map((x, i) => materialize(x, r.dims[i]!, NAMED));
  };
  return run(0)(args);
}

/** Which inputs are mapped, and where: every subset of up to three inputs at the front and at the back, and a mixture. */
function mappings(ranks: readonly number[]): BatchDim[][] {
  const n = ranks.length;
  const subsets = n <= 3
    ? globalThis.Array.from({ length: 2 ** n - 1 }, (_, bits) => ranks.map((_, i) => ((bits + 1) & (1 << i)) !== 0))
    : [...ranks.map((_, k) => ranks.map((_, i) => i === k)), ranks.map(() => true)];
  const all: BatchDim[][] = [];
  for (const s of subsets) {
    all.push(s.map((m) => (m ? 0 : null)), s.map((m, i) => (m ? ranks[i]! : null)));
    if (s.filter(Boolean).length > 1) all.push(s.map((m, i) => (m ? (i % 2 === 0 ? 0 : ranks[i]!) : null)));
  }
  const seen = new Set<string>();
  return all.filter((d) => !seen.has(String(d)) && seen.add(String(d)));
}

function stack(hosts: readonly Host[], dim: number): Host {
  const { aval } = hosts[0]!;
  const inner = hosts[0]!.parts.length / Math.max(1, aval.shape.slice(0, dim).reduce((a, b) => a * b, 1));
  const outer = inner === 0 ? 0 : hosts[0]!.parts.length / inner;
  const parts: number[] = [];
  for (let o = 0; o < outer; o++) for (const h of hosts) parts.push(...h.parts.slice(o * inner, (o + 1) * inner));
  return { aval: aval.withShape([...aval.shape.slice(0, dim), hosts.length, ...aval.shape.slice(dim)]), parts };
}

function entry(h: Host, k: number): Host {
  const n = h.parts.length / MAPPED;
  return { aval: h.aval.withShape(h.aval.shape.slice(1)), parts: h.parts.slice(k * n, (k + 1) * n) };
}

/** Real part of the product of two arrays, summed: what reverse mode preserves for complex types, too. */
function dot(x: Host, y: Host, of: (v: number) => number = (v) => v): number {
  let sum = 0;
  if (x.parts.length === x.aval.size) for (let i = 0; i < x.parts.length; i++) sum += of(x.parts[i]! * y.parts[i]!);
  else for (let i = 0; i < x.parts.length; i += 2) sum += of(x.parts[i]! * y.parts[i]!) + of(-x.parts[i + 1]! * y.parts[i + 1]!);
  return sum;
}

type Piece = 'jvpOuts' | 'tangents' | 'split' | 'pulled' | 'alone' | 'second';

/** All derivatives of a case in one program, so that it takes one compilation; it runs at the point and beside it. */
class Derivatives {
  readonly directions: Host[];
  readonly cotangents: Host[];
  private readonly errors = new Map<Piece, unknown>();
  private readonly ranges = new Map<Piece, [number, number]>();
  private readonly at: Host[];
  private readonly run: (h: number) => Host[];
  private readonly step: number;
  private readonly beside = new Map<number, Host[]>();

  constructor(f: Fun, inputs: readonly Host[], wrt: readonly boolean[], outs: readonly ShapedArray[], random: () => number, skip: { jvp?: string; grad?: string; second?: string }) {
    const avals = inputs.map((x) => x.aval);
    const active = avals.flatMap((_, i) => (wrt[i] ? [i] : []));
    this.directions = active.map((i) => direction(avals[i]!, random));
    const tangentOuts = outs.flatMap((a, i) => (isDifferentiable(a) ? [i] : []));
    this.cotangents = tangentOuts.map((i) => direction(outs[i]!, random));
    const n = avals.length;
    const m = active.length;
    const all = [...avals, ...this.directions.map((d) => d.aval), ...this.cotangents.map((c) => c.aval)];
    const tangentsFor = (vs: readonly Array[], only = -1) => wrt.map((w, i) => (w && (only < 0 || only === i) ? vs[active.indexOf(i)]! : null));
    const forward = (xs: readonly Array[], vs: readonly Array[], only = -1) => {
      const r = jvpFlat((a) => f(a), xs, tangentsFor(vs, only));
      return { outs: r.outs, tangents: tangentOuts.map((i) => r.tangents[i] ?? zerosLike(r.outs[i]!.aval.strong())) };
    };
    const pull = (xs: readonly Array[], cts: readonly Array[], which: readonly boolean[]): Array[] => {
      const l = linearizeFlat((a) => f(a), xs, which);
      const given = l.nonzero.flatMap((z, i) => (z ? [cts[tangentOuts.indexOf(i)]!] : []));
      return backwardPass(l.jaxpr, l.consts, l.jaxpr.invars, given).map((c, i) => c ?? zerosLike(l.jaxpr.invars[i]!.aval));
    };
    const pieces: [Piece, (xs: Array[], vs: Array[], cts: Array[]) => Array[]][] = skip.jvp ? [['jvpOuts', (xs) => f(xs)]] : [
      ['jvpOuts', (xs, vs) => forward(xs, vs).outs],
      ['tangents', (xs, vs) => forward(xs, vs).tangents],
    ];
    if (m > 1 && !skip.jvp) pieces.push(['split', (xs, vs) => active.flatMap((i) => forward(xs, vs, i).tangents)]);
    if (!skip.grad) {
      pieces.push(['pulled', (xs, _, cts) => pull(xs, cts, wrt)]);
      if (m > 1) pieces.push(['alone', (xs, _, cts) => active.flatMap((i) => pull(xs, cts, wrt.map((_, k) => k === i)))]);
      if (!skip.second) {
        pieces.push(['second', (xs, vs, cts) => {
          const r = jvpFlat((a) => pull(a, cts, wrt), xs, tangentsFor(vs));
          return r.tangents.map((t, i) => t ?? zerosLike(r.outs[i]!.aval.strong()));
        }]);
      }
    }
    const staged: Staged[] = [];
    let count = 0;
    for (const [name, make] of pieces) {
      try {
        const s = stage((args) => make(args.slice(0, n), args.slice(n, n + m), args.slice(n + m)), all);
        staged.push(s);
        this.ranges.set(name, [count, count + s.jaxpr.outvars.length]);
        count += s.jaxpr.outvars.length;
      } catch (e) {
        this.errors.set(name, e);
      }
    }
    const whole = stage((args) => staged.flatMap((s) => evalJaxpr(s.jaxpr, s.consts, args)), all);
    const program = compileJaxpr(whole.jaxpr, whole.consts, { name: 'derivatives' });
    const fixed = [...this.directions, ...this.cotangents].map(toDevice);
    this.step = Math.max(...avals.map((a) => epsilonOf(a.dtype))) < 1e-9 ? 1e-5 : 2 ** -7;
    this.run = (h) => program.call([...inputs.map((x, i) => toDevice(wrt[i] && h !== 0 ? shifted(x, this.directions[active.indexOf(i)]!, h) : x)), ...fixed]).map(toHost);
    this.at = this.run(0);
  }

  has(piece: Piece): boolean {
    return this.ranges.has(piece) || this.errors.has(piece);
  }

  private cut(hosts: readonly Host[], piece: Piece): Host[] {
    if (this.errors.has(piece)) throw this.errors.get(piece);
    const range = this.ranges.get(piece);
    if (!range) throw new Error(`${piece} was not computed`);
    return hosts.slice(...range);
  }

  part(piece: Piece): Host[] {
    return this.cut(this.at, piece);
  }

  private near(h: number): Host[] {
    const known = this.beside.get(h) ?? this.run(h);
    this.beside.set(h, known);
    return known;
  }

  /** Central differences of a piece along the direction, for the results that have tangents. */
  differences(piece: Piece): Host[] {
    const h = this.step;
    const hi = this.cut(this.near(h), piece);
    const lo = this.cut(this.near(-h), piece);
    return hi.flatMap((x, i) => (isDifferentiable(x.aval) ? [{ aval: x.aval.strong(), parts: x.parts.map((p, k) => (Object.is(p, lo[i]!.parts[k]!) ? 0 : (p - lo[i]!.parts[k]!) / (2 * h))) }] : []));
  }

  /** A piece that holds one list of results for each input, added up over inputs. */
  sums(piece: Piece): Host[] {
    const parts = this.part(piece);
    const n = this.cotangents.length;
    return this.cotangents.map((_, i) => ({
      aval: parts[i]!.aval,
      parts: parts[i]!.parts.map((_, k) => {
        let sum = 0;
        for (let j = i; j < parts.length; j += n) sum += parts[j]!.parts[k]!;
        return sum;
      }),
    }));
  }
}

/** Checks one law on every sample of a primitive, in 64 bits. */
export function checkLaw(cases: readonly Case[], law: Law): void {
  const saved = config.enableX64;
  config.enableX64 = true;
  try {
    for (const c of cases) c.check(law);
  } finally {
    config.enableX64 = saved;
  }
}

export function casesOf(prim: Primitive): Case[] {
  return prim.sample().map((s, i) => new Case(prim, s, i));
}
