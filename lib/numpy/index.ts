export { broadcastArrays, broadcastShapes, broadcastTo } from './broadcast';
