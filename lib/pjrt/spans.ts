/** What a span tells besides its name and its times. */
export type SpanStats = Readonly<Record<string, string | number | bigint | boolean>>;

/** A stretch of time in which something was done. Times are milliseconds of `performance.now()`. */
export interface Span {
  readonly name: string;
  /** What it is drawn on: spans of one line are nested or apart. */
  readonly line: string;
  readonly start: number;
  readonly end: number;
  readonly stats: SpanStats;
}

export const MAIN_LINE = 'node';

/** As many as TensorBoard's trace viewer shows. */
const MOST_SPANS = 1_000_000;

/** Whether spans are recorded. Looked at wherever one could begin, so that nothing else is done while it is false. */
export const recording = { on: false };

/** A program that ran, and how to get what XLA compiled it to. */
export interface RunProgram {
  readonly name: string;
  optimizedHlo(): { code: Uint8Array; format: string };
}

let spans: Span[] = [];
let dropped = 0;
let programs = new Set<RunProgram>();

/** Forgets what was recorded, and records from now on. */
export function startRecording(): void {
  spans = [];
  dropped = 0;
  programs = new Set();
  recording.on = true;
}

export interface Recorded {
  readonly spans: readonly Span[];
  /** How many spans were too many. */
  readonly dropped: number;
  readonly programs: ReadonlySet<RunProgram>;
}

/** Ends recording: what was recorded. */
export function stopRecording(): Recorded {
  recording.on = false;
  const result = { spans, dropped, programs };
  spans = [];
  programs = new Set();
  return result;
}

/** Records a span that has ended just now. */
export function addSpan(name: string, start: number, stats: SpanStats, line = MAIN_LINE): void {
  if (!recording.on) return;
  if (spans.length >= MOST_SPANS) dropped++;
  else spans.push({ name, line, start, end: performance.now(), stats });
}

/** Records that a program runs, with the time that its start takes. To be called only while {@link recording} is on. */
export function timedRun<T>(program: RunProgram, stats: SpanStats, f: () => T): T {
  programs.add(program);
  return timed(`execute ${program.name}`, stats, f);
}

/** Runs a function and records the time that it takes. To be called only while {@link recording} is on. */
export function timed<T>(name: string, stats: SpanStats, f: () => T): T {
  const start = performance.now();
  try {
    return f();
  } finally {
    addSpan(name, start, stats);
  }
}
