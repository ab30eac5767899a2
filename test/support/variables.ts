/** Variables of the environment as they are now, for tests that set them: to be cleared before, and put back after each. */
export function variables(names: readonly string[]): { clear(): void; restore(): void } {
  const before = names.map((n) => [n, process.env[n]] as const);
  return {
    clear: () => {
      for (const n of names) delete process.env[n];
    },
    restore: () => {
      for (const [n, value] of before) {
        if (value === undefined) delete process.env[n];
        else process.env[n] = value;
      }
    },
  };
}
