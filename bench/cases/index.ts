// This library's side of the benchmark, a process that answers in JSON lines.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Array, pjrt } from 'xlastate';
import { inferenceCases } from '../inferenceData';
import { serve } from '../protocol';
import { scalingCases } from '../scaling';
import { counter, dispatch, eagerAdd, eagerVectors, manyStates, normals, toDevice } from './dispatch';
import { inference } from './inference';
import { traceLowerDeep, traceLowerMlp, training } from './mlp';
import { blockStep, cnnStep, gruGrad } from './models';

const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };

void serve('xlastate', { xlastate: version, node: process.versions.node, plugin: pjrt.findPlugin().name }, {
  dispatch, counter, eager_add: eagerAdd, eager_vectors: eagerVectors, many_states: manyStates(), normals, to_device: toDevice, mlp_step: training('mlp_step'), small_mlp_step: training('small_mlp_step'),
  cnn_step: cnnStep, block_step: blockStep, gru_grad: gruGrad,
  trace_lower_mlp: traceLowerMlp, trace_lower_deep: traceLowerDeep(), ...inferenceCases(inference),
  ...scalingCases({ states: manyStates, layers: traceLowerDeep, batch: (n) => training('mlp_step', n) }),
}, (y) => (y as Array).dataSync() as Float32Array);
