// Looks whether what the package exports is documented: every function, class and constant has a sentence that says what it is, every function and class an
// @example, which `npm run check:examples` runs. What else the comments say is counted. `node scripts/check-docstrings.js [--list]` lists what lacks what.
'use strict';
const ts = require('typescript');
const { publicSurface } = require('./publicSurface');
const { say, script } = require('./steps');

const has = (d, ...names) => d.tags.some((t) => names.includes(t.name));
/** All that a declaration's comment says. */
const textOf = (d) => `${d.summary}\n${d.tags.map((t) => t.raw).join('\n')}`;

/** Whether the comment tells of a parameter: by a tag, or by its name in the prose or the example; options have comments of their own, at their type. */
function tells(d, parameter) {
  if (/^(options?|given|rest|args|kwargs|more)$|^__/.test(parameter)) return true;
  return d.tags.some((t) => t.name === 'param' && t.parameter?.split('.')[0] === parameter) || new RegExp(`(?<![\\w$])${parameter.replaceAll('$', '\\$')}(?![\\w$])`).test(textOf(d));
}

/** Whether a function throws by itself, not only through what it calls. */
function throwsItself(d) {
  if (d.kind !== 'function') return false;
  const finds = (node) => ts.isThrowStatement(node) || ts.forEachChild(node, finds) === true;
  return d.symbol.declarations.some(finds);
}

const COUNTS = [
  ['summary', () => true, (d) => d.summary !== ''],
  ['example', (d) => d.kind === 'function' || d.kind === 'class', (d) => has(d, 'example')],
  ['name of what it mirrors', (d) => d.kind === 'function' || d.kind === 'class', (d) => /Mirrors/.test(d.summary)],
  ['every parameter told of', (d) => d.kind === 'function' && d.parameters.length > 0, (d) => d.parameters.every((p) => tells(d, p))],
  ['@throws where its own body throws', throwsItself, (d) => has(d, 'throws')],
  ['@throws', (d) => d.kind === 'function', (d) => has(d, 'throws')],
  ['@returns', (d) => d.kind === 'function', (d) => has(d, 'returns', 'return')],
];
/** What every declaration that it is asked of must have. */
const REQUIRED = ['summary', 'example'];

script(() => {
  const surface = publicSurface().filter((d) => d.kind !== 'type');
  const by = (kind) => surface.filter((d) => d.kind === kind).length;
  say(`docstrings: ${by('function')} functions, ${by('class')} classes, ${by('constant')} constants`);
  let missing = 0;
  for (const [what, asked, found] of COUNTS) {
    const all = surface.filter(asked);
    const without = all.filter((d) => !found(d));
    say(`docstrings: ${what}: ${all.length - without.length} of ${all.length}`);
    const required = REQUIRED.includes(what);
    if (required) missing += without.length;
    if (required || process.argv.includes('--list')) for (const d of without) process.stderr.write(`${d.file}:${d.line}: ${d.names[0]}: no ${what}\n`);
  }
  if (missing > 0) process.exitCode = 1;
});
