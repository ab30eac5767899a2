import { checkOptionalFunction } from '../core/checks';

/** Whether each of the checks in progress looks, the innermost last: that one decides. */
const checkTree: boolean[] = [];
const checkTracer: boolean[] = [];

/** Whether a write has to keep the structure of the value; null where no check says so. @internal */
export function treeIsChecked(): boolean | null {
  return checkTree[checkTree.length - 1] ?? null;
}

/** Whether a value that is written has to be traced. @internal */
export function tracerIsChecked(): boolean {
  return checkTracer[checkTracer.length - 1] === true;
}

function checking<R>(op: string, checks: boolean[], val: boolean, f: (() => R) | undefined): R | Disposable {
  checkOptionalFunction(op, 'f', f);
  checks.push(val);
  let open = true;
  const close = () => {
    if (open) checks.splice(checks.lastIndexOf(val), 1);
    open = false;
  };
  if (f === undefined || f === null) return { [Symbol.dispose]: close };
  try {
    return f();
  } finally {
    close();
  }
}

/**
 * While the function runs (or until disposed of), a state's value may not change its tree structure. Mirrors `brainstate.check_state_value_tree`.
 *
 * @param f a function
 * @param val whether it is looked at: the innermost check decides
 * @example
 * checkStateValueTree(() => new State(np.zeros([2])).value.shape); // [2]
 */
export function checkStateValueTree<R>(f?: () => R, val = true): R | Disposable {
  return checking('checkStateValueTree', checkTree, val, f);
}

/**
 * While the function runs (or until disposed of), a state may only be given traced values. Mirrors `brainstate.check_state_jax_tracer`.
 *
 * @param f a function
 * @param val whether it is looked at
 * @example
 * checkStateTracer(() => jit((x: Array) => x.add(1))(np.array(1)).js()); // 2
 */
export function checkStateTracer<R>(f?: () => R, val = true): R | Disposable {
  return checking('checkStateTracer', checkTracer, val, f);
}
