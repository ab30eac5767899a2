import type { ClosedJaxpr, Jaxpr } from '../core/jaxpr';
import type { IrValue } from '../core/lowering';
import type { NamedSharding } from '../core/sharding';
import type { HostCallback } from '../pjrt';
import { Block, ORDER } from './block';
import { Meshes, shardingText } from './sharding';
import { tensorType } from './types';

/** A name made of a function's name that MLIR takes for a symbol. */
export function symbol(name: string): string {
  const text = name.replace(/[^A-Za-z0-9_]/g, '_');
  return text === '' ? 'anonymous' : /^[0-9]/.test(text) ? `_${text}` : text;
}

const MAIN = 'public @main';

const never = () => false;

function jaxprOrdered(jaxpr: Jaxpr): boolean {
  return jaxpr.effects.has('ordered');
}

/** The module under construction: its functions, and what must be unique in it. */
export class ModuleBuilder {
  readonly platform: string;
  /** Into how many parts, on as many devices, the program is to be cut. */
  readonly partitions: number;
  readonly meshes = new Meshes();
  readonly hasProducts: () => boolean;
  readonly hasLapack: () => boolean;
  /** Names of the values that are products by OpenBLAS. */
  readonly products = new Set<string>();
  /** Operations of all that OpenBLAS does. */
  productWork = 0;
  /** Whether it hands OpenBLAS other work than products. */
  callsBlas = false;
  nextValue = 0;
  /** The last number of an operation among devices. */
  channels = 0;
  /** Whether a constant so far is NaN. */
  hasNaN = false;
  /** The functions of the host that the program calls. */
  readonly callbacks = new Set<HostCallback>();
  private readonly functions: string[] = [];
  private readonly known = new Map<Jaxpr, string>();
  private readonly names = new Set<string>(['main']);
  /** The next number to try behind a name that is taken. */
  private readonly suffixes = new Map<string, number>();

  constructor({ platform, partitioned, hasProducts = never, hasLapack = never }: LowerOptions) {
    this.platform = platform;
    this.partitions = partitioned?.count ?? 1;
    this.hasProducts = hasProducts;
    this.hasLapack = hasLapack;
  }

  private unique(name: string): string {
    const base = symbol(name);
    let text = base;
    let next = this.suffixes.get(base) ?? 0;
    while (this.names.has(text)) text = `${base}_${next++}`;
    this.suffixes.set(base, next);
    this.names.add(text);
    return text;
  }

  /** Name of the private function for a jaxpr, which is made at the first call. */
  functionFor(closed: ClosedJaxpr, name: string): string {
    const known = this.known.get(closed.jaxpr);
    if (known !== undefined) return known;
    const made = this.unique(name);
    this.known.set(closed.jaxpr, made);
    this.add(`private @${made}`, closed.jaxpr, [], [], jaxprOrdered(closed.jaxpr));
    return made;
  }

  /** Adds a function; its parameters are the jaxpr's constants, then its inputs. `attrs` holds an attribute text for each, or ''. */
  add(header: string, jaxpr: Jaxpr, attrs: readonly string[], resultAttrs: readonly string[] = [], ordered = false): void {
    const block = new Block(this);
    const formals = [...jaxpr.constvars, ...jaxpr.invars];
    const args: IrValue[] = formals.map((v, i) => ({ name: `%arg${i}`, aval: v.aval }));
    if (ordered) block.order = { name: '%order', aval: ORDER };
    const outs = block.lowerJaxpr(jaxpr, args, header === MAIN ? (i) => (attrs[i] ?? '') !== '' : undefined);
    if (ordered) outs.push(block.order!);
    const types = outs.map((v) => tensorType(v.aval));
    const params: string[] = [];
    args.forEach((v, i) => params.push(`${v.name}: ${tensorType(v.aval)}${attrs[i] ? ` {${attrs[i]}}` : ''}`));
    if (ordered) params.push(`%order: ${tensorType(ORDER)}`);
    // XLA's callers of main give it one value more where it has callbacks: see native/callback.h.
    if (header === MAIN && this.callbacks.size > 0) params.push(`%gate: ${tensorType(ORDER)}`);
    const results = types.length === 0 ? 'return' : `return ${outs.map((v) => v.name).join(', ')} : ${types.join(', ')}`;
    this.functions.push(`func.func ${header}(${params.join(', ')}) -> ${types.length === 1 && !resultAttrs[0] ? types[0] : `(${types.map((t, i) => (resultAttrs[i] ? `${t} {${resultAttrs[i]}}` : t)).join(', ')})`} {\n${
      block.lines.join('\n')}\n${results}\n}`);
  }

  text(name: string): string {
    return `module @${symbol(name)} attributes {mhlo.num_partitions = ${this.partitions} : i32, mhlo.num_replicas = 1 : i32} {\n${this.meshes.text}${this.functions.join('\n')}\n}\n`;
  }
}

export interface LowerOptions {
  /** Name of the module. */
  name: string;
  platform: string;
  /** Whether the program may hand products of matrices to OpenBLAS, asked when there is one that is worth it; by default it may not. */
  hasProducts?: () => boolean;
  /** The same of decompositions by LAPACK. */
  hasLapack?: () => boolean;
  /** For each parameter (constants first) the index of the output that may take its memory over, or −1. */
  aliases?: readonly number[];
  /** For each parameter (constants first) whether its memory may be taken over by any output. */
  donors?: readonly boolean[];
  /** For a program that is cut into parts: how its parameters (constants first) and results lie; null leaves a result to the compiler. */
  partitioned?: { readonly count: number; readonly ins: readonly NamedSharding[]; readonly outs: readonly (NamedSharding | null)[] };
}

/** A program as text, and what it calls. */
export interface LoweredModule {
  text: string;
  callbacks: readonly HostCallback[];
  /** Whether it hands work to OpenBLAS. */
  callsBlas: boolean;
}

/** StableHLO text of a jaxpr. Its constants are the first parameters of `@main`; one that has callbacks has one more at the end. */
export function lowerToStableHlo(jaxpr: Jaxpr, options: LowerOptions): LoweredModule {
  const module = new ModuleBuilder(options);
  const lies = (s: NamedSharding, ndim: number) => `sdy.sharding = #sdy.sharding${shardingText(module.meshes, s, ndim)}`;
  const { aliases, donors, partitioned } = options;
  const attrs = [...jaxpr.constvars, ...jaxpr.invars].map((v, i) => {
    const own: string[] = [];
    if (aliases !== undefined && aliases[i]! >= 0) own.push(`tf.aliasing_output = ${aliases[i]} : i32`);
    if (donors?.[i]) own.push('jax.buffer_donor = true');
    if (partitioned !== undefined) own.push(lies(partitioned.ins[i]!, v.aval.ndim));
    return own.join(', ');
  });
  const resultAttrs = (partitioned?.outs ?? []).map((s, i) => (s === null ? '' : lies(s, jaxpr.outvars[i]!.aval.ndim)));
  module.add(MAIN, jaxpr, attrs, resultAttrs);
  return { text: module.text(options.name), callbacks: [...module.callbacks], callsBlas: module.products.size > 0 || module.callsBlas };
}
