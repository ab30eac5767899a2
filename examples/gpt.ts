// A small GPT that learns to write a licence, character by character: `npm run example examples/gpt.ts`, or with `-- --small`.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { forLoop, grad, jit, metric, nn, numpy as np, optim, ParamState, random } from 'xlastate';

const small = process.argv.includes('--small');
const [width, heads, depth, context, batch] = small ? [32, 2, 1, 32, 16] : [64, 4, 2, 64, 24];
const [rounds, stepsPerRound] = small ? [3, 40] : [8, 100];

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

// Sampling: keys and values of earlier positions stay in the cache, so that each character costs one position.
const prompt = 'Licensor ';
const length = small ? 24 : 200;
nn.initAllStates(model, 1, prompt.length + length);
const draw = (scores: np.Array) => random.categorical(scores.slice([], -1).div(0.6)) as np.Array;
const next = jit((token: np.Array) => draw(model.call(token.reshape([1, 1]), { decode: true })));
const scores = model.call(codes(prompt).reshape([1, -1]), { decode: true });
const same = np.allclose(scores, model.call(codes(prompt).reshape([1, -1])), { atol: 1e-4 }).item();
let token = draw(scores);
const written = [token];
while (written.length < length) written.push((token = next(token)));
console.log(`gpt: ${JSON.stringify(prompt + written.map((t) => alphabet[t.item() as number]).join(''))}`);
console.log(`gpt: loss ${loss.toFixed(3)}; with the cache the scores are ${same ? 'the same' : 'OTHERS'}`);
if (!(loss < (small ? 2.9 : 1)) || !same) process.exitCode = 1;
