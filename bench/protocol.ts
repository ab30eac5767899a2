// The benchmark's conversation with its driver, as in bench/python/protocol.py: one JSON object a line.
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** Sets a case up and returns the call to be measured, which waits for its result or returns a promise of it. */
export type Case = () => Call | Promise<Call>;
type Call = () => unknown;

/** What a process says of itself at the start. */
export interface Greeting {
  ready: true;
  framework: string;
  versions: Record<string, string>;
  threads: number;
  cases: string[];
}

/** What is asked of a process: times of calls, or numbers of a call's result. */
export type Request = { case: string; n: number; warmup: number } | { case: string; outputs: true };

/** Its answer: seconds of each call, numbers of its result, or what went wrong. */
export interface Answer {
  case: string;
  seconds?: number[];
  outputs?: number[];
  error?: string;
}

/** No more calls are begun after these seconds: a round of something slow is a call or two. */
const LIMIT = 5;

async function measure(call: Call, n: number, warmup: number): Promise<number[]> {
  const seconds: number[] = [];
  const begin = process.hrtime.bigint();
  const late = () => Number(process.hrtime.bigint() - begin) / 1e9 > LIMIT;
  for (let i = -warmup; i < n; i++) {
    if (late()) {
      if (i > 0) break;
      i = 0;
    }
    const start = process.hrtime.bigint();
    const result = call();
    // Waiting for what is no promise would cost a microtask's time.
    if (result instanceof Promise) await result;
    if (i >= 0) seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  return seconds;
}

/** At most some 5000 numbers of a result, an odd number of places from one to the next, so that no row or column is left out. */
export function someOf(values: ArrayLike<number>): number[] {
  const stride = 2 * Math.floor(values.length / 10000) + 1;
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride]!);
}

/**
 * Answers requests until the input ends. A case is set up at its first request, and kept.
 *
 * @param read takes the numbers out of a result
 */
export async function serve(
  framework: string, versions: Record<string, string>, cases: Readonly<Record<string, Case>>,
  read: (result: unknown) => ArrayLike<number> | Promise<ArrayLike<number>> = (result) => result as ArrayLike<number>,
): Promise<void> {
  const say = (message: Greeting | Answer) => process.stdout.write(`${JSON.stringify(message)}\n`);
  // Whatever the library prints must not get between the lines of the conversation.
  console.log = console.error;
  const calls = new Map<string, Call>();
  say({ ready: true, framework, versions, threads: availableParallelism(), cases: Object.keys(cases).sort() });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    const name = request.case;
    try {
      let call = calls.get(name);
      if (call === undefined) calls.set(name, (call = await cases[name]!()));
      if ('outputs' in request) say({ case: name, outputs: someOf(await read(await call())) });
      else say({ case: name, seconds: await measure(call, request.n, request.warmup) });
    } catch (e) {
      console.error(e);
      say({ case: name, error: e instanceof Error ? `${e.name}: ${e.message}` : String(e) });
    }
  }
}
