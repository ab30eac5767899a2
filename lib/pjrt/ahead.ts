import { loadAhead as begin } from '../../scripts/pluginPlaces';
import { PLUGINS } from '../../scripts/pluginStore';
import { native } from './native';

/**
 * Begins to load the plugin's library on another thread while this one loads ours: a new process has its first result by so much earlier. Where the package's
 * loader (scripts/loadBundle.js) has begun already, nothing is done. What fails here is found again, and said, by who needs it.
 */
export function loadAhead(): void {
  begin(PLUGINS.cpu!, native);
}

/** Waits for {@link loadAhead}, so that no code of the user's runs beside it: it may change the environment, which a library's initialisers read. */
export function finishAhead(): void {
  try {
    native().finishAhead();
  } catch {
    // There is no addon.
  }
}
