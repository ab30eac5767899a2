/** The user's cache folder for what we fetch and compile; null where there is no home. */
export function cacheRoot(): string | null;
/** Makes a folder and those above it, also where Node's own `recursive` never returns. */
export function makeFolder(dir: string, mode?: number, parentMode?: number): void;
