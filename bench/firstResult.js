// A new process to its first result, as bench/python/first_result.py: firstResult.js [first|mlp]. Prints {"value", "seconds"}.
const start = process.hrtime.bigint();
const { writeSync } = require('node:fs');
let value;
if (process.argv[2] === 'mlp') {
  // Compiled by run.ts, as Python has compiled its cases.
  value = require('../build/bench/cases/mlp.js').training('mlp_step')()().item();
} else {
  const { jit, numpy: np } = require('xlastate');
  value = jit((x) => np.add(x, 1))(np.array(1)).item();
}
// Node's console takes 3 ms to begin.
writeSync(1, `${JSON.stringify({ value, seconds: Number(process.hrtime.bigint() - start) / 1e9 })}\n`);
