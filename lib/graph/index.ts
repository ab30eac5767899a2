export { clone, type Edge, flatten, graphdef, GraphDef, type NodeSpec, popStates, treefyMerge, treefySplit, treefyStates, unflatten, updateStates } from './graph';
export { Node } from './node';
export { TreefyState } from '../state/treefyState';
export { type Hierarchy, nodes, states } from './walk';
