import { makeFolder as make } from '../../scripts/cacheFolder';

export { cacheRoot } from '../../scripts/cacheFolder';

/** Makes a folder, which only its owner may look into, or one that others may, and those above it. */
export function makeFolder(path: string, isOpen = false): void {
  make(path, isOpen ? 0o755 : 0o700, 0o755);
}
