import type { Device } from '../pjrt';
import type { Mesh } from './mesh';

// Where arrays and programs go that nothing else places. Programs that never name a device ask for one flag a call.

let named = false;
let device: Device | null = null;
let mesh: Mesh | null = null;
let number = 0;

/** Whether anything of this process has named devices: a mesh, a sharding, a default device. */
export function namesDevices(): boolean {
  return named;
}

/** Says that devices were named, so that from now on it is looked at where arrays lie. */
export function noteDevices(): void {
  named = true;
}

/** The device of new arrays, and of programs whose arguments have no place of their own; null: the client's first. */
export function chosenDevice(): Device | null {
  return device;
}

/** The mesh that specs without one are of, and that programs run on whose arguments have no place of their own; null: there is none. */
export function chosenMesh(): Mesh | null {
  return mesh;
}

/** A number for {@link chosenMesh}, 0 for none: what is traced may depend on it. */
export function meshNumber(): number {
  return number;
}

/** Sets {@link chosenDevice}, and gives the one before. */
export function chooseDevice(d: Device | null): Device | null {
  const before = device;
  device = d;
  noteDevices();
  return before;
}

/** Sets {@link chosenMesh}, and gives the one before. */
export function chooseMesh(m: Mesh | null): Mesh | null {
  const before = mesh;
  mesh = m;
  number = m === null ? 0 : m.id + 1;
  noteDevices();
  return before;
}
