import { totalmem } from 'node:os';
import { type Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { type Backend, backend, mainBackend, severalBackends } from '../core/backend';
import { config } from '../core/config';
import { ShapeError } from '../core/errors';
import { bytesPerElement } from '../core/hostFormat';
import type { Jaxpr, Var } from '../core/jaxpr';
import { PartitionSpec } from '../core/partitionSpec';
import { isPlaced } from '../core/placedArray';
import { namesDevices } from '../core/placing';
import { internSharding, NamedSharding } from '../core/sharding';
import { type Buffer, cachedCompile, cachedCompileSync, type Client, type CompileOptions, type Executable } from '../pjrt';
import { hasFastWideVectors } from '../pjrt/processor';
import { addSpan, recording, timed } from '../pjrt/spans';
import { type LoweredModule, type LowerOptions, lowerToStableHlo } from '../stablehlo';
import { dumpProgram } from './dump';
import { operandBuffer } from './literals';
import { asksForDevices, type PlacedProgram, resultShardings, runAt, sameSite, type Site, siteOf, type Wanted } from './placed';

/** XLA's options for one program, by name. */
export type CompilerOptions = Readonly<Record<string, string | number | boolean>>;

export interface CompileJaxprOptions {
  name: string;
  /** Inputs (without constants) whose memory the program may take over. */
  donated?: readonly boolean[];
  /** In place of `donated`: for each input the output that may take its memory, or −1. */
  aliases?: readonly number[];
  /** How inputs (without constants) and results are to lie. */
  wanted?: Wanted;
  /** XLA's options beside our own. */
  compilerOptions?: CompilerOptions | null;
}

/** Sites that a program is kept for at a time. */
const MOST_SITES = 32;

/** What is asked of parameters, constants first, and of results. */
function wantedOf(jaxpr: Jaxpr, { wanted }: CompileJaxprOptions): Wanted | null {
  return wanted === undefined ? null : { ins: [...jaxpr.constvars.map(() => null), ...wanted.ins], outs: wanted.outs };
}

/** Where a program runs whose arguments were put nowhere; null: on the default device, as it would without asking for devices. */
function siteWithout(jaxpr: Jaxpr, options: CompileJaxprOptions, consts: readonly { readonly aval: ShapedArray }[]): Site | null {
  if (!namesDevices() || backend() !== mainBackend()) return null;
  return siteOf(plainName(options.name), jaxpr, [...consts, ...jaxpr.invars], wantedOf(jaxpr, options));
}

/** A jaxpr compiled for the default device, and for where its inputs lie. */
export class Compiled {
  readonly outAvals: readonly ShapedArray[];
  private readonly jaxpr: Jaxpr;
  private readonly consts: readonly Array[];
  private readonly options: CompileJaxprOptions;
  /** Null until it is needed, where programs may run elsewhere. */
  private own: Executable | null;
  private readonly donates: boolean;
  private readonly others = new Map<Client, Executable>();
  private placed: { site: Site; program: PlacedProgram }[] = [];

  constructor(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions, executable: Executable | null) {
    this.jaxpr = jaxpr;
    this.consts = consts;
    this.options = options;
    this.outAvals = jaxpr.outAvals;
    this.own = executable;
    this.donates = aliasesOf(jaxpr, options)?.some((k) => k >= 0) ?? false;
  }

  /** The program for the backend in use; for one that asks for devices of its own, with arguments that were put nowhere. */
  get executable(): Executable {
    if (this.own !== null && !severalBackends()) return this.own;
    const site = siteWithout(this.jaxpr, this.options, this.consts);
    if (site !== null) return this.at(site).executable;
    const { client } = backend();
    this.own ??= this.compileAgain();
    if (this.own.client === client) return this.own;
    let other = this.others.get(client);
    if (other === undefined) this.others.set(client, (other = this.compileAgain()));
    return other;
  }

  private compileAgain(): Executable {
    return compileModule(loweredHere(this.jaxpr, this.options), this.options);
  }

  /** XLA's estimates of what the program costs, with products of matrices as its own; null where the platform gives none. */
  costAnalysis(): Record<string, number> | null {
    const { jaxpr, options } = this;
    // Of functions of ours XLA knows no costs.
    const isWithout = siteWithout(jaxpr, options, this.consts) === null && loweredHere(jaxpr, options).callsBlas;
    return (isWithout ? compileModule(lowered(jaxpr, options), options) : this.executable).costAnalysis() as Record<string, number> | null;
  }

  /** Runs the program on arrays with values; returns before the results are there. */
  call(args: readonly Array[]): ConcreteArray[] {
    if (namesDevices()) {
      const outs = this.callPlaced(args as readonly ConcreteArray[]);
      if (outs !== null) return outs;
    }
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

  /** Whether something besides its arguments may say where it runs: operations in it, what it captured, a device or a mesh that was set. */
  asksForDevices(): boolean {
    return this.options.wanted !== undefined || asksForDevices(this.jaxpr) || this.consts.some(isPlaced);
  }

  /** Runs the program where its inputs lie, constants among them; null: that is the default device, and nothing says that results belong there. */
  callPlaced(args: readonly ConcreteArray[]): ConcreteArray[] | null {
    // Callbacks have a client of their own, to which arrays are copied.
    if ((!args.some(isPlaced) && !this.asksForDevices()) || backend() !== mainBackend()) return null;
    const op = plainName(this.options.name);
    const inputs = this.consts.length === 0 ? args : [...(this.consts as readonly ConcreteArray[]), ...args];
    const site = siteOf(op, this.jaxpr, inputs, wantedOf(this.jaxpr, this.options));
    if (site === null) return null;
    return runAt(op, this.at(site), site, inputs, this.outAvals);
  }

  /** The program for a site. */
  private at(site: Site): PlacedProgram {
    let known = this.placed.find((p) => sameSite(p.site, site));
    if (known === undefined) {
      this.placed.push((known = { site, program: this.compileFor(site) }));
      if (this.placed.length > MOST_SITES) this.placed.shift();
    }
    return known.program;
  }

  /** The program of {@link executable}, compiled on a thread of its own. */
  async ahead(): Promise<this> {
    const { jaxpr, options } = this;
    const site = siteWithout(jaxpr, options, this.consts);
    if (site === null) this.own = await compileModuleAsync(loweredHere(jaxpr, options), options);
    else this.placed.push({ site, program: this.compileFor(site, await compileModuleAsync(loweredFor(jaxpr, options, site), options, site)) });
    return this;
  }

  private compileFor(site: Site, first?: Executable): PlacedProgram {
    const { jaxpr, outAvals } = this;
    const compile = (s: Site) => compileModule(loweredFor(jaxpr, this.options, s), this.options, s);
    const executable = first ?? compile(site);
    const outs = resultShardings(executable, outAvals, site);
    if (outs.every((s) => s !== null)) return { executable, outs };
    // Results that lie as no axes of the mesh say are asked for whole.
    const whole = internSharding(new NamedSharding(site.meshes[0]!, new PartitionSpec()));
    const named = { ...site, outs: outs.map((s) => s ?? whole) };
    return { executable: compile(named), outs: named.outs };
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

const plainName = (name: string) => name.replace(/^jit_/, '');

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
  // Devices may share results out.
  const limit = memoryBytes(backend()) * (namesDevices() && backend().platform !== 'cpu' ? backend().client.addressableDevices.length : 1);
  if (bytes <= limit) return;
  throw new ShapeError(`${plainName(name)}: expected results that memory can hold, ${(limit / 1e9).toFixed(1)} GB here; got ${(bytes / 1e9).toFixed(1)} GB, of which ${largest} is the largest`);
}

/** For each parameter, constants first, the output that may take its memory, or −1; undefined: none does. */
function aliasesOf(jaxpr: Jaxpr, options: CompileJaxprOptions): number[] | undefined {
  if (options.aliases) return [...jaxpr.constvars.map(() => -1), ...options.aliases];
  return options.donated?.some(Boolean) ? matchDonations(jaxpr, options.donated) : undefined;
}

function lowered(jaxpr: Jaxpr, options: CompileJaxprOptions, more: Partial<LowerOptions> = {}): LoweredModule {
  const lower = () => lowerToStableHlo(jaxpr, { name: options.name, platform: backend().platform, aliases: aliasesOf(jaxpr, options), ...more });
  return recording.on ? timed(`lower ${options.name}`, {}, lower) : lower();
}

const OURS: Partial<LowerOptions> = { hasProducts: () => backend().client.hasProducts, hasLapack: () => backend().client.hasLapack };

/** A jaxpr as it is compiled here. */
const loweredHere = (jaxpr: Jaxpr, options: CompileJaxprOptions) => lowered(jaxpr, options, OURS);

/** A jaxpr for a site. */
function loweredFor(jaxpr: Jaxpr, options: CompileJaxprOptions, { devices, ins, outs }: Site, ours = OURS): LoweredModule {
  const donors = options.donated && [...jaxpr.constvars.map(() => false), ...options.donated];
  const partitioned = devices.length === 1 ? {} : { partitioned: { count: devices.length, ins: ins as NamedSharding[], outs: outs as (NamedSharding | null)[] } };
  // Which results take donated memory is XLA's to say, which knows how they lie.
  return lowered(jaxpr, options, { ...ours, aliases: undefined, donors, ...partitioned });
}

/** StableHLO text of a jaxpr that any XLA of the platform can compile: as {@link compileJaxpr} compiles it, but without functions of our addon. */
export function lowerJaxpr(jaxpr: Jaxpr, options: CompileJaxprOptions): string {
  const site = siteWithout(jaxpr, options, jaxpr.constvars);
  return (site === null ? lowered(jaxpr, options) : loweredFor(jaxpr, options, site, {})).text;
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

function xlaOptions({ compilerOptions }: CompileJaxprOptions, text: string, site?: Site): CompileOptions {
  const own = backend().platform === 'cpu' ? (wantsWide(text) ? WIDE : DEFAULT_OPTIONS) : backend() !== mainBackend() ? WITHIN_CALLBACKS : DEFAULT_OPTIONS;
  const options = compilerOptions ? { envOptionOverrides: { ...own.envOptionOverrides, ...compilerOptions } } : own;
  if (site === undefined) return options;
  const n = site.devices.length;
  return { ...options, numPartitions: n, deviceAssignment: [site.devices.map((d) => d.id)], useSpmdPartitioning: n > 1, useShardyPartitioner: n > 1 };
}

// Callbacks are functions of this process: programs that have them are not stored.
function compileModule({ text, callbacks }: LoweredModule, options: CompileJaxprOptions, site?: Site): Executable {
  const { client } = backend();
  const { name } = options;
  const xla = xlaOptions(options, text, site);
  const compile = () => (callbacks.length > 0 ? client.compileSync(text, xla, callbacks) : cachedCompileSync(client, text, xla));
  const executable = recording.on ? timed(`compile ${name}`, {}, compile) : compile();
  if (config.dumpHloTo !== null) dumpProgram(name, text, executable);
  return executable;
}

async function compileModuleAsync({ text, callbacks }: LoweredModule, options: CompileJaxprOptions, site?: Site): Promise<Executable> {
  const { client } = backend();
  const xla = xlaOptions(options, text, site);
  const start = recording.on ? performance.now() : 0;
  const executable = await (callbacks.length > 0 ? client.compile(text, xla, callbacks) : cachedCompile(client, text, xla));
  if (start > 0) addSpan(`compile ${options.name}`, start, {}, 'compile');
  if (config.dumpHloTo !== null) dumpProgram(options.name, text, executable);
  return executable;
}

/** Lowers and compiles a jaxpr, through the compile cache; where devices have been named, only when it is known where it runs. */
export function compileJaxpr(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions): Compiled {
  checkResults(jaxpr, options.name);
  return new Compiled(jaxpr, consts, options, namesDevices() ? null : compileModule(loweredHere(jaxpr, options), options));
}

/** {@link compileJaxpr} on a thread of its own. */
export async function compileJaxprAsync(jaxpr: Jaxpr, consts: readonly Array[], options: CompileJaxprOptions): Promise<Compiled> {
  checkResults(jaxpr, options.name);
  return new Compiled(jaxpr, consts, options, null).ahead();
}
