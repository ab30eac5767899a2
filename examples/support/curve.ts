import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { TopLevelSpec } from 'vega-lite' with { 'resolution-mode': 'import' };

/** A line of a picture: its name and its points. */
export interface Curve {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

export interface CurveOptions {
  title?: string;
  xTitle?: string;
  yTitle?: string;
  /** Whether the vertical axis is logarithmic. */
  log?: boolean;
}

/** Draws a Vega-Lite picture as SVG text. */
export async function drawSvg(spec: TopLevelSpec): Promise<string> {
  // Both are ES modules.
  const vega = await import('vega');
  const { compile } = await import('vega-lite');
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Writes a Vega-Lite picture to a file: SVG, or PNG where its name ends so. */
export async function savePicture(file: string, spec: TopLevelSpec): Promise<void> {
  const svg = await drawSvg(spec);
  if (extname(file).toLowerCase() !== '.png') {
    writeFileSync(file, svg);
    return;
  }
  const { Resvg } = await import('@resvg/resvg-js');
  writeFileSync(file, new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 }, background: 'white' }).render().asPng());
}

/** Draws curves over one another into a picture: SVG, or PNG where the file's name ends so. */
export async function saveCurves(file: string, curves: readonly Curve[], options: CurveOptions = {}): Promise<void> {
  const values = curves.flatMap(({ name, x, y }) => Array.from({ length: Math.min(x.length, y.length) }, (_, i) => ({ name, x: x[i]!, y: y[i]! })));
  await savePicture(file, {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: options.title,
    width: 480,
    height: 260,
    background: 'white',
    config: { font: 'sans-serif' },
    data: { values },
    mark: { type: 'line', interpolate: 'linear' },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: options.xTitle ?? 'step' },
      y: { field: 'y', type: 'quantitative', title: options.yTitle ?? 'loss', scale: options.log ? { type: 'log' } : { type: 'linear', zero: false } },
      color: { field: 'name', type: 'nominal', title: null, legend: curves.length > 1 ? {} : null },
    },
  });
}
