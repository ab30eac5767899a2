export { AlreadyExistsError, CheckpointError, CheckpointMismatchError, InvalidCheckpointPath } from '../storage/errors';
export { HostArray } from '../storage/hostArray';
export {
  AsyncManager, type FileName, type LoadOptions, msgpackLoad, msgpackLoadAsync, msgpackRestore, msgpackSave, msgpackSaveAsync, msgpackSerialize, type RestoreOptions, type SaveOptions,
} from './msgpack';
export {
  float, type FromStateDict, int, type MismatchMode, msgpackFromStateDict, msgpackToStateDict, PythonNumber, registerSerialization as msgpackRegisterSerialization,
  registerSerialization, type RestoreContext, type ToStateDict,
} from './stateDict';
export { type CheckpointInfo, CheckpointManager, type CheckpointManagerOptions, type Metrics, type SavedAs } from './checkpoints';
export { loadMatfile, type MatfileLoadOptions, type MatfileSaveOptions, type MatlabValue, saveMatfile } from './matlab';
export { numpyLoad, type NumpyLoadOptions, numpySave, savez, savezCompressed } from './numpy';
export {
  loadSafetensors, loadSafetensorsAsync, openSafetensors, SafetensorsFile, type SafetensorsLoadOptions, type SafetensorsSaveOptions, saveSafetensors, saveSafetensorsAsync, type Tensor,
  type TensorInfo, type Tensors,
} from './safetensors';
