import { all, any, everything, type Filter, not, nothing, ofType, pathContains, type Predicate, withTag } from '../state/filters';

/** Makes a filter, with or without `new`. */
export interface FilterMaker<A extends unknown[]> {
  (...args: A): Predicate;
  new (...args: A): Predicate;
}

type Class = abstract new (...args: never[]) => unknown;

const maker = <A extends unknown[]>(f: (...args: A) => Predicate) => f as unknown as FilterMaker<A>;

/** What has a tag. Mirrors `brainstate.util.WithTag`. */
export const WithTag: FilterMaker<[tag: string]> = maker(withTag);
/** What has a name or index in its path. Mirrors `brainstate.util.PathContains`. */
export const PathContains: FilterMaker<[key: string | number]> = maker(pathContains);
/** Instances of a class. Mirrors `brainstate.util.OfType`. */
export const OfType: FilterMaker<[type: Class]> = maker(ofType);
/** What any of several filters takes. Mirrors `brainstate.util.Any`. */
export const Any: FilterMaker<Filter[]> = maker(any);
/** What all of several filters take. Mirrors `brainstate.util.All`. */
export const All: FilterMaker<Filter[]> = maker(all);
/** What a filter does not take. Mirrors `brainstate.util.Not`. */
export const Not: FilterMaker<[filter: Filter]> = maker(not);
/** Everything. Mirrors `brainstate.util.Everything`. */
export const Everything: FilterMaker<[]> = maker(everything);
/** Nothing. Mirrors `brainstate.util.Nothing`. */
export const Nothing: FilterMaker<[]> = maker(nothing);
export { type Filter, type Predicate, toPredicate } from '../state/filters';
