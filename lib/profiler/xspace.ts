import { blockOf, doubleOf, type Field, fieldsOf, Message, signed, textOf } from '../pjrt/protobuf';

// XSpace, the profiles of XLA, as TensorBoard and JAX read them: planes (a host, a device) of lines (a thread, a stream) of events.

/** A value that is known of an event. */
export type StatValue = string | number | bigint | boolean | Uint8Array;
/** What is known of an event, by name. */
export type Stats = Readonly<Record<string, StatValue>>;

/** Something that took time. */
export interface ProfileEvent {
  /** What it is called. */
  readonly name: string;
  /** Nanoseconds since the profile began, with fractions. */
  readonly startNs: number;
  /** How long it took, in nanoseconds. */
  readonly durationNs: number;
  /** What else is known of it. */
  readonly stats: Stats;
}

/** Events of one thread or stream. */
export interface ProfileLine {
  /** What it is called. */
  readonly name: string;
  readonly id: number;
  /** The events, in order of their starts. */
  readonly events: readonly ProfileEvent[];
}

/** Lines of one device, or of the host. */
export interface ProfilePlane {
  /** What it is called. */
  readonly name: string;
  /** Its threads and streams. */
  readonly lines: readonly ProfileLine[];
  readonly stats: Stats;
}

/** An entry of the plane's tables besides the names of its events: something known, with no time. */
export interface PlaneEntry {
  readonly name: string;
  readonly stats: Stats;
}

/** Numbers for names, from 1 up, in the order in which they come. */
class Names {
  readonly known = new Map<string, number>();
  of(name: string): number {
    let id = this.known.get(name);
    if (id === undefined) this.known.set(name, (id = this.known.size + 1));
    return id;
  }
}

function encodeStat(names: Names, name: string, value: StatValue): Message {
  const m = new Message().integer(1, names.of(name));
  if (typeof value === 'string') m.text(5, value);
  else if (typeof value === 'boolean') m.integer(4, value ? 1 : 0);
  else if (typeof value === 'bigint' || Number.isSafeInteger(value)) m.integer(4, value as bigint | number);
  else if (typeof value === 'number') m.double(2, value);
  else m.block(6, value);
  return m;
}

const picoseconds = (ns: number): number => Math.round(ns * 1000);

/** A plane as bytes of an XPlane. */
export function encodePlane(plane: ProfilePlane, id: number, entries: readonly PlaneEntry[] = []): Message {
  const out = new Message();
  const eventNames = new Names();
  const statNames = new Names();
  out.integer(1, id).text(2, plane.name);
  for (const line of plane.lines) {
    const m = new Message().integer(1, line.id).text(2, line.name).integer(3, 0);
    for (const e of line.events) {
      const event = new Message().integer(1, eventNames.of(e.name)).integer(2, picoseconds(e.startNs)).integer(3, picoseconds(e.durationNs));
      for (const [name, value] of Object.entries(e.stats)) event.message(4, encodeStat(statNames, name, value));
      m.message(4, event);
    }
    out.message(3, m);
  }
  const entry = (key: number, value: Message): Message => new Message().integer(1, key).message(2, value);
  for (const [name, key] of eventNames.known) out.message(4, entry(key, new Message().integer(1, key).text(2, name)));
  entries.forEach((e, i) => {
    const key = eventNames.known.size + 1 + i;
    const m = new Message().integer(1, key).text(2, e.name);
    for (const [name, value] of Object.entries(e.stats)) m.message(5, encodeStat(statNames, name, value));
    out.message(4, entry(key, m));
  });
  for (const [name, value] of Object.entries(plane.stats)) out.message(6, encodeStat(statNames, name, value));
  for (const [name, key] of statNames.known) out.message(5, entry(key, new Message().integer(1, key).text(2, name)));
  return out;
}

/** What a compiled program is as bytes of an `HloProto`; null for a format that is not known. */
export function hloOf({ code, format }: { code: Uint8Array; format: string }): Uint8Array | null {
  if (format === 'hlo') return new Message().block(1, code).done();
  if (format !== 'hlo_with_config') return null;
  for (const f of fieldsOf(code)) if (f.number === 1) return new Message().block(1, blockOf(f)).done();
  return null;
}

/** The planes, errors and warnings of a profile that a plugin made, byte by byte, but with times since `startNs` in place of the clock's. */
export function shiftedSpace(space: Uint8Array, startNs: bigint): { fields: Uint8Array[]; planes: string[] } {
  const fields: Uint8Array[] = [];
  const planes: string[] = [];
  for (const f of fieldsOf(space)) {
    if (f.number !== 1) {
      fields.push(f.raw);
      continue;
    }
    const plane = new Message();
    for (const p of fieldsOf(blockOf(f))) {
      if (p.number === 2) planes.push(textOf(p));
      if (p.number !== 3) {
        plane.raw(p.raw);
        continue;
      }
      const line = new Message();
      for (const l of fieldsOf(blockOf(p))) {
        if (l.number !== 3) line.raw(l.raw);
        else line.integer(3, signed(l.value) >= startNs ? signed(l.value) - startNs : signed(l.value));
      }
      plane.message(3, line);
    }
    fields.push(new Message().message(1, plane).done());
  }
  return { fields, planes };
}

function decodeStats(fields: readonly Field[], names: ReadonlyMap<bigint, string>): Stats {
  const out: [string, StatValue][] = [];
  for (const f of fields) {
    let name = '';
    let value: StatValue | undefined;
    for (const s of fieldsOf(blockOf(f))) {
      const small = (v: bigint): number | bigint => (v >= BigInt(Number.MIN_SAFE_INTEGER) && v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : v);
      if (s.number === 1) name = names.get(s.value) ?? `${s.value}`;
      else if (s.number === 2) value = doubleOf(s.value);
      else if (s.number === 3) value = small(s.value);
      else if (s.number === 4) value = small(signed(s.value));
      else if (s.number === 5) value = textOf(s);
      else if (s.number === 6) value = blockOf(s).slice();
      else if (s.number === 7) value = names.get(s.value) ?? '';
    }
    if (value !== undefined) out.push([name, value]);
  }
  return Object.fromEntries(out);
}

/** A table of the plane's: names by number. */
function table(fields: readonly Field[]): Map<bigint, string> {
  const out = new Map<bigint, string>();
  for (const f of fields) {
    let key = 0n;
    let name = '';
    for (const e of fieldsOf(blockOf(f))) {
      if (e.number === 1) key = e.value;
      else if (e.number === 2) for (const m of fieldsOf(blockOf(e))) if (m.number === 2) name = textOf(m);
    }
    out.set(key, name);
  }
  return out;
}

function decodeLine(bytes: Uint8Array, eventNames: ReadonlyMap<bigint, string>, statNames: ReadonlyMap<bigint, string>): ProfileLine {
  let id = 0;
  let name = '';
  let display = '';
  let base = 0n;
  const events: Uint8Array[] = [];
  for (const f of fieldsOf(bytes)) {
    if (f.number === 1) id = Number(signed(f.value));
    else if (f.number === 2) name = textOf(f);
    else if (f.number === 3) base = signed(f.value);
    else if (f.number === 4) events.push(blockOf(f));
    else if (f.number === 11) display = textOf(f);
  }
  const decoded = events.map((e): ProfileEvent => {
    let key = 0n;
    let offset = 0n;
    let duration = 0n;
    const stats: Field[] = [];
    for (const f of fieldsOf(e)) {
      if (f.number === 1) key = f.value;
      else if (f.number === 2) offset = signed(f.value);
      else if (f.number === 3) duration = signed(f.value);
      else if (f.number === 4) stats.push(f);
    }
    return { name: eventNames.get(key) ?? '', startNs: Number(base * 1000n + offset) / 1000, durationNs: Number(duration) / 1000, stats: decodeStats(stats, statNames) };
  });
  return { name: display || name, id, events: decoded };
}

function decodePlane(bytes: Uint8Array): ProfilePlane {
  const byNumber: Field[][] = [];
  for (const f of fieldsOf(bytes)) if (f.number <= 6) (byNumber[f.number] ??= []).push(f);
  const of = (n: number): Field[] => byNumber[n] ?? [];
  const eventNames = table(of(4));
  const statNames = table(of(5));
  return {
    name: of(2).map(textOf).at(-1) ?? '',
    lines: of(3).map((f) => decodeLine(blockOf(f), eventNames, statNames)),
    stats: decodeStats(of(6), statNames),
  };
}

/** The planes of a profile. @throws ArgumentError if the bytes are none */
export function decodeSpace(bytes: Uint8Array): ProfilePlane[] {
  const planes: ProfilePlane[] = [];
  for (const f of fieldsOf(bytes)) if (f.number === 1) planes.push(decodePlane(blockOf(f)));
  return planes;
}
