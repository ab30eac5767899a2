export { trapezoid } from '../numpy/calculus';
export { odeint, type OdeintOptions } from './odeint';
