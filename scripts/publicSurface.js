// What the package exports, read by the TypeScript compiler: each declaration once, with the names it goes by and its doc comment.
'use strict';
const path = require('node:path');
const ts = require('typescript');
const { root } = require('./steps');

/** The surface's files: what package.json exports. */
const ENTRIES = ['lib/index.ts', 'lib/pjrt/index.ts'];

function readOptions() {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, noEmit: true, types: ['node'] }, root).options;
}

function kindOf(checker, symbol, node) {
  if (symbol.flags & ts.SymbolFlags.Class) return 'class';
  if (symbol.flags & ts.SymbolFlags.Function) return 'function';
  if (symbol.flags & ts.SymbolFlags.Variable) {
    const type = checker.getTypeOfSymbolAtLocation(symbol, node);
    if (type.getConstructSignatures().length > 0) return 'class';
    return type.getCallSignatures().length > 0 ? 'function' : 'constant';
  }
  if (symbol.flags & ts.SymbolFlags.Enum) return 'constant';
  return 'type';
}

/** Whether only the type of a class is exported: `export type { C }`, anywhere on the way to it. */
function typeOnly(checker, exported) {
  for (let s = exported; s.flags & ts.SymbolFlags.Alias; s = checker.getImmediateAliasedSymbol(s)) {
    if (s.declarations?.some((d) => ts.isExportSpecifier(d) && (d.isTypeOnly || d.parent.parent.isTypeOnly))) return true;
  }
  return false;
}

/** Parameters by name, as those who call give them; destructured ones as their position. */
function parametersOf(checker, symbol, node) {
  const type = checker.getTypeOfSymbolAtLocation(symbol, node);
  const names = new Set();
  for (const signature of type.getCallSignatures()) for (const p of signature.getParameters()) names.add(p.getName());
  return [...names];
}

/**
 * Every exported declaration: { names, kind, file, line, summary, tags, parameters }. `names` are the paths from the package ('numpy.add', 'numpy.linalg.norm');
 * `tags` are { name, text, line } in the comment's order.
 */
function publicSurface() {
  const program = ts.createProgram(ENTRIES.map((f) => path.join(root, f)), readOptions());
  const checker = program.getTypeChecker();
  const found = new Map();
  const visit = (moduleSymbol, prefix, seen) => {
    for (const exported of checker.getExportsOfModule(moduleSymbol)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const name = `${prefix}${exported.getName()}`;
      if (symbol.flags & ts.SymbolFlags.ValueModule) {
        if (!seen.includes(symbol)) visit(symbol, `${name}.`, [...seen, symbol]);
        continue;
      }
      const node = symbol.valueDeclaration ?? symbol.declarations?.[0];
      if (node === undefined) continue;
      const known = found.get(symbol);
      if (known !== undefined) {
        if (!known.names.includes(name)) known.names.push(name);
        continue;
      }
      const source = node.getSourceFile();
      if (program.isSourceFileFromExternalLibrary(source) || program.isSourceFileDefaultLibrary(source)) continue;
      const kind = typeOnly(checker, exported) ? 'type' : kindOf(checker, symbol, node);
      found.set(symbol, {
        names: [name], kind, symbol, file: path.relative(root, source.fileName), line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
        summary: ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(), tags: tagsOf(symbol),
        parameters: kind === 'function' ? parametersOf(checker, symbol, node) : [],
      });
    }
  };
  for (const entry of ENTRIES) {
    const source = program.getSourceFile(path.join(root, entry));
    visit(checker.getSymbolAtLocation(source), entry === ENTRIES[0] ? '' : 'pjrt.', []);
  }
  return [...found.values()];
}

/** The tags of all of a symbol's declarations (a function's overloads may have a comment each). */
function tagsOf(symbol) {
  const tags = [];
  for (const declaration of symbol.declarations ?? []) {
    const source = declaration.getSourceFile();
    for (const tag of ts.getJSDocTags(declaration)) {
      // A tag without a position in the text is one that the compiler derives from another declaration's.
      const text = (typeof tag.comment === 'string' ? tag.comment : ts.getTextOfJSDocComment(tag.comment)) ?? '';
      tags.push({ name: tag.tagName.text, parameter: tag.name?.getText?.(source), text, line: source.getLineAndCharacterOfPosition(tag.getStart(source)).line + 1, raw: source.text.slice(tag.pos, tag.end) });
    }
  }
  return tags;
}

module.exports = { publicSurface };
