// scipy.signal.
export * from './signal';
export * from './spectral';
