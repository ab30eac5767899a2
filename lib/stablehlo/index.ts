export * as hlo from './ops';
export { type LoweredModule, type LowerOptions, lowerToStableHlo } from './module';
export { elementType, tensorType } from './types';
