// A small GPT that learns to write a licence, character by character: `npm run example examples/gpt.ts`, or with `-- --small`.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { forLoop, grad, jit, metric, nn, numpy as np, optim, ParamState, random } from 'xlastate';

const small = process.argv.includes('--small');
const [width, heads, depth, context, batch] = small ? [32, 2, 1, 32, 16] : [64, 4, 2, 96, 16];
const [rounds, stepsPerRound] = small ? [3, 40] : [6, 100];

const text = readFileSync(join(dirname(require.resolve('typescript/package.json')), 'LICENSE.txt'), 'utf8');
const alphabet = [...new Set(text)].sort();
const codes = (s: string) => np.array(Int32Array.from(s, (c) => alphabet.indexOf(c)));
const data = codes(text);

class Block extends nn.Module {
  n1 = new nn.LayerNorm(width);
  attention = new nn.MultiHeadAttention(width, heads, { isCausal: true, rotary: new nn.RotaryEmbedding() });
  n2 = new nn.LayerNorm(width);
  up = new nn.Linear(width, 4 * width);
  down = new nn.Linear(4 * width, width);

  override call(x: np.Array, decode: boolean): np.Array {
    const h = x.add(this.attention.call(this.n1.call(x), { decode }));
    return h.add(this.down.call(nn.gelu(this.up.call(this.n2.call(h)))));
  }
}

class GPT extends nn.Module {
  embed = new nn.Embedding(alphabet.length, width);
  blocks = Array.from({ length: depth }, () => new Block());
  norm = new nn.LayerNorm(width);
  head = new nn.Linear(width, alphabet.length);

  /** Characters [batch, n] to scores of the next one [batch, n, alphabet]. */
  override call(tokens: np.Array, { decode = false } = {}): np.Array {
    return this.head.call(this.norm.call(this.blocks.reduce((x, block) => block.call(x, decode), this.embed.call(tokens))));
  }
}

random.seed(0);
const model = new GPT();
const params = model.states(ParamState);
const optimizer = new optim.AdamW({ lr: 3e-3, gradClipNorm: 1 });
optimizer.registerTrainableWeights(params);

const train = jit(() => forLoop(() => {
  const starts = random.randint(0, { high: text.length - context, size: [batch, 1] });
  const pieces = np.take(data, starts.add(np.arange(context + 1)));
  const [x, y] = [pieces.slice([], [0, -1]), pieces.slice([], [1, null])];
  const loss = () => np.mean(metric.softmaxCrossEntropyWithIntegerLabels(model.call(x), y));
  const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
  optimizer.update(grads);
  return value;
}, np.arange(stepsPerRound)));

let loss = Math.log(alphabet.length);
console.log(`gpt: ${text.length} characters of ${alphabet.length} kinds; guessing has loss ${loss.toFixed(3)}`);
for (let i = 1; i <= rounds; i++) {
  loss = (train() as np.Array).slice(-1).item() as number;
  console.log(`gpt: step ${i * stepsPerRound}, loss ${loss.toFixed(3)}`);
}

// Sampling, up to the length that was trained: keys and values of earlier positions stay in the cache, so that each character costs one position.
nn.initAllStates(model, 1, context);
const decode = (tokens: np.Array): [np.Array, np.Array] => {
  const scores = model.call(tokens.reshape([1, -1]), { decode: true }).slice(0, -1);
  return [random.categorical(scores.div(0.5)) as np.Array, scores];
};
const next = jit(decode);
const prompt = 'the Work';
const written: np.Array[] = [];
let [token, scores] = decode(codes(prompt));
while (prompt.length + written.length < context - 1) {
  written.push(token);
  [token, scores] = next(token);
}
const whole = np.concatenate([codes(prompt), np.stack(written)]);
const same = np.allclose(scores, model.call(whole.reshape([1, -1])).slice(0, -1), { atol: 1e-3 }).item();
console.log(`gpt: ${JSON.stringify([...whole.dataSync()].map((code) => alphabet[Number(code)]).join(''))}`);
console.log(`gpt: loss ${loss.toFixed(3)}; without the cache the scores are ${same ? 'the same' : 'OTHERS'}`);
if (!(loss < (small ? 2.9 : 1)) || !same) process.exitCode = 1;
