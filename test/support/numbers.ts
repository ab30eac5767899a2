/** So many numbers from −0.5 to 0.5, the same for the same seed. */
export function numbersFrom(seed: number, size: number): Float64Array {
  let s = seed + 1;
  return Float64Array.from({ length: size }, () => {
    s = (s * 1103515245 + 12345) % 2147483648;
    return s / 2147483648 - 0.5;
  });
}
