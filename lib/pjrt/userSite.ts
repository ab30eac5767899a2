import { dirname, join, sep } from 'node:path';

/** Where this library's code is: `dist/` (`lib/` in development), and the commands beside it. */
const own = ['', 'bin', 'scripts'].map((folder) => (folder === '' ? dirname(__dirname) : join(dirname(dirname(__dirname)), folder)) + sep);

/** Frames of the library between a check and the user's call: enough for transformations in transformations. */
const depth = 64;

/** Takes an error's stack anew, with its present name and message, deep enough to reach the user's code from inside nested traces. */
function deepFrames(error: Error): string[] {
  const saved = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = depth;
    Error.captureStackTrace(error, error.constructor);
    return (error.stack ?? '').split('\n').filter((l) => /^\s+at /.test(l));
  } finally {
    Error.stackTraceLimit = saved;
  }
}

/** `file:line:column` of the innermost frame that is neither the library's nor the runtime's, or null. */
function userSite(frames: readonly string[]): string | null {
  for (const f of frames) {
    const at = /\(([^()]*:\d+:\d+)\)$/.exec(f)?.[1] ?? /^\s+at (?:async )?([^()\s][^()]*:\d+:\d+)$/.exec(f)?.[1];
    if (at === undefined) continue;
    const file = at.startsWith('file://') ? decodeURIComponent(at.slice(7)) : at;
    if (file.startsWith('node:') || own.some((o) => file.startsWith(o))) continue;
    return file;
  }
  return null;
}

/** Adds to an error that has just been made where in the user's code the call was that it is about, and shortens its stack to the length that users set. */
export function addUserSite(error: Error): void {
  const frames = deepFrames(error);
  const site = userSite(frames);
  if (site !== null) error.message += `\n  in the call at ${site}`;
  const shown = Math.max(0, Math.min(frames.length, Error.stackTraceLimit || 0));
  Object.defineProperty(error, 'stack', { value: [`${error.name}: ${error.message}`, ...frames.slice(0, shown)].join('\n'), writable: true, configurable: true, enumerable: false });
}
