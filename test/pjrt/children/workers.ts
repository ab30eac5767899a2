// Workers that end, and are ended, with work in flight; prints what the main thread saw.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { join } from 'node:path';
import { type Buffer, defaultClient } from '../../../lib/pjrt';
import { native } from '../../../lib/pjrt/native';
import { square } from '../programs';

const MB = 1 << 20;

function work(): unknown[] {
  const client = defaultClient();
  const n = 512;
  const f = client.compileSync(square(n));
  const kept: unknown[] = [client.bufferFromHost(new Uint8Array(32 * MB), 'uint8', [32 * MB])];
  let x = client.bufferFromHost(new Float32Array(n * n), 'float32', [n, n]);
  for (let i = 0; i < 4; i++) x = f.execute([x])[0]!;
  kept.push(x.toHost(), x.ready(), client.compile(square(300)), x);
  return kept;
}

function codeOf(f: () => unknown): string {
  try {
    f();
    return 'none';
  } catch (e) {
    return (e as { code: string }).code;
  }
}

function start(mode: string): Worker {
  return new Worker(__filename, { workerData: mode, execArgv: ['-r', join(__dirname, '..', '..', 'support', 'register.js')] });
}

async function main(): Promise<void> {
  const mode = process.argv[2];
  if (mode === 'onlyWorkers') {
    // The main thread has no client: that of the worker ends with it.
    for (let i = 0; i < 2; i++) {
      const w = start('end');
      w.postMessage('go');
      await once(w, 'exit');
    }
    console.log(JSON.stringify({ ok: true }));
    return;
  }
  const client = defaultClient();
  const before = client.memoryStats().liveBytes;
  const seen: number[] = [];
  const ids: number[] = [];
  const refused: string[] = [];
  for (const how of ['end', 'terminate', 'terminate', 'exit']) {
    const w = start(how);
    const [message] = (await once(w, 'message')) as [{ id: number; buffer: number }];
    ids.push(message.id);
    refused.push(codeOf(() => native().buffer.toHostSync(message.buffer, {} as Buffer)));
    seen.push(client.memoryStats().liveBytes - before);
    if (how === 'terminate') await w.terminate();
    else {
      w.postMessage('go');
      await once(w, 'exit');
    }
    seen.push(client.memoryStats().liveBytes - before);
  }
  const mine = client.bufferFromHost(new Uint8Array(1), 'uint8', [1]);
  console.log(JSON.stringify({ ok: true, seen, same: ids.every((id) => id === mine.clientId), refused }));
}

if (isMainThread) {
  main();
} else {
  const kept = work();
  const id = defaultClient().bufferFromHost(new Uint8Array(1), 'uint8', [1]).clientId;
  // The id of a buffer, which no public function tells.
  const held = {} as Buffer;
  const buffer = native().bufferFromHost(defaultClient().handle, new Uint8Array(1), 'uint8', [1], -1, -1, false, held);
  kept.push(held);
  parentPort!.postMessage({ id, buffer });
  if (workerData === 'terminate') for (;;) native();
  // The main thread has looked.
  parentPort!.once('message', () => {
    if (workerData === 'exit') process.exit(0);
    Promise.all(kept).then(() => {});
  });
}
