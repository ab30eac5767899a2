import { findPlugin } from '../../lib/pjrt';
import { listPlugins } from '../../lib/pjrt/install';

/**
 * Whether the plugin in use is one whose version we pin. What only the plugin decides (its estimates, and whether the largest of a long row is NaN where XLA's
 * fast maxima are on) is asked of those alone.
 */
export const pinned = listPlugins().some((p) => p.library === findPlugin().path);
