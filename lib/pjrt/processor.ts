import { Buffer } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';

/** The beginning of /proc/cpuinfo: the kernel takes time for each processor that it tells of. */
function firstProcessor(): string {
  const fd = openSync('/proc/cpuinfo', 'r');
  try {
    const bytes = Buffer.alloc(1 << 14);
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

let known: string | undefined;

/** What compiled code depends on of this machine: system, architecture and, on Linux, what its processor can do. */
export function processor(): string {
  if (known === undefined) {
    let flags = '';
    try {
      const text = firstProcessor();
      flags = /^(?:flags|Features)\s*:.*$/m.exec(text)?.[0] ?? '';
      flags += /^model name\s*:.*$/m.exec(text)?.[0] ?? '';
    } catch {
      // Not Linux, or a closed /proc: the architecture is all we know.
    }
    known = `${process.platform}/${process.arch}/${flags}`;
  }
  return known;
}

/** Whether vectors of 64 bytes cost it no speed: those that have these instructions came after those which slow down for them. */
export function hasFastWideVectors(flags = processor()): boolean {
  return /\bavx512_vbmi2\b/.test(flags);
}
