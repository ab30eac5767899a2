const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: '<rootDir>/test/support/environment.js',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
  },
  moduleNameMapper: { '^xlastate$': '<rootDir>/lib/index.ts', '^xlastate/pjrt$': '<rootDir>/lib/pjrt/index.ts' },
  // A copy of the package in build/ or dist/ is not a second module of the same name.
  modulePathIgnorePatterns: ['<rootDir>/(build|dist|out|prebuilds)/'],
  // Each worker loads XLA, which has threads of its own.
  maxWorkers: Math.min(2, availableParallelism()),
  workerIdleMemoryLimit: '3GB',
  testTimeout: 60_000,
  reporters: ['default', ...(process.env.CI ? ['<rootDir>/test/support/countReporter.js'] : [])],
};
