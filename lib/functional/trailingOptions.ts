import { isPlainObject } from '../core/tree';

/** Takes the options off the end of a list of arguments: a plain object that has keys, all of them names of options. Another one is an argument. */
export function trailingOptions<O extends object>(args: readonly unknown[], names: readonly (keyof O & string)[]): { args: readonly unknown[]; options: Partial<O> } {
  const last = args.at(-1);
  if (isPlainObject(last)) {
    const keys = Object.keys(last);
    if (keys.length > 0 && keys.every((k) => (names as readonly string[]).includes(k))) return { args: args.slice(0, -1), options: last as Partial<O> };
  }
  return { args, options: {} };
}
