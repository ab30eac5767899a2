export { MergeContext, mergeContext, SplitContext, splitContext } from './context';
export { graphToTree, type GraphToTreeOptions, type MergeFunction, NodeStates, type SplitFunction, treeToGraph, type TreeToGraphOptions } from './convert';
export { flatten, type FlattenOptions, RefMap, unflatten, type UnflattenOptions } from './flatten';
export { clone, graphdef, popStates, treefyMerge, treefySplit, treefyStates, updateStates } from './graph';
export { type ContainerMetadata, type Edge, GraphDef, NodeEdge, NodeSpec, PytreeEdge, StateEdge, StateLeafEdge, Static, StaticEdge } from './graphDef';
export { Node } from './node';
export { type GraphNodeType, registerGraphNodeType } from './nodeTypes';
export { TreefyState } from '../state/treefyState';
export { type Hierarchy, iterLeaf, iterNode, nodes, states } from './walk';
