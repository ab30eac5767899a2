import { type Client, defaultClient } from '../pjrt';

/** The client that arrays live on, with what is asked of it often. */
export interface Backend {
  readonly client: Client;
  /** PJRT's platform name: 'cpu', 'cuda' … */
  readonly platform: string;
}

let made: Backend | undefined;

/** The process's default backend, made at first use. */
export function backend(): Backend {
  if (made === undefined) {
    const client = defaultClient();
    made = { client, platform: client.platformName };
  }
  return made;
}
