import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { type Atom, ClosedJaxpr, type Eqn, Jaxpr, Literal, type Var } from '../core/jaxpr';
import { leaves as leavesOf } from '../core/tree';
import { asArray, describeValue } from '../functional/arrayLike';
import { nameOf } from '../functional/treeFunction';
import type { CondParams } from '../primitives/cond';
import type { ScanParams } from '../primitives/scan';
import type { WhileParams } from '../primitives/whileLoop';
import type { Callable } from './callable';
import { makeJaxpr, StatefulJaxpr } from './makeJaxpr';

/** The JavaScript of one operation: an expression that gives its result, or a list of its results where there are several. `inputs` are expressions. */
export type PrimHandler = (inputs: readonly string[], eqn: Eqn) => string;

const number = (x: number | bigint | boolean): string => (Object.is(x, -0) ? '-0' : typeof x === 'bigint' ? `${x}n` : String(x));
const plain = (x: unknown): string => (typeof x === 'number' || typeof x === 'bigint' ? number(x) : JSON.stringify(x));
const camel = (s: string): string => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const call = (f: string, ...args: string[]): string => `${f}(${args.join(', ')})`;
const param = (e: Eqn, name: string): unknown => (e.params as Record<string, unknown>)[name];
/** The function of `lax`, given the operands and then some parameters. */
const lax = (f: string, ...names: string[]): PrimHandler => (xs, e) => call(`lax.${f}`, ...xs, ...names.map((n) => plain(param(e, n))));
/** The same with parameters in an options object; those that are null are left out. */
const laxWith = (f: string, positional: readonly string[], ...names: string[]): PrimHandler => (xs, e) => {
  const options = names.filter((n) => param(e, n) !== null && param(e, n) !== undefined).map((n) => `${n}: ${plain(param(e, n))}`);
  return call(`lax.${f}`, ...xs, ...positional.map((n) => plain(param(e, n))), ...(options.length > 0 ? [`{ ${options.join(', ')} }`] : []));
};

const handlers = new Map<string, PrimHandler>();
const ELEMENTWISE = [
  'add', 'sub', 'mul', 'div', 'rem', 'pow', 'max', 'min', 'atan2', 'nextafter', 'lt', 'le', 'gt', 'ge', 'eq', 'ne', 'neg', 'sign', 'floor', 'ceil', 'is_finite', 'exp', 'exp2', 'log', 'log1p', 'expm1', 'tanh', 'sin', 'cos', 'tan',
  'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'acosh', 'atanh', 'sqrt', 'rsqrt', 'cbrt', 'logistic', 'erf', 'erfc', 'erf_inv', 'lgamma', 'digamma', 'abs', 'square', 'real', 'imag', 'conj', 'complex', 'clamp', 'select_n',
  'population_count', 'clz', 'shift_left', 'shift_right_logical', 'shift_right_arithmetic', 'polygamma', 'zeta', 'bessel_i0e', 'bessel_i1e', 'igamma', 'igammac',
];
for (const name of ELEMENTWISE) handlers.set(name, lax(camel(name)));
for (const [name, f] of [['and', 'bitwiseAnd'], ['or', 'bitwiseOr'], ['xor', 'bitwiseXor'], ['not', 'bitwiseNot']] as const) handlers.set(name, lax(f));
for (const name of ['reduce_sum', 'reduce_max', 'reduce_min', 'reduce_prod', 'reduce_and', 'reduce_or', 'reduce_xor']) handlers.set(name, lax(camel(name), 'axes'));
for (const name of ['cumsum', 'cumprod', 'cummax', 'cummin', 'cumlogsumexp']) handlers.set(name, laxWith(name, [], 'axis', 'reverse'));
for (const name of ['argmax', 'argmin']) handlers.set(name, (xs, e) => call(`lax.${name}`, ...xs, plain((param(e, 'axes') as number[])[0]), plain(param(e, 'indexDtype'))));
handlers.set('integer_pow', lax('integerPow', 'y'));
handlers.set('round', laxWith('round', [], 'roundingMethod'));
handlers.set('convert_element_type', lax('convertElementType', 'newDtype'));
handlers.set('transpose', lax('transpose', 'permutation'));
handlers.set('reshape', laxWith('reshape', ['newSizes'], 'dimensions'));
handlers.set('squeeze', lax('squeeze', 'dimensions'));
handlers.set('rev', lax('rev', 'dimensions'));
handlers.set('broadcast_in_dim', lax('broadcastInDim', 'shape', 'broadcastDimensions'));
handlers.set('slice', laxWith('slice', ['startIndices', 'limitIndices'], 'strides'));
handlers.set('pad', lax('pad', 'paddingConfig'));
handlers.set('iota', (_, e) => call('lax.broadcastedIota', plain(param(e, 'dtype')), plain(param(e, 'shape')), plain(param(e, 'dimension'))));
handlers.set('concatenate', (xs, e) => call('lax.concatenate', `[${xs.join(', ')}]`, plain(param(e, 'dimension'))));
handlers.set('dynamic_slice', ([x, ...at], e) => call('lax.dynamicSlice', x!, `[${at.join(', ')}]`, plain(param(e, 'sliceSizes'))));
handlers.set('dynamic_update_slice', ([x, u, ...at]) => call('lax.dynamicUpdateSlice', x!, u!, `[${at.join(', ')}]`));
handlers.set('dot_general', laxWith('dotGeneral', ['dimensionNumbers'], 'precision', 'preferredElementType'));
handlers.set('gather', laxWith('gather', ['dimensionNumbers', 'sliceSizes'], 'indicesAreSorted', 'uniqueIndices', 'mode', 'fillValue'));
for (const name of ['scatter', 'scatter-add', 'scatter-sub', 'scatter-mul', 'scatter-min', 'scatter-max']) handlers.set(name, laxWith(camel(name.replace('-', '_')), ['dimensionNumbers'], 'indicesAreSorted', 'uniqueIndices', 'mode'));
handlers.set('conv_general_dilated', laxWith('convGeneralDilated', ['windowStrides', 'padding'], 'lhsDilation', 'rhsDilation', 'dimensionNumbers', 'featureGroupCount', 'batchGroupCount', 'precision', 'preferredElementType'));
handlers.set('sort', (xs, e) => call('lax.sort', xs.length === 1 ? xs[0]! : `[${xs.join(', ')}]`, `{ dimension: ${plain(param(e, 'dimension'))}, isStable: ${plain(param(e, 'isStable'))}, numKeys: ${plain(param(e, 'numKeys'))} }`));
handlers.set('top_k', lax('topK', 'k'));
handlers.set('reduce_precision', lax('reducePrecision', 'exponentBits', 'mantissaBits'));
handlers.set('bitcast_convert_type', lax('bitcastConvertType', 'newDtype'));
handlers.set('add_any', lax('add'));
handlers.set('stop_gradient', (xs) => xs[0]!);
handlers.set('copy', (xs) => xs[0]!);

/** Functions that are called where they are, by name the parameter that holds them. */
const CALLS: Readonly<Record<string, string>> = { jit: 'jaxpr', remat2: 'jaxpr', custom_jvp_call: 'callJaxpr', custom_vjp_call: 'callJaxpr' };

/** The text of a function of a jaxpr's inputs; with `list` its results are a list also where there is but one. */
type FunctionOf = (jaxpr: ClosedJaxpr, list: boolean) => string;

/** Control flow, whose parameters are jaxprs: an expression that gives the list of results. */
const control: Readonly<Record<string, (inputs: readonly string[], params: unknown, functionOf: FunctionOf) => string>> = {
  scan(xs, params, functionOf) {
    const { jaxpr, length, numConsts, numCarry, reverse, unroll } = params as ScanParams;
    const [consts, carry, scanned] = [xs.slice(0, numConsts), xs.slice(numConsts, numConsts + numCarry), xs.slice(numConsts + numCarry)];
    const step = `(carry, inputs) => { const outputs = (${functionOf(jaxpr, true)})(${[...consts, '...carry', '...inputs'].join(', ')}); return [outputs.slice(0, ${numCarry}), outputs.slice(${numCarry})]; }`;
    return `lax.scan(${step}, [${carry.join(', ')}], [${scanned.join(', ')}], { length: ${length}, reverse: ${reverse}, unroll: ${unroll} }).flat()`;
  },
  while(xs, params, functionOf) {
    const { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts } = params as WhileParams;
    const [ofCond, ofBody, carry] = [xs.slice(0, condNconsts), xs.slice(condNconsts, condNconsts + bodyNconsts), xs.slice(condNconsts + bodyNconsts)];
    const of = (jaxpr: ClosedJaxpr, consts: readonly string[], list: boolean) => `(carry) => (${functionOf(jaxpr, list)})(${[...consts, '...carry'].join(', ')})`;
    return `lax.whileLoop(${of(condJaxpr, ofCond, false)}, ${of(bodyJaxpr, ofBody, true)}, [${carry.join(', ')}])`;
  },
  cond([index, ...xs], params, functionOf) {
    return `lax.switch(${[index!, `[${(params as CondParams).branches.map((b) => functionOf(b, true)).join(', ')}]`, ...xs].join(', ')})`;
  },
};

/**
 * Says how {@link jaxprToPythonCode} writes an operation; replaces what was there. Mirrors `brainstate.transform.register_prim_handler`, whose handlers give Python.
 *
 * @param primName the operation's name in printed jaxprs
 * @param handler what writes the operation
 * @throws ArgumentError unless a name and a function are given
 * @example
 * ```ts
 * transform.registerPrimHandler('tanh', ([x]) => `np.tanh(${x})`);
 * ```
 */
export function registerPrimHandler(primName: string, handler: PrimHandler): void {
  if (typeof primName !== 'string' || typeof handler !== 'function') throw new ArgumentError(`registerPrimHandler: expected a name and a function, got ${describeValue(primName)} and ${describeValue(handler)}`);
  handlers.set(primName, handler);
}

const RESERVED = new Set(['do', 'if', 'in', 'as', 'of', 'is', 'np', 'lax', 'for', 'let', 'new', 'try', 'var', 'get', 'set']);

/** Names of variables in the order of their first use: a, b, …, z, ba, ... */
class Names {
  private readonly known = new Map<Var, string>();
  private count = 0;

  of(v: Var): string {
    let name = this.known.get(v);
    if (name === undefined) this.known.set(v, (name = this.fresh()));
    return name;
  }

  private fresh(): string {
    let name = '';
    for (let n = this.count++; ; n = Math.floor(n / 26)) {
      name = String.fromCharCode(97 + (n % 26)) + name;
      if (n < 26) break;
    }
    return RESERVED.has(name) ? `${name}_` : name;
  }
}

function constant(x: Array): string {
  return `np.asarray(${JSON.stringify(x.js(), (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v))}, { dtype: ${plain(x.dtype)} })`;
}

/** An operand: a variable, or a constant, which needs a dtype of its own where no operand beside it tells it. */
function operand(a: Atom, names: Names, beside: readonly Atom[]): string {
  if (!(a instanceof Literal)) return names.of(a);
  if (typeof a.value !== 'object' && beside.some((b) => !(b instanceof Literal) && b.aval.dtype === a.aval.dtype)) return number(a.value);
  return `np.asarray(${typeof a.value === 'object' ? plain(a.value) : number(a.value)}, { dtype: ${plain(a.aval.dtype)} })`;
}

function functionText(closed: ClosedJaxpr | Jaxpr, name: string, pad: string, names: Names, list = false): string {
  const j = closed instanceof ClosedJaxpr ? closed.jaxpr : closed;
  if (j.constvars.length > 0 && !(closed instanceof ClosedJaxpr)) throw new ArgumentError('jaxprToPythonCode: the jaxpr has constants without values; give the closed jaxpr');
  const lines: string[] = [];
  const inner = `${pad}  `;
  j.constvars.forEach((v, i) => lines.push(`const ${names.of(v)} = ${constant((closed as ClosedJaxpr).consts[i]!)};`));
  const args = j.invars.map((v) => names.of(v));
  for (const e of j.eqns) {
    let text: string;
    let many = e.outputs.length !== 1;
    const body = param(e, CALLS[e.prim.name] ?? '');
    const handler = handlers.get(e.prim.name);
    const nested = control[e.prim.name];
    // A number by itself takes the dtype of what is beside it: not where it is an argument of a function.
    const inputs = e.inputs.map((a) => operand(a, names, handler === undefined ? [] : e.inputs));
    if (handler !== undefined) text = handler(inputs, e);
    else if (body instanceof ClosedJaxpr) {
      // A function of its own, called at once.
      text = `(${functionText(body, '', inner, names)})(${inputs.join(', ')})`;
    } else if (nested !== undefined) {
      text = nested(inputs, e.params, (j, l) => functionText(j, '', inner, names, l));
      many = true;
    } else throw new ArgumentError(`jaxprToPythonCode: there is no handler for '${e.prim.name}'; add one with registerPrimHandler('${e.prim.name}', handler)`);
    const outs = e.outputs.map((v) => names.of(v));
    lines.push(outs.length === 0 ? `${text};` : `const ${many ? `[${outs.join(', ')}]` : outs[0]} = ${text};`);
  }
  const results = j.outvars.map((a) => operand(a, names, []));
  lines.push(`return ${results.length === 1 && !list ? results[0] : `[${results.join(', ')}]`};`);
  return `function ${name}(${args.join(', ')}) {\n${lines.map((l) => `${inner}${l}\n`).join('')}${pad}}`;
}

const identifier = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : 'generatedFunction');

/**
 * A jaxpr as the text of a JavaScript function of its inputs, written with `lax` and `np`; of several results it gives a list. Mirrors
 * `brainstate.transform.jaxpr_to_python_code`, which writes Python.
 *
 * @param fnName the name of the function that is written
 * @throws ArgumentError for an operation without a handler ({@link registerPrimHandler})
 * @example
 * ```ts
 * transform.jaxprToPythonCode(makeJaxpr((x) => np.sin(x).add(1))(np.ones([2])));
 * // function generatedFunction(a) {
 * //   const b = lax.sin(a);
 * //   const c = lax.add(b, 1);
 * //   return c;
 * // }
 * ```
 */
export function jaxprToPythonCode(jaxpr: Jaxpr | ClosedJaxpr | StatefulJaxpr, fnName = 'generatedFunction'): string {
  const given = jaxpr instanceof StatefulJaxpr ? jaxpr.jaxpr : jaxpr;
  if (!(given instanceof Jaxpr) && !(given instanceof ClosedJaxpr)) throw new ArgumentError(`jaxprToPythonCode: expected a jaxpr, got ${describeValue(jaxpr)}`);
  return functionText(given, identifier(fnName), '', new Names());
}

/**
 * Traces a function and gives the text of a JavaScript function of the leaves of its arguments ({@link jaxprToPythonCode}); states that it touches are further arguments
 * and results. Mirrors `brainstate.transform.fn_to_python_code`.
 *
 * @example
 * transform.fnToPythonCode((x: Array) => x.add(1), np.array(1)).startsWith('function fn'); // true
 */
export function fnToPythonCode(fn: Callable, ...args: unknown[]): string {
  for (const x of leavesOf(args)) asArray(x as Array, 'fnToPythonCode');
  return jaxprToPythonCode(makeJaxpr(fn)(...args), nameOf(fn));
}
