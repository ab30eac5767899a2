import { callbackDepth, type Client, defaultClient } from '../pjrt';

/** The client that arrays live on, with what is asked of it often. */
export interface Backend {
  readonly client: Client;
  /** PJRT's platform name: 'cpu', 'cuda' … */
  readonly platform: string;
}

const made: Backend[] = [];

/**
 * The process's backend, made at first use. Within a callback of a compiled program it is another one on the same platform: a client runs its
 * programs in order, so that those of the callback would wait for the program that waits for the callback.
 */
export function backend(): Backend {
  return made[callbackDepth()] ?? make(callbackDepth());
}

/** The backend outside of callbacks. */
export function mainBackend(): Backend {
  return made[0] ?? make(0);
}

/** Whether arrays and programs may be of another backend than the one in use. */
export function severalBackends(): boolean {
  return made.length > 1 || callbackDepth() > 0;
}

function make(depth: number): Backend {
  const client = depth === 0 ? defaultClient() : defaultClient().sibling(depth);
  made[depth] = { client, platform: client.platformName };
  return made[depth];
}
