// From nothing to a first result; prints the times.
const t0 = performance.now();
import { cachedCompileSync, cacheStats, defaultClient } from '../../../lib/pjrt';
import { addOne } from '../programs';

const client = defaultClient();
const t1 = performance.now();
const f = cachedCompileSync(client, addOne(4));
const t2 = performance.now();
const values = [...new Float32Array(f.execute([client.bufferFromHost(Float32Array.of(1, 2, 3, 4), 'float32', [4])])[0]!.toHostSync())];
console.log(JSON.stringify({ values, stats: cacheStats(), client: t1 - t0, compile: t2 - t1, total: performance.now() - t0 }));
