// Checks what each layer of lib/ imports against scripts/layers.json, and that only one of them has StableHLO text in its strings.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

/** `pjrt` for lib/pjrt/a/b.ts, `index.ts` for lib/index.ts; null for what is not under lib/. */
function layerOf(file, lib) {
  const relative = path.relative(lib, file);
  return relative.startsWith('..') ? null : relative.split(path.sep)[0];
}

/** Everything a source names in import, export … from, import(), require(): and its string literals. */
function read(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports = [];
  const strings = [];
  const at = (node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) imports.push({ name: node.moduleSpecifier.text, line: at(node) });
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) imports.push({ name: node.argument.literal.text, line: at(node) });
    else if (ts.isCallExpression(node) && node.arguments.length === 1 && ts.isStringLiteralLike(node.arguments[0])) {
      const callee = node.expression;
      if (callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')) imports.push({ name: node.arguments[0].text, line: at(node) });
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) strings.push({ text: node.text, line: at(node) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, strings };
}

/** Problems of a set of files, one line each. `files` maps paths to texts. */
function check(files, lib, rules) {
  const problems = [];
  const place = new Map(rules.groups.flatMap((group, g) => group.map((layer, i) => [layer, { g, i }])));
  for (const [file, text] of files) {
    const from = layerOf(file, lib);
    const where = (line) => `${path.relative(path.dirname(lib), file)}:${line}`;
    if (!place.has(from)) {
      problems.push(`${where(1)}: layer '${from}' is not in scripts/layers.json: give it a place there`);
      continue;
    }
    const { imports, strings } = read(file, text);
    for (const { name, line } of imports) {
      if (!name.startsWith('.')) continue;
      const target = path.resolve(path.dirname(file), name);
      const to = layerOf(target, lib);
      if (to === null) {
        const outside = path.relative(path.dirname(lib), target);
        if (!rules.allowed.some((a) => a.from === from && a.to === outside)) problems.push(`${where(line)}: lib/${from} imports ${outside}, which is outside of lib/`);
        continue;
      }
      if (to === from) continue;
      const a = place.get(from);
      const b = place.get(to) ?? place.get(`${to}.ts`);
      if (b === undefined) problems.push(`${where(line)}: imports '${name}', whose layer '${to}' is not in scripts/layers.json`);
      else if (b.g > a.g || (b.g === a.g && b.i > a.i)) problems.push(`${where(line)}: lib/${from} imports lib/${to}, which comes after it`);
      const ban = rules.forbidden.find((f) => f.from === from && f.to === to);
      if (ban !== undefined) problems.push(`${where(line)}: lib/${from} imports lib/${to}: ${ban.why}`);
    }
    if (from !== rules.mlirText) {
      for (const { text: s, line } of strings) {
        if (/\bstablehlo\.[a-z]| : [iuf]i?\d+\b|\barray<i\d/.test(s)) problems.push(`${where(line)}: '${s.trim().slice(0, 60)}' is StableHLO text, which only lib/${rules.mlirText} makes`);
      }
    }
  }
  return problems;
}

function sources(dir) {
  return fs.readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && /\.ts$/.test(e.name))
    .map((e) => path.join(e.parentPath ?? e.path, e.name))
    .sort();
}

module.exports = { check };
if (require.main === module) {
  const lib = path.join(path.dirname(__dirname), 'lib');
  const files = new Map(sources(lib).map((f) => [f, fs.readFileSync(f, 'utf8')]));
  const problems = check(files, lib, require('./layers.json'));
  for (const p of problems) process.stderr.write(`${p}\n`);
  process.stdout.write(`layers: ${files.size} files, ${problems.length} problems\n`);
  if (problems.length > 0) process.exitCode = 1;
}
