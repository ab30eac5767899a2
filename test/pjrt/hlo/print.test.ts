import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { ArgumentError, jit, numpy as np } from '../../../lib';
import { hloText } from '../../../lib/pjrt/hlo/print';

const fixture = JSON.parse(readFileSync(join(__dirname, '../../fixtures/hlo.json'), 'utf8')) as { sizes: Record<string, [number, number]>; data: string };

/** Bytes of each program, and the text that XLA prints of it. */
const programs = new Map<string, { code: Uint8Array; text: string }>();
{
  const data = new Uint8Array(inflateSync(Buffer.from(fixture.data, 'base64')));
  let at = 0;
  for (const [name, [code, text]] of Object.entries(fixture.sizes)) {
    programs.set(name, { code: data.slice(at, at + code), text: new TextDecoder().decode(data.subarray(at + code, at + code + text)) });
    at += code + text;
  }
}

/** The computations, in no order: XLA's differs from that of the bytes where several are possible. */
function blocks(text: string): string[] {
  // What the module alone does not hold, but only its configuration.
  const plain = text.replace(/, allow_spmd_sharding_propagation_to_\w+=\{[\w,]*\}|, num_partitions=\d+/g, '');
  return plain.split('\n\n').map((s) => s.trim()).filter((s) => s !== '').sort();
}

test.each([...programs.keys()])('XLA prints the same text: %s', (name) => {
  const { code, text } = programs.get(name)!;
  expect(blocks(hloText(code, 'hlo')!)).toEqual(blocks(text));
});

test('a program before optimisation has the very text', () => {
  const { code, text } = programs.get('control')!;
  expect(hloText(code, 'hlo')).toBe(text);
});

test('a compiled function gives its program after optimisation', () => {
  const f = jit((x: np.ArrayLike) => np.matmul(x, x), { name: 'square' });
  const text = f.lower(np.ones([3, 3])).compile().asText();
  expect(text).toMatch(/^HloModule square, is_scheduled=true, entry_computation_layout=\{\(f32\[3,3\]\{1,0\}\)->f32\[3,3\]\{1,0\}\}\n/);
  expect(text).toMatch(/\nENTRY %\S+ \(\S+: f32\[3,3\]\) -> f32\[3,3\] \{\n/);
  expect(text).toMatch(/lhs_contracting_dims=\{1\}, rhs_contracting_dims=\{0\}/);
});

test('the configuration is in the header', () => {
  const { code } = programs.get('many')!;
  const size = code.length;
  const config = [0x20, 2, 0x28, 4, 0x8a, 0x02, 1, 1];
  const both = Uint8Array.from([0x0a, (size & 127) | 128, ((size >> 7) & 127) | (size >= 1 << 14 ? 128 : 0), ...(size >= 1 << 14 ? [size >> 14] : []), ...code, 0x12, config.length, ...config]);
  expect(hloText(both, 'hlo_with_config')!.split('\n')[0]).toMatch(/replica_count=2, num_partitions=4/);
});

test('damaged bytes give text or a typed error, in bounded time', () => {
  let seed = 7;
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return (seed >> 8) % n;
  };
  let failed = 0;
  for (const name of ['constants', 'collectives', 'conv', 'scatter compiled']) {
    const { code } = programs.get(name)!;
    for (let k = 0; k < 60; k++) {
      const bytes = k % 3 === 0 ? code.slice(0, random(code.length)) : code.slice();
      if (k % 3 !== 0) for (let i = 0; i < 8; i++) bytes[random(bytes.length)] = random(256);
      try {
        expect(typeof hloText(bytes, 'hlo')).toBe('string');
      } catch (e) {
        expect(e).toBeInstanceOf(ArgumentError);
        failed++;
      }
    }
  }
  expect(failed).toBeGreaterThan(20);
});

test('shapes that nest without end, and sizes that no memory holds, are no trouble', () => {
  const nested = (n: number): Uint8Array => {
    let s = Uint8Array.of(0x10, 13);
    for (let k = 0; k < n; k++) s = Uint8Array.of(0x10, 13, 0x22, ...varint(s.length), ...s);
    return Uint8Array.of(0x22, ...varint(s.length + 1 + varint(s.length).length), 0x12, ...varint(s.length), ...s);
  };
  expect(hloText(nested(20), 'hlo')).toContain('((((');
  expect(() => hloText(nested(2000), 'hlo')).toThrow(/nested too deeply/);
  // constant of s32[2^40] that has no elements
  const literal = Uint8Array.of(0x0a, 9, 0x10, 4, 0x1a, 5, 0x80, 0x80, 0x80, 0x80, 0x20);
  const i = Uint8Array.of(0x0a, 1, 99, 0x12, 8, ...Buffer.from('constant'), 0x42, literal.length, ...literal);
  const c = Uint8Array.of(0x12, i.length, ...i);
  expect(hloText(Uint8Array.of(0x1a, c.length, ...c), 'hlo')).toContain('%c = invalid constant({...})');
});

test('a format that is not known is none', () => {
  expect(hloText(new Uint8Array(3), 'nothing')).toBeNull();
  expect(hloText(new TextEncoder().encode('HloModule x'), 'hlo_text')).toBe('HloModule x');
});

function varint(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)];
}
