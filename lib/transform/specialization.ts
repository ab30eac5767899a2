import { type Array, ConcreteArray } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { configKey } from '../core/config';
import { ArgumentError, TracerLeakError } from '../core/errors';
import { type ClosedJaxpr, Jaxpr } from '../core/jaxpr';
import { dceJaxpr } from '../core/passes/dce';
import { isPlaced } from '../core/placedArray';
import { namesDevices } from '../core/placing';
import { axisKey, isStaging, Tracer } from '../core/trace';
import type { TreeDef } from '../core/tree';
import { compileJaxpr, compileJaxprAsync, type CompileJaxprOptions, type Compiled, type CompilerOptions, lowerJaxpr, matchDonations } from '../interpreters/compile';
import { type JitParams, jitParams } from '../interpreters/jit';
import type { Wanted } from '../interpreters/placed';
import { hoistConsts } from '../interpreters/stage';
import type { Binding, Buffer } from '../pjrt';
import { Slots } from '../state/slots';
import type { State } from '../state/state';
import { type StatefulTrace, writeStates } from './statefulTrace';

/** What a signature is compiled with. */
export interface SpecializationOptions {
  name: string;
  /** For each leaf of the arguments whether the program may take its memory. */
  donated: readonly boolean[];
  /** Whether the program takes arguments that it does not need. */
  keepUnused: boolean;
  compilerOptions: CompilerOptions | null;
  /** How arguments and results are to lie, where that was said. */
  wanted: Wanted | null;
}

/** What a function was traced to for one signature. */
export class Specialization {
  readonly def: TreeDef;
  readonly avals: readonly ShapedArray[];
  /** Static arguments as they were given, and what they are compared by. */
  readonly statics: readonly unknown[];
  readonly staticKeys: readonly unknown[];
  readonly config: number;
  /** Named axes in scope, whose sizes the program may hold. */
  readonly axes: string;
  /** Whether every argument is one array. */
  readonly plain: boolean;
  readonly trace: StatefulTrace;
  readonly options: SpecializationOptions;
  program: Compiled | null = null;
  private hoisted: { closed: ClosedJaxpr; consts: Array[] } | null = null;
  /** What is compiled; made when it is first asked for. */
  private own: { jaxpr: Jaxpr; consts: Array[]; kept: readonly number[] | null } | null = null;
  /** Places of the arguments that the program takes; null: all. */
  private takes: readonly number[] | null = null;
  private consts: readonly Array[] = [];
  /** The native side's reading of the states' buffers, and which they were; null while they change from call to call. */
  private prepared: { ids: readonly number[]; binding: Binding } | null = null;

  constructor(def: TreeDef, avals: readonly ShapedArray[], statics: readonly unknown[], staticKeys: readonly unknown[], trace: StatefulTrace, options: SpecializationOptions) {
    this.def = def;
    this.avals = avals;
    this.statics = statics;
    this.staticKeys = staticKeys;
    this.config = configKey();
    this.axes = axisKey();
    this.plain = def.children.every((d) => d.kind === 'leaf');
    this.trace = trace;
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }

  /** The same to be compiled with other options of the compiler. */
  withCompilerOptions(compilerOptions: CompilerOptions): Specialization {
    return new Specialization(this.def, this.avals, this.statics, this.staticKeys, this.trace, { ...this.options, compilerOptions: { ...this.options.compilerOptions, ...compilerOptions } });
  }

  /** The jaxpr for use under another trace: captured arrays are its first inputs. */
  get closed(): { closed: ClosedJaxpr; consts: Array[] } {
    this.hoisted ??= hoistConsts(this.trace);
    return this.hoisted;
  }

  /** The jaxpr without what its results do not need: arguments among it, unless these are to be kept. States always are. */
  private pruned(): { jaxpr: Jaxpr; consts: Array[]; kept: readonly number[] | null } {
    if (this.own !== null) return this.own;
    const { jaxpr, consts } = this.trace;
    const d = dceJaxpr(jaxpr, null, true);
    const n = this.avals.length;
    const isKept = d.usedInputs.map((used, i) => used || i >= n || this.options.keepUnused);
    const all = isKept.every(Boolean);
    this.own = {
      jaxpr: all ? d.jaxpr : new Jaxpr(d.jaxpr.constvars, d.jaxpr.invars.filter((_, i) => isKept[i]), d.jaxpr.eqns, d.jaxpr.outvars, jaxpr.name),
      consts: consts.filter((_, i) => d.usedConsts[i]),
      kept: all ? null : isKept.slice(0, n).flatMap((k, i) => (k ? [i] : [])),
    };
    return this.own;
  }

  /** For each input the output that may take its memory: a written state's own, then what fits of donated arguments. */
  private aliases(): number[] {
    const t = this.trace;
    const { jaxpr, kept } = this.pruned();
    const out = jaxpr.invars.map(() => -1);
    const taken = new Set<number>();
    const donated = kept === null ? this.options.donated : kept.map((i) => this.options.donated[i]!);
    let input = donated.length;
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
    if (donated.some(Boolean)) {
      const c = jaxpr.constvars.length;
      const flags = jaxpr.invars.map((_, i) => donated[i] === true);
      matchDonations(jaxpr, flags, taken).slice(c).forEach((k, i) => {
        if (k >= 0) out[i] = k;
      });
    }
    return out;
  }

  private compileOptions(): CompileJaxprOptions {
    const { kept } = this.pruned();
    const { name, donated, compilerOptions, wanted } = this.options;
    const of = <T>(list: readonly T[]): T[] => (kept === null ? [...list] : kept.map((i) => list[i]!));
    return { name, aliases: this.aliases(), donated: of(donated), compilerOptions, ...(wanted && { wanted: { ins: of(wanted.ins), outs: wanted.outs } }) };
  }

  private compiled(program: Compiled): Compiled {
    const { kept, consts } = this.pruned();
    this.takes = kept;
    this.consts = consts;
    return (this.program ??= program);
  }

  compile(): Compiled {
    if (this.program !== null) return this.program;
    const { jaxpr, consts } = this.pruned();
    return this.compiled(compileJaxpr(jaxpr, consts, this.compileOptions()));
  }

  async compileAsync(): Promise<Compiled> {
    if (this.program !== null) return this.program;
    const { jaxpr, consts } = this.pruned();
    return this.compiled(await compileJaxprAsync(jaxpr, consts, this.compileOptions()));
  }

  text(): string {
    return lowerJaxpr(this.pruned().jaxpr, this.compileOptions());
  }

  /** Parameters of an application under another trace. @throws ArgumentError where it would be recorded and has options of the compiler */
  get params(): JitParams {
    const { name, donated, keepUnused, compilerOptions } = this.options;
    if (compilerOptions !== null && isStaging()) throw new ArgumentError(`jit of ${name}: compilerOptions are for whole programs, but it is called in a function that is being traced; give them to the outermost jit`);
    const { closed, consts } = this.closed;
    const rest = closed.inAvals.length - consts.length - donated.length;
    const donatedInvars = donated.some(Boolean) ? [...consts.map(() => false), ...donated, ...globalThis.Array.from({ length: rest }, () => false)] : undefined;
    return jitParams(closed, name, { donatedInvars, keepUnused, ...(compilerOptions && { compilerOptions }) });
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
  execute(given: readonly ConcreteArray[], prepared = this.isPrepared()): Array[] {
    const program = this.program!;
    const t = this.trace;
    const { states } = t;
    const { takes } = this;
    const args = takes === null ? given : takes.map((i) => given[i]!);
    if (states.length === 0) return program.call(args);
    if (namesDevices()) {
      const outs = this.executePlaced(program, args);
      if (outs !== null) return outs;
    }
    const consts = this.consts as readonly ConcreteArray[];
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
          if (x instanceof Tracer) throw this.leaked(s, x);
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

  /** {@link execute} where arguments or states were put somewhere; null: none was. */
  private executePlaced(program: Compiled, args: readonly ConcreteArray[]): Array[] | null {
    const t = this.trace;
    // Values in slots were put nowhere; to look at them would end their reuse.
    if (!program.asksForDevices() && !args.some(isPlaced) && !t.states.some((s) => s.ownSlots() === null && s.flatValue().leaves.some(isPlaced))) return null;
    const held = t.states.flatMap((s) => s.flatValue().leaves.map((x) => {
      if (x instanceof Tracer) throw this.leaked(s, x);
      return x as ConcreteArray;
    }));
    const results = program.callPlaced([...args, ...held]);
    if (results === null) return null;
    this.prepared = null;
    writeStates(t, results);
    return results.slice(0, t.numOuts);
  }

  private leaked(s: State<unknown>, x: Tracer): TracerLeakError {
    return new TracerLeakError(`${this.name}: ${s.describe()} holds an array that was traced by ${x.owner.kind}, whose trace has ended`);
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

/** Whether two lists of types are equal. */
export function sameAvals(a: readonly ShapedArray[], b: readonly ShapedArray[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!a[i]!.equals(b[i]!)) return false;
  return true;
}
