import { globalHooks, HookManager } from './hookManager';
import type { Hook, HookContexts, HookHandle, HookOptions, HookType } from './hooks';
import type { State } from './state';

const asState = (x: Hooked): State<unknown> => x as unknown as State<unknown>;

/** What a state has of hooks: its own and the global ones, which come first. It costs a comparison with null where there are none. */
export abstract class Hooked {
  /** Hooks of this state; null until there are some. */
  protected hookManager: HookManager | null = null;

  /** The value, without any transform's taking note. @internal */
  abstract current(): unknown;

  /** Whether there are hooks that see this state. @internal */
  get hooked(): boolean {
    return this.hookManager !== null || globalHooks.manager !== null;
  }

  /** @internal Calls the hooks of a read. */
  protected tellRead(v: unknown): void {
    globalHooks.manager?.executeReadHooks(v, asState(this));
    this.hookManager?.executeReadHooks(v, asState(this));
  }

  /** @internal What hooks before a write make of a value; `tree` makes it one that a state holds. */
  protected transformed(v: unknown, old: unknown, tree: (v: unknown) => unknown): unknown {
    const first = globalHooks.manager?.executeWriteBeforeHooks(tree(v), old, asState(this)) ?? v;
    return this.hookManager?.executeWriteBeforeHooks(tree(first), old, asState(this)) ?? first;
  }

  /** Calls the hooks after a write; a compiled function says so after its results are in place. @param old the value before; null if its memory was reused @internal */
  wrote(old: unknown): void {
    globalHooks.manager?.executeWriteAfterHooks(this.current(), old, asState(this));
    this.hookManager?.executeWriteAfterHooks(this.current(), old, asState(this));
  }

  /** @internal Calls the hooks after a value was restored. */
  protected tellRestored(v: unknown, old: unknown): void {
    globalHooks.manager?.executeRestoreHooks(v, old, asState(this));
    this.hookManager?.executeRestoreHooks(v, old, asState(this));
  }

  /** The state's hooks. */
  get hooks(): HookManager {
    this.hookManager ??= new HookManager();
    return this.hookManager;
  }

  /**
   * Calls a function at each read, write or restore of this state. Inside of a traced function values are traced, and what a hook before a write changes
   * becomes part of the program; after each run of a compiled function hooks after a write are called with what it left.
   *
   * Mirrors `brainstate.State.register_hook`.
   */
  registerHook<K extends HookType>(hookType: K, callback: (context: HookContexts[K]) => unknown, options: HookOptions = {}): HookHandle {
    return this.hooks.registerHook(hookType, callback, options);
  }

  /** Takes a hook out; false if it is not here. */
  unregisterHook(handle: HookHandle): boolean {
    return this.hookManager?.unregisterHook(handle) ?? false;
  }

  /** Its hooks, of one kind or all. */
  listHooks(hookType: HookType | null = null): Hook<never>[] {
    return this.hookManager?.getHooks(hookType) ?? [];
  }

  /** Takes its hooks away, of one kind or all. */
  clearHooks(hookType: HookType | null = null): void {
    this.hookManager?.clearHooks(hookType);
  }

  /** Whether it has hooks, of one kind or any. */
  hasHooks(hookType: HookType | null = null): boolean {
    return this.hookManager?.hasHooks(hookType) ?? false;
  }

  /** A hook for the time that a function runs; without a function, until the handle that it gives is disposed of. */
  temporaryHook<K extends HookType, R>(hookType: K, callback: (context: HookContexts[K]) => unknown, f: (handle: HookHandle) => R, options?: HookOptions): R;
  temporaryHook<K extends HookType>(hookType: K, callback: (context: HookContexts[K]) => unknown, options?: HookOptions): HookHandle;
  temporaryHook<K extends HookType, R>(hookType: K, callback: (context: HookContexts[K]) => unknown, f?: ((handle: HookHandle) => R) | HookOptions, options: HookOptions = {}): R | HookHandle {
    if (typeof f !== 'function') return this.registerHook(hookType, callback, f ?? options);
    const handle = this.registerHook(hookType, callback, options);
    try {
      return f(handle);
    } finally {
      handle.remove();
    }
  }
}
