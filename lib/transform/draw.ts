import { ArgumentError } from '../core/errors';
import { type Atom, ClosedJaxpr, Jaxpr, Literal, type Var } from '../core/jaxpr';
import { describeValue } from '../functional/arrayLike';
import { StatefulJaxpr } from './makeJaxpr';

const CHARACTER = 7;
const LINE = 28;
const GAP = { x: 24, y: 44 };
const PAD = 12;

const escape = (s: string): string => s.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

interface Box {
  label: string;
  kind: 'in' | 'const' | 'out' | 'literal' | 'op';
  inner: readonly Drawing[];
  width: number;
  height: number;
  layer: number;
  x: number;
  y: number;
}

interface Edge {
  from: Box;
  to: Box;
  label: string;
}

interface Drawing {
  title: string;
  width: number;
  height: number;
  boxes: readonly Box[];
  edges: readonly Edge[];
}

const literalText = ({ value }: Literal): string => (typeof value === 'object' ? `${value.re}+${value.im}j` : String(value));

/** Boxes of a jaxpr in layers by the longest way from the inputs; in each layer by where what they are made of stands. */
function layOut(j: Jaxpr, title: string): Drawing {
  const boxes: Box[] = [];
  const edges: Edge[] = [];
  const made = new Map<Var, Box>();
  const add = (label: string, kind: Box['kind'], inner: readonly Drawing[] = []): Box => {
    const width = Math.max(label.length * CHARACTER + 2 * PAD, inner.reduce((w, d) => w + d.width + PAD, PAD));
    const height = LINE + (inner.length > 0 ? Math.max(...inner.map((d) => d.height)) + PAD : 0);
    const box: Box = { label, kind, inner, width, height, layer: 0, x: 0, y: 0 };
    boxes.push(box);
    return box;
  };
  const connect = (a: Atom, to: Box): void => {
    const from = a instanceof Literal ? add(literalText(a), 'literal') : made.get(a)!;
    edges.push({ from, to, label: a instanceof Literal ? '' : String(a.aval) });
    if (a instanceof Literal) from.layer = -1;
    else to.layer = Math.max(to.layer, from.layer + 1);
  };
  j.constvars.forEach((v, i) => made.set(v, add(`const ${i}: ${v.aval}`, 'const')));
  j.invars.forEach((v, i) => made.set(v, add(`in ${i}: ${v.aval}`, 'in')));
  for (const e of j.eqns) {
    const { name } = e.params as { name?: unknown };
    const inner = Object.entries(e.params).flatMap(([k, v]) => (globalThis.Array.isArray(v) ? v.map((x, i) => [`${k} ${i}`, x] as const) : [[k, v] as const]))
      .flatMap(([k, v]) => (v instanceof ClosedJaxpr ? [layOut(v.jaxpr, k)] : []));
    const box = add(typeof name === 'string' ? `${e.prim.name} ${name}` : e.prim.name, 'op', inner);
    box.layer = 1;
    for (const a of e.inputs) connect(a, box);
    for (const v of e.outputs) made.set(v, box);
  }
  const last = Math.max(0, ...boxes.map((b) => b.layer)) + 1;
  j.outvars.forEach((a, i) => {
    const box = add(`out ${i}: ${a.aval}`, 'out');
    connect(a, box);
    box.layer = last;
  });
  for (const { from, to } of edges) if (from.layer === -1) from.layer = to.layer - 1;

  const layers: Box[][] = globalThis.Array.from({ length: last + 1 }, () => []);
  for (const b of boxes) layers[b.layer]!.push(b);
  let y = PAD + LINE;
  let width = title.length * CHARACTER + 2 * PAD;
  for (const layer of layers) {
    if (layer.length === 0) continue;
    const middle = (b: Box): number => {
      const from = edges.filter((e) => e.to === b && e.from.layer < b.layer && e.from.kind !== 'literal').map((e) => e.from.x + e.from.width / 2);
      return from.length === 0 ? Number.POSITIVE_INFINITY : from.reduce((s, x) => s + x, 0) / from.length;
    };
    const wanted = new Map(layer.map((b) => [b, middle(b)]));
    const order = layer[0]!.layer === 0 ? layer : [...layer].sort((a, b) => (wanted.get(a)! < wanted.get(b)! ? -1 : wanted.get(a)! > wanted.get(b)! ? 1 : 0));
    let x = PAD;
    for (const b of order) {
      const at = wanted.get(b)!;
      b.x = Number.isFinite(at) ? Math.max(x, at - b.width / 2) : x;
      b.y = y;
      x = b.x + b.width + GAP.x;
    }
    width = Math.max(width, x - GAP.x + PAD);
    y += Math.max(...layer.map((b) => b.height)) + GAP.y;
  }
  return { title, width, height: y - GAP.y + PAD, boxes, edges };
}

const round = (x: number): number => Math.round(x * 10) / 10;

function paint({ boxes, edges }: Drawing, dx: number, dy: number, out: string[]): void {
  // Arrows first, so that boxes that they pass stay readable.
  for (const { from, to, label } of edges) {
    const [x1, y1, x2, y2] = [from.x + from.width / 2 + dx, from.y + (from.kind === 'literal' ? LINE : from.height) + dy, to.x + to.width / 2 + dx, to.y + dy].map(round) as [number, number, number, number];
    const bend = round((y2 - y1) / 2);
    out.push(`<path d="M${x1} ${y1}C${x1} ${round(y1 + bend)} ${x2} ${round(y2 - bend)} ${x2} ${y2}"/>`);
    if (label !== '') out.push(`<text class="type" x="${round((x1 + x2) / 2)}" y="${round((y1 + y2) / 2)}">${escape(label)}</text>`);
  }
  for (const b of boxes) {
    const [x, y] = [round(b.x + dx), round(b.y + dy)];
    if (b.kind !== 'literal') out.push(`<rect class="${b.kind}" x="${x}" y="${y}" width="${round(b.width)}" height="${round(b.height)}" rx="${b.kind === 'op' ? 3 : 14}"/>`);
    out.push(`<text x="${round(x + b.width / 2)}" y="${y + 18}">${escape(b.label)}</text>`);
    let at = b.x + PAD;
    for (const d of b.inner) {
      const [ix, iy] = [at + dx, b.y + LINE + dy];
      out.push(`<rect class="inner" x="${round(ix)}" y="${round(iy)}" width="${round(d.width)}" height="${round(d.height)}"/>`, `<text x="${round(ix + d.width / 2)}" y="${round(iy) + 18}">${escape(d.title)}</text>`);
      paint(d, ix, iy, out);
      at += d.width + PAD;
    }
  }
}

const STYLE = 'text{font:12px monospace;text-anchor:middle}.type{font-size:9px;fill:#666}rect{fill:#fff;stroke:#333}.in{fill:#e8f1fb}.const{fill:#eee;stroke-dasharray:4}.out{fill:#e9f7e9;stroke-width:2}.inner{fill:#fafafa;stroke:#aaa}path{fill:none;stroke:#333;marker-end:url(#arrow)}';

/**
 * A jaxpr as a picture: a box for each operation, from the inputs down to the outputs, an arrow for each array, inner jaxprs as boxes inside. For Graphviz there is
 * {@link drawDotGraph}.
 *
 * Mirrors `brainstate.transform.draw`, which shows the picture by Graphviz.
 *
 * @returns the text of an SVG file
 * @throws ArgumentError unless it is given a jaxpr
 * @example
 * ```ts
 * const { writeFileSync } = await import('node:fs');
 * writeFileSync('f.svg', transform.draw(makeJaxpr((x: Array) => np.sin(x))(np.ones([3]))));
 * ```
 */
export function draw(jaxpr: Jaxpr | ClosedJaxpr | StatefulJaxpr): string {
  const closed = jaxpr instanceof StatefulJaxpr ? jaxpr.jaxpr : jaxpr;
  const j = closed instanceof ClosedJaxpr ? closed.jaxpr : closed;
  if (!(j instanceof Jaxpr)) throw new ArgumentError(`draw: expected a jaxpr, got ${describeValue(jaxpr)}`);
  const drawing = layOut(j, j.name);
  const out: string[] = [];
  paint(drawing, 0, -LINE, out);
  const [w, h] = [Math.ceil(drawing.width), Math.ceil(drawing.height - LINE)];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">\n<style>${STYLE}</style>\n<defs><marker id="arrow" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#333;stroke:none;marker-end:none"/></marker></defs>\n${out.join('\n')}\n</svg>\n`;
}
