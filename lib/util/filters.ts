import { all, any, everything, type Filter, makers, not, nothing, ofType, pathContains, type Predicate, withTag } from '../state/filters';

/** Makes a filter, with or without `new`. */
export interface FilterMaker<A extends unknown[]> {
  (...args: A): Predicate;
  new (...args: A): Predicate;
}

type Class = abstract new (...args: never[]) => unknown;

/** The maker of a filter; what it made is its instance. */
function maker<A extends unknown[]>(f: (...args: A) => Predicate): FilterMaker<A> {
  Object.defineProperty(f, Symbol.hasInstance, { value: (x: unknown) => typeof x === 'function' && makers.get(x as Predicate) === (f as unknown) });
  return f as unknown as FilterMaker<A>;
}

/** What has a tag. Mirrors `brainstate.util.WithTag`. @example util.WithTag('fixed')(['w'], new ParamState(np.ones([2]), { tag: 'fixed' })); // true */
export const WithTag: FilterMaker<[tag: string]> = maker(withTag);
/** What has a name or index in its path. Mirrors `brainstate.util.PathContains`. @example util.PathContains('w')(['layer', 'w'], 1); // true */
export const PathContains: FilterMaker<[key: string | number]> = maker(pathContains);
/** Instances of a class. Mirrors `brainstate.util.OfType`. @example util.OfType(ParamState)(['w'], new ParamState(np.ones([2]))); // true */
export const OfType: FilterMaker<[type: Class]> = maker(ofType);
/** What any of several filters takes. Mirrors `brainstate.util.Any`. @example util.Any(ParamState, ShortTermState)(['w'], new ParamState(np.ones([2]))); // true */
export const Any: FilterMaker<Filter[]> = maker(any);
/** What all of several filters take. Mirrors `brainstate.util.All`. @example util.All(ParamState, util.WithTag('fixed'))(['w'], new ParamState(np.ones([2]))); // false */
export const All: FilterMaker<Filter[]> = maker(all);
/** What a filter does not take. Mirrors `brainstate.util.Not`. @example util.Not(ParamState)(['w'], new ParamState(np.ones([2]))); // false */
export const Not: FilterMaker<[filter: Filter]> = maker(not);
/** Everything. Mirrors `brainstate.util.Everything`. @example util.Everything()(['w'], 1); // true */
export const Everything: FilterMaker<[]> = maker(everything);
/** Nothing. Mirrors `brainstate.util.Nothing`. @example util.Nothing()(['w'], 1); // false */
export const Nothing: FilterMaker<[]> = maker(nothing);
export { type Filter, type Predicate, toPredicate } from '../state/filters';
