import { ArgumentError } from '../errors';
import { type Atom, ClosedJaxpr, Jaxpr, Literal, type Var } from '../jaxpr';

const quote = (s: string) => `"${s.replace(/["\\]/g, '\\$&')}"`;

/**
 * A jaxpr as a graph in DOT, the language of Graphviz: a box for each operation, an edge for each array, inner jaxprs as clusters.
 *
 * Mirrors `brainstate.transform.draw_dot_graph`.
 *
 * @returns text for `dot` or any other program that draws DOT
 * @throws ArgumentError unless it is given a jaxpr
 * @example
 * transform.drawDotGraph(makeJaxpr((x: Array) => x.add(1))(np.array(1)).jaxpr).startsWith('digraph'); // true
 */
export function drawDotGraph(jaxpr: Jaxpr | ClosedJaxpr): string {
  if (!(jaxpr instanceof Jaxpr) && !(jaxpr instanceof ClosedJaxpr)) throw new ArgumentError('drawDotGraph: expected a jaxpr');
  const lines: string[] = [];
  let next = 0;
  const draw = (j: Jaxpr, pad: string): void => {
    const node = new Map<Var, string>();
    const add = (label: string, style: string) => {
      const id = `n${next++}`;
      lines.push(`${pad}${id} [label=${quote(label)}, ${style}];`);
      return id;
    };
    const edge = (a: Atom, to: string) => {
      if (a instanceof Literal) {
        const from = add(`${typeof a.value === 'object' ? `${a.value.re}+${a.value.im}j` : String(a.value)}`, 'shape=plaintext');
        lines.push(`${pad}${from} -> ${to};`);
      } else lines.push(`${pad}${node.get(a)} -> ${to} [label=${quote(String(a.aval))}];`);
    };
    j.constvars.forEach((v, i) => node.set(v, add(`const ${i}: ${v.aval}`, 'shape=ellipse, style=dashed')));
    j.invars.forEach((v, i) => node.set(v, add(`in ${i}: ${v.aval}`, 'shape=ellipse')));
    for (const e of j.eqns) {
      const { name } = e.params as { name?: unknown };
      const id = add(typeof name === 'string' ? `${e.prim.name} ${name}` : e.prim.name, 'shape=box');
      for (const a of e.inputs) edge(a, id);
      for (const v of e.outputs) node.set(v, id);
      const inner = Object.entries(e.params).flatMap(([k, v]) => (globalThis.Array.isArray(v) ? v.map((x, i) => [`${k} ${i}`, x] as const) : [[k, v] as const]));
      for (const [k, v] of inner) {
        if (!(v instanceof ClosedJaxpr)) continue;
        lines.push(`${pad}subgraph cluster_${next++} {`, `${pad}  label=${quote(`${e.prim.name} ${k}`)};`);
        draw(v.jaxpr, `${pad}  `);
        lines.push(`${pad}}`);
      }
    }
    j.outvars.forEach((a, i) => edge(a, add(`out ${i}: ${a.aval}`, 'shape=ellipse, style=bold')));
  };
  draw(jaxpr instanceof ClosedJaxpr ? jaxpr.jaxpr : jaxpr, '  ');
  return `digraph jaxpr {\n${lines.join('\n')}\n}\n`;
}
