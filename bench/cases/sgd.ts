import { type Array, blockUntilReady, grad, jit, type nn, optim, type ParamState } from 'xlastate';
import { LEARNING_RATE } from './sizes';

type States = Record<string, ParamState> | ReturnType<nn.Module['states']>;
type Step = (x: Array, y: Array) => Array;

/** A step of SGD that is not compiled yet: loss, gradients, new weights. */
export function sgdStep(states: States, loss: Step): Step {
  const optimizer = new optim.SGD({ lr: LEARNING_RATE });
  optimizer.registerTrainableWeights(states);
  return (x, y) => {
    const [grads, value] = grad(() => loss(x, y), { gradStates: states, returnValue: true })() as [never, Array];
    optimizer.update(grads);
    return value;
  };
}

/** A call of a compiled step, which waits for the weights. */
export function compiledStep(states: readonly unknown[], step: Step, x: Array, y: Array): () => unknown {
  const compiled = jit(step);
  return () => {
    const loss = compiled(x, y);
    blockUntilReady(states);
    return loss;
  };
}
