export * as linalg from './sparseLinalg';
