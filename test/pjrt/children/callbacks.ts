// Ends, in the way that is named, while programs wait for callbacks.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { join } from 'node:path';
import { callbackId, defaultClient, type HostCallback } from '../../../lib/pjrt';
import { loopOfCallbacks } from '../programs';

function start(f: HostCallback, loops = 3, n = 4) {
  const client = defaultClient();
  const program = client.compileSync(loopOfCallbacks(callbackId(f), n, loops), {}, [f]);
  return program.execute([client.bufferFromHost(new Float32Array(n), 'float32', [n])])[0]!;
}

const addOne: HostCallback = ([x]) => [new Float32Array(x!).map((v) => v + 1)];
const slow: HostCallback = ([x]) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  return [new Float32Array(x!)];
};
const never: HostCallback = () => new Promise(() => setInterval(() => {}, 1000));
const worker = (mode: string) => new Worker(__filename, { workerData: mode, execArgv: ['-r', join(__dirname, '..', '..', 'support', 'register.js')] });

const modes: Record<string, () => unknown> = {
  // Nothing waits for the result: the process stays for the callbacks all the same.
  end: () => start(([x]) => (process.stdout.write('called\n'), [new Float32Array(x!)])),
  exitServed: () => {
    start(([x]) => (process.stdout.write('called\n'), [new Float32Array(x!)]), 2);
    process.exit(3);
  },
  exitNever: () => {
    start(never);
    setTimeout(() => process.exit(4), 50);
  },
  exitInside: () => start(() => process.exit(5)).blockUntilReady(),
  exitQueued: () => {
    for (let i = 0; i < 5; i++) start(never);
    setTimeout(() => process.exit(6), 50);
  },
  throwInside: () =>
    start(() => {
      throw new Error('from inside');
    }).blockUntilReady(),
  unwatched: () => {
    start(() => {
      throw new Error('nobody listens');
    });
    setTimeout(() => process.stdout.write('alive\n'), 100);
  },
  terminate: async () => {
    for (const mode of ['waits', 'serves', 'promises', 'queues']) {
      const w = worker(mode);
      await new Promise((resolve) => w.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, 60));
      process.stdout.write(`${mode} ${await w.terminate()}\n`);
    }
    process.stdout.write(`${new Float32Array(start(addOne, 1).toHostSync())[0]}\n`);
  },
};

const inWorker: Record<string, () => unknown> = {
  waits: () => start(slow, 1000).toHostSync(),
  serves: () => start(slow, 1000),
  promises: () => start(never),
  queues: () => [1, 2, 3].map(() => start(never)),
};

if (isMainThread) void modes[process.argv[2]!]!();
else {
  require('node:worker_threads').parentPort.postMessage('started');
  inWorker[workerData as string]!();
  setInterval(() => {}, 1000);
}
