export { besselJn, i0, i0e, i1, i1e } from './bessel';
export { boxcox, boxcox1p, entr, expit, klDiv, logit, logSoftmax, logsumexp, type LogsumexpOptions, relEntr, softmax, xlog1py, xlogy } from './entropy';
export { dawsn, erf, erfc, erfcx, erfinv, logNdtr, ndtr, ndtri, owensT, wofz } from './error';
export { bernoulli, beta, betainc, betaln, comb, digamma, factorial, gamma, gammainc, gammaincc, gammaln, gammasgn, loggamma, multigammaln, poch, polygamma, zeta } from './gamma';
export { hyp1f1, hyp2f1 } from './hypergeometric';
export { exp1, expi, expn, fresnel, sici, spence } from './integrals';
export { lpmn, lpmnValues, sphHarmY } from './legendre';
