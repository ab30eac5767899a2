import type { Array } from '../core/array';
import { configKey } from '../core/config';
import type { ClosedJaxpr } from '../core/jaxpr';
import { customJvpCallP } from '../interpreters/customRules';
import type { JvpRule } from '../interpreters/derivativeRules';
import { hoistConsts, stage } from '../interpreters/stage';

/**
 * Gives a function of arrays its own forward derivative, `rule`. It must hold no arrays but host scalars.
 * For functions of this package; users have `customJvp`.
 */
export function withJvp(name: string, f: (...xs: Array[]) => readonly Array[], rule: JvpRule): (...xs: Array[]) => Array[] {
  const known = new Map<string, ClosedJaxpr>();
  return (...xs) => {
    const key = `${xs.map((x) => x.aval.key).join(';')}!${configKey()}`;
    let closed = known.get(key);
    if (closed === undefined) known.set(key, (closed = hoistConsts(stage((ys) => f(...ys), xs.map((x) => x.aval), name)).closed));
    return customJvpCallP.bind({ name, callJaxpr: closed, jvpJaxprFun: rule }, ...xs);
  };
}
