export {
  all, broadcastPrefix, flatten, flattenUpTo, keystr, leaves, leavesWithPath, type LeafTest, map, type MapOptions, mapWithPath, type NodeHandler, type PathKey, reduce, registerPytreeNode, structure, transpose, type Tree,
  TreeDef, unflatten,
} from '../core/tree';
export {
  allLeaves, broadcast, flattenOneLevel, flattenWithPath, isTreeNode, type LeafOption, Partial, reduceAssociative, registerDataclass, registerStatic, treedefChildren, treedefIsLeaf, treedefTuple,
} from './structures';
export { add, concat, dot, expand, idx, mul, scale, shift, split, squaredNorm, sub, sum, take } from './arithmetic';
