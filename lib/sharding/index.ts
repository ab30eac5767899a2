export { type DeviceGrid, Mesh } from '../core/mesh';
export { type PartitionEntry, PartitionSpec } from '../core/partitionSpec';
export { NamedSharding, type ShardIndex, Sharding, SingleDeviceSharding } from '../core/sharding';
