import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { BrainStateError } from './errors';
import type { HookManager } from './hookManager';
import type { State } from './state';

/** When a hook runs: at a state's making, at a read, before and after a write, at a restore. */
export type HookType = 'read' | 'write_before' | 'write_after' | 'restore' | 'init';

export const HOOK_TYPES: readonly HookType[] = ['read', 'write_before', 'write_after', 'restore', 'init'];

/**
 * Base of the errors of hooks. Mirrors `brainstate.HookError`.
 *
 * @example
 * ```ts
 * const count = new State(np.array(0));
 * count.registerHook('write_before', (context) => { context.cancel = true; });
 * try {
 *   count.value = np.array(1);
 * } catch (e) {
 *   if (e instanceof HookError) console.log(e.message);
 * }
 * ```
 */
export class HookError extends BrainStateError {
  constructor(message: string, options?: ErrorOptions, code = 'HOOK') {
    super(message, options, code);
  }
}

/**
 * A hook threw; its error is the cause. Mirrors `brainstate.HookExecutionError`.
 *
 * @example
 * ```ts
 * const manager = new HookManager(new HookConfig({ onError: 'raise' }));
 * manager.registerHook('read', () => { throw new Error('no'); });
 * try {
 *   manager.executeReadHooks(1, new State(1));
 * } catch (e) {
 *   if (e instanceof HookExecutionError) console.log(e.message);
 * }
 * ```
 */
export class HookExecutionError extends HookError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options, 'HOOK_EXECUTION');
  }
}

/**
 * A hook cannot be registered as asked. Mirrors `brainstate.HookRegistrationError`.
 *
 * @example
 * ```ts
 * try {
 *   registerStateHook('reading' as 'read', () => {});
 * } catch (e) {
 *   if (e instanceof HookRegistrationError) console.log(e.message);
 * }
 * ```
 */
export class HookRegistrationError extends HookError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options, 'HOOK_REGISTRATION');
  }
}

/**
 * A hook cancelled a write: the state keeps its value. Mirrors `brainstate.HookCancellationError`.
 *
 * @example
 * ```ts
 * const count = new State(np.array(0));
 * count.registerHook('write_before', (context) => { context.cancel = true; });
 * try {
 *   count.value = np.array(1);
 * } catch (e) {
 *   if (e instanceof HookError) console.log(e.message);
 * }
 * count.value.js(); // 0
 * ```
 */
export class HookCancellationError extends HookError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options, 'HOOK_CANCELLATION');
  }
}

/**
 * What a hook is called with. Mirrors `brainstate.HookContext`.
 *
 * @example
 * ```ts
 * const seen: string[] = [];
 * const count = new State(np.array(0), { name: 'count' });
 * count.registerHook('read', (context) => { seen.push(context.operation); });
 * count.value;
 * seen; // ['read']
 * ```
 */
export class HookContext {
  readonly operation: HookType;
  readonly state: State<unknown>;
  /** Milliseconds since 1970. */
  readonly timestamp = Date.now();
  /** For hooks to leave notes in: each hook of an operation sees those of the ones before, but for hooks before a write. */
  readonly metadata: Record<string, unknown> = {};
  /** The value read, written, restored or made. Inside of a traced function it is traced. */
  readonly value: unknown;

  constructor(operation: HookType, state: State<unknown>, value: unknown) {
    this.operation = operation;
    this.state = state;
    this.value = value;
  }

  get stateName(): string | null {
    return this.state.name;
  }
}

/**
 * Mirrors `brainstate.ReadHookContext`.
 *
 * @example
 * ```ts
 * const x = new State(1);
 * let reads = 0;
 * x.registerHook('read', () => { reads++; });
 * x.value;
 * reads; // 1
 * ```
 */
export class ReadHookContext extends HookContext {}

/**
 * Mirrors `brainstate.WriteHookContext`.
 *
 * @example
 * ```ts
 * const x = new State(1);
 * const changes: unknown[] = [];
 * x.registerHook('write_after', (context) => { changes.push([context.oldValue, context.value]); });
 * x.value = 2;
 * changes; // [[1, 2]]
 * ```
 */
export class WriteHookContext extends HookContext {
  /** The value before; null after a compiled function that reused its memory. */
  readonly oldValue: unknown;

  constructor(operation: HookType, state: State<unknown>, value: unknown, oldValue: unknown) {
    super(operation, state, value);
    this.oldValue = oldValue;
  }
}

/**
 * Before a write: the hook may change the value, or cancel the write. Mirrors `brainstate.MutableWriteHookContext`.
 *
 * @example
 * ```ts
 * const x = new State(1);
 * x.registerHook('write_before', (context) => { context.transformedValue = (context.value as number) * 2; });
 * x.value = 5;
 * x.value; // 10
 * ```
 */
export class MutableWriteHookContext extends WriteHookContext {
  /** The value that will be written: `value` as the hooks before have changed it. */
  transformedValue: unknown;
  /** Set to true, the write is an error, and the state keeps its value. */
  cancel = false;
  cancelReason: string | null = null;

  constructor(state: State<unknown>, value: unknown, oldValue: unknown, transformedValue: unknown) {
    super('write_before', state, value, oldValue);
    this.transformedValue = transformedValue;
  }
}

/**
 * Mirrors `brainstate.RestoreHookContext`.
 *
 * @example
 * ```ts
 * const x = new State(np.array(1));
 * x.registerHook('restore', (context) => console.log(context.oldValue, context.value));
 * x.restoreValue(np.array(2));
 * ```
 */
export class RestoreHookContext extends WriteHookContext {}

/**
 * Mirrors `brainstate.InitHookContext`.
 *
 * @example
 * ```ts
 * const seen: unknown[] = [];
 * const handle = registerStateHook('init', (context) => { seen.push(context.value); });
 * new State(3);
 * handle.remove();
 * seen; // [3]
 * ```
 */
export class InitHookContext extends HookContext {
  /** Name, tag and metadata given to the constructor. */
  readonly initMetadata: Readonly<Record<string, unknown>>;

  constructor(state: State<unknown>, value: unknown, initMetadata: Readonly<Record<string, unknown>>) {
    super('init', state, value);
    this.initMetadata = initMetadata;
  }
}

/** The context of each kind of hook. */
export interface HookContexts {
  read: ReadHookContext;
  write_before: MutableWriteHookContext;
  write_after: WriteHookContext;
  restore: RestoreHookContext;
  init: InitHookContext;
}

/** Options of {@link Hook}. */
export interface HookOptions {
  /** Hooks of higher priority run first; among equals, those registered first. Default 0. */
  priority?: number;
  /** Name in messages and prints. */
  name?: string;
  enabled?: boolean;
}

let nextId = 0;

/**
 * A function that is called at operations on states. Mirrors `brainstate.Hook`.
 *
 * @example
 * ```ts
 * const hook = new Hook((context: ReadHookContext) => console.log(context.stateName), { name: 'log', priority: 1 });
 * hook.name; // 'log'
 * ```
 */
export class Hook<C extends HookContext = HookContext> {
  readonly callback: (context: C) => unknown;
  readonly priority: number;
  readonly name: string;
  readonly hookId = nextId++;
  enabled: boolean;
  /** How often the hook threw. */
  errorCount = 0;

  /** @throws HookRegistrationError if the callback is no function */
  constructor(callback: (context: C) => unknown, options: HookOptions = {}) {
    const { priority = 0, name, enabled = true } = checkOptions('Hook', ['priority', 'name', 'enabled'], options);
    if (typeof callback !== 'function') throw new HookRegistrationError(`Hook: expected the callback to be a function, got ${describeValue(callback)}`);
    this.callback = callback;
    this.priority = priority;
    this.name = name ?? `hook_${this.hookId}`;
    this.enabled = enabled;
  }

  /** Calls the function, if enabled. @throws HookExecutionError if it throws */
  execute(context: C): unknown {
    if (!this.enabled) return undefined;
    try {
      return this.callback(context);
    } catch (cause) {
      throw new HookExecutionError(`Hook '${this.name}' execution failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  toString(): string {
    return `Hook(name='${this.name}', priority=${this.priority}, ${this.enabled ? 'enabled' : 'disabled'})`;
  }
}

/**
 * A registered hook: to switch off and on, and to remove. Mirrors `brainstate.HookHandle`.
 *
 * @example
 * ```ts
 * const handle = registerStateHook('read', () => {});
 * handle.disable();
 * handle.remove();
 * hasStateHooks('read'); // false
 * ```
 */
export class HookHandle {
  readonly hook: Hook<never>;
  readonly hookType: HookType;
  private readonly manager: HookManager;
  private removed = false;

  constructor(manager: HookManager, hook: Hook<never>, hookType: HookType) {
    this.manager = manager;
    this.hook = hook;
    this.hookType = hookType;
  }

  private switch(on: boolean): void {
    if (this.removed) throw new HookError(`HookHandle: hook '${this.name}' has been removed, and cannot be ${on ? 'enabled' : 'disabled'}`);
    this.hook.enabled = on;
    this.manager.invalidate();
  }

  /** @throws HookError if removed */
  enable(): void {
    this.switch(true);
  }

  /** @throws HookError if removed */
  disable(): void {
    this.switch(false);
  }

  /** Takes the hook out; false if it was out already. */
  remove(): boolean {
    if (this.removed) return false;
    this.removed = true;
    return this.manager.unregisterHook(this);
  }

  /** Whether the hook runs. */
  isEnabled(): boolean {
    return !this.removed && this.hook.enabled;
  }

  /** Whether the hook was taken away. */
  isRemoved(): boolean {
    return this.removed;
  }

  get name(): string {
    return this.hook.name;
  }

  get priority(): number {
    return this.hook.priority;
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  toString(): string {
    return `HookHandle(name='${this.name}', ${this.removed ? 'removed' : `priority=${this.priority}, ${this.hook.enabled ? 'enabled' : 'disabled'}`})`;
  }
}

/** @throws HookRegistrationError for what is no kind of hook */
export function checkHookType(op: string, type: unknown): asserts type is HookType {
  if (!HOOK_TYPES.includes(type as HookType)) throw new HookRegistrationError(`${op}: expected one of ${HOOK_TYPES.map((t) => `'${t}'`).join(', ')}, got ${describeValue(type)}`);
}

/** What happens when a hook throws. */
export type OnHookError = 'raise' | 'log' | 'ignore';

/** How errors of hooks are met. Mirrors `brainstate.HookConfig`. @example new HookConfig({ onError: 'log' }).onError; // 'log' */
export class HookConfig {
  /** 'log' (the default) emits a warning of the process whose name is 'HookWarning', 'raise' throws, 'ignore' does nothing. */
  readonly onError: OnHookError;
  /** Called in place of a warning. */
  readonly errorLogger: ((message: string, error: unknown, hook: Hook<never>, context: HookContext) => void) | null;
  /** After how many errors a hook is disabled, with disableOnError. */
  readonly maxErrorsPerHook: number;
  readonly disableOnError: boolean;

  constructor(options: { onError?: OnHookError; errorLogger?: HookConfig['errorLogger']; maxErrorsPerHook?: number; disableOnError?: boolean } = {}) {
    const { onError = 'log', errorLogger = null, maxErrorsPerHook = 10, disableOnError = false } = checkOptions('HookConfig', ['onError', 'errorLogger', 'maxErrorsPerHook', 'disableOnError'], options);
    if (!['raise', 'log', 'ignore'].includes(onError)) throw new ArgumentError(`HookConfig: expected onError to be 'raise', 'log' or 'ignore', got ${describeValue(onError)}`);
    this.onError = onError;
    this.errorLogger = errorLogger;
    this.maxErrorsPerHook = maxErrorsPerHook;
    this.disableOnError = disableOnError;
  }
}
