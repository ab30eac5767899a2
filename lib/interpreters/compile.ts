import { type Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { backend } from '../core/backend';
import type { Jaxpr, Var } from '../core/jaxpr';
import { type Buffer, cachedCompile, cachedCompileSync, type CompileOptions, type Executable } from '../pjrt';
import { lowerToStableHlo } from '../stablehlo';

export interface CompileJaxprOptions {
  name: string;
  /** Inputs (without constants) whose memory the program may take over. */
  donated?: readonly boolean[];
  /** In place of `donated`: for each input the output that may take its memory, or −1. */
  aliases?: readonly number[];
}

/** A jaxpr compiled for the default device. */
export class Compiled {
  readonly executable: Executable;
  readonly outAvals: readonly ShapedArray[];
  private readonly consts: readonly Array[];

  constructor(executable: Executable, consts: readonly Array[], outAvals: readonly ShapedArray[]) {
    this.executable = executable;
    this.consts = consts;
    this.outAvals = outAvals;
  }

  /** Runs the program on arrays with values; returns before the results are there. */
  call(args: readonly Array[], nonDonatable?: readonly number[]): ConcreteArray[] {
    const c = this.consts.length;
    const buffers = new globalThis.Array<Buffer>(c + args.length);
    for (let i = 0; i < c; i++) buffers[i] = (this.consts[i] as ConcreteArray).buffer;
    for (let i = 0; i < args.length; i++) buffers[c + i] = (args[i] as ConcreteArray).buffer;
    const results = nonDonatable === undefined ? this.executable.execute(buffers) : this.executable.execute(buffers, { nonDonatable: nonDonatable.map((i) => c + i) });
    const outs = new globalThis.Array<ConcreteArray>(results.length);
    for (let i = 0; i < results.length; i++) outs[i] = new ConcreteArray(this.outAvals[i]!, results[i]!);
    return outs;
  }
}

/** For each parameter, constants first, the output that may take its memory: donated inputs are matched to outputs of their type, each once. */
export function matchDonations(jaxpr: Jaxpr, donated: readonly boolean[], taken = new Set<number>()): number[] {
  const match = (v: Var, i: number): number => {
    if (!donated[i]) return -1;
    for (let k = 0; k < jaxpr.outvars.length; k++) {
      if (!taken.has(k) && jaxpr.outvars[k]!.aval.matches(v.aval)) {
        taken.add(k);
        return k;
      }
    }
    return -1;
  };
  return [...jaxpr.constvars.map(() => -1), ...jaxpr.invars.map(match)];
}

/** StableHLO text of a jaxpr as it is compiled. */
export function lowerJaxpr(jaxpr: Jaxpr, options: CompileJaxprOptions): string {
  const given = options.aliases && [...jaxpr.constvars.map(() => -1), ...options.aliases];
  const aliases = given ?? (options.donated?.some(Boolean) ? matchDonations(jaxpr, options.donated) : undefined);
  return lowerToStableHlo(jaxpr, { name: options.name, platform: backend().platform, aliases });
}

// Without this, the largest of 1 and NaN is 1 on CPUs; other platforms do not look at it.
const DEFAULT_OPTIONS: CompileOptions = { envOptionOverrides: { xla_cpu_enable_fast_min_max: false } };

/** Lowers and compiles a jaxpr, through the compile cache. */
export function compileJaxpr(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions): Compiled {
  const executable = cachedCompileSync(backend().client, lowerJaxpr(jaxpr, options), DEFAULT_OPTIONS);
  return new Compiled(executable, consts, jaxpr.outAvals);
}

/** {@link compileJaxpr} on a thread of its own. */
export async function compileJaxprAsync(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions): Promise<Compiled> {
  const executable = await cachedCompile(backend().client, lowerJaxpr(jaxpr, options), DEFAULT_OPTIONS);
  return new Compiled(executable, consts, jaxpr.outAvals);
}
