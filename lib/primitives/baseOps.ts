import { installBaseOps } from '../core/base';
import { ne } from './elementwise';
import { addAny } from './nary';
import { convert, indexInDim, moveaxis, reduceSum, toFront, zerosLike } from './structural';

installBaseOps({
  zeros: zerosLike,
  add: addAny,
  moveaxis,
  broadcastAt: (x, dim, size) => moveaxis(toFront(x, null, size), 0, dim),
  index: (x, dim, i) => indexInDim(x, i, dim),
  sum: (x, dim) => reduceSum(x, [dim]),
  anyNan: (x) => Number(reduceSum(convert(ne(x, x), 'int32'), x.shape.map((_, i) => i)).item()) > 0,
});

