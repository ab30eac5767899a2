import './pjrt/beginAhead';
import './interpreters/eval';
import './primitives/baseOps';
import { noteCopy } from './core/copies';
import * as entry from './index';
import { finishAhead } from './pjrt/ahead';
import { initialisers } from './state/state';

noteCopy();
// The package loads namespaces when they are first looked at: State.init, which stands below them, is given its initialisers then.
initialisers.param ??= (...given) => {
  void entry.init.Constant;
  return initialisers.param!(...given);
};

export { ArgumentError, CallbackError, DeletedArrayError, DtypeError, PluginError, ShapeError, XlaError, XlastateError } from './pjrt/errors';
export { ConcretizationError, FloatingPointError, TracerLeakError, TreeError } from './core/errors';
export { BatchAxisError, BrainStateError, TraceContextError } from './state/errors';
export { BatchingError } from './interpreters/batch';
export { DifferentiationError } from './interpreters/jvp';
export { ProfilerError } from './profiler/errors';
export { Array } from './core/array';
export { clearCaches } from './core/caches';
export { defaultMatmulPrecision, defaultPrngImpl } from './functional/configContexts';
export { type DevicePutOptions, defaultDevice, devicePut, makeArrayFromCallback, makeArrayFromSingleDeviceArrays, makeMesh, P, type Place, type Placed, type PlacementContext, reshard, setMesh } from './functional/placement';
export { blockUntilReady } from './functional/ready';
export { Shard } from './core/placedArray';
export { NamedSharding } from './core/sharding';
export {
  allChecks, automaticChecks, BatchedError, check, CheckedError, checkError, CheckError, type CheckifyOptions, debugCheck, divChecks, DivisionByZeroError, type ErrorSet, FailedCheckError, floatChecks, indexChecks,
  nanChecks, NaNError, OOBError, userChecks,
} from './functional/checkify';
export { debugInfs, debugNans, disableJit } from './functional/debugging';
export { namedScope, type NamedScopeDecorator, type NamedScopeOptions } from './transform/namedScope';
export { namedCall } from './transform/namedCall';
export { checkify } from './transform/checkify';
export { jitErrorIf } from './transform/errorIf';
export { effectsBarrier, effectsBarrierAsync } from './pjrt/callbacks';
export { ioCallback, type IoCallbackOptions, pureCallback, type PureCallbackOptions, type VmapMethod } from './functional/callbacks';
export { ClosedJaxpr, Jaxpr } from './core/jaxpr';

export * as pjrt from './pjrt/index';
export * as numpy from './numpy/index';
export * as lax from './lax/index';
export * as sharding from './sharding/index';
export * as ops from './ops/index';
export * as tree from './tree/index';
export * as prng from './prng/index';
export * as scipy from './scipy/index';
export * as random from './random/index';
export * as debug from './debug/index';
export * as profiler from './profiler/index';
export * as environ from './environ/index';
export * as file from './file/index';
export * as transform from './transform/index';
export * as graph from './graph/index';
export * as mixin from './mixin/index';
export * as util from './util/index';
export * as init from './init/braintools';
export * as nn from './nn/index';
export * as optim from './optim/index';
export * as metric from './metric/index';
export * as surrogate from './surrogate/index';
export * as quad from './quad/index';
export * as trainer from './trainer/index';

export {
  checkpoint, checkpointName, checkpointPolicies, closureConvert, cond, customGradient, customJvp, customVjp, CustomVJPPrimal, customVmap, evalShape, forLoop, fwdAndBwd, grad, hessian, ifelse, jacfwd, jacobian, jacrev, jit, jvp, linearize, linearTranspose, makeJaxpr, pmap, remat, scan, sequentialVmap,
  ShapeDtypeStruct, shardMap, smap, switchCase, SymbolicZero, valueAndGrad, vectorGrad, vjp, vmap, whileLoop, zeroFromPrimal,
} from './transform/index';
export type { ArgInfo, CheckpointPolicy, CompiledFunction, CompilerOptions, CustomJvp, CustomVjp, CustomVmap, GradOptions, JitFunction, JitOptions, Lowered, MemoryAnalysis, ShardMapOptions, SmapOptions, Stage, StatefulJaxpr, StateSpecs, Traced, VmapOptions } from './transform/index';

export { BatchState, DelayState, HiddenState, LongTermState, maybeState, NonBatchState, NormalizationParamState, ParamState, ShortTermState } from './state/kinds';
export { catchNewStates, NewStateCatcher } from './state/newStates';
export { State, type StateOptions } from './state/state';
export { checkStateTracer, checkStateTracer as checkStateJaxTracer, checkStateValueTree } from './state/stateChecks';
export {
  Hook, HookCancellationError, HookConfig, HookContext, type HookContexts, HookError, HookExecutionError, HookHandle, type HookOptions, HookRegistrationError, type HookType, InitHookContext,
  MutableWriteHookContext, type OnHookError, ReadHookContext, RestoreHookContext, WriteHookContext,
} from './state/hooks';
export { clearStateHooks, GlobalHookRegistry, hasStateHooks, HookManager, listStateHooks, registerStateHook, unregisterStateHook } from './state/hookManager';
export { FakeState, HiddenGroupState, HiddenTreeState, type HiddenValues } from './state/hiddenState';
export { DictManager, StateDictManager } from './state/dictManager';
export { TreefyState } from './state/treefyState';
export { StateTraceStack } from './state/recorder';
export { FlattedDict, type FlatStates } from './state/flattedDict';
export { NestedDict } from './state/nestedDict';

// After everything that is loaded above.
finishAhead();
