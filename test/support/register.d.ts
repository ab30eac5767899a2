export function compile(filename: string): string;
