export * as vq from './vq';
