import type { ScalarValue } from '../core/array';
import { sameShape, ShapedArray } from '../core/aval';
import { type Atom, type ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Var } from '../core/jaxpr';
import type { CallbackOptions, IrValue, LoweringContext, RegionBody } from '../core/lowering';
import type { Mesh } from '../core/mesh';
import { CallbackError, callbackId, type HostCallback } from '../pjrt';
import { elementText } from './constants';
import { after } from './contraction';
import type { ModuleBuilder } from './module';
import { byRows, tensorType } from './types';

/** What ordered callbacks pass on: a value that says nothing. */
export const ORDER = new ShapedArray([], 'uint8');

/** Names of values, with commas between. */
function names(values: readonly IrValue[]): string {
  let text = '';
  for (let i = 0; i < values.length; i++) text += i === 0 ? values[i]!.name : `, ${values[i]!.name}`;
  return text;
}

/** Types of values, with commas between. */
function types(values: readonly IrValue[]): string {
  let text = '';
  for (let i = 0; i < values.length; i++) text += i === 0 ? tensorType(values[i]!.aval) : `, ${tensorType(values[i]!.aval)}`;
  return text;
}

/** A value that several equations may read. */
function shared(x: IrValue): IrValue {
  const { name, aval, view } = x;
  if (view?.of.own !== undefined) return { name, aval, view: { of: shared(view.of), permutation: view.permutation } };
  return x.own === undefined ? x : view === undefined ? { name, aval } : { name, aval, view };
}

/** Fewer elements than this are copied faster than a call is made. */
const LARGE = 4096;

/** Equations of a function that is as well written where it is called. */
const FEW = 4;

const NO_VALUES: readonly IrValue[] = [];

/** A value whose operation is written when something reads it. */
class Later implements IrValue {
  private made: string | null = null;

  constructor(private readonly write: () => string, readonly aval: ShapedArray, readonly view: IrValue['view']) {}

  get name(): string {
    this.made ??= this.write();
    return this.made;
  }
}

/** A block under construction: the implementation of {@link LoweringContext} that lowering rules write to. */
export class Block implements LoweringContext {
  readonly module: ModuleBuilder;
  readonly lines: string[] = [];
  /** By value. */
  private readonly constants = new Map<string | number | bigint | boolean, IrValue[]>();
  private readonly spreads = new Map<IrValue, IrValue[]>();
  private readonly replaced = new Map<string, IrValue>();
  private readonly outer: Block | null;
  private label = '';
  /** The jaxpr that is lowered, the equation of it, and what uses each variable, once someone has asked: equations in their order, null for results. */
  private current: { jaxpr: Jaxpr; eqn: Eqn; users: Map<Atom, (Eqn | null)[]> | null } | null = null;
  order: IrValue | null = null;

  /** The mesh whose devices run the block by themselves, each with its own values; null: the compiler divides values. */
  readonly manual: Mesh | null;

  constructor(module: ModuleBuilder, outer: Block | null = null, manual: Mesh | null = outer?.manual ?? null) {
    this.module = module;
    this.outer = outer;
    this.manual = manual;
    if (outer) this.label = outer.label;
  }

  get platform(): string {
    return this.module.platform;
  }

  get partitions(): number {
    return this.module.partitions;
  }

  get isDivided(): boolean {
    return this.module.partitions > 1 && this.manual === null;
  }

  get hasProducts(): boolean {
    return !this.isDivided && this.module.hasProducts();
  }

  get hasLapack(): boolean {
    return !this.isDivided && this.module.hasLapack();
  }

  onlyUse(): Eqn | null {
    if (this.current === null) return null;
    const users = this.usersOf(this.current.eqn.outputs[0]!);
    return users.length === 1 ? users[0]! : null;
  }

  /** Whether one equation, or what the jaxpr is lowered for, reads the one result of the equation that is lowered. */
  get usedOnce(): boolean {
    return this.current !== null && this.usersOf(this.current.eqn.outputs[0]!).length === 1;
  }

  private usersOf(a: Atom): readonly (Eqn | null)[] {
    const current = this.current!;
    if (current.users === null) {
      const users = (current.users = new Map<Atom, (Eqn | null)[]>());
      const note = (used: Atom, user: Eqn | null) => {
        const known = users.get(used);
        if (known === undefined) users.set(used, [user]);
        else if (known[known.length - 1] !== user) known.push(user);
      };
      for (const e of current.jaxpr.eqns) for (const a of e.inputs) if (!(a instanceof Literal)) note(a, e);
      for (const a of current.jaxpr.outvars) note(a, null);
    }
    return current.users.get(a) ?? [];
  }

  private location(): string {
    return this.label === '' ? '' : ` loc(${JSON.stringify(this.label)})`;
  }

  /** A new value, of an operation that is yet to be written. */
  value(aval: ShapedArray): IrValue {
    return { name: `%${this.module.nextValue++}`, aval };
  }

  emit(op: string, operands: readonly IrValue[], outs: readonly ShapedArray[], attrs = '', regions: readonly string[] = []): IrValue[] {
    const results = new Array<IrValue>(outs.length);
    for (let i = 0; i < outs.length; i++) results[i] = this.value(outs[i]!);
    const region = regions.length > 0 ? ` (${regions.join(', ')})` : '';
    this.lines.push(`${results.length === 0 ? '' : `${names(results)} = `}"${op}"(${names(operands)})${region}${attrs === '' ? '' : ` {${attrs}}`} : (${
      types(operands)}) -> ${results.length === 1 ? tensorType(outs[0]!) : `(${types(results)})`}${this.location()}`);
    return results;
  }

  /** An operation with one result in its own form: `text` is all that follows the equals sign. */
  one(text: string, out: ShapedArray): IrValue {
    const name = `%${this.module.nextValue++}`;
    this.lines.push(this.label === '' ? `${name} = ${text}` : `${name} = ${text}${this.location()}`);
    return { name, aval: out };
  }

  /** What may be read in another way: the operation is written only if something reads the value itself. */
  later(text: () => string, out: ShapedArray, view: IrValue['view']): IrValue {
    const { label } = this;
    return new Later(() => {
      const now = this.label;
      this.label = label;
      const { name } = this.one(text(), out);
      this.label = now;
      return name;
    }, out, view);
  }

  /** An elementwise operation whose operands and result have one type, in the short form. */
  same(op: string, operands: readonly IrValue[], out: ShapedArray): IrValue {
    const x = operands[0]!;
    const y = operands[1];
    return this.one(`stablehlo.${op} ${operands.length > 2 ? names(operands) : y === undefined ? x.name : `${x.name}, ${y.name}`} : ${tensorType(out)}`, out);
  }

  /** A scalar as an array of that value throughout, one for each type. Not those of blocks around: loops would be handed them. */
  spread(x: IrValue, out: ShapedArray): IrValue {
    let known = this.spreads.get(x);
    if (known === undefined) this.spreads.set(x, (known = []));
    for (const made of known) if (sameShape(made.aval.shape, out.shape)) return made;
    const made = this.one(`stablehlo.broadcast_in_dim ${x.name}, dims = [] : (${tensorType(x.aval)}) -> ${tensorType(out)}`, out);
    known.push(made);
    return made;
  }

  /** Takes out an operation, by its line, for one that computes what is wanted of its result. */
  replace(line: number, value: IrValue, by: IrValue): void {
    this.lines[line] = '';
    this.overwrite(value, by);
  }

  /** Says that a value lies where another did, which had better not be read from now on. */
  overwrite(value: IrValue, by: IrValue): void {
    this.replaced.set(value.name, by);
  }

  region(args: readonly ShapedArray[], body: RegionBody): string {
    const inner = new Block(this.module, this);
    const values = args.map((a) => inner.value(a));
    const outs = body(inner, values);
    inner.lines.push(`"stablehlo.return"(${names(outs)}) : (${types(outs)}) -> ()`);
    const header = values.length === 0 ? '' : `^bb0(${values.map((v) => `${v.name}: ${tensorType(v.aval)}`).join(', ')}):\n`;
    return `{\n${header}${inner.lines.join('\n')}\n}`;
  }

  splat(value: ScalarValue, aval: ShapedArray): IrValue {
    // A map takes 0 and −0 for one key, and objects of equal numbers for two.
    const key = typeof value === 'object' || Object.is(value, -0) ? elementText(value, aval.dtype) : value;
    for (let b: Block | null = this; b !== null; b = b.outer) {
      for (const known of b.constants.get(key) ?? NO_VALUES) if (known.aval.dtype === aval.dtype && sameShape(known.aval.shape, aval.shape)) return known;
    }
    if (Number.isNaN(value)) this.module.hasNaN = true;
    const made = this.constant(elementText(value, aval.dtype), aval);
    const others = this.constants.get(key);
    if (others === undefined) this.constants.set(key, [made]);
    else others.push(made);
    return made;
  }

  dense(values: ArrayLike<number | bigint | boolean>, aval: ShapedArray): IrValue {
    let next = 0;
    const build = (d: number): string => {
      if (d === aval.shape.length) return elementText(values[next++]!, aval.dtype);
      const parts = new Array<string>(aval.shape[d]!);
      for (let i = 0; i < parts.length; i++) parts[i] = build(d + 1);
      return `[${parts.join(', ')}]`;
    };
    if (aval.size === 0) return this.constant('', aval);
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) this.module.hasNaN = true;
    return this.constant(build(0), aval);
  }

  private constant(text: string, aval: ShapedArray): IrValue {
    const result = this.value(aval);
    this.lines.push(`${result.name} = stablehlo.constant dense<${text}> : ${tensorType(aval)}`);
    return result;
  }

  inline(closed: ClosedJaxpr, args: readonly IrValue[]): IrValue[] {
    return this.lowerJaxpr(closed.jaxpr, args);
  }

  /** Emits the equations of a jaxpr whose constants come first among `args`; a result may be written over those for which `replaced` says so. */
  lowerJaxpr(jaxpr: Jaxpr, args: readonly IrValue[], replaced?: (i: number) => boolean, once = false): IrValue[] {
    const env = new Map<Var, IrValue>();
    const { constvars, invars, eqns } = jaxpr;
    // That of the operation which has the jaxpr in it, if any.
    const base = this.label;
    const outer = this.current;
    const current: NonNullable<Block['current']> = { jaxpr, eqn: eqns[0]!, users: null };
    this.current = current;
    // What is known of values that one equation alone reads ends where a jaxpr begins, which may be lowered several times for the same arguments.
    for (let i = 0; i < constvars.length; i++) env.set(constvars[i]!, shared(args[i]!));
    for (let i = 0; i < invars.length; i++) {
      const x = args[constvars.length + i]!;
      env.set(invars[i]!, once ? this.known(invars[i]!, x) : shared(x));
    }
    const large = replaced === undefined ? null : new Set<Atom>([...constvars, ...invars].filter((v, i) => replaced(i) && v.aval.size >= LARGE));
    const read = (a: Atom): IrValue => (a instanceof Literal ? this.splat(a.value, a.aval) : env.get(a)!);
    for (let k = 0; k < eqns.length; k++) {
      const e = eqns[k]!;
      const { inputs, outputs } = e;
      if (large !== null && this.module.products.size > 0) {
        for (const a of inputs) {
          if (!large.has(a) || this.lastUser(a) !== e) continue;
          large.delete(a);
          env.set(a as Var, this.afterReaders(a as Var, e, env));
        }
      }
      const values = new Array<IrValue>(inputs.length);
      for (let i = 0; i < inputs.length; i++) {
        const a = inputs[i]!;
        values[i] = a instanceof Literal ? this.splat(a.value, a.aval) : env.get(a)!;
      }
      if (base !== '' || e.scope !== '') this.label = `${base}${base !== '' && e.scope !== '' ? '/' : ''}${e.scope}/${e.prim.name}`;
      current.eqn = e;
      const { one } = e.prim;
      if (one !== null) env.set(outputs[0]!, this.known(outputs[0]!, one.lower(this, values, e.params, outputs[0]!.aval)));
      else {
        const outs = e.prim.lower(this, values, e.params, outputs.map((v) => v.aval));
        for (let i = 0; i < outs.length; i++) env.set(outputs[i]!, this.known(outputs[i]!, outs[i]!));
      }
      this.label = base;
    }
    this.current = outer;
    return jaxpr.outvars.map(read);
  }

  /** A variable's value, with what is known of it if one equation alone reads it. */
  private known(v: Var, x: IrValue): IrValue {
    return (x.own ?? x.view?.of.own) !== undefined && this.usersOf(v).length !== 1 ? shared(x) : x;
  }

  /** What took a value's place. */
  private latest(x: IrValue): IrValue {
    let found = x;
    for (let next = this.replaced.get(x.name); next !== undefined; next = this.replaced.get(next.name)) found = next;
    return found;
  }

  private lastUser(a: Atom): Eqn | undefined {
    return this.usersOf(a).filter((user) => user !== null).pop();
  }

  /**
   * A parameter's value for the last equation that uses it, once all that reads it before is done. What takes its memory over is computed from it last, but XLA sees no order among
   * those that read it, and copies it for one of them: 3 MB in a step of a transformer's block. Only where all readers are products: what XLA makes of others it knows alone. It is
   * not that equation's own if this is to add a product to it that reads it, too.
   */
  private afterReaders(v: Var, last: Eqn, env: ReadonlyMap<Var, IrValue>): IrValue {
    const value = env.get(v)!;
    const readers: IrValue[] = [];
    const follow = (of: Var) => {
      for (const user of this.usersOf(of)) {
        for (const o of user?.outputs ?? []) {
          // None yet of what comes later.
          const made = env.get(o);
          if (made?.view !== undefined) follow(o);
          else if (made !== undefined) readers.push(this.latest(made));
        }
      }
    };
    follow(v);
    if (!readers.every((r) => this.module.products.has(r.name))) return value;
    if (readers.length === 0) return { ...value, own: true };
    const made = after(this, value, readers);
    const added = last.inputs.map((a) => (a instanceof Literal ? undefined : env.get(a)!.product?.of));
    return readers.some((r) => added.includes(r.name)) ? made : { ...made, own: true };
  }

  call(closed: ClosedJaxpr, args: readonly IrValue[], name: string): IrValue[] {
    // A function of the module is for the whole program's values.
    if (this.manual !== null) return this.lowerJaxpr(closed.jaxpr, args);
    // Functions of what comes after convolutions and products, which these do themselves.
    if (closed.effects.size === 0 && closed.jaxpr.eqns.length <= FEW && args.some((x) => x.sums !== undefined)) return this.lowerJaxpr(closed.jaxpr, args, undefined, true);
    const f = this.module.functionFor(closed, name);
    const ordered = closed.effects.has('ordered');
    if (ordered) args = [...args, this.takeOrder()];
    const outs = ordered ? [...closed.outAvals, ORDER] : closed.outAvals;
    const results = outs.map((a) => this.value(a));
    this.lines.push(`${results.length === 0 ? '' : `${names(results)} = `}func.call @${f}(${names(args)}) : (${types(args)}) -> ${
      results.length === 1 ? types(results) : `(${types(results)})`}${this.location()}`);
    if (ordered) this.order = results.pop()!;
    return results;
  }

  takeOrder(): IrValue {
    this.order ??= this.splat(0, ORDER);
    return this.order;
  }

  callback(f: HostCallback, operands: readonly IrValue[], outs: readonly ShapedArray[], { sideEffect, ordered }: CallbackOptions): IrValue[] {
    // Each partition would call, and wait for the others inside of the call.
    if (this.partitions > 1) throw new CallbackError('a program that runs on several devices cannot call functions of the host: call them outside of it, or devicePut its arguments on one device first');
    this.module.callbacks.add(f);
    const call = (ins: readonly IrValue[], results: readonly ShapedArray[]) => this.emit('stablehlo.custom_call', ins, results,
      `call_target_name = "xs_callback", api_version = 4 : i32, backend_config = {id = ${callbackId(f)} : i64}, has_side_effect = ${sideEffect}, ${byRows(ins, results)}`);
    if (!ordered) return call(operands, outs);
    const results = call([...operands, this.takeOrder()], [...outs, ORDER]);
    this.order = results.pop()!;
    return results;
  }
}
