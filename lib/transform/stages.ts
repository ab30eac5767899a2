import type { ShapedArray } from '../core/aval';
import { ArgumentError } from '../core/errors';
import { ClosedJaxpr } from '../core/jaxpr';
import { type TreeDef, unflatten } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { optionsObject } from '../functional/options';
import { ShapeDtypeStruct } from '../functional/staging';
import type { Compiled, CompilerOptions } from '../interpreters/compile';
import type { Specialization } from './specialization';

/** One array among the arguments of a function that was traced. Mirrors `jax.stages.ArgInfo`. */
export interface ArgInfo {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly weakType: boolean;
  /** Whether the program may take its memory. */
  readonly donated: boolean;
}

/** What is known of a function for one signature, at every stage. */
export interface Stage {
  /** Structure of the list of arguments, without static ones. */
  readonly inTree: TreeDef;
  readonly outTree: TreeDef;
  /** For each array of the arguments an {@link ArgInfo}, in their structure. */
  readonly argsInfo: unknown;
  /** Types of the arguments, in their structure. */
  readonly inAvals: unknown;
  /** Types of the result, in its structure. */
  readonly outInfo: unknown;
  /** Numbers of the arrays that are donated. */
  readonly donateArgnums: readonly number[];
}

/** A function traced for one signature; it prints as its jaxpr. Mirrors `jax.stages.Traced`. */
export interface Traced extends Stage {
  /** From captured arrays, arguments and states to the result and the states that were written. */
  readonly jaxpr: ClosedJaxpr;
  readonly funName: string;
  lower(): Lowered;
  toString(): string;
}

/** A function's program for one signature, before compiling. Mirrors `jax.stages.Lowered`. */
export interface Lowered extends Stage {
  /** StableHLO text. */
  asText(): string;
  /**
   * Compiles, in this thread.
   *
   * @param compilerOptions options of XLA for this program alone, beside those that `jit` was given
   * @throws XlaError for an option that XLA does not have, or a value that does not suit it
   */
  compile(compilerOptions?: CompilerOptions | null): CompiledFunction;
}

/** A program for one signature, and what the compiler tells of it. Mirrors `jax.stages.Compiled`: static arguments are not given again. */
export interface CompiledFunction extends Stage {
  (...args: unknown[]): unknown;
  /** The program after XLA's optimisation, in XLA's notation (HLO). @throws XlaError where the platform does not give it */
  asText(): string;
  /** XLA's estimates (`flops`, `bytes accessed`, `transcendentals` …) after optimisation, or null where the platform gives none, as in JAX. */
  costAnalysis(): Record<string, number> | null;
  /** Bytes that a run needs, or null where the platform does not tell, as in JAX. */
  memoryAnalysis(): MemoryAnalysis | null;
}

/** Bytes that a program needs on a device, and of the host's memory. Mirrors what `memory_analysis` of JAX's compiled functions gives. */
export interface MemoryAnalysis {
  readonly generatedCodeSizeInBytes: number;
  readonly argumentSizeInBytes: number;
  readonly outputSizeInBytes: number;
  /** Of the outputs, what takes the memory of arguments. */
  readonly aliasSizeInBytes: number;
  readonly tempSizeInBytes: number;
  readonly hostGeneratedCodeSizeInBytes: number;
  readonly hostArgumentSizeInBytes: number;
  readonly hostOutputSizeInBytes: number;
  readonly hostAliasSizeInBytes: number;
  readonly hostTempSizeInBytes: number;
  /** The most at one time; 0 where the platform does not tell. */
  readonly peakMemoryInBytes: number;
}

/** What the platform tells of the memory of a program. */
export function memoryAnalysis({ executable }: Compiled): MemoryAnalysis | null {
  const m = executable.memoryStats();
  return m && {
    generatedCodeSizeInBytes: m.generatedCodeBytes!,
    argumentSizeInBytes: m.argumentBytes!,
    outputSizeInBytes: m.outputBytes!,
    aliasSizeInBytes: m.aliasBytes!,
    tempSizeInBytes: m.tempBytes!,
    hostGeneratedCodeSizeInBytes: m.hostGeneratedCodeBytes!,
    hostArgumentSizeInBytes: m.hostArgumentBytes!,
    hostOutputSizeInBytes: m.hostOutputBytes!,
    hostAliasSizeInBytes: m.hostAliasBytes!,
    hostTempSizeInBytes: m.hostTempBytes!,
    peakMemoryInBytes: m.peakBytes!,
  };
}

/** @throws ArgumentError unless the options are an object of strings, numbers and booleans, or null */
export function checkCompilerOptions(op: string, given: CompilerOptions | null | undefined): CompilerOptions | null {
  const options = optionsObject(op, given);
  for (const [name, v] of Object.entries(options)) {
    if (typeof v !== 'string' && typeof v !== 'boolean' && !(typeof v === 'number' && Number.isFinite(v))) {
      throw new ArgumentError(`${op}: expected the compiler's option ${name} to be a string, a finite number or a boolean, got ${describeValue(v)}`);
    }
  }
  return Object.keys(options).length === 0 ? null : options;
}

/** Adds what is known of a signature to what can be done with it; most is worked out when it is asked for. */
function stage<T extends object>({ def, trace, avals, options }: Specialization, more: T): T & Stage {
  const known: { [K in keyof Stage]: () => Stage[K] } = {
    inTree: () => def,
    outTree: () => trace.outDef,
    argsInfo: () => unflatten(def, avals.map((a: ShapedArray, i): ArgInfo => ({ shape: a.shape, dtype: a.dtype, weakType: a.weakType, donated: options.donated[i]! }))),
    inAvals: () => unflatten(def, [...avals]),
    outInfo: () => outInfo(trace),
    donateArgnums: () => options.donated.flatMap((d, i) => (d ? [i] : [])),
  };
  for (const [name, get] of Object.entries(known)) Object.defineProperty(more, name, { get, enumerable: true });
  return more as T & Stage;
}

/** Types of a traced function's result. */
export function outInfo({ outDef, jaxpr, numOuts }: Specialization['trace']): unknown {
  return outDef.unflatten(jaxpr.outAvals.slice(0, numOuts).map(ShapeDtypeStruct.of));
}

/** The stages of one signature. @param call runs the program of a signature on arguments */
export function traced(entry: Specialization, call: (entry: Specialization, args: readonly unknown[]) => unknown): Traced {
  const jaxpr = new ClosedJaxpr(entry.trace.jaxpr, entry.trace.consts);
  const toString = () => jaxpr.toString();
  return stage(entry, { jaxpr, funName: entry.name, lower: () => lowered(entry, call), toString, [Symbol.for('nodejs.util.inspect.custom')]: toString });
}

/** The signature's program before compiling. */
export function lowered(entry: Specialization, call: (entry: Specialization, args: readonly unknown[]) => unknown): Lowered {
  return stage(entry, {
    asText: () => entry.text(),
    compile: (given?: CompilerOptions | null) => {
      const compilerOptions = checkCompilerOptions(`compile of ${entry.name}`, given);
      const own = compilerOptions === null ? entry : entry.withCompilerOptions(compilerOptions);
      // Where programs may run elsewhere, it is compiled when it is asked for.
      void own.compile().executable;
      return compiledFunction(own, call);
    },
  });
}

/** The signature's program, compiled. */
export function compiledFunction(entry: Specialization, call: (entry: Specialization, args: readonly unknown[]) => unknown): CompiledFunction {
  const program = entry.compile();
  return stage(entry, Object.assign((...args: unknown[]) => call(entry, args), {
    asText: () => program.executable.hloText(),
    costAnalysis: () => program.costAnalysis(),
    memoryAnalysis: () => memoryAnalysis(program),
  }));
}
