import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { cacheDirectory, cacheEntries } from './cache';
import { findBlas } from './blas';
import { cacheRoot } from './cacheDir';
import { findPlugin } from './discovery';
import { listLibraries, listPlugins, verifyPlugin } from './install';
import { addonPaths, packageRoot } from './native';

/** One thing that was looked at. */
export interface Finding {
  name: string;
  value: string;
  /** What is wrong with it, where something is. */
  problem?: string;
  /** What to do about it. */
  mend?: string;
  /** A problem that does not keep anything from working. */
  warning?: boolean;
}

export interface Diagnosis {
  /** Whether nothing is wrong, warnings aside. */
  ok: boolean;
  findings: Finding[];
}

interface Probe {
  apiVersion: { major: number; minor: number };
  attributes: Record<string, unknown>;
  platformName: string;
  platformVersion: string;
  devices: string[];
}

function megabytes(n: number): string {
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`;
}

function node(): Finding {
  const finding: Finding = { name: 'node', value: `${process.version} ${process.platform}-${process.arch}, Node-API ${process.versions.napi}` };
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 20 ? finding : { ...finding, problem: 'Node is older than 20', mend: 'install Node 20 or newer' };
}

function addon(): Finding {
  const path = addonPaths().find((p) => existsSync(p));
  if (path !== undefined) return { name: 'addon', value: `${path}, ${megabytes(statSync(path).size)}` };
  const mend = existsSync(join(packageRoot(), 'lib')) ? 'run `npm install` in the checkout' : 'run `npm rebuild xlastate` (with npm 11, `npm install-scripts approve xlastate` first)';
  return { name: 'addon', value: 'none', problem: `there is no addon for ${process.platform}-${process.arch}`, mend };
}

function version(command: string, args: string[]): string | null {
  const r = spawnSync(command, args, { encoding: 'utf8' });
  return r.status === 0 ? (r.stdout || r.stderr).split('\n')[0]!.trim() : null;
}

/** Building and fetching need these; a package that has its addon and its plugin does not. */
function tools(needed: { compiler: boolean; pip: boolean }): Finding[] {
  const tool = (name: string, value: string | null, isNeeded: boolean, mend: string): Finding =>
    value !== null ? { name, value } : { name, value: 'none', problem: `${name} is missing`, mend, warning: !isNeeded };
  const python = process.env.XLASTATE_PYTHON ?? 'python3';
  return [
    tool('compiler', version(process.env.CXX?.split(' ')[0] ?? 'c++', ['--version']) ?? version('g++', ['--version']) ?? version('clang++', ['--version']), needed.compiler,
      'install a C++17 compiler (Debian, Ubuntu: `apt-get install g++`); only building the addon needs it'),
    tool('cmake', version('cmake', ['--version']), needed.compiler, 'install CMake 3.18 or newer (Debian, Ubuntu: `apt-get install cmake`); only building the addon needs it'),
    tool('pip', version(python, ['-m', 'pip', '--version']), needed.pip, 'install Python 3.8 or newer with pip (Debian, Ubuntu: `apt-get install python3 python3-pip`); only fetching plugins needs it'),
  ];
}

/** Loads the plugin and makes a client, in a process of its own. */
function probe(): Finding[] {
  // Run from its source (in our own tests) the child needs the hook that this process has.
  const file = join(__dirname, `probe${extname(__filename)}`);
  const r = spawnSync(process.execPath, [...process.execArgv, file], { encoding: 'utf8', timeout: 120_000, env: { ...process.env, XLASTATE_NO_FETCH: '1' } });
  if (r.status !== 0) {
    const lines = r.stderr.trim().split('\n');
    const said = lines.find((l) => /Error: /.test(l)) ?? lines.find((l) => /Check failed|terminate/.test(l)) ?? lines.at(-1) ?? '';
    const problem = r.signal === 'SIGTERM' ? 'making a client took more than two minutes' : r.signal ? `the plugin crashed with ${r.signal}: ${said}` : said.replace(/^.*?Error: /, '');
    return [{ name: 'client', value: 'none', problem, mend: 'name another plugin with XLASTATE_PLUGIN, or install the default one anew: `npx xlastate plugins install cpu --force`' }];
  }
  const p = JSON.parse(r.stdout.trim().split('\n').at(-1)!) as Probe;
  const stablehlo = p.attributes.stablehlo_current_version;
  return [
    { name: 'PJRT API', value: `${p.apiVersion.major}.${p.apiVersion.minor}${Array.isArray(stablehlo) ? `, StableHLO ${stablehlo.join('.')}` : ''}` },
    { name: 'platform', value: `${p.platformName} ${p.platformVersion.split('\n')[0]}`.trim() },
    { name: 'devices', value: p.devices.join(', ') || 'none', ...(p.devices.length === 0 && { problem: 'the plugin found no device', mend: 'check the driver (`nvidia-smi`, `rocm-smi`)' }) },
  ];
}

function damage(name: string): Partial<Finding> {
  return { problem: "the library is not the one of its wheel's RECORD", mend: `run \`npx xlastate plugins install ${name} --force\`` };
}

/** What a message of ours says is wrong, and what it says to do. */
function complaint(e: unknown, otherwise: string): { problem: string; mend: string } {
  const [problem, mend] = (e as Error).message.split(/: (?=run |correct |name |unset )/);
  return { problem: problem!, mend: mend ?? otherwise };
}

function plugin(): { findings: Finding[]; isThere: boolean } {
  const before = process.env.XLASTATE_NO_FETCH;
  process.env.XLASTATE_NO_FETCH = '1';
  try {
    const found = findPlugin();
    const entry = listPlugins().find((p) => p.library === found.path);
    const value = `${entry ? `${entry.name}, ${entry.package} ${entry.version}` : `${found.name} (${found.platform}), named by the environment`}`;
    const findings: Finding[] = [{ name: 'plugin', value }, { name: 'path', value: `${found.path}, ${megabytes(statSync(found.path).size)}` }];
    if (entry !== undefined) {
      const state = verifyPlugin(entry.name);
      if (state === 'damaged') findings.push({ name: 'hash', value: 'wrong', ...damage(entry.name) });
      else findings.push({ name: 'hash', value: state === 'ok' ? "as in the wheel's RECORD" : 'not checked: no RECORD lies beside it' });
    }
    return { findings, isThere: true };
  } catch (e) {
    return { findings: [{ name: 'plugin', value: 'none', ...complaint(e, 'run `npx xlastate plugins install cpu`') }], isThere: false };
  } finally {
    if (before === undefined) delete process.env.XLASTATE_NO_FETCH;
    else process.env.XLASTATE_NO_FETCH = before;
  }
}

/** What takes large products on the CPU; without it XLA makes them itself, which is slower and no fault. */
export function blasFinding(): Finding {
  try {
    const path = findBlas();
    if (path === null) {
      if (process.env.XLASTATE_BLAS === '0') return { name: 'BLAS', value: "off (XLASTATE_BLAS is '0')" };
      return { name: 'BLAS', value: 'none', problem: "large products on the CPU are XLA's own", mend: 'run `npx xlastate plugins install openblas`', warning: true };
    }
    const entry = listLibraries().find((l) => l.library === path);
    const value = `${entry ? `${entry.name}, ${entry.package} ${entry.version}` : 'named by XLASTATE_BLAS'}, ${path}, ${megabytes(statSync(path).size)}`;
    return { name: 'BLAS', value, ...(entry !== undefined && verifyPlugin(entry.name) === 'damaged' && damage(entry.name)) };
  } catch (e) {
    return { name: 'BLAS', value: 'none', ...complaint(e, 'unset XLASTATE_BLAS') };
  }
}

function caches(): Finding[] {
  const root = cacheRoot();
  const findings: Finding[] = [];
  if (root === null) {
    findings.push({ name: 'cache', value: 'none', problem: 'there is no home folder to keep a cache in', mend: 'set XDG_CACHE_HOME to a folder that can be written', warning: true });
  } else findings.push({ name: 'cache', value: root });
  const dir = cacheDirectory();
  if (dir === null) findings.push({ name: 'compile cache', value: 'off' });
  else if (existsSync(dir)) {
    const programs = cacheEntries(dir).filter((e) => e.path.endsWith('.xla'));
    findings.push({ name: 'compile cache', value: `${dir}, ${programs.length} programs, ${megabytes(programs.reduce((n, e) => n + e.size, 0))}` });
  } else findings.push({ name: 'compile cache', value: `${dir}, empty` });
  return findings;
}

/** Looks at everything that running needs. Fetches nothing; loads the plugin in a child process. */
export function doctor(): Diagnosis {
  const theAddon = addon();
  const thePlugin = plugin();
  const findings = [node(), theAddon, ...thePlugin.findings];
  if (thePlugin.isThere && theAddon.problem === undefined) findings.push(...probe());
  findings.push(blasFinding(), ...caches(), ...tools({ compiler: theAddon.problem !== undefined, pip: !thePlugin.isThere }));
  return { ok: findings.every((f) => f.problem === undefined || f.warning === true), findings };
}
