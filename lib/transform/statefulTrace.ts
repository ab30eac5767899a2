import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { checkLive, currentTrace, Tracer, withTrace } from '../core/trace';
import type { Jaxpr } from '../core/jaxpr';
import type { TreeDef } from '../core/tree';
import { type Reads, trackReads } from '../environ/reads';
import { type AnyFunction, FlatFunction } from '../functional/treeFunction';
import { StageTrace } from '../interpreters/stage';
import { StateTraceStack } from '../state/recorder';
import type { State } from '../state/state';

/** A function that touches states, traced: a pure jaxpr from arguments and states to results and states. */
export interface StatefulTrace {
  /** From the leaves of the arguments, then of the states, to those of the result, then of the states that were written. */
  jaxpr: Jaxpr;
  consts: Array[];
  /** Whether something captured belongs to a transform in progress, so that the jaxpr is good for this moment only. */
  capturesTracers: boolean;
  outDef: TreeDef;
  numOuts: number;
  /** States in the order in which they were first touched. */
  states: State<unknown>[];
  /** For each state its value's structure and types on entry. */
  inDefs: TreeDef[];
  inAvals: (readonly ShapedArray[])[];
  /** Whether the state is among the jaxpr's results. */
  written: boolean[];
  /** Whether the function wrote the state. */
  beenWritten: boolean[];
  /** For each state that was written, in order, its value's structure and types at the end. */
  writtenStates: State<unknown>[];
  writtenDefs: TreeDef[];
  writtenAvals: (readonly ShapedArray[])[];
  /** Keys of the environment that the function read. */
  reads: Reads;
}

/**
 * Traces a function once, finding the states that it reads and writes on the way. Every state is as it was before when this returns or throws.
 *
 * @param allStates whether states that were only read are among the results, too
 * @param partOf what the function sees of a state's arrays, where that is not all
 */
export function traceStateful(f: AnyFunction, def: TreeDef, avals: readonly ShapedArray[], what: string, name: string, allStates = false, partOf: (state: State<unknown>, aval: ShapedArray) => ShapedArray = (_, a) => a, kind = 'jit'): StatefulTrace {
  const trace = new StageTrace(currentTrace(), kind);
  const inDefs: TreeDef[] = [];
  const inAvals: ShapedArray[][] = [];
  const recorder = new StateTraceStack({
    name,
    newArg: (state) => {
      const { def: d, leaves } = state.flatValue();
      for (const x of leaves) if (x.owner?.closed) checkLive(x, `the value of ${state.describe()}`);
      inDefs.push(d);
      inAvals.push(leaves.map((x) => x.aval));
      return d.unflatten(leaves.map((x) => trace.newInput(partOf(state, x.aval))));
    },
  });
  // A function that writes states need not return anything.
  const flat = new FlatFunction(f, def, what, false, () => recorder.beenWriten.includes(true));
  try {
    const inputs = avals.map((a) => trace.newInput(a));
    const { result: outs, reads } = trackReads(() => recorder.run(() => withTrace(trace, () => flat.call(inputs as Array[]))));
    const written = recorder.states.map((_, i) => allStates || recorder.beenWriten[i]!);
    const writtenStates = recorder.states.filter((_, i) => written[i]);
    const values = writtenStates.map((s) => s.flatValue());
    const results = [...outs, ...values.flatMap((v) => v.leaves)];
    const { jaxpr, consts } = trace.finish(results, name);
    return {
      jaxpr, consts, capturesTracers: consts.some((x) => x instanceof Tracer), outDef: flat.outDef, numOuts: outs.length,
      states: [...recorder.states], inDefs, inAvals, written, beenWritten: [...recorder.beenWriten], writtenStates,
      writtenDefs: values.map((v) => v.def), writtenAvals: values.map((v) => v.leaves.map((x) => x.aval)), reads,
    };
  } finally {
    trace.closed = true;
    recorder.recoveryOriginalValues();
    for (const s of recorder.made) s.poisonIfTraced();
  }
}

/** Arrays of the states that a function touches, as inputs of its jaxpr. Those who record states see them read. */
export function readStates({ states }: StatefulTrace): Array[] {
  return states.flatMap((s) => {
    void s.value;
    return s.flatValue().leaves;
  });
}

/** Gives to the states that a function wrote what its jaxpr has for them after the results of its own. */
export function writeStates(t: StatefulTrace, results: readonly Array[]): void {
  let at = t.numOuts;
  t.writtenStates.forEach((s, i) => {
    const n = t.writtenAvals[i]!.length;
    s.writeBack(t.writtenDefs[i]!.unflatten(results.slice(at, at + n)));
    at += n;
  });
}
