import type { ScalarValue } from '../core/array';
import type { DType } from '../core/dtype';
import { dtypeKind, realDtype } from '../core/dtype';
import { encode } from '../core/hostFormat';

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase());

/** Bytes of one element as MLIR's hexadecimal literal: most significant digit first. */
function bits(value: ScalarValue, dtype: DType): string {
  const bytes = encode([value], dtype);
  let text = '0x';
  for (let i = bytes.length - 1; i >= 0; i--) text += HEX[bytes[i]!];
  return text;
}

function floatText(value: number, dtype: DType): string {
  if (!Number.isFinite(value) || Object.is(value, -0) || dtype.startsWith('float8') || dtype.startsWith('float4')) return bits(value, dtype);
  const text = String(value);
  if (text.includes('.')) return text;
  const e = text.indexOf('e');
  return e < 0 ? `${text}.0` : `${text.slice(0, e)}.0${text.slice(e)}`;
}

/** One element of a `dense<…>` attribute. */
export function elementText(value: ScalarValue, dtype: DType): string {
  switch (dtypeKind(dtype)) {
    case 'bool': return value ? 'true' : 'false';
    case 'int':
    case 'uint': return typeof value === 'number' ? String(Math.trunc(value)) : value.toString();
    case 'float': {
      const x = Number(value);
      // A finite double that the type cannot hold must become infinite here: the parser would refuse it.
      return dtype === 'float64' || Math.abs(x) < 3e38 ? (dtype === 'float16' && Math.abs(x) >= 65504 ? bits(x, dtype) : floatText(x, dtype)) : bits(x, dtype);
    }
    case 'complex': {
      const part = realDtype(dtype);
      const z = typeof value === 'object' ? value : { re: Number(value), im: 0 };
      return `(${elementText(z.re, part)}, ${elementText(z.im, part)})`;
    }
  }
}
