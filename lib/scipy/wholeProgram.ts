import type { Array } from '../core/array';
import { config } from '../core/config';
import { internJaxpr } from '../core/jaxprKey';
import { isStaging } from '../core/trace';
import { jitP, jitParams } from '../interpreters/jit';
import { hoistConsts, stage } from '../interpreters/stage';

/** Runs a function of arrays, which may capture others, as one compiled program: it is traced anew, and compiled once for each program that comes out. */
export function wholeProgram(name: string, f: (xs: Array[]) => readonly Array[], xs: readonly Array[]): Array[] {
  if (isStaging() || config.debugNans || config.debugInfs || config.disableJit) return [...f([...xs])];
  const { closed, consts } = hoistConsts(stage(f, xs.map((x) => x.aval), name));
  return jitP.bind(jitParams(internJaxpr(closed), name), ...consts, ...xs);
}
