import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { DtypeError, ShapeError } from '../core/errors';
import { ClosedJaxpr, Eqn, evalJaxpr, Jaxpr } from '../core/jaxpr';
import { cachedOn, jaxprAxisNames, mask } from '../core/jaxprCache';
import type { IrValue, LoweringContext } from '../core/lowering';
import { identityOf } from '../core/paramsKey';
import { dceClosed } from '../core/passes/dce';
import { absent, type AxisData, type BatchDim, defineMultiPrimitive, type MaybeZero, type MultiPrimitive } from '../core/primitive';
import { BatchingError, batchJaxpr, materialize } from '../interpreters/batch';
import { jvpJaxpr } from '../interpreters/jvp';
import { partialEvalJaxpr } from '../interpreters/partial';
import { hoistConsts, stage } from '../interpreters/stage';
import { axesOfAny, varyingCarry, varyingOuts } from '../interpreters/varying';
import { hlo } from '../stablehlo';
import { add, lt, mul, selectN } from './elementwise';
import { between, fixpoint, or, pick } from './flags';
import { rearranged } from './jaxprTools';
import { reduceOr } from './reduction';
import { broadcastInDim, like, moveaxis, zerosLike } from './structural';

/** Parameters of `while`: JAX's. Operands are constants of the condition, constants of the body, then the carry. */
export interface WhileParams {
  condNconsts: number;
  condJaxpr: ClosedJaxpr;
  bodyNconsts: number;
  bodyJaxpr: ClosedJaxpr;
}

interface Groups<T> {
  cond: T[];
  body: T[];
  carry: T[];
}

function groups<T>(all: readonly T[], { condNconsts: c, bodyNconsts: b }: WhileParams): Groups<T> {
  return { cond: all.slice(0, c), body: all.slice(c, c + b), carry: all.slice(c + b) };
}

/** A value derived from the two jaxprs together. */
function cachedOnBoth<T>(p: WhileParams, key: string, make: () => T): T {
  return cachedOn(p.bodyJaxpr, `${key}/${p.condNconsts}/${p.bodyNconsts}/${identityOf(p.condJaxpr)}`, make);
}

function checkOperands(avals: readonly ShapedArray[], p: WhileParams): void {
  const given = groups(avals, p);
  const expect = (what: string, wanted: readonly ShapedArray[], got: readonly ShapedArray[]) => {
    if (wanted.length !== got.length || wanted.some((a, i) => !a.matches(got[i]!))) throw new ShapeError(`while: expected ${what} of types (${wanted.join(', ')}), got (${got.join(', ')})`);
  };
  expect('operands of the condition', p.condJaxpr.inAvals, [...given.cond, ...given.carry]);
  expect('operands of the body', p.bodyJaxpr.inAvals, [...given.body, ...given.carry]);
  expect('results of the body', given.carry, p.bodyJaxpr.outAvals);
  const pred = p.condJaxpr.outAvals;
  if (pred.length !== 1 || pred[0]!.ndim !== 0 || pred[0]!.dtype !== 'bool') throw new DtypeError(`while: expected the condition to give one bool scalar, got (${pred.join(', ')})`);
}

function jvpWhile(primals: readonly Array[], tangents: readonly MaybeZero[], p: WhileParams): [Array[], MaybeZero[]] {
  const x = groups(primals, p);
  const t = groups(tangents, p);
  const bodyNonzero = t.body.map((v) => v !== null);
  const { flags: carryNonzero, made: d } = fixpoint(t.carry.map((v) => v !== null), (flags) => jvpJaxpr(p.bodyJaxpr, [...bodyNonzero, ...flags], flags), (j) => j.nonzeroOut);
  const made = cachedOnBoth(p, `while.jvp/${mask(bodyNonzero)}/${mask(carryNonzero)}`, () => {
    const numIn = bodyNonzero.length + carryNonzero.length;
    const numBodyTangents = bodyNonzero.filter(Boolean).length;
    const numCarryTangents = carryNonzero.filter(Boolean).length;
    // Constants and their tangents, then the carry and its tangents.
    const body = rearranged(d.jaxpr, [
      ...between(0, p.bodyNconsts), ...between(numIn, numIn + numBodyTangents), ...between(p.bodyNconsts, numIn), ...between(numIn + numBodyTangents, numIn + numBodyTangents + numCarryTangents),
    ], between(0, d.jaxpr.jaxpr.outvars.length));
    return { body, cond: withMoreInputs(p.condJaxpr, body.inAvals.slice(p.bodyNconsts + numBodyTangents + carryNonzero.length)) };
  });
  const bodyConsts = [...x.body, ...t.body.filter((v) => v !== null)];
  const carryTangents = x.carry.flatMap((v, i) => (carryNonzero[i] ? [t.carry[i] ?? zerosLike(v.aval)] : []));
  const outs = whileP.bind(
    { ...p, bodyNconsts: bodyConsts.length, condJaxpr: made.cond, bodyJaxpr: made.body },
    ...x.cond, ...bodyConsts, ...x.carry, ...carryTangents,
  );
  let next = x.carry.length;
  return [outs.slice(0, next), carryNonzero.map((z) => (z ? outs[next++]! : null))];
}

/** A jaxpr with inputs at the end that it does not read. */
function withMoreInputs(closed: ClosedJaxpr, avals: readonly ShapedArray[]): ClosedJaxpr {
  if (avals.length === 0) return closed;
  return hoistConsts(stage((args) => evalJaxpr(closed.jaxpr, [], args.slice(0, closed.jaxpr.invars.length)), [...closed.inAvals, ...avals], closed.jaxpr.name)).closed;
}

interface WhileSplit {
  carryUnknown: boolean[];
  /** The loop on what is known; null where the condition needs more. */
  known: WhileParams | null;
}

function splitWhile(p: WhileParams, isUnknown: readonly boolean[]): WhileSplit {
  return cachedOnBoth(p, `while.partial/${mask(isUnknown)}`, () => {
    const unk = groups(isUnknown, p);
    const { flags: carryUnknown, made: split } = fixpoint(unk.carry, (flags) => partialEvalJaxpr(p.bodyJaxpr, [...unk.body, ...flags], flags), (s) => s.outUnknown);
    const cond = partialEvalJaxpr(p.condJaxpr, [...unk.cond, ...carryUnknown]);
    if (cond.outUnknown[0] || carryUnknown.every(Boolean)) return { carryUnknown, known: null };
    const body = split.known;
    const wanted = body.jaxpr.outvars.map((_, i) => i < carryUnknown.filter((u) => !u).length);
    const pruned = dceClosed(body, wanted).closed.jaxpr;
    return {
      carryUnknown,
      known: {
        condNconsts: unk.cond.filter((u) => !u).length,
        condJaxpr: cond.known,
        bodyNconsts: unk.body.filter((u) => !u).length,
        bodyJaxpr: new ClosedJaxpr(new Jaxpr([], body.jaxpr.invars, pruned.eqns, pruned.outvars, pruned.name), []),
      },
    };
  });
}

function batchWhile(axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], p: WhileParams): [Array[], BatchDim[]] {
  const mapped = groups(dims.map((d) => d !== null), p);
  for (const e of [...p.condJaxpr.effects, ...p.bodyJaxpr.effects]) if (e === 'ordered') throw new BatchingError('while: a loop with ordered effects cannot be mapped');
  let carry = fixpoint(mapped.carry, (flags) => batchJaxpr(p.bodyJaxpr, axis, [...mapped.body, ...flags], flags), (b) => b.outMapped).flags;
  const pred = batchJaxpr(p.condJaxpr, axis, [...mapped.cond, ...carry]).outMapped[0]!;
  let params: WhileParams;
  let condConsts: readonly boolean[] = mapped.cond;
  if (pred) {
    for (const e of [...p.condJaxpr.effects, ...p.bodyJaxpr.effects]) {
      if (e.startsWith('io')) throw new BatchingError(`while: a loop with the effect '${e}' cannot be mapped where the number of steps differs along the axis`);
    }
    // Entries that are done stay as they are while others go on; the condition's constants go along with the body's.
    carry = carry.map(() => true);
    condConsts = mapped.cond;
    params = cachedOnBoth(p, `while.batch/${axis.size}/${axis.name}/${mask(mapped.cond)}/${mask(mapped.body)}`, () => {
      const cond = batchJaxpr(p.condJaxpr, axis, [...mapped.cond, ...carry], true).jaxpr;
      const body = batchJaxpr(p.bodyJaxpr, axis, [...mapped.body, ...carry], true).jaxpr;
      const any = hoistConsts(stage((xs) => [reduceOr(evalJaxpr(cond.jaxpr, [], xs)[0]!, [0])], cond.inAvals, p.condJaxpr.jaxpr.name)).closed;
      const step = hoistConsts(stage((xs) => {
        const c = xs.slice(0, p.condNconsts);
        const b = xs.slice(p.condNconsts, p.condNconsts + p.bodyNconsts);
        const old = xs.slice(p.condNconsts + p.bodyNconsts);
        const going = evalJaxpr(cond.jaxpr, [], [...c, ...old])[0]!;
        return evalJaxpr(body.jaxpr, [], [...b, ...old]).map((y, i) => selectN(y.ndim === 1 ? going : broadcastInDim(going, y.shape, [0]), [old[i]!, y]));
      }, [...cond.inAvals.slice(0, p.condNconsts), ...body.inAvals], p.bodyJaxpr.jaxpr.name)).closed;
      return { condNconsts: p.condNconsts, condJaxpr: any, bodyNconsts: p.condNconsts + p.bodyNconsts, bodyJaxpr: step };
    });
  } else {
    params = { ...p, condJaxpr: batchJaxpr(p.condJaxpr, axis, [...mapped.cond, ...carry]).jaxpr, bodyJaxpr: batchJaxpr(p.bodyJaxpr, axis, [...mapped.body, ...carry], carry).jaxpr };
  }
  const x = groups(args, p);
  const d = groups(dims, p);
  const front = (v: Array, dim: BatchDim) => (dim === null ? v : moveaxis(v, dim, 0));
  const cs = x.cond.map((v, i) => front(v, condConsts[i] ? d.cond[i]! : null));
  const bs = x.body.map((v, i) => front(v, d.body[i]!));
  const outs = whileP.bind(params, ...cs, ...(pred ? cs : []), ...bs, ...x.carry.map((v, i) => (carry[i] ? materialize(v, d.carry[i]!, axis.size) : v)));
  return [outs, carry.map((m) => (m ? 0 : null))];
}

function dceWhile(used: readonly boolean[], eqn: Eqn): Eqn {
  const p = eqn.params as WhileParams;
  const cond = dceClosed(p.condJaxpr, [true]).usedInputs;
  const start = or(used, cond.slice(p.condNconsts));
  const { flags: carry, made: body } = fixpoint(start, (flags) => dceClosed(p.bodyJaxpr, flags), (b) => b.usedInputs.slice(p.bodyNconsts));
  if (carry.every(Boolean)) return eqn;
  const condConsts = cond.slice(0, p.condNconsts);
  const bodyConsts = body.usedInputs.slice(0, p.bodyNconsts);
  const params = cachedOnBoth(p, `while.dce/${mask(carry)}`, (): WhileParams => {
    const prune = (j: Jaxpr, from: Jaxpr, keep: readonly boolean[]) => new ClosedJaxpr(new Jaxpr([], pick(from.invars, keep), j.eqns, j.outvars, j.name), []);
    return {
      condNconsts: condConsts.filter(Boolean).length,
      condJaxpr: prune(dceClosed(p.condJaxpr, [true]).closed.jaxpr, p.condJaxpr.jaxpr, [...condConsts, ...carry]),
      bodyNconsts: bodyConsts.filter(Boolean).length,
      bodyJaxpr: prune(body.closed.jaxpr, p.bodyJaxpr.jaxpr, [...bodyConsts, ...carry]),
    };
  });
  return new Eqn(eqn.prim, pick(eqn.inputs, [...condConsts, ...bodyConsts, ...carry]), pick(eqn.outputs, carry), params, eqn.effects, eqn.scope);
}

/** A condition's region cannot hand on the order of callbacks: the body computes the next condition. */
function lowerWithOrderedCondition(ctx: LoweringContext, consts: readonly IrValue[], carry: readonly IrValue[], numCond: number, p: WhileParams): IrValue[] {
  const k = consts.length;
  const first = ctx.inline(p.condJaxpr, [...consts.slice(0, numCond), ...carry]);
  const outs = hlo.whileLoop(ctx, [...consts, ...first, ...carry], (_, v) => [v[k]!], (inner, v) => {
    const next = inner.inline(p.bodyJaxpr, [...v.slice(numCond, k), ...v.slice(k + 1)]);
    return [...v.slice(0, k), ...inner.inline(p.condJaxpr, [...v.slice(0, numCond), ...next]), ...next];
  }, true);
  return outs.slice(k + 1);
}

/** A loop that goes on while a condition on the carry holds. Mirrors `while_p`. */
export const whileP: MultiPrimitive<WhileParams> = defineMultiPrimitive<WhileParams>({
  name: 'while',
  abstract: (avals, p) => {
    checkOperands(avals, p);
    return p.bodyJaxpr.outAvals;
  },
  lower: (ctx, args, p) => {
    const { cond, body, carry } = groups(args, p);
    const [c, b] = [cond.length, cond.length + body.length];
    // Constants go through the loop unchanged, so that XLA keeps them in place.
    if (p.condJaxpr.effects.has('ordered')) return lowerWithOrderedCondition(ctx, [...cond, ...body], carry, c, p);
    const outs = hlo.whileLoop(ctx, [...cond, ...body, ...carry], (inner, v) => inner.inline(p.condJaxpr, [...v.slice(0, c), ...v.slice(b)]), (inner, v) => [...v.slice(0, b), ...inner.inline(p.bodyJaxpr, v.slice(c))], p.bodyJaxpr.effects.has('ordered'));
    return outs.slice(b, b + carry.length);
  },
  effects: ({ condJaxpr, bodyJaxpr }) => [...new Set([...condJaxpr.effects, ...bodyJaxpr.effects])],
  axisNames: ({ condJaxpr, bodyJaxpr }) => [...jaxprAxisNames(condJaxpr), ...jaxprAxisNames(bodyJaxpr)],
  varying: (ins, p) => {
    const { cond, body, carry } = groups(ins, p);
    // Where devices go round a different number of times, all that they carry differs.
    return varyingCarry(carry, (c) => {
      const goesOn = varyingOuts(p.condJaxpr, [...cond, ...c])[0]!;
      return varyingOuts(p.bodyJaxpr, [...body, ...c]).map((s) => axesOfAny([s, goesOn]));
    });
  },
  jvp: jvpWhile,
  partialEval: (known, unknown, args, isUnknown, p) => {
    // Steps cannot be stored, their number being unknown: the known part runs for its results, and all of the loop again in the unknown part.
    const split = splitWhile(p, isUnknown);
    const all = () => unknown(() => whileP.bind(p, ...args));
    if (split.known === null) return all();
    const x = groups(args, p);
    const unk = groups(isUnknown, p);
    const first = known(() => whileP.bind(split.known!, ...pick(x.cond, unk.cond, false), ...pick(x.body, unk.body, false), ...pick(x.carry, split.carryUnknown, false)));
    if (!split.carryUnknown.includes(true)) return first;
    const second = all();
    let k = 0;
    return split.carryUnknown.map((u, i) => (u ? second[i]! : first[k++]!));
  },
  transpose: absent('the number of steps of a while loop is not known, so that its steps cannot be stored; use lax.scan, or lax.foriLoop with static bounds'),
  batch: batchWhile,
  dce: dceWhile,
  sample: () => {
    const scalar = new ShapedArray([], 'float32');
    const vector = new ShapedArray([3], 'float32');
    const cond = hoistConsts(stage(([limit, i]) => [lt(i!, limit!)], [scalar, scalar, vector], 'cond')).closed;
    const body = hoistConsts(stage(([w, i, x]) => [add(i!, like(i!, 1)), mul(x!, w!)], [vector, scalar, vector], 'body')).closed;
    const params: WhileParams = { condNconsts: 1, condJaxpr: cond, bodyNconsts: 1, bodyJaxpr: body };
    const skip = { grad: 'reverse-mode differentiation needs a known number of steps', second: 'as above' };
    return [{
      inputs: [{ shape: [], dtype: 'float32', values: [3], constant: true }, { shape: [3], dtype: 'float32' }, { shape: [], dtype: 'float32', values: [0.5], constant: true }, { shape: [3], dtype: 'float32' }],
      params, skip,
    }];
  },
});
