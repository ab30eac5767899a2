import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { ClosedJaxpr, Eqn, evalJaxpr, Jaxpr, Var } from '../core/jaxpr';
import { cachedOn, jaxprAxisNames, mask } from '../core/jaxprCache';
import { identityOf } from '../core/paramsKey';
import { dceClosed } from '../core/passes/dce';
import { type AxisData, type BatchDim, defineMultiPrimitive, isUndefinedPrimal, type MaybeLinear, type MaybeZero, type MultiPrimitive } from '../core/primitive';
import { BatchingError, batchJaxpr, materialize } from '../interpreters/batch';
import { isDifferentiable, jvpJaxpr } from '../interpreters/jvp';
import { instantiateZeros, partialEvalJaxpr, type SplitJaxpr } from '../interpreters/partial';
import { hoistConsts, stage } from '../interpreters/stage';
import { transposeJaxpr } from '../interpreters/transpose';
import { axesOfAny, varyingOuts } from '../interpreters/varying';
import { hlo } from '../stablehlo';
import { add, eq, mul, selectN, sin, stopGradient } from './elementwise';
import { pick, union } from './flags';
import { broadcastInDim, like, moveaxis, zerosLike } from './structural';

/** Parameters of `cond`. Operands are an int32 index within range, then the operands that every branch takes. */
export interface CondParams {
  branches: readonly ClosedJaxpr[];
}

/** A value derived from all branches together, kept with the first. */
function cachedOnBranches<T>(branches: readonly ClosedJaxpr[], key: string, make: () => T): T {
  return cachedOn(branches[0]!, `${key}/${branches.map((b) => identityOf(b)).join()}`, make);
}

function checkOperands([index, ...ops]: readonly ShapedArray[], { branches }: CondParams): void {
  if (branches.length === 0) throw new ArgumentError('cond: expected at least one branch');
  if (index!.ndim !== 0) throw new ShapeError(`cond: expected the index to be a scalar, got ${index}`);
  if (index!.dtype !== 'int32') throw new DtypeError(`cond: expected the index to be of dtype int32, got ${index}`);
  const first = branches[0]!;
  branches.forEach((b, k) => {
    const ins = b.inAvals;
    if (ins.length !== ops.length || ins.some((a, i) => !a.matches(ops[i]!))) throw new ShapeError(`cond: expected operands of types (${ins.join(', ')}) for branch ${k}, got (${ops.join(', ')})`);
    const outs = b.outAvals;
    if (outs.length !== first.outAvals.length || outs.some((a, i) => !a.matches(first.outAvals[i]!))) {
      throw new ShapeError(`cond: expected branch ${k} to give (${first.outAvals.join(', ')}) as branch 0 does, got (${outs.join(', ')})`);
    }
  });
}

function jvpCond(primals: readonly Array[], tangents: readonly MaybeZero[], { branches }: CondParams): [Array[], MaybeZero[]] {
  const nonzero = tangents.slice(1).map((t) => t !== null);
  const outNonzero = union(branches.map((b) => jvpJaxpr(b, nonzero).nonzeroOut));
  const outs = condP.bind({ branches: branches.map((b) => jvpJaxpr(b, nonzero, outNonzero).jaxpr) }, ...primals, ...tangents.filter((t) => t !== null));
  const n = outNonzero.length;
  let next = n;
  return [outs.slice(0, n), outNonzero.map((z) => (z ? outs[next++]! : null))];
}

interface CondSplit {
  known: ClosedJaxpr[];
  unknown: ClosedJaxpr[];
  outUnknown: boolean[];
  /** Known operands, as positions among the operands after the index, that the unknown branches take as they are. */
  forwarded: number[];
  numResiduals: number;
}

/**
 * Splits all branches. Only one of them runs, so that residuals of one type share places: what a branch does not fill is zero.
 */
function splitCond(branches: readonly ClosedJaxpr[], isUnknown: readonly boolean[]): CondSplit {
  return cachedOnBranches(branches, `cond.partial/${mask(isUnknown)}`, () => {
    const forward = isUnknown.map((u) => !u);
    const outUnknown = union(branches.map((b) => partialEvalJaxpr(b, isUnknown, false, { forward }).outUnknown));
    const parts: SplitJaxpr[] = branches.map((b) => partialEvalJaxpr(b, isUnknown, outUnknown, { forward }));
    const numKnown = outUnknown.filter((u) => !u).length;

    const slots: ShapedArray[] = [];
    const placed = parts.map(({ residuals }) => {
      const taken = new Set<number>();
      return residuals.map((r) => {
        let at = slots.findIndex((s, i) => !taken.has(i) && s.matches(r));
        if (at < 0) at = slots.push(r.strong()) - 1;
        taken.add(at);
        return at;
      });
    });
    const forwarded = [...new Set(parts.flatMap((s) => s.forwarded))].sort((a, b) => a - b);

    const known = parts.map(({ known: k }, b) => {
      const filled = new Map(placed[b]!.map((slot, i) => [slot, numKnown + i]));
      return hoistConsts(stage((args) => {
        const outs = evalJaxpr(k.jaxpr, [], args);
        return [...outs.slice(0, numKnown), ...slots.map((a, i) => (filled.has(i) ? outs[filled.get(i)!]! : zerosLike(a)))];
      }, k.inAvals, k.jaxpr.name)).closed;
    });
    const unknown = parts.map(({ unknown: u, residuals, forwarded: own }, b) => {
      const { invars, eqns, outvars, name } = u.jaxpr;
      const slotVars = slots.map((a) => new Var(a));
      residuals.forEach((_, i) => {
        slotVars[placed[b]![i]!] = invars[i]!;
      });
      const inputs = branches[b]!.inAvals;
      const forwardVars = forwarded.map((f) => (own.includes(f) ? invars[residuals.length + own.indexOf(f)]! : new Var(inputs[f]!)));
      return new ClosedJaxpr(new Jaxpr([], [...slotVars, ...forwardVars, ...invars.slice(residuals.length + own.length)], eqns, outvars, name), []);
    });
    return { known, unknown, outUnknown, forwarded, numResiduals: slots.length };
  });
}

function transposeCond(cts: readonly MaybeZero[], [index, ...ops]: readonly MaybeLinear[], { branches }: CondParams, outs: readonly ShapedArray[]): MaybeZero[] {
  if (isUndefinedPrimal(index!)) throw new ArgumentError('cond: the index is not linear');
  const isLinear = ops.map(isUndefinedPrimal);
  const results = condP.bind(
    { branches: branches.map((b) => transposeJaxpr(b, isLinear)) },
    index as Array, ...(pick(ops, isLinear, false) as Array[]), ...instantiateZeros(cts, outs),
  );
  let next = 0;
  return [null, ...isLinear.map((l) => (l ? results[next++]! : null))];
}

function batchCond(axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], { branches }: CondParams): [readonly Array[], readonly BatchDim[]] {
  const [index, ...ops] = args;
  const opDims = dims.slice(1);
  const mapped = opDims.map((d) => d !== null);
  const moved = ops.map((x, i) => (opDims[i] === null ? x : moveaxis(x, opDims[i]!, 0)));
  if (dims[0] === null) {
    const outMapped = union(branches.map((b) => batchJaxpr(b, axis, mapped).outMapped));
    const outs = condP.bind({ branches: branches.map((b) => batchJaxpr(b, axis, mapped, outMapped).jaxpr) }, index!, ...moved);
    return [outs, outMapped.map((m) => (m ? 0 : null))];
  }
  // The branch differs along the axis: all run, and results are chosen among.
  for (const b of branches) {
    for (const e of b.effects) {
      if (e === 'ordered' || e.startsWith('io')) throw new BatchingError(`cond: branches with the effect '${e}' cannot be mapped over an index that differs along the axis: all branches would run`);
    }
  }
  const at = materialize(index!, dims[0]!, axis.size);
  // An operand has a derivative in a branch where that branch is chosen only: else what is not finite in one would reach the others.
  const guarded = mapped.map((m, i) => m || isDifferentiable(ops[i]!.aval));
  const full = moved.map((x, i) => (guarded[i] ? materialize(x, mapped[i] ? 0 : null, axis.size) : x));
  const rows = branches.map((b, k) => {
    const chosen = eq(at, like(at, k));
    const own = branches.length === 1 ? full : full.map((x) => (isDifferentiable(x.aval) ? selectN(x.ndim === 1 ? chosen : broadcastInDim(chosen, x.shape, [0]), [stopGradient(x), x]) : x));
    return evalJaxpr(batchJaxpr(b, axis, guarded, true).jaxpr.jaxpr, [], own);
  });
  const outs = rows[0]!.map((first, i) => {
    if (branches.length === 1) return first;
    return selectN(first.ndim === 1 ? at : broadcastInDim(at, first.shape, [0]), rows.map((r) => r[i]!));
  });
  return [outs, outs.map(() => 0)];
}

function dceCond(used: readonly boolean[], eqn: Eqn): Eqn {
  const { branches } = eqn.params as CondParams;
  const usedInputs = union(branches.map((b) => dceClosed(b, used).usedInputs));
  const pruned = branches.map((b) => cachedOn(b, `cond.dce/${mask(used)}/${mask(usedInputs)}`, () => {
    const { jaxpr } = dceClosed(b, used).closed;
    return new ClosedJaxpr(new Jaxpr([], pick(b.jaxpr.invars, usedInputs), jaxpr.eqns, jaxpr.outvars, jaxpr.name), []);
  }));
  const keep = [true, ...usedInputs];
  return new Eqn(eqn.prim, pick(eqn.inputs, keep), pick(eqn.outputs, used), { branches: pruned }, effectsOf(pruned), eqn.scope);
}

function effectsOf(branches: readonly ClosedJaxpr[]): string[] {
  return [...new Set(branches.flatMap((b) => [...b.effects]))];
}

/** One of several jaxprs of the same types, chosen by an index. Mirrors `cond_p`. */
export const condP: MultiPrimitive<CondParams> = defineMultiPrimitive<CondParams>({
  name: 'cond',
  abstract: (avals, p) => {
    checkOperands(avals, p);
    // Weak only where every branch gives a weak type.
    return p.branches[0]!.outAvals.map((a, i) => (p.branches.every((b) => b.jaxpr.outvars[i]!.aval.weakType) ? a : a.strong()));
  },
  lower: (ctx, [index, ...ops], { branches }, outs) => (branches.length === 1 ? ctx.inline(branches[0]!, ops)
    : outs.length === 0 && effectsOf(branches).length === 0 ? []
      : hlo.switchCase(ctx, index!, outs, branches.map((b) => (c) => c.inline(b, ops)), effectsOf(branches).includes('ordered'))),
  effects: ({ branches }) => effectsOf(branches),
  axisNames: ({ branches }) => branches.flatMap(jaxprAxisNames),
  varying: ([index, ...ops], { branches }) => {
    const each = branches.map((b) => varyingOuts(b, ops));
    return each[0]!.map((_, i) => axesOfAny([index!, ...each.map((outs) => outs[i]!)]));
  },
  jvp: jvpCond,
  partialEval: (known, unknown, args, isUnknown, { branches }) => {
    // The branch itself is not known: all is left for later.
    if (isUnknown[0]) return unknown(() => condP.bind({ branches }, ...args));
    const [index, ...ops] = args;
    const unk = isUnknown.slice(1);
    const split = splitCond(branches, unk);
    const numKnown = split.outUnknown.filter((u) => !u).length;
    const needed = numKnown + split.numResiduals > 0 || effectsOf(split.known).length > 0;
    const first = known(() => (needed ? condP.bind({ branches: split.known }, index!, ...pick(ops, unk, false)) : []));
    const second = unknown(() => condP.bind({ branches: split.unknown }, index!, ...first.slice(numKnown), ...split.forwarded.map((i) => ops[i]!), ...pick(ops, unk)));
    let [k, u] = [0, 0];
    return split.outUnknown.map((x) => (x ? second[u++]! : first[k++]!));
  },
  transpose: transposeCond,
  batch: batchCond,
  dce: dceCond,
  sample: () => {
    const a = new ShapedArray([3], 'float32');
    const branch = (f: (x: Array, y: Array) => Array) => hoistConsts(stage(([x, y]) => [f(x!, y!)], [a, a], 'branch')).closed;
    // All are linear in y, none is in x: transposes need that of every branch.
    const branches = [branch((x, y) => mul(sin(x), y)), branch((x) => mul(x, x)), branch((x, y) => add(sin(x), y))];
    const x = { shape: [3], dtype: 'float32' };
    const index = (i: number) => ({ shape: [], dtype: 'int32', values: [i], constant: true });
    return [{ inputs: [index(0), x, x], params: { branches } }, { inputs: [index(2), x, x], params: { branches } }, { inputs: [index(1), x, x], params: { branches: branches.slice(0, 2) } }];
  },
});
