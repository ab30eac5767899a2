import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Answer, Greeting, Request } from './protocol';

export const ROOT = join(__dirname, '..');

/** How a process is started. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A framework: its process for the cases, and what starts anew to a first result, if that is measured. */
export interface Framework {
  readonly name: string;
  readonly cases: Command;
  readonly firstResult?: (what: 'first' | 'mlp') => Command;
}

const REGISTER = join(ROOT, 'test/support/register.js');

export const OURS: Framework = {
  name: 'xlastate',
  cases: { file: process.execPath, args: ['-r', REGISTER, join(__dirname, 'cases/index.ts')] },
  // Without the compile cache, which the others have not by default.
  firstResult: (what) => ({ file: process.execPath, args: [join(__dirname, 'firstResult.js'), what], env: { XLASTATE_CACHE_DIR: '0' } }),
};

export const OURS_CACHED = (folder: string): Framework => ({
  ...OURS,
  name: 'xlastate, cached',
  firstResult: (what) => ({ ...OURS.firstResult!(what), env: { XLASTATE_CACHE_DIR: folder } }),
});

/** The Python that has the other frameworks: named by the user, or that of bench/python/setup.sh; null if there is none. */
export function findPython(given: string | undefined): string | null {
  const candidate = given ?? process.env.XLASTATE_BENCH_PYTHON ?? join(ROOT, 'bench/.venv/bin/python');
  if (existsSync(candidate)) return candidate;
  if (given !== undefined || process.env.XLASTATE_BENCH_PYTHON) throw new Error(`there is no Python at ${candidate}`);
  return null;
}

/** The frameworks that a Python can import. */
export function pythonFrameworks(python: string): Framework[] {
  return ['jax', 'brainstate', 'torch']
    .filter((name) => spawnSync(python, ['-c', `import importlib.util, sys; sys.exit(importlib.util.find_spec('${name}') is None)`]).status === 0)
    .map((name) => ({
      name,
      cases: { file: python, args: [join(ROOT, `bench/python/${name}_cases.py`)] },
      firstResult: (what) => ({ file: python, args: [join(ROOT, 'bench/python/first_result.py'), name, what] }),
    }));
}

/** Packages in bench/node, and the files there that measure them. */
const NODE_FRAMEWORKS = [
  { name: 'onnxruntime', package: 'onnxruntime-node', file: 'onnxruntime.ts' },
  { name: 'tensorflow.js', package: '@tensorflow/tfjs', file: 'tensorflow.ts' },
  { name: 'jax-js', package: '@jax-js/jax', file: 'jaxjs.ts' },
] as const;

/** The frameworks on Node that are installed in bench/node. */
export function nodeFrameworks(): Framework[] {
  const folder = join(__dirname, 'node');
  return NODE_FRAMEWORKS.filter((f) => existsSync(join(folder, 'node_modules', f.package))).map(({ name, file }) => ({
    name,
    cases: { file: process.execPath, args: ['-r', REGISTER, join(folder, file)] },
  }));
}

function start(command: Command): ChildProcessWithoutNullStreams {
  return spawn(command.file, command.args, { cwd: ROOT, env: { ...process.env, JAX_PLATFORMS: process.env.JAX_PLATFORMS ?? 'cpu', ...command.env } });
}

/** A running process that answers one request at a time. */
export class Participant {
  readonly framework: Framework;
  greeting!: Greeting;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private said = '';

  private constructor(framework: Framework) {
    this.framework = framework;
    this.child = start(framework.cases);
    this.child.stderr.on('data', (d: Buffer) => {
      this.said = (this.said + d.toString()).slice(-4000);
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  static async start(framework: Framework): Promise<Participant> {
    const p = new Participant(framework);
    p.greeting = await p.next<Greeting>();
    return p;
  }

  private async next<T>(): Promise<T> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.framework.name}: its process ended. It said:\n${this.said}`);
    return JSON.parse(value) as T;
  }

  async ask(request: Request): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.next<Answer>();
  }

  /** What it wrote to stderr last. */
  get stderr(): string {
    return this.said;
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.child.once('close', done));
    this.child.stdin.end();
    await ended;
  }
}

/** Seconds from the start of a new process until its result is printed. */
export async function timeProcess(command: Command): Promise<number> {
  const begin = process.hrtime.bigint();
  const child = start(command);
  child.stdin.end();
  let [out, err] = ['', ''];
  let at = 0n;
  child.stdout.on('data', (d: Buffer) => {
    out += d.toString();
    if (at === 0n && out.includes('\n')) at = process.hrtime.bigint();
  });
  child.stderr.on('data', (d: Buffer) => {
    err += d.toString();
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0 || at === 0n || typeof JSON.parse(out).value !== 'number') throw new Error(`${command.args.join(' ')} ended with ${code}:\n${err.slice(-2000)}`);
  return Number(at - begin) / 1e9;
}
