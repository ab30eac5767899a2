import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { config } from '../core/config';
import type { Executable } from '../pjrt';
import { makeFolder } from '../pjrt/cacheDir';

let counter = 0;

/** Names of files hold what all file systems take. */
function safe(name: string): string {
  return name.replace(/[^\w.-]/g, '').slice(0, 100) || 'program';
}

let warned = false;

/**
 * Writes a program before and after XLA's optimisation to the folder that `dumpHloTo` names: `xla_0001.<name>.mlir` and
 * `xla_0001.<name>.optimized.hlo`. Files that are there are never overwritten. What cannot be written is told by one warning: programs run all the same.
 */
export function dumpProgram(name: string, stablehlo: string, executable: Executable): void {
  const dir = config.dumpHloTo;
  if (dir === null) return;
  try {
    const folder = resolve(dir);
    makeFolder(folder);
    const base = place(folder, name, stablehlo);
    let hlo: string;
    try {
      hlo = executable.hloText();
    } catch (e) {
      if ((e as { status?: string }).status !== 'UNIMPLEMENTED') throw e;
      hlo = '// The platform does not give the optimised program.\n';
    }
    writeFileSync(`${base}.optimized.hlo`, hlo, { flag: 'wx' });
  } catch (e) {
    if (!warned) process.emitWarning(`dumpHloTo: programs cannot be written to '${dir}': ${(e as Error).message}`, 'RuntimeWarning');
    warned = true;
  }
}

/** Writes the first file under the next number that is free, other threads and processes may take some, too; the path without its ending. */
function place(folder: string, name: string, stablehlo: string): string {
  for (;;) {
    const base = join(folder, `xla_${String(++counter).padStart(4, '0')}.${safe(name)}`);
    try {
      writeFileSync(`${base}.mlir`, stablehlo, { flag: 'wx' });
      return base;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
    }
  }
}
