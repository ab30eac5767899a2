/**
 * A document that can be laid out in several ways: text, and breaks that are either their text or a new line.
 *
 * Source: Lindig, "Strictly Pretty" (2000).
 */
export type Doc =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'break'; readonly text: string }
  | { readonly kind: 'concat'; readonly docs: readonly Doc[] }
  | { readonly kind: 'group'; readonly doc: Doc }
  | { readonly kind: 'nest'; readonly by: number; readonly doc: Doc };

export const text = (s: string): Doc => ({ kind: 'text', text: s });
/** Its text where the enclosing group is on one line, else a new line. */
export const brk = (s = ' '): Doc => ({ kind: 'break', text: s });
export const concat = (...docs: readonly Doc[]): Doc => ({ kind: 'concat', docs });
/** What goes on one line if it fits there. */
export const group = (doc: Doc): Doc => ({ kind: 'group', doc });
/** Indents the lines that begin in `doc`. */
export const nest = (by: number, doc: Doc): Doc => ({ kind: 'nest', by, doc });

/** Documents with a separator between them. */
export function join(separator: Doc, docs: readonly Doc[]): Doc {
  return { kind: 'concat', docs: docs.flatMap((d, i) => (i === 0 ? [d] : [separator, d])) };
}

/** Whether a document on one line takes no more than `room` columns. What follows it does not count. */
function fits(doc: Doc, room: number): boolean {
  const rest: Doc[] = [doc];
  let left = room;
  for (let d = rest.pop(); d !== undefined; d = rest.pop()) {
    switch (d.kind) {
      case 'text':
      case 'break':
        left -= d.text.length;
        if (left < 0) return false;
        break;
      case 'concat':
        for (let i = d.docs.length - 1; i >= 0; i--) rest.push(d.docs[i]!);
        break;
      default: rest.push(d.doc);
    }
  }
  return left >= 0;
}

/** Lays a document out in lines of `width` columns where that is possible. */
export function layout(doc: Doc, width = 80): string {
  const todo: { indent: number; flat: boolean; doc: Doc }[] = [{ indent: 0, flat: false, doc }];
  let out = '';
  let column = 0;
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const { indent, flat, doc: d } = item;
    switch (d.kind) {
      case 'text':
        out += d.text;
        column += d.text.length;
        break;
      case 'break':
        if (flat) {
          out += d.text;
          column += d.text.length;
        } else {
          out += `\n${' '.repeat(indent)}`;
          column = indent;
        }
        break;
      case 'concat':
        for (let i = d.docs.length - 1; i >= 0; i--) todo.push({ indent, flat, doc: d.docs[i]! });
        break;
      case 'nest':
        todo.push({ indent: indent + d.by, flat, doc: d.doc });
        break;
      default:
        todo.push({ indent, flat: flat || fits(d.doc, width - column), doc: d.doc });
    }
  }
  return out;
}
