// The interpreter at the bottom and the operations it needs are installed by loading their modules.
import '../interpreters/eval';
import '../primitives/baseOps';
export * as special from './special/index';
export * as stats from './stats/index';
