import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type InitLike, param, type Size } from '../init';
import { composite } from '../interpreters/jit';
import { promoteDtypes } from '../lax/arrayLike';
import * as np from '../numpy';
import { ParamState } from '../state/kinds';
import { Module } from './module';
import { type ConnectionParams, linearShape } from './scaledLinear';

/** The entries of a matrix that are not zero: their values and where they are. Entries of one place add up. */
export interface SparseMatrix {
  /** Values, of shape [n]. */
  data: ArrayLike;
  /** Rows of the values: integers of shape [n]. */
  row: ArrayLike;
  /** Columns of the values: integers of shape [n]. */
  col: ArrayLike;
  shape: readonly [number, number];
}

/** Options of {@link SparseLinear}. */
export interface SparseLinearOptions {
  /** First value of the bias, of shape [out]; default null: none. */
  bInit?: InitLike | null;
  /** Shape of an input without the batch. */
  inSize?: Size | null;
  /** Class of the parameters' state. */
  paramType?: typeof ParamState;
  /** Name in messages and prints. */
  name?: string;
}

const product = composite<{ columns: number }>('sparseProduct', ([x, data, row, col], { columns }) => {
  const terms = np.multiply(np.take(x!, row!, { axis: -1 }), data!);
  // The columns come first, so that the terms of one add up in one scatter.
  const sums = np.zeros([columns, ...x!.shape.slice(0, -1)], { dtype: terms.dtype }).at(col!).add(np.moveaxis(terms, -1, 0));
  return [np.moveaxis(sums, 0, -1)];
});

/**
 * `y = x M + b` with a sparse matrix M, whose values are learned. x: [..., in] → [..., out]; the state `weight` holds `{ weight: [n], bias: [out] }`.
 *
 * Mirrors `brainstate.nn.SparseLinear` with a matrix in coordinate form.
 *
 * @throws ShapeError for values and places of different shapes, ArgumentError for places outside of the matrix or sizes that do not fit it
 * @example
 * ```ts
 * const m = { data: [1, 2, 3], row: np.array([0, 0, 1], { dtype: 'int32' }), col: np.array([0, 2, 1], { dtype: 'int32' }), shape: [2, 3] as const };
 * new nn.SparseLinear(m).call(np.ones([4, 2]));   // four rows [1, 3, 2]
 * ```
 */
export class SparseLinear extends Module {
  static override readonly positional: readonly string[] = ['sparMat'];
  readonly row: Array;
  readonly col: Array;
  readonly weight: ParamState<ConnectionParams>;
  private readonly rows: number;

  constructor(sparMat: SparseMatrix, options: SparseLinearOptions = {}) {
    const { bInit = null, inSize = null, paramType = ParamState, ...rest } = checkOptions(new.target.name, ['bInit', 'inSize', 'paramType', 'name'], options);
    super(rest);
    const [n, m] = sparMat?.shape ?? [];
    if (!Number.isInteger(n) || !Number.isInteger(m)) throw new ArgumentError(`SparseLinear: expected a matrix { data, row, col, shape: [rows, columns] }, got ${describeValue(sparMat)}`);
    const weight = np.asarray(sparMat.data);
    this.row = np.asarray(sparMat.row).astype('int32');
    this.col = np.asarray(sparMat.col).astype('int32');
    if (weight.ndim !== 1 || [this.row, this.col].some((v) => v.ndim !== 1 || v.size !== weight.size)) throw new ShapeError(`SparseLinear: expected data, row and col of one shape [n], got ${weight.aval}, ${this.row.aval} and ${this.col.aval}`);
    for (const [what, v, size] of [['row', this.row, n!], ['col', this.col, m!]] as const) {
      const outside = (v.dataSync() as Int32Array).find((i) => i < 0 || i >= size);
      if (outside !== undefined) throw new ArgumentError(`SparseLinear: expected ${what} from 0 to ${size - 1}, got ${outside}`);
    }
    this.rows = n!;
    Object.defineProperty(this, 'rows', { enumerable: false });
    this.outSize = m!;
    if (inSize !== null) {
      this.inSize = inSize;
      linearShape('SparseLinear', this.inSize!, this.outSize!);
      if (this.inSize![this.inSize!.length - 1] !== n) throw new ArgumentError(`SparseLinear: expected inSize to be the ${n} rows of the matrix, got [${this.inSize!}]`);
    }
    const bias = param(bInit, [m!]);
    this.weight = new paramType<ConnectionParams>(bias === null ? { weight } : { weight, bias });
  }

  override call(input: ArrayLike): Array {
    const { weight, bias } = this.weight.value;
    const [x, data] = promoteDtypes('SparseLinear', asArray(input, 'SparseLinear'), weight) as [Array, Array];
    if (x.ndim === 0 || x.shape[x.ndim - 1] !== this.rows) throw new ShapeError(`SparseLinear: expected an input whose last dimension is ${this.rows}, got ${x.aval}`);
    const y = product([x, data, this.row, this.col], { columns: this.outSize![0]! })[0]!;
    return bias === undefined ? y : np.add(y, bias);
  }
}
