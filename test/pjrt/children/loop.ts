// A synchronous loop over arrays that nobody disposes of. Prints the most memory the process had.
import { defaultClient } from '../../../lib/pjrt';
import { addOne } from '../programs';

const n = Number(process.argv[2]);
const count = Number(process.argv[3]);
const client = defaultClient();
const f = client.compileSync(addOne(n));
const first = client.bufferFromHost(new Float32Array(n), 'float32', [n]);
let rss = 0;
let last = first;
const started = performance.now();
for (let i = 0; i < count; i++) {
  last = f.execute([first])[0]!;
  if (i % 50 === 0) {
    last.blockUntilReady();
    rss = Math.max(rss, process.memoryUsage.rss());
  }
}
last.blockUntilReady();
console.log(JSON.stringify({ rss, ...client.memoryStats(), ms: performance.now() - started }));
