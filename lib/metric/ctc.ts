import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as lax from '../lax';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { logSoftmax, oneHot } from '../nn/activations';
import * as np from '../numpy';
import { floats, sameShape } from './checks';

interface Ctc {
  blankId: number;
  logEpsilon: number;
  /** Whether the scores of all steps are results too. */
  forward: boolean;
}

/** Adds paths that end in a label to the scores of the blank that follows it; the first blank follows no label. */
function intoBlanks(blanks: Array, added: Array): Array {
  const [first, rest] = np.split(blanks, [1], { axis: 1 }) as [Array, Array];
  return np.concatenate([first, np.logaddexp(rest, added)], { axis: 1 });
}

const ctcOf = composite<Ctc>('ctcLoss', ([logits, logitPaddings, labels, labelPaddings], { blankId, logEpsilon, forward }) => {
  const [batch, longest] = labels!.shape as [number, number];
  // Scores of sequences are added up in float32 at least.
  const logP = np.astype(logSoftmax(logits!), np.promoteTypes(logits!.dtype, 'float32'));
  const ends = np.subtract(longest, np.astype(np.sum(labelPaddings!, { axis: 1 }), 'int32'));
  // The label after each; none is -1.
  const next = np.pad(labels!, [[0, 0], [0, 1]], { constantValues: -1 }).slice([], [1, longest + 1]) as Array;
  const repeated = np.astype(np.equal(labels!, next), logP.dtype);
  const ofBlank = np.transpose(np.take(logP, np.array([blankId], 'int32'), { axis: 2 }), [1, 0, 2]);
  const ofLabels = np.transpose(np.matmul(logP, np.transpose(oneHot(labels!, logits!.shape[2]!, { dtype: logP.dtype }), [0, 2, 1])), [1, 0, 2]);
  const pads = np.expandDims(np.transpose(logitPaddings!), 2);
  const started = np.concatenate([np.zeros([batch, 1], { dtype: logP.dtype }), np.full([batch, longest], logEpsilon, { dtype: logP.dtype })], { axis: 1 });
  const step = ([blanks, emitted]: [Array, Array], [pLabel, pBlank, pad]: [Array, Array, Array]): [[Array, Array], [Array, Array] | null] => {
    // A label that repeats the one before it is only reached through a blank.
    const entry = intoBlanks(blanks, np.add(emitted, np.multiply(logEpsilon, repeated)));
    const sources = (np.split(entry, [longest], { axis: 1 }) as Array[])[0]!;
    const emittedNow = np.logaddexp(np.add(sources, pLabel), np.add(emitted, pLabel));
    const barred = np.multiply(logEpsilon, np.subtract(1, repeated));
    const blanksNow = intoBlanks(np.add(entry, pBlank), np.add(np.add(emitted, pBlank), barred));
    const keep = (before: Array, now: Array) => np.add(np.multiply(pad, before), np.multiply(np.subtract(1, pad), now));
    const scores = [keep(blanks, blanksNow), keep(emitted, emittedNow)] as [Array, Array];
    return [scores, forward ? scores : null];
  };
  const start = [started, np.full([batch, longest], logEpsilon, { dtype: logP.dtype })] as [Array, Array];
  const [[blanks, emitted], all] = lax.scan(step as never, start, [ofLabels, ofBlank, pads]) as unknown as [[Array, Array], [Array, Array] | null];
  const last = intoBlanks(blanks, emitted);
  const loss = np.negative(np.sum(np.multiply(last, oneHot(ends, longest + 1, { dtype: last.dtype })), { axis: 1 }));
  if (all === null) return [loss];
  const before = (np.split(all[0], [all[0].shape[0]! - 1]) as Array[])[0]!;
  return [loss, np.concatenate([before, np.expandDims(last, 0)]), all[1]];
});

export interface CtcOptions {
  /** The class that is no label. Default 0. */
  blankId?: number;
  /** Stands for the logarithm of 0. */
  logEpsilon?: number;
}

function ctc(op: string, logits: ArrayLike, logitPaddings: ArrayLike, labels: ArrayLike, labelPaddings: ArrayLike, options: CtcOptions, forward: boolean): Array[] {
  const { blankId = 0, logEpsilon = -1e5 } = checkOptions(op, ['blankId', 'logEpsilon'], options);
  const [x, y] = [floats(op, 'logits', logits), asArray(labels, op)];
  const [xPad, yPad] = [asArray(logitPaddings, op), asArray(labelPaddings, op)];
  if (x.ndim !== 3 || y.ndim !== 2 || x.shape[0] !== y.shape[0]) throw new ShapeError(`${op}: expected logits (batch, time, classes) and labels (batch, labels), got ${x.aval} and ${y.aval}`);
  if (xPad.ndim !== 2 || xPad.shape[0] !== x.shape[0] || xPad.shape[1] !== x.shape[1]) throw new ShapeError(`${op}: expected logitPaddings (batch, time) beside logits ${x.aval}, got ${xPad.aval}`);
  sameShape(op, 'labels and labelPaddings', y, yPad);
  if (!(Number.isInteger(blankId) && blankId >= 0 && blankId < x.shape[2]!)) throw new ArgumentError(`${op}: expected blankId to be one of ${x.shape[2]} classes, got ${describeValue(blankId)}`);
  return ctcOf([x, xPad, y, yPad], { blankId, logEpsilon, forward });
}

/**
 * Connectionist temporal classification: minus the log probability of each label sequence (batch, labels) under logits (batch, time, classes),
 * summed over alignments. Paddings are 1 where a step or label is none. Mirrors `braintools.metric.ctc_loss`.
 *
 * @param logitPaddings 1 where a time step is padding, [batch, time]
 * @param labelPaddings 1 where a label is padding, [batch, labels]
 * @throws DtypeError, ShapeError, ArgumentError if logits are not floats, shapes do not fit, or blankId is no class
 * @example ctcLoss(np.zeros([1, 2, 3]), np.zeros([1, 2]), np.array([[1]], 'int32'), np.zeros([1, 1])) // [-log(3 / 9)]
 */
export function ctcLoss(logits: ArrayLike, logitPaddings: ArrayLike, labels: ArrayLike, labelPaddings: ArrayLike, options: CtcOptions = {}): Array {
  return ctc('ctcLoss', logits, logitPaddings, labels, labelPaddings, options, false)[0]!;
}

/**
 * `[loss, blanks, labels]`: {@link ctcLoss}, and the log probabilities of all alignments up to each step that end in a blank (time, batch, labels + 1) or
 * in a label (time, batch, labels). Mirrors `braintools.metric.ctc_loss_with_forward_probs`.
 *
 * @param logits scores before the softmax
 * @param logitPaddings 1 where a time step is padding, [batch, time]
 * @param labelPaddings 1 where a label is padding, [batch, labels]
 * @throws DtypeError, ShapeError as {@link ctcLoss}
 * @example
 * ```ts
 * const [loss] = metric.ctcLossWithForwardProbs(np.zeros([1, 4, 3]), np.zeros([1, 4]), np.array([[1, 2]], { dtype: 'int32' }), np.zeros([1, 2]));
 * loss.shape; // [1]
 * ```
 */
export function ctcLossWithForwardProbs(logits: ArrayLike, logitPaddings: ArrayLike, labels: ArrayLike, labelPaddings: ArrayLike, options: CtcOptions = {}): [Array, Array, Array] {
  return ctc('ctcLossWithForwardProbs', logits, logitPaddings, labels, labelPaddings, options, true) as [Array, Array, Array];
}
