import { installBaseOps } from '../core/base';
import { addAny } from './nary';
import { indexInDim, moveaxis, reduceSum, toFront, zerosLike } from './structural';

installBaseOps({
  zeros: zerosLike,
  add: addAny,
  moveaxis,
  broadcastAt: (x, dim, size) => moveaxis(toFront(x, null, size), 0, dim),
  index: (x, dim, i) => indexInDim(x, i, dim),
  sum: (x, dim) => reduceSum(x, [dim]),
});

