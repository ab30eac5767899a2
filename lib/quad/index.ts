import '../interpreters/eval';
import '../primitives/baseOps';
export type { IterationOptions, Rhs, Time } from './common';
export { ddeEulerPcStep, ddeEulerPcStepWith, ddeEulerStep, ddeHeunPcStep, ddeHeunPcStepWith, ddeHeunStep, ddeRk4Step, type DdeStep, type DelayedRhs } from './dde';
export { imexArs222Step, imexArs222StepWith, imexCnabStep, imexCnabStepWith, imexEulerStep, imexEulerStepWith, type ImexStep, type ImexTwoStep } from './imex';
export {
  type EmbeddedStep, odeBs32Step, odeDopri5Step, odeDopri8Step, odeEulerStep, odeExpeulerStep, odeHeunStep, odeMidpointStep, odeRalston2Step, odeRalston3Step, odeRk2Step, odeRk23Step,
  odeRk3Step, odeRk438Step, odeRk45DopriStep, odeRk45Step, odeRk4Step, odeRk87DopriStep, odeRkf45Step, odeSsprk33Step, type OdeStep,
} from './ode';
export { type CalculusStep, sdeEulerStep, sdeExpeulerStep, sdeHeunStep, sdeImplicitEulerStep, sdeImplicitEulerStepWith, sdeMilsteinStep, sdeSrk2Step, sdeSrk3Step, sdeSrk4Step, type SdeStep, sdeTamedEulerStep } from './sde';
