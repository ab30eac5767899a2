// The benchmark's conversation with its driver, as in bench/python/protocol.py: one JSON object a line.
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** Sets a case up and returns the call to be measured, which waits for its result. */
export type Case = () => () => unknown;

/** What a process says of itself at the start. */
export interface Greeting {
  ready: true;
  framework: string;
  versions: Record<string, string>;
  threads: number;
  cases: string[];
}

/** What is asked of a process. */
export interface Request {
  case: string;
  n: number;
  warmup: number;
}

/** Its answer: seconds of each call, or what went wrong. */
export type Answer = { case: string; seconds: number[]; error?: undefined } | { case: string; error: string; seconds?: undefined };

function measure(call: () => unknown, n: number, warmup: number): number[] {
  for (let i = 0; i < warmup; i++) call();
  const seconds = new Array<number>(n);
  for (let i = 0; i < n; i++) {
    const start = process.hrtime.bigint();
    call();
    seconds[i] = Number(process.hrtime.bigint() - start) / 1e9;
  }
  return seconds;
}

/** Answers requests until the input ends. A case is set up at its first request, and kept. */
export async function serve(framework: string, versions: Record<string, string>, cases: Readonly<Record<string, Case>>): Promise<void> {
  const say = (message: Greeting | Answer) => process.stdout.write(`${JSON.stringify(message)}\n`);
  // Whatever the library prints must not get between the lines of the conversation.
  console.log = console.error;
  const calls = new Map<string, () => unknown>();
  say({ ready: true, framework, versions, threads: availableParallelism(), cases: Object.keys(cases).sort() });
  for await (const line of createInterface({ input: process.stdin })) {
    const { case: name, n = 1, warmup = 1 } = JSON.parse(line) as Request;
    try {
      let call = calls.get(name);
      if (call === undefined) calls.set(name, (call = cases[name]!()));
      say({ case: name, seconds: measure(call, n, warmup) });
    } catch (e) {
      console.error(e);
      say({ case: name, error: e instanceof Error ? `${e.name}: ${e.message}` : String(e) });
    }
  }
}
