import { totalmem } from 'node:os';
import { type Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { type Backend, backend, mainBackend, severalBackends } from '../core/backend';
import { config } from '../core/config';
import { ShapeError } from '../core/errors';
import { bytesPerElement } from '../core/hostFormat';
import type { Jaxpr, Var } from '../core/jaxpr';
import { type Buffer, cachedCompile, cachedCompileSync, type Client, type CompileOptions, type Executable } from '../pjrt';
import { hasFastWideVectors } from '../pjrt/processor';
import { addSpan, recording, timed } from '../pjrt/spans';
import { type LoweredModule, type LowerOptions, lowerToStableHlo } from '../stablehlo';
import { dumpProgram } from './dump';
import { operandBuffer } from './literals';

/** XLA's options for one program, by name. */
export type CompilerOptions = Readonly<Record<string, string | number | boolean>>;

export interface CompileJaxprOptions {
  name: string;
  /** Inputs (without constants) whose memory the program may take over. */
  donated?: readonly boolean[];
  /** In place of `donated`: for each input the output that may take its memory, or −1. */
  aliases?: readonly number[];
  /** XLA's options beside our own. */
  compilerOptions?: CompilerOptions | null;
}

/** A jaxpr compiled for the default device. */
export class Compiled {
  readonly outAvals: readonly ShapedArray[];
  private readonly own: Executable;
  private readonly consts: readonly Array[];
  private readonly compileAgain: () => Executable;
  private readonly compileKnown: (() => Executable) | null;
  private readonly donates: boolean;
  private readonly others = new Map<Client, Executable>();

  /** @param compileKnown compiles it without functions of ours, of which XLA knows no costs; null where it calls none */
  constructor(executable: Executable, consts: readonly Array[], outAvals: readonly ShapedArray[], compileAgain: () => Executable, compileKnown: (() => Executable) | null) {
    this.own = executable;
    this.compileKnown = compileKnown;
    this.consts = consts;
    this.outAvals = outAvals;
    this.compileAgain = compileAgain;
    this.donates = executable.parameters.some((p) => p.donated);
  }

  /** The program for the backend in use. */
  get executable(): Executable {
    if (!severalBackends()) return this.own;
    const { client } = backend();
    if (this.own.client === client) return this.own;
    let other = this.others.get(client);
    if (other === undefined) this.others.set(client, (other = this.compileAgain()));
    return other;
  }

  /** XLA's estimates of what the program costs, with products of matrices as its own; null where the platform gives none. */
  costAnalysis(): Record<string, number> | null {
    return (this.compileKnown ?? (() => this.executable))().costAnalysis() as Record<string, number> | null;
  }

  /** Runs the program on arrays with values; returns before the results are there. */
  call(args: readonly Array[]): ConcreteArray[] {
    const c = this.consts.length;
    const buffers = new globalThis.Array<Buffer>(c + args.length);
    for (let i = 0; i < c; i++) buffers[i] = (this.consts[i] as ConcreteArray).buffer;
    const { donates } = this;
    for (let i = 0; i < args.length; i++) {
      const x = args[i] as ConcreteArray;
      buffers[c + i] = donates ? x.buffer : operandBuffer(x);
    }
    if (this.outAvals.length === 1) return [new ConcreteArray(this.outAvals[0]!, this.executable.executeOne(buffers))];
    const results = this.executable.execute(buffers);
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

/** Memory of the device that results go to: on CPUs that of the machine, or what of it this process may have. */
function memoryBytes({ client, platform }: Backend): number {
  if (platform !== 'cpu') return client.addressableDevices[0]?.memoryStats()?.bytesLimit ?? Infinity;
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Results that cannot be in memory are refused before anything runs: a CPU's allocator hands out what is not there, and the process dies; a GPU's tries for ten seconds. */
function checkResults(jaxpr: Jaxpr, name: string): void {
  let bytes = 0;
  let largest: ShapedArray | null = null;
  for (const a of jaxpr.outAvals) {
    const own = a.size * bytesPerElement(a.dtype);
    if (largest === null || own > largest.size * bytesPerElement(largest.dtype)) largest = a;
    bytes += own;
  }
  if (bytes < 2 ** 32) return;
  const limit = memoryBytes(backend());
  if (bytes <= limit) return;
  throw new ShapeError(`${name.replace(/^jit_/, '')}: expected results that memory can hold, ${(limit / 1e9).toFixed(1)} GB here; got ${(bytes / 1e9).toFixed(1)} GB, of which ${largest} is the largest`);
}

function lowered(jaxpr: Jaxpr, options: CompileJaxprOptions, calls: Partial<LowerOptions> = {}): LoweredModule {
  const given = options.aliases && [...jaxpr.constvars.map(() => -1), ...options.aliases];
  const aliases = given ?? (options.donated?.some(Boolean) ? matchDonations(jaxpr, options.donated) : undefined);
  const lower = () => lowerToStableHlo(jaxpr, { name: options.name, platform: backend().platform, aliases, ...calls });
  return recording.on ? timed(`lower ${options.name}`, {}, lower) : lower();
}

/** A jaxpr as it is compiled here. */
const loweredHere = (jaxpr: Jaxpr, options: CompileJaxprOptions) => lowered(jaxpr, options, { hasProducts: () => backend().client.hasProducts, hasLapack: () => backend().client.hasLapack });

/** StableHLO text of a jaxpr that any XLA of the platform can compile: as {@link compileJaxpr} compiles it, but without functions of our addon. */
export function lowerJaxpr(jaxpr: Jaxpr, options: CompileJaxprOptions): string {
  return lowered(jaxpr, options).text;
}

// Without this, the largest of 1 and NaN is 1 on CPUs; other platforms do not look at it.
const DEFAULT_OPTIONS: CompileOptions = { envOptionOverrides: { xla_cpu_enable_fast_min_max: false } };
// To try kernels takes a lock of the GPU that the program holds whose callback compiles.
const WITHIN_CALLBACKS: CompileOptions = { envOptionOverrides: { ...DEFAULT_OPTIONS.envOptionOverrides, xla_gpu_autotune_level: 0 } };
// XLA's loops have vectors of 32 bytes, as older processors slow down for longer ones. Where none do, on 2 cores of a Xeon: a million normal numbers 3.7 -> 2.0 ms, a transformer block's inference of 1 1.43 -> 1.30.
const WIDE: CompileOptions = { envOptionOverrides: { ...DEFAULT_OPTIONS.envOptionOverrides, xla_cpu_prefer_vector_width: 512 } };
/** Operations for which XLA calls the C library: 100,000 powers take 0.39 ms with longer vectors and 0.31 without, cube roots 0.41 and 0.32. */
const CALLS_LIBRARY = /\bstablehlo\.(power|cbrt)\b/;

/** Whether the program is faster with the longest vectors, and the user has not chosen. */
const wantsWide = (text: string) => hasFastWideVectors() && !process.env.XLA_FLAGS?.includes('xla_cpu_prefer_vector_width') && !CALLS_LIBRARY.test(text);

function xlaOptions({ compilerOptions }: CompileJaxprOptions, text: string): CompileOptions {
  const options = backend().platform === 'cpu' ? (wantsWide(text) ? WIDE : DEFAULT_OPTIONS) : backend() !== mainBackend() ? WITHIN_CALLBACKS : DEFAULT_OPTIONS;
  return compilerOptions ? { envOptionOverrides: { ...options.envOptionOverrides, ...compilerOptions } } : options;
}

// Callbacks are functions of this process: programs that have them are not stored.
function compileModule({ text, callbacks }: LoweredModule, options: CompileJaxprOptions): Executable {
  const { client } = backend();
  const { name } = options;
  const xla = xlaOptions(options, text);
  const compile = () => (callbacks.length > 0 ? client.compileSync(text, xla, callbacks) : cachedCompileSync(client, text, xla));
  const executable = recording.on ? timed(`compile ${name}`, {}, compile) : compile();
  if (config.dumpHloTo !== null) dumpProgram(name, text, executable);
  return executable;
}

function compiled(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions, { callsBlas }: LoweredModule, executable: Executable): Compiled {
  const again = () => compileModule(loweredHere(jaxpr, options), options);
  return new Compiled(executable, consts, jaxpr.outAvals, again, callsBlas ? () => compileModule(lowered(jaxpr, options), options) : null);
}

/** Lowers and compiles a jaxpr, through the compile cache. */
export function compileJaxpr(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions): Compiled {
  checkResults(jaxpr, options.name);
  const module = loweredHere(jaxpr, options);
  return compiled(jaxpr, consts, options, module, compileModule(module, options));
}

/** {@link compileJaxpr} on a thread of its own. */
export async function compileJaxprAsync(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions): Promise<Compiled> {
  checkResults(jaxpr, options.name);
  const module = loweredHere(jaxpr, options);
  const { text, callbacks } = module;
  const { client } = backend();
  const start = recording.on ? performance.now() : 0;
  const executable = await (callbacks.length > 0 ? client.compile(text, xlaOptions(options, text), callbacks) : cachedCompile(client, text, xlaOptions(options, text)));
  if (start > 0) addSpan(`compile ${options.name}`, start, {}, 'compile');
  if (config.dumpHloTo !== null) dumpProgram(options.name, text, executable);
  return compiled(jaxpr, consts, options, module, executable);
}
