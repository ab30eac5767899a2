// Compiles every ```ts block of docs/*.md and README.md against the source; runs those marked ```ts run. A block marked ```ts continued
// goes on where the block before it ended; ```ts ignore is only shown.
// `node scripts/check-docs.js [file.md …]`
'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { transformSync } = require('@swc/core');
const ts = require('typescript');
const { buildDist } = require('./buildDist');
const { root, say, script } = require('./steps');

const out = path.join(root, 'build', 'docs');

function markdownFiles() {
  const given = process.argv.slice(2).filter((a) => a.endsWith('.md'));
  if (given.length > 0) return given.map((f) => path.resolve(f));
  const docs = path.join(root, 'docs');
  const inDocs = fs.existsSync(docs) ? fs.readdirSync(docs, { recursive: true }).filter((f) => f.endsWith('.md')).sort().map((f) => path.join(docs, f)) : [];
  return [path.join(root, 'README.md'), ...inDocs];
}

/** The blocks of a page, each with the line its code begins at. */
function blocksOf(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const blocks = [];
  for (let i = 0; i < lines.length; i++) {
    const open = /^(\s*)```(?:ts|typescript)\b\s*(.*)$/.exec(lines[i]);
    if (open === null) continue;
    const start = i + 1;
    for (i++; i < lines.length && lines[i].trim() !== '```'; i++);
    if (i === lines.length) throw new Error(`${path.relative(root, file)}:${start}: the block is not closed`);
    const words = open[2].trim().split(/\s+/).filter(Boolean);
    const unknown = words.find((w) => !['run', 'continued', 'ignore'].includes(w));
    if (unknown) throw new Error(`${path.relative(root, file)}:${start}: unknown word '${unknown}' after \`\`\`ts`);
    if (words.includes('ignore')) continue;
    const pieces = [{ line: start, code: lines.slice(start, i) }];
    if (words.includes('continued')) {
      const before = blocks.at(-1);
      if (before === undefined) throw new Error(`${path.relative(root, file)}:${start}: there is no block to continue`);
      pieces.unshift(...before.pieces);
    }
    blocks.push({ file, pieces, run: words.includes('run') });
  }
  return blocks;
}

/** One module a block; the map leads from its lines to the page's. */
function write(block, index) {
  const name = `${path.relative(root, block.file).replace(/[^\w]+/g, '_')}_${index}.ts`;
  const code = [];
  const origin = [];
  for (const piece of block.pieces) {
    piece.code.forEach((text, i) => {
      code.push(text);
      origin.push(piece.line + i + 1);
    });
  }
  code.push('export {};');
  const target = path.join(out, name);
  fs.writeFileSync(target, code.join('\n'));
  return { ...block, target, origin };
}

function compile(blocks) {
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson({
    ...config.compilerOptions, noEmit: true, noUnusedLocals: false, declaration: false, declarationMap: false, sourceMap: false, isolatedModules: false, types: ['node'], baseUrl: root,
    // Examples may use `await` outside of functions, as readers' ES modules may.
    module: 'esnext', moduleResolution: 'bundler', rootDir: undefined,
    paths: { xlastate: ['lib/index.ts'], 'xlastate/*': ['lib/*/index.ts', 'lib/*.ts'] },
  }, root);
  const program = ts.createProgram(blocks.map((b) => b.target), options);
  const byTarget = new Map(blocks.map((b) => [b.target, b]));
  const problems = [];
  for (const d of ts.getPreEmitDiagnostics(program)) {
    const text = ts.flattenDiagnosticMessageText(d.messageText, '\n');
    const block = d.file && byTarget.get(path.resolve(d.file.fileName));
    // Errors in lib/ itself are `npm run typecheck`'s.
    if (d.file && !block) continue;
    const line = block && d.start !== undefined ? block.origin[d.file.getLineAndCharacterOfPosition(d.start).line] : 0;
    problems.push(`${block ? path.relative(root, block.file) : 'docs'}:${line}: ${text}`);
  }
  return problems;
}

/** Runs a block as a reader would: as an ES module that imports the built package by its name, in a folder where it may write. */
function execute(block) {
  const { code } = transformSync(fs.readFileSync(block.target, 'utf8'), { filename: block.target, jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } });
  const file = block.target.replace(/\.ts$/, '.mjs');
  fs.writeFileSync(file, code);
  const dir = fs.mkdtempSync(path.join(out, 'run-'));
  const r = spawnSync(process.execPath, [file], { cwd: dir, encoding: 'utf8', timeout: 300_000 });
  if (r.status === 0) return null;
  return `${path.relative(root, block.file)}:${block.origin[0]}: the block failed when run (${r.status ?? r.signal}):\n${(r.stderr || r.stdout).trim().split('\n').slice(0, 15).join('\n')}`;
}

script(() => {
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const pages = markdownFiles();
  const blocks = pages.flatMap(blocksOf).map(write);
  const problems = blocks.length > 0 ? compile(blocks) : [];
  const toRun = blocks.filter((b) => b.run);
  if (toRun.length > 0 && problems.length === 0) {
    buildDist();
    for (const block of toRun) {
      const problem = execute(block);
      if (problem !== null) problems.push(problem);
    }
  }
  for (const p of problems) process.stderr.write(`${p}\n`);
  say(`docs: ${pages.length} pages, ${blocks.length} blocks compiled, ${toRun.length} run, ${problems.length} problems`);
  if (problems.length > 0) process.exitCode = 1;
});
