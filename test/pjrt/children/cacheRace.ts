// Compiles a series of programs through the cache; several of these run at once on one folder.
import { cachedCompileSync, defaultClient } from '../../../lib/pjrt';
import { addOne } from '../programs';

const client = defaultClient();
const values: number[] = [];
for (let n = 1; n <= 12; n++) {
  const f = cachedCompileSync(client, addOne(n));
  values.push(new Float32Array(f.execute([client.bufferFromHost(new Float32Array(n).fill(n), 'float32', [n])])[0]!.toHostSync())[n - 1]!);
}
console.log(JSON.stringify(values));
