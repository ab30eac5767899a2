export { trapezoid } from '../numpy/calculus';
