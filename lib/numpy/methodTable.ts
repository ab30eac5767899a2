import { Array } from '../core/array';
import type { ArrayLike } from '../lax/arrayLike';

/** A method that takes nothing. */
export type Unary = () => Array;
/** A method that takes another operand, which is promoted and broadcast. */
export type Binary = (y: ArrayLike) => Array;

/** Puts functions on class Array as methods: the array is their first argument. */
export function installMethods(table: Readonly<Record<string, unknown>>): void {
  for (const [name, f] of Object.entries(table)) {
    const method = { [name](this: Array, ...rest: unknown[]): unknown { return (f as (x: Array, ...rest: unknown[]) => unknown)(this, ...rest); } }[name];
    Object.defineProperty(Array.prototype, name, { value: method, writable: true, configurable: true, enumerable: false });
  }
}
