import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type Diagnosis, doctor } from '../pjrt/doctor';
import { installPlugin, type LibraryEntry, listLibraries, listPlugins } from '../pjrt/install';
import { packageRoot } from '../pjrt/native';

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printDiagnosis({ ok, findings }: Diagnosis): void {
  const width = Math.max(...findings.map((f) => f.name.length));
  for (const f of findings) {
    const mark = f.problem === undefined ? 'ok  ' : f.warning ? 'note' : 'BAD ';
    print(`${mark} ${f.name.padEnd(width)}  ${f.value}`);
    if (f.problem !== undefined) print(`     ${' '.repeat(width)}  ${f.problem}`);
    if (f.mend !== undefined) print(`     ${' '.repeat(width)}  to mend: ${f.mend}`);
  }
  print(ok ? 'All is well.' : 'Something is wrong: see BAD above.');
}

function printEntries(entries: LibraryEntry[]): void {
  for (const e of entries) print(`${e.name.padEnd(9)}${`${e.package} ${e.version}`.padEnd(30)}${e.library ?? 'not installed'}`);
}

function program(): Command {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  const main = new Command('xlastate').description('Machine learning for Node on XLA').version(version);

  main
    .command('doctor')
    .description('show what was found (plugin, devices, cache, addon, tools), what is wrong, and how to mend it')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => {
      const diagnosis = doctor();
      if (options.json) print(JSON.stringify(diagnosis, null, 2));
      else printDiagnosis(diagnosis);
      if (!diagnosis.ok) process.exitCode = 1;
    });

  const plugins = main.command('plugins').description('PJRT plugins: the compilers and runtimes of XLA');
  plugins
    .command('list')
    .description('the plugins that can be installed, and which are')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => {
      const list = listPlugins();
      if (options.json) print(JSON.stringify(list, null, 2));
      else {
        printEntries(list);
        print('Libraries, used where they are there:');
        printEntries(listLibraries());
      }
    });
  plugins
    .command('install')
    .description('fetch a plugin or library with pip, checked by its hash, into the cache')
    .argument('<name>', [...listPlugins(), ...listLibraries()].map((p) => p.name).join(', '))
    .option('--from <dir>', 'take the wheels from a folder')
    .option('--force', 'install anew what is there')
    .action((name: string, options: { from?: string; force?: boolean }) => {
      print(installPlugin(name, { ...options, log: (line) => process.stderr.write(`xlastate: ${line}\n`) }));
    });
  return main;
}

try {
  program().parse();
} catch (e) {
  // Which line called the library says nothing to those at a terminal.
  process.stderr.write(`xlastate: ${(e as Error).message.replace(/\n {2}in the call at .*$/, '')}\n`);
  process.exitCode = 1;
}
