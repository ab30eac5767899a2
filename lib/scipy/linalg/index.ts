export {
  choFactor, choSolve, cholesky, det, eigh, hessenberg, inv, lu, luFactor, luSolve, qr, qrMultiply, type QrOptions, rsf2csf, schur, solve, solveTriangular, svd,
} from './factorizations';
export { expm, expmFrechet, type ExpmOptions, funm, polar, solveSylvester, sqrtm } from './functions';
export {
  blockDiag, circulant, companion, convolutionMatrix, dft, fiedler, fiedlerCompanion, hadamard, hankel, helmert, hilbert, invhilbert, invpascal, leslie, pascal, toeplitz,
} from './matrices';
export { eighTridiagonal, type TridiagonalOptions } from './tridiagonal';
