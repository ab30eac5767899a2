import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import { sizeOf } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { withTransform } from '../core/trace';
import type { TreeDef } from '../core/tree';
import { batchFlat, materialize } from '../interpreters/batch';
import { jvpFlat } from '../interpreters/jvp';
import { convert, iota, moveaxis, reshape, scalar, sliceInDim } from '../primitives/structural';
import { add, eq } from '../primitives/elementwise';
import { differentiated, floatResults, type GradOptions, LinearPoint, zeroTangent } from './derivatives';
import { type AnyFunction, FlatFunction } from './treeFunction';

/** The standard basis of a list of arrays: for each array, all directions of all arrays, one direction a row. */
function basis(avals: readonly ShapedArray[]): Array[] {
  const total = avals.reduce((n, a) => n + sizeOf(a.shape), 0);
  let start = 0;
  return avals.map((a) => {
    const n = sizeOf(a.shape);
    const row = iota('int32', [total, n], 0);
    const column = iota('int32', [total, n], 1);
    const one = convert(eq(row, add(column, scalar(start, 'int32'))), a.dtype);
    start += n;
    return reshape(one, [total, ...a.shape]);
  });
}

/** Rows of a Jacobian, of shape [all inputs, ...output], as one block for each input, of shape [...output, ...input]. */
function columnsToBlocks(rows: Array, inputs: readonly ShapedArray[]): Array[] {
  let start = 0;
  const outRank = rows.ndim - 1;
  return inputs.map((a) => {
    const n = sizeOf(a.shape);
    const part = moveaxis(sliceInDim(rows, start, start + n, 0), 0, outRank);
    start += n;
    return reshape(part, [...part.shape.slice(0, outRank), ...a.shape]);
  });
}

export interface Jacobian {
  jacobian: unknown;
  /** For each leaf of the result its blocks, in the structure of the inputs. */
  perOutput: unknown[];
  outDef: TreeDef;
  value: unknown;
  aux: unknown;
}

/** Jacobian column by column, by forward-mode differentiation, with value and auxiliary result. */
export function jacfwdCore(f: AnyFunction, args: readonly unknown[], options: GradOptions): Jacobian {
  const { what, g, leaves, def, single } = differentiated('jacfwd', f, args, options);
  const complex = leaves.find((x) => dtypeKind(x.dtype) === 'complex');
  if (complex !== undefined && !options.holomorphic) throw new DtypeError(`${what}: expected float inputs, got the complex ${complex.aval}; pass holomorphic: true for a holomorphic function, or see jvp`);
  const flat = new FlatFunction(g, def, what, options.hasAux);
  const avals = leaves.map((x) => x.aval);
  const directions = basis(avals);
  const size = directions[0]?.shape[0] ?? 0;
  let outs: Array[] = [];
  // The function's value depends on no direction, so it comes out of the mapped run as it is.
  const r = batchFlat((ts) => {
    const d = jvpFlat((xs) => withTransform('jvp', () => flat.call(xs)), leaves, ts);
    outs = d.outs;
    return [...d.outs, ...d.tangents.slice(0, flat.numOuts).map((t, i) => t ?? zeroTangent(d.outs[i]!.aval))];
  }, { size, name: null }, directions, directions.map(() => 0));
  const n = flat.numOuts;
  const total = outs.length;
  const values = floatResults(r.outs.slice(0, n));
  if (options.holomorphic) checkOutputs(what, values, options);
  const blocks = r.outs.slice(total).map((t, i) => columnsToBlocks(materialize(t, r.dims[total + i]!, size), avals).map((b) => (values[i]!.weakType ? convert(b, b.dtype, true) : b)));
  const perOutput = blocks.map((b) => pick(def.unflatten(b) as unknown[], single));
  return { jacobian: flat.outDef.unflatten(perOutput as never), perOutput, outDef: flat.outDef, value: flat.outDef.unflatten(values), aux: options.hasAux ? flat.auxDef!.unflatten(r.outs.slice(n, total)) : undefined };
}

/** Jacobian row by row, by reverse-mode differentiation, with value and auxiliary result. */
export function jacrevCore(f: AnyFunction, args: readonly unknown[], options: GradOptions): Jacobian {
  const { what, g, leaves, def, single } = differentiated('jacrev', f, args, options);
  const point = new LinearPoint(new FlatFunction(g, def, what, options.hasAux), leaves);
  checkOutputs(what, point.outs, options);
  const outAvals = point.outs.map((x) => x.aval);
  const cts = basis(outAvals);
  const size = cts[0]?.shape[0] ?? 0;
  const r = batchFlat((xs) => point.pull(xs).map((c, i) => c ?? zeroTangent(leaves[i]!.aval)), { size, name: null }, cts, cts.map(() => 0));
  // For each input the rows of all outputs, which are then dealt out.
  const rows = r.outs.map((x, i) => materialize(x, r.dims[i]!, size));
  let start = 0;
  const perOutput = outAvals.map((a) => {
    const n = sizeOf(a.shape);
    const blocks = rows.map((x, i) => {
      const block = reshape(sliceInDim(x, start, start + n, 0), [...a.shape, ...x.shape.slice(1)]);
      return leaves[i]!.weakType ? convert(block, block.dtype, true) : block;
    });
    start += n;
    return pick(def.unflatten(blocks) as unknown[], single);
  });
  const { outDef, auxDef } = point.flat;
  return { jacobian: outDef.unflatten(perOutput as never), perOutput, outDef, value: outDef.unflatten(point.outs), aux: options.hasAux ? auxDef!.unflatten(point.aux) : undefined };
}

function pick(args: unknown[], single: boolean): unknown {
  return single ? args[0] : args;
}

function checkOutputs(what: string, outs: readonly Array[], options: GradOptions): void {
  for (const x of outs) {
    const kind = dtypeKind(x.dtype);
    if (options.holomorphic ? kind !== 'complex' : kind !== 'float') throw new DtypeError(`${what}: expected ${options.holomorphic ? 'complex' : 'float'} results, got ${kind === 'complex' ? 'the complex ' : ''}${x.aval}${kind === 'complex' ? '; pass holomorphic: true for a holomorphic function' : ''}`);
  }
}
