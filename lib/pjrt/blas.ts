import { checkLibrary, type LibraryWords } from './discovery';
import { listLibraries } from './install';

/** What programs hand to the BLAS library, by the names of the custom calls (native/blas_handlers.cc). */
export const BLAS_TARGETS = ['xs_product', 'xs_lapack', 'xs_convolution'] as const;
export type BlasTarget = (typeof BLAS_TARGETS)[number];

const WORDS: LibraryWords = {
  otherwise: "the installed OpenBLAS, or '0' for none",
  library: 'the library',
  inFolder: '',
  expected: 'a BLAS is an ELF file that exports cblas_sgemm (scipy_cblas_sgemm in the wheels of scipy-openblas32), with 32-bit integers',
};

/**
 * The library that CPU programs hand large matrix products to, and decompositions to the LAPACK in it, if there is one: what XLASTATE_BLAS names (an OpenBLAS, or another CBLAS with 32-bit integers; `0` is none), else
 * the OpenBLAS that was installed beside the plugins. Nothing is fetched: without it these are XLA's own operations.
 *
 * @returns its path; null where there is none
 * @throws PluginError if XLASTATE_BLAS names what is no library
 * @example
 * const blas = pjrt.findBlas();
 * blas === null || blas.endsWith('.so'); // true
 */
export function findBlas(): string | null {
  const named = process.env.XLASTATE_BLAS;
  if (named === '0') return null;
  if (named) return checkLibrary(named, 'XLASTATE_BLAS', WORDS);
  return listLibraries().find((l) => l.name === 'openblas')?.library ?? null;
}
