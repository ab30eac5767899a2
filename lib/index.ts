export { ArgumentError, DeletedArrayError, DtypeError, PluginError, ShapeError, XlaError, XlastateError } from './pjrt/errors';
export * as pjrt from './pjrt/index';
