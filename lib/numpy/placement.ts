import { Array, ConcreteArray } from '../core/array';
import { ConcretizationError } from '../core/errors';
import { PlacedArray, type Shard, shardingOf, shardsOf } from '../core/placedArray';
import type { Sharding } from '../core/sharding';
import type { Device } from '../pjrt';

declare module '../core/array' {
  interface Array {
    /** The device that holds the values, or, where several do, their {@link sharding}; null for a traced array. */
    readonly device: Device | Sharding | null;
    /** How the values lie on devices; null for a traced array. */
    readonly sharding: Sharding | null;
    /** Whether the array was put where it is, so that programs that take it run there; false for a traced array. */
    readonly committed: boolean;
    /** The parts of the array, one for each device. @throws ConcretizationError while tracing */
    readonly addressableShards: Shard[];
    /** Whether each device that holds the array holds all of it. @throws ConcretizationError while tracing */
    readonly isFullyReplicated: boolean;
    /** The devices that hold the array. @throws ConcretizationError while tracing */
    devices(): Set<Device>;
  }
}

function attribute(name: string, get: (x: Array) => unknown): void {
  Object.defineProperty(Array.prototype, name, { get(this: Array) { return get(this); }, configurable: true, enumerable: false });
}

const concrete = (x: Array, what: string): ConcreteArray => {
  if (x instanceof ConcreteArray) return x;
  throw new ConcretizationError(`${what}: where a traced array of type ${x.aval} lies is not known while tracing`);
};

attribute('sharding', (x) => (x instanceof ConcreteArray ? shardingOf(x) : null));
attribute('device', (x) => {
  if (!(x instanceof ConcreteArray)) return null;
  const s = shardingOf(x);
  return s.numDevices === 1 ? s.deviceList[0]! : s;
});
attribute('committed', (x) => x instanceof PlacedArray && x.isCommitted);
attribute('addressableShards', (x) => shardsOf(concrete(x, 'addressableShards')));
attribute('isFullyReplicated', (x) => shardingOf(concrete(x, 'isFullyReplicated')).isFullyReplicated);
Object.defineProperty(Array.prototype, 'devices', { value(this: Array) { return shardingOf(concrete(this, 'devices')).deviceSet; }, writable: true, configurable: true, enumerable: false });
