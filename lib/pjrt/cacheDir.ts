import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

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

/** Makes a folder and those above it. Node's own `recursive` never returns where the file system says ENOENT for a folder that is there, as /proc does. */
export function makeFolder(path: string, isParent = false): void {
  try {
    mkdirSync(path, { mode: isParent ? 0o755 : 0o700 });
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw e;
    makeFolder(dirname(path), true);
    mkdirSync(path, { mode: isParent ? 0o755 : 0o700 });
  }
}
