let depth = 0;

/**
 * Whether the function that is running is only asked which states it touches: what it makes now is thrown away, and it will run again. Code that
 * counts or registers what it makes leaves that out then.
 *
 * Mirrors `brainstate.transform.in_new_state_probe`.
 *
 * @example
 * transform.inNewStateProbe(); // false
 */
export function inNewStateProbe(): boolean {
  return depth > 0;
}

/** Runs a function whose effects are thrown away. */
export function probing<R>(f: () => R): R {
  depth++;
  try {
    return f();
  } finally {
    depth--;
  }
}
