export { annotateFunction, type AnnotationStats, StepTraceAnnotation, TraceAnnotation } from './annotations';
export { ProfilerError } from './errors';
export { ProfileData } from './profileData';
export { startTrace, stopTrace, trace, type TraceFiles, type TraceOptions } from './session';
export type { ProfileEvent, ProfileLine, ProfilePlane, Stats, StatValue } from './xspace';
