export { checkpoint, checkpoint as remat } from './checkpoint';
export { cond, forLoop, scan, type ScanOptions, switchCase, switchCase as switch, whileLoop } from './controlFlow';
export { grad, type GradOptions, hessian, jacfwd, jacrev, jacrev as jacobian, jvp, linearize, valueAndGrad, vectorGrad, vjp } from './grad';
export { type CompiledFunction, jit, type JitFunction, type JitOptions, type Lowered } from './jit';
export { evalShape, makeJaxpr, type StatefulJaxpr } from './makeJaxpr';
export { type StateAxes, vmap, type VmapOptions } from './vmap';
export { closureConvert, linearTranspose, ShapeDtypeStruct } from '../functional/staging';
export { customGradient, type CustomJvp, customJvp, type CustomVjp, customVjp } from '../functional/customRules';
