export { Batching, JointMode, Mode, Training } from './modes';
export { type Describable, Mixin, ParamDesc, ParamDescriber } from './paramDesc';
export { type ClassLike, CombinedTypes, JointTypes, OneOfTypes } from './types';
