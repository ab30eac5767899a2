import { ArgumentError } from './errors';
import type { Parameter } from './native';
import type { DType } from './types';

const ELEMENT: Record<string, DType> = {
  i1: 'bool', i2: 'int2', i4: 'int4', i8: 'int8', i16: 'int16', i32: 'int32', i64: 'int64',
  ui2: 'uint2', ui4: 'uint4', ui8: 'uint8', ui16: 'uint16', ui32: 'uint32', ui64: 'uint64',
  f4E2M1FN: 'float4_e2m1fn', f8E3M4: 'float8_e3m4', f8E4M3: 'float8_e4m3', f8E4M3FN: 'float8_e4m3fn', f8E4M3B11FNUZ: 'float8_e4m3b11fnuz',
  f8E4M3FNUZ: 'float8_e4m3fnuz', f8E5M2: 'float8_e5m2', f8E5M2FNUZ: 'float8_e5m2fnuz', f8E8M0FNU: 'float8_e8m0fnu',
  bf16: 'bfloat16', f16: 'float16', f32: 'float32', f64: 'float64', 'complex<f32>': 'complex64', 'complex<f64>': 'complex128',
};

/** Index just after the bracket that closes the one at `start`; strings are skipped. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === '(' || c === '{' || c === '[' || c === '<') depth++;
    else if (c === ')' || c === '}' || c === ']' || (c === '>' && text[i - 1] !== '-')) {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}

/** Parts of a list, split at commas outside of brackets and strings. */
function splitList(text: string): string[] {
  const out: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === '(' || c === '{' || c === '[' || c === '<') {
      const end = closing(text, i);
      if (end < 0) break;
      i = end - 1;
    } else if (c === ',') {
      out.push(text.slice(start, i));
      start = i + 1;
    }
  }
  const last = text.slice(start);
  if (last.trim() !== '') out.push(last);
  return out;
}

function parseType(text: string, i: number): Omit<Parameter, 'donated'> {
  const m = /^\s*tensor<([^,<>]*(?:<[^<>]*>)?)(?:,.*)?>/s.exec(text);
  if (!m) throw new ArgumentError(`compile: parameter ${i} of @main has type ${text.trim().slice(0, 60)}; expected a tensor`);
  const parts = m[1]!.trim().split('x');
  // 'complex' ends in an x itself: put the pieces of the element type together again.
  const dims: number[] = [];
  while (parts.length > 1 && /^\d+$/.test(parts[0]!)) dims.push(Number(parts.shift()));
  const dtype = ELEMENT[parts.join('x')];
  if (dtype === undefined) throw new ArgumentError(`compile: parameter ${i} of @main has type ${text.trim().slice(0, 60)}; expected static dimensions and a known element type`);
  return { dtype, dims };
}

/**
 * Types of the parameters of `@main`, and whether they are donated, from the text of a program. XLA checks arguments by their size in bytes
 * at most, and not at all on some plugins, so that this is what calls are checked against (once the addon has compared it with the program
 * as compiled).
 */
export function parseSignature(program: string): Parameter[] {
  const text = program.includes('//') ? program.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n]*/gs, (m) => (m[0] === '"' ? m : '')) : program;
  const pretty = /func\.func\s+(?:public\s+|private\s+)?@"?main"?\s*\(/.exec(text);
  if (pretty) {
    const open = pretty.index + pretty[0].length - 1;
    const end = closing(text, open);
    if (end < 0) throw new ArgumentError('compile: the parameter list of @main is not closed');
    return splitList(text.slice(open + 1, end - 1)).map((p, i) => {
      const colon = p.indexOf(':');
      if (colon < 0) throw new ArgumentError(`compile: parameter ${i} of @main is not understood: ${p.trim().slice(0, 60)}`);
      return { ...parseType(p.slice(colon + 1), i), donated: /tf\.aliasing_output|jax\.buffer_donor\s*=\s*true/.test(p) };
    });
  }
  // The generic form: "func.func"() <{function_type = (…) -> …, sym_name = "main"}>
  for (const m of text.matchAll(/"func\.func"\s*\(\)\s*<\{/g)) {
    const open = m.index + m[0].length - 2;
    const end = closing(text, open);
    const header = end < 0 ? '' : text.slice(open, end);
    if (!/sym_name\s*=\s*"main"/.test(header)) continue;
    const f = /function_type\s*=\s*\(/.exec(header);
    if (!f) break;
    const start = f.index + f[0].length - 1;
    const stop = closing(header, start);
    const donated = /arg_attrs\s*=\s*\[/.exec(header);
    const attrs = donated ? splitList(header.slice(donated.index + donated[0].length, closing(header, donated.index + donated[0].length - 1) - 1)) : [];
    return splitList(header.slice(start + 1, stop - 1)).map((t, i) => ({ ...parseType(t, i), donated: /tf\.aliasing_output|jax\.buffer_donor\s*=\s*true/.test(attrs[i] ?? '') }));
  }
  throw new ArgumentError('compile: the program has no function @main');
}
