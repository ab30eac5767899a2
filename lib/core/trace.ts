import { Array } from './array';
import { ArgumentError, TracerLeakError } from './errors';
import type { Params, Primitive } from './primitive';

/** An interpreter in progress. `bind` hands every operation to the current one; each holds the one it stands on. */
export abstract class Trace {
  readonly parent: Trace | null;
  /** Set when the transformation is over: tracers of it that are still about have leaked. */
  closed = false;
  /** Whether operations end in a jaxpr, rather than being run at once. */
  readonly staging: boolean;

  constructor(parent: Trace | null, staging = parent?.staging ?? false) {
    this.parent = parent;
    this.staging = staging;
  }

  abstract readonly kind: string;
  abstract process(prim: Primitive, args: readonly Array[], params: Params): Array[];
}

/** An array that stands for a value while a function is traced. Mirrors `jax.core.Tracer`. */
export abstract class Tracer extends Array {
  abstract override readonly owner: Trace;
}

let current: Trace | null = null;

/** The interpreter that operations go to now. */
export function currentTrace(): Trace {
  return current!;
}

/** Sets the interpreter at the bottom: eager evaluation. Called once, by lib/interpreters. */
export function setBaseTrace(t: Trace): void {
  current ??= t;
}

/**
 * Makes `t` the current trace and gives the one before, which must be put back however what follows ends: {@link withTrace} without a closure, for
 * what runs for every operation.
 */
export function setTrace(t: Trace | null): Trace | null {
  const before = current;
  current = t;
  return before;
}

/** Runs `f` with `t` as the current trace, and restores the one before, whatever happens. */
export function withTrace<T>(t: Trace, f: () => T): T {
  const saved = current;
  current = t;
  try {
    return f();
  } finally {
    current = saved;
  }
}

/** Whether operations run at once, no transformation being in progress. */
export function isEager(): boolean {
  return current!.parent === null;
}

/** Whether operations are being recorded, not run. */
export function isStaging(): boolean {
  return current!.staging;
}

/** Applies a primitive under the current trace. */
export function bind(prim: Primitive, args: readonly Array[], params: Params): Array[] {
  return current!.process(prim, args, params);
}

/** Throws if a tracer's transformation is over. */
export function checkLive(x: Array, what: string): void {
  if (x.owner?.closed) {
    throw new TracerLeakError(`${what}: an array of type ${x.aval} that was traced by ${x.owner.kind} is used after that trace ended. `
      + 'Return it from the transformed function, or hold it in a State, instead of keeping it in a variable outside.');
  }
}

/** What names of mapped axes are in scope, innermost last. */
const axes: { name: string; size: number; manual?: 'checked' | 'unchecked' }[] = [];

/** Runs `f` with a named axis in scope. */
export function withAxis<T>(name: string | null, size: number, f: () => T): T {
  if (name === null) return f();
  axes.push({ name, size });
  try {
    return f();
  } finally {
    axes.pop();
  }
}

/** Runs `f`, the code of each device of a mesh, with the mesh's axes in scope. @param checked whether it is proven which results are the same on all devices */
export function withMeshAxes<T>(names: readonly string[], sizes: readonly number[], checked: boolean, f: () => T): T {
  const before = axes.length;
  names.forEach((name, i) => axes.push({ name, size: sizes[i]!, manual: checked ? 'checked' : 'unchecked' }));
  try {
    return f();
  } finally {
    axes.length = before;
  }
}

/** Whether what is traced now is the code of each device of a mesh; 'checked' if it is proven which of its results are the same on all. */
export function perDevice(): 'checked' | 'unchecked' | null {
  for (const a of axes) if (a.manual !== undefined) return a.manual;
  return null;
}

/** Size of a named axis. @throws ArgumentError if none of that name is in scope. */
export function axisSize(name: string): number {
  for (let i = axes.length - 1; i >= 0; i--) if (axes[i]!.name === name) return axes[i]!.size;
  throw new ArgumentError(`unbound axis name '${name}': expected one of a surrounding vmap, pmap or shardMap (${axes.map((a) => a.name).join(', ') || 'none is in scope'})`);
}

/** Names and sizes in scope, for the keys of caches. */
export function axisKey(): string {
  return axes.length === 0 ? '' : axes.map((a) => `${a.name}:${a.size}${a.manual === undefined ? '' : ` ${a.manual}`}`).join(',');
}

/** What is entered: the name of a scope, or a transform, which encloses the next name, as JAX writes it (`vmap(encoder)`). */
interface Names {
  readonly outer: Names | null;
  readonly name: string;
  readonly isTransform: boolean;
}

let entered: Names | null = null;

/** Where what is traced now is among scopes and transforms. */
export function currentNames(): Names | null {
  return entered;
}

/** The last answer of {@link currentScope}, which every operation asks for. */
const lastScope: { entered: Names | null; base: Names | null; text: string } = { entered: null, base: null, text: '' };

/** Names given by `namedScope` around what is traced now, since `base`, joined by '/'. */
export function currentScope(base: Names | null = null): string {
  if (entered === base) return '';
  if (entered !== lastScope.entered || base !== lastScope.base) {
    lastScope.entered = entered;
    lastScope.base = base;
    lastScope.text = scopeSince(base);
  }
  return lastScope.text;
}

function scopeSince(base: Names | null): string {
  const parts: string[] = [];
  // From the inside out: transforms enclose the first part that was found so far.
  for (let n = entered; n !== null && n !== base; n = n.outer) {
    const first = parts[parts.length - 1];
    if (!n.isTransform) parts.push(n.name);
    else if (first !== undefined) {
      const end = first.indexOf('/');
      parts[parts.length - 1] = end < 0 ? `${n.name}(${first})` : `${n.name}(${first.slice(0, end)})${first.slice(end)}`;
    }
  }
  return parts.reverse().join('/');
}

/** Runs `f` with a name added to the scope. */
export function withScope<T>(name: string, f: () => T): T {
  return inNames({ outer: entered, name, isTransform: false }, f);
}

/** Runs `f` as part of a transform: names of scopes that `f` enters say so. */
export function withTransform<T>(name: string, f: () => T): T {
  return inNames({ outer: entered, name, isTransform: true }, f);
}

function inNames<T>(names: Names | null, f: () => T): T {
  const saved = entered;
  entered = names;
  try {
    return f();
  } finally {
    entered = saved;
  }
}
