// Compiles and runs every @example of the doc comments in lib/, one process for each folder of lib/. In scope are the package's exports, `np` for numpy,
// and what else the documented file's namespace exports. A comment that is a value, behind an expression, is what the expression must give.
// `node scripts/check-examples.js [folder of lib …]`
'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { transformSync } = require('@swc/core');
const ts = require('typescript');
const { root, say, script, filesUnder } = require('./steps');

const out = path.join(root, 'build', 'examples');

/** Code of an @example's text and the line of the file that each of its lines stands on. Fenced code, or all of it. */
function codeOf(raw, firstLine) {
  const lines = raw.replace(/^\s*@example/, '').replace(/\*\/$/, '').split('\n').map((text, i) => ({ text: i === 0 ? text.trim() : text.replace(/^\s*\*( |$)/, ''), line: firstLine + i }));
  const open = lines.findIndex((l) => /^\s*```/.test(l.text));
  if (open < 0) return lines.filter((l) => l.text.trim() !== '');
  const pieces = [];
  for (let i = open, inside = false; i < lines.length; i++) {
    if (/^\s*```/.test(lines[i].text)) inside = !inside;
    else if (inside) pieces.push(lines[i]);
  }
  return pieces;
}

/** The @examples in a file's comments: { file, line, owner, lines }. */
function examplesOf(file) {
  const text = fs.readFileSync(file, 'utf8');
  if (!text.includes('@example')) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found = [];
  const visit = (node) => {
    for (const doc of node.jsDoc ?? []) {
      for (const tag of doc.tags ?? []) {
        if (tag.tagName.text !== 'example') continue;
        // The comment of the tag ends where the next tag or the doc comment does.
        const next = doc.tags.find((t) => t.pos > tag.pos);
        const start = tag.getStart(source);
        const raw = text.slice(start, next ? next.getStart(source) : doc.end);
        const line = source.getLineAndCharacterOfPosition(start).line + 1;
        found.push({ file: path.relative(root, file), line, lines: codeOf(raw, line) });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Names that a module file exports, by the compiler. */
function exportsOf(checker, program, file) {
  const source = program.getSourceFile(path.join(root, file));
  return source === undefined ? [] : checker.getExportsOfModule(checker.getSymbolAtLocation(source)).map((s) => s.getName());
}

/** A module with a folder's examples, each in a function of its own. `origin` leads from its lines to the source's. */
function write(folder, examples, rootNames, ownNames) {
  const code = [];
  const origin = [];
  const put = (text, where) => {
    code.push(text);
    origin.push(where);
  };
  const used = new Set(rootNames);
  put(`import { ${[...rootNames].join(', ')}, numpy as np } from 'xlastate'; declare function __check(file: string, given: unknown, expected: string): void;`, null);
  put('export const examples: Record<string, () => unknown> = {};', null);
  const namespace = ownNames.path;
  examples.forEach((example) => {
    const where = `${example.file}:${example.line}`;
    const text = example.lines.map((l) => l.text).join('\n');
    const words = new Set(text.match(/[A-Za-z_$][\w$]*/g) ?? []);
    const declared = declaredIn(text);
    const own = ownNames.names.filter((n) => words.has(n) && !used.has(n) && n !== 'np' && !(n in globalThis) && !declared.has(n) && new RegExp(`(?<![\\w$.'"\`])${n.replaceAll('$', '\\$')}\\b(?!\\s*:)`).test(text));
    put(`examples[${JSON.stringify(where)}] = async () => {${own.length > 0 ? ` const { ${own.join(', ')} } = ${namespace};` : ''}`, where);
    for (const l of checked(example)) put(l.text, `${example.file}:${l.line}`);
    put('};', where);
  });
  const target = path.join(out, `${folder.replace(/\W/g, '_')}.ts`);
  fs.writeFileSync(target, code.join('\n'));
  return { folder, target, origin, examples };
}

/** Names that an example declares. */
function declaredIn(text) {
  const names = new Set();
  const visit = (node) => {
    if ((ts.isVariableDeclaration(node) || ts.isBindingElement(node) || ts.isParameter(node) || ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node)) && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('example.ts', text, ts.ScriptTarget.ES2022));
  return names;
}

/** The example's lines, `expression; // value` wrapped so that the value is looked at. */
function checked(example) {
  const text = example.lines.map((l) => l.text).join('\n');
  const source = ts.createSourceFile('example.ts', text, ts.ScriptTarget.ES2022, true);
  const edits = [];
  for (const s of source.statements) {
    if (!ts.isExpressionStatement(s) || ts.isBinaryExpression(s.expression) && s.expression.operatorToken.kind === ts.SyntaxKind.EqualsToken) continue;
    const rest = /^;?\s*\/\/\s*(.*)/.exec(text.slice(s.expression.end).split('\n')[0]);
    if (rest === null || parseValue(rest[1]) === undefined) continue;
    const line = example.lines[source.getLineAndCharacterOfPosition(s.getStart()).line].line;
    edits.push({ start: s.expression.getStart(), end: s.expression.end, where: `${example.file}:${line}`, value: rest[1] });
  }
  let wrapped = text;
  for (const e of edits.reverse()) wrapped = `${wrapped.slice(0, e.start)}__check(${JSON.stringify(e.where)}, ${wrapped.slice(e.start, e.end)}, ${JSON.stringify(e.value)})${wrapped.slice(e.end)}`;
  example.values = edits.length;
  return wrapped.split('\n').map((t, i) => ({ text: t, line: example.lines[i]?.line ?? example.line }));
}

/**
 * Reads a value as comments write it: numbers (`2.718…` is cut), strings, booleans, null, lists, objects with plain keys; undefined if the text is no value.
 * A value may be followed by prose behind `:`, `;` or `,`? No: then it is prose.
 */
function parseValue(text) {
  let at = 0;
  const fail = () => {
    throw new SyntaxError('no value');
  };
  const blanks = () => {
    while (text[at] === ' ') at++;
  };
  const many = (close, one) => {
    const items = [];
    at++;
    for (blanks(); text[at] !== close; blanks()) {
      if (at >= text.length) fail();
      items.push(one());
      blanks();
      if (text[at] === ',') at++;
      else if (text[at] !== close) fail();
    }
    at++;
    return items;
  };
  const value = () => {
    blanks();
    const rest = text.slice(at);
    if (rest[0] === '[') return { list: many(']', () => (text[at] === '…' ? (at++, { rest: true }) : value())) };
    if (rest[0] === '{') {
      return {
        fields: many('}', () => {
          const key = /^(?:'([^']*)'|([\w$]+))\s*:/.exec(text.slice(at));
          if (key === null) fail();
          at += key[0].length;
          return [key[1] ?? key[2], value()];
        }),
      };
    }
    const number = /^([-−]?(?:\d+\.?\d*(?:e[-+−]?\d+)?|Infinity)|NaN)(…?)(n?)/.exec(rest);
    if (number !== null) {
      at += number[0].length;
      const decimals = (/\.(\d*)/.exec(number[1])?.[1] ?? '').length;
      return { number: Number(number[1].replaceAll('−', '-')), decimals, digits: number[2] ? decimals : null, exponent: Number(/e(.*)/.exec(number[1])?.[1] ?? 0) };
    }
    const string = /^(?:'([^']*)'|"([^"]*)")/.exec(rest);
    if (string !== null) {
      at += string[0].length;
      return { is: string[1] ?? string[2] };
    }
    const word = /^(true|false|null|undefined)\b/.exec(rest);
    if (word === null) fail();
    at += word[0].length;
    return { is: { true: true, false: false, null: null, undefined }[word[0]] };
  };
  try {
    const v = value();
    blanks();
    return at === text.length ? v : undefined;
  } catch (e) {
    if (e instanceof SyntaxError) return undefined;
    throw e;
  }
}

/** Whether a plain value is the one that was read. Values are float32 and written short: what is not exact has some five digits. */
function agrees(given, v) {
  if ('list' in v) {
    if (!globalThis.Array.isArray(given)) return false;
    const open = v.list.some((x) => x.rest);
    const items = v.list.filter((x) => !x.rest);
    return (open ? given.length >= items.length : given.length === items.length) && items.every((x, i) => agrees(given[i], x));
  }
  if ('fields' in v) {
    if (typeof given !== 'object' || given === null) return false;
    const keys = Object.keys(given).filter((k) => given[k] !== undefined);
    return keys.length === v.fields.length && v.fields.every(([k, x]) => agrees(given[k], x));
  }
  if ('number' in v) {
    const n = typeof given === 'bigint' ? Number(given) : given;
    if (typeof n !== 'number') return false;
    if (Number.isNaN(v.number)) return Number.isNaN(n);
    if (v.digits !== null) return Math.abs(n - v.number) <= 1.01 * 10 ** (v.exponent - v.digits);
    return n === v.number || Math.abs(n - v.number) <= Math.max(2e-5 * Math.abs(v.number), v.number === 0 ? 1e-6 : 0, v.decimals >= 4 ? 0.51 * 10 ** (v.exponent - v.decimals) : 0);
  }
  return Object.is(given, v.is);
}

/** Arrays as nested lists, also within lists, objects and Maps. */
function plain(x) {
  if (x === null || typeof x !== 'object') return x;
  if (typeof x.js === 'function') return plain(x.js());
  if (ArrayBuffer.isView(x)) return globalThis.Array.from(x);
  if (globalThis.Array.isArray(x)) return x.map(plain);
  if (x instanceof Map) return Object.fromEntries([...x].map(([k, v]) => [k, plain(v)]));
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, plain(v)]));
}

function compile(modules, program) {
  const byTarget = new Map(modules.map((m) => [m.target, m]));
  const problems = [];
  for (const m of modules) {
    const source = program.getSourceFile(m.target);
    for (const d of [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]) {
      // An expression by itself shows a value.
      const line = byTarget.get(m.target).origin[source.getLineAndCharacterOfPosition(d.start).line];
      problems.push(`${line ?? m.target}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
    }
  }
  return problems;
}

/** Runs in a process of its own: `node check-examples.js --run module.js`. */
async function runModule(file) {
  const results = { run: 0, values: 0, problems: [] };
  let where = '';
  globalThis.__check = (line, given, expected) => {
    results.values++;
    const value = plain(given);
    const read = parseValue(expected);
    if (!agrees(value, read)) results.problems.push(`${line}: expected ${expected}, got ${JSON.stringify(value, (_, x) => (typeof x === 'bigint' || typeof x === 'number' && !Number.isFinite(x) ? String(x) : x))?.slice(0, 400)}`);
    return given;
  };
  // What examples print is not looked at.
  for (const method of ['log', 'info', 'warn', 'error']) console[method] = () => {};
  const { write } = process.stdout;
  process.stdout.write = () => true;
  process.stderr.write = () => true;
  const { examples } = require(file);
  const xlastate = require(path.join(root, 'lib', 'index.ts'));
  for (where of Object.keys(examples)) {
    results.run++;
    try {
      await examples[where]();
      await xlastate.effectsBarrierAsync();
    } catch (e) {
      results.problems.push(`${where}: ${e?.stack?.split('\n').slice(0, 4).join('\n') ?? e}`);
    }
  }
  write.call(process.stdout, JSON.stringify(results));
}

/** The namespace of the package that a folder of lib/ is, as an expression; null for folders below all namespaces. */
function namespaceOf(folder, rootNames) {
  if (folder === 'storage') return 'file';
  return rootNames.includes(folder) ? folder : null;
}

function main(folders) {
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson({
    ...config.compilerOptions, noEmit: true, noUnusedLocals: false, declaration: false, declarationMap: false, sourceMap: false, types: ['node'], noCheck: false, isolatedModules: false,
  }, root);
  const surface = ts.createProgram([path.join(root, 'lib', 'index.ts'), path.join(root, 'lib', 'prng', 'index.ts')], options);
  const checker = surface.getTypeChecker();
  const rootNames = exportsOf(checker, surface, 'lib/index.ts');
  const byFolder = new Map();
  for (const file of filesUnder('lib').filter((f) => f.endsWith('.ts'))) {
    const folder = path.relative(path.join(root, 'lib'), file).split(path.sep)[0];
    if (folders.length > 0 && !folders.includes(folder)) continue;
    const found = examplesOf(file);
    if (found.length > 0) byFolder.set(folder, [...(byFolder.get(folder) ?? []), ...found]);
  }
  const modules = [...byFolder].map(([folder, examples]) => {
    const namespace = namespaceOf(folder, rootNames);
    const names = namespace === null ? [] : exportsOf(checker, surface, namespace === 'init' ? 'lib/init/braintools.ts' : `lib/${namespace}/index.ts`);
    return write(folder, examples, rootNames, { path: namespace, names });
  });
  const program = ts.createProgram(modules.map((m) => m.target), options, undefined, surface);
  const problems = compile(modules, program);
  let run = 0;
  let values = 0;
  for (const m of modules) {
let code;
    try {
      code = transformSync(fs.readFileSync(m.target, 'utf8').replaceAll("'xlastate'", JSON.stringify(path.join(root, 'lib', 'index.ts'))), { filename: m.target, jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs', ignoreDynamic: true } }).code;
    } catch (e) {
      // The compiler's problems, above, say where.
      problems.push(`lib/${m.folder}: ${e.message.split('\n')[0]}`);
      continue;
    }
    const file = m.target.replace(/\.ts$/, '.js');
    fs.writeFileSync(file, code);
    const dir = fs.mkdtempSync(path.join(out, 'run-'));
    const started = Date.now();
    const r = spawnSync(process.execPath, ['-r', path.join(root, 'test', 'support', 'register.js'), __filename, '--run', file], { cwd: dir, encoding: 'utf8', timeout: 300_000, maxBuffer: 64 << 20 });
    let results;
    try {
      results = JSON.parse(r.stdout);
    } catch {
      problems.push(`lib/${m.folder}: the process ended with ${r.status ?? r.signal} before the examples did:\n${(r.stderr || r.stdout).slice(0, 2000)}`);
      continue;
    }
    run += results.run;
    values += results.values;
    problems.push(...results.problems);
    say(`examples of ${m.folder}: ${results.run} run, ${results.values} values compared, ${results.problems.length} problems, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
  for (const p of problems) process.stderr.write(`${p}\n`);
  say(`examples: ${modules.reduce((n, m) => n + m.examples.length, 0)} compiled, ${run} run, ${values} values compared, ${problems.length} problems`);
  if (problems.length > 0) process.exitCode = 1;
}

const given = process.argv.slice(2);
if (given[0] === '--run') runModule(given[1]);
else script(() => main(given));
