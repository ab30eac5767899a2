// The interpreter at the bottom and the operations it needs are installed by loading their modules.
import '../interpreters/eval';
import '../primitives/baseOps';
export * as special from './special/index';
export * as stats from './stats/index';
export * as linalg from './linalg/index';
export * as cluster from './clusters';
export * as fft from './fft';
export * as integrate from './integrate';
export * as interpolate from './interpolate';
export * as ndimage from './ndimage';
export * as signal from './signals';
export * as optimize from './optimize/index';
export * as spatial from './spatial';
export * as sparse from './sparse';
