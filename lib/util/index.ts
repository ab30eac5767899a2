export { BoundedCache } from './cache';
export { copy, DotDict, flattenDict, freeze, FrozenDict, mergeDicts, pop, unflattenDict, unfreeze } from './dicts';
export { All, Any, Everything, type Filter, type FilterMaker, Not, Nothing, OfType, PathContains, type Predicate, toPredicate, WithTag } from './filters';
export * as filter from './filters';
export { flatMapping, type FlatMappingOptions, nestMapping } from './mappings';
export { getUniqueName, isInstanceEval, notInstanceEval, splitTotal } from './names';
export { DictManager } from '../state/dictManager';
export { FlattedDict, type FlatStates } from '../state/flattedDict';
export { NestedDict } from '../state/nestedDict';
