import { decode, type Int, type Messages } from './schema';

/** How a result is cut up: into how many parts along each dimension, and which of them each partition of the program has. */
export interface Tiling {
  readonly factors: readonly number[];
  /** For each partition the number of its part along each dimension. */
  readonly places: readonly (readonly number[])[];
}

type Sharding = NonNullable<Messages['ModuleShardings']['output']>;

const numbers = (xs: readonly Int[]): number[] => xs.map(Number);
const product = (xs: readonly number[]): number => xs.reduce((n, x) => n * x, 1);

/** Numbers of the partitions in the order of the tiles, row-major. */
function partitionsOf(s: Sharding): number[] {
  if (s.iotaDims.length === 0) return numbers(s.tileDevices);
  const dims = numbers(s.iotaDims);
  const perm = s.iotaPerm.length > 0 ? numbers(s.iotaPerm) : dims.map((_, i) => i);
  const strides = dims.map((_, i) => product(dims.slice(i + 1)));
  const moved = perm.map((p) => ({ size: dims[p] ?? 0, stride: strides[p] ?? 0 }));
  let out = [0];
  for (const { size, stride } of moved) out = out.flatMap((base) => Array.from({ length: size }, (_, i) => base + i * stride));
  return out;
}

/** The tiling of one result; null: every partition has all of it; undefined: it is said in another way. */
function tilingOf(s: Sharding, partitions: number): Tiling | null | undefined {
  if (s.type === 0) return null;
  const tiles = numbers(s.tileDims);
  if (s.type !== 3 || !tiles.every((n) => Number.isInteger(n) && n > 0) || product(tiles) !== partitions) return undefined;
  const order = partitionsOf(s);
  if (order.length !== partitions || new Set(order).size !== partitions || !order.every((p) => p >= 0 && p < partitions)) return undefined;
  const ndim = tiles.length - (s.replicateOnLast ? 1 : s.lastTileDims.length);
  const places = new Array<number[]>(partitions);
  order.forEach((partition, at) => {
    const place = new Array<number>(tiles.length);
    for (let d = tiles.length - 1, rest = at; d >= 0; d--) {
      place[d] = rest % tiles[d]!;
      rest = Math.floor(rest / tiles[d]!);
    }
    places[partition] = place.slice(0, ndim);
  });
  return { factors: tiles.slice(0, ndim), places };
}

/**
 * How the results of a compiled program are cut up, from the program as XLA gives it; undefined where it does not say.
 *
 * @throws ArgumentError if the bytes are no program
 */
export function outputTilings(code: Uint8Array, format: string, partitions: number, outputs: number): (Tiling | null | undefined)[] {
  const module = format === 'hlo_with_config' ? decode('WithModuleShardings', code).module : format === 'hlo' ? decode('ModuleShardings', code) : null;
  const output = module?.output ?? null;
  const each = output === null ? [] : output.type === 2 ? output.tuple : [output];
  return Array.from({ length: outputs }, (_, i) => (each[i] === undefined ? undefined : tilingOf(each[i], partitions)));
}
