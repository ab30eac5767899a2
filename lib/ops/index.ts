export { segmentMax, segmentMin, segmentProd, segmentSum, type SegmentOptions } from './segments';
