export type { DtypeLike, SampleOptions, ShapeLike, ShapeOptions, ShapeOr } from './arguments';
export * from './continuous';
export { clone, foldIn, type ImplOptions, key, keyData, keyImpl, PRNGKey, type PrngImpl, split, type SplitOptions, wrapKeyData } from './keys';
export { bernoulli, type BernoulliOptions, bits, rademacher, randint, uniform, type UniformOptions } from './uniform';
