import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { ShapeError, TreeError } from '../core/errors';
import type { TreeDef } from '../core/tree';
import { arraysOf, type Loose } from '../functional/treeFunction';
import { type ArrayLike, asArray, astype, isScalarValue, promoteDtypesInexact } from '../lax/arrayLike';
import { matmul } from '../numpy/products';
import { concatenate, reshape, sliceInDim } from '../primitives/structural';

// What iterative solvers work on: trees as vectors, operators as functions of vectors.

/** A matrix, or the function that multiplies by it. */
export type LinearOperator = ArrayLike | ((x: Loose) => unknown);
export type Multiply = (x: Array) => Array;

const isNumbers = (x: unknown): boolean => isScalarValue(x) || (globalThis.Array.isArray(x) && x.every(isNumbers));

/** A tree of arrays of one type, laid out as one vector. Nested lists of numbers are one array. */
export class VectorSpace {
  readonly def: TreeDef;
  private readonly shapes: readonly (readonly number[])[];

  private constructor(private readonly op: string, def: TreeDef, shapes: readonly (readonly number[])[]) {
    this.def = def;
    this.shapes = shapes;
  }

  static of(op: string, b: unknown): [VectorSpace, Array] {
    const { leaves, def } = arraysOf(isNumbers(b) ? asArray(b as ArrayLike, op) : b, op);
    if (leaves.length === 0) throw new TreeError(`${op}: expected b to hold arrays, got ${def}`);
    const xs = promoteDtypesInexact(op, ...leaves);
    const space = new VectorSpace(op, def, xs.map((x) => x.shape));
    return [space, space.flat(xs)];
  }

  private flat(xs: readonly Array[]): Array {
    const rows = xs.map((x) => reshape(astype(x, x.dtype), [x.size]));
    return rows.length === 1 ? rows[0]! : concatenate(rows, 0);
  }

  /** The vector of a tree of this form, in v's type. */
  pack(tree: unknown, what: string, v: Array): Array {
    const { leaves, def } = arraysOf(isNumbers(tree) ? asArray(tree as ArrayLike, this.op) : tree, `${this.op}: ${what}`);
    if (!def.equals(this.def)) throw new TreeError(`${this.op}: expected ${what} to have b's structure ${this.def}, got ${def}`);
    leaves.forEach((x, i) => {
      if (x.shape.join() !== this.shapes[i]!.join()) throw new ShapeError(`${this.op}: expected ${what} to have b's shape [${this.shapes[i]}], got ${x.aval}`);
    });
    return astype(this.flat(leaves.map((x) => astype(x, v.dtype))), v.dtype);
  }

  unpack(v: Array): unknown {
    let at = 0;
    return this.def.unflatten(this.shapes.map((s) => reshape(sliceInDim(v, at, (at += sizeOf(s)), 0), [...s])));
  }

  operator(name: string, A: LinearOperator): Multiply {
    if (typeof A === 'function') return (x) => this.pack(A(this.unpack(x)), `the result of ${name}`, x);
    const m = asArray(A, `${this.op}: ${name}`);
    const n = this.shapes.length === 1 && this.shapes[0]!.length === 1 ? this.shapes[0]![0]! : -1;
    if (m.ndim !== 2 || m.shape[0] !== n || m.shape[1] !== n) throw new ShapeError(`${this.op}: expected ${name} to be a square matrix for the vector b, got ${m.aval} and b of shape ${this.shapes.map((s) => `[${s}]`).join(', ')}`);
    return (x) => {
      const [a, y] = promoteDtypesInexact(this.op, m, x) as [Array, Array];
      return astype(matmul(a, y, { precision: 'highest' }), x.dtype);
    };
  }
}
