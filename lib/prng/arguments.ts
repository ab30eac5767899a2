import type { Array } from '../core/array';
import { checkDtype, checkShape, sameShape, type Shape } from '../core/aval';
import { type DType, type DtypeKind, dtypeKind, promoteTypes } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions, type OptionNames } from '../functional/options';
import { describeValue } from '../lax/arrayLike';
import { broadcastShape } from '../numpy/broadcast';
import { broadcastInDim } from '../primitives/structural';

/** A size, or sizes of several dimensions. */
export type ShapeLike = number | readonly number[];

/** An element type, or the default one of a kind. */
export type DtypeLike = DType | 'int' | 'float' | 'complex';

/** The shape, among options. */
export interface ShapeOptions {
  /** Shape of the result. */
  shape?: ShapeLike | null;
}

/** Shape and dtype, among options. */
export interface SampleOptions extends ShapeOptions {
  /** Element type of the result. */
  dtype?: DtypeLike | null;
}

/** A shape and options, or options alone: what may follow the positional arguments of a sampler. */
export type ShapeOr<O> = ShapeLike | O | null;

export function isShape(x: unknown): x is ShapeLike {
  return typeof x === 'number' || globalThis.Array.isArray(x);
}

/**
 * The options of a call whose first option may also be given positionally, before the options object.
 *
 * @throws ArgumentError for an option that does not exist, or one given twice
 */
export function readOptions<O extends ShapeOptions, const K extends keyof O & string>(op: string, names: OptionNames<O, K>, shape: ShapeOr<O> | undefined, options: O | undefined): O {
  if (isShape(shape)) {
    const rest = checkOptions(op, names, options);
    if (rest.shape !== undefined) throw new ArgumentError(`${op}: shape is given twice, as an argument and as an option`);
    return { ...rest, shape };
  }
  if (shape !== null && shape !== undefined) {
    if (options !== undefined) throw new ArgumentError(`${op}: expected a shape before the options, got ${describeValue(shape)}`);
    return checkOptions(op, names, shape as O);
  }
  return checkOptions(op, names, options);
}

/** The shape asked for; [] by default. */
export function shapeOf(op: string, shape: ShapeLike | null | undefined): Shape {
  return shape === undefined || shape === null ? [] : checkShape(op, shape);
}

/** The dtype asked for, or the default one, which must be of one of the kinds. */
export function dtypeOf(op: string, dtype: DtypeLike | null | undefined, fallback: 'float' | 'int' | DType, kinds: readonly DtypeKind[]): DType {
  const d = checkDtype(op, dtype ?? fallback);
  if (!kinds.includes(dtypeKind(d))) throw new DtypeError(`${op}: expected dtype to be of kind ${kinds.join(' or ')}, got ${d}`);
  return d;
}

/** The shape asked for, to which the parameters' shapes must broadcast; their common shape if none is given. */
export function sampleShape(op: string, shape: ShapeLike | null | undefined, ...params: readonly Shape[]): Shape {
  if (shape === undefined || shape === null) return broadcastShape(op, params);
  const wanted = checkShape(op, shape);
  if (!sameShape(broadcastShape(op, [wanted, ...params]), wanted)) {
    throw new ShapeError(`${op}: expected parameters that broadcast to the shape [${wanted.join(', ')}], got ${params.map((x) => `[${x.join(', ')}]`).join(' and ')}`);
  }
  return wanted;
}

/** Checks that arrays of parameters convert to the result's dtype without loss of kind or width. */
export function checkSafe(op: string, dtype: DType, ...params: readonly Array[]): void {
  for (const x of params) {
    if (promoteTypes(x.aval, { dtype, weakType: false }).dtype !== dtype) throw new DtypeError(`${op}: cannot safely convert a parameter of type ${x.aval} to ${dtype}`);
  }
}

/** An array broadcast to a shape, dimensions aligned at the end. */
export function broadcastTo(x: Array, shape: Shape): Array {
  return broadcastInDim(x, shape, x.shape.map((_, i) => shape.length - x.ndim + i));
}

/** As {@link broadcastTo}, but scalars, which go with any shape, stay as they are. */
export function fitTo(x: Array, shape: Shape): Array {
  return x.ndim === 0 ? x : broadcastTo(x, shape);
}
