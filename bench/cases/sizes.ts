// The sizes of bench/python/data.py.
export const MLPS = { mlp_step: { batch: 128, widths: [784, 512, 256, 10] }, small_mlp_step: { batch: 32, widths: [2, 16, 10] } } as const;
export const LEARNING_RATE = 0.01;
export const DEEP_LAYERS = 100;
export const DEEP_WIDTH = 32;
export const CNN = { batch: 64, size: 28, filters: [32, 64], dense: 128, classes: 10 } as const;
export const BLOCK = { batch: 8, tokens: 128, width: 256, heads: 4, hidden: 1024 } as const;
export const STATES = 100;
export const NORMALS = 1_000_000;
export const TRANSFER = 16 << 20;
export const GRU = { steps: 100, batch: 32, width: 128 } as const;
