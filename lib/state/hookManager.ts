import { checkInstance } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import {
  checkHookType, Hook, HOOK_TYPES, HookCancellationError, HookConfig, type HookContext, type HookContexts, HookExecutionError, HookHandle, type HookOptions, type HookType, InitHookContext,
  MutableWriteHookContext, ReadHookContext, RestoreHookContext, WriteHookContext,
} from './hooks';
import type { State } from './state';

type AnyHook = Hook<never>;
type Lists = Record<HookType, AnyHook[]>;

const empty = (): Lists => ({ read: [], write_before: [], write_after: [], restore: [], init: [] });

/**
 * Hooks by kind, of one state or of all. While one of them runs, what it does to states calls none of them. Mirrors `brainstate.HookManager`.
 *
 * @example
 * ```ts
 * const manager = new HookManager();
 * const handle = manager.registerHook('read', () => {});
 * manager.hasHooks('read'); // true
 * manager.unregisterHook(handle);
 * ```
 */
export class HookManager {
  readonly config: HookConfig;
  private readonly registered = empty();
  /** Enabled hooks in their order; null where that is to be found anew. */
  private ordered: Lists | null = null;
  private running = false;

  constructor(config: HookConfig = new HookConfig()) {
    if (!(config instanceof HookConfig)) throw new ArgumentError(`HookManager: expected a HookConfig, got ${describeValue(config)}`);
    this.config = config;
  }

  /**
   * @param callback called with the kind's context: see {@link HookContexts}
   * @throws HookRegistrationError for a kind that there is not, or a callback that is no function
   */
  registerHook<K extends HookType>(hookType: K, callback: (context: HookContexts[K]) => unknown, options: HookOptions = {}): HookHandle {
    checkHookType('registerHook', hookType);
    const hook = new Hook(callback, options) as AnyHook;
    this.registered[hookType].push(hook);
    this.invalidate();
    return new HookHandle(this, hook, hookType);
  }

  /** Takes a hook out; false if it is not here. */
  unregisterHook(handle: HookHandle): boolean {
    checkInstance('unregisterHook', handle, HookHandle);
    const list = this.registered[handle.hookType];
    const i = list.indexOf(handle.hook);
    if (i < 0) return false;
    list.splice(i, 1);
    this.invalidate();
    return true;
  }

  /** The hooks of a kind, or all. */
  getHooks(hookType: HookType | null = null): AnyHook[] {
    if (hookType !== null) checkHookType('getHooks', hookType);
    return hookType === null ? HOOK_TYPES.flatMap((t) => this.registered[t]) : [...this.registered[hookType]];
  }

  /** Takes out the hooks of a kind, or all. */
  clearHooks(hookType: HookType | null = null): void {
    if (hookType !== null) checkHookType('clearHooks', hookType);
    for (const t of hookType === null ? HOOK_TYPES : [hookType]) this.registered[t].length = 0;
    this.invalidate();
  }

  /** Whether there are hooks, or enabled hooks of a kind. */
  hasHooks(hookType: HookType | null = null): boolean {
    if (hookType !== null) checkHookType('hasHooks', hookType);
    return hookType === null ? HOOK_TYPES.some((t) => this.registered[t].length > 0) : this.registered[hookType].some((h) => h.enabled);
  }

  /** @internal Hooks have come, gone or been switched. */
  invalidate(): void {
    this.ordered = null;
  }

  private enabled(hookType: HookType): AnyHook[] {
    if (this.ordered === null) {
      this.ordered = empty();
      for (const t of HOOK_TYPES) this.ordered[t] = this.registered[t].filter((h) => h.enabled).sort((a, b) => b.priority - a.priority || a.hookId - b.hookId);
    }
    return this.ordered[hookType];
  }

  /** Calls hooks one by one; `make` gives the context of each. */
  private each<C extends HookContext>(hookType: HookType, make: () => C, done: (hook: AnyHook, context: C) => void = () => undefined): void {
    const hooks = this.enabled(hookType);
    if (hooks.length === 0 || this.running) return;
    this.running = true;
    try {
      for (const hook of hooks) {
        const context = make();
        try {
          hook.execute(context as never);
        } catch (error) {
          this.failed(hook, error, context);
          continue;
        }
        done(hook, context);
      }
    } finally {
      this.running = false;
    }
  }

  private failed(hook: AnyHook, error: unknown, context: HookContext): void {
    hook.errorCount++;
    const text = (error instanceof Error ? error.message : String(error)).split('\n')[0];
    let message = `Hook '${hook.name}' error #${hook.errorCount}: ${text}`;
    if (this.config.disableOnError && hook.errorCount >= this.config.maxErrorsPerHook) {
      hook.enabled = false;
      this.invalidate();
      message = `Hook '${hook.name}' disabled after ${hook.errorCount} errors. Last error: ${text}`;
    }
    const { onError, errorLogger } = this.config;
    if (onError === 'raise') throw new HookExecutionError(message, { cause: error });
    if (onError === 'ignore') return;
    if (errorLogger !== null) errorLogger(message, error, hook, context);
    else process.emitWarning(message, 'HookWarning');
  }

  /** Runs the hooks of a read. */
  executeReadHooks(value: unknown, state: State<unknown>): void {
    const context = new ReadHookContext('read', state, value);
    this.each('read', () => context);
  }

  /** @returns the value to write. @throws HookCancellationError if a hook cancels the write */
  executeWriteBeforeHooks(newValue: unknown, oldValue: unknown, state: State<unknown>): unknown {
    let value = newValue;
    this.each('write_before', () => new MutableWriteHookContext(state, newValue, oldValue, value), (hook, context) => {
      if (context.cancel) throw new HookCancellationError(`${hook.name}: ${context.cancelReason ?? 'Hook cancelled the operation'}`);
      value = context.transformedValue;
    });
    return value;
  }

  /** Runs the hooks after a write. */
  executeWriteAfterHooks(newValue: unknown, oldValue: unknown, state: State<unknown>): void {
    const context = new WriteHookContext('write_after', state, newValue, oldValue);
    this.each('write_after', () => context);
  }

  /** Runs the hooks of a restore. */
  executeRestoreHooks(newValue: unknown, oldValue: unknown, state: State<unknown>): void {
    const context = new RestoreHookContext('restore', state, newValue, oldValue);
    this.each('restore', () => context);
  }

  /** Runs the hooks of a state's making. */
  executeInitHooks(value: unknown, state: State<unknown>, initMetadata: Readonly<Record<string, unknown>> = {}): void {
    const context = new InitHookContext(state, value, initMetadata);
    this.each('init', () => context);
  }
}

/** Hooks of all states: there is one registry, {@link GlobalHookRegistry.instance}. Mirrors `brainstate.GlobalHookRegistry`. @example GlobalHookRegistry.instance().hasHooks(); // false */
export class GlobalHookRegistry extends HookManager {
  private static one: GlobalHookRegistry | null = null;

  /** The one registry. */
  static instance(): GlobalHookRegistry {
    GlobalHookRegistry.one ??= new GlobalHookRegistry();
    return GlobalHookRegistry.one;
  }

  /** Forgets all hooks; with `config`, errors are met so from now on. */
  static reset(config?: HookConfig): void {
    GlobalHookRegistry.one = new GlobalHookRegistry(config);
    globalHooks.manager = null;
  }

  override invalidate(): void {
    super.invalidate();
    if (GlobalHookRegistry.one === this) globalHooks.manager = this.hasHooks() ? this : null;
  }
}

/** The global registry while it has hooks: what every access to a state looks at. @internal */
export const globalHooks: { manager: HookManager | null } = { manager: null };

/**
 * Registers a hook of all states. Mirrors `brainstate.register_state_hook`.
 *
 * @param hookType when it runs: `'read'`, `'write_before'`, `'write_after'`, `'restore'`, `'init'`
 * @param callback what is called with the context
 * @example
 * ```ts
 * const handle = registerStateHook('write_after', (c) => console.log(c.stateName, c.value));
 * handle.remove();
 * ```
 */
export function registerStateHook<K extends HookType>(hookType: K, callback: (context: HookContexts[K]) => unknown, options: HookOptions = {}): HookHandle {
  return GlobalHookRegistry.instance().registerHook(hookType, callback, options);
}

/**
 * Takes a hook of all states out; false if it is none. Mirrors `brainstate.unregister_state_hook`.
 *
 * @example
 * ```ts
 * const handle = registerStateHook('read', () => {});
 * unregisterStateHook(handle); // true
 * ```
 */
export function unregisterStateHook(handle: HookHandle): boolean {
  return GlobalHookRegistry.instance().unregisterHook(handle);
}

/** Takes all hooks of all states out, or those of a kind. Mirrors `brainstate.clear_state_hooks`. @example clearStateHooks('read'); */
export function clearStateHooks(hookType: HookType | null = null): void {
  GlobalHookRegistry.instance().clearHooks(hookType);
}

/** Whether there are hooks of all states (of a kind). Mirrors `brainstate.has_state_hooks`. @example hasStateHooks('read'); // false */
export function hasStateHooks(hookType: HookType | null = null): boolean {
  return GlobalHookRegistry.instance().hasHooks(hookType);
}

/** The hooks of all states (of a kind). Mirrors `brainstate.list_state_hooks`. @example listStateHooks().length; // 0 */
export function listStateHooks(hookType: HookType | null = null): Hook<never>[] {
  return GlobalHookRegistry.instance().getHooks(hookType);
}
