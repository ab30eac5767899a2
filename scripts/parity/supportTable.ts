import { Absent, primitives } from '../../lib/core/primitive';

/** What holds of a primitive, as docs/parity.md and the registry test show it. */
export interface Support {
  name: string;
  jit: string;
  jvp: string;
  transpose: string;
  vmap: string;
  second: string;
}

/** What each primitive supports: 'yes', 'linear', or the reason why not. */
export function supportTable(): Support[] {
  const rule = (r: unknown) => (r instanceof Absent ? `no: ${r.reason}` : r === 'linear' ? 'linear' : 'yes');
  return [...primitives().values()].map((p) => {
    const skips = p.sample().flatMap((s) => (s.skip?.second ? [s.skip.second] : []));
    const samples = p.sample().length;
    return {
      name: p.name,
      jit: 'yes',
      jvp: rule(p.jvp),
      transpose: rule(p.transpose),
      vmap: rule(p.batch),
      second: p.jvp instanceof Absent ? rule(p.jvp) : samples > 0 && skips.length === samples ? `no: ${skips[0]}` : 'yes',
    };
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}
