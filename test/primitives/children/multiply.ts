// One product, or the error of it.
import { jit, numpy as np } from '../../../lib';

try {
  const x = np.ones([64, 64]);
  console.log(JSON.stringify({ value: np.mean(jit((a: np.Array) => np.matmul(a, a))(x)).item() }));
} catch (e) {
  const { code, message } = e as { code?: string; message: string };
  console.log(JSON.stringify({ code, message }));
}
