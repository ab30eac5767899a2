import type { Array } from '../core/array';
import type { ShapedArray } from '../core/aval';
import type { TreeDef } from '../core/tree';
import type { Buffer } from '../pjrt';

let lastId = 0;

/** A number that no other slots or values have. @internal */
export function nextId(): number {
  return ++lastId;
}

/** Buffers that a compiled function left in a state and that no Array shows: the next call may take their memory. @internal */
export class Slots {
  /** No other slots' or values': a caller that keeps it, and none of the buffers, can tell that they are those of its last call. */
  readonly id = nextId();
  readonly def: TreeDef;
  readonly avals: readonly ShapedArray[];
  readonly buffers: readonly Buffer[];

  constructor(def: TreeDef, avals: readonly ShapedArray[], buffers: readonly Buffer[]) {
    this.def = def;
    this.avals = avals;
    this.buffers = buffers;
  }
}

/** A state's value in parts. @internal */
export interface FlatValue {
  /** As that of {@link Slots}. */
  readonly id: number;
  readonly def: TreeDef;
  readonly leaves: readonly Array[];
}

/** Stands for a value that is in slots. @internal */
export const IN_SLOTS = Symbol('in slots');
