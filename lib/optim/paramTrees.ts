import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { pythonKey } from '../functional/pythonKey';
import { describeValue } from '../functional/arrayLike';
import { Node } from '../graph/node';
import { FlattedDict } from '../state/flattedDict';
import type { Path } from '../state/paths';
import { State } from '../state/state';

/** Where a parameter is in the trees that transformations get: the keys, from the outermost. */
export type Place = readonly string[];

/** States, and where they are in trees of their values: nested as they were given; what was given by path stays flat, as BrainTools has it. */
export interface Given {
  readonly states: FlattedDict<State<unknown>>;
  readonly places: FlattedDict<Place>;
}

/** States in any structure, by path; a state that stands in several places counts at its first. @throws ArgumentError for anything but states */
export function givenStates(given: unknown): Given {
  const states: [Path, State<unknown>][] = [];
  const places: [Path, Place][] = [];
  const seen = new Set<State<unknown>>();
  const walk = (x: unknown, path: Path, place: Place): void => {
    if (x instanceof State) {
      if (seen.has(x)) return;
      seen.add(x);
      const named = path.length === 0 ? ['param'] : path;
      states.push([named, x]);
      places.push([named, path.length === 0 ? ['param'] : place]);
    } else if (x instanceof FlattedDict) for (const [p, v] of x) walk(v, [...path, ...p], [...place, pythonKey(p, 'states')]);
    else if (globalThis.Array.isArray(x)) x.forEach((v, i) => walk(v, [...path, i], [...place, String(i)]));
    else if (x instanceof Map) for (const [k, v] of x) walk(v, [...path, k], [...place, String(k)]);
    else if (x instanceof Node) throw new ArgumentError(`registerTrainableWeights: expected states, got ${describeValue(x)}${path.length > 0 ? ` at '${path.join('.')}'` : ''}; give its parameters, model.states(ParamState)`);
    else if (x !== null && typeof x === 'object' && !(x instanceof Array)) for (const k of Object.keys(x).sort()) walk((x as Record<string, unknown>)[k], [...path, k], [...place, k]);
    else throw new ArgumentError(`registerTrainableWeights: expected states, or a list, object or map of states, got ${describeValue(x)}${path.length > 0 ? ` at '${path.join('.')}'` : ''}`);
  };
  walk(given, [], []);
  return { states: new FlattedDict(states), places: new FlattedDict(places) };
}

/** Nested objects with values at the given keys. */
export function nest(entries: Iterable<readonly [readonly (string | number)[], unknown]>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [keys, value] of entries) {
    let at = out;
    for (const k of keys.slice(0, -1)) at = (at[k] ??= {}) as Record<string, unknown>;
    at[keys.at(-1)!] = value;
  }
  return out;
}

/** What nested objects have at a place. */
export function atPlace(tree: unknown, place: Place): unknown {
  return place.reduce<unknown>((at, k) => (at as Record<string, unknown>)[k], tree);
}

/** @throws ArgumentError where one state would lie within another's place */
export function checkPlaces(op: string, places: readonly Place[]): void {
  const known = new Set(places.map((p) => JSON.stringify(p)));
  for (const p of places) for (let n = 1; n < p.length; n++) if (known.has(JSON.stringify(p.slice(0, n)))) throw new ArgumentError(`${op}: another state is registered at '${p.slice(0, n).join('.')}', above '${p.join('.')}'`);
}
