import { Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { registerHolder } from '../core/caches';
import { config, configKey } from '../core/config';
import { ArgumentError, TracerLeakError } from '../core/errors';
import { evalJaxpr } from '../core/jaxpr';
import { isPlainData, plainKey } from '../core/paramsKey';
import { axisKey, isEager, Tracer } from '../core/trace';
import { flatten, type TreeDef } from '../core/tree';
import { repeatReads } from '../environ/reads';
import { asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { constrained, type Place, placesOf } from '../functional/placement';
import { argumentPositions, avalsOf, checkStatic } from '../functional/staging';
import { type AnyFunction, isArrayLeaf, like, type LikedArgs, nameOf, toArrays } from '../functional/treeFunction';
import type { CompilerOptions } from '../interpreters/compile';
import { jitP } from '../interpreters/jit';
import type { Wanted } from '../interpreters/placed';
import { recording, timed } from '../pjrt/spans';
import { stack, withoutWrites } from '../state/recorder';
import type { State } from '../state/state';
import { asFunction, type Callable } from './callable';
import { sameAvals, Specialization } from './specialization';
import { checkCompilerOptions, type CompiledFunction, compiledFunction, type Lowered, lowered, type MemoryAnalysis, memoryAnalysis, outInfo, type Traced, traced } from './stages';
import { readStates, traceStateful, writeStates } from './statefulTrace';

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
  /** Whether the program takes arguments that it does not need, rather than being made without them. Default false. */
  keepUnused?: boolean;
  /** Options of XLA for the program, by name (`xla_…`). Of a function called in another that is traced they are an error. */
  compilerOptions?: CompilerOptions | null;
  /** How arguments, without static ones, are to lie: shardings in a tree that is a prefix of their list; null leaves one as it is. */
  inShardings?: Place | object | null;
  /** How results are to lie: shardings in a tree that is a prefix of the result; null leaves one to the compiler. */
  outShardings?: Place | object | null;
}

/** Signatures a function keeps at a time; the one that was not used for longest goes first. */
const MAX_SPECIALIZATIONS = 128;

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
  trace(...args: unknown[]): Traced;
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
  private readonly keepUnused: boolean;
  private readonly compilerOptions: CompilerOptions | null;
  private readonly inShardings: unknown;
  private readonly outShardings: unknown;
  private entries: Specialization[] = [];

  constructor(f: AnyFunction, options: JitOptions, name: string) {
    this.f = f;
    this.name = options.name ?? name;
    this.statics = checkStatic('jit', options.staticArgnums, f);
    this.donated = argumentPositions('jit', 'donateArgnums', options.donateArgnums, f);
    this.inline = options.inline === true;
    this.keepUnused = options.keepUnused === true;
    this.compilerOptions = checkCompilerOptions('jit', options.compilerOptions);
    this.inShardings = options.inShardings ?? null;
    this.outShardings = options.outShardings ?? null;
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
    const f = this.placed(this.bound(statics, args.length));
    return (f as (...a: unknown[]) => unknown)(...(def.unflatten(leaves) as unknown[]));
  }

  /** Under another transform, or where someone records states: the jaxpr is applied as one operation. */
  private callTraced(args: unknown[]): unknown {
    const { entry, leaves } = this.find(args);
    return this.applyTraced(entry, leaves);
  }

  private applyTraced(entry: Specialization, leaves: readonly Array[]): unknown {
    const t = entry.trace;
    repeatReads(t.reads);
    const { closed, consts } = entry.closed;
    const inputs = [...consts, ...leaves, ...readStates(t)];
    const results = this.inline ? evalJaxpr(closed.jaxpr, [], inputs) : jitP.bind(entry.params, ...inputs);
    writeStates(t, results);
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
    const run = () => traceStateful(this.placed(this.bound(statics, n)), def, avals, what, this.name);
    const trace = recording.on ? timed(`trace ${this.name}`, {}, run) : run();
    const dynamic = globalThis.Array.from({ length: n }, (_, i) => i).filter((i) => !this.statics.includes(i));
    const donated = def.children.flatMap((d, i) => globalThis.Array.from({ length: d.numLeaves }, () => this.donated.includes(dynamic[i]!)));
    return new Specialization(def, avals, statics, staticKeys, trace, { name: this.name, donated, keepUnused: this.keepUnused, compilerOptions: this.compilerOptions, wanted: this.wanted(def, trace.outDef) });
  }

  private wanted(def: TreeDef, outDef: TreeDef): Wanted | null {
    if (this.inShardings === null && this.outShardings === null) return null;
    return { ins: placesOf(`jit of ${this.name}: inShardings`, this.inShardings, def), outs: placesOf(`jit of ${this.name}: outShardings`, this.outShardings, outDef) };
  }

  /** The function with its arguments and results in the shardings that were asked for, be it called by itself or within another. */
  private placed(f: AnyFunction): AnyFunction {
    if (this.inShardings === null && this.outShardings === null) return f;
    return (...args: unknown[]) => constrained(`jit of ${this.name}: outShardings`, (f as (...a: unknown[]) => unknown)(...(constrained(`jit of ${this.name}: inShardings`, args, this.inShardings) as unknown[])), this.outShardings);
  }

  /** A signature given by arguments, some of which may be only types. */
  ahead(args: readonly unknown[]): Specialization {
    for (const i of this.statics) if (i >= args.length) throw new ArgumentError(`jit of ${this.name}: staticArgnums contains ${i}, but only ${args.length} arguments were given`);
    const dynamic = args.filter((_, i) => !this.statics.includes(i));
    const { avals, def } = avalsOf(dynamic, `jit of ${this.name}`);
    return withoutWrites(() => this.lookup(def, avals, this.statics.map((i) => checkHashable(args[i], i, this.name)), args.length));
  }

  /** Runs a signature's program on arguments without the static ones. */
  readonly run = (entry: Specialization, args: readonly unknown[]): unknown => {
    const [values, def] = flatten(args, isArrayLeaf);
    const leaves = toArrays(values, def, `jit of ${this.name}`);
    const traced = leaves.find((x): x is Tracer => x instanceof Tracer);
    if (traced !== undefined) throw new ArgumentError(`${this.name}: a program compiled for one signature cannot be transformed, but was given an array of type ${traced.aval} that is traced by ${traced.owner.kind}; call the function that jit returned`);
    if (!def.equals(entry.def) || !sameAvals(leaves.map((x) => x.aval), entry.avals)) {
      throw new ArgumentError(`${this.name}: this program was compiled for arguments (${entry.avals.join(', ')})${entry.statics.length > 0 ? ' beside static ones, which are not given again' : ''}, got (${leaves.map((x) => x.aval).join(', ')})`);
    }
    if (!entry.statesMatch()) throw new ArgumentError(`${this.name}: this program was compiled for states of other types than they have now (${entry.trace.states.map((s) => s.describe()).join(', ')}); compile it anew`);
    if (entry.trace.states.length > 0 && (stack.length > 0 || !isEager())) return this.applyTraced(entry, leaves);
    return finish(entry, entry.execute(leaves as ConcreteArray[]));
  };
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
  options = checkOptions('jit', ['staticArgnums', 'donateArgnums', 'name', 'inline', 'keepUnused', 'compilerOptions', 'inShardings', 'outShardings'], options);
  const fn = asFunction(f as Callable);
  const self = new Jit(fn, options, nameOf(fn));
  const call = like(fn, (...args: unknown[]) => self.call(args), options.name);
  Object.defineProperty(call, 'cacheSize', { get: () => self.size });
  return Object.assign(call, {
    originFun: fn,
    lower: (...args: unknown[]) => lowered(self.ahead(args), self.run),
    compile: async (...args: unknown[]) => {
      const entry = self.ahead(args);
      await entry.compileAsync();
      return compiledFunction(entry, self.run);
    },
    trace: (...args: unknown[]) => traced(self.ahead(args), self.run),
    evalShape: (...args: unknown[]) => outInfo(self.ahead(args).trace),
    costAnalysis: (...args: unknown[]) => self.ahead(args).compile().costAnalysis(),
    memoryAnalysis: (...args: unknown[]) => memoryAnalysis(self.ahead(args).compile()),
    getStates: (...args: unknown[]) => [...self.ahead(args).trace.states],
    clearCache: () => self.clear(),
    dispose: () => self.clear(),
  });
}
