import { homedir } from 'node:os';
import { join } from 'node:path';

/** The user's cache folder for what we fetch and compile; null where there is no home. */
export function cacheRoot(): string | null {
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, 'xlastate');
  try {
    const home = homedir();
    return home ? join(home, '.cache', 'xlastate') : null;
  } catch {
    return null;
  }
}
