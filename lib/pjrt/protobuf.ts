import { ArgumentError } from './errors';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A protocol buffer message under construction. Fields are written in the order of the calls. */
export class Message {
  private bytes = new Uint8Array(64);
  private length = 0;

  private room(n: number): void {
    if (this.length + n <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + n));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Negative numbers take ten bytes, as two's complement of 64 bits. */
  varint(value: number | bigint): this {
    this.room(10);
    if (typeof value === 'bigint' || value < 0 || !Number.isSafeInteger(value)) {
      let v = BigInt.asUintN(64, BigInt(value));
      while (v > 127n) {
        this.bytes[this.length++] = Number(v & 127n) | 128;
        v >>= 7n;
      }
      this.bytes[this.length++] = Number(v);
      return this;
    }
    let v = value;
    while (v > 127) {
      this.bytes[this.length++] = (v % 128) | 128;
      v = Math.floor(v / 128);
    }
    this.bytes[this.length++] = v;
    return this;
  }

  integer(field: number, value: number | bigint): this {
    return this.varint(field * 8).varint(value);
  }

  block(field: number, data: Uint8Array): this {
    this.varint(field * 8 + 2).varint(data.length);
    return this.raw(data);
  }

  /** Bytes that are fields already. */
  raw(data: Uint8Array): this {
    this.room(data.length);
    this.bytes.set(data, this.length);
    this.length += data.length;
    return this;
  }

  text(field: number, value: string): this {
    return this.block(field, encoder.encode(value));
  }

  message(field: number, value: Message): this {
    return this.block(field, value.bytes.subarray(0, value.length));
  }

  double(field: number, value: number): this {
    this.varint(field * 8 + 1);
    this.room(8);
    new DataView(this.bytes.buffer).setFloat64(this.length, value, true);
    this.length += 8;
    return this;
  }

  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** One field of a message as it stands on the wire. */
export interface Field {
  readonly number: number;
  /** A varint, or eight or four bytes as an unsigned integer; 0n for a block. */
  readonly value: bigint;
  /** The contents of a block: text, bytes, a message, or packed numbers; null for others. */
  readonly block: Uint8Array | null;
  /** The whole field with its tag. */
  readonly raw: Uint8Array;
}

function damaged(why: string): never {
  throw new ArgumentError(`protocol buffer: ${why}`);
}

function readVarint(bytes: Uint8Array, at: number): [value: bigint, next: number] {
  let low = 0;
  for (let i = 0; i < 10; i++) {
    const b = bytes[at + i];
    if (b === undefined) damaged('the bytes end within a number');
    if (i < 6) {
      low += (b & 127) * 2 ** (7 * i);
      if (b < 128) return [BigInt(low), at + i + 1];
    } else {
      // Seldom: more than 42 bits.
      let v = BigInt(low);
      for (let k = 6; k < 10; k++) {
        const c = bytes[at + k];
        if (c === undefined) damaged('the bytes end within a number');
        v |= BigInt(c & 127) << BigInt(7 * k);
        if (c < 128) return [BigInt.asUintN(64, v), at + k + 1];
      }
    }
  }
  return damaged('a number is longer than ten bytes');
}

/** Fields of a message, in order. @throws ArgumentError if the bytes are none */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const [tag, afterTag] = readVarint(bytes, at);
    const number = Number(tag >> 3n);
    if (number === 0 || number > 0x1fffffff) damaged('there is no field of this number');
    at = afterTag;
    let value = 0n;
    let block: Uint8Array | null = null;
    switch (Number(tag & 7n)) {
      case 0:
        [value, at] = readVarint(bytes, at);
        break;
      case 1:
        if (at + 8 > bytes.length) damaged('the bytes end within a number');
        value = view.getBigUint64(at, true);
        at += 8;
        break;
      case 2: {
        const [size, from] = readVarint(bytes, at);
        if (size > BigInt(bytes.length - from)) damaged('a field is longer than its message');
        at = from + Number(size);
        block = bytes.subarray(from, at);
        break;
      }
      case 5:
        if (at + 4 > bytes.length) damaged('the bytes end within a number');
        value = BigInt(view.getUint32(at, true));
        at += 4;
        break;
      default:
        damaged(`a field is of the unknown form ${Number(tag & 7n)}`);
    }
    yield { number, value, block, raw: bytes.subarray(start, at) };
  }
}

/** The message without the one zero byte that some writers put behind it. */
export function withoutTerminator(bytes: Uint8Array): Uint8Array {
  const last = bytes.length - 1;
  if (bytes[last] !== 0) return bytes;
  let end = 0;
  for (const { raw } of fieldsOf(bytes)) {
    end += raw.length;
    if (end === last) return bytes.subarray(0, last);
  }
  return bytes;
}

/** Numbers of a repeated field, which may be packed into blocks. */
export function varintsOf(field: Field): bigint[] {
  if (field.block === null) return [field.value];
  const out: bigint[] = [];
  for (let at = 0; at < field.block.length; ) {
    const [v, next] = readVarint(field.block, at);
    out.push(v);
    at = next;
  }
  return out;
}

export function textOf(field: Field): string {
  return field.block === null ? damaged(`field ${field.number} is a number, not text`) : decoder.decode(field.block);
}

/** The contents of a field that is a message. */
export function blockOf(field: Field): Uint8Array {
  return field.block ?? damaged(`field ${field.number} is a number, not a message`);
}

export function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** The number whose eight bytes were read. */
export function doubleOf(value: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  return view.getFloat64(0);
}
