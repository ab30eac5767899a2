// Saves ever larger checkpoints under one name until it is killed.
import * as file from '../../../lib/file';

const [path, mode] = process.argv.slice(2) as [string, string];

(async () => {
  for (let n = 1; ; n++) {
    const tree = { n, data: new Float32Array(100_000).fill(n), end: n };
    if (mode === 'sync') file.msgpackSave(path, tree);
    else await file.msgpackSaveAsync(path, tree);
    if (n === 1) process.stdout.write('saved');
  }
})();
