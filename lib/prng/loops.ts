import type { Array } from '../core/array';
import { hoistConsts, stage } from '../interpreters/stage';
import { scanP, whileP } from '../primitives/control';

/** Repeats `body` on the values as long as `cond` gives true; both may use arrays from outside. */
export function whileLoop(inits: readonly Array[], cond: (xs: Array[]) => Array, body: (xs: Array[]) => readonly Array[]): Array[] {
  const avals = inits.map((x) => x.aval.strong());
  const c = hoistConsts(stage((xs) => [cond(xs)], avals, 'cond'));
  const b = hoistConsts(stage(body, avals, 'body'));
  return whileP.bind({ condNconsts: c.consts.length, condJaxpr: c.closed, bodyNconsts: b.consts.length, bodyJaxpr: b.closed }, ...c.consts, ...b.consts, ...inits);
}

/** Carries values along dimension 0 of `xs`: the last carry, then what each step gave, stacked. */
export function scan(carry: readonly Array[], xs: readonly Array[], length: number, unroll: number | boolean, step: (carry: Array[], x: Array[]) => { carry: readonly Array[]; ys: readonly Array[] }): Array[] {
  const n = carry.length;
  const avals = [...carry.map((x) => x.aval.strong()), ...xs.map((x) => x.aval.withShape(x.shape.slice(1)))];
  const s = hoistConsts(stage((args) => {
    const r = step(args.slice(0, n), args.slice(n));
    return [...r.carry, ...r.ys];
  }, avals, 'step'));
  return scanP.bind({ jaxpr: s.closed, length, numCarry: n, numConsts: s.consts.length, reverse: false, unroll }, ...s.consts, ...carry, ...xs);
}
