import type { Shape, ShapedArray } from './aval';
import type { HostCallback } from '../pjrt';
import type { ClosedJaxpr, Eqn } from './jaxpr';
import type { Mesh } from './mesh';

/** A value of the program that is being built. */
export interface IrValue {
  /** Its SSA name, `%3`. */
  readonly name: string;
  readonly aval: ShapedArray;
  /** What it is the transposed array of, if it is one: what can read that as well need not have it transposed. */
  readonly view?: { readonly of: IrValue; readonly permutation: readonly number[] };
  /** Its memory is its own, and the next equation that reads it the last to do so: what it computes of it may take its place. */
  readonly own?: true;
  /** The product of matrices that it is, if all that is wanted of it is to be added to something. */
  readonly product?: ProductValue;
  /** The sums of products that it is, if one equation alone reads it. */
  readonly sums?: SumsValue;
}

/** A convolution or product by the addon, whose function can do more with its sums: what computes it without is taken out of the program. Each is null where that cannot be. */
export interface SumsValue {
  /** With a number added for each output feature. */
  plus(bias: IrValue): IrValue | null;
  /** No less than zero. */
  ramp(): IrValue | null;
  /** The largest of windows that do not overlap. */
  pool(window: Shape, out: ShapedArray): IrValue | null;
}

/** A product of matrices, times a number where there is one, that can be added to something where that lies. */
export interface ProductValue {
  /** The name of the product alone. */
  readonly of: string;
  readonly scale: IrValue | null;
  /** What computes it, and nothing else needs, is taken out of the program: the sum of `addend`, whose memory it takes, and the product times `scale`. */
  addTo(addend: IrValue, scale: IrValue | null): IrValue | null;
}

/** Something with a region in it: builds its block's body from the block's arguments. */
export type RegionBody = (ctx: LoweringContext, args: IrValue[]) => readonly IrValue[];

export interface CallbackOptions {
  /** It is called although nothing uses its results, as often as the program says. */
  sideEffect: boolean;
  /** After the ordered ones before it, before those after it. */
  ordered: boolean;
}

/** What a lowering rule writes to; lib/stablehlo implements it, and its functions (`hlo.add(ctx, x, y)` …) are the way to use it. */
export interface LoweringContext {
  /** PJRT's platform name: 'cpu', 'cuda', 'rocm', 'tpu'. Rules may choose a form by it. */
  readonly platform: string;
  /** On how many devices the program runs. */
  readonly partitions: number;
  /** The mesh whose devices run what is lowered by themselves, each with its own values; null: the compiler divides values. */
  readonly manual: Mesh | null;
  /** Whether the compiler divides what is lowered among devices: forms that take dimensions apart would have the parts put together first, and functions of ours are not divided. */
  readonly isDivided: boolean;
  /** Whether the program may hand products of matrices to OpenBLAS. */
  readonly hasProducts: boolean;
  /** Whether the program may have matrices decomposed by LAPACK. */
  readonly hasLapack: boolean;
  /** The equation that alone uses the one result of the equation which is lowered; null: there is none, or there are several. */
  onlyUse(): Eqn | null;
  /**
   * Emits one operation in MLIR's generic form.
   *
   * @param op full name, such as `stablehlo.add`
   * @param attrs text of the attribute dictionary's entries, without braces
   */
  emit(op: string, operands: readonly IrValue[], outs: readonly ShapedArray[], attrs?: string, regions?: readonly string[]): IrValue[];
  /** Text of a region with block arguments of the given types. */
  region(args: readonly ShapedArray[], body: RegionBody): string;
  /** A constant of one repeated value. */
  splat(value: number | bigint | boolean | { re: number; im: number }, aval: ShapedArray): IrValue;
  /** A constant from row-major values. */
  dense(values: ArrayLike<number | bigint | boolean>, aval: ShapedArray): IrValue;
  /** Lowers a jaxpr's equations in place. */
  inline(jaxpr: ClosedJaxpr, args: readonly IrValue[]): IrValue[];
  /** Calls a jaxpr as a function of the module; one function is made for each jaxpr, however often it is called. */
  call(jaxpr: ClosedJaxpr, args: readonly IrValue[], name: string): IrValue[];
  /** Calls a function of the host on the operands' elements; the executable will hold it. */
  callback(f: HostCallback, operands: readonly IrValue[], outs: readonly ShapedArray[], options: CallbackOptions): IrValue[];
  /**
   * What the next ordered callback takes, and each gives anew, so that XLA keeps their order; null at the beginning. What holds regions with ordered
   * callbacks passes it through.
   */
  order: IrValue | null;
  /** {@link order}, made if there is none yet. */
  takeOrder(): IrValue;
}
