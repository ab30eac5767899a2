// Leaves, in the way that is named, while XLA's threads work.
import { defaultClient } from '../../../lib/pjrt';
import { addOne, square } from '../programs';

const client = defaultClient();
const n = 640;
const f = client.compileSync(square(n));
let x = client.bufferFromHost(new Float32Array(n * n), 'float32', [n, n]);
for (let i = 0; i < 4; i++) x = f.execute([x])[0]!;
x.toHost().catch(() => {});
switch (process.argv[2]) {
  case 'end':
    break;
  case 'exit':
    process.exit(7);
    break;
  case 'code':
    process.exitCode = 5;
    break;
  case 'throw':
    throw new Error('left by an exception');
  case 'compile':
    client.compile(square(700)).catch(() => {});
    client.compile(addOne(700)).catch(() => {});
    process.exit(3);
    break;
  case 'late':
    // Work that starts when the process is leaving is waited for or refused.
    process.on('exit', () => f.execute([x]));
    process.exit(4);
}
