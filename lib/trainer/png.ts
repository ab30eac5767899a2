/** How PNG calls pixels of so many channels: grey, grey with opacity, colours, colours with opacity. */
const COLOUR_TYPES = [0, 4, 2, 6] as const;

/** A PNG file of 8-bit pixels (height, width, channels), of 1 to 4 channels. */
export function png(pixels: Uint8Array, height: number, width: number, channels: number): Buffer {
  // Loaded when the first image is written.
  const { PNG } = require('pngjs') as typeof import('pngjs');
  const image = new PNG({ width, height });
  image.data = Buffer.from(pixels);
  const colorType = COLOUR_TYPES[channels - 1]!;
  return PNG.sync.write(image, { bitDepth: 8, colorType, inputColorType: colorType, inputHasAlpha: channels % 2 === 0 });
}
