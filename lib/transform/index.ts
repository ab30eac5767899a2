export { checkpoint, checkpoint as remat } from './checkpoint';
export { boundedWhileLoop, type BoundedWhileOptions, checkpointedForLoop, type CheckpointedOptions, checkpointedScan } from './checkpointedLoops';
export { cond, forLoop, ifelse, scan, type ScanOptions, switchCase, switchCase as switch, whileLoop } from './controlFlow';
export { debugNan, debugNanIf, type DebugNanOptions, NanError } from './debugNan';
export { fwdAndBwd, fwdGrad, type FwdGradOptions, grad, GradientTransform, type GradientTransformOptions, type GradOptions, hessian, jacfwd, jacrev, jacrev as jacobian, jvp, linearize, valueAndGrad, vectorGrad, vjp } from './grad';
export { jit, type JitFunction, type JitOptions } from './jit';
export type { ArgInfo, CompiledFunction, Lowered, MemoryAnalysis, Stage, Traced } from './stages';
export type { CompilerOptions } from '../interpreters/compile';
export { evalShape, makeJaxpr, type StatefulJaxpr } from './makeJaxpr';
export { map } from './map';
export { unvmap } from './unvmap';
export { pmap2NewStates, vmap2NewStates, vmapNewStates, type VmapNewStatesOptions, type Vmap2NewStatesOptions } from './newStates';
export type { StateAxes, StateFilter, StateFilterAxes } from './stateAxes';
export { type ProgressData, ProgressBar, type ProgressBarOptions } from './progressBar';
export { StateFinder, type StateFinderOptions, StatefulFunction, type StatefulFunctionOptions } from './statefulFunction';
export { inNewStateProbe } from './throwaway';
export { shardMap, type ShardMapOptions, smap, type SmapOptions, type StateSpecs } from './shardMap';
export { vmap, type VmapOptions } from './vmap';
export { pmap2, pmap2 as pmap, type Pmap2Options, StatefulMapping, type StatefulMappingOptions, vmap2, type Vmap2Options } from './vmap2';
export { closureConvert, linearTranspose, ShapeDtypeStruct } from '../functional/staging';
export { customGradient, type CustomJvp, customJvp, type CustomVjp, customVjp, CustomVJPPrimal, SymbolicZero, zeroFromPrimal } from '../functional/customRules';
export { type CustomVmap, customVmap, sequentialVmap } from '../lax/customVmap';
export { checkpointName } from '../functional/checkpointName';
export * as checkpointPolicies from '../functional/checkpointPolicies';
export type { CheckpointPolicy } from '../interpreters/remat';
export { drawDotGraph } from '../core/passes/draw';
export { draw } from './draw';
export { fnToPythonCode, jaxprToPythonCode, jaxprToPythonCode as jaxprToCode, type PrimHandler, registerPrimHandler } from './jaxprCode';
export { eqnsToClosedJaxpr, eqnsToJaxpr, type EqnsOptions } from '../core/passes/rewrite';
export {
  algebraicSimplification, commonSubexpressionElimination, constantFold, copyPropagation, deadCodeElimination, inlineJit, type OptimizationAlias, type OptimizationName, OPTIMIZATIONS, type Optimizations, optimizeJaxpr,
  type OptimizeOptions,
} from '../core/passes/simplify';
export { jitErrorIf } from './errorIf';
export { namedCall } from './namedCall';
export { namedScope, type NamedScopeDecorator, type NamedScopeOptions } from './namedScope';
export { checkify } from './checkify';
export { allChecks, automaticChecks, check, checkError, debugCheck, divChecks, floatChecks, indexChecks, nanChecks, userChecks } from '../functional/checkify';
