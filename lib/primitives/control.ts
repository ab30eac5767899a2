export { type CondParams, condP } from './cond';
export { type ScanParams, scanP } from './scan';
export { type WhileParams, whileP } from './whileLoop';
