// Decompositions and systems of equations, as `jax.lax.linalg` has them.
export { cholesky, choleskyP, symmetricProduct, triangularSolve, triangularSolveP } from './cholesky';
export { eig, eigP } from './eig';
export { eigh, eighP } from './eigh';
export { geqp3, geqrf, geqrfP, hessenberg, hessenbergP, householderProduct, householderProductP } from './householder';
export { lu, luP, luPivotsToPermutation, luPivotsToPermutationP, luSolve } from './lu';
export { qr, qrP } from './qr';
export { schur, schurP } from './schur';
export { svd, svdP } from './svd';
export { tridiagonalP } from './tridiagonalForm';
export { tridiagonalSolve, tridiagonalSolveP } from './tridiagonal';
