import type { Array } from '../core/array';
import { hoistConsts, stage } from '../interpreters/stage';
import { where } from '../primitives/elementwise';
import { scanP, whileP } from '../primitives/control';
import { reduceOr } from '../primitives/reduction';
import { broadcastInDim } from '../primitives/structural';

/** Repeats `body` on the values as long as `cond` gives true; both may use arrays from outside. */
export function whileLoop(inits: readonly Array[], cond: (xs: Array[]) => Array, body: (xs: Array[]) => readonly Array[]): Array[] {
  const avals = inits.map((x) => x.aval.strong());
  const c = hoistConsts(stage((xs) => [cond(xs)], avals, 'cond'));
  const b = hoistConsts(stage(body, avals, 'body'));
  return whileP.bind({ condNconsts: c.consts.length, condJaxpr: c.closed, bodyNconsts: b.consts.length, bodyJaxpr: b.closed }, ...c.consts, ...b.consts, ...inits);
}

/** Loops of many lanes at once: dimension 0 of the values. Each lane goes on as long as `cond`, which is of shape [lanes], is true for it. */
export function laneLoop(inits: readonly Array[], cond: (xs: Array[]) => Array, body: (xs: Array[]) => readonly Array[]): Array[] {
  return whileLoop(inits, (xs) => reduceOr(cond(xs), [0]), (xs) => {
    const on = cond(xs);
    return body(xs).map((next, i) => where(next.ndim === 1 ? on : broadcastInDim(on, next.shape, [0]), next, xs[i]!));
  });
}

/** Carries values along dimension 0 of `xs`: the last carry, then what each step gave, stacked. */
export function scan(carry: readonly Array[], xs: readonly Array[], length: number, unroll: number | boolean, step: (carry: Array[], x: Array[]) => { carry: readonly Array[]; ys: readonly Array[] }): Array[] {
  const n = carry.length;
  const avals = [...carry.map((x) => x.aval.strong()), ...xs.map((x) => x.aval.withShape(x.shape.slice(1)))];
  const s = hoistConsts(stage((args) => {
    const r = step(args.slice(0, n), args.slice(n));
    return [...r.carry, ...r.ys];
  }, avals, 'step'));
  return scanP.bind({ jaxpr: s.closed, length, numCarry: n, numConsts: s.consts.length, reverse: false, unroll: typeof unroll === 'number' ? unroll : unroll ? Math.max(1, length) : 1 }, ...s.consts, ...carry, ...xs);
}
