import { Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { registerHolder } from '../core/caches';
import { config, configKey } from '../core/config';
import { ArgumentError, TracerLeakError } from '../core/errors';
import { ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { isPlainData, plainKey } from '../core/paramsKey';
import { axisKey, isEager, Tracer } from '../core/trace';
import { flatten, type TreeDef } from '../core/tree';
import { repeatReads } from '../environ/reads';
import { asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { argumentPositions, avalsOf, checkStatic, ShapeDtypeStruct } from '../functional/staging';
import { type AnyFunction, isArrayLeaf, type LikedArgs, nameOf, toArrays } from '../functional/treeFunction';
import { compileJaxpr, compileJaxprAsync, type Compiled, lowerJaxpr, matchDonations } from '../interpreters/compile';
import { jitP, jitParams } from '../interpreters/jit';
import { hoistConsts } from '../interpreters/stage';
import type { Binding, Buffer } from '../pjrt';
import { recording, timed } from '../pjrt/spans';
import { stack, withoutWrites } from '../state/recorder';
import { Slots, type State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { type StatefulTrace, traceStateful } from './statefulTrace';

/** Options of {@link jit}. */
export interface JitOptions {
  /** Positions of arguments that are part of the program: compared by value if plain data, by identity otherwise. */
  staticArgnums?: number | readonly number[];
  /** Positions of arguments whose memory the program may take over; the arrays given there are deleted by the call. */
  donateArgnums?: number | readonly number[];
  /** Name of the program, in profiles and jaxprs. Default: that of the function. */
  name?: string;
  /** Whether inside another traced function the operations stand in its jaxpr themselves, not as one `jit`. Default false. */
  inline?: boolean;
}

/** What a function was traced to for one signature. */
class Specialization {
  readonly def: TreeDef;
  readonly avals: readonly ShapedArray[];
  readonly staticKeys: readonly unknown[];
  readonly config: number;
  /** Named axes in scope, whose sizes the program may hold. */
  readonly axes: string;
  /** Whether every argument is one array. */
  readonly plain: boolean;
  readonly trace: StatefulTrace;
  program: Compiled | null = null;
  private hoisted: { closed: ClosedJaxpr; consts: Array[] } | null = null;
  private readonly name: string;
  private readonly donated: readonly boolean[];
  /** The native side's reading of the states' buffers, and which they were; null while they change from call to call. */
  private prepared: { ids: readonly number[]; binding: Binding } | null = null;

  constructor(def: TreeDef, avals: readonly ShapedArray[], staticKeys: readonly unknown[], trace: StatefulTrace, name: string, donated: readonly boolean[]) {
    this.def = def;
    this.avals = avals;
    this.staticKeys = staticKeys;
    this.config = configKey();
    this.axes = axisKey();
    this.plain = def.children.every((d) => d.kind === 'leaf');
    this.trace = trace;
    this.name = name;
    this.donated = donated;
  }

  /** The jaxpr for use under another trace: captured arrays are its first inputs. */
  get closed(): { closed: ClosedJaxpr; consts: Array[] } {
    this.hoisted ??= hoistConsts(this.trace);
    return this.hoisted;
  }

  /** For each input the output that may take its memory: a written state's own, then what fits of donated arguments. */
  private aliases(): number[] {
    const t = this.trace;
    const { jaxpr } = t;
    const out = jaxpr.invars.map(() => -1);
    const taken = new Set<number>();
    let input = this.avals.length;
    let output = t.numOuts;
    t.states.forEach((_, s) => {
      const ins = t.inAvals[s]!;
      if (t.written[s]) {
        const w = t.writtenStates.indexOf(t.states[s]!);
        const outs = t.writtenAvals[w]!;
        ins.forEach((a, k) => {
          if (k < outs.length && outs[k]!.matches(a)) {
            out[input + k] = output + k;
            taken.add(output + k);
          }
        });
        output += outs.length;
      }
      input += ins.length;
    });
    if (this.donated.some(Boolean)) {
      const c = jaxpr.constvars.length;
      const flags = jaxpr.invars.map((_, i) => this.donated[i] === true);
      matchDonations(jaxpr, flags, taken).slice(c).forEach((k, i) => {
        if (k >= 0) out[i] = k;
      });
    }
    return out;
  }

  private get options(): { name: string; aliases: number[] } {
    return { name: this.name, aliases: this.aliases() };
  }

  compile(): Compiled {
    this.program ??= compileJaxpr(this.trace.jaxpr, this.trace.consts, this.options);
    return this.program;
  }

  async compileAsync(): Promise<Compiled> {
    this.program ??= await compileJaxprAsync(this.trace.jaxpr, this.trace.consts, this.options);
    return this.program;
  }

  text(): string {
    return lowerJaxpr(this.trace.jaxpr, this.options);
  }

  /** Whether the states have the structures and types that they had when the function was traced. */
  statesMatch(): boolean {
    const { states, inDefs, inAvals } = this.trace;
    for (let i = 0; i < states.length; i++) {
      const slots = states[i]!.ownSlots();
      const wanted = inAvals[i]!;
      if (slots !== null) {
        if (slots.def !== inDefs[i] && !slots.def.equals(inDefs[i]!)) return false;
        if (slots.avals !== wanted && !sameAvals(slots.avals, wanted)) return false;
      } else {
        const { def, leaves } = states[i]!.flatValue();
        if (def !== inDefs[i] && !def.equals(inDefs[i]!)) return false;
        for (let k = 0; k < leaves.length; k++) if (!leaves[k]!.aval.equals(wanted[k]!)) return false;
      }
    }
    return true;
  }

  /** Runs the program on concrete arguments and states, and puts results in place. */
  execute(args: readonly ConcreteArray[], prepared = this.isPrepared()): Array[] {
    const program = this.program!;
    const t = this.trace;
    const { states } = t;
    if (states.length === 0) return program.call(args);
    const consts = t.consts as Array[] as ConcreteArray[];
    const buffers: Buffer[] = [];
    for (let i = 0; i < consts.length; i++) buffers.push(consts[i]!.buffer);
    for (let i = 0; i < args.length; i++) buffers.push(args[i]!.buffer);
    const { executable } = program;
    if (prepared) return this.outputs(executable.executeBound(this.prepared!.binding, buffers));
    this.prepared = null;
    const first = buffers.length;
    // Whether the states' buffers are after the call what they were before it.
    let stable = true;
    const kept: number[] = [];
    const targets: (Buffer | null)[] = [];
    for (let i = 0; i < t.numOuts; i++) targets.push(null);
    let w = 0;
    for (let i = 0; i < states.length; i++) {
      const s = states[i]!;
      const slots = s.ownSlots();
      const written = t.written[i]!;
      if (slots !== null) {
        const own = slots.buffers;
        for (let k = 0; k < own.length; k++) buffers.push(own[k]!);
        if (written) {
          const outs = t.writtenAvals[w++]!;
          const ins = t.inAvals[i]!;
          for (let k = 0; k < outs.length; k++) targets.push(k < own.length && (outs[k] === ins[k] || outs[k]!.matches(ins[k]!)) ? own[k]! : null);
        }
      } else {
        const { leaves } = s.flatValue();
        if (written) stable = false;
        for (let k = 0; k < leaves.length; k++) {
          const x = leaves[k]!;
          if (x instanceof Tracer) throw new TracerLeakError(`${this.name}: ${s.describe()} holds an array that was traced by ${x.owner.kind}, whose trace has ended`);
          if (written) kept.push(buffers.length);
          buffers.push((x as ConcreteArray).buffer);
        }
        if (written) {
          const n = t.writtenAvals[w++]!.length;
          for (let k = 0; k < n; k++) targets.push(null);
        }
      }
    }
    const fresh = kept.length > 0 ? executable.executeInto(buffers, targets, { nonDonatable: kept }) : executable.executeInto(buffers, targets);
    const outs = this.outputs(fresh);
    let next = outs.length;
    let at = t.numOuts;
    for (let i = 0; i < t.writtenStates.length; i++) {
      const n = t.writtenAvals[i]!.length;
      const own = new globalThis.Array<Buffer>(n);
      let same = n > 0;
      for (let k = 0; k < n; k++, at++) {
        const target = targets[at];
        if (target === null || target === undefined) {
          same = false;
          own[k] = fresh[next++]!;
        } else own[k] = target;
      }
      // Buffers that took new contents are in place already.
      const s = t.writtenStates[i]!;
      const slots = s.ownSlots();
      const old = s.hooked && slots === null ? s.current() : null;
      if (!same || slots === null || slots.buffers.length !== n || !sameAvals(slots.avals, t.writtenAvals[i]!)) {
        s.putSlots(new Slots(t.writtenDefs[i]!, t.writtenAvals[i]!, own));
        stable = false;
      }
      if (s.hooked) s.wrote(old);
    }
    if (stable) this.prepared = { ids: states.map(valueId), binding: executable.bind(buffers.slice(first), targets) };
    return outs;
  }

  /** Whether the states hold what they held after the last call, which found it in place. */
  isPrepared(): boolean {
    if (this.prepared === null) return false;
    const { ids } = this.prepared;
    const { states } = this.trace;
    for (let i = 0; i < states.length; i++) {
      const s = states[i]!;
      if (s.hooked || valueId(s) !== ids[i]) return false;
    }
    return true;
  }

  /** The results of a call as arrays: the first of the new buffers. */
  private outputs(fresh: readonly Buffer[]): Array[] {
    const { outAvals } = this.program!;
    const outs = new globalThis.Array<Array>(this.trace.numOuts);
    for (let i = 0; i < outs.length; i++) outs[i] = new ConcreteArray(outAvals[i]!, fresh[i]!);
    return outs;
  }
}

/** Tells a state's present arrays from all others. */
function valueId(s: State<unknown>): number {
  return (s.ownSlots() ?? s.flatValue()).id;
}

function sameAvals(a: readonly ShapedArray[], b: readonly ShapedArray[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!a[i]!.equals(b[i]!)) return false;
  return true;
}

/** Signatures a function keeps at a time; the one that was not used for longest goes first. */
const MAX_SPECIALIZATIONS = 128;

/** What `f.lower(...)` gives: the program before compiling. */
export interface Lowered {
  /** StableHLO text. */
  asText(): string;
  /** Compiles, in this thread. */
  compile(): CompiledFunction;
}

/** A program for one signature, and what the compiler tells of it. */
export interface CompiledFunction {
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

function memoryAnalysis({ executable }: Compiled): MemoryAnalysis | null {
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

/** XLA's estimates are numbers. */
function costAnalysis({ executable }: Compiled): Record<string, number> | null {
  return executable.costAnalysis() as Record<string, number> | null;
}

/** A function that runs as a compiled program. */
export interface JitFunction<F extends AnyFunction = AnyFunction> {
  (...args: LikedArgs<Parameters<F>>): ReturnType<F>;
  /** The function it was made of. */
  readonly originFun: F;
  /** Traces and lowers for the types of these arguments, which may be ShapeDtypeStructs. */
  lower(...args: unknown[]): Lowered;
  /** Compiles ahead of the first call for the types of these arguments, without blocking the event loop. */
  compile(...args: unknown[]): Promise<CompiledFunction>;
  /** The jaxpr for the types of these arguments: captured arrays, arguments, states. */
  trace(...args: unknown[]): ClosedJaxpr;
  /** Types of the result. */
  evalShape(...args: unknown[]): unknown;
  /** {@link CompiledFunction.costAnalysis} of the program for the types of these arguments. */
  costAnalysis(...args: unknown[]): Record<string, number> | null;
  /** {@link CompiledFunction.memoryAnalysis} of the program for the types of these arguments. */
  memoryAnalysis(...args: unknown[]): MemoryAnalysis | null;
  /** States that the function touches when called so. */
  getStates(...args: unknown[]): State<unknown>[];
  /** How many signatures are compiled. */
  readonly cacheSize: number;
  /** Forgets every program. */
  clearCache(): void;
  /** As {@link clearCache}: nothing else needs to be freed. */
  dispose(): void;
}

class Jit {
  private readonly f: AnyFunction;
  private readonly name: string;
  private readonly statics: readonly number[];
  private readonly donated: readonly number[];
  private readonly inline: boolean;
  private entries: Specialization[] = [];

  constructor(f: AnyFunction, options: JitOptions, name: string) {
    this.f = f;
    this.name = options.name ?? name;
    this.statics = checkStatic('jit', options.staticArgnums, f);
    this.donated = argumentPositions('jit', 'donateArgnums', options.donateArgnums, f);
    this.inline = options.inline === true;
    const both = this.donated.find((i) => this.statics.includes(i));
    if (both !== undefined) throw new ArgumentError(`jit: argument ${both} cannot be both static and donated`);
    registerHolder(this);
  }

  get size(): number {
    return this.entries.length;
  }

  clear(): void {
    this.entries = [];
  }

  call(args: unknown[]): unknown {
    if (config.disableJit || config.debugNans || config.debugInfs) return this.callDirectly(args);
    if (stack.length > 0 || !isEager()) return this.callTraced(args);
    // The usual case: arrays only, as in the last call.
    const last = this.entries[0];
    if (last?.plain && this.statics.length === 0 && last.program !== null && args.length === last.avals.length && last.config === configKey()) {
      const leaves = plainLeaves(args, last.avals);
      if (leaves !== null && last.trace.reads.valid()) {
        const prepared = last.isPrepared();
        if (prepared || last.statesMatch()) return finish(last, last.execute(leaves, prepared));
      }
    }
    const { entry, leaves } = this.find(args);
    for (const x of leaves) {
      if (x instanceof Tracer) throw new TracerLeakError(`${this.name}: an array of type ${x.aval} that was traced by ${x.owner.kind} is used after that trace ended`);
    }
    entry.compile();
    return finish(entry, entry.execute(leaves as ConcreteArray[]));
  }

  private callDirectly(args: unknown[]): unknown {
    const { def, leaves, statics } = this.takeApart(args);
    const f = this.bound(statics, args.length);
    return (f as (...a: unknown[]) => unknown)(...(def.unflatten(leaves) as unknown[]));
  }

  /** Under another transform, or where someone records states: the jaxpr is applied as one operation. */
  private callTraced(args: unknown[]): unknown {
    const { entry, leaves } = this.find(args);
    const t = entry.trace;
    repeatReads(t.reads);
    const { closed, consts } = entry.closed;
    // Reading the states here tells those who record them.
    const stateLeaves = t.states.flatMap((s) => {
      void s.value;
      return s.flatValue().leaves;
    });
    const inputs = [...consts, ...leaves, ...stateLeaves];
    const results = this.inline ? evalJaxpr(closed.jaxpr, [], inputs) : jitP.bind(jitParams(closed, this.name), ...inputs);
    let at = t.numOuts;
    t.writtenStates.forEach((s, i) => {
      const n = t.writtenAvals[i]!.length;
      s.writeBack(t.writtenDefs[i]!.unflatten(results.slice(at, at + n)));
      at += n;
    });
    return finish(entry, results);
  }

  private takeApart(args: readonly unknown[]): { def: TreeDef; leaves: Array[]; statics: unknown[] } {
    for (const i of this.statics) if (i >= args.length) throw new ArgumentError(`jit of ${this.name}: staticArgnums contains ${i}, but the call has ${args.length} argument${args.length === 1 ? '' : 's'}`);
    const dynamic = this.statics.length === 0 ? args : args.filter((_, i) => !this.statics.includes(i));
    const statics = this.statics.map((i) => checkHashable(args[i], i, this.name));
    const [values, def] = flatten(dynamic, isArrayLeaf);
    return { def, leaves: toArrays(values, def, `jit of ${this.name}`), statics };
  }

  /** The function of its dynamic arguments. */
  private bound(statics: readonly unknown[], n: number): AnyFunction {
    if (this.statics.length === 0) return this.f;
    return ((...dynamic: unknown[]) => {
      let next = 0;
      const all = globalThis.Array.from({ length: n }, (_, i) => {
        const k = this.statics.indexOf(i);
        return k >= 0 ? statics[k] : dynamic[next++];
      });
      return (this.f as (...a: unknown[]) => unknown)(...all);
    }) as AnyFunction;
  }

  private find(args: readonly unknown[]): { entry: Specialization; leaves: Array[] } {
    const { def, leaves, statics } = this.takeApart(args);
    return { entry: this.lookup(def, leaves.map((x) => x.aval), statics, args.length), leaves };
  }

  private lookup(def: TreeDef, avals: readonly ShapedArray[], statics: readonly unknown[], n: number): Specialization {
    const key = configKey();
    const axes = axisKey();
    const staticKeys = statics.map(staticKey);
    for (let i = 0; i < this.entries.length; i++) {
      const e = this.entries[i]!;
      if (e.config !== key || e.axes !== axes || !sameAvals(e.avals, avals) || !e.def.equals(def) || !e.staticKeys.every((s, k) => Object.is(s, staticKeys[k]))) continue;
      if (!e.trace.reads.valid() || !e.statesMatch()) continue;
      if (i > 0) {
        this.entries.splice(i, 1);
        this.entries.unshift(e);
      }
      return e;
    }
    const made = this.specialize(def, avals, statics, staticKeys, n);
    // What refers to a transform in progress is of no use later.
    if (made.trace.capturesTracers) return made;
    this.entries.unshift(made);
    if (this.entries.length > MAX_SPECIALIZATIONS) this.entries.pop();
    return made;
  }

  private specialize(def: TreeDef, avals: readonly ShapedArray[], statics: readonly unknown[], staticKeys: readonly unknown[], n: number): Specialization {
    const what = `jit of ${this.name}`;
    const run = () => traceStateful(this.bound(statics, n), def, avals, what, this.name);
    const trace = recording.on ? timed(`trace ${this.name}`, {}, run) : run();
    const dynamic = globalThis.Array.from({ length: n }, (_, i) => i).filter((i) => !this.statics.includes(i));
    const donated = def.children.flatMap((d, i) => globalThis.Array.from({ length: d.numLeaves }, () => this.donated.includes(dynamic[i]!)));
    return new Specialization(def, avals, staticKeys, trace, this.name, donated);
  }

  /** A signature given by arguments, some of which may be only types. */
  ahead(args: readonly unknown[]): Specialization {
    for (const i of this.statics) if (i >= args.length) throw new ArgumentError(`jit of ${this.name}: staticArgnums contains ${i}, but only ${args.length} arguments were given`);
    const dynamic = args.filter((_, i) => !this.statics.includes(i));
    const { avals, def } = avalsOf(dynamic, `jit of ${this.name}`);
    return withoutWrites(() => this.lookup(def, avals, this.statics.map((i) => checkHashable(args[i], i, this.name)), args.length));
  }

  compiledFunction(entry: Specialization, program: Compiled): CompiledFunction {
    const call = (...args: unknown[]): unknown => {
      const { def, leaves } = this.takeApart(args);
      const traced = leaves.find((x): x is Tracer => x instanceof Tracer);
      if (traced !== undefined) throw new ArgumentError(`${this.name}: a program compiled for one signature cannot be transformed, but was given an array of type ${traced.aval} that is traced by ${traced.owner.kind}; call the function that jit returned`);
      if (!def.equals(entry.def) || !sameAvals(leaves.map((x) => x.aval), entry.avals)) {
        throw new ArgumentError(`${this.name}: this program was compiled for arguments (${entry.avals.join(', ')}), got (${leaves.map((x) => x.aval).join(', ')})`);
      }
      return this.call(args);
    };
    return Object.assign(call, {
      asText: () => program.executable.hloText(),
      costAnalysis: () => costAnalysis(program),
      memoryAnalysis: () => memoryAnalysis(program),
    });
  }
}

/** The arguments as arrays if they are arrays or numbers of the given types, else null. */
function plainLeaves(args: readonly unknown[], avals: readonly ShapedArray[]): ConcreteArray[] | null {
  const out = new globalThis.Array<ConcreteArray>(args.length);
  for (let i = 0; i < args.length; i++) {
    const x = args[i];
    let a: Array;
    if (x instanceof ConcreteArray) a = x;
    else if (typeof x === 'number' || typeof x === 'boolean') a = asArray(x);
    else return null;
    const want = avals[i]!;
    if (a.aval !== want && !a.aval.equals(want)) return null;
    out[i] = a as ConcreteArray;
  }
  return out;
}

function finish(entry: Specialization, results: readonly Array[]): unknown {
  const { outDef, numOuts } = entry.trace;
  if (outDef.kind === 'leaf') return results[0];
  return outDef.unflatten(results.length === numOuts ? results : results.slice(0, numOuts));
}

function checkHashable(x: unknown, i: number, name: string): unknown {
  if (x instanceof Array || ArrayBuffer.isView(x)) throw new ArgumentError(`jit of ${name}: static argument ${i} must be plain data or compared by identity, got ${x instanceof Array ? `an array of type ${x.aval}` : describeValue(x)}, whose values may change; pass it as an ordinary argument`);
  return x;
}

/** What stands for a static argument in a signature: plain data by its value at this moment, all else by identity. */
function staticKey(x: unknown): unknown {
  // Strings are written out too, lest one reads like the text of something else.
  return (typeof x === 'object' && x !== null && isPlainData(x)) || typeof x === 'string' ? plainKey(x) : x;
}

/**
 * Compiles a function, or a module, with XLA: traced at the first call for each signature (shapes, dtypes, structures, static values, what it read of
 * the environment), it then runs as one program. States that it reads become inputs, states that it writes outputs.
 *
 * Mirrors `brainstate.transform.jit`, and on functions without states `jax.jit`. With options only it returns a decorator.
 *
 * @param f a function
 * @throws ArgumentError if the function returns a Promise or anything but a tree of arrays
 * @example
 * ```ts
 * const f = jit((x: np.Array) => np.sin(x).mul(2));
 * f(np.arange(3));
 * ```
 */
export function jit<F extends AnyFunction>(f: F, options?: JitOptions): JitFunction<F>;
export function jit<A extends unknown[], R>(module: { call(...args: A): R }, options?: JitOptions): JitFunction<(...args: A) => R>;
export function jit(options: JitOptions): { <F extends AnyFunction>(f: F): JitFunction<F>; <A extends unknown[], R>(module: { call(...args: A): R }): JitFunction<(...args: A) => R> };
export function jit(f: Callable | JitOptions, options: JitOptions = {}): unknown {
  if (typeof f !== 'function' && typeof (f as { call?: unknown } | null)?.call !== 'function') {
    if (f === null || typeof f !== 'object') throw new ArgumentError(`jit: expected a function or a module, got ${describeValue(f)}`);
    return (g: AnyFunction) => jit(g, f as JitOptions);
  }
  options = checkOptions('jit', ['staticArgnums', 'donateArgnums', 'name', 'inline'], options);
  const fn = asFunction(f as Callable);
  const self = new Jit(fn, options, nameOf(fn));
  const call = (...args: unknown[]) => self.call(args);
  Object.defineProperty(call, 'name', { value: options.name ?? nameOf(fn) });
  Object.defineProperty(call, 'cacheSize', { get: () => self.size });
  return Object.assign(call, {
    originFun: fn,
    lower: (...args: unknown[]): Lowered => {
      const entry = self.ahead(args);
      return { asText: () => entry.text(), compile: () => self.compiledFunction(entry, entry.compile()) };
    },
    compile: async (...args: unknown[]) => {
      const entry = self.ahead(args);
      return self.compiledFunction(entry, await entry.compileAsync());
    },
    trace: (...args: unknown[]) => {
      const { jaxpr, consts } = self.ahead(args).trace;
      return new ClosedJaxpr(jaxpr, consts);
    },
    evalShape: (...args: unknown[]) => {
      const { trace } = self.ahead(args);
      return trace.outDef.unflatten(trace.jaxpr.outAvals.slice(0, trace.numOuts).map(ShapeDtypeStruct.of));
    },
    costAnalysis: (...args: unknown[]) => costAnalysis(self.ahead(args).compile()),
    memoryAnalysis: (...args: unknown[]) => memoryAnalysis(self.ahead(args).compile()),
    getStates: (...args: unknown[]) => [...self.ahead(args).trace.states],
    clearCache: () => self.clear(),
    dispose: () => self.clear(),
  });
}
