export {
  all, broadcastPrefix, flatten, flattenUpTo, keystr, leaves, leavesWithPath, map, type MapOptions, mapWithPath, type NodeHandler, type PathKey, reduce, registerPytreeNode, structure, transpose, type Tree,
  TreeDef, unflatten,
} from '../core/tree';
