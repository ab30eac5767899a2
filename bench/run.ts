// Measures this library beside other frameworks in one run, case by case in turn: `npm run bench -- --help`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { Progress } from '../examples/support/progress';
import { compile } from '../test/support/register';
import { inferenceCases } from './inferenceData';
import { findPython, type Framework, nodeFrameworks, OURS, OURS_CACHED, Participant, pythonFrameworks, ROOT, timeProcess } from './participants';
import { SCALING_CALLS, writeScaling } from './scaling';
import { difference, type Measured, median, table, writeReport } from './report';

interface CallCase {
  readonly name: string;
  readonly title: string;
  /** Calls measured a round, and calls before them. */
  readonly n: number;
  readonly warmup: number;
  /** Whether all frameworks are to have the same result. */
  readonly sameOutputs?: boolean;
}

const MODEL_TITLES = { mlp: 'MLP', cnn: 'CNN', block: 'transformer block' };
const INFERENCE = Object.values(inferenceCases((model, batch): CallCase => ({
  name: `infer_${model}_${batch}`, title: `${MODEL_TITLES[model]}, inference of ${batch}`, sameOutputs: true, ...(batch === 1 ? { n: 200, warmup: 20 } : { n: model === 'block' ? 5 : 20, warmup: 3 }),
})));

const CALLS: CallCase[] = [
  { name: 'dispatch', title: 'compiled x + 1', n: 2000, warmup: 200 },
  { name: 'counter', title: 'counter in a state', n: 2000, warmup: 200 },
  { name: 'eager_add', title: 'eager addition of scalars', n: 2000, warmup: 200 },
  { name: 'eager_vectors', title: 'eager addition of vectors', n: 2000, warmup: 200 },
  { name: 'many_states', title: '100 states', n: 500, warmup: 50 },
  { name: 'normals', title: 'a million normal numbers', n: 10, warmup: 3 },
  { name: 'to_device', title: '64 MB to the device', n: 10, warmup: 3 },
  { name: 'small_mlp_step', title: 'small MLP training step', n: 300, warmup: 30 },
  { name: 'mlp_step', title: 'MLP training step', n: 20, warmup: 3 },
  { name: 'cnn_step', title: 'CNN training step', n: 5, warmup: 2 },
  { name: 'block_step', title: 'transformer block step', n: 5, warmup: 2 },
  { name: 'gru_grad', title: 'GRU, 100 steps, gradients', n: 5, warmup: 2 },
  ...INFERENCE,
  { name: 'trace_lower_mlp', title: 'MLP step: trace + lower', n: 3, warmup: 1 },
  { name: 'trace_lower_deep', title: '100 layers: trace + lower', n: 2, warmup: 1 },
];
/** How far results may be apart, of the largest number in them: sums of float32 in other orders. */
const TOLERANCE = 1e-5;

const PROCESSES = [
  { name: 'first_result', title: 'new process to first result', what: 'first' },
  { name: 'first_mlp_step', title: 'new process to first MLP step', what: 'mlp' },
] as const;

interface Options {
  python?: string;
  only?: string;
  rounds: string;
  fastest: boolean;
  scaling: boolean;
  out: string;
}

async function main(options: Options): Promise<void> {
  const rounds = Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: expected a positive integer, got ${options.rounds}`);
  const only = options.only?.split(',');
  const allCalls: readonly CallCase[] = options.scaling ? SCALING_CALLS : CALLS;
  const allProcesses = options.scaling ? [] : PROCESSES;
  const known: string[] = [...allCalls, ...allProcesses].map((c) => c.name);
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only: there is no case ${unknown}; there are ${known.join(', ')}`);
  const wanted = (name: string) => only === undefined || only.includes(name);

  const python = findPython(options.python);
  const onNode = nodeFrameworks();
  const others = [...(python === null ? [] : pythonFrameworks(python)), ...onNode].filter((f) => !options.scaling || f.name === 'jax');
  if (python === null) console.log('No Python with JAX, BrainState and PyTorch, which are left out: bench/python/setup.sh bench/.venv makes one, --python names another.');
  if (onNode.length === 0) console.log('Frameworks on Node are not installed and left out: npm install --prefix bench/node.');
  const results: Measured[] = [];

  const calls = allCalls.filter((c) => wanted(c.name));
  const versions: Record<string, string> = {};
  if (calls.length > 0) {
    const participants: Participant[] = [];
    try {
      for (const f of [OURS, ...others]) {
        try {
          participants.push(await Participant.start(f));
        } catch (e) {
          if (f === OURS) throw e;
          console.log(`${f.name} does not start and is left out: ${e instanceof Error ? e.message : e}`);
        }
      }
      for (const p of participants) Object.assign(versions, p.greeting.versions);
      await measureCalls(calls, participants, rounds, results);
    } finally {
      await Promise.all(participants.map((p) => p.stop()));
    }
  }

  const processes = allProcesses.filter((c) => wanted(c.name));
  if (processes.length > 0) {
    compileFirstCases();
    const cache = mkdtempSync(join(tmpdir(), 'xlastate-bench-'));
    try {
      await measureProcesses(processes, [OURS, OURS_CACHED(cache), ...others].filter((f) => f.firstResult !== undefined), Math.min(rounds, 5), results);
    } finally {
      rmSync(cache, { recursive: true });
    }
  }

  const cases = [...calls, ...processes];
  const names = [OURS.name, ...(processes.length > 0 ? ['xlastate, cached'] : []), ...others.map((o) => o.name)];
  console.log(`\n${table(results, cases, names, options.fastest)}\n\n${options.fastest ? 'The fastest calls' : 'Medians'} of ${rounds} rounds; in brackets, times as long as xlastate.${processes.length > 0 ? ' Cached: with a warm compile cache.' : ''}`);
  console.log(Object.entries(versions).map(([k, v]) => `${k} ${v}`).join(', '));
  if (options.scaling) await writeScaling(options.out, results, { versions, rounds });
  else await writeReport(options.out, results, new Map(cases.map((c) => [c.name, c.title])), { versions, rounds });
  const file = join(options.out, options.scaling ? 'scaling' : 'results');
  console.log(`Written: ${file}.json, .svg, .png`);
  for (const r of results) if (r.error !== undefined) console.log(`${r.case}, ${r.framework}: ${r.error}`);
  if (results.some((r) => r.framework === OURS.name && r.error !== undefined)) process.exitCode = 1;
}

/** Each round goes through the participants in turn, so that whatever else the machine does meets all of them. */
async function measureCalls(cases: readonly CallCase[], participants: readonly Participant[], rounds: number, results: Measured[]): Promise<void> {
  const bar = new Progress('cases', cases.length * rounds);
  for (const [i, c] of cases.entries()) {
    const able = participants.filter((p) => p.greeting.cases.includes(c.name));
    const measured = able.map((p): Measured => ({ case: c.name, framework: p.framework.name, rounds: [], calls: c.n }));
    results.push(...measured);
    if (c.sameOutputs) await compareOutputs(c.name, able, measured);
    for (let round = 0; round < rounds; round++) {
      for (const [k, p] of able.entries()) {
        const m = measured[k]!;
        // What takes so long is measured in one round.
        if (m.error !== undefined || m.rounds[0]! > 5) continue;
        const answer = await p.ask({ case: c.name, n: c.n, warmup: c.warmup });
        if (answer.seconds === undefined) m.error = answer.error ?? 'no answer';
        else {
          m.rounds.push(median(answer.seconds));
          m.fastest = Math.min(m.fastest ?? Number.POSITIVE_INFINITY, ...answer.seconds);
        }
      }
      bar.update(i * rounds + round + 1);
    }
  }
  bar.done();
}

/** What has another result than the first of them is an error, and not measured. */
async function compareOutputs(name: string, participants: readonly Participant[], measured: readonly Measured[]): Promise<void> {
  let first: readonly number[] | undefined;
  for (const [k, p] of participants.entries()) {
    const { outputs, error } = await p.ask({ case: name, outputs: true });
    if (outputs === undefined) measured[k]!.error = error ?? 'no answer';
    else if (first === undefined) first = outputs;
    else {
      const d = difference(first, outputs);
      if (!(d <= TOLERANCE)) measured[k]!.error = `its result is not that of ${participants[0]!.framework.name}: ${d.toPrecision(2)} of the largest number away`;
    }
  }
}

/** What firstResult.js runs, as JavaScript: Python keeps its cases compiled. */
function compileFirstCases(): void {
  const folder = join(ROOT, 'build/bench/cases');
  mkdirSync(folder, { recursive: true });
  for (const name of ['mlp', 'sgd', 'sizes']) writeFileSync(join(folder, `${name}.js`), compile(join(__dirname, 'cases', `${name}.ts`)));
}

async function measureProcesses(cases: readonly (typeof PROCESSES)[number][], frameworks: readonly Framework[], rounds: number, results: Measured[]): Promise<void> {
  const bar = new Progress('new processes', cases.length * rounds);
  for (const [i, c] of cases.entries()) {
    const measured = frameworks.map((f): Measured => ({ case: c.name, framework: f.name, rounds: [], calls: 1 }));
    results.push(...measured);
    // The first round fills caches of files, and ours of compiled programs.
    for (let round = -1; round < rounds; round++) {
      for (const [k, f] of frameworks.entries()) {
        const m = measured[k]!;
        if (m.error !== undefined) continue;
        try {
          const seconds = await timeProcess(f.firstResult!(c.what));
          if (round < 0) continue;
          m.rounds.push(seconds);
          m.fastest = Math.min(...m.rounds);
        } catch (e) {
          m.error = e instanceof Error ? e.message : String(e);
        }
      }
      bar.update(i * rounds + Math.max(0, round + 1));
    }
  }
  bar.done();
}

new Command('bench')
  .description('Measures xlastate beside JAX, BrainState, PyTorch and, in inference, onnxruntime.')
  .option('--python <path>', 'Python with the other frameworks (XLASTATE_BENCH_PYTHON, or bench/.venv of bench/python/setup.sh)')
  .option('--only <cases>', 'only these cases, with commas between')
  .option('--rounds <n>', 'times that each case is gone through', '7')
  .option('--fastest', 'a table of the fastest calls in place of medians, for busy machines', false)
  .option('--scaling', 'how the cost of a call grows with states, that of tracing and lowering with layers, and that of a training step with its batch', false)
  .option('--out <folder>', 'where results go', join(ROOT, 'build/bench'))
  .action((options: Options) => main(options))
  .parseAsync()
  .catch((e: unknown) => {
    console.error(e instanceof Error ? e.message : e);
    process.exitCode = 1;
  });
