import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { ClosedJaxpr, Eqn, evalJaxpr, Jaxpr, Var } from '../core/jaxpr';
import { cachedOn, jaxprAxisNames, mask } from '../core/jaxprCache';
import type { IrValue, LoweringContext } from '../core/lowering';
import { dceClosed } from '../core/passes/dce';
import { type AxisData, type BatchDim, defineMultiPrimitive, isUndefinedPrimal, type MaybeLinear, type MaybeZero, type MultiPrimitive } from '../core/primitive';
import { batchJaxpr, materialize } from '../interpreters/batch';
import { jvpJaxpr } from '../interpreters/jvp';
import { instantiateZeros, partialEvalJaxpr } from '../interpreters/partial';
import { hoistConsts, stage, withoutConsts } from '../interpreters/stage';
import { backwardPass } from '../interpreters/transpose';
import { varyingCarry, varyingOuts } from '../interpreters/varying';
import { hlo } from '../stablehlo';
import { dynamicSlice as emitSlice, dynamicUpdateSlice as emitUpdate } from '../stablehlo/indexing';
import { between, fixpoint, pick } from './flags';
import { rearranged, stacked } from './jaxprTools';
import { add, mul, sin } from './elementwise';
import { addAny } from './nary';
import { scanForm } from './scanForms';
import { moveaxis, zerosLike } from './structural';

/** Parameters of `scan`: JAX's. Operands are constants, then the carry, then what is scanned over. */
export interface ScanParams {
  jaxpr: ClosedJaxpr;
  length: number;
  numCarry: number;
  numConsts: number;
  reverse: boolean;
  /** Steps of the body in one step of the loop; with `length` there is no loop. */
  unroll: number;
}

interface Groups<T> {
  consts: T[];
  carry: T[];
  xs: T[];
}

function groups<T>(all: readonly T[], { numConsts, numCarry }: Pick<ScanParams, 'numConsts' | 'numCarry'>): Groups<T> {
  return { consts: all.slice(0, numConsts), carry: all.slice(numConsts, numConsts + numCarry), xs: all.slice(numConsts + numCarry) };
}

/** A flag for each of the ys, none set. */
const ysFlags = (p: ScanParams) => between(p.numCarry, p.jaxpr.jaxpr.outvars.length).map(() => false);

function checkOperands(avals: readonly ShapedArray[], p: ScanParams): void {
  const { consts, carry } = groups(avals, p);
  const wanted = p.jaxpr.inAvals.map((a, i) => (i < p.numConsts + p.numCarry ? a : stacked(a, p.length)));
  if (avals.length !== wanted.length) throw new ShapeError(`scan: expected ${wanted.length} operands, got ${avals.length}`);
  avals.forEach((a, i) => {
    if (a.matches(wanted[i]!)) return;
    const what = i < consts.length ? `constant ${i}` : i < consts.length + carry.length ? `carry ${i - consts.length}` : `xs ${i - consts.length - carry.length}`;
    throw a.dtype === wanted[i]!.dtype ? new ShapeError(`scan: expected ${what} to be of type ${wanted[i]}, got ${a}`) : new DtypeError(`scan: expected ${what} to be of type ${wanted[i]}, got ${a}`);
  });
  const outs = p.jaxpr.outAvals;
  carry.forEach((_, i) => {
    const [a, b] = [p.jaxpr.inAvals[p.numConsts + i]!, outs[i]!];
    if (!a.matches(b)) throw new ShapeError(`scan: expected carry ${i} to keep its type ${a}, got ${b}`);
  });
}

// ---- lowering ----

/** Entry `at` of a stacked array; a constant index where it is known. */
function entry(ctx: LoweringContext, x: IrValue, at: IrValue | number): IrValue {
  const rest = x.aval.shape.slice(1);
  const row = typeof at === 'number'
    ? hlo.slice(ctx, x, [at, ...rest.map(() => 0)], [at + 1, ...rest])
    : emitSlice(ctx, x, [at, ...rest.map(() => ctx.splat(0, at.aval))], [1, ...rest]);
  return hlo.reshape(ctx, row, x.aval.withShape(rest));
}

function update(ctx: LoweringContext, x: IrValue, y: IrValue, at: IrValue): IrValue {
  const row = hlo.reshape(ctx, y, y.aval.withShape([1, ...y.aval.shape]));
  return emitUpdate(ctx, x, row, [at, ...y.aval.shape.map(() => ctx.splat(0, at.aval))]);
}

/** The loop in a better form if there is one: what is before it, the loop, what is after it. */
function lowerScan(ctx: LoweringContext, args: readonly IrValue[], p: ScanParams, outs: readonly ShapedArray[]): IrValue[] {
  const form = p.unroll < p.length ? scanForm(p) : null;
  if (form === null) return lowerLoop(ctx, args, p, outs);
  const { consts, carry, xs } = groups(args, p);
  const made = ctx.inline(form.before, [...consts, ...xs]);
  const newXs = made.slice(form.numNewConsts);
  const ys = outs.slice(p.numCarry);
  const numCarry = form.kept.filter(Boolean).length;
  const avals = form.body.outAvals;
  const further = avals.slice(avals.length - form.numNewYs).map((a) => stacked(a, p.length));
  const results = lowerLoop(ctx, [...consts, ...made.slice(0, form.numNewConsts), ...pick(carry, form.kept), ...xs, ...newXs],
    { ...p, jaxpr: form.body, numConsts: consts.length + form.numNewConsts, numCarry }, [...avals.slice(0, numCarry), ...ys, ...further]);
  const sums = ctx.inline(form.after, [...pick(carry, form.kept, false), ...xs, ...results.slice(numCarry + ys.length)]);
  let [k, s] = [0, 0];
  return [...form.kept.map((kept) => (kept ? results[k++]! : sums[s++]!)), ...results.slice(numCarry, numCarry + ys.length)];
}

function lowerLoop(ctx: LoweringContext, args: readonly IrValue[], p: ScanParams, outs: readonly ShapedArray[]): IrValue[] {
  const { consts, carry, xs } = groups(args, p);
  const { length: n, reverse, numCarry } = p;
  const ysAvals = outs.slice(numCarry);
  const perTrip = Math.min(p.unroll, Math.max(n, 1));
  const trips = Math.floor(n / perTrip);
  const step = (c: LoweringContext, values: readonly IrValue[]) => (perTrip > 1 ? c.call(p.jaxpr, values, p.jaxpr.jaxpr.name || 'body') : c.inline(p.jaxpr, values));
  const at = (i: number) => (reverse ? n - 1 - i : i);

  if (trips <= 1) {
    // All steps in a row, without a loop.
    let state: readonly IrValue[] = carry;
    const rows = ysAvals.map((): IrValue[] => []);
    for (let i = 0; i < n; i++) {
      const r = step(ctx, [...consts, ...state, ...xs.map((x) => entry(ctx, x, at(i)))]);
      state = r.slice(0, numCarry);
      r.slice(numCarry).forEach((y, k) => rows[k]!.push(hlo.reshape(ctx, y, y.aval.withShape([1, ...y.aval.shape]))));
    }
    const ys = rows.map((parts, k) => {
      if (parts.length === 0) return ctx.splat(0, ysAvals[k]!);
      if (reverse) parts.reverse();
      return parts.length === 1 ? parts[0]! : hlo.concatenate(ctx, parts, 0);
    });
    return [...state, ...ys];
  }

  const I = new ShapedArray([], 'int32');
  const int = (c: LoweringContext, v: number) => c.splat(v, I);
  const one = (c: LoweringContext, cs: readonly IrValue[], state: readonly IrValue[], scanned: readonly IrValue[], ys: readonly IrValue[], index: IrValue): [IrValue[], IrValue[]] => {
    const r = step(c, [...cs, ...state, ...scanned.map((x) => entry(c, x, index))]);
    return [r.slice(0, numCarry), ys.map((y, k) => update(c, y, r[numCarry + k]!, index))];
  };
  // Constants and scanned arrays go through the loop unchanged, so that XLA keeps them in place.
  // What results are stacked in is written whole; values differ lest XLA make one array of them, and copies of that.
  const room = (a: ShapedArray, i: number) => ctx.splat(dtypeKind(a.dtype) === 'float' ? i % 16 : 0, a);
  const inits = [int(ctx, 0), ...carry, ...ysAvals.map(room), ...consts, ...xs];
  const results = hlo.whileLoop(ctx, inits, (c, v) => [hlo.compare(c, 'LT', v[0]!, int(c, trips))], (c, v) => {
    const i = v[0]!;
    let state = v.slice(1, 1 + numCarry);
    let ys = v.slice(1 + numCarry, 1 + numCarry + ysAvals.length);
    const rest = v.slice(1 + numCarry + ysAvals.length);
    const cs = rest.slice(0, consts.length);
    const scanned = rest.slice(consts.length);
    const base = perTrip === 1 ? i : hlo.multiply(c, i, int(c, perTrip));
    for (let k = 0; k < perTrip; k++) {
      const forward = k === 0 ? base : hlo.add(c, base, int(c, k));
      [state, ys] = one(c, cs, state, scanned, ys, reverse ? hlo.subtract(c, int(c, n - 1), forward) : forward);
    }
    return [hlo.add(c, i, int(c, 1)), ...state, ...ys, ...rest];
  }, p.jaxpr.effects.has('ordered'));
  let state: IrValue[] = results.slice(1, 1 + numCarry);
  let ys: IrValue[] = results.slice(1 + numCarry, 1 + numCarry + ysAvals.length);
  for (let i = trips * perTrip; i < n; i++) [state, ys] = one(ctx, consts, state, xs, ys, int(ctx, at(i)));
  return [...state, ...ys];
}

// ---- derivatives ----

interface ScanJvp {
  jaxpr: ClosedJaxpr;
  carryNonzero: boolean[];
  ysNonzero: boolean[];
}

/** The body with tangents, in scan's order of operands: which carries have tangents is a fixed point. */
function jvpBody(p: ScanParams, nonzero: readonly boolean[]): ScanJvp {
  return cachedOn(p.jaxpr, `scan.jvp/${p.numConsts}/${p.numCarry}/${mask(nonzero)}`, () => {
    const given = groups(nonzero, p);
    const noYs = ysFlags(p);
    const { flags: carry, made: d } = fixpoint(given.carry, (c) => jvpJaxpr(p.jaxpr, [...given.consts, ...c, ...given.xs], [...c, ...noYs]), (j) => j.nonzeroOut.slice(0, p.numCarry));
    const flags = [...given.consts, ...carry, ...given.xs];
    const numIn = flags.length;
    // Positions of primals and tangents among the inputs and outputs of the derivative.
    let at = numIn;
    const tangentAt = flags.map((f) => (f ? at++ : -1));
    const part = (from: number, to: number) => [...between(from, to), ...between(from, to).filter((i) => flags[i]).map((i) => tangentAt[i]!)];
    const [c, k] = [p.numConsts, p.numConsts + p.numCarry];
    const inOrder = [...part(0, c), ...part(c, k), ...part(k, numIn)];
    const numOut = d.nonzeroOut.length;
    let out = numOut;
    const outAt = d.nonzeroOut.map((f) => (f ? out++ : -1));
    const outPart = (from: number, to: number) => [...between(from, to), ...between(from, to).filter((i) => d.nonzeroOut[i]).map((i) => outAt[i]!)];
    const outOrder = [...outPart(0, p.numCarry), ...outPart(p.numCarry, numOut)];
    return { jaxpr: rearranged(d.jaxpr, inOrder, outOrder), carryNonzero: carry, ysNonzero: d.nonzeroOut.slice(p.numCarry) };
  });
}

function jvpScan(primals: readonly Array[], tangents: readonly MaybeZero[], p: ScanParams): [Array[], MaybeZero[]] {
  const { jaxpr, carryNonzero, ysNonzero } = jvpBody(p, tangents.map((t) => t !== null));
  const x = groups(primals, p);
  const t = groups(tangents, p);
  const some = (ts: readonly MaybeZero[]) => ts.filter((v) => v !== null);
  const carryTangents = x.carry.flatMap((v, i) => (carryNonzero[i] ? [t.carry[i] ?? zerosLike(v.aval)] : []));
  const consts = [...x.consts, ...some(t.consts)];
  const outs = scanP.bind(
    { ...p, jaxpr, numConsts: consts.length, numCarry: p.numCarry + carryTangents.length },
    ...consts, ...x.carry, ...carryTangents, ...x.xs, ...some(t.xs),
  );
  const numYs = ysNonzero.length;
  const c = p.numCarry + carryTangents.length;
  let [i, j] = [p.numCarry, c + numYs];
  return [
    [...outs.slice(0, p.numCarry), ...outs.slice(c, c + numYs)],
    [...carryNonzero.map((z) => (z ? outs[i++]! : null)), ...ysNonzero.map((z) => (z ? outs[j++]! : null))],
  ];
}

// ---- partial evaluation ----

/** How a scan splits into a part on known operands and one on unknown operands. */
interface ScanSplit {
  constUnknown: boolean[];
  carryUnknown: boolean[];
  ysUnknown: boolean[];
  xsUnknown: boolean[];
  /** What does not change in the loop, computed before it: from the known constants to the values named below. */
  invariant: ClosedJaxpr;
  /** The loop's known part: from invariants and forwarded constants, the known carry and xs, to the carry, ys and stacked residuals. */
  loop: ClosedJaxpr;
  /** Invariants that go to the known loop, at these positions of `invariant`'s results; then the known constants that do. */
  loopInvariants: number[];
  loopConsts: number[];
  numKnownYs: number;
  /** The unknown loop, its constants: invariant residuals, forwarded constants, the unknown constants; its xs: the unknown xs, residuals, forwarded xs. */
  unknown: ClosedJaxpr;
  unknownInvariants: number[];
  unknownConsts: number[];
  unknownUnkConsts: boolean[];
  unknownUnkXs: boolean[];
  /** Stacked residuals, as positions among the outputs of the known loop. */
  unknownStacked: number[];
  unknownXs: number[];
}

/** Splits the body; carries that become unknown in the loop are unknown from the start. */
function splitScan(p: ScanParams, isUnknown: readonly boolean[]): ScanSplit {
  return cachedOn(p.jaxpr, `scan.partial/${p.numConsts}/${p.numCarry}/${mask(isUnknown)}`, () => {
    const body = p.jaxpr;
    const given = groups(isUnknown, p);
    const noYs = ysFlags(p);
    const forward = isUnknown.map((_, i) => i < p.numConsts || i >= p.numConsts + p.numCarry);
    const recompute = isUnknown.map((_, i) => i >= p.numConsts);
    const { flags: carry, made: s } = fixpoint(given.carry, (c) => partialEvalJaxpr(body, [...given.consts, ...c, ...given.xs], [...c, ...noYs], { forward, recompute }), (split) => split.outUnknown.slice(0, p.numCarry));
    const ysUnknown = s.outUnknown.slice(p.numCarry);
    const numKnownConsts = given.consts.filter((u) => !u).length;
    const numKnownCarry = carry.filter((u) => !u).length;
    const numKnownYs = ysUnknown.filter((u) => !u).length;
    const numRes = s.residuals.length;

    // Of the known part, what depends on constants only is taken out of the loop.
    const numKnownIn = s.known.jaxpr.invars.length;
    const inLoop = between(0, numKnownIn).map((i) => i >= numKnownConsts);
    const h = partialEvalJaxpr(s.known, inLoop, [...between(0, numKnownCarry + numKnownYs).map(() => true), ...between(0, numRes).map(() => false)], {
      forward: inLoop.map((l) => !l), effectsUnknown: true,
    });
    const resInLoop = h.outUnknown.slice(numKnownCarry + numKnownYs);
    // Known outputs of h, then its residuals.
    const numHoisted = resInLoop.filter((l) => !l).length;
    const loopInvariants = h.residuals.map((_, i) => numHoisted + i);

    // A residual that is stacked already, as one of the ys or twice, need not be stacked again.
    const first = numKnownCarry;
    const outvars = h.unknown.jaxpr.outvars;
    const position = new Map<unknown, number>();
    const keep: number[] = between(0, numKnownCarry + numKnownYs);
    for (let i = first; i < first + numKnownYs; i++) if (!position.has(outvars[i])) position.set(outvars[i], i);
    let [hoisted, at] = [0, numKnownCarry + numKnownYs];
    // Where each residual of the unknown part comes from.
    const source = resInLoop.map((l): { invariant: number } | { stacked: number } => {
      if (!l) return { invariant: hoisted++ };
      const v = outvars[at]!;
      let pos = position.get(v);
      if (pos === undefined) {
        pos = keep.length;
        keep.push(at);
        position.set(v, pos);
      }
      at++;
      return { stacked: pos };
    });
    const loop = rearranged(h.unknown, between(0, h.unknown.jaxpr.invars.length), keep);

    // Inputs of the unknown part: residuals, forwarded inputs, unknown inputs.
    const numForwarded = s.forwarded.length;
    const unk = numRes + numForwarded;
    const numUnkConsts = given.consts.filter(Boolean).length;
    const numUnkCarry = carry.filter(Boolean).length;
    const numUnkXs = given.xs.filter(Boolean).length;
    const { usedInputs: used } = dceClosed(s.unknown, s.unknown.jaxpr.outvars.map(() => true));
    const invariantRes = between(0, numRes).filter((i) => 'invariant' in source[i]!);
    const stackedRes = between(0, numRes).filter((i) => 'stacked' in source[i]!);
    const constFwd = between(0, numForwarded).filter((i) => s.forwarded[i]! < p.numConsts);
    const xsFwd = between(0, numForwarded).filter((i) => s.forwarded[i]! >= p.numConsts);
    const unkConsts = between(unk, unk + numUnkConsts).filter((i) => used[i]);
    const unkCarry = between(unk + numUnkConsts, unk + numUnkConsts + numUnkCarry);
    const unkXs = between(unk + numUnkConsts + numUnkCarry, unk + numUnkConsts + numUnkCarry + numUnkXs).filter((i) => used[i]);
    const inOrder = [...invariantRes, ...constFwd.map((i) => numRes + i), ...unkConsts, ...unkCarry, ...unkXs, ...stackedRes, ...xsFwd.map((i) => numRes + i)];
    // Outputs that are known at once are not instantiated in the unknown part but for the carry.
    const unknown = rearranged(s.unknown, inOrder, between(0, s.unknown.jaxpr.outvars.length));
    const knownInputs = between(0, isUnknown.length).filter((i) => ![...given.consts, ...carry, ...given.xs][i]);
    return {
      constUnknown: given.consts, carryUnknown: carry, ysUnknown, xsUnknown: given.xs,
      invariant: h.known, loop, loopInvariants,
      loopConsts: h.forwarded.map((i) => knownInputs[i]!),
      numKnownYs,
      unknown,
      unknownInvariants: invariantRes.map((i) => (source[i] as { invariant: number }).invariant),
      unknownConsts: constFwd.map((i) => s.forwarded[i]!),
      unknownUnkConsts: between(unk, unk + numUnkConsts).map((i) => used[i]!),
      unknownUnkXs: between(unk + numUnkConsts + numUnkCarry, unk + numUnkConsts + numUnkCarry + numUnkXs).map((i) => used[i]!),
      unknownStacked: stackedRes.map((i) => (source[i] as { stacked: number }).stacked),
      unknownXs: xsFwd.map((i) => s.forwarded[i]!),
    };
  });
}

interface SplitRun {
  split: ScanSplit;
  knownOuts: Array[];
  /** Operands of the unknown scan but for those that are unknown. */
  invariants: Array[];
  stackedXs: Array[];
}

/** Runs the known part of a split scan under the current trace. `args` may hold anything where unknown. */
function runKnown(p: ScanParams, args: readonly Array[], isUnknown: readonly boolean[]): SplitRun {
  const split = splitScan(p, isUnknown);
  const x = groups(args, p);
  const constants = pick(x.consts, split.constUnknown, false);
  const inv = evalJaxpr(split.invariant.jaxpr, [], constants);
  const carry = pick(x.carry, split.carryUnknown, false);
  const consts = [...split.loopInvariants.map((i) => inv[i]!), ...split.loopConsts.map((i) => args[i]!)];
  const run = split.loop.jaxpr.outvars.length > 0 || split.loop.effects.size > 0;
  const outs = run ? scanP.bind({ ...p, jaxpr: split.loop, numConsts: consts.length, numCarry: carry.length }, ...consts, ...carry, ...pick(x.xs, split.xsUnknown, false)) : [];
  return {
    split,
    knownOuts: outs.slice(0, carry.length + split.numKnownYs),
    invariants: [...split.unknownInvariants.map((i) => inv[i]!), ...split.unknownConsts.map((i) => args[i]!)],
    stackedXs: [...split.unknownStacked.map((i) => outs[i]!), ...split.unknownXs.map((i) => args[i]!)],
  };
}

function unknownParams(p: ScanParams, { split, invariants }: SplitRun): ScanParams {
  const numConsts = invariants.length + split.unknownUnkConsts.filter(Boolean).length;
  return { ...p, jaxpr: split.unknown, numConsts, numCarry: split.carryUnknown.filter(Boolean).length };
}

function mergeOuts<T>(split: ScanSplit, known: readonly T[], unknown: readonly T[]): T[] {
  let [k, u] = [0, 0];
  return [...split.carryUnknown, ...split.ysUnknown].map((x) => (x ? unknown[u++]! : known[k++]!));
}

// ---- transposition ----

/** The body's transpose as a body: constants: the non-linear ones; carry: cotangents of linear constants, then of the carry; xs: cotangents of ys, non-linear xs. */
function transposeBody(p: ScanParams, isLinear: readonly boolean[], ysNonzero: readonly boolean[]): ClosedJaxpr {
  return cachedOn(p.jaxpr, `scan.transpose/${p.numConsts}/${p.numCarry}/${mask(isLinear)}/${mask(ysNonzero)}`, () => {
    const ins = groups(p.jaxpr.inAvals, p);
    const lin = groups(isLinear, p);
    const outs = p.jaxpr.outAvals;
    const fixed = pick(ins.consts, lin.consts, false);
    const ctConsts = pick(ins.consts, lin.consts);
    const ctCarry = ins.carry;
    const ctYs = pick(outs.slice(p.numCarry), ysNonzero);
    const fixedXs = pick(ins.xs, lin.xs, false);
    return withoutConsts(stage((args) => {
      let next = 0;
      const take = (n: number) => args.slice(next, (next += n));
      const [f, accConsts, cts, ys, xs] = [take(fixed.length), take(ctConsts.length), take(ctCarry.length), take(ctYs.length), take(fixedXs.length)];
      let [i, j, k] = [0, 0, 0];
      const primals: MaybeLinear[] = [
        ...ins.consts.map((a, m) => (lin.consts[m] ? new Var(a) : f[i++]!)),
        ...ins.carry.map((a) => new Var(a)),
        ...ins.xs.map((a, m) => (lin.xs[m] ? new Var(a) : xs[j++]!)),
      ];
      const back = groups(backwardPass(p.jaxpr.jaxpr, p.jaxpr.consts, primals, [...cts, ...ysNonzero.map((z) => (z ? ys[k++]! : null))]), p);
      const newConsts = pick(back.consts, lin.consts).map((ct, m) => (ct === null ? accConsts[m]! : addAny(accConsts[m]!, ct)));
      return [...newConsts, ...instantiateZeros(back.carry, ins.carry), ...instantiateZeros(pick(back.xs, lin.xs), pick(ins.xs, lin.xs))];
    }, [...fixed, ...ctConsts, ...ctCarry, ...ctYs, ...fixedXs], p.jaxpr.jaxpr.name, 'transpose'));
  });
}

function transposeScan(cts: readonly MaybeZero[], args: readonly MaybeLinear[], p: ScanParams): MaybeZero[] {
  const isLinear = args.map(isUndefinedPrimal);
  const lin = groups(isLinear, p);
  if (!lin.carry.every(Boolean) && !splitScan(p, isLinear).carryUnknown.every(Boolean)) {
    // A counter, say, that no linear operand flows into: it is computed first, then the rest is transposed.
    const run = runKnown(p, args as readonly Array[], isLinear);
    const { split } = run;
    const x = groups(args, p);
    const flat = [
      ...run.invariants, ...pick(pick(x.consts, split.constUnknown), split.unknownUnkConsts),
      ...pick(x.carry, split.carryUnknown),
      ...pick(pick(x.xs, split.xsUnknown), split.unknownUnkXs), ...run.stackedXs,
    ];
    const wanted = [...split.carryUnknown, ...split.ysUnknown];
    const back = transposeScan(pick(cts, wanted), flat, unknownParams(p, run));
    const c = back.slice(run.invariants.length);
    let next = 0;
    let [a, b] = [0, 0];
    return [
      ...split.constUnknown.map((u) => (u && split.unknownUnkConsts[a++] ? c[next++]! : null)),
      ...split.carryUnknown.map((u, i) => (u ? (isUndefinedPrimal(x.carry[i]!) ? c[next++]! : (next++, null)) : null)),
      ...split.xsUnknown.map((u) => (u && split.unknownUnkXs[b++] ? c[next++]! : null)),
    ];
  }
  const x = groups(args, p);
  const ins = groups(p.jaxpr.inAvals, p);
  const ctYs = cts.slice(p.numCarry);
  const ysNonzero = ctYs.map((c) => c !== null);
  const full = [...lin.consts, ...lin.carry.map(() => true), ...lin.xs];
  const jaxpr = transposeBody(p, full, ysNonzero);
  const fixed = pick(x.consts, lin.consts, false) as Array[];
  const accConsts = pick(ins.consts, lin.consts).map((a) => zerosLike(a));
  const ctCarry = instantiateZeros(cts.slice(0, p.numCarry), ins.carry);
  const outs = scanP.bind(
    { ...p, jaxpr, reverse: !p.reverse, numConsts: fixed.length, numCarry: accConsts.length + ctCarry.length },
    ...fixed, ...accConsts, ...ctCarry, ...ctYs.filter((c) => c !== null), ...(pick(x.xs, lin.xs, false) as Array[]),
  );
  let next = 0;
  const consts = lin.consts.map((l) => (l ? outs[next++]! : null));
  const carry = lin.carry.map((l) => {
    const ct = outs[next++]!;
    return l ? ct : null;
  });
  return [...consts, ...carry, ...lin.xs.map((l) => (l ? outs[next++]! : null))];
}

// ---- batching ----

function batchScan(axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], p: ScanParams): [Array[], BatchDim[]] {
  const given = groups(dims.map((d) => d !== null), p);
  const noYs = ysFlags(p);
  const { flags: carry, made: b } = fixpoint(given.carry, (c) => batchJaxpr(p.jaxpr, axis, [...given.consts, ...c, ...given.xs], [...c, ...noYs]), (batched) => batched.outMapped.slice(0, p.numCarry));
  const x = groups(args, p);
  const d = groups(dims, p);
  const front = (v: Array, dim: BatchDim) => (dim === null ? v : moveaxis(v, dim, 0));
  const outs = scanP.bind(
    { ...p, jaxpr: b.jaxpr },
    ...x.consts.map((v, i) => front(v, d.consts[i]!)),
    ...x.carry.map((v, i) => (carry[i] ? materialize(v, d.carry[i]!, axis.size) : v)),
    ...x.xs.map((v, i) => (d.xs[i] === null ? v : moveaxis(v, d.xs[i]!, 1))),
  );
  return [outs, b.outMapped.map((m, i) => (!m ? null : i < p.numCarry ? 0 : 1))];
}

// ---- dead code ----

function dceScan(used: readonly boolean[], eqn: Eqn): Eqn {
  const p = eqn.params as ScanParams;
  const ys = used.slice(p.numCarry);
  const { flags: carry, made: d } = fixpoint(used.slice(0, p.numCarry), (c) => dceClosed(p.jaxpr, [...c, ...ys]), (kept) => groups(kept.usedInputs, p).carry);
  const ins = groups(d.usedInputs, p);
  // A carry that is wanted but not read stays an input of the body.
  const kept = cachedOn(p.jaxpr, `scan.dce/${p.numConsts}/${mask(carry)}/${mask(ys)}`, () => {
    const invars = p.jaxpr.jaxpr.invars.filter((_, i) => (i < p.numConsts || i >= p.numConsts + p.numCarry ? d.usedInputs[i] : carry[i - p.numConsts]));
    return new ClosedJaxpr(new Jaxpr([], invars, d.closed.jaxpr.eqns, d.closed.jaxpr.outvars, d.closed.jaxpr.name), []);
  });
  const keepInput = [...ins.consts, ...carry, ...ins.xs];
  const wanted = [...carry, ...ys];
  if (wanted.every(Boolean) && keepInput.every(Boolean)) return eqn;
  const outputs = eqn.outputs.filter((_, i) => wanted[i]);
  const params: ScanParams = { ...p, jaxpr: kept, numConsts: ins.consts.filter(Boolean).length, numCarry: carry.filter(Boolean).length };
  return new Eqn(eqn.prim, eqn.inputs.filter((_, i) => keepInput[i]), outputs, params, [...kept.effects], eqn.scope);
}

/** A loop of known length that carries values along, reads one entry of each scanned array at each step, and stacks one result of each. Mirrors `scan_p`. */
export const scanP: MultiPrimitive<ScanParams> = defineMultiPrimitive<ScanParams>({
  name: 'scan',
  abstract: (avals, p) => {
    checkOperands(avals, p);
    return p.jaxpr.outAvals.map((a, i) => (i < p.numCarry ? a : stacked(a, p.length)));
  },
  lower: lowerScan,
  effects: ({ jaxpr }) => [...jaxpr.effects],
  axisNames: ({ jaxpr }) => jaxprAxisNames(jaxpr),
  varying: (ins, p) => {
    const { consts, carry, xs } = groups(ins, p);
    return varyingCarry(carry, (c) => varyingOuts(p.jaxpr, [...consts, ...c, ...xs]));
  },
  jvp: jvpScan,
  partialEval: (known, unknown, args, isUnknown, p) => {
    let run!: SplitRun;
    const outs = known(() => {
      run = runKnown(p, args, isUnknown);
      return run.knownOuts;
    });
    const { split } = run;
    const x = groups(args, p);
    const rest = unknown(() => scanP.bind(
      unknownParams(p, run),
      ...run.invariants, ...pick(pick(x.consts, split.constUnknown), split.unknownUnkConsts),
      ...pick(x.carry, split.carryUnknown),
      ...pick(pick(x.xs, split.xsUnknown), split.unknownUnkXs), ...run.stackedXs,
    ));
    return mergeOuts(split, outs, rest);
  },
  transpose: transposeScan,
  batch: batchScan,
  dce: dceScan,
  sample: () => {
    const f32 = (shape: readonly number[]) => new ShapedArray(shape, 'float32');
    const { closed } = hoistConsts(stage(([w, c, x]) => {
      const next = add(sin(mul(c!, w!)), x!);
      return [next, mul(next, c!)];
    }, [f32([2]), f32([2]), f32([2])], 'body'));
    const params: ScanParams = { jaxpr: closed, length: 3, numCarry: 1, numConsts: 1, reverse: false, unroll: 1 };
    const inputs = [{ shape: [2], dtype: 'float32' }, { shape: [2], dtype: 'float32' }, { shape: [3, 2], dtype: 'float32' }];
    return [{ inputs, params }, { inputs, params: { ...params, reverse: true } }, { inputs, params: { ...params, unroll: 2 } }, { inputs, params: { ...params, unroll: 3 } }];
  },
});
