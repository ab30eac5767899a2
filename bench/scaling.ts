// How costs grow: with the number of states of a call, of layers that are traced and lowered, of rows in a batch.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { savePicture } from '../examples/support/curve';
import { machine, type Measured, median } from './report';

type Kind = 'states' | 'layers' | 'batch';

const SIZES = JSON.parse(readFileSync(join(__dirname, 'scalingSizes.json'), 'utf8')) as Record<Kind, number[]>;
const TITLES: Record<Kind, { title: string; x: string }> = {
  states: { title: 'A call that adds 1 to each state', x: 'states' },
  layers: { title: 'Trace + lower: gradient of a net', x: 'layers' },
  batch: { title: 'MLP training step', x: 'batch' },
};
const KINDS = Object.keys(TITLES) as Kind[];
const nameOf = (kind: Kind, n: number) => `scale_${kind}_${n}`;

/** An entry for each size of each kind, as in bench/python/data.py. */
export function scalingCases<T>(make: Readonly<Record<Kind, (n: number) => T>>): Record<string, T> {
  return Object.fromEntries(KINDS.flatMap((kind) => SIZES[kind].map((n) => [nameOf(kind, n), make[kind](n)])));
}

/** Fewer calls of what takes longer. */
function calls(kind: Kind, n: number): { n: number; warmup: number } {
  if (kind === 'states') return { n: n < 100 ? 500 : 100, warmup: 20 };
  if (kind === 'layers') return { n: n < 50 ? 5 : 2, warmup: 1 };
  return { n: n < 100 ? 30 : 10, warmup: 3 };
}

export const SCALING_CALLS = KINDS.flatMap((kind) => SIZES[kind].map((n) => ({ name: nameOf(kind, n), title: `${TITLES[kind].title}, ${n} ${TITLES[kind].x}`, ...calls(kind, n) })));

/** Writes scaling.json and a picture of medians by size, a part for each kind. */
export async function writeScaling(folder: string, results: readonly Measured[], about: object): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const points = KINDS.flatMap((kind) => SIZES[kind].flatMap((size) => results
    .filter((r) => r.case === nameOf(kind, size) && r.rounds.length > 0)
    .map((r) => ({ kind, size, framework: r.framework, seconds: median(r.rounds), fastest: r.fastest, rounds: r.rounds }))));
  writeFileSync(join(folder, 'scaling.json'), `${JSON.stringify({ date: new Date().toISOString(), machine: machine(), ...about, points }, null, 1)}\n`);
  const part = (kind: Kind) => ({
    title: TITLES[kind].title,
    width: 240,
    height: 240,
    data: { values: points.filter((p) => p.kind === kind).map(({ size, framework, seconds }) => ({ size, framework, ms: seconds * 1e3 })) },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'size', type: 'quantitative', title: TITLES[kind].x, scale: { type: 'log' } },
      y: { field: 'ms', type: 'quantitative', title: 'ms', scale: { type: 'log' } },
      color: { field: 'framework', type: 'nominal', title: null, sort: null },
    },
  });
  const parts = KINDS.filter((kind) => points.some((p) => p.kind === kind)).map(part);
  const spec = { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', background: 'white', config: { font: 'sans-serif' }, hconcat: parts };
  for (const end of ['svg', 'png']) await savePicture(join(folder, `scaling.${end}`), spec as Parameters<typeof savePicture>[1]);
}
