import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { savePicture } from '../examples/support/curve';

/** All times of one case and framework, by round. */
export interface Measured {
  readonly case: string;
  readonly framework: string;
  /** Median seconds of each round. */
  readonly rounds: number[];
  readonly calls: number;
  /** Seconds of the fastest call. */
  fastest?: number;
  error?: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const m = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[m]! : (sorted[m - 1]! + sorted[m]!) / 2;
}

/** The largest difference of two results, as a part of the largest number; NaN where they are not of one length. */
export function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.NaN;
  const largest = a.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return a.reduce((m, v, i) => Math.max(m, Math.abs(v - b[i]!)), 0) / (largest || 1);
}

function time(seconds: number): string {
  const [scale, unit] = seconds < 1e-3 ? [1e6, 'µs'] : seconds < 1 ? [1e3, 'ms'] : [1, 's'];
  return `${(seconds * scale).toPrecision(3)} ${unit}`;
}

/** A table of medians, or of the fastest calls, with how many times as long as ours each of the others takes. */
export function table(results: readonly Measured[], cases: readonly { name: string; title: string }[], frameworks: readonly string[], fastest = false): string {
  const of = (m: Measured) => (fastest ? m.fastest! : median(m.rounds));
  const cell = (name: string, framework: string): string => {
    const m = results.find((r) => r.case === name && r.framework === framework);
    if (m === undefined) return '';
    if (m.error !== undefined) return 'error';
    const ours = results.find((r) => r.case === name && r.framework === 'xlastate');
    const ratio = framework === 'xlastate' || ours === undefined || ours.rounds.length === 0 ? '' : ` (${(of(m) / of(ours)).toPrecision(2)}x)`;
    return time(of(m)) + ratio;
  };
  // Without those that have nothing in this run.
  frameworks = frameworks.filter((f) => results.some((r) => r.framework === f));
  const rows = [['case', ...frameworks], ...cases.map((c) => [c.title, ...frameworks.map((f) => cell(c.name, f))])];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)));
  const lines = rows.map((r) => r.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join('  ').trimEnd());
  return [lines[0], '-'.repeat(widths.reduce((a, b) => a + b + 2, -2)), ...lines.slice(1)].join('\n');
}

/** The processor, for a report. */
export function machine(): object {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, platform: `${process.platform} ${process.arch}` };
}

/** Writes results.json and a picture of the medians. */
export async function writeReport(folder: string, results: readonly Measured[], titles: ReadonlyMap<string, string>, about: object): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify({ date: new Date().toISOString(), machine: machine(), ...about, results }, null, 1)}\n`);
  const values = results
    .filter((r) => r.rounds.length > 0)
    .flatMap((r) => {
      const ours = results.find((o) => o.case === r.case && o.framework === 'xlastate');
      return ours === undefined || ours.rounds.length === 0 ? [] : [{ case: titles.get(r.case) ?? r.case, framework: r.framework, ratio: median(r.rounds) / median(ours.rounds) }];
    });
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: 'Time as a multiple of xlastate\u2019s: right of 1 is slower',
    background: 'white',
    config: { font: 'sans-serif', axis: { labelLimit: 300 } },
    data: { values },
    width: 480,
    height: { step: 32 },
    layer: [
      { mark: { type: 'rule', color: '#888' }, data: { values: [{ ratio: 1 }] }, encoding: { x: { field: 'ratio', type: 'quantitative' } } },
      {
        mark: { type: 'point', filled: true, size: 110, opacity: 0.85 },
        encoding: {
          y: { field: 'case', type: 'nominal', title: null, sort: null, axis: { grid: true } },
          x: { field: 'ratio', type: 'quantitative', title: null, scale: { type: 'log' } },
          color: { field: 'framework', type: 'nominal', title: null, sort: null },
        },
      },
    ],
  };
  for (const end of ['svg', 'png']) await savePicture(join(folder, `results.${end}`), spec as Parameters<typeof savePicture>[1]);
}
