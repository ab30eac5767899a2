import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../lib/pjrt/digest';
import { native } from '../../lib/pjrt/native';

const dir = mkdtempSync(join(tmpdir(), 'xlastate-start-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const expected = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

test('digests are those of node:crypto, of texts, bytes and parts of larger buffers, by the addon too', () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255);
  for (const data of ['', 'abc', 'größer → ∀', bytes, bytes.subarray(1, 65), new Uint8Array(0)]) expect(sha256(data).toString('hex')).toBe(expected(data));
  expect(native().sha256(Buffer.from('abc'))?.toString('hex')).toBe(expected('abc'));
  expect(() => native().sha256('abc' as never)).toThrow(/sha256/);
});

test('a text is read with what stands around it, and errors say which file', () => {
  const file = join(dir, 'text.js');
  for (const body of ['', 'x', `return '${'y'.repeat(5e6)}\xe9';`]) {
    writeFileSync(file, body, 'latin1');
    const text = native().readText(file, '(function () {', '})');
    expect(text).toHaveLength(body.length + 16);
    expect(text === `(function () {${readFileSync(file, 'latin1')}})`).toBe(true);
  }
  expect(() => native().readText(join(dir, 'none.js'), '', '')).toThrow(/readText: .*none\.js/);
  expect(() => native().readText(dir, '', '')).toThrow(/readText: .*not a file/);
});

test('a file is read whole, and its checksum tells any bit of it', () => {
  const file = join(dir, 'bytes.bin');
  const bytes = Buffer.from(Uint8Array.from({ length: 3e6 + 5 }, (_, i) => Math.imul(i, 2654435761) >>> 24));
  for (const part of [bytes, bytes.subarray(0, 0), bytes.subarray(0, 31)]) {
    writeFileSync(file, part);
    expect(native().readFile(file).equals(part)).toBe(true);
  }
  expect(() => native().readFile(join(dir, 'none.bin'))).toThrow(/readFile: .*none\.bin/);
  const short = bytes.subarray(0, 77);
  const sums = new Set([native().checksum(short), native().checksum(bytes), native().checksum(short.subarray(0, 76)), native().checksum(bytes.subarray(0, 0))]);
  for (let bit = 0; bit < 8 * short.length; bit++) {
    const flipped = Buffer.from(short);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    sums.add(native().checksum(flipped));
  }
  expect(sums.size).toBe(4 + 8 * short.length);
  expect([...sums].every((s) => /^[0-9a-f]{16}$/.test(s))).toBe(true);
  expect(native().checksum(Uint8Array.from(short))).toBe(native().checksum(short));
});
