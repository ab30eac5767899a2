// Jest runs tests in a context of its own, where `Float32Array` is not the one that the addon makes. Here tests share the process's binary
// types, and its errors pass for theirs, as in a program without Jest.
const { TestEnvironment } = require('jest-environment-node');

const SHARED = [
  'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Atomics', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array',
  'Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array', 'Float64Array',
];
const ERRORS = ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'EvalError', 'ReferenceError', 'URIError', 'AggregateError'];

class Environment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of SHARED) {
      if (name in globalThis) Object.defineProperty(this.global, name, { value: globalThis[name], writable: true, configurable: true });
    }
    // Replacing Error itself would only turn the trap round: what the engine throws inside the context is of the context.
    const ordinary = Function.prototype[Symbol.hasInstance];
    for (const name of ERRORS) {
      const inner = this.global[name];
      const outer = globalThis[name];
      Object.defineProperty(inner, Symbol.hasInstance, {
        configurable: true,
        value(x) {
          return ordinary.call(this, x) || (this === inner && x instanceof outer);
        },
      });
    }
  }
}

module.exports = Environment;
