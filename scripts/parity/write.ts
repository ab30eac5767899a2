// Writes docs/parity.md from the code: which names of JAX, BrainState and BrainTools exist here, which do not, and why. Names come from
// names.json (scripts/fixtures/parityNames.py), reasons from notes.json; whether a name is there is asked of the library itself.
// `node -r ./test/support/register.js scripts/parity/write.ts [--check]`
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { supportTable } from './supportTable';

const root = join(__dirname, '..', '..');

interface Note {
  /** Name, or a regular expression between slashes. */
  name: string;
  /** 'as': here under another name; 'partly'; 'out': left out on purpose; 'no': missing. */
  status: 'as' | 'partly' | 'out' | 'no';
  why: string;
}

type Level = 'must' | 'should' | 'nice';

interface Row {
  name: string;
  status: 'yes' | 'as' | 'partly' | 'out' | 'no';
  why: string;
  level: Level | null;
}

interface Names {
  versions: Record<string, string>;
  modules: Record<string, Record<string, string[] | null>>;
}

const names = JSON.parse(readFileSync(join(__dirname, 'names.json'), 'utf8')) as Names;
const notes = JSON.parse(readFileSync(join(__dirname, 'notes.json'), 'utf8')) as { homes: Record<string, string[]>; notes: Record<string, Note[]>; levels: Record<string, { should?: string; nice?: string }> };

const library = require('../../lib') as Record<string, unknown>;

/** The forms in which a Python name may stand here: in camelCase, with the suffix of reserved words, as it is. */
function forms(name: string): string[] {
  const trimmed = name.replace(/_+$/, '');
  const camel = trimmed.replace(/_+([a-zA-Z0-9])/g, (_, c: string) => c.toUpperCase());
  return [camel, `${camel}_`, trimmed, name, `${camel}Case`];
}

/** The object at a dotted path of the library; the empty path is the library. */
function at(path: string): unknown {
  return path === '' ? library : path.split('.').reduce<unknown>((o, k) => (o === null || o === undefined ? undefined : (o as Record<string, unknown>)[k]), library);
}

function has(home: string, name: string): boolean {
  const o = at(home);
  return o !== null && (typeof o === 'object' || typeof o === 'function') && forms(name).some((f) => f in (o as object) && (o as Record<string, unknown>)[f] !== undefined);
}

function levelOf(module: string, name: string): Level | null {
  const levels = notes.levels[module];
  if (levels === undefined) return null;
  for (const l of ['should', 'nice'] as const) if ((levels[l] ?? '').split(/\s+/).includes(name)) return l;
  return 'must';
}

/** Notes that do not agree with the library. */
const problems: string[] = [];

function rowsOf(module: string): Row[] {
  const homes = notes.homes[module];
  if (homes === undefined) throw new Error(`notes.json: no home for ${module}`);
  const known = notes.notes[module] ?? [];
  const used = new Set<Note>();
  const rows = Object.keys(names.modules[module]!).map((name): Row => {
    const note = known.find((n) => (n.name.startsWith('/') ? new RegExp(n.name.slice(1, -1)).test(name) : n.name === name));
    const level = levelOf(module, name);
    const present = homes.some((h) => has(h, name));
    if (note !== undefined) {
      used.add(note);
      if (present && note.status === 'out' && !note.name.startsWith('/')) problems.push(`notes.json: ${module}.${name} is there, but noted as ${note.status}`);
      if (!present && note.status === 'partly') problems.push(`notes.json: ${module}.${name} is not there, but noted as partly there`);
      if (note.status === 'as' && !note.why.startsWith('`npx ') && !isType(note.why) && !note.why.split(/[^\w.]+/).some((w) => w !== '' && (at(w) !== undefined || methodAt(w)))) problems.push(`notes.json: ${module}.${name}: nothing in '${note.why}' is a name of the library`);
      if (!present || note.status === 'partly') return { name, status: note.status, why: note.why, level };
    }
    return { name, status: present ? 'yes' : 'no', why: '', level };
  });
  for (const n of known) if (!used.has(n)) problems.push(`notes.json: ${module} has no name ${n.name}`);
  return rows;
}

/** Whether `Class.method` is a method or property of a class's instances. */
function methodAt(path: string): boolean {
  const i = path.lastIndexOf('.');
  const owner = i < 0 ? undefined : at(path.slice(0, i));
  return typeof owner === 'function' && path.slice(i + 1) in ((owner as { prototype?: object }).prototype ?? {});
}

let types: Set<string> | undefined;

/** Whether a note such as 'lax.Precision (a type)' names a type that the sources export. */
function isType(why: string): boolean {
  const name = /(\w+) \(a type\)$/.exec(why)?.[1];
  if (name === undefined) return false;
  if (types === undefined) {
    types = new Set();
    const lib = join(root, 'lib');
    for (const f of readdirSync(lib, { recursive: true }) as string[]) {
      if (!f.endsWith('.ts')) continue;
      for (const m of readFileSync(join(lib, f), 'utf8').matchAll(/export (?:interface|type) (\w+)/g)) types.add(m[1]!);
    }
  }
  return types.has(name);
}

function percent(rows: readonly Row[]): string {
  const counted = rows.filter((r) => r.status !== 'out');
  const there = counted.filter((r) => r.status !== 'no');
  return counted.length === 0 ? '–' : `${((100 * there.length) / counted.length).toFixed(1)} %`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** How many values of a fixture are compared: its cases, or the entries of its tables. */
function casesIn(file: string): number {
  const data = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  if (globalThis.Array.isArray(data.cases)) return data.cases.length;
  return Object.entries(data).reduce((n, [k, v]) => n + (k === 'versions' || v === null || typeof v !== 'object' ? 0 : globalThis.Array.isArray(v) ? v.length : Object.keys(v).length), 0);
}

function page(): string {
  const out: string[] = [
    '# Parity',
    '',
    `Which names of JAX ${names.versions.jax}, BrainState ${names.versions.brainstate} and BrainTools ${names.versions.braintools} exist in xlastate. This page is written by \`npm run parity\` from the library`,
    'itself, and CI fails when it is out of date. A name counts as there when the library exports it, in camelCase or as the note says; names left out on purpose',
    'are not counted, and have their reason.',
    '',
    '| module | there as | names | there | partly | left out | missing | of those in scope |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  const modules = Object.keys(names.modules).map((m) => [m, rowsOf(m)] as const);
  for (const [m, rows] of modules) {
    const count = (...s: Row['status'][]) => rows.filter((r) => s.includes(r.status)).length;
    out.push(`| \`${m}\` | ${notes.homes[m]!.map((h) => (h === '' ? 'root' : `\`${h}\``)).join(', ')} | ${rows.length} | ${count('yes', 'as')} | ${count('partly')} | ${count('out')} | ${count('no')} | ${percent(rows)} |`);
  }
  out.push('', '## BrainState and BrainTools by weight', '', '| module | must | should | nice |', '| --- | ---: | ---: | ---: |');
  const all: Record<Level, Row[]> = { must: [], should: [], nice: [] };
  for (const [m, rows] of modules) {
    if (notes.levels[m] === undefined) continue;
    const by = (l: Level) => rows.filter((r) => r.level === l);
    for (const l of ['must', 'should', 'nice'] as const) all[l].push(...by(l));
    out.push(`| \`${m}\` | ${percent(by('must'))} | ${percent(by('should'))} | ${percent(by('nice'))} |`);
  }
  out.push(`| all | ${percent(all.must)} | ${percent(all.should)} | ${percent(all.nice)} |`);

  out.push('', '## Reference values', '', 'Cases that other programs computed and the tests compare, by fixture (each written by the script of the same name in `scripts/fixtures/`):', '', '| fixture | cases |', '| --- | ---: |');
  const dir = join(root, 'test', 'fixtures');
  let total = 0;
  for (const f of readdirSync(dir).filter((f) => f.endsWith('.json')).sort()) {
    const n = casesIn(join(dir, f));
    total += n;
    out.push(`| ${f.replace('.json', '')} | ${n} |`);
  }
  out.push(`| all | ${total} |`);

  for (const [m, rows] of modules) {
    const open = rows.filter((r) => r.status !== 'yes');
    out.push('', `## ${m}`, '');
    const there = rows.filter((r) => r.status === 'yes').map((r) => `\`${r.name}\``);
    if (there.length > 0) out.push(`There: ${there.join(', ')}.`, '');
    if (open.length === 0) continue;
    out.push('| name | | |', '| --- | --- | --- |');
    const words = { as: 'under another name', partly: 'partly', out: 'left out', no: 'missing' } as const;
    for (const r of open) out.push(`| \`${r.name}\` | ${words[r.status as keyof typeof words]} | ${cell(r.why)} |`);
  }

  const table = supportTable();
  out.push('', '## Primitives', '', 'The rules of each primitive, as the registry test walks them: compiled = eager, forward derivatives against finite differences, transposes, `vmap` against a loop, second derivatives.', '', `${table.length} primitives.`, '', '| primitive | jit | jvp | transpose | vmap | second order |', '| --- | --- | --- | --- | --- | --- |');
  for (const r of table) out.push(`| \`${r.name}\` | ${[r.jit, r.jvp, r.transpose, r.vmap, r.second].map(cell).join(' | ')} |`);
  return `${out.join('\n').replace(/\n{3,}/g, '\n\n')}\n`;
}

const target = join(root, 'docs', 'parity.md');
const text = page();
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error('docs/parity.md is out of date: run `npm run parity`');
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
  console.log(text.split('\n').slice(6, 70).join('\n'));
}
