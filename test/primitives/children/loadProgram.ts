// Makes bytes and text of a program with a product, or a Cholesky factor, in another process, which it is with a second argument; loads both here.
import { execFileSync } from 'node:child_process';
import { makeJaxpr, numpy as np, pjrt } from '../../../lib';
import type { ConcreteArray } from '../../../lib/core/array';
import type { Jaxpr } from '../../../lib/core/jaxpr';
import { lowerToStableHlo } from '../../../lib/stablehlo';

const x = np.ones([64, 64]);
const client = pjrt.defaultClient();
const [kind, make] = process.argv.slice(2);
if (make === 'make') {
  const { jaxpr } = makeJaxpr((a: np.Array) => (kind === 'product' ? np.matmul(a, a) : np.linalg.cholesky(np.add(a, np.eye(64).mul(4095)))))(x) as unknown as { jaxpr: { jaxpr: Jaxpr } };
  const { text } = lowerToStableHlo(jaxpr.jaxpr, { name: 'f', platform: 'cpu', hasProducts: () => kind === 'product', hasLapack: () => kind === 'cholesky' });
  console.log(JSON.stringify({ text, bytes: Buffer.from(client.compileSync(text).serialize()).toString('base64') }));
} else {
  const env = { ...process.env, XLASTATE_BLAS: '' };
  const made = JSON.parse(execFileSync(process.execPath, ['-r', require.resolve('../../support/register.js'), __filename, kind!, 'make'], { encoding: 'utf8', env })) as { text: string; bytes: string };
  const first = (load: () => pjrt.Executable) => {
    try {
      return new Float32Array(load().execute([(x as unknown as ConcreteArray).buffer])[0]!.toHostSync())[0];
    } catch (e) {
      return `${(e as { code?: string }).code} ${(e as Error).message}`.split('\n')[0];
    }
  };
  console.log(JSON.stringify({ loaded: first(() => client.deserialize(Buffer.from(made.bytes, 'base64'))), compiled: first(() => client.compileSync(made.text)) }));
}
