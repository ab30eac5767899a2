export { EnvironError } from './errors';
export {
  type ContextSettings, DEFAULT_PRECISION, DT, DUMP_HLO_TO, FIT, HOST_DEVICE_COUNT, I, JIT_ERROR_CHECK, type KnownSettings, PLATFORM, type Platform, PRECISION, type Precision, type Settings,
  SUPPORTED_PLATFORMS, SUPPORTED_PRECISIONS, T,
} from './keys';
export { getHostDeviceCount, getPlatform, setHostDeviceCount, setPlatform } from './platform';
export { dctype, dftype, ditype, dutype, getPrecision, setPrecision, tolerance } from './precision';
export { Reads, repeatReads, stillValid, trackReads } from './reads';
export {
  all, type Behavior, type Context, context, EnvironmentState, type EnvOption, get, getDt, type GetOptions, listRegisteredBehaviors, pop, registerDefaultBehavior,
  reset, set, unregisterDefaultBehavior,
} from './store';
