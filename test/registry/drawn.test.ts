import fc from 'fast-check';
import { families, caseOf, lawsOf, special } from './drawn';
import { checkLaw } from './laws';

// The same draws each time; a failure says which call it was.

const SEED = 20261125;
let count = 0;

test.each([['elementwise', 30], ['structural', 24], ['reductions', 18], ['contractions', 12], ['indexing', 20], ['orders', 8], ['sliding', 8], ['convolutions', 6]] as const)('%s operations of any shape keep the laws', (family, numRuns) => {
  fc.assert(fc.property(families[family]!, (drawn) => {
    const c = caseOf(drawn, count++);
    if (c !== null) for (const law of lawsOf(drawn)) checkLaw([c], law);
  }), { seed: SEED, numRuns, endOnFailure: true });
});

test('programs and mapped functions treat NaN, infinities and signed zeros as single operations do', () => {
  fc.assert(fc.property(special, (drawn) => {
    const c = caseOf(drawn, count++);
    if (c !== null) for (const law of ['jit', 'vmap'] as const) checkLaw([c], law);
  }), { seed: SEED, numRuns: 30, endOnFailure: true });
});
