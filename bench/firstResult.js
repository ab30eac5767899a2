// A new process to its first result, as bench/python/first_result.py: firstResult.js [first|mlp]. Prints {"value", "seconds"}.
const start = process.hrtime.bigint();
let value;
if (process.argv[2] === 'mlp') {
  require('../test/support/register.js');
  value = require('./cases/mlp').training('mlp_step')()().item();
} else {
  const { jit, numpy: np } = require('xlastate');
  value = jit((x) => np.add(x, 1))(np.array(1)).item();
}
console.log(JSON.stringify({ value, seconds: Number(process.hrtime.bigint() - start) / 1e9 }));
