import { randomFillSync } from 'node:crypto';
import { ArgumentError } from '../core/errors';

const N = 624;
const M = 397;
const MAX_WORD = 0xffffffff;

/** A generator's state: 624 words, and how many of them have been used. */
export interface MT19937State {
  /** The 624 words. */
  readonly key: Uint32Array;
  /** How many of them were used. */
  readonly pos: number;
}

/**
 * The Mersenne Twister with 32-bit words, seeded and read as NumPy's legacy `np.random.RandomState` does it, bit by bit.
 *
 * BrainState draws the keys of unseeded `RandomState`s from NumPy's global one, which its `random.seed` seeds.
 * Source: Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998.
 *
 * @example
 * const rng = new MT19937(42);
 * rng.randint(0, 100000, 2); // [15795, 860]
 */
export class MT19937 {
  private readonly key = new Uint32Array(N);
  private pos = N;

  /** @param seed see {@link MT19937.seed} */
  constructor(seed?: number | ArrayLike<number>) {
    this.seed(seed);
  }

  /**
   * Starts the stream anew.
   *
   * @param seed an integer in [0, 2 ** 32), a non-empty array of them, or nothing: then the operating system gives the state
   * @throws ArgumentError for any other seed
   */
  seed(seed?: number | ArrayLike<number>): void {
    if (seed === undefined) {
      randomFillSync(this.key);
      // The low bits of the first word are not part of the state; its top bit keeps the state from being all zeros.
      this.key[0] = 0x80000000;
    } else if (typeof seed === 'number') {
      this.fill(checkWord(seed));
    } else {
      if (seed.length === 0) throw new ArgumentError('MT19937: expected a seed of at least one word, got an empty array');
      this.fillFromArray(Uint32Array.from(seed, checkWord));
    }
    this.pos = N;
  }

  private fill(seed: number): void {
    const { key } = this;
    key[0] = seed;
    for (let i = 1; i < N; i++) key[i] = Math.imul(1812433253, key[i - 1]! ^ (key[i - 1]! >>> 30)) + i;
  }

  private fillFromArray(words: Uint32Array): void {
    const { key } = this;
    this.fill(19650218);
    let i = 1;
    const advance = () => {
      if (++i === N) {
        key[0] = key[N - 1]!;
        i = 1;
      }
    };
    const mixed = (factor: number) => key[i]! ^ Math.imul(key[i - 1]! ^ (key[i - 1]! >>> 30), factor);
    const rounds = Math.max(N, words.length);
    for (let k = 0; k < rounds; k++) {
      const j = k % words.length;
      key[i] = mixed(1664525) + words[j]! + j;
      advance();
    }
    for (let k = 1; k < N; k++) {
      key[i] = mixed(1566083941) - i;
      advance();
    }
    key[0] = 0x80000000;
  }

  private refill(): void {
    const { key } = this;
    for (let i = 0; i < N; i++) {
      const y = (key[i]! & 0x80000000) | (key[(i + 1) % N]! & 0x7fffffff);
      key[i] = key[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.pos = 0;
  }

  /** The next word of the stream, an integer in [0, 2 ** 32). */
  nextUint32(): number {
    if (this.pos === N) this.refill();
    let y = this.key[this.pos++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A float in [0, 1) with 53 random bits, from two words; `size` of them as an array. */
  randomSample(): number;
  randomSample(size: number): Float64Array;
  randomSample(size?: number): number | Float64Array {
    if (size !== undefined) return new Float64Array(size).map(() => this.randomSample());
    const a = this.nextUint32() >>> 5;
    const b = this.nextUint32() >>> 6;
    return (a * 67108864 + b) / 9007199254740992;
  }

  /**
   * Integers in [low, high), each from as many words as it takes: a word is cut to the fewest bits that hold the range, and thrown away where it
   * lies beyond (NumPy's older rule). With `size` an array of so many, without it one number.
   *
   * @throws ArgumentError if the range is empty or longer than 2 ** 32
   */
  randint(low: number, high: number): number;
  randint(low: number, high: number, size: number): number[];
  randint(low: number, high: number, size?: number): number | number[] {
    const most = high - 1 - low;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || most < 0 || most > MAX_WORD) {
      throw new ArgumentError(`randint: expected integers low < high <= low + 2 ** 32, got low=${low}, high=${high}`);
    }
    const mask = most === 0 ? 0 : MAX_WORD >>> Math.clz32(most);
    const draw = () => {
      if (most === 0) return low;
      let word: number;
      do word = (this.nextUint32() & mask) >>> 0; while (word > most);
      return low + word;
    };
    return size === undefined ? draw() : Array.from({ length: size }, draw);
  }

  /** A copy of the state, from which {@link MT19937.setState} goes on. */
  getState(): MT19937State {
    return { key: this.key.slice(), pos: this.pos };
  }

  /** Goes on where a state was taken. */
  setState({ key, pos }: MT19937State): void {
    if (key.length !== N || !Number.isInteger(pos) || pos < 0 || pos > N) {
      throw new ArgumentError(`MT19937: expected a state of ${N} words and a position up to ${N}, got ${key.length} words and ${pos}`);
    }
    this.key.set(key);
    this.pos = pos;
  }
}

function checkWord(x: number): number {
  if (!Number.isInteger(x) || x < 0 || x > MAX_WORD) throw new ArgumentError(`MT19937: expected a seed in [0, 2 ** 32), got ${x}`);
  return x;
}
