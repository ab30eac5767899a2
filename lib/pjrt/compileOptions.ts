import { ArgumentError } from './errors';
import type { Parameter } from './native';
import { Message } from './protobuf';

/** Options of one compilation; what is left out has XLA's default. */
export interface CompileOptions {
  /** How many replicas of the program run. */
  numReplicas?: number;
  /** Into how many parts the program is split. */
  numPartitions?: number;
  /** Device ids, one row a replica, one column a partition. */
  deviceAssignment?: readonly (readonly number[])[];
  /** Whether XLA splits the program. */
  useSpmdPartitioning?: boolean;
  /** On by itself for programs that use the `sdy` dialect. */
  useShardyPartitioner?: boolean;
  /** Compile for any device of the platform rather than the assigned ones. */
  portable?: boolean;
  /** Number of the device it is compiled for. */
  deviceOrdinal?: number;
  /** XLA's debug options for this compilation alone, by name. */
  envOptionOverrides?: Readonly<Record<string, string | number | boolean>>;
  /** Types of the parameters; read from the text of a program, required for bytecode. */
  parameters?: readonly (Omit<Parameter, 'donated'> & { donated?: boolean })[];
}

function count(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 65536) throw new ArgumentError(`compile: expected ${name} to be an integer from 1 to 65536, got ${String(value)}`);
  return value;
}

function override(name: string, value: unknown): Uint8Array {
  const m = new Message();
  if (typeof value === 'string') m.block(1, new TextEncoder().encode(value));
  else if (typeof value === 'boolean') m.integer(2, value ? 1 : 0);
  else if (typeof value === 'number' && Number.isInteger(value)) m.integer(3, value);
  else if (typeof value === 'number' && Number.isFinite(value)) m.double(4, value);
  else throw new ArgumentError(`compile: expected envOptionOverrides.${name} to be a string, a finite number or a boolean, got ${String(value)}`);
  return m.done();
}

/** XLA's `CompileOptionsProto`, fields in ascending order so that equal options give equal bytes. */
export function encodeCompileOptions(options: CompileOptions, usesShardy: boolean): Uint8Array {
  const replicas = count('numReplicas', options.numReplicas ?? 1);
  const partitions = count('numPartitions', options.numPartitions ?? 1);
  const build = new Message();
  if (options.deviceOrdinal !== undefined) {
    if (!Number.isInteger(options.deviceOrdinal) || options.deviceOrdinal < 0) throw new ArgumentError(`compile: expected deviceOrdinal to be a non-negative integer, got ${String(options.deviceOrdinal)}`);
    build.integer(1, options.deviceOrdinal);
  }
  build.integer(4, replicas).integer(5, partitions);
  if (options.useSpmdPartitioning) build.integer(6, 1);
  if (options.deviceAssignment) {
    const rows = options.deviceAssignment;
    if (rows.length !== replicas || rows.some((r) => r.length !== partitions)) throw new ArgumentError(`compile: expected deviceAssignment to have ${replicas} rows of ${partitions} device ids`);
    const assignment = new Message().integer(1, replicas).integer(2, partitions);
    for (let p = 0; p < partitions; p++) {
      const ids = new Message();
      for (let r = 0; r < replicas; r++) {
        const id = rows[r]![p]!;
        if (!Number.isInteger(id) || id < 0) throw new ArgumentError(`compile: expected device ids to be non-negative integers, got ${String(id)}`);
        ids.varint(id);
      }
      assignment.block(3, new Message().block(1, ids.done()).done());
    }
    build.block(9, assignment.done());
  }
  if (options.useShardyPartitioner ?? usesShardy) build.integer(19, 1);
  const all = new Message().block(3, build.done());
  if (options.portable) all.integer(4, 1);
  const names = Object.keys(options.envOptionOverrides ?? {}).sort();
  for (const name of names) {
    const entry = new Message().block(1, new TextEncoder().encode(name)).block(2, override(name, options.envOptionOverrides![name]));
    all.block(7, entry.done());
  }
  return all.done();
}
