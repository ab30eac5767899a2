export function addonPaths(root: string): string[];
