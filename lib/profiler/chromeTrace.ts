import type { ProfilePlane, StatValue } from './xspace';

// The JSON that Perfetto and chrome://tracing read, with the numbers of processes that XLA's own converter gives.

const HOST = 701;
const CUSTOM = 601;
const FIRST_DEVICE = 1;

/** Whether a plane has something to draw, and under which number; null for those that only describe. */
function processOf(plane: ProfilePlane, seen: { devices: number; customs: number }): number | null {
  if (plane.name === '/host:CPU') return HOST;
  if (plane.name.startsWith('/device:CUSTOM:')) return CUSTOM + seen.customs++;
  if (plane.lines.some((l) => l.events.length > 0)) return FIRST_DEVICE + seen.devices++;
  return null;
}

const shown = (v: StatValue): string => (typeof v === 'object' ? `${v.length} bytes` : String(v));

/** Events of a profile in the form of `trace.json`; times are microseconds. */
export function chromeTrace(planes: readonly ProfilePlane[], withMetadata = true): string {
  const events: object[] = [];
  const seen = { devices: 0, customs: 0 };
  const named = (pid: number, what: string, args: object, tid?: number): void => {
    events.push({ ph: 'M', pid, ...(tid !== undefined && { tid }), name: what, args });
  };
  for (const plane of planes) {
    const pid = processOf(plane, seen);
    if (pid === null) continue;
    named(pid, 'process_name', { name: plane.name });
    named(pid, 'process_sort_index', { sort_index: pid });
    plane.lines.forEach((line, i) => {
      named(pid, 'thread_name', { name: line.name }, line.id);
      named(pid, 'thread_sort_index', { sort_index: i + 1 }, line.id);
      for (const e of line.events) {
        const stats = Object.entries(e.stats);
        events.push({
          ph: 'X', pid, tid: line.id, ts: e.startNs / 1000, dur: e.durationNs / 1000, name: e.name,
          ...(stats.length > 0 && { args: Object.fromEntries(stats.map(([k, v]) => [k, shown(v)])) }),
        });
      }
    });
  }
  return JSON.stringify({ displayTimeUnit: 'ns', ...(withMetadata && { metadata: { 'highres-ticks': true } }), traceEvents: events });
}
