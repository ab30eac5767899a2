// Makes 1 GB of arrays of 4 MB, one after the other; prints how often V8 collected garbage meanwhile, and how much memory there was at a time.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { jit, numpy as np, pjrt } from '../../../lib';

let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().filter((e) => (e as unknown as { detail: { kind: number } }).detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
});
observer.observe({ entryTypes: ['gc'] });
const client = pjrt.defaultClient();
const ones = jit((x: np.Array) => np.broadcastTo(x, [1 << 20]));
const x = np.array(1, { dtype: 'float32' });
let most = 0;
for (let i = 0; i < 256; i++) {
  ones(x).blockUntilReady();
  most = Math.max(most, client.memoryStats().liveBytes);
}
// The observer is told from the event loop.
setTimeout(() => {
  observer.disconnect();
  console.log(JSON.stringify({ platform: client.platformName, collections, most }));
}, 10);
